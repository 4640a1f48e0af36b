# SPDX-License-Identifier: Apache-2.0
"""Places whose calls to X are signed: however mod_proxy makes the URL; X that hangs; what -t refuses."""

import re
import threading

import pytest

from harness import modules, signing
from harness.checks import together
from harness.httpd import ONE_CHILD
from harness.process import until
from harness.signing import call, post_form

pytestmark = [pytest.mark.protocols("oauth1"), pytest.mark.databases("sqlite")]
SIGNED = "AuthType Twitter\nRequire valid-user\nTwAuthSign On"


def calls(site):
    return len([c for c in site.standin.calls(kind="api") if c["path"].startswith("/2/echo")])


# However the URL is made

PLACES = """
<Location "/host/">
{signed}
</Location>
ProxyPass "/host/" "{x}/"
<Location "/raw/">
{signed}
ProxyPass "{x}/" nocanon
</Location>
<LocationMatch "^/match/(?<REST>.*)$">
{signed}
</LocationMatch>
ProxyPassMatch "^/match/(.*)$" "{x}/2/echo/$1"
<Location "/rule/">
{signed}
</Location>
<Directory "{htdocs}/folder">
{signed}
RewriteEngine On
RewriteRule "^(.*)$" "{x}/2/echo/folder/$1?added=1" [P,QSA]
</Directory>
<Location "/upper/">
{signed}
ProxyPass "{upper}/2/echo/"
</Location>
<Location "/pooled/">
{signed}
ProxyPass "{x}/2/echo/" disablereuse=on ping=2
</Location>
<Location "/strange/">
{signed}
</Location>
<Location "/file/">
{signed}
</Location>
RewriteEngine On
RewriteRule "^/rule/(.*)$" "{x}/2/echo/$1" [P,B]
RewriteRule "^/strange/app/(.*)$" "http://127.0.0.1:{other}/$1" [P]
RewriteRule "^/strange/name/(.*)$" "{scheme}://x.test:{port}/2/echo/$1" [P]
RewriteRule "^/strange/port/(.*)$" "{scheme}://localhost:{other}/2/echo/$1" [P]
RewriteRule "^/strange/balancer/(.*)$" "balancer://x/2/echo/$1" [P]
RewriteRule "^/strange/socket/(.*)$" "unix:/tmp/x|{x}/2/echo/$1" [P]
<Proxy "balancer://x">
BalancerMember "{x}"
</Proxy>
<Location "/parts/">
AuthType Twitter
Require valid-user
Options +Includes
SetOutputFilter INCLUDES
</Location>
<LocationMatch "^/plain/">
ProxyPassMatch "{x}/2/echo/plain"
</LocationMatch>
"""


@pytest.fixture(scope="module")
def site(make_site, standin, authority, echo):
    site = make_site(start=False, scheme="http", modules=(
        *signing.MODULES, "rewrite", "include", "proxy_balancer", "lbmethod_byrequests", "slotmem_shm"))
    x = signing.api(standin, "http")
    site.vhost.config += f"\nTwAuthProvider {x}\nAllowEncodedSlashes NoDecode\n" + PLACES.format(
        signed=SIGNED, x=x, upper=x.replace("localhost", "LocalHost"), scheme="http", port=standin.ports["http"],
        other=echo.port, htdocs=site.httpd.htdocs)
    site.httpd.put("folder/index.html", "a file")
    site.httpd.put("file/index.html", "a file")
    site.httpd.put("parts/index.html", "".join(
        f'<!--#include virtual="{part}" -->\n' for part in ("/host/2/echo?1", "/plain/2", "/host/2/echo?3", "/plain/4")))
    return site.start()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser


