# SPDX-License-Identifier: Apache-2.0
"""Robots that start sign-ins: limits that cannot be evaded, input that costs no more than it should."""

import os

import pytest

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
ADDRESS = "X-Forwarded-For"


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config="TwAuthStartLimit 5/h 40/h", modules=("remoteip",),
                     main="RemoteIPHeader X-Client-Address\nRemoteIPInternalProxy 127.0.0.1")


def start(site, address, browser=None, **headers):
    """One proper start from an address; the status: 302 means it went to X."""
    browser = browser or site.browser()
    answer = browser.get("/twauth/login", headers={"X-Client-Address": address, **headers})
    if answer.status == 302 and not site.standin.owns(answer.location):
        answer = browser.get(answer.location, headers={"X-Client-Address": address, **headers})
    return answer.status


def test_DO_2_one_client_is_stopped_and_others_go_on(site):
    site.standin.reset()
    statuses = [start(site, "192.0.2.1") for _ in range(20)]
    assert statuses == [302] * 5 + [429] * 15
    assert site.standin.count() == (5 if site.start_path else 0)
    assert start(site, "192.0.2.2") == 302


def test_DO_3_forged_headers_do_not_help(site):
    statuses = [start(site, "192.0.2.3", **{ADDRESS: f"198.51.100.{i}", "Forwarded": f"for=198.51.100.{i}",
                                            "Client-IP": f"1.2.3.{i}"})
                for i in range(8)]
    assert statuses == [302] * 5 + [429] * 3


def test_DO_3_ipv6_network_of_64_bits_is_one_client(site):
    assert [start(site, f"2001:db8:1:2::{i:x}") for i in range(1, 9)] == [302] * 5 + [429] * 3
    assert start(site, "2001:db8:1:3::1") == 302


@pytest.mark.parametrize("networks, most", [
    ([f"2001:db8:a:{i:x}00::1" for i in range(8)], 20),              # of 64 bits in one of 48
    ([f"2001:db8:b:10{i:x}::1" for i in range(8)], 15),              # in one of 56
    ([f"2001:db8:c{i:x}::1" for i in range(3)], 15)])                # 48 bits each
def test_A4_networks_of_64_bits_are_cheap(make_site, networks, most):
    """Whoever has many of them does not use up what is there for strangers."""
    site = make_site(config="TwAuthStartLimit 5/h 40/h", modules=("remoteip",),
                     main="RemoteIPHeader X-Client-Address\nRemoteIPInternalProxy 127.0.0.1")
    browsers = {address: site.browser() for address in networks}
    statuses = [start(site, address, browser) for _ in range(6) for address, browser in browsers.items()]
    assert set(statuses) == {302, 429} and statuses.count(302) == most
    assert [start(site, f"192.0.2.{i}") for i in range(1, 6)] == [302] * 5
    assert start(site, "2001:db8:ffff::1") == 302
    site.stop()


def test_DO_3_success_does_not_clear_the_count(site):
    for i in range(3):
        browser = site.browser()
        browser.get("/members/", headers={"X-Client-Address": "192.0.2.4"})
        answer = browser.get("/twauth/login", headers={"X-Client-Address": "192.0.2.4"})
        assert browser.get(site.standin.approve(answer.location), headers={"X-Client-Address": "192.0.2.4"}).status == 302
    assert [start(site, "192.0.2.4") for _ in range(4)] == [302, 302, 429, 429]


def test_DO_2_a_quarter_is_kept_for_those_who_were_here(make_site):
    site = make_site(config="TwAuthStartLimit 1000/h 8/h")
    known = site.browser()
    known.sign_in("alice")
    known.sign_out()
    site.expect_log("TW0232")
    strangers = [start(site, "-") for _ in range(10)]
    assert strangers.count(302) == 5 and strangers[-1] == 503
    assert [start(site, "-", known) for _ in range(3)] == [302, 302, 503]


def test_DO_2_limits_survive_a_graceful_restart(make_site):
    site = make_site(config="TwAuthStartLimit 2/h 1000/h")
    assert [start(site, "-") for _ in range(3)] == [302, 302, 429]
    site.graceful()
    assert start(site, "-") == 429


def cpu(site):
    """Seconds of processor time that httpd's children have used."""
    used = 0
    for pid in site.httpd.children():
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


COSTLY = {
    "4000 parameters": ("/twauth/login?" + "&".join("a" for _ in range(4000)), {}),
    "8 kB of %25": ("/twauth/login?next=/" + "%25" * 2650, {}),
    "8 kB of a path": ("/members/" + "a/" * 4000, {}),
    "dots": ("/members/?next=" + "../" * 2600, {}),
    "100 cookies": ("/members/", {"Cookie": "; ".join(f"__Host-twauth_flow{i}={'x' * 60}" for i in range(90))}),
    "100 sessions": ("/members/", {"Cookie": "; ".join(["__Host-twauth=" + "A" * 60] * 100)}),
    "8 kB of semicolons": ("/members/", {"Cookie": ";" * 8000}),
    "commas": ("/members/", {"Cookie": "__Host-twauth=a" + ",__Host-twauth" * 570}),
    "names of nothing": ("/members/", [("-" * 8000 + str(i), "x") for i in range(45)]
                         + [(f"X-Twauth-{i}", "x") for i in range(45)]),
    "hops": ("/members/", {"Connection": "keep-alive" + " ; -x" * 1600}),
    "look-alikes": ("/cgi-bin/env", [(f"X{'_' * i}Twauth-{i}", "x" * 80) for i in range(90)]),
    "escapes at sign-out": ("/twauth/logout?" + "%6e%65%78%74=%2f&" * 450, {}),
    "slashes": ("/twauth/login?next=/" + "/" * 8000, {}),
    "own location": ("/twauth/login?next=" + "%2Ftwauth" + "%2F%3B" * 300 + "%2Flogin", {}),
    "token": ("/twauth/login?switch=1&mark=" + "A" * 7900, {}),
    "accept": ("/members/", {"Accept": "text/htm," * 900, "Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None}),
    "purpose": ("/members/", {"Sec-Purpose": "prefetc" * 1100}),
    "callback": ("/twauth/callback?" + "&".join(f"oauth_token={i}&state={i}" for i in range(300)), {}),
}


@pytest.mark.parametrize("what", COSTLY)
def test_DO_6_costly_input(site, what):
    target, headers = COSTLY[what]
    site.allow_log("AH00036", "AH00127")       # the core: file name too long
    browser = site.browser(keep_alive=True)
    before = cpu(site)
    for _ in range(25):
        assert browser.get(target, headers=headers, cookies=False).status < 500
    assert (cpu(site) - before) / 25 < 0.020
    browser.close()
