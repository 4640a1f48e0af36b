# SPDX-License-Identifier: Apache-2.0
"""A person at a real browser, Chromium and with --full Firefox and WebKit: signs in by clicks, goes back, signs out, changes
their mind."""

import re
from urllib.parse import unquote

import pytest
from selenium.webdriver.common.by import By

from harness.chromium import arrive, browsers, patience, screenshot
from harness.site import CANARY

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

HOME = """<!doctype html><html lang=en><title>Home</title><a id=in href="/members/#part">Members</a>
<form method="post" action="/twauth/logout"><button id=out>Sign out</button></form>
<p id=who></p><script>fetch("/twauth/session").then(r => r.json()).then(s => who.textContent = s.username || "nobody")
</script>"""


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, modules=("headers",), config='TwAuthSignInWith authorize\n<Location "/members/closed.html">\n'
                     'Header set Cache-Control "no-store"\n</Location>')
    site.httpd.put("home.html", HOME)
    site.httpd.put("members/closed.html", CANARY)
    return site.start()


def heading(driver):
    return driver.find_element(By.TAG_NAME, "h1").text


def click(driver, what, then):
    """Click a button or link by its text or id, and wait for the address to have `then` in it."""
    found = [e for e in driver.find_elements(By.CSS_SELECTOR, "a, button, input[type=submit]")
             if what in (e.text, e.get_attribute("id"), e.get_attribute("value"))]
    assert found, f"no {what} on:\n{driver.page_source}"
    found[0].click()
    arrive(driver, then)


def buttons(driver):
    return [e.text for e in driver.find_elements(By.CSS_SELECTOR, "main a, button, input[type=submit]")]


def complaints(driver):
    """What the browser's console says of policies, but of the icon that Firefox would load on its own; WebKit's is not seen."""
    said = [] if driver.name == "MiniBrowser" else driver.get_log("browser")
    return [e["message"] for e in said
            if re.search("Content.Security.Policy", e["message"]) and "FaviconLoader" not in e["message"]]


def choose(driver, name):
    for label in driver.find_elements(By.TAG_NAME, "label"):
        if name in label.text:
            label.click()


def sign_in(site, driver, name="alice"):
    driver.get(site.url("/home.html"))
    click(driver, "in", site.standin.browser_url())
    assert "#part" not in unquote(driver.current_url), "the fragment stays at home"
    choose(driver, name)
    click(driver, next(b for b in buttons(driver) if "uthori" in b or "Allow" in b), "/members/")


def test_a_whole_sign_in_by_clicks(site, driver):
    sign_in(site, driver)
    assert driver.current_url == site.url("/members/") and CANARY in driver.page_source
    assert {c["name"] for c in driver.get_cookies()} >= {"__Host-twauth", "__Host-twauth_pre"}
    assert all(c["httpOnly"] and c["secure"] for c in driver.get_cookies())
    driver.get(site.url("/home.html"))
    patience(driver).until(lambda d: d.find_element(By.ID, "who").text == "alice")
    assert complaints(driver) == []


@pytest.mark.protocols("oauth1")      # of OAuth 2.0 the stand-in lets who agreed once through at once
def test_back_button_after_the_sign_in(site, driver):
    sign_in(site, driver)
    for _ in range(2):
        driver.back()
        assert "/twauth/" not in driver.current_url
    driver.get(site.url("/members/"))
    assert CANARY in driver.page_source


def test_a_callback_that_is_loaded_again(site, driver):
    sign_in(site, driver)
    driver.get(site.url(f"/twauth/callback?{site.key_name}=old&{site.proof_name}=old"))
    screenshot(driver, "page-expired-signed-in")
    assert "@alice" in driver.page_source and buttons(driver)[0] == "Continue"
    driver.get(site.url("/members/"))
    assert CANARY in driver.page_source


def test_sign_out_by_the_form_of_a_static_page(site, driver):
    sign_in(site, driver)
    driver.get(site.url("/home.html"))
    click(driver, "out", "/twauth/logout")
    screenshot(driver, "page-signed-out")
    assert "signed out here" in heading(driver)
    driver.get(site.url("/members/"))
    screenshot(driver, "page-sign-in")
    assert CANARY not in driver.page_source and "Sign in with X" in buttons(driver)
    assert complaints(driver) == []


def test_sign_out_by_our_own_page(site, driver):
    sign_in(site, driver)
    driver.get(site.url("/twauth/logout"))
    screenshot(driver, "page-sign-out")
    click(driver, "Sign out", "/twauth/logout")
    patience(driver).until(lambda d: "signed out" in heading(d))
    assert complaints(driver) == []


# Back to a page from one with a Cross-Origin-Opener-Policy never ends for WebKit's driver
@pytest.mark.parametrize("driver", browsers("firefox"), indirect=True)
@pytest.mark.parametrize("page", ["/members/", "/members/closed.html"])
def test_page_of_a_signed_out_visitor_is_not_in_the_back_button(site, driver, page):
    """Firefox has the last pages as they stood, which no answer to a sign-out takes away: but those that are no-store."""
    sign_in(site, driver)
    driver.get(site.url(page))
    driver.get(site.url("/home.html"))
    click(driver, "out", "/twauth/logout")
    driver.back()
    driver.back()
    assert driver.current_url == site.url(page)
    if driver.name != "firefox" or page == "/members/closed.html":
        assert CANARY not in driver.page_source


def test_cancel_at_X(site, driver):
    driver.get(site.url("/home.html"))
    click(driver, "in", site.standin.browser_url())
    if site.protocol == "oauth1":
        click(driver, "cancel", "/oauth/")
        patience(driver).until(lambda d: d.find_elements(By.ID, "return"))
        click(driver, "return", "/twauth/callback")
    else:
        click(driver, "cancel", "/twauth/callback")
    screenshot(driver, "page-cancelled")
    assert "did not sign in" in heading(driver)
    click(driver, "Try again", site.standin.browser_url())


@pytest.mark.protocols("oauth1")      # the same
def test_not_allowed_and_another_account(site, driver):
    site.allow_log("AH01631")
    sign_in(site, driver, "bob")
    driver.get(site.url("/admin/"))
    screenshot(driver, "page-forbidden")
    assert "not for you" in heading(driver)
    click(driver, "Use another account", site.standin.browser_url())
    choose(driver, "alice")
    click(driver, next(b for b in buttons(driver) if "uthori" in b or "Allow" in b), "/admin/")
    assert CANARY in driver.page_source


def test_cookies_are_blocked(site, make_driver):
    driver = make_driver(block_cookies=True, dark=True)
    calls = site.standin.count()
    driver.get(site.url("/members/"))
    screenshot(driver, "page-no-cookies-dark")
    assert "needs cookies" in heading(driver)
    assert site.standin.count() == calls
