# SPDX-License-Identifier: Apache-2.0
"""twauthctl: its words, its output, whom it runs as, which host it is about; `accounts`."""

import re
import sqlite3
import subprocess

import pytest

from harness import process
from harness.httpd import Httpd, USER
from harness.paths import CONTROL

pytestmark = pytest.mark.databases("sqlite", "pgsql")
COLUMNS = ["account", "username", "handle", "id", "active", "sessions", "created_at", "signed_in_at",
           "roles", "waiting_since"]


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(start=False)


@pytest.fixture
def people(site):
    site.db.clear()
    new = "INSERT INTO twauth_account (id, twitter_id, username, screen_name, active, created_at, signed_in_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
    for row in [(3, "1003", "alice", "Alice_A", 1, 1700000000, 1700000060), (12, "2244994945", "jack", "jack", 0, 1700000000, None),
                (20, "12", "malice", "", 1, 1700000000, None), (21, "handle:carol", "carol", "", 1, 1700000000, None)]:
        site.db.execute(new, *row)
    session = "INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at) VALUES (?, 3, 1, 1, ?)"
    site.db.execute(session, "A" * 22, 4000000000), site.db.execute(session, "B" * 22, 1)
    return site


def names(ran):
    return [row["username"] for row in ran.rows]


def test_accounts_for_programs(people):
    ran = people.ctl("accounts", "--json")
    assert ran and [list(row) for row in ran.rows] == [COLUMNS[:-1]] + 3 * [COLUMNS[:7] + ["roles"]]
    assert ran.rows[0] == {"account": 3, "username": "alice", "handle": "Alice_A", "id": "1003", "active": True, "sessions": 1,
                           "created_at": "2023-11-14T22:13:20Z", "signed_in_at": "2023-11-14T22:14:20Z", "roles": ""}
    assert names(ran) == ["alice", "jack", "malice", "carol"] and not ran.rows[1]["active"]


def test_accounts_for_people(people):
    heading, *rows = people.ctl("accounts").stdout.splitlines()
    assert re.split(r"  +", heading) == [name.replace("_", " ") for name in COLUMNS]
    assert re.split(r"  +", rows[0].strip()) == ["3", "alice", "Alice_A", "1003", "yes", "1", "2023-11-14 22:13", "2023-11-14 22:14"]
    assert len(rows) == 4 and {row.index(name) for row, name in zip(rows, ["alice", "jack", "malice", "carol"])} == {heading.index("username")}


@pytest.mark.parametrize("who, found", [
    ("alice", ["alice", "malice"]), ("ALICE", ["alice", "malice"]), ("@alice_a", ["alice"]), ("_", ["alice"]), ("%", []),
    ("2244", ["jack"]), ("12", ["jack", "malice"]), ("carol", ["carol"]), ("nobody's", []), ("9" * 40, []), ("!", [])])
def test_accounts_like(people, who, found):
    ran = people.ctl("accounts", "--json", "--", who)
    assert names(ran) == found and ran.status == (0 if found else 1), ran
    assert bool(people.ctl("accounts", who)) == bool(found)


def test_more_than_are_asked_for(people):
    people.db.clear()
    rows = ", ".join(f"('{n}', 'user{n}')" for n in range(1, 1201))
    people.db.execute(f"INSERT INTO twauth_account (twitter_id, username) VALUES {rows}")
    assert names(people.ctl("accounts", "--json")) == [f"user{n}" for n in range(1, 1201)]
    assert len(people.ctl("accounts", "--json", "--limit", "700").rows) == 700
    *rows, last = people.ctl("accounts").stdout.splitlines()
    assert len(rows) == 101 and "--limit N" in last
    assert len(people.ctl("accounts", "--limit=1200").stdout.splitlines()) == 1201


def test_nobody_yet(people):
    people.db.clear()
    assert people.ctl("accounts", "--json").rows == []
    ran = people.ctl("accounts")
    assert ran.status == 1 and ran.stdout == "Nobody has an account yet.\n"


def test_what_is_foreign_steers_no_terminal(people):
    evil = "ev\x1b[31m\u202e\x9bil\nx"
    people.db.execute("UPDATE twauth_account SET screen_name = ? WHERE id = 3", evil)
    text = people.ctl("accounts").stdout
    assert "\x1b" not in text and "\u202e" not in text and "\x9b" not in text and len(text.splitlines()) == 5
    assert people.ctl("accounts", "--json").rows[0]["handle"] == evil


WRONG = [
    (("acounts",), "there is no subcommand acounts"), (("--json",), "say what to do"),
    (("accounts", "a", "b"), "twauthctl accounts [WHO]"), (("accounts", "--lmit", "3"), "accounts has no option --lmit"),
    (("accounts", "--limit"), "--limit takes a value: --limit N"), (("accounts", "--limit", "0"), "--limit takes a number from 1"),
    (("accounts", "--limit", "many"), "--limit takes a number from 1"), (("accounts", "--json=1"), "--json takes no value"),
    (("accounts", "--host"), "--host takes a value"), (("accounts", "--host", "else.test"), "no host else.test has mod_twauth on"),
    (("accounts", "a\nb"), "of one line"),
]


@pytest.mark.parametrize("words, sentence", WRONG, ids=lambda value: None)
def test_wrong_use_is_told_what_would_be_right(site, words, sentence):
    ran = site.ctl(*words)
    assert ran.status == 2 and ran.stdout == "" and ran.stderr.startswith("twauthctl: ") and sentence in ran.stderr, ran


