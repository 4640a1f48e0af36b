# SPDX-License-Identifier: Apache-2.0
"""What an administrator puts in by hand is right, or refused with words (X16); wherever the tables are (X7)."""

import pytest

from harness import tools
from harness.checks import user
from harness.paths import SCHEMA

pytestmark = pytest.mark.databases("sqlite", "pgsql")


@pytest.fixture(scope="module")
def db(make_db):
    return make_db()


NO_NUMBERS = [" 12", "12 ", "1 2", "12\n", "\t12", "12\u00a0", "\ufeff12", "\uff11\uff12", "@jack", "jack", "0", "012", "+12",
              "handle:", "handle:Jack", "handle:@jack", "handle:a b", "HANDLE:jack", "handle:" + "a" * 21, "-12", "12.0", "1e3", "", "1" * 21]
NO_RESERVED = ["Support", "SUPPORT", "@support", "support ", " support", "sup port", "support\n", "\tsupport",
               "support\u00a0", "", "\ufeffsupport"]


@pytest.mark.parametrize("number", NO_NUMBERS, ids=ascii)
def test_X16_an_id_that_is_no_number_at_X(db, number):
    db.clear()
    with pytest.raises(Exception, match="twitter_id is digits only"):
        db.execute("INSERT INTO twauth_account (twitter_id) VALUES (?)", number)
    db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('12', 'jack')")
    with pytest.raises(Exception, match="twitter_id is digits only"):
        db.execute("UPDATE twauth_account SET twitter_id = ?", number)
    if number:
        with pytest.raises(Exception, match="twitter_id is digits only or empty"):
            db.execute("INSERT INTO twauth_username (name, twitter_id) VALUES ('jim', ?)", number)
    assert db.rows("SELECT twitter_id FROM twauth_account") == [("12",)]


@pytest.mark.parametrize("name", NO_RESERVED, ids=ascii)
def test_X16_a_reserved_name_that_would_have_no_effect(db, name):
    db.clear()
    before = db.rows("SELECT * FROM twauth_username")
    with pytest.raises(Exception, match="name is in lower case|reserved name has no blank and no @"):
        db.execute("INSERT INTO twauth_username (name) VALUES (?)", name)
    with pytest.raises(Exception, match="name is in lower case|reserved name has no blank and no @"):
        db.execute("UPDATE twauth_username SET name = ? WHERE name = 'guest'", name)
    assert db.rows("SELECT * FROM twauth_username") == before


@pytest.mark.parametrize("row", ["twauth_session (account_id, created_at, seen_at, expires_at) SELECT id, 1, 1, 1 FROM twauth_account",
                                 "twauth_invitation (expires_at) VALUES (1)"])
def test_X16_a_row_without_a_name(db, row):
    """SQLite takes NULL for a primary key of text, and as often as it comes."""
    db.clear()
    db.execute("INSERT INTO twauth_account (twitter_id) VALUES ('12')")
    with pytest.raises(Exception, match="(?i)not.null"):
        db.execute(f"INSERT INTO {row}")


def test_X16_what_is_right_is_taken(db):
    db.clear()
    for number in ("1", "12", "9" * 20):
        db.execute("INSERT INTO twauth_account (twitter_id) VALUES (?)", number)
    for name in ("support", "www-data2", "jane.doe", "jack.12", "a_b", "3com"):
        db.execute("INSERT INTO twauth_username (name) VALUES (?)", name)
        db.execute("DELETE FROM twauth_username WHERE name = ?", name)
    with pytest.raises(Exception, match="username is in lower case"):
        db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('13', 'Jack')")
    db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('13', 'jack smith')")


# X7

pgsql_only = pytest.mark.databases("pgsql")

#: The schema; what is said before the tables are made, and after; and what the server's connection asks for.
PLACES = {
    "the database's search_path": ("apart", "ALTER DATABASE {db} SET search_path = {schema}", "", ""),
    "a name to be quoted": ('"Sign in"', "ALTER DATABASE {db} SET search_path = {schema}", "", ""),
    "the connection's search_path": ("apart", "SET search_path = {schema}", "", "-c search_path=apart"),
    "moved afterwards": ("apart", "", "".join(
        f"ALTER TABLE twauth_{table} SET SCHEMA {{schema}};" for table in ("account", "username", "session", "schema", "role", "invitation", "change")),
        "-c search_path=apart"),
}


