# SPDX-License-Identifier: Apache-2.0
"""AC-12 and AC-2: what httpd and a backend could read differently, and requests that claim to be exempt."""

import itertools
import re
from urllib.parse import unquote

import pytest

from harness import urls
from harness.site import CANARY

# AC-12: the safe pattern of docs/set-up.md, the whole application, and the one that it warns of, a part of it

BACKENDS = {
    "plain": lambda path: unquote(path),
    "parameters": lambda path: re.sub(";[^/]*", "", unquote(path)),
    "twice": lambda path: unquote(unquote(path)),
    "backslash": lambda path: unquote(path).replace("\\", "/"),
    "loose": lambda path: re.sub(";[^/]*", "", unquote(unquote(path)).replace("\\", "/").partition("\0")[0]).lower(),
}
MODES = ["", "AllowEncodedSlashes On", "AllowEncodedSlashes NoDecode", "MergeSlashes Off"]
MAPPINGS = ["mapping=encoded", "mapping=servlet"]
JOINS = ["/", "//", "/./", "/x/../", "%2f", "%2F", "/%2e/", "/x/%2e%2e/", "/x/..%2f", "/;/", "/x/..;/", ";/", ";a=1/",
         "/.;/", "%252f", "\\", "%5c", "/%2f", "/%5c", "/%00/", "/%09/", "/%0a/", "%20/", "/%20", "/.%2f",
         "/%252e%252e/"]
ENDS = ["/x", "//x", "%2fx", ";a/x", "%3fx", "%23x", "%00/x", "%20/x", "/.", "/..", ".", "%5cx", "%0a/x", ""]
NAMES = ["admin", "%61dmin", "%2561dmin", "ADMIN", "adm%69n", "admin%20"]
LEADS = ["//", "/./", "/x/../", "/%2e/", "/;/", "/x/..;/", "/%2f", "/\\", "/app/../", "/open/../", "/open/..%2f",
         "/open/%2e%2e/", "/open/..;/", "/twauth/../", "/twauth/..%2f"]
SPELLINGS = list(dict.fromkeys(
    [f"/app{join}{name}{end}" for join in JOINS for name in NAMES[:3] for end in ENDS[:8]]
    + [f"/app/{name}{end}" for name in NAMES for end in ENDS]
    + [f"{lead}app/admin/x" for lead in LEADS]))


@pytest.fixture(scope="module")
def fronts(make_site, echo):
    """A site for each way of httpd with slashes; /app/ is protected as a whole, /part/ in its part admin alone."""
    made = {}
    for mode in MODES + MAPPINGS:
        how = "nocanon" if "NoDecode" in mode else mode if mode in MAPPINGS else ""
        made[mode] = make_site(modules=("proxy", "proxy_http"), config=f"""
            {mode if mode not in MAPPINGS else ""}
            ProxyPass "/app/" "{echo.origin}/" {how}
            ProxyPass "/part/" "{echo.origin}/part/" {how}
            <Location "/app/">
            AuthType Twitter
            Require valid-user
            </Location>
            <LocationMatch "^/+part/+admin">
            AuthType Twitter
            Require valid-user
            </LocationMatch>""")
    return made


@pytest.fixture(autouse=True)
def httpd_s_own_words(request):
    for site in (*request.getfixturevalue("fronts").values(), request.getfixturevalue("site")):
        site.allow_log(r"^\[core:error\]", "AH01136")


def resolved(path):
    """A path with its dots and slashes resolved, as every backend does in the end."""
    parts = []
    for part in re.sub("/+", "/", path).split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


@pytest.mark.parametrize("mode", MODES + MAPPINGS)
def test_AC_12_an_application_protected_as_a_whole(fronts, backend, mode):
    """Whatever the backend reads into a path: no request for it gets there without a session."""
    browser = fronts[mode].browser(keep_alive=True)
    for path in SPELLINGS:
        answer = browser.get(path)
        assert answer.status in (302, 400, 401, 403, 404), path
        assert backend.requests == [], path
    browser.close()


@pytest.mark.parametrize("mode", MODES)
def test_AC_12_a_part_of_an_application(fronts, backend, mode):
    """The module adds no reading of its own: what a backend sees is what httpd's own rules have let through."""
    browser = fronts[mode].browser(keep_alive=True)
    heard = 0
    for path in (spelling.replace("/app", "/part", 1) for spelling in SPELLINGS):
        answer = browser.get(path)
        assert answer.status in (200, 302, 400, 401, 403, 404), path
        heard += len(backend.requests)
        for request in backend.requests:
            read = resolved(BACKENDS["plain"](request.target.partition("?")[0]))
            assert not read.startswith("/part/admin/") or mode == "AllowEncodedSlashes NoDecode", (path, request.target)
        backend.clear()
    browser.close()
    assert heard > 20


# AC-2

OWN = ["/twauth/login", "/twauth/callback", "/twauth/session", "/twauth/logout", "/twauth", "/twauth/x", "/health",
       "/x"]
UP = ["/../", "/../../", "/..%2f", "%2f..%2f..%2f", "%2f../../", "/%2e%2e/", "/%2e%2e/%2e%2e/", "/.%2e/", "/..;/",
      "/..;/..;/", ";/../", ";x/../../", "/./../../", "//../", "/..//../", "/..\\", "%5c..%5c..%5c", "/..%5c..%5c",
      "/.%00/../", "?/../../", "#/../../", "%23/../../", "%3f/../../", "%3F../", "/%252e%252e/%252e%252e/", "/..%00/",
      "/..%0d%0a/", "/..%09/", "/.../", "/x/../../../", "/%c0%ae%c0%ae/", "/%u002e%u002e/", "%0a/../", "%20/../../",
      "/../.;/", "//"]
