# SPDX-License-Identifier: Apache-2.0
"""OAuth 2.0 as it must be done: PKCE, the state, the issuer, and what of X's answers is believed."""

import base64
import hashlib
import json
import re
from urllib.parse import parse_qsl, quote, unquote

import pytest

from harness.checks import SESSION
from harness.httpd import ONE_CHILD
from harness.standin import CLIENT_ID, CLIENT_SECRET, KEY, PUBLIC_CLIENT_ID

pytestmark = pytest.mark.protocols("oauth2")

TOKEN, USER = "/2/oauth2/token", "/2/users/me"
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CALLBACK = "/twauth/callback?"


@pytest.fixture(scope="module")
def site(make_site):
    """No profile is asked for, so that who it is is asked once; one child has the connections to X that were kept."""
    return make_site(config="TwAuthProfile Off", mpm="event", mpm_config=ONE_CHILD)


@pytest.fixture(autouse=True)
def nothing_happened(site):
    """No failures add up: a sign-in that succeeds closes the breaker's count."""
    site.standin.reset()
    site.db.clear()
    yield
    site.standin.clear_faults()
    site.browser().sign_in("dave")


def nobody(site, browser):
    assert browser.whoami() == {"signed_in": False} and SESSION not in browser.cookies
    assert site.db.rows("SELECT * FROM twauth_account") == site.db.rows("SELECT * FROM twauth_session") == []


def refused(site, browser, answer, status=400):
    """A page: nothing was sent to X, nobody is signed in."""
    assert answer.status == status and not answer.location, answer
    assert site.standin.count() == 0
    nobody(site, browser)


def failed(site, path, kind, **options):
    """A sign-in in which the call of that path goes wrong: the browser and its last answer."""
    browser = site.browser()
    flow = browser.begin("/members/env.cgi")
    url = flow.callback("alice")
    site.standin.fault(path, kind, **options)
    return browser, flow.arrive(url)


def spoken(site, path, body):
    """The same with X answering 200 and that body."""
    return failed(site, path, "body", body=body if isinstance(body, str) else json.dumps(body),
                  content_type="application/json")


# The way, and what it costs

def test_begin_calls_nobody_and_says_all(site, browser):
    flow = browser.begin("/members/env.cgi")
    assert site.standin.count() == 0
    assert flow.authorize_url.startswith(site.standin.browser_url() + "/i/oauth2/authorize?")
    assert set(flow.query) == {"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
                               "code_challenge_method"}
    assert flow.query["response_type"] == "code" and flow.query["client_id"] == CLIENT_ID
    assert flow.query["redirect_uri"] == site.url("/twauth/callback")
    assert 43 <= len(flow.query["state"]) < 500


def test_two_calls_at_the_callback_share_a_connection(site, browser):
    site.graceful()                             # no connection is kept
    site.standin.reset()
    browser.sign_in("alice")
    exchange, user = site.standin.calls(kind="api")
    assert [(c["method"], c["path"]) for c in (exchange, user)] == [("POST", TOKEN), ("GET", USER)]
    assert site.standin.counters()["connections"] == 1
    assert exchange["client_auth"] == "basic" and exchange["client_ok"] and exchange["pkce_ok"]
    assert set(exchange["form"]) == {"grant_type", "code", "redirect_uri", "code_verifier"}
    assert exchange["query"] == user["query"] == user["body"] == "" and user["bearer_ok"]
    assert CLIENT_SECRET not in exchange["body"]


def test_next_sign_in_uses_the_kept_connection(site):
    for user in ("alice", "bob", "carol"):
        site.browser().sign_in(user)
    assert site.standin.counters()["connections"] <= 3 and site.standin.count() == 6


@pytest.mark.parametrize("path", [TOKEN, USER])
@pytest.mark.parametrize("kind", ["close", "reset"])
def test_kept_connection_that_X_has_closed(site, path, kind):
    site.browser().sign_in("alice")
    site.allow_log("TW0204")
    browser, answer = failed(site, path, kind)
    assert answer.status == 200 and browser.whoami()["username"] == "alice"


# O2-1

