# SPDX-License-Identifier: Apache-2.0
"""TwAuthFresh: a place asks for a recent sign-in, and for the same person."""

import calendar
import time

import pytest
from selenium.webdriver.common.by import By

from harness import urls
from harness.checks import SESSION
from harness.chromium import arrive, patience
from harness.httpd import environment_of
from harness.signin import Flow

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
NETWORK = "X-Forwarded-For"
PLACES = """
<Location "/members/">
AuthType Twitter
Require valid-user
</Location>
<Location "/bank/">
AuthType Twitter
Require valid-user
TwAuthFresh 10min
</Location>
<Location "/bank/slow/">
TwAuthFresh 1h
</Location>
<Location "/recheck/">
AuthType Twitter
Require valid-user
TwAuthSessionRecheck 0
TwAuthFresh 10min
</Location>
<Location "/page/">
AuthType Twitter
Require valid-user
TwAuthUnauthenticated page
TwAuthFresh 10min
</Location>
<Location "/document/">
AuthType Twitter
Require valid-user
TwAuthFresh 10min
TwAuthUnauthenticated 401
ErrorDocument 401 /cgi-bin/env
</Location>
<Location "/inside/">
AuthType Twitter
Require valid-user
TwAuthFresh 10min
TwAuthUnauthenticated 401
ErrorDocument 401 /inside/refused.html
</Location>
<Location "/pass/">
AuthType Twitter
TwAuthUnauthenticated pass
TwAuthFresh 10min
</Location>
"""
NAMES = ("bank", "bank/slow", "recheck", "page", "document", "inside", "pass")


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, clock=True, protected=PLACES, modules=("remoteip",),
                     main=f"RemoteIPHeader {NETWORK}\nRemoteIPInternalProxy 127.0.0.1",
                     config="TwAuthSessionIdle 1d")
    for name in NAMES:
        site.httpd.script(f"{name}/env.cgi")
    site.httpd.put("inside/refused.html", "refused")
    for name, text in (("longer", "TwAuthFresh 1h\n"), ("shorter", "TwAuthFresh 1min\n")):
        site.httpd.script(f"bank/{name}/env.cgi")
        site.httpd.put(f"bank/{name}/.htaccess", text)
        site.httpd.script(f"members/{name}/env.cgi")
        site.httpd.put(f"members/{name}/.htaccess", text)
    site.vhost.config += f'\n<Directory "{site.httpd.htdocs}">\nAllowOverride AuthConfig\n</Directory>'
    return site.start()


@pytest.fixture
def alice(site):
    """Signed in just now."""
    site.clock.set(0)
    site.standin.reset()
    browser = site.browser()
    browser.sign_in("alice")
    yield browser
    site.clock.set(0)


def is_in(answer):
    return answer.status == 200 and environment_of(answer)["REMOTE_USER"] == "alice"


def leads_again(site, answer):
    return answer.status == 302 and "/twauth/login?fresh=1&next=" in answer.location


def again(browser, path):
    """As far as X's page."""
    return Flow(browser, browser.get(path))


@pytest.mark.parametrize("place", ["bank", "recheck", "page", "document", "inside", "pass"])
def test_fresh_is_let_in(alice, place):
    assert is_in(alice.get(f"/{place}/env.cgi"))


def test_later_the_same_person_passes_through_x(site, alice):
    site.clock.forward(580)
    assert is_in(alice.get("/bank/env.cgi?a=b"))
    site.clock.forward(21)
    assert is_in(alice.get("/members/env.cgi"))
    before = dict(site.db.rows("SELECT id, created_at FROM twauth_session"))
    cookie = alice.cookies[SESSION]
    flow = again(alice, "/bank/env.cgi?a=b")
    if site.protocol == "oauth1":
        assert flow.query["force_login"] == "true" and flow.query["screen_name"] == "alice"
    else:
        assert "force_login" not in flow.query and "screen_name" not in flow.query
    answer = flow.approve("alice")
    assert is_in(answer) and answer.target == "/bank/env.cgi?a=b"
    assert alice.cookies[SESSION] != cookie
    after = dict(site.db.rows("SELECT id, created_at FROM twauth_session"))
    assert not set(before) & set(after) - set(list(before)[:-1]) and len(after) == len(before)
    assert max(after.values()) >= max(before.values()) + 600
    assert is_in(alice.get("/bank/env.cgi"))


