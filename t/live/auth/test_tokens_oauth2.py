# SPDX-License-Identifier: Apache-2.0
"""The user's own tokens under OAuth 2.0: kept with kind and end, refreshed once for all, carried over from 1.0a."""

import time

import pytest

from harness.checks import SLACK, together
from harness.httpd import environment_of
from harness.load import Answers, Load, ask
from harness.standin import CLIENT_SECRET

EXPORT = """
<Location "/tokens/">
AuthType Twitter
Require valid-user
TwAuthExport env tokens
</Location>
TwAuthScope "tweet.read users.read offline.access"
"""
pytestmark = pytest.mark.databases("sqlite", "pgsql")


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(protocol="oauth2", config=EXPORT)
    site.httpd.script("tokens/env.cgi")
    return site


@pytest.fixture(autouse=True)
def fresh(site):
    site.standin.clear_faults()
    site.standin.set(access_token_ttl=7200)


def told(browser):
    return environment_of(browser.get("/tokens/env.cgi"))


def token_and_seconds(browser):
    answer = browser.get("/tokens/env.cgi")
    return environment_of(answer).get("TWAUTH_TOKEN"), answer.elapsed


def bearers(site):
    return [token["token"] for token in site.standin.state()["bearer_tokens"]]


def expire(site):
    site.db.execute("UPDATE twauth_account SET token_expires_at = 1, token_refresh_at = NULL")


def refreshes(site):
    return [c for c in site.standin.calls("/2/oauth2/token") if c["form"].get("grant_type") == "refresh_token"]


def test_kept_with_kind_and_end(site, browser):
    browser.sign_in("alice")
    kind, expires, signed_in = site.db.rows(
        "SELECT token_kind, token_expires_at, signed_in_at FROM twauth_account WHERE twitter_id = '1001'")[0]
    assert kind == "oauth2" and 7190 <= expires - signed_in <= 7210


def test_application_gets_the_access_token_alone(site, browser):
    browser.sign_in("alice")
    env = told(browser)
    assert env["TWAUTH_TOKEN"] and "TWAUTH_TOKEN_SECRET" not in env
    assert env["TWAUTH_TOKEN"] in bearers(site)


def test_a_token_that_is_over_is_refreshed(site, browser):
    browser.sign_in("alice")
    old = told(browser)["TWAUTH_TOKEN"]
    expire(site)
    new = told(browser)["TWAUTH_TOKEN"]
    assert new != old and new == told(browser)["TWAUTH_TOKEN"]
    assert new in bearers(site)


def test_new_tokens_that_cannot_be_stored(site, browser):
    """The request that has them uses them; then there are none until the next sign-in, and X is not asked again."""
    browser.sign_in("alice")
    expire(site)
    site.expect_log("TW0311: the new tokens of account")
    site.allow_log("TW0401", "TW0403")
    with site.db.refusing("UPDATE OF token ON twauth_account"):
        new = told(browser)["TWAUTH_TOKEN"]
    assert new in bearers(site)
    before = len(refreshes(site))
    assert browser.get("/tokens/env.cgi").status == 200 and "TWAUTH_TOKEN" not in told(browser)
    assert len(refreshes(site)) == before
    site.browser().sign_in("alice")
    assert told(browser)["TWAUTH_TOKEN"] in bearers(site)


def test_O2_8_one_refresh_for_all(site, browser):
    browser.sign_in("bob")
    told(browser)
    for _ in range(5):
        expire(site)
        before = len(refreshes(site))
        answers = together(*[lambda b=browser.clone(): token_and_seconds(b) for _ in range(20)])
        assert len(refreshes(site)) == before + 1
        tokens = {token for token, _ in answers}
        assert len(tokens - {None}) == 1
        if None not in tokens or max(seconds for _, seconds in answers) < 1:    # so long a refresh is waited for
            break
    assert None not in tokens


