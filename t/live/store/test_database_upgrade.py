# SPDX-License-Identifier: Apache-2.0
"""A database of an earlier version: said what to do, upgraded in place, nothing lost."""

import re
import threading

import pytest

from harness import tools
from harness.checks import user
from harness.paths import TREE

pytestmark = pytest.mark.databases("sqlite", "pgsql")
FILES = {"sqlite": "sqlite3", "pgsql": "pgsql"}


def upgrade(db, version):
    tools.script(db, TREE / f"sql/{FILES[db.kind]}-{version}.sql")


def second(db_kind):
    """The tables of the second version."""
    return (TREE / f"t/live/store/tables/{FILES[db_kind]}-2.sql").read_text()


@pytest.fixture
def first_site(make_site, make_db, db_kind):
    """Its tables are those of the second version without what came with that."""
    return make_site(db=make_db(schema=re.sub(r"(?m)^ *token_\w+ .*\n", "", second(db_kind))))


def test_the_log_names_the_file_and_the_file_mends_it(first_site, db_kind):
    first_site.expect_log(r"TW0215")
    first_site.allow_log("TW0480")
    first_site.db.execute("INSERT INTO twauth_account (twitter_id, username, token) VALUES ('1002', 'bob', 'kept')")
    assert first_site.browser().begin("/members/").approve("alice").status == 503
    upgrade(first_site.db, 2)
    assert first_site.browser().sign_in("alice", next="/members/").status == 200
    assert first_site.db.rows("SELECT token, token_kind FROM twauth_account WHERE twitter_id = '1002'") == [
        ("kept", "oauth1")]
    upgrade(first_site.db, 3)
    assert first_site.browser().sign_in("bob", next="/members/").status == 200


@pytest.mark.protocols("oauth1", "oauth2")
def test_a_profile_waits_for_its_columns(make_site, make_db, db_kind, protocol):
    """Tables of before have no room for one: sign-ins go on, the log asks for the file, and from then on it is kept."""
    site = make_site(db=make_db(schema=second(db_kind)), config="""
        TwAuthProfile On
        <Location "/members/">
        TwAuthExport env profile
        </Location>""")
    site.allow_log("TW0480")
    for _ in range(2):
        assert site.browser().sign_in("alice", next="/members/env.cgi").json()["REMOTE_USER"] == "alice"
    assert f"{FILES[db_kind]}-4.sql" in site.log.since()
    upgrade(site.db, 3), upgrade(site.db, 4)
    assert site.browser().sign_in("alice", next="/members/env.cgi").json()["TWAUTH_NAME"] == "Alice Ångström"


@pytest.mark.parametrize("from_", [1, 2])
def test_X6_X16_upgraded_tables_are_as_new_ones(make_db, db_kind, from_):
    new = make_db()
    old = make_db(schema=second(db_kind) if from_ == 2 else re.sub(r"(?m)^ *token_\w+ .*\n", "", second(db_kind)))
    for version in ([2] if from_ == 1 else []) + [3, 3, 4] + ([4] if db_kind == "pgsql" else []):
        upgrade(old, version)
    assert tools.rules(old) == tools.rules(new)


def test_X16_what_can_be_mended_is(make_db, db_kind):
    db = make_db(schema=second(db_kind))
    for name in ("Support", "@boss", " sales ", "a\tb", " "):
        db.execute("INSERT INTO twauth_username (name) VALUES (?)", name)
    for number, name in (("1", "jack"), (" 12", None), ("13\n", "jim"), (" 1", None)):
        db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES (?, ?)", number, name)
    numbers = {"1", "12", "13"}
    if db_kind == "pgsql":
        with pytest.raises(AssertionError, match=r"not the number of somebody at X: ' 1'"):
            upgrade(db, 3)
        assert db.value("SELECT count(*) FROM twauth_username WHERE name = 'Support'") == 1
        db.execute("DELETE FROM twauth_account WHERE twitter_id = ' 1'")
    else:
        numbers.add(" 1")
    upgrade(db, 3)
    assert {n for n, in db.rows("SELECT twitter_id FROM twauth_account")} == numbers
    reserved = {n for n, in db.rows("SELECT name FROM twauth_username WHERE twitter_id = ''")}
    assert {"support", "boss", "sales", "ab", "admin"} <= reserved and not reserved & {"Support", " ", ""}
    assert set(db.rows("SELECT name, twitter_id FROM twauth_username WHERE twitter_id <> ''")) == {("jack", "1"), ("jim", "13")}


def test_X6_upgraded_while_people_sign_in(make_site, make_db, db_kind):
    site = make_site(db=make_db(schema=second(db_kind)))
    site.allow_log("TW0480")
    alice = site.browser()
    alice.sign_in("alice")
    answers, over = [], threading.Event()

    def sign_in_and_out(name):
        while not over.is_set():
            browser = site.browser()
            answers.append(browser.sign_in(name).status)
            browser.sign_out()
    threads = [threading.Thread(target=sign_in_and_out, args=(name,)) for name in ("bob", "carol", "dave")]
    for thread in threads:
        thread.start()
    for version in (3, 3, 4):
        upgrade(site.db, version)
    over.set()
    for thread in threads:
        thread.join()
    assert len(answers) >= 3 and set(answers) == {200}
    assert user(alice) == "alice"
    site.db.execute("DELETE FROM twauth_account WHERE username = 'alice'")
    with pytest.raises(Exception, match="belongs to another account"):
        site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('99', 'alice')")
