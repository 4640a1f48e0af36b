# SPDX-License-Identifier: Apache-2.0
"""Cookie headers of every kind: only a pair that is exactly ours counts, and nothing crashes or costs."""

import itertools
import os
import random
import re

import pytest

from harness.checks import FLOW, PRE, SESSION, is_refused
from harness.site import CANARY

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

CONTROLS = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
S, P, F = SESSION.encode(), PRE.encode(), FLOW.encode()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser.cookies[SESSION].encode()


@pytest.fixture(scope="module")
def stranger(site):
    """Without cookies of its own, with connections that stay open."""
    browser = site.browser(keep_alive=True)
    yield browser
    browser.close()


@pytest.fixture(autouse=True)
def nobody_died(site):
    before = site.httpd.children()
    yield
    assert set(before) <= set(site.httpd.children())


def told(header, value):
    """Whether this header signs its sender in, by the rule.

    Pairs end at ";"; blanks and tabs around them do not count; a name is what stands before the first "="; of ours all
    are looked at. No value here is somebody else's.
    """
    pairs = [pair.strip(b" \t").partition(b"=") for pair in header.split(b";")]
    return value in [value for name, equals, value in pairs if equals and name == S]


def agree(stranger, header, value):
    """The server says of this header what the rule says."""
    answer = stranger.get("/members/", headers={"Cookie": header}, cookies=False)
    if CONTROLS.search(header):
        assert answer.status == 400, header         # by httpd itself
    elif told(header, value):
        assert answer.status == 200 and CANARY in answer.text, header
    else:
        assert is_refused(answer), header


BYTES = [bytes([b]) for b in range(256) if b not in (0, 10, 13)]


def near(value):
    """The pair with one byte more, at each place where it could matter, or with a letter in another case."""
    for b in BYTES:
        yield b + S + b"=" + value
        yield S + b + b"=" + value
        yield S[:6] + b + S[6:] + b"=" + value
        yield S[:-1] + b + b"=" + value
        yield S + b"=" + b + value
        yield S + b"=" + value + b
        yield S + b"=" + value[:40] + b + value[40:]
        yield b"a=1" + b + S + b"=" + value
        yield b"a=1" + b + b" " + S + b"=" + value + b + b" c=2"
    for i in range(len(S)):
        yield S[:i] + S[i:i + 1].swapcase() + S[i + 1:] + b"=" + value
        yield S[:i] + S[i + 1:] + b"=" + value
        yield S[:i] + b"%%%02x" % S[i] + S[i + 1:] + b"=" + value


def test_SE_13_one_byte_more_or_another_case(stranger, full, alice):
    headers = list(dict.fromkeys(near(alice)))
    assert len(headers) > 2000 and sum(told(h, alice) for h in headers) > 5
    for header in full([h for i, h in enumerate(headers) if i % 5 == 0 or told(h, alice)], headers):
        agree(stranger, header, alice)


LEGACY = [b'$Version=1; %s; $Path="/"', b'$Version="1"; %s; $Path="/"; $Domain="site.test"; $Port="443"',
          b"$Version=1, %s", b'"%s"', b"a=\"; %s; b=\"",
          b"a=\"x, %s\"", b"a='; %s; b='", b"a=(; %s; b=)", b"a=\\; %s", b"a=\\\"; %s", b"a=%%3B %s", b"a=1%%3B%s",
          b"=; %s", b"==; %s", b"; =%s", b"=%s",
          b"a; b; %s; c", b"; ; ;%s; ; ;", b"\t%s\t", b" \t %s \t ", b";\t;%s;\t;", b"%s", b"%s;", b";%s", b"%s,",
          b",%s", b"%s|", b"%s&a=b",
          b"a=b&%s", b"Cookie: %s", b"a=b\xa0; %s", b"\xa0%s", b"\xc2\xa0%s", b"\xe2\x80\xa8%s", b"\xef\xbb\xbf%s",
          b"%s\xe2\x80\xa8", b"\x0b%s", b"\x0c%s", b"\x1f%s",
          b"__Secure-twauth=1; %s", b"twauth=x; %s", b"%s; twauth=x", b"__Host-twauth_pre=x; %s",
          b"%s; __Host-twauth_flow_x=y", b"[%s]", b"{%s}", b"<%s>",
          b"a=%s", b"a=b %s", b"a=b\t%s", b"expires=0; %s", b"%s; expires=0; path=/; domain=x; secure; max-age=-1"]