def test_O2_1_fresh_S256_in_each_flow(site):
    browser = site.browser(keep_alive=True)
    flows = [browser.begin("/members/env.cgi")]
    flows += [browser.begin("/twauth/login") for _ in range(199)]
    assert site.standin.count() == 0
    for name in ("code_challenge", "state"):
        assert len({flow.query[name] for flow in flows}) == 200
        assert len({flow.query[name][:8] for flow in flows}) == 200
    assert {flow.query["code_challenge_method"] for flow in flows} == {"S256"}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", flow.query["code_challenge"]) for flow in flows)
    assert not {flow.query["code_challenge"] for flow in flows} & {flow.query["state"] for flow in flows}
    browser.close()


def test_O2_1_verifier_fits_and_no_browser_sees_it(site):
    verifiers = set()
    for _ in range(20):
        browser = site.browser()
        flow = browser.begin("/members/env.cgi")
        seen = "".join(f"{a.headers}{a.text}" for a in flow.steps)
        for cookie in browser.cookies:
            for i in range(4):
                part = cookie.value[i:].replace(".", "A").replace("~", "A")
                seen += base64.urlsafe_b64decode(part[:len(part) // 4 * 4]).decode("latin-1")
        last = flow.approve("alice")
        seen += "".join(f"{a.headers}{a.text}" for a in [*last.history, last])
        call = site.standin.calls(TOKEN)[-1]
        verifier = call["form"]["code_verifier"]
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        assert digest == flow.query["code_challenge"] and call["pkce_ok"] and UNRESERVED.fullmatch(verifier)
        assert verifier not in seen and verifier not in unquote(flow.authorize_url)
        for token in site.standin.state()["bearer_tokens"]:
            assert token["token"] not in seen
        verifiers.add(verifier)
    assert len(verifiers) == 20


# O2-2

STATES = {
    "missing": lambda state, other: [],
    "empty": lambda state, other: [("state", "")],
    "changed": lambda state, other: [("state", state[:-2] + ("AA" if state[-2:] != "AA" else "BB"))],
    "other case": lambda state, other: [("state", state.swapcase())],
    "shorter": lambda state, other: [("state", state[:-1])],
    "longer": lambda state, other: [("state", state + "A")],
    "NUL": lambda state, other: [("state", state + "\0")],
    "blank": lambda state, other: [("state", state + " ")],
    "huge": lambda state, other: [("state", state * 80)],
    "other flow": lambda state, other: [("state", other)],
    "twice": lambda state, other: [("state", state), ("state", state)],
    "two": lambda state, other: [("state", other), ("state", state)],
    "other name": lambda state, other: [("State", state)],
}


def query(pairs):
    return "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in pairs)


@pytest.mark.parametrize("brings", ["code", "error"])
@pytest.mark.parametrize("how", STATES)
def test_O2_2_state_must_be_the_very_one(site, browser, how, brings):
    flow, other = browser.begin(), site.browser().begin()
    given = dict(parse_qsl((flow.callback() if brings == "code" else flow.cancelled()).partition("?")[2]))
    answer = browser.get(CALLBACK + query([(brings, given[brings]), *STATES[how](flow.token, other.token)]),
                         site="cross-site")
    refused(site, browser, answer)
    assert flow.approve("alice").status == 200, "the sign-in itself is not disturbed"


@pytest.mark.parametrize("brings", ["code", "error"])
def test_O2_2_used_state(site, browser, brings):
    flow = browser.begin()
    copy = browser.clone()
    url = flow.callback("alice")
    assert flow.arrive(url).status == 200
    calls = site.standin.count()
    again = url if brings == "code" else flow.cancelled()
    assert copy.get(again, site="cross-site").status in (400, 403) and site.standin.count() == calls
    assert not copy.whoami()["signed_in"]


def test_O2_2_state_after_a_cancel(site, browser):
    flow = browser.begin()
    url, copy = flow.callback("alice"), browser.clone()
    assert flow.deny().status == 403
    answer = copy.get(url, site="cross-site")
    refused(site, copy, answer)


def test_O2_2_of_another_browser(site, browser):
    url = site.browser().begin().callback("alice")
    refused(site, browser, browser.get(url, site="cross-site"))


# O2-3

def swapped(url, code):
    return re.sub(r"(?<=[?&]code=)[^&]*", code, url)


def test_O2_3_code_of_another_flow(site, browser):
    """PKCE fails at X: the code was made for another verifier."""
    site.expect_log("TW0204: .*code verifier")
    victim = site.browser().begin().callback("bob")
    flow = browser.begin()
    code = dict(parse_qsl(victim.partition("?")[2]))["code"]
    answer = flow.arrive(swapped(flow.callback("alice"), code))
    assert answer.status in (400, 502), answer
    call, = site.standin.calls(kind="api")
    assert call["path"] == TOKEN and call["pkce_ok"] is False
    assert call["form"]["redirect_uri"] == site.url("/twauth/callback")
    nobody(site, browser)
    assert browser.cookies.names("flow") == []


@pytest.mark.parametrize("code", ["", "%00", "x%20y", "%0D%0AX:y", "c" * 5000], ids=["empty", "NUL", "blank", "CRLF", "long"])
def test_O2_3_unusable_code_is_not_sent(site, browser, code):
    flow = browser.begin()
    refused(site, browser, flow.arrive(swapped(flow.callback(), code)))


def test_O2_3_code_is_sent_as_a_value_alone(site, browser):
    flow = browser.begin()
    site.expect_log("TW0204")
    code = "a&redirect_uri=https://evil.example/&x=%+\"'"
    assert flow.arrive(swapped(flow.callback(), quote(code, safe=""))).status == 400
    call, = site.standin.calls(TOKEN)
    assert call["form"]["code"] == code and call["form"]["redirect_uri"] == site.url("/twauth/callback")
    assert len(call["form"]) == 4


# O2-4

@pytest.mark.parametrize("how, accepted", [("right", True), ("wrong", False), ("empty", False), ("slash", False),
                                           ("case", False), ("browser's", False), ("twice", False), ("both", False)])
@pytest.mark.parametrize("brings", ["code", "error"])
def test_O2_4_issuer(site, browser, how, accepted, brings):
    site.allow_log("TW0223")
    right = site.standin.api()
    issuers = {"right": [right], "wrong": ["https://evil.example"], "empty": [""], "slash": [right + "/"],
               "case": [right.upper()], "browser's": [site.standin.browser_url()], "twice": [right, right],
               "both": [right, "https://evil.example"]}[how]
    flow = browser.begin("/members/env.cgi")
    url = flow.callback("alice") if brings == "code" else flow.cancelled()
    answer = flow.arrive(url + "".join(f"&iss={quote(i, safe='')}" for i in issuers))
    if accepted:
        assert answer.status == (200 if brings == "code" else 403)
    else:
        refused(site, browser, answer)


@pytest.mark.parametrize("more", ["oauth_token={state}", "oauth_verifier=x", "denied={state}",
                                  "oauth_token={state}&oauth_verifier={code}"])
def test_O2_4_answer_of_the_other_protocol(site, browser, more):
    flow = browser.begin()
    url = flow.callback("alice")
    given = dict(parse_qsl(url.partition("?")[2]))
    more = more.format(**given)
    for answer in (flow.arrive(f"{url}&{more}"), browser.get(CALLBACK + more, site="cross-site")):
        refused(site, browser, answer)


# O2-5

EVIL = '<b>call+555</b>\r\n[x:error] TW0204: forged'
#: `error` -> the page's status: cancelled, or no usable answer.
ERRORS = {"access_denied": 403, "server_error": 400, "temporarily_unavailable": 400, "invalid_scope": 400, "": 400,
          "ACCESS_DENIED": 400, EVIL: 400, "e" * 3000: 400, "access_denied\0": 400}


@pytest.mark.parametrize("with_code", [False, True], ids=["alone", "with a code"])
@pytest.mark.parametrize("error", ERRORS, ids=[*ERRORS][:6] + ["evil", "long", "NUL"])
def test_O2_5_error_answers(site, browser, error, with_code):
    site.allow_log("TW0223")
    log = site.log.mark()
    flow = browser.begin("/members/")
    given = dict(parse_qsl(flow.callback("alice").partition("?")[2]))
    pairs = [("error", error), ("error_description", EVIL), ("error_uri", "https://evil.example/"),
             ("state", given["state"])] + ([("code", given["code"])] if with_code else [])
    answer = flow.arrive(site.url(CALLBACK) + query(pairs))
    refused(site, browser, answer, ERRORS[error])
    for text in ("call+555", "call 555", "evil.example", "forged", "e" * 40):       # no random value has these
        assert text not in answer.text and text not in str(answer.headers)
    logged = site.log.since(log)
    assert "<b>call" not in logged.replace("'<b>call", "").replace('"<b>call', "") or EVIL == error
    assert not re.search(r"^\[x:error\]", logged, re.M) and "e" * 200 not in logged


def test_O2_5_what_blames_the_application_is_loud_once_a_minute(make_site):
    site = make_site()
    site.expect_log(r'error\].* TW0223: X sent the browser back with "invalid_scope"')
    log = site.log.mark()
    for _ in range(2):
        flow = site.browser().begin()
        assert flow.arrive(site.url(CALLBACK) + query([("error", "invalid_scope"), ("state", flow.token)])).status == 400
    assert [line.level for line in site.log.lines(log) if line.number == "TW0223"] == ["error", "info"]


def test_O2_5_provider_text_is_logged_cut_and_escaped(site, browser):
    site.allow_log("TW0223")
    log = site.log.mark()
    flow = browser.begin()
    flow.arrive(site.url(CALLBACK) + query([("error", EVIL + "e" * 300), ("state", flow.token)]))
    line, = [line for line in site.log.lines(log) if line.number == "TW0223"]
    assert line.level in ("error", "info") and "\\x0d" in line.text and "forged" in line.text
    assert "e" * 100 not in line.text


@pytest.mark.parametrize("repeated", ["error", "code"])
def test_O2_5_error_or_code_twice(site, browser, repeated):
    flow = browser.begin()
    url = flow.callback() if repeated == "code" else flow.cancelled()
    value = dict(parse_qsl(url.partition("?")[2]))[repeated]
    refused(site, browser, flow.arrive(f"{url}&{repeated}={quote(value)}"))


# O2-6, O2-7

GOOD_TOKEN = {"token_type": "bearer", "expires_in": 7200, "access_token": "an-access-token", "scope": "users.read"}
GOOD_USER = {"data": {"id": "1001", "name": "Alice", "username": "alice"}}


def token(**changed):
    return {k: v for k, v in {**GOOD_TOKEN, **changed}.items() if v is not ...}


def user(**changed):
    return {"data": {k: v for k, v in {**GOOD_USER["data"], **changed}.items() if v is not ...}}


DEEP = 4000
#: Documents that are no answer at either call.
NEITHER = {
    "empty": "", "blank": " ", "object": "{}", "null": "null", "true": "true", "number": "7", "string": '"bearer"',
    "html": "<!doctype html><title>Hi</title>", "form": "access_token=a&token_type=bearer&id=1001&username=alice",
    "error": {"error": "invalid_grant"}, "errors": {"errors": [{"message": "no", "code": 32}]},
    "problem": {"title": "Unauthorized", "detail": "Unauthorized", "status": 401},
    "deep arrays": "[" * DEEP + "]" * DEEP, "deep objects": '{"data":' * DEEP + "1" + "}" * DEEP,
    "open": "[" * DEEP, "half a string": '{"access_token":"', "backslash": '{"access_token":"\\',
    "huge exponent": '{"expires_in":1e300,"data":1e300}', "endless number": '{"expires_in":' + "9" * 5000 + "}",
}
#: What the token endpoint says with 200 that is no bearer token.
NO_TOKEN = {
    **NEITHER,
    "array": [GOOD_TOKEN], "wrapped": {"data": GOOD_TOKEN}, "error too": token(error="invalid_grant"),
    "mac": token(token_type="mac"), "no type": token(token_type=...), "type null": token(token_type=None),
    "type array": token(token_type=["bearer"]), "type empty": token(token_type=""), "type longer": token(token_type="bearer "),
    "no token": token(access_token=...), "token empty": token(access_token=""), "token null": token(access_token=None),
    "token number": token(access_token=7), "token array": token(access_token=["a"]), "token object": token(access_token={}),
    "token blank": token(access_token="a b"), "token CRLF": token(access_token="a\r\nX-Injected: 1"),
    "token NUL": token(access_token="a\0b"), "token utf-8": token(access_token="\u00e9"), "token long": token(access_token="a" * 5000),
    "expires text": token(expires_in="soon"), "expires list": token(expires_in=[7200]), "expires true": token(expires_in=True),
    "expires negative": token(expires_in=-1), "expires huge": json.dumps(token(expires_in=0)).replace("0", "9223372036854775807", 1),
    "expires beyond": json.dumps(token(expires_in=0)).replace('_in": 0', '_in": 99999999999999999999'),
    "expires 1e300": json.dumps(token(expires_in=0)).replace('_in": 0', '_in": 1e300'),
    "expires object": token(expires_in={}), "refresh number": token(refresh_token=1), 
    "refresh empty": token(refresh_token=""), "refresh CRLF": token(refresh_token="a\r\nb"),
    "token twice": json.dumps(GOOD_TOKEN)[:-1] + ', "access_token": "another"}',
    "type twice": '{"token_type": "mac", ' + json.dumps(GOOD_TOKEN)[1:],
    "cut": json.dumps(GOOD_TOKEN)[:-1], "two documents": json.dumps(GOOD_TOKEN) * 2, "tail": json.dumps(GOOD_TOKEN) + "x",
    "comment": "/**/" + json.dumps(GOOD_TOKEN), "single quotes": str(GOOD_TOKEN), "BOM": "\ufeff" + json.dumps(GOOD_TOKEN),
    "long": token(x="a" * 70000), "names in capitals": {k.upper(): v for k, v in GOOD_TOKEN.items()},
}
#: What users/me says with 200 that is nobody.
NO_USER = {
    **NEITHER,
    "array": [GOOD_USER], "not in data": GOOD_USER["data"], "data array": {"data": [GOOD_USER["data"]]}, "data null": {"data": None},
    "data text": {"data": "1001"}, "no id": user(id=...), "id number": user(id=1001), "id null": user(id=None), "id array": user(id=["1001"]),
    "id empty": user(id=""), "id zero": user(id="0"), "id negative": user(id="-1"), "id octal": user(id="01"), "id real": user(id="1e3"),
    "id long": user(id="1" * 21), "id blank": user(id="1001 "), "id NUL": user(id="1001\0"), "id arabic": user(id="\u0661"),
    "no name": user(username=...), "name null": user(username=None), "name number": user(username=7), "name empty": user(username=""),
    "name long": user(username="a" * 21), "name markup": user(username="<b>"), "name CRLF": user(username="a\r\nX: y"),
    "name NUL": user(username="alice\0"), "name cyrillic": user(username="ali\u0441e"), "name at": user(username="@alice"),
    "id twice": json.dumps(GOOD_USER).replace('"id"', '"id": "1002", "id"'),
    "data twice": json.dumps(GOOD_USER)[:-1] + ', "data": {"id": "1002", "username": "bob"}}',
    "lone surrogate": json.dumps(GOOD_USER).replace("alice", "\\ud800"),
    "cut": json.dumps(GOOD_USER)[:-1], "two documents": json.dumps(GOOD_USER) * 2, "tail": json.dumps(GOOD_USER) + "x",
    "long": {**GOOD_USER, "x": "a" * 70000},
}


@pytest.mark.parametrize("what", NO_TOKEN)
def test_O2_6_O2_7_no_bearer_token(site, what):
    site.expect_log("TW0204: .*code: ")
    browser, answer = spoken(site, TOKEN, NO_TOKEN[what])
    assert answer.status == 502 and "X-Injected" not in answer.headers, answer
    assert site.standin.count(TOKEN) == 1 and site.standin.count(USER) == 0
    nobody(site, browser)


@pytest.mark.parametrize("what", NO_USER)
def test_O2_6_O2_7_no_user(site, what):
    site.expect_log("TW0204: .*user: ")
    browser, answer = spoken(site, USER, NO_USER[what])
    assert answer.status == 502 and "X" not in answer.headers, answer
    assert site.standin.count(TOKEN) == site.standin.count(USER) == 1
    nobody(site, browser)


@pytest.mark.parametrize("dress", [{"shuffle": True}, {"escape_all": True}, {"set": {"x": {"y": [1, None, 1e9]}, "": "", "z": "\u00e9"}}])
def test_O2_7_good_answers_in_another_dress(site, browser, dress):
    flow = browser.begin("/members/env.cgi")
    url = flow.callback("alice")
    site.standin.fault("*", "edit", times=2, **dress)
    assert flow.arrive(url).json()["REMOTE_USER"] == "alice"


@pytest.mark.parametrize("edit", [{"set": {"token_type": "Bearer"}}, {"set": {"token_type": "BEARER"}}, {"drop": ["expires_in"]},
                                  {"drop": ["scope"]}, {"set": {"expires_in": 0}}])
def test_O2_6_what_RFC_6749_allows(site, edit):
    browser, answer = failed(site, TOKEN, "edit", **edit)
    assert answer.status == 200 and browser.whoami()["username"] == "alice"


@pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 404, 500])
@pytest.mark.parametrize("path, body", [(TOKEN, GOOD_TOKEN), (USER, GOOD_USER)], ids=["code", "user"])
def test_O2_6_good_body_with_another_status(site, path, body, status):
    site.expect_log(f"TW0204.*answered {status}")
    browser, answer = failed(site, path, "status", status=status, body=json.dumps(body), content_type="application/json")
    assert answer.status == 502
    nobody(site, browser)


