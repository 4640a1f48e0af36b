# SPDX-License-Identifier: Apache-2.0
"""The commands of the README, and of docs/set-up.md and docs/administration.md about databases, with sudo and without (N8, N11, X6, X7)."""

import os
import re

import pytest

from harness import documents, invitation, tools
from harness.checks import user
from harness.database import PgDatabase
from harness.documents import Machine
from harness.paths import TREE

ADMINISTRATION, SET_UP = "docs/administration.md", "docs/set-up.md"
TABLES = "twauth_account", "twauth_username", "twauth_session"


class Documented(PgDatabase):
    """The database that the documents name, made by their commands and used by the role that they make."""

    def __init__(self, server):
        self.server, self.name = server, "twauth"

    @property
    def configuration(self):
        line = re.search(r"DBDParams \"host=/var.*\"", (TREE / SET_UP).read_text())[0]
        return "DBDriver pgsql\n" + line.replace("/var/run/postgresql", str(self.server.folder))


@pytest.fixture
def machine(request, folder, postgres):
    """Of somebody who uses sudo, or of root who leaves the word out."""
    sudo = getattr(request, "param", True)
    postgres.execute("CREATE ROLE postgres SUPERUSER LOGIN")
    yield Machine(folder / f"machine{sum(1 for _ in folder.glob('machine*'))}", postgres, sudo)
    for drop in ("DATABASE IF EXISTS twauth WITH (FORCE)", 'ROLE IF EXISTS "www-data"', "ROLE postgres"):
        postgres.execute(f"DROP {drop}")


either_way = pytest.mark.parametrize("machine", [True, False], ids=["sudo", "root"], indirect=True)


def make_sqlite(machine):
    for block in documents.commands(SET_UP, "By hand"):
        if "/var/lib/twauth" in block:
            machine.run(block)


def make_postgres(machine):
    block, = (b for b in documents.commands(SET_UP, "PostgreSQL") if "createdb" in b)
    machine.run(block[block.index("\n") + 1:])          # the first line installs packages
    return Documented(machine.postgres)


class File:
    kind = "sqlite"

    def __init__(self, machine):
        self.file = machine.database

    @property
    def configuration(self):
        return f'DBDriver sqlite3\nDBDParams "{self.file}"\nDBDInitSQL "PRAGMA busy_timeout=200; PRAGMA synchronous=NORMAL"'


def run_all(machine, title, containing, document=ADMINISTRATION):
    blocks = [b for b in documents.commands(document, title) if re.search(containing, b)]
    assert blocks
    return [machine.run(block) for block in blocks]


# N11

def test_N11_commands_name_a_user_in_a_way_that_needs_no_sudo():
    for document in (TREE / "README.md", *TREE.glob("docs/*.md"), *TREE.glob("sql/*.sql"), *TREE.glob("conf/*.*")):
        text = document.read_text()
        assert not re.findall(r".*sudo -(?!E ).*|.*\bsudoedit\b.*|.*\bsu -.*", text), document
        wrong = [line for line in text.split("\n") if re.search(r"^(    |--   )(sqlite3|psql|createdb|createuser|pg_\w+) ", line)]
        assert not wrong, document


@either_way
def test_N11_key_and_secrets_as_the_readme_says(machine):
    """By somebody whose umask lets everybody in."""
    block, = (b for b in documents.commands(SET_UP, "By hand") if "openssl" in b)
    machine.run(block, typed="the secret\n")
    key, secret = machine.folder / "etc/key", machine.folder / "etc/consumer-secret"
    assert len(key.read_text().strip()) == 64 and secret.read_text() == "the secret\n"
    assert [p.stat().st_mode & 0o777 for p in (key, secret, key.parent)] == [0o600, 0o600, 0o700]
    assert {p.stat().st_uid for p in (key, secret, key.parent)} == {os.geteuid()}


@either_way
def test_N11_sqlite_as_the_readme_says(machine, make_site):
    make_sqlite(machine)
    assert {machine.owner(path) for path in (machine.lib, machine.database)} == {"www-data"}
    assert machine.lib.stat().st_mode & 0o777 == 0o700
    site = make_site(db=File(machine))
    alice = site.browser()
    alice.sign_in("alice")
    assert user(alice) == "alice"
    machine.run(upgrade_line("sqlite3-3"))
    machine.run("! " + upgrade_line("sqlite3-4"))           # the columns are there
    machine.run("! " + upgrade_line("sqlite3-5"))
    assert user(alice) == "alice"
    site.stop()
    assert {machine.owner(path) for path in machine.lib.iterdir()} == {"www-data"}


def upgrade_line(file):
    lines = [line for block in documents.commands(ADMINISTRATION, "Upgrade") for line in block.split("\n") if f"{file}.sql" in line]
    assert len(lines) == 1
    return lines[0]


