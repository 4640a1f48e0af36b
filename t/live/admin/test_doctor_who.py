# SPDX-License-Identifier: Apache-2.0
"""`twauthctl doctor --who`: why one person cannot sign in, or does not get in somewhere."""

import pytest

pytestmark = pytest.mark.databases("sqlite", "pgsql")
PEOPLE = [(3, "1003", "alice", "Alice_A", 1), (4, "1004", "bob", "bob", 0), (5, "1005", "carol.1005", "carol", 1), (6, "1006", "carol", "", 1),
          (7, "handle:jack", "jack", "", 1), (8, "1008", None, "eve", 1)]

#: A section's lines, and whom they let in: yes, no, or not to be seen.
RULES = {
    "": "yes yes", "Require valid-user": "yes yes", "Require user alice": "yes no", "Require user bob alice": "yes no",
    "Require twitter-user ALICE_a": "yes no", "Require twitter-id 1003": "yes no", "Require twitter-id 10": "no no",
    "Require twitter-role staff editors": "yes no", "Require twitter-role editor": "no no",
    "Require all denied": "no no", "Require group staff": "? ?",
    "Require user alice\nRequire ip 192.0.2": "yes ?", "Require expr true": "? ?",
    "<LimitExcept OPTIONS>\nRequire user alice\n</LimitExcept>": "yes no",
    "<RequireAll>\nRequire valid-user\nRequire not user alice\n</RequireAll>": "no yes",
    "<RequireAll>\nRequire user alice\nRequire ip 192.0.2\n</RequireAll>": "? no",
    "<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire user alice\n</RequireNone>\n</RequireAll>": "no yes",
    "<RequireAll>\nRequire valid-user\n<RequireAny>\nRequire user alice\nRequire twitter-id 1\n</RequireAny>\n</RequireAll>": "yes no",
}


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, modules=("authz_groupfile",), protected="")
    site.db.clear()
    for row in PEOPLE:
        site.db.execute("INSERT INTO twauth_account (id, twitter_id, username, screen_name, active, signed_in_at) VALUES (?, ?, ?, ?, ?, 1700000000)", *row)
    site.db.execute("INSERT INTO twauth_role (account_id, role) VALUES (3, 'editors')")
    site.db.execute("UPDATE twauth_account SET waiting_since = 1700000000 WHERE id = 8")
    site.config = site.vhost.config
    return site


def who(site, name, more="", *words):
    """{check: [(verdict, says, fix)]}, the status."""
    site.vhost.config = f"{site.config}\n{more}"
    ran = site.ctl("doctor", "--json", "--who", name, *words)
    found = {}
    for row in ran.rows:
        found.setdefault(row["check"], []).append((row["verdict"], row["says"], row["fix"]))
    return found, ran.status


@pytest.mark.parametrize("name, more, status, verdict, says, fix", [
    ("alice", "", 0, "ok", "account 3 (username alice, handle Alice_A, X's number 1003) may sign in; last signed in: 2023-11-14; sessions: 0; roles: editors", ""),
    ("@ALICE_a", "", 0, "ok", "account 3 ", ""), ("id:1003", "", 0, "ok", "account 3 ", ""),
    ("bob", "", 2, "wrong", "it is not active", "`twauthctl enable account:4`"),
    ("carol", "", 1, "warning", "carol names several: account 5 (username carol.1005, handle carol, ", "--who account:N"),
    ("jack", "", 2, "wrong", "waits for whoever has its handle", "TwAuthClaimByHandle On"),
    ("jack", "TwAuthClaimByHandle On", 0, "ok", "account 7 ", ""),
    ("mallory", "", 0, "ok", "at their first sign-in they get one", ""),
    ("mallory", "TwAuthSignUp Off", 2, "wrong", "strangers get none", "twauthctl invite"),
    ("mallory", "TwAuthSignUp Ask", 1, "warning", "one that waits for you", "twauthctl allow"),
    ("mallory", "TwAuthSignUp Invite", 1, "warning", "they need a link", "twauthctl invite"),
    ("eve", "TwAuthSignUp Ask", 2, "wrong", "waits since 2023-11-14", "`twauthctl allow account:8`"),
])
def test_account(site, name, more, status, verdict, says, fix):
    found, was = who(site, name, more)
    (judged, words, advice), = found["account"]
    assert (was, judged) == (status, verdict) and says in words and fix in advice, found
    assert found["elsewhere"][0][0] == "unknown" and set(found) <= {"account", "rules", "elsewhere"}


def test_rules(site):
    """All in one configuration: two people, and each section's verdict."""
    sections = "\n".join(f'<Location "/place{n}/">\nAuthType Twitter\n{lines}\n</Location>' for n, lines in enumerate(RULES))
    for place, name in enumerate(("alice", "id:1005")):
        found, status = who(site, name, sections)
        said = {n: "yes" for n in range(len(RULES))}
        for verdict, says, fix in found["rules"]:
            n = next(n for n in said if f'"/place{n}/"' in says)
            said[n] = {"warning": "no", "unknown": "?"}[verdict]
            assert verdict == "unknown" or "keeps them out" in says and fix.startswith("if they should get in there: Require twitter-id 100")
        assert status == 1 and said == {n: expected.split()[place] for n, expected in enumerate(RULES.values())}


def test_no_rule(site):
    found, status = who(site, "alice", '<Location "/members/">\nAuthType Twitter\nRequire valid-user\n</Location>')
    assert status == 0 and found["rules"] == [("ok", "no rule keeps them out", "")]


def test_nothing_is_asked_of_x_or_changed(site):
    before = site.db.rows("SELECT * FROM twauth_account ORDER BY id")
    who(site, "alice"), who(site, "bob", "", "--host", "site.test")
    assert site.standin.calls() == [] and site.db.rows("SELECT * FROM twauth_account ORDER BY id") == before
    found, status = who(site, "alice", "", "--offline")
    assert status == 0 and found["account"][0][0] == ("ok" if site.db.kind == "sqlite" else "unknown")


def test_what_is_foreign_steers_no_terminal(site):
    site.db.execute("UPDATE twauth_account SET screen_name = ? WHERE id = 3", "ev\x1b[31mil")
    try:
        site.vhost.config = site.config
        ran = site.ctl("doctor", "--who", "alice")
        assert ran and "\x1b" not in ran.stdout and "account 3" in ran.stdout
        assert "\x1b" not in site.ctl("doctor", "--who", "al\x1b[31mice").stdout
    finally:
        site.db.execute("UPDATE twauth_account SET screen_name = 'Alice_A' WHERE id = 3")