def test_options_stand_anywhere(people):
    for words in (("--json", "accounts", "jack"), ("--host", "SITE.test", "accounts", "jack", "--json"),
                  ("accounts", f"--host={people.vhost.origin}", "--json", "jack")):
        assert names(people.ctl(*words)) == ["jack"], words
    assert "no host accounts has" in people.ctl("--host", "accounts", "accounts").stderr


def test_help_takes_no_httpd(site):
    for words in ((), ("--help",), ("help",), ("-h",)):
        ran = site.ctl(*words, TWAUTH_HTTPD="/bin/false")
        assert ran and "accounts [WHO]" in ran.stdout and max(map(len, ran.stdout.splitlines())) < 80
    for words in (("accounts", "--help"), ("--help", "accounts"), ("help", "accounts"), ("accounts", "alice", "--limit", "--help")):
        ran = site.ctl(*words, TWAUTH_HTTPD="/bin/false")
        assert ran and ran.stdout.startswith("Usage: twauthctl accounts [WHO]") and "--limit N" in ran.stdout


def test_where_httpd_does_not_take_its_configuration(site, monkeypatch):
    monkeypatch.setattr(site.vhost, "config", site.vhost.config + "\nTwAuthEngin On")
    ran = site.ctl("accounts")
    assert ran.status == 2 and "TwAuthEngin" in ran.stderr and "httpd does not take its configuration" in ran.stderr


def test_where_the_module_is_off_or_not_there(folder, authority):
    httpd = Httpd(folder / "plain", authority, [], modules=("dbd",))
    assert "mod_twauth is off everywhere: twauthctl setup" in httpd.ctl("accounts").stderr
    httpd.twauth = False
    ran = httpd.ctl("accounts")
    assert ran.status == 2 and "mod_twauth is not loaded" in ran.stderr


def test_without_the_words_of_the_script(site):
    ran = site.httpd.check("-D", "TWAUTH_ADMIN")
    assert ran.status == 66 and "for the command twauthctl" in ran.stderr


def test_a_full_disk_is_no_success(people):
    people.httpd.write()
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([CONTROL, "accounts"], stdout=full, stderr=subprocess.PIPE, text=True,
                             env=people.httpd.ctl_environment())
    assert ran.returncode == 2 and "No space left" in ran.stderr


def test_several_databases(make_site, make_db, people):
    other = make_db()
    other.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('7', 'seven')")
    vhost = type(people.vhost)("other.test", tls=True)
    vhost.config = "\n".join([people._lines, people._provider(), other.configuration])
    people.httpd.vhosts.append(vhost)
    try:
        ran = people.ctl("accounts")
        assert ran.status == 2 and "several databases" in ran.stderr and vhost.origin in ran.stderr
        assert names(people.ctl("accounts", "--json", "--host", "other.test")) == ["seven"]
        assert len(people.ctl("accounts", "--json", "--host", "site.test").rows) == 4
        vhost.config = vhost.config.replace(other.configuration, "")
        assert len(people.ctl("accounts", "--json").rows) == 4
    finally:
        people.httpd.vhosts.remove(vhost)


@pytest.mark.databases("sqlite")
def test_it_goes_on_as_the_servers_user(make_site, make_db):
    site = make_site(db=make_db(), start=False)
    site.db.drop()
    folder = site.db.file.parent
    sqlite3.connect(site.db.file).close()
    process.give(folder, USER)
    assert site.ctl("accounts").status == 1
    assert not process.ROOT or {file.owner() for file in folder.iterdir()} == {USER}
    process.give(folder, "root")
    folder.chmod(0o700 if process.ROOT else 0)
    ran = site.ctl("accounts")
    assert ran.status == 2 and "the database cannot be opened" in ran.stderr, ran
    folder.chmod(0o700)
    process.give(folder, USER)


READ = [["accounts"], ["sessions"], ["sessions", "alice"], ["disable", "alice"], ["enable", "jack"],
        ["allow", "jack"], ["refuse", "jack"], ["end", "alice"], ["end", "--all"], ["role", "alice"],
        ["role", "alice", "+editor"]]


@pytest.mark.databases("sqlite")
def test_tables_that_are_gone(people):
    """Each subcommand says so and what to do, and that nothing was done."""
    with people.db.away():
        for words in READ:
            ran = people.ctl(*words)
            assert ran.status == 2 and not ran.stdout and "twauthctl tables" in ran.stderr, (words, ran)


@pytest.mark.databases("sqlite", "pgsql")
@pytest.mark.parametrize("what, words", [
    ("UPDATE ON twauth_account", ["disable", "alice"]), ("UPDATE ON twauth_account", ["enable", "jack"]),
    ("DELETE ON twauth_session", ["end", "alice"]), ("INSERT ON twauth_role", ["role", "alice", "+editor"]),
    ("INSERT ON twauth_invitation", ["invite"])], ids=lambda value: value[0] if isinstance(value, list) else value.split()[0])
def test_rows_that_are_not_taken(people, what, words):
    before = people.db.rows("SELECT id, active FROM twauth_account ORDER BY id")
    with people.db.refusing(what):
        ran = people.ctl(*words)
    assert ran.status == 2 and "refused" in ran.stderr and not ran.stdout, ran
    assert people.db.rows("SELECT id, active FROM twauth_account ORDER BY id") == before
