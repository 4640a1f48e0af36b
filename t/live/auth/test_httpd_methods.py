# SPDX-License-Identifier: Apache-2.0
"""CS-7, AC-6, AC-1: methods, and what somebody without a session is told of a protected page."""

import re
import subprocess

import pytest

from harness.site import CANARY

METHODS = ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",
           "LOCK", "UNLOCK", "REPORT", "SEARCH", "MERGE", "VERSION-CONTROL", "BASELINE-CONTROL", "TRACE", "BREW", "get",
           "Get", "GETX", "G", "POSTS", "X" * 300, "TRACK", "DEBUG", "INVALID", "M-SEARCH", "QUERY"]
OWN = {"login": {"GET"}, "callback": {"GET"}, "session": {"GET"}, "logout": {"GET", "POST"}}


@pytest.fixture(scope="module")
def site(make_site, echo, mpm):
    http2 = () if mpm == "prefork" else ("http2",)
    site = make_site(start=False, modules=("proxy", "proxy_http", "dav", "dav_fs", *http2),
                     main="DavLockDB run/dav\n", config=f"""
        Protocols h2 http/1.1
        ProxyPass "/members/proxied/" "{echo.origin}/"
        <Location "/members/dav/">
        Dav On
        </Location>""")
    for own in OWN:
        site.httpd.put(f"twauth/{own}", CANARY)
    site.httpd.put("members/dav/file.txt", CANARY)
    return site.start()


@pytest.fixture(scope="module")
def member(site):
    browser = site.browser()
    browser.sign_in("bob")
    return browser


@pytest.mark.parametrize("who", ["stranger", "member"])
@pytest.mark.parametrize("own, method", [(own, method) for own in OWN for method in METHODS if method not in OWN[own]])
def test_CS_7_methods_of_the_own_locations(site, browser, member, who, own, method):
    calls = site.standin.count()
    visitor = browser if who == "stranger" else member
    for query in ("", "?_method=GET&method=GET&next=/members/"):
        answer = visitor.request(method, f"/twauth/{own}{query}", body="x=1" if method in ("POST", "PUT") else None,
                                 headers={"X-HTTP-Method-Override": "GET", "X-Method-Override": "POST"})
        if method == "HEAD":
            assert answer.status in (200, 401)
        else:
            assert answer.status in (405, 501) and "GET" in answer.headers["Allow"]
            assert ("POST" in answer.headers["Allow"]) == (own == "logout")
        assert not answer.set_cookies and CANARY not in answer.text and not answer.location
    assert site.standin.count() == calls and member.whoami()["signed_in"]


def test_HEAD_does_not_sign_out(site, browser):
    browser.sign_in()
    browser.head("/twauth/logout")
    assert browser.whoami()["signed_in"]
    site.standin.reset()


@pytest.mark.parametrize("path", ["nothing", "login/", "login/x", "Login", "login;x=1", "callback/../../members/",
                                  "login%2f", "log%69n%00", "session.json", "..;/members/"])
def test_nothing_else_below_the_path(browser, path):
    answer = browser.get(f"/twauth/{path}")
    assert answer.status in (400, 404, 302) and CANARY not in answer.text
    if answer.status == 302:        # httpd has made a path of another place of it
        assert path == "callback/../../members/" and answer.location.endswith("/twauth/login?next=%2F")


@pytest.mark.parametrize("path", ["/members/index.html", "/members/env.cgi", "/members/proxied/x", "/members/dav/",
                                  "/members/dav/file.txt"])
@pytest.mark.parametrize("method", [m for m in METHODS if m != "TRACE"] + ["GET"])
def test_AC_6_every_method_is_covered(site, browser, backend, path, method):
    answer = browser.request(method, path, body="x" if method in ("POST", "PUT", "PATCH") else None)
    assert answer.status in ((302,) if method == "GET" else (401, 405)), answer
    assert CANARY not in answer.text and backend.requests == []
    if method != "GET":
        assert not answer.set_cookies and not answer.location


def test_TRACE_tells_no_session(site, browser):
    """httpd's own echo of the request, before any access control."""
    browser.sign_in()
    session = browser.cookies["__Host-twauth"]
    answer = browser.request("TRACE", "/members/")
    assert session not in answer.text and CANARY not in answer.text


# AC-1

CONDITIONS = [
    {}, {"Range": "bytes=0-5"}, {"If-None-Match": "*"}, {"If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"},
    {"If-Match": "*"}, {"If-Match": '"x"'}, {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    {"If-Range": '"x"', "Range": "bytes=0-5"}, {"Expect": "100-continue"}, {"Accept-Encoding": "gzip"},
    {"Range": "bytes=-1"}, {"Range": "bytes=99999-"}, {"Range": "bytes=0-0,1-1,2-2"}, {"Want-Digest": "sha-256"},
    {"Range": "bytes=0-5", "If-Match": "*"}, {"If-None-Match": "*", "Cache-Control": "only-if-cached"},
    {"TE": "trailers"}, {"Accept": "multipart/byteranges"}, {"Negotiate": "*"}, {"Prefer": "return=representation"}]
TELLING = ("etag", "last-modified", "content-range", "accept-ranges", "content-disposition", "content-location",
           "digest", "tcn", "vary")


@pytest.mark.parametrize("headers", CONDITIONS, ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_AC_1_nothing_of_the_page_before_sign_in(site, browser, method, headers):
    answer = browser.request(method, "/members/index.html", headers=headers)
    assert answer.status in (302, 401) and CANARY not in answer.text
    assert not {name.lower() for name, _ in answer.headers} & set(TELLING)
    assert answer.headers.get("Content-Length") != str((site.httpd.htdocs / "members/index.html").stat().st_size)


@pytest.mark.mpms("event")
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_AC_1_the_same_over_HTTP_2(site, method):
    """All conditions on one connection, with --next."""
    asked = []
    for headers in CONDITIONS:
        asked += ["--next"] * bool(asked) + ["-s", "-i", "--http2", "--cacert", str(site.authority.ca), "--noproxy",
                                             "*", "--connect-to", f"::127.0.0.1:{site.vhost.port}"]
        asked += ["-I"] if method == "HEAD" else ["-X", method]
        asked += [a for name, value in headers.items() for a in ("-H", f"{name}: {value}")]
        asked.append(site.url("/members/index.html"))
    said = subprocess.run(["/usr/bin/curl", *asked], capture_output=True, text=True, timeout=300).stdout
    assert said.count("HTTP/2 401") == len(CONDITIONS) == said.count("HTTP/2 ")
    assert CANARY not in said and not re.search(rf"(?im)^({'|'.join(TELLING)}):", said)


@pytest.mark.parametrize("request_text", [
    b"GET /members/index.html HTTP/1.0\r\nHost: site.test\r\n\r\n",
    b"GET /members/index.html HTTP/1.1\r\nHost: site.test\r\n\r\nGET /members/index.html HTTP/1.1\r\nHost: site.test"
    b"\r\nConnection: close\r\n\r\n"])
def test_AC_1_old_and_pipelined_requests(browser, request_text):
    answer = browser.raw(request_text, linger=30)
    assert answer.status == 401 and CANARY.encode() not in answer.body + answer.rest
    assert answer.rest.count(b" 401 ") == request_text.count(b"GET") - 1
