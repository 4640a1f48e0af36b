# SPDX-License-Identifier: Apache-2.0
"""DB-2, DB-3, DB-5, DB-6: whatever happens to the database, nobody waits long, nothing is half done, and it heals by itself."""

import contextlib
import itertools
import re
import threading
import time

import pytest

from harness import disk, process
from harness.checks import SESSION, SLACK, together, typical
from harness.database import Postgres, Sqlite
from harness.httpd import VHost
from harness.site import CANARY

DBD = r"AH006(29|3\d)|AH02655"
PATIENCE = 7 + SLACK        # the module gives up after 5 seconds

protocols = pytest.mark.protocols("oauth1", "oauth2")
sqlite_only = pytest.mark.databases("sqlite")
pgsql_only = pytest.mark.databases("pgsql")


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(clock=True, config="TwAuthProviderCalls 64")
    site.clock.set(0)
    return site


@pytest.fixture
def another(make_site):
    """another(config=, ...): a site beside it for one test, at the true time."""
    made = []

    def make(**parts):
        made.append(make_site(clock=True, **parts))
        made[-1].clock.set(0)
        return made[-1]

    yield make
    for site in made:
        site.stop()
        site.standin.begin()


# The faults: each a context in which the database is as the name says.

@contextlib.contextmanager
def without(site, table):
    site.db.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
    yield
    site.db.execute(f"ALTER TABLE elsewhere RENAME TO {table}")


@contextlib.contextmanager
def one_table_gone(site):
    with without(site, "twauth_session"):
        yield


@contextlib.contextmanager
def full_by_trigger(site):
    """PostgreSQL's own error for a full disk, at each write."""
    site.db.execute("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING "
                    "ERRCODE = '53100', MESSAGE = 'could not extend file: No space left on device'; END $$")
    for table in ("twauth_account", "twauth_session"):
        site.db.execute(f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE OR DELETE ON {table} "
                        "FOR EACH ROW EXECUTE FUNCTION full_disk()")
    yield
    site.db.execute("DROP FUNCTION full_disk CASCADE")


def reconnect(site):
    """All connections of the site's are ended by the server, so that new ones have its new settings."""
    site.db.server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{site.db.name}'")


@contextlib.contextmanager
def read_only(site):
    server, name = site.db.server, site.db.name
    server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    reconnect(site)
    yield
    server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@contextlib.contextmanager
def closed(site):
    """It lets nobody in any more."""
    server, name = site.db.server, site.db.name
    server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    reconnect(site)
    yield
    server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextlib.contextmanager
def locked_tables(site):
    """Somebody holds both tables, and reading waits as well."""
    import psycopg2
    server = site.db.server
    with contextlib.closing(psycopg2.connect(host=str(server.folder), user=server.USER, dbname=site.db.name)) as db:
        db.cursor().execute("LOCK TABLE twauth_account, twauth_session IN ACCESS EXCLUSIVE MODE")
        yield
        db.rollback()


#: name: (context, whether what is there can be read meanwhile; None: now and then)
FAULTS = {
    "sqlite": {
        "gone": (lambda site: site.db.away(), False),
        "one table gone": (one_table_gone, False),
        "locked": (lambda site: site.db.locked(), None),
    },
    "pgsql": {
        "stopped": (lambda site: site.db.away(), False),
        "standing still": (lambda site: site.db.locked(), False),
        "one table gone": (one_table_gone, False),
        "locked": (locked_tables, False),
        "full": (full_by_trigger, True),
        "read-only": (read_only, True),
        "closed": (closed, False),
    },
}


def fast(act):
    """What `act` returns, within the time that nobody may have to wait longer."""
    begin = time.monotonic()
    answer = act()
    assert time.monotonic() - begin < PATIENCE, f"{time.monotonic() - begin:.1f} s:\n{answer}"
    return answer


def is_503(answer):
    """A page that says so, tells nothing, and sends nobody anywhere."""
    assert answer.status == 503, answer
    assert int(answer.headers["Retry-After"]) > 0 and "Location" not in answer.headers
    assert not [c for c in answer.set_cookies if c.name == SESSION]
    for word in ("twauth_", "SELECT", "INSERT", "UPDATE", "sqlite", "pgsql", "disk", "relation", "/tmp", CANARY):
        assert word not in answer.text
    return True


def orphans(db):
    """Sessions without their account."""
    return db.value("SELECT count(*) FROM twauth_session WHERE account_id NOT IN (SELECT id FROM twauth_account)")


