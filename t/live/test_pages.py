"""OU-1, OU-3 to OU-7: what every page and redirect of the module has, and what none of them says."""

import re
import time
from html.parser import HTMLParser
from urllib.parse import quote

import pytest


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


@pytest.fixture(scope="module")
def pages(site):
    """One of each page, by name: (status, answer)."""
    site.allow_log("TW02", "TW03", "AH01631")
    got = {}
    stranger, bob = site.browser(), site.browser()
    got["sign in", 401] = stranger.get("/page/?x=\"'<>&")
    got["no cookies", 400] = stranger.get(stranger.get("/twauth/login", cookies=False).location, cookies=False)
    got["expired", 400] = stranger.get("/twauth/callback?oauth_token=x&oauth_verifier=y", site="cross-site")
    got["not signed in", 200] = stranger.get("/twauth/logout")
    got["cancelled", 403] = stranger.begin("/members/").deny()
    site.standin.fault("/oauth/request_token", "status", status=503)
    got["unreachable", 502] = site.browser().get("/members/", follow=True)
    bob.sign_in("bob")
    got["sign out?", 200] = bob.get("/twauth/logout?next=/members/")
    got["forbidden", 403] = bob.get("/admin/")
    got["switch?", 200] = bob.get("/twauth/login?switch=1&next=/members/", site="cross-site")
    got["csrf", 403] = bob.post("/twauth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    got["signed in all the same", 400] = bob.get("/twauth/callback?oauth_token=x", site="cross-site")
    got["signed out", 200] = bob.sign_out()
    site.db.execute("UPDATE twauth_account SET active = 0")
    got["inactive", 403] = site.browser().sign_in("bob")
    site.db.execute("UPDATE twauth_account SET active = 1")
    return got


NAMES = [("sign in", 401), ("no cookies", 400), ("expired", 400), ("not signed in", 200), ("cancelled", 403),
         ("unreachable", 502), ("sign out?", 200), ("forbidden", 403), ("switch?", 200), ("csrf", 403),
         ("signed in all the same", 400), ("signed out", 200), ("inactive", 403)]


class Outline(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.wrong, self.links, self.texts = [], [], [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        names = [name for name, _ in attrs]
        self.wrong += [f"{tag} {n}" for n in names if names.count(n) > 1 or n.startswith("on") or n == "style"]
        self.links += [v for n, v in attrs if n in ("href", "src", "action", "data", "srcset", "formaction")]
        if tag not in ("meta", "link", "input", "br", "img", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


@pytest.mark.parametrize("name", NAMES, ids=lambda n: n[0])
def test_a_page_is_a_proper_document(pages, name):
    answer = pages[name]
    assert answer.status == name[1] and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!DOCTYPE html>\n<html lang=\"en\">")
    page = Outline(answer.text)
    assert not page.wrong and not page.open
    count = [tag for tag, _ in page.tags].count
    assert (count("h1"), count("title"), count("main")) == (1, 1, 1) and page.texts["title"].strip()
    assert not {"script", "img", "iframe", "object", "link", "base"} & {tag for tag, _ in page.tags}
    assert all(link.startswith("/") and not link.startswith("//") for link in page.links)
    assert page.links, "a way on"
    assert dict(page.tags)["meta"] and ("meta", {"charset": "utf-8"}) in page.tags
    assert len(answer.body) < 8192


@pytest.mark.parametrize("name", NAMES, ids=lambda n: n[0])
def test_OU_1_OU_3_headers_of_a_page(site, pages, name):
    answer = pages[name]
    headers = answer.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "script-src" not in policy and "unsafe" not in str(policy)
    nonce = re.fullmatch(r"'nonce-(\w+)'", policy["style-src"]).group(1)
    assert f'<style nonce="{nonce}">' in answer.text
    form = "<form" in answer.text
    assert policy["form-action"] == (f"'self' {site.standin.browser_url()}" if form else "'none'")
    assert headers["Referrer-Policy"] == ("same-origin" if form else "no-referrer")
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert not [n for n, _ in headers if n.lower().startswith("access-control-")]
    assert "ETag" not in headers and "Last-Modified" not in headers


def test_the_nonce_is_another_each_time(browser):
    assert len({browser.get("/page/").headers["Content-Security-Policy"] for _ in range(5)}) == 5


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
        "/${jndi:x}", "/x\u202ey"]


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
@pytest.mark.parametrize("where", ["/page/{}", "/page/?{}", "/twauth/logout?next={}", "/twauth/login?switch=1&next={}",
                                   "/twauth/{}", "/twauth/callback?oauth_token={0}&denied={0}", "/twauth/login{}",
                                   "/twauth/login?mark={0}&moved={0}&token={0}"])
def test_OU_4_html_injection(site, browser, where, evil):
    site.allow_log("core:error")
    for text in (evil, quote(evil, safe="/")):
        text = text.encode().decode("latin-1").replace(" ", "%20")
        answer = browser.get(where.format(text))
        for raw in ("<script>alert", "//evil.example>", "<!--#exec", '="/"'):
            assert raw not in answer.text.replace('href="/"', ""), where
        if answer.text.startswith("<!DOCTYPE html>"):
            page = Outline(answer.text)
            assert not page.wrong and all(link.startswith("/") and link[1:2] != "/" for link in page.links)


def test_OU_4_handle_in_a_page(site):
    browser = site.browser()
    browser.sign_in("alice")
    assert "<b>@alice</b>" in browser.get("/twauth/logout").text


def test_OU_5_the_callback_leaves_nothing(browser):
    flow = browser.begin("/members/?q=1")
    url = flow.callback("alice")
    answer = browser.get(url, site="cross-site")
    verifier = url.rpartition("oauth_verifier=")[2].partition("&")[0]
    assert answer.status in (302, 303) and answer.headers["Location"] == "/members/?q=1"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert verifier not in str(answer.headers) + answer.text and flow.token not in str(answer.headers) + answer.text
    again = browser.get(url, site="cross-site")
    assert again.status == 400 and verifier not in again.text and flow.token not in again.text
    assert again.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("name", [("unreachable", 502), ("inactive", 403)], ids=lambda n: n[0])
def test_OU_6_generic_text_and_a_reference(site, pages, name):
    text = pages[name].text
    reference = re.search(r"Reference: (\w{6,})", text).group(1)
    assert f"reference {reference}" in site.log.since()
    visible = re.sub(r"<style.*?</style>", "", text, flags=re.S)
    for telling in ("/oauth/", "503", "SELECT", "sqlite", "curl", "httpd", "127.0.0.1", "x.test:", "errno", "mod_dbd"):
        assert telling.lower() not in visible.lower()


INJECTED = ["%0d%0aX-Injected:%201", "%0aX-Injected:1", "%0d%0a%0d%0a<x>", "\\r\\nX-Injected:1", "%E5%98%8A%E5%98%8D",
            "%22%0d%0aX-Injected:1", "%u000aX-Injected:1", "%25%30aX-Injected:1"]


@pytest.mark.parametrize("text", INJECTED)
@pytest.mark.parametrize("where", ["/members/{}", "/members/?{}", "/twauth/login?next=/{}", "/twauth/logout?next=/{}",
                                   "/twauth/login?switch=1&next=/{}", "/twauth/callback?oauth_token={}",
                                   "/page/?{}"])
def test_OU_7_header_injection(site, browser, where, text):
    site.allow_log("core:error")
    answer = browser.get(where.format(text), follow=1)
    for response in [answer, *answer.history]:
        assert "X-Injected" not in response.headers
        assert "\n" not in response.headers.get("Location", "")


def test_OU_7_AuthName_with_quotes(make_site):
    site = make_site(protected='<Location "/members/">\nAuthType Twitter\nAuthName "a \\"b\\" c"\nRequire valid-user\n'
                               '</Location>')
    assert site.browser().fetch("/members/").headers["WWW-Authenticate"] == 'Twitter realm="a \\"b\\" c"'
    site.stop()


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
    begin, end = (time.mktime(time.strptime(said[k], "%Y-%m-%dT%H:%M:%SZ")) for k in ("signed_in_at", "expires_at"))
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