@either_way
def test_N11_postgresql_as_the_readme_says(machine, make_site):
    db = make_postgres(machine)
    machine.run(upgrade_line("pgsql-3") + "\n" + upgrade_line("pgsql-4") + "\n" + upgrade_line("pgsql-5"))
    site = make_site(db=db)
    alice = site.browser()
    alice.sign_in("alice")
    assert user(alice) == "alice" and alice.sign_out().status in (200, 303)
    site.stop()


# N8: a backup brings no session back

@either_way
def test_N8_X6_sqlite_backup_and_restore(machine, make_site):
    make_sqlite(machine)
    site = make_site(db=File(machine), config="TwAuthSessionRecheck 0")
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice"), bob.sign_in("bob")
    run_all(machine, "Backup", r"\.backup")
    stolen = alice.clone()
    alice.sign_out()
    tools.sqlite3(machine.database, "DELETE FROM twauth_account WHERE username = 'bob'")
    run_all(machine, "Restore", r"\.restore")
    assert user(stolen) is None and user(bob) is None
    assert tools.sqlite3(machine.database, "SELECT username FROM twauth_account ORDER BY 1").split() == ["alice", "bob"]
    for name in ("alice", "bob"):
        again = site.browser()
        again.sign_in(name)
        assert user(again) == name
    site.stop()
    assert {machine.owner(path) for path in machine.lib.iterdir()} == {"www-data"}


@either_way
@pytest.mark.parametrize("how", ["into the tables", "into a new database"])
def test_N8_X6_postgresql_backup_and_restore(machine, make_site, how):
    db = make_postgres(machine)
    site = make_site(db=db, config="TwAuthSessionRecheck 0")
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice"), bob.sign_in("bob")
    run_all(machine, "Backup", "pg_dump")
    stolen = alice.clone()
    alice.sign_out()
    db.execute("DELETE FROM twauth_account WHERE username = 'bob'")
    db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('77', 'mallory')")
    if how == "into the tables":
        run_all(machine, "Restore", "--data-only")
    else:
        site.stop()
        machine.postgres.execute("DROP DATABASE twauth WITH (FORCE)")
        run_all(machine, "Restore", "createdb")
        site.start()
    assert user(stolen) is None and user(bob) is None
    assert db.rows("SELECT username FROM twauth_account ORDER BY 1") == [("alice",), ("bob",)]
    for name in ("alice", "bob", "carol"):
        again = site.browser()
        again.sign_in(name)
        assert user(again) == name
    site.stop()


@pytest.mark.databases("sqlite", "pgsql")
def test_N8_X6_the_one_statement_ends_what_a_restore_brought(make_site, make_db):
    """Whatever way a backup came back: its sessions are good until the statement is run, and not after."""
    statement, invitations = (b for b in documents.blocks(ADMINISTRATION, "Restore") if b.startswith("DELETE"))
    db = make_db()
    site = make_site(db=db, config="TwAuthSessionRecheck 0")
    alice = site.browser()
    alice.sign_in("alice")
    rows = db.rows("SELECT * FROM twauth_session")
    stolen = alice.clone()
    alice.sign_out()
    site.restart()
    db.execute(f"INSERT INTO twauth_session VALUES ({', '.join('?' * len(rows[0]))})", *rows[0])
    assert user(stolen) == "alice"
    db.execute(statement)
    assert user(stolen) is None
    invitation.make(db)
    db.execute(invitations)
    assert db.rows("SELECT * FROM twauth_invitation") == []


# SQLite to PostgreSQL

@either_way
def test_N8_sqlite_to_postgresql(machine, make_site):
    make_sqlite(machine)
    site = make_site(db=File(machine))
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice"), bob.sign_in("bob")
    tools.sqlite3(machine.database, """
        UPDATE twauth_account SET username = 'the, "boss"' WHERE username = 'bob';
        INSERT INTO twauth_account (twitter_id) VALUES ('99');
        INSERT INTO twauth_username (name) VALUES ('support');""")
    db = make_postgres(machine)
    before = site.httpd.main
    site.stop()
    run_all(machine, "SQLite to PostgreSQL", "copy")
    for table in TABLES:
        columns = ", ".join(c for c, in db.rows(
            "SELECT column_name FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position", table))
        one = tools.sqlite3(machine.database, f".mode list\n.nullvalue NULL\nSELECT {columns} FROM {table} ORDER BY 1, 2;")
        other = tools.psql(db, f"\\pset null NULL\n\\pset format unaligned\n\\t\nSELECT {columns} FROM {table} ORDER BY 1, 2")
        assert set(one.split("\n")) == {line for line in other.split("\n") if "|" in line or not line}, table
    site.httpd.main = before.replace(File(machine).configuration, db.configuration)
    site.start()
    assert user(alice) == "alice" and user(bob) == 'the, "boss"'
    carol = site.browser()
    carol.sign_in("carol")
    assert user(carol) == "carol"
    site.stop()


# X8

