# SPDX-License-Identifier: Apache-2.0
"""Accounts of an application that knew people by their handle are brought along, and nobody gets another's."""

import pytest

from harness import documents, tools
from harness.checks import together, user
from harness.documents import Machine
from harness.paths import TREE

pytestmark = pytest.mark.databases("sqlite", "pgsql")

FILES = {"sqlite": "adopt-sqlite3.sql", "pgsql": "adopt-pgsql.sql"}
#: id, username, token, secret, active: as the recipe's table has them.
ROWS = [(3, "Alice", "1001-token", "secret", 1),            # a capital, as X has it
        (7, "@bob", "1002-token", "secret", 0),             # out of use
        (8, "Carol", None, None, 1),                        # no token: the handle alone
        (9, "old_dave", "1004-old", "secret", 1),           # dave, before he changed his handle
        (10, "dave", "1004-new", "secret", 1),
        (11, "admin", "77-token", "secret", 1),             # a reserved name
        (12, "erin", "0-token", "secret", 1),               # not a user's token
        (13, "no handle", "", "", 1),                       # nothing to go by
        (14, "DAVE", "78-token", "secret", 1),              # another person, the same name but for its case
        (15, "frank", "79-token", "", 1)]                   # no secret to it


def adopt(db, rows=ROWS):
    db.execute("CREATE TABLE twauth_adopt (id INTEGER, username TEXT, token TEXT, secret TEXT, active INTEGER)")
    for row in rows:
        db.execute("INSERT INTO twauth_adopt VALUES (?, ?, ?, ?, ?)", *row)
    return tools.script(db, TREE / "sql" / FILES[db.kind])


def accounts(db):
    return {number: rest for number, *rest in db.rows(
        "SELECT twitter_id, id, username, token, secret, token_kind, active FROM twauth_account ORDER BY id")}


def test_what_becomes_of_each_row(make_db):
    db = make_db()
    said = adopt(db)
    assert accounts(db) == {
        "1001": [3, "alice", "1001-token", "secret", "oauth1", 1], "1002": [7, "bob", "1002-token", "secret", "oauth1", 0],
        "handle:carol": [8, "carol", None, None, "", 1], "1004": [10, None, "1004-new", "secret", "oauth1", 1],
        "77": [11, None, "77-token", "secret", "oauth1", 1], "handle:erin": [12, "erin", None, None, "", 1],
        "78": [14, "dave", "78-token", "secret", "oauth1", 1], "79": [15, "frank", None, None, "", 1]}
    assert "row 9, old_dave: a later row is of the same person" in said
    assert "row 13, no handle: neither a number" in said and "8 taken, 2 of them wait" in said
    with pytest.raises(Exception, match="twauth_adopt"):
        db.rows("SELECT * FROM twauth_adopt")
    db.execute("INSERT INTO twauth_account (twitter_id) VALUES ('80')")     # the next number is free
    assert accounts(db)["80"][0] > 15


def test_beside_accounts_that_are_there(make_db):
    db = make_db()
    db.execute("INSERT INTO twauth_account (id, twitter_id, username) VALUES (3, '1004', 'dave')")
    said = adopt(db)
    found = accounts(db)
    assert "row 10, dave: its person has an account here already" in said and found["1004"][:2] == [3, "dave"]
    assert found["1001"][0] > 15 and found["78"][1] is None
    assert adopt(db).count("has an account here already") >= len(found) - 1     # said twice it changes nothing
    assert accounts(db) == found


@pytest.mark.parametrize("sudo", [True, False], ids=["sudo", "root"])
def test_the_commands_of_the_document(folder, postgres, make_db, db_kind, sudo):
    machine = Machine(folder / f"adopt-{db_kind}-{sudo}", postgres, sudo=sudo)
    blocks = [b for b in documents.commands("docs/administration.md", "Accounts") if "twauth_adopt AS SELECT" in b]
    block, = (b for b in blocks if ("ATTACH" in b) == (db_kind == "sqlite"))
    table = "CREATE TABLE account (id INTEGER, username TEXT, token TEXT, secret TEXT);"
    rows = "INSERT INTO account VALUES (1, 'Alice', '1001-token', 'secret'), (2, 'bob', '', '');"
    if db_kind == "sqlite":
        machine.run("install -d -m 0700 -o www-data -g www-data /var/lib/twauth\n"
                    "runuser -u www-data -- sqlite3 /var/lib/twauth/twauth.db < /usr/share/mod_twauth/sqlite3.sql\n"
                    f'runuser -u www-data -- sqlite3 /var/lib/twauth/app.db "{table} {rows}"')
        said = machine.run(block)
        found = tools.sqlite3(machine.database, "SELECT twitter_id FROM twauth_account ORDER BY id").split()
    else:
        db = make_db()
        db.execute(table), db.execute(rows)
        said = machine.run(block.replace("-d twauth", f"-d {db.name} -U {db.server.USER}"))
        found = [number for number, in db.rows("SELECT twitter_id FROM twauth_account ORDER BY id")]
    assert "2 taken, 1 of them wait" in said and found == ["1001", "handle:bob"]


