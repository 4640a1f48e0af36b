# SPDX-License-Identifier: Apache-2.0
"""My account: who is signed in and where, ending sessions, the permission at X, the account itself."""

import re
from html import escape, unescape
from threading import Thread

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from harness.chromium import cdp, screenshot
from harness.outline import Outline
from harness.paths import TREE
from harness.process import until

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]

ACCOUNT = "/twauth/account"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
          "Mobile/15E148 Safari/604.1")
REVOCATIONS = {"oauth1": ["/1.1/oauth/invalidate_token.json"], "oauth2": ["/2/oauth2/revoke"]}


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config=f'TwAuthAccountDelete On\nTwAuthPages "{TREE}/conf/pages"\nTwAuthScope "tweet.read users.read"')


@pytest.fixture(autouse=True)
def empty(site):
    site.db.clear()


def signed_in(site, name="alice", agent=FIREFOX):
    browser = site.browser()
    browser.agent = agent
    assert browser.sign_in(name).status == 200
    return browser


def forms(page):
    """The page's forms by their actions: lists of {field: value}."""
    found = {}
    for text in re.findall(r"<form .*?</form>", page.text, re.S):
        fields = {n: unescape(v) for n, v in re.findall(r'name="(\w+)" value="([^"]*)"', text)}
        found.setdefault(fields.get("action", "sign-out"), []).append(fields)
    return found


def press(browser, action, n=0, **more):
    page = browser.get(ACCOUNT)
    assert page.status == 200
    return browser.post(ACCOUNT, forms(page)[action][n] | more, follow=True)


# Who, since when, where

def test_what_it_shows(site):
    alice, phone, bob = signed_in(site), signed_in(site, agent=IPHONE), signed_in(site, "bob")
    page = alice.get(ACCOUNT)
    assert page.status == 200 and page.headers["Cache-Control"] == "no-store"
    outline = Outline(page.text)
    assert not outline.wrong and not outline.open
    assert "<b>@alice</b>" in page.text and 'class="mark"' in page.text
    rows = re.findall(r"<li>.*?</li>", page.text, re.S)
    assert len(rows) == 2 and "127.0.0.1" in rows[0]
    assert "<b>Firefox, Linux</b> - This browser" in rows[0] and "<form" not in rows[0]
    assert "<b>Safari, iPhone</b><small>" in rows[1] and rows[1].count("<form") == 1
    since = site.db.value("SELECT created_at FROM twauth_account WHERE twitter_id = '1001'")
    assert re.search(r'Here since <time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ">', page.text) and since
    assert set(forms(page)) == {"end", "end-others", "revoke", "delete", "sign-out"}
    assert bob.get(ACCOUNT).text.count("<li>") == 1 and "end-others" not in forms(bob.get(ACCOUNT))
    assert phone.get(ACCOUNT).text.index("iPhone") < phone.get(ACCOUNT).text.index("Linux")


def test_no_session_id_is_in_the_page(site):
    alice = signed_in(site)
    signed_in(site, agent=IPHONE)
    page = alice.get(ACCOUNT).text
    assert not [id for id, in site.db.rows("SELECT id FROM twauth_session") if id in page]


def test_a_browser_and_an_address_that_are_hostile_or_unknown(site):
    alice = signed_in(site)
    signed_in(site, agent='<script>alert(1)</script>"')
    site.db.execute("UPDATE twauth_session SET address = '<b>x', user_agent = '' WHERE user_agent LIKE '%script%'")
    page = alice.get(ACCOUNT).text
    assert "<script" not in page and "<b>x" not in page and "&lt;b&gt;x" in page and "<b>Another browser</b>" in page


def test_browsers_by_their_names(site):
    alice = signed_in(site)
    for name, word in {"Edge": "Edg/1", "Opera": "OPR/1", "Samsung Internet": "SamsungBrowser/1", "Yandex": "YaBrowser/1",
                       "UC": "UCBrowser/1", "DuckDuckGo": "Ddg/1", "Internet Explorer": "Trident/7.0"}.items():
        site.db.execute("UPDATE twauth_session SET user_agent = ?", f"Mozilla/5.0 (Windows NT 10.0) Chrome/1 {word}")
        assert f"<b>{name}, Windows</b>" in alice.get(ACCOUNT).text


@pytest.mark.parametrize("action, what", [("end", "DELETE ON twauth_session"), ("end-others", "DELETE ON twauth_session"),
                                          ("delete", "DELETE ON twauth_account"), ("revoke", "UPDATE ON twauth_account")])
