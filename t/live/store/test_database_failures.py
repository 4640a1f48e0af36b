# SPDX-License-Identifier: Apache-2.0
"""What a failure of the database is, and whose: a statement's is its visitor's, a connection's costs a retry.

The rows of one table (src/base/db_failure.c), each met with a real database.
"""

import contextlib
import itertools
import os
import re
import shutil
import sqlite3
import time

import pytest

from harness import process, refuse
from harness.checks import SANITIZED, SESSION, SLACK, together, user
from harness.httpd import ONE_CHILD
from harness.relay import Relay
from harness.site import CANARY

DBD = r"AH006(29|3\d)|AH02655"
IDLE = 12 * 3600                    # TwAuthSessionIdle; seen_at is written when it is older than a tenth

both = pytest.mark.databases("sqlite", "pgsql")
sqlite_only = pytest.mark.databases("sqlite")
pgsql_only = pytest.mark.databases("pgsql")
protocols = pytest.mark.protocols("oauth1", "oauth2")


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(clock=True, config="TwAuthSessionRecheck 0")
    site.clock.set(0)
    return site


@pytest.fixture
def another(make_site):
    """another(**parts): a site for one test, at the true time."""
    made = []

    def make(start=True, **parts):
        made.append(make_site(clock=True, start=False, **parts))
        made[-1].clock.set(0)
        return made[-1].start() if start else made[-1]

    yield make
    for site in made:
        site.stop()
        site.standin.reset()


@pytest.fixture
def narrow(make_site):
    """narrow(**parts): a site of one process for one test."""
    made = []

    def make(config="TwAuthSessionRecheck 0", **parts):
        config += "\nTwAuthProviderCalls 64"
        made.append(make_site(clock=True, mpm="event", config=config, cgi=False, **{"mpm_config": ONE_CHILD} | parts))
        made[-1].clock.set(0)
        return made[-1]

    yield make
    for site in made:
        site.stop()
        site.standin.reset()


def fresh(site, *names):
    """The site as if just started, with these people signed in."""
    site.restart()
    site.clock.forward(1)
    site.db.clear()
    browsers = []
    for name in names:
        browsers.append(site.browser())
        assert browsers[-1].sign_in(name).status == 200
    return browsers


def at_callback(site, *names):
    """(flow, URL that X sends the browser back with) of each."""
    flows = [site.browser().begin("/members/") for _ in names]
    return [(flow, flow.callback(name)) for flow, name in zip(flows, names)]


def timed(act):
    begin = time.monotonic()
    answer = act()
    return answer, time.monotonic() - begin


def connections(db):
    """How many connections the server has opened for this database."""
    return db.server.execute(f"SELECT sessions FROM pg_stat_database WHERE datname = '{db.name}'")[0][0][0]


