# SPDX-License-Identifier: Apache-2.0
"""What a server in front asks at the own location auth, and what it is told (docs/front.md)."""

from urllib.parse import unquote

import pytest

from harness import targets

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]
RULES = """
<Location "/twauth/auth/members">
AuthType Twitter
Require valid-user
</Location>
<Location "/twauth/auth/admin">
AuthType Twitter
Require twitter-user alice
TwAuthHeader X-WEBAUTH-USER username
</Location>
<Location "/twauth/auth/fresh">
AuthType Twitter
Require valid-user
TwAuthFresh 1
</Location>
<Location "/twauth/auth/address">
AuthType Twitter
<RequireAny>
Require ip 127.0.0.1
Require valid-user
</RequireAny>
</Location>
<Location "/twauth/auth/pass">
AuthType Twitter
TwAuthUnauthenticated Pass
Require all granted
</Location>
<Location "/twauth/auth/asks">
AuthType Twitter
TwAuthUnauthenticated 401
Require valid-user
</Location>
<Location "/twauth/auth/norule">
AuthType Twitter
</Location>
<Location "/twauth/auth/basic">
AuthType Basic
AuthName x
AuthBasicProvider file
AuthUserFile /dev/null
Require all granted
</Location>
<Location "/twauth/auth/denied">
AuthType Twitter
Require all denied
</Location>
"""
IDENTITY = {"X-Twauth-User": "alice", "X-Twauth-Username": "alice", "X-Twauth-Screen-Name": "alice", "X-Twauth-Id": "1001"}


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config=RULES, modules=("auth_basic", "authn_file"))


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice", next="/twauth/login?next=%2F")
    return browser


@pytest.fixture(scope="module")
def bob(site):
    browser = site.browser()
    browser.sign_in("bob", next="/twauth/login?next=%2F")
    return browser


def asked(answer):
    """Where a 401 leads afterwards; what is no link that anybody may write is sealed."""
    url = answer.headers["X-Twauth-Login"]
    return unquote(url.partition("next=")[2]) if "next=" in url else "/" if "asked=" in url else None


def has_identity(answer):
    return any(name.lower().startswith(("x-twauth-user", "x-twauth-id", "x-webauth")) for name, _ in answer.headers)


def test_who_passes(alice):
    answer = alice.get("/twauth/auth/members")
    assert answer.status == 204 and not answer.body and "no-store" in answer.headers["Cache-Control"]
    assert {name: answer.headers[name] for name in IDENTITY} == IDENTITY
    assert answer.headers["X-Twauth-Account"] and answer.headers["X-Twauth-Signed-In-At"]
    assert "X-WEBAUTH-USER" not in answer.headers
    assert alice.get("/twauth/auth/admin").headers["X-WEBAUTH-USER"] == "alice"


def test_nobody_is_told_where_the_sign_in_is(site):
    answer = site.browser().get("/twauth/auth/members", headers={"X-Forwarded-Uri": "/deep/link?x=1&y=%20"})
    assert answer.status == 401 and not has_identity(answer)
    assert asked(answer) == "/deep/link?x=1&y=%20"
    assert answer.headers["X-Twauth-Redirect"] == "/twauth/login?moved=1&next=%2Fdeep%2Flink%3Fx%3D1%26y%3D%2520"
    assert "Sign in" in answer.text                     # Traefik and Caddy pass the page on


def test_a_script_is_not_led_anywhere(site):
    answer = site.browser().fetch("/twauth/auth/members?redirect=1", headers={"X-Forwarded-Uri": "/api"})
    assert answer.status == 401 and asked(answer) == "/api" and "X-Twauth-Redirect" not in answer.headers


def test_redirect_for_those_who_pass_it_on(site):
    answer = site.browser().get("/twauth/auth/members?redirect=1", headers={"X-Forwarded-Uri": "/deep"})
    assert answer.status == 302 and answer.location == site.url("/twauth/login?moved=1&next=%2Fdeep")
    assert not has_identity(answer)


@pytest.mark.parametrize("query", ["redirect=0", "redirect=11", "redirect=1&redirect=1", "REDIRECT=1", "redirect"])
def test_other_queries_are_none(site, query):
    assert site.browser().get(f"/twauth/auth/members?{query}").status == 401


def test_the_way_back_ends_where_it_began(site):
    browser = site.browser()
    answer = browser.get("/twauth/auth/members", headers={"X-Forwarded-Uri": "/members/?deep=1"})
    last = browser.begin(answer.headers["X-Twauth-Redirect"]).approve("alice")
    assert last.url == site.url("/members/?deep=1"), last
    assert browser.get("/twauth/auth/members").status == 204


def test_who_has_left_is_led_to_a_page_that_asks(site):
    browser = site.browser()
    browser.sign_in("alice", next="/twauth/login?next=%2F")
    browser.sign_out()
    answer = browser.get("/twauth/auth/members", headers={"X-Forwarded-Uri": "/deep"})
    assert answer.status == 401 and answer.headers["X-Twauth-Redirect"]
    page = browser.get(answer.headers["X-Twauth-Redirect"], follow=1)
    assert page.status == 401 and "Sign in" in page.text and not site.standin.owns(page.url)


def test_not_allowed(site, bob):
    site.allow_log("AH0163[01]")
    answer = bob.get("/twauth/auth/admin")
    assert answer.status == 403 and not has_identity(answer) and "@bob" in answer.text
    assert bob.fetch("/twauth/auth/admin").status == 403
    assert bob.get("/twauth/auth/denied").status == 403
    assert bob.get("/twauth/auth/members").status == 204


