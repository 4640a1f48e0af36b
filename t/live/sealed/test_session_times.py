# SPDX-License-Identifier: Apache-2.0
"""How long a session lasts, on a clock that is moved: idle, absolute, and a clock that goes wrong."""

import calendar
import time

import pytest

from harness.checks import SESSION, SLACK, user

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(clock=True, config="TwAuthSessionIdle 1h\nTwAuthSessionMax 4h")


@pytest.fixture(scope="module")
def nearby(make_site):
    """A site whose clock was never far ahead: where it was, each session is asked about until that time has come."""
    return make_site(clock=True, config="TwAuthSessionIdle 1h\nTwAuthSessionMax 4h")


def signed_in(site):
    """Somebody who has signed in just now, in the true time."""
    site.clock.set(0)
    site.db.clear()
    browser = site.browser()
    browser.sign_in("alice")
    yield browser
    site.clock.set(0)


alice = pytest.fixture(lambda site: (yield from signed_in(site)))
bob = pytest.fixture(lambda nearby: (yield from signed_in(nearby)))


def seen_at(site):
    return site.db.value("SELECT seen_at FROM twauth_session")


def test_SE_4_idle_session_ends(site, alice):
    site.clock.forward(HOUR - 20)
    left_alone = alice.clone()
    assert user(alice) == "alice"
    site.clock.forward(25)
    assert user(left_alone) is None
    assert user(alice) == "alice"
    site.clock.forward(HOUR + 1)
    assert user(alice) is None


def test_SE_4_activity_does_not_move_the_absolute_end(site, alice):
    for _ in range(8):
        assert user(alice) == "alice"
        site.clock.forward(HOUR / 2 - 5)
    assert user(alice) == "alice"
    site.clock.forward(45)
    assert user(alice) is None
    assert SESSION in alice.cookies


def test_SE_4_end_is_told_and_stays_the_same(site, alice):
    told = alice.whoami()["expires_at"]
    end = calendar.timegm(time.strptime(told, "%Y-%m-%dT%H:%M:%SZ"))
    assert abs(end - (site.clock.now() + 4 * HOUR)) <= SLACK
    site.clock.forward(HOUR / 2)
    assert user(alice) == "alice" and alice.whoami()["expires_at"] == told


def test_SE_4_shorter_limit_counts_for_old_sessions(site, alice):
    site.clock.forward(50 * MINUTE)
    assert user(alice) == "alice"
    before = site.vhost.config
    site.vhost.config = before.replace("Max 4h", "Max 30min")
    site.graceful()
    assert user(alice) is None
    site.vhost.config = before
    site.graceful()
    assert user(alice) == "alice"


def test_SE_4_expired_row_ends_the_session(site, alice):
    site.db.execute("UPDATE twauth_session SET expires_at = ?", int(site.clock.now()) + 90)
    site.clock.forward(61)
    assert user(alice) == "alice"
    site.clock.forward(31)
    assert user(alice) is None


def test_asking_who_i_am_is_no_activity(site, alice):
    site.clock.forward(HOUR - 20)
    assert alice.whoami()["signed_in"]
    site.clock.forward(25)
    assert alice.whoami() == {"signed_in": False}
    assert user(alice) is None


def test_SE_4_not_renewed_on_every_request(nearby, bob):
    nearby.clock.forward(3)
    bob.get("/members/")                  # the server begins to follow changes, and asks about each session once
    for _ in range(5):
        nearby.clock.forward(8)
        assert bob.get("/members/").cookie(SESSION) is None
    nearby.clock.forward(30)
    renewed = bob.get("/members/").cookie(SESSION)
    assert renewed and not renewed.has("Max-Age")
    assert bob.get("/members/").cookie(SESSION) is None