def sessions(db, number):
    """How many sessions the account of this X id has."""
    return db.value("SELECT count(*) FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id"
                    " WHERE a.twitter_id = ?", number)


def endure(site, fault, reads):
    """Four people live through it: alice with a fresh copy, bob with an old one, carol signing in, and a passer-by."""
    site.restart()
    site.clock.forward(1)
    site.db.clear()
    bob, alice, passer_by = site.browser(), site.browser(), site.browser()
    bob.sign_in("bob")
    site.clock.forward(61)
    alice.sign_in("alice")
    flow = site.browser().begin("/members/")
    callback = flow.callback("carol")
    children = site.httpd.children()
    site.expect_log("TW0215")
    site.allow_log("TW0401", DBD)
    with fault(site):
        assert CANARY in fast(lambda: alice.get("/members/")).text
        assert is_503(fast(lambda: flow.arrive(callback))) and SESSION not in flow.browser.cookies
        assert passer_by.get("/").status == 200 and passer_by.get("/members/").status == 302
        assert typical([passer_by.get(path).elapsed for path in ("/", "/members/") * 3]) < 2
        for _ in range(3):
            assert CANARY in fast(lambda: bob.get("/members/")).text
        site.clock.forward(60 + 600 + 1)
        fast(lambda: site.browser().sign_in("dave"))
        for browser in (alice, bob, alice):
            answer = fast(lambda b=browser: b.get("/members/"))
            assert CANARY in answer.text if reads or reads is None and answer.status == 200 else is_503(answer)
        assert passer_by.get("/").status == 200
    site.clock.forward(2)
    assert process.until(lambda: CANARY in alice.get("/members/").text)
    assert CANARY in bob.get("/members/").text
    assert orphans(site.db) == 0 and sessions(site.db, "1003") == sessions(site.db, "1004") == 0
    assert site.browser().sign_in("carol").status == 200
    assert sessions(site.db, "1003") == 1
    assert set(children) <= set(site.httpd.children())


def each(kind):
    """The faults; those that take ten seconds by one protocol only."""
    return [pytest.param(name, marks=pytest.mark.protocols("oauth1") if name in ("locked", "standing still") else ())
            for name in FAULTS[kind]]


@sqlite_only
@protocols
@pytest.mark.parametrize("fault", each("sqlite"))
def test_DB_2_DB_3_DB_6_sqlite(site, fault):
    endure(site, *FAULTS["sqlite"][fault])


@pgsql_only
@protocols
@pytest.mark.parametrize("fault", each("pgsql"))
def test_DB_2_DB_3_DB_5_DB_6_postgresql(site, fault):
    endure(site, *FAULTS["pgsql"][fault])


# A full disk

def no_more_pages(site):
    """SQLite's own limit instead of a disk."""
    @contextlib.contextmanager
    def full():
        limit = f"PRAGMA max_page_count={site.db.value('PRAGMA page_count')}; "
        before = site.httpd.main
        site.httpd.main = before.replace("PRAGMA synchronous", limit + "PRAGMA synchronous")
        site.graceful()
        yield
        site.httpd.main = before
        site.graceful()
    return full


def small_disk(kind):
    """(database, what fills the disk that it is on)"""
    small = disk.Disk("96m" if kind == "pgsql" else "4m")
    db = Postgres(small.folder / "pg").start().database() if kind == "pgsql" else Sqlite(small.folder / "db")
    return db, small.full


@pytest.mark.databases(*(["sqlite", "pgsql"] if disk.possible() else ["sqlite"]))
def test_DB_5_no_room_left(another, db_kind):
    """There is room in pages and in the log for some; with the first who finds none, nobody is half in."""
    db, full = small_disk(db_kind) if disk.possible() else (True, None)
    site = another(db=db)
    alice = site.browser()
    alice.sign_in("alice")
    site.clock.set(61)
    people = {f"user{n}": str(5000 + n) for n in range(400)}
    site.standin.people(alice="1001", **people)
    site.expect_log("TW0215.*make room where the database is")
    came, left = [], []
    with (full or no_more_pages(site))():
        for number in people.values():
            (came if site.browser().sign_in(number).status == 200 else left).append(number)
            if len(left) == 5:
                break
            site.clock.forward(700)
            assert CANARY in alice.get("/members/").text
    assert len(left) == 5
    assert site.db.rows("SELECT twitter_id FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id"
                        " ORDER BY twitter_id") == [(n,) for n in ["1001", *came]]
    assert orphans(site.db) == 0
    assert site.browser().sign_in(left[0]).status == 200
    if db is not True:
        db.drop()
        if db_kind == "pgsql":
            db.server.stop()


