# SPDX-License-Identifier: Apache-2.0
"""Browsers without cookies, and hosts by another name: a page or one redirect, never a loop."""

import pytest

from harness import urls

pytestmark = pytest.mark.protocols("oauth1", "oauth2")


def walk(browser, url, hops=12, **more):
    """Follow redirects without keeping a cookie."""
    answers = [browser.get(url, cookies=False, **more)]
    while answers[-1].location and not browser.provider.owns(answers[-1].location):
        assert len(answers) < hops, "a loop:\n" + "\n".join(a.url for a in answers)
        answers.append(browser.get(answers[-1].location, cookies=False, **more))
    return answers


@pytest.fixture(autouse=True)
def nothing_happened(site):
    site.standin.reset()


def test_plain_link_to_login_bounces_once(site, browser):
    first = browser.get("/twauth/login?next=%2Fmembers%2F")
    assert first.status == 302 and urls.parse(first.location).target.startswith("/twauth/login?next=%2Fmembers%2F&")
    assert site.standin.count() == 0
    assert site.standin.owns(browser.get(first.location).location)
    assert site.standin.count() == (1 if site.start_path else 0)


@pytest.mark.parametrize("start", ["/members/", "/twauth/login", "/twauth/login?next=%2Fmembers%2F", "/admin/",
                                   "/twauth/login?switch=1"])
def test_DO_8_no_cookies_ends_in_a_page(site, browser, start):
    answers = walk(browser, start)
    assert len(answers) <= 4
    assert answers[-1].status == 400 and "cookies" in answers[-1].text
    assert site.standin.count() == 0


def test_DO_8_also_from_another_name(site, browser):
    answers = walk(browser, f"https://www.site.test:{site.vhost.port}/members/")
    assert len(answers) <= 4 and answers[-1].status == 400 and site.standin.count() == 0


def test_DO_8_callback_without_cookies_explains(site, browser):
    url = browser.begin("/members/").callback("alice")
    answers = walk(browser, url)
    assert len(answers) == 1 and answers[0].status == 400
    assert site.standin.calls(site.exchange_path) == []


def test_cookies_allowed_after_that_page_and_reloaded(site, browser):
    page = walk(browser, "/members/")[-1]
    again = browser.get(page.url)
    answer = again if again.location else browser.get(page.url)
    assert answer.location, "the page stays, though cookies are kept now"


def test_mark_of_another_browser_is_not_believed(site, browser):
    mark = site.browser().get("/twauth/login?next=%2Fmembers%2F", headers={"User-Agent": "Another/1.0"}).location
    answer = browser.get(mark, follow=3)
    assert answer.status != 400, "told to allow cookies by someone else's link"


@pytest.mark.parametrize("start", ["/members/env.cgi?a=b", "/twauth/login?next=%2Fmembers%2Fenv.cgi%3Fa%3Db"])
def test_other_name_is_sent_to_the_own_address_once(site, browser, start):
    first = browser.get(f"https://www.site.test:{site.vhost.port}{start}")
    assert first.status == 302 and first.location.startswith(site.url("/twauth/login?"))
    assert first.set_cookies == []
    from harness.signin import Flow
    answer = Flow(browser, first).approve("alice")
    assert answer.url == site.url("/members/env.cgi?a=b")


def test_other_port_is_sent_to_the_own_address(make_site):
    """The own address is that of ServerName, here behind a port that is not the one listened on."""
    site = make_site()
    site.vhost.server_name = f"https://site.test:{site.vhost.port + 1}"
    site.standin.register(f"https://site.test:{site.vhost.port + 1}/twauth/callback")
    site.graceful()
    first = site.browser().get("/members/")
    assert first.location.startswith(f"https://site.test:{site.vhost.port + 1}/twauth/login?")


def test_proxy_that_changes_the_host_is_no_loop(site, browser):
    """Host is another one at each request: sent home once, then on to X."""
    answer = browser.get("/members/", headers={"Host": "inner.test:8080"})
    hops = 1
    while not site.standin.owns(answer.location):
        hops += 1
        assert hops <= 5, "a loop"
        answer = browser.get(answer.location, headers={"Host": "inner.test:8080"})
    assert site.standin.approve(answer.location).startswith(site.url("/twauth/callback?"))


@pytest.mark.parametrize("host", ["SITE.test", "Site.Test"])
def test_case_of_the_host_is_no_other_name(site, browser, host):
    answer = browser.get("/members/", headers={"Host": f"{host}:{site.vhost.port}"})
    assert "moved" not in answer.headers["Location"]


def test_S2_void_cookies_in_front_of_the_real_ones(site, browser):
    """A neighbour's void cookies of our names, any number of them, do not keep a sign-in from its end."""
    url = browser.begin("/members/").callback("alice")
    own = {cookie.name: cookie.value for cookie in browser.cookies}
    planted = "; ".join(f"{name}=x{i}" for name in own for i in range(20))
    answer = browser.get(url, headers={"Cookie": planted + "; " + "; ".join(f"{n}={v}" for n, v in own.items())})
    assert answer.status == 302 and urls.parse(answer.location).target == "/members/", answer
