"""A database of the first version: said what to do, upgraded in place, nothing lost."""

import re

import pytest

from harness.paths import TREE

pytestmark = pytest.mark.databases("sqlite", "pgsql")
FILES = {"sqlite": "sqlite3", "pgsql": "pgsql"}


@pytest.fixture
def old_site(make_site, make_db, db_kind):
    """Its tables are those of today without what came with the second version."""
    schema = (TREE / f"sql/{FILES[db_kind]}.sql").read_text()
    return make_site(db=make_db(schema=re.sub(r"(?m)^ *token_\w+ .*\n", "", schema)))


def test_the_log_names_the_file_and_the_file_mends_it(old_site, db_kind):
    old_site.expect_log(r"TW0215")
    old_site.db.execute("INSERT INTO twauth_account (twitter_id, username, token) VALUES ('1002', 'bob', 'kept')")
    assert old_site.browser().begin("/members/").approve("alice").status == 503
    upgrade = re.sub(r"--.*", "", (TREE / f"sql/{FILES[db_kind]}-2.sql").read_text())
    for statement in upgrade.split(";"):
        if statement.split()[:1] in (["ALTER"], ["UPDATE"]):
            old_site.db.execute(statement)
    assert old_site.browser().sign_in("alice", next="/members/").status == 200
    assert old_site.db.rows("SELECT token, token_kind FROM twauth_account WHERE twitter_id = '1002'") == [
        ("kept", "oauth1")]
