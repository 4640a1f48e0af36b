# SPDX-License-Identifier: Apache-2.0
"""AC-9: the own locations are answered by the module itself, whatever else wants the path."""

import pytest

from harness.site import CANARY, PROTECTED

GREEDY = {
    "ProxyPass": 'ProxyPass "/" "{echo}/"',
    "ProxyPass encoded": 'ProxyPass "/" "{echo}/" mapping=encoded',
    "ProxyPass servlet": 'ProxyPass "/" "{echo}/" mapping=servlet',
    "ProxyPassMatch": 'ProxyPassMatch "^/(.*)$" "{echo}/$1"',
    "ProxyPass in Location": '<Location "/">\nProxyPass "{echo}/"\n</Location>',
    "balancer": '<Proxy "balancer://pool">\nBalancerMember "{echo}"\n</Proxy>\nProxyPass "/" "balancer://pool/"',
    "RewriteRule P": 'RewriteEngine On\nRewriteRule "^(.*)$" "{echo}$1" [P]',
    "RewriteRule catch-all": 'RewriteEngine On\nRewriteRule "^" "/index.html"',
    "per-directory catch-all": '<Directory "{htdocs}">\nRewriteEngine On\nRewriteRule "^" "index.html" [L]\n'
                               '</Directory>',
    "rewrite to forbidden": 'RewriteEngine On\nRewriteRule "^" "-" [F]',
    "redirect all": 'Redirect "/" "https://elsewhere.example/"',
    "redirect match": 'RedirectMatch 301 "^/tw(.*)$" "https://elsewhere.example/$1"',
    "default deny": '<Location "/">\nRequire all denied\n</Location>',
    "deny by address": '<Location "/">\nRequire ip 192.0.2.1\n</Location>',
    "Order deny,allow": '<Location "/">\nOrder deny,allow\nDeny from all\n</Location>',
    "Satisfy All": '<Location "/">\nAuthType Twitter\nRequire valid-user\nSatisfy All\n</Location>',
    "protected root": '<Location "/">\nAuthType Twitter\nRequire valid-user\n</Location>',
    "protected by somebody else": '<Location "/">\nAuthType Basic\nAuthName x\nAuthBasicProvider file\n'
                                  'AuthUserFile /dev/null\nRequire valid-user\n</Location>',
    "root for alice only": '<Location "/">\nAuthType Twitter\nRequire twitter-user alice\n</Location>',
    "FallbackResource": 'FallbackResource /index.html',
    "SetHandler": '<Location "/">\nSetHandler cgi-script\n</Location>',
    "SetHandler server-status": '<Location "/twauth/">\nSetHandler server-status\n</Location>',
    "SetHandler proxy": '<Location "/">\nSetHandler "proxy:{echo}"\n</Location>',
    "ForceType": '<Location "/">\nForceType text/plain\n</Location>',
    "Alias": 'Alias "/twauth" "{htdocs}/members"',
    "ScriptAlias": 'ScriptAlias "/twauth/" "{cgi}/"',
    "Action": '<Location "/">\nAction all "/cgi-bin/env" virtual\nSetHandler all\n</Location>',
    "Dav": '<Location "/">\nDav On\n</Location>',
    "AllowMethods": '<Location "/">\nAllowMethods PROPFIND\n</Location>',
    "rewrite in Location": '<Location "/">\nRewriteEngine On\nRewriteRule "." "/index.html" [L]\n</Location>',
    "rewrite with PT": 'RewriteEngine On\nRewriteRule "^/(.*)$" "/cgi-bin/env/$1" [PT]',
    "Redirect gone": 'Redirect gone "/twauth"',
    "AliasMatch": 'AliasMatch "^/(.*)$" "{htdocs}/members/index.html"',
    "ScriptAliasMatch": 'ScriptAliasMatch "^/(.*)$" "{cgi}/env"',
    "VirtualDocumentRoot": 'VirtualDocumentRoot "{htdocs}"',
    "CheckSpelling": '<Location "/">\nCheckSpelling On\n</Location>',
    "SetHandler none": '<Location "/">\nSetHandler None\n</Location>',
    "form login": '<Location "/">\nSetHandler form-login-handler\nAuthType form\nAuthName x\nAuthFormProvider file\n'
                  'AuthUserFile /dev/null\nRequire valid-user\n</Location>',
    "LimitExcept": '<Location "/">\n<LimitExcept POST>\nRequire all denied\n</LimitExcept>\n</Location>',
}
MODULES = ("proxy", "proxy_http", "proxy_balancer", "slotmem_shm", "lbmethod_byrequests", "rewrite", "access_compat",
           "auth_basic", "authn_file", "status", "actions", "dav", "dav_fs", "allowmethods", "vhost_alias", "speling",
           "request", "session", "auth_form")


