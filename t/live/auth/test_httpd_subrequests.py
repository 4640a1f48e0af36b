# SPDX-License-Identifier: Apache-2.0
"""AC-8: what httpd looks up on its way to an answer follows the same rules, and starts nothing."""

from urllib.parse import quote

import pytest

from harness import process
from harness.httpd import USER
from harness.site import CANARY


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, modules=("include", "autoindex", "negotiation", "rewrite"))
    put, htdocs = site.httpd.put, site.httpd.htdocs
    put("open/include.shtml", '[<!--#include virtual="/members/index.html" -->] [<!--#flastmod virtual='
                              '"/members/index.html" -->] [<!--#fsize virtual="/admin/index.html" -->]')
    put("open/admin.shtml", '[<!--#include virtual="/admin/index.html" -->]')
    put("members/echo.shtml", '[<!--#echo var="REMOTE_USER" -->] [<!--#echo var="TWAUTH_ID" -->] '
                              '[<!--#include virtual="/members/env.cgi" -->]')
    put("list/open.txt", "x")
    put("list/secret.txt", CANARY)
    put("list/folder/x", "x")
    put("variants/page.html.en", "english")
    put("variants/page.html.de", CANARY)
    put("index-inside/index.html", CANARY)
    site.httpd.script("open/user.cgi")
    site.httpd.main += f"""
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        AddLanguage en .en
        AddLanguage de .de
        <Directory "{htdocs}">
        Options +Includes +Indexes +MultiViews
        </Directory>
        <Directory "{htdocs}/list">
        DirectoryIndex disabled
        <Files "secret.txt">
        AuthType Twitter
        Require valid-user
        </Files>
        </Directory>
        <Directory "{htdocs}/variants">
        <Files "page.html.de">
        AuthType Twitter
        Require valid-user
        </Files>
        </Directory>
        <Directory "{htdocs}/index-inside">
        <Files "index.html">
        AuthType Twitter
        Require valid-user
        </Files>
        </Directory>"""
    site.vhost.config += """
        RewriteEngine On
        RewriteCond "%{LA-U:REMOTE_USER}" "(.+)"
        RewriteRule "^/members/la-u$" "/cgi-bin/env?user=%1" [PT]
        RewriteCond "%{LA-U:ENV:TWAUTH_ID}" "(.+)"
        RewriteRule "^/members/la-u-id$" "/cgi-bin/env?id=%1" [PT]"""
    put("members/la-u", "nobody")
    put("members/la-u-id", "nobody")
    return site.start()


@pytest.fixture(scope="module")
def people(site):
    browsers = {user: site.browser() for user in ("alice", "bob")}
    for user, browser in browsers.items():
        browser.sign_in(user)
    return browsers


def quiet(answer):
    return answer.status == 200 and not answer.set_cookies and CANARY not in answer.text


def test_AC_8_include_without_session(site, browser):
    site.allow_log("include:error")
    calls = site.standin.count()
    answer = browser.get("/open/include.shtml")
    assert quiet(answer) and "login" not in answer.text and site.standin.count() == calls


def test_AC_8_include_with_a_session(people):
    answer = people["alice"].get("/open/include.shtml")
    assert CANARY in answer.text


def test_AC_8_include_of_what_this_user_may_not_see(site, people):
    site.allow_log("include:error", "AH01631")
    assert quiet(people["bob"].get("/open/admin.shtml"))
    assert CANARY in people["alice"].get("/open/admin.shtml").text


def test_AC_8_listing_hides_what_is_protected(browser, people):
    answer = browser.get("/list/")
    assert quiet(answer) and "open.txt" in answer.text and "secret.txt" not in answer.text
    assert "secret.txt" in people["alice"].get("/list/").text


def test_AC_8_negotiation_passes_by_what_is_protected(browser, people):
    german = {"Accept-Language": "de, en;q=0.5"}
    answer = browser.get("/variants/page.html", headers=german)
    assert CANARY not in answer.text and not answer.set_cookies
    assert CANARY in people["alice"].get("/variants/page.html", headers=german).text


def test_AC_8_protected_index_file_of_an_open_folder(browser, people):
    answer = browser.get("/index-inside/")
    assert CANARY not in answer.text and not answer.set_cookies and not answer.location
    assert CANARY in people["alice"].get("/index-inside/").text


def test_look_ahead_variables(browser, people):
    assert people["alice"].get("/members/la-u").json()["QUERY_STRING"] == "user=alice"
    assert people["alice"].get("/members/la-u-id").json()["QUERY_STRING"] == "id=1001"
    assert browser.get("/members/la-u").status == 302


def test_server_side_include_is_told_the_user(people):
    answer = people["bob"].get("/members/echo.shtml")
    assert answer.text.startswith("[bob] [1002] ")
    assert '"TWAUTH_USER"' in answer.text


