# SPDX-License-Identifier: Apache-2.0
"""A standby takes over, by the lines of docs/databases.md: nobody is locked out, and nobody who was signed out comes in."""

import re
import threading
import time

import pytest

from harness import documents, process
from harness.checks import user
from harness.pgbouncer import PgBouncer
from harness.replication import Pair

pytestmark = [pytest.mark.databases("pgsql"), pytest.mark.protocols("oauth2")]
DOCUMENT, POOLER = "docs/databases.md", "docs/administration.md"
ROLE = "www-data"
FEED = 1
CONFIG = f"TwAuthRealm failover.test\nTwAuthSessionFeed {FEED}s\nTwAuthProfile Off\nTwAuthSessionsPerAccount 1000"
#: What an outage may have in the log.
OUTAGE = (r"AH006(29|3\d)|AH02655", "TW0401", "TW0403", "TW0215", "TW0304")
MISSED = "other ones now"


@pytest.fixture(scope="module")
def pair(folder):
    with Pair(folder / "pair") as pair:
        pair.primary.execute(f'CREATE ROLE "{ROLE}" LOGIN')
        yield pair


@pytest.fixture(scope="module")
def db(pair):
    db = pair.database()
    db.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{ROLE}"')
    return db


def line_for_both(pair, db):
    line, = documents.blocks(DOCUMENT, "A standby that takes over", sections=False)
    return pair.line(line.strip()).replace("dbname=twauth", f"dbname={db.name}")


def line_for(where, db):
    return f'DBDParams "host=127.0.0.1 port={where.port} dbname={db.name} user={ROLE} connect_timeout=2"'


def line_for_pooler(mode, pooler, db):
    line = [b for b in documents.blocks(POOLER, "PgBouncer") if b.startswith("DBDParams")][mode != "session"].strip()
    return line.replace("6432", str(pooler.port)).replace("dbname=twauth", f"dbname={db.name}")


@pytest.fixture(scope="module")
def make(make_site, db):
    """make(line): a server with this DBDParams; all have one key, one database and one clock."""
    made = []

    def make(line):
        site = make_site(scheme="http", clock=True, config=CONFIG, start=False, db=db)
        site.httpd.main = re.sub(r"DBDParams .*", lambda _: line, site.httpd.main)
        site.vhost.config = site.vhost.config.replace(str(site.key), str((made or [site])[0].key))
        made.append(site)
        if site is not made[0]:
            made[0].clock.followers.append(site.clock.set)
        made[0].clock.forward(0)
        return site.start()
    return make


@pytest.fixture(scope="module")
def two(make, pair, db):
    return [make(line_for_both(pair, db)) for _ in range(2)]


@pytest.fixture(scope="module")
def poolers(folder, pair):
    """One for each mode, told where the primary is as the document has it."""
    ini = documents.blocks(DOCUMENT, "With PgBouncer")[0]
    assert "host=db1 port=5432" in ini
    settings = dict(re.findall(r"^(\w+) = (\w+)$", ini.split("[pgbouncer]")[1], re.M))
    made = {mode: PgBouncer(folder / f"pooler-{mode}", pair.primary, pool_mode=mode, **settings)
            for mode in ("session", "transaction")}
    for pooler in made.values():
        pooler.users[ROLE] = ""
        pooler.start()
    yield made
    for pooler in made.values():
        pooler.stop()


@pytest.fixture(scope="module")
def pooled(make, poolers, db):
    return [make(line_for_pooler(mode, pooler, db)) for mode, pooler in poolers.items()]


@pytest.fixture
def mended(pair, two, pooled, poolers):
    """All servers, with a primary and a standby that follows."""
    if pair.standby.running:
        pair.caught_up()
    else:
        pair.follow()
    for site in two + pooled:
        site.allow_log(*OUTAGE)
    return two + pooled


def at(site, browser):
    """The same browser, cookies and all, sent to this server."""
    browser.base = site.vhost.origin
    return browser


def signed_in(sites, name="alice"):
    """A browser that every server has seen."""
    browser = sites[0].browser()
    assert browser.sign_in(name).status == 200
    for site in sites:
        assert user(at(site, browser)) == name
    return browser


def take_over(pair, poolers):
    pair.fail_over()
    for pooler in poolers.values():
        pooler.turn_to(pair.primary)


def signs_in(site, name="bob"):
    return site.browser().begin("/members/").approve(name).status == 200