@pytest.mark.parametrize("form", LEGACY, ids=range(len(LEGACY)))
def test_SE_13_other_ways_to_write_a_header(stranger, alice, form):
    agree(stranger, form % (S + b"=" + alice), alice)


def random_header(chance, value):
    void = value[:-6] + b"AAAAAA"
    parts = [S + b"=" + value, S + b"=" + void, S, S + b"=", b"=" + value, value, P + b"=x", F + b"ab=x", b"a=b", b"a",
             b"=", b";", b"; ", b" ",
             b"\t", b",", b'"', b"\\", b"$Path=/", b"%3B", b"\xff", b"__Host-", b"twauth", S + b"x=" + value,
             b"x" + S + b"=" + value, S + b" =" + value,
             S + b"= " + value, S + b"==" + value, S.lower() + b"=" + value, b"; " + S + b"=" + value + b"; ",
             b"; " + S + b"=" + void + b"; "]
    return b"".join(chance.choices(parts, k=chance.randint(1, 14)))


def test_SE_11_SE_12_SE_13_headers_made_at_random(stranger, full, alice):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    both = 0
    for _ in range(full(400, 20000)):
        header = random_header(chance, alice)
        both += told(header, alice)
        try:
            agree(stranger, header, alice)
        except AssertionError as wrong:
            raise AssertionError(f"seed {seed}") from wrong
    assert both > 40


# SE-11: what is only meant to break something

