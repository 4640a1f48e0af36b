# SPDX-License-Identifier: Apache-2.0
"""From OAuth 1.0a to OAuth 2.0 and back by other credentials: the same people, and nobody notices."""

import pytest

from harness.checks import user
from harness.site import PROTECTED

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]

OTHER = {"oauth1": "oauth2", "oauth2": "oauth1"}
ACCOUNT = "SELECT id, twitter_id, username, screen_name, active FROM twauth_account ORDER BY id"
TOKEN = "SELECT token, secret FROM twauth_account WHERE twitter_id = '1001'"


@pytest.fixture
def site(make_site):
    return make_site(config="TwAuthTokens plain", protected=PROTECTED)


def change_over(site):
    site.change_over(OTHER[site.protocol])
    site.graceful()


def newest(site):
    """The token that X gave out last to the protocol in use."""
    state = site.standin.state()
    return state["access_tokens" if site.protocol == "oauth1" else "bearer_tokens"][-1]["token"]


def test_sessions_accounts_and_tokens_there_and_back(site):
    alice, bob = site.browser(), site.browser()
    bob.sign_in("bob"), alice.sign_in("alice")
    accounts = site.db.rows(ACCOUNT)
    for _ in range(2):
        before = site.db.row(TOKEN)
        assert before["token"] == newest(site)
        change_over(site)
        assert user(alice) == "alice" and user(bob) == "bob"
        assert alice.get("/admin/").status == 200
        again = site.browser()
        assert again.sign_in("alice", next="/members/env.cgi").json()["TWAUTH_ID"] == "1001"
        assert site.db.rows(ACCOUNT) == accounts
        after = site.db.row(TOKEN)
        assert after["token"] == newest(site) != before["token"]
        assert before["secret"] is None or after["secret"] != before["secret"], "nothing is left of the former token"
        assert user(alice) == user(again) == "alice"
    alice.sign_out()
    assert user(alice) is None and user(bob) == "bob"


def test_sign_in_begun_before_ends_in_a_new_start(site, browser):
    flow = browser.begin("/members/env.cgi?x=1")
    url, refusal = flow.callback("alice"), browser.clone()
    cancelled = flow.cancelled() if site.protocol == "oauth2" else None
    change_over(site)
    site.standin.reset()
    for answer in [flow.arrive(url)] + ([refusal.get(cancelled, site="cross-site")] if cancelled else []):
        assert answer.status == 400 and "Start again" in answer.text and "/twauth/login" in answer.text, answer
    assert site.standin.count() == 0 and site.db.rows("SELECT * FROM twauth_account") == []
    assert browser.sign_in("alice", next="/members/env.cgi").json()["REMOTE_USER"] == "alice"


def test_both_credentials_and_one_word(make_site):
    site = make_site(protocol="both", config="TwAuthProtocol oauth1")
    alice = site.browser()
    alice.sign_in("alice")
    site.vhost.config = site.vhost.config.replace("TwAuthProtocol oauth1", "TwAuthProtocol oauth2")
    site.graceful()
    assert user(alice) == "alice" and site.browser().begin().protocol == "oauth2"
    assert site.browser().sign_in("alice").status == 200
    assert site.db.value("SELECT count(*) FROM twauth_account") == 1
