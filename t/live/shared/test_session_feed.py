# SPDX-License-Identifier: Apache-2.0
"""What is ended or changed anywhere counts on every server within TwAuthSessionFeed, for one query a server."""

import contextlib
import http.client
import random
import signal
import threading
import time

import pytest

from harness import janitor, tools
from harness.checks import user
from harness.paths import TREE
from harness.standin import USERS

pytestmark = pytest.mark.databases("sqlite", "pgsql")
DBD = r"AH006(29|3\d)|AH02655"
FEED = 1
#: No copy is accepted later than this after the end of its session: the interval and a second.
BOUND = FEED + 1
CONFIG = f"TwAuthRealm feed.test\nTwAuthSessionFeed {FEED}s\nTwAuthProfile Off\nTwAuthSessionsPerAccount 1000"
FILES = {"sqlite": "sqlite3", "pgsql": "pgsql"}


def many(make_site, size, config=CONFIG, clocks=(0, 0, 0), **parts):
    """Servers with one key and database."""
    sites = []
    for _ in range(size):
        db = {"db": sites[0].db} if sites else {}
        site = make_site(scheme="http", clock=True, config=config, start=False, **db, **parts)
        site.vhost.config = site.vhost.config.replace(str(site.key), str((sites or [site])[0].key))
        sites.append(site)
    for site, offset in zip(sites, clocks):
        site.clock.set(offset)
        site.start()
    return sites


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

@pytest.mark.databases("pgsql")
def test_one_query_an_interval_for_all(fresh):
    db, browsers = fresh[0].db, [signed_in(fresh, name) for name in ("alice", "bob", "carol", "dave")]
    for browser in browsers:                    # the servers have heard of the accounts, and asked about them
        for site in fresh:
            site.clock.forward(FEED)
            user(at(site, browser))
    mark, begun = db.mark(), time.monotonic()
    for _ in range(5):
        for site in fresh:
            site.clock.forward(FEED)
            for browser in browsers * 3:
                assert user(at(site, browser))
    asked, own = db.statements(mark, feed=True), (time.monotonic() - begun) / FEED + 2
    assert not [s for s in asked if "twauth_session" in s.replace("twauth_session'::regclass", "")]
    # of 180 requests in 15 intervals, and in those that went by meanwhile at three servers
    assert 15 <= sum("FROM twauth_change" in s for s in asked) <= 15 + 3 * own


# PostgreSQL's transactions

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


def too_many(db):
    numbers = ("generate_series(1, 5000) AS n" if db.kind == "pgsql" else
               "(WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 5000) SELECT n FROM i) AS n")
    db.execute(f"INSERT INTO twauth_change (session_id) SELECT 'many' FROM {numbers}")


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
    site.clock.forward(25)
    assert user(alice) == "alice"
    site.clock.forward(10)
    assert user(alice) is None and user(bob) == "bob"
    tools.script(site.db, TREE / f"sql/{FILES[db_kind]}-6.sql")
    site.clock.forward(61)
    assert user(bob) == "bob"
    site.db.execute("DELETE FROM twauth_session")
    site.clock.forward(2)
    assert user(bob) is None
    assert site.log.since().count("TW0580") == 1


# a model

class Session:
    """`ended`: since when nobody must get in with it; None: it goes on. `maybe`: a transaction has ended it, perhaps."""

    def __init__(self, name, id, copy):
        self.name, self.id, self.copies = name, id, [copy]
        self.ended, self.maybe = None, False


