# SPDX-License-Identifier: Apache-2.0
"""What a request costs the processors, of httpd and of PostgreSQL: the figures that the model (model.py) counts with.

    make bench-scale                    among the rest; or /usr/bin/python3 -B -m bench.capacity

Microseconds of processor time, by the kernel's account, over TLS on kept connections, with a hundred thousand accounts
and sessions in the database. A sign-in is `login` and `callback` at an X that answers at once.
"""

import argparse
import os
import subprocess
import time
from pathlib import Path

from . import rows
from .crowd import Crowd
from .many import PROTOCOLS, CrowdWorld, cookie_of
from .world import undisturbed

ROWS = 100_000
RECHECK = '<Location "/recheck/">\nAuthType Twitter\nRequire valid-user\nTwAuthSessionRecheck 0\n</Location>\n'
TICK = 1 / os.sysconf("SC_CLK_TCK")


def spent(pids):
    """Seconds of processor time of each of these processes so far."""
    fields = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids}
    return {pid: TICK * (int(f[11]) + int(f[12])) for pid, f in fields.items()}


class Accounts:
    """What httpd and PostgreSQL spend from now on; of a process that comes later, all."""

    def __init__(self, world, site):
        self._parts = site.httpd.children, world.postgres.backends
        self._begin = [spent(pids()) for pids in self._parts]

    def each(self, count):
        """Microseconds of httpd and of PostgreSQL, for each of `count`."""
        return [1e6 * sum(seconds - begin.get(pid, 0) for pid, seconds in spent(pids()).items()) / count
                for pids, begin in zip(self._parts, self._begin)]


def by_wrk(world, site, path, cookie, seconds):
    def run(seconds):
        ran = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s", "-H", f"Cookie: {cookie}", "-H",
                              f"Host: {site.vhost.name}:{site.vhost.port}",
                              f"https://127.0.0.1:{site.vhost.port}{path}"], capture_output=True, text=True, check=True)
        assert "Non-2xx" not in ran.stdout, ran.stdout
        return int(ran.stdout.partition(" requests in ")[0].split()[-1])

    run(1)
    accounts = Accounts(world, site)
    return accounts.each(run(seconds))


def by_crowd(world, site, seconds):
    with Crowd(site, 8, 1, warm=0):
        pass
    accounts = Accounts(world, site)
    with Crowd(site, 8, seconds, warm=0) as crowd:
        pass
    return accounts.each(crowd.said["done"])


def show(what, found):
    httpd, postgres = found
    print(f"{what:<44}{httpd:>8,.0f}{postgres:>12,.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="bench.capacity", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5, help="for each figure")
    seconds = parser.parse_args().seconds
    undisturbed()
    print(f"{'microseconds of processor time':<44}{'httpd':>8}{'PostgreSQL':>12}")
    with CrowdWorld() as world:
        world.x.set_delay(0)
        for protocol, name in PROTOCOLS:
            site = world.site(protocol, f"TwAuthProviderCalls 32\nTwAuthSessionRecheck 1h\n{RECHECK}", start=False)
            site.httpd.put("recheck/index.html", "recheck")
            rows.fill(site.db, ROWS)
            site.db.execute(f"ALTER DATABASE {site.db.name} SET log_statement = 'none'")    # the harness's own wish
            site.start()
            if protocol == "oauth1":
                cookie = cookie_of(site)
                show("an open page", by_wrk(world, site, "/index.html", "other=1", seconds))
                show("a members' page", by_wrk(world, site, "/members/index.html", cookie, seconds))
                show("a members' page that asks the database",
                     by_wrk(world, site, "/recheck/index.html", cookie, seconds))
            world.to_quick_x(site)
            site.restart()
            show(f"a sign-in by {name}", by_crowd(world, site, seconds))
            site.stop()


if __name__ == "__main__":
    main()
