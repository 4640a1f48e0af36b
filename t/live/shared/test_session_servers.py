# SPDX-License-Identifier: Apache-2.0
"""Whose sessions are good where: virtual hosts of one server, and two servers with one database."""

import pytest

from harness.checks import SESSION, user
from harness.httpd import VHost

pytestmark = [pytest.mark.databases("pgsql"), pytest.mark.protocols("oauth1", "oauth2")]


# SE-9: virtual hosts

@pytest.fixture(scope="module")
def hosts(make_site):
    """site.test and other.test with the same key and cookie name."""
    site = make_site(start=False)
    site.other = VHost("other.test", config=site.vhost.config)
    site.httpd.vhosts.append(site.other)
    site.standin.register(site.other.url("/twauth/callback"))
    return site.start()


def carried_over(site, name=SESSION):
    """What other.test says to a cookie of site.test."""
    here, there = site.browser(), site.browser()
    here.sign_in("alice")
    there.base = site.other.origin
    there.cookies.add(name, here.cookies[name], "other.test", secure=True)
    return user(there)


def test_SE_9_session_of_one_host_is_none_at_another(hosts):
    assert carried_over(hosts) is None


def test_SE_9_same_name_on_another_port_is_another_host(hosts):
    browser = hosts.browser()
    browser.sign_in("alice")
    again = VHost("site.test", config=hosts.vhost.config)
    hosts.httpd.vhosts.append(again)
    hosts.graceful()
    assert user(browser) == "alice"
    browser.base = again.origin
    assert user(browser) is None


def test_SE_9_common_realm_is_shared(hosts):
    for host in hosts.httpd.vhosts:
        host.config += "\nTwAuthRealm both.test"
    hosts.graceful()
    assert carried_over(hosts) == "alice"


def test_SE_9_other_key_same_realm(hosts):
    key = hosts.secret("key2", "jY0Zk3tKqz1v1wq8mC7Vb0yFh2o9XrTnA5sLdGeUpIQ=")
    hosts.other.config = hosts.other.config.replace(str(hosts.key), str(key))
    hosts.graceful()
    assert carried_over(hosts) is None


# two servers

@pytest.fixture(scope="module")
def two(make_site):
    """Two httpd with one key, realm and database, behind one name, as a load balancer shows them."""
    config = "TwAuthRealm site.test\nTwAuthSessionRecheck 60s"
    first = make_site(clock=True, config=config)
    second = make_site(clock=True, config=config, db=first.db, start=False)
    second.vhost.config = second.vhost.config.replace(str(second.key), str(first.key))
    second.start()
    first.clock.followers.append(second.clock.set)
    first.clock.set(0)
    return first, second


@pytest.fixture
def alice(two):
    two[0].db.clear()
    browser = two[0].browser()
    browser.sign_in("alice")
    return browser


def at(site, browser):
    """The same browser, cookies and all, sent to this server."""
    browser.base = site.vhost.origin
    return browser


def test_two_servers_share_sessions(two, alice):
    first, second = two
    assert user(at(second, alice)) == "alice"
    second.clock.forward(0)
    first.clock.forward(61)
    assert user(at(second, alice)) == "alice"      # sealed again there
    assert user(at(first, alice)) == "alice"


def test_sign_out_on_one_is_effective_on_the_other_within_the_recheck(two, alice):
    first, second = two
    copy = at(second, alice.clone())
    assert user(copy) == "alice"
    at(first, alice).sign_out()
    assert user(at(first, copy)) is None
    first.clock.forward(60)
    assert user(at(second, copy)) is None


def test_sign_in_begun_at_one_ends_at_the_other(two):
    first, second = two
    browser = first.browser()
    flow = browser.begin("/members/env.cgi")
    url = flow.callback("bob").replace(first.vhost.origin, second.vhost.origin)
    assert flow.arrive(url, follow=False).status in (302, 400)
