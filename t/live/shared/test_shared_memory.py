# SPDX-License-Identifier: Apache-2.0
"""What all processes know: what is given up when a table is full, and another layout at a restart (A3, A10, B14)."""

import socket
import time

import pytest

from harness.checks import user
from harness.process import until

#: As little as can be remembered: as for another version of the module, the memory is laid out anew.
LITTLE = "\nTwAuthSharedEntries 64\n"

pytestmark = [pytest.mark.mpms("event", "prefork")]


@pytest.fixture
def site(make_site):
    return make_site()


def test_B14_there_and_back(site):
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice")
    bob.sign_in("bob")
    copy = bob.clone()
    bob.sign_out()
    assert user(copy) is None
    usual = site.vhost.config
    for size in (LITTLE, "", LITTLE):
        site.vhost.config = usual + size
        site.graceful()
        assert user(alice) == "alice" and user(copy) is None
        carol = site.browser()
        carol.sign_in("carol")
        left = carol.clone()
        carol.sign_out()
        assert user(left) is None


def test_B14_a_child_of_before_signs_out(site):
    """It goes on with the memory of before; the copies are asked about in the new one."""
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice")
    bob.sign_in("bob")
    copies = [bob.clone() for _ in range(3)]
    body = b"everywhere=0&next=%2F"
    cookies = "; ".join(f"{c.name}={c.value}" for c in bob.cookies)
    with socket.create_connection(("127.0.0.1", site.vhost.port), 10) as plain:
        with bob._tls.wrap_socket(plain, server_hostname="site.test") as sock:
            sock.sendall(f"POST /twauth/logout HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nConnection: close\r\n"
                         f"Sec-Fetch-Site: same-origin\r\nCookie: {cookies}\r\n"
                         "Content-Type: application/x-www-form-urlencoded\r\n"
                         f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
            time.sleep(0.1)                     # a child has it
            site.vhost.config += LITTLE
            site.graceful()
            assert user(copies[0]) == "bob"
            sock.sendall(body[5:])
            assert sock.recv(4096).startswith(b"HTTP/1.1 303 ")
    assert [user(copy) for copy in copies[1:]] == [None, None]
    assert user(alice) == "alice"


@pytest.fixture
def small(make_site):
    """A site whose table of ended sessions holds 64."""
    site = make_site(clock=True, config="TwAuthSessionFeed Off" + LITTLE)
    site.clock.set(0)
    return site


@pytest.mark.mpms("event")
@pytest.mark.databases("sqlite", "pgsql")
def test_more_ended_elsewhere_than_the_table_holds(small):
    """Each session is asked about: nobody who is out comes in, and who is in stays in."""
    small.vhost.config = small.vhost.config.replace("TwAuthSessionFeed Off", "TwAuthSessionFeed 1s")
    small.restart()
    alice = small.browser()
    alice.sign_in("alice")
    ended = [small.browser() for _ in range(80)]
    for n, browser in enumerate(ended):
        browser.sign_in(("carol", "dave")[n % 2])
    small.db.execute("DELETE FROM twauth_session WHERE account_id <> (SELECT id FROM twauth_account "
                     "WHERE username = 'alice')")
    small.clock.forward(1)
    for _ in range(2):
        assert {user(browser) for browser in ended} == {None}
        assert user(alice) == "alice"
        small.clock.forward(1)
    assert "more were ended" in small.log.since() and "TwAuthSharedEntries" in small.log.since()


@pytest.mark.mpms("event")
@pytest.mark.databases("sqlite", "pgsql")
def test_A3_stale_cookies_take_nobodys_place(small):
    """Cookies of sessions that are long over, more than the table holds: who signed out stays out, who is in has the grace."""
    small.allow_log("TW0401", r"AH006(29|3\d)|AH02655")
    alice, bob = small.browser(), small.browser()
    alice.sign_in("alice")
    stale = []
    for n in range(80):
        browser = small.browser()
        browser.sign_in(("carol", "dave")[n % 2])
        stale.append(browser)
    small.db.execute("DELETE FROM twauth_session WHERE account_id <> (SELECT id FROM twauth_account "
                     "WHERE username = 'alice')")
    small.clock.forward(61)
    bob.sign_in("bob")
    copy = bob.clone()
    bob.sign_out()
    assert user(alice) == "alice"               # a copy of now
    small.clock.forward(1)
    assert {user(browser) for browser in stale} == {None}
    small.clock.forward(61)
    with small.db.away():
        assert user(alice) == "alice", "the grace"
        assert user(copy) is None
    small.clock.forward(2)


@pytest.mark.mpms("event")
@pytest.mark.databases("sqlite", "pgsql")
def test_A3_sign_outs_beyond_the_table_let_nobody_in(small):
    """revalidate_before rises: copies are asked about, and who is in stays in. The log says so, once."""
    small.expect_log("TW0583")
    alice = small.browser()
    alice.sign_in("alice")
    copies = []
    for n in range(80):
        browser = small.browser()
        browser.sign_in(("bob", "carol", "dave")[n % 3])
        copies.append(browser.clone())
        browser.sign_out()
    assert {user(copy) for copy in copies} == {None}
    assert user(alice) == "alice"
    assert small.log.since().count("TW0583") == 1


@pytest.mark.mpms("event")
@pytest.mark.databases("sqlite", "pgsql")
def test_A10_sign_outs_during_an_outage_leave_room_for_others(make_site):
    """One account has a share of what is remembered to be deleted; the rows of all others go when the database is back."""
    site = make_site(config="TwAuthStartLimit 1000/min 10000/min")
    site.expect_log("TW0401", "TW0221", "TW0224")
    site.allow_log("TW0215", "TW0402", r"AH006(29|3\d)|AH02655")
    many = []
    for _ in range(35):
        browser = site.browser()
        browser.sign_in("alice")
        many.append(browser)
    others = [site.browser() for _ in range(3)]
    for name, browser in zip(("bob", "carol", "dave"), others, strict=True):
        browser.sign_in(name)
    with site.db.away():
        for browser in [*many, *others]:
            assert browser.post("/twauth/logout", follow=True).status == 503
    until(lambda: site.browser().sign_in("bob").status == 200)
    rows = "SELECT count(*) FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id WHERE a.username = "
    assert site.db.value(rows + "'alice'") == 3
    assert [site.db.value(rows + f"'{name}'") for name in ("bob", "carol", "dave")] == [1, 0, 0]
