# SPDX-License-Identifier: Apache-2.0
"""Applications do not see the module's cookies, whatever way they are reached; their own come unchanged."""

import subprocess

import pytest

from harness.backend import received
from harness.checks import FLOW, PRE, SESSION
from harness.httpd import environment_of
from harness.site import PROTECTED

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

CONFIG = """
ProxyPass "/echo/" "{echo}/"
ProxyPass "/members/echo/" "{echo}/"
RewriteEngine On
RewriteRule "^/rewritten$" "/cgi-bin/env" [PT]
RewriteRule "^/members/rewritten$" "/members/env.cgi" [PT]
RewriteRule "^/proxied$" "{echo}/x" [P]
ErrorDocument 404 /cgi-bin/env
<Location "/members/dir/">
    DirectoryIndex ../env.cgi
</Location>
<Directory "{htdocs}/ssi">
    Options +Includes
    AddOutputFilter INCLUDES html
    Require all granted
</Directory>
Header always set X-Seen-Cookie "expr=%{{req:Cookie}}"
"""


@pytest.fixture(scope="module")
def site(make_site, echo):
    site = make_site(start=False, protected="", modules=("proxy", "proxy_http", "rewrite", "include", "headers", "http2"))
    site.vhost.config += "\nProtocols h2 http/1.1\n" + PROTECTED + CONFIG.format(echo=echo.origin, htdocs=site.httpd.htdocs)
    site.httpd.put("ssi/index.html", '<!--#include virtual="/cgi-bin/env" -->')
    site.httpd.put("members/dir/x", "")
    return site.start()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.begin()                                  # a pending sign-in, too
    flow = browser.begin()
    browser.begin()
    flow.approve("alice")
    return browser


def header(alice, form):
    flow = alice.cookies.names("_flow_")[0]
    return form.format(S=f"{SESSION}={alice.cookies[SESSION]}", F=f"{flow}={alice.cookies[flow]}",
                       P=f"{PRE}={alice.cookies[PRE]}")


FORMS = [
    ("a=1; {S}; b=2; {F}", "a=1; b=2"),
    ("{S}; a=1", "a=1"), ("a=1; {S}", "a=1"), ("{S};a=1;;b=2", "a=1; b=2"),
    ("{P}; z=9; {S}; {F}; y=8; x=7", "z=9; y=8; x=7"),
    ("{S}", None), ("{P}; {F}; {S}", None), ("{S};", None), (" {S} ; ", None),
    ("a=1; {S}; {S}; a=2", "a=1; a=2"),
    ('a="q; {S}; r"; b=2', 'a="q; r"; b=2'),
    ("a=1;  b = 2 ;c", "a=1;  b = 2 ;c"),            # nothing of ours: not a byte changed
    ("twauth=1; __Host-twauthx=2; __Host-twauth_prex=3; {S}", "twauth=1; __Host-twauthx=2; __Host-twauth_prex=3"),
    (FLOW + "=1; " + FLOW + "x=2; {S}", FLOW + "=1"),
]


@pytest.mark.parametrize("form, seen", FORMS, ids=[f for f, _ in FORMS])
def test_SE_15_own_cookies_are_taken_out(alice, form, seen):
    cookies = {"Cookie": header(alice, form)}
    assert received(alice.clone().get("/echo/", headers=cookies)).get("Cookie") == seen
    assert environment_of(alice.clone().get("/cgi-bin/env", headers=cookies)).get("HTTP_COOKIE") == seen


@pytest.mark.parametrize("path", ["/members/env.cgi", "/members/rewritten", "/rewritten", "/no-such-page", "/cgi-bin/env",
                                  "/ssi/index.html", "/members/dir/"])
def test_SE_16_programs_by_every_way(alice, path):
    answer = alice.clone().get(path, headers={"Cookie": header(alice, "a=1; {S}; {P}; b=2; {F}")})
    if answer.body.startswith(b"{"):
        environment = environment_of(answer)
        assert environment["HTTP_COOKIE"] == "a=1; b=2"
    for name in (SESSION, PRE, FLOW):
        assert name.encode() not in answer.body
    assert answer.headers["X-Seen-Cookie"] == "a=1; b=2"


@pytest.mark.parametrize("path", ["/members/echo/x", "/echo/x", "/proxied"])
def test_SE_16_backends_by_every_way(alice, path):
    asked = received(alice.clone().get(path, headers={"Cookie": header(alice, "a=1; {S}; {P}; b=2; {F}")}))
    assert asked.all("Cookie") == ["a=1; b=2"]


@pytest.mark.parametrize("path", ["/members/echo/x", "/echo/x"])
def test_SE_16_repeated_cookie_header(alice, path):
    """HTTP/1.1 clients may not send two, HTTP/2 gateways do."""
    fields = [("Cookie", "a=1"), ("Cookie", header(alice, "{S}")), ("Cookie", "b=2")]
    answer = alice.clone().get(path, headers=fields)
    assert alice.cookies[SESSION].encode() not in answer.body


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2"])
def test_SE_16_protocol_versions(site, alice, version):
    ran = subprocess.run(["curl", "-sS", version, *(["--no-alpn"] if "1" in version else []), "--cacert", site.authority.ca, "--resolve",
                          f"site.test:{site.vhost.port}:127.0.0.1", "-H", "Cookie: a=1; " + header(alice, "{S}; {P}")
                          + "; b=2", site.url("/members/env.cgi")], capture_output=True, text=True, timeout=300)
    assert '"HTTP_COOKIE": "a=1; b=2"' in ran.stdout and '"REMOTE_USER": "alice"' in ran.stdout, ran


# SE-14

def test_SE_14_two_hundred_sign_ins_begun(site):
    browser = site.browser()
    flows = [browser.begin(f"/members/env.cgi?{i}") for i in range(200)]
    own = [c for c in browser.cookies if "_flow_" in c.name]
    assert len(own) <= 5 and sum(len(c.name) + len(c.value) for c in own) < 3500
    assert flows[-1].approve("alice").target == "/members/env.cgi?199"
    assert flows[-2].approve("alice").target == "/members/env.cgi?198"


def test_SE_14_images_set_nothing(site):
    browser = site.browser()
    for i in range(200):
        answer = browser.image(f"/members/{i}.png")
        assert answer.status == 401 and not answer.set_cookies
    assert len(browser.cookies) == 0