# O2-9

@pytest.fixture(scope="module")
def wide(make_site):
    return make_site(config='TwAuthScope "tweet.read users.read offline.access"')


POLLUTION = ["scope=tweet.write", "state=x", "client_id=x", "redirect_uri=https://evil.example/", "code_challenge=x",
             "code_challenge_method=plain", "response_type=token", "prompt=none", "force_login=true", "code_verifier=" + "v" * 43]


def test_O2_9_smallest_scope_and_nothing_passes_through(site):
    for more in ["", *POLLUTION, "&".join(POLLUTION)]:
        flow = site.browser().begin(f"/twauth/login?{more}")
        assert flow.query["scope"] == "tweet.read users.read", more
        assert len(flow.query) == 7 and flow.query["code_challenge_method"] == "S256", more
        assert flow.query["client_id"] == CLIENT_ID and flow.query["redirect_uri"] == site.url("/twauth/callback")
        assert flow.query["response_type"] == "code" and flow.query["state"] != "x"


def test_O2_9_scope_of_the_configuration(wide):
    flow = wide.browser().begin("/twauth/login?scope=tweet.write")
    assert flow.query["scope"] == "tweet.read users.read offline.access"


def test_scope_that_X_does_not_give_is_no_sign_in(make_site):
    site = make_site(config="TwAuthScope offline.access")
    site.expect_log("TW0204: .*403")
    assert site.browser().sign_in("alice").status == 502