def test_fresh(alice, site):
    old = alice.clone()
    answer = old.get("/twauth/auth/fresh")
    while answer.status == 204:                         # until a second has passed
        answer = old.get("/twauth/auth/fresh")
    assert answer.status == 401 and "fresh=1" in answer.headers["X-Twauth-Login"] and not has_identity(answer)


def test_who_passes_unnamed_has_no_identity(site, alice):
    answer = site.browser().get("/twauth/auth/address")
    assert answer.status == 204 and not has_identity(answer)
    answer = site.browser().get("/twauth/auth/pass")
    assert answer.status == 204 and not has_identity(answer)
    assert alice.get("/twauth/auth/pass").headers["X-Twauth-User"] == "alice"


def test_a_place_that_leads_nobody(site):
    answer = site.browser().get("/twauth/auth/asks")
    assert answer.status == 401 and "X-Twauth-Redirect" not in answer.headers and answer.headers["X-Twauth-Login"]


@pytest.mark.parametrize("path", ["/twauth/auth", "/twauth/auth/", "/twauth/auth/other", "/twauth/auth/norule",
                                  "/twauth/auth/basic", "/twauth/auth/..;/auth/x"])
def test_without_a_rule_nobody_passes(site, alice, path):
    if path.endswith("norule"):
        site.expect_log("AH01627")                      # httpd itself refuses it
    else:
        site.expect_log("TW0317.*Location.*AuthType Twitter")
    for browser in alice, site.browser():
        answer = browser.get(path)
        assert answer.status == 500 and not has_identity(answer), answer


@pytest.mark.parametrize("path", ["/twauth/authx", "/twauth/auth.", "/twauth/Auth/members"])
def test_what_only_looks_so(alice, path):
    answer = alice.get(path)
    assert answer.status == 404 and not has_identity(answer)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "BREW"])
def test_no_method_is_exempt(site, alice, bob, method):
    site.allow_log("AH0163[01]")
    assert alice.request(method, "/twauth/auth/members").status == 204
    assert bob.request(method, "/twauth/auth/admin").status == 403
    assert site.browser().request(method, "/twauth/auth/members").status == 401


@pytest.mark.parametrize("agent", ["", "curl/7.88.1", "kube-probe/1.26", "GoogleHC/1.0", "Prometheus/2.42", "Googlebot/2.1"])
def test_no_user_agent_is_exempt(site, agent):
    answer = site.browser().get("/twauth/auth/members", headers={"User-Agent": agent})
    assert answer.status == 401


# What the visitor may have written

URLS = ["/twauth/auth/pass", "/twauth/auth/address", "/public", "/favicon.ico", "/.well-known/acme-challenge/x", "/members/../twauth/auth/pass",
        "//evil.example/", "https://evil.example/path", "/\\evil.example", "", "*", "/twauth/logout", "/%2e%2e/", "/a, /b", "/#x",
        "/static/app.js", "/health"]
NAMES = ["X-Forwarded-Uri", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Prefix",
         "X-Envoy-Original-Path", "X-Original-Method", "X-Forwarded-Method", "X-HTTP-Method-Override", "X-Forwarded-Host",
         "X-Forwarded-Proto", "X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Auth-Request-Redirect", "X-Sendfile",
         "X-Accel-Redirect", "X_Forwarded_Uri", "X-Forwarded-User", "Remote-User", "X-Twauth-User", "X_Twauth_User"]


def test_no_header_changes_who_passes(site, bob):
    """All names with all values: nobody passes by them, nobody is anybody else; the return target is a local path."""
    site.allow_log("AH0163[01]")
    nobody = site.browser()
    nobody.keep_alive = bob.keep_alive = True
    tried = 0
    for name in NAMES:
        for url in [*URLS, "alice", "OPTIONS", "127.0.0.1", "for=127.0.0.1;host=evil.example"]:
            answer = nobody.fetch("/twauth/auth/members", headers={name: url})
            assert answer.status == 401 and not has_identity(answer), (name, url, answer)
            assert asked(answer).startswith("/") and not asked(answer).startswith(("//", "/\\")), (name, url, answer)
            assert "evil.example" not in answer.headers["X-Twauth-Login"].partition("?")[0]
            answer = bob.fetch("/twauth/auth/admin", headers={name: url})
            assert answer.status == 403 and not has_identity(answer), (name, url, answer)
            tried += 2
    bob.keep_alive = False
    bob.close()
    nobody.close()
    assert tried > 900


def test_identity_is_the_session_s(bob):
    answer = bob.fetch("/twauth/auth/members", headers={"X-Twauth-User": "alice", "X_Twauth_Id": "1001", "X-WEBAUTH-USER": "alice"})
    assert answer.status == 204 and answer.headers.all("X-Twauth-User") == ["bob"] and answer.headers["X-Twauth-Id"] != "1001"
    assert "X-WEBAUTH-USER" not in answer.headers


def test_RD_8_hostile_targets_lead_nowhere_else(site, full):
    """What the page in front was asked for is judged as any return target."""
    browser = site.browser()
    browser.keep_alive = True
    for target in targets.sample(full(300, 5000)):
        if any(c in target for c in "\r\n\0"):
            continue
        answer = browser.get("/twauth/auth/members?redirect=1", headers={"X-Forwarded-Uri": target.encode()})
        assert answer.status in (302, 400), answer
        assert answer.status == 400 or answer.location.startswith(site.url("/twauth/login?")), answer
    browser.close()


def test_callback_cannot_be_there(make_site):
    site = make_site(start=False, db=False)
    for path in "/twauth/auth", "/twauth/auth/callback":
        config, site.vhost.config = site.vhost.config, site.vhost.config + f"\nTwAuthCallbackURL {site.url(path)}"
        ran = site.httpd.check()
        assert not ran and "auth location" in ran.stderr
        site.vhost.config = config
