# SPDX-License-Identifier: Apache-2.0
"""What a request says about addresses, scopes and accounts reaches neither X nor the next visitor."""

import pytest

from harness.signin import Flow

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

EVIL = "evil.example"

FORGED = [
    {"Host": EVIL}, {"Host": f"{EVIL}:443"}, {"Host": f"site.test.{EVIL}"}, {"Host": "localhost"},
    {"Host": "127.0.0.1"}, {"Host": "[::1]"}, {"Host": "SITE.TEST"}, {"Host": "site.test:1"},
    {"X-Forwarded-Host": EVIL}, {"X-Forwarded-Host": f"site.test, {EVIL}"}, {"X-Forwarded-Server": EVIL},
    {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Scheme": "http"}, {"X-Forwarded-Protocol": "http"},
    {"X-Forwarded-Ssl": "off"},
    {"X-Url-Scheme": "http"}, {"Front-End-Https": "off"}, {"X-Forwarded-Port": "81"},
    {"X-Forwarded-Prefix": f"//{EVIL}"},
    {"X-Forwarded-Path": f"//{EVIL}/"}, {"X-Forwarded-Uri": f"//{EVIL}/"}, {"X-Script-Name": f"/{EVIL}"},
    {"Forwarded": f"host={EVIL};proto=http"}, {"Forwarded": f'for=1.2.3.4;host="{EVIL}:81"'}, {"Via": f"1.1 {EVIL}"},
    {"X-Original-URL": f"https://{EVIL}/"}, {"X-Original-Host": EVIL}, {"X-Rewrite-URL": f"//{EVIL}/"},
    {"X-Host": EVIL},
    {"X-HTTP-Host-Override": EVIL}, {"X-Real-Host": EVIL}, {"X-Backend-Host": EVIL},
    {"Destination": f"https://{EVIL}/"},
    {"Origin": f"https://{EVIL}"}, {"Referer": f"https://{EVIL}/members/"}, {"Base-Url": f"https://{EVIL}/"},
    {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http", "X-Forwarded-Port": "81", "Forwarded": f"host={EVIL}"},
]


@pytest.fixture(scope="module")
def site(make_site):
    """As a careless administrator would have it: the name is what the client says."""
    return make_site(main="UseCanonicalName Off\nUseCanonicalPhysicalPort On")


def told(site, flow):
    """The callback's address as X is told it: at the start, and at the exchange where it is told again."""
    if site.protocol == "oauth1":
        call, = site.standin.calls("/oauth/request_token")
        return {call["oauth"]["oauth_callback"]}
    flow.approve("alice")
    call, = site.standin.calls("/2/oauth2/token")
    return {flow.query["redirect_uri"], call["form"]["redirect_uri"]}


@pytest.mark.parametrize("headers", FORGED, ids=lambda h: " ".join(f"{k}={v}" for k, v in h.items())[:40])
def test_OA_12_callback_is_the_configured_one(site, browser, headers):
    site.standin.reset()
    answer = browser.get("/members/", headers=headers)
    for _ in range(4):
        if answer.status >= 400 or site.standin.owns(answer.location):
            break
        # sent to the own address first, or on at the address that was asked for; what was forged comes along
        answer = browser.get(answer.location if "Host" in headers else answer.headers["Location"],
                             headers={k: v for k, v in headers.items() if k != "Host"})
    assert answer.status == 302, answer
    flow = Flow(browser, answer)
    assert told(site, flow) == {site.url("/twauth/callback")}
    assert EVIL not in str(site.standin.calls()) and EVIL not in flow.authorize_url


def test_OA_12_host_of_the_request_is_not_kept_anywhere(site, browser):
    """The whole walk below another name, as that of a load balancer that passes any Host on."""
    site.standin.reset()
    answers = [browser.get("/twauth/login", headers={"Host": EVIL})]
    for _ in range(4):
        answers.append(browser.get(answers[-1].headers["Location"].replace(EVIL, "site.test"), headers={"Host": EVIL}))
        if site.standin.owns(answers[-1].location or ""):
            break
    assert site.standin.owns(answers[-1].location or "")
    assert told(site, Flow(browser, answers[-1])) == {site.url("/twauth/callback")}


# What a library, a plugin or X itself knows as a parameter, with a value that would do harm.
NAMES = {
    "oauth_callback": f"https://{EVIL}/", "oauth_callback_url": f"https://{EVIL}/", "callback": f"https://{EVIL}/",
    "callback_url": f"https://{EVIL}/", "redirect_uri": f"https://{EVIL}/", "redirect_url": f"https://{EVIL}/",
    "redirect": f"https://{EVIL}/", "return_to": f"https://{EVIL}/", "url": f"https://{EVIL}/",
    "origin": f"https://{EVIL}/",
    "target_link_uri": f"https://{EVIL}/", "post_logout_redirect_uri": f"https://{EVIL}/", "iss": f"https://{EVIL}/",
    "login_hint": "alice", "id_token_hint": "x", "acr_values": "x", "prompt": "none", "display": "popup",
    "max_age": "0",
    "ui_locales": "xx", "lang": "xx", "claims": "{}", "request": "x", "request_uri": f"https://{EVIL}/",
    "resource": "x",
    "audience": "x", "registration": "{}", "response_mode": "form_post", "response_type": "token",
    "scope": "tweet.write",
    "scopes": "tweet.write", "state": "x", "nonce": "x", "code": "x", "code_challenge": "x",
    "code_challenge_method": "plain",
    "code_verifier": "v" * 43, "client_id": "x", "client_secret": "x", "client_assertion": "x",
    "grant_type": "password",
    "username": "alice", "password": "x", "screen_name": "alice", "user_id": "1", "force_login": "true",
    "x_auth_access_type": "write", "x_auth_mode": "client_auth", "x_auth_username": "alice", "x_auth_password": "x",
    "x_auth_reverse": "1", "oauth_token": "x", "oauth_token_secret": "x", "oauth_verifier": "x",
    "oauth_consumer_key": "x",
    "oauth_signature_method": "PLAINTEXT", "oauth_signature": "x", "oauth_timestamp": "0", "oauth_nonce": "0",
    "oauth_version": "2.0", "oauth_body_hash": "x", "oauth_callback_confirmed": "true", "realm": "x", "denied": "x",
    "error": "x",
    "auth_request_params": "scope=all", "authorize_params[scope]": "x", "request_params[scope]": "x",
    "use_authorize": "1",
    "provider": f"https://{EVIL}/", "protocol": "oauth2", "TwAuthScope": "x", "_method": "POST", "format": "xml",
}


def begun(site, query):
    """What X is told and sent at a start, without what is new in each."""
    site.standin.reset()
    flow = site.browser().begin(f"/twauth/login?{query}")
    new = ("oauth_nonce", "oauth_timestamp", "oauth_signature", "oauth_token", "state", "code_challenge")
    return ({k: v for k, v in flow.query.items() if k not in new}, sorted(flow.query),
            [(c["method"], c["path"], c["query"], c["body"],
              {k: v for k, v in (c["oauth"] or {}).items() if k not in new},
              {k: v for k, v in c["headers"].items() if k.lower() not in ("authorization", "host")})
             for c in site.standin.calls(kind="api")])


def test_OA_13_parameters_do_not_pass_through(site):
    plain = begun(site, "")
    for name, value in NAMES.items():
        assert begun(site, f"{name}={value}") == plain, name
    assert begun(site, "&".join(f"{name}={value}" for name, value in NAMES.items())) == plain
    assert begun(site, "") == plain, "nothing was kept for the next visitor"


def test_OA_13_nor_those_of_the_page_that_was_asked_for(site, browser):
    plain = begun(site, "")
    query = "&".join(f"{name}={value}" for name, value in NAMES.items())
    site.standin.reset()
    flow = browser.begin(f"/members/env.cgi?{query}")
    assert sorted(flow.query) == plain[1] and EVIL not in str(site.standin.calls()) + flow.authorize_url
    assert flow.approve("alice").target == f"/members/env.cgi?{query}"
