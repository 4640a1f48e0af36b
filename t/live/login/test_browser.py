# SPDX-License-Identifier: Apache-2.0
"""A person at a real browser: signs in by clicks, goes back, signs out, changes their mind."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from harness.chromium import screenshot
from harness.site import CANARY

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

HOME = """<!doctype html><html lang=en><title>Home</title><a id=in href="/members/#part">Members</a>
<form method="post" action="/twauth/logout"><button id=out>Sign out</button></form>
<p id=who></p><script>fetch("/twauth/session").then(r => r.json()).then(s => who.textContent = s.username || "nobody")
</script>"""


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, config="TwAuthSignInWith authorize")
    site.httpd.put("home.html", HOME)
    return site.start()


def heading(driver):
    return driver.find_element(By.TAG_NAME, "h1").text


def click(driver, what, then):
    """Click a button or link by its text or id, and wait for the address to have `then` in it."""
    found = [e for e in driver.find_elements(By.CSS_SELECTOR, "a, button, input[type=submit]")
             if what in (e.text, e.get_attribute("id"), e.get_attribute("value"))]
    assert found, f"no {what} on:\n{driver.page_source}"
    found[0].click()
    WebDriverWait(driver, 60).until(lambda d: then in d.current_url and d.find_elements(By.TAG_NAME, "body"))


def buttons(driver):
    return [e.text for e in driver.find_elements(By.CSS_SELECTOR, "main a, button, input[type=submit]")]


def complaints(driver):
    """What the browser's console says of policies."""
    return [e["message"] for e in driver.get_log("browser") if "Content Security Policy" in e["message"]]


def choose(driver, name):
    for label in driver.find_elements(By.TAG_NAME, "label"):
        if name in label.text:
            label.click()


def sign_in(site, driver, name="alice"):
    driver.get(site.url("/home.html"))
    click(driver, "in", site.standin.browser_url())
    assert "part" not in driver.current_url, "the fragment stays at home"
    choose(driver, name)
    click(driver, next(b for b in buttons(driver) if "uthori" in b or "Allow" in b), "/members/")


def test_a_whole_sign_in_by_clicks(site, chromium):
    sign_in(site, chromium)
    assert chromium.current_url == site.url("/members/") and CANARY in chromium.page_source
    assert {c["name"] for c in chromium.get_cookies()} >= {"__Host-twauth", "__Host-twauth_pre"}
    assert all(c["httpOnly"] and c["secure"] for c in chromium.get_cookies())
    chromium.get(site.url("/home.html"))
    WebDriverWait(chromium, 60).until(lambda d: d.find_element(By.ID, "who").text == "alice")
    assert complaints(chromium) == []


@pytest.mark.protocols("oauth1")      # of OAuth 2.0 the stand-in lets who agreed once through at once
def test_back_button_after_the_sign_in(site, chromium):
    sign_in(site, chromium)
    for _ in range(2):
        chromium.back()
        assert "/twauth/" not in chromium.current_url
    chromium.get(site.url("/members/"))
    assert CANARY in chromium.page_source


def test_a_callback_that_is_loaded_again(site, chromium):
    sign_in(site, chromium)
    chromium.get(site.url(f"/twauth/callback?{site.key_name}=old&{site.proof_name}=old"))
    screenshot(chromium, "page-expired-signed-in")
    assert "@alice" in chromium.page_source and buttons(chromium)[0] == "Continue"
    chromium.get(site.url("/members/"))
    assert CANARY in chromium.page_source


def test_sign_out_by_the_form_of_a_static_page(site, chromium):
    sign_in(site, chromium)
    chromium.get(site.url("/home.html"))
    click(chromium, "out", "/twauth/logout")
    screenshot(chromium, "page-signed-out")
    assert "signed out here" in heading(chromium)
    chromium.get(site.url("/members/"))
    screenshot(chromium, "page-sign-in")
    assert CANARY not in chromium.page_source and "Sign in with X" in buttons(chromium)
    assert complaints(chromium) == []


def test_sign_out_by_our_own_page(site, chromium):
    sign_in(site, chromium)
    chromium.get(site.url("/twauth/logout"))
    screenshot(chromium, "page-sign-out")
    click(chromium, "Sign out", "/twauth/logout")
    WebDriverWait(chromium, 60).until(lambda d: "signed out" in heading(d))
    assert complaints(chromium) == []


def test_page_of_a_signed_out_visitor_is_not_in_the_back_button(site, chromium):
    sign_in(site, chromium)
    chromium.get(site.url("/home.html"))
    click(chromium, "out", "/twauth/logout")
    chromium.back()
    chromium.back()
    assert CANARY not in chromium.page_source


def test_cancel_at_X(site, chromium):
    chromium.get(site.url("/home.html"))
    click(chromium, "in", site.standin.browser_url())
    if site.protocol == "oauth1":
        click(chromium, "cancel", "/oauth/")
        WebDriverWait(chromium, 60).until(lambda d: d.find_elements(By.ID, "return"))
        click(chromium, "return", "/twauth/callback")
    else:
        click(chromium, "cancel", "/twauth/callback")
    screenshot(chromium, "page-cancelled")
    assert "did not sign in" in heading(chromium)
    click(chromium, "Try again", site.standin.browser_url())


@pytest.mark.protocols("oauth1")      # the same
def test_not_allowed_and_another_account(site, chromium):
    site.allow_log("AH01631")
    sign_in(site, chromium, "bob")
    chromium.get(site.url("/admin/"))
    screenshot(chromium, "page-forbidden")
    assert "not for you" in heading(chromium)
    click(chromium, "Use another account", site.standin.browser_url())
    choose(chromium, "alice")
    click(chromium, next(b for b in buttons(chromium) if "uthori" in b or "Allow" in b), "/admin/")
    assert CANARY in chromium.page_source


def test_cookies_are_blocked(site, make_chromium):
    driver = make_chromium(block_cookies=True, dark=True)
    calls = site.standin.count()
    driver.get(site.url("/members/"))
    screenshot(driver, "page-no-cookies-dark")
    assert "needs cookies" in heading(driver)
    assert site.standin.count() == calls