class Model:
    """Random operations on the servers and the database, and beside them a client of each server that asks with any copy.

    What the oracle knows of a session is looked up before a request is sent, and so is the time: however slow the
    machine is, a server that accepts a copy knows all that was committed up to BOUND before that.
    """

    def __init__(self, sites, seed):
        self.sites, self.db = sites, sites[0].db
        self.random = random.Random(seed)
        self.sessions, self.disabled, self.open = [], {}, []
        self.trouble = 0                        # until then copies may pass by the grace, or nobody
        self.asked = self.accepted = self.refused = 0
        self.wrong, self.over = [], threading.Event()
        self.names = [f"user{i}" for i in range(12)]
        self.numbers = {name: str(5000 + i) for i, name in enumerate(self.names)}
        sites[0].standin.people(**USERS, **self.numbers)

    # the clients

    def ask(self, connection, cookie):
        connection.request("GET", "/members/", headers={"Cookie": f"twauth={cookie}", "Sec-Fetch-Mode": "cors"})
        answer = connection.getresponse()
        answer.read()
        fresh = [v.split(";")[0].removeprefix("twauth=") for n, v in answer.getheaders()
                 if n.lower() == "set-cookie" and v.startswith("twauth=")]
        return answer.status, fresh[0] if fresh else None

    def client(self, site, seed):
        chance = random.Random(seed)
        connection = None
        while not self.over.is_set():
            if not self.sessions:
                continue
            session = chance.choice(self.sessions[-60:])
            copy = chance.choice(session.copies)
            ended, disabled, maybe = session.ended, self.disabled.get(session.name), session.maybe
            asked = time.time()
            try:
                if not connection:
                    connection = http.client.HTTPConnection("127.0.0.1", site.vhost.port, timeout=30)
                status, renewed = self.ask(connection, copy)
            except (OSError, http.client.HTTPException):
                connection = None
                continue
            self.asked += 1
            if status == 200:
                self.accepted += 1
                since = min(t for t in (ended, disabled, asked) if t)
                if asked - since >= BOUND and asked > self.trouble:
                    self.wrong.append(f"accepted {asked - since:.2f} s after its end: {session.name}")
                if renewed:
                    session.copies = [*session.copies[-4:], renewed]
            elif status == 401:
                self.refused += 1
                if not (ended or disabled or maybe or session.ended or session.maybe
                        or session.name in self.disabled or time.time() - self.enabled.get(session.name, 0) < 10):
                    self.wrong.append(f"refused, and it goes on: {session.name}")
            elif asked > self.trouble:
                self.wrong.append(f"{status}")

    # operations

    enabled = {}

    def going_on(self):
        return [s for s in self.sessions if not s.ended and not s.maybe]

    def sign_in(self):
        names = [n for n in self.names if n not in self.disabled]
        if not names:
            return
        name, site = self.random.choice(names), self.random.choice(self.sites)
        browser = site.browser()
        answer = browser.sign_in(self.numbers[name], next="/members/")
        if answer.status == 200:
            known = {s.id for s in self.sessions}
            new = [row[0] for row in self.db.rows(
                "SELECT s.id FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id WHERE a.username = ?", name)
                if row[0] not in known]
            self.sessions.append(Session(name, new[0], browser.cookies["twauth"]))
        else:
            assert time.time() < self.trouble, answer

    def sign_out(self):
        for session in self.random.sample(self.going_on(), min(1, len(self.going_on()))):
            site = self.random.choice(self.sites)
            browser = site.browser()
            browser.cookies.add("twauth", session.copies[-1], "127.0.0.1")
            session.maybe = True
            answer = browser.sign_out()
            assert answer.status == 303 or time.time() < self.trouble, answer
            if "done=here" not in (answer.location or ""):
                session.ended = time.time()

    def end_by_sql(self):
        chosen = self.random.sample(self.going_on(), min(2, len(self.going_on())))
        for session in chosen:
            session.maybe = True
        isolation = self.random.choice([None, "SERIALIZABLE"])
        with transaction(self.db, isolation) as run:
            for session in chosen:
                run("DELETE FROM twauth_session WHERE id = '%s'" % session.id)
        for session in chosen:
            session.ended = time.time()

    def begin(self):
        """A transaction that stays open for a while."""
        going_on = self.going_on()
        if self.db.kind != "pgsql" or len(self.open) > 4 or not going_on:
            return
        session = self.random.choice(going_on)
        session.maybe = True
        kept = transaction(self.db, self.random.choice([None, "SERIALIZABLE"]))
        kept.__enter__()("DELETE FROM twauth_session WHERE id = '%s'" % session.id)
        self.open.append((kept, session))

    def commit(self):
        for kept, session in self.open[:1]:
            self.open.remove((kept, session))
            kept.__exit__(None, None, None)
            session.ended = time.time()

    def disable(self):
        name = self.random.choice(self.names)
        if len(self.disabled) < 3 and name not in self.disabled:
            self.db.execute("UPDATE twauth_account SET active = 0 WHERE username = ?", name)
            self.disabled[name] = time.time()

    def enable(self):
        for name in list(self.disabled)[:1]:
            self.enabled[name] = time.time() + 3600
            del self.disabled[name]
            self.db.execute("UPDATE twauth_account SET active = 1 WHERE username = ?", name)
            self.enabled[name] = time.time()

    def rename(self):
        self.db.execute("UPDATE twauth_account SET screen_name = ? WHERE username = ?",
                        f"n{self.random.randrange(10**9)}", self.random.choice(self.names))

    def pause(self):
        time.sleep(self.random.choice([0, 0.01, 0.1]))

    def empty(self):
        while self.open:                        # their rows are locked
            self.commit()
        self.db.execute("DELETE FROM twauth_change")

    def flood(self):
        too_many(self.db)

    def graceful(self):
        self.random.choice(self.sites).graceful()

    def restart(self):
        self.random.choice(self.sites).restart()

    def stand_still(self):
        """A server is stopped in the middle of anything, and goes on."""
        site = self.random.choice(self.sites)
        everybody = janitor.members(site.httpd.pid)
        for pid in everybody:
            janitor.send(pid, signal.SIGSTOP)
        try:
            self.end_by_sql()
            time.sleep(BOUND + 0.5)
        finally:
            for pid in everybody:
                janitor.send(pid, signal.SIGCONT)

    def restart_database(self):
        if self.db.kind == "pgsql":
            while self.open:
                self.commit()
            self.trouble = time.time() + 3600
            self.db.server.restart()
            self.trouble = time.time() + BOUND + 3

    OFTEN = ("sign_in", "sign_in", "sign_in", "sign_out", "end_by_sql", "begin", "commit", "disable", "enable", "rename",
             "pause", "pause")
    SELDOM = ("empty", "flood", "graceful", "restart", "stand_still", "restart_database")

    def run(self, steps, rare):
        clients = [threading.Thread(target=self.client, args=(site, i)) for i, site in enumerate(self.sites)]
        for client in clients:
            client.start()
        try:
            for step in range(steps):
                often = step % rare or not step
                getattr(self, self.OFTEN[self.random.randrange(len(self.OFTEN))] if often else
                        self.SELDOM[step // rare % len(self.SELDOM)])()
                if self.wrong:
                    break
            while self.open:
                self.commit()
            time.sleep(BOUND + 0.5)
        finally:
            self.over.set()
            for client in clients:
                client.join()


@pytest.mark.parametrize("seed", [1])
def test_model(three, full, seed):
    """No copy is accepted more than the interval and a second after the end of its session; and none is refused before."""
    for site in three:
        site.clock.set(0)
        site.allow_log(DBD, "TW0401", "TW0403", "TW0304", "TW0221", "TW0215", "AH00045", "AH00046")
    three[0].db.clear()
    model = Model(three, seed)
    model.run(full(240, 20000), full(35, 150))
    print(f"{model.asked} requests, {model.accepted} accepted, {model.refused} refused")
    assert not model.wrong
    assert model.accepted > 50 and model.refused > 10
