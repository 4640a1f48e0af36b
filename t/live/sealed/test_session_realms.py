# SPDX-License-Identifier: Apache-2.0
"""Hosts of one realm on one server that differ: in their times (A2), and in their database (A10)."""

import pytest

from harness.checks import user
from harness.httpd import VHost

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]

NAME = "__Secure-twauth"
REALM = "\nTwAuthCookieDomain site.test\nTwAuthRealm site.test\n"
DBD = r"AH006(29|3\d)|AH02655"


@pytest.fixture(autouse=True)
def now(standin):
    """X lives in the time of the site whose clock moved last; the next site begins at now."""
    standin.set(clock_offset=0)


def two_hosts(site, here, there, where=""):
    """site.test and shop.site.test of one realm, each with lines of its own; `where`: what site.test is for the database."""
    alone = site.vhost.config
    site.vhost.config = alone + REALM + here
    site.shop = VHost("shop.site.test", config=alone + REALM + there + where)
    site.httpd.vhosts.append(site.shop)
    site.standin.register(site.shop.url("/twauth/callback"))
    return site.start()


def at(host, browser):
    browser.base = host.origin
    return browser


def signed_out_at(site, host, browser):
    """Copies from before, each at one of the hosts: the one that is given back has not been renewed."""
    copies = [browser.clone() for _ in range(3)]
    assert at(host, browser).post("/twauth/logout").status in (200, 303)
    return copies


# here, there, seconds after which a copy comes to `there`, with the database away
TIMES = [
    ("TwAuthSessionRecheck 1s\nTwAuthSessionGrace 0", "TwAuthSessionRecheck 10min\nTwAuthSessionGrace 0", 200, False),
    ("TwAuthSessionRecheck 1s\nTwAuthSessionGrace 0", "TwAuthSessionRecheck 10min\nTwAuthSessionGrace 0", 590, False),
    ("TwAuthSessionRecheck 1s\nTwAuthSessionGrace 0", "TwAuthSessionRecheck 1s\nTwAuthSessionGrace 1h", 600, True),
    ("TwAuthSessionRecheck 1s\nTwAuthSessionGrace 0", "TwAuthSessionRecheck 5min\nTwAuthSessionGrace 1h", 3800, True),
]


@pytest.mark.parametrize("here, there, seconds, away", TIMES)
def test_A2_ended_for_the_longest_of_the_realm(make_site, here, there, seconds, away):
    site = two_hosts(make_site(clock=True, start=False), here, there)
    site.allow_log(DBD, "TW0401", "TW0402")
    browser = site.browser()
    browser.sign_in("alice")
    assert user(at(site.shop, browser)) == "alice"
    stays = browser.clone()
    copies = signed_out_at(site, site.vhost, browser)
    assert user(at(site.shop, copies[0])) is None
    site.clock.forward(seconds)
    if away:
        with site.db.away():
            assert user(at(site.shop, copies[1])) is None
    else:
        assert user(at(site.shop, copies[1])) is None
    assert user(stays) is None


@pytest.mark.databases("sqlite")
def test_A2_longest_life_of_the_realm_while_the_row_is_still_there(make_site):
    """Signed out where sessions are short, with the database away: refused where they are long."""
    site = two_hosts(make_site(clock=True, start=False), "TwAuthSessionMax 10min\nTwAuthSessionGrace 1h",
                     "TwAuthSessionMax 7d\nTwAuthSessionGrace 1h")
    site.allow_log(DBD, "TW0401", "TW0402", "TW0221")
    browser = at(site.shop, site.browser())
    browser.sign_in("alice")
    copy = browser.clone()
    site.clock.forward(70)
    assert user(at(site.vhost, browser)) == "alice"     # a copy that ends after 10 minutes
    site.clock.forward(470)
    with site.db.away():
        assert at(site.vhost, browser).post("/twauth/logout", follow=True).status == 503
        site.clock.forward(200)
        assert user(at(site.shop, copy)) is None


@pytest.mark.databases("sqlite")
def test_A2_longer_times_at_a_graceful_restart(make_site):
    """What was remembered for the short times is asked about again."""
    site = make_site(clock=True, config="TwAuthSessionRecheck 1s\nTwAuthSessionGrace 0")
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice")
    bob.sign_in("bob")
    copy = bob.clone()
    bob.sign_out()
    assert user(copy) is None
    site.clock.forward(120)
    site.vhost.config = site.vhost.config.replace("Recheck 1s", "Recheck 1h")
    site.graceful()
    assert user(copy) is None and user(alice) == "alice"


def test_A10_another_database_is_another_realm(make_site, make_db):
    """Number and name of the other database's people are somebody else's here."""
    site = make_site(start=False)
    other = make_db()
    two_hosts(site, "", "", where="\n" + other.configuration)
    jack = site.browser()
    jack.sign_in("alice")
    assert user(jack) == "alice"
    assert user(at(site.shop, jack)) is None
    both = at(site.shop, site.browser())
    both.sign_in("bob")
    assert user(both) == "bob" and user(at(site.vhost, both)) is None


@pytest.mark.databases("pgsql")
def test_A10_one_database_however_it_is_said(make_site):
    """Time-outs and the like make no other database of it."""
    site = make_site(start=False)
    params = next(line for line in site.db.configuration.splitlines() if line.startswith("DBDParams"))
    two_hosts(site, "", "", where="\n" + site.db.configuration.replace(params, params.rstrip('"') + ' connect_timeout=7"'))
    alice = site.browser()
    alice.sign_in("alice")
    assert user(at(site.shop, alice)) == "alice"


@pytest.mark.databases("sqlite")
def test_A2_the_dump_warns_where_times_differ(make_site):
    site = two_hosts(make_site(start=False), "TwAuthSessionRecheck 1s\nTwAuthSessionGrace 5min",
                     "TwAuthSessionRecheck 2min\nTwAuthSessionGrace 5min")
    said = [line for line in site.httpd.dump().splitlines() if "WARNING" in line and "realm" in line]
    assert said and all("another TwAuthSessionRecheck" in line for line in said)
