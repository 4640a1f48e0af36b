# SPDX-License-Identifier: Apache-2.0
"""X11: through the real PgBouncer, in each of its modes, with the lines that the documents give for them."""

import re
import threading
import time

import pytest

from harness import documents, process
from harness.checks import user
from harness.errorlog import NO_DATABASE
from harness.httpd import USER
from harness.paths import TREE
from harness.pgbouncer import PgBouncer

pytestmark = pytest.mark.databases("pgsql")
ROLE = "www-data"
ADMINISTRATION = "docs/administration.md"


def line_for(mode, pooler, db):
    """DBDParams as documented for the mode, with the test's port and database."""
    lines = documents.blocks(ADMINISTRATION, "PgBouncer")[-2:]
    line, = [b for b in lines if b.startswith("DBDParams")][0 if mode == "session" else 1].strip().split("\n")
    assert "host=127.0.0.1 port=6432 dbname=twauth user=www-data" in line
    return line.replace("6432", str(pooler.port)).replace("twauth", db.name)


@pytest.fixture(scope="module")
def role(postgres):
    postgres.execute(f'CREATE ROLE "{ROLE}" LOGIN')
    yield ROLE
    postgres.execute(f'DROP ROLE "{ROLE}"')


@pytest.fixture(scope="module")
def db(make_db, role, postgres):
    db = make_db()
    db.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON twauth_account, twauth_username, twauth_session, twauth_change '
               f'TO "{role}"')
    for line in documents.blocks(ADMINISTRATION, "PgBouncer")[0].strip().split("\n"):
        statement = re.search(r'-c "(ALTER ROLE .*)"$', line)[1].replace('\\"', '"')
        db.execute(statement.replace("DATABASE twauth", f"DATABASE {db.name}"))
    yield db
    db.execute(f'DROP OWNED BY "{role}"')
    db.execute(f'ALTER ROLE "{role}" IN DATABASE {db.name} RESET ALL')


@pytest.fixture
def through(folder, postgres, make_site, db):
    """through(mode, **settings): a pooler in that mode, and a site that asks it."""
    started = []

    def start(mode, line=None, **settings):
        pooler = PgBouncer(folder / f"pgbouncer{len(list(folder.glob('pgbouncer*')))}", postgres, pool_mode=mode,
                           **settings)
        pooler.users[ROLE] = ""
        pooler.start()
        started.append(pooler)
        site = make_site(db=db, start=False, config="TwAuthSessionRecheck 0")
        site.httpd.main = site.httpd.main.replace(re.search(r"DBDParams .*", site.httpd.main)[0],
                                                  line or line_for(mode, pooler, db))
        started.append(site)
        site.start()
        db.clear()
        return pooler, site
    yield start
    for one in reversed(started):
        one.stop()


MODES = pytest.mark.parametrize("mode", ["session", "transaction", "statement"])


@MODES
@pytest.mark.mpms("event", "prefork")
@pytest.mark.protocols("oauth1", "oauth2")
def test_X11_sign_in_recheck_and_out(through, mode, db):
    pooler, site = through(mode)
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice"), bob.sign_in("bob")
    for _ in range(3):
        assert user(alice) == "alice" and user(bob) == "bob"
    db.execute("UPDATE twauth_account SET active = 0 WHERE username = 'alice'")
    assert user(alice) is None and user(bob) == "bob"
    assert bob.sign_out().status in (200, 303)
    assert db.rows("SELECT DISTINCT username FROM twauth_session JOIN twauth_account a ON a.id = account_id") == [("alice",)]


