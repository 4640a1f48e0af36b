# SPDX-License-Identifier: Apache-2.0
"""Calls to X's API signed as the user: carried by mod_proxy, for pages of the site alone."""

import json
from hashlib import sha256

import pytest

from harness import signing
from harness.signing import call, post_form

pytestmark = [pytest.mark.protocols("oauth1", "oauth2"), pytest.mark.databases("sqlite"), pytest.mark.mpms("event")]
once = pytest.mark.protocols("oauth1")          # what does not depend on it
ECHO = "/x-api/2/echo"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def site(make_site, standin, authority):
    lines = "TwAuthSignBody 4k\nHeader always set X-Of-The-Site 1\nRequestHeader set X-Added 1"
    site = make_site(start=False, modules=(*signing.MODULES, "headers", "http2"), config=(
        "Protocols h2 http/1.1\nProxyVia On\n" + signing.config(standin, authority, lines=lines)))
    return site.start()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser


def last(site):
    return [c for c in site.standin.calls(kind="api") if c["path"].startswith("/2/echo")][-1]


def calls(site):
    return len([c for c in site.standin.calls(kind="api") if c["path"].startswith("/2/echo")])


# What is carried

@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_each_method(site, alice, method):
    body = None if method in ("GET", "HEAD") else "status=caf%C3%A9+%26+tea&media_ids=1"
    answer = call(alice, method, f"{ECHO}/a%20b?x=1&x=2&y=%2F+z", body, {"Content-Type": FORM} if body else {})
    assert answer.status == 200
    seen = last(site)
    assert (seen["method"], seen["path"], seen["query"]) == (method, "/2/echo/a%20b", "x=1&x=2&y=%2F+z")
    assert seen["body"] == (body or "")
    assert seen["signature_ok"] if site.protocol == "oauth1" else seen["bearer_ok"]


def test_users_me_is_the_user(alice):
    said = call(alice, "GET", "/x-api/2/users/me").json()["data"]
    assert (said["id"], said["username"]) == ("1001", "alice")


def test_json(site, alice):
    body = json.dumps({"text": "☃ & a=b", "oauth_token": "x%"})
    answer = call(alice, "POST", ECHO, body, {"Content-Type": "application/json"})
    assert answer.status == 200 and last(site)["body"] == body