# Signing in

@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config="TwAuthClaimByHandle On")


@pytest.fixture
def brought(site):
    site.db.clear()
    adopt(site.db)
    return site.db


@pytest.mark.protocols("oauth1", "oauth2")
def test_who_has_a_number_gets_the_account(site, brought):
    site.standin.people(Alice="1001", bob="1002")
    browser = site.browser()
    browser.sign_in("1001")
    assert user(browser) == "alice"
    row = accounts(brought)["1001"]
    assert row[0] == 3 and row[2] not in (None, "1001-token")       # its token is sealed now
    answer = site.browser().begin().approve("bob")
    assert answer.status == 403 and accounts(brought)["1002"][5] == 0   # out of use it stays


@pytest.mark.protocols("oauth1", "oauth2")
@pytest.mark.parametrize("handle", ["carol", "Carol", "CAROL"])
def test_the_handle_gets_the_account_that_waits(site, brought, handle):
    site.expect_log("TW0482")
    site.standin.people(**{handle: "1003"})
    browser = site.browser()
    browser.sign_in("1003")
    assert user(browser) == "carol"
    found = accounts(brought)
    assert found["1003"][:2] == [8, "carol"] and "handle:carol" not in found
    assert brought.rows("SELECT twitter_id FROM twauth_username WHERE name = 'carol'") == [("1003",)]


def test_once_claimed_it_goes_by_the_number(site, brought):
    site.expect_log("TW0482")
    site.allow_log("TW0217")
    site.standin.people(carol="1003")
    site.browser().sign_in("carol")
    site.standin.people(carol="2003", caroline="1003")              # the handle passes on
    other, same = site.browser(), site.browser()
    other.sign_in("2003"), same.sign_in("1003")
    assert user(other) == "carol.2003" and user(same) == "carol"


def test_a_handle_that_was_changed_meanwhile_claims_nothing(site, brought):
    site.standin.people(caroline="1003")
    browser = site.browser()
    browser.sign_in("1003")
    assert user(browser) == "caroline" and accounts(brought)["handle:carol"][0] == 8


def test_out_of_use_it_stays_so(site, brought):
    brought.execute("UPDATE twauth_account SET active = 0 WHERE twitter_id = 'handle:carol'")
    site.standin.people(carol="1003")
    for _ in range(2):
        assert site.browser().begin().approve("carol").status == 403
    assert accounts(brought)["1003"][5] == 0 and len(accounts(brought)) == len(ROWS) - 2


def test_two_first_sign_ins_at_once(site, brought):
    site.allow_log("TW0482")
    site.standin.people(carol="1003")
    flows = []
    for _ in range(4):
        flow = site.browser().begin("/members/env.cgi")
        flows.append((flow, flow.callback("carol")))
    answers = together(*(lambda f=flow, u=url: f.arrive(u) for flow, url in flows))
    assert {answer.json()["REMOTE_USER"] for answer in answers} == {"carol"}
    assert accounts(brought)["1003"][0] == 8 and len(accounts(brought)) == len(ROWS) - 2


def test_who_has_an_account_claims_no_second(site, brought):
    site.allow_log("TW0217")
    brought.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('1003', 'karol')")
    site.standin.people(carol="1003")
    browser = site.browser()
    browser.sign_in("carol")
    assert user(browser) == "karol" and accounts(brought)["handle:carol"][0] == 8


def test_off_nobody_claims(site, brought):
    site.allow_log("TW0217")
    site.vhost.config = site.vhost.config.replace("TwAuthClaimByHandle On", "TwAuthClaimByHandle Off")
    site.graceful()
    site.standin.people(carol="1003")
    browser = site.browser()
    browser.sign_in("carol")
    assert user(browser) == "carol.1003" and accounts(brought)["handle:carol"][0] == 8
    site.vhost.config = site.vhost.config.replace("TwAuthClaimByHandle Off", "TwAuthClaimByHandle On")
    site.graceful()


def test_the_exchange_seals_what_was_brought(make_site):
    site = make_site(protocol="oauth1")
    site.standin.reset()
    site.browser().sign_in("alice")
    (token, secret), = site.standin.tokens()
    site.db.clear()
    adopt(site.db, [(1, "alice", token, secret, 1), (2, "bob", "1003-" + token, secret, 1)])
    site.db.execute("UPDATE twauth_account SET token = ? WHERE twitter_id = '1003'", token)     # another's
    site.change_over("oauth2")
    site.graceful()
    ran = site.httpd.check("-D", "TWAUTH_EXCHANGE")
    assert "1 exchanged, 1 not" in ran.stdout, ran.stdout
    row = accounts(site.db)["1001"]
    assert row[4] == "oauth2" and token not in str(row) and secret not in str(row)
