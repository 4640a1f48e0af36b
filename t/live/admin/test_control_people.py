# SPDX-License-Identifier: Apache-2.0
"""twauthctl allow, refuse, disable, enable, sessions, end: who may sign in, and who is signed in."""

import json

import pytest

from harness import documents
from harness.checks import user

pytestmark = pytest.mark.databases("sqlite", "pgsql")


@pytest.fixture(scope="module")
def site(make_site, folder, db_kind):
    """Strangers get no account, and the database is asked at each request."""
    site = make_site(config=f"TwAuthSignUp Off\nTwAuthSessionRecheck 0\nTwAuthEventLog {folder}/people-{db_kind}.json")
    site.events = folder / f"people-{db_kind}.json"
    return site


@pytest.fixture
def closed(site):
    site.allow_log("TW0213", "TW0214")
    site.db.clear()
    site.before = len(lines(site))
    return site


def lines(site):
    return [json.loads(line) for line in site.events.read_text().splitlines()]


def told(site):
    """What the event log has of administrators since the test began: (reason, X's number or None)."""
    return [(line["reason"], line.get("id")) for line in lines(site)[site.before:] if line["event"] == "admin"]


def signs_in(site, name):
    return site.browser().sign_in(name, next="/members/").status == 200


def number(site, name):
    """The one that the stand-in gave them."""
    return {"alice": "1001", "bob": "1002"}[name]


def test_who_is_new_is_let_in_by_their_number(closed):
    assert not signs_in(closed, "alice")
    ran = closed.ctl("allow", number(closed, "alice"))
    assert ran and "They may sign in" in ran.stdout
    assert signs_in(closed, "alice") and not signs_in(closed, "bob")
    assert closed.db.value("SELECT username FROM twauth_account") == "alice"
    row, = closed.ctl("allow", "id:1002", "--json").rows
    assert (row["id"], row["active"], row["username"]) == ("1002", True, "")
    assert signs_in(closed, "bob") and told(closed) == [("allow", "1001"), ("allow", "1002")]


def test_a_bare_number_is_of_X_and_not_of_an_account(closed):
    closed.db.execute("INSERT INTO twauth_account (id, twitter_id, username) VALUES (1001, '77', 'other')")
    assert closed.ctl("refuse", "1001")
    assert set(closed.db.rows("SELECT twitter_id, active FROM twauth_account")) == {("77", 1), ("1001", 0)}
    assert not signs_in(closed, "alice")
    assert closed.ctl("refuse", "account:1001")
    assert closed.db.value("SELECT active FROM twauth_account WHERE twitter_id = '77'") == 0
    assert closed.ctl("allow", "account:5").status == 1


def test_refused_before_and_after_the_first_sign_in(closed):
    assert closed.ctl("refuse", "1001") and not signs_in(closed, "alice")
    assert closed.ctl("allow", "1001") and signs_in(closed, "alice")
    alice = closed.browser()
    alice.sign_in("alice")
    ran = closed.ctl("refuse", "@alice")
    assert ran and "They may not sign in." in ran.stdout and "2 sessions ended; servers notice within 0 seconds" in ran.stdout
    assert user(alice) is None and not signs_in(closed, "alice")
    assert closed.ctl("allow", "alice") and user(alice) is None and signs_in(closed, "alice")
    assert told(closed) == [("refuse", "1001"), ("allow", "1001"), ("refuse", "1001"), ("end", "1001"), ("allow", "1001")]


def test_disabled_for_a_while(closed):
    closed.ctl("allow", "1001")
    alice = closed.browser()
    alice.sign_in("alice")
    ran = closed.ctl("disable", "alice")
    assert ran and "Their sessions are refused, within 0 seconds (TwAuthSessionRecheck)" in ran.stdout
    assert alice.get("/members/").status != 200 and not signs_in(closed, "alice")
    assert closed.db.value("SELECT count(*) FROM twauth_session") == 1
    assert closed.ctl("enable", "alice") and signs_in(closed, "alice")
    assert [reason for reason, _ in told(closed)] == ["allow", "disable", "enable"]