@pytest.mark.parametrize("target, seen", [
    ("/host/2/echo/a%20b?x=+%2F&y", "/2/echo/a%20b?x=+%2F&y"),
    ("/host/2/echo/a!b'(c)*d;e=f,g@h:i~j", None), ("/host/2/echo/caf%c3%a9/%E2%98%83?%c3%a9=%e2%98%83", None),
    ("/host/2/echo/?", "/2/echo/?"), ("/host/2/echo", "/2/echo"),
    ("/raw/2/echo/a%2Fb%20c?x=%2F", "/2/echo/a%2Fb%20c?x=%2F"), ("/raw/2/echo/%7e~%41", "/2/echo/%7e~%41"),
    ("/match/a/b?x=1&x=2", "/2/echo/a/b?x=1&x=2"), ("/rule/a%20b/c?d=e%26f", None),
    ("/folder/x%20y?z=1", None), ("/upper/a?b=c", "/2/echo/a?b=c"), ("/pooled/a?b", "/2/echo/a?b"),
])
def test_signed_is_what_X_sees(alice, target, seen):
    for answer in (call(alice, "GET", target), post_form(alice, target, "f=+%2F&g")):
        assert answer.status == 200, answer
        said = answer.json()
        assert said["user"] == "1001"
        assert seen is None or said["path"] + ("?" + said["query"] if "?" in seen else "") == seen


@pytest.mark.parametrize("place", ["app", "name", "port", "balancer", "socket"])
def test_calls_go_to_X_alone(site, alice, backend, place):
    site.expect_log("TW0422")
    before = calls(site)
    answer = call(alice, "GET", f"/strange/{place}/a")
    assert answer.status == 500 and "not configured to call X" in answer.json()["detail"]
    assert backend.requests == [] and calls(site) == before


def test_another_module_sends_a_call_elsewhere(site, alice, backend):
    """When it has been judged already: what arrives there has neither a signature nor what the client sent."""
    site.httpd.main, before = modules.load("elsewhere") + site.httpd.main, site.httpd.main
    site.vhost.config += f'\nSetEnvIf X-Elsewhere 1 "elsewhere={backend.origin}/there"'
    site.restart()
    try:
        browser = site.browser()
        browser.sign_in("alice")
        site.expect_log("TW0427: a call to X has been sent elsewhere")
        call(browser, "GET", "/host/2/echo", headers={"X-Elsewhere": "1"})
    finally:
        site.httpd.main = before
        site.restart()
    sent = {name.lower() for request in backend.requests for name, _ in request.headers}
    assert sent and not sent & {"authorization", "cookie", "x-elsewhere"}


def test_a_host_where_the_module_is_off(make_site, standin, authority):
    text = signing.config(standin, authority, "http").replace("AuthType Twitter\nRequire valid-user\n", "")
    site = make_site(scheme="http", modules=signing.MODULES, config=text + "TwAuthEngine Off")
    site.expect_log("TW0429")
    assert call(site.browser(), "GET", "/x-api/2/echo").status == 500


def test_a_place_where_nobody_can_be_signed_in(make_site, standin, authority):
    text = signing.config(standin, authority, "http").replace("AuthType Twitter\nRequire valid-user\n", "")
    site = make_site(scheme="http", modules=signing.MODULES, config=text)
    site.expect_log("TW0429.*say AuthType Twitter")
    assert call(site.browser(), "GET", "/x-api/2/echo").status == 500


def test_what_is_not_passed_on_is_no_call(alice):
    assert call(alice, "GET", "/file/index.html").text == "a file"


def test_without_TwAuthSign_nothing_is_signed(alice, site):
    answer = call(alice, "GET", "/plain/")
    assert answer.status == 401 and "authorization" not in site.standin.calls()[-1]["headers"]


def test_parts_of_a_page_are_calls_by_themselves(alice, site):
    """What one of them was signed with is gone with it."""
    lines = call(alice, "GET", "/parts/index.html").text.splitlines()
    assert ["user" in line for line in lines] == [True, False, True, False]
    seen = [c["headers"] for c in site.standin.calls(kind="api")[-4:]]
    assert ["authorization" in h for h in seen] == ["sec-fetch-site" not in h for h in seen] == [True, False, True, False]


def test_a_connection_to_X_is_used_again(site, alice):
    """And one that X closed meanwhile is no failure of a later call."""
    for _ in range(5):
        assert call(alice, "GET", "/host/2/echo").status == 200
    kept = {c["connection"] for c in site.standin.calls(kind="api")[-5:]}
    assert len(kept) < 5


# X hangs

@pytest.fixture
def hanging(make_site, standin, authority):
    site = make_site(modules=signing.MODULES, mpm="event", mpm_config=ONE_CHILD, config=(
        "TwAuthProviderCalls 8\n" + signing.config(standin, authority, options="timeout=10")))
    yield site
    standin.reset()


