# SPDX-License-Identifier: Apache-2.0
"""No copy is accepted more than the interval and a second after the end of its session, whatever happens to servers and database.

Random operations on three servers and one database, and beside them a client of each server that asks with any copy. An
oracle knows since when nobody must get in.
"""

import contextlib
import http.client
import random
import threading
import time
from collections import Counter, deque

import pytest

from harness import process, tools
from harness.browser import BROKEN
from harness.database import kept_for
from harness.feed import BOUND, commits, many, sweep, too_many, transaction
from harness.standin import USERS

pytestmark = pytest.mark.databases("sqlite", "pgsql")

DBD = r"AH006(29|3\d)|AH02655"
#: Seconds that rows of changes are kept here, instead of an hour.
KEPT = 10
TABLES = ("twauth_session", "twauth_account", "twauth_change")
AHEAD = (100, 0, -100)
ISOLATION = (None, "REPEATABLE READ", "SERIALIZABLE")


class Session:
    """`ended`: since when nobody must get in with it; None: it goes on. `maybe`: it has ended, perhaps."""

    def __init__(self, name, id, copy):
        self.name, self.id, self.copies = name, id, [copy]
        self.ended, self.maybe = None, False


class Model:
    """What the oracle knows of a session is looked up before a request is sent, and so is the time: however slow the machine
    is, a server that accepts a copy knows all that was committed up to BOUND before that.

    late: seconds that a transaction is held open while so many others commit, `others`.
    """

    def __init__(self, sites, seed, late, others):
        self.sites, self.db = sites, sites[0].db
        self.late, self.others = late, others
        self.random = random.Random(seed)
        self.sessions, self.disabled, self.enabled = [], {}, {}
        self.open = []                          # transactions: (context, session, not to be committed before)
        self.trouble = 0                        # what was asked before may pass by the grace, or fail
        self.asked = self.accepted = self.refused = 0
        self.wrong, self.over = [], threading.Event()
        self.done, self.last = Counter(), deque(maxlen=30)
        self.backup = None
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
        while not self.over.wait(0.003):
            if not self.sessions:
                continue
            session = chance.choice(self.sessions[-60:])
            copy = chance.choice(session.copies)
            ended, disabled, maybe = session.ended, self.disabled.get(session.name), session.maybe
            asked = time.time()
            try:
                if not connection:
                    connection = http.client.HTTPConnection("127.0.0.1", site.vhost.port, timeout=60)
                status, renewed = self.ask(connection, copy)
            except BROKEN:
                connection = None
                continue
            self.asked += 1
            if status == 200:
                self.accepted += 1
                if renewed:
                    session.copies = [*session.copies[-4:], renewed]
                since = min(t for t in (ended, disabled, asked) if t)
                if asked - since < BOUND or asked < self.trouble or (disabled and asked < self.enabled.get(session.name, 0)):
                    continue
                self.wrong.append(f"accepted {asked - since:.2f} s after its end, by {site.folder.name}: {session.name} "
                                  f"{session.id} asked at {asked:.2f}")
            elif status == 401:
                self.refused += 1
                if not (ended or disabled or maybe or session.ended or session.maybe or session.name in self.disabled
                        or asked < max(self.trouble, self.enabled.get(session.name, 0) + 10)):
                    self.wrong.append(f"refused by {site.folder.name}, and it goes on: {session.name} {session.id} "
                                      f"asked at {asked:.2f}")
            elif asked > self.trouble:
                self.wrong.append(f"{status} of {site.folder.name}, asked at {asked:.2f}")

    # what the oracle knows

    def going_on(self):
        return [s for s in self.sessions[-200:] if not s.ended and not s.maybe]

    def ids(self, name):
        return {row[0] for row in self.db.rows(
            "SELECT s.id FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id WHERE a.username = ?", name)}

    def sign_in_at(self, site, name):
        before = self.ids(name)
        browser = site.browser()
        answer = browser.sign_in(self.numbers[name], next="/members/")
        browser.close()
        assert answer.status == 200, answer
        new = self.ids(name) - before
        if len(new) == 1:
            self.sessions.append(Session(name, new.pop(), browser.cookies["twauth"]))

    @contextlib.contextmanager
    def troubled(self):
        """What is asked now may fail; afterwards every server has its database again."""
        self.trouble = time.time() + 10**6
        yield
        name = next(n for n in self.names if n not in self.disabled)
        for site in self.sites:
            def works():
                with contextlib.suppress(AssertionError):
                    self.sign_in_at(site, name)
                    return True
            assert process.until(works, every=0.2)
        self.trouble = time.time() + BOUND      # another second goes by until one asks again

    # what happens often

    def sign_in(self):
        names = [n for n in self.names if n not in self.disabled]
        self.sign_in_at(self.random.choice(self.sites), self.random.choice(names))

    def sign_out(self):
        for session in self.random.sample(self.going_on(), min(1, len(self.going_on()))):
            browser = self.random.choice(self.sites).browser()
            browser.cookies.add("twauth", session.copies[-1], "127.0.0.1")
            session.maybe = True
            answer = browser.sign_out()
            browser.close()
            assert answer.status == 303 or time.time() < self.trouble, answer
            # whoever is disabled has no session to be signed out of, and has it again when that is over
            if "done=1" in (answer.location or ""):
                session.ended = time.time()

    def end_by_sql(self):
        chosen = self.random.sample(self.going_on(), min(2, len(self.going_on())))
        for session in chosen:
            session.maybe = True
        if not self.unless_serialized(self._delete, chosen, self.random.choice(ISOLATION)):
            return
        for session in chosen:
            session.ended = time.time()

    def _delete(self, chosen, isolation):
        with transaction(self.db, isolation) as run:
            for session in chosen:
                run("DELETE FROM twauth_session WHERE id = '%s'" % session.id)

    def unless_serialized(self, what, *arguments):
        """Whether it was done; PostgreSQL may ask for another try."""
        try:
            what(*arguments)
        except Exception as failure:
            if getattr(failure, "pgcode", None) not in ("40001", "40P01"):
                raise
            return False
        return True

    def begin(self, seconds=0):
        """A transaction that stays open for a while."""
        going_on = self.going_on()
        if self.db.kind != "pgsql" or len(self.open) > 4 or not going_on:
            return
        session = self.random.choice(going_on)
        session.maybe = True
        kept = transaction(self.db, self.random.choice(ISOLATION))
        run = kept.__enter__()
        if self.unless_serialized(run, "DELETE FROM twauth_session WHERE id = '%s'" % session.id):
            self.open.append((kept, session, time.time() + seconds))
        else:
            kept.__exit__(None, None, None)     # what is committed of it is nothing

    def commit(self, all=False):
        for kept in [k for k in self.open if all or k[2] < time.time()][:None if all else 1]:
            self.open.remove(kept)
            context, session, _ = kept
            if self.unless_serialized(context.__exit__, None, None, None):
                session.ended = time.time()

    def disable(self):
        name = self.random.choice(self.names)
        if len(self.disabled) < 3 and name not in self.disabled:
            self.enabled[name] = time.time() + 10**6        # or not any more
            self.db.execute("UPDATE twauth_account SET active = 0 WHERE username = ?", name)
            self.disabled[name] = self.enabled[name] = time.time()

    def enable(self):
        for name in list(self.disabled)[:1]:
            self.enabled[name] = time.time() + 10**6
            del self.disabled[name]
            self.db.execute("UPDATE twauth_account SET active = 1 WHERE username = ?", name)
            self.enabled[name] = time.time()

    def rename(self):
        self.db.execute("UPDATE twauth_account SET screen_name = ? WHERE username = ?",
                        f"n{self.random.randrange(10**9)}", self.random.choice(self.names))

    def pause(self):
        time.sleep(self.random.choice([0, 0.01, 0.1]))

    # what happens now and then

    def empty(self):
        self.commit(all=True)                   # their rows are locked
        self.db.execute(self.random.choice(["DELETE FROM twauth_change", "TRUNCATE twauth_change"])
                        if self.db.kind == "pgsql" else "DELETE FROM twauth_change")

    def flood(self):
        too_many(self.db)

    def graceful(self):
        self.random.choice(self.sites).graceful()

    def restart(self):
        self.random.choice(self.sites).restart()

    def stand_still(self):
        with self.random.choice(self.sites).httpd.paused():
            self.end_by_sql()
            time.sleep(BOUND + 0.5)

    def stand_still_for_long(self):
        """Longer than rows are kept: those that came meanwhile are gone when the server goes on."""
        with self.random.choice(self.sites).httpd.paused():
            self.commit(all=True)
            self.end_by_sql()
            ended = time.time()
            process.until(lambda: time.time() > ended + KEPT + 2, every=0.1)
            process.until(lambda: self._sweep_before(ended), every=0.1)

    def _sweep_before(self, when):
        sweep(self.db)
        return self.db.value("SELECT count(*) FROM twauth_change WHERE changed_at < ?", int(when) + 1) < 2

    def commit_late(self):
        """Held open while a great many others commit."""
        self.begin(self.late)
        names = self.random.choices(self.names, k=self.others)
        commits(self.db, [f"UPDATE twauth_account SET screen_name = 'n{i}-{self.random.randrange(10**9)}' "
                          f"WHERE username = '{name}'" for i, name in enumerate(names)])

    def restart_database(self):
        if self.db.kind == "pgsql":
            self.commit(all=True)
            with self.troubled():
                self.db.server.restart()

    def set_clock(self):
        """SQLite's servers have one clock: that of their machine."""
        if self.db.kind == "pgsql":
            self.random.choice(self.sites).clock.set(self.random.choice(AHEAD))

    def back_up(self):
        self.commit(all=True)
        self.backup = self._take(), {s.id for s in self.sessions if not s.ended}, list(self.disabled)

    def restore(self):
        """Rows, sequences and all as they were at the backup."""
        self.commit(all=True)
        rows, live, disabled = self.backup
        with self.troubled():
            for session in self.sessions:
                session.maybe = session.maybe or session.id not in live or bool(session.ended)
            for name in set(self.disabled) ^ set(disabled):
                self.enabled[name] = time.time() + 10**6
            self._bring_back(rows)
            now = time.time()
            for session in self.sessions:
                session.ended = None if session.id in live else session.ended or now
            for name in set(self.disabled) - set(disabled):
                del self.disabled[name]
                self.enabled[name] = now
            for name in set(disabled) - set(self.disabled):
                self.disabled[name] = self.enabled[name] = now

    def _take(self):
        if self.db.kind == "pgsql":
            return tools.pg_dump(self.db, "--data-only", *[part for table in TABLES for part in ("-t", table)])
        import sqlite3
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with contextlib.closing(self.db._connect()) as db:
            db.backup(kept)
        return kept

    def _bring_back(self, rows):
        if self.db.kind == "pgsql":
            def done():
                said = tools.psql(self.db, f"BEGIN;\nTRUNCATE {', '.join(TABLES)} CASCADE;\n{rows}\nCOMMIT;", stop=False)
                assert "ERROR" not in said or "deadlock" in said, said
                return "ERROR" not in said
            assert process.until(done)
        else:
            with contextlib.closing(self.db._connect()) as db:
                rows.backup(db)

    OFTEN = (sign_in, sign_in, sign_in, sign_out, end_by_sql, begin, commit, disable, enable, rename, pause, pause)
    SELDOM = (empty, flood, back_up, graceful, commit_late, restart, restore, stand_still, restart_database, set_clock,
              stand_still_for_long)

    def run(self, steps, rare):
        clients = [threading.Thread(target=self.client, args=(site, i)) for i, site in enumerate(self.sites)]
        for client in clients:
            client.start()
        try:
            for step in range(steps):
                often = step % rare or not step
                what = self.random.choice(self.OFTEN) if often else self.SELDOM[step // rare % len(self.SELDOM)]
                begun = time.time()
                what(self)
                self.done[what.__name__] += 1
                self.last.append(f"{begun:.2f} to {time.time():.2f} {what.__name__}")
                if self.wrong:
                    break
            self.commit(all=True)
            time.sleep(BOUND + 0.5)
        finally:
            self.over.set()
            for client in clients:
                client.join()


@pytest.fixture(scope="module")
def three(make_site, make_db, db_kind):
    dbd = {"sqlite": 'DBDInitSQL "PRAGMA busy_timeout=10000"', "pgsql": ""}[db_kind]
    sites = many(make_site, 3, clocks=AHEAD if db_kind == "pgsql" else (0, 0, 0), db=make_db(schema=kept_for(db_kind, KEPT)),
                 dbd=dbd, twauth_loglevel="info", log_access=False)
    for site in sites:
        # a search of so long a log for so many secrets would take longer than the test
        site.canaries = site.httpd.canaries = None
        site.allow_log(DBD, "TW0401", "TW0403", "TW0304", "TW0221", "TW0215", "AH00045", "AH00046")
    return sites


def test_model(three, full):
    """And none is refused before."""
    model = Model(three, 1, *full((2, 100), (10, 1000)))
    model.run(full(300, 20000), full(24, 150))
    print(f"{sum(model.done.values())} steps, {model.asked} requests, {model.accepted} accepted, {model.refused} refused: "
          + ", ".join(f"{what} {n}" for what, n in model.done.most_common()))
    assert not model.wrong, "\n".join([*model.wrong, *model.last])
    assert model.accepted > 50 and model.refused > 10
    assert set(model.done) == {what.__name__ for what in (*Model.OFTEN, *Model.SELDOM)}
