# SPDX-License-Identifier: Apache-2.0
"""PgBouncer, Debian's own, before the test run's PostgreSQL.

    with PgBouncer(folder, postgres, pool_mode="transaction") as pooler:
        pooler.parameters(db)                   # what DBDParams needs to ask it for a PgDatabase

Each further argument is a setting of pgbouncer.ini. It runs as an ordinary user, as PostgreSQL does.
"""

import contextlib
import signal

from . import ports, process
from .errorlog import ErrorLog

PROGRAM = "/usr/sbin/pgbouncer"


class PgBouncer(process.Service):
    def __init__(self, folder, postgres, **settings):
        self.folder, self.postgres = folder, postgres
        self.port = ports.free()
        folder.mkdir()
        folder.chmod(0o755)
        self.log = ErrorLog(folder / "log")
        self.log.path.touch()
        self.users = {}
        self.settings = {"listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": folder,
                         "auth_type": "trust", "auth_file": folder / "users", "admin_users": postgres.USER} | settings

    def _write(self):
        (self.folder / "users").write_text("".join(
            f'"{name}" "{password}"\n' for name, password in ({self.postgres.USER: ""} | self.users).items()))
        (self.folder / "ini").write_text("[databases]\n* = host=%s port=%s\n[pgbouncer]\n%s\n" % (
            self.postgres.folder, self.postgres.port, "\n".join(f"{name} = {value}" for name, value in self.settings.items())))
        process.give(self.folder, self.postgres.OWNER)

    def start(self):
        self._write()
        with open(self.log.path, "ab") as log:
            self._process = process.Process([PROGRAM, self.folder / "ini"], cwd="/", user=self.postgres.OWNER,
                                            stderr=log, quit=signal.SIGINT)
        if not process.until(lambda: ports.answers(self.port)):
            raise AssertionError("PgBouncer did not start:\n" + self.log.since())
        return self

    def stop(self):
        if self._process:
            self._process.signal(signal.SIGTERM)        # at once; SIGINT waits for its clients
        super().stop()

    def restart(self):
        self.stop()
        return self.start()

    def turn_to(self, postgres):
        """From now on it asks this one, as its file says and RELOAD has it read."""
        self.postgres = postgres
        self._write()
        self.ask("RELOAD")

    def ask(self, sql, dbname="pgbouncer", user=None):
        """Rows, each a tuple; without a database of its own console."""
        import psycopg2
        with contextlib.closing(psycopg2.connect(host="127.0.0.1", port=self.port, dbname=dbname,
                                                 user=user or self.postgres.USER)) as db:
            db.autocommit = True
            with db.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