def test_seen_at_is_written_now_and_then(nearby, bob):
    first = seen_at(nearby)
    nearby.clock.forward(9 * MINUTE)          # by a request that asks the database all the same
    assert user(bob) == "alice" and seen_at(nearby) == first
    nearby.clock.forward(70)
    assert user(bob) == "alice" and abs(seen_at(nearby) - nearby.clock.now()) < SLACK


def test_seen_at_is_not_written_by_the_session_location(site, alice):
    first = seen_at(site)
    site.clock.forward(20 * MINUTE)
    assert alice.whoami()["signed_in"] and seen_at(site) == first


# SE-17

@pytest.mark.parametrize("back, name", [(4 * MINUTE, "alice"), (6 * MINUTE, None), (10 * DAY, None)])
def test_SE_17_step_back(site, alice, back, name):
    site.clock.forward(-back)
    assert user(alice) == name
    site.clock.forward(back)
    assert user(alice) == "alice"


def test_SE_17_session_from_the_future_is_asked_about(site, alice):
    site.clock.forward(-2 * MINUTE)
    site.db.execute("DELETE FROM twauth_session")
    assert user(alice) is None


def test_SE_17_step_forward_and_back(site, alice):
    site.clock.forward(30 * MINUTE)
    assert user(alice) == "alice"               # sealed again, half an hour ahead
    ahead = alice.clone()
    site.clock.forward(-30 * MINUTE)
    assert user(ahead) is None
    site.clock.forward(26 * MINUTE)
    assert user(ahead) == "alice"


@pytest.mark.parametrize("date", ["2038-01-19T03:13:50", "2040-06-01T12:00:00", "2106-02-07T06:28:10"])
@pytest.mark.databases("sqlite", "pgsql")
def test_SE_17_far_dates(site, alice, date):
    alice.cookies.clear()
    then = calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%S"))
    site.clock.set(then - time.time())
    answer = alice.sign_in("alice", next="/members/env.cgi")
    assert answer.status == 200, answer
    assert 0 <= int(answer.json()["TWAUTH_SIGNED_IN_AT"]) - then < 30
    assert alice.whoami()["signed_in_at"][:10] == date[:10]
    assert site.db.value("SELECT expires_at - created_at FROM twauth_session") == 4 * HOUR
    site.clock.forward(50 * MINUTE)             # over the edge
    assert user(alice) == "alice"
    site.clock.forward(61 * MINUTE)
    assert user(alice) is None


YEARS = {"2037-12-31T23:00:00": "before 2038",
         "2038-01-19T03:13:55": "at 2^31",
         "2099-06-01T00:00:00": "far", "2106-02-07T06:28:10": "at 2^32"}


@pytest.mark.parametrize("date", YEARS, ids=YEARS.values())
@pytest.mark.databases("sqlite", "pgsql")
def test_SE_17_a_session_lives_as_long_at_any_time(site, alice, date):
    """Renewal, idle and absolute end, sign-out, and a clock that is put right meanwhile."""
    site.clock.set(calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%S")) - time.time())
    site.allow_log("TW0583")    # from 2106 on an end has no place in the memory, and all are asked about
    alice.cookies.clear()
    alice.sign_in("alice")
    idle = alice.clone()
    for _ in range(7):
        site.clock.forward(30 * MINUTE)
        assert user(alice) == "alice"
    assert user(idle) is None
    left = alice.clone()
    site.clock.forward(-4 * MINUTE)
    assert user(alice) == "alice", "a step back within the leeway"
    site.clock.forward(-2 * MINUTE)
    assert user(left) is None, "and beyond it"
    site.clock.forward(6 * MINUTE)
    assert user(left) == "alice"
    left.sign_out()
    assert user(left) is None and user(alice) is None
    alice.sign_in("alice")
    site.clock.forward(-HOUR)
    assert user(alice) is None, "from the future"
    site.clock.forward(HOUR)
    assert user(alice) == "alice"
    for _ in range(7):
        site.clock.forward(35 * MINUTE)
        user(alice)
    assert user(alice) is None, "the absolute end"
