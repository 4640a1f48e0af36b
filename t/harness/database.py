# SPDX-License-Identifier: Apache-2.0
"""The site's database, SQLite or PostgreSQL, alike to a test.

Both offer `rows`, `row`, `value` and `execute` with `?` for parameters, `clear`, `away` and `configuration` (the lines
mod_dbd needs). PostgreSQL is one server a test run, with a fresh database for each test module.
"""

import contextlib
import itertools
import os
import re
import signal
import sqlite3
import subprocess

from . import process
from .errorlog import ErrorLog
from .paths import POSTGRES_BIN, SCHEMA

TABLES = ("twauth_session", "twauth_account", "twauth_username", "twauth_change")
RESERVED = "DELETE FROM twauth_username WHERE twitter_id <> ''"


def kept_for(kind, seconds):
    """The schema, with rows of changes kept for so long instead of an hour, so that a test sees them go."""
    fresh, count = re.subn(r"(changed_at - )3600\b", rf"\g<1>{seconds:.0f}", SCHEMA[kind].read_text())
    assert count
    return fresh


class _Database:
    def _run(self, sql, parameters):
        raise NotImplementedError

    def rows(self, sql, *parameters):
        """All rows, each a tuple."""
        return self._run(sql, parameters)[0]

    def row(self, sql, *parameters):
        """The one row, a dictionary by column; None where there is none."""
        rows, names = self._run(sql, parameters)
        assert len(rows) <= 1, f"{len(rows)} rows: {sql}"
        return dict(zip(names, rows[0])) if rows else None

    def value(self, sql, *parameters):
        """The first column of the first row; None where there is none."""
        rows = self.rows(sql, *parameters)
        return rows[0][0] if rows else None

    def execute(self, sql, *parameters):
        """Run a statement that changes something."""
        self._run(sql, parameters)

    def clear(self):
        """No accounts, no sessions, no names but the reserved ones."""
        self.execute("DELETE FROM twauth_session")
        self.execute("DELETE FROM twauth_account")
        self.execute(RESERVED)

    @contextlib.contextmanager
    def refusing(self, what):
        """No row is written so meanwhile ("INSERT ON twauth_session"), as by a rule of the administrator's own."""
        head = f"CREATE TRIGGER refusing BEFORE {what} FOR EACH ROW"
        if self.kind == "sqlite":
            self.execute(f"{head} BEGIN SELECT RAISE(ABORT, 'refused'); END")
        else:
            self.execute("CREATE FUNCTION refusing() RETURNS trigger LANGUAGE plpgsql AS "
                         "$$ BEGIN RAISE EXCEPTION 'refused'; END $$")
            self.execute(f"{head} EXECUTE FUNCTION refusing()")
        try:
            yield
        finally:
            self.execute("DROP TRIGGER refusing" if self.kind == "sqlite" else "DROP FUNCTION refusing CASCADE")


