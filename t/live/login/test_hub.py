# SPDX-License-Identifier: Apache-2.0
"""Hosts of other domains whose people sign in at a hub (TwAuthHub, TwAuthHubFor): one callback URL at X."""

import re
import threading

import pytest

from harness.checks import user, wrong_at
from harness.httpd import VHost
from harness.process import until
from harness.site import CANARY, PROTECTED

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth2")]

HOSTS = ("a.site.test", "b.other.test")
#: What the doctor says of a host that signs in elsewhere.
AT_HUB = "people sign in at its hub, "


def key_line(site):
    return f'TwAuthKey "file:{site.key}"'


def satellite(site, hub, name):
    """A host of that hub with the key of this site."""
    return VHost(name, config=f"{key_line(site)}\nTwAuthHub {hub.origin}\n{PROTECTED}")


@pytest.fixture(scope="module")
def hub(make_site):
    """login.third.test is the hub of two hosts of other domains, on one httpd; on another is a third."""
    site = make_site(start=False, clock=True)
    site.vhost.name = "login.third.test"
    site.vhost.aliases = ()
    site.standin.register(site.url("/twauth/callback"))
    site.hosts = [satellite(site, site.vhost, name) for name in HOSTS]
    site.far = make_site(start=False, db=site.db, clock=True)
    site.far.key = site.key
    site.far.vhost = VHost("c.far.site.test")
    site.far_host = satellite(site, site.vhost, "far.site.test")
    site.far.httpd.vhosts = [site.far_host]
    site.httpd.vhosts += site.hosts
    origins = " ".join(host.origin for host in [*site.hosts, site.far_host])
    site.vhost.config += f"\nTwAuthHubFor {origins}"
    site.clock.followers.append(site.far.clock.set)
    site.far.start()
    return site.start()


@pytest.fixture(autouse=True)
def now(hub):
    hub.clock.set(0)


def at(hub, host, browser=None):
    """A browser, in front of that host."""
    browser = browser or hub.browser()
    browser.base = host.origin
    return browser


def calls(hub):
    return hub.standin.count()


def walk(browser, answer, until):
    """Follows redirects as a browser does, until an address that begins so."""
    for _ in range(12):
        if not answer.location or answer.location.startswith(until):
            return answer
        answer = browser.get(answer.location, site="cross-site")
    raise AssertionError(answer)


def ticket(hub, browser, host, next="/members/"):
    """Signed in at the hub: the callback with its ticket, not loaded yet."""
    at(hub, host, browser)
    answer = walk(browser, browser.get(next), host.url("/twauth/callback?"))
    assert answer.location.startswith(host.url("/twauth/callback?")), answer
    return answer.location


def test_one_sign_in_for_all(hub):
    """The second host costs no call to X and no click."""
    browser = at(hub, hub.hosts[0])
    answer = browser.sign_in("alice", next="/members/?deep=1")
    assert answer.status == 200 and CANARY in answer.text and answer.url == hub.hosts[0].url("/members/?deep=1")
    assert browser.whoami()["username"] == "alice"
    before = calls(hub)
    for host in [hub.hosts[1], hub.far_host, hub.vhost]:
        at(hub, host, browser)
        answer = browser.get("/members/", follow=True)
        assert answer.status == 200 and CANARY in answer.text and answer.url == host.url("/members/"), answer
    assert calls(hub) == before
    assert hub.db.value("SELECT count(*) FROM twauth_session WHERE seen_at = 0") == 0


def test_who_cancels(hub):
    browser = at(hub, hub.hosts[0])
    answer = browser.begin("/members/").deny()
    assert answer.status == 403 and browser.whoami()["signed_in"] is False


def test_tokens_stay_those_of_the_hub(hub):
    browser = at(hub, hub.vhost)
    browser.sign_in("alice")
    before = hub.db.rows("SELECT token, token_kind, screen_name FROM twauth_account WHERE twitter_id = '1001'")
    at(hub, hub.hosts[0], browser)
    assert browser.get("/members/", follow=True).status == 200
    assert hub.db.rows("SELECT token, token_kind, screen_name FROM twauth_account WHERE twitter_id = '1001'") == before


@pytest.mark.protocols("oauth1", "oauth2")
def test_a_permission_at_X_is_the_hub_s_to_end(hub):
    """The page of a host does not offer it; who posts it all the same ends nothing, and no process."""
    browser = at(hub, hub.vhost)
    browser.sign_in("alice")
    at(hub, hub.hosts[0], browser)
    assert browser.get("/members/", follow=True).status == 200
    children = set(hub.httpd.children())
    assert browser.post("/twauth/account", {"action": "revoke"}).status == 400
    assert children <= set(hub.httpd.children())
    assert hub.db.value("SELECT token FROM twauth_account WHERE twitter_id = '1001'")


