# SPDX-License-Identifier: Apache-2.0
"""How many queries a second PostgreSQL gets from so many sessions in use, with TwAuthSessionFeed and without: a table.

    make bench-scale PARTS=sessions
    /usr/bin/python3 -B -m bench.sessions --sessions 1000,100000 --seconds 20

All sessions are rows, and their cookies are sealed by build/replay, as old as those of a site that has been at work for
long. Each asks for a members' page every so often, with the cookie that it was given last. Where that would be more
requests a second than --rate, a part of the sessions asks, and their queries are multiplied: the table says by how much.
Queries are counted by pg_stat_statements. httpd and PostgreSQL live in a time that is put ahead once, so that cookies
are older than the server's start.
"""

import argparse
import contextlib
import json
import subprocess
import time

import psycopg2

from harness.clock import LIBRARY, Clock
from harness.database import Postgres
from harness.paths import TREE

from . import rows
from .world import World

REPLAY = TREE / "build/replay"
WORKERS = 8
#: What is said of the feed, and how old a copy can be that nobody asks about.
WAYS = (("TwAuthSessionFeed Off", 60), ("TwAuthSessionFeed 2s", 600))
AHEAD = 700
REALM = "bench"
MPM = ("StartServers 1\nServerLimit 1\nThreadsPerChild 64\nMaxRequestWorkers 64\nMinSpareThreads 1\nMaxSpareThreads 64\n"
       "MaxKeepAliveRequests 0\nKeepAliveTimeout 60")


class Ahead(Clock):
    """One that is looked at once a second: each look is a file."""

    def environment(self):
        return super().environment() | {"FAKETIME_NO_CACHE": "0", "FAKETIME_CACHE_DURATION": "1"}


class CountingPostgres(Postgres):
    _SETTINGS = Postgres._SETTINGS | {"shared_preload_libraries": "pg_stat_statements", "log_statement": "none",
                                      "shared_buffers": "256MB"}

    def __init__(self, folder):
        super().__init__(folder)
        self.clock = Ahead(folder)
        self._environment |= self.clock.environment() | {"LD_PRELOAD": LIBRARY}


def fill(db, count):
    """So many accounts and sessions, with the ids that are in the cookies."""
    rows.fill(db, count)
    with subprocess.Popen([REPLAY, "ids", str(count)], stdout=subprocess.PIPE) as ids, contextlib.closing(
            psycopg2.connect(host=str(db.server.folder), user=db.server.USER, dbname=db.name)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE ids (n serial, id text)")
            cursor.copy_expert("COPY ids (id) FROM STDIN", ids.stdout)
            cursor.execute("SET session_replication_role = replica; CREATE UNIQUE INDEX ON ids (n); ANALYZE ids;"
                           " UPDATE twauth_session s SET id = i.id FROM ids i WHERE i.n = s.account_id")
    db.execute("VACUUM ANALYZE twauth_session")


def replay(site, sessions, part, every, seconds, oldest):
    """What build/replay says of a run."""
    ran = subprocess.run([REPLAY, "run", site.key, REALM, *map(str, (
        site.vhost.port, "twauth", sessions, part, every, seconds, oldest, site.clock.offset))],
        capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def counted(db):
    """{what: how often} of httpd's statements, from the last reset on."""
    found = {"rechecks": 0, "readings": 0, "else": 0}
    for query, calls in db.rows("SELECT query, calls FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
                                " WHERE d.datname = current_database() AND query NOT LIKE '%pg_stat%'"):
        found["rechecks" if query.startswith("SELECT a.id") else
              "readings" if "twauth_change" in query else "else"] += calls
    return found


def measure(world, db, count, way, oldest, options):
    """What one way does with so many sessions, as a line."""
    site = world.make_site(start=False, db=db, scheme="http", mpm="event", mpm_config=MPM, clock=True,
                           config=f"{way}\nTwAuthRealm {REALM}\nTwAuthSessionProtection Off")
    site.httpd.clock = site.clock = Ahead(site.folder)
    site.clock.set(db.server.clock.offset)
    site.start()
    db.execute("SELECT pg_stat_statements_reset()")
    replay(site, count, WORKERS, 1, 1, 0)
    while "Off" not in way and not counted(db)["readings"]:     # for the first time: copies of before are asked about
        replay(site, count, WORKERS, 1, 1, 0)
    for clock in (site.clock, db.server.clock):
        clock.forward(AHEAD)
    time.sleep(3)
    db.execute("SELECT pg_stat_statements_reset()")
    part = min(count, int(options.rate * options.every)) // WORKERS * WORKERS
    said = replay(site, count, part, options.every, options.seconds, oldest + options.every)
    found, more, seconds = counted(db), count / part, options.seconds
    site.stop()
    assert not said["refused"], said
    assert said["late"] < 5, "the machine does not bear it: --rate"
    print(f"{count:>9,}  {way:<22}{said['requests'] / seconds:>8,.0f}{more:>7.1f}{more * found['rechecks'] / seconds:>11,.1f}"
          f"{found['readings'] / seconds:>9.2f}{more * found['else'] / seconds:>8.1f}{said['late']:>7.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="bench.sessions", description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", default="1000,100000,1000000", help="in use at a time, by commas")
    parser.add_argument("--every", type=float, default=30, help="seconds from one request of a session to its next")
    parser.add_argument("--seconds", type=int, default=60, help="for each figure")
    parser.add_argument("--rate", type=float, default=3000, help="requests a second at most: else a part asks")
    options = parser.parse_args()
    print(f"{'sessions':>9}  {'':<22}{'asked/s':>8}{'times':>7}{'rechecks/s':>11}{'reads/s':>9}{'else/s':>8}{'late':>9}")
    with World() as world:
        for count in map(int, options.sessions.split(",")):
            postgres = CountingPostgres(world.folder / f"pg{count}").start()
            world.callback(postgres.stop)
            db = postgres.database()
            db.execute("CREATE EXTENSION pg_stat_statements")
            fill(db, count)
            for way, oldest in WAYS:
                measure(world, db, count, way, oldest, options)
            postgres.stop()


if __name__ == "__main__":
    main()
