# SPDX-License-Identifier: Apache-2.0
"""OU-2, AC-8 (S1): a cache in front keeps nothing of one visitor for another, whichever part of an answer looked at a session.

Every way in which httpd looks a protected place up on its way to an open answer, by every way in which it caches, with
a session cookie that is due for renewal.
"""

import itertools

import pytest

from harness.site import CANARY

pytestmark = pytest.mark.databases("sqlite")
LATE = "x" * 40_000

# Where a shared cache would be told to keep everything: the worst that administrators write.
EAGER = """
    CacheEnable {kind} "/"
    CacheQuickHandler {quick}
    CacheDefaultExpire 3600
    CacheIgnoreNoLastMod On
    CacheIgnoreQueryString On
    CacheIgnoreCacheControl On
    ExpiresActive On
    ExpiresDefault "access plus 1 hour"
    {more}
"""
CACHES = {
    "disk": ("disk", "on", ""), "disk-late": ("disk", "off", ""),
    "socache": ("socache", "on", ""), "socache-late": ("socache", "off", ""),
    "public": ("disk", "on", 'Header set Cache-Control "public, max-age=600"'),
    "always": ("disk", "off", 'Header always set Cache-Control "public, s-maxage=600"'),
    "store": ("disk", "on", "CacheStorePrivate On\nCacheStoreNoStore On\nCacheStoreExpired On"),
}
WAYS = ["/list/", "/variants/page", "/open/include.shtml", "/open/late.shtml", "/open/size.shtml", "/exists",
        "/ahead", "/indexed/", "/file-only/", "/map.var", "/pass/", "/file-only/index.html"]


@pytest.fixture(scope="module", params=CACHES)
def site(request, make_site):
    kind, quick, more = CACHES[request.param]
    site = make_site(start=False, clock=True, scheme="http",
                     modules=("cache", f"cache_{kind}", "socache_shmcb", "expires", "headers", "include", "autoindex",
                              "negotiation", "rewrite"),
                     config=EAGER.format(kind=kind, quick=quick, more=more) + """
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        AddHandler type-map .var
        RewriteEngine On
        RewriteCond "/members/page.html" "-U"
        RewriteRule "^/exists$" "/open/page.html" [PT]
        RewriteCond "%{LA-U:REMOTE_USER}" "(.*)"
        RewriteRule "^/ahead$" "/open/page.html" [PT]
        <Location "/indexed/">
        DirectoryIndex /members/page.html
        </Location>
        <Location "/pass/">
        AuthType Twitter
        TwAuthUnauthenticated pass
        Require all granted
        </Location>""")
    (site.folder / "cache").mkdir()
    (site.folder / "cache").chmod(0o777)
    site.vhost.config += f'\nCacheRoot "{site.folder}/cache"' if kind == "disk" else "\nCacheSocache shmcb"
    put, htdocs = site.httpd.put, site.httpd.htdocs
    put("members/page.html", CANARY)
    put("open/page.html", "open")
    put("open/include.shtml", '[<!--#include virtual="/members/page.html" -->]')
    put("open/late.shtml", LATE + '<!--#include virtual="/open/slow.txt" -->[<!--#include virtual="/members/page.html" -->]')
    put("open/slow.txt", LATE)
    put("open/size.shtml", '[<!--#fsize virtual="/members/page.html" -->]')
    put("list/secret.txt", CANARY)
    put("variants/page.html.en", "english")
    put("variants/page.html.de", CANARY)
    put("file-only/index.html", CANARY)
    put("pass/index.html", "who")
    put("map.var", "URI: members/page.html\nContent-Type: text/html\n")
    put("indexed/x", "x")
    site.httpd.main += f"""
        <Directory "{htdocs}">
        Options +Includes +Indexes +MultiViews
        </Directory>
        <FilesMatch "^(secret.txt|page.html.de)$">
        AuthType Twitter
        Require valid-user
        </FilesMatch>
        <Directory "{htdocs}/list">
        DirectoryIndex disabled
        IndexOptions FancyIndexing TrackModified
        </Directory>
        <Directory "{htdocs}/file-only">
        <Files "index.html">
        AuthType Twitter
        Require valid-user
        </Files>
        </Directory>"""
    site.start()
    site.allow_log(r"^\[(include|negotiation|autoindex|core):error\]", "AH01630")
    yield site
    site.stop()
    site.clock.set(0)


@pytest.fixture
def alice(site):
    site.allow_log(r"^\[(include|negotiation|autoindex|core):error\]", "AH01630")
    browser = site.browser()
    browser.sign_in("alice")
    site.clock.forward(61 + 600)         # rechecks and renewals are due
    return browser


def is_for_all(answer):
    control = answer.headers.get("Cache-Control", "")
    return "private" not in control and "no-store" not in control


counter = itertools.count()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", ["GET", "HEAD"])
def test_S1_no_stranger_gets_what_a_cache_has_kept(site, alice, way, first):
    mark = f"?{next(counter)}"
    before = alice.cookies
    for method in (first, "GET", "GET"):
        answer = alice.request(method, way + mark)
        assert not (is_for_all(answer) and (answer.set_cookies or CANARY in answer.text)), answer
    assert before is alice.cookies
    for stranger in (site.browser(), site.browser()):
        answer = stranger.get(way + mark)
        assert CANARY not in answer.text
        assert all("twauth=" not in str(cookie) or cookie.name.endswith("_pre") for cookie in answer.set_cookies)
        assert not stranger.whoami()["signed_in"]
    assert alice.whoami()["signed_in"]


@pytest.mark.parametrize("way", WAYS)
def test_S1_conditional_requests(site, alice, way):
    """A stranger's copy that is revalidated by alice's request does not become hers."""
    mark = f"?{next(counter)}"
    answer = site.browser().get(way + mark)
    validators = {"If-None-Match": answer.headers.get("ETag", '"none"'),
                  "If-Modified-Since": answer.headers.get("Last-Modified", "Thu, 01 Jan 2037 00:00:00 GMT")}
    site.clock.forward(7200)
    renewed = site.browser()
    renewed.sign_in("alice")
    site.clock.forward(61 + 600)
    for _ in range(2):
        answer = renewed.get(way + mark, headers=validators)
        assert not (is_for_all(answer) and (answer.set_cookies or CANARY in answer.text)), answer
    stranger = site.browser()
    assert CANARY not in stranger.get(way + mark).text
    assert not stranger.whoami()["signed_in"]


def test_S1_one_private_and_nothing_public(site, alice):
    """N9: what mod_headers, mod_expires or a program say is one header with ours."""
    for path in ("/list/", "/file-only/index.html"):
        answer = alice.get(f"{path}?{next(counter)}")
        control = answer.headers["Cache-Control"]
        assert control.count("private") == 1 and "public" not in control and "s-maxage" not in control
    assert "no-store" in site.browser().get("/members/").headers["Cache-Control"]
    assert "public" not in site.browser().get("/members/").headers["Cache-Control"]


def test_S1_the_protected_part_is_there_for_whom_it_is(site, alice):
    for way in ("/open/include.shtml", "/open/late.shtml", "/indexed/", "/file-only/"):
        assert CANARY in alice.get(f"{way}?{next(counter)}").text, way


def test_S1_a_renewal_reaches_the_browser_where_it_may(site, alice):
    """An index file that is protected by itself alone is the answer: its session is renewed."""
    assert alice.get(f"/file-only/?{next(counter)}").set_cookies
    assert not alice.get(f"/file-only/?{next(counter)}").set_cookies
