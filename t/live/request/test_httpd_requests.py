# SPDX-License-Identifier: Apache-2.0
"""HT-1, HT-4, HT-5, HT-6: broken escapes, rare forms of requests, left-over bytes, shared connections."""

import http.client
import os
import random
import re

import pytest

from harness.site import CANARY

BROKEN = ["%00", "%zz", "%", "%c0%af", "%ff%fe", "%2", "%u0041", "%0d%0aX-Injected:%20x", "%e2%80%ae", "\x80\xff"]
CANARY_BYTES = CANARY.encode()


@pytest.fixture(autouse=True)
def nobody_died(site):
    site.allow_log(r"^\[(core|http|ssl):error\]")      # httpd's own words on broken requests
    before = site.httpd.children()
    yield
    assert all(os.path.exists(f"/proc/{pid}") for pid in before)


@pytest.fixture(scope="module")
def member(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("place", ["/members/{}", "/twauth/login?next=/{}", "/twauth/login?{}=x", "/twauth/{}",
                                   "/twauth/callback?oauth_token={0}&oauth_verifier={0}", "/twauth/callback?state={0}&error={0}", "/twauth/session?{}",
                                   "/twauth/logout?next={}", "/{}/members/"])
def test_HT_1_broken_escapes(site, browser, member, place, broken):
    for visitor in (browser, member):
        answer = visitor.get(place.format(broken))
        assert answer.status in (200, 302, 400, 401, 403, 404), answer
        assert CANARY not in answer.text and "X-Injected" not in answer.headers
    assert member.whoami()["signed_in"]


@pytest.mark.parametrize("broken", BROKEN)
def test_HT_1_broken_cookies(site, member, broken):
    session = member.cookies["__Host-twauth"]
    for value in (broken, session[:-1] + broken, broken + session, session + broken):
        answer = site.browser().fetch("/members/", headers={"Cookie": f"__Host-twauth={value}"})
        assert answer.status == 401 and CANARY not in answer.text


@pytest.mark.parametrize("broken", BROKEN)
def test_HT_1_broken_bodies(member, broken):
    browser = member.clone()
    answer = browser.post("/twauth/logout", f"next={broken}&{broken}=1&everywhere={broken}",
                          headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status in (400, 403)


HOST = b"Host: site.test:%d\r\n"

# HT-4: rare request lines, hosts and fields, each at a protected page and at the own locations. %T is the target.

LINES = [b"GET %T HTTP/1.1", b"GET %T HTTP/1.0", b"GET %T HTTP/0.9", b"GET %T", b"GET %T HTTP/1.2", b"GET %T HTTP/2.0",
         b"GET %T HTTP/1.1 ", b"GET  %T HTTP/1.1", b"GET\t%T\tHTTP/1.1", b" GET %T HTTP/1.1", b"\r\nGET %T HTTP/1.1",
         b"\r\n\r\n\r\nGET %T HTTP/1.1", b"get %T HTTP/1.1", b"GET %T http/1.1", b"GET %T HTTP/01.1",
         b"GET %T HTTP/1.10", b"GET %T%00 HTTP/1.1", b"GET %T\0 HTTP/1.1", b"GET %T\x80 HTTP/1.1", b"GET %T# HTTP/1.1",
         b"GET %T#a?b HTTP/1.1", b"GET %T? HTTP/1.1", b"GET %T?? HTTP/1.1", b"GET %T?%00 HTTP/1.1",
         b"GET /.%T HTTP/1.1", b"GET //.%T HTTP/1.1", b"GET http://site.test%T HTTP/1.1",
         b"GET https://site.test%T HTTP/1.1", b"GET HTTPS://SITE.TEST%T HTTP/1.1",
         b"GET https://evil.example%T HTTP/1.1", b"GET http://evil.example:1%T HTTP/1.1",
         b"GET https://site.test@evil.example%T HTTP/1.1", b"GET https://evil.example@site.test%T HTTP/1.1",
         b"GET https://%T HTTP/1.1", b"GET https:%T HTTP/1.1", b"GET https:/%T HTTP/1.1",
         b"GET ://site.test%T HTTP/1.1", b"GET https://[::1]%T HTTP/1.1", b"GET https://[%T HTTP/1.1",
         b"GET https://site.test:99999%T HTTP/1.1", b"GET https://site.test:%T HTTP/1.1",
         b"GET https://site.test\\@evil.example%T HTTP/1.1", b"GET ftp://x%T HTTP/1.1", b"GET javascript:%T HTTP/1.1",
         b"GET //evil.example%T HTTP/1.1", b"GET /\\evil.example%T HTTP/1.1", b"GET \\\\evil.example%T HTTP/1.1",
         b"GET site.test%T HTTP/1.1", b"GET site.test:443%T HTTP/1.1", b"GET @%T HTTP/1.1", b"GET *%T HTTP/1.1",
         b"GET * HTTP/1.1", b"OPTIONS * HTTP/1.1", b"OPTIONS %T HTTP/1.1", b"CONNECT site.test:443 HTTP/1.1",
         b"CONNECT %T HTTP/1.1", b"TRACE %T HTTP/1.1", b"PRI * HTTP/2.0", b"GET ? HTTP/1.1", b"GET ?%T HTTP/1.1",
         b"GET # HTTP/1.1", b"GET . HTTP/1.1", b"GET .. HTTP/1.1", b"GET %2f HTTP/1.1", b"GET HTTP/1.1", b"GET", b"%T",
         b"HEAD %T HTTP/1.1", b"POST %T HTTP/1.1", b"BREW %T HTTP/1.1", b"GET %T HTTP/1.1\r\nGET %T HTTP/1.1",
         b"GET /" + b"a" * 8000 + b"%T HTTP/1.1", b"GET %T?" + b"a" * 8000 + b" HTTP/1.1",
         b"GET " + b"/" * 4000 + b"%T HTTP/1.1", b"GET %T" + b"/.." * 1000 + b" HTTP/1.1",
         b"GET %T" + b"%2e%2e/" * 1000 + b" HTTP/1.1", b"X" * 8000 + b" %T HTTP/1.1"]
HOSTS = [b"", b"Host:", b"Host: ", b"Host: evil.example", b"Host: evil.example\r\nHost: site.test",
         b"Host: site.test, evil.example", b"Host: site.test:99999", b"Host: site.test:0", b"Host: site.test:",
         b"Host: site.test:-1", b"Host: site.test:abc", b"Host: site.test:443:443", b"Host: SITE.TEST.",
         b"Host: site.test..", b"Host: .site.test", b"Host: -", b"Host: *", b"Host: [::1]", b"Host: [::1]:443",
         b"Host: [::1", b"Host: ::1", b"Host: 127.0.0.1", b"Host: 2130706433", b"Host: localhost",
         b"Host: site.test/evil.example", b"Host: site.test\\evil.example", b"Host: site.test@evil.example",
         b"Host: site.test%00", b"Host: site.test#", b"Host: site.test?x", b"Host: user:pw@site.test",
         b"Host: https://site.test", b"Host: site.test\tx", b"Host: site test", b"Host: \xe9vil", b"Host: xn--e1afmkfd",
         b"Host: " + b"a" * 300, b"Host: " + b"a." * 500, b"Host : site.test", b"host:site.test",
         b"HOST: www.site.test", b"Host: evil.example\r\nX-Forwarded-Host: site.test", b" Host: site.test",
         b"Host: \r\n site.test", b"Host: site.test\r\n\tevil.example", b"Host: <script>", b"Host: \"><script>",
         b"Host: %0d%0aX: 1"]
FIELDS = [b"Cookie:", b"Cookie: ;;=;=x;__Host-twauth;__Host-twauth=\r\nCookie: a",
          b"Connection: upgrade\r\nUpgrade: websocket", b"Connection: close, close, keep-alive", b"Connection:",
          b"Expect: 100-continue", b"Expect: nonsense", b"Transfer-Encoding: x",
          b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Content-Length: 0\r\nContent-Length: 5",
          b"Content-Length: 5, 5", b"Content-Length: +5", b"Content-Length: 0x5",
          b"Content-Length: 99999999999999999999", b"No colon", b": no name", b"X-A: b\r\n folded", b"X\0Y: z",
          b"X: \0", b"X: \x7f\x01", b"X:" + b"a" * 8100, b"X: a\r\n" * 99 + b"X: a", b"X: a\r\n" * 200 + b"X: a",
          b"Accept: " + b"text/html," * 700, b"Range: bytes=" + b"0-," * 2000, b"Referer: " + b"/" * 7000,
          b"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Mode: cors", b"Sec-Fetch-Dest: document, image", b"Sec-Fetch-Mode:",
          b"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: same-origin", b"Accept: text/html;q=0", b"Accept: TEXT/HTML",
          b"Upgrade: h2c", b"Authorization: " + b"x" * 4000, b"If-None-Match: *\r\nIf-Match: *",
          b"Keep-Alive: timeout=9999999", b"Max-Forwards: -1"]
TARGETS = ["/members/", "/twauth/login?next=%2Fmembers%2F", "/twauth/callback?oauth_token=a&state=a", "/twauth/logout",
           "/twauth/session", "/twauth/nothing"]


def forms(target):
    """Whole requests: each rare line, host and fields in an otherwise ordinary request."""
    ordinary = HOST + b"Accept: text/html\r\nConnection: close\r\n\r\n"
    line = b"GET %s HTTP/1.1\r\n" % target
    for rare in LINES:
        yield rare.replace(b"%T", target) + b"\r\n" + ordinary
    for host in HOSTS:
        yield line + host + b"\r\n" * bool(host) + b"Accept: text/html\r\nConnection: close\r\n\r\n"
    for field in FIELDS:
        yield line + HOST + field + b"\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    for end in (b"\n", b"\r", b"\r\r\n", b"\n\r"):
        yield (line + ordinary).replace(b"\r\n", end)


@pytest.fixture(scope="module")
def plain(make_site):
    """A site without TLS, for hundreds of connections."""
    return make_site(scheme="http")


ANSWERS = {200, 206, 302, 303, 400, 401, 403, 404, 405, 408, 413, 414, 417, 421, 431, 501, 505}


@pytest.mark.parametrize("target", TARGETS)
def test_HT_4_unusual_request_forms(plain, target):
    plain.allow_log(r"^\[(core|http):error\]")
    browser, home = plain.browser(), ("/", plain.url("/"), plain.standin.browser_url("http") + "/")
    count = 0
    for form in forms(target.encode()):
        form = form.replace(b"site.test", b"127.0.0.1").replace(b"%d", b"%d" % plain.vhost.port)
        try:
            answer = browser.raw(form, timeout=1, linger=0.001)
        except (ConnectionError, http.client.HTTPException, TimeoutError):
            continue        # HTTP/0.9, or the connection was closed
        count += 1
        assert answer.status in ANSWERS and CANARY_BYTES not in answer.body + answer.rest, (form, answer)
        location = answer.headers.get("Location", "")
        assert not location or location.startswith(home) and not location.startswith("//"), (form, location)
        told = location.partition("?")[0] + "".join(answer.headers.all("Set-Cookie"))
        assert "evil.example" not in told, (form, answer)
        assert b"<script>" not in answer.body, form
    assert count > 130


# HT-5: a body that nobody has read is not the next request

FRAMES = {
    "length": lambda body: b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
    "chunks": lambda body: b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
    "trailers": lambda body: (b"Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n%x\r\n%s\r\n0\r\nX: y\r\n\r\n"
                              % (len(body), body)),
    "expectation": lambda body: b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body),
    "form": lambda body: (b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s"
                          % (len(body), body)),
    "large": lambda body: b"Content-Length: %d\r\n\r\n%s" % (20 * len(body), body * 20),
    "many chunks": lambda body: (b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (len(body), body) * 150
                                 + b"0\r\n\r\n"),
    "chunks of a length": lambda body: b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + body,
    "nothing said": lambda body: b"Content-Length: 0\r\nX: y\r\n\r\n",
}
PLACES = ["/members/", "/members/env.cgi", "/admin/", "/twauth/login", "/twauth/login?next=//x",
          "/twauth/callback?oauth_token=x", "/twauth/logout", "/twauth/session", "/twauth/nothing"]


@pytest.fixture(scope="module")
def bob(plain):
    browser = plain.browser()
    browser.sign_in("bob")
    return "; ".join(f"{c.name}={c.value}" for c in browser.cookies).encode()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "BREW"])
