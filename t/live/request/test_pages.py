# SPDX-License-Identifier: Apache-2.0
"""OU-1, OU-4, OU-5, OU-7: what redirects and pages of the module have, and what nobody can put into them."""

import calendar
import time
from urllib.parse import quote

import pytest

from harness.outline import Outline


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(start=False, protected="""
        <Location "/members/">
        AuthType Twitter
        Require valid-user
        </Location>
        <Location "/admin/">
        AuthType Twitter
        Require twitter-user alice
        </Location>
        <Location "/page/">
        AuthType Twitter
        TwAuthUnauthenticated page
        Require valid-user
        </Location>""").start()


@pytest.mark.parametrize("path", ["/members/", "/twauth/login", "/twauth/session", "/twauth/callback", "/twauth/logout",
                                  "/twauth/nothing", "/page/"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_OU_1_nothing_of_ours_is_stored(browser, method, path):
    answer = browser.request(method, path)
    assert "no-store" in answer.headers["Cache-Control"], answer
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_OU_1_the_whole_walk(browser):
    answer = browser.sign_in("alice")
    for step in answer.history:
        assert step.headers["Cache-Control"] == "no-store"
    assert "private" in answer.headers["Cache-Control"]
    assert browser.sign_out().headers["Clear-Site-Data"] == '"cache"'


EVIL = ['/"><script>alert(1)</script>', "/'onfocus=alert(1)", "/{{7*7}}", "/</form><form action=//evil.example>",
        "/&lt;b&gt;", "/\" autofocus onfocus=x y=\"", "/<!--#exec cmd=id -->", "/javascript:alert(1)", "/%3Cscript%3E",
        "/${jndi:x}", "/x\u202ey", "/<img src=x onerror=alert(1)>", "/<svg/onload=alert(1)>", "/</title><script>x</script>",
        "/</style><script>x</script>", "/</textarea><b>", "/]]><script>", "/'\"`><script>", "/&#34;&#62;<b>", "/&quot;&gt;<b>",
        "/\"style=x:expression(1)", "/<base href=//evil.example>", "/<meta http-equiv=refresh content=0;url=//evil.example>",
        "/%22%3E%3Cscript%3E", "/%2522%253E%253Cscript%253E", "/+ADw-script+AD4-", "/\xbc\xbe<script>", "/\u2028<script>",
        "/<scr\0ipt>", "/`${alert(1)}`", "/<%= 7*7 %>", "/#{7*7}", "/[[${7*7}]]", "/*/x/*", "/;alert(1)//", "/%27-alert(1)-%27",
        "/\";alert(1);//", "/<!--", "/-->", "/<?php x ?>", "/<a href=//evil.example>x"]


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
@pytest.mark.parametrize("where", ["/page/{}", "/page/?{}", "/twauth/logout?next={}", "/twauth/login?switch=1&next={}",
                                   "/twauth/{}", "/twauth/callback?oauth_token={0}&denied={0}", "/twauth/login{}",
                                   "/twauth/login?mark={0}&moved={0}&token={0}",
                                   "/twauth/callback?state={0}&error={0}&error_description={0}&error_uri={0}",
                                   "/twauth/logout?token={0}&everywhere={0}&moved={0}", "/twauth/session?{0}={0}"])
def test_OU_4_html_injection(site, browser, where, evil):
    site.allow_log("core:error")
    for text in (evil, quote(evil, safe="/")):
        text = text.encode().decode("latin-1").replace(" ", "%20")
        answer = browser.get(where.format(text))
        for raw in ("<script>", "//evil.example>", "<!--#exec", '="/"', "<base", "<b>", "<svg/", "<img", "<meta http"):
            assert raw not in answer.text.replace('href="/"', ""), where
        if answer.text.startswith("<!DOCTYPE html>"):
            page = Outline(answer.text)
            assert not page.wrong and all(link.startswith("/") and link[1:2] != "/" for link in page.links)


def test_OU_4_handle_in_a_page(site):
    browser = site.browser()
    browser.sign_in("alice")
    assert "<b>@alice</b>" in browser.get("/twauth/logout").text


@pytest.mark.protocols("oauth1", "oauth2")
def test_OU_5_the_callback_leaves_nothing(site, browser):
    flow = browser.begin("/members/?q=1")
    url = flow.callback("alice")
    answer = browser.get(url, site="cross-site")
    verifier = url.rpartition(f"{site.proof_name}=")[2].partition("&")[0]
    assert answer.status in (302, 303) and answer.headers["Location"] == "/members/?q=1"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert verifier not in str(answer.headers) + answer.text and flow.token not in str(answer.headers) + answer.text
    again = browser.get(url, site="cross-site")
    assert again.status == 400 and verifier not in again.text and flow.token not in again.text
    assert again.headers["Referrer-Policy"] == "no-referrer"


INJECTED = ["%0d%0aX-Injected:%201", "%0dX-Injected:1", "%0d%0a%20X-Injected:1", "%0d%0a%09X-Injected:1",
            "%c4%8d%c4%8aX-Injected:1", "%e2%80%a8X-Injected:1", "%c2%85X-Injected:1", "%0b%0cX-Injected:1",
            "%00%0d%0aX-Injected:1", "%250d%250aX-Injected:1", "%3f%0d%0aX-Injected:1", "x;%0d%0aSet-Cookie:X-Injected=1",
            "%0d%0aLocation:%20//evil.example%0d%0aX-Injected:1", "\\u000d\\u000aX-Injected:1", "%0A%0AX-Injected:1", "%0aX-Injected:1", "%0d%0a%0d%0a<x>", "\\r\\nX-Injected:1", "%E5%98%8A%E5%98%8D",
            "%22%0d%0aX-Injected:1", "%u000aX-Injected:1", "%25%30aX-Injected:1"]


@pytest.mark.parametrize("text", INJECTED)
@pytest.mark.parametrize("where", ["/members/{}", "/members/?{}", "/twauth/login?next=/{}", "/twauth/logout?next=/{}",
                                   "/twauth/login?switch=1&next=/{}", "/twauth/callback?oauth_token={}",
                                   "/page/?{}", "/twauth/callback?state={0}&error={0}&iss={0}",
                                   "/twauth/login?mark={0}&moved={0}&token={0}&switch={0}", "/twauth/nothing{}",
                                   "/twauth/logout?moved={0}&token={0}"])
def test_OU_7_header_injection(site, browser, where, text):
    site.allow_log("core:error")
    answer = browser.get(where.format(text), follow=1)
    for response in [answer, *answer.history]:
        assert "X-Injected" not in response.headers and "X-Injected" not in [c.name for c in response.set_cookies]
        assert "\n" not in response.headers.get("Location", "")


def test_OU_7_AuthName_with_quotes(make_site):
    site = make_site(protected='<Location "/members/">\nAuthType Twitter\nAuthName "a \\"b\\" c"\nRequire valid-user\n'
                               '</Location>')
    assert site.browser().fetch("/members/").headers["WWW-Authenticate"] == 'Twitter realm="a \\"b\\" c"'
    site.stop()


@pytest.mark.parametrize("sent, realm", [
    ("plain", "plain"), ('a"b', 'a\\"b'), ('a\\"b', 'a\\"b'), ("a\\\\", "a\\\\"), ("a\\", None), ('a"\\', None),
    ("%1b", None), ("a%7f", None), ("a%0ab", None), ("a%0d%0aX-Injected:1", None)])
def test_OU_7_AuthName_made_of_what_the_client_sent(said, sent, realm):
    """AuthName can be an expression."""
    answer = said.browser().fetch("/members/?" + sent)
    assert answer.status == 401 and "X-Injected" not in answer.headers
    assert answer.headers["WWW-Authenticate"] == f'Twitter realm="{realm or said.vhost.origin.partition("//")[2]}"'


@pytest.fixture(scope="module")
def said(make_site):
    return make_site(protected='<Location "/members/">\nAuthType Twitter\nAuthName "%{unescape:%{QUERY_STRING}}"\n'
                               'Require valid-user\n</Location>')


# session

def test_session_says_who_it_is(site):
    browser = site.browser()
    assert browser.fetch("/twauth/session").json() == {"signed_in": False}
    browser.sign_in("alice")
    answer = browser.fetch("/twauth/session")
    said = answer.json()
    assert answer.headers["Content-Type"].startswith("application/json")
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert {k: said[k] for k in ("signed_in", "username", "screen_name", "id")} == {
        "signed_in": True, "username": "alice", "screen_name": "alice", "id": "1001"}
    assert said["account"] == site.db.value("SELECT id FROM twauth_account WHERE twitter_id = '1001'")
    assert set(said) == {"signed_in", "username", "screen_name", "id", "account", "signed_in_at", "expires_at"}
    begin, end = (calendar.timegm(time.strptime(said[k], "%Y-%m-%dT%H:%M:%SZ")) for k in ("signed_in_at", "expires_at"))
    assert end - begin == 7 * 86400


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_session_is_for_the_same_origin_only(site, origin):
    browser = site.browser()
    browser.sign_in("alice")
    answer = browser.fetch("/twauth/session", headers={"Sec-Fetch-Site": origin, "Origin": "https://evil.example"})
    assert answer.status == 403 and "alice" not in answer.text
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]


def test_session_is_no_activity(make_site):
    site = make_site(clock=True, config="TwAuthSessionIdle 10min\nTwAuthSessionRecheck 1min")
    browser = site.browser()
    browser.sign_in("alice")
    for _ in range(5):
        site.clock.forward(130)
        signed_in = browser.whoami()["signed_in"]
    assert not signed_in
    site.clock.set(0)
    site.stop()
