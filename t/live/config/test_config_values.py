# SPDX-License-Identifier: Apache-2.0
"""CF-1: a wrong value stops the configuration test, with a sentence that names the directive; a right one passes."""

import re

import pytest

from harness.paths import TREE

WRONG = {
    "TwAuthEngine": ["yes", "1", '""'],
    "TwAuthConsumerKey": ['""', '"two words"', "x" * 5000],
    "TwAuthConsumerSecret": ["the-secret-itself", "file:relative", "exec:relative", '""', "FILE:/x", "file:"],
    "TwAuthKey": ["the-key-itself", "file:relative", "exec:relative", '""', "base64:xxxx"],
    "TwAuthProtocol": ["oauth3", '""', "oauth"],
    "TwAuthPath": ["/", "twauth/", "/twauth", "//twauth/", "/tw auth/", "/tw?/", "/tw#/", "/tw%2f/", "/../", "/a/../b/",
                   "/./", '""', "/a//b/", "/<x>/", "https://site.test/x/"],
    "TwAuthCallbackURL": ["/callback", "site.test/callback", "ftp://site.test/c", "https://site.test",
                          "https://site.test/c?x=1", "https://site.test/c#x", "https://u:p@site.test/c", "https:///c",
                          "https://site.test/../c", "https://site.test:port/c", '"https://site.test/a b"', '""',
                          "javascript:alert(1)", "https://site.test\\c", "https://site.test/", "https://site.test//c",
                          "https://site.test/a//c", "https://site.test/c;x=1"],
    "TwAuthRealm": ['""', '"a b"', "'a\"b'", "x" * 101],
    "TwAuthProvider": ["api.x.com", "https://api.x.com/", "ftp://api.x.com", "https://api.x.com?x", '""',
                       "https://u@api.x.com", "https://api.x.com nonsense", "http://api.x.com",
                       "https://api.x.com http://x.com/"],
    "TwAuthProviderCAFile": ["relative.pem", "/nowhere/ca.pem", '""', "/tmp"],
    "TwAuthProviderProxy": ["proxy:3128", "socks5://proxy:1", '""'],
    "TwAuthProviderTimeout": ["0", "-1", "5m", "soon", '""', "1.5s", "5 s", "1h", "99999999999", "5sec"],
    "TwAuthProviderCalls": ["0", "-1", "many", '""', "1000000", "3x"],
    "TwAuthStartLimit": ["60", "0/min", "-1/min", "60/day", "60/min 0/s", "x", '""', "60/min x", "60/min 1/s 1/s",
                         "99999999/s", "60 /min"],
    "TwAuthSignInWith": ["authorise", '""'],
    "TwAuthForceLogin": ["maybe"],
    "TwAuthAccess": ["admin", "read write", '""'],
    "TwAuthFlowTimeout": ["0", "-1", "2h", "10m", '""'],
    "TwAuthSessionIdle": ["0", "-1", "forever", "12 h", '""', "1w"],
    "TwAuthSessionMax": ["0", "-7d", "7days", '""'],
    "TwAuthSessionRecheck": ["-1", "2d", "often", '""'],
    "TwAuthSessionFeed": ["0", "500ms", "11min", "On", "seldom", '""', "2s 2s"],
    "TwAuthSharedEntries": ["0", "63", "-1", "16777217", "1m", "many", '""', "64 64"],
    "TwAuthSessionGrace": ["-1", "8d", '""', "x"],
    "TwAuthRemember": ["Yes", "always", '""', "On Ask"],
    "TwAuthRememberFor": ["0", "-1", "11y", '""', "500ms"],
    "TwAuthSessionProtection": ["On", "Paranoid", '""'],
    "TwAuthSessionsPerAccount": ["0", "-1", "10001", "many", '""'],
    "TwAuthFresh": ["0", "-1", "soon", "500ms", "400d", '""', "1h 2h"],
    "TwAuthDatabaseCalls": ["0", "-1", "x", '""'],
    "TwAuthCookieName": ['""', "a;b", '"a b"', "a=b", "a,b", "x" * 33, "ä", "a/b"],
    "TwAuthCookieDomain": ["test", "other.test", ".site.test", '""', "Site.Test", "evil.example", "ite.test",
                           "a..site.test", "site.test;x"],
    "TwAuthCookieSameSite": ["Strict", "no", '""'],
    "TwAuthClearSiteData": ["yes", '""', "cache cache", "Off cache", "cache Off", "cache storage cache",
                            "cache,storage"],
    "TwAuthTokens": ["encrypted", '""'],
    "TwAuthSignUp": ["no", "Invited", "Ask Invite"],
    "TwAuthHub": ["login.example.org", "https://login.example.org/", "https://login.example.org/x", '""', "https://x.example?a",
                  "http://login.example.org", "ftp://login.example.org"],
    "TwAuthHubFor": ["a.example", "https://a.example/", "https://a.example https://b.example/x", '""'],
    "TwAuthProfile": ["Yes", '""'],
    "TwAuthClaimByHandle": ["yes", '""'],
    "TwAuthSign": ["yes", '""'],
    "TwAuthSignBody": ["0", "1023", "2m", "64kb", "-1", '""', "x"],
    "TwAuthHeader": ["X-User", "X-User user_name", "username X-User", "X.User id", "Authorization id", "X-Twauth-User id"],
    "TwAuthAllowHTTP": ["On", "yes"],
    "TwAuthSiteName": ['""', "x" * 101, "a\x7f", '"a\tb\x1b"'],
    "TwAuthSiteLogo": ["logo.svg", "https://cdn.example/logo.svg", "//cdn.example/l.svg", '""', "/", "/a;b", "/a,b", "'/a b'",
                       "/../x", "/a#b", "/*", '"/a\'b"'],
    "TwAuthPageStyle": ["style.css", "https://cdn.example/s.css", '""', "/a;script-src", "/a,b"],
    "TwAuthPrivacyURL": ["privacy.html", "javascript:alert(1)", "data:x", '""', "//evil.example", "https://u:p@site.test/",
                         "ftp://site.test/"],
    "TwAuthTermsURL": ["terms.html", "javascript:alert(1)", '""', "https://u:p@site.test/?a", "https://?a"],
    "TwAuthAccountDelete": ["yes", "ask"],
    "TwAuthPages": ["relative", '""', "/nowhere/at/all"],
    "TwAuthEventLog": ["nowhere/at/all.log", "/", '""', '"|"', '"|/nowhere/at/all"'],
    "TwAuthLogAddress": ["Maybe", '""'],
    "TwAuthUnauthenticated": ["redirect", '""', "403"],
    "TwAuthRemoteUser": ["name", '""', "email"],
    "TwAuthExport": ["", "all", "env none", "env, headers", "ENV:x"],
}
RIGHT = {
    "TwAuthSiteName": ["x", '"Größe & mehr"', '"東京クラブ"'],
    "TwAuthSiteLogo": ["/logo.svg", "/a/b%20c.png?v=3"],
    "TwAuthPageStyle": ["/pages.css"],
    "TwAuthPrivacyURL": ["/privacy.html", "https://other.example/privacy", "http://other.example"],
    "TwAuthTermsURL": ["/terms?x=1", "https://other.example/?page_id=3#terms"],
    "TwAuthPages": [f'"{TREE}/conf/pages"', "/etc"],
    "TwAuthEngine": ["On", "off", "Off"],
    "TwAuthPath": ["/x/", "/a/b-c/d_e.f~/"],
    "TwAuthCallbackURL": ["https://site.test/c", "https://other.example:8443/a/b"],
    "TwAuthRealm": ["site", "a:b/c"],
    "TwAuthHub": ["https://login.example.org", "HTTPS://Login.Example.org:8443"],
    "TwAuthHubFor": ["https://a.example", "https://a.example https://b.example:8443"],
    "TwAuthProvider": ["https://api.x.com", "https://api.x.com https://x.com", "https://api.x.com:8443/base"],
    "TwAuthProviderProxy": ["http://proxy.example.com:3128", "https://proxy.example.com"],
    "TwAuthProviderTimeout": ["5s", "5", "500ms", "1min"],
    "TwAuthProviderCalls": ["1", "64"],
    "TwAuthStartLimit": ["1/s", "60/min 600/min", "1000/h 65535/s"],
    "TwAuthSignInWith": ["authorize", "Authenticate"],
    "TwAuthForceLogin": ["On"], "TwAuthAccess": ["write", "READ"], "TwAuthFlowTimeout": ["1min", "1h"],
    "TwAuthSessionIdle": ["30min", "90d"], "TwAuthSessionMax": ["365d", "12h"],
    "TwAuthRemember": ["Off", "on", "ask"], "TwAuthRememberFor": ["1s", "400d"],
    "TwAuthSessionProtection": ["off", "Basic", "STRONG"], "TwAuthSessionsPerAccount": ["1", "10000"],
    "TwAuthFresh": ["1s", "366d"], "TwAuthProfile": ["on", "Off"], "TwAuthClaimByHandle": ["On"],
    "TwAuthSignBody": ["1k", "2048", "1M"], "TwAuthHeader": ["X-User id", "Remote-User USERNAME", "X-User none"],
    "TwAuthSessionRecheck": ["0", "0s", "1d"], "TwAuthSessionGrace": ["0", "7d"], "TwAuthSessionFeed": ["1s", "10min", "off"],
    "TwAuthDatabaseCalls": ["1", "9"], "TwAuthSharedEntries": ["64", "1000", "16777216"],
    "TwAuthCookieName": ["session", "a-b_c9"], "TwAuthCookieDomain": ["site.test"],
    "TwAuthCookieSameSite": ["None", "lax"],
    "TwAuthClearSiteData": ["Off", "Cache", "storage", "cache storage"],
    "TwAuthEventLog": ["events.log", "off", '"|cat"'], "TwAuthLogAddress": ["Off", "on"],
    "TwAuthTokens": ["plain", "none", "Sealed"], "TwAuthSignUp": ["Off", "Ask", "invite"],
    "TwAuthAllowHTTP": ["Off"], "TwAuthUnauthenticated": ["login", "PAGE", "401", "pass"],
    "TwAuthRemoteUser": ["id", "screen_name", "username"],
    "TwAuthExport": ["env", "headers env tokens", "none", "Env HEADERS"],
    "TwAuthProtocol": ["oauth1"],
}


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(start=False, config="")


