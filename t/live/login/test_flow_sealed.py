# SPDX-License-Identifier: Apache-2.0
"""The pending sign-in: the browser carries it, and can neither read it nor use it twice."""

import base64
from urllib.parse import unquote

import pytest

from harness.checks import FLOW, SESSION

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

TARGET = "/members/env.cgi?target-in-clear-91c2"


def decoded(text):
    """What a reader could make of a text: itself, unescaped, and as base64 from each of its letters on."""
    seen = [text.encode(), unquote(text).encode("utf-8", "surrogateescape")]
    letters = text.replace(".", "A").replace("~", "A").replace("+", "-").replace("/", "_")
    for shift in range(4):
        part = letters[shift:]
        seen.append(base64.urlsafe_b64decode(part[:len(part) // 4 * 4]))
    return seen


def secret_of(site, flow):
    """What the flow cookie hides: the request token's secret, or the PKCE verifier."""
    if site.protocol == "oauth1":
        return "planted-secret-of-the-flow-77"
    return site.standin.calls("/2/oauth2/token")[-1]["form"]["code_verifier"]


def test_OA_8_O2_1_secrets_never_reach_the_browser(site, browser):
    site.standin.reset()
    if site.protocol == "oauth1":
        site.standin.plant("request", "Planted-token-1", "planted-secret-of-the-flow-77")
    flow = browser.begin(TARGET)
    cookies = [c.value for r in flow.steps for c in r.set_cookies]
    last = flow.approve("alice")
    cookies += [c.value for r in [*last.history, last] for c in r.set_cookies]
    secrets = [secret_of(site, flow), *site.standin.secrets()]
    secrets = [s for s in secrets if s not in unquote(last.history[0].url)]     # X itself sends the code by the browser
    assert len(secrets) >= 2
    seen = [piece for cookie in cookies for piece in decoded(cookie)]
    # the environment that the page prints is the browser's business, and has none of them either
    seen += [f"{a.url}\n{a.headers}{a.text}".encode() for a in [*flow.steps, *last.history, last]]
    for secret in secrets:
        assert not [piece for piece in seen if secret.encode() in piece]


def test_OA_8_the_way_back_is_not_to_be_read_in_the_cookie(site, browser):
    browser.begin(TARGET)
    name, = browser.cookies.names(FLOW)
    assert not [piece for piece in decoded(browser.cookies[name]) if b"members" in piece or b"target-in-clear" in piece]


# OA-4: names and values written in other ways

def spellings(name, value):
    """Other ways to write the pair; the parser at the other end may or may not take them for it."""
    first = f"%{ord(name[0]):02x}"
    return [f"{first}{name[1:]}={value}", f"{first.upper()}{name[1:]}={value}",
            f"{name.replace('_', '%5f')}={value}&{name}={value}",
            f"{name}=&{name}={value}", f"{name}&{name}={value}", f"&&{name}={value}&{name}={value}"]


@pytest.mark.parametrize("place", ["before", "behind"])
@pytest.mark.parametrize("which", ["key", "proof"])
@pytest.mark.parametrize("number", range(6))
def test_OA_4_the_same_name_written_in_another_way_is_twice(site, browser, which, number, place):
    site.standin.reset()
    flow = browser.begin()
    url = flow.callback()
    name = site.key_name if which == "key" else site.proof_name
    value = dict(p.split("=", 1) for p in url.partition("?")[2].split("&"))[name]
    more = spellings(name, value)[number]
    head, _, query = url.partition("?")
    answer = flow.arrive(f"{head}?{more}&{query}" if place == "before" else f"{url}&{more}")
    assert answer.status == 400 and answer.cookie(SESSION) is None
    assert site.standin.calls(site.exchange_path) == []


#: Names that are none of ours, and separators that are none.
FOREIGN = ["{k}[]=x", "{k}%00=x", "{K}=x", " {k}=x", "+{k}=x", "{k}.=x", "x;{k}=x", "x%26{k}=x", "x={k}=x",
           "{k}%5B0%5D=x", "%zz{k}=x", "?{k}=x"]


@pytest.mark.parametrize("more", FOREIGN)
def test_OA_4_foreign_names_do_not_count(site, browser, more):
    flow = browser.begin("/members/env.cgi")
    name = site.key_name
    more = more.replace("{k}", name).replace("{K}", name.upper()).replace(" ", "%20")
    assert flow.arrive(f"{flow.callback()}&{more}").json()["REMOTE_USER"] == "alice"


@pytest.mark.parametrize("fragment", ["#_=_", "#access_token=x&token_type=bearer", "#code=x"])
def test_OA_4_what_stands_in_a_fragment_is_not_sent(site, browser, fragment):
    answer = browser.begin("/members/env.cgi").arrive(browser.begin("/members/env.cgi").callback() + fragment)
    assert answer.json()["REMOTE_USER"] == "alice"


# OA-5: again, later and elsewhere

@pytest.mark.parametrize("meanwhile", ["graceful", "restart"])
def test_OA_5_second_finish_after_a_restart(site, browser, meanwhile):
    """A full restart forgets which sign-ins are spent; X does not, and its refusal is a page."""
    flow = browser.begin()
    copy, url = browser.clone(), flow.callback("alice")
    assert flow.arrive(url).status == 200
    sessions = site.db.value("SELECT count(*) FROM twauth_session")
    getattr(site, meanwhile)()
    before = len(site.standin.calls(site.exchange_path))
    answer = copy.get(url, site="cross-site")
    assert answer.status == 400 and not copy.whoami()["signed_in"]
    assert len(site.standin.calls(site.exchange_path)) - before == (meanwhile == "restart")
    assert site.db.value("SELECT count(*) FROM twauth_session") == sessions


def test_OA_5_each_child_knows_that_it_is_spent(site, browser):
    flow = browser.begin()
    copies, url = [browser.clone() for _ in range(20)], flow.callback("alice")
    assert flow.arrive(url).status == 200
    before = site.standin.count()
    assert {copy.get(url, site="cross-site").status for copy in copies} == {400} and site.standin.count() == before