# Who the application is

@pytest.fixture(scope="module")
def public(make_site):
    return make_site(public=True)


def test_public_client_has_no_secret(public):
    browser = public.browser()
    assert browser.sign_in("alice", next="/members/env.cgi").json()["REMOTE_USER"] == "alice"
    call, = public.standin.calls(TOKEN)
    assert call["client_auth"] == "body" and call["client_ok"] and call["form"]["client_id"] == PUBLIC_CLIENT_ID
    assert "client_secret" not in call["form"] and "authorization" not in call["headers"]


@pytest.mark.parametrize("mix", ["secret of another", "public without a secret", "secret for a public one",
                                 "consumer key as the id"])
def test_wrong_client_is_named(make_site, mix):
    site = make_site(start=False, public=mix == "public without a secret")
    lines = site.vhost.config
    if mix == "secret of another":
        site.secret("client-secret", "another-secret")
    elif mix == "public without a secret":
        lines = lines.replace(PUBLIC_CLIENT_ID, CLIENT_ID)
    elif mix == "secret for a public one":
        lines = lines.replace(CLIENT_ID, PUBLIC_CLIENT_ID)
    else:
        lines = lines.replace(CLIENT_ID, KEY)
    site.vhost.config = lines
    site.start()
    flow = site.browser().begin()
    if mix == "consumer key as the id":
        with pytest.raises(AssertionError, match="unknown client_id"):
            flow.callback("alice")
        return
    site.expect_log("TW0204: .*TwAuthClientID.*TwAuthClientSecret")
    answer = flow.approve("alice")
    assert answer.status == 502 and "out of order" in answer.text


