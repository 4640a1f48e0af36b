# SPDX-License-Identifier: Apache-2.0
"""Error documents and index pages, inside and outside of the protected area, static, SSI and CGI."""

from urllib.parse import quote

import pytest

from harness.site import CANARY

SSI = """<!--#config errmsg="" --><!doctype html><title>SSI</title>
error=<!--#echo encoding="none" var="TWAUTH_ERROR" -->
login=<!--#echo encoding="none" var="TWAUTH_LOGIN_URL" -->
switch=<!--#echo encoding="none" var="TWAUTH_SWITCH_URL" -->
user=<!--#echo encoding="none" var="TWAUTH_USER" -->."""
AREA = '<Location "/{0}/">\nAuthType Twitter\n{1}\n</Location>\n'


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(
        start=False, modules=("include", "rewrite"),
        protected=AREA.format("members", "Require valid-user")
        + AREA.format("cgi401", "TwAuthUnauthenticated 401\nRequire twitter-user alice\n"
                                "ErrorDocument 401 /open/env.cgi\nErrorDocument 403 /open/env.cgi")
        + AREA.format("ssi401", "TwAuthUnauthenticated 401\nRequire twitter-user alice\n"
                                "ErrorDocument 401 /open/signin.shtml\nErrorDocument 403 /open/signin.shtml")
        + AREA.format("page", "TwAuthUnauthenticated page\nRequire twitter-user alice\n"
                              "ErrorDocument 401 /open/signin.shtml")
        + AREA.format("inside", "TwAuthUnauthenticated 401\nRequire twitter-user alice\n"
                                "ErrorDocument 401 /inside/401.html\nErrorDocument 403 /inside/403.html\n"
                                "ErrorDocument 404 /inside/404.html")
        + AREA.format("login-inside", "Require twitter-user alice\nErrorDocument 401 /login-inside/401.html\n"
                                      "ErrorDocument 403 /login-inside/403.html\n"
                                      "ErrorDocument 404 /login-inside/404.html")
        + AREA.format("text", "Require twitter-user alice\nErrorDocument 403 \"our own words\"")
        + AREA.format("default", "Require twitter-user alice\nErrorDocument 403 default")
        + AREA.format("moved", "TwAuthUnauthenticated 401\nRequire valid-user\nErrorDocument 401 /rewritten/x")
        + 'ErrorDocument 404 "nothing here"\nErrorDocument 403 "the whole site\'s own words"\n')
    put = site.httpd.put
    site.httpd.script("open/env.cgi")
    put("open/signin.shtml", SSI)
    for folder in ("cgi401", "ssi401", "page", "inside", "login-inside", "text", "default", "moved"):
        put(f"{folder}/index.html", CANARY)
    for folder in ("inside", "login-inside"):
        for status in (401, 403, 404):
            put(f"{folder}/{status}.html", f"document {status}")
    put("members/index.d/index.html", CANARY)
    site.httpd.script("members/cgi.d/index.cgi")
    site.httpd.main += f"""
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        DirectoryIndex index.html index.cgi
        <Directory "{site.httpd.htdocs}">
        Options +Includes
        </Directory>
        <Directory "{site.httpd.htdocs}/rewritten">
        RewriteEngine On
        RewriteRule "." "/open/env.cgi" [L]
        </Directory>"""
    put("rewritten/x", "")
    return site.start()


@pytest.fixture(autouse=True)
def denials_are_logged_by_httpd(site):
    site.allow_log("AH01631")


@pytest.fixture(scope="module")
def bob(site):
    browser = site.browser()
    browser.sign_in("bob")
    return browser


TARGET = "?a=1&b=%22x%22"
ESCAPED = "%3Fa%3D1%26b%3D%2522x%2522"


def test_AC_7_sign_in_page_of_the_site_s_own_by_cgi(browser):
    answer = browser.get("/cgi401/" + TARGET)
    told = answer.json()
    assert answer.status == 401 and "WWW-Authenticate" in answer.headers
    assert told["TWAUTH_ERROR"] == "sign-in"
    assert told["TWAUTH_LOGIN_URL"] == "/twauth/login?next=%2Fcgi401%2F" + ESCAPED
    assert told["TWAUTH_SWITCH_URL"] == "/twauth/login?switch=1&next=%2Fcgi401%2F" + ESCAPED
    assert "TWAUTH_USER" not in told and "REMOTE_USER" not in told


def test_AC_7_its_link_leads_back(browser):
    told = browser.get("/cgi401/").json()
    flow = browser.begin(told["TWAUTH_LOGIN_URL"])
    assert flow.approve("alice").target == "/cgi401/"


@pytest.mark.parametrize("area", ["ssi401", "page"])
def test_AC_7_sign_in_page_of_the_site_s_own_by_ssi(browser, area):
    answer = browser.get(f"/{area}/" + TARGET)
    assert answer.status == 401
    assert f"error=sign-in\nlogin=/twauth/login?next=%2F{area}%2F{ESCAPED}\n" in answer.text
    assert "Content-Security-Policy" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_AC_7_error_document_that_is_rewritten_once_more(browser):
    answer = browser.get("/moved/x")
    assert answer.status == 401
    assert answer.json()["TWAUTH_LOGIN_URL"] == "/twauth/login?next=%2Fmoved%2Fx"


@pytest.mark.parametrize("area", ["cgi401", "ssi401"])
def test_AC_7_document_for_403(bob, area):
    answer = bob.get(f"/{area}/")
    assert answer.status == 403 and "forbidden" in answer.text and CANARY not in answer.text
    assert f"/twauth/login?switch=1&next=%2F{area}%2F" in answer.text


