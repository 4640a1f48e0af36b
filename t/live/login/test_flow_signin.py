# SPDX-License-Identifier: Apache-2.0
"""The whole way in: a protected page, the login location, X, the callback, the page."""

import json

import pytest

from harness import urls
from harness.site import CANARY

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]
PAGE = "/members/env.cgi?x=1&y=%20"
AUTHORIZE = {"oauth1": "/oauth/authenticate?oauth_token=", "oauth2": "/i/oauth2/authorize?response_type=code&client_id="}


@pytest.fixture(scope="module", params=["https", "http"])
def site(request, make_site):
    return make_site(scheme=request.param)


@pytest.fixture(autouse=True)
def nothing_happened(site):
    site.db.clear()
    site.standin.reset()


def rows(site):
    return [site.db.value(f"SELECT count(*) FROM twauth_{table}") for table in ("account", "session")]


def test_alice_gets_in(site, browser):
    answer = browser.sign_in("alice", next=PAGE)
    assert answer.status == 200 and answer.target == PAGE
    env = answer.json()
    assert (env["REMOTE_USER"], env["AUTH_TYPE"]) == ("alice", "Twitter")
    assert (env["TWAUTH_ID"], env["TWAUTH_SCREEN_NAME"]) == ("1001", "alice")


def test_the_way_step_by_step(site, browser):
    asked = browser.get(PAGE)
    assert asked.status == 302
    assert urls.parse(asked.location).target == "/twauth/login?next=%2Fmembers%2Fenv.cgi%3Fx%3D1%26y%3D%2520"
    start = browser.get(asked.location)
    assert start.status == 302
    assert start.headers["Location"].startswith(site.standin.browser_url(site.scheme) + AUTHORIZE[site.protocol])
    assert start.headers["Location"].endswith("#")
    back = browser.get(site.standin.approve(start.location, "alice"), site="cross-site")
    assert back.status == 302 and back.location == site.url(PAGE)
    assert browser.get(back.location).json()["REMOTE_USER"] == "alice"
    assert not browser.cookies.rejected


def test_each_redirect_is_not_to_be_kept(site, browser):
    flow = browser.begin("/members/")
    last = flow.approve("alice")
    for answer in [*flow.steps, *last.history]:
        assert "no-store" in answer.headers["Cache-Control"], answer
        assert answer.body.find(flow.token.encode()) < 0 or site.standin.owns(answer.location)


def test_DO_1_first_redirect_calls_nobody_and_writes_nothing(site, browser):
    mark = site.db.mark() if site.db.kind == "pgsql" else None
    for _ in range(20):
        assert site.browser().get("/members/").status == 302
    assert site.standin.calls() == [] and rows(site) == [0, 0]
    if mark is not None:
        assert site.db.statements(mark) == []


def test_start_writes_nothing_into_the_database(site, browser):
    browser.begin("/members/")
    assert rows(site) == [0, 0]


def test_no_call_but_those_needed(site, browser):
    """OAuth 1.0a tells the identity with the exchange, OAuth 2.0 needs no call to start."""
    browser.sign_in("bob")
    calls = site.standin.calls(kind="api")
    assert [c["path"] for c in calls] == [path for path in (site.start_path, *site.finish_paths) if path]
    assert all(c["status"] == 200 for c in calls)


def test_one_account_and_one_session(site, browser):
    browser.sign_in("alice")
    assert rows(site) == [1, 1]
    site.browser().sign_in("alice")
    assert rows(site) == [1, 2]


def test_pages_after_it_cost_nothing(site, browser):
    browser.sign_in("alice")
    before, mark = site.standin.count(), site.db.mark() if site.db.kind == "pgsql" else None
    for _ in range(10):
        assert CANARY in browser.get("/members/").text
    assert site.standin.count() == before
    if mark is not None:
        assert site.db.statements(mark) == []


def test_cookies_are_as_the_scheme_allows(site, browser):
    browser.sign_in("alice")
    cookies = list(browser.cookies)
    assert cookies
    for cookie in cookies:
        assert cookie.http_only and cookie.path == "/" and cookie.host_only and cookie.same_site == "lax"
        assert cookie.secure == (site.scheme == "https") == cookie.name.startswith("__Host-")


def test_flow_cookie_is_gone_afterwards(site, browser):
    flow = browser.begin("/members/")
    during = set(browser.cookies.names())
    flow.approve("alice")
    assert during - set(browser.cookies.names())


def test_signed_in_already_goes_straight_on(site, browser):
    browser.sign_in("alice")
    before = site.standin.count()
    answer = browser.get("/twauth/login?next=%2Fmembers%2Fenv.cgi%3Fz")
    assert answer.status == 302 and answer.location == site.url("/members/env.cgi?z")
    assert site.standin.count() == before


def test_session_location_tells(site, browser):
    assert browser.whoami() == {"signed_in": False}
    browser.sign_in("carol")
    who = browser.whoami()
    assert (who["signed_in"], who["username"], who["id"]) == (True, "carol", "1003")
    assert json.dumps(who).find("token") < 0
