# SPDX-License-Identifier: Apache-2.0
"""Two PostgreSQL, of which the second follows the first by streaming replication.

    with Pair(folder) as pair:
        pair.primary, pair.standby              # a Postgres each
        db = pair.database()                    # a PgDatabase of whichever is the primary
        pair.cut()                              # from now on the standby hears of nothing more
        pair.fail_over()                        # the primary dies, the standby takes over
        pair.follow()                           # who died is made anew, as the standby of the other
        pair.line(text)                         # DBDParams of the documents, with the test's ports

Both keep their ports for as long as the pair lives, whoever is the primary.
"""

import shutil
import signal
import subprocess

from . import ports, process
from .database import Postgres
from .paths import POSTGRES_BIN, SCHEMA


class Node(Postgres):
    """One of the two, on a port of 127.0.0.1 as well."""

    _SETTINGS = Postgres._SETTINGS | {
        "listen_addresses": "127.0.0.1", "wal_level": "replica", "max_wal_senders": "4", "max_connections": "100",
        "wal_receiver_timeout": "10min", "wal_sender_timeout": "10min", "wal_retrieve_retry_interval": "100ms"}

    def __init__(self, folder, leader=None):
        self.port = ports.free()
        self.leader = leader
        super().__init__(folder)

    def _make(self):
        if self.leader:
            subprocess.run([POSTGRES_BIN / "pg_basebackup", "-D", self.data, "-h", self.leader.folder, "-p",
                            str(self.leader.port), "-U", self.USER, "-R", "-X", "stream", "-c", "fast", "--no-sync"],
                           check=True, cwd="/", env=self._environment, stdout=subprocess.DEVNULL, **self._who)
        else:
            super()._make()

    def follow(self, leader):
        """Made anew as a standby of the other."""
        self.leader = leader
        shutil.rmtree(self.data)
        self._make_folder()
        self._make()
        return self.start()

    def kill(self):
        """The machine dies in this moment."""
        died = [self.pid, *self.backends()]
        segment = (self.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
        self._signal_all(signal.SIGKILL)        # each is a session of its own
        self.stop()
        assert process.until(lambda: not any(map(process.alive, died)))
        subprocess.run(["ipcrm", "-m", segment], check=True)    # which the machine would have taken with it

    def stand_still(self):
        """The machine takes connections, and says nothing any more."""
        self._signal_all(signal.SIGSTOP)

    @property
    def running(self):
        return self._process is not None

    def value(self, sql):
        return self.execute(sql)[0][0][0]


class Pair:
    def __init__(self, folder):
        folder.mkdir()
        folder.chmod(0o755)
        self.nodes = [Node(folder / "a")]
        self.nodes[0].start()
        self.nodes.append(Node(folder / "b", self.nodes[0]).start())
        self.primary, self.standby = self.nodes
        self.databases = []

    def database(self, schema=SCHEMA["pgsql"]):
        self.databases.append(self.primary.database(schema))
        self.caught_up()
        return self.databases[-1]

    def line(self, text):
        """A line of the documents, whose machines are db1 and db2."""
        assert "host=db1,db2 " in text
        return text.replace("host=db1,db2 ", "host=127.0.0.1,127.0.0.1 port=%d,%d " % tuple(n.port for n in self.nodes))

    def caught_up(self):
        """Until the standby has replayed what the primary has written."""
        written = self.primary.value("SELECT pg_current_wal_lsn()")
        assert process.until(lambda: self.standby.value(f"SELECT pg_last_wal_replay_lsn() >= '{written}'"))

    def cut(self):
        """The standby hears of nothing more."""
        self.standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
        self.standby.execute("SELECT pg_reload_conf()")
        assert process.until(lambda: not self.primary.value("SELECT count(*) FROM pg_stat_replication"))

    def promote(self):
        """The standby takes over, whatever has become of the primary."""
        assert self.standby.value("SELECT pg_promote(true, 60)")
        self.primary, self.standby = self.standby, self.primary
        for db in self.databases:
            db.server = self.primary

    def fail_over(self):
        self.primary.kill()
        self.promote()

    def follow(self):
        self.standby.follow(self.primary)
        self.caught_up()

    def stop(self):
        for node in self.nodes:
            node.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
