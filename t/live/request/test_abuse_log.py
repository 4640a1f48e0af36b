# SPDX-License-Identifier: Apache-2.0
"""DO-7: whatever strangers send, ten thousand times over, the error log stays readable, and so does info for who turns it on."""

import time

import pytest

from harness.load import Load, ask
from harness.urls import parse

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

LOGIN = "/twauth/login?next=%2Fmembers%2F"
CROSS = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def quiet(make_site):
    """A site with httpd's own default LogLevel, and limits that are soon reached."""
    return make_site(scheme="http", config="TwAuthStartLimit 20/h 100/h", loglevel="warn", twauth_loglevel="warn")


@pytest.fixture(scope="module")
def talkative(make_site):
    """The same with LogLevel info."""
    return make_site(scheme="http", config="TwAuthStartLimit 20/h 100/h", loglevel="info", twauth_loglevel="info")


def cookie_of(browser, site):
    return browser.cookies.header(parse(site.url("/twauth/callback")), False, True)


def nuisances(site):
    """What strangers send, each kind as a function of a number."""
    flow = site.browser().begin()
    good = cookie_of(flow.browser, site)
    pre = next(cookie for cookie in good.split("; ") if "_pre=" in cookie)
    spent = site.browser().begin()
    spent_cookies, spent_url = cookie_of(spent.browser, site), spent.callback("alice")
    spent.arrive(spent_url)
    other = site.browser()
    other.sign_in("bob")
    session = cookie_of(other, site)
    key, proof = site.key_name, site.proof_name

    def at(target, **more):
        return lambda n: ask(site.vhost, target.format(n=n), **more)

    def cookie(target, text, **more):
        return lambda n: ask(site.vhost, target.format(n=n), cookies=text.format(n=n), **more)
    return {
        "void session": cookie("/members/?{n}", "twauth=AAAA{n}"),
        "two sessions": cookie("/members/?{n}", session + "; twauth=A{n}"),
        "many cookies": cookie("/members/?{n}", "; ".join(["twauth=A{n}"] * 40)),
        "void pre-session": cookie(LOGIN, "twauth_pre=A{n}"),
        "callback alone": at(f"/twauth/callback?{key}=x{{n}}&{proof}=y{{n}}", headers=CROSS),
        "callback of nothing": at("/twauth/callback?{n}", headers=CROSS),
        "callback, void flow": cookie(f"/twauth/callback?{key}=x{{n}}&{proof}=y", "twauth_flow_x{n}=A{n}", headers=CROSS),
        "callback, other key": cookie(f"/twauth/callback?{key}=x{{n}}&{proof}=y", good, headers=CROSS),
        "callback without proof": cookie(f"/twauth/callback?{key}={flow.token}&a={{n}}", good, headers=CROSS),
        "callback of both": cookie(f"/twauth/callback?{key}={flow.token}&oauth_verifier={{n}}&code={{n}}", good,
                                   headers=CROSS),
        "callback, error": cookie(f"/twauth/callback?state={flow.token}&error=invalid_scope&x={{n}}", good, headers=CROSS),
        "callback again": cookie(parse(spent_url).target + "&n={n}", spent_cookies, headers=CROSS),
        "limit of one": cookie(LOGIN, pre, source="127.3.3.3"),
        "limit of all": lambda n: ask(site.vhost, LOGIN, cookies=pre, source=f"127.4.{n // 250 % 250}.{n % 250 + 1}"),
        "mark without cookie": at(LOGIN + "&mark=A{n}"),
        "nowhere": at("/twauth/nowhere{n}"),
        "odd next": cookie("/twauth/login?next=//evil{n}.example/%0d%0a", pre),
        "script's": at("/members/?{n}", headers={"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}),
        "named header": at("/members/?{n}", headers={"Connection": "close, X-Twauth-User", "X-Twauth-User": "admin"}),
        "sign-out's page": cookie("/twauth/logout?{n}", session),
        "others' session": cookie("/twauth/session?{n}", session, headers=CROSS),
    }


def flood(site, count):
    """So many requests, of each kind as many; a kind must not be answered by what would be an error of the server."""
    kinds = nuisances(site)
    asks = [kind(n) for n in range(count // len(kinds) + 1) for kind in kinds.values()]
    mark = site.log.mark()
    answers = Load(asks, workers=8).run()
    assert set(answers.statuses) <= {200, 302, 400, 401, 403, 404, 429, 503}
    return site.log.lines(mark), len(asks)


def test_DO_7_strangers_do_not_flood_the_log(quiet, full):
    quiet.allow_log("TW0232", "TW0223", "TW0201")
    begin = time.monotonic()
    lines, count = flood(quiet, full(2500, 10000))
    assert count >= full(2500, 10000)
    assert len(lines) < full(10, 25) * (1 + (time.monotonic() - begin) // 60), "one line each for the kinds that an administrator should know of, a minute"


def test_DO_7_at_info_a_request_is_one_line_of_ours(talkative):
    talkative.allow_log("TW0232", "TW0223", "TW0201")
    lines, count = flood(talkative, 1000)
    ours = [line for line in lines if line.number.startswith("TW")]
    assert 100 < len(ours) <= count
    assert max(len(str(line)) for line in ours) < 1000


def test_DO_7_what_X_repeats_of_theirs_does_not_either(make_site):
    """X refuses each in words of the visitor's own."""
    site = make_site(scheme="http", loglevel="warn", twauth_loglevel="warn")
    asks = []
    for _ in range(60):
        flow = site.browser().begin()
        asks.append(ask(site.vhost, f"/twauth/callback?{site.key_name}={flow.token}&{site.proof_name}=v0id", headers=CROSS,
                        cookies=flow.browser))
    for n in range(60):
        site.standin.fault(site.exchange_path, "status", times=1, status=(401, 400, 403)[n % 3], body=f"no such thing as {n}")
    site.allow_log("TW0204")
    mark = site.log.mark()
    assert set(Load(asks, workers=2).run().statuses) <= {502, 400}
    assert 1 <= len(site.log.lines(mark)) <= 8


def test_DO_7_a_callback_that_cannot_be_stored_is_loaded_again_and_again(make_site):
    """It is not used up while the database is known to be away."""
    site = make_site(scheme="http", loglevel="warn", twauth_loglevel="warn")
    finder, flow = site.browser().begin(), site.browser().begin()
    found, url = finder.callback("bob"), flow.callback("alice")
    again = ask(site.vhost, parse(url).target, headers=CROSS, cookies=cookie_of(flow.browser, site))
    with site.db.away():
        assert finder.arrive(found).status == 503
        mark = site.log.mark()
        answers = Load([again] * 400, workers=8).run()
        ours = [line for line in site.log.lines(mark) if line.number.startswith("TW")]
        site.allow_log("TW0215", "TW04", "AH0062[0-9]", "AH00632", "dbd")
    assert answers.statuses == {503: 400} and len(ours) <= 4
