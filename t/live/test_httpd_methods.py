"""CS-7, AC-6, AC-1: methods, and what somebody without a session is told of a protected page."""

import pytest

from harness.site import CANARY

METHODS = ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",
           "LOCK", "UNLOCK", "REPORT", "SEARCH", "MERGE", "VERSION-CONTROL", "BASELINE-CONTROL", "TRACE", "BREW", "get", "Get",
           "GETX", "G", "POSTS", "X" * 300, "TRACK", "DEBUG", "INVALID", "M-SEARCH", "QUERY"]
OWN = {"login": {"GET"}, "callback": {"GET"}, "session": {"GET"}, "logout": {"GET", "POST"}}


@pytest.fixture(scope="module")
def site(make_site, echo):
    site = make_site(start=False, modules=("proxy", "proxy_http", "dav", "dav_fs"),
                     main="DavLockDB run/dav\n", config=f"""
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


@pytest.mark.parametrize("path", ["", "nothing", "login/", "login/x", "Login", "login;x=1", "callback/../../members/",
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

@pytest.mark.parametrize("headers", [
    {}, {"Range": "bytes=0-5"}, {"If-None-Match": "*"}, {"If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"},
    {"If-Match": "*"}, {"If-Match": '"x"'}, {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    {"If-Range": '"x"', "Range": "bytes=0-5"}, {"Expect": "100-continue"}, {"Accept-Encoding": "gzip"}], ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_AC_1_nothing_of_the_page_before_sign_in(browser, method, headers):
    answer = browser.request(method, "/members/index.html", headers=headers)
    assert answer.status in (302, 401) and CANARY not in answer.text
    for telling in ("ETag", "Last-Modified", "Content-Range", "Accept-Ranges"):
        assert telling not in answer.headers


@pytest.mark.parametrize("request_text", [
    b"GET /members/index.html HTTP/1.0\r\nHost: site.test\r\n\r\n",
    b"GET /members/index.html HTTP/1.1\r\nHost: site.test\r\n\r\nGET /members/index.html HTTP/1.1\r\nHost: site.test"
    b"\r\nConnection: close\r\n\r\n"])
def test_AC_1_old_and_pipelined_requests(browser, request_text):
    answer = browser.raw(request_text)
    assert answer.status == 401 and CANARY.encode() not in answer.body + answer.rest
    assert answer.rest.count(b" 401 ") == request_text.count(b"GET") - 1