@pytest.mark.parametrize("frame", FRAMES)
def test_HT_5_left_over_body_is_no_request(plain, bob, frame, method):
    plain.allow_log("AH01631", r"^\[(core|http):error\]")
    host = HOST.replace(b"site.test", b"127.0.0.1") % plain.vhost.port
    body = FRAMES[frame](b"GET /cgi-bin/env?smuggled HTTP/1.1\r\n" + host + b"\r\n")
    mark = plain.httpd.access_log.stat().st_size
    browser = plain.browser()
    for path in PLACES:
        for fields in (b"", b"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", b"Cookie: %s\r\n" % bob):
            if fields.startswith(b"Cookie") and path in ("/members/env.cgi", "/twauth/logout"):
                continue        # a program reads it itself; a sign-out reads it
            request = b"%s %s HTTP/1.1\r\n" % (method.encode(), path.encode()) + host + fields
            try:
                answer = browser.raw(request + body, method=method, linger=None)
            except (ConnectionError, http.client.HTTPException):
                continue
            assert b"smuggled" not in answer.body + answer.rest
    assert b"smuggled" not in plain.httpd.access_log.read_bytes()[mark:]


def smuggled(site, method, path, more=b""):
    inner = b"GET /cgi-bin/env?smuggled HTTP/1.1\r\n" + HOST % site.vhost.port + b"\r\n"
    return (f"{method} {path} HTTP/1.1\r\n".encode() + HOST % site.vhost.port + more
            + b"Content-Length: %d\r\n\r\n" % len(inner) + inner)


