# SPDX-License-Identifier: Apache-2.0
"""A person always reads what to do next: whatever was refused, whatever ErrorDocuments the server has, also after leaving."""

import re

import pytest

from harness.checks import SESSION
from harness.httpd import VHost
from harness.site import CANARY

both = pytest.mark.protocols("oauth1", "oauth2")
OLD = {"Sec-Fetch-Site": None, "Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None, "Sec-Fetch-User": None}
AREA = '<Location "/{0}/">\nAuthType Twitter\nRequire valid-user\n{1}\n</Location>\n'


@pytest.fixture(scope="module")
def site(make_site):
    """/members/ by the defaults; others by each value of TwAuthUnauthenticated. `documents` has server-wide ErrorDocuments."""
    protected = (AREA.format("members", "") + AREA.format("page", "TwAuthUnauthenticated page")
                 + AREA.format("401", "TwAuthUnauthenticated 401") + AREA.format("pass", "TwAuthUnauthenticated pass")
                 + AREA.format("own", "TwAuthUnauthenticated page\nErrorDocument 401 /open/own.html")
                 + AREA.format("own401", "TwAuthUnauthenticated 401\nErrorDocument 401 /open/own.html")
                 + '<Location "/admin/">\nAuthType Twitter\nRequire twitter-user alice\n</Location>')
    site = make_site(start=False, protected=protected)
    every = "\n".join(f"ErrorDocument {status} /open/{status}.html" for status in (401, 403, 404, 405))
    site.documents = VHost("documents.site.test", port=site.vhost.port, config=site.vhost.config + "\n" + every)
    site.elsewhere = VHost("other.test", port=site.vhost.port)
    site.plain = VHost("site.test", tls=False, config=site.vhost.config)
    site.httpd.vhosts += [site.documents, site.elsewhere, site.plain]
    site.standin.register(site.documents.url("/twauth/callback"))
    for status in (401, 403, 404, 405):
        site.httpd.put(f"open/{status}.html", f"the server's own {status}")
    site.httpd.put("open/own.html", "the site's own page")
    for area in ("page", "401", "pass", "own", "own401"):
        site.httpd.put(f"{area}/index.html", CANARY)
    return site.start()


def link_of(page, label="Sign in with X"):
    return re.search(rf'href="([^"]*)">(?:<svg.*?</svg>)?{label}', page.text)[1].replace("&amp;", "&")


# G4

@both
@pytest.mark.parametrize("how", ["sign-out", "cancel"])
def test_G4_a_document_for_all_401s_locks_nobody_out(site, how):
    host = site.documents
    browser = site.browser()
    if how == "cancel":
        assert browser.begin(host.url("/members/")).deny().status == 403
    else:
        browser.sign_in("alice", next=host.url("/members/"))
        browser.post(host.url("/twauth/logout"), {"next": "/"})
        assert SESSION not in browser.cookies
    for ask in (browser.get, browser.get, lambda url: browser.post(url, {"a": "b"})):
        page = ask(host.url("/members/?x=1"))
        assert page.status == 401 and "server's own" not in page.text
    answer = browser.begin(host.url(link_of(browser.get(host.url("/members/?x=1"))))).approve("alice")
    assert answer.url == host.url("/members/?x=1") and CANARY in answer.text


@pytest.mark.parametrize("area", ["page", "pass"])
def test_G4_nor_where_the_site_wants_a_page(site, browser, area):
    page = browser.get(site.documents.url(f"/{area}/"))
    assert page.status == 401 and link_of(page) == f"/twauth/login?next=%2F{area}%2F"


@pytest.mark.parametrize("area, text", [("own", "the site's own page"), ("own401", "the site's own page"),
                                        ("401", "the server's own 401")])
def test_G4_a_page_that_the_site_chose_is_shown(site, browser, area, text):
    answer = browser.get(site.documents.url(f"/{area}/"))
    assert answer.status == 401 and answer.text == text


def test_G4_scripts_get_the_server_s_document_as_before(site, browser):
    for area in ("members", "page", "401", "own401"):
        assert browser.fetch(site.documents.url(f"/{area}/")).status == 401
    assert browser.image(site.documents.url("/members/")).text == "the server's own 401"


# G23

def refusals(site):
    """What a person can run into: status, request, a way on."""
    bob = site.browser()
    bob.sign_in("bob")
    stranger = site.browser()
    return {
        "401 of the site's choice": (401, lambda **more: stranger.get("/401/", **more), "/twauth/login?next=%2F401%2F"),
        "401 of an open place": (401, lambda **more: stranger.get("/pass/", **more), "/twauth/login?next=%2Fpass%2F"),
        "posted": (401, lambda **more: stranger.post("/members/x", {"a": "b"}, **more),
                   "/twauth/login?next=%2Fmembers%2Fx"),
        "posted, not allowed": (403, lambda **more: bob.post("/admin/x", {"a": "b"}, **more),
                                "/twauth/login?switch=1&next=%2Fadmin%2Fx"),
        "plain http": (403, lambda **more: stranger.get(site.plain.url("/members/"), **more), "/"),
        "posted over plain http": (403, lambda **more: stranger.post(site.plain.url("/members/"), {}, **more), "/"),
        "nothing there": (404, lambda **more: stranger.get("/twauth/nothing", **more), "/twauth/login"),
        "posted to login": (405, lambda **more: stranger.post("/twauth/login", {"next": "/"}, **more), "/twauth/login"),
        "posted to the callback": (405, lambda **more: stranger.post("/twauth/callback?code=x", {}, **more),
                                   "/twauth/login"),
        "session from elsewhere": (403, lambda **more: stranger.get("/twauth/session", **{"site": "cross-site"} | more),
                                   "/"),
    }


@pytest.fixture(scope="module")
def table(site):
    site.allow_log("TW0306", "AH01631")
    return refusals(site)


CASES = ["401 of the site's choice", "401 of an open place", "posted", "posted, not allowed", "plain http",
         "posted over plain http", "nothing there", "posted to login", "posted to the callback",
         "session from elsewhere"]


@pytest.mark.parametrize("case", CASES)
def test_G23_a_person_reads_the_way_on(site, table, case):
    site.allow_log("TW0306", "AH01631")
    status, ask, way = table[case]
    for headers in ({}, OLD):
        if case == "session from elsewhere" and headers:
            continue
        page = ask(headers=headers)
        assert page.status == status and page.text.startswith("<!DOCTYPE html>\n<html lang=\"en\" "), page
        assert f'href="{way.replace("&", "&amp;")}"' in page.text and "password" not in page.text
        assert page.headers.all("Cache-Control") == ["no-store"] and not page.set_cookies and CANARY not in page.text
        assert ("WWW-Authenticate" in page.headers) == (status == 401) and ("Allow" in page.headers) == (status == 405)


SCRIPTS = {"fetch": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
           "fetch that takes HTML": {"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": "empty"},
           "frame": {"Sec-Fetch-Dest": "iframe"},
           "old XHR": OLD | {"X-Requested-With": "xmlhttprequest"},
           "robot": OLD | {"Accept": "*/*"}}


@pytest.mark.parametrize("case", [case for case in CASES if "plain http" != case])
@pytest.mark.parametrize("script", SCRIPTS)
def test_G23_scripts_keep_the_bare_status(site, table, case, script):
    site.allow_log("TW0306", "AH01631")
    status, ask, _ = table[case]
    headers = SCRIPTS[script]
    if case == "session from elsewhere":
        headers = {name: value for name, value in headers.items() if name != "Sec-Fetch-Site"}
    answer = ask(headers=headers)
    assert answer.status == status and "<html lang" not in answer.text and "Content-Security-Policy" not in answer.headers


def test_G23_what_is_posted_is_not_kept_and_that_is_said(site, browser):
    page = browser.post("/members/env.cgi", {"field": "kept-nowhere-2219"})
    assert page.status == 401 and "was not taken" in page.text and "kept-nowhere" not in page.text


@pytest.mark.parametrize("path, status", [("/twauth/nothing", 404), ("/admin/", 403)])
def test_G23_the_server_s_documents_are_shown_in_its_place(site, path, status):
    site.allow_log("AH01631")
    browser = site.browser()
    browser.sign_in("bob", next=site.documents.url("/members/"))
    assert browser.get(site.documents.url(path)).text == f"the server's own {status}"


# A5

LOGIN = "/twauth/login?next=%2Fmembers%2F"


@pytest.fixture(params=["sign-out", "cancel"])
def left(request, site):
    """A browser in which somebody has just left."""
    browser = site.browser()
    if request.param == "cancel":
        browser.begin("/members/").deny()
    else:
        browser.sign_in("alice")
        browser.sign_out()
    return browser


@both
@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, OLD, OLD | {"Referer": "https://evil.example/x"},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}, {"Sec-Fetch-Site": "nonsense"}])
def test_A5_no_foreign_link_signs_in_again(site, left, headers):
    for url in (LOGIN, LOGIN + "&token=x", "/twauth/login"):
        page = left.get(url, headers=headers)
        assert page.status == 401 and not page.location and not page.set_cookies
    page = left.get(LOGIN, headers=headers)
    flow = left.begin(link_of(page))
    assert CANARY in flow.approve("alice").text


