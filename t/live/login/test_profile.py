# SPDX-License-Identifier: Apache-2.0
"""A profile comes with a sign-in, is kept, and is shown; one that does not come stops nobody."""

import json

import pytest

from harness.checks import user

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]

ME = "/2/users/me"
COLUMNS = "name, avatar, email, verified"


@pytest.fixture(scope="module")
def site(make_site, protocol):
    scope = 'TwAuthScope "tweet.read users.read users.email"' if protocol == "oauth2" else ""
    return make_site(config=f"TwAuthProfile On\n{scope}\nTwAuthProviderTimeout 4s")


@pytest.fixture(autouse=True)
def _clear(site):
    site.db.clear()


def row(site, number="1001"):
    return site.db.rows(f"SELECT {COLUMNS} FROM twauth_account WHERE twitter_id = ?", number)[0]


def shown(browser):
    return json.loads(browser.get("/twauth/session").text)


def own_picture(site, handle):
    return f"{site.standin.api()}/profile_images/{handle}.svg"


def asked(site, since=0):
    """The queries of all calls about a user but for so many."""
    return [call["query"] for call in site.standin.calls(ME)][since:]


def test_what_is_kept_and_shown(site, browser, protocol):
    browser.sign_in("alice")
    email = "alice@users.example" if protocol == "oauth2" else ""
    assert row(site) == ("Alice Ångström", own_picture(site, "alice"), email, 1)
    told = shown(browser)
    assert told["name"] == "Alice Ångström" and told["avatar"] == own_picture(site, "alice")
    assert told["verified"] is True and told.get("email", "") == email and told["screen_name"] == "alice"


def test_somebody_else_with_another_kind_of_name(site, browser):
    browser.sign_in("dave")
    assert row(site, "1004")[0] == "دیو" and shown(browser)["verified"] is False
    assert "name" not in shown(site.browser())


def test_a_change_at_x_counts_from_the_next_sign_in(site, browser):
    browser.sign_in("alice")
    site.standin.fault(ME, "edit", set={"data.name": "Somebody\u202e new", "data.verified": False,
                                        "data.profile_image_url": "https://pbs.twimg.com/profile_images/1/a.jpg",
                                        "data.confirmed_email": "new@example.com"})
    site.browser().sign_in("alice")
    name, avatar, email, verified = row(site)
    assert (name, avatar, verified) == ("Somebody new", "https://pbs.twimg.com/profile_images/1/a.jpg", 0)
    assert email == "new@example.com"
    assert shown(browser)["name"] == "Somebody new"


@pytest.mark.parametrize("member, value", [
    ("profile_image_url", "https://evil.example/a.jpg"), ("profile_image_url", "javascript:alert(1)"),
    ("profile_image_url", 'https://pbs.twimg.com/a"onerror=x'), ("profile_image_url", "http://pbs.twimg.com/a.jpg"),
    ("confirmed_email", "a b@example.com"), ("confirmed_email", "a@example.com\r\nX: y"), ("confirmed_email", 7)])
def test_what_is_not_right_is_left_out(site, browser, member, value):
    site.standin.fault(ME, "edit", set={f"data.{member}": value})
    browser.sign_in("alice")
    assert row(site)[1 if member == "profile_image_url" else 2] == "" and row(site)[0] == "Alice Ångström"


def test_a_field_that_x_refuses_stops_nobody(site, browser, protocol):
    """OAuth 2.0 asks once more for less; with OAuth 1.0a it was a call of its own."""
    browser.sign_in("alice")
    before = row(site)
    for status in (400, 403):
        calls = len(asked(site))
        site.allow_log("TW0481")
        site.standin.fault(ME, "status", status=status, times=1, body='{"title":"Invalid Request"}',
                           content_type="application/json")
        again = site.browser()
        again.sign_in("alice")
        assert user(again) == "alice" and row(site) == before
        assert [bool(query) for query in asked(site, calls)] == ([True, False] if protocol == "oauth2" else [True])
    assert "TW0481" in site.log.since()


@pytest.mark.protocols("oauth1")
@pytest.mark.parametrize("kind, options", [("status", {"status": 429}), ("status", {"status": 503}), ("hang", {}),
                                           ("status", {"status": 402, "body": '{"title":"CreditsDepleted"}'}),
                                           ("edit", {"set": {"data.id": "1002"}})])
def test_a_call_that_fails_stops_nobody(site, browser, kind, options):
    site.allow_log("TW0481")
    site.standin.fault(ME, kind, **options)
    browser.sign_in("alice")
    assert user(browser) == "alice" and row(site) == ("", "", "", 0)
    assert "name" not in shown(browser)


def test_off_asks_for_nothing(site, browser, protocol):
    site.vhost.config = site.vhost.config.replace("TwAuthProfile On", "TwAuthProfile Off")
    site.graceful()
    calls = len(asked(site))
    browser.sign_in("alice")
    assert asked(site, calls) == ([""] if protocol == "oauth2" else [])
    assert row(site) == ("", "", "", 0) and "name" not in shown(browser) and "verified" not in shown(browser)
    site.vhost.config = site.vhost.config.replace("TwAuthProfile Off", "TwAuthProfile On")
    site.graceful()
