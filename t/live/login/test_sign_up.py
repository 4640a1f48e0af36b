# SPDX-License-Identifier: Apache-2.0
"""TwAuthSignUp Ask and Invite: who waits, who is let in, and by which link."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import invitation, tools
from harness.checks import SESSION, is_refused, user
from harness.cluster import Cluster
from harness.httpd import VHost
from harness.paths import TREE
from harness.process import until
from harness.signin import Flow
from harness.site import PROTECTED

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]

USED, OVER, UNKNOWN = "has been used", "is over", "is not known here"
WAITS, NO_ACCOUNT = "not let in yet", "have no account here"


@pytest.fixture(scope="module")
def site(make_site):
    """The host asks; beside it one for the invited, an open one, a closed one, and one that asks whether to stay."""
    site = make_site(start=False, protected=PROTECTED, modules=("status",), main="ExtendedStatus On",
                     config="TwAuthProviderCalls 64\nTwAuthStartLimit 60000/min 60000/min")
    ways = {"invite": "Invite", "open": "On", "closed": "Off", "stay": "Ask\nTwAuthRemember Ask"}
    site.beside = {name: VHost(f"{name}.site.test", port=site.vhost.port,
                               config=f"{site.vhost.config}\nTwAuthRealm one\nTwAuthSignUp {value}")
                   for name, value in ways.items()}
    site.vhost.config += "\nTwAuthRealm one\nTwAuthSignUp Ask\n<Location /server-status>\nSetHandler server-status\n</Location>"
    site.httpd.vhosts += site.beside.values()
    site.standin.register(*(host.url("/twauth/callback") for host in site.beside.values()))
    return site.start()


@pytest.fixture(autouse=True)
def clean(site):
    site.db.clear()
    site.db.execute("DELETE FROM twauth_invitation")
    site.allow_log("TW0550", "TW0551", "TW0214", "TW0213", "TW0310", "AH01631")


@pytest.fixture(params=["ask", "invite"])
def host(site, request):
    return site.beside.get(request.param, site.vhost)


def come(site, host, who, secret=None, browser=None, **more):
    """Somebody who signs in there, by an invitation or without; the last answer."""
    browser = browser or site.browser()
    path = invitation.path(secret) if secret else "/twauth/login?next=%2Fmembers%2Fenv.cgi"
    return Flow(browser, browser.get(host.url(path), **more)).approve(who)


def accounts(site):
    return site.db.rows("SELECT twitter_id, username, waiting_since IS NULL, roles FROM twauth_account ORDER BY id")


def member(site, name="alice", number="1001"):
    site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES (?, ?)", number, name)


# Ask

def test_a_stranger_waits_until_let_in(site):
    mark = site.log.mark()
    browser = site.browser()
    answer = come(site, site.vhost, "bob", browser=browser)
    assert answer.status == 403 and WAITS in answer.text and "1002" in answer.text and SESSION not in browser.cookies
    row = site.db.row("SELECT * FROM twauth_account")
    assert (row["twitter_id"], row["screen_name"], row["username"], row["token"]) == ("1002", "bob", None, None)
    assert row["waiting_since"] and not site.db.rows("SELECT * FROM twauth_session")
    assert ("bob",) not in site.db.rows("SELECT name FROM twauth_username"), "a name is given to who is let in"
    admit = site.log.wait(r"UPDATE twauth_account SET waiting_since = NULL WHERE twitter_id = '1002'", mark)
    assert come(site, site.vhost, "bob").status == 403
    assert site.db.row("SELECT * FROM twauth_account") == row, "coming again changes nothing"
    assert len(re.findall("TW0550: asks", site.log.since(mark))) == 1
    site.db.execute(admit.group(0))
    assert come(site, site.vhost, "bob").json()["TWAUTH_USERNAME"] == "bob"


def test_who_is_a_member_does_not_wait(site, host):
    member(site)
    assert come(site, host, "alice").status == 200
    site.db.execute("UPDATE twauth_account SET active = 0")
    assert "not active" in come(site, host, "alice").text


def test_who_waits_waits_everywhere(site):
    """Also where strangers get an account; and a member who is made to wait is out."""
    member(site)
    browser = site.browser()
    come(site, site.vhost, "alice", browser=browser)
    site.db.execute("UPDATE twauth_account SET waiting_since = 1")
    for name in ("open", "closed", "invite"):
        answer = come(site, site.beside[name], "alice")
        assert answer.status == 403 and WAITS in answer.text, name
    assert not is_refused(browser.get("/members/env.cgi")), "the cookie has its time"
    browser.get("/twauth/login?next=/members/", follow=True)
    assert is_refused(browser.get("/members/env.cgi"))


def test_a_stranger_whose_account_was_refused_does_not_ask_again(site):
    come(site, site.vhost, "bob")
    site.db.execute("UPDATE twauth_account SET active = 0, waiting_since = NULL")
    assert "not active" in come(site, site.vhost, "bob").text
    assert len(accounts(site)) == 1


def test_no_more_than_a_thousand_wait(site, full):
    """Of many who ask at once, and more than there is room for, those go who have waited longest; members stay."""
    member(site)
    statement = ("INSERT INTO twauth_account (twitter_id, waiting_since) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
                 " SELECT i + 1 FROM n WHERE i < %d) SELECT CAST(5000 + i AS text), i FROM n")
    site.db.execute(statement % 1000)
    count = full(12, 60)
    people = [f"8{number:04}" for number in range(count)]
    site.standin.set(users=[{"id": number, "screen_name": f"user{number}"} for number in people])
    try:
        flows = [site.browser().begin() for _ in people]
        urls = [flow.callback(number) for flow, number in zip(flows, people)]
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda flow, url: flow.arrive(url), flows, urls))
    finally:
        site.standin.people(alice="1001", bob="1002", carol="1003", dave="1004")
    assert {answer.status for answer in answers} == {403}
    waiting = [number for number, in site.db.rows("SELECT twitter_id FROM twauth_account WHERE waiting_since IS NOT"
                                                 " NULL ORDER BY waiting_since, id")]
    assert len(waiting) == 1000 and sorted(waiting[-count:]) == people
    assert waiting[0] == str(5001 + count)
    assert accounts(site)[0] == ("1001", "alice", True, "") or accounts(site)[0] == ("1001", "alice", 1, "")


# by a link

def test_a_link_lets_in_once(site, host):
    secret = invitation.make(site.db, role="editor")
    answer = come(site, host, "bob", secret)
    assert answer.status == 200 and answer.json()["TWAUTH_ROLES"] == "editor"
    assert accounts(site) in ([("1002", "bob", True, "editor")], [("1002", "bob", 1, "editor")])
    row = site.db.row("SELECT * FROM twauth_invitation")
    assert row["used_by"] == "1002" and row["used_at"]
    late = come(site, host, "carol", secret)
    assert late.status == 403 and USED in late.text and "1003" in late.text
    assert len(accounts(site)) == 1
    assert come(site, host, "bob", secret).status == 200, "who has used it is a member, by the link as well"


def test_a_link_that_is_over_or_unknown(site, host):
    for secret, said in ((invitation.make(site.db, seconds=-1), OVER), ("A" * 22, UNKNOWN),
                         (invitation.row_id("x"), UNKNOWN)):
        answer = come(site, host, "bob", secret)
        assert answer.status == 403 and said in answer.text
        assert secret not in answer.text, "what leads on from here is without it"
    for text in ("", "A" * 21, "A" * 33, "A" * 22 + "%20", "A" * 22 + "'"):
        answer = site.browser().get(host.url(f"/twauth/login?invite={text}"))
        assert answer.status == 403 and UNKNOWN in answer.text, "nobody goes to X for that"
    assert accounts(site) == []


def test_the_id_of_a_row_is_no_link(site):
    secret = invitation.make(site.db)
    assert UNKNOWN in come(site, site.vhost, "bob", invitation.row_id(secret)).text


def test_who_waits_is_let_in_by_a_link(site):
    come(site, site.vhost, "bob")
    secret = invitation.make(site.db, role="editor")
    assert come(site, site.vhost, "bob", secret).json()["TWAUTH_ROLES"] == "editor"


def test_an_invitation_is_for_who_is_not_shut_out(site, host):
    member(site)
    site.db.execute("UPDATE twauth_account SET active = 0")
    secret = invitation.make(site.db, role="editor")
    assert "not active" in come(site, host, "alice", secret).text
    assert site.db.value("SELECT used_by FROM twauth_invitation") is None
    assert come(site, host, "bob", secret).status == 200


def test_a_member_uses_it_for_a_role_alone(site, host):
    member(site)
    plain = invitation.make(site.db)
    assert come(site, host, "alice", plain).status == 200
    assert site.db.value("SELECT used_by FROM twauth_invitation") is None, "it has nothing for a member"
    role = invitation.make(site.db, role="editor")
    browser = site.browser()
    assert come(site, host, "alice", browser=browser).json().get("TWAUTH_ROLES") is None
    assert come(site, host, "alice", role, browser).json()["TWAUTH_ROLES"] == "editor", "also for who is signed in"
    second = invitation.make(site.db, role="editor")
    assert come(site, host, "alice", second).status == 200
    assert site.db.value("SELECT count(*) FROM twauth_invitation WHERE used_by IS NOT NULL") == 1


def test_what_was_taken_from_somebody_is_not_given_back(site, host):
    secret = invitation.make(site.db, role="editor")
    come(site, host, "bob", secret)
    site.db.execute("DELETE FROM twauth_role")
    assert come(site, host, "bob", secret).json().get("TWAUTH_ROLES") is None
    site.db.execute("DELETE FROM twauth_account")
    answer = come(site, host, "bob", secret)
    assert answer.status == 403 and accounts(site) == []


def test_where_all_get_in_it_gives_its_role_and_where_none_does_it_does_not_count(site):
    secret = invitation.make(site.db, role="editor")
    closed = come(site, site.beside["closed"], "bob", secret)
    assert closed.status == 403 and NO_ACCOUNT in closed.text
    assert site.db.value("SELECT used_by FROM twauth_invitation") is None
    assert come(site, site.beside["open"], "bob", secret).json()["TWAUTH_ROLES"] == "editor"
    assert come(site, site.beside["open"], "carol", secret).status == 200, "as without it"
    assert site.db.rows("SELECT twitter_id FROM twauth_account WHERE roles <> ''") == [("1002",)]


def test_without_a_link_nobody_is_let_in(site):
    answer = come(site, site.beside["invite"], "bob")
    assert answer.status == 403 and NO_ACCOUNT in answer.text and accounts(site) == []


# on the way

def test_it_survives_what_goes_wrong_on_the_way(site, host):
    secret = invitation.make(site.db)
    browser = site.browser()
    cancelled = Flow(browser, browser.get(host.url(invitation.path(secret)))).deny()
    again = re.search(r'href="([^"]*invite=[^"]*)"', cancelled.text)[1].replace("&amp;", "&")
    browser = site.browser()
    site.standin.fault(site.exchange_path, "status", status=503)
    site.allow_log("TW0204")
    failed = Flow(browser, browser.get(host.url(again))).approve("bob")
    assert failed.status == 502
    site.standin.clear_faults()
    again = re.search(r'href="([^"]*invite=[^"]*)"', failed.text)[1].replace("&amp;", "&")
    assert Flow(browser, browser.get(host.url(again))).approve("bob").status == 200
    assert site.db.value("SELECT used_by FROM twauth_invitation") == "1002"


def test_it_goes_through_the_page_that_asks_whether_to_stay(site):
    host, secret = site.beside["stay"], invitation.make(site.db)
    browser = site.browser()
    page = browser.get(host.url(invitation.path(secret)), follow=True)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text)) | {"remember": "1"}
    assert page.status == 401 and fields["invite"] == secret
    assert page.headers["Referrer-Policy"] == "no-referrer"
    query = "&".join(f"{name}={value.replace('/', '%2F')}" for name, value in fields.items())
    assert Flow(browser, browser.get(host.url(f"/twauth/login?{query}"), site="same-origin")).approve("bob").status == 200


def test_the_secret_is_nowhere_but_in_the_link(site, host):
    secret = invitation.make(site.db)
    site.canaries.add("invitation", secret)
    site.httpd.main += f'\nCustomLog "{site.httpd.folder}/everything.log" "%r %q %U %{{Referer}}i"'
    site.graceful()
    browser = site.browser()
    flow = Flow(browser, browser.get(host.url(invitation.path(secret))))
    for step in flow.steps:
        assert step.headers.get("Referrer-Policy") == "no-referrer"
    assert secret not in flow.authorize_url
    assert site.browser().image(host.url(invitation.path(secret))).status == 401, "a preview"
    assert flow.approve("bob").status == 200
    log = site.httpd.folder / "everything.log"
    assert until(lambda: log.exists() and "invite=[...]" in log.read_text()) and secret not in log.read_text()
    assert secret not in str(site.db.rows("SELECT * FROM twauth_invitation"))
    status = browser.get("/server-status").text
    assert "GET /twauth/login" in status and secret not in status
    if site.start_path:         # nor while X is asked
        site.standin.fault(site.start_path, "delay", seconds=2)
        other = site.browser()
        other.get("/members/")
        with ThreadPoolExecutor(1) as pool:
            asks = pool.submit(other.get, host.url(invitation.path(secret)))
            while not asks.done():
                assert secret not in browser.get("/server-status").text


def test_of_many_who_use_one_at_once_one_gets_in(site, host, full):
    race(site, host, full(20, 100))


@pytest.fixture(scope="module")
def two(make_site, make_httpd):
    cluster = Cluster(make_site, make_httpd, 2, config="TwAuthSignUp Invite\nTwAuthProviderCalls 64\n"
                      "TwAuthStartLimit 60000/min 60000/min")
    return cluster.start()


def test_on_two_servers_at_once_one_gets_in(two, full):
    for node in two.nodes:
        node.allow_log("TW0551")
    answered = race(two, two.front, full(20, 100))
    assert answered == {"0", "1"}


def race(site, host, count):
    """Each has said yes at X; then all of them come back in one moment. Which nodes of a cluster answered."""
    people = [f"9{number:04}" for number in range(count)]
    site.standin.set(users=[{"id": number, "screen_name": f"user{number}"} for number in people])
    secret = invitation.make(site.db, role="editor")
    try:
        flows = []
        for number in people:
            browser = site.browser()
            flows.append(Flow(browser, browser.get(host.url(invitation.path(secret)))))
        urls = [flow.callback(number) for flow, number in zip(flows, people)]
        with ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(lambda flow, url: flow.arrive(url), flows, urls))
    finally:
        site.standin.people(alice="1001", bob="1002", carol="1003", dave="1004")
    assert sorted(answer.status for answer in answers) == [200] + [403] * (count - 1)
    assert all(USED in answer.text for answer in answers if answer.status == 403)
    winner, = accounts(site)
    assert winner[0] == site.db.value("SELECT used_by FROM twauth_invitation") and winner[3] == "editor"
    assert winner[0] == next(answer for answer in answers if answer.status == 200).json()["TWAUTH_ID"]
    return {answer.headers.get("X-Node") for answer in answers}


# tables of before

@pytest.mark.protocols("oauth1")
def test_tables_of_before_let_members_in(make_site, make_db, db_kind):
    """Who is no member is told that it could not be stored, and the log what to do."""
    name = {"sqlite": "sqlite3", "pgsql": "pgsql"}[db_kind]
    old = make_db(schema=(TREE / f"t/live/store/tables/{name}-2.sql").read_text())
    for number in (3, 4):
        tools.script(old, TREE / f"sql/{name}-{number}.sql")
    site = make_site(db=old, config="TwAuthSignUp Ask")
    site.allow_log("TW0480", "TW0520", "TW0401", "TW0215", "TW0403")
    old.execute("INSERT INTO twauth_account (twitter_id) VALUES ('1001')")
    alice = site.browser()
    assert alice.sign_in("alice").status == 200 and user(alice) == "alice"
    mark = site.log.mark()
    assert site.browser().sign_in("bob").status == 503
    assert site.log.wait("twauthctl tables", mark)
    tools.script(old, TREE / f"sql/{name}-5.sql")
    assert WAITS in site.browser().sign_in("bob").text and user(alice) == "alice"
    site.stop()
