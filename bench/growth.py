# SPDX-License-Identifier: Apache-2.0
"""What a request costs when there is much of everything: accounts, sessions, virtual hosts, sections.

    make bench-scale                    among the rest; or /usr/bin/python3 -B -m bench.growth [--rows 1,10000,1000000]

Three tables. The first: instructions of httpd for a request, by how many accounts and sessions there are; SQLite works
inside of httpd and is in the figure, PostgreSQL is not. The second: what the databases do for each of the module's
statements (rows.py), and whether PostgreSQL ever goes through a whole table. The third: what the module adds to a
request by how many virtual hosts use it and how many sections there are; httpd itself looks through all of them at each
request, so the same server without the module is taken off.
"""

import argparse
import re

from harness.database import Sqlite
from harness.httpd import VHost

from . import rows
from .callgrind import Callgrind
from .world import World, undisturbed

PAGE = "x" * 1023 + "\n"
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
              "Sec-Fetch-Site": "none"}
SECTION = '<Location "/{}/">\nAuthType Twitter\nRequire valid-user\n{}</Location>\n'
SECTIONS = SECTION.format("members", "") + SECTION.format("recheck", "TwAuthSessionRecheck 0\n")
SIGN_INS = 10


def signed_in(site):
    """The Cookie header of a browser that has just signed in, to be used within the minute, and the browser."""
    browser = site.browser()
    assert browser.sign_in("alice", next="/members/page.html").status == 200
    return cookie(browser), browser


def cookie(browser):
    return "; ".join(f"{c.name}={c.value}" for c in browser.cookies if c.name.startswith("twauth"))


def pages(site):
    for folder in ("open", "members", "recheck"):
        site.httpd.put(f"{folder}/page.html", PAGE)


def by_rows(world, sizes, count):
    """Instructions of a members' page, of one that asks the database, and of a sign-in, by database and rows."""
    print(f"{'instructions of httpd, by accounts':<44}" + "".join(f"{size:>12,}" for size in sizes))
    for kind in ("sqlite", "pgsql"):
        found = {}
        for size in sizes:
            db = world.postgres.database() if kind == "pgsql" else Sqlite(world.folder / f"rows{size}")
            rows.fill(db, size)
            site = world.make_site(start=False, db=db, scheme="http", protected=SECTIONS,
                                   config="TwAuthSessionRecheck 1h")
            pages(site)
            with Callgrind(site.httpd) as grind:
                _, browser = signed_in(site)
                browser.get("/members/page.html")       # after a start each cookie is checked once
                headers = NAVIGATION | {"Cookie": cookie(browser)}
                found.setdefault("members' page", []).append(min(grind.cost("/members/page.html", headers, 200, count)))
                found.setdefault("members' page, asking the database", []).append(
                    min(grind.cost("/recheck/page.html", headers, 200, count)))
                found.setdefault("a sign-in, all its requests", []).append(grind.during(
                    lambda: [signed_in(site) for _ in range(SIGN_INS)]) / SIGN_INS)
            if kind == "pgsql":
                db.drop()
        for what, figures in found.items():
            print(f"{what + ', ' + ('SQLite' if kind == 'sqlite' else 'PostgreSQL'):<44}"
                  + "".join(f"{f:>12,.0f}" for f in figures), flush=True)


def statements(world, sizes, seconds):
    """Microseconds of PostgreSQL and steps of SQLite a statement, by rows."""
    site = world.make_site(db=world.postgres.database(), config="TwAuthSessionRecheck 0")
    ours = rows.captured(site)
    site.stop()
    lite = Sqlite(world.folder / "statements")
    times, steps, whole = {}, {}, 0
    for size in sizes:
        rows.fill(site.db, size)
        rows.fill(lite, size)
        before = rows.scanned(site.db)
        for what, (time, _) in rows.pgbench(site.db, ours, size, seconds).items():
            times.setdefault(what, []).append(time)
        for what, number in rows.steps(lite, ours, size).items():
            steps.setdefault(what, []).append(number)
        if size > 100:      # a table of one page is read as a whole by right
            whole += rows.scanned(site.db) - before
    print(f"{'microseconds a statement, PostgreSQL':<44}" + "".join(f"{size:>12,}" for size in sizes))
    for what, figures in times.items():
        print(f"{what:<44}" + "".join(f"{f:>12,.0f}" for f in figures))
    print(f"{'steps a statement, SQLite':<44}" + "".join(f"{size:>12,}" for size in sizes))
    for what, figures in steps.items():
        print(f"{what:<44}" + "".join(f"{f:>12,}" for f in figures))
    print(f"rows that PostgreSQL read by going through a whole table: {whole:,}")


def by_places(world, count):
    """What the module adds, by virtual hosts and sections."""
    print(f"{'instructions that the module adds':<44}{'open page':>12}{'members':>12}")
    for hosts, sections in ((1, 1), (10, 1), (200, 1), (1, 10), (1, 200)):
        more = "".join(SECTION.format(f"place{n}", "") for n in range(1, sections))
        site = world.make_site(start=False, scheme="http", protected=more + SECTIONS,
                               config="TwAuthSessionRecheck 1h")
        pages(site)
        config = site.vhost.config
        for n in range(1, hosts):
            site.httpd.vhosts.append(VHost(f"h{n}.localhost", tls=False, port=site.vhost.port, config=config))
        added = {}
        for bare in (False, True):
            headers = NAVIGATION | {"Cookie": "other=1"}
            if bare:
                site.httpd.twauth, site.httpd.modules, site.httpd.main = False, (), ""
                for vhost in site.httpd.vhosts:
                    vhost.config = re.sub(r"(?m)^(TwAuth|AuthType|Require valid).*$", "", config)
            with Callgrind(site.httpd) as grind:
                if not bare:
                    _, browser = signed_in(site)
                    browser.get("/members/page.html")
                    headers["Cookie"] = cookie(browser)
                for folder in ("open", "members"):
                    cost = min(grind.cost(f"/{folder}/page.html", headers, 200, count))
                    added[folder] = cost if not bare else added[folder] - cost
        print(f"{f'{hosts} virtual hosts, {sections + 1} sections in each':<44}{added['open']:>12,.0f}"
              f"{added['members']:>12,.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="1,10000,1000000", help="how many accounts and sessions, by commas")
    parser.add_argument("--count", type=int, default=50, help="requests a part of a figure")
    parser.add_argument("--seconds", type=int, default=4, help="of PostgreSQL at each size")
    options = parser.parse_args()
    undisturbed()
    sizes = [int(size) for size in options.rows.split(",")]
    with World() as world:
        by_rows(world, sizes, options.count)
        print()
        statements(world, sizes, options.seconds)
        print()
        by_places(world, options.count)
        print()


if __name__ == "__main__":
    main()
