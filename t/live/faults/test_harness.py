# SPDX-License-Identifier: Apache-2.0
"""The harness's own test: what the live tests stand on does what its headers say. Needs no mod_twauth."""

import base64
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, quote

import pytest
from oauthlib.oauth1 import Client

from harness import canaries, certs, cookies, errorlog, janitor, process, urls
from harness.backend import received
from harness.browser import Browser
from harness.chromium import cdp, screenshot
from harness.clock import Clock
from harness.httpd import NO_CORE, HttpdError, VHost, environment_of
from harness.load import Load, ask
from harness.paths import TREE
from harness.standin import KEY, SECRET, StandInError

SCHEMA = """
CREATE TABLE twauth_account (id INTEGER PRIMARY KEY, username TEXT UNIQUE);
CREATE TABLE twauth_session (id TEXT PRIMARY KEY, account_id INTEGER);
CREATE TABLE twauth_username (name TEXT PRIMARY KEY, twitter_id TEXT);
"""

PAGE = """<!doctype html><title>Harness</title><p id=here>hello</p>
<script>document.cookie = "seen=1; Secure"; document.title += document.cookie ? " with" : " without"</script>"""


@pytest.fixture(scope="module")
def httpd(make_httpd, echo):
    """Two hosts on one TLS port and one on plain http; CGI, Basic authentication, a proxy."""
    first = VHost("site.test", aliases=("www.site.test",), config=f"""
        ProxyPass "/echo/" "{echo.origin}/"
        Header always add Set-Cookie "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax"
        <Location "/odd">
            Header always add Set-Cookie "__Host-b=2; Path=/b; Secure"
        </Location>
        Redirect "/away" "https://other.test:0/"
        Redirect "/round" "/round"
        <Location "/secret/">
            AuthType Basic
            AuthName "Secret"
            AuthUserFile "PASSWORDS"
            Require valid-user
        </Location>""")
    other = VHost("other.test", port=first.port)
    plain = VHost("site.test", tls=False)
    first.config = first.config.replace("other.test:0", f"other.test:{first.port}")
    httpd = make_httpd(first, other, plain, cgi=True,
                       modules=("headers", "proxy", "proxy_http", "auth_basic", "authn_file"))
    httpd.put("index.html", PAGE)
    httpd.put("secret/index.html", "not for you")
    passwords = httpd.folder / "passwords"
    passwords.write_text("u:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
    first.config = first.config.replace("PASSWORDS", str(passwords))
    return httpd.start()


@pytest.fixture
def browser(httpd, authority):
    return Browser(httpd.vhosts[0].origin, authority.ca)


# httpd

@pytest.mark.mpms("event", "worker", "prefork")
def test_httpd_runs_with_each_mpm(httpd, browser, mpm):
    assert browser.get("/").status == 200
    assert environment_of(browser.get("/cgi-bin/env?q=1"))["QUERY_STRING"] == "q=1"
    assert len(httpd.children()) >= 2


def test_httpd_starts_quickly(make_httpd):
    httpd = make_httpd(VHost("site.test"), cgi=True)

    def seconds():
        begin = time.monotonic()
        httpd.restart()
        return time.monotonic() - begin
    assert any(seconds() < 1.5 for _ in range(10))      # 0.1 s on an idle machine
    httpd.stop()


def test_configuration_is_checked(make_httpd):
    httpd = make_httpd(main="NoSuchDirective On")
    ran = httpd.check()
    assert not ran and ran.status == 1 and "NoSuchDirective" in ran.stderr
    httpd.main = ""
    assert httpd.check()


def test_graceful_and_full_restart_keep_the_port(httpd, browser):
    old = httpd.children()
    httpd.main = 'Redirect "/new" "/"'
    httpd.graceful()
    assert browser.get("/new").status == 302
    assert process.until(lambda: not set(old) & set(httpd.children()))
    pid = httpd.pid
    httpd.restart()
    assert httpd.pid != pid and browser.get("/new").status == 302


def test_stopped_means_gone(make_httpd):
    httpd = make_httpd(cgi=True).start()
    pids = [httpd.pid, *httpd.children()]
    httpd.stop()
    assert process.until(lambda: not any(map(process.alive, pids)), timeout=5)


def test_killed_tests_leave_nothing():
    program = """if True:
        from harness import process
        from harness.httpd import Httpd, VHost
        folder = process.folder()
        httpd = Httpd(folder / "h", None, [VHost(tls=False)], twauth=False).start()
        print(httpd.pid, folder, flush=True)
        input()"""
    tests = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             cwd=TREE / "t")
    pid, folder = tests.stdout.readline().split()
    assert os.path.exists(f"/proc/{pid}")
    tests.send_signal(signal.SIGKILL)
    tests.communicate()

    def dead():
        try:
            with open(f"/proc/{pid}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] in "ZX"
        except FileNotFoundError:
            return True
    assert process.until(dead)
    assert process.until(lambda: not os.path.exists(folder))


# the error log

LOG = """\
[Mon Jan 01 00:00:00.000000 2024] [core:notice] [pid 1:tid 1] AH00094: Command line: 'x'
[Mon Jan 01 00:00:00.000000 2024] [twauth:error] [pid 1:tid 1] [client 127.0.0.1:1] TW0203: X refuses us
"""


@pytest.fixture
def log(tmp_path):
    log = errorlog.ErrorLog(tmp_path / "error.log")
    log.path.write_text(LOG)
    return log


def test_log_lines_are_taken_apart(log):
    assert log.numbers() == ["AH00094", "TW0203"]
    assert [(line.module, line.level) for line in log.lines()] == [("core", "notice"), ("twauth", "error")]


def test_loud_line_is_a_complaint_once(log):
    assert len(log.complaints()) == 1
    assert log.complaints() == []


def test_expected_line_is_none_and_must_be_there(log):
    log.expect("TW0203")
    assert log.complaints() == []
    log.expect("TW0203")
    assert log.complaints() == ["expected in the log, but not there: TW0203"]


@pytest.mark.parametrize("line", [
    "==1==ERROR: AddressSanitizer: heap-use-after-free",
    "src/sealed/seal.c:1:2: runtime error: signed integer overflow",
    "WARNING: ThreadSanitizer: data race",
    "[Mon Jan 01 00:00:00.0 2024] [core:notice] [pid 1:tid 1] AH00052: child pid 7 exit signal Segmentation fault (11)",
])
def test_disaster_is_a_complaint(log, line):
    log.path.write_text(line + "\n")
    assert len(log.complaints()) == 1


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_secret_is_found_in_every_spelling(before):
    known = canaries.Canaries()
    known.add("it", "s3cret/with+odd=signs")
    for text in ("s3cret/with+odd=signs", quote("s3cret/with+odd=signs", safe=""),
                 base64.b64encode((before + "s3cret/with+odd=signs!").encode()).decode()):
        assert known.find(f"x {before}{text} y") == ["it"]
    assert known.find("s3cret/with") == []


def test_dead_child_is_noticed(make_httpd):
    httpd = make_httpd().start()
    os.kill(httpd.children()[0], signal.SIGSEGV)
    assert httpd.log.wait("exit signal")
    assert any("exit signal" in c for c in httpd.complaints())


def test_crash_without_a_core_file_is_said_to_have_none(make_httpd):
    """httpd's own crash at a stop cannot be told from others then."""
    httpd = make_httpd().start()
    resource.prlimit(httpd.pid, resource.RLIMIT_CORE, (0, resource.prlimit(httpd.pid, resource.RLIMIT_CORE)[1]))
    before = set(httpd.children())
    httpd.graceful()
    os.kill(process.until(lambda: set(httpd.children()) - before).pop(), signal.SIGSEGV)
    assert httpd.log.wait("exit signal")
    assert NO_CORE in httpd.complaints()


def test_what_is_said_before_the_log_is_open_is_judged_alike(make_httpd):
    httpd = make_httpd(main=f"Listen {'a' * 64}:1")         # a name that nobody can have, and that nobody is asked for
    for allowed, complaints in ((), 1), (("AH00077",), 0):
        httpd.allow_log(*allowed)
        with pytest.raises(HttpdError, match="AH00077"):
            httpd.start()
        assert len(httpd.complaints()) == complaints


# the browser

def test_names_are_verified_and_never_looked_up(httpd, browser, authority, tmp_path):
    assert browser.get("/").status == 200
    assert browser.get(httpd.vhosts[1].url("/")).status == 200
    (tmp_path / "another").mkdir()
    stranger = Browser(browser.base, certs.Authority(tmp_path / "another").ca)
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.get("/")


def test_navigation_headers(backend, browser):
    asked = received(browser.get("/echo/x?y=1", headers={"X-One": "1", "Sec-Fetch-Dest": None}))
    assert (asked.method, asked.target) == ("GET", "/x?y=1")
    assert asked.get("Sec-Fetch-Mode") == "navigate" and asked.get("Sec-Fetch-Dest") is None
    assert asked.get("X-One") == "1" and "text/html" in asked.get("Accept")
    asked = received(browser.fetch("/echo/", headers=[("X-Two", "1"), ("X-Two", "2")]))
    assert asked.get("Sec-Fetch-Mode") == "cors" and asked.get("X-Two") in ("1, 2", "1")
    asked = received(browser.post("/echo/", {"a": "1 2"}))
    assert asked.body == "a=1+2" and asked.get("Origin") == browser.base
    assert len(backend.requests) == 3


def test_redirects_only_when_asked(httpd, browser):
    first = browser.get("/away")
    assert first.status == 302 and first.location == httpd.vhosts[1].url("/")
    last = browser.get("/away", follow=True)
    assert last.status == 200 and len(last.trail) == 2 and last.target == "/"
    with pytest.raises(AssertionError, match="redirects without end"):
        browser.get("/round", follow=True)


def test_cookies_go_where_they_belong(httpd, backend, browser):
    browser.get("/odd")
    assert browser.cookies["__Host-a"] == "1"
    assert {(n, w) for n, w in browser.cookies.rejected} == {("__Host-b", "__Host- with Domain or another Path")}
    assert received(browser.get("/echo/")).get("Cookie") == "__Host-a=1"
    assert received(browser.image("/echo/", site="cross-site")).get("Cookie") is None
    other = browser.clone()
    other.cookies["__Host-a"] = "changed"
    assert received(other.get("/echo/", site="cross-site")).get("Cookie") == "__Host-a=changed"
    assert dict(browser.get(httpd.vhosts[2].url("/")).sent).get("Cookie") is None


def test_keep_alive(backend, httpd, authority):
    browser = Browser(httpd.vhosts[0].origin, authority.ca, keep_alive=True)
    ports = {environment_of(browser.get("/cgi-bin/env"))["REMOTE_PORT"] for _ in range(3)}
    assert len(ports) == 1
    browser.close()


def test_raw_bytes(browser):
    one = b"GET / HTTP/1.1\r\nHost: site.test\r\n"
    answer = browser.raw(one + b"\r\n" + one + b"Connection: close\r\n\r\n", linger=30)
    assert answer.status == 200 and b"hello" in answer.body and answer.rest.startswith(b"HTTP/1.1 200")
    assert browser.raw(b"GET /\x00 HTTP/1.1\r\nHost: site.test\r\n\r\n").status == 400


JAR = [
    # Set-Cookie, address, what the next request to the same address sends
    ("a=1", "http://site.test/", "a=1"),
    ("a=1; Secure", "http://site.test/", None),
    ("a=1; Secure", "https://site.test/", "a=1"),
    ("a=1; Path=/other", "https://site.test/", None),
    ("a=1; Path=/x", "https://site.test/x/y", "a=1"),
    ("a=1; Path=/x", "https://site.test/xy", None),
    ("a=1", "https://site.test/d/e", "a=1"),
    ("a=1; Domain=site.test", "https://www.site.test/", "a=1"),
    ("a=1; Domain=www.site.test", "https://site.test/", None),
    ("a=1; Domain=test", "https://site.test/", None),
    ("a=1; Max-Age=0", "https://site.test/", None),
    ("a=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://site.test/", "a=1"),
    ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://site.test/", None),
    ("__Host-a=1; Secure; Path=/", "https://site.test/", "__Host-a=1"),
    ("__Host-a=1; Secure; Path=/; Domain=site.test", "https://site.test/", None),
    ("__host-a=1; Path=/", "https://site.test/", None),
    ("__Secure-a=1; Secure; Domain=site.test", "https://site.test/", "__Secure-a=1"),
    ("__Secure-a=1", "https://site.test/", None),
    ("=__Host-a=1", "https://site.test/", None),
    ("a=1; SameSite=None", "https://site.test/", None),
    ("a=" + "x" * 4095, "https://site.test/", "a=" + "x" * 4095),
    ("a=" + "x" * 4096, "https://site.test/", None),
    ("a=\x01", "https://site.test/", None),
]


@pytest.mark.parametrize("field, address, sent", JAR, ids=[f"{f[:60]} {a}" for f, a, _ in JAR])
def test_jar(field, address, sent):
    jar = cookies.CookieJar()
    jar.receive(field, urls.parse(address))
    assert jar.header(urls.parse(address)) == sent


def test_jar_lives_in_the_clock_it_is_given():
    now = [1000.0]
    jar = cookies.CookieJar(lambda: now[0])
    jar.receive("a=1; Max-Age=60", urls.parse("https://site.test/"))
    assert "a" in jar
    now[0] += 61
    assert "a" not in jar


RESOLVED = [
    ("/a?b#c", "https://site.test/a?b#c"), ("b", "https://site.test/x/b"), ("//evil.example", "https://evil.example"),
    ("///evil.example/", "https://evil.example/"), ("/\\evil.example/", "https://evil.example/"),
    ("\\\\evil.example/", "https://evil.example/"), ("/\t/evil.example/", "https://evil.example/"),
    ("http:evil.example", "http://evil.example"), ("https:///evil.example", "https://evil.example"),
    ("https:b", "https://site.test/x/b"), ("javascript:alert(1)", "javascript:alert(1)"),
    ("/r?u=//evil.example\\", "https://site.test/r?u=//evil.example\\"), ("/a//b", "https://site.test/a//b"),
    ("/members/#", "https://site.test/members/#"), ("https://X.test/#", "https://X.test/#"),
]


@pytest.mark.parametrize("location, resolved", RESOLVED, ids=[r[0] for r in RESOLVED])
def test_addresses_as_a_browser_resolves_them(location, resolved):
    assert urls.resolve("https://site.test/x/y", location) == resolved


# load

def test_load_is_sent_from_elsewhere_and_measured(httpd, browser, authority):
    https, plain = httpd.vhosts[0], httpd.vhosts[2]
    asks = [ask(plain, "/", source="127.1.2.3"), ask(https, "/", ca=authority.ca, name="tls"), ask(plain, "/nothing")]
    begun = time.monotonic()
    answers = Load(asks * 20, rate=400, keep=True).run()
    assert answers.statuses == {200: 40, 404: 20} and answers.named("tls").statuses == {200: 20}
    assert all("<title>Harness</title>" in a.text for a in answers if a.status == 200)
    assert .14 < answers[-1].at - begun
    assert 0 < answers.percentile(50) <= answers.percentile(99) <= answers.slowest
    assert "127.1.2.3 " in httpd.access_log.read_text()


def test_load_goes_on_until_told(httpd):
    before = httpd.access_log.read_text().count("\n")
    with Load([ask(httpd.vhosts[2], "/", name=str(n)) for n in range(3)], again=True, gap=.001) as probe:
        assert process.until(lambda: httpd.access_log.read_text().count("\n") > before + 10)
    assert len(probe.answers) > 10 and probe.answers.statuses == {200: len(probe.answers)}
    assert [a.name for a in probe.answers[:4]] == ["0", "1", "2", "0"] and probe.answers.at_once() == 1


def test_load_that_is_not_answered(httpd):
    answers = Load([ask(VHost(tls=False), "/")], workers=2).run()
    assert answers.statuses == {0: 1} and "Connect" in answers[0].text


# the clock

def test_clock_moves_httpd(make_httpd, folder, authority, browser):
    (folder / "clock-test").mkdir(exist_ok=True)
    clock = Clock(folder / "clock-test")
    httpd = make_httpd(VHost("site.test"), clock=clock).start()
    browser = Browser(httpd.vhosts[0].origin, authority.ca, now=clock.now)
    for offset in (0, 3600, -3600, 40 * 365 * 86400):
        clock.set(offset)
        before = clock.now()
        told = parsedate_to_datetime(browser.get("/").headers["Date"]).timestamp()
        assert before - 2 < told <= clock.now()
    httpd.stop()


# the databases

@pytest.mark.databases("sqlite", "pgsql")
def test_databases_are_alike(make_db, make_httpd):
    db = make_db(schema=SCHEMA)
    db.execute("INSERT INTO twauth_account VALUES (?, ?)", 1, "100%")
    db.execute("INSERT INTO twauth_username VALUES ('root', ''), ('100%', '7')")
    assert db.rows("SELECT id, username FROM twauth_account") == [(1, "100%")]
    assert db.row("SELECT * FROM twauth_account WHERE username = ?", "100%") == {"id": 1, "username": "100%"}
    assert db.value("SELECT count(*) FROM twauth_session") == 0
    httpd = make_httpd(modules=("dbd",), main=db.configuration).start()
    httpd.stop()
    with db.away():
        with pytest.raises(Exception):
            db.rows("SELECT * FROM twauth_account")
    with db.locked():
        pass
    db.clear()
    assert db.rows("SELECT name FROM twauth_username") == [("root",)]


@pytest.mark.databases("pgsql")
def test_a_child_that_begins_without_the_database_is_no_fault(make_db, make_httpd):
    """httpd begins one when it likes, here because it is told to."""
    db = make_db(schema=SCHEMA)
    httpd = make_httpd(modules=("dbd",), main=db.configuration).start()
    with db.away():
        os.kill(httpd.pid, signal.SIGUSR1)
        assert httpd.log.wait("AH00636")
    assert any("AH00636" in complaint for complaint in httpd.complaints())     # unless PostgreSQL was away


@pytest.mark.databases("pgsql")
def test_statements_are_counted(make_db):
    db = make_db(schema=SCHEMA)
    mark = db.mark()
    db.execute("SELECT 1")
    db.server.execute("SELECT 2", db.name)
    assert process.until(lambda: db.statements(mark)) == ["SELECT 2"]


# the stand-in

def test_standin_is_started_and_controlled(standin, authority):
    standin.register("https://site.test/twauth/callback")
    assert standin.calls() == [] and standin.count() == 0
    browser = Browser(standin.browser_url(), authority.ca)
    assert browser.get("/").status == 200
    assert [c["path"] for c in standin.calls()] == ["/"]
    standin.fault("/", "status", status=503)
    assert [browser.get("/").status for _ in range(2)] == [503, 200]
    assert standin.owns(standin.api() + "/oauth/authenticate") and not standin.owns("https://site.test/")
    standin.reset()
    assert standin.calls() == [] and isinstance(standin.secrets(), set)


@pytest.fixture
def authorize_url(standin):
    """X's page for a sign-in that was begun by a client of its own."""
    callback = "https://site.test/echo/callback"
    standin.register(callback)
    client = Client(KEY, SECRET, callback_uri=callback)
    uri, headers, body = client.sign(standin.api("http") + "/oauth/request_token", "POST")
    with urllib.request.urlopen(urllib.request.Request(uri, body, headers, method="POST")) as answer:
        token = parse_qs(answer.read().decode())["oauth_token"][0]
    return standin.browser_url() + "/oauth/authenticate?oauth_token=" + token


def test_walk_through_a_sign_in(httpd, backend, standin, authority, authorize_url):
    backend.answers["/members/"] = (302, {"Location": "/echo/login"}, b"")
    backend.answers["/login"] = (302, {"Location": authorize_url + "#"}, b"")
    browser = Browser(httpd.vhosts[0].origin, authority.ca, standin, canaries.Canaries())
    browser.cookies.clear()
    flow = browser.begin("/echo/members/")
    assert [step.target for step in flow.steps] == ["/echo/members/", "/echo/login"]
    assert flow.visit().status == 200
    query = parse_qs(flow.callback("bob").partition("?")[2])
    assert query["oauth_token"] == [flow.token] and query["oauth_verifier"]


def test_cancelled_sign_in(standin, authorize_url):
    token = authorize_url.rpartition("=")[2]
    assert standin.deny(token).endswith("?denied=" + token)
    with pytest.raises(StandInError):
        standin.approve(token)


# Chromium

def test_chromium_shows_a_page_of_httpd(httpd, chromium):
    chromium.get(httpd.vhosts[0].url("/"))
    assert chromium.title == "Harness with"
    assert chromium.find_element("id", "here").text == "hello"
    assert "__Host-a" in {c["name"] for c in chromium.get_cookies()}
    assert screenshot(chromium, "harness").stat().st_size > 1000
    assert cdp(chromium, "Browser.getVersion")["product"].startswith(("Chrome", "HeadlessChrome"))


def test_chromium_without_cookies(httpd, make_chromium):
    driver = make_chromium(block_cookies=True)
    driver.get(httpd.vhosts[0].url("/"))
    assert driver.title == "Harness without"
    assert driver.get_cookies() == []


def test_a_number_that_comes_again_is_another_program():
    """The janitor and stop() leave alone who has the number of a program that ended."""
    program = process.Process(["sleep", "60"], cwd="/")
    try:
        assert janitor.members(program.pid, program.started) == janitor.members(program.pid) == [program.pid]
        assert janitor.members(program.pid, program.started - 1) == []
        janitor.end({program.pid: (signal.SIGTERM, program.started - 1)}, patience=0)
        assert program.running
        janitor.end({program.pid: (signal.SIGTERM, program.started)})
        assert process.until(lambda: not program.running)
    finally:
        program.stop()
