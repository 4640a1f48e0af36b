"""What the benchmarks run in: the servers of the live tests, without pytest.

    with World() as world:
        site = world.make_site(config="...")            as the fixture of that name
        httpd = world.make_httpd(VHost(...))
        world.postgres
"""

import contextlib
import itertools
from functools import cached_property

from harness import process
from harness.certs import Authority
from harness.database import Postgres, Sqlite
from harness.httpd import Httpd, VHost
from harness.site import Site
from harness.standin import StandIn


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

    def make_httpd(self, *vhosts, **parts):
        """An httpd, not started."""
        httpd = Httpd(self.folder / f"httpd{next(self._count)}", self.authority, list(vhosts) or [VHost(tls=False)],
                      **{"twauth": False} | parts)
        self.callback(httpd.stop)
        return httpd

    def make_site(self, *, start=True, db=None, **parts):
        """A site, on SQLite unless a database is given."""
        db = db or Sqlite(self.folder / f"db{next(self._count)}")
        site = Site(self.folder / f"site{next(self._count)}", self.authority, self.standin, db, **parts)
        self.callback(site.stop)
        return site.start() if start else site
