# SPDX-License-Identifier: Apache-2.0
"""How long an answer takes does not tell where a guess was wrong."""

import math
import random
import time
from urllib.parse import quote

import pytest

from harness.checks import FLOW, PRE, SESSION, wrong_at

oauth1, oauth2 = pytest.mark.protocols("oauth1"), pytest.mark.protocols("oauth2")
pytestmark = pytest.mark.protocols("oauth1", "oauth2")

TAG = 21        # the last 16 bytes of a sealed text are in its last 22 letters or so


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser(keep_alive=True)
    browser.sign_in("alice")
    yield browser
    browser.close()


def session(site, alice):
    sealed = alice.cookies[SESSION]

    def guess(place):
        value = wrong_at(sealed, place)
        return lambda: alice.get("/members/", headers={"Cookie": f"{SESSION}={value}; {PRE}={alice.cookies[PRE]}"},
                                 cookies=False), 302
    return guess(-TAG), guess(-2)


def form_token(site, alice):
    token = alice.get("/twauth/logout").text.split('name="token" value="')[1].split('"')[0]
    cookies = "; ".join(f"{c.name}={c.value}" for c in alice.cookies)

    def guess(place):
        return lambda: alice.post("/twauth/logout", {"token": wrong_at(token, place)}, cookies=False,
                                  headers={"Sec-Fetch-Site": None, "Origin": None, "Cookie": cookies}), 403
    return guess(-TAG), guess(-2)


def callback(site, alice):
    """The key of a pending sign-in: the request token, or the state."""
    flow = site.browser().begin()
    cookies = "; ".join(f"{c.name}={c.value}" for c in flow.browser.cookies)

    def guess(place):
        url = f"/twauth/callback?{site.key_name}={quote(wrong_at(flow.token, place))}&{site.proof_name}=x"
        return lambda: alice.get(url, site="cross-site", headers={"Cookie": cookies}, cookies=False), 400
    return guess(0), guess(-1)


def flow_cookie(site, alice):
    flow = site.browser().begin()
    name, = flow.browser.cookies.names(FLOW)
    sealed = flow.browser.cookies[name]
    url = f"/twauth/callback?{site.key_name}={quote(flow.token)}&{site.proof_name}=x"

    def guess(place):
        value = wrong_at(sealed, place)
        return lambda: alice.get(url, site="cross-site", headers={"Cookie": f"{name}={value}"}, cookies=False), 400
    return guess(-TAG), guess(-2)


def apart(one, other):
    """How surely two samples differ: the z of their ranks (Mann and Whitney); beyond 5 is hardly chance."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(one), len(other)
    return abs(ranks - n * (n + m + 1) / 2) / math.sqrt(n * m * (n + m + 1) / 12)


@pytest.mark.parametrize("secret",
                         [pytest.param(session, marks=oauth1), pytest.param(form_token, marks=oauth1), callback,
                                    flow_cookie], ids=lambda f: f.__name__)
def test_CR_8_wrong_at_the_begin_or_at_the_end_takes_as_long(site, alice, full, secret):
    guesses = secret(site, alice)

    def measured():
        times = ([], [])
        for _ in range(full(150, 10000)):
            for which in random.sample((0, 1), 2):
                ask, status = guesses[which]
                begin = time.perf_counter()
                answer = ask()
                times[which].append(time.perf_counter() - begin)
                assert answer.status == status
        return times
    z = apart(*measured())
    if z >= 5:          # one in 400,000 is, by chance
        z = apart(*measured())
    assert z < 5


def test_samples_that_differ_are_found():
    """The judge itself: an eighth of the spread is enough for it at the full size."""
    chance = random.Random(8)
    noise, like, slower = ([chance.gauss(mean, 1) for _ in range(10000)] for mean in (0, 0, 0.12))
    assert apart(like, noise) < 5 < apart(slower, noise)