def test_AC_7_text_for_403(bob):
    answer = bob.get("/text/")
    assert answer.status == 403 and answer.text == "our own words"


def test_AC_7_default_restores_ours(bob):
    answer = bob.get("/default/")
    assert answer.status == 403 and "This page is not for you" in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_AC_7_document_inside_the_protected_area(browser):
    answer = browser.get("/inside/")
    assert answer.status == 401 and answer.text == "document 401" and not answer.set_cookies


@pytest.mark.parametrize("area", ["inside", "login-inside"])
def test_AC_7_document_for_403_inside_the_area_it_protects(bob, area):
    answer = bob.get(f"/{area}/")
    assert answer.status == 403 and answer.text == "document 403"


def test_AC_7_document_for_404_inside(site, browser):
    """Who is not allowed there does not learn what exists; who is reads the site's own page."""
    assert browser.get("/login-inside/nothing").status == 302
    alice = site.browser()
    alice.sign_in("alice")
    answer = alice.get("/login-inside/nothing")
    assert answer.status == 404 and answer.text == "document 404"


def test_AC_7_404_document_inside_for_a_place_outside(make_site):
    site = make_site(config="ErrorDocument 404 /members/404.html")
    site.httpd.put("members/404.html", CANARY)
    site.allow_log("AH")
    answer = site.browser().get("/nothing")
    assert answer.status == 404 and CANARY not in answer.text
    assert not answer.set_cookies and not answer.location
    site.stop()


def test_AC_7_remembered_is_what_the_client_sent(browser):
    """The index page is an internal redirect; the way back leads to the folder."""
    for path in ("/members/index.d/?x=1", "/members/cgi.d/?x=1"):
        answer = browser.begin(path).approve("alice")
        assert answer.status == 200 and answer.target == path
        browser.cookies.clear()


def test_AC_7_folder_without_slash(browser):
    answer = browser.begin("/members/index.d").approve("alice")
    assert answer.status == 200 and answer.target == "/members/index.d/"


@pytest.mark.parametrize("area", ["inside", "login-inside", "cgi401", "moved"])
@pytest.mark.parametrize("way", ["image", "HEAD", "POST", "robot", "frame"])
def test_AC_7_no_loop_and_nothing_shown_to_who_is_no_navigation(browser, area, way):
    ask = {"image": browser.image, "HEAD": browser.head, "POST": browser.post,
           "robot": lambda path: browser.fetch(path, mode=None, dest=None),
           "frame": lambda path: browser.get(path, headers={"Sec-Fetch-Dest": "iframe"})}[way]
    answer = ask(f"/{area}/x?y=1")
    assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Twitter ")
    assert not answer.location and not answer.set_cookies and CANARY not in answer.text


@pytest.fixture(scope="module")
def bounced(make_site, make_db):
    """Whatever is asked for here goes by way of two documents or pages of the protected area, each checked anew."""
    site = make_site(start=False, protected="", modules=("rewrite",), config="""
        TwAuthSessionRecheck 0
        ErrorDocument 404 /404/
        ErrorDocument 403 /403.cgi
        FallbackResource /fallback.cgi
        <Location "/">
        AuthType Twitter
        Require valid-user
        </Location>
        <Location "/nothing">
        FallbackResource disabled
        </Location>
        <Location "/alice/">
        Require twitter-user alice
        </Location>""")
    (site.httpd.htdocs / "index.html").unlink()
    for script in ("index.cgi", "404/index.cgi", "403.cgi", "fallback.cgi", "dir/index.cgi", "alice/index.cgi"):
        site.httpd.script(script)
    site.httpd.put("local.cgi", "#!/bin/sh\necho Location: /dir/; echo\n", 0o755)
    site.httpd.main += "DirectoryIndex index.html index.cgi"
    return site.start()


WALKS = {"/": 200, "/dir/": 200, "/nothing/x": 404, "/alice/": 403, "/some/where": 200, "/local.cgi": 200}


@pytest.mark.databases("pgsql")
@pytest.mark.parametrize("path", WALKS)
def test_AC_7_asked_once_a_request(bounced, path):
    browser = bounced.browser()
    browser.sign_in("bob", next="/dir/")
    bounced.allow_log("AH01631")
    mark = bounced.db.mark()
    answer = browser.get(path + "?x=1")
    assert answer.status == WALKS[path] and answer.json()["REMOTE_USER"] == "bob"
    assert len(bounced.db.statements(mark)) == 1
    assert len(answer.set_cookies) == 1             # the one renewed copy


@pytest.mark.databases("pgsql")
@pytest.mark.parametrize("path", WALKS)
def test_AC_7_a_stranger_comes_back_to_what_was_asked_for(bounced, path):
    answer = bounced.browser().get(path + "?x=1")
    assert answer.status == 302 and answer.location.endswith("/twauth/login?next=" + quote(path + "?x=1", safe=""))
    bounced.allow_log("AH01631")
    answer = bounced.browser().begin(path + "?x=1").approve("bob")
    assert answer.status == WALKS[path] and answer.target == path + "?x=1"


def test_callback_is_always_our_own_page(make_site):
    site = make_site(config="ErrorDocument 400 /open.cgi\nErrorDocument 403 /open.cgi\nErrorDocument 502 /open.cgi")
    site.httpd.script("open.cgi")
    browser = site.browser()
    answer = browser.get("/twauth/callback?oauth_token=x&oauth_verifier=y", site="cross-site")
    assert answer.status == 400 and "Please start again" in answer.text
    answer = browser.begin().deny()
    assert answer.status == 403 and "You did not sign in" in answer.text
    site.stop()
