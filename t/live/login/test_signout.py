# SPDX-License-Identifier: Apache-2.0
"""Signing out: by the site's own page and by nobody else."""

import socket
import ssl

import pytest

from harness.checks import PRE, SESSION, user
from harness.chromium import patience
from harness.site import PROTECTED


DONE = "/twauth/logout?done=1"


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(clock=True, protected=PROTECTED)


@pytest.fixture
def alice(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser


def token(browser):
    return browser.get("/twauth/logout").text.split('name="token" value="')[1].split('"')[0]


def test_page_with_the_button(site, alice):
    page = alice.get("/twauth/logout?next=%2Fbye")
    assert page.status == 200 and 'method="post" action="/twauth/logout"' in page.text and "@alice" in page.text
    assert 'name="next" value="/bye"' in page.text
    assert user(alice) == "alice"


def test_sign_out_ends_it_and_says_so(site, alice):
    answer = alice.sign_out()
    assert answer.status == 303 and answer.location == site.url(DONE)
    assert answer.headers["Clear-Site-Data"] == '"cache"' and "no-store" in answer.headers["Cache-Control"]
    gone = answer.cookie(SESSION)
    assert gone.deletes and gone.has("Secure") and gone.has("HttpOnly") and gone.get("Path") == "/"
    assert gone.get("SameSite") == "Lax" and SESSION not in alice.cookies
    assert user(alice) is None and alice.whoami() == {"signed_in": False}


def test_N9_what_is_loaded_again_after_a_sign_out_is_no_form(site, alice):
    """POST, 303, GET: and the page says the same again, in this browser alone."""
    answer = alice.post("/twauth/logout", follow=True)
    assert (answer.status, answer.method, answer.url) == (200, "GET", site.url(DONE))
    assert "still signed in at X" in answer.text and "signed out here" in answer.text
    assert "signed out here" in alice.get(answer.url).text
    assert "not signed in" in site.browser().get(answer.url).text
    alice.begin("/twauth/login?next=%2F").approve("alice")
    assert "Sign out?" in alice.get(answer.url).text and user(alice) == "alice"


@pytest.mark.parametrize("next, location", [
    ("/bye", "/bye"), ("/bye?a=b&c=%2F", "/bye?a=b&c=%2F"), ("/", "/"), ("//evil.example", None),
    ("https://evil.example/", None), ("/\\evil.example", None), ("/a\r\nX-Y: z", None), ("/twauth/login", None),
    ("", None), ("javascript:alert(1)", None), ("/%2fevil.example", None), ("/%5cevil.example", None),
    ("/" + "x" * 7000, None),
])
def test_RD_2_next(alice, next, location):
    answer = alice.sign_out(next=next)
    assert answer.status == 303
    assert answer.headers["Location"] == (location or DONE)
    assert "Clear-Site-Data" in answer.headers and SESSION not in alice.cookies


def test_RD_6_two_nexts_are_none(alice):
    assert alice.post("/twauth/logout", [("next", "/a"), ("next", "/b")]).headers["Location"] == DONE
    assert SESSION not in alice.cookies


@pytest.mark.parametrize("query, form, location", [
    ("next=/a", "next=/b", "/b"), ("next=/a", "", None), ("next=//evil.example", "next=/b", "/b"),
    ("next=/a", "next=//evil.example", None), ("", "next=/a;next=/b", "/a;next=/b"), ("", "Next=/a", None),
    ("", "next[]=/a", None), ("", "next%00=/a", None), ("", "next=/a&next", None), ("", "n%65xt=/a", "/a"),
    ("next=/a&moved=1", "", None), ("", "next=/a%00//evil.example", None), ("", "xnext=/a&next=/b&nextx=/c", "/b")])
def test_RD_6_one_next_and_no_other(alice, query, form, location):
    answer = alice.post(f"/twauth/logout?{query}", form)
    assert answer.status == 303 and answer.headers["Location"] == (location or DONE)


def test_RD_7_next_longer_than_any_form(alice):
    assert alice.sign_out(next="/" + "x" * 60_000).status == 413
    assert alice.sign_out(next="/" + "x" * 1999).headers["Location"] == "/" + "x" * 1999


def test_without_a_session_there_is_nothing_to_sign_out_of(browser):
    assert "not signed in" in browser.get("/twauth/logout").text
    assert browser.sign_out().headers["Location"] == "/twauth/logout"
    assert browser.sign_out(next="/bye").status == 303


# whose account is not let in now

REFUSED = {"disabled": "active = 0", "waiting": "waiting_since = 1"}


def rows(site):
    return site.db.value("SELECT count(*) FROM twauth_session")


@pytest.fixture(params=REFUSED.values(), ids=REFUSED)
def refused(site, request):
    """Somebody with two sessions whose account stops counting, and counts again afterwards."""
    site.db.clear()
    browser, other = site.browser(), site.browser()
    browser.sign_in("alice")
    other.sign_in("alice")
    site.db.execute(f"UPDATE twauth_account SET {request.param}")
    site.clock.forward(3)
    yield browser, other
    site.db.execute("UPDATE twauth_account SET active = 1, waiting_since = NULL")


@pytest.mark.parametrize("seen", [True, False])
def test_who_is_not_let_in_now_signs_out_for_good(site, refused, seen):
    """Whether or not a page has just been refused, which is remembered for some seconds."""
    browser, other = refused
    copy = browser.clone()
    if seen:
        assert user(browser) is None
    page = browser.get("/twauth/logout")
    assert "Sign out?" in page.text and 'name="token"' in page.text
    answer = browser.sign_out(everywhere="1")
    assert answer.location == site.url(DONE) and SESSION not in browser.cookies
    assert "signed out here" in browser.get(answer.url + "?done=1").text
    assert rows(site) == 1      # the other one is not theirs to end now
    site.db.execute("UPDATE twauth_account SET active = 1, waiting_since = NULL")
    site.clock.forward(8)
    assert user(copy) is None and user(other) == "alice"


def test_CS_2_who_is_not_let_in_now_is_not_signed_out_from_elsewhere(site, refused):
    browser, _ = refused
    assert user(browser) is None
    assert browser.post("/twauth/logout", "", headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert rows(site) == 2


def test_what_was_ended_is_not_there_to_be_ended(site, alice):
    site.db.execute("DELETE FROM twauth_session")
    site.clock.forward(3)
    for _ in range(2):
        assert user(alice) is None and "not signed in" in alice.get("/twauth/logout").text
        assert alice.sign_out().headers["Location"] == "/twauth/logout"
        site.clock.forward(6)


# CS-2

@pytest.mark.parametrize("how", ["image", "link", "head", "fetch", "prefetch"])
def test_CS_2_nothing_but_a_post_signs_out(alice, how):
    {"image": lambda: alice.image("/twauth/logout", site="cross-site"),
     "link": lambda: alice.get("/twauth/logout?everywhere=1", site="cross-site"),
     "head": lambda: alice.head("/twauth/logout"),
     "fetch": lambda: alice.fetch("/twauth/logout", site="same-origin"),
     "prefetch": lambda: alice.get("/twauth/logout", headers={"Sec-Purpose": "prefetch"})}[how]()
    assert user(alice) == "alice"


ORIGIN = "https://site.test:PORT"
SENT = [
    # Sec-Fetch-Site, Origin, signed out
    ("same-origin", ORIGIN, True), ("same-origin", None, True), ("same-origin", "null", True),
    ("cross-site", ORIGIN, False), ("same-site", ORIGIN, False), ("none", ORIGIN, False), ("none", None, False),
    ("cross-site", None, False), ("cross-site", "null", False), ("SAME-ORIGIN", ORIGIN, False), ("", ORIGIN, False),
    ("same-origin, cross-site", ORIGIN, False),
    (None, ORIGIN, True), (None, "https://evil.example", False), (None, "https://site.test", False),
    (None, "http://site.test:PORT", False), (None, "https://www.site.test:PORT", False), (None, ORIGIN + "0", False),
    (None, "https://site.test.evil.example:PORT", False), (None, "null", False), (None, None, False), (None, "", False),
]


@pytest.mark.parametrize("site_, origin, ends", SENT, ids=[f"{s}-{o}" for s, o, _ in SENT])
def test_CS_2_whose_page_sent_it(site, alice, site_, origin, ends):
    origin = origin and origin.replace("PORT", str(site.vhost.port))
    answer = alice.post("/twauth/logout", "", headers={"Sec-Fetch-Site": site_, "Origin": origin})
    assert answer.status == (303 if ends else 403)
    assert user(alice) == (None if ends else "alice")
    assert ("Clear-Site-Data" in answer.headers) == ends


@pytest.mark.parametrize("origin", [None, "null"])
def test_CS_2_token_of_the_page_where_the_browser_says_nothing(alice, origin):
    form = {"token": token(alice)}
    assert alice.post("/twauth/logout", form, headers={"Sec-Fetch-Site": None, "Origin": origin}).status == 303
    assert user(alice) is None


def test_CS_2_refusal_offers_the_button(alice):
    page = alice.post("/twauth/logout", "", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status == 403 and 'name="token"' in page.text


def test_CS_2_button_works_in_a_real_browser(make_site, chromium):
    site = make_site()
    site.vhost.config += '\nHeader always set Referrer-Policy no-referrer'
    site.httpd.modules += ("headers",)
    site.restart()
    wait = patience(chromium)
    chromium.get(site.url("/members/"))
    chromium.find_element("css selector", "button").click()
    wait.until(lambda driver: driver.title == "Members")
    chromium.get(site.url("/twauth/logout"))
    chromium.find_element("css selector", "button").click()
    wait.until(lambda driver: "signed out" in driver.title)
    chromium.get(site.url("/members/"))
    assert "sign in" in chromium.page_source.lower() and "Members" not in chromium.title
    site.stop()


# CS-3

def by_token(browser, value):
    return browser.post("/twauth/logout", {"token": value}, headers={"Sec-Fetch-Site": None, "Origin": None})


def test_CS_3_token_of_another_browser(site, alice):
    other = site.browser()
    other.sign_in("alice")
    assert by_token(alice, token(other)).status == 403 and user(alice) == "alice"


def test_CS_3_token_of_another_session_of_this_browser(site, alice):
    old = token(alice)
    session = alice.cookies[SESSION]
    alice.sign_out()
    alice.begin("/twauth/login?next=%2F").approve("alice")
    assert alice.cookies[SESSION] != session
    assert by_token(alice, old).status == 403 and user(alice) == "alice"


def test_CS_3_token_of_another_time(site, alice):
    old = token(alice)
    site.clock.forward(3601)
    assert by_token(alice, old).status == 403 and user(alice) == "alice"
    assert by_token(alice, token(alice)).status == 303


def test_CS_3_changed_token(alice):
    good = token(alice)
    for bad in (good[:-1], good + "A", good[:20] + ("A" if good[20] != "A" else "B") + good[21:], "", "1", "x" * 4000):
        assert by_token(alice, bad).status == 403
    assert alice.post("/twauth/logout", [("token", good), ("token", good)],
                      headers={"Sec-Fetch-Site": None, "Origin": None}).status == 403
    assert user(alice) == "alice"


# CS-5

@pytest.mark.parametrize("page", ["/twauth/logout", "/twauth/callback", "/twauth/login?switch=1", "/admin/"])
def test_CS_5_own_pages_are_never_framed(site, page):
    browser = site.browser()
    browser.sign_in("bob")
    site.allow_log("AH01631")
    for answer in (browser.get(page), browser.post("/twauth/logout", "", headers={"Sec-Fetch-Site": "cross-site"})):
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "no-store" in answer.headers["Cache-Control"] and answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("page", ["/twauth/logout", "/twauth/callback", "/twauth/login?switch=1", "/twauth/login"])
def test_CS_5_a_real_browser_frames_none(site, chromium, page):
    """Not even on a page of the site's own; an ordinary page beside it is framed."""
    site.httpd.put("frames.html", f'<iframe src="/index.html"></iframe><iframe src="{page}"></iframe>')
    chromium.get(site.url("/frames.html"))
    shown = []
    for frame in chromium.find_elements("tag name", "iframe"):
        chromium.switch_to.frame(frame)
        shown.append(chromium.execute_script("return document.body.innerText"))
        chromium.switch_to.default_content()
    assert "Welcome" in shown[0]
    assert not any(word in shown[1] for word in ("Sign", "sign", "account", "Front page")), shown[1]


# CS-9

def chunked(*parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (*parts, b""))


FORM = "application/x-www-form-urlencoded"
BODIES = [
    # name, headers, body, status
    ("no type", {"Content-Length": "3"}, b"a=b", 415),
    ("no type, no body", {"Content-Length": "0"}, b"", 303),
    ("no length", {}, b"", 303),
    ("form, empty", {"Content-Type": FORM, "Content-Length": "0"}, b"", 303),
    ("form", {"Content-Type": FORM + "; charset=UTF-8", "Content-Length": "3"}, b"a=b", 303),
    ("no equals", {"Content-Type": FORM, "Content-Length": "1"}, b"a", 303),
    ("chunked, empty", {"Content-Type": FORM, "Transfer-Encoding": "chunked"}, chunked(), 303),
    ("chunked", {"Content-Type": FORM, "Transfer-Encoding": "chunked"}, chunked(b"a=", b"b"), 303),
    ("chunked, 1 MB", {"Content-Type": FORM, "Transfer-Encoding": "chunked"}, chunked(*[b"a" * 65536] * 16), 413),
    ("1 GB announced", {"Content-Type": FORM, "Content-Length": "1000000000"}, b"a=b", 413),
    ("9 kB", {"Content-Type": FORM, "Content-Length": "9000"}, b"a" * 9000, 413),
    ("8 kB", {"Content-Type": FORM, "Content-Length": "8192"}, b"a" * 8192, 303),
    ("multipart", {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "6"}, b"--x--\r", 415),
    ("json", {"Content-Type": "application/json", "Content-Length": "2"}, b"{}", 415),
    ("text", {"Content-Type": "text/plain", "Content-Length": "3"}, b"a=b", 415),
    ("almost a form", {"Content-Type": FORM + "x", "Content-Length": "3"}, b"a=b", 415),
    ("5000 fields", {"Content-Type": FORM, "Content-Length": "7999"}, b"&".join([b"a"] * 4000), 400),
    ("NUL", {"Content-Type": FORM, "Content-Length": "7"}, b"a\0b=\0\0c", (303, 400)),
    ("bad escapes", {"Content-Type": FORM, "Content-Length": "8"}, b"a=%zz&%0", (303, 400)),
    ("bad length", {"Content-Type": FORM, "Content-Length": "-1"}, b"", 400),
]


@pytest.mark.parametrize("headers, body, status", [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_CS_9_odd_bodies(site, alice, headers, body, status):
    before = site.httpd.children()
    head = {"Host": f"site.test:{site.vhost.port}", "Sec-Fetch-Site": "same-origin", "Connection": "close",
            "Cookie": f"{SESSION}={alice.cookies[SESSION]}", **headers}
    data = b"POST /twauth/logout HTTP/1.1\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in head.items()) + b"\r\n"
    try:
        answer = alice.raw(data + body, method="POST").status
    except (BrokenPipeError, ConnectionResetError):
        answer = 413 if len(body) > 100_000 else None       # refused before all was sent
    wanted = status if isinstance(status, tuple) else (status,)
    assert answer in wanted
    assert (user(alice) is None) == (answer == 303)
    assert set(before) <= set(site.httpd.children())


# httpd reads a body that nobody wanted to its end, within its own Timeout
COMPLETE = [b for b in BODIES if b[0] != "1 GB announced"]


@pytest.mark.parametrize("own", ["login", "callback", "session", "nothing"])
@pytest.mark.parametrize("headers, body", [b[1:3] for b in COMPLETE], ids=[b[0] for b in COMPLETE])
def test_CS_9_where_no_body_belongs(site, alice, own, headers, body):
    before, calls = site.httpd.children(), site.standin.count()
    head = {"Host": f"site.test:{site.vhost.port}", "Sec-Fetch-Site": "same-origin", "Connection": "close",
            "Cookie": f"{SESSION}={alice.cookies[SESSION]}", **headers}
    data = f"POST /twauth/{own} HTTP/1.1\r\n".encode() + b"".join(f"{k}: {v}\r\n".encode() for k, v in head.items())
    try:
        answer = alice.raw(data + b"\r\n" + body, method="POST", linger=0.001)
        assert answer.status in (400, 404 if own == "nothing" else 405), answer
        assert not answer.headers.all("Set-Cookie") and not answer.location
    except (BrokenPipeError, ConnectionResetError):
        assert len(body) > 100_000              # refused before all was sent
    assert set(before) <= set(site.httpd.children()) and site.standin.count() == calls
    assert alice.whoami()["signed_in"]


def test_CS_9_slow_body(site, make_site):
    """One that never comes to an end is waited for as long as httpd's Timeout says, and stops nobody else."""
    site.clock.set(0)               # X's clock is that of the other site
    site = make_site(main="Timeout 2")
    browser = site.browser()
    browser.sign_in("alice")
    data = (f"POST /twauth/logout HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Cookie: {SESSION}={browser.cookies[SESSION]}\r\nContent-Type: {FORM}\r\nContent-Length: 100\r\n\r\na=b")
    tls = ssl.create_default_context(cafile=site.authority.ca)
    with socket.create_connection(("127.0.0.1", site.vhost.port)) as raw:
        with tls.wrap_socket(raw, server_hostname="site.test") as sock:
            sock.sendall(data.encode())
            assert user(browser) == "alice"
            sock.settimeout(60)
            said = sock.recv(4096)
    assert not said or said.split()[1] in (b"400", b"408")
    assert site.log.wait("TW0615") and user(browser) == "alice"
    site.stop()


def test_CS_9_body_cut_short(site, alice):
    data = (f"POST /twauth/logout HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Cookie: {SESSION}={alice.cookies[SESSION]}\r\nContent-Type: {FORM}\r\nContent-Length: 100\r\n\r\na=b")
    tls = ssl.create_default_context(cafile=site.authority.ca)
    with socket.create_connection(("127.0.0.1", site.vhost.port)) as raw:
        with tls.wrap_socket(raw, server_hostname="site.test") as sock:
            sock.sendall(data.encode())
    assert user(alice) == "alice"
