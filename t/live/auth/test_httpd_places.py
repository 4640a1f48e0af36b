# SPDX-License-Identifier: Apache-2.0
"""Wherever httpd lets a page be protected, `AuthType Twitter` protects it."""

import re

import pytest

from harness.site import CANARY

SECTIONS = """
<Directory "{htdocs}/by-directory">
AuthType Twitter
Require valid-user
</Directory>
<Files "by-files.html">
AuthType Twitter
Require valid-user
</Files>
<Location "/by-location">
AuthType Twitter
Require valid-user
</Location>
<LocationMatch "^/by-match/[a-z]+$">
AuthType Twitter
Require valid-user
</LocationMatch>
<Directory "{htdocs}">
<If "%{{REQUEST_URI}} =~ m#^/by-if/#">
AuthType Twitter
Require valid-user
</If>
</Directory>
<Location "/by-upper">
AuthType TWITTER
Require valid-user
</Location>
<Location "/by-lower">
AuthType twitter
Require valid-user
</Location>
"""
SERVER = """
<Directory "{htdocs}/by-server">
AuthType Twitter
Require valid-user
</Directory>
<Directory "{htdocs}">
AllowOverride AuthConfig
</Directory>
"""
PLACES = ["/by-directory/page.html", "/by-directory/below/page.html", "/by-server/page.html", "/by-files.html",
          "/public/by-files.html", "/by-location/page.html", "/by-match/page", "/by-if/page.html",
          "/by-htaccess/page.html", "/by-upper/page.html", "/by-lower/page.html"]


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False)
    for place in PLACES:
        site.httpd.put(place[1:], CANARY)
    site.httpd.put("public/page.html", "for all")
    site.httpd.put("by-htaccess/.htaccess", "AuthType Twitter\nRequire valid-user\n")
    site.vhost.config += SECTIONS.format(htdocs=site.httpd.htdocs)
    site.httpd.main += SERVER.format(htdocs=site.httpd.htdocs)
    return site.start()


@pytest.fixture(scope="module")
def member(site):
    browser = site.browser()
    assert browser.sign_in("alice").status == 200
    return browser


@pytest.mark.parametrize("place", PLACES)
def test_a_protected_place_asks_who_it_is(site, browser, place):
    answer = browser.get(place)
    assert answer.status == 302 and answer.target == place
    assert re.fullmatch(re.escape(site.url("/twauth/login?next=")) + r"\S+", answer.location)
    assert CANARY not in answer.text


@pytest.mark.parametrize("place", PLACES)
def test_and_lets_a_member_in(member, place):
    answer = member.get(place)
    assert answer.status == 200 and CANARY in answer.text


def test_the_page_beside_stays_open(browser):
    assert browser.get("/public/page.html").text == "for all"


@pytest.mark.mpms("event", "worker", "prefork")
def test_sign_in_with_each_mpm(site, mpm):
    browser = site.browser()
    assert browser.sign_in("bob", next="/by-location/page.html").target == "/by-location/page.html"
    assert browser.get("/by-htaccess/page.html").status == 200
    assert browser.sign_out().status == 303
    assert browser.fetch("/by-location/page.html").status == 401


def test_sections_without_a_directive_bring_no_default(make_site):
    """Several of them are merged first, and then over what the folder says."""
    site = make_site(start=False)
    site.vhost.config += f"""
<Directory "{site.httpd.htdocs}/members">
TwAuthUnauthenticated 401
TwAuthRemoteUser id
TwAuthExport none
</Directory>
<Location "/members">
SetEnv one 1
</Location>
<LocationMatch "^/members">
SetEnv two 2
</LocationMatch>
<If "true">
SetEnv three 3
</If>
"""
    site.start()
    browser = site.browser()
    assert browser.get("/members/env.cgi").status == 401
    browser.sign_in("alice", next="/twauth/login?next=%2F")
    told = browser.get("/members/env.cgi").json()
    assert told["REMOTE_USER"] == "1001" and told["one"] + told["two"] + told["three"] == "123"
    assert not [name for name in told if name.startswith("TWAUTH_")]