def test_PR_X_that_hangs_does_not_hold_the_workers(hanging):
    """Two of eight calls hang; the third is told to come back, at once, and sign-ins and pages go on."""
    site = hanging
    site.expect_log("TW0424")
    site.allow_log("AH01102|AH00898|AH01097|AH01084|error reading status line|proxy")
    alice = site.browser()
    alice.sign_in("alice")
    before = calls(site)
    site.standin.fault("/2/echo", "hang", times=None)
    waiting = [threading.Thread(target=lambda b=alice.clone(): call(b, "GET", "/x-api/2/echo", timeout=60))
               for _ in range(2)]
    for thread in waiting:
        thread.start()
    assert until(lambda: calls(site) == before + 2)
    answers = together(*[lambda b=alice.clone(): call(b, "GET", "/x-api/2/echo") for _ in range(20)])
    assert {a.status for a in answers} == {503}
    assert int(answers[0].headers["Retry-After"]) > 0 and answers[0].json()["status"] == 503
    assert alice.get("/members/").status == 200
    assert site.browser().sign_in("bob").status == 200
    for thread in waiting:
        thread.join()
    site.standin.clear_faults()
    assert call(alice, "GET", "/x-api/2/echo").status == 200, "the leases are back"


def test_while_X_is_known_to_be_down(hanging):
    site = hanging
    site.expect_log("TW0203")
    site.allow_log("TW0204")
    alice = site.browser()
    alice.sign_in("alice")
    site.standin.fault(site.start_path, "close", times=None)
    for _ in range(8):
        site.browser().get("/twauth/login", follow=1)
    before = calls(site)
    answer = call(alice, "GET", "/x-api/2/echo")
    assert answer.status in (200, 503)          # it is asked again after two seconds
    assert calls(site) == before + (answer.status == 200)
    if answer.status == 503:
        assert int(answer.headers["Retry-After"]) > 0


# What -t refuses

