# SPDX-License-Identifier: Apache-2.0
"""A session ends where it was told to: sign-out, a new sign-in, too many of them."""

import time

import pytest

from harness.checks import PRE, SESSION, user

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]


@pytest.fixture
def alice(site):
    site.db.clear()
    browser = site.browser()
    browser.sign_in("alice")
    return browser


def count(site):
    return site.db.value("SELECT count(*) FROM twauth_session")


def test_SE_3_planted_session_is_not_the_new_one(site, alice):
    """The browser arrives from X with somebody else's session, or with an old one of its own."""
    mallory, victim = site.browser(), site.browser()
    mallory.sign_in("bob")
    for planted in (mallory.cookies[SESSION], alice.cookies[SESSION]):
        flow = victim.begin("/members/env.cgi")
        url = flow.callback("carol")
        victim.cookies.add(SESSION, planted, "site.test", secure=True)
        assert flow.arrive(url).json()["REMOTE_USER"] == "carol"
        assert victim.cookies[SESSION] != planted
        copy = site.browser()
        copy.cookies.add(SESSION, planted, "site.test", secure=True)
        assert user(copy) is None                           # it came with the browser: ended
        victim.cookies.clear()


def test_SE_5_copied_cookie_after_sign_out(site, alice):
    other, copy = site.browser(), alice.clone()
    other.sign_in("alice")
    alice.sign_out()
    assert count(site) == 1
    assert user(copy) is None
    site.graceful()
    assert user(copy) is None
    site.restart()
    assert user(copy) is None
    assert user(other) == "alice"


def test_SE_5_each_child_knows_at_once(site, alice):
    copy = alice.clone()
    alice.sign_out()
    assert [user(copy) for _ in range(20)] == [None] * 20
    assert copy.whoami() == {"signed_in": False}


def test_sign_out_everywhere(site, alice):
    others = [site.browser() for _ in range(3)]
    for other in others:
        other.sign_in("alice")
    bob = site.browser()
    bob.sign_in("bob")
    alice.sign_out(everywhere="1")
    assert [user(b) for b in (alice, *others)] == [None] * 4
    assert user(bob) == "bob" and count(site) == 1


@pytest.mark.parametrize("form", [{"everywhere": "0"}, {"everywhere": ""}, {"everywhere": "yes"}, {"x": "1"}])
def test_sign_out_of_one_leaves_the_others(site, alice, form):
    other = site.browser()
    other.sign_in("alice")
    alice.sign_out(**form)
    assert user(alice) is None and user(other) == "alice"


def test_button_after_sign_out_instead_of_a_silent_sign_in(site, alice):
    alice.sign_out()
    for path in ("/members/", "/members/env.cgi?a=1"):
        answer = alice.get(path)
        assert answer.status == 401 and "Location" not in answer.headers
        assert "/twauth/login?next=" in answer.text and answer.headers["WWW-Authenticate"].startswith("Twitter ")
    assert alice.clone().begin("/twauth/login?next=%2Fmembers%2F").approve().status == 200
    alice.begin("/twauth/login?next=%2Fmembers%2F").approve()
    alice.cookies.close_browser()
    assert alice.get("/members/").status == 302


def test_mark_of_the_sign_out_outlives_the_browser_window(site, alice):
    """On a shared computer: the next one who opens the browser is not signed in by X either."""
    alice.sign_out()
    alice.cookies.close_browser()
    assert PRE in alice.cookies
    assert alice.get("/members/").status == 401


def test_new_sign_in_ends_the_session_the_browser_came_with(site, alice):
    browser = site.browser()
    one, two = browser.begin(), browser.begin()
    one.approve("alice")
    before = browser.clone()
    two.approve("bob")
    assert user(browser) == "bob" and user(before) is None
    assert user(alice) == "alice"


def test_at_most_50_sessions_an_account(site, alice):
    account = site.db.value("SELECT id FROM twauth_account WHERE username = 'alice'")
    now = int(time.time())
    for i in range(60):
        site.db.execute("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at)"
                        " VALUES (?, ?, ?, ?, ?)", f"old-{i:02}", account, now - 1000 + i, now, now + 9999)
    bob, newest = site.browser(), site.browser()
    bob.sign_in("bob")
    newest.sign_in("alice")
    of_alice = site.db.value("SELECT count(*) FROM twauth_session WHERE account_id = ?", account)
    assert of_alice == 50
    assert user(newest) == "alice" and user(alice) == "alice" and user(bob) == "bob"
    left = [i for (i,) in site.db.rows("SELECT id FROM twauth_session WHERE id LIKE 'old-%' ORDER BY id")]
    assert left == [f"old-{i:02}" for i in range(12, 60)]


def test_expired_rows_are_swept(site, alice):
    account = site.db.value("SELECT id FROM twauth_account")
    now = int(time.time())
    for i in range(12):
        site.db.execute("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at)"
                        " VALUES (?, ?, ?, ?, ?)", f"over-{i}", account, now - 9000, now - 9000, now - 5000 + i)
    site.db.execute("UPDATE twauth_session SET expires_at = ? WHERE id NOT LIKE 'over-%'", now + 600)
    for _ in range(2):
        site.browser().sign_in("bob")
    assert site.db.value("SELECT count(*) FROM twauth_session WHERE id LIKE 'over-%'") == 0
    assert site.db.value("SELECT count(*) FROM twauth_session") == 3


def test_row_says_where_and_with_what(site):
    site.db.clear()
    browser = site.browser()
    browser.agent = "Ünicode\t" + "x" * 400
    browser.sign_in("alice")
    row = site.db.row("SELECT * FROM twauth_session")
    assert row["address"] == "127.0.0.1"
    assert len(row["user_agent"]) == 255 and all(" " <= c <= "~" for c in row["user_agent"])
    assert row["created_at"] == row["seen_at"] and row["expires_at"] == row["created_at"] + 7 * 86400
    assert len(row["id"]) >= 22 and row["id"] not in browser.cookies[SESSION]


def test_SE_3_row_ids_are_never_used_twice(site):
    site.db.clear()
    browser, ids = site.browser(), set()
    for _ in range(10):
        browser.cookies.clear()
        browser.sign_in("alice")
        ids.add(site.db.value("SELECT id FROM twauth_session ORDER BY created_at DESC, id LIMIT 1"))
        site.db.execute("DELETE FROM twauth_session")
    assert len(ids) == 10
