# SPDX-License-Identifier: Apache-2.0
"""TwAuthRemember: a session that outlives the browser, for everybody or for who asks for it."""

import re

import pytest
from selenium.webdriver.common.by import By

from harness.checks import SESSION, SLACK, user
from harness.chromium import patience
from harness.signin import Flow

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
HOUR, DAY = 3600, 86400
LIMITS = "TwAuthSessionIdle 1h\nTwAuthSessionMax 1d\nTwAuthRememberFor 10d\n"
PLACES = """
<Location "/members/">
AuthType Twitter
Require valid-user
</Location>
<Location "/page/">
AuthType Twitter
Require valid-user
TwAuthUnauthenticated page
</Location>
<Location "/fresh/">
AuthType Twitter
Require valid-user
TwAuthFresh 10min
</Location>
"""


def sites(make_site, remember):
    return make_site(clock=True, protected=PLACES, config=f"{LIMITS}TwAuthRemember {remember}")


@pytest.fixture(scope="module")
def always(make_site):
    return sites(make_site, "On")


@pytest.fixture(scope="module")
def asks(make_site):
    return sites(make_site, "Ask")


@pytest.fixture(autouse=True)
def _now(request):
    yield
    for name in {"always", "asks"} & set(request.fixturenames):
        request.getfixturevalue(name).clock.set(0)


def kept(browser):
    """For how long this browser keeps its session cookie; None: until it is closed."""
    cookie, = (c for c in browser.cookies if c.name == SESSION)
    return cookie.expires and round(cookie.expires - browser.cookies.now())


def answer_form(browser, page, tick, site="same-origin"):
    """Presses the button of the page with the box, as a browser does; the answer."""
    form = re.search(r"<form action=\"([^\"]+)\">(.*?)</form>", page.text, re.S)
    assert form and "remember" in form[2] and "form-action 'self'" in page.headers["Content-Security-Policy"]
    fields = [(n, v.replace("&amp;", "&")) for n, v in
              re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[2])]
    from urllib.parse import urlencode
    return browser.get(form[1] + "?" + urlencode(fields + [("remember", "1")] * tick), site=site)


# On

def test_cookie_and_row_last_as_long_as_that(always):
    browser = always.browser()
    browser.sign_in("alice")
    assert abs(kept(browser) - 10 * DAY) < SLACK
    created, expires = map(int, always.db.row("SELECT created_at, expires_at FROM twauth_session ORDER BY created_at DESC").values())
    assert expires - created == 10 * DAY
    assert browser.whoami()["expires_at"] > browser.whoami()["signed_in_at"]


def test_it_is_good_unused_up_to_its_end_and_no_longer(always):
    browser = always.browser()
    browser.sign_in("alice")
    always.clock.forward(10 * DAY - 60)
    assert user(browser) == "alice"
    assert abs(kept(browser) - 60) < SLACK                  # a renewed cookie moves no end
    always.clock.forward(61)
    assert user(browser) is None


def test_a_browser_that_keeps_it_longer_is_refused(always):
    browser = always.browser()
    browser.sign_in("alice")
    value = browser.cookies[SESSION]
    always.clock.forward(10 * DAY + 1)
    answer = browser.get("/members/env.cgi", headers={"Cookie": f"{SESSION}={value}"})
    assert answer.status == 302


def test_asked_again_it_stays_remembered(always):
    browser = always.browser()
    browser.sign_in("alice")
    always.clock.forward(5 * DAY)
    answer = Flow(browser, browser.get("/fresh/")).approve("alice")
    assert answer.target == "/fresh/" and abs(kept(browser) - 10 * DAY) < SLACK


def test_off_again_the_usual_limits_count(always):
    browser = always.browser()
    browser.sign_in("alice")
    before = always.vhost.config
    always.vhost.config = before.replace("TwAuthRemember On", "TwAuthRemember Off")
    always.graceful()
    try:
        assert user(browser) == "alice"
        always.clock.forward(HOUR + 1)
        assert user(browser) is None
        other = always.browser()
        other.sign_in("bob")
        assert kept(other) is None
    finally:
        always.vhost.config = before
        always.graceful()


# Ask

@pytest.mark.parametrize("path", ["/members/", "/page/", "/twauth/login?next=%2Fmembers%2F"])
@pytest.mark.parametrize("tick", [True, False])
def test_box_decides(asks, path, tick):
    browser = asks.browser()
    page = browser.get(path, follow=True)
    assert page.status == 401 and 'type="checkbox" name="remember"' in page.text and " checked" not in page.text
    answer = Flow(browser, answer_form(browser, page, tick)).approve("alice")
    assert answer.target == ("/page/" if path == "/page/" else "/members/")
    assert (kept(browser) is None) == (not tick)
    asks.clock.forward(HOUR + 1)
    assert user(browser) == ("alice" if tick else None)