def open_connections(db):
    """Those of httpd: the test's own is to another database."""
    return db.server.execute(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{db.name}'")[0][0][0]


# ---- a statement's own ------------------------------------------------------

@contextlib.contextmanager
def write_lock(site):
    """Somebody is writing: SQLite's one lock; PostgreSQL's on the tables, that lets others read."""
    if site.db.kind == "sqlite":
        with site.db.locked():
            yield
        return
    import psycopg2
    server = site.db.server
    with contextlib.closing(psycopg2.connect(host=str(server.folder), user=server.USER, dbname=site.db.name)) as db:
        db.cursor().execute("LOCK TABLE twauth_account, twauth_session IN EXCLUSIVE MODE")
        yield
        db.rollback()


@both
def test_A7_who_reads_does_not_suffer_from_a_lock(site):
    """seen_at is due and cannot be written: 60 requests at recheck 0 are served, one after the other and at once."""
    alice, bob = fresh(site, "alice", "bob")
    site.clock.forward(IDLE // 10 + 60)
    site.allow_log("TW0403")
    with write_lock(site):
        answers = together(*[lambda b=b.clone(): [b.get("/members/").status for _ in range(6)]
                             for b in (alice, bob) for _ in range(5)])
        assert sum(answers, []) == [200] * 60
        answer, took = timed(lambda: alice.get("/members/"))
        assert answer.status == 200 and took < SLACK
    assert "TW0401" not in site.log.since()


@both
def test_S6_a_lock_is_waited_for_about_two_seconds(another):
    """With what docs/set-up.md says."""
    site = another()
    if site.db.kind == "pgsql":
        site.httpd.main = site.httpd.main.replace("connect_timeout=3", "connect_timeout=3 options='-c lock_timeout=2000'")
    site.restart()
    (flow, url), (second, other) = at_callback(site, "alice", "bob")
    site.expect_log("TW0401", "TW0215")
    with write_lock(site):
        answer, took = timed(lambda: flow.arrive(url))
        assert answer.status == 503 and took < 2 + SLACK, f"{took:.1f} s"
        # while nothing can be written, what X gives is not used up
        before = site.standin.count()
        assert second.arrive(other).status == 503 and site.standin.count() == before
    assert second.arrive(other).status == 200


@sqlite_only
@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_A9_nothing_has_to_be_set_for_it(another, make_db, mode):
    """Without busy_timeout: sign-ins and sign-outs of many, around a graceful restart."""
    db = make_db()
    site = another(db=db, start=False, config="TwAuthProviderCalls 64")
    # a disk that is slow to write all that twelve have at once is no part of it
    site.httpd.main = re.sub(r"DBDInitSQL .*", 'DBDInitSQL "PRAGMA synchronous=OFF"', site.httpd.main)
    db.drop()
    with contextlib.closing(sqlite3.connect(db.file)) as one:
        one.execute(f"PRAGMA journal_mode={mode}")
    process.give(db.file.parent, "www-data")
    site.start()
    people = [site.browser() for _ in range(12)]
    assert together(*[lambda b=b: b.sign_in("alice").status for b in people]) == [200] * 12
    site.graceful()
    answers = together(*[lambda b=b: b.post("/twauth/logout", {"next": "/"}).status for b in people])
    assert answers == [303] * 12 and db.value("SELECT count(*) FROM twauth_session") == 0


#: Where neither has locked the other's row, the first waits for the second, each time; a sequence knows no transactions.
MEET = {"On": "$$ BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$",
        "Off": "$$ BEGIN IF nextval('came') <= 2 THEN FOR late IN 1..300 LOOP "
               "EXIT WHEN (SELECT last_value FROM came) >= 2; PERFORM pg_sleep(0.01); END LOOP; END IF; RETURN NULL; END $$"}


@protocols
@both
@pytest.mark.parametrize("signing_up", ["On", "Off"])
def test_S5_accounts_that_exchange_handles(another, signing_up):
    """ID-6: both sign in at the same moment, and each holds its own row for a while before it wants the other's."""
    site = another(config=f"TwAuthSignUp {signing_up}")
    for number in ("71", "72"):
        site.db.execute("INSERT INTO twauth_account (twitter_id) VALUES (?)", number)
    if site.db.kind == "pgsql":
        site.db.server.execute(f"ALTER DATABASE {site.db.name} SET deadlock_timeout = '200ms'")
        site.db.execute("CREATE SEQUENCE came")
        site.db.execute("CREATE FUNCTION a_while() RETURNS trigger LANGUAGE plpgsql AS " + MEET[signing_up])
        site.db.execute("CREATE TRIGGER a_while AFTER INSERT OR UPDATE OF screen_name ON twauth_account "
                        "FOR EACH ROW EXECUTE FUNCTION a_while()")
        mark = site.db.mark()
    for turn in range(3):
        names = ("left", "right") if turn % 2 else ("right", "left")
        site.standin.people(**dict(zip(names, ("71", "72"))))
        flows = at_callback(site, "71", "72")
        if site.db.kind == "pgsql":
            site.db.execute("ALTER SEQUENCE came RESTART")
        answers = together(*[lambda f=flow, u=url: f.arrive(u) for flow, url in flows])
        assert [a.status for a in answers] == [200, 200]
        assert dict(site.db.rows("SELECT twitter_id, screen_name FROM twauth_account")) == dict(zip(("71", "72"), names))
    if site.db.kind == "pgsql":
        # who signs up as well locks both rows in one order; the others are tried again
        assert ("deadlock detected" in site.db.server.log.since(mark)) == (signing_up == "Off")


@protocols
@pgsql_only
def test_X19_serializable(another):
    """Newcomers at once, and then somebody more than once."""
    site = another(config="TwAuthProviderCalls 64")
    site.db.server.execute(f"ALTER DATABASE {site.db.name} SET default_transaction_isolation = 'serializable'")
    site.restart()
    site.standin.people(**{f"user{n}": str(6000 + n) for n in range(6)})
    for people in (range(6), [0, 1, 2] * 2):
        flows = at_callback(site, *[str(6000 + n) for n in people])
        answers = together(*[lambda f=flow, u=url: f.arrive(u) for flow, url in flows])
        assert [a.status for a in answers] == [200] * len(flows)


@pgsql_only
def test_X8_a_sequence_that_is_behind(site):
    """A newcomer is refused, the log says what to run, and nobody else notices."""
    alice, = fresh(site, "alice")
    first = site.db.value("SELECT max(id) + 1 FROM twauth_account")
    site.db.execute(f"INSERT INTO twauth_account (id, twitter_id) SELECT n, n::text "
                    f"FROM generate_series({first}, {first + 40}) n")
    site.db.execute(f"ALTER TABLE twauth_account ALTER COLUMN id RESTART WITH {first}")
    site.expect_log(r"TW0215.*setval\(pg_get_serial_sequence")
    browser = site.browser()
    assert browser.sign_in("bob").status == 503 and SESSION not in browser.cookies
    assert CANARY in alice.get("/members/").text and site.browser().sign_in("alice").status == 200
    site.db.execute("SELECT setval(pg_get_serial_sequence('twauth_account', 'id'), (SELECT max(id) FROM twauth_account))")
    assert site.browser().sign_in("bob").status == 200


@both
def test_X8_a_check_of_the_administrators_own(site):
    alice, = fresh(site, "alice")
    rule = {"sqlite": "CREATE TRIGGER own BEFORE INSERT ON twauth_account WHEN NEW.screen_name = 'bob' "
                      "BEGIN SELECT RAISE(ABORT, 'timeout: locked, disk full'); END",
            "pgsql": "ALTER TABLE twauth_account ADD CONSTRAINT own CHECK (screen_name <> 'bob')"}
    site.db.execute(rule[site.db.kind])
    site.expect_log("TW0215")
    assert site.browser().sign_in("bob").status == 503
    assert CANARY in alice.get("/members/").text and site.browser().sign_in("carol").status == 200
    site.db.execute({"sqlite": "DROP TRIGGER own", "pgsql": "ALTER TABLE twauth_account DROP CONSTRAINT own"}[site.db.kind])
    assert "TW0401" not in site.log.since()


# ---- another language -------------------------------------------------------

#: Languages, and what their PostgreSQL says of an error.
LANGUAGES = {"de_DE": "FEHLER", "ru_RU": "ОШИБКА"}


@pytest.fixture(scope="module", params=LANGUAGES)
def foreign_site(request, postgres, make_site):
    """A site whose database speaks another language."""
    db = postgres.database()
    postgres.learn(request.param)
    postgres.execute(f"ALTER DATABASE {db.name} SET lc_messages = '{request.param}.UTF-8'")
    postgres.execute(f"ALTER DATABASE {db.name} SET lock_timeout = 2000")
    site = make_site(db=db, clock=True, mpm="event", mpm_config=ONE_CHILD, cgi=False, start=False,
                     config="TwAuthSessionRecheck 60\nTwAuthProviderCalls 64")
    site.wrong = LANGUAGES[request.param]
    site.clock.set(0)
    yield site.start()
    site.stop()


@pytest.fixture
def abroad(foreign_site):
    """That site as if just started; it has served alice."""
    site = foreign_site
    site.alice, = fresh(site, "alice")
    mark = site.db.mark()
    yield site
    assert site.wrong in site.db.server.log.since(mark), "it does not speak it"


@pgsql_only
def test_B1_G7_B16_read_only_in_another_language(abroad):
    abroad.db.server.execute(f"ALTER DATABASE {abroad.db.name} SET default_transaction_read_only = on")
    abroad.restart()
    abroad.clock.forward(IDLE // 10 + 60)
    abroad.expect_log(r"TW0403: twauth_session_seen failed.*25006.*read-only", r"TW0215.*read-only")
    for _ in range(3):
        assert CANARY in abroad.alice.get("/members/").text
        abroad.clock.forward(61)
    assert abroad.browser().sign_in("bob").status == 503
    abroad.clock.forward(61)
    assert CANARY in abroad.alice.get("/members/").text
    assert "TW0401" not in abroad.log.since()
    abroad.db.server.execute(f"ALTER DATABASE {abroad.db.name} RESET default_transaction_read_only")


@pgsql_only
def test_B1_G7_a_lock_in_another_language(abroad):
    import psycopg2
    server = abroad.db.server
    flow, url = at_callback(abroad, "alice")[0]
    abroad.expect_log("TW0401.*holds a lock", "TW0215.*holds a lock")
    with contextlib.closing(psycopg2.connect(host=str(server.folder), user=server.USER, dbname=abroad.db.name)) as db:
        db.cursor().execute("SELECT 1 FROM twauth_account FOR UPDATE")
        answer, took = timed(lambda: flow.arrive(url))
        assert answer.status == 503 and took < 2 + SLACK
        abroad.clock.forward(61)
        assert CANARY in abroad.alice.get("/members/").text
        db.rollback()


@pgsql_only
@pytest.mark.parametrize("sql, undo, advice", [
    ("ALTER TABLE twauth_session RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO twauth_session", "make the tables"),
    ("ALTER TABLE twauth_session RENAME address TO x", "ALTER TABLE twauth_session RENAME x TO address",
     "run `twauthctl tables`"),
    ("ALTER TABLE twauth_account RENAME token_kind TO x", "ALTER TABLE twauth_account RENAME x TO token_kind",
     "run `twauthctl tables`"),
])
def test_B1_G7_wrong_tables_in_another_language(abroad, sql, undo, advice):
    abroad.db.execute(sql)
    abroad.expect_log(f"TW0215.*{advice}")
    abroad.allow_log(f"TW0401.*{advice}", "TW0215: .*the database is away")
    assert abroad.browser().sign_in("bob").status == 503
    abroad.db.execute(undo)
    assert process.until(lambda: abroad.browser().sign_in("bob").status == 200)


@pgsql_only
def test_B1_G7_a_full_disk_in_another_language(abroad):
    """PostgreSQL's own words come from a catalogue; only the code is the same everywhere."""
    abroad.db.execute("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING "
                      "ERRCODE = '53100', MESSAGE = 'konnte Datei nicht erweitern'; END $$")
    abroad.db.execute("CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON twauth_session "
                      "FOR EACH ROW EXECUTE FUNCTION full_disk()")
    abroad.clock.forward(IDLE // 10 + 60)
    abroad.expect_log("TW0403.*make room where", "TW0215.*make room where")
    assert CANARY in abroad.alice.get("/members/").text
    assert abroad.browser().sign_in("bob").status == 503
    abroad.clock.forward(61)
    assert CANARY in abroad.alice.get("/members/").text
    with contextlib.closing(abroad.browser()) as browser:
        abroad.db.execute("DROP FUNCTION full_disk CASCADE")
        assert browser.sign_in("bob").status == 200


@pgsql_only
def test_X8_a_missing_right(site):
    """The server's user may read sessions and not write them."""
    alice, = fresh(site, "alice")
    server = site.db.server
    for sql in ("CREATE ROLE reader LOGIN", "GRANT SELECT ON twauth_account, twauth_session, twauth_username TO reader"):
        server.execute(sql, site.db.name)
    before = site.httpd.main
    site.httpd.main = before.replace(f"user={server.USER}", "user=reader")
    site.restart()
    site.clock.forward(IDLE // 10 + 60)
    site.expect_log("TW0401.*42501.*grant", "TW0403.*grant", "TW0215.*grant", "TW0582.*grant")
    assert CANARY in alice.get("/members/").text
    assert site.browser().sign_in("bob").status == 503
    assert [alice.get("/members/").status for _ in range(6)] == [200] * 6
    site.httpd.main = before
    site.restart()
    for sql in ("DROP OWNED BY reader", "DROP ROLE reader"):
        server.execute(sql, site.db.name)


# ---- nothing leaks ----------------------------------------------------------

@contextlib.contextmanager
def refusing_triggers(site):
    """Each write of a sign-in is refused as on a full disk."""
    if site.db.kind == "pgsql":
        site.db.execute("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING "
                        "ERRCODE = '53100', MESSAGE = 'full'; END $$")
        site.db.execute("CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON twauth_account "
                        "FOR EACH ROW EXECUTE FUNCTION full_disk()")
    yield
    if site.db.kind == "pgsql":
        site.db.execute("DROP FUNCTION full_disk CASCADE")


@contextlib.contextmanager
def full_disk(site):
    if site.db.kind == "pgsql":
        with refusing_triggers(site):
            yield
        return
    before = site.httpd.main
    limit = f"PRAGMA max_page_count={site.db.value('PRAGMA page_count')}; "
    site.httpd.main = before.replace("PRAGMA synchronous", limit + "PRAGMA synchronous")
    site.restart()
    # its pages are full of a table of somebody else's, which can be dropped
    site.db.execute("CREATE TABLE IF NOT EXISTS ballast (x)")
    yield
    site.httpd.main = before


@contextlib.contextmanager
def read_only(site):
    if site.db.kind == "pgsql":
        site.db.server.execute(f"ALTER DATABASE {site.db.name} SET default_transaction_read_only = on")
        site.restart()
        yield
        site.db.server.execute(f"ALTER DATABASE {site.db.name} RESET default_transaction_read_only")
        return
    before = site.httpd.main
    site.httpd.main = before.replace("PRAGMA synchronous", "PRAGMA query_only=1; PRAGMA synchronous")
    site.restart()
    yield
    site.httpd.main = before


@contextlib.contextmanager
def no_table(site):
    site.db.execute("ALTER TABLE twauth_username RENAME TO elsewhere")
    yield
    site.db.execute("ALTER TABLE elsewhere RENAME TO twauth_username")


@both
@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps what is freed")
@pytest.mark.parametrize("fault", [full_disk, read_only, no_table])
def test_A1_B2_a_failure_leaves_no_memory_behind(narrow, fault, full):
    # few threads: what each has once is no slope
    site = narrow(mpm_config=ONE_CHILD.replace("16", "4"))
    browser = site.browser()
    browser.sign_in("alice")
    site.expect_log("TW0215")
    site.allow_log("TW0401", "TW0403", DBD)
    names = {f"user{n}": str(7000 + n) for n in range(800)}
    site.standin.people(alice="1001", **names)
    with fault(site):
        numbers = itertools.cycle(names.values())
        site.clock.forward(IDLE // 10 + 60)     # seen_at is due at each request

        def sign_in():
            flow, url = at_callback(site, next(numbers))[0]
            return flow.arrive(url, follow=False).status

        def fail(count):
            for _ in range(count):
                assert browser.get("/members/").status in (200, 503)
            # where a new connection may help, sign-ins wait for one, a second each
            for _ in range(count // 2 if fault is not read_only else 0):
                assert sign_in() == 503
        while sign_in() != 503:                 # there is room in pages for some
            pass
        sign_in()
        fail(30)
        pid, = site.httpd.children()
        sizes, most, times = [process.anonymous(pid)], *full((50, 50), (100, 100))
        while len(sizes) < 16 and (len(sizes) < 2 or abs(sizes[-1] - sizes[-2]) > most):
            fail(times)                         # a thread's first memory, or the like, is a step and no slope
            sizes.append(process.anonymous(pid))
    assert sizes[-1] - sizes[-2] <= most, f"kB, after {times * 3 // 2} more each: {sizes}"
    site.stop()


@pgsql_only
def test_B5_a_read_only_database_is_left_in_peace(narrow):
    """A new connection might be better, once a second; what is only nice to have never asks for one."""
    site = narrow()
    people = [site.browser() for _ in range(20)]
    for browser in people:
        browser.sign_in("alice")
    with read_only(site):
        site.clock.forward(IDLE // 10 + 60)
        flows = at_callback(site, *["bob"] * 4)
        site.expect_log("TW0403", "TW0215.*read-only")
        alice = people[0]
        alice.get("/members/")
        before, begin = connections(site.db), time.monotonic()
        for _ in range(3):
            for browser in people:
                assert CANARY in browser.get("/members/").text
        answers = together(*[lambda f=flow, u=url: f.arrive(u) for flow, url in flows])
        assert [a.status for a in answers] == [503] * 4
        seconds = time.monotonic() - begin
        time.sleep(0.6)     # the server counts with a delay
        # four at once make three connections more than there were
        assert connections(site.db) - before <= seconds + 2 + 3
    site.restart()
    assert flows[0][0].arrive(flows[0][1]).status == 200


# ---- connections that end ---------------------------------------------------

@pytest.fixture
def relayed(postgres, folder, narrow):
    """A site of one process whose connections to PostgreSQL pass a relay: (site, relay)."""
    below = folder / "relayed"
    below.mkdir(mode=0o755)
    below.chmod(0o755)
    with Relay(str(postgres.folder / ".s.PGSQL.5432"), below=below) as relay:
        site = narrow()
        site.httpd.main = site.httpd.main.replace(f"host={postgres.folder} ", f"host={below} ")
        site.restart()
        yield site, relay
        site.stop()
    shutil.rmtree(below)


def told(site, relay):
    """With FIN, and with a message before it, as idle_session_timeout does."""
    site.db.server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{site.db.name}'")


def hung_up(site, relay):
    relay.hang_up()


def silent(site, relay):
    relay.silence()


def sign_in_together(site):
    """Four people, twice each."""
    flows = at_callback(site, *["alice", "bob", "carol", "dave"] * 2)
    return lambda: together(*[lambda f=f, u=u: f.arrive(u).status for f, u in flows])


@protocols
@pgsql_only
@pytest.mark.parametrize("end", [told, hung_up, silent])
def test_G5_connections_that_ended_while_idle(relayed, protocol, end, full):
    """All that there are, at once; each sign-in comes through, and the breaker stays closed. A connection that has been
    idle for two seconds is tried first."""
    site, relay = relayed
    assert sign_in_together(site)() == [200] * 8
    for rest in full([2.2 if (protocol == "oauth1") == (end is hung_up) else 0], [0, 2.2]):
        sign_in = sign_in_together(site)
        time.sleep(rest)
        end(site, relay)
        statuses, took = timed(sign_in)
        assert statuses == [200] * 8
        assert took < 8 + SLACK, f"{took:.1f} s"
    assert "TW0401" not in site.log.since()


@pgsql_only
def test_G5_idle_session_timeout(relayed):
    site, _ = relayed
    site.db.server.execute(f"ALTER DATABASE {site.db.name} SET idle_session_timeout = '200ms'")
    site.restart()
    for _ in range(3):
        flows = at_callback(site, "alice", "bob", "carol")
        assert process.until(lambda: not open_connections(site.db))
        assert together(*[lambda f=f, u=u: f.arrive(u).status for f, u in flows]) == [200] * 3
    assert "TW0401" not in site.log.since()


@protocols
@pgsql_only
def test_G5_what_x_gives_is_not_used_up_while_the_database_is_away(relayed):
    """Nobody knows of it yet."""
    site, relay = relayed
    flow, url = at_callback(site, "alice")[0]
    site.expect_log("TW0401", "TW0215")
    site.allow_log(DBD)
    with site.db.away():
        before = site.standin.count()
        assert flow.arrive(url).status == 503 and site.standin.count() == before
    assert process.until(lambda: flow.arrive(url).status == 200)


@pgsql_only
def test_B13_new_connections_are_set_up_as_the_first(narrow):
    site = narrow(start=False, main='DBDInitSQL "SET search_path = elsewhere"\nDBDInitSQL "SET lock_timeout = 1000"')
    for table in ("twauth_account", "twauth_session", "twauth_username", "twauth_schema"):
        site.db.execute("CREATE SCHEMA IF NOT EXISTS elsewhere")
        site.db.execute(f"ALTER TABLE {table} SET SCHEMA elsewhere")
    site.db.server.execute(f"ALTER DATABASE {site.db.name} SET search_path = elsewhere")    # of the tables' triggers
    site.start()
    assert site.browser().sign_in("alice").status == 200
    told(site, None)
    assert site.browser().sign_in("alice").status == 200


@pgsql_only
def test_no_room_for_another_connection(narrow):
    """53300 for those that would be new: who has one goes on, who waits gets one of them."""
    site = narrow()
    site.browser().sign_in("alice")
    server = site.db.server
    server.execute(f"ALTER DATABASE {site.db.name} CONNECTION LIMIT 2")
    server.execute("CREATE ROLE small LOGIN IN ROLE " + server.USER)
    site.httpd.main = site.httpd.main.replace(f"user={server.USER}", "user=small")
    server.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO small", site.db.name)
    site.restart()
    flows = at_callback(site, *["alice"] * 6)
    site.allow_log(DBD)
    assert together(*[lambda f=f, u=u: f.arrive(u).status for f, u in flows]) == [200] * 6
    site.stop()
    for sql in ("DROP OWNED BY small", "DROP ROLE small"):
        server.execute(sql, site.db.name)


# ---- SQLite's file replaced -------------------------------------------------

def restored(db, sql, how):
    """A file beside it that was made from it, and changed."""
    file = db.file.with_name("restored.db")
    if how == "backup":
        with contextlib.closing(sqlite3.connect(db.file)) as source, contextlib.closing(sqlite3.connect(file)) as target:
            source.backup(target)
    elif how == "vacuum":
        db.execute(f"VACUUM INTO '{file}'")
    with contextlib.closing(sqlite3.connect(file)) as target:
        target.execute(sql)
        target.commit()
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for end in ("-wal", "-shm"):
        file.with_name(file.name + end).unlink(missing_ok=True)
    process.give(db.file.parent, "www-data")
    return file


@protocols
@sqlite_only
@pytest.mark.parametrize("log", ["left", "removed"])
@pytest.mark.parametrize("how", ["backup", "vacuum"])
def test_G8_a_file_that_was_replaced(another, how, log):
    """Somebody who is disabled in the new file is out within the interval; the log says so once."""
    site = another(config="TwAuthSessionRecheck 60")
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice"), bob.sign_in("bob")
    for _ in range(6):                  # each child knows the old one, and its log is not empty
        site.browser().sign_in("carol")
    file = restored(site.db, "UPDATE twauth_account SET active = 0 WHERE username = 'bob'", how)
    site.browser().sign_in("dave")
    os.replace(file, site.db.file)
    if log == "removed":
        for end in ("-wal", "-shm"):
            site.db.file.with_name(site.db.file.name + end).unlink(missing_ok=True)
    site.clock.forward(61)
    site.expect_log("TW0404")
    for _ in range(4):
        assert user(bob.clone()) is None
        assert user(alice) == "alice"
        assert site.browser().sign_in("carol").status == 200
    with contextlib.closing(sqlite3.connect(site.db.file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("SELECT active FROM twauth_account WHERE username = 'bob'").fetchall() == [(0,)]
        assert db.execute("SELECT count(*) FROM twauth_account WHERE username = 'dave'").fetchall() == [(0,)]
    assert len(re.findall("TW0404", site.log.since())) == 1



@sqlite_only
def test_G8_a_file_that_is_gone(another):
    """What is deleted does not answer any more, and a file that is put there does."""
    site = another(config="TwAuthSessionRecheck 0\nTwAuthSessionGrace 0")
    alice = site.browser()
    alice.sign_in("alice")
    away = site.db.file.with_name("away.db")
    site.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    site.db.file.rename(away)
    site.expect_log("TW0401.*gone")
    site.allow_log("TW0404")
    assert alice.get("/members/").status == 503
    assert not site.db.file.exists()
    away.rename(site.db.file)
    assert process.until(lambda: alice.get("/members/").status == 200)


# ---- what the log says ------------------------------------------------------

@both
@pytest.mark.skipif(SANITIZED, reason="a sanitizer finds functions in its own way")
def test_a_driver_with_its_library_inside(make_site, db_kind, folder):
    """What the module would ask of the library itself is not to be found; people get in all the same."""
    hidden = {"sqlite": "sqlite3_file_control", "pgsql": "PQresetStart"}[db_kind]
    site = make_site(preload=refuse.library(folder / f"hidden-{db_kind}", hidden), start=False)
    site.expect_log("TW0405: functions of the library of DBDriver .* no limit of time")
    site.start()
    browser = site.browser()
    assert browser.sign_in("alice").status == 200 and user(browser) == "alice"


@both
def test_N3_each_reason_and_each_start_is_said(site):
    """The breaker is open all the time; no request succeeds in between."""
    fresh(site)
    columns = ("ALTER TABLE twauth_account RENAME COLUMN signed_in_at TO x",
               "ALTER TABLE twauth_account RENAME COLUMN x TO signed_in_at")
    site.expect_log("TW0401", "TW0215")
    site.allow_log(DBD)

    def lines():
        assert site.browser().sign_in("bob").status == 503
        site.clock.forward(2)       # the breaker lets one try again
        assert site.browser().sign_in("bob").status == 503
        return re.findall(r"TW0401: .*", site.log.since())

    with site.db.away():
        assert len(lines()) == 1
        site.graceful()
        assert len(lines()) == 2
    site.db.execute(columns[0])
    site.graceful()
    said = lines()
    assert len(said) == 3 and "signed_in_at" in said[2]
    site.db.execute(columns[1])
    site.restart()


# ---- rows that are still to be deleted --------------------------------------

@both
@protocols
@pytest.mark.parametrize("ended", [True, False])
def test_A8_who_was_ended_meanwhile_ends_nobody(another, ended):
    """A sign-out everywhere during an outage, by a session that the administrator then ended."""
    site = another(config="TwAuthSessionRecheck 60")
    thief, alice = site.browser(), site.browser()
    thief.sign_in("alice")
    first = site.db.value("SELECT id FROM twauth_session")
    alice.sign_in("alice")
    site.expect_log("TW0221")
    site.allow_log("TW0401", DBD)
    with site.db.away():
        thief.post("/twauth/logout", {"everywhere": "1", "next": "/"})
    if ended:
        site.db.execute("DELETE FROM twauth_session WHERE id = ?", first)
    site.clock.forward(2)           # the breaker lets one try again
    assert site.browser().sign_in("bob").status == 200
    site.clock.forward(61)
    assert user(alice) == ("alice" if ended else None)