class People(threading.Thread):
    """They sign in one after the other, and one of them comes again and again."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.over = site, threading.Event()
        self.guest = signed_in([site], "carol")
        self.signed, self.seen = [], []         # (when it was begun, how it ended)
        self.start()

    def run(self):
        while not self.over.is_set():
            begun = time.monotonic()
            self.seen.append((begun, self.guest.get("/members/env.cgi").status))
            begun = time.monotonic()
            self.signed.append((begun, self.site.browser().begin("/members/").approve("bob").status))

    def end(self):
        self.over.set()
        self.join()

    def since(self, when):
        return [status for begun, status in self.signed if begun >= when]


def test_promotion_under_load(mended, pair, poolers, full):
    """No sign-in fails once the new primary was found, no session ends, and what was ended stays ended."""
    alice, copies = signed_in(mended), []
    for _ in range(full(1, 10)):
        dave = signed_in(mended, "dave")
        copies.append(dave.clone())
        at(mended[0], dave).sign_out()
        pair.caught_up()
        people = [People(site) for site in mended]
        assert process.until(lambda: all(len(p.signed) > 2 for p in people))
        take_over(pair, poolers)
        assert process.until(lambda: all(signs_in(site) for site in mended), every=0.2)
        found = time.monotonic()
        assert process.until(lambda: all(len(p.since(found)) >= full(10, 100) for p in people), timeout=300)
        for one in people:
            one.end()
            assert set(one.since(found)) == {200}
            assert {status for _, status in one.seen} == {200}
        mended[0].clock.forward(FEED)
        for site in mended:
            assert user(at(site, alice)) == "alice"
            for copy in copies:
                assert user(at(site, copy.clone())) is None
            assert MISSED in site.log.since()
        pair.follow()


def test_a_server_that_was_away_for_an_hour(mended, pair, poolers):
    """It stood still when the session was ended and when the standby took over."""
    alice, bob = signed_in(mended), signed_in(mended, "bob")
    away = mended[1]
    with away.httpd.paused():
        at(mended[0], bob.clone()).sign_out()
        pair.caught_up()
        take_over(pair, poolers)
        mended[0].clock.forward(3600)
    assert process.until(lambda: signs_in(away, "carol"), every=0.2)
    assert user(at(away, bob)) is None
    assert user(at(away, alice)) == "alice"


def test_what_the_standby_had_not_heard_of(mended, pair, poolers):
    """Rows are lost with the primary: who has a session that the new one does not know is refused within the interval."""
    alice, bob = signed_in(mended), signed_in(mended, "bob")
    pair.caught_up()
    pair.cut()
    carol, ended = signed_in(mended, "carol"), bob.clone()
    at(mended[0], bob).sign_out()
    mended[0].clock.forward(FEED)
    for site in mended:
        assert user(at(site, ended.clone())) is None
    take_over(pair, poolers)
    for site in mended:
        assert process.until(lambda: signs_in(site, "dave"), every=0.2)
        mended[0].clock.forward(FEED)
        assert user(at(site, carol.clone())) is None
        assert user(at(site, alice)) == "alice"
        assert user(at(site, ended.clone())) is None
    # its row was there again, and went again, for somebody knew
    assert any("TW0591" in site.log.since() for site in mended)
    mended[1].restart()                                     # and so who has forgotten it refuses it as well
    assert user(at(mended[1], ended)) is None


def test_both_poolers_and_postgresql_are_restarted(mended, pair, poolers):
    alice = signed_in(mended)
    for pooler in poolers.values():
        pooler.restart()
    pair.primary.restart()
    for site in mended:
        assert process.until(lambda: signs_in(site), every=0.2)
        assert user(at(site, alice)) == "alice"
    for pooler in poolers.values():
        pooler.restart()
    for site in mended:
        assert signs_in(site)


def test_a_server_that_reaches_the_standby_alone(make, pair, db, mended, poolers):
    """It says so, and refuses sign-ins with a page. What is ended counts there when the standby has heard of it."""
    site = make(line_for(pair.standby, db))
    site.expect_log("TW0590", "TW0215")
    site.allow_log("TW0403")
    alice, bob = signed_in(mended), signed_in(mended, "bob")
    pair.caught_up()
    for browser, name in (alice, "alice"), (bob, "bob"):
        assert user(at(site, browser)) == name
    for _ in range(3):
        answer = site.browser().begin("/members/").approve("carol")
        assert answer.status == 503 and "Retry-After" in answer.headers
    pair.standby.execute("SELECT pg_wal_replay_pause()")
    at(mended[0], bob.clone()).sign_out()
    carol = signed_in(mended, "carol")
    for _ in range(5):
        mended[0].clock.forward(FEED)
        assert user(at(mended[1], bob.clone())) is None
        assert user(at(site, bob.clone())) == "bob"             # for as long as the standby is late
        assert user(at(site, alice)) == "alice"
    mended[0].clock.forward(601)                                # who is asked about is not known there yet
    assert user(at(site, carol.clone())) is None
    assert user(at(mended[1], carol)) == "carol"
    pair.standby.execute("SELECT pg_wal_replay_resume()")
    pair.caught_up()
    mended[0].clock.forward(FEED)
    assert user(at(site, bob)) is None
    assert user(at(site, alice)) == "alice"
    assert site.log.since().count("TW0590") == 1
    assert "target_session_attrs" in site.log.since() and "read-only" in site.log.since()
    site.allow_log(*OUTAGE)
    take_over(pair, poolers)                                    # and then it is the primary that it reaches
    assert process.until(lambda: signs_in(site, "dave"), every=0.2)
    assert user(at(site, alice)) == "alice"
    site.stop()


def test_a_primary_that_is_silent(make, pair, db, mended, poolers):
    """Its machine stands first in the line, and takes connections without a word."""
    if pair.primary is not pair.nodes[0]:
        take_over(pair, poolers)
        pair.follow()
    site = make(line_for_both(pair, db))
    site.allow_log(*OUTAGE)
    alice, silent = signed_in([site]), pair.primary
    silent.stand_still()
    pair.promote()
    for pooler in poolers.values():
        pooler.turn_to(pair.primary)
    assert process.until(lambda: signs_in(site), every=0.2)
    for name in "carol", "dave":
        assert signs_in(site, name)
    assert user(alice) == "alice"
    site.stop()
    silent.kill()
