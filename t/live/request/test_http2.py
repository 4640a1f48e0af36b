# SPDX-License-Identifier: Apache-2.0
"""HTTP/2: the same answers as over HTTP/1.1, however many streams and hosts share a connection."""

import random

import pytest

from harness import urls
from harness.backend import received
from harness.checks import FLOW, PRE, SESSION, is_refused, user
from harness.http2 import fields
from harness.httpd import VHost, environment_of
from harness.signin import Flow
from harness.site import CANARY

pytestmark = [pytest.mark.protocols("oauth1", "oauth2"), pytest.mark.mpms("event")]
once = pytest.mark.protocols("oauth1")          # what does not depend on it
PEOPLE = {f"user{i}": str(5000 + i) for i in range(20)}
NAVIGATION = [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"),
              ("sec-fetch-site", "same-origin")]
SCRIPT = [("accept", "*/*"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty"), ("sec-fetch-site", "same-origin")]
CONFIG = """
Protocols h2 http/1.1
TwAuthProviderCalls 64
MergeTrailers On
ProxyPass "/echo/" "{echo}/"
ProxyPass "/members/echo/" "{echo}/"
<Location "/members/always/">
    TwAuthSessionRecheck 0
</Location>
"""


@pytest.fixture(scope="module")
def site(make_site, echo):
    """site.test and other.test alike, with sessions of their own; and a host that wants another TLS."""
    site = make_site(start=False, modules=("http2", "proxy", "proxy_http"), config=CONFIG.format(echo=echo.origin))
    site.httpd.script("members/always/env.cgi")
    port = site.vhost.port
    site.other = VHost("other.test", port=port, config=site.vhost.config)
    site.strict = VHost("strict.other.test", port=port, config=site.vhost.config + "\nSSLProtocol -all +TLSv1.2")
    site.httpd.vhosts += [site.other, site.strict]
    site.standin.register(site.other.url("/twauth/callback"), site.strict.url("/twauth/callback"))
    site.standin.people(alice="1001", bob="1002", **PEOPLE)
    return site.start()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser(http2=True)
    flow = browser.begin()
    browser.begin()                             # a pending sign-in, too
    flow.approve("alice")
    return browser


@pytest.fixture
def connection(site):
    connection = site.http2()
    yield connection
    connection.close()


def cookies(browser, base=None):
    """The browser's Cookie header at its site, as crumbs."""
    header = browser.cookies.header(urls.parse((base or browser.base) + "/"))
    return list(fields([("Cookie", header)])) if header else []


# HT-2

@pytest.mark.parametrize("path", ["/members/env.cgi", "/members/always/env.cgi"])
def test_HT_2_a_sign_in_from_end_to_end(site, path):
    browser = site.browser(http2=True)
    answer = browser.sign_in("bob", next=path)
    assert environment_of(answer)["SERVER_PROTOCOL"] == "HTTP/2.0"
    assert environment_of(answer)["REMOTE_USER"] == "bob"
    assert browser.whoami()["username"] == "bob"
    copy = browser.clone()
    assert "signed out" in browser.post("/twauth/logout", follow=True).text
    assert user(browser) is None and user(copy) is None
    browser.close()


def test_HT_2_cancel(site):
    browser = site.browser(http2=True)
    assert browser.begin().deny().status == 403
    browser.close()


class Members:
    """Twenty people who are signed in, and what one connection does for all of them at once."""

    def __init__(self, site):
        self.site = site
        self.browsers = {}
        for name in PEOPLE:
            self.browsers[name] = site.browser()
            self.browsers[name].sign_in(PEOPLE[name])

    def page(self, connection, name, path="/members/env.cgi"):
        return connection.open("GET", path, NAVIGATION + cookies(self.browsers[name]))

    def is_own_page(self, answer, name):
        assert answer.status == 200 and environment_of(answer)["REMOTE_USER"] == name, f"{name} saw {answer}"

    def renewed(self, connection, name):
        return self.page(connection, name, "/members/always/env.cgi")

    def is_own_page_and_cookie(self, answer, name):
        self.is_own_page(answer, name)
        session = next(v for v in answer.headers.all("Set-Cookie") if v.startswith(SESSION + "="))
        self.browsers[name].cookies.receive(session, urls.parse(self.site.url("/")))

    def whoami(self, connection, name):
        return connection.open("GET", "/twauth/session", SCRIPT + cookies(self.browsers[name]))

    def is_told(self, answer, name):
        assert answer.json()["username"] == name

    def begun(self, connection, name):
        return connection.open("GET", f"/twauth/login?switch=1&next=/{name}", NAVIGATION + cookies(self.browsers[name]))

    def is_sent_to_x(self, answer, name):
        assert answer.status == 302 and self.site.standin.owns(answer.location)

    def stranger(self, connection, name):
        return connection.open("GET", "/members/env.cgi", NAVIGATION + [("cookie", f"{SESSION}={name * 20}")])

    def is_a_stranger(self, answer, name):
        assert is_refused(answer)

    def left(self, connection, name):
        browser = self.browsers[name]
        return connection.open("POST", "/twauth/logout", SCRIPT + cookies(browser) + [
            ("content-type", "application/x-www-form-urlencoded")], b"next=/index.html")

    def is_out(self, answer, name):
        assert answer.status == 303
        assert user(self.browsers[name]) is None
        self.browsers[name].sign_in(PEOPLE[name])

    def arrived(self, connection, name):
        browser = self.browsers[name]
        flow = Flow(browser, browser.get(f"/twauth/login?switch=1&next=/members/{name}", site="same-origin"))
        target = urls.parse(flow.callback(PEOPLE[name])).target
        return connection.open("GET", target, NAVIGATION + cookies(browser))

    def is_in(self, answer, name):
        assert answer.status == 302 and answer.location == self.site.url(f"/members/{name}")
        for value in answer.headers.all("Set-Cookie"):
            self.browsers[name].cookies.receive(value, urls.parse(self.site.url("/")))
        assert user(self.browsers[name]) == name

    # who has the same cookies must not be ended or exchanged by another stream meanwhile
    ANYBODY = [(page, is_own_page), (renewed, is_own_page_and_cookie), (whoami, is_told), (stranger, is_a_stranger),
               (begun, is_sent_to_x)]
    ALONE = [(left, is_out), (arrived, is_in)]


def test_HT_2_HT_6_a_hundred_streams_of_everything(site, full):
    """Sign-ins, sign-outs, renewals and pages of twenty people at the same time: each sees their own."""
    members = Members(site)
    for seed in range(full(2, 10)):
        chance, connection = random.Random(seed), site.http2()
        alone = chance.sample(sorted(PEOPLE), 10)
        others = [name for name in PEOPLE if name not in alone]
        jobs = [(*chance.choice(members.ALONE), name) for name in alone]
        jobs += [(*chance.choice(members.ANYBODY), chance.choice(others)) for _ in range(90)]
        chance.shuffle(jobs)
        streams = [ask(members, connection, name) for ask, _, name in jobs]
        for (_, check, name), answer in zip(jobs, connection.answers(streams)):
            check(members, answer, name)
        assert not connection.closed
        connection.close()


def test_HT_2_streams_that_are_given_up(site):
    """Half of the callbacks are reset while they run: those signed in have a session, and nothing is left half done."""
    site.db.clear()
    members, connection = Members(site), site.http2()
    children = site.httpd.children()
    streams = {name: members.arrived(connection, name) for name in PEOPLE}
    for name in list(PEOPLE)[::2]:
        connection.reset(streams.pop(name))
    answers = dict(zip(streams, connection.answers(list(streams.values()))))
    for name, answer in answers.items():
        members.is_in(answer, name)
    connection.close()
    assert site.db.rows("SELECT id FROM twauth_session "
                        "WHERE account_id NOT IN (SELECT id FROM twauth_account)") == []
    assert site.db.value("SELECT count(*) FROM twauth_account") == len(PEOPLE)
    assert set(children) <= set(site.httpd.children())
    for name in list(PEOPLE)[::2]:
        assert user(members.browsers[name]) in (name, None)


# what applications see

def crumbs(alice, form):
    flow = alice.cookies.names("_flow_")[0]
    own = {"S": f"{SESSION}={alice.cookies[SESSION]}", "P": f"{PRE}={alice.cookies[PRE]}",
           "F": f"{flow}={alice.cookies[flow]}"}
    return [("cookie", own.get(crumb, crumb)) for crumb in form]


FORMS = [(["a=1", "S", "b=2"], "a=1; b=2"), (["S", "a=1"], "a=1"), (["a=1", "S"], "a=1"), (["S"], None),
         (["P", "F", "S"], None), (["F", "z=9", "S", "y=8", "P", "x=7"], "z=9; y=8; x=7"), (["a=1", "S", "S"], "a=1"),
         (["", "S", ""], None), (["a=1", "", "S"], "a=1"), (["a=1;b=2", "S"], "a=1; b=2"), (["S", "c"], "c"),
         ([f"{SESSION}x=1", "S"], f"{SESSION}x=1"), ([f"{FLOW}=1", "S"], f"{FLOW}=1")]


@once
@pytest.mark.parametrize("form, seen", FORMS, ids=[",".join(f) for f, _ in FORMS])
def test_SE_15_SE_16_crumbs_of_our_own_are_taken_out(site, alice, connection, form, seen):
    for path in ("/cgi-bin/env", "/echo/", "/members/env.cgi", "/members/echo/"):
        answer = connection.get(path, headers=NAVIGATION + crumbs(alice, form))
        assert answer.status == 200
        told = received(answer).get("Cookie") if "echo" in path else environment_of(answer).get("HTTP_COOKIE")
        assert told == seen, path
        for name in (SESSION, PRE):
            assert alice.cookies[name].encode() not in answer.body


@once
def test_SE_16_TRACE(site, alice, connection):
    """httpd answers it with the request's own headers: a script that could read it would have the session."""
    answer, = connection.answers([connection.open("TRACE", "/", SCRIPT + [("cookie", "a=1")] + cookies(alice))])
    assert "a=1" in answer.text and SESSION not in answer.text


LOOKALIKES = ["x-twauth-user", "x-twauth-id", "x-twauth-account", "x-twauth-signed-in-at", "x_twauth_user", "x.twauth.id",
              "x-twauth_user", "x--twauth-user", "xtwauthuser", "x~twauth~id", "_x-twauth-user", "x-twauth-anything"]


@once
@pytest.mark.parametrize("name", LOOKALIKES)
def test_HD_1_HD_2_lookalike_header_names(site, alice, connection, name):
    for path in ("/echo/", "/members/echo/", "/members/env.cgi"):
        for who in (cookies(alice), []):
            answer = connection.get(path, headers=NAVIGATION + who + [(name, "mallory"), (name, "mallory2")])
            assert answer is None or "mallory" not in answer.text
            assert answer is None or (answer.status == 200) == (bool(who) or path == "/echo/")


@once
def test_HD_4_trailers(site, alice, connection):
    """httpd's own h2 hands trailers on or not; never ours."""
    for path in ("/echo/", "/members/echo/"):
        stream = connection.open("POST", path, SCRIPT + cookies(alice), b"x", trailers=[("x-twauth-user", "mallory"),
                                                                                       ("x_twauth_id", "mallory")])
        answer, = connection.answers([stream])
        assert answer is None or "mallory" not in answer.text


@once
@pytest.mark.parametrize("name", ["connection", "keep-alive", "proxy-connection"])
def test_HD_3_hop_by_hop(site, alice, connection, backend, name):
    """RFC 9113 8.2.2: there are no such fields in HTTP/2."""
    answer = connection.get("/members/echo/", headers=NAVIGATION + cookies(alice) + [(name, "x-twauth-user")])
    assert answer is None or answer.status == 400 or received(answer).get("X-Twauth-User") == "alice"


# forged pseudo-headers: RFC 9113 8.3.1

def pseudo(site, **change):
    fields = {"method": "GET", "scheme": "https", "authority": f"site.test:{site.vhost.port}", "path": "/members/"}
    fields |= change
    return [(f":{name}", value) for name, value in fields.items() if value is not None]


FORGED = [{"scheme": "http"}, {"scheme": "evil"}, {"scheme": ""}, {"scheme": None}, {"authority": "evil.example"},
          {"authority": "evil.example:443@site.test"}, {"authority": "site.test@evil.example"}, {"authority": ""},
          {"authority": None}, {"authority": "site.test:1"}, {"authority": "site.test, evil.example"},
          {"path": "//evil.example/members/"}, {"path": "https://evil.example/members/"}, {"path": "/members/\\..\\"},
          {"path": "/\\evil.example/"}, {"path": "*"}, {"path": ""}, {"path": None}, {"path": "members/"},
          {"path": "/members/ HTTP/1.1\r\nX-Twauth-User: alice"}, {"path": "/members/\0"}, {"path": "/members/#x"},
          {"method": "CONNECT"}, {"method": "GET /members/ HTTP/1.1"}, {"method": "get"}, {"method": ""},
          {"method": None}, {"twauth-user": "alice"}, {"protocol": "websocket"},
          {"status": "200"}]


@once
@pytest.mark.parametrize("change", FORGED, ids=str)
def test_HT_3_HT_4_forged_pseudo_headers(site, change):
    """Whatever is odd about the request: no page, and no way off the site."""
    site.allow_log("AH")                    # some of it httpd itself calls an error
    for more in ([], [("host", "evil.example")], [("host", "other.test")]):
        connection = site.http2()
        answer = connection.get("/members/", pseudo=pseudo(site, **change), headers=NAVIGATION + more)
        if answer is not None:
            assert CANARY not in answer.text and answer.status != 200, answer
            assert not answer.location or answer.location.startswith((site.url("/"), site.other.url("/"))), answer
        connection.close()


@once
@pytest.mark.parametrize("twice", [":authority", ":path", ":scheme", ":method"])
def test_HT_3_HT_4_a_pseudo_header_twice_or_late(site, alice, twice):
    site.allow_log("AH")
    value = dict(pseudo(site))[twice]
    other = {":authority": f"other.test:{site.vhost.port}", ":path": "/admin/", ":scheme": "http", ":method": "POST"}[twice]
    for headers in ([(twice, other)], [*NAVIGATION, (twice, other)], [*NAVIGATION, (twice, value)]):
        connection = site.http2()
        answer = connection.get("/members/", pseudo=pseudo(site), headers=[*headers, *cookies(alice)])
        assert answer is None or answer.status == 400, answer
        connection.close()


# HT-3

@pytest.fixture(scope="module")
def two(site):
    """alice at site.test, bob at other.test: (the host, its authority, who is signed in there, their browser)."""
    hosts = []
    for host, name in ((site.vhost, "alice"), (site.other, "bob")):
        browser = site.browser()
        browser.base = host.origin
        browser.sign_in(name)
        hosts.append((host, urls.parse(host.url()).authority, name, browser))
    return hosts


def test_HT_3_hosts_of_one_connection_have_sessions_of_their_own(two, connection):
    chance = random.Random(3)
    asked = []
    for _ in range(90):
        _, authority, name, _ = chance.choice(two)
        _, _, whose, browser = chance.choice(two)
        stream = connection.open("GET", "/members/env.cgi", NAVIGATION + cookies(browser), authority=authority)
        asked.append((name, whose, stream))
    answers = connection.answers([stream for _, _, stream in asked])
    for (name, whose, _), answer in zip(asked, answers):
        if name == whose:
            assert environment_of(answer)["REMOTE_USER"] == name
        else:
            assert is_refused(answer) and answer.headers["Location"].startswith("/twauth/login?")


def test_HT_3_a_sign_in_comes_back_to_the_host_it_began_at(site, two, connection):
    for _ in range(3):
        streams = [connection.open("GET", "/twauth/login?switch=1&next=/", NAVIGATION + cookies(browser),
                                   authority=authority) for _, authority, _, browser in two]
        for (host, *_), answer in zip(two, connection.answers(streams)):
            assert site.standin.owns(answer.location)
            assert site.standin.approve(answer.location, "alice").startswith(host.url("/twauth/callback?"))


@once
@pytest.mark.parametrize("path", ["/members/", "/members/env.cgi", "/twauth/login?next=/", "/twauth/session", "/"])
def test_HT_3_a_host_with_other_TLS_is_misdirected(site, alice, path):
    """421, RFC 9110 15.5.20: and nothing of a session either way."""
    site.allow_log("AH02032", "AH02033", "AH02645", "AH10")
    connection = site.http2()
    authority = urls.parse(site.strict.url()).authority
    streams = [connection.open("GET", path, NAVIGATION + cookies(alice), authority=authority) for _ in range(5)]
    for answer in connection.answers(streams):
        assert answer.status == 421 and not answer.headers.all("Set-Cookie") and CANARY not in answer.text
    connection.close()


# and a browser that is one

def test_HT_2_chromium(site, chromium):
    chromium.get(site.url("/members/env.cgi"))
    chromium.get(site.standin.approve(chromium.current_url, "alice"))
    assert '"SERVER_PROTOCOL": "HTTP/2.0"' in chromium.page_source
    assert '"REMOTE_USER": "alice"' in chromium.page_source
