# SPDX-License-Identifier: Apache-2.0
"""Where the visitor lands: byte for byte where they wanted to, or on the default, and never on another site."""

from urllib.parse import quote, unquote

import pytest

from harness import urls

both = pytest.mark.protocols("oauth1", "oauth2")
LIMIT = 2000

GOOD = ["/", "/?", "/a?", "/a//b", "/search?q=a%20b+c", "/caf%C3%A9", "/caf%c3%a9", "/%41%7E", "/a%2Fb", "/a;v=1?b=c;d",
        "/r?u=https://other.example/", "/web/https://example.org/", "/list?ids[]=1", "/q?x=%0D%0A", "/100%25",
        "/app#/inbox", "/a?b#c?d", "/a&b=c", "/?next=//evil.example", "/a..b/...", "/a@b", "/a:b", "/'",
        "/" + "a" * 1989]
NEAR = ["/login", "/twauthx/login", "/a/twauth/login", "/Twauth/login", "/?next=/twauth/login", "/twauth-login",
        "/#/twauth/login", "/twauth"]
OWN = [path + end for path in ("/twauth/login", "/twauth/callback", "/twauth/logout", "/twauth/session",
                               "/twauth/%6cogin", "/twauth%2Flogout", "/twauth//login", "/twauth;a/login",
                               "/twauth/login;x=1", "/%74wauth/log%6Fut",
                               # S4: what is not there either
                               "/twauth/", "/twauth/accounts", "/twauth/account/x", "/twauth/login/",
                               "/twauth/login/x", "/twauth//x",
                               "/twauth;a/x", "/%74wauth/x/y.html", "/;b/twauth/x") for end in ("", "?a=b", "#c")]

BAD = ["", "a", "evil.example", ".evil.example", "@evil.example", "//evil.example", "///evil.example",
       "/\\evil.example",
       "\\\\evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie:x=1", "https:evil.example",
       "http:///evil.example", "https://site.test@evil.example", "https://site.test.evil.example",
       "javascript:alert(1)",
       "data:,x", "/./\\evil.example", "/../x", "/a/../b", "/a/%2e%2e/b", "/.", "/%2E", "/..;/x", "/a\x00b", "/a%00b",
       "/%",
       "/%zz", "/a%0ab", "/%5cevil.example", "/%2Fevil.example", "/%09/evil.example", "/a b", "/a\"b", "/a<b", "/a>b",
       "/caf\u00e9", "/\u2044evil", " /a", "\t/a", "?x", "#x", "*", "/a\x7f", "/" + "a" * LIMIT, "/" + "a" * 5000]


@pytest.fixture(scope="module")
def carol(site):
    """Signed in for the whole file; the others sign in so often that their oldest sessions go (50 an account)."""
    browser = site.browser(keep_alive=True)
    browser.sign_in("carol")
    yield browser
    browser.close()


def landing(browser, query, **more):
    answer = browser.get(f"/twauth/login?{query}", **more)
    assert answer.status in (302, 400), answer
    return answer.headers.get("Location", "/")


def encoded(target):
    return "next=" + quote(target, safe="")


@pytest.mark.parametrize("target", GOOD + NEAR, ids=range(len(GOOD + NEAR)))
def test_RD_4_RD_8_good_target_comes_back_as_it_was(carol, target):
    assert landing(carol, encoded(target)) == target


@both
@pytest.mark.parametrize("target", GOOD, ids=range(len(GOOD)))
def test_RD_4_through_the_whole_flow(site, target):
    browser = site.browser()
    flow = browser.begin(f"/twauth/login?{encoded(target)}")
    assert flow.arrive(flow.callback(), follow=False).headers["Location"] == target


@pytest.mark.parametrize("target", ["/members/env.cgi?", "/members/env.cgi?q=a%20b+c&x=%0D%0A",
                                    "/members/env.cgi/caf%c3%a9",
                                    "/members/env.cgi?u=https://other.example/", "/members/env.cgi?ids[]=1",
                                    "/members/env.cgi/%41%7E;v=1?b=c;d", "/members//env.cgi",
                                    "/members/env.cgi?" + "a" * 1900])
def test_RD_4_as_the_page_that_was_asked_for(site, target):
    browser = site.browser()
    flow = browser.begin(target)
    assert flow.arrive(flow.callback(), follow=False).headers["Location"] == target


