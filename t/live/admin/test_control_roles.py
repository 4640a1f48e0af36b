# SPDX-License-Identifier: Apache-2.0
"""twauthctl role, invite, invitations, and accounts --waiting: who gets in, by commands."""

import json
import subprocess
import time

import pytest

from harness import documents, invitation
from harness.httpd import VHost
from harness.signin import Flow

pytestmark = pytest.mark.databases("sqlite", "pgsql")


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, config="TwAuthSignUp Ask\nTwAuthSessionRecheck 0\n")
    site.vhost.config += f'\nTwAuthEventLog "{site.httpd.folder}/events.log"'
    return site.start()


@pytest.fixture(autouse=True)
def clean(site):
    site.db.clear()
    site.db.execute("DELETE FROM twauth_invitation")
    site.allow_log("TW0550", "TW0551")
    site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('1001', 'alice')")


def told(site, reason):
    """The last event of an administrator's doing."""
    events = [json.loads(line) for line in (site.httpd.folder / "events.log").read_text().splitlines()]
    return [event for event in events if (event["event"], event.get("reason")) == ("admin", reason)][-1]


def roles(site):
    return site.db.value("SELECT roles FROM twauth_account")


def test_roles_are_given_and_taken(site):
    alice = site.browser()
    assert alice.sign_in("alice").status == 200
    assert site.ctl("role", "alice", "--json").rows[0]["roles"] == ""
    ran = site.ctl("role", "@alice", "+editor", "+a", "--json")
    assert ran and ran.rows[0] | {"username": "alice", "roles": "a,editor"} == ran.rows[0]
    assert alice.whoami()["roles"] == ["a", "editor"]
    event = told(site, "role")
    assert event["username"] == "alice" and "role @alice +editor +a" in event["why"]
    assert "a,editor" in site.ctl("accounts").stdout
    assert site.ctl("role", "id:1001", "-editor", "-a", "-c", "+b") and roles(site) == "b"
    assert site.ctl("role", "alice", "-b") and "roles" not in alice.whoami()


@pytest.mark.parametrize("words, right", [
    (["+Editor"], "is not +ROLE or -ROLE: a role is 1 to 64 of a-z"), (["editor"], "is not +ROLE or -ROLE"),
    (["+a", "-a"], "a is said twice"), (["+a", "+"], "is not +ROLE"), (["+" + "x" * 65], "is not +ROLE"), (["+a", "+b", "+c d"], "is not +ROLE"),
    ([f"+{letter * 64}" for letter in "abcd"], "at most 200 bytes of roles")])
def test_roles_said_wrongly_change_nothing(site, words, right):
    ran = site.ctl("role", "alice", *words)
    assert ran.status == 2 and right in ran.stderr and roles(site) == ""


def test_roles_of_nobody(site):
    ran = site.ctl("role", "bob", "+editor")
    assert ran.status == 1 and "there is no account bob" in ran.stderr


def test_a_link_lets_in(site):
    ran = site.ctl("invite", "--role", "editor", "--expires", "2h", "--note", "Bob, from the club", "--json")
    made, = ran.rows
    path, _, secret = made["link"].partition("?invite=")
    assert path == site.url("/twauth/login") and len(secret) == 22 and made["role"] == "editor"
    row = site.db.row("SELECT * FROM twauth_invitation")
    assert row["id"] == invitation.row_id(secret) and row["note"] == "Bob, from the club"
    assert abs(row["expires_at"] - time.time() - 7200) < 100
    assert secret not in str(told(site, "invite")) and "invite --role editor" in told(site, "invite")["why"]
    shown, = site.ctl("invitations", "--json").rows
    assert shown["state"] == "open" and shown["invitation"] == row["id"][:12] and shown["used_by"] == ""
    browser = site.browser()
    answer = Flow(browser, browser.get(made["link"] + "&next=%2Fmembers%2Fenv.cgi")).approve("bob")
    assert answer.json()["TWAUTH_ROLES"] == "editor"
    shown, = site.ctl("invitations", "--json").rows
    assert (shown["state"], shown["used_by"]) == ("used", "1002") and shown["used_at"]


def test_what_people_read(site):
    made = site.ctl("invite")
    assert site.url("/twauth/login?invite=") in made.stdout and "shown this once" in made.stdout
    invitation.make(site.db, seconds=-1, note="too late")
    listed = site.ctl("invitations").stdout
    assert "open" in listed and "over" in listed and "too late" in listed


def test_a_link_is_taken_back(site):
    secret = invitation.make(site.db)
    begins = invitation.row_id(secret)[:12]
    assert site.ctl("invitations", "--revoke", "0" * 12).status == 1
    assert site.ctl("invitations", "--revoke", begins)
    assert f"invitations --revoke {begins}" in told(site, "uninvite")["why"]
    assert site.db.rows("SELECT * FROM twauth_invitation") == []
    ran = site.ctl("invitations")
    assert ran.status == 1 and "There are no invitations" in ran.stdout