AFTER = [";/twauth/login", "?/twauth/login", "?next=/twauth/callback", "%3f/twauth/callback", "/twauth/session",
         "#/twauth/login", "%23/twauth/login", "/..;/twauth/login", "%00/twauth/login", "%00.css", ".css", ".png",
         ";.js", "%3b.js", "/.css", "?.ico", "%0a.css", "%20", "%09", ".", "..", "/.", "/..", "/", "//", "~", ".bak",
         "::$DATA", "%3a%3a$DATA", "?health", "?oauth_token=x&oauth_verifier=y", "?code=x&state=y",
         "/.well-known/health", "?__debug", "&/twauth/", "|", "%ff", "*"]
BEFORE = ["//", "///", "/./", "/.//", "/x/../", "/%2e/", "/;/", "/;x=1/", "/%2f", "/%5c", "/\\", "/%00", "/%20", "/%0a",
          "/public/../", "/twauth/../", "/%2561/../", "/./././", "/.%2f",
          "/x/..%2f", "/x/..;/"]
PLACES = ["members/index.html", "members/", "admin/index.html", "%6dembers/index.html", "MEMBERS/index.html",
          "members%2findex.html", "members\\index.html", "members;x/index.html", "members/./index.html",
          "members//index.html"]
PATHS = list(dict.fromkeys(itertools.chain(
    (own + up + place for own in OWN for up in UP for place in PLACES[:3]),
    (f"/{place}{end}" for place in PLACES for end in AFTER),
    (f"{lead}{place}" for lead in BEFORE for place in PLACES))))
ADDRESSES = ["/twauth/login", "/twauth/callback", "/health", "/", "/index.html", "/favicon.ico"]
AGENTS = ["GoogleHC/1.0", "kube-probe/1.0", "ELB-HealthChecker/2.0", "Pingdom.com_bot", "Googlebot/2.1",
          "ReadyForRequest/1.0", "Prometheus/2.0", "internal dummy connection", "", "twauth", "mod_twauth", "curl/8",
          "/twauth/login"]
REWRITTEN = ["X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path",
             "X-Forwarded-Prefix", "X-Envoy-Original-Path", "X-Accel-Redirect", "X-Sendfile", "Referer",
             "Content-Location", "Destination", "X-HTTP-Path"]
OTHERS = [("Authorization", "Basic YWxpY2U6eA=="), ("Authorization", "Bearer x"), ("Authorization", "Twitter alice"),
          ("Proxy-Authorization", "Basic YWxpY2U6eA=="), ("X-HTTP-Method-Override", "OPTIONS"),
          ("X-HTTP-Method", "TRACE"), ("X-Method-Override", "HEAD"), ("X-Twauth-User", "alice"),
          ("Remote-User", "alice"), ("X-Remote-User", "alice"), ("X-Forwarded-User", "alice"),
          ("X-Auth-Request-User", "alice"), ("X-Authenticated", "1"), ("X-Forwarded-For", "127.0.0.1"),
          ("X-Real-IP", "127.0.0.1"), ("Forwarded", "for=127.0.0.1"), ("X-Forwarded-Host", "localhost"),
          ("X-Internal", "1"), ("X-Forwarded-Proto", "http"), ("Cookie", "__Host-twauth="),
          ("Cookie", "__Host-twauth=1; twauth=1; admin=1"), ("Cookie", "__Host-twauth_pre=x"),
          ("Expect", "100-continue"),
          ("Range", "bytes=0-10"), ("Service-Worker", "script"), ("Access-Control-Request-Method", "GET"),
          ("Upgrade", "h2c"), ("Max-Forwards", "0"), ("Via", "1.1 localhost"), ("Sec-Purpose", "prefetch"),
          ("Purpose", "prefetch"), ("Sec-Fetch-Site", "none"), ("X-Requested-With", "x")]
CLAIMS = [*(("User-Agent", agent) for agent in AGENTS), *itertools.product(REWRITTEN, ADDRESSES), *OTHERS]


@pytest.fixture(scope="module")
def site(make_site):
    """With a public page at /health, and where each miss shows the front page."""
    site = make_site(config="FallbackResource /index.html\n<Location /health>\nFallbackResource disabled\n</Location>")
    site.httpd.put("health", "well")
    return site


@pytest.fixture(scope="module")
def stranger(site):
    browser = site.browser(keep_alive=True)
    yield browser
    browser.close()


def refuses(answer, what):
    assert CANARY not in answer.text, what
    assert answer.status in (200, 301, 302, 400, 401, 403, 404, 405), what
    if answer.status == 302:
        assert urls.parse(answer.location).target.startswith("/twauth/login?"), what
    for telling in ("ETag", "Last-Modified"):
        assert telling not in answer.headers or "Welcome" in answer.text or answer.text == "well", what


def test_AC_2_no_spelling_is_exempt(stranger):
    assert len(PATHS) > 1200
    for path in PATHS:
        refuses(stranger.get(path, cookies=False), path)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_AC_2_no_header_is_exempt(stranger, method):
    assert len(CLAIMS) > 100
    for claim in CLAIMS:
        answer = stranger.request(method, "/members/index.html", headers=[claim])
        refuses(answer, claim)
        assert answer.status in (302, 401, 405), claim


def test_AC_2_all_claims_at_once(stranger):
    answer = stranger.get("/members/index.html?/twauth/login;/health#/twauth/callback", headers=CLAIMS[:90])
    refuses(answer, "all")
