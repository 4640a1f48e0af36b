# SPDX-License-Identifier: Apache-2.0
"""A database that is slow, full, locked, changed or gone: a bounded wait, a plain page, and no half-done sign-in."""

import contextlib
import os
import re
import subprocess
import threading
import time
from urllib.parse import quote

import pytest

from harness import canaries, process
from harness.checks import FLOW, PRE, SESSION, as_root, together, typical, user
from harness.paths import TREE

both = pytest.mark.databases("sqlite", "pgsql")
sqlite_only = pytest.mark.databases("sqlite")
pgsql_only = pytest.mark.databases("pgsql")
DBD = r"AH006(29|3\d)|AH02655"


@pytest.fixture
def alice(site):
    site.db.clear()
    browser = site.browser()
    browser.sign_in("alice")
    return browser


# DB-1

PAYLOADS = ["'", "''", "\"", "--", "/*", "%s", "%%", "%", "\\", "\\'", ";", "' OR '1'='1",
            "'); DROP TABLE twauth_session; --", "$1", "?", ":a", "\u00e9", "x" * 9000, "' OR 1=1 --", "\" OR \"\"=\"",
            "` OR 1", "') OR ('1'='1", "'||(SELECT secret FROM twauth_account)||'", "%1$s", "%n", "%pDt", "$$x$$",
            "E'\\x27'", "U&'\\0027'", "\\x27", "\\047", "%27", "\u2019", "\u02bc", "\uff07", "\xbf'", "\xbf\\", "0x27",
            "CHAR(39)", "NULL", "{0}", "${x}", "x'; SELECT pg_sleep(9); --", "'; ATTACH '/tmp/x' AS x; --",
            "1; PRAGMA writable_schema=1", "\\'; --"]


@both
@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_DB_1_agents_and_cookies_and_parameters(site, payload):
    site.allow_log(r"^\[core:error\]")
    site.db.clear()
    browser = site.browser()
    browser.agent = payload.encode("utf-8").decode("latin-1")[:7000]
    assert browser.sign_in("alice").status == 200
    agent = site.db.value("SELECT user_agent FROM twauth_session")
    assert agent == "".join(c if " " <= c <= "~" else "?" for c in browser.agent[:255])
    for form in ({"everywhere": payload, "next": payload, "token": payload}, {"everywhere": "1", payload: payload}):
        elsewhere = browser.clone()
        elsewhere.post("/twauth/logout", form, headers={"Sec-Fetch-Site": "cross-site"})
    quoted = quote(payload.encode()[:2000])
    for path in (f"/twauth/callback?oauth_token={quoted}&oauth_verifier={quoted}",
                 f"/twauth/callback?state={quoted}&code={quoted}", f"/twauth/login?next={quoted}&mark={quoted}",
                 f"/members/?{quoted}"):
        browser.clone().get(path, site="cross-site", headers={"X-Forwarded-For": payload.encode()[:2000]})
    for name in (SESSION, PRE, FLOW + "x"):
        field = f"{name}=".encode() + payload.encode()[:2000]
        assert site.browser().fetch("/members/", headers={"Cookie": field}).status == 401
    assert user(browser) == "alice"
    assert site.db.value("SELECT count(*) FROM twauth_account") == 1
    assert site.db.value("SELECT count(*) FROM twauth_username") == 9


GIVEN = {"oauth1": [("/oauth/access_token", f) for f in ("oauth_token", "oauth_token_secret", "screen_name", "user_id")],
         "oauth2": [*(("/2/oauth2/token", f) for f in ("access_token", "refresh_token")),
                    *(("/2/users/me", f) for f in ("data.username", "data.id", "data.name"))]}


@both
@pytest.mark.protocols("oauth1", "oauth2")
@pytest.mark.parametrize("payload", ["a'b", "a%sb", "a\\b", "a''); --", "'||(SELECT 1)||'", "1' OR '1'='1", "$1", "a\"b",
                                     "?", "1001'; --"])
def test_DB_1_what_x_gives(site, payload):
    site.db.clear()
    for path, field in GIVEN[site.protocol]:
        flow = site.browser().begin()
        url = flow.callback("alice")
        site.allow_log("TW02")
        site.standin.fault(path, "edit", set={field: payload})
        answer = flow.arrive(url)
        assert answer.status in (200, 502)
        if field not in ("oauth_token", "oauth_token_secret", "access_token", "refresh_token", "data.name"):
            assert answer.status == 502, field
        site.standin.clear_faults()
        assert site.browser().sign_in("bob").status == 200
    assert site.db.value("SELECT count(*) FROM twauth_username WHERE twitter_id = ''") == 8
    assert {row[0] for row in site.db.rows("SELECT username FROM twauth_account")} <= {"alice", "bob"}