@MODES
def test_X11_the_limits_are_there(through, mode, db):
    pooler, _ = through(mode)
    for name, limit in ("statement_timeout", "5s"), ("lock_timeout", "2s"):
        assert pooler.ask(f"SHOW {name}", db.name, ROLE) == [(limit,)]


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_X11_many_at_once_share_two_connections(through, mode, db):
    pooler, site = through(mode, default_pool_size=2)
    wrong = []

    def visit(name):
        browser = site.browser()
        browser.sign_in(name)
        for _ in range(5):
            if user(browser) != name:
                wrong.append(name)
        browser.sign_out()
    threads = [threading.Thread(target=visit, args=(name,)) for name in ("alice", "bob", "carol", "dave") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(pooler.ask("SHOW SERVERS")) <= 2


@MODES
@pytest.mark.parametrize("who", ["the pooler", "PostgreSQL behind it"])
def test_X11_a_restart_costs_nobody_a_session(through, mode, db, who):
    pooler, site = through(mode)
    site.allow_log("TW0401", "TW0402", *NO_DATABASE)
    alice = site.browser()
    alice.sign_in("alice")
    (pooler if who == "the pooler" else db.server).restart()
    assert process.until(lambda: user(alice) == "alice", every=0.2)
    assert site.browser().sign_in("bob").status == 200


@MODES
@pytest.mark.parametrize("whose", ["client_idle_timeout", "server_idle_timeout", "idle_session_timeout"])
def test_X11_G5_connections_that_end_while_idle(through, mode, db, whose):
    """The pooler's own limits for either side, and PostgreSQL's behind it: nobody's sign-in is lost."""
    if whose == "idle_session_timeout":
        db.execute(f'ALTER ROLE "{ROLE}" IN DATABASE {db.name} SET idle_session_timeout = 1000')
    try:
        pooler, site = through(mode, **({whose: 1} if whose != "idle_session_timeout" else {}))
        for name in ("alice", "bob", "carol"):
            flow = site.browser().begin("/members/")
            time.sleep(1.5)
            assert flow.approve(name).status == 200
    finally:
        db.execute(f'ALTER ROLE "{ROLE}" IN DATABASE {db.name} RESET idle_session_timeout')


def test_X11_a_password_in_a_file(through, folder, postgres, db):
    """As documented: passfile, the server's user's own."""
    assert "passfile=/var/lib/twauth/pgpass" in (TREE / ADMINISTRATION).read_text()
    passfile = folder / "pgpass"
    passfile.write_text(f"*:*:*:{ROLE}:the pooler's password\n")
    passfile.chmod(0o600)
    process.give(passfile, USER)
    pooler, site = through("transaction", line=f'DBDParams "host={folder}"', auth_type="scram-sha-256")
    site.stop()
    site.allow_log(*NO_DATABASE, "TW0401")
    pooler.users[ROLE] = "the pooler's password"
    pooler.restart()
    line = line_for("transaction", pooler, db)
    site.httpd.main = re.sub(r"DBDParams .*", line[:-1] + f' passfile={passfile}"', site.httpd.main)
    site.start()
    assert site.browser().sign_in("alice").status == 200


def test_X11_the_keepalives_that_are_documented(through, db):
    """libpq takes them; they are TCP's own."""
    line, = documents.blocks(ADMINISTRATION, "Idle connections")
    pooler, site = through("session", line="DBDParams -")
    site.httpd.main = site.httpd.main.replace("DBDParams -", line.strip().replace(
        "host=db.example.com", f"host=127.0.0.1 port={pooler.port}").replace("twauth", db.name))
    site.allow_log(*NO_DATABASE, "TW0401")
    site.restart()
    assert site.browser().sign_in("alice").status == 200


def test_X11_the_line_of_the_set_up_is_refused_and_the_log_shows_why(through, db):
    line = re.search(r'(?m)^ *(DBDParams "host=.* options=.*")$', (TREE / "docs/set-up.md").read_text())[1]
    pooler, site = through("transaction", line="DBDParams -")
    site.allow_log(*NO_DATABASE, "TW0401", "TW0215")
    site.httpd.main = site.httpd.main.replace("DBDParams -", line.replace(
        "host=/var/run/postgresql", f"host=127.0.0.1 port={pooler.port}").replace("twauth", db.name))
    site.restart()
    assert site.browser().begin("/members/").approve("alice").status == 503
    assert site.log.wait("unsupported startup parameter")
    assert "unsupported startup parameter" in (TREE / ADMINISTRATION).read_text()