GOOD = '<Location "/x-api/">\nTwAuthSign On\nProxyPass "https://api.x.com/"\n</Location>\n'
TLS = 'SSLProxyEngine On\nSSLProxyVerify require\nSSLProxyCACertificateFile "{ca}"\n'
REFUSED = {
    "none": (TLS + GOOD + "TwAuthTokens none", "TwAuthTokens is none"),
    "another host": (TLS + GOOD.replace("api.x.com", "example.org"), "https://example.org/, but calls are signed for"),
    "a longer name": (TLS + GOOD.replace("api.x.com", "api.x.com.example.org"), "but calls are signed for"),
    "another port": (TLS + GOOD.replace("api.x.com", "api.x.com:8443"), "but calls are signed for"),
    "a user's name": (TLS + GOOD.replace("api.x.com", "api.x.com@example.org"), "but calls are signed for"),
    "http": (TLS + GOOD.replace("https:", "http:"), "never over http"),
    "balancer": (TLS + GOOD.replace("https://api.x.com", "balancer://x"), "but calls are signed for"),
    "socket": (TLS + GOOD.replace('"https', '"unix:/tmp/x|https'), "but calls are signed for"),
    "no engine": (TLS.replace("SSLProxyEngine On", "") + GOOD, "SSLProxyEngine On"),
    "verify by default": (TLS.replace("SSLProxyVerify require", "") + GOOD, "SSLProxyVerify is none by default"),
    "verify none": (TLS.replace("require", "none") + GOOD, "SSLProxyVerify is none"),
    "verify optional": (TLS.replace("require", "optional") + GOOD, "SSLProxyVerify is optional"),
    "verify none for X": (TLS + '<Proxy "https://api.x.com/*">\nSSLProxyVerify none\n</Proxy>\n' + GOOD,
                          "SSLProxyVerify is none"),
    "verify none for a part": (TLS + '<Proxy "https://api.x.com/2/">\nSSLProxyVerify none\n</Proxy>\n' + GOOD,
                               "SSLProxyVerify is none"),
    "verify none by a pattern": (TLS + '<ProxyMatch "api">\nSSLProxyVerify none\n</ProxyMatch>\n' + GOOD,
                                 "SSLProxyVerify is none"),
    "in If": (TLS.replace("require", "none") + GOOD.replace("TwAuthSign On", "<If true>\nTwAuthSign On\n</If>"),
              "SSLProxyVerify is none"),
    "by a pattern": (TLS.replace("require", "none") + '<LocationMatch "^/x">\nTwAuthSign On\n</LocationMatch>',
                     "SSLProxyVerify is none"),
    "no name": (TLS + "SSLProxyCheckPeerName Off\n" + GOOD, "SSLProxyCheckPeerName"),
    "preserve": (TLS + GOOD.replace("TwAuthSign On", "TwAuthSign On\nProxyPreserveHost On"), "ProxyPreserveHost On"),
    "preserve everywhere": (TLS + "ProxyPreserveHost On\n" + GOOD, "ProxyPreserveHost On"),
    "handler": (TLS + '<Location "/x-api/">\nTwAuthSign On\nSetHandler "proxy:https://api.x.com"\n</Location>',
                'SetHandler "proxy:"'),
    "of the host": (TLS + '<Location "/x-api/">\nTwAuthSign On\n</Location>\nProxyPass "/x-api/" "https://example.org/"',
                    "but calls are signed for"),
    "below": (TLS + '<Location "/x-api/">\nTwAuthSign On\n</Location>\nProxyPass "/x-api/2/" "https://example.org/"',
              "but calls are signed for"),
    "of all hosts": (TLS + GOOD, None),
    "words": (TLS + GOOD + "TwAuthSignBody big", "TwAuthSignBody must be a size of 1k to 1m"),
    "too little": (TLS + GOOD + "TwAuthSignBody 100", "TwAuthSignBody must be a size"),
    "perhaps": (TLS + GOOD.replace("TwAuthSign On", "TwAuthSign Perhaps"), "TwAuthSign must be one of: On, Off"),
}
ACCEPTED = {
    "as the document says": TLS + GOOD,
    "preserved elsewhere": TLS + "ProxyPreserveHost On\n" + GOOD.replace("TwAuthSign On",
                                                                         "TwAuthSign On\nProxyPreserveHost Off"),
    "in Proxy": "SSLProxyEngine On\n" + '<Proxy "https://api.x.com/">\nSSLProxyVerify require\n</Proxy>\n' + GOOD,
    "others unchecked": TLS + '<Proxy "https://127.0.0.1:1/">\nSSLProxyVerify none\n</Proxy>\n' + GOOD,
    "port said": TLS + GOOD.replace("api.x.com", "API.X.com:443"),
    "off": GOOD.replace("TwAuthSign On", "TwAuthSign Off"),
    "beside an application": TLS + GOOD + 'ProxyPass "/" "http://127.0.0.1:1/"\n',
    "sizes": TLS + GOOD + "TwAuthSignBody 1m\n",
}


@pytest.fixture(scope="module")
def unstarted(make_site):
    site = make_site(start=False, modules=signing.MODULES)
    site.plain = re.sub(r"(?m)^TwAuthProvider .*$", "", site.vhost.config)
    return site


@pytest.mark.parametrize("name", REFUSED)
def test_CF_refused(unstarted, authority, name):
    text, why = REFUSED[name]
    unstarted.httpd.main = unstarted.httpd.main.partition("# all\n")[0]
    unstarted.vhost.config = unstarted.plain + "\n" + text.format(ca=authority.ca)
    if why is None:             # outside of all hosts it counts for each
        tls, place = TLS.format(ca=authority.ca), GOOD.replace("api.x.com", "example.org")
        unstarted.vhost.config = unstarted.plain + "\n" + tls
        unstarted.httpd.main += "# all\n" + place
        why = "but calls are signed for"
    ran = unstarted.httpd.check()
    unstarted.httpd.main = unstarted.httpd.main.partition("# all\n")[0]
    assert not ran and why in ran.stderr, ran.stderr
    if " must be " not in why:
        assert "TW0428" in ran.stderr


@pytest.mark.parametrize("name", ACCEPTED)
def test_CF_accepted(unstarted, authority, name):
    unstarted.vhost.config = unstarted.plain + "\n" + ACCEPTED[name].format(ca=authority.ca)
    ran = unstarted.httpd.check()
    assert ran, ran.stderr

