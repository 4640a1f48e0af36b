# SPDX-License-Identifier: Apache-2.0
"""What a site needs, on paper: from measured costs and its number of users to processors, nodes, rows and settings.

    /usr/bin/python3 -B -m bench.model                                  the tables of docs/scaling.md
    /usr/bin/python3 -B -m bench.model --users 50000 --feed 0 --recheck 60       for a site of your own
    /usr/bin/python3 -B -m bench.model --help                           all that can be said

Nothing here is clever: each line of `plan` is one sum. Costs are those of bench.capacity and bench.growth on the machine
of docs/scaling.md; replace them with what they print on yours.
"""

import argparse
from dataclasses import dataclass, fields, replace
from math import ceil, log2

HOUR = 3600
USER_READ = 0.01                # dollars: X's price for reading a user, once a day
MICRO = 1e-6
#: More than this many workers of a node should not wait for X; TwAuthProviderCalls ends at 1024.
CALLS_OF_A_NODE = 512


@dataclass(frozen=True)
class Costs:
    """Microseconds of one processor, and bytes of PostgreSQL with its indexes."""

    page: float = 77                #: httpd: a members' page, small and static, over TLS
    module: float = 4               #: of that, the module
    recheck: float = 45             #: httpd: what it takes more to ask the database
    sign_in: float = 370            #: httpd: by OAuth 1.0a (285 by OAuth 2.0)
    db_recheck: float = 110         #: PostgreSQL: the SELECT, planned each time
    db_sign_in: float = 550         #: PostgreSQL: both statements, with their triggers
    db_reading: float = 400         #: PostgreSQL: what has changed since the last time, for one node
    account: float = 570            #: bytes: an account and its name
    session: float = 260            #: bytes: a session


@dataclass(frozen=True)
class Site:
    """What is assumed; times are in seconds."""

    users: int = 1_000_000          #: people who come on a day
    requests: float = 200           #: to protected places, each of them a day
    minutes: float = 30             #: each is on the site a day
    sign_ins: float = 1             #: each a day: TwAuthSessionIdle of 12h ends a session over night
    sign_outs: float = 0.1          #: of those who signed in
    busiest: float = 0.1            #: of a day, in its busiest hour
    feed: float = 2                 #: TwAuthSessionFeed; 0: Off
    recheck: float = 600            #: TwAuthSessionRecheck; 60 where the feed is Off
    grace: float = 600              #: TwAuthSessionGrace
    idle: float = 12 * HOUR         #: TwAuthSessionIdle: a tenth of it is how often a row is marked as in use
    kept: float = 7                 #: days that a session's row lives: TwAuthSessionMax
    x: float = 0.2                  #: how long X takes for a call
    processors: int = 8             #: of a node
    processes: int = 4              #: of httpd on a node
    connections: int = 4            #: DBDMax: to the database, of one process
    used: float = 0.6               #: so much of a processor is used at most


@dataclass(frozen=True)
class Plan:
    """What follows, in the busiest hour."""

    requests: float                 #: a second
    present: float                  #: people on the site at a time
    rechecks: float                 #: a second
    marks: float                    #: a second: writes of when a session was used last
    sign_ins: float                 #: a second
    queries: float                  #: of PostgreSQL, a second
    httpd: float                    #: processors at work
    module: float                   #: of these, for the module
    nodes: int
    database: float                 #: processors at work
    database_size: int              #: processors it should have
    rows: float                     #: bytes
    calls: float                    #: to X at a time, on average
    provider_calls: int             #: TwAuthProviderCalls of each node
    start_limit: int                #: TwAuthStartLimit, the second, a minute on each node
    entries: int                    #: TwAuthSharedEntries of each node
    connections: int                #: to the database in all, at most


def plan(site, costs=Costs()):
    hour = site.busiest / HOUR
    requests = site.users * site.requests * hour
    present = site.users * site.minutes * 60 * hour
    rechecks = requests if not site.recheck else min(requests, present / site.recheck)
    marks = present / (site.idle / 10)
    sign_ins = site.users * site.sign_ins * hour
    module = MICRO * (requests * costs.module + rechecks * costs.recheck + sign_ins * costs.sign_in)
    httpd = module + MICRO * requests * (costs.page - costs.module)
    calls = sign_ins * 2 * site.x
    wanted = 4 * calls              # starts get half of the places, and come in crowds
    # for the processors, and for the calls; one more, for one may fail
    nodes = max(ceil(httpd / (site.processors * site.used)), ceil(wanted / CALLS_OF_A_NODE), 1) + 1
    readings = nodes / site.feed if site.feed else 0
    sign_outs = sign_ins * site.sign_outs
    database = MICRO * ((rechecks + marks + sign_outs) * costs.db_recheck + sign_ins * costs.db_sign_in
                        + readings * costs.db_reading)
    # what a node remembers at a time: ends of all nodes, sign-ins of its own
    kept = max(sign_outs * (site.recheck + site.grace + 65), sign_ins * 960 / (nodes - 1))
    return Plan(
        requests=requests, present=present, rechecks=rechecks, marks=marks, sign_ins=sign_ins,
        queries=rechecks + marks + 2 * sign_ins + sign_outs + readings, httpd=httpd, module=module, nodes=nodes,
        database=database, database_size=max(1, ceil(database / site.used)),
        rows=site.users * (costs.account + site.sign_ins * site.kept * costs.session), calls=calls,
        provider_calls=max(8, ceil(wanted / (nodes - 1))),
        start_limit=max(600, ceil(3 * 60 * sign_ins / (nodes - 1) / 100) * 100),
        entries=max(262144, 2 ** ceil(log2(max(1, kept / 0.9)))),
        connections=nodes * site.processes * site.connections)