def test_PR_1_a_refresh_that_hangs_does_not_hold_all_workers(make_site):
    """Of one user's many requests only a few wait for as long as a refresh may take."""
    site = make_site(protocol="oauth2", config=EXPORT + "TwAuthProviderCalls 4")
    site.httpd.put("tokens/index.html", "for programs")
    browser = site.browser()
    browser.sign_in("bob")
    site.standin.fault("/2/oauth2/token", "hang", times=None)
    site.expect_log("TW0204: the refresh")
    asks = [ask(site.vhost, "/tokens/", cookies=browser, ca=site.authority.ca)]
    for _ in range(5):          # where the machine is too busy to tell, again
        expire(site)
        with Load(asks * 100, rate=25) as load:
            pass
        assert load.answers.statuses == {200: 100}
        # the one that asks X, the two that may wait for it, and those of the first two seconds
        late = Answers(a for a in load.answers if a.at > load.answers[0].at + 2.2)
        if late.at_once(1) <= 2:
            break
    assert late.at_once(1) <= 2 and load.answers.slowest < 5 + SLACK
    site.standin.clear_faults()


def test_O2_8_failure_keeps_the_session_and_is_not_tried_at_once_again(site, browser):
    site.expect_log("TW0204: the refresh")
    browser.sign_in("carol")
    expire(site)
    site.standin.fault("/2/oauth2/token", "status", times=None, status=500)
    before = len(refreshes(site))
    for _ in range(5):
        answer = browser.get("/tokens/env.cgi")
        assert answer.status == 200 and "TWAUTH_TOKEN" not in environment_of(answer)
    assert len(refreshes(site)) <= before + 2
    site.standin.clear_faults()
    site.db.execute("UPDATE twauth_account SET token_refresh_at = NULL")
    assert told(browser)["TWAUTH_TOKEN"]


@pytest.mark.parametrize("status, headers, seconds", [
    (429, lambda: {"x-rate-limit-reset": str(int(time.time()) + 840)}, (800, 841)),
    (429, lambda: {}, (8, 11)), (503, lambda: {"Retry-After": "3600"}, (58, 61)), (500, lambda: {}, (8, 11)),
    (403, lambda: {}, (58, 61))], ids=["429", "429 without", "503", "500", "403"])
def test_X12_a_refresh_is_tried_again_when_X_says_so(site, browser, status, headers, seconds):
    site.allow_log("TW0204")
    browser.sign_in("carol")
    expire(site)
    site.standin.fault("/2/oauth2/token", "status", status=status, headers=headers())
    before = time.time()
    assert "TWAUTH_TOKEN" not in told(browser)
    after, again = time.time(), int(site.db.value("SELECT token_refresh_at FROM twauth_account WHERE username = 'carol'"))
    assert seconds[0] <= again - before and again - after <= seconds[1]


@pytest.mark.parametrize("body", ["", "nothing that anybody knows"])
def test_X5_one_unknown_refusal_does_not_end_the_exchange_of_all(changed, body):
    site, browsers = changed
    site.standin.fault("/2/oauth2/token", "status", times=1, status=403, body=body)
    ran = exchange(site)
    assert not ran and "2 exchanged, 1 not" in ran.stdout and "exchange: X answered 403 (text/plain)" in ran.stdout


def test_without_offline_access_there_is_nothing_to_refresh(make_site):
    site = make_site(protocol="oauth2", config=EXPORT.replace(" offline.access", ""))
    site.httpd.script("tokens/env.cgi")
    browser = site.browser()
    browser.sign_in("alice")
    assert told(browser)["TWAUTH_TOKEN"]
    expire(site)
    assert "TWAUTH_TOKEN" not in told(browser)


# CR-6: what somebody can do who writes to the database and has no key

