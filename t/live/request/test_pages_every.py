# SPDX-License-Identifier: Apache-2.0
"""Every page that the module makes, by either protocol: OU-3 and CS-5, its headers; OU-6, what it does not tell."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape, unescape
from urllib.parse import urlsplit

import pytest

from harness import invitation
from harness.httpd import VHost
from harness.outline import Outline
from harness.paths import TREE
from harness.process import until
from harness.signin import Flow
from harness.site import PROTECTED

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

FOLDER = TREE / "conf/pages"


def catalogue(language):
    """The sentences of a language, by key, as they stand in HTML."""
    lines = (FOLDER / f"{language}.txt").read_text().splitlines()
    return {key: escape(text) for key, text in (line.split(" = ", 1) for line in lines if line and line[0] != "#")}


LANGUAGES = sorted(file.stem for file in FOLDER.iterdir())
ENGLISH = catalogue("en")
ROW = re.compile(r'^    PAGE\((\w+), (\d+), ', re.M)
KINDS = {kind: (int(status), unescape(ENGLISH[kind.lower().replace("_", "-") + ".title"]))
         for kind, status in ROW.findall((TREE / "src/request/html.c").read_text())}
BODY = "canary-of-the-body-of-X-9e1c"
# no failure that can be made from outside leads there: want of memory, a seal that failed
BY_NOTHING = {"INTERNAL"}
FORM = {"SIGN_OUT", "CSRF", "ACCOUNT", "ACCOUNT_DELETE"}
# whose reason an administrator must find in the log
REFERENCE = {"UNREACHABLE", "TIMEOUT", "REFUSED", "USER_REFUSED", "BUSY", "NOT_STORED", "INACTIVE", "NO_ACCOUNT",
             "WAITING", "INVITATION_USED", "INVITATION_OVER", "INVITATION_UNKNOWN",
             "DATABASE", "STILL_THERE", "ACCOUNT_KEPT"}


@pytest.fixture(scope="module")
def site(make_site):
    """In all languages. Beside the site itself: hosts whose limits are used up by one, one for the
    invited, one that does not wait long for X, one on plain http."""
    site = make_site(start=False, modules=("remoteip",), protected=PROTECTED + """
        TwAuthProfile Off
        RemoteIPHeader X-Client-Address
        RemoteIPInternalProxy 127.0.0.1
        <Location "/fresh/">
        AuthType Twitter
        TwAuthUnauthenticated page
        TwAuthFresh 1h
        Require valid-user
        </Location>
        <Location "/page/">
        AuthType Twitter
        TwAuthUnauthenticated page
        Require valid-user
        </Location>
        TwAuthPages "%s"
        TwAuthAccountDelete On
        TwAuthSessionRecheck 0
        TwAuthSessionGrace 0""" % FOLDER)
    hosts = {"client": "TwAuthStartLimit 1/h 1000/min", "all": "TwAuthStartLimit 1000/min 1/h",
             "closed": "TwAuthSignUp Off", "asking": "TwAuthSignUp Ask", "hasty": "TwAuthProviderTimeout 2s"}
    site.beside = {name: VHost(f"{name}.site.test", port=site.vhost.port, config=f"{site.vhost.config}\n{line}")
                   for name, line in hosts.items()}
    site.beside["plain"] = VHost("site.test", tls=False, config=site.vhost.config)
    site.httpd.vhosts += site.beside.values()
    site.standin.register(*(host.url("/twauth/callback") for host in site.beside.values()))
    return site.start()


def provoke(site, language="en"):
    """The pages, by kind."""
    got, standin = {}, site.standin

    def reader():
        browser = site.browser()
        browser.language = language
        return browser

    until(lambda: site.browser().sign_in("bob").status == 200)     # the database may have been away
    stranger, bob = reader(), reader()

    def failed(kind, next="/members/", **options):
        standin.clear_faults()
        flow = reader().begin(next)
        url = flow.callback("alice")
        standin.fault(site.exchange_path, kind, **options)
        answer = flow.arrive(url)
        standin.clear_faults()
        reader().sign_in("dave")          # so that no failures add up
        return answer

    got["SIGN_IN"] = stranger.get("/page/?x=\"'<>&")
    got["NO_COOKIES"] = stranger.get(stranger.get("/twauth/login", cookies=False).location, cookies=False)
    got["EXPIRED"] = stranger.get(f"/twauth/callback?{site.key_name}=x&{site.proof_name}=y", site="cross-site")
    got["NOT_SIGNED_IN"] = stranger.get("/twauth/logout")
    got["NOT_TAKEN"] = stranger.post("/members/env.cgi", {"a": "b"})
    got["NOT_FOUND"] = stranger.get("/twauth/nothing<b>")
    got["METHOD"] = stranger.post("/twauth/login", {"next": "//evil.example"})
    got["FOR_SCRIPTS"] = stranger.get("/twauth/session", site="cross-site")
    got["CANCELLED"] = stranger.begin("/members/").deny()
    got["UNREACHABLE"] = failed("status", status=500, body=f"<h1>{BODY}</h1> /var/www SELECT")
    got["TIMEOUT"] = failed("hang", next=site.beside["hasty"].url("/members/"))
    got["REFUSED"] = failed("status", status=401, body=f"{BODY}: no such application")
    got["USER_REFUSED"] = failed("status", status=403, body='{"errors":[{"code":64,"message":"%s"}]}' % BODY)
    got["BUSY"] = failed("status", status=429, body=BODY)
    bob.sign_in("bob")
    got["SIGN_OUT"] = bob.get("/twauth/logout?next=/members/")
    got["FORBIDDEN"] = bob.get("/admin/")
    elsewhere = {"X-Client-Address": "192.0.2.1"}
    got["FRESH"] = bob.get("/fresh/", headers=elsewhere)
    got["FRESH_NOT_TAKEN"] = bob.post("/fresh/", {"a": "b"}, headers=elsewhere)
    got["OTHER_PERSON"] = Flow(bob, bob.get("/twauth/login?fresh=1&next=/")).approve("alice")
    got["SWITCH"] = bob.get("/twauth/login?switch=1&next=/members/", site="cross-site")
    got["CSRF"] = bob.post("/twauth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    got["SIGNED_IN"] = bob.get(f"/twauth/callback?{site.key_name}=x", site="cross-site")
    got["UNCHANGED"] = Flow(bob, bob.get("/twauth/login?switch=1", site="same-origin")).deny()
    got |= account_pages(site, reader)
    got["SIGNED_OUT"] = bob.post("/twauth/logout", follow=True)
    site.db.execute("UPDATE twauth_account SET active = 0")
    got["INACTIVE"] = reader().sign_in("bob")
    site.db.execute("UPDATE twauth_account SET active = 1")
    got["NO_ACCOUNT"] = reader().sign_in("carol", next=site.beside["closed"].url("/members/"))
    got |= pages_of_strangers(site, reader)
    for name, kind in (("client", "LIMIT"), ("all", "LIMIT_ALL")):
        for _ in range(2):
            got[kind] = reader().get(site.beside[name].url("/members/"), follow=2)
    got["PLAIN_HTTP"] = reader().get(site.beside["plain"].url("/members/"))
    pending = reader().begin("/members/")
    url = pending.callback("alice")
    alice = reader()
    alice.sign_in("alice")
    with site.db.away():
        got["NOT_STORED"] = pending.arrive(url)
        got["DATABASE"] = alice.get("/members/")
        got["DATABASE at login"] = alice.get("/twauth/login?next=%2Fmembers%2F")
        got["STILL_THERE"] = alice.post("/twauth/logout", follow=True)
    return got


def pages_of_strangers(site, reader):
    """Those of somebody who is not let in, or comes by an invitation that is none."""
    db, host, got = site.db, site.beside["asking"], {}
    db.execute("DELETE FROM twauth_account WHERE twitter_id = '1003'")
    got["WAITING"] = reader().sign_in("carol", next=host.url("/members/"))
    for number, kind in enumerate(("INVITATION_USED", "INVITATION_OVER", "INVITATION_UNKNOWN")):
        db.execute("DELETE FROM twauth_invitation")
        row = invitation.make(db, f"{number}" * 32, seconds=-1 if kind == "INVITATION_OVER" else 600)
        if kind == "INVITATION_USED":
            db.execute("UPDATE twauth_invitation SET used_by = '1004'")
        elif kind == "INVITATION_UNKNOWN":
            db.execute("DELETE FROM twauth_invitation")
        browser = reader()
        got[kind] = Flow(browser, browser.get(host.url(invitation.path(row)))).approve("carol")
    db.execute("DELETE FROM twauth_account WHERE twitter_id = '1003'")
    return got


LOUD = ["TW02", "TW03", "TW04", "TW055", "AH01631", "AH00632"]


def account_pages(site, reader):
    """Those of one's own account."""
    got, erin, post = {}, reader(), {"action": "delete"}
    got["ACCOUNT_GUEST"] = erin.get("/twauth/account")
    erin.sign_in("dave")
    got["ACCOUNT"] = erin.get("/twauth/account")
    got["ACCOUNT_DELETE"] = erin.post("/twauth/account", post)
    got["ACCOUNT_UNSURE"] = erin.post("/twauth/account", post, headers={"Sec-Fetch-Site": "cross-site"})
    got["ACCOUNT_BAD"] = erin.post("/twauth/account", {"action": "x"})
    site.standin.fault({"oauth1": "/1.1/oauth/invalidate_token.json", "oauth2": "/2/oauth2/revoke"}[site.protocol],
                       "status", status=403, body=BODY)
    got["ACCOUNT_KEPT"] = erin.post("/twauth/account", {"action": "revoke"})
    site.standin.clear_faults()
    got["ACCOUNT_DELETED"] = erin.post("/twauth/account", post | {"sure": "1"}, follow=True)
    return got


