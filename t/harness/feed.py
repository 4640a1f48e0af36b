# SPDX-License-Identifier: Apache-2.0
"""Servers that share a key and a database, and what is done to that database, for tests of what they learn of it."""

import contextlib

from . import tools

FEED = 1
#: No copy is accepted later than this after the end of its session: the interval and a second.
BOUND = FEED + 1
CONFIG = f"TwAuthRealm feed.test\nTwAuthSessionFeed {FEED}s\nTwAuthProfile Off\nTwAuthSessionsPerAccount 1000"


def many(make_site, size, config=CONFIG, clocks=(0, 0, 0), **parts):
    """Servers with one key and database."""
    sites = []
    for _ in range(size):
        parts |= {"db": sites[0].db} if sites else {}
        site = make_site(scheme="http", clock=True, config=config, start=False, **parts)
        site.vhost.config = site.vhost.config.replace(str(site.key), str((sites or [site])[0].key))
        sites.append(site)
    for site, offset in zip(sites, clocks):
        site.clock.set(offset)
        site.start()
    return sites


@contextlib.contextmanager
def transaction(db, isolation=None):
    """run(sql) in a transaction of its own, which is committed at the end."""
    if db.kind == "pgsql":
        import psycopg2
        connection = psycopg2.connect(host=str(db.server.folder), user=db.server.USER, dbname=db.name)
        if isolation:
            connection.set_session(isolation_level=isolation)
        run = connection.cursor().execute
    else:
        connection = db._connect()
        connection.execute("BEGIN IMMEDIATE")
        run = connection.execute
    with contextlib.closing(connection):
        yield run
        connection.commit()


def commits(db, statements):
    """Run statements one after the other, each a transaction."""
    with contextlib.closing(db._connect()) if db.kind == "sqlite" else contextlib.nullcontext() as connection:
        if connection:
            connection.execute("PRAGMA synchronous=OFF")        # of this connection alone: it takes no disk's time
            for statement in statements:
                connection.execute(statement)
        else:
            tools.psql(db, "".join(f"{statement};\n" for statement in statements))


def too_many(db):
    """More changes than are read one by one."""
    numbers = ("generate_series(1, 5000) AS n" if db.kind == "pgsql" else
               "(WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 5000) SELECT n FROM i) AS n")
    db.execute(f"INSERT INTO twauth_change (session_id) SELECT 'many' FROM {numbers}")


def sweep(db, count=48):
    """So many that rows which are too old go."""
    commits(db, [f"INSERT INTO twauth_change (session_id) VALUES ('more{i}')" for i in range(count)])
