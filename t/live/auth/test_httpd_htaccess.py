# SPDX-License-Identifier: Apache-2.0
"""AC-10: in .htaccess only what selects and tightens."""

import re

import pytest

from harness.paths import TREE
from harness.site import CANARY

CREDENTIALS = "AuthType Twitter\nRequire valid-user\n"
ALLOWED = ["", "TwAuthUnauthenticated login", "TwAuthUnauthenticated page", "TwAuthUnauthenticated 401",
           "TwAuthExport env", "TwAuthExport headers", "TwAuthExport env headers", "TwAuthExport none",
           "TwAuthSessionRecheck 1s", "TwAuthSessionRecheck 0", "Require twitter-user alice", "Require twitter-id 1001"]
REFUSED = ["TwAuthUnauthenticated pass", "TwAuthExport tokens", "TwAuthExport env tokens", "TwAuthRemoteUser id",
           "TwAuthEngine Off", "TwAuthConsumerKey x", 'TwAuthConsumerSecret "file:/etc/hostname"',
           'TwAuthKey "file:/etc/hostname"', 'TwAuthKey "exec:/bin/true"', "TwAuthProtocol oauth1", "TwAuthPath /x/",
           "TwAuthCallbackURL https://evil.example/x", "TwAuthRealm x", "TwAuthProvider https://evil.example",
           "TwAuthProviderCAFile /etc/hostname", "TwAuthProviderProxy http://evil.example:1",
           "TwAuthProviderTimeout 1s", "TwAuthProviderCalls 1", "TwAuthStartLimit 1/s", "TwAuthSignInWith authorize",
           "TwAuthForceLogin On", "TwAuthAccess write", "TwAuthFlowTimeout 1s", "TwAuthSessionIdle 10d",
           "TwAuthSessionMax 100d", "TwAuthSessionGrace 1d", "TwAuthSessionFeed Off", "TwAuthSharedEntries 64",
           "TwAuthDatabaseCalls 1", "TwAuthCookieName x",
           "TwAuthCookieDomain test", "TwAuthCookieSameSite None", "TwAuthClearSiteData Off", "TwAuthTokens plain",
           "TwAuthSignUp On", "TwAuthProfile On", "TwAuthClaimByHandle On", "TwAuthRemember On", "TwAuthRememberFor 30d",
           "TwAuthSessionProtection Off", "TwAuthSessionsPerAccount 9", "TwAuthHeader X-Who user", "TwAuthSignBody 64k",
           "TwAuthSign On", "TwAuthSiteName x", "TwAuthSiteLogo /x.svg", "TwAuthPageStyle /x.css", "TwAuthPages /etc",
           "TwAuthPrivacyURL https://evil.example", "TwAuthTermsURL https://evil.example",
           "TwAuthExport env profile", "TwAuthAccountDelete On", "TwAuthEventLog x.log", "TwAuthLogAddress Off",
           "TwAuthAllowHTTP On", "TwAuthHub https://evil.example", "TwAuthHubFor https://evil.example", "TwAuthClientID x", 'TwAuthClientSecret "file:/etc/hostname"', "TwAuthScope x"]


def test_AC_10_each_directive_is_tried():
    known = set(re.findall(r'"(TwAuth\w+)"', (TREE / "src/config/directives.c").read_text()))
    assert known - {"TwAuthFresh"} == {line.split()[0] for line in ALLOWED + REFUSED if line.startswith("TwAuth")}


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False)
    for number, line in enumerate(ALLOWED + REFUSED):
        site.httpd.put(f"h{number}/.htaccess", CREDENTIALS + line + "\n")
        site.httpd.put(f"h{number}/index.html", CANARY)
    site.httpd.put("none/.htaccess", CREDENTIALS)
    site.httpd.put("none/index.html", "AllowOverride None: open")
    site.httpd.put("limit/.htaccess", CREDENTIALS)
    site.httpd.put("limit/index.html", CANARY)
    site.httpd.put("members/.htaccess", "AuthType None\nRequire all granted\n")
    site.httpd.put("long/.htaccess", CREDENTIALS + "TwAuthSessionRecheck 1d\n")
    site.httpd.put("long/index.html", CANARY)
    site.httpd.main += f"""
        <Directory "{site.httpd.htdocs}">
        AllowOverride AuthConfig
        </Directory>
        <Directory "{site.httpd.htdocs}/none">
        AllowOverride None
        </Directory>
        <Directory "{site.httpd.htdocs}/limit">
        AllowOverride Limit
        </Directory>"""
    return site.start()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser


@pytest.mark.parametrize("line", ALLOWED, ids=str)
def test_AC_10_allowed(browser, alice, line):
    path = f"/h{(ALLOWED + REFUSED).index(line)}/"
    assert browser.get(path).status == (302 if "page" not in line and "401" not in line else 401)
    assert alice.get(path).status == 200


@pytest.mark.parametrize("line", REFUSED, ids=str)
def test_AC_10_refused(site, alice, line):
    site.expect_log(rf"{line.split()[0]}")
    answer = alice.get(f"/h{(ALLOWED + REFUSED).index(line)}/")
    assert answer.status == 500 and CANARY not in answer.text


def test_AC_10_without_override_there_is_none(browser):
    assert browser.get("/none/").text == "AllowOverride None: open"


def test_AC_10_needs_AuthConfig(site, browser):
    site.allow_log("core:alert", "not allowed here")
    answer = browser.get("/limit/")
    assert answer.status == 500 and CANARY not in answer.text


def test_AC_10_htaccess_does_not_open_a_location_of_the_server(browser):
    assert browser.get("/members/").status == 302


def test_AC_10_htaccess_only_shortens_the_recheck(site):
    """A day in .htaccess stays the server's minute: an ended session is noticed."""
    site.vhost.config += "\nTwAuthSessionRecheck 0"
    site.graceful()
    browser = site.browser()
    browser.sign_in("bob")
    assert browser.get("/long/").status == 200
    site.db.execute("DELETE FROM twauth_session")
    assert browser.fetch("/long/").status == 401