def test_neither_activity_nor_a_renewed_cookie_makes_it_fresh(site, alice):
    for _ in range(11):
        site.clock.forward(61)
        answer = alice.get("/members/env.cgi")
        assert is_in(answer) and answer.cookie(SESSION)
    assert leads_again(site, alice.get("/bank/env.cgi"))
    assert alice.get("/twauth/login?next=%2Fbank%2F").location == site.url("/bank/")    # no other way in
    assert alice.whoami()["signed_in"]
    assert leads_again(site, alice.get("/bank/env.cgi"))


def test_another_person_is_refused_and_the_old_session_stays(site, alice):
    site.clock.forward(601)
    flow = again(alice, "/bank/env.cgi")
    cookie, rows = alice.cookies[SESSION], site.db.rows("SELECT id FROM twauth_session")
    log = site.log.mark()
    answer = flow.approve("bob")
    assert answer.status == 403 and "another account" in answer.text and "@alice" in answer.text
    assert "bob" not in answer.text and "fresh=1" in answer.text
    assert "TW0441" in site.log.numbers(log)
    assert alice.cookies[SESSION] == cookie and site.db.rows("SELECT id FROM twauth_session") == rows
    assert site.db.value("SELECT count(*) FROM twauth_account WHERE twitter_id = '1002'") == 0
    assert is_in(alice.get("/members/env.cgi")) and leads_again(site, alice.get("/bank/env.cgi"))


def test_another_person_is_refused_also_when_the_session_has_ended_meanwhile(site, alice):
    site.clock.forward(601)
    flow = again(alice, "/bank/env.cgi")
    alice.sign_out()
    answer = flow.approve("bob")
    assert answer.status == 403 and "signed in as" not in answer.text
    assert not alice.whoami()["signed_in"]


def test_cancelled_nothing_changes(site, alice):
    site.clock.forward(601)
    answer = again(alice, "/bank/env.cgi").deny()
    assert answer.status == 403 and "still signed in" in answer.text
    assert is_in(alice.get("/members/env.cgi"))


def test_not_a_navigation(site, alice):
    site.clock.forward(601)
    for answer in (alice.fetch("/bank/env.cgi"), alice.image("/bank/env.cgi"), alice.head("/bank/env.cgi")):
        assert answer.status == 401 and not answer.location and "Twitter" in answer.headers["WWW-Authenticate"]
    answer = alice.post("/bank/env.cgi", {"a": "b"})
    assert answer.status == 401 and "not taken" in answer.text and "fresh=1" in answer.text
    document = alice.fetch("/document/env.cgi")
    assert document.status == 401 and environment_of(document)["TWAUTH_ERROR"] == "fresh"


def test_error_document_is_told_and_its_link_leads_on(site, alice):
    site.clock.forward(601)
    answer = alice.get("/document/env.cgi?x=1")
    environment = environment_of(answer)
    assert answer.status == 401 and environment["TWAUTH_ERROR"] == "fresh"
    assert "fresh=1" in environment["TWAUTH_LOGIN_URL"] and "REMOTE_USER" not in environment
    answer = again(alice, environment["TWAUTH_LOGIN_URL"]).approve("alice")
    assert is_in(answer) and answer.target == "/document/env.cgi?x=1"


def test_no_loop_with_an_error_document_in_the_same_place(site, alice):
    site.clock.forward(601)
    answer = alice.get("/inside/env.cgi")
    assert answer.status == 401 and "env.cgi" not in answer.text
    answer = again(alice, "/twauth/login?fresh=1&next=%2Finside%2Fenv.cgi").approve("alice")
    assert is_in(answer)


def test_page_has_a_button_that_leads_on(site, alice):
    site.clock.forward(601)
    answer = alice.get("/page/env.cgi")
    assert answer.status == 401 and "sign in again" in answer.text.lower() and "@alice" in answer.text
    link = answer.text.split('class="button first" href="')[1].split('"')[0].replace("&amp;", "&")
    assert is_in(again(alice, link).approve("alice"))


def test_no_loop_without_copies(site, alice):
    """TwAuthSessionRecheck 0: the database is asked at each request."""
    site.clock.forward(601)
    answer = again(alice, "/recheck/env.cgi").approve("alice")
    assert is_in(answer) and answer.target == "/recheck/env.cgi"


def test_an_open_place_has_no_user_until_then(site, alice):
    site.clock.forward(601)
    answer = alice.get("/pass/env.cgi")
    environment = environment_of(answer)
    assert answer.status == 200 and "REMOTE_USER" not in environment and "TWAUTH_ID" not in environment
    assert environment["TWAUTH_ERROR"] == "fresh" and "fresh=1" in environment["TWAUTH_LOGIN_URL"]
    environment = environment_of(site.browser().get("/pass/env.cgi"))
    assert "TWAUTH_ERROR" not in environment and "REMOTE_USER" not in environment


