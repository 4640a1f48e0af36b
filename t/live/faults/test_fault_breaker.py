# SPDX-License-Identifier: Apache-2.0
"""An X that is known to be away costs nothing, is found again within seconds, and nobody but X can make it look away."""

import os
import signal
import time

import pytest

from harness.checks import SLACK
from harness.load import Load, ask
from harness.process import until
from harness.wire import Wire

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

FAILURES = 5                # so many running open the breaker
PAUSE = 2                   # and one is let through so often
LIMIT = 5                   # an answer that is late on a busy machine would be another kind of failure
CALLS = 16                  # of which half may be starts
LOGIN = "/twauth/login?next=%2Fmembers%2F"


@pytest.fixture(scope="module")
def wire(standin):
    wire = Wire(standin.ports["http"])
    yield wire
    wire.close()


@pytest.fixture(scope="module")
def site(make_site, standin, wire):
    site = make_site(scheme="http", start=False)
    site.vhost.config = site.vhost.config.replace(
        f"TwAuthProvider {standin.api('http')} ", f"TwAuthProvider http://127.0.0.1:{wire.port} ") + (
        f"\nTwAuthProviderTimeout {LIMIT}s\nTwAuthProviderCalls {CALLS}")
    return site.start()


@pytest.fixture(autouse=True)
def well_again(site, wire):
    site.standin.reset()
    site.allow_log("TW020[1-5]")
    yield
    site.standin.clear_faults()
    wire.mend()
    site.allow_log("TW020[1-5]")
    assert until(lambda: works(site), every=.05)


def works(site):
    try:
        return site.browser().sign_in("bob").status == 200
    except AssertionError:          # no way to X
        return False


def callbacks(site, count):
    """So many sign-ins that came back from X, as requests that make the call there."""
    asks = []
    for _ in range(count):
        flow = site.browser().begin()
        asks.append(ask(site.vhost, f"/twauth/callback?{site.key_name}={flow.token}&{site.proof_name}=v0.id",
                        headers={"Sec-Fetch-Site": "cross-site"}, cookies=flow.browser))
    return asks


def sign_ins(site, count):
    """So many sign-ins at the point where X is called first."""
    if not site.start_path:
        return callbacks(site, count)
    pages = Load([ask(site.vhost, "/members/")] * count, workers=4, keep=True).run()
    return [ask(site.vhost, LOGIN, cookies=page.cookies) for page in pages]


def open_breaker(site, wire):
    """X is away, and that is known."""
    asks = sign_ins(site, 8)
    wire.cut("refuse")
    assert 503 in Load(asks).run().statuses


def changes(site, mark):
    """What the log says of the breaker, in order."""
    return [number for number in site.log.numbers(mark) if number in ("TW0202", "TW0203", "TW0205")]


def test_PR_11_known_to_be_away_it_costs_no_more_than_a_page(site, wire):
    asks = [dict(asked, name="sign-in") for asked in sign_ins(site, 60)]
    open_breaker(site, wire)
    wire.cut("reset")
    begin = time.monotonic()
    page = ask(site.vhost, "/", name="page")
    for _ in range(5):
        answers = Load([asked for pair in zip([page] * 60, asks) for asked in pair] * 5).run()
        its, static = answers.named("sign-in"), answers.named("page")
        ratio = its.percentile(50) / static.percentile(50)
        if ratio < 3:
            break
    # a callback is used up by the try that it is let through for
    assert its.statuses[503] > 200 and ratio < 3
    assert wire.count <= (time.monotonic() - begin) / PAUSE + 2


