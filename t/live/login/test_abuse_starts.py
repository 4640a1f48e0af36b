# SPDX-License-Identifier: Apache-2.0
"""Robots by the hundred: they do not use up what X allows, cost next to nothing, and lock nobody out."""

import base64
import os
import secrets
import time

import pytest

from harness import process
from harness.checks import SANITIZED, away_from_the_hours_end
from harness.load import Load, ask

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

LOGIN = "/twauth/login?next=%2Fmembers%2F"
HOUR_CLIENT, HOUR_ALL = 20, 400
KEPT = HOUR_ALL // 4
CONFIG = f"TwAuthProviderCalls 64\nTwAuthStartLimit {{}}/h {HOUR_ALL}/h"
SHARE = KEPT // 16          # of what is kept, for one account
#: What proxies write, and anybody can.
FORGED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP",
          "X-Cluster-Client-IP", "Fastly-Client-IP", "Via", "X-Forwarded", "X-Originating-IP", "X-Remote-Addr")


@pytest.fixture
def site(make_site, standin):
    """Limits by the hour, so that no test sees one end; new for each test."""
    away_from_the_hours_end()
    standin.reset()
    return make_site(scheme="http", config=CONFIG.format(HOUR_CLIENT), modules=("remoteip",),
                     main="RemoteIPHeader X-Forwarded-For\nRemoteIPTrustedProxy 127.0.0.99")


def made_up():
    """A pre-session cookie that no site gave: a robot that keeps cookies need not fetch one."""
    return "twauth_pre=" + base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")


def robots(site, count, addresses, cookies=made_up, headers=lambda n: {}):
    """So many sign-ins begun, from so many addresses in turn."""
    asks = [ask(site.vhost, LOGIN, source=f"127.7.{n % addresses // 250}.{n % addresses % 250 + 1}", cookies=cookies(),
                headers=headers(n)) for n in range(count)]
    return Load(asks, workers=16, keep=True).run()


def known(site, user):
    """A browser from which somebody signed in, and out again."""
    browser = site.browser()
    assert browser.sign_in(user).status == 200
    browser.sign_out()
    return browser


def private_memory(site):
    """Kilobytes that the children have each for themselves."""
    return [process.anonymous(pid) for pid in site.httpd.children()]


def cpu(site):
    """Seconds of processor time that httpd's children have used."""
    used = 0
    for pid in site.httpd.children():
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def test_DO_2_one_client_is_counted_by_all_processes_together(site):
    assert len(site.httpd.children()) > 1
    answers = robots(site, 300, addresses=1)
    # two that are a client's first at the same moment may count as one
    assert HOUR_CLIENT <= answers.statuses[302] <= HOUR_CLIENT + 1 and set(answers.statuses) == {302, 429}
    assert all("Retry-After: " in a.text for a in answers if a.status == 429)
    assert site.standin.count() == (answers.statuses[302] if site.start_path else 0)
    assert site.browser().begin(), "another address"


def test_DO_3_forged_addresses_are_not_believed(site):
    answers = robots(site, 300, addresses=1, headers=lambda n: {
        name: f"for=198.51.100.{n % 250}" if name == "Forwarded" else f"198.51.{n // 250}.{n % 250}" for name in FORGED})
    assert answers.statuses[302] <= HOUR_CLIENT + 1


def test_DO_3_a_trusted_proxy_is_believed_for_the_last_address_alone(site):
    """What the client wrote before it came to the proxy counts for nothing."""
    asks = [ask(site.vhost, LOGIN, source="127.0.0.99", cookies=made_up(),
                headers={"X-Forwarded-For": f"198.51.100.{n}, 192.0.2.1"}) for n in range(60)]
    assert Load(asks, workers=8).run().statuses[302] <= HOUR_CLIENT + 1
    asks = [ask(site.vhost, LOGIN, source="127.0.0.99", cookies=made_up(),
                headers={"X-Forwarded-For": f"192.0.2.1, 198.51.100.{n}"}) for n in range(60)]
    assert Load(asks, workers=8).run().statuses == {302: 60}