def test_several_begin_so(site):
    for end in "ab":
        site.db.execute("INSERT INTO twauth_invitation (id, expires_at) VALUES (?, 1)", "f" * 31 + end)
    ran = site.ctl("invitations", "--revoke", "ffff")
    assert ran.status == 2 and "2 invitations begin so" in ran.stderr
    assert site.ctl("invitations", "--revoke", "f" * 31 + "a")
    assert site.db.value("SELECT count(*) FROM twauth_invitation") == 1


@pytest.mark.parametrize("words, right", [
    (["invite", "--role", "A"], "--role takes a role"), (["invite", "--expires", "soon"], "--expires takes a time"),
    (["invite", "--expires", "0s"], "--expires takes a time"), (["invite", "--expires", "367d"], "from 1s to 366d"),
    (["invite", "--note", "x" * 201], "at most 200 bytes"), (["invite", "bob"], "takes no arguments"),
    (["invitations", "--revoke", "xyz"], "--revoke takes an invitation"), (["invitations", "--revoke", ""], "--revoke takes"),
    (["invitations", "--revoke", "%%%%"], "--revoke takes"), (["accounts", "alice", "--waiting"], "say it without alice")])
def test_what_is_said_wrongly(site, words, right):
    ran = site.ctl(*words)
    assert ran.status == 2 and right in ran.stderr
    assert site.db.rows("SELECT * FROM twauth_invitation") == []


def test_where_no_invitation_counts_none_is_made(site):
    before = list(site.httpd.vhosts)
    closed = VHost("closed.test", port=site.vhost.port, config=f"{site.vhost.config}\nTwAuthSignUp Off")
    site.httpd.vhosts.append(closed)
    try:
        ran = site.ctl("invite")
        assert ran.status == 2 and "say which host" in ran.stderr
        ran = site.ctl("invite", "--host", "closed.test")
        assert ran.status == 2 and "TwAuthSignUp is Off" in ran.stderr and "Invite lets in" in ran.stderr
        assert site.ctl("invite", "--host", "site.test")
    finally:
        site.httpd.vhosts[:] = before


def test_who_waits(site):
    assert site.ctl("accounts", "--waiting").stdout == "Nobody waits to be let in.\n"
    assert site.browser().sign_in("bob").status == 403
    waiting, = site.ctl("accounts", "--waiting", "--json").rows
    assert (waiting["id"], waiting["handle"]) == ("1002", "bob") and waiting["waiting_since"]


# docs/administration.md, "Who gets in"

def chapter(title):
    return documents.blocks("docs/administration.md", title)


def test_the_chapter_on_roles(site, make_site):
    site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('12', 'jack')")
    commands, statements, places = chapter("Roles")
    for line in commands.splitlines():
        assert site.ctl(*line.split()[2:])
    give, take, _ = statements.split(";")
    site.db.execute(give)
    assert site.db.rows("SELECT username, roles FROM twauth_account ORDER BY username") == [("alice", "editor"), ("jack", "editor")]
    site.db.execute(take)
    assert site.db.value("SELECT roles FROM twauth_account WHERE username = 'alice'") == ""
    assert make_site(start=False, db=site.db, protected=places).httpd.check()


def test_the_chapter_on_who_asks(site):
    command, allow, let_in, shut_out = chapter("Let somebody in who asks")
    for number in ("12", "13"):
        site.db.execute("INSERT INTO twauth_account (twitter_id, waiting_since) VALUES (?, 1)", number)
    assert len(site.ctl(*command.split()[2:], "--json").rows) == 2
    assert site.ctl(*allow.split()[2:])
    assert site.db.rows("SELECT twitter_id FROM twauth_account WHERE waiting_since IS NOT NULL") == [("13",)]
    site.db.execute(let_in)
    site.db.execute(shut_out)
    assert site.db.rows("SELECT twitter_id, active FROM twauth_account WHERE waiting_since IS NULL ORDER BY id")[1:] == [
        ("12", 1), ("13", 0)]


def test_the_chapter_on_links(site):
    command, listing, by_hand = chapter("Invite by a link")
    assert site.ctl(*command.split()[2:], "--host", "site.test") and len(site.ctl(*listing.split()[2:], "--json").rows) == 1
    site.db.execute("DELETE FROM twauth_invitation")
    _, _, insert, _, = (part for part in by_hand.replace("\n    ", " ").splitlines() if part)
    sql = insert[insert.index('"') + 1:insert.rindex('"')]
    secret = "0123456789abcdef" * 2
    script = by_hand.splitlines()[1].replace("$secret", secret) + "; echo $id"
    made = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert made == invitation.row_id(secret)
    if site.db.kind == "sqlite":
        sql = sql.replace("extract(epoch FROM now())", "strftime('%s', 'now')")
    site.db.execute(sql.replace("$id", made))
    browser = site.browser()
    answer = Flow(browser, browser.get(invitation.path(secret))).approve("bob")
    assert answer.json()["TWAUTH_ROLES"] == "editor"
