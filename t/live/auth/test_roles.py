# SPDX-License-Identifier: Apache-2.0
"""Roles: who has one is let in, applications are told, and what is changed in the table takes effect by itself."""

import re

import pytest

from harness.backend import received
from harness.checks import is_refused, together
from harness.paths import TREE
from harness.process import until
from harness.site import PROTECTED

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]


def place(path, more="", rule="valid-user"):
    return f'<Location "{path}">\nAuthType Twitter\nRequire {rule}\n{more}\n</Location>\n'


@pytest.fixture(scope="module")
def site(make_site, echo):
    site = make_site(start=False, modules=("proxy", "proxy_http"), config="TwAuthSessionRecheck 1h", protected=(
        PROTECTED + place("/editors/", rule="twitter-role editor staff") + place("/now/", "TwAuthSessionRecheck 0")
        + place("/proxied/", f"TwAuthExport headers\nProxyPass {echo.origin}/")
        + place("/other/", f"TwAuthExport none\nTwAuthHeader X-Groups roles\nProxyPass {echo.origin}/")
        + f'<Location "/open/">\nProxyPass {echo.origin}/\n</Location>'))
    for name in ("editors", "now"):
        site.httpd.script(f"{name}/env.cgi")
    return site.start()


@pytest.fixture
def alice(site):
    site.db.clear()
    browser = site.browser()
    assert browser.sign_in("alice").status == 200
    return browser


def give(site, *roles, to="1001"):
    for role in roles:
        site.db.execute("INSERT INTO twauth_role (account_id, role) SELECT id, ? FROM twauth_account"
                        " WHERE twitter_id = ?", role, to)


def take(site, role):
    site.db.execute("DELETE FROM twauth_role WHERE role = ?", role)


def told(browser, path="/now/env.cgi"):
    return browser.get(path).json().get("TWAUTH_ROLES")


def test_who_has_one_of_them_is_let_in(site, alice):
    site.allow_log("TW0310", "AH01631")
    assert alice.get("/editors/env.cgi").status == 403
    give(site, "staff", "zebra")
    assert alice.get("/editors/env.cgi").status == 403, "the cookie has its time"
    assert told(alice) == "staff,zebra"
    assert alice.get("/editors/env.cgi").json()["TWAUTH_ROLES"] == "staff,zebra"
    take(site, "staff")
    alice.get("/now/env.cgi")
    assert alice.get("/editors/env.cgi").status == 403
    assert is_refused(site.browser().get("/editors/env.cgi", follow=False))


def test_a_name_is_whole(site, alice):
    site.allow_log("TW0310", "AH01631")
    give(site, "editors", "edito", "staff-2", "sta", "2")
    alice.get("/now/env.cgi")
    assert alice.get("/editors/env.cgi").status == 403


def test_they_are_there_from_the_sign_in_on(site, alice):
    give(site, "editor")
    again = site.browser()
    assert again.sign_in("alice", next="/editors/env.cgi").json()["TWAUTH_ROLES"] == "editor"


def test_applications_are_told_in_order(site, alice):
    assert "roles" not in alice.whoami() and told(alice) is None
    give(site, "b-2", "a_1", "b", "0")
    assert told(alice) == "0,a_1,b,b-2"
    assert alice.whoami()["roles"] == ["0", "a_1", "b", "b-2"]
    assert received(alice.get("/proxied/x")).get("X-Twauth-Roles") == "0,a_1,b,b-2"
    assert received(alice.get("/other/x")).get("X-Groups") == "0,a_1,b,b-2"


@pytest.mark.parametrize("path", ["/proxied/x", "/other/x", "/open/x"])
def test_nobody_says_so_himself(alice, path):
    mine = {"X-Twauth-Roles": "staff", "X_TWAUTH_ROLES": "staff", "x-twauth.roles": "staff", "X-Groups": "staff",
            "X_Groups": "staff"}
    headers = received(alice.get(path, headers=mine))
    assert "staff" not in str(headers)


def test_what_is_no_role_is_refused_by_the_tables(site, alice):
    account = site.db.value("SELECT id FROM twauth_account")
    for role in ("", "A", "a,b", "a b", "ä", "a\n", "x" * 65):
        with pytest.raises(Exception, match="role is 1 to 64"):
            site.db.execute("INSERT INTO twauth_role VALUES (?, ?)", account, role)
    with pytest.raises(Exception, match="(?i)foreign key"):
        site.db.execute("INSERT INTO twauth_role VALUES (?, 'a')", account + 1)
    with pytest.raises(Exception, match="roles are what twauth_role says"):
        site.db.execute("UPDATE twauth_account SET roles = 'admin'")
    give(site, "a" * 64, "b" * 64, "c" * 64)
    with pytest.raises(Exception, match="at most 200 bytes"):
        give(site, "d" * 6)
    give(site, "d" * 5)
    roles = told(alice)
    assert len(roles) == 200 and roles == site.db.value("SELECT roles FROM twauth_account")
    with pytest.raises(Exception, match="not changed"):
        site.db.execute("UPDATE twauth_role SET role = 'e' WHERE role LIKE 'd%'")


def test_a_text_that_is_none_says_nothing(site, alice):
    """Where an administrator has taken the rules of the tables away."""
    site.db.execute({"sqlite": "DROP TRIGGER twauth_account_roles",
                     "pgsql": "DROP TRIGGER twauth_account_roles ON twauth_account"}[site.db.kind])
    try:
        for text in ("staff\r\nX-Admin: 1", "editor,,staff", "editor,", "Editor", "x" * 201):
            site.db.execute("UPDATE twauth_account SET roles = ?", text)
            assert told(alice) is None and "roles" not in alice.whoami()
    finally:
        schema = (TREE / {"sqlite": "sql/sqlite3.sql", "pgsql": "sql/pgsql.sql"}[site.db.kind]).read_text()
        end = {"sqlite": r"END;", "pgsql": r"twauth_account_roles\(\);"}[site.db.kind]
        site.db.execute(re.search(rf"CREATE TRIGGER twauth_account_roles .*?{end}", schema, re.S)[0])


def test_roles_go_with_the_account(site, alice):
    give(site, "staff")
    site.db.execute("DELETE FROM twauth_account")
    assert site.db.rows("SELECT * FROM twauth_role") == []


@pytest.mark.parametrize("line, right", [
    ("", "needs at least one name"), ("Editor", "must be a role: 1 to 64 of a-z, 0-9, _ and -"),
    ("a,b", "must be a role"), ("a " + "x" * 65, "word 2 must be a role"), ('"a b"', "must be a role")])
@pytest.mark.databases("sqlite")
@pytest.mark.protocols("oauth1")
def test_a_wrong_rule_stops_the_configuration_test(make_site, line, right):
    site = make_site(start=False, protected=place("/x/", rule=f"twitter-role {line}"))
    checked = site.httpd.check()
    assert not checked and right in checked.stderr


def test_two_who_give_roles_at_once(site, alice, full):
    """What the account's row says is what the table says, whoever was first."""
    for number in range(full(5, 50)):
        together(lambda: give(site, f"a{number % 20}"), lambda: give(site, f"b{number % 20}"))
        rows = [role for role, in site.db.rows("SELECT role FROM twauth_role")]
        assert site.db.value("SELECT roles FROM twauth_account") == ",".join(sorted(rows))
        if number % 20 == 19:
            site.db.execute("DELETE FROM twauth_role")
    assert until(lambda: told(alice) == site.db.value("SELECT roles FROM twauth_account"))
