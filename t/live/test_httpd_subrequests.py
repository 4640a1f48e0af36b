"""AC-8: what httpd looks up on its way to an answer follows the same rules, and starts nothing."""

import pytest

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
