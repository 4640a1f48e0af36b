# SPDX-License-Identifier: Apache-2.0
"""A sign-in costs two round trips to X, two to the database, and no connection set up anew."""

import threading
import time

import pytest

from harness.httpd import ONE_CHILD
from harness.process import until
from harness.relay import Relay

pytestmark = [pytest.mark.protocols("oauth1", "oauth2"), pytest.mark.databases("pgsql")]

USERS = ("alice", "bob", "carol", "dave")
IDLE = 2            # seconds


class Wires:
    """The links of a site to X and to its database; what a piece of work costs on each."""

    def __init__(self, x, database):
        self.x, self.database = x, database
        self._used = 0

    def once(self, work):
        before = self.x.counted(), self.database.counted()
        work()
        after = self.x.counted(), self.database.counted()
        self._used = time.monotonic()
        return tuple(tuple(b - a for a, b in zip(*pair)) for pair in zip(before, after))

    def cost(self, work):
        """(connections, round trips) to X, and to the database; where nothing was held up for so long that an idle
        connection is tried first."""
        for _ in range(10):
            before = self._used
            cost = self.once(work)
            if self._used - before < IDLE:
                break
        return cost


@pytest.fixture(scope="module")
def wires(standin, postgres, folder):
    below = folder / "wire"
    below.mkdir()
    below.chmod(0o755)
    with Relay(("127.0.0.1", standin.ports["https"])) as x, \
            Relay(str(postgres.folder / ".s.PGSQL.5432"), below=below) as database:
        database.folder = below
        yield Wires(x, database)
    (below / ".s.PGSQL.5432").unlink()
    below.rmdir()


def wired(make_site, wires, postgres, **parts):
    """A site whose calls and statements pass the relays."""
    site = make_site(start=False, **parts)
    site.vhost.config = site.vhost.config.replace(f"TwAuthProvider {site.standin.api()}",
                                                  f"TwAuthProvider https://127.0.0.1:{wires.x.port}")
    site.httpd.main = site.httpd.main.replace(f"host={postgres.folder} ", f"host={wires.database.folder} ")
    return site.start()


@pytest.fixture(scope="module")
def site(make_site, wires, postgres):
    """One child, which has made one sign-in."""
    site = wired(make_site, wires, postgres, mpm="event", mpm_config=ONE_CHILD,
                 config="TwAuthSessionRecheck 0\nTwAuthProviderCalls 16")
    assert wires.once(lambda: sign_in(site)) != ((0, 2), (0, 2)), "the relays are not passed"
    return site


def sign_in(site, user="alice"):
    """A sign-in alone, without the page after it; returns the browser."""
    browser = site.browser()
    flow = browser.begin("/members/")
    assert flow.arrive(flow.callback(user), follow=False).status == 302
    return browser


def together(site, count):
    """That many sign-ins at once, each finished."""
    flows = [(site.browser(), USERS[n % len(USERS)]) for n in range(count)]
    gate, answers = threading.Barrier(count), []

    def run(browser, user):
        gate.wait(300)
        flow = browser.begin("/members/")
        gate.wait(300)
        answers.append(flow.arrive(flow.callback(user), follow=False).status)

    threads = [threading.Thread(target=run, args=flow) for flow in flows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * count


def test_two_round_trips_to_X_and_two_to_the_database(site, wires):
    for user in (*USERS, *USERS):
        assert wires.cost(lambda: sign_in(site, user)) == ((0, 2), (0, 2))


def test_as_many_requests_as_round_trips(site):
    site.standin.reset()
    sign_in(site)
    calls = site.standin.calls(kind="api")
    assert [call["path"] for call in calls] == [*filter(None, [site.start_path]), *site.finish_paths]
    assert len({call["connection"] for call in calls}) == 1


def test_a_new_account_costs_no_more(site, wires):
    site.db.clear()
    assert wires.cost(lambda: sign_in(site, "dave")) == ((0, 2), (0, 2))


def test_a_recheck_is_one_round_trip_to_the_database(site, wires):
    browser = sign_in(site)
    for _ in range(3):
        assert wires.cost(lambda: browser.get("/members/")) == ((0, 0), (0, 1))


def test_who_is_not_signed_in_costs_none(site, wires):
    assert wires.cost(lambda: site.browser().get("/members/")) == ((0, 0), (0, 0))


def test_many_at_once_keep_to_the_connections_they_once_made(site, wires):
    wires.x.hang_up()
    before = wires.x.connections
    for _ in range(6):
        together(site, 4)
    assert wires.x.connections - before <= 4


def test_a_connection_that_X_closed_is_taken_up_by_resumption(site, wires):
    sign_in(site)
    site.standin.reset()
    wires.x.hang_up()
    before = wires.x.connections
    sign_in(site)
    assert wires.x.connections - before == 1
    assert until(lambda: site.standin.counters()["tls_resumed"] == 1)


def test_each_child_makes_one_connection_for_sign_ins_in_turn(make_site, wires, postgres):
    site = wired(make_site, wires, postgres)
    before = wires.x.connections
    for _ in range(12):
        sign_in(site)
    assert wires.x.connections - before <= len(site.httpd.children())


def test_a_pause_of_four_minutes_leaves_it_open(make_site, wires, postgres):
    site = wired(make_site, wires, postgres, clock=True, mpm="event", mpm_config=ONE_CHILD)
    sign_in(site)
    site.clock.forward(240)
    assert wires.cost(lambda: sign_in(site)) == ((0, 2), (0, 2))