@pytest.mark.parametrize("query, lasts", [("remember=1", True), ("remember=0", False), ("box=1", False),
                                          ("remember=1&box=1", True), ("remember=2", False)])
def test_link_of_the_site_can_answer(asks, query, lasts):
    browser = asks.browser()
    Flow(browser, browser.get(f"/twauth/login?{query}&next=%2Fmembers%2F", site="same-origin")).approve("alice")
    assert (kept(browser) is not None) == lasts


@pytest.mark.parametrize("site, referer, counts", [
    ("same-origin", None, True), ("none", None, True), ("cross-site", None, False), ("same-site", None, False),
    (None, None, False), (None, "https://evil.example/", False), (None, "own", True)])
def test_CS_link_of_another_site_cannot_answer(asks, site, referer, counts):
    """Nobody stays signed in on somebody else's computer by a link: the person is asked."""
    browser = asks.browser()
    headers = {"Referer": browser.base + "/page" if referer == "own" else referer}
    if site is None:
        headers |= {"Sec-Fetch-Site": None, "Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None}
    page = browser.get("/twauth/login?remember=1&next=%2Fmembers%2F", site=site or "none", headers=headers, follow=True)
    if counts:
        assert 'name="remember"' not in page.text
        return
    assert page.status == 401 and 'name="remember"' in page.text
    Flow(browser, answer_form(browser, page, False, site or "none")).approve("alice")
    assert kept(browser) is None


def test_asked_again_nobody_is_asked_about_it(asks):
    browser = asks.browser()
    Flow(browser, browser.get("/twauth/login?remember=1&next=%2F")).approve("alice")
    asks.clock.forward(HOUR)
    answer = Flow(browser, browser.get("/fresh/")).approve("alice")
    assert answer.target == "/fresh/" and kept(browser) is not None


def test_after_a_sign_out_one_page_asks_for_both(asks):
    """Who has left is not signed in again unasked; the page that asks has the box."""
    browser = asks.browser()
    Flow(browser, browser.get("/twauth/login?remember=1&next=%2F")).approve("alice")
    browser.sign_out()
    page = browser.get("/members/")
    assert page.status == 401
    Flow(browser, answer_form(browser, page, True)).approve("alice")
    assert kept(browser) is not None
    browser.sign_out()
    page = browser.get("/twauth/login?next=%2Fmembers%2F", site="cross-site")
    assert Flow(browser, answer_form(browser, page, False, "cross-site")).approve("alice").status == 200


def test_another_account_is_asked_in_its_page(asks):
    browser = asks.browser()
    Flow(browser, browser.get("/twauth/login?remember=1&next=%2F")).approve("alice")
    page = browser.get("/twauth/login?switch=1&next=%2Fmembers%2Fenv.cgi", site="cross-site")
    assert page.status == 200 and "another account" in page.text.lower()
    Flow(browser, answer_form(browser, page, False)).approve("bob")
    assert kept(browser) is None and user(browser) == "bob"


def test_forged_flow_cookie_remembers_nobody(asks):
    """What the box said travels sealed."""
    browser = asks.browser()
    flow = Flow(browser, browser.get("/twauth/login?remember=0&next=%2F"))
    flow.arrive(flow.callback("alice") + "&remember=1", follow=False)
    assert kept(browser) is None



# A person

@pytest.mark.parametrize("tick", [True, False])
def test_a_person_ticks_the_box(asks, chromium, tick):
    wait = patience(chromium)
    chromium.get(asks.url("/members/"))
    label, = chromium.find_elements(By.TAG_NAME, "label")
    assert "signed in" in label.text
    if tick:
        label.click()
    chromium.find_element(By.CSS_SELECTOR, "form button").click()
    wait.until(lambda d: d.current_url.startswith(asks.standin.browser_url()) or d.title == "Members")
    if chromium.title != "Members":
        next(e for e in chromium.find_elements(By.CSS_SELECTOR, "button, input[type=submit]")
             if "uthori" in (e.text or e.get_attribute("value")) or "Allow" in (e.text or "")).click()
    wait.until(lambda d: d.title == "Members")
    cookie = chromium.get_cookie(SESSION)
    assert ("expiry" in cookie) == tick