def test_CF_1_each_directive_has_wrong_values():
    known = set(re.findall(r'"(TwAuth\w+)"', (TREE / "src/config/directives.c").read_text()))
    elsewhere = {"TwAuthClientID", "TwAuthClientSecret", "TwAuthScope"}
    assert known - set(WRONG) == elsewhere


def pairs(table):
    return [pytest.param(name, value, id=f"{name} {value[:40]}") for name, values in table.items() for value in values]


@pytest.fixture
def check(site):
    before = site.vhost.config

    def check(line):
        site.vhost.config = before + "\n" + line
        return site.httpd.check()
    yield check
    site.vhost.config = before


@pytest.mark.parametrize("name, value", pairs(WRONG))
def test_CF_1_wrong_value(check, name, value):
    ran = check(f"{name} {value}")
    assert not ran
    said = [line for line in ran.stderr.splitlines() if name in line and len(line.split()) >= 4]
    assert said, ran.stderr


@pytest.mark.parametrize("name, value", pairs(RIGHT))
def test_right_value(check, name, value):
    ran = check(f"{name} {value}")
    assert ran, ran.stderr


@pytest.mark.parametrize("name", ["TwAuthConsumerSecret", "TwAuthKey"])
def test_a_secret_in_the_configuration_is_refused(check, name):
    ran = check(f"{name} my-secret-3f9a77")
    assert not ran and "file:" in ran.stderr


SERVER_ONLY = [n for n in WRONG if n not in ("TwAuthUnauthenticated", "TwAuthRemoteUser", "TwAuthExport",
                                             "TwAuthSessionRecheck", "TwAuthFresh", "TwAuthSign", "TwAuthSignBody",
                                             "TwAuthHeader")]


@pytest.mark.parametrize("name", SERVER_ONLY)
def test_server_directive_inside_a_location(check, name):
    value = RIGHT.get(name, ["file:/x"])[0]
    ran = check(f'<Location "/x/">\n{name} {value}\n</Location>')
    assert not ran and name in ran.stderr and "not allowed" in ran.stderr