@pytest.fixture(scope="module")
def pages(site, protocol):
    site.allow_log(*LOUD)
    return provoke(site)


@pytest.fixture(params=[*(k for k in KINDS if k not in BY_NOTHING), "DATABASE at login"])
def page(request, pages):
    return request.param, pages[request.param]


def test_each_kind_is_here(pages):
    assert len(KINDS) > 20 and {kind.partition(" ")[0] for kind in pages} | BY_NOTHING == set(KINDS)


def test_a_page_is_a_proper_document(page):
    kind, answer = page
    status, title = KINDS[kind.partition(" ")[0]]
    assert answer.status == status and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.startswith('<!DOCTYPE html>\n<html lang="en" dir="ltr">')
    outline = Outline(answer.text)
    assert not outline.wrong and not outline.open
    count = [tag for tag, _ in outline.tags].count
    assert (count("h1"), count("title"), count("main"), count("header")) == (1, 1, 1, 1)
    assert outline.texts["h1"] == title and outline.texts["title"] == f"{title} - site.test".replace(
        "site.test", urlsplit(answer.url).hostname)
    assert not {"script", "img", "iframe", "object", "link", "base"} & {tag for tag, _ in outline.tags}
    assert all(link.startswith("/") and not link.startswith("//") for link in outline.links)
    assert outline.links, "a way on"
    assert ("meta", {"charset": "utf-8"}) in outline.tags
    assert len(answer.body) < (16384 if kind == "ACCOUNT" else 8192)


