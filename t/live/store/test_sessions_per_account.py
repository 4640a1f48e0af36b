# SPDX-License-Identifier: Apache-2.0
"""TwAuthSessionsPerAccount: so many sessions an account may have; the oldest go."""

import pytest

from harness import tools
from harness.checks import user
from harness.paths import TREE

pytestmark = pytest.mark.databases("sqlite", "pgsql")
FILES = {"sqlite": "sqlite3", "pgsql": "pgsql"}


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(clock=True, config="TwAuthSessionsPerAccount 2\nTwAuthSessionRecheck 0")


def test_the_oldest_go(site):
    browsers = []
    for _ in range(4):
        site.clock.forward(1)
        browsers.append(site.browser())
        browsers[-1].sign_in("alice")
        site.browser().sign_in("bob")
    assert [user(browser) for browser in browsers] == [None, None, "alice", "alice"]
    assert site.db.value("SELECT count(*) FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id "
                         "WHERE a.username = 'bob'") == 2


def test_a_larger_number_counts_too(site):
    site.db.clear()
    site.vhost.config = site.vhost.config.replace("PerAccount 2", "PerAccount 60")
    site.graceful()
    first = site.browser()
    first.sign_in("alice")
    now = int(site.clock.now())
    account = site.db.value("SELECT id FROM twauth_account WHERE username = 'alice'")
    for n in range(58):
        site.db.execute("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at, keep) "
                        "VALUES (?, ?, ?, ?, ?, 60)", f"s{n}", account, now + 1, now, now + 9999)
    site.clock.forward(2)
    site.browser().sign_in("alice")
    assert site.db.value("SELECT count(*) FROM twauth_session") == 60 and user(first) == "alice"
    site.clock.forward(1)
    site.browser().sign_in("alice")
    assert site.db.value("SELECT count(*) FROM twauth_session") == 60 and user(first) is None
    site.vhost.config = site.vhost.config.replace("PerAccount 60", "PerAccount 2")
    site.graceful()


@pytest.fixture
def older(make_db, db_kind):
    """A database of version 0.2."""
    db = make_db(schema=(TREE / f"t/live/store/tables/{FILES[db_kind]}-2.sql").read_text())
    tools.script(db, TREE / f"sql/{FILES[db_kind]}-3.sql")
    return db


def test_older_tables_do_where_nothing_is_said(make_site, older):
    site = make_site(db=older)
    site.allow_log(r"TW0480: twauth_(find|session_begin )", "TW0520")
    assert site.browser().sign_in("alice").status == 200
    site.stop()


def test_older_tables_are_asked_for_where_something_is(make_site, older, db_kind):
    """Until then people can sign in, and the number is that of the tables."""
    site = make_site(db=older, config="TwAuthSessionsPerAccount 2")
    site.allow_log(r"TW0480: twauth_find", "TW0520")
    site.expect_log(r"TW0480: twauth_session_begin_keep .*twauthctl tables")
    for _ in range(3):
        assert site.browser().sign_in("alice").status == 200
    assert site.db.value("SELECT count(*) FROM twauth_session") == 3
    tools.script(site.db, TREE / f"sql/{FILES[db_kind]}-4.sql")
    assert site.browser().sign_in("alice").status == 200
    assert site.db.value("SELECT count(*) FROM twauth_session") == 2
    site.stop()