class Sqlite(_Database):
    """A file, in WAL mode from the start."""

    kind = "sqlite"

    def __init__(self, folder, schema=SCHEMA["sqlite"], owner="www-data"):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "twauth.db"
        with contextlib.closing(sqlite3.connect(self.file)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=OFF")        # of this connection alone: a disk is slow to make new tables
            db.executescript(schema.read_text() if isinstance(schema, os.PathLike) else schema)
            db.commit()
        # kept open: -wal and -shm stay, and are the owner's, not of whoever comes first
        self._open = self._connect()
        self._open.execute("SELECT count(*) FROM sqlite_master").fetchall()
        process.give(folder, owner)

    @property
    def configuration(self):
        return (f'DBDriver sqlite3\nDBDParams "{self.file}"\n'
                'DBDInitSQL "PRAGMA busy_timeout=200; PRAGMA synchronous=NORMAL"')

    def _connect(self):
        db = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        db.execute("PRAGMA busy_timeout=60000")
        return db

    def _run(self, sql, parameters):
        with contextlib.closing(self._connect()) as db:
            cursor = db.execute(sql, parameters)
            return cursor.fetchall(), [c[0] for c in cursor.description or ()]

    @contextlib.contextmanager
    def away(self):
        """The tables are gone meanwhile: each statement fails."""
        def rename(before, after):
            with contextlib.closing(self._connect()) as db:
                db.execute("PRAGMA legacy_alter_table=ON")
                db.execute("BEGIN IMMEDIATE")           # all at once: some tables alone are those of an older version
                there = {name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                for table in TABLES:
                    if before + table in there:         # tables of an older version have not all of them
                        db.execute(f"ALTER TABLE {before}{table} RENAME TO {after}{table}")
                db.execute("COMMIT")
        rename("", "away_")
        try:
            yield
        finally:
            rename("away_", "")

    @contextlib.contextmanager
    def locked(self):
        """Another program is writing meanwhile: reads work, writes wait."""
        with contextlib.closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")

    def drop(self):
        self._open.close()


class Postgres:
    """A PostgreSQL server on a Unix socket in its own folder; speed before safety."""

    OWNER = "postgres"
    USER = "twauth"
    port = 5432
    #: Whether one was stopped since the last test ended.
    was_away = False
    _names = itertools.count(1)

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self._environment = process.environment()
        self._environment["LOCPATH"] = str(folder)      # where learn() puts languages
        self.log = ErrorLog(folder / "server.log")
        self.log.path.touch()
        self.data = folder / "data"
        self._who = {"user": self.OWNER, "group": self.OWNER, "extra_groups": []} if process.ROOT else {}
        self._make_folder()
        self._make()
        self._process = None

    def _make_folder(self):
        self.data.mkdir()
        self.data.chmod(0o700)
        process.give(self.folder, self.OWNER)

    def _make(self):
        subprocess.run([POSTGRES_BIN / "initdb", "-D", self.data, "-U", self.USER, "--auth=trust", "--no-sync",
                        "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"], check=True, cwd="/",
                       env=self._environment, stdout=subprocess.DEVNULL, **self._who)

    _SETTINGS = {
        "listen_addresses": "", "fsync": "off", "full_page_writes": "off",
        "shared_buffers": "16MB", "max_connections": "200", "log_statement": "all", "log_line_prefix": "%d|",
        "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0",
    }

    def start(self):
        settings = [a for k, v in (self._SETTINGS | {"unix_socket_directories": self.folder, "port": self.port}).items()
                    for a in ("-c", f"{k}={v}")]
        with open(self.log.path, "ab") as log:
            self._process = process.Process([POSTGRES_BIN / "postgres", "-D", self.data, *settings], cwd="/",
                                            env=self._environment, user=self.OWNER, stderr=log, quit=signal.SIGINT)
        if not process.until(self._answers, timeout=30, every=0.02):
            raise AssertionError("PostgreSQL did not start:\n" + self.log.since())
        return self

    def _answers(self):
        import psycopg2
        try:
            psycopg2.connect(host=str(self.folder), port=self.port, user=self.USER, dbname="postgres").close()
            return True
        except psycopg2.OperationalError:
            return False

    def stop(self):
        """At once; clients lose their connections."""
        Postgres.was_away = True
        if self._process:
            self._process.stop()
            self._process = None

    def restart(self):
        self.stop()
        return self.start()

    @property
    def pid(self):
        return self._process.pid

    def backends(self):
        """Process ids of its processes but for the first."""
        return self._process.children()

    def _signal_all(self, number):
        for pid in [self._process.pid, *self._process.children()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @contextlib.contextmanager
    def paused(self):
        """The server is there and does not move (SIGSTOP)."""
        self._signal_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal_all(signal.SIGCONT)

    def execute(self, sql, dbname="postgres", parameters=None):
        """Run SQL on one database; returns (rows, column names)."""
        import psycopg2
        with contextlib.closing(psycopg2.connect(host=str(self.folder), port=self.port, user=self.USER, dbname=dbname,
                                                 application_name="test")) as db:
            db.autocommit = True
            with db.cursor() as cursor:
                cursor.execute(sql, parameters)
                return (cursor.fetchall(), [c.name for c in cursor.description]) if cursor.description else ([], [])

    def learn(self, language):
        """From now on lc_messages of a database may be de_DE.UTF-8; needs PostgreSQL's catalogues (Debian's package
        has them)."""
        place = self.folder / f"{language}.UTF-8"
        subprocess.run(["localedef", "--no-archive", "-i", language, "-f", "UTF-8", place], check=True, capture_output=True)
        process.give(place, self.OWNER)

    def database(self, schema=SCHEMA["pgsql"]):
        """A fresh database made from a schema file or text."""
        return PgDatabase(self, f"site{next(self._names)}", schema)


class PgDatabase(_Database):
    kind = "pgsql"

    def __init__(self, server, name, schema):
        self.server, self.name = server, name
        server.execute(f"CREATE DATABASE {name}")
        server.execute(schema.read_text() if isinstance(schema, os.PathLike) else schema, name)

    @property
    def configuration(self):
        return (f'DBDriver pgsql\nDBDParams "host={self.server.folder} dbname={self.name} user={self.server.USER} '
                'connect_timeout=3"')

    def _run(self, sql, parameters):
        sql = "/* test */ " + sql
        return self.server.execute(sql.replace("%", "%%").replace("?", "%s") if parameters else sql, self.name,
                                   parameters or None)

    @contextlib.contextmanager
    def away(self):
        """The server is down meanwhile."""
        self.server.stop()
        try:
            yield
        finally:
            self.server.start()

    def locked(self):
        """The server does not answer meanwhile."""
        return self.server.paused()

    def mark(self):
        return self.server.log.mark()

    def statements(self, mark=0, feed=False):
        """The statements httpd sent to this database after `mark`, to be counted; without the tests' own, without what a
        child asks as it starts, without the empty one, which tries a connection that was idle for two seconds, and, but
        for feed, without what a server reads for all every two seconds, which comes when it comes."""
        logged = self.server.log.since(mark)
        found = re.findall(rf"^{self.name}\|LOG:  (?:statement|execute [^:]*): (.*)$", logged, re.M)
        return [s for s in found if s.strip() and not s.startswith("/* test */") and "twauth_schema" not in s
                and (feed or "twauth_change" not in s)]

    def drop(self):
        self.server.execute(f"DROP DATABASE {self.name} WITH (FORCE)")