def test_signing_out(hub):
    """At one host: there; everywhere: at all, when they ask the database."""
    browser = at(hub, hub.hosts[0])
    browser.sign_in("alice")
    at(hub, hub.hosts[1], browser)
    assert browser.get("/members/", follow=True).status == 200
    assert browser.sign_out().status == 303
    assert user(browser) is None
    assert user(at(hub, hub.hosts[0], browser)) == "alice"
    assert browser.sign_out(everywhere="1").status == 303
    hub.clock.set(120)
    for host in [*hub.hosts, hub.vhost]:
        assert user(at(hub, host, browser)) is None, host.name


def test_who_has_left_is_asked(hub):
    browser = at(hub, hub.hosts[0])
    browser.sign_in("alice")
    browser.sign_out()
    answer = browser.get("/members/")
    assert answer.status == 401 and "Sign in" in answer.text
    assert browser.get("/twauth/login?next=%2Fmembers%2F", site="same-origin", follow=True).status == 200


def test_fresh(hub):
    """The hub's sign-in counts, not the hand-over; who must be fresh passes through X."""
    host = hub.hosts[0]
    host.config += '\n<Location "/admin/">\nTwAuthFresh 60\n</Location>'
    hub.graceful()
    browser = at(hub, hub.vhost)
    browser.sign_in("alice")
    hub.clock.set(300)
    at(hub, host, browser)
    assert browser.get("/members/", follow=True).status == 200
    answer = walk(browser, browser.get("/admin/"), hub.standin.browser_url())
    assert answer.location.startswith(hub.standin.browser_url()), answer
    answer = walk(browser, browser.get(hub.standin.approve(answer.location, "alice"), site="cross-site"), "nowhere")
    assert answer.status == 200 and CANARY in answer.text and answer.url == host.url("/admin/"), answer


def test_a_host_with_shorter_sessions(hub):
    """Signed in at the hub for longer than the host takes: X once more, and no account that is called inactive."""
    host = hub.hosts[1]
    host.config += "\nTwAuthSessionMax 60s"
    hub.graceful()
    browser = at(hub, hub.vhost)
    browser.sign_in("dave")
    hub.clock.forward(90)
    at(hub, host, browser)
    answer = walk(browser, browser.get("/members/"), hub.standin.browser_url())
    assert answer.location.startswith(hub.standin.browser_url()), answer
    answer = walk(browser, browser.get(hub.standin.approve(answer.location, "dave"), site="cross-site"), "nowhere")
    assert answer.status == 200 and CANARY in answer.text and answer.url == host.url("/members/"), answer


def test_another_account(hub):
    browser = at(hub, hub.hosts[0])
    browser.sign_in("alice")
    answer = walk(browser, browser.get("/twauth/login?switch=1&next=/members/", site="same-origin"), hub.standin.browser_url())
    assert answer.location, answer
    answer = walk(browser, browser.get(hub.standin.approve(answer.location, "bob"), site="cross-site"), "nowhere")
    assert answer.status == 200 and browser.whoami()["username"] == "bob"


def test_the_hub_cannot_write(hub):
    """Who is signed in there is handed over when the database is back, with no sign-in at X."""
    browser = at(hub, hub.vhost)
    browser.sign_in("carol")
    hub.expect_log("TW0249: nobody is handed over")
    before = calls(hub)
    with hub.db.refusing("INSERT ON twauth_session"):
        answer = walk(at(hub, hub.hosts[0], browser), browser.get("/members/"), "nowhere")
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    assert until(lambda: browser.get("/members/", follow=True).status == 200)
    assert calls(hub) == before and browser.whoami()["username"] == "carol"


# What is stolen, replayed, exchanged

@pytest.fixture
def alice(hub):
    browser = at(hub, hub.vhost)
    browser.sign_in("alice")
    return browser


def is_refused(browser, url):
    answer = browser.get(url, site="cross-site")
    return answer.status != 302 and not browser.whoami()["signed_in"]


def test_stolen_ticket(hub, alice):
    host = hub.hosts[0]
    url = ticket(hub, alice, host)
    thief = at(hub, host)
    assert is_refused(thief, url)
    # with a sign-in of the thief's own on the way
    other = at(hub, hub.vhost)
    other.sign_in("bob")
    mine = ticket(hub, other, host)
    hub.allow_log("TW0247")
    mixed = re.sub(r"ticket=[^&]*", re.search(r"ticket=[^&]*", url).group(), mine)
    assert is_refused(at(hub, host, other), mixed)
    assert alice.get(url, site="cross-site", follow=True).status == 200


def test_login_csrf(hub, alice):
    """The attacker's own ticket, in somebody else's browser."""
    victim = at(hub, hub.hosts[0])
    victim.get("/members/")
    assert is_refused(victim, ticket(hub, alice, hub.hosts[0]))