WRONG = [
    (("allow", "@carol"), 2, "nobody here has the handle @carol; whoever is new is known by their number at X"),
    (("refuse", "carol"), 2, "twauthctl refuse NUMBER"), (("allow", "id:007"), 2, "007 is no number of X's"),
    (("allow", "9" * 30), 2, "is no number of X's"), (("allow", "no such person"), 2, "say somebody's handle (@jack)"),
    (("allow", ""), 2, "say somebody's handle"), (("allow",), 2, "allow takes other arguments: twauthctl allow WHO"),
    (("disable", "carol"), 1, "there is no account carol"), (("enable", "1002"), 1, "there is no account 1002"),
    (("sessions", "carol"), 1, "there is no account carol"), (("end", "carol"), 1, "there is no account carol"),
    (("end",), 2, "or --all: twauthctl end WHO"), (("end", "carol", "--all"), 2, "or --all: twauthctl end WHO"),
    (("allow", "jack"), 2, "jack may be account:1 (jack) or account:2 (jack.2): say which"),
    (("disable", "jack"), 2, "say which"), (("end", "jack"), 2, "say which"),
]


@pytest.mark.parametrize("words, status, sentence", WRONG, ids=lambda value: None)
def test_what_would_be_right(closed, words, status, sentence):
    """jack was the handle of one account, which has the name, and is that of another now."""
    closed.db.execute("INSERT INTO twauth_account (id, twitter_id, username) VALUES (1, '11', 'jack')")
    closed.db.execute("INSERT INTO twauth_account (id, twitter_id, username, screen_name) VALUES (2, '12', 'jack.2', 'jack')")
    ran = closed.ctl(*words)
    assert ran.status == status and sentence in ran.stderr and not ran.stdout, ran
    assert closed.db.rows("SELECT id, active FROM twauth_account ORDER BY id") == [(1, 1), (2, 1)] and told(closed) == []


def test_handles_where_they_are_claimed(closed, monkeypatch):
    monkeypatch.setattr(closed.vhost, "config", closed.vhost.config + "\nTwAuthClaimByHandle On")
    closed.allow_log("TW0482")
    closed.graceful()
    assert closed.ctl("allow", "@Alice") and closed.ctl("refuse", "BOB")
    assert set(closed.db.rows("SELECT twitter_id, active FROM twauth_account")) == {("handle:alice", 1), ("handle:bob", 0)}
    assert signs_in(closed, "alice") and not signs_in(closed, "bob")
    assert closed.ctl("refuse", "@alice") and closed.db.value("SELECT count(*) FROM twauth_account") == 2
    monkeypatch.undo()
    closed.graceful()


def test_sessions(closed):
    closed.ctl("allow", "1001"), closed.ctl("allow", "1002")
    signs_in(closed, "alice"), signs_in(closed, "alice"), signs_in(closed, "bob")
    closed.db.execute("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at) SELECT 'over', id, 1, 1, 2"
                      " FROM twauth_account WHERE username = 'bob'")
    rows = closed.ctl("sessions", "--json").rows
    assert sorted(row["username"] for row in rows) == ["alice", "alice", "bob"]
    assert {row["address"] for row in rows} == {"127.0.0.1"} and all(row["seen_at"] <= row["expires_at"] for row in rows)
    assert set(closed.db.rows("SELECT id FROM twauth_session WHERE id <> 'over'")) == {(row["session"],) for row in rows}
    assert len(closed.ctl("sessions", "@bob", "--json").rows) == 1
    heading, *text = closed.ctl("sessions", "--limit", "2").stdout.splitlines()
    assert heading.startswith("session") and len(text) == 3 and "--limit N" in text[-1]
    assert told(closed) == [("allow", "1001"), ("allow", "1002")]


def test_more_sessions_than_are_read_at_once(closed, full):
    """Of several pages, with times that are the same."""
    many = full(1100, 20_000)
    closed.db.execute("INSERT INTO twauth_account (id, twitter_id, username) VALUES (1, '11', 'jack')")
    closed.db.execute("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at, keep) VALUES " + ", ".join(
        f"('{n:022}', 1, 5, {n // 700}, 4000000000, 100000)" for n in range(many)))
    rows = closed.ctl("sessions", "--json").rows
    assert len(rows) == many and {row["session"] for row in rows} == {f"{n:022}" for n in range(many)}
    assert closed.ctl("end", "--all", "--json").rows == [{"ended": many}]
    assert closed.ctl("sessions").status == 1 and told(closed) == [("end", None)]


