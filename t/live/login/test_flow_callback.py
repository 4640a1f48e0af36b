# SPDX-License-Identifier: Apache-2.0
"""The way back from X: what the browser must bring, whose sign-in it is, in time, and once only."""

import threading
from urllib.parse import parse_qsl, quote

import pytest

from harness.checks import wrong_at

pytestmark = pytest.mark.protocols("oauth1", "oauth2")


@pytest.fixture(autouse=True)
def nothing_happened(site):
    site.standin.reset()
    site.db.clear()


def exchanges(site):
    return len(site.standin.calls(site.exchange_path))


def refused(site, answer, calls=0):
    """A refused login: an error page, nothing sent to X, nobody signed in."""
    assert answer.status == 400 and not answer.location, answer
    assert answer.cookie("__Host-twauth") is None
    assert exchanges(site) == calls
    assert site.db.rows("SELECT * FROM twauth_session") == []


def brought(url):
    """The parameters of a callback."""
    return dict(parse_qsl(url.partition("?")[2]))


def with_proof(site, url, proof):
    """The callback with another proof, as it is written in an address; None: without."""
    head, _, query = url.partition("?")
    pairs = [pair for pair in query.split("&") if not pair.startswith(site.proof_name + "=")]
    return f"{head}?" + "&".join(pairs + ([] if proof is None else [f"{site.proof_name}={proof}"]))


@pytest.mark.parametrize("proof", [None, "", "%00", "v" * 5000], ids=["none", "empty", "NUL", "long"])
def test_OA_1_no_proof_no_call(site, browser, proof):
    flow = browser.begin()
    refused(site, flow.arrive(with_proof(site, flow.callback(), proof)))


def test_OA_2_callback_of_another_browser(site, browser):
    url = browser.begin().callback("alice")
    refused(site, site.browser().get(url, site="cross-site"))


def test_OA_2_session_of_the_victim_is_untouched(site, browser):
    victim = site.browser()
    victim.sign_in("bob")
    before = exchanges(site)
    answer = victim.get(browser.begin().callback("alice"), site="cross-site")
    assert answer.status == 400 and exchanges(site) == before
    assert "@bob" in answer.text and victim.whoami()["username"] == "bob"


@pytest.mark.parametrize("how", ["deleted", "garbled", "cut", "of another flow"])
def test_OA_2_flow_cookie(site, browser, how):
    flow = browser.begin()
    name, = [n for n in browser.cookies.names("flow")]
    value = browser.cookies[name]
    if how == "deleted":
        del browser.cookies[name]
    elif how == "of another flow":
        other = site.browser()
        other.begin()
        browser.cookies[name] = other.cookies[other.cookies.names("flow")[0]]
    else:
        browser.cookies[name] = value[:-1] if how == "cut" else wrong_at(value, -7)
    refused(site, flow.arrive(flow.callback()))


def test_OA_3_token_and_verifier_of_another_flow(site, browser):
    browser.begin()
    refused(site, browser.get(site.browser().begin().callback("alice"), site="cross-site"))


@pytest.mark.parametrize("spoil", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), str.swapcase, lambda t: t + "%00",
                                   lambda t: t + "%20", lambda t: "+" + t, lambda t: t[:-1], lambda t: ""],
                         ids=["changed", "case", "NUL", "blank", "plus", "shorter", "empty"])
def test_OA_3_token_must_be_the_very_one(site, browser, spoil):
    flow = browser.begin()
    refused(site, flow.arrive(flow.callback().replace(flow.token, spoil(flow.token))))


@pytest.mark.parametrize("name", ["key", "proof", "refusal"])
@pytest.mark.parametrize("value", ["same", "other", "empty"])
def test_OA_4_no_parameter_twice(site, browser, name, value):
    flow = browser.begin()
    url = flow.cancelled() if name == "refusal" else flow.callback()
    name = {"key": site.key_name, "proof": site.proof_name,
            "refusal": {"oauth1": "denied", "oauth2": "error"}[site.protocol]}[name]
    more = {"same": brought(url)[name], "other": "x", "empty": ""}[value]
    refused(site, flow.arrive(f"{url}&{name}={quote(more)}"))


@pytest.mark.parametrize("half", ["all", "proof"])
def test_OA_4_nothing_is_read_from_a_body(site, browser, half):
    flow = browser.begin()
    url = flow.callback()
    head, _, query = url.partition("?")
    if half == "proof":
        head, query = with_proof(site, url, None), f"{site.proof_name}={quote(brought(url)[site.proof_name])}"
    assert browser.post(head, query, site="cross-site").status == 405 and exchanges(site) == 0
    answer = browser.get(head, site="cross-site", body=query,
                         headers={"Content-Type": "application/x-www-form-urlencoded"})
    refused(site, answer)


