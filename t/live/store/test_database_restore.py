# SPDX-License-Identifier: Apache-2.0
"""X6: whatever way a backup comes back in, no account and no kept name is lost."""

import pytest

from harness import tools

pytestmark = pytest.mark.databases("sqlite", "pgsql")

ROWS = {table: f"SELECT * FROM {table} ORDER BY 1, 2" for table in ("twauth_account", "twauth_username", "twauth_session")}
SESSION = ("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at)"
           " SELECT ?, id, 1700000000, 1700000000, 1900000000 FROM twauth_account WHERE username = ?")


def people(db, *names):
    for number, name in names:
        db.execute("INSERT INTO twauth_account (twitter_id, username, screen_name) VALUES (?, ?, ?)", number, name, name)
        db.execute(SESSION, f"session of {name}", name)


@pytest.fixture(scope="module")
def backup(make_db):
    """Two accounts, one of them renamed; one that was deleted; and a reserved name."""
    db = make_db()
    people(db, ("1001", "alice"), ("1002", "bob"), ("1003", "carol"))
    db.execute("UPDATE twauth_account SET username = 'robert' WHERE username = 'bob'")
    db.execute("DELETE FROM twauth_account WHERE username = 'alice'")
    db.execute("INSERT INTO twauth_username (name) VALUES ('support')")
    return db


def names_of(db):
    return set(db.rows("SELECT name, twitter_id FROM twauth_username"))


def refused(db, number, name):
    with pytest.raises(Exception, match="belongs to another account|UNIQUE|duplicate"):
        db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES (?, ?)", number, name)


def names_are_kept(db, backup):
    assert names_of(db) >= names_of(backup)
    for name in ("alice", "bob", "robert", "carol", "support", "admin"):
        refused(db, "77", name)


def kept(db, backup):
    """Every row of the backup is there, and the rules are."""
    for table, sql in ROWS.items():
        assert set(db.rows(sql)) == set(backup.rows(sql)), table
    names_are_kept(db, backup)
    people(db, ("1009", "dave"))
    refused(db, "78", "dave")


pgsql_only, sqlite_only = pytest.mark.databases("pgsql"), pytest.mark.databases("sqlite")

DATA_ONLY = {"": [], "disable-triggers": ["--disable-triggers"], "inserts": ["--inserts"],
             "column-inserts": ["--column-inserts", "--rows-per-insert=100"]}


@pgsql_only
def test_X6_a_whole_dump_makes_a_new_database(make_db, backup):
    db = make_db(schema="SELECT 1")
    tools.psql(db, tools.pg_dump(backup))
    kept(db, backup)
    assert tools.rules(db) == tools.rules(backup)


@pgsql_only
@pytest.mark.parametrize("how", DATA_ONLY.values(), ids=DATA_ONLY)
def test_X6_data_alone_into_new_tables(make_db, backup, how):
    db = make_db()
    tools.psql(db, tools.pg_dump(backup, "--data-only", *how), "--single-transaction")
    kept(db, backup)


@pgsql_only
@pytest.mark.parametrize("how", [[], ["--disable-triggers"], ["--disable-triggers", "--jobs=2"]], ids=" ".join)
def test_X6_data_of_an_archive_into_new_tables(make_db, backup, folder, how):
    file, db = folder / "backup.pgdump", make_db()
    tools.pg_dump(backup, "-Fc", "-f", file)
    tools.pg_restore(db, file, "--data-only", *how)
    kept(db, backup)


@pgsql_only
@pytest.mark.parametrize("how", [*DATA_ONLY.values(), None, ["--inserts", "--on-conflict-do-nothing"]],
                         ids=[*DATA_ONLY, "schema and all", "on-conflict-do-nothing"])
def test_X6_no_name_is_lost_where_there_are_rows(make_db, backup, how):
    """Somebody else had the first number here, and one of the accounts is there already."""
    db = make_db()
    people(db, ("1009", "dave"), ("1002", "bob"))
    before = db.rows(ROWS["twauth_account"])
    tools.psql(db, tools.pg_dump(backup, *([] if how is None else ["--data-only", *how])), stop=False)
    assert set(db.rows(ROWS["twauth_account"])) >= set(before)
    names_are_kept(db, backup)
    refused(db, "79", "dave")


@pgsql_only
def test_X6_accounts_alone_keep_their_names(make_db, backup):
    """Restored without triggers and without the names: each is kept when its account goes."""
    db = make_db()
    tools.psql(db, tools.pg_dump(backup, "--data-only", "--disable-triggers", "-t", "twauth_account"))
    db.execute("UPDATE twauth_account SET username = 'carola' WHERE username = 'carol'")
    db.execute("DELETE FROM twauth_account WHERE username = 'robert'")
    refused(db, "77", "carol"), refused(db, "77", "robert")


@sqlite_only
@pytest.mark.parametrize("made", [False, True], ids=["alone", "into the tables"])
def test_X6_a_dump_makes_a_new_file(make_db, backup, made):
    db = make_db() if made else make_db(schema="SELECT 1")
    tools.sqlite3(db.file, tools.sqlite3(backup.file, ".dump"), bail=not made)
    kept(db, backup)
    assert tools.rules(db) == tools.rules(backup)


@sqlite_only
def test_X6_no_name_is_lost_where_a_file_has_rows(make_db, backup):
    db = make_db()
    people(db, ("1009", "dave"), ("1002", "bob"))
    before = db.rows(ROWS["twauth_account"])
    tools.sqlite3(db.file, tools.sqlite3(backup.file, ".dump"), bail=False)
    assert set(db.rows(ROWS["twauth_account"])) >= set(before)
    names_are_kept(db, backup)
    refused(db, "79", "dave")


@sqlite_only
@pytest.mark.parametrize("copy", ["VACUUM INTO '{}'", ".backup '{}'", ".save '{}'", ".clone '{}'"])
@pytest.mark.parametrize("back", ["move", ".restore"])
def test_X6_copied_files(make_db, backup, copy, back):
    db = make_db()
    people(db, ("1009", "dave"))
    file = db.file.with_name("copy.db")
    tools.sqlite3(backup.file, copy.format(file))
    if back == "move":
        db.drop()
        for old in db.file.parent.glob("twauth.db*"):
            old.unlink()
        file.rename(db.file)
    else:
        tools.sqlite3(db.file, f".restore '{file}'")
        assert db.value("PRAGMA journal_mode") == "wal"
    kept(db, backup)
    assert tools.rules(db) == tools.rules(backup)


def test_X6_nobody_signs_in_by_a_kept_name(make_site, make_db, backup):
    """alice was deleted before the backup; who has her handle today is somebody else."""
    db = make_db(schema="SELECT 1") if backup.kind == "sqlite" else make_db()
    tools.script(db, tools.pg_dump(backup, "--data-only", "--disable-triggers") if db.kind == "pgsql"
                 else tools.sqlite3(backup.file, ".dump"))
    site = make_site(db=db)
    site.standin.people(alice="5005", carol="1003")
    site.expect_log("TW0217")
    for name, number in (("alice.5005", "5005"), ("carol", "1003")):
        browser = site.browser()
        assert browser.begin("/members/env.cgi").approve(number).json()["REMOTE_USER"] == name