# Ways by which httpd itself passes from an open place to a protected one

HIDDEN = ["/members/page.html", "/members/page.html?x", "../members/page.html", "/members/take.cgi", "/members/",
          "/members/./page.html", "//members/page.html", "/open/../members/page.html", "/members/page",
          "/twauth/session", "/twauth/login", "/twauth/callback?oauth_token=x", "/open/local.cgi", "/open/again.shtml",
          "/open/map.var",
          "/indexed/", "/fallback/x", "/rewritten"]
INCLUDES = [f'{what}="{path}"' for path in HIDDEN
            for what in ("include virtual", "fsize virtual", "flastmod virtual", "exec cgi", "include file")]


@pytest.fixture(scope="module")
def winding(make_site):
    site = make_site(start=False, main="DavLockDB run/dav", modules=("include", "autoindex", "negotiation", "rewrite",
                                                                     "actions", "speling", "dav", "dav_fs"))
    put, htdocs = site.httpd.put, site.httpd.htdocs
    put("members/page.html", f"<title>{CANARY}</title>{CANARY}")
    site.httpd.script("members/take.cgi")
    for name, uri in {"map": "../members/page.html", "map2": "/members/page.html"}.items():
        put(f"open/{name}.var", f"URI: {uri}\nContent-Type: text/html\n")
    put("open/page.html", "open")
    put("open/acted.xyz", "x")
    put("open/lister/page.html", "open")
    put("open/all.shtml", "".join(f"[<!--#{what} -->]" for what in INCLUDES))
    put("open/again.shtml", '<!--#include virtual="/members/page.html" -->')
    put("dav/file.txt", "open")
    for name, line in {"local": "Location: /members/page.html", "query": "Location: /members/page.html?x=1",
                       "status": "Status: 200\nLocation: /members/page.html"}.items():
        site.httpd.script(f"open/{name}.cgi", f"#!/bin/sh\necho '{line}'; echo\n")
    site.httpd.main += f"""
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        AddHandler type-map .var
        <Directory "{htdocs}">
        Options +Includes +Indexes +MultiViews +ExecCGI
        IndexOptions FancyIndexing ScanHTMLTitles ShowForbidden
        CheckSpelling On
        </Directory>"""
    site.vhost.config += f"""
        Action xyz /members/take.cgi
        <Location "/open/">
        AddHandler xyz .xyz
        </Location>
        RewriteEngine On
        RewriteRule "^/rewritten$" "/members/page.html" [PT]
        RewriteCond "%{{LA-F:REMOTE_USER}}/%{{LA-U:ENV:TWAUTH_ID}}/%{{LA-U:HTTP:X-Twauth-Id}}" "(.*)"
        RewriteRule "^/ahead$" "/cgi-bin/env?%1" [PT]
        RewriteCond "/members/page.html" "-U"
        RewriteRule "^/exists$" "/cgi-bin/env?there" [PT]
        RewriteRule "^/exists$" "/cgi-bin/env?not-there" [PT]
        <Location "/fallback/">
        FallbackResource /members/page.html
        </Location>
        <Location "/fallback-cgi/">
        FallbackResource /members/take.cgi
        </Location>
        <Location "/indexed/">
        DirectoryIndex /members/page.html
        </Location>
        <Location "/indexed-cgi/">
        DirectoryIndex nothing.html /members/take.cgi
        </Location>
        <Location "/dav/">
        Dav On
        </Location>
        <Location "/members/dav/">
        Dav On
        </Location>
        <Location "/expr">
        ErrorDocument 404 /members/page.html
        </Location>"""
    put("indexed/x", "x")
    put("indexed-cgi/x", "x")
    put("members/dav/file.txt", CANARY)
    return site.start()


@pytest.fixture(autouse=True)
def httpd_s_own_words(request):
    if "winding" in request.fixturenames:
        site = request.getfixturevalue("winding")
        site.allow_log(r"^\[(include|dav|negotiation|cgid|core|autoindex):error\]", "AH01630")


def quiet_bytes(answer):
    return CANARY not in answer.text and CANARY not in str(answer.headers) and '"TWAUTH_' not in answer.text


NESTED = ["/open/all.shtml", "/open/map.var", "/open/map2.var", "/open/map", "/open/acted.xyz", "/open/local.cgi",
          "/open/query.cgi", "/open/status.cgi", "/rewritten", "/ahead", "/exists", "/fallback/x", "/fallback/",
          "/fallback-cgi/x", "/indexed/", "/indexed-cgi/", "/", "/open/", "/memberz/page.html", "/members/pagee.html",
          "/members/page", "/expr/nothing", "/expr"]