@both
def test_A5_the_button_of_that_page_is_enough(site, left):
    page = left.get(LOGIN, site="cross-site")
    answer = left.get(link_of(page), headers=OLD)
    assert site.standin.owns(answer.location)
    page = left.get("/members/", headers=OLD)
    assert site.standin.owns(left.get(link_of(page), headers=OLD).location)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"},
                                     OLD | {"Referer": "{origin}/index.html"}])
def test_A5_the_visitor_s_own_way_is_not_in_doubt(site, left, headers):
    headers = {name: value and value.format(origin=site.vhost.origin) for name, value in headers.items()}
    assert site.standin.owns(left.get(LOGIN, headers=headers).location)


def test_A5_by_another_name_of_the_host_neither(site, left):
    """There the mark is not seen; where it is, the visitor has been sent without asking to be signed in."""
    page = left.get(site.vhost.origin.replace("site.test", "www.site.test") + "/members/", follow=1)
    assert page.url.startswith(site.url(LOGIN)) and page.status == 401
    assert site.standin.owns(left.get(link_of(page), site="same-origin").location)


def test_A5_the_button_is_of_this_browser_alone(site, left):
    other = site.browser()
    other.begin("/members/").deny()
    link = link_of(other.get(LOGIN, site="cross-site"))
    assert left.get(link, site="cross-site").status == 401