# DB-4

@both
@pytest.mark.protocols("oauth1", "oauth2")
def test_DB_4_nothing_secret_at_rest(make_site, protocol):
    """With a refresh token, where there are any."""
    site = make_site(config='TwAuthScope "tweet.read users.read offline.access"' if protocol == "oauth2" else "")
    mark = site.db.mark() if site.db.kind == "pgsql" else None
    known = canaries.Canaries()
    for name in ("alice", "bob"):
        browser = site.browser()
        flow = browser.begin("/members/")
        known.add("request token's secret", flow.token)
        answer = flow.approve(name)
        assert answer.status == 200
        known.add("session cookie", browser.cookies[SESSION])
    for secret in site.standin.secrets():
        known.add("secret", secret)
    if site.db.kind == "sqlite":
        found = b"".join(f.read_bytes() for f in site.db.file.parent.iterdir())
        assert b"alice" in found and site.db.file.with_name("twauth.db-wal").exists()
        found = found.decode("latin-1")
    else:
        found = site.db.server.log.since(mark) + str(site.db.rows("SELECT * FROM twauth_account"))
        assert "alice" in found
    assert known.find(found) == []


# round trips

@pgsql_only
def test_two_round_trips_a_sign_in(site):
    site.db.clear()
    browser = site.browser()
    for _ in range(2):                              # a new account, and one that is there
        flow = browser.begin()
        url = flow.callback("alice")
        mark = site.db.mark()
        assert flow.arrive(url).status == 200
        assert len(site.db.statements(mark)) == 2
        browser.cookies.clear()


@pgsql_only
def test_begin_of_a_sign_in_and_strangers_cost_none(site, browser):
    mark = site.db.mark()
    browser.begin()
    browser.image("/members/"), browser.get("/"), browser.get("/twauth/session"), browser.get("/twauth/logout")
    assert site.db.statements(mark) == []


# PostgreSQL restarted, paused

@pgsql_only
def test_postgres_restart_in_the_middle(site, alice):
    before = site.httpd.children()
    flow = site.browser().begin()
    site.db.server.restart()
    assert flow.approve("bob").status == 200
    for _ in range(8):                              # each child, each connection
        assert site.browser().sign_in("carol").status == 200
        assert user(alice) == "alice"
    assert set(before) <= set(site.httpd.children())


@pytest.fixture
def narrow(make_site, make_db):
    """A site with one connection a process."""
    site = make_site(clock=True, config="TwAuthDatabaseCalls 1", dbd="DBDMin 0\nDBDKeep 1\nDBDMax 1")
    site.clock.set(0)
    yield site
    site.stop()


@pgsql_only
def test_DB_3_paused_postgres(narrow):
    """It is there and does not move: one request of a process waits 5 s for it, the others 2 s, then nobody."""
    alice, bob = narrow.browser(), narrow.browser()
    alice.sign_in("alice"), bob.sign_in("bob")
    narrow.clock.forward(60 + 600 + 6)
    narrow.expect_log("TW0401")
    narrow.allow_log(DBD)
    waiting = []
    with narrow.db.locked():
        hung = [threading.Thread(target=lambda b=b: waiting.append(b.get("/members/").status))
                for b in [alice.clone() for _ in range(6)]]
        for thread in hung:
            thread.start()
        narrow.log.wait("TW0401")
        pages = [narrow.browser().get("/") for _ in range(4)]
        assert [page.status for page in pages] == [200] * 4 and typical([page.elapsed for page in pages]) < 2
        answers = [alice.clone().get("/members/") for _ in range(3)]
        assert [a.status for a in answers] == [503] * 3 and typical([a.elapsed for a in answers]) < 2
    for thread in hung:
        thread.join(30)
    assert len(waiting) == 6 and set(waiting) <= {200, 503} and 503 in waiting
    narrow.clock.forward(2)
    assert process.until(lambda: bob.get("/members/").status == 200)


@both
def test_small_pool_serves_many_at_the_same_time(narrow):
    flows = [narrow.browser().begin() for _ in range(6)]
    urls = [f.callback("alice") for f in flows]
    answers = together(*[lambda f=f, u=u: f.arrive(u) for f, u in zip(flows, urls)])
    assert [a.status for a in answers] == [200] * 6