def test_sessions_are_ended(closed):
    closed.ctl("allow", "1001"), closed.ctl("allow", "1002")
    first, second, bob = closed.browser(), closed.browser(), closed.browser()
    first.sign_in("alice"), second.sign_in("alice"), bob.sign_in("bob")
    of_bob, = closed.ctl("sessions", "bob", "--json").rows
    ran = closed.ctl("end", of_bob["session"])
    assert ran and ran.stdout.startswith("1 session ended; servers notice within 0 seconds")
    assert user(bob) is None and user(first) == "alice"
    assert closed.ctl("end", f"session:{of_bob['session']}").status == 1
    assert closed.ctl("end", "alice", "--json").rows == [{"ended": 2}]
    assert user(first) is None and user(second) is None
    ran = closed.ctl("end", "alice")
    assert ran.status == 1 and ran.stdout == "There was no session to end.\n"
    assert told(closed)[2:] == [("end", "1002"), ("end", "1001")]


def test_a_session_is_ended_whatever_its_name_begins_with(closed):
    """One in 4,096 begins as an option does."""
    closed.ctl("allow", "1002")
    bob = closed.browser()
    bob.sign_in("bob")
    name = "--limit" + 14 * "x" + "A"
    closed.db.execute("UPDATE twauth_session SET id = ?", name)
    row, = closed.ctl("sessions", "bob", "--json").rows
    assert row["session"] == name
    ran = closed.ctl("end", name)
    assert ran and ran.stdout.startswith("1 session ended")


@pytest.mark.databases("pgsql")
def test_a_sequence_behind_its_rows_is_said(closed):
    top = closed.db.value("SELECT last_value FROM pg_sequences WHERE sequencename = 'twauth_account_id_seq'") or 0
    closed.db.execute(f"INSERT INTO twauth_account (id, twitter_id) SELECT {top} + n, 5000 + n FROM generate_series(1, 9) AS n")
    ran = closed.ctl("allow", "1001")
    assert ran.status == 2 and "setval(pg_get_serial_sequence" in ran.stderr, ran


@pytest.mark.parametrize("command, counts", [("allow", (1, None)), ("refuse", (0, None)), ("disable", (0, 5)), ("enable", (1, 5))])
def test_whoever_waits_is_judged_by_allow_and_refuse_alone(closed, command, counts):
    closed.db.execute("INSERT INTO twauth_account (twitter_id, username, waiting_since) VALUES ('11', 'jack', 5)")
    assert closed.ctl(command, "jack")
    assert closed.db.rows("SELECT active, waiting_since FROM twauth_account") == [counts]


def test_the_chapters_of_the_document(closed):
    """docs/administration.md: their commands, as they stand."""
    closed.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('11', 'jack')")
    session = ("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at) SELECT ?, id, 1, 1, 4000000000"
               " FROM twauth_account WHERE username = 'jack'")
    for title, sections in (("Accounts", False), ("Invite somebody", True), ("List sessions", True), ("End sessions", True),
                            ("Disable an account", True)):
        commands = "".join(b for b in documents.commands("docs/administration.md", title, sections) if "twauthctl" in b)
        assert commands
        for number, line in enumerate(commands.splitlines()):
            closed.db.execute(session, f"{title[:10]}{number}".replace(" ", "_").ljust(22, "A"))
            assert closed.ctl(*line.split()[2:]), line
    assert closed.db.rows("SELECT twitter_id, active FROM twauth_account ORDER BY id") == [("11", 0), ("2244994945", 1)]
    assert closed.db.value("SELECT count(*) FROM twauth_session") == 0


@pytest.mark.parametrize("number", [2 ** 63 - 1, -2 ** 63 + 1, 2 ** 53, -1])
def test_times_that_no_clock_shows_end_nothing_and_show(closed, number):
    """Others write into the tables too."""
    closed.ctl("allow", "1001")
    alice = closed.browser()
    alice.sign_in("alice")
    for sql in ("UPDATE twauth_session SET created_at = ?, seen_at = ?", "UPDATE twauth_account SET created_at = ?, signed_in_at = ?"):
        closed.db.execute(sql, number, number)
    assert user(alice) == "alice"
    assert alice.get("/twauth/account").text.count("<time") >= 2
    closed.db.execute("UPDATE twauth_session SET seen_at = ?", number)
    for command in ("accounts", "sessions"):
        assert len(closed.ctl(command, "--json").rows) == 1 and closed.ctl(command)
    assert closed.ctl("doctor", "--offline", "--who", "alice").stdout
    closed.db.execute("UPDATE twauth_session SET expires_at = ?", number)
    assert user(alice) == ("alice" if number > 0 else None)