@pytest.mark.parametrize("secret", ["a b+c%&=~/\"'\u00e9:\u20ac", ":", "%41%3A"])
def test_client_secret_of_all_sorts(make_site, secret):
    site = make_site(start=False)
    site.secret("client-secret", secret)
    site.standin.set(client_secret=secret)
    try:
        site.start()
        assert site.browser().sign_in("alice").status == 200
    finally:
        site.standin.set(client_secret=CLIENT_SECRET)


# X's ways to say no

NO = {
    "credits-depleted": (USER, 502, "402.*CreditsDepleted.*credits.*console"),
    "client-not-enrolled": (USER, 502, "403.*client-not-enrolled.*project"),
    "authorization": (TOKEN, 502, "401.*unauthorized_client.*TwAuthClientID"),
    "invalid-client": (TOKEN, 502, "401.*invalid_client.*TwAuthClientID"),
    "client-id": (TOKEN, 502, "400.*client id.*TwAuthClientID"),
    "invalid-scope": (TOKEN, 502, "400.*invalid_scope.*TwAuthScope"),
    "redirect-uri": (TOKEN, 502, "400.*redirect uri.*register exactly"),
    "code": (TOKEN, 400, "400.*authorization code.*used, or"),
    "user-suspended": (USER, 403, "403.*suspended"),
    "spend-cap": (USER, 502, "403.*SpendCapReached.*spend cap.*raise"),
    "too-many-requests": (USER, 503, "429"),
    "rate-limited": (TOKEN, 503, "429"),
    "unavailable": (TOKEN, 502, "503"),
    "unauthorized": (USER, 502, "401"),
    "forbidden": (USER, 502, "403"),
    "app-only": (USER, 502, "403"),
    "oauth1-permissions": (USER, 502, "403.*permissions"),
    "grant-type": (TOKEN, 502, "400"),
    "invalid-request": (USER, 502, "400"),
}
WORDS = {400: "Start again", 403: "suspended", 502: "Sign-in is out of order", 503: "Please wait"}