def test_OU_1_OU_3_CS_5_headers_of_a_page(site, page):
    kind, answer = page
    headers = answer.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert set(policy) == {"default-src", "base-uri", "frame-ancestors", "style-src", "form-action"}
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)[1]
    assert policy["style-src"] == f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    form = kind in FORM
    assert form == ("<form" in answer.text)
    assert policy["form-action"] == (f"'self' {site.standin.browser_url()}" if form else "'none'")
    for name, value in {"Referrer-Policy": "same-origin" if form else "no-referrer", "X-Frame-Options": "DENY",
                        "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin",
                        "Cache-Control": "no-store", "Content-Language": "en"}.items():
        assert headers.all(name) == [value]
    assert "Accept-Language" in headers["Vary"]
    assert not [n for n, _ in headers if n.lower().startswith("access-control-")]
    assert "ETag" not in headers and "Last-Modified" not in headers and "Location" not in headers
    assert ("WWW-Authenticate" in headers) == (answer.status == 401)
    assert ("Retry-After" in headers) == (answer.status in (429, 503))


TELLING = ["select ", "insert ", "twauth_", "sqlite", "postgres", "psql", "libpq", "sql", "dbd", "driver", "curl",
           "openssl", "ssl ", "jansson", "sodium", "oauth_", "oauth2", "httpd", "apache", "mod_", "errno", "errcode",
           "exception", "line ", ".c:", ".c(", "127.", "localhost", "x.test", "/tmp", "/usr", "/var", "/etc", "/home",
           "/2/", "/oauth", "timeout", "certificate", "refused:", "http_", "code ", "verifier", "consumer", "secret",
           "token=", "(null)", "%s", "500", "429", "401", "64"]


def said(site, answer):
    """What a person or script could read in it: not the style, nor what the browser needs to go on."""
    text = re.sub(r"<style.*?</style>|<bdi>127\.0\.0\.1</bdi>|Reference: \w+|(token=|value=\")[\w-]+", "", answer.text, flags=re.S)
    fields = [(n, v) for n, v in answer.headers if n not in ("Set-Cookie", "Content-Security-Policy", "Date", "Server")]
    return re.sub(r"Number at X is <b>\d+", "", text, flags=re.I), str(fields)


def test_OU_6_nothing_of_the_inside(site, page):
    _, answer = page
    text, fields = said(site, answer)
    assert [t for t in TELLING if t in text.lower()] == []
    assert BODY not in text + fields and str(site.folder) not in text + fields
    assert site.canaries.find(text + fields) == []


def test_OU_6_a_reference_that_is_in_the_log(site, page):
    kind, answer = page
    found = re.search(r"Reference: (\w{8})<", answer.text)
    assert bool(found) == (kind.partition(" ")[0] in REFERENCE)
    if found:
        assert len(re.findall(rf"TW\d{{4}}: .*reference {found[1]}\)", site.log.since())) == 1


# Other languages: every page in each, and how a browser lays it out

