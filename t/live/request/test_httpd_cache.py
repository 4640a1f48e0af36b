# SPDX-License-Identifier: Apache-2.0
"""OU-1, OU-2: what is one user's own is private, for caches outside and for httpd's."""

import pytest

from harness.site import CANARY

PAGE = """#!/usr/bin/python3 -SIE
import os
print("Content-Type: text/plain")
print(os.environ.get("QUERY_STRING", "").replace("_", " ").replace("cc:", "Cache-Control: "))
print("\\n" + os.environ.get("REMOTE_USER", "nobody"))
"""


@pytest.fixture(scope="module", params=["disk", "socache", "disk-late"])
def site(request, make_site, echo):
    kind = request.param.partition("-")[0]
    site = make_site(start=False, modules=("proxy", "proxy_http", "cache", f"cache_{kind}", "socache_shmcb", "expires"),
                     config=f"""
        CacheEnable {kind} "/"
        CacheDefaultExpire 3600
        CacheQuickHandler {"off" if "late" in request.param else "on"}
        ProxyPass "/members/proxied/" "{echo.origin}/"
        ProxyPass "/open/proxied/" "{echo.origin}/"
        ExpiresActive On
        ExpiresDefault "access plus 1 hour"
        <Location "/pass/">
        AuthType Twitter
        TwAuthUnauthenticated pass
        Require all granted
        </Location>""")
    (site.folder / "cache").mkdir()
    (site.folder / "cache").chmod(0o777)
    site.vhost.config += f'\nCacheRoot "{site.folder}/cache"' if kind == "disk" else "\nCacheSocache shmcb"
    for folder in ("members", "open", "pass"):
        site.httpd.script(f"{folder}/who.cgi", PAGE)
    site.httpd.put("open/page.html", "open")
    site.kind = kind
    return site.start()


@pytest.fixture
def people(site):
    browsers = {user: site.browser() for user in ("alice", "bob")}
    for user, browser in browsers.items():
        browser.sign_in(user)
    return browsers


@pytest.mark.parametrize("query, says", [("", "private"), ("cc:max-age=60", "private"),
                                         ("cc:public,max-age=60", "private"), ("cc:no-store", "no-store"),
                                         ("cc:s-maxage=60", "private")])
def test_OU_2_never_a_page_of_another(site, people, query, says):
    path = "/members/who.cgi?" + query
    for _ in range(2):
        for user, browser in people.items():
            answer = browser.get(path)
            assert answer.text.strip() == user and says in answer.headers["Cache-Control"]
    anonymous = site.browser().get(path)
    assert anonymous.status == 302 and "no-store" in anonymous.headers["Cache-Control"]


def test_OU_2_static_page(site, people):
    for _ in range(2):
        answer = people["alice"].get("/members/index.html")
        assert CANARY in answer.text and "private" in answer.headers["Cache-Control"]
    assert site.browser().fetch("/members/index.html").status == 401
    assert CANARY not in site.browser().get("/members/index.html").text


def test_OU_2_proxied_page(site, people, backend):
    for control in ({}, {"Cache-Control": "public, max-age=600"}):
        backend.answers["/page"] = (200, control, CANARY.encode())
        for _ in range(2):
            answer = people["alice"].get("/members/proxied/page")
            assert CANARY in answer.text and "private" in answer.headers["Cache-Control"]
        assert site.browser().fetch("/members/proxied/page").status == 401


def test_OU_2_redirect_to_sign_in_is_not_stored(site, people):
    assert site.browser().get("/members/who.cgi?X-A:1").status == 302
    assert people["alice"].get("/members/who.cgi?X-A:1").text.strip() == "alice"
    first, second = site.browser().get("/members/"), site.browser().get("/members/")
    assert first.set_cookies[0].value != second.set_cookies[0].value


def test_OU_2_own_locations_are_not_stored(site, people):
    for user in ("alice", "bob", "alice"):
        assert people[user].whoami()["username"] == user
    assert not site.browser().whoami()["signed_in"]


def test_OU_2_open_place_with_pass(site, people):
    """What who is signed in gets is theirs alone."""
    for user in ("alice", "bob"):
        answer = people[user].get("/pass/who.cgi?X-A:1")
        assert answer.text.strip() == user and "private" in answer.headers["Cache-Control"]
    assert site.browser().get("/pass/who.cgi?X-A:1").text.strip() == "nobody"


def test_the_cache_works_at_all(site, backend):
    backend.answers["/cached"] = (200, {"Cache-Control": "max-age=600"}, b"x")
    for _ in range(3):
        assert site.browser().get("/open/proxied/cached").text == "x"
    assert len(backend.requests) == 1


def test_open_place_with_pass_asked_by_a_stranger_first(site, people):
    assert site.browser().get("/pass/who.cgi?X-B:1").text.strip() == "nobody"
    assert people["alice"].get("/pass/who.cgi?X-B:1").text.strip() == "alice"