@pytest.mark.parametrize("name", NO)
def test_refusal_has_its_page_and_its_line(site, name):
    path, status, said = NO[name]
    site.expect_log(f"TW0204: .*{said}")
    # a token that is refused is tried once more
    browser, answer = failed(site, path, "error2", name=name, times=2 if name == "unauthorized" else 1)
    assert answer.status == status, answer
    words = "X cannot be reached" if name in ("unavailable", "unauthorized") else WORDS[status]
    assert words in answer.text and "CreditsDepleted" not in answer.text and "1000000000000000001" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)
    nobody(site, browser)


def test_429_waits_until_the_time_X_says(site):
    site.expect_log("TW0204")
    browser, answer = failed(site, USER, "error2", name="too-many-requests", headers={"Retry-After": "7"})
    assert answer.status == 503 and answer.headers["Retry-After"] == "7"


@pytest.fixture(scope="module")
def timed(make_site):
    return make_site(clock=True)


def test_code_that_got_too_old(timed):
    """The browser was a minute on its way back; X's codes live 30 seconds."""
    flow = timed.browser().begin("/members/env.cgi")
    url = flow.callback("alice")
    timed.clock.forward(31)
    timed.expect_log("TW0204: .*used, or")
    answer = flow.arrive(url)
    assert answer.status == 400 and "Start again" in answer.text
    assert 'href="/twauth/login?next=%2Fmembers%2Fenv.cgi"' in answer.text
    timed.clock.set(0)