@pytest.mark.parametrize("chunked", [False, True], ids=["by length", "in chunks"])
def test_uploads_stream_unread(site, alice, chunked):
    """Far longer than TwAuthSignBody; and what is in it is not signed."""
    data = b"--b\r\nContent-Disposition: form-data; name=media\r\n\r\n" + bytes(range(256)) * 2500 + b"\r\n--b--\r\n"
    head = (f"POST {ECHO} HTTP/1.1\r\nHost: {site.vhost.name}:{site.vhost.port}\r\nConnection: close\r\n"
            f"Cookie: {'; '.join(f'{c.name}={c.value}' for c in alice.cookies)}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Origin: {alice.base}\r\nContent-Type: multipart/form-data; boundary=b\r\n")
    pieces = [data[i:i + 30000] for i in range(0, len(data), 30000)]
    body = (b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n") if chunked else data
    head += "Transfer-Encoding: chunked\r\n\r\n" if chunked else f"Content-Length: {len(data)}\r\n\r\n"
    answer = alice.raw(head.encode() + body, method="POST", timeout=20)
    assert answer.status == 200
    assert answer.json()["sha256"] == sha256(data).hexdigest()
    assert last(site)["headers"].get("transfer-encoding", "") == ("chunked" if chunked else "")


def test_expect_100_continue(alice):
    assert post_form(alice, ECHO, "a=1&b=2").status == 200
    answer = call(alice, "POST", ECHO, "a=1", {"Content-Type": FORM, "Expect": "100-continue"})
    assert answer.status == 200 and answer.json()["length"] == 3


def test_over_http2(site):
    browser = site.browser(http2=True)
    browser.sign_in("alice")
    assert call(browser, "GET", ECHO + "?a=b").status == 200
    answer = post_form(browser, ECHO + "?a=b", "c=d+e")
    assert answer.status == 200 and answer.json()["length"] == 5
    assert call(browser, "POST", ECHO, "{}", {"Content-Type": "application/json"}).status == 200


# What goes along, and what comes back

def test_what_the_client_sent_does_not_travel(site, alice):
    sent = {"Authorization": "Basic YTpi", "Referer": alice.base + "/page?secret", "Origin": alice.base,
            "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "evil", "Forwarded": "for=1", "X-Real-IP": "10.0.0.1",
            "X-Twauth-User": "bob", "X_Twauth_Id": "1", "Proxy-Authorization": "Basic YTpi", "X-CSRF-Token": "x",
            "Cookie": None, "X-WEBAUTH-USER": "bob", "Accept": "application/json", "If-None-Match": '"x"'}
    cookie = "; ".join([f"{c.name}={c.value}" for c in alice.cookies] + ["other=1"])
    assert call(alice, "POST", ECHO, "a=1", sent | {"Content-Type": FORM, "Cookie": cookie}).status == 200
    headers = last(site)["headers"]
    assert set(headers) == {"host", "accept", "accept-language", "if-none-match", "content-type", "content-length",
                            "user-agent", "authorization", "connection"}
    assert headers["user-agent"] == "mod_twauth" and headers["accept"] == "application/json"
    assert headers["authorization"].startswith("OAuth " if site.protocol == "oauth1" else "Bearer ")
    assert f"https://{headers['host']}" == signing.api(site.standin)


def test_what_comes_back(site, alice):
    site.standin.fault("/2/echo", "status", status=403, body='{"errors":[{"code":261}]}',
                       content_type="application/json", headers=[
        ["Set-Cookie", "guest_id=1; Domain=.x.com"], ["Set-Cookie", "__Host-twauth=x"], ["x-rate-limit-limit", "75"],
        ["x-rate-limit-remaining", "0"], ["x-rate-limit-reset", "1790000000"], ["Retry-After", "7"],
        ["Cache-Control", "public, max-age=600"], ["Expires", "Thu, 01 Jan 2099 00:00:00 GMT"],
        ["Strict-Transport-Security", "max-age=631138519"], ["Access-Control-Allow-Origin", "*"],
        ["Clear-Site-Data", '"*"'], ["Alt-Svc", 'h3=":443"'], ["Content-Security-Policy", "script-src *"]])
    answer = call(alice, "GET", ECHO)
    assert answer.status == 403 and answer.json() == {"errors": [{"code": 261}]}
    assert answer.set_cookies == [] and "Set-Cookie" not in answer.headers
    assert [answer.headers[f"x-rate-limit-{n}"] for n in ("limit", "remaining", "reset")] == ["75", "0", "1790000000"]
    assert answer.headers["Retry-After"] == "7" and answer.headers["X-Of-The-Site"] == "1"
    assert answer.headers.all("Cache-Control") == ["no-store"]
    for name in ("Strict-Transport-Security", "Access-Control-Allow-Origin", "Clear-Site-Data", "Alt-Svc"):
        assert name not in answer.headers
    assert answer.headers.all("Content-Security-Policy") == ["default-src 'none'; frame-ancestors 'none'; sandbox"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_sites_own_cookie_is_renewed_all_the_same(site, alice):
    site.vhost.config = site.vhost.config.replace("TwAuthSign On", "TwAuthSign On\nTwAuthSessionRecheck 0")
    site.graceful()
    site.standin.fault("/2/echo", "status", status=200, body="{}", headers=[["Set-Cookie", "guest_id=1"]])
    answer = call(alice, "GET", ECHO)
    site.vhost.config = site.vhost.config.replace("\nTwAuthSessionRecheck 0", "")
    site.graceful()
    assert answer.status == 200 and [c.name for c in answer.set_cookies] == ["__Host-twauth"]


# Who may

CASES = [   # method, Sec-Fetch-Site, Origin, Referer, allowed
    ("GET", "same-origin", None, None, True), ("POST", "same-origin", "own", None, True),
    ("POST", "same-origin", None, None, True), ("GET", "none", None, None, True), ("POST", "none", None, None, False),
    ("GET", "cross-site", None, None, False), ("GET", "same-site", None, None, False),
    ("POST", "cross-site", "own", None, False), ("DELETE", "same-site", "https://other.site.test", None, False),
    # before Fetch metadata
    ("POST", None, "own", None, True), ("POST", None, "https://evil.example", None, False),
    ("POST", None, "null", None, False), ("POST", None, None, None, False), ("PUT", None, None, "own", False),
    ("GET", None, None, "own", True), ("GET", None, None, None, True), ("GET", None, "null", None, False),
    ("GET", None, None, "https://evil.example/", False), ("GET", None, "https://evil.example", None, False),
    ("HEAD", "cross-site", None, None, False),
]


@pytest.mark.parametrize("method, fetch_site, origin, referer, allowed", CASES)
@once
def test_CS_only_from_pages_of_the_site_itself(site, alice, method, fetch_site, origin, referer, allowed):
    own = {"own": alice.base}
    before = calls(site)
    headers = {"Sec-Fetch-Site": fetch_site, "Origin": own.get(origin, origin),
               "Referer": own[referer] + "/page" if referer == "own" else referer,
               "Cookie": "; ".join(f"{c.name}={c.value}" for c in alice.cookies)}
    if fetch_site is None:
        headers |= {"Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None}
    answer = call(alice, method, ECHO, None if method in ("GET", "HEAD") else "a=1", headers)
    assert answer.status == (200 if allowed else 403)
    assert calls(site) == before + allowed
    if not allowed and method != "HEAD":
        assert answer.json()["status"] == 403 and answer.headers["Cache-Control"] == "no-store"


@once
def test_nobody_is_signed_in(site):
    before = calls(site)
    assert call(site.browser(), "GET", ECHO).status == 401
    assert calls(site) == before


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECTION", "get"])
@once
def test_other_methods(site, alice, method):
    site.allow_log("AH01139|TRACE")
    answer = call(alice, method, ECHO)
    assert answer.status in (405, 403) and "GET" in answer.headers.get("Allow", "GET")


@pytest.mark.parametrize("path", ["/oauth/request_token", "/oauth2/token", "/2/oauth2/token", "/1.1/oauth/x.json",
                                  "/2/%6Fauth2/revoke", "/OAuth/access_token", "//oauth/x"])
@once
def test_what_gives_out_credentials_is_not_called(site, alice, path):
    before = len(site.standin.calls(kind="api"))
    assert call(alice, "POST", "/x-api" + path, "").status == 403
    assert len(site.standin.calls(kind="api")) == before


@pytest.mark.parametrize("target", ["?a=%", "?a=%zz", "?oauth_token=x", "?a=1&%6fauth_signature=x"])
@once
def test_what_cannot_be_signed(site, alice, target):
    answer = call(alice, "GET", ECHO + target)
    assert answer.status == 400 and answer.json()["title"] == "Invalid Request"


@once
def test_no_websocket(site, alice):
    answer = call(alice, "GET", ECHO, headers={"Connection": "Upgrade", "Upgrade": "websocket",
                                               "Sec-WebSocket-Key": "eA==", "Sec-WebSocket-Version": "13"})
    assert answer.status == 200 and "upgrade" not in last(site)["headers"]


# Forms

def test_the_longest_form(site, alice):
    form = "a=" + "x" * 4094
    assert post_form(alice, ECHO, form).json()["length"] == 4096
    answer = post_form(alice, ECHO, form + "y")
    if site.protocol == "oauth1":
        assert answer.status == 413 and "4096 bytes" in answer.json()["detail"]
    else:
        assert answer.json()["length"] == 4097


def test_a_form_in_chunks(site, alice):
    cookie = "; ".join(f"{c.name}={c.value}" for c in alice.cookies)
    head = (f"POST {ECHO} HTTP/1.1\r\nHost: {site.vhost.name}:{site.vhost.port}\r\nConnection: close\r\nCookie: {cookie}\r\n"
            f"Origin: {alice.base}\r\nContent-Type: {FORM}; charset=UTF-8\r\nTransfer-Encoding: chunked\r\n\r\n")
    answer = alice.raw(head.encode() + b"3\r\na=b\r\n4\r\n&c=d\r\n0\r\n\r\n", method="POST")
    assert answer.status == 200 and answer.json()["length"] == 7
    answer = alice.raw(head.encode() + b"2000\r\na=" + b"x" * 8190 + b"\r\n0\r\n\r\n", method="POST")
    assert answer.status == (413 if site.protocol == "oauth1" else 200)


@pytest.mark.parametrize("form, coding, status", [("a=%zz", None, 400), ("oauth_token=1", None, 400), ("x", "gzip", 415),
                                                  ("", None, 200), ("a=1", "identity", 200)])
def test_odd_forms(site, alice, form, coding, status):
    answer = post_form(alice, ECHO, form) if coding is None else call(
        alice, "POST", ECHO, form, {"Content-Type": FORM, "Content-Encoding": coding})
    assert answer.status == (status if site.protocol == "oauth1" else 200)