def test_the_database_does_not_take_it(site, action, what):
    """The page says so, with a reference of the log; nothing is done by half, and it can be done later."""
    alice, phone = signed_in(site), signed_in(site, agent=IPHONE)
    fields = forms(alice.get(ACCOUNT))[action][0]
    mark = site.log.mark()
    site.allow_log("TW0401", "TW0403")
    with site.db.refusing(what):
        answer = alice.post(ACCOUNT, fields | {"sure": "1"}, follow=True)
    reference = re.search(r"Reference: (\w+)", answer.text)
    assert answer.status == 503 and reference, answer
    assert re.search(rf"TW0461: .*reference {reference[1]}\): account \d+ \(alice\)", site.log.since(mark))
    assert alice.get("/members/").status == phone.get("/members/").status == 200


def test_nobody_is_signed_in(site, browser):
    page = browser.get(ACCOUNT)
    assert page.status == 401 and "Sign in to see your account" in page.text
    link = unescape(re.search(r'href="(/twauth/login[^"]*)"', page.text)[1])
    assert browser.get("/twauth/account", headers={"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}).status == 401
    assert "next=%2Ftwauth%2Faccount" in link


def test_it_is_a_return_target_and_nothing_else_below_the_path_is(site):
    alice = site.browser()
    assert alice.sign_in("alice", next=f"/twauth/login?next={ACCOUNT}").target == ACCOUNT
    for bad in ("/twauth/logout", "/twauth/account/x", "/twauth/", "/twauth/accounts", "/twauth/%61ccount/.."):
        assert alice.get(f"/twauth/login?next={bad}").location.rpartition("/")[2] == "", bad


def test_the_path_itself_leads_there(site, browser):
    answer = browser.get("/twauth/")
    assert answer.status == 302 and answer.location.endswith(ACCOUNT)
    assert browser.post("/twauth/", {"action": "delete"}).status == 405


def test_linked_from_the_pages_of_who_is_signed_in(site):
    alice = signed_in(site)
    for path in ("/twauth/logout", f"/twauth/callback?{site.key_name}=x"):
        assert f'href="{ACCOUNT}">Your account</a>' in alice.get(path, site="cross-site").text


def test_name_and_picture_of_the_profile(make_site, protocol):
    site = make_site(config="TwAuthProfile On")
    alice = signed_in(site)
    name, avatar = site.db.rows("SELECT name, avatar FROM twauth_account")[0]
    page = alice.get(ACCOUNT)
    assert name and f"<b><bdi>{escape(name)}</bdi></b>" in page.text
    assert f'<img alt="" width="48" height="48" src="{escape(avatar)}">' in page.text
    origin = "/".join(avatar.split("/")[:3])
    assert f"; img-src {origin}; form-action" in page.headers["Content-Security-Policy"]
    site.db.execute("UPDATE twauth_account SET name = '<b>&', avatar = 'https://evil.example/a.png'")
    page = alice.get(ACCOUNT)
    assert "evil.example" not in page.text and "<bdi>&lt;b&gt;&amp;</bdi>" in page.text
    assert "img-src" not in page.headers["Content-Security-Policy"]
    site.stop()


# Ending sessions

def test_end_one(site):
    alice, phone = signed_in(site), signed_in(site, agent=IPHONE)
    answer = press(alice, "end")
    assert answer.status == 200 and answer.target == f"{ACCOUNT}?done=end" and "That session has ended" in answer.text
    assert phone.fetch("/members/").status == 401, "at once, whatever the recheck"
    assert alice.get("/members/").status == 200
    assert site.db.rows("SELECT user_agent FROM twauth_session") == [(FIREFOX,)]


def test_end_the_others(site):
    alice, others, bob = signed_in(site), [signed_in(site, agent=IPHONE) for _ in range(3)], signed_in(site, "bob")
    assert "signed out everywhere else" in press(alice, "end-others").text
    assert [b.fetch("/members/").status for b in [alice, bob, *others]] == [200, 200, 401, 401, 401]


def test_what_a_page_says_of_a_session_is_useless_elsewhere(site):
    alice, phone, bob = signed_in(site), signed_in(site, agent=IPHONE), signed_in(site, "bob")
    field = forms(alice.get(ACCOUNT))["end"][0]["session"]
    raw = site.db.value("SELECT id FROM twauth_session WHERE user_agent <> ? ORDER BY created_at LIMIT 1", FIREFOX)
    for browser, session in ((bob, field), (phone, field), (alice, field[:-2]), (alice, raw), (alice, ""), (alice, None)):
        fields = {"action": "end"} | ({"session": session} if session is not None else {})
        answer = browser.post(ACCOUNT, fields)
        assert answer.status == 400 and "did not understand" in answer.text
    assert site.db.value("SELECT count(*) FROM twauth_session") == 3


def test_not_by_another_site_and_not_by_GET(site):
    alice, _ = signed_in(site), signed_in(site, agent=IPHONE)
    fields = forms(alice.get(ACCOUNT))["end-others"][0]
    no_token = {"action": "end-others"}
    nothing = {"Sec-Fetch-Site": None, "Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None, "Origin": None}
    for headers, form in (({"Sec-Fetch-Site": "cross-site"}, fields), ({"Sec-Fetch-Site": "same-site"}, fields),
                          ({"Sec-Fetch-Site": "none"}, fields), (nothing, no_token),
                          (nothing | {"Origin": "https://evil.example"}, fields)):
        answer = alice.post(ACCOUNT, form, headers=headers)
        assert answer.status == 403 and answer.headers.all("Location") == []
    assert alice.get(f"{ACCOUNT}?action=delete&sure=1").status == 200
    assert site.db.value("SELECT count(*) FROM twauth_session") == 2
    assert alice.post(ACCOUNT, fields, headers=nothing).status == 303, "by the page's token"


@pytest.mark.parametrize("fields", [{}, {"action": ""}, {"action": "nothing"}, {"action": "END"}])
def test_an_action_that_there_is_not(site, fields):
    answer = signed_in(site).post(ACCOUNT, fields)
    assert answer.status == 400 and "Nothing was changed" in answer.text


def test_who_is_shut_out_does_nothing_any_more(site):
    alice, _ = signed_in(site), signed_in(site, agent=IPHONE)
    page = forms(alice.get(ACCOUNT))
    site.db.execute("UPDATE twauth_account SET active = 0")
    assert alice.post(ACCOUNT, page["end-others"][0]).status == 401
    assert alice.post(ACCOUNT, page["delete"][0] | {"sure": "1"}).status == 401
    assert site.db.value("SELECT count(*) FROM twauth_account") == 1


def test_the_database_is_down(site):
    site.allow_log("TW04", "TW0461")
    alice, _ = signed_in(site), signed_in(site, agent=IPHONE)
    fields = forms(alice.get(ACCOUNT))["end-others"][0]
    with site.db.away():
        assert alice.get(ACCOUNT).status == 503
        assert alice.post(ACCOUNT, fields).status == 503
    until(lambda: alice.get(ACCOUNT).status == 200)


# X's permission

def test_revoke(site, protocol):
    alice = signed_in(site)
    answer = press(alice, "revoke")
    assert answer.status == 200 and "X has ended this site&apos;s permission" in answer.text.replace("'", "&apos;")
    assert site.standin.calls()[-1]["path"] == REVOCATIONS[protocol][0]
    row = site.db.row("SELECT token, secret, token_kind FROM twauth_account")
    assert not any(row.values())
    assert "revoke" not in forms(alice.get(ACCOUNT)) and alice.get("/members/").status == 200
    assert alice.post(ACCOUNT, {"action": "revoke"}).status == 400, "there is nothing left"
    assert signed_in(site).get(ACCOUNT).status == 200


@pytest.mark.parametrize("kind, options", [("status", {"status": 503}), ("status", {"status": 403}), ("close", {"times": 3})])
def test_X_does_not_end_it(site, protocol, kind, options):
    site.allow_log("TW0204")
    alice = signed_in(site)
    site.standin.fault(REVOCATIONS[protocol][0], kind, **options)
    answer = press(alice, "revoke")
    assert answer.status == 502 and "still has your permission" in answer.text
    assert site.db.value("SELECT token FROM twauth_account"), "what X has not ended is not forgotten"


@pytest.mark.protocols("oauth1")
def test_X_knows_it_no_more(site):
    alice = signed_in(site)
    site.standin.fault(REVOCATIONS["oauth1"][0], "status", status=401,
                       body='{"errors":[{"code":89,"message":"Invalid or expired token."}]}')
    assert press(alice, "revoke").status == 200
    assert not site.db.value("SELECT token FROM twauth_account")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("status", [429, 503])
def test_X_does_not_want_to_and_sign_ins_go_on(site, protocol, status):
    """How often one person asks to end it keeps nobody else out."""
    site.allow_log("TW0204")
    alice = signed_in(site)
    site.standin.fault(REVOCATIONS[protocol][0], "status", status=status, body='{"title":"Too Many Requests"}', times=None,
                       content_type="application/json", headers=[["Retry-After", "600"]])
    assert [press(alice, "revoke").status for _ in range(6)] == [502] * 6
    assert signed_in(site, "bob").get("/members/").status == 200


def test_what_takes_their_place_meanwhile_goes_too(site, protocol):
    """A sign-in, or a refresh, brings tokens while X is asked to end those of before."""
    def asked():
        return len([c for c in site.standin.calls() if c["path"] in REVOCATIONS[protocol]])
    for seconds in (1.5, 3, 6, 12):
        alice = signed_in(site)
        before = asked()
        site.standin.fault(REVOCATIONS[protocol][0], "delay", seconds=seconds, times=1)
        answers = []
        asking = Thread(target=lambda: answers.append(press(alice, "revoke")))
        asking.start()
        until(lambda: asked() > before)
        signed_in(site, agent=IPHONE)
        meanwhile = asking.is_alive()
        asking.join()
        assert answers[0].status == 200
        if meanwhile:
            break
    assert meanwhile and not site.db.value("SELECT token FROM twauth_account")


# The account itself

def test_delete(site):
    alice, phone, bob = signed_in(site), signed_in(site, agent=IPHONE), signed_in(site, "bob")
    asked = press(alice, "delete")
    assert asked.status == 200 and "Delete your account here?" in asked.text
    assert site.db.value("SELECT count(*) FROM twauth_account") == 2, "asked first"
    answer = alice.post(ACCOUNT, forms(asked)["delete"][0], follow=True)
    assert answer.status == 200 and "Your account here is deleted" in answer.text
    assert site.db.rows("SELECT twitter_id FROM twauth_account") == [("1002",)]
    assert site.db.value("SELECT count(*) FROM twauth_session") == 1
    assert [b.fetch("/members/").status for b in (alice, phone, bob)] == [401, 401, 200]
    assert "__Host-twauth" not in alice.cookies
    again = signed_in(site)
    assert again.get("/members/env.cgi").json()["REMOTE_USER"] == "alice", "the name is kept for the same person"


def test_delete_is_off_by_default_and_says_where_there_is_no_way_back(make_site):
    site = make_site(config="TwAuthSignUp Off")
    site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('1001', 'alice')")
    alice = signed_in(site)
    assert "delete" not in forms(alice.get(ACCOUNT))
    assert alice.post(ACCOUNT, {"action": "delete", "sure": "1"}).status == 400
    assert site.db.value("SELECT count(*) FROM twauth_account") == 1
    site.vhost.config += "\nTwAuthAccountDelete On\n"
    site.restart()
    assert "Only people who were invited can sign in here" in press(alice, "delete").text
    site.stop()


# A person

@pytest.mark.databases("sqlite")
def test_a_walk_in_a_real_browser(site, chromium, make_chromium):
    phone = signed_in(site, agent=IPHONE)

    def click(text):
        found = [e for e in chromium.find_elements(By.CSS_SELECTOR, "a, button") if e.text == text]
        assert found, f"no {text} on:\n{chromium.page_source}"
        found[0].click()

    def heading(text):
        WebDriverWait(chromium, 60, ignored_exceptions=[WebDriverException]).until(
            lambda d: text in d.execute_script("return document.body ? document.body.innerText : ''"))

    alice = site.browser()
    alice.sign_in("alice")
    chromium.get_log("browser")     # what was said before is another test's
    chromium.get(site.url("/"))
    for cookie in ("__Host-twauth", "__Host-twauth_pre"):
        chromium.add_cookie({"name": cookie, "value": alice.cookies[cookie], "secure": True, "path": "/"})
    chromium.get(site.url("/twauth/"))
    heading("Where you are signed in")
    screenshot(chromium, "account")
    cdp(chromium, "Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= 320
    screenshot(chromium, "account-320")
    cdp(chromium, "Emulation.clearDeviceMetricsOverride")
    click("Sign out there")
    heading("That session has ended.")
    assert phone.fetch("/members/").status == 401
    click("End the permission at X")
    heading("X has ended this site's permission.")
    click("Delete my account here")
    heading("Delete your account here?")
    click("Your account")
    heading("Where you are signed in")
    click("Delete my account here")
    heading("Delete your account here?")
    click("Delete my account here")
    heading("Your account here is deleted")
    assert site.db.value("SELECT count(*) FROM twauth_account") == 0
    assert not [e for e in chromium.get_log("browser") if "Content Security Policy" in e["message"]]