@pytest.mark.parametrize("addresses, clients", [
    ([f"2001:db8:7:{n}::1" for n in range(30)], 30),
    ([f"2001:db8:8:1:{n:x}:{n:x}:{n:x}:{n:x}" for n in range(30)], 1),
    ([f"::ffff:203.0.113.{n}" for n in range(30)], 30),
    (["::ffff:203.0.113.99", "203.0.113.99", "::ffff:cb00:7163"], 1),
], ids=["networks", "one network", "IPv4 as IPv6", "one in three spellings"])
def test_DO_3_clients_are_told_apart(site, addresses, clients):
    asks = [ask(site.vhost, LOGIN, source="127.0.0.99", cookies=made_up(), headers={"X-Forwarded-For": address})
            for address in addresses * (60 // len(addresses))]
    assert Load(asks).run().statuses[302] == min(60, clients * HOUR_CLIENT)


def test_DO_2_hundreds_of_networks_do_not_lock_out_who_was_here(site):
    """Nor does one of them who was here as well, and carries that mark to all of its networks."""
    alice, eve, carol = known(site, "alice"), known(site, "dave"), site.browser()
    used, before = 2, private_memory(site)
    carol.get("/members/")
    site.expect_log("TW0232")
    mark = site.log.mark()
    strangers = robots(site, 900, addresses=600)
    assert set(strangers.statuses) == {302, 503} and strangers.statuses[302] == HOUR_ALL - KEPT - used
    assert all("Retry-After: " in a.text for a in strangers if a.status == 503)
    assert carol.get(LOGIN).status == 503, "a stranger has to wait"
    hers = robots(site, 600, addresses=600, cookies=lambda: eve)
    assert hers.statuses[302] <= SHARE
    assert alice.begin(LOGIN).approve("alice").status == 200
    if site.start_path:
        assert site.standin.counters()["request_token"] <= HOUR_ALL
    assert site.log.numbers(mark).count("TW0232") == 1
    if not SANITIZED:               # which keeps what is freed
        assert max(private_memory(site)) - max(before) < 3000


def test_DO_2_accounts_do_not_use_up_each_others_share(make_site):
    """Twelve who were here come back at the same time, in the middle of the flood."""
    site = make_site(scheme="http", config=CONFIG.format(1000))
    people = {f"person{n}": str(5000 + n) for n in range(12)}
    site.standin.people(**people)
    browsers = [known(site, number) for number in people.values()]
    site.expect_log("TW0232")
    robots(site, 600, addresses=50)
    for browser, number in zip(browsers, people.values()):
        assert browser.begin(LOGIN).approve(number).status == 200


# Robots that never get as far

def test_DO_1_asking_for_protected_pages_is_cheap(site, full):
    """No call, no query, no pending sign-in; and not much more of the processor than a redirect."""
    site.vhost.config += "\nRedirect \"/away\" \"/elsewhere\""
    site.restart()
    nothing = dict.fromkeys(("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"))
    kinds = [{}, {"Accept": "text/html", **nothing}, {"Accept": "*/*", **nothing}, {"X-Requested-With": "XMLHttpRequest"},
             {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, {"Sec-Purpose": "prefetch"},
             {"Sec-Fetch-Dest": "iframe"}, {"Cookie": "twauth=AAAA"}]
    count = full(1000, 5000)
    for _ in range(3):
        begin = cpu(site)
        redirected = Load([ask(site.vhost, "/away", headers=kinds[n % len(kinds)]) for n in range(count)], workers=4).run()
        between = cpu(site)
        answers = Load([ask(site.vhost, f"/members/?{n}", headers=kinds[n % len(kinds)]) for n in range(count)], workers=4,
                       keep=True).run()
        ratio = (cpu(site) - between) / (between - begin)
        if ratio < 2:
            break
    assert redirected.statuses == {302: count} and set(answers.statuses) == {302, 401}
    assert not any("twauth_flow" in a.text for a in answers)
    assert site.standin.count() == 0
    assert all(site.db.rows(f"SELECT * FROM {table}") == [] for table in ("twauth_account", "twauth_session"))
    assert ratio < 2


def test_DO_2_who_keeps_no_cookies_never_gets_to_X(site, full):
    void = ["", "twauth_pre=", "twauth_pre=AAAA", "twauth_pre=" + "A" * 4000, "twauth_pre=%00", "other=1"]
    asks = [ask(site.vhost, LOGIN, cookies=void[n % len(void)]) for n in range(full(300, 3000))]
    bounced = Load(asks, workers=8, keep=True).run()
    assert bounced.statuses == {302: len(asks)} and all("/twauth/login?" in a.location for a in bounced)
    # with the mark that the bounce gave, and still no cookie; from elsewhere, too
    asks = [ask(site.vhost, a.location.removeprefix(site.vhost.origin), source=f"127.0.0.{n % 2 + 1}",
                cookies=void[n % len(void)]) for n, a in enumerate(bounced)]
    assert set(Load(asks, workers=8).run().statuses) <= {302, 400}
    assert site.standin.count() == 0
    assert site.browser().begin(), "and none of it counted"
