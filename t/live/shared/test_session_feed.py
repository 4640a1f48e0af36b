# SPDX-License-Identifier: Apache-2.0
"""What is ended or changed anywhere counts on every server within TwAuthSessionFeed, for one query a server."""

import concurrent.futures
import contextlib
import time

import pytest

from harness import process, tools
from harness.checks import user
from harness.database import kept_for
from harness.feed import FEED, BOUND, many, sweep, too_many, transaction
from harness.paths import TREE

pytestmark = pytest.mark.databases("sqlite", "pgsql")
FILES = {"sqlite": "sqlite3", "pgsql": "pgsql"}


@pytest.fixture(scope="module")
def three(make_site):
    return many(make_site, 3)


@pytest.fixture
def fresh(three):
    three[0].db.clear()
    return three


def at(site, browser):
    """The same browser, cookies and all, sent to this server."""
    browser.base = site.vhost.origin
    return browser


def signed_in(sites, name="alice"):
    """A browser that every server has seen."""
    browser = sites[0].browser()
    browser.sign_in(name)
    for site in sites:
        assert user(at(site, browser)) == name
    return browser


def session_of(db, name):
    return db.value("SELECT s.id FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id"
                    " WHERE a.username = ? ORDER BY s.created_at DESC LIMIT 1", name)


def account_of(db, name):
    return db.value("SELECT id FROM twauth_account WHERE username = ?", name)


def refused_in_time(site, browser):
    """Asked again and again: the last time that the copy was accepted is within the bound."""
    ended = accepted = time.time()
    while True:
        asked = time.time()
        if user(browser) is None:
            break
        accepted = asked
        assert asked - ended < BOUND
    return accepted - ended


# what is ended or changed, and by whom

def told(browser):
    answer = browser.get("/members/env.cgi")
    return answer.json().get("TWAUTH_SCREEN_NAME") if answer.status == 200 else None


@pytest.mark.parametrize("sql", [
    "DELETE FROM twauth_session WHERE account_id = {account}", "UPDATE twauth_account SET active = 0 WHERE id = {account}",
    "DELETE FROM twauth_account WHERE id = {account}", "UPDATE twauth_session SET expires_at = 1 WHERE account_id = {account}",
    "UPDATE twauth_account SET twitter_id = '777' WHERE id = {account}"],
    ids=["session deleted", "disabled", "account deleted", "session over", "another id"])
def test_ended_by_sql(fresh, sql):
    alice, bob = signed_in(fresh), signed_in(fresh, "bob")
    fresh[0].db.execute(sql.format(account=account_of(fresh[0].db, "alice")))
    for site in fresh:
        site.clock.forward(FEED)
        assert user(at(site, alice)) is None
        assert user(at(site, bob)) == "bob"


def test_signed_out_on_another_server(fresh):
    alice = signed_in(fresh)
    copies = [at(site, alice.clone()) for site in fresh]
    at(fresh[0], alice).sign_out()
    assert user(copies[0]) is None              # at once where it was done
    for site, copy in zip(fresh[1:], copies[1:]):
        refused_in_time(site, copy)


def test_disabled_and_enabled_again(fresh):
    db, alice = fresh[0].db, signed_in(fresh)
    db.execute("UPDATE twauth_account SET active = 0 WHERE username = 'alice'")
    fresh[1].clock.forward(FEED)
    assert user(at(fresh[1], alice)) is None
    db.execute("UPDATE twauth_account SET active = 1 WHERE username = 'alice'")
    fresh[1].clock.forward(60)
    assert user(at(fresh[1], alice)) == "alice"


def test_what_is_told_is_what_stands_there(fresh):
    alice = signed_in(fresh)
    fresh[0].db.execute("UPDATE twauth_account SET screen_name = 'Alison' WHERE username = 'alice'")
    for site in fresh:
        site.clock.forward(FEED)
        assert told(at(site, alice)) == "Alison"


def test_what_nobody_is_told_of_changes_nothing(fresh):
    db = fresh[0].db
    signed_in(fresh)
    newest = db.value("SELECT max(version) FROM twauth_change")
    db.execute("UPDATE twauth_account SET token = 'x', signed_in_at = 5")
    db.execute("UPDATE twauth_session SET seen_at = seen_at + 1, address = 'x'")
    db.execute("INSERT INTO twauth_account (twitter_id) VALUES ('4711')")
    db.execute("UPDATE twauth_account SET active = active, screen_name = screen_name")
    assert db.value("SELECT max(version) FROM twauth_change") == newest