#: G11: what was asked for -> where one lands.
ASKED = {"//members/env.cgi": "/members/env.cgi", "///members//env.cgi?a": "/members//env.cgi?a",
         "/members/env.cgi?q=\\": "/members/env.cgi?q=%5C", '/members/env.cgi?q="x"': "/members/env.cgi?q=%22x%22",
         '/members/env.cgi/"a"': "/members/env.cgi/%22a%22", "/members/env.cgi/<b>?<i>": "/members/env.cgi/%3Cb%3E?%3Ci%3E",
         "/members/env.cgi?q=\xc3\xa9\xff": "/members/env.cgi?q=%C3%A9%FF", "//members/env.cgi/\xe9": "/members/env.cgi/%E9",
         '//members/env.cgi?"\\': "/members/env.cgi?%22%5C", "/members/env.cgi/a\\b?x": "/members/env.cgi/a%5Cb?x",
         "/members/env.cgi/a%5Cb": "/members/env.cgi/a%5Cb"}


@both
@pytest.mark.parametrize("asked", ASKED, ids=range(len(ASKED)))
def test_G11_the_page_first_asked_for_in_any_spelling(site, asked):
    browser = site.browser()
    flow = browser.begin(asked)
    answer = flow.arrive(flow.callback(), follow=False)
    assert answer.headers["Location"] == ASKED[asked]
    env = browser.get(answer.location).json()
    assert env["SCRIPT_NAME"].replace("//", "/") == "/members/env.cgi"
    assert env.get("PATH_INFO", "") == unquote(asked.partition("?")[0].partition("env.cgi")[2], "latin-1").encode(
        "latin-1").decode("utf-8", "surrogateescape")


def test_G11_what_only_the_server_can_say_cannot_be_said_by_others(site, carol):
    """A backslash in a path is no target of a link; of what was asked for the server says so itself, sealed."""
    told = site.browser().get("/members/env.cgi/a%5Cb").location
    sealed = told.partition("asked=")[2]
    assert landing(carol, f"asked={sealed}") == "/members/env.cgi/a%5Cb"
    assert landing(carol, f"switch=0&asked={sealed}&mark=x") == "/members/env.cgi/a%5Cb"
    for query in (encoded("/members/env.cgi/a%5Cb"), "asked=%2Fmembers%2F", f"asked={sealed[:-1]}", f"asked={sealed}A",
                  f"asked={sealed}&asked={sealed}", f"asked={sealed}&next=%2F%2Fevil", f"next={sealed}", "asked="):
        assert landing(carol, query) == "/", query
    assert landing(carol, f"asked={sealed}&next=%2Fa") == "/a"


@pytest.mark.parametrize("target", BAD, ids=range(len(BAD)))
def test_RD_1_bad_target_means_the_default(carol, target):
    assert landing(carol, encoded(target)) == "/"


@pytest.mark.parametrize("raw", ["//evil.example", "/\\evil.example", "///evil.example", "%2F%2Fevil.example",
                                 "%252F%252Fevil.example", "https://evil.example", "/%5Cevil.example", "/%E9", "/\xe9"])
def test_RD_1_raw_in_the_query(site, carol, raw):
    location = landing(carol, f"next={raw}")
    assert urls.resolve(site.url("/twauth/login"), location).startswith(site.url("/"))


@both
@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example/", "/a\r\nX: y"])
def test_RD_1_through_the_whole_flow(site, target):
    browser = site.browser()
    flow = browser.begin(f"/twauth/login?{encoded(target)}")
    for step in flow.steps:
        assert "evil.example" not in step.headers.get("Location", "").partition("next=")[0] and "X" not in step.headers
    assert flow.arrive(flow.callback(), follow=False).headers["Location"] == "/"


def test_RD_1_own_referer_is_a_target(site, carol):
    assert landing(carol, "", headers={"Referer": site.url("/members/env.cgi?x=1")}) == "/members/env.cgi?x=1"


@pytest.mark.parametrize("referer", ["https://evil.example/x", "https://site.test/x", "https://site.test:1/x",
                                     "http://{host}/x",
                                     "https://{host}.evil.example/x", "https://{host}@evil.example/x",
                                     "https://{host}//evil.example",
                                     "https://{host}", "https://{host}/\\evil.example", "/x",
                                     "https://{host}/twauth/login"])
def test_RD_1_other_referer_is_none(site, carol, referer):
    host = f"site.test:{site.vhost.port}"
    assert landing(carol, "", headers={"Referer": referer.format(host=host)}) == "/"


def test_RD_1_bad_target_is_not_replaced_by_the_referer(site, carol):
    assert landing(carol, encoded("//evil.example"), headers={"Referer": site.url("/members/")}) == "/"


