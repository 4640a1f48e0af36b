# SPDX-License-Identifier: Apache-2.0
"""What a server and its database have of everything, sample after sample, and whether any of it grows.

A slope is that of least squares over the means of BATCHES parts of equal length, so that samples that follow each other
closely do not pass for many; what the parts still have in common with those before them widens the interval. Memory is
counted without mappings that processes share, which are a series of their own.
"""

import contextlib
import os
import re
import sqlite3
import time

from harness import process
from harness.database import TABLES

#: The first part of a run is not judged: threads, connections and tables come to what they need.
WARM_UP = 0.5
BATCHES = 20
T = 2.101                   # Student's t for 95 % and BATCHES - 2 degrees of freedom
#: Memory, kB: what the allocators of all threads and the library's may still come to keep, however long it takes.
KEPT = 1024
#: And bytes a request. The smallest piece that malloc() gives is 32: less than one lost in eight requests.
BYTES = 4
#: Of descriptors, connections and statements.
MORE = 5
#: Rows: what people leave behind by chance goes up and down by so many, and by this part of them; files by the latter.
ROWS = 20
PART = 0.1

SHARED = re.compile(r"/dev/zero|/SYSV|/dev/shm/|/memfd:")
WATCH = """
CREATE TABLE soak_connection (pid integer PRIMARY KEY, statements integer NOT NULL);
CREATE FUNCTION soak_watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO soak_connection SELECT pg_backend_pid(), count(*) FROM pg_prepared_statements
    ON CONFLICT (pid) DO UPDATE SET statements = EXCLUDED.statements;
    RETURN NULL;
END $$;
CREATE TRIGGER soak_watch AFTER INSERT OR UPDATE OR DELETE ON twauth_session EXECUTE FUNCTION soak_watch();
"""


def watch(db):
    """PostgreSQL shows prepared statements to their own connection alone: each that writes says how many it has."""
    if db.kind == "pgsql":
        db.execute(WATCH)


# samples

def memory(pid):
    """kB of a process: its share of anonymous memory (Pss), private dirty, and its share of what was made to be shared;
    without files that are mapped."""
    (anonymous, shared), dirty, own = process.proportional(pid), 0, True
    with open(f"/proc/{pid}/smaps") as maps:
        for line in maps:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                own = not SHARED.match("".join(line.split(None, 5)[5:]))
            elif own and line.startswith("Private_Dirty:"):
                dirty += int(line.split()[1])
    return anonymous, dirty, shared


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def of_httpd(httpd):
    """{what: number} of the parent and all children together."""
    children = httpd.children()
    found = {pid: memory(pid) for pid in (httpd.pid, *children)}
    return {
        "children, private dirty, kB": sum(found[pid][1] for pid in children),
        "children, Pss of anonymous memory, kB": sum(found[pid][0] for pid in children),
        "parent, private dirty, kB": found[httpd.pid][1],
        "parent, Pss of anonymous memory, kB": found[httpd.pid][0],
        "shared segments, kB": sum(shared for _, _, shared in found.values()),
        "children, descriptors": sum(map(descriptors, children)),
        "parent, descriptors": descriptors(httpd.pid),
    }


def of_database(db):
    found = {f"rows of {table}": db.value(f"SELECT count(*) FROM {table}") for table in TABLES}
    if db.kind == "sqlite":
        files = [db.file, db.file.with_name(db.file.name + "-wal")]
        return found | {"database file and WAL, kB": sum(file.stat().st_size for file in files) / 1024}
    pids = [pid for pid, in db.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                                    " AND application_name <> 'test'")]
    statements = db.value("SELECT max(statements) FROM soak_connection JOIN pg_stat_activity USING (pid)")
    found["connections of PostgreSQL"] = len(pids)
    found["statements of a connection, at most"] = statements or 0
    if pids:
        with contextlib.suppress(OSError):      # one has ended meanwhile
            found["a connection of PostgreSQL, private dirty, kB"] = sum(memory(pid)[1] for pid in pids) / len(pids)
    return found


def sample(site):
    """{what: number}, and when; without the database where that is away."""
    found = {"at": time.monotonic()} | of_httpd(site.httpd)
    try:
        return found | of_database(site.db)
    except Exception as failure:        # of the driver that there is: away is a trouble like others
        if isinstance(failure, sqlite3.Error) or type(failure).__module__.startswith("psycopg2"):
            return found
        raise


# slopes

def slope(points):
    """What comes an hour, and half of its interval of 95 %, from pairs of seconds and a number."""
    size = len(points) / BATCHES
    parts = [points[round(i * size):round((i + 1) * size)] for i in range(BATCHES)]
    xs = [sum(x for x, _ in part) / len(part) / 3600 for part in parts]
    ys = [sum(y for _, y in part) / len(part) for part in parts]
    x0, y0 = sum(xs) / BATCHES, sum(ys) / BATCHES
    spread = sum((x - x0) ** 2 for x in xs)
    rise = sum((x - x0) * (y - y0) for x, y in zip(xs, ys)) / spread
    left = [y - y0 - rise * (x - x0) for x, y in zip(xs, ys)]
    squares = sum(e * e for e in left)
    if not squares:
        return rise, 0.0
    alike = min(0.9, max(0.0, sum(a * b for a, b in zip(left, left[1:])) / squares))
    error = (squares / (BATCHES - 2) / spread * (1 + alike) / (1 - alike)) ** 0.5
    return rise, T * error


def bound(what, mean, requests):
    """What may come in the part that is judged; None where something else bounds it."""
    if what.startswith("shared"):
        return None             # of a size that is given: its pages are touched once
    if what.startswith("database"):
        return PART * mean
    if what.startswith("rows"):
        return PART * mean + ROWS + requests / 1000
    return KEPT + BYTES * requests / 1024 if what.endswith(", kB") else MORE


def judge(samples, requests):
    """A line for each series, and of those that grow. requests: of the whole run."""
    begun, seconds = samples[0]["at"], samples[-1]["at"] - samples[0]["at"]
    kept = [s for s in samples if s["at"] >= begun + WARM_UP * seconds]
    part, hours = 1 - WARM_UP, (1 - WARM_UP) * seconds / 3600
    lines, grown = [], []
    for what in [name for name in max(kept, key=len) if name != "at"]:
        points = [(s["at"] - begun, s[what]) for s in kept if what in s]
        if len(points) < 2 * BATCHES:       # away too often
            continue
        rise, half = slope(points)
        most = bound(what, sum(y for _, y in points) / len(points), part * requests)
        grows = most is not None and rise - half > 0 and rise > most / hours
        said = "grows" if grows else "of a given size" if most is None else "flat"
        lines.append(f"  {what:<46}{points[0][1]:>10,.0f}{points[-1][1]:>10,.0f}{rise:>+12,.1f} ± {half:<9,.1f}"
                     + (f"{'-':>9}" if most is None else f"{most / hours:>9,.0f}") + f"  {said}")
        if grows:
            grown.append(lines[-1])
    head = f"  {'':<46}{'first':>10}{'last':>10}{'an hour':>12}   {'95 %':<9}{'bound':>9}"
    return [head, *lines], grown
