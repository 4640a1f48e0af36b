# SPDX-License-Identifier: Apache-2.0
"""A hub with real browsers that block the cookies of third parties, or keep them apart: nothing about it needs them."""

import pytest
from selenium.webdriver.common.by import By

from harness.chromium import patience
from harness.httpd import VHost
from harness.site import CANARY, PROTECTED

PAGE = '<!doctype html><html lang=en><title>Home</title><form method=post action=/twauth/logout><button id=out>Out</button></form>'


@pytest.fixture(scope="module")
def hub(make_site):
    """login.third.test, for two other domains."""
    site = make_site(start=False, config="TwAuthSignInWith authorize\nTwAuthSessionRecheck 0")
    site.vhost.name, site.vhost.aliases = "login.third.test", ()
    site.standin.register(site.url("/twauth/callback"))
    site.hosts = [VHost(name, config=f'TwAuthKey "file:{site.key}"\nTwAuthHub {site.vhost.origin}\nTwAuthSessionRecheck 0\n{PROTECTED}')
                  for name in ("a.site.test", "b.other.test")]
    site.httpd.vhosts += site.hosts
    site.vhost.config += "\nTwAuthHubFor " + " ".join(host.origin for host in site.hosts)
    site.httpd.put("home.html", PAGE)
    return site.start()


def arrives(driver, url):
    """The page that is left may have the same address, with a sign-in page."""
    return patience(driver).until(lambda d: d.current_url == url and CANARY in d.page_source)


def agree(driver):
    for label in driver.find_elements(By.TAG_NAME, "label"):
        if "alice" in label.text:
            label.click()
    next(b for b in driver.find_elements(By.CSS_SELECTOR, "button, input[type=submit]")
         if "uthori" in (b.text or b.get_attribute("value")) or "Allow" in b.text).click()


@pytest.fixture(params=[{}, {"block_third_party": True}], ids=["as-usual", "blocked"])
def visitor(request, make_driver):
    return make_driver(**request.param)


def sign_out(driver, host):
    driver.get(host.url("/home.html"))
    driver.find_element(By.ID, "out").click()
    patience(driver).until(lambda d: "signed out" in d.page_source)


def test_one_sign_in_for_all(hub, visitor):
    """Signed in at one; the second costs no click and no call to X; signed out at one, and then at the hub."""
    first, second = hub.hosts
    visitor.get(first.url("/members/?deep=1"))
    assert hub.standin.owns(visitor.current_url)
    agree(visitor)
    assert arrives(visitor, first.url("/members/?deep=1"))
    calls = len(hub.standin.calls())
    visitor.get(second.url("/members/"))
    assert arrives(visitor, second.url("/members/"))
    visitor.get(hub.url("/members/"))
    assert arrives(visitor, hub.url("/members/"))
    assert len(hub.standin.calls()) == calls
    assert {cookie["name"] for cookie in visitor.get_cookies()} >= {"__Host-twauth"}

    sign_out(visitor, first)
    visitor.get(first.url("/members/"))
    assert CANARY not in visitor.page_source and "Sign in" in visitor.page_source
    visitor.get(second.url("/members/"))
    assert arrives(visitor, second.url("/members/"))


def test_signing_in_again_asks(hub, visitor):
    """Signed out at one host and signed in at the hub: a click on "Sign in" is enough, and X is not asked."""
    first = hub.hosts[0]
    visitor.get(first.url("/members/"))
    agree(visitor)
    assert arrives(visitor, first.url("/members/"))
    sign_out(visitor, first)
    calls = len(hub.standin.calls())
    visitor.get(first.url("/members/"))
    next(b for b in visitor.find_elements(By.CSS_SELECTOR, "main a, button") if "Sign in" in b.text).click()
    assert arrives(visitor, first.url("/members/"))
    assert len(hub.standin.calls()) == calls