@both
def test_A5_who_has_not_left_is_not_asked(site, browser):
    assert site.standin.owns(browser.get(LOGIN, site="cross-site", follow=1).location)
    browser.sign_in("alice")
    site.db.execute("DELETE FROM twauth_session")       # not by their own hand
    assert site.standin.owns(browser.get(LOGIN, site="cross-site").location)


# X18

@pytest.mark.parametrize("line, header", [
    ("", '"cache"'), ("TwAuthClearSiteData Off", None), ("TwAuthClearSiteData cache", '"cache"'),
    ("TwAuthClearSiteData storage", '"storage"'), ("TwAuthClearSiteData Cache Storage", '"cache", "storage"'),
    ("TwAuthClearSiteData storage cache", '"cache", "storage"')])
def test_X18_what_a_browser_is_told_to_drop(make_site, line, header):
    site = make_site(config=line)
    for form in ({}, {"next": "/"}):
        browser = site.browser()
        browser.sign_in("alice")
        assert browser.sign_out(**form).headers.get("Clear-Site-Data") == header
    assert "Clear-Site-Data" not in browser.sign_out().headers
    site.stop()


@pytest.mark.parametrize("words", ["", "all", "cache cache", "Off cache", "cache Off", "cache,storage", '"*"',
                                   "cache storage Off"])
def test_X18_other_words_are_refused(make_site, words):
    site = make_site(start=False, config=f"TwAuthClearSiteData {words}")
    ran = site.httpd.check()
    assert not ran and "TwAuthClearSiteData" in ran.stderr