def test_X8_a_sequence_behind_its_rows_is_set_as_documented(machine, make_site):
    """Rows that were put in with their ids; newcomers get in after the documented statement."""
    db = make_postgres(machine)
    db.execute("INSERT INTO twauth_account (id, twitter_id, username) SELECT n, 5000 + n, 'old' || n"
               " FROM generate_series(1, 40) AS n")
    with pytest.raises(Exception, match="twauth_account_pkey"):
        db.execute("INSERT INTO twauth_account (twitter_id) VALUES ('4999')")
    statement, = re.findall(r"(?m)^      (SELECT setval.*;)$", (TREE / ADMINISTRATION).read_text())
    db.execute(statement)
    site = make_site(db=db)
    assert site.browser().sign_in("alice").status == 200
    assert db.value("SELECT id FROM twauth_account WHERE username = 'alice'") == 41
    site.stop()


# Accounts and sessions

@either_way
def test_N8_accounts_and_sessions_as_documented(machine, make_site):
    """The statements, typed into what the chapter names, on both databases; who reads and who is out."""
    make_sqlite(machine)
    db = make_postgres(machine)
    into = {which: next(b for b in documents.commands(ADMINISTRATION, "Accounts", False) if which in b) for which in ("sqlite3", "psql")}
    statements = {title: "".join(b for b in documents.blocks(ADMINISTRATION, title) if "twauthctl" not in b) for title in (
        "Disable an account", "Invite somebody", "Reserve a name", "Give a username", "Forget somebody", "List sessions", "End sessions")}
    assert all(";" in text for text in statements.values())
    statements["Invite somebody"] = documents.blocks(ADMINISTRATION, "Invite somebody")[2]
    order = ("Invite somebody", "Reserve a name", "Disable an account", "List sessions", "End sessions", "Give a username", "Forget somebody")
    for which, command in into.items():
        typed = "".join(statements[title] for title in order)
        if which == "psql":
            command = command.replace("-d twauth", "-d twauth -v ON_ERROR_STOP=1")
            typed = typed.replace("datetime(s.seen_at, 'unixepoch')", "to_timestamp(s.seen_at)")
        else:
            command = command.replace("sqlite3 ", "sqlite3 -bail ", 1)
        machine.run(command, typed=typed)
    for value in (lambda sql: db.value(sql), lambda sql: int(tools.sqlite3(machine.database, sql))):
        assert value("SELECT count(*) FROM twauth_account") == 0
        assert value("SELECT count(*) FROM twauth_username WHERE name IN ('jack', 'support')") == 2
    site = make_site(db=db, config="TwAuthSessionRecheck 0")
    alice = site.browser()
    alice.sign_in("alice")
    statement, = re.findall(r"(?m)^ +(UPDATE twauth_session .*;)$", (TREE / "docs/privacy.md").read_text())
    assert db.value("SELECT address FROM twauth_session")
    db.execute(statement)
    assert user(alice) == "alice" and db.value("SELECT address || user_agent FROM twauth_session") == ""
    db.execute(statements["End sessions"].split(";")[1].strip())
    assert user(alice) is None
    site.stop()


# X7

@either_way
def test_X7_another_schema_as_documented(machine, make_site):
    made, = (b for b in documents.commands(SET_UP, "PostgreSQL") if "createdb" in b)
    machine.run("\n".join(line for line in made.split("\n") if "createuser" in line or "createdb" in line))
    run_all(machine, "Tables in another schema", "CREATE SCHEMA")
    db = Documented(machine.postgres)
    assert db.value("SELECT count(*) FROM sign_in.twauth_username") == 8
    site = make_site(db=db)
    alice = site.browser()
    alice.sign_in("alice")
    assert user(alice) == "alice"
    for block in documents.blocks(ADMINISTRATION, "Give a username") + documents.blocks(ADMINISTRATION, "Forget somebody"):
        db.execute(block)
    site.stop()


# X11

def test_X11_the_limits_belong_to_the_role(machine):
    db = make_postgres(machine)
    run_all(machine, "PgBouncer", "ALTER ROLE")
    assert db.value("SELECT setconfig FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase JOIN pg_roles r ON r.oid = setrole"
                    " WHERE datname = 'twauth' AND rolname = 'www-data'") == ["statement_timeout=5s", "lock_timeout=2s"]


RUN = {"Backup": r"\.backup|pg_dump", "Restore": r"\.restore|--data-only|createdb", "SQLite to PostgreSQL": "copy",
       "Tables in another schema": "CREATE SCHEMA", "PgBouncer": "ALTER ROLE", "Accounts": "sqlite3|psql|twauthctl", "Who gets in": "twauthctl", "Sessions": "twauthctl",
       "Upgrade": r"make install|sql/(pgsql|sqlite3)-", "Remove": "grep|a2dismod twauth| rm |--undo", "Keys": "new-key",
       "From source": "a2enmod"}


def test_N8_no_command_is_left_untried():
    titles = re.findall(r"(?m)^## (.*)$", (TREE / ADMINISTRATION).read_text())
    left = {title: [b for b in documents.commands(ADMINISTRATION, title) if not re.search(RUN.get(title, "(?!)"), b)]
            for title in titles}
    assert set(RUN) <= set(titles) and not any(left.values()), left