@pytest.fixture(params=PLACES)
def elsewhere(request, make_site, make_db):
    """A site whose tables are in a schema of their own, asked by a role that has no more rights than it needs."""
    schema, before, after, options = PLACES[request.param]
    db = make_db(schema="SELECT 1")
    names = {"schema": schema, "db": db.name}
    tools.psql(db, f"CREATE SCHEMA {schema};\n" + before.format(**names) + (";\n\\c\n" if "DATABASE" in before else ";\n")
               + SCHEMA["pgsql"].read_text() + after.format(**names))
    role = f"role_of_{db.name}"
    db.execute(f"""CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT, INSERT, UPDATE,
        DELETE ON {schema}.twauth_account, {schema}.twauth_username, {schema}.twauth_session,
        {schema}.twauth_change TO {role}""")
    site = make_site(db=db, start=False)
    site.httpd.main = site.httpd.main.replace(f"user={db.server.USER} ", f"user={role} options='{options}' ")
    site.standin.people(alice="1001", bob="1002")
    site.start()
    yield site, schema
    site.stop()
    db.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pgsql_only
def test_X7_tables_in_a_schema_of_their_own(elsewhere):
    site, schema = elsewhere
    path = f"SET search_path = {schema}; "
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice"), bob.sign_in("bob")
    assert user(alice) == "alice" and user(bob) == "bob"
    site.db.execute(path + "DELETE FROM twauth_account WHERE username = 'alice'")
    site.standin.people(alice="5005", bob="1002")
    site.expect_log("TW0217")
    again = site.browser()
    assert again.begin("/members/env.cgi").approve("5005").json()["REMOTE_USER"] == "alice.5005"
    assert bob.sign_out().status in (200, 303)
    assert site.db.value(path + "SELECT count(*) FROM twauth_session") == 1


@pgsql_only
def test_X7_the_log_says_what_to_set_where_the_tables_are_not_found(make_site, make_db):
    db = make_db()
    site = make_site(db=db, start=False)
    site.httpd.main = site.httpd.main.replace("connect_timeout=3", "connect_timeout=3 options='-c search_path=elsewhere'")
    site.standin.people(alice="1001", bob="1002")
    site.start()
    site.expect_log("TW0401: .*search_path", "TW0215", "TW0520: .*search_path")
    assert site.browser().begin("/members/").approve("alice").status == 503
    db.execute(f"ALTER DATABASE {db.name} SET search_path = public")
    site.httpd.main = site.httpd.main.replace(" options='-c search_path=elsewhere'", "")
    site.graceful()
    assert site.browser().sign_in("alice").status == 200


@pgsql_only
@pytest.mark.parametrize("path", ["''", "pg_catalog", "elsewhere, public", "pg_temp, public"])
def test_X7_X6_whoever_writes_with_whatever_search_path(make_db, path):
    db = make_db()
    tools.psql(db, f"""
        CREATE SCHEMA elsewhere;
        CREATE TABLE elsewhere.twauth_username AS SELECT * FROM twauth_username;
        CREATE TEMP TABLE twauth_username AS SELECT * FROM public.twauth_username;
        SET search_path = {path};
        INSERT INTO public.twauth_account (twitter_id, username, screen_name) VALUES ('1', 'jack', 'jack');
        UPDATE public.twauth_account SET username = 'jim', screen_name = 'Jim';
        INSERT INTO public.twauth_session (id, account_id, created_at, seen_at, expires_at)
            SELECT 's', id, 1, 1, 9 FROM public.twauth_account;
        DELETE FROM public.twauth_account;""")
    assert db.rows("SELECT name FROM public.twauth_username WHERE twitter_id = '1' ORDER BY 1") == [("jack",), ("jim",)]