# SQLite changed by another process

@sqlite_only
@pytest.mark.parametrize("sql", ["CREATE INDEX more ON twauth_session (address)", "DROP INDEX more",
                                 "ALTER TABLE twauth_account ADD COLUMN note TEXT", "VACUUM", "ANALYZE",
                                 "CREATE TABLE another (x)"])
def test_schema_change_needs_no_restart(site, alice, sql):
    for _ in range(4):                              # each child has its statements ready
        assert site.browser().sign_in("bob").status == 200
    site.db.execute(sql)
    for _ in range(4):
        assert site.browser().sign_in("alice").status == 200
    assert user(alice) == "alice"


@sqlite_only
def test_DB_3_locked_database(site, alice):
    flow = site.browser().begin()
    url = flow.callback("bob")
    site.expect_log("TW0401", "TW0215")
    with site.db.locked():
        results = []
        thread = threading.Thread(target=lambda: results.append(flow.arrive(url)))
        thread.start()
        assert user(alice) == "alice" and alice.get("/").status == 200
        thread.join(30)
        assert results and results[0].status == 503, "it still waits after 30 seconds"
        assert results[0].elapsed > 1, "it does not wait"
        assert "locked" not in results[0].text
    assert site.db.value("SELECT count(*) FROM twauth_account WHERE twitter_id = '1002'") == 0
    site.restart()


@sqlite_only
def test_DB_3_briefly_locked_is_waited_for(site):
    site.restart()
    site.allow_log("TW0401", "TW0215")
    for _ in range(5):          # a busy machine may hold the lock for longer than it is waited for
        flow = site.browser().begin()
        url = flow.callback("carol")
        results, begin = [], time.monotonic()
        with site.db.locked():
            thread = threading.Thread(target=lambda f=flow, u=url: results.append(f.arrive(u)))
            thread.start()
            time.sleep(0.5)
        held = time.monotonic() - begin
        thread.join(30)
        if results[0].status == 200 or held < 1:
            break
        site.restart()
    assert results[0].status == 200


# DB-5, DB-6: refused writes, wrong tables

@contextlib.contextmanager
def broken(site, *sql, heal=()):
    for statement in sql:
        site.db.execute(statement)
    try:
        yield
    finally:
        for statement in heal:
            site.db.execute(statement)


def refused_sign_in(site, name="bob"):
    browser = site.browser()
    answer = browser.sign_in(name)
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0 and SESSION not in browser.cookies
    for word in ("twauth_", "INSERT", "no such", "does not exist", "relation", "sqlite", "pgsql"):
        assert word not in answer.text
    return answer


@both
@pytest.mark.parametrize("table", ["twauth_account", "twauth_session", "twauth_username"])
def test_DB_6_missing_table(site, table):
    site.restart()
    site.db.clear()
    site.expect_log(r"TW0401.*twauthctl tables", "TW0215")
    with broken(site, f"ALTER TABLE {table} RENAME TO elsewhere", heal=[f"ALTER TABLE elsewhere RENAME TO {table}"]):
        refused_sign_in(site)
    assert site.db.value("SELECT count(*) FROM twauth_session") == 0
    site.restart()
    assert site.browser().sign_in("bob").status == 200


@both
def test_DB_6_missing_column(site):
    site.restart()
    site.db.clear()
    site.expect_log(r"TW0401.*signed_in_at", "TW0215")
    with broken(site, "ALTER TABLE twauth_account RENAME COLUMN signed_in_at TO x",
                heal=["ALTER TABLE twauth_account RENAME COLUMN x TO signed_in_at"]):
        refused_sign_in(site)
    site.restart()


@both
def test_DB_6_empty_database(make_site, make_db):
    site = make_site(db=make_db(schema="SELECT 1"))
    site.expect_log(r"TW0401.*twauth_account", "TW0215", "TW0520")
    refused_sign_in(site)
    site.stop()


REFUSALS = {
    "account": ("CREATE TRIGGER no BEFORE INSERT ON twauth_account BEGIN SELECT RAISE(ABORT, 'disk full'); END"),
    "session": ("CREATE TRIGGER no BEFORE INSERT ON twauth_session BEGIN SELECT RAISE(ABORT, 'disk full'); END"),
    "username": ("CREATE TRIGGER no BEFORE INSERT ON twauth_username BEGIN SELECT RAISE(ABORT, 'disk full'); END"),
}