def test_HT_5_refused_for_its_connection_header(site, browser):
    answer = browser.raw(smuggled(site, "GET", "/", b"Connection: X-Twauth-User\r\n"), linger=None)
    assert answer.status == 400 and b"smuggled" not in answer.rest


def test_HT_6_identity_does_not_stick_to_a_connection(site, full):
    browsers = {}
    for user in ("alice", "bob"):
        browser = site.browser()
        browser.sign_in(user)
        browsers[user] = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
    chance = random.Random(61)
    shared = [site.browser(keep_alive=True) for _ in range(4)]
    for turn in range(full(200, 5000)):
        user, browser = chance.choice(("alice", "bob", None)), chance.choice(shared)
        headers = {"Cookie": browsers.get(user)}
        assert browser.fetch("/twauth/session", headers=headers, cookies=False).json().get("username") == user, turn
        if turn % 8 == 0:
            answer = browser.fetch("/members/env.cgi", headers=headers, cookies=False)
            assert answer.status == (200 if user else 401), turn
            assert not user or answer.json()["REMOTE_USER"] == answer.json()["TWAUTH_USERNAME"] == user, turn
    for browser in shared:
        browser.close()


def test_HT_6_pipelined_users(site, browser):
    browser.sign_in("bob")
    cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies).encode()
    line = b"GET /members/env.cgi HTTP/1.1\r\n" + HOST % site.vhost.port
    answer = browser.raw(line + b"Cookie: " + cookies + b"\r\n\r\n" + line + b"Connection: close\r\n\r\n", linger=30)
    assert answer.status == 200 and b'"REMOTE_USER": "bob"' in answer.body
    assert answer.rest.startswith(b"HTTP/1.1 401 ")
