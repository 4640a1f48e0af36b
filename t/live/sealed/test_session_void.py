# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with a session cookie, the answer is that to somebody without one."""

import base64
import re
import secrets

import pytest

from harness.checks import FLOW, PRE, SESSION, is_refused, user
from harness.httpd import VHost

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

HOUR = 3600


@pytest.fixture(scope="module")
def site(make_site):
    """With a second host of the same key, and a key that goes out later."""
    site = make_site(start=False, clock=True,
                     config="TwAuthSessionIdle 1h\nTwAuthSessionMax 4h\nTwAuthSessionRecheck 10s")
    site.old_key = site.secret("key-old", base64.b64encode(secrets.token_bytes(48)).decode())
    site.other = VHost("other.test", config=site.vhost.config)
    site.httpd.vhosts.append(site.other)
    site.standin.register(site.other.url("/twauth/callback"))
    site.clock.set(0)
    return site.start()


@pytest.fixture
def alice(site):
    site.clock.set(0)
    site.db.clear()
    browser = site.browser()
    browser.sign_in("alice")
    yield browser
    site.clock.set(0)


def cut(site, alice):
    return alice.cookies[SESSION][:-1]


def turned(place):
    def spoil(site, alice):
        raw = bytearray(base64.urlsafe_b64decode(alice.cookies[SESSION] + "=="))
        raw[place] ^= 1
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return spoil


def of_another_host(site, alice):
    browser = site.browser()
    browser.base = site.other.origin
    browser.sign_in("alice")
    return browser.cookies[SESSION]


def of_a_key_that_went(site, alice):
    now = site.vhost.config
    site.vhost.config = now.replace(str(site.key), str(site.old_key))
    site.graceful()
    alice.sign_in("alice")
    site.vhost.config = now
    site.graceful()
    return alice.cookies[SESSION]


def a_pending_sign_in(site, alice):
    flow = site.browser().begin()
    return flow.browser.cookies[flow.browser.cookies.names(FLOW)[0]]


def a_form_token(site, alice):
    return alice.get("/twauth/logout").text.split('name="token" value="')[1].split('"')[0]


def a_stored_token(site, alice):
    return site.db.value("SELECT token FROM twauth_account")


def idle_for_too_long(site, alice):
    site.clock.forward(HOUR + 1)
    return alice.cookies[SESSION]


def at_its_absolute_end(site, alice):
    for _ in range(5):
        assert user(alice) == "alice"
        site.clock.forward(HOUR - 720)
    return alice.cookies[SESSION]


def of_the_future(site, alice):
    site.clock.forward(-HOUR)
    return alice.cookies[SESSION]


def signed_out(site, alice):
    value = alice.cookies[SESSION]
    alice.sign_out()
    return value


def ended_in_the_database(site, alice):
    site.db.execute("DELETE FROM twauth_session")
    site.clock.forward(11)
    return alice.cookies[SESSION]


def of_a_deleted_account(site, alice):
    site.db.execute("DELETE FROM twauth_account")
    site.clock.forward(11)
    return alice.cookies[SESSION]


def of_a_disabled_account(site, alice):
    site.db.execute("UPDATE twauth_account SET active = 0")
    site.clock.forward(11)
    return alice.cookies[SESSION]


def of_an_account_that_became_anothers(site, alice):
    site.db.execute("UPDATE twauth_account SET twitter_id = '9' || twitter_id")
    site.clock.forward(11)
    return alice.cookies[SESSION]


WAYS = [cut, turned(0), turned(1), turned(3), turned(4), turned(27), turned(28), turned(60), turned(-1), turned(-16),
        of_another_host, of_a_key_that_went, a_pending_sign_in, a_form_token, a_stored_token, idle_for_too_long,
        at_its_absolute_end, of_the_future, signed_out, ended_in_the_database, of_a_deleted_account,
        of_a_disabled_account,
        of_an_account_that_became_anothers]


def shape(answer):
    """All of an answer but its date, its connection's end and whether its file is less than a second old (which makes
    an ETag weak); of each page's own nonces that they are there."""
    body = re.sub(rb"nonce-[^']*|nonce=\"[^\"]*", b"nonce", answer.body)
    return (answer.status, body, [(k, re.sub(r"nonce-[^']*", "nonce", v).removeprefix("W/")) for k, v in answer.headers
                                  if k not in ("Date", "Connection", "Keep-Alive")])


ASKED = [("/members/", {}), ("/members/none", {}), ("/", {}), ("/twauth/session", {}), ("/twauth/callback", {}),
         ("/members/", {"mode": "cors", "dest": "empty", "accept": "*/*"})]


def name_of(way):
    return way.__name__ + "".join(str(cell.cell_contents) for cell in way.__closure__ or ())


@pytest.mark.parametrize("way", WAYS, ids=name_of)
def test_CR_1_SE_10_all_are_answered_like_none(site, alice, way):
    asked = site.browser(keep_alive=True)
    asked.get("/members/")
    pre = f"{PRE}={asked.cookies[PRE]}"

    def answers(cookies):
        return [shape(asked.request("GET", path, headers={"Cookie": cookies}, cookies=False, **how))
                for path, how in ASKED]
    good = answers(f"{SESSION}={alice.cookies[SESSION]}; {pre}")
    value = way(site, alice)
    nothing = answers(pre)
    assert answers(f"{SESSION}={value}; {pre}") == nothing != good
    assert is_refused(asked.get("/members/", headers={"Cookie": f"{SESSION}={value}; {pre}"}, cookies=False))
    asked.close()


def test_A10_an_application_that_sets_a_cookie_of_this_name(make_site):
    """As docs/security.md says: it signs the visitor out, and makes no session."""
    site = make_site(modules=("headers",), config=f"""
        <Location "/members/">
        Header add Set-Cookie "{SESSION}=made-up; Path=/; Secure; HttpOnly"
        </Location>""")
    alice = site.browser()
    alice.sign_in("alice", next="/twauth/login?next=%2F")
    assert user(alice) == "alice" and alice.cookies[SESSION] == "made-up"
    assert user(alice) is None
    assert alice.sign_in("alice").status == 200
