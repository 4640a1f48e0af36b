# SPDX-License-Identifier: Apache-2.0
"""X is slow, silent or gone: everybody is answered in time, those signed in notice nothing, and it mends itself.

It is the start of a sign-in that waits here, which calls X by OAuth 1.0a alone; test_provider_slow_exchange.py has the way back.
"""

import os
import signal
import threading
import time

import pytest

from harness.checks import SLACK, typical
from harness.process import until

pytestmark = pytest.mark.protocols("oauth1")
LIMIT = 2.0


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config=f"TwAuthProviderTimeout {LIMIT:.0f}s")


@pytest.fixture(autouse=True)
def well_again(site):
    site.standin.reset()
    yield
    site.standin.stall_tls(False)
    site.standin.clear_faults()
    site.allow_log("TW020[1-4]")
    assert until(lambda: site.standin.owns(site.browser().get("/members/", follow=1).location or ""),
                 every=.1)


def at_once(n, work):
    """n times `work(i)` at the same time; the results."""
    results = [None] * n

    def one(i):
        results[i] = work(i)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return results


def starter(site):
    """A browser one step before X is called."""
    browser = site.browser()
    browser.get("/members/")
    return browser


def start(browser):
    return browser.get("/twauth/login?next=%2Fmembers%2F")


SLOW = {"accept": ("hang", {"at": "accept"}), "headers": ("hang", {"at": "headers"}), "body": ("hang", {"at": "body"}),
        "drip": ("drip", {})}


@pytest.mark.parametrize("what", SLOW)
def test_PR_1_silence_ends_in_a_page(site, what):
    site.expect_log("TW0204")
    kind, options = SLOW[what]
    alice = site.browser()
    alice.sign_in("alice")
    flow, first = site.browser().begin(), starter(site)
    url = flow.callback()
    before = [alice.get("/members/").elapsed for _ in range(5)]
    site.standin.fault("*", kind, times=None, **options)
    answers = [None, None]
    thread = threading.Thread(target=lambda: answers.__setitem__(slice(None), at_once(2, lambda i: start(first) if i else flow.arrive(url))))
    thread.start()
    seen = []
    while thread.is_alive():
        seen.append(alice.get("/members/").elapsed)
        time.sleep(.05)
    assert typical(seen) < LIMIT / 2 + 2 * typical(before)
    for answer in answers:
        assert answer.status == 504 and "X is slow" in answer.text
        assert LIMIT - .2 < answer.elapsed < LIMIT + SLACK


def test_PR_1_slow_handshake(site):
    site.expect_log("TW0204")
    site.graceful()             # no connection is kept
    browser = starter(site)
    site.standin.stall_tls()
    answer = start(browser)
    assert answer.status == 504 and answer.elapsed < LIMIT + SLACK


def test_PR_1_slow_but_in_time(site):
    site.standin.fault("*", "delay", times=None, seconds=.5)
    assert site.browser().sign_in("alice").status == 200


def test_PR_11_breaker_opens_and_recovers(site):
    site.allow_log("TW0204")
    site.expect_log("TW0203")
    alice = site.browser()
    alice.sign_in("alice")
    browsers = [starter(site) for _ in range(40)]
    site.standin.reset()
    site.standin.fault("*", "close", times=None)
    mark = site.log.mark()
    answers = [start(b) for b in browsers]
    told = [a for a in answers if a.status == 503]      # the others are the first, and who may try now and then
    assert {a.status for a in answers[:4]} == {502} and len(told) > 20
    assert all(int(a.headers["Retry-After"]) > 0 for a in told)
    assert typical([a.elapsed for a in told]) < LIMIT
    assert site.standin.count() <= 20
    assert alice.get("/members/").status == 200
    assert len([line for line in site.log.lines(mark) if line.level in ("warn", "error")]) <= 2
    site.standin.clear_faults()
    assert until(lambda: site.standin.owns(start(browsers[0]).location or ""), timeout=2 + SLACK, every=.1)
    assert site.log.wait("TW0202", mark)
    assert site.browser().sign_in("bob").status == 200


def test_PR_11_callback_stays_unspent_while_the_breaker_is_open(site):
    site.allow_log("TW020[2-4]")
    for _ in range(5):          # who takes longer than the breaker waits is let through
        flow = site.browser().begin()
        url = flow.callback("alice")
        site.standin.fault("/oauth/request_token", "close", times=None)
        for browser in [starter(site) for _ in range(7)]:
            start(browser)
        answer = flow.arrive(url)
        if answer.status == 503:
            break
        mend(site)
    assert answer.status == 503 and "Retry-After" in answer.headers
    site.standin.clear_faults()
    assert until(lambda: flow.arrive(url).status == 200, every=.2)