def test_OA_5_second_finish_is_refused(site, browser):
    flow = browser.begin()
    copy, url = browser.clone(), flow.callback("alice")
    assert flow.arrive(url).status == 200
    again = copy.get(url, site="cross-site")
    assert again.status == 400 and copy.whoami() == {"signed_in": False}
    assert exchanges(site) == 1 and site.db.value("SELECT count(*) FROM twauth_session") == 1


def test_OA_5_flow_cookie_goes_on_every_outcome(site, browser):
    flow = browser.begin()
    copy, url = browser.clone(), flow.callback("alice")
    flow.arrive(url)
    copy.get(url, site="cross-site")
    assert copy.cookies.names("flow") == []


def test_OA_5_DO_5_all_at_the_same_moment(site, browser):
    flow = browser.begin()
    url = flow.callback("alice")
    proof = brought(url)[site.proof_name]
    urls = [url] * 10 + [with_proof(site, url, f"{proof}{i}") for i in range(10)]
    copies = [browser.clone() for _ in urls]
    start = threading.Barrier(len(urls))

    def arrive(copy, url):
        start.wait()
        copy.get(url, site="cross-site")
    threads = [threading.Thread(target=arrive, args=pair) for pair in zip(copies, urls)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert exchanges(site) == 1
    assert sum(c.whoami()["signed_in"] for c in copies) <= 1
    assert site.db.value("SELECT count(*) FROM twauth_session") <= 1


def test_DO_5_one_guess_a_flow(site, browser):
    flow = browser.begin()
    url, copies = flow.callback("alice"), [browser.clone() for _ in range(20)]
    for i, copy in enumerate(copies):
        copy.get(with_proof(site, url, f"{brought(url)[site.proof_name]}{i}"), site="cross-site")
    assert exchanges(site) == 1
    assert browser.clone().get(url, site="cross-site").status == 400 and exchanges(site) == 1


@pytest.fixture(scope="module")
def timed(make_site):
    return make_site(config="TwAuthFlowTimeout 2s", clock=True)


@pytest.mark.parametrize("seconds", [3, 1800, -3600], ids=["late", "very late", "before its start"])
def test_OA_6_out_of_time(timed, seconds):
    browser = timed.browser()
    flow = browser.begin("/members/env.cgi")
    url = flow.callback("alice")
    timed.clock.set(seconds)
    try:
        answer = flow.arrive(url)
        refused(timed, answer)
        assert 'href="/twauth/login?next=%2Fmembers%2Fenv.cgi"' in answer.text
        assert browser.cookies.names("flow") == []
    finally:
        timed.clock.set(0)


def test_OA_7_cancel(site, browser):
    flow = browser.begin("/members/")
    answer = flow.deny()
    assert answer.status == 403 and "did not sign in" in answer.text and flow.token not in answer.text
    assert browser.cookies.names("flow") == [] and exchanges(site) == 0
    assert browser.get("/members/").status == 401, "no way back to X without being asked"


def test_OA_7_cancel_keeps_the_session(site, browser):
    first, second = browser.begin(), browser.begin()
    first.approve("alice")
    assert second.deny().status == 403 and browser.whoami()["username"] == "alice"


def test_OA_7_cancelled_flow_is_over(site, browser):
    flow = browser.begin()
    url, copy = flow.callback(), browser.clone()
    cancel = flow.cancelled() if site.protocol == "oauth2" else site.url(f"/twauth/callback?denied={flow.token}")
    assert browser.get(cancel, site="cross-site").status == 403
    assert copy.get(url, site="cross-site").status == 400 and exchanges(site) == 0


@pytest.mark.protocols("oauth1")
@pytest.mark.parametrize("query", ["denied=", "denied=abc", "denied={other}", "denied={token}&oauth_token={token}",
                                   "denied={token}&oauth_verifier=x",
                                   "denied={token}&oauth_token={token}&oauth_verifier=x",
                                   "denied={other}&oauth_token={token}&oauth_verifier=x"])
def test_OA_7_odd_cancels_disturb_nothing(site, browser, query):
    flow, other = browser.begin(), site.browser().begin()
    answer = browser.get("/twauth/callback?" + query.format(token=flow.token, other=other.token), site="cross-site")
    refused(site, answer)
    assert flow.approve("alice").status == 200
