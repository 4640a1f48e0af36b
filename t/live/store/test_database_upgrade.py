# SPDX-License-Identifier: Apache-2.0
"""A database of an earlier version: said what to do, upgraded in place, nothing lost."""

import contextlib
import re
import threading

import pytest

from harness import process, tools
from harness.checks import user
from harness.paths import TREE

pytestmark = pytest.mark.databases("sqlite", "pgsql")
FILES = {"sqlite": "sqlite3", "pgsql": "pgsql"}
LAST = max(int(file.stem.partition("-")[2]) for file in TREE.glob("sql/pgsql-?.sql"))


def upgrade(db, version):
    tools.script(db, TREE / f"sql/{FILES[db.kind]}-{version}.sql")


def second(db_kind):
    """The tables of the second version."""
    return (TREE / f"t/live/store/tables/{FILES[db_kind]}-2.sql").read_text()


def of_version(make_db, db_kind, version):
    """Tables as they were. The first were those of the second without what came with that."""
    if version == 0:
        return make_db(schema="SELECT 1")
    db = make_db(schema=second(db_kind) if version > 1 else re.sub(r"(?m)^ *token_\w+ .*\n", "", second(db_kind)))
    for number in range(3, version + 1):
        upgrade(db, number)
    return db


@pytest.fixture
def first_site(make_site, make_db, db_kind):
    return make_site(db=of_version(make_db, db_kind, 1))


def starts(site):
    """What the log says of the tables at a start, until somebody has signed in."""
    mark = site.log.mark()
    site.graceful()
    assert site.browser().sign_in("alice").status == 200
    return re.findall(r"TW052\d: (.*)", site.log.since(mark))


@pytest.mark.parametrize("version", range(LAST))
def test_each_start_says_which_files_are_missing(make_site, make_db, db_kind, version):
    """Once, in one line; after the upgrade no more."""
    site = make_site(db=of_version(make_db, db_kind, version))
    site.expect_log("TW0520")
    kind = FILES[db_kind]
    files = {0: f"/{kind}.sql;", LAST - 1: f"/{kind}-{LAST}.sql;"}.get(version, f"/{kind}-{version + 1}.sql to {kind}-{LAST}.sql;")
    line, = process.until(lambda: re.findall("TW0520: (.*)", site.log.since()))
    assert files in line and "run `twauthctl tables`" in line
    assert ("are not there" if version == 0 else f"are of version {version},") in line
    if version == 0:
        tools.script(site.db, TREE / f"sql/{kind}.sql")
    else:
        for number in range(version + 1, LAST + 1):
            upgrade(site.db, number)
    assert starts(site) == []
    assert site.db.value("SELECT max(version) FROM twauth_schema") == LAST
    site.stop()


def test_newer_tables_are_left_alone(make_site, make_db):
    site = make_site(db=make_db())
    site.db.execute("INSERT INTO twauth_schema (version) VALUES (99)")
    site.graceful()
    lines = process.until(lambda: re.findall("TW0521: (.*)", site.log.since()))
    assert all(line.startswith("the tables are of version 99; this module knows those of version") for line in lines)
    assert site.browser().sign_in("alice", next="/members/").status == 200
    site.stop()


def test_the_fifth_wants_the_fourth(make_db, db_kind):
    """Also where an error does not stop the program."""
    db = of_version(make_db, db_kind, 3)
    tools.script(db, TREE / f"sql/{FILES[db_kind]}-5.sql", **{"bail" if db_kind == "sqlite" else "stop": False})
    with contextlib.suppress(Exception):
        assert db.rows("SELECT version FROM twauth_schema") == []


def test_the_log_names_the_file_and_the_file_mends_it(first_site, db_kind):
    first_site.expect_log("TW0215", "TW0520")
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
    site.allow_log("TW0480", "TW0520")
    for _ in range(2):
        assert site.browser().sign_in("alice", next="/members/env.cgi").json()["REMOTE_USER"] == "alice"
    assert re.search("TW0480: .*twauthctl tables", site.log.since())
    upgrade(site.db, 3), upgrade(site.db, 4)
    assert site.browser().sign_in("alice", next="/members/env.cgi").json()["TWAUTH_NAME"] == "Alice Ångström"


@pytest.mark.parametrize("from_", [1, 2])
def test_X6_X16_upgraded_tables_are_as_new_ones(make_db, db_kind, from_):
    new, old = make_db(), of_version(make_db, db_kind, from_)
    for version in range(from_ + 1, LAST + 1):
        for _ in range(2 if version == 3 or version > 2 and db_kind == "pgsql" else 1):
            upgrade(old, version)
    assert tools.rules(old) == tools.rules(new)


@pytest.mark.databases("pgsql")
def test_whoever_could_use_the_tables_can_use_the_new_ones(make_db, db_kind):
    """What an upgrade makes belongs to the owner of the others, and the server needs no new GRANT."""
    db = of_version(make_db, db_kind, 4)
    owner, server = f"owner_of_{db.name}", f"Server of {db.name}"
    db.execute(f"""CREATE ROLE {owner}; CREATE ROLE "{server}"; ALTER TABLE twauth_account OWNER TO {owner};
        GRANT SELECT, INSERT, UPDATE, DELETE ON twauth_account, twauth_username, twauth_session TO "{server}" """)
    try:
        before = set(db.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'twauth%'"))
        upgrade(db, 5)
        made = db.rows("""SELECT relname, pg_get_userbyid(relowner), has_table_privilege(?, oid, 'SELECT')
            AND has_table_privilege(?, oid, 'INSERT') FROM pg_class WHERE relkind = 'r' AND relname LIKE 'twauth%'""",
                       server, server)
        made = [row for row in made if (row[0],) not in before]
        assert made and all(row[1:] == (owner, True) for row in made), made
    finally:
        db.execute(f'DROP OWNED BY {owner}, "{server}" CASCADE; DROP ROLE {owner}, "{server}"')


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
    site.allow_log("TW0480", "TW0520")
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
    for version in range(3, LAST + 1):
        upgrade(site.db, version)
    over.set()
    for thread in threads:
        thread.join()
    assert len(answers) >= 3 and set(answers) == {200}
    assert user(alice) == "alice"
    site.db.execute("DELETE FROM twauth_account WHERE username = 'alice'")
    with pytest.raises(Exception, match="belongs to another account"):
        site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('99', 'alice')")
