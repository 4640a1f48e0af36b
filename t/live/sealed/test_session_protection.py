# SPDX-License-Identifier: Apache-2.0
"""TwAuthSessionProtection: a session that is seen with another browser, or from another network."""

import pytest

from harness.checks import SESSION, user
from harness.signin import Flow

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
NETWORK = "X-Forwarded-For"
HOME, MOBILE = "192.0.2.1", "198.51.100.1"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/124.0.0.0 Mobile Safari/537.36"
CHROME_LATER = f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
WEBVIEW = f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {WEBKIT} Version/4.0 Chrome/124.0.0.0 Mobile Safari/537.36"
PLAYER = "AppleCoreMedia/1.0.0.21E219 (iPhone; U; CPU OS 17_4 like Mac OS X; en_us)"
STRONG = "TwAuthSessionProtection Strong"


def sites(make_site, config, **more):
    return make_site(config=config, modules=("remoteip",), clock=True,
                     main=f"RemoteIPHeader {NETWORK}\nRemoteIPInternalProxy 127.0.0.1", **more)


@pytest.fixture(scope="module")
def strong(make_site):
    return sites(make_site, STRONG)


@pytest.fixture(scope="module")
def usual(make_site):
    return sites(make_site, "")


def signed_in(site, agent=CHROME, address=HOME):
    browser = site.browser()
    browser.agent, browser.headers = agent, {NETWORK: address}
    assert browser.sign_in("alice").status == 200
    return browser


def copy(browser, agent=None, address=None):
    """The same cookies somewhere else."""
    other = browser.clone()
    other.agent, other.headers = agent or browser.agent, {NETWORK: address or browser.headers[NETWORK]}
    return other


SAME = {"the same": {}, "version and system": {"agent": CHROME_LATER}, "network": {"address": "192.0.77.1"},
        "player": {"agent": PLAYER}}
ELSEWHERE = {"family": {"agent": FIREFOX}, "WebView": {"agent": WEBVIEW}, "program": {"agent": "curl/8.7.1"},
             "network": {"address": MOBILE}, "IPv6": {"address": "2001:db8::1"}}


@pytest.mark.parametrize("where", SAME)
def test_strong_lets_the_same_browser_be(strong, where):
    browser = signed_in(strong)
    assert user(copy(browser, **SAME[where])) == "alice" and user(browser) == "alice"


@pytest.mark.parametrize("where", ELSEWHERE)
def test_strong_ends_the_session(strong, where):
    """For the thief and for the owner: the row goes."""
    strong.db.clear()
    browser = signed_in(strong)
    log = strong.log.mark()
    assert user(copy(browser, **ELSEWHERE[where])) is None
    assert strong.db.value("SELECT count(*) FROM twauth_session") == 0
    assert user(browser) is None and not browser.whoami()["signed_in"]
    assert "TW0440" in strong.log.numbers(log)
    assert Flow(browser, browser.get("/members/")).approve("alice").status == 200


def test_strong_without_a_user_agent(strong):
    browser = signed_in(strong)
    assert copy(browser).get("/members/", headers={"User-Agent": None}).status in (302, 401)
    assert user(browser) is None


def test_strong_counts_at_the_own_locations(strong):
    browser = signed_in(strong)
    assert copy(browser, agent=FIREFOX).whoami() == {"signed_in": False}
    assert user(browser) is None


def test_strong_on_an_open_page_nothing_is_looked_at(strong):
    browser = signed_in(strong)
    assert copy(browser, agent=FIREFOX).get("/").status == 200
    assert user(browser) == "alice"


def test_strong_never_goes_round(strong):
    """Each request comes from another network: a page with a button, and no redirect, right after a sign-in."""
    browser = strong.browser()
    browser.headers = {NETWORK: HOME}
    flow = browser.begin("/members/")
    answer = flow.arrive(flow.callback("alice"), follow=False)
    assert answer.status == 302 and SESSION in browser.cookies
    answer = browser.get("/members/", headers={NETWORK: MOBILE})
    assert answer.status == 401 and "Sign in with X" in answer.text


def test_strong_later_the_way_to_the_sign_in_is_the_usual_one(strong):
    browser = signed_in(strong)
    strong.clock.forward(60)
    assert "/twauth/login" in copy(browser, address=MOBILE).get("/members/").location
    strong.clock.set(0)


def test_a_phone_that_changes_networks_stays_signed_in_by_default(usual):
    browser = signed_in(usual)
    for address in (MOBILE, "2001:db8::1", HOME):
        for agent in (CHROME, FIREFOX):
            assert user(copy(browser, agent, address)) == "alice"


@pytest.mark.databases("sqlite", "pgsql")
def test_sessions_from_before_go_on(make_site, make_db):
    """Begun where nothing was compared: nothing is known that could be held against anybody."""
    site = sites(make_site, "", db=make_db())
    browser = signed_in(site)
    site.vhost.config += f"\n{STRONG}"
    site.graceful()
    assert user(browser) == "alice" and user(copy(browser, agent=FIREFOX)) == "alice"
    assert user(copy(signed_in(site), agent=FIREFOX)) is None
    site.stop()


@pytest.mark.databases("sqlite", "pgsql")
def test_strong_without_the_database_it_is_ended_here_and_later_everywhere(make_site, make_db):
    site = sites(make_site, STRONG, db=make_db())
    site.allow_log(r"TW0401", r"TW0402", r"TW0403", r"TW0221", r"TW0304")
    browser = signed_in(site)
    with site.db.away():
        assert copy(browser, agent=FIREFOX).get("/members/").status in (302, 401)
        assert browser.get("/members/").status in (302, 401)
    assert user(browser) is None
    site.stop()
