# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks run in: the servers of the live tests, without pytest.

    with World() as world:
        site = world.make_site(config="...")            as the fixture of that name
        httpd = world.make_httpd(VHost(...))
        world.postgres
    undisturbed()                                       for what is timed
"""

import contextlib
import itertools
import os
from functools import cached_property

from harness import process
from harness.certs import Authority
from harness.database import Postgres, Sqlite
from harness.httpd import Httpd, VHost
from harness.site import Site
from harness.standin import StandIn

from .provider import Provider
from .sides import PAGE


#: Logs as on a server at work; of requests none, since that is the same for all.
QUIET = {"loglevel": "warn", "twauth_loglevel": "warn", "log_access": False}


def undisturbed(priority=1):
    """What else the machine does shall not count: real-time priority for all that is started from here, for root."""
    if os.geteuid() == 0:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))


class World(contextlib.ExitStack):
    def __init__(self):
        super().__init__()
        self.folder = process.folder()
        self._count = itertools.count(1)

    @cached_property
    def authority(self):
        (self.folder / "ca").mkdir(mode=0o755)
        return Authority(self.folder / "ca")

    @cached_property
    def standin(self):
        standin = StandIn(self.folder / "standin", self.authority)
        self.callback(standin.stop)
        standin.begin()
        return standin

    @cached_property
    def postgres(self):
        postgres = Postgres(self.folder / "pg").start()
        self.callback(postgres.stop)
        return postgres

    def database(self, **schema):
        """A fresh database in PostgreSQL, which does not log statements here: that would be work."""
        database = self.postgres.database(**schema)
        self.postgres.execute(f"ALTER DATABASE {database.name} SET log_statement = 'none'")
        return database

    @cached_property
    def provider(self):
        """An OpenID provider."""
        provider = Provider(self.folder / "provider", self.authority)
        self.callback(provider.stop)
        return provider

    @cached_property
    def pages(self):
        """A document root for all sides."""
        root = self.folder / "www"
        for place in ("open", "members"):
            (root / place).mkdir(parents=True)
            (root / place / "page.html").write_text(PAGE)
        return root

    @property
    def grant(self):
        return f'<Directory "{self.pages}">\nRequire all granted\n</Directory>\n'

    def make_httpd(self, *vhosts, **parts):
        """An httpd, not started."""
        httpd = Httpd(self.folder / f"httpd{next(self._count)}", self.authority, list(vhosts) or [VHost(tls=False)],
                      **QUIET | {"twauth": False} | parts)
        self.callback(httpd.stop)
        return httpd

    def make_site(self, *, start=True, db=None, **parts):
        """A site, on SQLite unless a database is given."""
        db = db or Sqlite(self.folder / f"db{next(self._count)}")
        site = Site(self.folder / f"site{next(self._count)}", self.authority, self.standin, db, **QUIET | parts)
        self.callback(site.stop)
        return site.start() if start else site