@pytest.fixture(scope="module", params=["early", "late"])
def site(request, make_site, echo):
    """mod_twauth is loaded after the others, or before them."""
    order = {"modules": MODULES} if request.param == "early" else {"modules": ("twauth",), "late_modules": MODULES}
    site = make_site(start=False, main="DavLockDB run/dav", **order)
    site.httpd.put("twauth/login", CANARY)
    site.httpd.put("twauth/other", CANARY)
    site.plain_config = site.vhost.config
    return site.start()


def swallow(site, echo, greedy):
    site.vhost.config = site.plain_config + "\n" + GREEDY[greedy].format(
        echo=echo.origin, htdocs=site.httpd.htdocs, cgi=site.httpd.cgi_bin)
    site.graceful()


@pytest.mark.parametrize("greedy", GREEDY)
def test_AC_9_own_locations_come_first(site, echo, backend, greedy):
    swallow(site, echo, greedy)
    browser = site.browser()
    answer = browser.get("/twauth/login?next=%2F", follow=1)
    assert answer.status == 302 and site.standin.owns(answer.location), answer
    arrived = browser.get(browser.provider.approve(answer.location.partition("oauth_token=")[2].partition("#")[0]
                                                   .partition("&")[0]), site="cross-site")
    assert arrived.status == 302 and arrived.headers["Location"] == "/", arrived
    assert browser.whoami()["username"] == "alice"
    assert browser.get("/twauth/other").status == 404
    assert "signed out here" in browser.post("/twauth/logout", follow=True).text
    assert [r.target for r in backend.requests] == []


@pytest.mark.parametrize("greedy", ["ProxyPass", "ProxyPass encoded", "ProxyPass servlet", "ProxyPassMatch", "balancer", "RewriteRule P"])
def test_AC_9_the_backend_sees_no_protected_request_without_session(site, echo, backend, greedy):
    swallow(site, echo, greedy)
    browser = site.browser()
    for method in ("GET", "HEAD", "POST", "OPTIONS", "PROPFIND", "TRACE", "DELETE", "BREW"):
        answer = browser.request(method, "/members/")
        assert answer.status in (302, 401, 405), answer
    assert backend.requests == []
    browser.sign_in("alice", next="/members/")
    assert [r.target for r in backend.requests] == ["/members/"]


LINES = ["GET {0}/x", "GET {0}/twauth/login?next=/", "GET {0}/twauth/callback?oauth_token=x", "POST {0}/twauth/logout",
         "CONNECT {1}", "OPTIONS {0}/", "GET http://evil.invalid/", "PROPFIND {0}/x"]


@pytest.mark.parametrize("line", LINES)
def test_AC_9_a_forward_proxy_lets_no_stranger_through(forward, echo, backend, line):
    target = line.format(echo.origin, echo.origin.partition("//")[2])
    answer = forward.browser().raw(f"{target} HTTP/1.1\r\nHost: x.test\r\nAccept: text/html\r\nContent-Length: 0\r\n"
                                   "Connection: close\r\n\r\n".encode(), linger=0.01)
    assert answer.status == 407 and not answer.location and not answer.headers.all("Set-Cookie")
    assert backend.requests == []


@pytest.fixture(scope="module")
def forward(make_site, echo):
    return make_site(modules=("proxy", "proxy_http", "proxy_connect"), config=f"""
        ProxyRequests On
        AllowCONNECT {echo.port}
        <Proxy "*">
        AuthType Twitter
        Require valid-user
        </Proxy>""")