# Many at once

@pgsql_only
def test_DB_3_standing_still_holds_few_and_not_for_long(another):
    """Of sixty at once a process lets four ask; all have an answer within the time of one statement."""
    site = another(config="TwAuthDatabaseCalls 4")
    people = [site.browser() for _ in range(6)]
    for browser in people:
        browser.sign_in("alice")
    site.clock.set(61 + 600 + 6)
    site.expect_log("TW0401")
    site.allow_log(DBD)
    answers = []
    with site.db.locked():
        crowd = [threading.Thread(target=lambda b=b.clone(): answers.append(fast(lambda: b.get("/members/"))))
                 for b in people for _ in range(10)]
        for thread in crowd:
            thread.start()
        site.log.wait("TW0401", timeout=PATIENCE)
        few = process.until(lambda: 60 - len(answers) <= 4 * len(site.httpd.children()), timeout=SLACK)
        assert few, f"{60 - len(answers)} still wait"
        pages = [site.browser().get("/") for _ in range(10)]
        assert [page.status for page in pages] == [200] * 10 and typical([page.elapsed for page in pages]) < 2
        for thread in crowd:
            thread.join()
        assert [a.status for a in answers] == [503] * 60
    assert process.until(lambda: people[0].get("/members/").status == 200)


@pgsql_only
def test_DB_3_one_database_takes_nothing_from_another(another, folder):
    """A host whose own database is well does not wait for the other host's."""
    site = another(start=False)
    well = Sqlite(folder / "well")
    other = VHost("other.test", config=site.vhost.config + "\n" + well.configuration)
    site.httpd.vhosts.append(other)
    site.standin.register(other.url("/twauth/callback"))
    site.start()
    stuck, free = [site.browser() for _ in range(4)], site.browser()
    for browser in stuck:
        browser.sign_in("alice")
    free.base = other.origin
    site.clock.set(61 + 600 + 6)
    site.expect_log("TW0401")
    site.allow_log(DBD)
    with site.db.locked():
        for _ in range(5):                      # they wait for five seconds, which are soon over on a busy machine
            waiting = [threading.Thread(target=fast, args=(lambda b=b.clone(): b.get("/members/"),))
                       for b in stuck for _ in range(6)]
            for thread in waiting:
                thread.start()
            assert free.sign_in("bob").status == 200 and CANARY in free.get("/members/").text
            beside = any(thread.is_alive() for thread in waiting)
            for thread in waiting:
                thread.join()
            if beside:
                break
        assert beside
    site.clock.forward(2)
    assert process.until(lambda: stuck[0].get("/members/").status == 200)
    well.drop()


@pytest.fixture
def crowded(another):
    """SQLite, and four processes that write."""
    return another(mpm="event", mpm_config="StartServers 4\nServerLimit 4\nThreadsPerChild 16\n"
                     "MaxRequestWorkers 64\nMinSpareThreads 16\nMaxSpareThreads 64",
                     config="TwAuthProviderCalls 64")


@sqlite_only
def test_DB_3_sixteen_sign_in_while_another_program_writes(crowded, full):
    site, least, rounds = crowded, full(4, 100), 0
    people = [str(6000 + n) for n in range(16)]
    site.standin.people(**{f"user{n}": n for n in people})
    site.db.execute("CREATE TABLE other (n INTEGER)")
    mark, written, stop = site.log.mark(), [], threading.Event()

    def children():
        return set(re.findall(r"\[pid (\d+)[^\]]*\] .*TW0216", site.log.since(mark)))

    def writes():
        for n in itertools.takewhile(lambda _: not stop.is_set(), itertools.count()):
            site.db.execute("INSERT INTO other VALUES (?)", n)
            written.append(n)

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        while rounds < least or len(children()) < 2 and rounds < 10 * least:
            rounds += 1
            browsers = [site.browser() for _ in people]
            answers = together(*[lambda b=b, n=n: b.sign_in(n) for b, n in zip(browsers, people)])
            assert [a.status for a in answers] == [200] * 16
            assert [b.whoami()["id"] for b in browsers] == people
        assert process.until(lambda: len(written) > rounds)
    finally:
        stop.set()
        writer.join()
    assert len(children()) >= 2
    assert site.db.rows("SELECT a.twitter_id, count(*) FROM twauth_session s JOIN twauth_account a"
                        " ON a.id = s.account_id GROUP BY 1 ORDER BY 1") == [(n, min(rounds, 50)) for n in people]
    assert site.db.value("SELECT count(*) FROM other") == len(written)