MOVED = {
    "refresh token": "UPDATE twauth_account SET secret = (SELECT secret FROM twauth_account WHERE username = 'bob')",
    "access token": "UPDATE twauth_account SET token = (SELECT token FROM twauth_account WHERE username = 'bob')",
    "both": "UPDATE twauth_account SET (token, secret) = (SELECT token, secret FROM twauth_account"
            " WHERE username = 'bob')",
    "exchanged": "UPDATE twauth_account SET token = secret, secret = token",
    "refresh token as access token": "UPDATE twauth_account SET token = secret",
    "said to be of OAuth 1.0a": "UPDATE twauth_account SET token_kind = 'oauth1'",
    "of no kind": "UPDATE twauth_account SET token_kind = ''",
    "plain": "UPDATE twauth_account SET token = 'plain-text', secret = 'plain-text'",
    "a letter more": "UPDATE twauth_account SET token = token || 'A', secret = secret || 'A'",
}


@pytest.mark.parametrize("over", [False, True], ids=["in time", "over"])
@pytest.mark.parametrize("how", MOVED)
def test_CR_6_moved_values_are_neither_told_nor_used(site, how, over):
    site.allow_log("TW0309")
    alice, bob = site.browser(), site.browser()
    bob.sign_in("bob"), alice.sign_in("alice")
    own = told(alice)["TWAUTH_TOKEN"]
    site.db.execute(MOVED[how] + " WHERE username = 'alice'")
    if over:
        expire(site)
    before = len(refreshes(site))
    secrets = {token["token"] for kind in ("bearer_tokens", "refresh_tokens") for token in site.standin.state()[kind]}
    env = told(alice)
    shown = {env.get("TWAUTH_TOKEN"), env.get("TWAUTH_TOKEN_SECRET")} - {None, own}
    assert not shown & secrets and "plain-text" not in shown, how
    assert len(refreshes(site)) == before, "nothing of it was sent to X"


# Carried over from OAuth 1.0a

@pytest.fixture
def changed(make_site):
    """A site whose accounts have tokens of OAuth 1.0a, and which has OAuth 2.0 credentials now."""
    site = make_site(protocol="oauth1", config=EXPORT.replace("TwAuthScope", "# "))
    site.httpd.script("tokens/env.cgi")
    browsers = {name: site.browser() for name in ("alice", "bob", "carol")}
    for name, browser in browsers.items():
        browser.sign_in(name)
    site.change_over("oauth2")
    site.vhost.config += '\nTwAuthScope "tweet.read users.read offline.access"'
    site.graceful()
    return site, browsers


def exchange(site):
    return site.httpd.check("-D", "TWAUTH_EXCHANGE")


def kinds(site):
    return [kind for kind, in site.db.rows("SELECT token_kind FROM twauth_account ORDER BY id")]


def test_tokens_are_carried_over(changed):
    site, browsers = changed
    ran = exchange(site)
    assert ran, ran.stdout + ran.stderr
    assert "3 exchanged, 0 not" in ran.stdout
    assert kinds(site) == ["oauth2"] * 3
    token = told(browsers["alice"])["TWAUTH_TOKEN"]
    assert token in bearers(site)
    assert "0 exchanged, 0 not" in exchange(site).stdout


def test_what_X_refuses_stays_and_is_reported(changed):
    site, browsers = changed
    site.standin.fault("/2/oauth2/token", "error2", times=1, name="token")
    ran = exchange(site)
    assert not ran and "2 exchanged, 1 not" in ran.stdout and "keeps its old tokens" in ran.stdout
    assert sorted(kinds(site)) == ["oauth1", "oauth2", "oauth2"]
    assert "1 exchanged, 0 not" in exchange(site).stdout


def test_it_stops_where_going_on_is_of_no_use(changed):
    site, browsers = changed
    site.standin.set(client_secret="another")
    ran = exchange(site)
    site.standin.set(client_secret=CLIENT_SECRET)
    assert not ran and "run it again" in ran.stdout and "TwAuthClientSecret" in ran.stdout
    assert kinds(site) == ["oauth1"] * 3