def test_user_may_take_longer_than_the_code_lives(timed):
    flow = timed.browser().begin("/members/env.cgi")
    timed.clock.forward(120)
    assert flow.approve("alice").status == 200
    timed.clock.set(0)


# The configuration

@pytest.mark.parametrize("which", ["oauth1", "oauth2"])
def test_both_credentials_need_to_be_told_which(make_site, which):
    site = make_site(start=False, protocol="both")
    checked = site.httpd.check()
    assert not checked and "TwAuthProtocol" in checked.stderr
    site.vhost.config += f"\nTwAuthProtocol {which}"
    assert site.httpd.check(), site.httpd.check().stderr
    site.start()
    assert site.browser().begin().protocol == which


@pytest.mark.parametrize("lines, named", [("TwAuthProtocol oauth1", "TwAuthConsumerKey"), ("TwAuthProtocol oauth3", "TwAuthProtocol"),
                                          ('TwAuthScope ""', "TwAuthScope"), ('TwAuthScope "a  b"', "TwAuthScope"),
                                          ('TwAuthScope "a\\"b"', "TwAuthScope"), ('TwAuthClientID "a b"', "TwAuthClientID")])
def test_refused_at_the_check(make_site, lines, named):
    site = make_site(start=False, config=lines)
    checked = site.httpd.check()
    assert not checked and named in checked.stderr
