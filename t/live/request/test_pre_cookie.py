# SPDX-License-Identifier: Apache-2.0
"""B10: the pre-session cookie is the same for servers of either byte order, and that of the version before is still read."""

import base64
import hashlib
import os
import struct

import pytest

from harness.checks import PRE, away_from_the_hours_end

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
PRE_PURPOSE, CONTEXT = 3, b"twauth01"


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def tag(site, data):
    """As sealed/seal.c makes it, of BLAKE2b: the key's digest, a subkey for the purpose, the tag."""
    master = hashlib.blake2b(base64.b64decode(site.key.read_text()), digest_size=32).digest()
    subkey = hashlib.blake2b(b"", key=master, salt=struct.pack("<QQ", PRE_PURPOSE, 0), person=CONTEXT.ljust(16, b"\0"),
                             digest_size=32).digest()
    realm = f"site.test:{site.vhost.port}".encode()
    return hashlib.blake2b(data + realm, key=subkey, digest_size=16).digest()


def cookie(site, account, order, marks):
    data = os.urandom(16) + struct.pack(f"{order}qB", account, marks)
    return base64.urlsafe_b64encode(data + tag(site, data)).decode().rstrip("=")


def with_cookie(site, value):
    browser = site.browser()
    browser.cookies.add(PRE, value, "site.test", secure=True)
    return browser


@pytest.fixture(scope="module")
def site(make_site):
    """A limit by the hour, of which no test sees the end."""
    away_from_the_hours_end()
    return make_site(config="TwAuthStartLimit 1000/min 40/h")


def test_B10_the_number_is_big_endian(site, browser):
    browser.sign_in("alice")
    raw = unbase64(browser.cookies[PRE])
    account = browser.whoami()["account"]
    assert struct.unpack(">q", raw[16:24]) == (account,) and raw[24] == 2 and raw[25:] == tag(site, raw[:25])
    browser.sign_out()
    raw = unbase64(browser.cookies[PRE])
    assert struct.unpack(">q", raw[16:24]) == (account,) and raw[24] == 3


def test_B10_both_forms_name_the_same_account(site):
    """Of what is kept for those who signed in here before, one account gets two starts an hour."""
    while site.browser().get("/twauth/login", follow=1).status == 302:      # until strangers have had theirs
        pass
    old, new = cookie(site, 7, "<", 0), cookie(site, 7, ">", 2)

    def start(value):
        return with_cookie(site, value).get("/twauth/login").status

    site.allow_log("TW0232")
    assert [start(old), start(new), start(old), start(new)] == [302, 302, 503, 503]
    assert [start(cookie(site, 8, "<", 0)), start(cookie(site, 9, ">", 2))] == [302, 302]


@pytest.mark.parametrize("order, marks, asked", [("<", 0, False), ("<", 1, True), (">", 2, False), (">", 3, True)])
def test_B10_both_forms_know_who_has_left(site, order, marks, asked):
    answer = with_cookie(site, cookie(site, 7, order, marks)).get("/members/")
    assert answer.status == (401 if asked else 302)