def test_replayed_ticket(hub, alice):
    host = hub.hosts[0]
    url = ticket(hub, alice, host)
    copy = alice.clone()
    assert alice.get(url, site="cross-site", follow=True).status == 200
    assert is_refused(copy, url)
    alice.sign_out()
    assert is_refused(copy, url)


def test_replayed_on_another_server(hub, make_site, alice):
    """The same host on two servers: the row is taken once."""
    host = hub.far_host
    twin = make_site(start=False, db=hub.db, clock=True)
    vhost = VHost(host.name, config=host.config, server_name=host.origin)
    twin.httpd.vhosts = [vhost]
    twin.key = hub.key
    twin.start()
    url = ticket(hub, alice, host)
    copies = [alice.clone() for _ in range(8)]
    there = [c.clone() for c in copies]
    results = []

    def come(browser, origin):
        answer = browser.get(url.replace(host.origin, origin), site="cross-site", headers={"Host": host.origin[8:]})
        results.append(answer.status)

    for browser in there:                       # the other server's port is another host for cookies of __Host- alone
        for cookie in list(browser.cookies):
            browser.cookies.add(cookie.name, cookie.value, host.name, secure=True)
    threads = [threading.Thread(target=come, args=(b, o)) for b, o in
               [*((b, host.origin) for b in copies), *((b, vhost.origin) for b in there)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    twin.allow_log("TW0247")
    hub.far.allow_log("TW0247")
    assert sorted(results).count(302) == 1, results


def test_ticket_of_another_domain(hub, alice):
    hub.allow_log("TW0247")
    url = ticket(hub, alice, hub.hosts[0])
    browser = alice
    mine = ticket(hub, alice, hub.hosts[1])
    mixed = re.sub(r"ticket=[^&]*", re.search(r"ticket=[^&]*", url).group(), mine)
    assert is_refused(browser, mixed)
    assert is_refused(browser, url.replace(hub.hosts[0].origin, hub.hosts[1].origin))


def test_ticket_out_of_time(hub, alice):
    hub.allow_log("TW0247")
    url = ticket(hub, alice, hub.hosts[0])
    hub.clock.set(45)
    assert is_refused(at(hub, hub.hosts[0], alice), url)
    assert hub.db.value("SELECT count(*) FROM twauth_session WHERE seen_at = 0") <= 5


@pytest.mark.parametrize("change", [
    lambda u: u.replace("state=", "State="), lambda u: u + "&state=x", lambda u: u + "&ticket=x", lambda u: re.sub("ticket=.*", "", u),
    lambda u: re.sub("(?<=ticket=)[^&]*", lambda found: wrong_at(found[0], 6), u), lambda u: re.sub("ticket=.*", "ticket=", u),
    lambda u: re.sub("ticket=.*", "error=access_denied", u), lambda u: re.sub(r"\?.*", "?oauth_token=x&oauth_verifier=y", u)])
def test_forged_ticket(hub, alice, change):
    hub.allow_log("TW0247")
    url = ticket(hub, alice, hub.hosts[0])
    assert is_refused(at(hub, hub.hosts[0], alice), change(url))


def test_disabled_between(hub, alice):
    hub.allow_log("TW0213")
    url = ticket(hub, alice, hub.hosts[0])
    hub.db.execute("UPDATE twauth_account SET active = 0 WHERE twitter_id = '1001'")
    try:
        answer = at(hub, hub.hosts[0], alice).get(url, site="cross-site")
        assert answer.status == 403 and not alice.whoami()["signed_in"]
    finally:
        hub.db.execute("UPDATE twauth_account SET active = 1 WHERE twitter_id = '1001'")


def test_links_to_the_hub_drive_nobody_out(hub):
    """A page elsewhere sends a browser to the hub again and again: a session that nobody takes costs no other its place."""
    host = hub.hosts[0]
    for one in [hub.vhost, host]:
        one.config += "\nTwAuthSessionsPerAccount 2"
    hub.graceful()
    stranger = at(hub, host)
    asked = walk(stranger, stranger.get("/members/"), hub.url("/twauth/hub?")).location
    elsewhere, browser = at(hub, hub.vhost), at(hub, hub.vhost)
    for one in [elsewhere, browser]:
        one.sign_in("carol")
        hub.clock.forward(1)
    for _ in range(7):
        answer = browser.get(asked, site="cross-site")
        assert answer.location.startswith(host.url("/twauth/callback?")), answer
    hub.clock.forward(120)
    assert user(elsewhere) == "carol" and user(browser) == "carol"
    hers = "SELECT count(*) FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id WHERE a.username = 'carol' AND s.seen_at "
    assert hub.db.value(hers + "= 0") == 4
    # one that is taken counts as any
    at(hub, host, browser)
    assert browser.get("/members/", follow=True).status == 200 and user(browser) == "carol"
    assert hub.db.value(hers + "> 0") == 2
    hub.clock.forward(120)
    assert user(elsewhere) is None


# Who may ask the hub

def test_only_navigations(hub, alice):
    answer = at(hub, hub.hosts[0], alice).get("/members/")
    asked = walk(alice, answer, hub.url("/twauth/hub?")).location
    assert alice.fetch(asked).status == 401
    assert alice.image(asked, site="cross-site").status == 401
    assert alice.post(asked, {}).status == 405


@pytest.mark.parametrize("query", ["", "?ask=", "?ask=AAAA", "?ask=x&ask=y", "?ask=" + "A" * 3000])
def test_nobody_else_may_ask(hub, alice, query):
    hub.allow_log("TW0248")
    answer = at(hub, hub.vhost, alice).get("/twauth/hub" + query)
    assert answer.status in (400, 403) and not answer.location
    assert at(hub, hub.hosts[0]).get("/twauth/hub" + query).status == 404


def test_a_host_that_the_hub_does_not_name(hub, make_site, alice):
    stranger = make_site(start=False, db=hub.db)
    stranger.key = hub.key
    vhost = satellite(hub, hub.vhost, "evil.site.test")
    stranger.httpd.vhosts = [vhost]
    stranger.start()
    browser = at(hub, vhost, alice)
    hub.expect_log("TW0248.*TwAuthHubFor does not name")
    answer = browser.get("/members/", follow=True)
    assert answer.status in (400, 403) and "evil.site.test" not in answer.url


def test_another_key(hub, make_site, alice):
    stranger = make_site(start=False, db=hub.db)
    vhost = satellite(stranger, hub.vhost, "far.site.test")
    stranger.httpd.vhosts = [vhost]
    stranger.start()
    hub.expect_log("TW0248.*key")
    answer = at(hub, vhost, alice).get("/members/", follow=True)
    assert answer.status in (400, 403)


# What is wrong is said at the test

WRONG = [
    ("TwAuthHub {hub}\nTwAuthCallbackURL {own}/cb", "exclude each other"),
    ("TwAuthHub {own}", "this host itself"),
    ("TwAuthHub {hub}\nTwAuthHubFor https://x.example", "exclude each other"),
    ("TwAuthHub {hub}", "does not name"),
    ("TwAuthHub http://login.third.test", "must be https"),
]


@pytest.mark.parametrize("config, said", WRONG)
def test_configuration(hub, make_site, config, said):
    site = make_site(start=False, db=False, main="DBDriver sqlite3\nDBDParams /nowhere", modules=("dbd",))
    site.vhost.config += "\nTwAuthHubFor https://elsewhere.example"
    host = VHost("a.site.test")
    host.config = f"{key_line(site)}\n" + config.format(hub=site.vhost.origin, own=host.origin)
    site.httpd.vhosts.append(host)
    ran = site.httpd.check()
    assert not ran and said in ran.stderr, ran


@pytest.mark.parametrize("change, said", [
    (lambda s, h: h.config.replace(str(s.key), str(s.secret("other", "jY0Zk3tKqz1v1wq8mC7Vb0yFh2o9XrTnA5sLdGeUpIQ="))), "no TwAuthKey in common"),
    (lambda s, h: h.config + '\nDBDriver sqlite3\nDBDParams "/elsewhere"', "the same database"),
    (lambda s, h: h.config + "\nTwAuthSignUp Off", "the same TwAuthSignUp"),
    (lambda s, h: h.config + "\nTwAuthPath /other/", "the same TwAuthPath")])
def test_a_host_that_does_not_fit_its_hub(make_site, change, said):
    site = make_site(start=False)
    host = satellite(site, site.vhost, "a.site.test")
    site.vhost.config += f"\nTwAuthHubFor {host.origin}"
    site.httpd.vhosts.append(host)
    assert site.httpd.check()
    host.config = change(site, host)
    ran = site.httpd.check()
    assert not ran and said in ran.stderr, ran


def test_the_doctor_asks_nothing_of_X_for_a_host_behind_a_hub(hub):
    rows = hub.ctl("doctor", "--json").rows
    of = {origin: {row["check"] for row in rows if row["host"] == origin and AT_HUB in row["says"]}
          for origin in (hub.hosts[0].origin, hub.vhost.origin)}
    assert of == {hub.hosts[0].origin: {"authorities", "names", "proxy", "provider", "clock", "credentials", "callback"},
                  hub.vhost.origin: set()}
    assert {row["verdict"] for row in rows if AT_HUB in row["says"]} == {"unknown"}
    assert {row["verdict"] for row in rows if row["check"] == "credentials" and row["host"] == hub.vhost.origin} == {"ok"}
