# SPDX-License-Identifier: Apache-2.0
"""OAuth 1.0a as it must be done: what is signed, what is believed, and once only."""

import pytest

from harness.standin import KEY, SECRET

pytestmark = pytest.mark.protocols("oauth1")


@pytest.fixture(autouse=True)
def nothing_happened(site):
    site.standin.reset()
    site.db.clear()


def exchanges(site):
    return len(site.standin.calls("/oauth/access_token"))


def refused(site, answer, calls=0):
    """A refused login: an error page, nothing sent to X, nobody signed in."""
    assert answer.status == 400 and not answer.location, answer
    assert answer.cookie("__Host-twauth") is None
    assert exchanges(site) == calls
    assert site.db.rows("SELECT * FROM twauth_session") == []


@pytest.mark.parametrize("edit", [{"drop": ["oauth_callback_confirmed"]},
                                  {"set": {"oauth_callback_confirmed": "false"}},
                                  {"set": {"oauth_callback_confirmed": ""}},
                                  {"set": {"oauth_callback_confirmed": "TRUE"}},
                                  {"set": {"oauth_callback_confirmed": "true "}},
                                  {"repeat": ["oauth_callback_confirmed"]}],
                         ids=["absent", "false", "empty", "TRUE", "blank", "twice"])
def test_OA_1_unconfirmed_callback(site, browser, edit):
    site.expect_log("TW0204.*oauth_callback_confirmed")
    site.standin.fault("/oauth/request_token", "edit", **edit)
    answer = browser.get("/members/", follow=True)
    assert answer.status == 502 and not any("flow" in n for n in browser.cookies.names())
    browser.begin()         # closes the breaker's count


TRICKY = ["+%&=~/\"'", "%41%2B", "a&b=c", "a=b", "~-._", "!*'()", "%%", "a+b/c=="]


@pytest.mark.parametrize("text", TRICKY)
def test_OA_9_OA_10_every_octet_is_signed_right(site, browser, text):
    site.standin.plant("request", "rt" + text, "rs" + text)
    flow = browser.begin()
    assert flow.token == "rt" + text
    site.standin.plant("access", "1001-" + text, "as" + text)
    assert flow.approve("alice").status == 200
    assert [c["signature_ok"] for c in site.standin.calls(kind="api")] == [True, True]


def test_OA_9_header_alone_and_no_secret_sent(site, browser):
    browser.sign_in("alice")
    for call in site.standin.calls(kind="api"):
        assert "oauth" not in call["query"] and call["oauth"]["oauth_signature_method"].startswith("HMAC-SHA")
        assert SECRET not in str(call) and "oauth_" not in call["body"] and call["signature_ok"]


def test_OA_9_consumer_secret_of_all_sorts(make_site):
    secret = "a b+c%&=~/\"'\u00e9\u20ac"
    site = make_site(start=False)
    site.secret("secret", secret)
    site.standin.set(consumer_key=KEY, consumer_secret=secret)
    try:
        site.start()
        assert site.browser().sign_in("alice").status == 200
    finally:
        site.standin.set(consumer_key=KEY, consumer_secret=SECRET)


@pytest.mark.parametrize("dress", [{"shuffle": True}, {"escape_all": True},
                                   {"set": {"x": "1", "oauth_tokens": "2", "": "3"}},
                                   {"shuffle": True, "escape_all": True, "set": {"OAUTH_TOKEN": "no"}}],
                         ids=["order", "escapes", "unknown", "all"])
def test_OA_10_replies_in_another_dress(site, browser, dress):
    site.standin.plant("request", f"r+t/=%41{len(str(dress))}", "r&s=%2B")     # a token of its own: each is spent once
    site.standin.fault("/oauth/request_token", "edit", **dress)
    flow = browser.begin()
    site.standin.fault("/oauth/access_token", "edit", **dress)
    assert flow.approve("alice").status == 200
    assert all(c["signature_ok"] for c in site.standin.calls(kind="api"))


@pytest.mark.parametrize("query", ["state={token}&code=c", "code=c", "state={token}&error=access_denied",
                                   "state={token}",
                                   "oauth_token={token}&oauth_verifier={verifier}&code=c",
                                   "oauth_token={token}&oauth_verifier={verifier}&state=s",
                                   "oauth_token={token}&oauth_verifier={verifier}&error=access_denied",
                                   "denied={token}&code=c&state=s"])
def test_OA_14_answers_of_the_other_protocol(site, browser, query):
    flow = browser.begin()
    verifier = flow.callback("alice").partition("oauth_verifier=")[2]
    answer = browser.get("/twauth/callback?" + query.format(token=flow.token, verifier=verifier), site="cross-site")
    refused(site, answer)
