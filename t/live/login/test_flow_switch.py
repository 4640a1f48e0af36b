# SPDX-License-Identifier: Apache-2.0
"""Another account in the same browser: only when asked for, and then wholly."""

import re

import pytest

from harness import urls

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
SWITCH = "/twauth/login?switch=1&next=%2Fmembers%2Fenv.cgi"


@pytest.fixture
def alice(site, browser):
    site.standin.reset()
    browser.sign_in("alice")
    return browser


def starts(site):
    return site.standin.count(site.start_path) if site.start_path else site.standin.count()


def leads_to_a_choice(site, answer):
    """At X, with its login page forced where the protocol has a word for that."""
    assert site.standin.owns(answer.location)
    assert site.protocol == "oauth2" or "force_login=true" in urls.parse(answer.location).target
    return True


@pytest.mark.parametrize("from_where", ["none", "cross-site", "same-site"])
def test_CS_1_switch_from_elsewhere_asks_first(site, alice, from_where):
    before = starts(site)
    answer = alice.get(SWITCH, site=from_where)
    assert answer.status == 200 and "another account" in answer.text.lower()
    assert starts(site) == before


def test_switch_without_fetch_metadata_asks_first(site, alice):
    before = starts(site)
    answer = alice.get(SWITCH, headers={n: None for n in ("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest")})
    assert answer.status == 200 and starts(site) == before


def test_button_of_that_page_leads_to_X(site, alice):
    page = alice.get(SWITCH, site="cross-site")
    link = re.search(r'href="(/twauth/login[^"]*token=[^"]*)"', page.text)[1].replace("&amp;", "&")
    answer = alice.get(link, site="same-origin")
    assert leads_to_a_choice(site, answer)


def test_button_works_without_fetch_metadata(site, alice):
    none = {n: None for n in ("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest")}
    page = alice.get(SWITCH, headers=none)
    link = re.search(r'href="(/twauth/login[^"]*token=[^"]*)"', page.text)[1].replace("&amp;", "&")
    assert site.standin.owns(alice.get(link, headers=none).location)


def test_button_of_another_browser_does_not(site, alice):
    other = site.browser()
    other.sign_in("bob")
    link = re.search(r'href="(/twauth/login[^"]*token=[^"]*)"', other.get(SWITCH).text)[1].replace("&amp;", "&")
    before = starts(site)
    assert alice.get(link, site="cross-site").status == 200 and starts(site) == before


def test_CS_3_a_token_of_another_page_does_not(site, alice):
    """What lets a form sign out does not let a link switch, nor the other way round; and neither outlives the session."""
    none = {n: None for n in ("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Origin")}
    form = re.search(r'name="token" value="([^"]+)"', alice.get("/twauth/logout").text)[1]
    link = re.search(r'token=([\w-]+)', alice.get(SWITCH, headers=none).text)[1]
    before = starts(site)
    assert alice.get(f"{SWITCH}&token={form}", headers=none).status == 200 and starts(site) == before
    assert alice.post("/twauth/logout", {"token": link}, headers=none).status == 403
    for values in (f"{link}&token={link}", link[:-1], link + "A", link.swapcase(), ""):
        assert alice.get(f"{SWITCH}&token={values}", headers=none).status == 200 and starts(site) == before
    alice.sign_out()
    alice.begin("/twauth/login?next=%2F").approve("alice")
    before = starts(site)
    assert alice.get(f"{SWITCH}&token={link}", headers=none).status == 200 and starts(site) == before


def test_own_page_switches_at_once_and_forces_the_login(site, alice):
    answer = alice.get(SWITCH, site="same-origin")
    assert leads_to_a_choice(site, answer)


def test_switch_signed_out_keeps_the_mark_over_the_cookie_bounce(site):
    browser = site.browser()
    bounce = browser.get("/twauth/login?switch=1", site="same-origin")
    answer = browser.get(bounce.location, site="same-origin")
    assert leads_to_a_choice(site, answer)


def test_CS_4_the_new_session_replaces_the_old_one_wholly(site, alice):
    old = alice.clone()
    log = site.log.mark()
    from harness.signin import Flow
    answer = Flow(alice, alice.get(SWITCH, site="same-origin")).approve("bob")
    env = answer.json()
    assert (env["REMOTE_USER"], env["TWAUTH_ID"]) == ("bob", "1002")
    assert "alice" not in answer.text and "1001" not in env.values()
    assert old.get("/members/").status == 302
    assert "TW0216" in site.log.numbers(log) and "TW0218" in site.log.numbers(log)
    assert site.db.rows("SELECT a.screen_name FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id "
                        "WHERE s.id NOT IN ('')").count(("bob",)) >= 1


def test_CS_4_signed_in_is_never_silently_switched(site, alice):
    site.standin.set(auto_approve_user="1002")
    answer = alice.get("/twauth/login?next=%2Fmembers%2F", site="cross-site", follow=True)
    site.standin.set(auto_approve_user=None)
    assert answer.target == "/members/" and alice.whoami()["username"] == "alice"


def test_other_value_of_switch_is_none(site, alice):
    assert alice.get("/twauth/login?switch=2&next=%2Fmembers%2F").location == site.url("/members/")
