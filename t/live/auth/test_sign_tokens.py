# SPDX-License-Identifier: Apache-2.0
"""Calls signed as the user: their tokens, that are refreshed, missing, revoked or out of reach."""

import pytest

from harness import process, refuse, signing
from harness.signin import Flow
from harness.signing import call

pytestmark = [pytest.mark.protocols("oauth1", "oauth2"), pytest.mark.databases("sqlite", "pgsql")]
ECHO = "/x-api/2/echo"
OFFLINE = 'TwAuthScope "tweet.read users.read offline.access"\n'


@pytest.fixture(scope="module")
def site(make_site, standin, authority, protocol):
    return make_site(modules=signing.MODULES, config=signing.config(standin, authority))


@pytest.fixture(scope="module")
def offline(make_site, standin, authority):
    """With refresh tokens."""
    return make_site(protocol="oauth2", modules=signing.MODULES, config=OFFLINE + signing.config(standin, authority))


@pytest.fixture
def alice(site, browser):
    browser.sign_in("alice")
    return browser


def tokens(site):
    return site.db.rows("SELECT token, secret, token_kind FROM twauth_account WHERE twitter_id = '1001'")[0]


def test_without_a_stored_token(site, alice):
    site.db.execute("UPDATE twauth_account SET token = '', secret = ''")
    answer = call(alice, "GET", ECHO, headers={"Referer": alice.base + "/members/?x=1"})
    said = answer.json()
    assert answer.status == 401 and said["status"] == 401 and "sign in" in said["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Twitter realm=")
    assert said["login"] == "/twauth/login?switch=1&next=%2Fmembers%2F%3Fx%3D1"
    # and a page's script may send its user there
    page = Flow(alice, alice.get(said["login"], site="same-origin")).approve("alice")
    assert page.target == "/members/?x=1"
    assert call(alice, "GET", ECHO).status == 200


def test_what_X_revoked_is_taken_out_once(site, alice):
    mark = site.log.mark()
    assert call(alice, "GET", ECHO).status == 200
    site.standin.revoke("alice")
    path = "/x-api/1.1/account/verify_credentials.json" if site.protocol == "oauth1" else ECHO
    others = [alice.clone() for _ in range(3)]
    answer = call(alice, "GET", path)
    assert answer.status == 401 and ("89" in answer.text or "Unauthorized" in answer.text)
    assert tokens(site) == ("", "", "")
    assert [call(b, "GET", path).status for b in others] == [401] * 3
    assert call(alice, "GET", ECHO).json()["login"].startswith("/twauth/login?switch=1")
    assert site.log.since(mark).count("TW0420") == 1
    assert alice.get("/members/").status == 200, "the session stays"


def test_what_X_revoked_and_cannot_be_taken_out(site, alice):
    """It is tried again at the next call."""
    assert call(alice, "GET", ECHO).status == 200
    site.standin.revoke("alice")
    path = "/x-api/1.1/account/verify_credentials.json" if site.protocol == "oauth1" else ECHO
    site.expect_log("TW0421: X has revoked the tokens of")
    site.allow_log("TW0401", "TW0403")
    with site.db.refusing("UPDATE OF token ON twauth_account"):
        assert call(alice, "GET", path).status == 401
        assert tokens(site)[0]
    assert call(alice, "GET", path).status == 401
    assert tokens(site) == ("", "", "")


@pytest.mark.protocols("oauth1")
def test_a_call_that_cannot_be_signed(make_site, standin, authority, folder):
    """It goes to X with nobody's credentials, and is refused there; with TwAuthProvider's keys nobody is taken out."""
    failing = folder / "no-signatures"
    site = make_site(modules=signing.MODULES, config=signing.config(standin, authority),
                     preload=refuse.library(process.folder("twauth-refuse-")), env={"REFUSE_TO_SIGN": str(failing)})
    browser = site.browser()
    browser.sign_in("alice")
    site.expect_log("TW0423: a call to X cannot be signed")
    before = tokens(site)
    failing.touch()
    answer = call(browser, "GET", ECHO)
    failing.unlink()
    assert answer.status == 401 and "authorization" not in standin.calls()[-1]["headers"]
    assert tokens(site) == before and call(browser, "GET", ECHO).status == 200


@pytest.mark.parametrize("status, body", [
    (401, '{"errors":[{"code":32,"message":"Could not authenticate you."}]}'),
    (401, '{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}'), (401, "<html>no</html>"), (401, ""),
    (403, '{"title":"Forbidden","type":"about:blank","status":403,"detail":"Forbidden"}'),
    (429, '{"title":"Unauthorized","type":"about:blank","status":429,"detail":"Unauthorized"}'),
    (401, '{"title":"Unauthorized","pad":"' + "x" * 9000 + '"}')])
def test_other_refusals_take_nothing_out(site, alice, status, body):
    before = tokens(site)
    site.standin.fault("/2/echo", "status", status=status, body=body, content_type="application/json")
    answer = call(alice, "GET", ECHO)
    assert answer.status == status and answer.text == body
    assert tokens(site) == before


def test_the_database_is_away(site, alice):
    site.allow_log("TW04", "TW03", "AH", "dbd")
    with site.db.away():
        answer = call(alice, "GET", ECHO)
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0


@pytest.mark.protocols("oauth2")
def test_a_token_that_is_over_is_refreshed(offline):
    browser = offline.browser()
    browser.sign_in("alice")
    before = tokens(offline)
    offline.db.execute("UPDATE twauth_account SET token_expires_at = 1")
    assert call(browser, "GET", ECHO).status == 200
    assert tokens(offline) != before


@pytest.mark.protocols("oauth2")
def test_one_that_is_over_and_cannot_be_refreshed(site, alice):
    site.db.execute("UPDATE twauth_account SET token_expires_at = 1")
    answer = call(alice, "GET", ECHO)
    assert answer.status == 401 and answer.json()["login"].startswith("/twauth/login?switch=1")


@pytest.mark.protocols("oauth2")
def test_the_refresh_token_is_tried_first(offline):
    """An access token that X has forgotten need not be the end of what it came of."""
    browser = offline.browser()
    browser.sign_in("alice")
    before = tokens(offline)
    offline.standin.fault("/2/echo", "error2", name="unauthorized")
    assert call(browser, "GET", ECHO).status == 401
    assert tokens(offline)[0] not in ("", before[0])
    assert call(browser, "GET", ECHO).status == 200


@pytest.mark.protocols("oauth2")
def test_a_revoked_refresh_token_goes_too(offline):
    offline.allow_log("TW0204")
    browser = offline.browser()
    browser.sign_in("alice")
    mark = offline.log.mark()
    offline.standin.revoke("alice")
    assert call(browser, "GET", ECHO).status == 401
    assert tokens(offline) == ("", "", "")
    assert call(browser, "GET", ECHO).json()["login"]
    assert offline.log.since(mark).count("TW0420") == 1