@pytest.mark.parametrize("path", NESTED)
@pytest.mark.parametrize("way", ["navigation", "image", "HEAD", "POST"])
def test_AC_8_no_way_round(winding, path, way):
    """A subrequest starts nothing; a redirect inside the server is judged as what it leads to."""
    browser = winding.browser()
    calls, rows = winding.standin.count(), winding.db.value("SELECT count(*) FROM twauth_session")
    answer = {"navigation": browser.get, "image": browser.image, "HEAD": browser.head, "POST": browser.post}[way](path)
    assert answer.status in (200, 300, 301, 302, 401, 403, 404, 405, 406, 500), answer
    assert quiet_bytes(answer), answer
    if answer.status == 302:
        assert way == "navigation" or way == "POST" and path.endswith(".cgi")       # a program has made a GET of it
        assert answer.location == winding.url(f"/twauth/login?next={quote(path, safe='')}")
    else:
        assert not answer.set_cookies
    assert winding.standin.count() == calls and winding.db.value("SELECT count(*) FROM twauth_session") == rows


def test_AC_8_the_same_ways_with_a_session(winding):
    """They are real ways: who is signed in sees the page by them."""
    browser = winding.browser()
    browser.sign_in("alice", next="/members/page.html")
    seen = [path for path in NESTED if CANARY in browser.get(path, follow=2).text or '"REMOTE_USER": "alice"' in
            browser.get(path).text]
    assert len(seen) >= 12, seen


def test_AC_8_a_file_without_an_address(make_site):
    """Location protects addresses, and `#include file` has none: docs/security.md says to protect files by Directory."""
    site = make_site(start=False, modules=("include",), protected="")
    site.httpd.put("open/page.shtml", '[<!--#include file="files/page.html" -->][<!--#fsize file="files/page.html" -->]')
    site.httpd.put("open/files/page.html", CANARY)
    site.httpd.main += f"""
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        <Directory "{site.httpd.htdocs}/open">
        Options +Includes
        </Directory>
        <Directory "{site.httpd.htdocs}/open/files">
        AuthType Twitter
        Require valid-user
        </Directory>"""
    site.start()
    site.allow_log("include:error")
    assert quiet(site.browser().get("/open/page.shtml"))
    browser = site.browser()
    browser.sign_in("alice", next="/open/files/page.html")
    assert CANARY in browser.get("/open/page.shtml").text
    site.stop()


FILE = "/members/dav/file.txt"


@pytest.mark.parametrize("method, source, to", [
    ("COPY", "/dav/file.txt", "/members/dav/new.txt"), ("MOVE", "/dav/file.txt", "/members/dav/new.txt"),
    ("COPY", FILE, "/dav/stolen.txt"), ("MOVE", FILE, "/dav/stolen.txt"), ("PROPFIND", "/members/dav/", None),
    ("PUT", "/members/dav/new.txt", None), ("DELETE", FILE, None), ("MKCOL", "/members/dav/new", None),
    ("LOCK", FILE, None), ("UNLOCK", FILE, None), ("PROPPATCH", FILE, None), ("REPORT", "/members/dav/", None),
    ("SEARCH", "/members/dav/", None)])
def test_AC_8_AC_6_WebDAV(winding, method, source, to):
    browser = winding.browser()
    process.give(winding.httpd.htdocs / "dav", USER)
    process.give(winding.httpd.htdocs / "members/dav", USER)
    headers = {"Destination": winding.url(to)} if to else {}
    answer = browser.request(method, source, headers={"Depth": "1", **headers}, mode="cors", dest="empty",
                             body="x" if method == "PUT" else None)
    assert answer.status in (401, 403, 502), answer
    assert quiet_bytes(answer) and not answer.set_cookies
    assert (winding.httpd.htdocs / "members/dav/file.txt").read_text() == CANARY
    assert not (winding.httpd.htdocs / "members/dav/new.txt").exists()
    assert not (winding.httpd.htdocs / "dav/stolen.txt").exists()


def test_S1_a_part_that_comes_too_late_is_refused(make_site):
    """Where the beginning of an open page has left unmarked, nothing of anybody's own follows."""
    site = make_site(start=False, modules=("include", "filter"))
    site.httpd.put("open/late.html", "x" * 120_000 + '<!--#include virtual="/open/more.txt" -->'
                                                '[<!--#include virtual="/members/index.html" -->]')
    site.httpd.put("open/more.txt", "x" * 120_000)
    site.httpd.main += f"""
        <Directory "{site.httpd.htdocs}/open">
        Options +Includes
        FilterDeclare parts
        FilterProvider parts INCLUDES "true"
        FilterChain parts
        </Directory>"""
    site.start()
    site.allow_log("include:error")
    browser = site.browser()
    browser.sign_in("alice")
    answer = browser.get("/open/late.html")
    assert answer.status == 200 and CANARY not in answer.text and not answer.set_cookies
    site.stop()
