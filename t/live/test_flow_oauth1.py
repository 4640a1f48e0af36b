"""OAuth 1.0a as it must be done: what is signed, what is believed, and once only."""

import base64
import threading
from urllib.parse import parse_qsl, quote, unquote

import pytest

from harness.standin import KEY, SECRET


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


@pytest.mark.parametrize("spoil", [lambda u: u.partition("&oauth_verifier")[0],
                                   lambda u: u.partition("oauth_verifier=")[0] + "oauth_verifier=",
                                   lambda u: u.partition("oauth_verifier=")[0] + "oauth_verifier=%00",
                                   lambda u: u.partition("oauth_verifier=")[0] + "oauth_verifier=" + "v" * 5000],
                         ids=["none", "empty", "NUL", "long"])
def test_OA_1_no_verifier_no_call(site, browser, spoil):
    flow = browser.begin()
    refused(site, flow.arrive(spoil(flow.callback())))


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
        browser.cookies[name] = value[:-1] if how == "cut" else value[:-9] + "AAAA" + value[-5:]
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


@pytest.mark.parametrize("name", ["oauth_token", "oauth_verifier", "denied"])
@pytest.mark.parametrize("value", ["same", "other", "empty"])
def test_OA_4_no_parameter_twice(site, browser, name, value):
    flow = browser.begin()
    url = site.standin.deny(flow.token) if name == "denied" else flow.callback()
    given = dict(parse_qsl(url.partition("?")[2]))[name]
    more = {"same": given, "other": "x", "empty": ""}[value]
    refused(site, flow.arrive(f"{url}&{name}={quote(more)}"))


@pytest.mark.parametrize("half", ["all", "verifier"])
def test_OA_4_nothing_is_read_from_a_body(site, browser, half):
    flow = browser.begin()
    url = flow.callback()
    head, _, query = url.partition("?")
    if half == "verifier":
        head, query = url.split("&oauth_verifier=")[0], "oauth_verifier=" + url.split("oauth_verifier=")[1]
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
    urls = [url] * 10 + [f"{url}{i}" for i in range(10)]
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
        copy.get(f"{url}{i}", site="cross-site")
    assert exchanges(site) == 1
    assert browser.clone().get(url, site="cross-site").status == 400 and exchanges(site) == 1


@pytest.fixture(scope="module")
def timed(make_site):
    return make_site(config="TwAuthFlowTimeout 2s", clock=True)


@pytest.mark.parametrize("seconds", [3, 3600, -3600], ids=["late", "very late", "before its start"])
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
    assert browser.get(site.url(f"/twauth/callback?denied={flow.token}"), site="cross-site").status == 403
    assert copy.get(url, site="cross-site").status == 400 and exchanges(site) == 0


@pytest.mark.parametrize("query", ["denied=", "denied=abc", "denied={other}", "denied={token}&oauth_token={token}",
                                   "denied={token}&oauth_verifier=x",
                                   "denied={token}&oauth_token={token}&oauth_verifier=x",
                                   "denied={other}&oauth_token={token}&oauth_verifier=x"])
def test_OA_7_odd_cancels_disturb_nothing(site, browser, query):
    flow, other = browser.begin(), site.browser().begin()
    answer = browser.get("/twauth/callback?" + query.format(token=flow.token, other=other.token), site="cross-site")
    refused(site, answer)
    assert flow.approve("alice").status == 200


def test_OA_8_secrets_never_reach_the_browser(site, browser):
    site.standin.plant("request", "Planted-token-1", "planted-secret-of-the-flow-77")
    flow = browser.begin("/members/env.cgi?target-in-clear")
    seen = "".join(f"{a.headers}{a.text}" for a in flow.steps)
    cookie = browser.cookies[browser.cookies.names("flow")[0]]
    seen += unquote(cookie)
    for i in range(4):
        part = cookie[i:].replace(".", "A").replace("~", "A")
        seen += base64.urlsafe_b64decode(part[:len(part) // 4 * 4]).decode("latin-1")
    last = flow.approve("alice")
    seen += "".join(f"{a.headers}{a.text}" for a in last.history)
    assert "planted-secret-of-the-flow-77" not in seen and "target-in-clear" not in cookie
    for token in site.standin.state()["access_tokens"]:
        assert token["token"] not in seen and token["secret"] not in seen


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


@pytest.mark.mpms("prefork")
def test_OA_11_nothing_repeats(site):
    def start(n):
        for _ in range(n):
            site.browser().begin()
    for restart in (True, False):
        threads = [threading.Thread(target=start, args=(15,)) for _ in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        if restart:
            site.graceful()
    calls = site.standin.calls("/oauth/request_token")
    nonces = [c["oauth"]["oauth_nonce"] for c in calls]
    assert len(nonces) == 240 == len(set(nonces)) == len({n[:8] for n in nonces})
    assert all(len(n) >= 22 for n in nonces)


FORGED = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "81",
          "Forwarded": "host=evil.example;proto=http",
          "X-Original-URL": "https://evil.example/", "X-Forwarded-Server": "evil.example", "Host": "evil.example",
          "X-Rewrite-URL": "//evil.example/"}


@pytest.mark.parametrize("name", FORGED)
def test_OA_12_callback_is_the_configured_one(site, browser, name):
    forged = {name: FORGED[name]}
    answer = browser.get("/members/", headers=forged)
    for _ in range(4):
        if site.standin.owns(answer.location):
            break
        assert answer.location.startswith((site.url("/"), "https://evil.example/twauth") if name == "Host" else site.url("/"))
        answer = browser.get(answer.headers["Location"], headers=forged)
    call, = site.standin.calls("/oauth/request_token")
    assert call["oauth"]["oauth_callback"] == site.url("/twauth/callback") and "evil" not in str(call)


POLLUTION = ["oauth_callback=https://evil.example/", "x_auth_access_type=write", "force_login=true",
             "screen_name=alice", "scope=all",
             "oauth_token=x", "oauth_consumer_key=x", "lang=xx", "oauth_callback_confirmed=true",
             "auth_request_params=a%3Db", "client_id=x"]


def test_OA_13_parameters_do_not_pass_through(site):
    def start(query):
        flow = site.browser().begin(f"/twauth/login?{query}")
        call = site.standin.calls("/oauth/request_token")[-1]
        return (sorted(flow.query), call["body"], {k: v for k, v in call["oauth"].items()
                                                   if k not in ("oauth_nonce", "oauth_timestamp", "oauth_signature")})
    plain = start("")
    for query in [*POLLUTION, "&".join(POLLUTION)]:
        assert start(query) == plain, query
    assert start("") == plain


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
