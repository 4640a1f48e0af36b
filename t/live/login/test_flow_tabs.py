# SPDX-License-Identifier: Apache-2.0
"""Several tabs at once, reloads and the Back button: each sign-in ends where it should, none at a dead end."""

import pytest

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
PENDING = 3500


def pending(browser):
    """The flow cookies of a browser, oldest first."""
    return [c for c in browser.cookies if c.name.startswith("__Host-twauth_flow")]


def size(browser):
    return sum(len(c.name) + 1 + len(c.value) for c in pending(browser))


def begin(browser, n):
    return [browser.begin(f"/members/env.cgi?tab={i}") for i in range(n)]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3)], ids=["first", "last", "mixed"])
def test_five_tabs_all_arrive(site, browser, order):
    flows = begin(browser, 5)
    assert len(pending(browser)) == 5
    for i in order:
        answer = flows[i].approve("alice")
        assert answer.status == 200 and answer.target == f"/members/env.cgi?tab={i}"
    assert pending(browser) == []


def test_of_eight_tabs_the_oldest_go(site, browser):
    flows = begin(browser, 8)
    assert len(pending(browser)) == 5 and size(browser) < PENDING
    for i in (7, 6, 5, 4, 3):
        assert flows[i].approve("alice").target == f"/members/env.cgi?tab={i}"


def test_evicted_tab_is_told_to_start_again_and_can(site, browser):
    flows = begin(browser, 8)
    calls = len(site.standin.calls(site.exchange_path))
    answer = flows[0].approve("alice")
    assert answer.status == 400 and "/twauth/login" in answer.text
    assert len(site.standin.calls(site.exchange_path)) == calls


@pytest.mark.parametrize("lengths", [{}, pytest.param({"request_token": 256, "request_secret": 256}, marks=pytest.mark.protocols("oauth1"))],
                         ids=["usual", "longest"])
def test_long_targets_keep_the_cookies_small(site, browser, lengths):
    site.standin.set(token_lengths=lengths)
    try:
        for i in range(6):
            flow = browser.begin(f"/members/env.cgi?{i}" + "a" * 1980)
            assert size(browser) < PENDING
    finally:
        site.standin.set(token_lengths={})
    assert flow.approve("alice").target == "/members/env.cgi?5" + "a" * 1980


def test_cookies_of_others_are_left_alone(site, browser):
    browser.cookies.add("app", "1", "site.test", secure=True)
    begin(browser, 7)
    assert browser.cookies["app"] == "1"


def test_many_void_flow_cookies_give_way(site, browser):
    name = begin(browser, 1)[0] and pending(browser)[0].name
    for i in range(10):
        browser.cookies.add(name[:-2] + f"{i:02x}", "x" * 300, "site.test", secure=True)
    flow = browser.begin("/members/")
    assert size(browser) < PENDING + 300 * 5
    assert flow.approve("alice").status == 200


def test_reload_of_the_callback_leads_on(site, browser):
    flow = browser.begin("/members/env.cgi")
    url = flow.callback("alice")
    flow.arrive(url)
    again = flow.arrive(url)
    assert again.status == 400
    assert "signed in as" in again.text and "@alice" in again.text and 'href="/' in again.text
    assert browser.whoami()["username"] == "alice"


def test_reload_without_a_session_offers_a_new_start(site, browser):
    flow = browser.begin("/members/")
    url = flow.callback("alice")
    flow.arrive(url)
    browser.sign_out()
    again = flow.arrive(url)
    assert again.status == 400 and "/twauth/login" in again.text


def test_back_to_the_page_at_X_and_again(site, browser):
    browser.begin("/members/").approve("alice")
    answer = browser.get("/twauth/login?next=%2Fmembers%2F", follow=True)
    assert answer.status == 200 and answer.target == "/members/"


def test_second_tab_finishes_after_the_first_signed_out(site, browser):
    first, second = begin(browser, 2)
    first.approve("alice")
    browser.sign_out()
    assert second.approve("alice").json()["TWAUTH_ID"] == "1001"


def test_slow_user_keeps_next(make_site):
    site = make_site(config="TwAuthFlowTimeout 10min", clock=True)
    browser = site.browser()
    flow = browser.begin("/members/env.cgi?late")
    url = flow.callback("alice")
    site.clock.forward(30 * 60)
    answer = flow.arrive(url)
    assert answer.status == 400
    assert "next=%2Fmembers%2Fenv.cgi%3Flate" in answer.text
    site.clock.set(0)