MEASURE = """
const [pages, width, done] = arguments, faults = [];
const frame = document.body.appendChild(document.createElement("iframe"));
frame.style.cssText = `width:${width}px;height:700px;border:0`;
const show = ([name, html]) => new Promise(next => {
    frame.onload = () => {
        const page = frame.contentDocument, root = page.documentElement;
        const say = what => faults.push(`${name}: ${what}`);
        if (root.scrollWidth > width) say(`${root.scrollWidth} wide`);
        if (!page.querySelector("main .go .button, main .go a")) say("no way on");
        for (const e of page.querySelectorAll("body *:not(svg, svg *)")) {
            const box = e.getBoundingClientRect();
            if (box.left < 0 || box.right > width + 0.5) say(`${e.tagName} outside`);
            if (e.matches("a, button") && (e.scrollWidth > Math.ceil(box.width) || e.scrollHeight > Math.ceil(box.height)))
                say(`clipped: ${e.textContent}`);
            if (e.matches("a, button") && box.height < 24) say(`too small: ${e.textContent}`);
            if (frame.contentWindow.getComputedStyle(e).direction !== root.dir) say(`${e.tagName} in another direction`);
        }
        next();
    };
    frame.srcdoc = html;
});
(async () => { for (const page of pages) await show(page); done(faults); })();
"""


@pytest.fixture(scope="module")
def readings(site, pages, protocol):
    """{language: its pages}, of one protocol: what differs by protocols is no sentence."""
    site.allow_log(*LOUD)
    return {"en": pages} | {language: provoke(site, language) for language in LANGUAGES if language != "en"}


@pytest.mark.protocols("oauth1")
def test_every_page_in_every_language(readings):
    for language, answers in readings.items():
        words = catalogue(language)
        english = {text for key, text in ENGLISH.items() if "{" not in text and words[key] != text}
        for kind, answer in answers.items():
            key = kind.partition(" ")[0].lower().replace("_", "-")
            assert f'<h1>{words[f"{key}.title"]}</h1>' in answer.text, (language, kind)
            assert f'<html lang="{language}" dir="ltr">' in answer.text
            assert answer.headers.all("Content-Language") == [language]
            said = set(re.findall(r">([^<]+)<", answer.text))
            assert language == "en" or not said & english, (language, kind)


@pytest.mark.protocols("oauth1")
@pytest.mark.parametrize("width, languages", [(320, LANGUAGES), (1280, ["de", "ja"])])
def test_no_page_overflows_and_no_button_is_clipped(site, readings, chromium, width, languages):
    shown = [(f"{language} {kind}", answer.text) for language in languages for kind, answer in readings[language].items()]
    long = site.vhost.origin.partition("//")[2].partition(":")[0]
    shown += [(f"{name}, a long name", html.replace(f"<span>{long}<", "<span>members.some-department.of.example-organisation.org<"))
              for name, html in shown[:2]]
    chromium.set_script_timeout(60)
    assert chromium.execute_async_script(MEASURE, shown, width) == []
    broken = shown[0][1].replace("<h1>", "<h1><a>" + "x" * 30 + '</a><a class="button" style="white-space:nowrap">' + "y " * 900)
    assert chromium.execute_async_script(MEASURE, [("broken", broken)], width), "it can fail"


# What is no page of the module's own: httpd's documents, with the module's headers

BARE = {
    "not a navigation": (401, lambda b: b.image("/members/")),
    "login by a script": (401, lambda b: b.fetch("/twauth/login")),
    "callback by a script": (401, lambda b: b.fetch("/twauth/callback?oauth_token=x&code=y")),
    "another method": (405, lambda b: b.fetch("/twauth/login", "PUT", body="x")),
    "nothing there": (404, lambda b: b.fetch("/twauth/nothing<b>")),
    "no form": (415, lambda b: b.post("/twauth/logout", "x", content_type="text/plain")),
    "too large": (413, lambda b: b.post("/twauth/logout", "x" * 9000)),
    "too many fields": (400, lambda b: b.post("/twauth/logout", "a&" * 60)),
    "session from elsewhere": (403, lambda b: b.fetch("/twauth/session", site="cross-site")),
    "sign-in by POST": (405, lambda b: b.fetch("/twauth/login", "POST", body="next=//evil.example")),
}


@pytest.mark.parametrize("case", BARE)
def test_OU_3_OU_6_bare_answers(site, browser, case):
    status, act = BARE[case]
    answer = act(browser)
    assert answer.status == status
    assert answer.headers.all("Cache-Control") == ["no-store"]
    assert answer.headers.all("X-Content-Type-Options") == ["nosniff"]
    assert not answer.location and not answer.set_cookies
    assert not [n for n, _ in answer.headers if n.lower().startswith("access-control-")]
    assert "evil.example" not in answer.text and "<b>" not in answer.text.replace("<b></b>", "")
    assert str(site.folder) not in answer.text and "twauth:" not in answer.text