@sqlite_only
@pytest.mark.parametrize("sql", REFUSALS.values(), ids=REFUSALS)
def test_DB_5_refused_write_leaves_no_session(site, sql):
    site.restart()
    site.db.clear()
    site.expect_log("TW0215")
    site.allow_log("TW0401")
    with broken(site, sql, heal=["DROP TRIGGER no"]):
        refused_sign_in(site)
        assert site.db.value("SELECT count(*) FROM twauth_session") == 0
    site.restart()
    assert site.browser().sign_in("bob").status == 200


@sqlite_only
def test_DB_5_refused_update_leaves_the_old_row(site):
    site.restart()
    site.db.clear()
    alice = site.browser()
    alice.sign_in("alice")
    before = site.db.rows("SELECT * FROM twauth_account")
    site.expect_log("TW0215")
    site.allow_log("TW0401")
    with broken(site, "CREATE TRIGGER no BEFORE UPDATE ON twauth_account BEGIN SELECT RAISE(ABORT, 'disk full'); END",
                heal=["DROP TRIGGER no"]):
        refused_sign_in(site, "alice")
    assert site.db.rows("SELECT * FROM twauth_account") == before
    assert user(alice) == "alice"
    site.restart()


@sqlite_only
def test_DB_5_two_names_at_once_is_no_outage(site):
    """A write refused for one visitor's own reason does not close the site for the others."""
    site.restart()
    site.db.clear()
    site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('9', 'bob.1002')")
    site.db.execute("INSERT INTO twauth_username (name, twitter_id) VALUES ('bob', '8')")
    site.expect_log("TW0215")
    refused_sign_in(site, "bob")
    assert site.browser().sign_in("alice").status == 200


@as_root
@sqlite_only
def test_read_only_file(make_site):
    site = make_site()
    folder = site.db.file.parent
    site.stop()
    for path in (*folder.iterdir(), folder):
        os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() else 0o644)
    site.start()
    site.expect_log(r"TW0215.*must belong to the server's user")
    site.allow_log(DBD)
    for _ in range(4):                              # each child has opened it, for reading alone
        refused_sign_in(site)
    folder.chmod(0o700)                             # and now not even that: nothing can be opened in its place
    site.expect_log("TW0401.*cannot be opened again")
    for _ in range(4):
        refused_sign_in(site)
        time.sleep(1)
    folder.chmod(0o755)
    process.give(folder, "www-data")
    # connections of one process share what SQLite has open: the last old one may have to go first
    assert process.until(lambda: all(site.browser().sign_in("bob").status == 200 for _ in range(8)))
    site.stop()


@sqlite_only
def test_DB_2_missing_file(make_site):
    site = make_site()
    site.stop()
    for path in site.db.file.parent.iterdir():
        path.rename(path.with_name("away-" + path.name))
    site.db.file.parent.chmod(0o555)
    site.start()
    site.expect_log("TW0401", "TW0215")
    site.allow_log(DBD, "AH0064")
    refused_sign_in(site)
    site.stop()


# DB-7

@sqlite_only
def test_DB_7_made_as_the_documentation_says():
    """The two commands of docs/set-up.md, by somebody whose umask lets everybody in."""
    text = (TREE / "docs/set-up.md").read_text()
    install = re.search(r"sudo (install -d .* -o www-data -g www-data) /var/lib/twauth\n", text)[1].split()
    fill = re.search(r"sudo runuser -u www-data -- (sqlite3) /var/lib/twauth/(\S+) < \S+/(\S+)\n", text)
    folder = process.folder() / "twauth"
    owner = {"user": "www-data", "group": "www-data"} if process.ROOT else {}
    if not process.ROOT:
        install = install[:install.index("-o")]
    subprocess.run([*install, folder], check=True, umask=0)
    with open(TREE / "sql" / fill[3]) as schema:
        subprocess.run([fill[1], folder / fill[2]], stdin=schema, check=True, umask=0, capture_output=True, **owner)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.owner() == (folder / fill[2]).owner() == ("www-data" if process.ROOT else folder.owner())


@pytest.mark.databases("sqlite")
def test_DB_7_database_inside_a_document_tree_is_warned_about(make_site, make_db):
    db = make_db()
    site = make_site(db=db, start=False)
    inside = site.httpd.put("data/twauth.db", db.file.read_bytes())
    site.httpd.main = site.httpd.main.replace(str(db.file), str(inside))
    ran = site.httpd.check("-D", "DUMP_TWAUTH")
    assert ran and str(inside) in ran.stdout + ran.stderr and "warning" in (ran.stdout + ran.stderr).lower()