def short(number):
    """For a table: 0.28, 8.3, 830, 83,000."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}" if number >= 1 else f"{number:.2g}"


def size(bytes_):
    return f"{bytes_ / 1e9:,.0f} GB" if bytes_ >= 1e9 else f"{bytes_ / 1e6:,.0f} MB"


def limit(minute):
    """As the directive takes it: no number over 65535."""
    return f"{minute}/min" if minute <= 65535 else f"{ceil(minute / 60)}/s"


def time(seconds):
    return f"{seconds / 86400:g}d" if seconds >= 86400 else f"{seconds / HOUR:g}h"


def many(number):
    return {10**4: "10 thousand", 10**6: "1 million", 10**8: "100 million"}.get(number, f"{number:,}")


LINES = (
    ("requests to protected places a second", lambda s, p: short(p.requests)),
    ("people on the site at a time", lambda s, p: short(p.present)),
    ("sign-ins a second", lambda s, p: short(p.sign_ins)),
    ("`TwAuthSessionIdle`, `TwAuthSessionMax`", lambda s, p: f"{time(s.idle)}, {s.kept:g}d"),
    ("processors of httpd at work (the module's share)", lambda s, p: f"{short(p.httpd)} ({short(p.module)})"),
    ("nodes", lambda s, p: f"**{p.nodes}** of {s.processors} processors"),
    ("queries of PostgreSQL a second", lambda s, p: short(p.queries)),
    ("processors of PostgreSQL at work", lambda s, p: short(p.database)),
    ("PostgreSQL", lambda s, p: f"**one, of {p.database_size}** processors, {size(p.rows)}"),
    ("calls to X at a time", lambda s, p: short(p.calls)),
    ("`TwAuthProviderCalls` of each node", lambda s, p: f"**{p.provider_calls}**"),
    ("`MaxRequestWorkers` of each node, at least", lambda s, p: f"{max(150, 4 * p.provider_calls)}"),
    ("`TwAuthStartLimit`, the second number", lambda s, p: f"**{limit(p.start_limit)}**"),
    ("`TwAuthSharedEntries` of each node", lambda s, p: f"**{p.entries}**" if p.entries > 262144 else f"{p.entries}"),
    ("connections to PostgreSQL, at most", lambda s, p: f"{p.connections:,}"),
)

#: Of docs/scaling.md. Users of the largest sign in once a month, in the end.
LARGEST = Site(users=10**8, processors=16)
SITES = (Site(users=10**4), Site(users=10**6), LARGEST,
         replace(LARGEST, sign_ins=1 / 30, idle=14 * 24 * HOUR, kept=30))


def by_users(sites):
    """A table: a column a site."""
    plans = [plan(site) for site in sites]
    lines = ["| People who come on a day | " + " | ".join(many(site.users) for site in sites) + " |",
             "|:--|" + "--:|" * len(sites)]
    return "\n".join(lines + ["| " + " | ".join([what, *(show(s, p) for s, p in zip(sites, plans))]) + " |"
                              for what, show in LINES])


def by_recheck(users, feeds):
    """A table: what the feed and the recheck time do to the database."""
    lines = ["| `TwAuthSessionFeed`, `TwAuthSessionRecheck` | queries a second | processors of PostgreSQL at work "
             "| of httpd |", "|:--|--:|--:|--:|"]
    for feed, recheck in feeds:
        found = plan(Site(users=users, feed=feed, recheck=recheck))
        lines.append(f"| {f'{feed:g}s' if feed else 'Off'}, {recheck:g}s | {short(found.queries)} "
                     f"| {short(found.database)} | {short(found.httpd)} |")
    return "\n".join(lines)


def by_processor(costs=Costs()):
    """A table: what one processor carries."""
    rows = (("members' pages, small and static", costs.page, 0),
            ("rechecks, beside the page", costs.recheck, costs.db_recheck),
            ("sign-ins by OAuth 1.0a", costs.sign_in, costs.db_sign_in))
    lines = ["| A second | one processor of httpd | one of PostgreSQL |", "|:--|--:|--:|"]
    return "\n".join(lines + [f"| {what} | {1e6 / httpd:,.0f} | {f'{1e6 / db:,.0f}' if db else '-'} |"
                              for what, httpd, db in rows])


def by_bill(sizes):
    """A table: what X bills for sign-ins by OAuth 2.0, once a user and day, and how fast."""
    def dollars(number):
        return f"${number:,.2f}" if number < 100 else f"${number:,.0f}"

    def bill(site):
        return site.users * site.sign_ins * USER_READ, plan(site).sign_ins * 5 * 60 * USER_READ

    lines = ["| People who come on a day | sessions of a day: X bills a day | in the busiest five minutes "
             "| of a month: a day | in the busiest five minutes |", "|:--|--:|--:|--:|--:|"]
    for users in sizes:
        day = Site(users=users)
        figures = [*bill(day), *bill(replace(day, sign_ins=1 / 30))]
        lines.append(f"| {many(users)} | " + " | ".join(map(dollars, figures)) + " |")
    return "\n".join(lines)


#: What docs/scaling.md has between its marks; t/guard/test_scaling.py compares.
TABLES = {"processor": by_processor(), "users": by_users(SITES),
          "recheck": by_recheck(10**6, ((2, 600), (0, 60), (2, 60), (0, 10), (0, 0))), "bill": by_bill((10**4, 10**6, 10**8))}


def main():
    parser = argparse.ArgumentParser(prog="bench.model", description=__doc__.splitlines()[0])
    for field in fields(Site):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=None,
                            help=f"default: {field.default:g}")
    said = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    print(by_users([replace(Site(), **said)]) if said else "\n\n".join(TABLES.values()))


if __name__ == "__main__":
    main()
