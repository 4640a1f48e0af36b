# SPDX-License-Identifier: Apache-2.0
"""TwAuthCookieDomain: one session for the hosts of a domain, and what a host of it that is not trusted could try."""

import pytest

from harness.checks import SESSION, user
from harness.httpd import VHost

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

NAME = "__Secure-twauth"
SHARED = "\nTwAuthCookieDomain site.test\nTwAuthRealm site.test"


@pytest.fixture(scope="module")
def site(make_site):
    """site.test and shop.site.test share; own.site.test and other.test have the same key, and no domain."""
    site = make_site(start=False)
    alone = site.vhost.config
    site.vhost.config += SHARED
    site.hosts = {"site": site.vhost}
    for name, host, config in (("shop", "shop.site.test", site.vhost.config), ("own", "own.site.test", alone),
                               ("other", "other.test", alone)):
        site.hosts[name] = VHost(host, config=config)
        site.httpd.vhosts.append(site.hosts[name])
        site.standin.register(site.hosts[name].url("/twauth/callback"))
    return site.start()


def at(site, name, browser):
    """The same browser, at another host."""
    browser.base = site.hosts[name].origin
    return browser


def test_SE_1_session_cookie_has_the_domain_and_the_others_are_the_hosts_own(site, browser):
    flow = browser.begin()
    arrived = flow.approve("alice")
    out = browser.sign_out()
    given = [c for r in [*flow.steps, *arrived.history, arrived, out] for c in r.set_cookies]
    for cookie in given:
        assert cookie.has("Secure") and cookie.has("HttpOnly")
        assert cookie.get("Path") == "/" and cookie.get("SameSite") == "Lax"
        assert cookie.name == NAME and cookie.get("Domain") == "site.test" or \
            cookie.name.startswith("__Host-twauth_") and not cookie.has("Domain")
    assert {NAME, "__Host-twauth_pre"} <= {c.name for c in given}
    assert NAME not in browser.cookies, "it is taken away as it was given"


def test_SE_9_hosts_of_the_domain_share_and_others_do_not(site, browser):
    browser.sign_in("alice")
    assert user(at(site, "shop", browser)) == "alice"
    assert user(at(site, "own", browser)) is None
    assert user(at(site, "other", browser)) is None
    assert NAME in [c.name for c in browser.cookies]


def test_SE_5_sign_out_at_one_is_sign_out_at_all(site, browser):
    browser.sign_in("alice")
    copy = browser.clone()
    assert user(at(site, "shop", browser)) == "alice"
    browser.post("/twauth/logout")
    assert user(browser) is None and user(at(site, "site", browser)) is None
    assert user(at(site, "site", copy)) is None and user(at(site, "shop", copy)) is None


@pytest.mark.parametrize("name", [SESSION, "twauth", "__secure-twauth", "__Secure-Twauth", "__Secure-twauth_pre"])
def test_SE_13_the_value_counts_under_its_one_name(site, browser, name):
    browser.sign_in("alice")
    assert user(browser) == "alice"
    value, copy = browser.cookies[NAME], site.browser()
    copy.cookies.add(name, value, "site.test", secure=True)
    assert user(copy) is None


def test_SE_9_session_of_the_domain_is_none_under_the_name_of_a_host(site, browser):
    """A host without the domain, by the same key, and the other way round."""
    browser.sign_in("alice")
    planted = at(site, "own", site.browser())
    planted.cookies.add(SESSION, browser.cookies[NAME], "own.site.test", secure=True)
    assert user(planted) is None
    own = at(site, "own", site.browser())
    own.sign_in("alice")
    back = site.browser()
    back.cookies.add(NAME, own.cookies[SESSION], "site.test", secure=True, host_only=False)
    assert user(back) is None and user(own) == "alice"


@pytest.mark.parametrize("path", ["/", "/members", "/members/"])
def test_SE_12_a_session_tossed_by_a_neighbour(site, browser, path):
    """A neighbour plants a session of its own, for a longer path or for the host alone: two are none."""
    mallory = site.browser()
    mallory.sign_in("bob")
    browser.sign_in("alice")
    browser.cookies.add(NAME, mallory.cookies[NAME], "site.test", secure=True, path=path)
    assert len([c for c in browser.cookies if c.name == NAME]) == 2
    mark = site.log.mark()
    assert user(browser) is None
    assert "TW0302" in site.log.numbers(mark)


def test_SE_3_a_tossed_session_does_not_survive_the_sign_in(site, browser):
    mallory = site.browser()
    mallory.sign_in("bob")
    tossed = mallory.cookies[NAME]
    flow = browser.begin("/members/env.cgi")
    url = flow.callback("alice")
    browser.cookies.add(NAME, tossed, "site.test", secure=True, host_only=False)
    assert flow.arrive(url).json()["REMOTE_USER"] == "alice"
    assert browser.cookies[NAME] != tossed and user(mallory) is None


def test_SE_1_SameSite_None_is_for_the_session_alone(make_site):
    site = make_site(config="TwAuthCookieSameSite None")
    browser = site.browser()
    flow = browser.begin()
    arrived = flow.approve("alice")
    for cookie in [c for r in [*flow.steps, *arrived.history, arrived] for c in r.set_cookies]:
        assert cookie.has("Secure") and cookie.get("SameSite") == ("None" if cookie.name == SESSION else "Lax")