@pytest.mark.parametrize("asked", ["//evil.example/%2e%2e/members/", "/\\evil.example/../members/", "//members/",
                                   "/./members/",
                                   "/members/..//evil.example", "/x/../members/env.cgi", "/%2Fmembers/",
                                   "/members/%5c..",
                                   "https://evil.example/members/", "http://evil.example//members/"])
def test_RD_3_what_was_asked_for_is_no_way_out(site, browser, asked):
    def ask(line):
        return browser.raw(f"GET {line} HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nAccept: text/html\r\n"
                           "Connection: close\r\n\r\n".encode(), url="/")
    answer = ask(asked)
    assert answer.status in (301, 302, 400, 401, 403, 404), answer
    if answer.status in (301, 302):
        location = urls.resolve(site.url("/"), answer.headers["Location"])
        assert location.startswith(site.url("/")), answer
        if "/twauth/login" in location:
            flow = browser.begin(location)
            assert flow.arrive(flow.callback(), follow=False).location.startswith(site.url("/"))


@both
@pytest.mark.parametrize("name", ["next", "redirect", "state", "return_to", "returnto", "redirect_uri", "oauth_callback",
                                  "url", "target", "RelayState", "rd", "goto", "continue", "service", "callback", "r"])
def test_RD_5_target_at_the_callback_does_not_count(site, name):
    for value in ("%2Fevil", "/evil", "//evil.example", "https%3A%2F%2Fevil.example%2F"):
        browser = site.browser()
        flow = browser.begin("/members/env.cgi")
        answer = flow.arrive(f"{flow.callback()}&{name}={value}", follow=False)
        assert answer.status == 400 or answer.location == site.url("/members/env.cgi")
        assert "evil" not in answer.headers.get("Location", "") + answer.text


@both
def test_RD_5_nor_in_its_fields_and_cookies(site, browser):
    flow = browser.begin("/members/env.cgi")
    cookies = "; ".join([*(f"{c.name}={c.value}" for c in browser.cookies), "next=/evil", "twauth_next=/evil",
                         "__Host-twauth_next=/evil"])
    answer = browser.get(flow.callback(), site="cross-site", headers={
        "Referer": site.url("/evil"), "Cookie": cookies, "X-Forwarded-Uri": "/evil", "X-Original-URL": "/evil",
        "X-Auth-Request-Redirect": "/evil", "Location": "/evil", "Refresh": "0; url=/evil", "Origin": site.url("")})
    assert answer.location == site.url("/members/env.cgi")


@both
def test_RD_5_nor_does_one_in_the_reply_of_X(site, browser):
    site.standin.fault(site.exchange_path, "edit", set={"next": "/evil", "oauth_callback": "https://evil.example/"})
    flow = browser.begin("/members/env.cgi")
    assert flow.arrive(flow.callback(), follow=False).location == site.url("/members/env.cgi")


@pytest.mark.parametrize("query", ["next=/a&next=/b", "next=/a&next=/a", "next=/a&next", "next=/a;next=/b", "Next=/a",
                                   "next[]=/a",
                                   "NEXT=/a", "next =/a", "xnext=/a", "next%00=/a"])
def test_RD_6_repeated_or_renamed_is_none(carol, query):
    assert landing(carol, query) == ("/a;next=/b" if query == "next=/a;next=/b" else "/")


@pytest.mark.parametrize("query", ["next=/a&x=1", "x=/b&next=/a", "ne%78t=/a"])
def test_RD_6_nothing_is_folded_in(carol, query):
    assert landing(carol, query) == "/a"


@both
@pytest.mark.parametrize("length", [1990, LIMIT - 1, LIMIT])
def test_RD_7_long_targets_are_kept(site, length):
    target = "/members/env.cgi?" + "a" * (length - 17)
    for browser, url in ((site.browser(), f"/twauth/login?{encoded(target)}"), (site.browser(), target)):
        flow = browser.begin(url)
        assert flow.arrive(flow.callback(), follow=False).headers["Location"] == target


@both
@pytest.mark.parametrize("length", [LIMIT + 1, 4000])
def test_RD_7_longer_ones_are_never_cut(site, length):
    target = "/members/env.cgi?" + "a" * (length - 17)
    browser = site.browser()
    flow = browser.begin(target)
    assert flow.arrive(flow.callback(), follow=False).headers["Location"] == "/"


@pytest.mark.parametrize("target", OWN)
def test_RD_8_own_locations_are_no_target(carol, target):
    assert landing(carol, encoded(target)) == "/"