def test_PR_11_a_minute_away_and_back(site, wire, full):
    """One attempt now and then, one line for each change, in all children and over a graceful restart."""
    seconds = full(5, 60)
    asks = sign_ins(site, full(200, 2400))
    mark, children = site.log.mark(), site.httpd.children()
    wire.cut("reset")
    begin = time.monotonic()
    with Load(asks, rate=40) as load:
        time.sleep(seconds / 2)
        site.graceful()
        time.sleep(seconds / 2)
        seconds, attempts = time.monotonic() - begin, wire.count
    statuses = load.answers.statuses
    assert statuses[0] < 5                                          # a connection that came while a child went
    assert len(asks) - statuses[503] - statuses[0] <= wire.count, "without a call to X it is a 503"
    assert set(statuses) <= {0, 502, 503, 504}
    # as many as may ask X may have been on their way when the breaker opened: half of them where a sign-in starts
    assert FAILURES <= attempts <= FAILURES + (CALLS // 2 if site.start_path else CALLS) + seconds / PAUSE + 1
    assert until(lambda: not set(children) & set(site.httpd.children()))
    assert changes(site, mark) == ["TW0203"]
    wire.mend()
    assert until(lambda: works(site), timeout=PAUSE + SLACK, every=.05)
    assert changes(site, mark) == ["TW0203", "TW0202"]


@pytest.mark.protocols("oauth1")            # OAuth 2.0 makes no call at the start
def test_PR_11_who_tried_in_vain_has_not_used_up_the_limit(make_site, site, wire):
    """Hundreds come back every two seconds, as they are told, until X is there again."""
    limited = make_site(scheme="http", start=False)
    limited.vhost.config = site.vhost.config + "\nTwAuthStartLimit 60/h 80/h"
    limited.vhost.config = limited.vhost.config.replace("TwAuthStartLimit 60000/min 60000/min\n", "")
    limited.start()
    asks = sign_ins(limited, 200)
    wire.cut("refuse")
    limited.allow_log("TW020[1-4]")
    assert set(Load(asks, workers=4).run().statuses) <= {502, 503}
    wire.mend()
    assert until(lambda: works(limited), every=.05)
    assert Load(sign_ins(limited, 30), workers=2).run().statuses == {302: 30}


def test_PR_11_a_try_that_dies_is_followed_by_another(site, wire):
    open_breaker(site, wire)
    wire.cut("silence")
    asks = sign_ins(site, 1) if site.start_path else []
    site.allow_log("AH00052", "AH01239", "AH10392", "exit signal Killed")
    with Load(asks * 60, rate=20, again=bool(asks)):
        assert not asks or until(lambda: wire.count, timeout=PAUSE + SLACK)
        children = site.httpd.children()
        for pid in children:
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "apache2":
                os.kill(pid, signal.SIGKILL)
        assert until(lambda: not set(children) & set(site.httpd.children()))
        wire.mend()
    assert until(lambda: works(site), timeout=PAUSE + SLACK, every=.05)


# What is about one visitor stops nobody else

ANSWERS = {
    "500": ("status", {"status": 500, "body": "no such thing"}),
    "nonsense": ("garbage", {}),
    "much": ("huge", {"bytes": 1 << 20}),
    "elsewhere": ("redirect", {"location": "https://elsewhere.example/"}),
    "401": ("status", {"status": 401}),
    "400": ("status", {"status": 400, "body": "odd"}),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_DO_4_words_that_X_stumbles_over_keep_nobody_out(site, what):
    """Somebody finds a code or verifier that X answers with nonsense, and comes with twenty of them."""
    kind, options = ANSWERS[what]
    asks, mark = callbacks(site, 20), site.log.mark()
    site.standin.fault(site.exchange_path, kind, when="v0.id", times=None, **options)
    assert set(Load(asks).run().statuses) <= {502, 400}
    assert site.standin.count(site.exchange_path) == 20
    assert works(site)
    assert changes(site, mark) == []


def test_DO_4_nobody_uses_up_the_tries(site, wire):
    """X was away; somebody with words that it stumbles over takes every try there is, and it is found all the same."""
    asks = callbacks(site, 60)
    open_breaker(site, wire)
    wire.mend()
    site.standin.fault(site.exchange_path, "status", when="v0.id", times=None, status=500)
    with Load(asks, rate=20, again=True):
        assert until(lambda: works(site), timeout=PAUSE + SLACK, every=.05)


def test_DO_2_one_limit_of_X_stops_nobody_else(site, wire):
    """Nor do two failures before it."""
    asks = sign_ins(site, 4)
    mark, path = site.log.mark(), site.start_path or site.exchange_path
    site.standin.fault(path, "status", times=2, status=503)
    site.standin.fault(path, "status", times=2, status=429, headers={"Retry-After": "60"})
    answers = Load(asks).run()
    assert [a.status for a in answers] == [502, 502, 503, 503]
    assert works(site) and changes(site, mark) == []


def test_PR_4_three_limits_running_are_kept_to(site):
    asks = sign_ins(site, 6)
    mark, path = site.log.mark(), site.start_path or site.exchange_path
    site.standin.fault(path, "status", times=3, status=429, headers={"Retry-After": "5"})
    begin = time.monotonic()
    answers = Load(asks, keep=True).run()
    assert answers.statuses == {503: 6} and all("Retry-After: " in a.text for a in answers)
    assert site.standin.count(path) == 3 and changes(site, mark) == ["TW0205"]
    assert until(lambda: works(site), timeout=5 + SLACK, every=.05)
    assert 4 < time.monotonic() - begin
    assert changes(site, mark) == ["TW0205", "TW0202"]


def test_PR_11_one_visitor_is_refused_and_the_next_gets_in(site):
    for _ in range(12):
        flow = site.browser().begin()
        url = flow.callback("alice")
        assert flow.arrive(url.replace(f"{site.proof_name}=", f"{site.proof_name}=wrong")).status == 400
    assert works(site)


def test_PR_1_slow_but_working_is_not_away(site):
    """Each takes a good part of the limit; the breaker stays closed, and what does not fit is told to come back."""
    limit = 8                   # far enough from what a busy machine adds
    before = site.vhost.config
    site.vhost.config = before.replace(f"TwAuthProviderTimeout {LIMIT}s", f"TwAuthProviderTimeout {limit}s")
    site.graceful()
    asks = sign_ins(site, 60)
    mark = site.log.mark()
    site.standin.fault("*", "delay", times=None, seconds=.2 * limit if site.start_path else .1 * limit)
    answers = Load(asks, rate=40).run()
    site.vhost.config = before
    site.graceful()
    assert set(answers.statuses) <= {302, 400, 503} and answers.statuses[503] < 60
    assert changes(site, mark) == []