@pytest.mark.parametrize("path, seconds", [("/bank/env.cgi", 600), ("/bank/slow/env.cgi", 3600),
                                           ("/bank/longer/env.cgi", 600), ("/bank/shorter/env.cgi", 60),
                                           ("/members/longer/env.cgi", 3600), ("/members/shorter/env.cgi", 60)])
def test_sections_say_anything_and_htaccess_only_less(site, alice, path, seconds):
    site.clock.forward(seconds - 20)
    assert is_in(alice.get(path))
    site.clock.forward(22)
    assert leads_again(site, alice.get(path))


def test_without_a_session_it_is_a_sign_in_like_any(site, alice):
    stranger = site.browser()
    answer = stranger.get("/bank/env.cgi")
    assert answer.status == 302 and "fresh" not in answer.location
    assert is_in(again(stranger, "/bank/env.cgi").approve("alice"))
    flow = again(site.browser(), "/twauth/login?fresh=1&next=%2Fbank%2Fenv.cgi")
    assert "force_login" not in flow.query and is_in(flow.approve("alice"))


# TwAuthSessionProtection Basic, the default

@pytest.mark.parametrize("first, second, fresh", [
    ("192.0.2.1", "192.0.250.9", True), ("192.0.2.1", "192.1.2.1", False),
    ("2001:db8::1", "2001:db8:ffff::2", True), ("2001:db8::1", "2001:db9::1", False),
    ("192.0.2.1", "2001:db8::1", False)])
def test_from_another_network_it_is_not_fresh(site, alice, first, second, fresh):
    browser = site.browser()
    browser.headers = {NETWORK: first}
    Flow(browser, browser.get("/bank/env.cgi")).approve("alice")
    assert is_in(browser.get("/bank/env.cgi"))
    answer = browser.get("/bank/env.cgi", headers={NETWORK: second})
    assert is_in(answer) if fresh else leads_again(site, answer)
    assert is_in(browser.get("/members/env.cgi", headers={NETWORK: second}))
    assert is_in(browser.get("/bank/env.cgi"))


def test_no_loop_where_each_request_comes_from_another_network(site, alice):
    alice.headers = {NETWORK: "192.0.2.1"}
    site.clock.forward(601)
    flow = again(alice, "/bank/env.cgi")
    answer = flow.arrive(flow.callback("alice"), follow=False)
    assert answer.status == 302
    answer = alice.get("/bank/env.cgi", headers={NETWORK: "198.51.100.1"})
    assert answer.status == 401 and "sign in again" in answer.text.lower()      # a page, and no redirect
    assert is_in(alice.get("/bank/env.cgi"))
    site.clock.forward(11)
    assert leads_again(site, alice.get("/bank/env.cgi", headers={NETWORK: "198.51.100.1"}))



# A person

def test_a_real_browser_goes_round_once(make_site, chromium):
    site = make_site(start=False, protected=PLACES.replace("10min", "1s"), config="TwAuthSignInWith authorize")
    site.httpd.put("bank/index.html", "<!doctype html><title>Bank</title>")
    site.start()
    wait = patience(chromium)

    def allow():
        arrive(chromium, site.standin.browser_url())
        next(e for e in chromium.find_elements(By.CSS_SELECTOR, "button, input[type=submit]")
             if "uthori" in (e.text or e.get_attribute("value")) or "Allow" in (e.text or "")).click()

    chromium.get(site.url("/members/"))
    allow()
    wait.until(lambda d: d.title == "Members")
    wait.until(lambda d: site.httpd and _old(chromium, site))
    chromium.get(site.url("/bank/"))
    if site.protocol == "oauth1":
        assert "force_login=true" in chromium.current_url and "screen_name=alice" in chromium.current_url
        allow()
    wait.until(lambda d: d.title == "Bank" or d.title.startswith("Please sign in again"))
    assert urls.parse(chromium.current_url).target == "/bank/"
    site.stop()


def _old(driver, site):
    """Whether the session is more than a second old."""
    said = driver.execute_async_script("fetch('/twauth/session').then(a => a.json()).then(arguments[0])")
    began = calendar.timegm(time.strptime(said["signed_in_at"], "%Y-%m-%dT%H:%M:%SZ"))
    return time.time() > began + 2