def test_PR_11_nothing_listens(make_site):
    """Connections are refused: X is at a port where nobody is."""
    site = make_site(start=False)
    site.vhost.config = site.vhost.config.replace(site.standin.api(), "https://127.0.0.1:9")
    site.start()
    site.expect_log("TW0203")
    site.allow_log("TW0204")
    answers = at_once(20, lambda i: [start(starter(site)) for _ in range(5)])
    assert all(a.status in (502, 503) for row in answers for a in row)
    assert typical([a.elapsed for row in answers for a in row]) < SLACK


# How many at once

@pytest.fixture(scope="module")
def narrow(make_site):
    return make_site(config="TwAuthProviderTimeout 2s\nTwAuthProviderCalls 4")


def mend(site):
    site.standin.clear_faults()
    assert until(lambda: site.standin.owns(site.browser().get("/members/", follow=1).location or ""),
                 every=.1)


def crowd(site):
    """Forty start at once: whether who was told to come back waited for less than the others, and so did who read a page."""
    site.standin.reset()
    browsers = [starter(site) for _ in range(40)]
    site.standin.fault("*", "delay", times=None, seconds=1.2)
    page, stop = [], threading.Event()

    def visitor():
        while not stop.is_set():
            page.append(site.browser().get("/").elapsed)
            time.sleep(.02)
    watch = threading.Thread(target=visitor)
    watch.start()
    begin = time.monotonic()
    answers = at_once(40, lambda i: start(browsers[i]))
    turns = 1 + (time.monotonic() - begin) // 1.2       # who comes late finds a lease that is free again
    stop.set()
    watch.join()
    counters = site.standin.counters()
    assert counters["max_in_flight"] <= 2, "starts take at most half of the leases"
    busy, slow = ([a for a in answers if (a.status == 503) == told] for told in (True, False))
    assert len(slow) <= 2 * turns and all(int(a.headers["Retry-After"]) > 0 for a in busy)
    mend(site)
    waited = min(a.elapsed for a in slow)
    return busy and typical([a.elapsed for a in busy]) < waited and typical(page) < waited


def test_DO_4_cap_on_calls(narrow):
    narrow.expect_log("TW0201")
    narrow.allow_log("TW020[2-4]")
    assert any(crowd(narrow) for _ in range(5))         # a busy machine may need as long for forty as X does


def test_callbacks_go_on_while_starts_hang(narrow):
    narrow.allow_log("TW020[1-4]")
    for _ in range(5):          # a busy machine may take as long as they hang
        flow = narrow.browser().begin()
        url = flow.callback("alice")
        browsers = [starter(narrow) for _ in range(6)]
        narrow.standin.fault("/oauth/request_token", "hang", times=None)
        thread = threading.Thread(target=lambda: at_once(6, lambda i: start(browsers[i])))
        thread.start()
        assert until(lambda: narrow.standin.counters()["in_flight"] == 2 or not thread.is_alive())
        assert flow.arrive(url).status == 200
        meanwhile = thread.is_alive()
        thread.join()
        mend(narrow)
        if meanwhile:
            break
    assert meanwhile


@pytest.mark.parametrize("seconds, late", [(.8, 200), (None, 503)], ids=["a lease comes free", "none does"])
def test_callback_waits_for_a_lease_and_stays_unspent(narrow, seconds, late):
    narrow.allow_log("TW020[1-4]")
    for _ in range(5):          # a busy machine may look only when they are over
        flows = [narrow.browser().begin() for _ in range(5)]
        urls = [f.callback("alice") for f in flows]
        narrow.standin.fault("/oauth/access_token", "hang" if seconds is None else "delay", times=4, seconds=seconds)
        four = threading.Thread(target=lambda: at_once(4, lambda i: flows[i].arrive(urls[i])))
        four.start()
        all_there = until(lambda: narrow.standin.counters()["in_flight"] == 4 or not four.is_alive()) and four.is_alive()
        answer = flows[4].arrive(urls[4]) if all_there else None
        four.join()
        if all_there:
            break
        mend(narrow)
    assert all_there
    assert answer.status in (late, 200)
    if answer.status == 503:
        assert "Retry-After" in answer.headers
        assert until(lambda: flows[4].arrive(urls[4]).status == 200, every=.3), "the sign-in was used up"
    mend(narrow)


def test_lease_of_a_killed_child_is_freed(make_site):
    site = make_site(config="TwAuthProviderTimeout 4s\nTwAuthProviderCalls 2")
    browsers = [starter(site), starter(site)]
    site.standin.fault("/oauth/request_token", "hang", times=1)
    before = site.httpd.children()

    def lost():
        with pytest.raises(OSError):
            start(browsers[0])
    thread = threading.Thread(target=lost)
    thread.start()
    assert until(lambda: site.standin.counters()["in_flight"] == 1)
    site.allow_log("AH00052", "AH01239", "exit signal Killed", "TW0201")
    for pid in before:
        if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "apache2":
            os.kill(pid, signal.SIGKILL)
    thread.join()
    assert until(lambda: site.standin.owns(start(browsers[1]).location or ""), every=.1)