def test_sessions_that_are_over_are_swept_without_a_word(fresh):
    db = fresh[0].db
    signed_in(fresh)
    newest = db.value("SELECT max(version) FROM twauth_change")
    for i in range(20):
        db.execute("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at) VALUES (?, ?, 1, 1, 2)",
                   f"old{i}", account_of(db, "alice"))
    signed_in(fresh, "bob"), signed_in(fresh, "carol")
    assert db.value("SELECT count(*) FROM twauth_session WHERE expires_at = 2") == 0
    assert db.value("SELECT max(version) FROM twauth_change") == newest


# what it costs

def once(tries):
    """Whether one of them asked about no session: a machine that stands still for longer than changes are waited for has
    each asked about by itself."""
    return any(not [s for s in asked if "twauth_session" in s.replace("twauth_session'::regclass", "")] for asked in tries)


@pytest.mark.databases("pgsql")
def test_one_query_an_interval_for_all(fresh):
    db, browsers = fresh[0].db, [signed_in(fresh, name) for name in ("alice", "bob", "carol", "dave")]
    for browser in browsers:                    # the servers have heard of the accounts, and asked about them
        for site in fresh:
            site.clock.forward(FEED)
            user(at(site, browser))

    def tries():
        for _ in range(5):
            mark, begun = db.mark(), time.monotonic()
            for _ in range(5):
                for site in fresh:
                    site.clock.forward(FEED)
                    for browser in browsers * 3:
                        assert user(at(site, browser))
            asked, own = db.statements(mark, feed=True), (time.monotonic() - begun) / FEED + 2
            # of 180 requests in 15 intervals, and in those that went by meanwhile at three servers
            assert 15 <= sum("FROM twauth_change" in s for s in asked) <= 15 + 3 * own
            yield asked

    assert once(tries())


