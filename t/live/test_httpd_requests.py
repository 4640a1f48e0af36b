"""HT-1, HT-4, HT-5, HT-6: broken escapes, rare forms of requests, left-over bytes, shared connections."""

import os

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
                                   "/twauth/callback?oauth_token={0}&oauth_verifier={0}", "/twauth/session?{}",
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
FORMS = [
    b"GET / HTTP/1.1\r\n\r\n", b"GET * HTTP/1.1\r\n%H\r\n", b"OPTIONS * HTTP/1.1\r\n%H\r\n",
    b"GET http://evil.example/members/ HTTP/1.1\r\n%H\r\n", b"GET https://site.test/members/ HTTP/1.1\r\n%H\r\n",
    b"GET https://evil.example/twauth/login?next=/ HTTP/1.1\r\n%H\r\n", b"CONNECT site.test:443 HTTP/1.1\r\n%H\r\n",
    b"GET //evil.example/members/ HTTP/1.1\r\n%H\r\n", b"GET members/ HTTP/1.1\r\n%H\r\n",
    b"GET ?x HTTP/1.1\r\n%H\r\n", b"GET /members/ HTTP/1.1\r\nHost: \r\n\r\n",
    b"GET /members/ HTTP/1.1\r\nHost: evil.example\r\nHost: site.test\r\n\r\n",
    b"GET /members/ HTTP/1.1\r\nHost: site.test:99999\r\n\r\n", b"GET /members/ HTTP/1.1\r\nHost: site.test:\r\n\r\n",
    b"GET /members/ HTTP/1.1\r\nHost: [::1]\r\n\r\n", b"GET /members/ HTTP/1.1\r\nHost: SITE.TEST.\r\n\r\n",
    b"GET /members/ HTTP/0.9\r\n\r\n", b"GET /members/ HTTP/1.1\r\n%HCookie: \r\n\r\n",
    b"GET /members/ HTTP/1.1\r\n%HCookie: ;;=;=x;__Host-twauth;__Host-twauth=\r\nCookie: a\r\n\r\n",
    b"GET /twauth/login HTTP/1.1\r\nHost: \r\nAccept: text/html\r\n\r\n",
    b"GET /twauth/callback?oauth_token=a HTTP/1.0\r\nAccept: text/html\r\n\r\n",
    b"GET /twauth/logout HTTP/1.0\r\nAccept: text/html\r\n\r\n", b"GET /twauth/session HTTP/1.0\r\n\r\n",
    b"GET /members/ HTTP/1.1\r\n%HAccept: text/html\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
]


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.split(b"\r\n")[0].decode() + " " + str(FORMS.index(f)))
def test_HT_4_unusual_request_forms(site, browser, form):
    answer = browser.raw(form.replace(b"%H", HOST % site.vhost.port).replace(b"\r\n\r\n", b"\r\nConnection: close"
                         b"\r\n\r\n", 1) if b"HTTP/1." in form else form, linger=0.05)
    assert answer.status in (200, 302, 400, 401, 403, 404, 405, 421, 501), answer
    assert CANARY_BYTES not in answer.body + answer.rest
    location = answer.headers.get("Location", "")
    assert location.startswith(("/", site.url("/"), site.standin.browser_url())) or not location
    assert not location.startswith("//") and "evil" not in location.partition("?")[0]


def smuggled(site, method, path, more=b""):
    inner = b"GET /cgi-bin/env?smuggled HTTP/1.1\r\n" + HOST % site.vhost.port + b"\r\n"
    return (f"{method} {path} HTTP/1.1\r\n".encode() + HOST % site.vhost.port + more
            + b"Content-Length: %d\r\n\r\n" % len(inner) + inner)


@pytest.mark.parametrize("method, path", [("POST", "/members/"), ("POST", "/twauth/login"), ("PUT", "/twauth/session"),
                                          ("GET", "/twauth/session"), ("POST", "/twauth/logout"),
                                          ("DELETE", "/twauth/callback"), ("GET", "/members/"),
                                          ("POST", "/twauth/nothing")])
def test_HT_5_left_over_body_is_no_request(site, browser, method, path):
    answer = browser.raw(smuggled(site, method, path), linger=0.2)
    assert answer.status >= 200 and b"smuggled" not in answer.rest and b"HTTP/1.1" not in answer.rest


def test_HT_5_refused_for_its_connection_header(site, browser):
    answer = browser.raw(smuggled(site, "GET", "/", b"Connection: X-Twauth-User\r\n"), linger=0.2)
    assert answer.status == 400 and b"smuggled" not in answer.rest


def test_HT_6_identity_does_not_stick_to_a_connection(site):
    browsers = {}
    for user in ("alice", "bob"):
        browser = site.browser()
        browser.sign_in(user)
        browsers[user] = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
    one = site.browser(keep_alive=True)
    for user in ("alice", None, "bob", "alice", None, None, "bob", "bob", None, "alice"):
        answer = one.fetch("/members/env.cgi", headers={"Cookie": browsers.get(user)}, cookies=False)
        if user:
            assert answer.json()["REMOTE_USER"] == user
        else:
            assert answer.status == 401
    one.close()


def test_HT_6_pipelined_users(site, browser):
    browser.sign_in("bob")
    cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies).encode()
    line = b"GET /members/env.cgi HTTP/1.1\r\n" + HOST % site.vhost.port
    answer = browser.raw(line + b"Cookie: " + cookies + b"\r\n\r\n" + line + b"Connection: close\r\n\r\n")
    assert answer.status == 200 and b'"REMOTE_USER": "bob"' in answer.body
    assert answer.rest.startswith(b"HTTP/1.1 401 ")