def hostile(value):
    names = [S, P, F, F + b"0123456789abcdef", b"__Host-", b"__Secure-twauth", b"twauth", b"", b"_chunks",
             S + b"_chunks", S + b"_0", S + b".0"]
    values = [b"", b"=", b"\"", b"\"\"", b"'", b"%", b"%00", b"%zz", b"\\", b"\x80", b"\xff" * 9,
              b"-1", b"0", b"99999999", b"2147483648",
              b"18446744073709551616", b"A" * 59, b"A" * 60, b"A" * 61, b"A" * 4097, b"A" * 7900, b"=" * 4000,
              b"_" * 4000, b"-" * 4000, b"A=" * 2000, b"AQ", b"AQAAAA",
              b"AQ" + b"A" * 62, value[:20], value[:60], value[::-1], value[1:], b"x" + value[1:], value + value,
              value * 20, value.swapcase(), value.lower(),
              value.replace(b"A", b"="), b"{}", b"null", b"true", b"../../etc/passwd", b"' OR 1=1 --", b"<script>",
              b"${jndi:ldap://x}", b"%n%n%n%s", b"a:b", b"a,b", b"a b"]
    for name, text in itertools.product(names, values):
        yield name + b"=" + text
    for many in (b";", b"; ", b"=", b"=;", b"a", b"a;", b"a=b;", b" ", b"\t;", b",", S, S + b";", S + b"=;",
                 S + b"=x;", P + b"=x;", F + b"0=x;", b"\"", b"\\\"", b"\xff;", b"%;"):
        yield many * (8000 // len(many))
    for count in (1, 3, 4, 5, 50, 90):
        yield b"; ".join(S + b"=" + value[:-5] + b"%05d" % i for i in range(count))[:8100]
    yield b"; ".join(F + b"%032x=%s" % (i, b"A" * 100) for i in range(48))
    yield b"; ".join(b"n%d=v" % i for i in range(4000))[:8000]


def cpu(site):
    """Seconds of processor time that the children have used."""
    used = 0
    for pid in site.httpd.children():
        with open(f"/proc/{pid}/stat") as stat:
            used += sum(int(field) for field in stat.read().rpartition(")")[2].split()[11:13])
    return used / os.sysconf("SC_CLK_TCK")


def test_SE_11_hostile_headers_crash_nothing_and_cost_nothing(site, stranger, full, alice):
    headers = list(hostile(alice))
    assert len(headers) > 600
    headers = full(headers[::4] + headers[-30:], headers)
    before = cpu(site)
    for header in headers:
        assert is_refused(stranger.get("/members/", headers={"Cookie": header}, cookies=False)), header[:99]
        assert stranger.get("/", headers={"Cookie": header}, cookies=False).status == 200, header[:99]
        said = stranger.fetch("/twauth/session", headers={"Cookie": header}, cookies=False)
        assert said.json() == {"signed_in": False}, header[:99]
        answer = stranger.get("/twauth/login", headers={"Cookie": header}, cookies=False)
        assert answer.status == 302 and "mark=" in answer.location, header[:99]
        answer = stranger.get(f"/twauth/callback?{site.key_name}=x&{site.proof_name}=x", headers={"Cookie": header},
                              cookies=False)
        assert answer.status == 400, header[:99]
    assert (cpu(site) - before) / (5 * len(headers)) < 0.010


# SE-7: every bit and every length of the three cookies

RANDOM = 22     # letters of 16 random bytes

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def spoilt(text, bits):
    """Each letter with one of its bits turned, each length, and more at its end."""
    for i, bit in itertools.product(range(len(text)), bits):
        yield text[:i] + ALPHABET[ALPHABET.index(text[i]) ^ bit:][:1] + text[i + 1:]
    for length in range(len(text)):
        yield text[:length]
    for more in (b"A", b"AAAA", b"=", b"==", b"%3D", b".", b"-" * 300):
        yield text + more


def test_SE_7_every_bit_of_the_session(stranger, full, alice):
    for header in spoilt(alice, full((1,), (1, 2, 4, 8, 16, 32))):
        assert is_refused(stranger.get("/members/", headers={"Cookie": S + b"=" + header}, cookies=False)), header


def test_SE_7_every_bit_of_a_pending_sign_in(site, stranger, full):
    browser = site.browser()
    flow = browser.begin()
    name, = browser.cookies.names(FLOW)
    sealed, url = browser.cookies[name].encode(), flow.callback()
    before = site.standin.count()
    for value in spoilt(sealed, full((16,), (1, 2, 4, 8, 16, 32))):
        answer = stranger.get(url, site="cross-site", headers={"Cookie": name.encode() + b"=" + value}, cookies=False)
        assert answer.status == 400 and "Set-Cookie" not in answer.headers, value
    assert site.standin.count() == before
    good = stranger.get(url, site="cross-site", headers={"Cookie": name.encode() + b"=" + sealed}, cookies=False)
    assert good.status == 302, "the one spelling that counts"


def test_SE_7_every_bit_of_the_marks_of_the_pre_session_cookie(site, stranger, full):
    """Without marks it is a random number, which anybody may make up; with them it is taken whole or not at all."""
    browser = site.browser()
    browser.sign_in("alice")
    sealed = browser.cookies[PRE].encode()
    before = site.standin.count()
    for value in spoilt(sealed, full((2,), (1, 2, 4, 8, 16, 32))):
        answer = stranger.get("/twauth/login", headers={"Cookie": P + b"=" + value}, cookies=False)
        assert "mark=" in answer.location or len(value) == RANDOM, value
    assert site.standin.count() - before == (1 if site.start_path else 0)
    answer = stranger.get("/twauth/login", headers={"Cookie": P + b"=" + sealed}, cookies=False)
    assert site.standin.owns(answer.location), "the one spelling that counts"