def late(db, ask):
    """The answer to what is asked while the database stands still for longer than clocks differ by."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with db.locked():
            asked = pool.submit(ask)
            time.sleep(0.4)
        return asked.result()


@pytest.mark.databases("pgsql")
@pytest.mark.parametrize("idle", [0, 2.1], ids=["in use", "idle"])      # that one is tried, before it is asked
def test_a_slow_reading_asks_about_nobody(fresh, idle):
    """Neither the time since the request began nor that of the answer is taken for a clock that was set."""
    site, alice = fresh[0], signed_in(fresh)

    def tries():
        for _ in range(5):
            site.clock.forward(FEED)
            assert user(at(site, alice)) == "alice"
            time.sleep(idle)
            mark = site.db.mark()
            site.clock.forward(10)
            assert late(site.db, lambda: user(at(site, alice))) == "alice"
            site.clock.forward(FEED)
            assert user(at(site, alice)) == "alice"
            yield site.db.statements(mark)

    assert once(tries())


@pytest.mark.databases("pgsql")
def test_a_clock_that_is_set_back_is_told(make_site, make_db):
    """Until it is as late again, nobody can tell who was asked about before: all are, each time, and the log says why."""
    db = make_db()
    db.execute("CREATE SCHEMA odd; CREATE TABLE odd.ahead AS SELECT interval '10 min' AS by;"
               "CREATE FUNCTION odd.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
               " AS 'SELECT pg_catalog.clock_timestamp() + by FROM odd.ahead'")
    db.execute(f"ALTER DATABASE {db.name} SET search_path = odd, pg_catalog, public")
    [site] = many(make_site, 1, db=db)
    alice = signed_in([site])
    site.clock.forward(FEED)
    assert user(alice) == "alice"
    mark = site.log.mark()
    db.execute("UPDATE odd.ahead SET by = '0'")
    site.clock.forward(FEED)
    assert user(alice) == "alice"
    assert site.log.since(mark).count("TW0581: ") == 1 and "each time, until the database's clock is as late again" in site.log.since(mark)

    def asked_about():
        mark = db.mark()
        assert user(alice) == "alice"
        return db.statements(mark)

    assert asked_about() and asked_about()
    db.execute("UPDATE odd.ahead SET by = '11 min'")
    site.clock.forward(FEED)
    assert process.until(lambda: not asked_about())


# PostgreSQL's transactions

@pytest.mark.databases("pgsql")
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "SERIALIZABLE"])
def test_one_that_commits_late(fresh, full, isolation):
    """Its rows have earlier versions than those of a thousand that were read meanwhile."""
    db, alice, bob = fresh[0].db, signed_in(fresh), signed_in(fresh, "bob")
    with transaction(db, isolation) as run:
        run("DELETE FROM twauth_session WHERE id = %s", [session_of(db, "alice")])
        for i in range(full(30, 1000)):
            db.execute("INSERT INTO twauth_change (session_id) VALUES (?)", f"another{i}")
            if i % 10 == 0:
                for site in fresh:
                    site.clock.forward(FEED)
                    assert user(at(site, alice)) == "alice"
        db.execute("DELETE FROM twauth_session WHERE id = ?", session_of(db, "bob"))
        for site in fresh:                      # others need not wait for it
            site.clock.forward(FEED)
            assert user(at(site, bob)) is None
    for site in fresh:
        site.clock.forward(FEED)
        assert user(at(site, alice)) is None


@pytest.mark.databases("pgsql")
def test_a_hundred_that_are_open(fresh):
    """More than are remembered one by one."""
    db, alice = fresh[0].db, signed_in(fresh)
    with contextlib.ExitStack() as stack:
        for i in range(50):
            stack.enter_context(transaction(db))("INSERT INTO twauth_change (session_id) VALUES (%s)", [f"x{i}"])
        with transaction(db) as run:
            run("DELETE FROM twauth_session WHERE id = %s", [session_of(db, "alice")])
            for i in range(50):
                stack.enter_context(transaction(db))("INSERT INTO twauth_change (session_id) VALUES (%s)", [f"y{i}"])
            for site in fresh:
                site.clock.forward(FEED)
                assert user(at(site, alice)) == "alice"
        for site in fresh:
            site.clock.forward(FEED)
            assert user(at(site, alice)) is None


@pytest.mark.databases("pgsql")
def test_one_that_is_open_for_longer_than_rows_are_kept(make_site, make_db, db_kind):
    """Its rows are old when they come, and stay until each server had its time to read them."""
    keep = 2
    site, = many(make_site, 1, db=make_db(schema=kept_for(db_kind, keep)))
    db, alice = site.db, signed_in([site])
    with transaction(db) as run:
        run("DELETE FROM twauth_session WHERE id = %s", [session_of(db, "alice")])
        run("INSERT INTO twauth_change (session_id) VALUES ('the newest of those that are old')")
        begun = time.time()
        process.until(lambda: time.time() > begun + keep + 2)
        sweep(db)                               # what the server reads now is new
        site.clock.forward(FEED)
        assert user(alice) == "alice"
        mark = site.log.mark()
    sweep(db)
    site.clock.forward(FEED)
    assert user(alice) is None
    assert "TW0581" not in site.log.since(mark)
    begun = time.time()
    process.until(lambda: time.time() > begun + keep + 2)
    sweep(db), sweep(db)                        # by then it was there for long enough
    assert db.rows("SELECT version FROM twauth_change WHERE changed_at < ?", int(begun) - 2) == []


@pytest.mark.databases("pgsql")
@pytest.mark.parametrize("offsets", [(100, 0, -100), (-100, 100, 0)])
def test_clocks_that_differ(make_site, offsets):
    """A copy from a server that is ahead never looks newer than a change that came after it."""
    sites = many(make_site, 3, clocks=offsets)
    db, browsers = sites[0].db, []
    for site in sites:
        browser = site.browser()
        browser.sign_in("alice")
        assert user(browser) == "alice"
        browsers.append(browser)
    db.execute("UPDATE twauth_account SET active = 0 WHERE username = 'alice'")
    for later in (FEED, 60, 120):
        for site in sites:
            site.clock.forward(later)
            for browser in browsers:
                assert user(at(site, browser.clone())) is None
    for site in sites:
        site.stop()


# where something may have been missed

def missed(sites, why):
    return all(why in site.log.since() for site in sites)


def emptied(db):
    db.execute("DELETE FROM twauth_change")


def made_anew(db):
    if db.kind == "pgsql":
        db.execute("DROP TABLE twauth_change")
        tools.script(db, TREE / "sql/pgsql-6.sql")
    else:
        db.execute("DELETE FROM twauth_change WHERE version = (SELECT max(version) FROM twauth_change)")
        db.execute("CREATE TABLE another (column_of_another)")
        db.execute("DROP TABLE another")


@pytest.mark.parametrize("what, why", [(emptied, "not there any more"), (too_many, "too many"),
                                       (made_anew, "other ones now")])
def test_each_session_is_asked_about_once(fresh, what, why):
    db, alice, bob = fresh[0].db, signed_in(fresh), signed_in(fresh, "bob")
    for site in fresh:
        site.clock.forward(FEED)
        assert user(at(site, bob)) == "bob"
    db.execute("DELETE FROM twauth_session WHERE id = ?", session_of(db, "alice"))
    what(db)
    for site in fresh:
        for _ in range(3):
            site.clock.forward(FEED)
            assert user(at(site, alice)) is None
            assert user(at(site, bob)) == "bob"
    assert missed(fresh, why)


@contextlib.contextmanager
def undeletable(db):
    """No session can be deleted meanwhile."""
    if db.kind == "pgsql":
        db.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$")
    db.execute("CREATE TRIGGER refuse BEFORE DELETE ON twauth_session " + (
        "FOR EACH ROW EXECUTE FUNCTION refuse()" if db.kind == "pgsql" else "BEGIN SELECT RAISE(ABORT, 'no'); END"))
    try:
        yield
    finally:
        db.execute("DROP TRIGGER refuse" + (" ON twauth_session" if db.kind == "pgsql" else ""))
        if db.kind == "pgsql":
            db.execute("DROP FUNCTION refuse")


@pytest.mark.parametrize("how, left", [(contextlib.nullcontext, 0), (undeletable, 1)])
def test_what_the_database_has_forgotten_is_ended_again(fresh, how, left):
    """It is older than it was, and has the row of a session that was signed out since."""
    db, alice = fresh[0].db, signed_in(fresh)
    row = db.row("SELECT * FROM twauth_session")
    for site in fresh:                          # from here on they miss nothing
        site.clock.forward(FEED)
        assert user(at(site, alice)) == "alice"
    at(fresh[0], alice).sign_out()
    bob = signed_in(fresh, "bob")
    for site in fresh:
        site.clock.forward(FEED)
        assert user(at(site, bob)) == "bob"
    db.execute(f"INSERT INTO twauth_session ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", *row.values())
    emptied(db)
    if left:
        fresh[1].expect_log("TW0592")
    with how(db):
        fresh[1].clock.forward(FEED)            # it had heard of it
        assert user(at(fresh[1], bob)) == "bob"
    def is_there():
        return db.value("SELECT count(*) FROM twauth_session WHERE id = ?", row["id"])

    assert is_there() == left
    if left:                                    # in a minute, or where a reading's turn passed by the one after
        for _ in range(3):
            fresh[1].clock.forward(61)
            assert user(at(fresh[1], bob)) == "bob"
        assert is_there() == 0
    assert "TW0591" in fresh[1].log.since()


@pytest.mark.databases("pgsql")
def test_a_table_that_is_truncated(fresh):
    alice = signed_in(fresh)
    fresh[0].db.execute("TRUNCATE twauth_session")
    for site in fresh:
        site.clock.forward(FEED)
        assert user(at(site, alice)) is None
    assert missed(fresh, "emptied")


def test_an_hour_of_rows_is_kept(fresh):
    """A server that was away for less goes on where it was; and what it read last stays, however old."""
    db, alice = fresh[0].db, signed_in(fresh)
    for i in range(30):
        db.execute("INSERT INTO twauth_change (session_id, changed_at) VALUES (?, 1700000000)", f"old{i}")
    last = db.value("SELECT max(version) FROM twauth_change")
    for site in fresh:
        site.clock.forward(FEED)
        assert user(at(site, alice)) == "alice"
    mark = fresh[0].log.mark()
    for i in range(40):
        db.execute("INSERT INTO twauth_change (session_id) VALUES (?)", f"another{i}")
    assert db.rows("SELECT version FROM twauth_change WHERE changed_at = 1700000000") == [(last,)]
    db.execute("DELETE FROM twauth_session")
    fresh[0].clock.forward(FEED)
    assert user(at(fresh[0], alice)) is None
    assert "TW0581" not in fresh[0].log.since(mark)


def test_tables_of_before(make_site, make_db, db_kind):
    """Without twauth_change each session asks by itself, once a minute; with it, within a minute, nobody has to."""
    schema = (TREE / f"sql/{FILES[db_kind]}.sql").read_text()
    begin = schema.index("-- What ends sessions, or makes")
    site = make_site(clock=True, db=make_db(schema=schema[:begin] + ("COMMIT;" if db_kind == "pgsql" else "")))
    site.allow_log("TW0520")
    site.clock.set(0)
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice"), bob.sign_in("bob")
    site.clock.forward(30)
    assert user(alice) == "alice" and user(bob) == "bob"
    assert site.log.since().count("TW0580") == 1
    site.db.execute("DELETE FROM twauth_session WHERE id = ?", session_of(site.db, "alice"))
    site.clock.forward(15)
    assert user(alice) == "alice"
    site.clock.forward(20)
    assert user(alice) is None and user(bob) == "bob"
    tools.script(site.db, TREE / f"sql/{FILES[db_kind]}-6.sql")
    site.clock.forward(61)
    assert user(bob) == "bob"
    site.db.execute("DELETE FROM twauth_session")
    site.clock.forward(2)
    assert user(bob) is None
    assert site.log.since().count("TW0580") == 1
