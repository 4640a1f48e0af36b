# SPDX-License-Identifier: Apache-2.0
"""httpd short of what it needs, or killed: nobody gets in by it, nobody is lost, nothing stays locked, nothing leaks."""

import contextlib
import itertools
import os
import random
import resource
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from harness import process
from harness.browser import BROKEN
from harness.checks import SANITIZED, is_refused
from harness.site import CANARY
from harness.starve import Starve
from harness.wrk import request, wrk

protocols = pytest.mark.protocols("oauth1", "oauth2")
DIED = r"exit signal (Killed|Abort)"
SHORT = r"AH00(?!05[12])|AH01|AH02|AH10|TW0|mem_node|out of memory|\[(core|cgid|ssl|dbd|authz_core|mpm_event):"

FEW = "StartServers 2\nServerLimit 2\nThreadsPerChild 16\nMaxRequestWorkers 32\nMinSpareThreads 2\nMaxSpareThreads 32"


def children(site):
    """The processes that serve, by their threads: cgid's daemon is none."""
    return [pid for pid in site.httpd.children() if len(list(Path(f"/proc/{pid}/task").glob("*"))) > 4]


def orphans(site):
    return site.db.value("SELECT count(*) FROM twauth_session WHERE account_id NOT IN (SELECT id FROM twauth_account)")


def well(site):
    """Sign-ins work, and as many at a time as may."""
    site.standin.clear_faults()
    return process.until(lambda: in_or_none(site.browser(), "carol"), every=0.1)


def in_or_none(browser, name):
    """Whether this browser is signed in now; whatever went wrong, it is no half."""
    try:
        answer = browser.sign_in(name)
    except (*BROKEN, AssertionError):
        answer = None
    if answer is None or answer.status != 200:
        with contextlib.suppress(*BROKEN):
            if CANARY in browser.get("/members/").text:
                # the answer was lost, the cookie was not
                assert process.until(lambda: whoami(browser))["signed_in"]
        return False
    assert CANARY in answer.text
    return True


def whoami(browser):
    """What the module says of this browser; None where it came to no answer."""
    with contextlib.suppress(*BROKEN):
        answer = browser.fetch("/twauth/session")
        if answer.status == 200:
            return answer.json()
    return None


# Children are killed

@pytest.fixture
def small(make_site):
    """Three calls to X at a time, which last until a busy machine has looked at them."""
    site = make_site(config="TwAuthProviderCalls 3\nTwAuthProviderTimeout 5s")
    yield site
    site.stop()


def kill_children(site):
    before = children(site)
    for pid in before:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert process.until(lambda: len(set(children(site)) - set(before)) >= 2)


def in_flight(site, how_many):
    """So many callbacks at the same time with an X that does not answer; how each ended."""
    flows = [site.browser().begin() for _ in range(how_many)]
    urls = [flow.callback("alice") for flow in flows]
    site.standin.fault(site.exchange_path, "hang", times=None, at="headers")
    ends = []

    def arrive(flow, url):
        try:
            ends.append(flow.arrive(url, follow=False).status)
        except BROKEN:
            ends.append(0)

    threads = [threading.Thread(target=arrive, args=pair) for pair in zip(flows, urls)]
    for thread in threads:
        thread.start()
    return threads, ends


@protocols
def test_CF_4_calls_of_killed_children_are_free_again(small):
    """Their places are given to others when the calls would have ended, not before and not never."""
    site = small
    site.allow_log(DIED, "TW020[1-4]")
    before = site.standin.count(site.exchange_path)
    threads, ends = in_flight(site, 3)
    assert process.until(lambda: site.standin.count(site.exchange_path) >= before + 3)
    kill_children(site)
    for thread in threads:
        thread.join()
    assert ends == [0, 0, 0]
    site.standin.clear_faults()
    in_or_none(site.browser(), "bob")
    assert well(site)
    before = site.standin.count(site.exchange_path)
    threads, ends = in_flight(site, 6)
    assert process.until(lambda: site.standin.count(site.exchange_path) >= before + 3)
    for thread in threads:
        thread.join()
    assert site.standin.count(site.exchange_path) <= before + 6 and set(ends) <= {503, 504}
    assert well(site) and orphans(site) == 0


@pytest.mark.databases("sqlite", "pgsql")
def test_CF_4_children_killed_at_random(make_site, full):
    """While ten people sign in over and over, a child dies every tenth of a second, three to a sign-in at the most."""
    site = make_site(config="TwAuthProviderTimeout 2s")
    site.allow_log(DIED, SHORT)
    site.db.clear()
    alice = site.browser()
    alice.sign_in("alice")
    stop, done, wrong = threading.Event(), Counter(), []

    def comes_and_goes(name):
        while not stop.is_set():
            browser = site.browser()
            try:
                done[in_or_none(browser, name)] += 1
                answer = alice.clone().get("/members/")
                if not (answer.status == 200 and CANARY in answer.text):
                    wrong.append(answer)
            except BROKEN:
                done["cut"] += 1
            except Exception as failure:
                wrong.append(failure)

    threads = [threading.Thread(target=comes_and_goes, args=(name,)) for name in ["bob", "carol", "dave"] * 3]
    for thread in threads:
        thread.start()
    chance = random.Random(4)
    for number in range(full(36, 600)):
        time.sleep(chance.uniform(0, 0.2))
        if not process.until(lambda: wrong or done[True] >= number // 3, timeout=60):
            break
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(chance.choice(children(site)), signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong, f"{len(wrong)}: {wrong[0]}"
    assert done[True] > 10, done
    assert well(site) and orphans(site) == 0
    assert site.db.value("SELECT count(*) FROM twauth_account") <= 4
    if site.db.kind == "pgsql":
        assert process.until(lambda: site.db.value(
            "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE relname LIKE 'twauth%'") == 0)
    site.stop()


# Nothing left of something

def ask_all(site, alice, results):
    """A member, a stranger, a forger, somebody signing in: each is what he was, or has an error."""
    def status(ask):
        try:
            return ask()
        except BROKEN:
            return None

    visitor = site.browser()
    visitor.timeout = alice.timeout = 3         # a child that is gone leaves its connections to nobody for a while
    answer = status(lambda: alice.clone().get("/members/"))
    results["member", answer and answer.status] += 1
    assert not answer or answer.status != 200 or CANARY in answer.text
    assert not answer or not is_refused(answer), answer
    forger = alice.clone()
    value = forger.cookies["twauth"]
    forger.cookies.add("twauth", value[:40] + ("A" if value[40] != "A" else "B") + value[41:], "127.0.0.1")
    for name, browser in (("stranger", visitor.clone()), ("forger", forger)):
        answer = status(lambda: browser.get("/members/"))
        results[name, answer and answer.status] += 1
        assert not answer or answer.status != 200 and CANARY not in answer.text, answer
    results["sign-in", in_or_none(visitor.clone(), "bob")] += 1


@pytest.fixture(scope="module")
def scarce(make_site):
    starve = Starve()
    site = make_site(scheme="http", config="TwAuthProviderTimeout 2s", preload=starve.preload, env=starve.env,
                     main='<Directory "/">\nAllowOverride None\n</Directory>')
    site.starve = starve.set
    resource.prlimit(site.httpd.pid, resource.RLIMIT_CORE, (0, resource.prlimit(site.httpd.pid, resource.RLIMIT_CORE)[1]))
    kill_children(site)
    return site


def endure(site, what, one_in, rounds):
    """Ask everything while one in so many attempts to get it fails, and more of them until somebody had none."""
    results = Counter()
    site.allow_log(DIED, SHORT)
    alice = site.browser()
    alice.sign_in("alice")
    starves = not (SANITIZED and what == "memory")

    def ends():
        return {status in (200, True) for who, status in results if who in ("member", "sign-in")}

    halves = (one_in[-1] >> turn for turn in itertools.count(1))
    more = itertools.takewhile(lambda number: number and starves and False not in ends(), halves)
    for number in itertools.chain(one_in, more):
        site.starve(**{what: number})
        for _ in range(rounds):
            ask_all(site, alice, results)
    site.starve()
    assert ends() == {True, False} or not starves, f"all or nothing went wrong: {results}"
    assert process.until(lambda: CANARY in alice.get("/members/").text)
    assert all(well(site) for _ in range(6)) and orphans(site) == 0         # each child, each connection


@protocols
def test_AC_11_no_descriptors_left(scarce, full):
    endure(scarce, "descriptors", (10, 5, 2), full(15, 500))


@protocols
def test_AC_11_no_memory_left(scarce, full):
    """httpd itself ends a child where its own memory is over; libraries say no."""
    endure(scarce, "memory", (4000, 2000, 1200), full(8, 500))


def test_DB_5_no_room_for_logs(make_site):
    """Lines that cannot be written are lost; people are not."""
    site = make_site(start=False)
    site.vhost.config += '\nErrorLog /dev/full\nCustomLog /dev/full common'
    site.start()
    site.allow_log(r"No space left")
    alice = site.browser()
    assert alice.sign_in("alice").status == 200 and CANARY in alice.get("/members/").text
    assert is_refused(site.browser().get("/members/"))
    site.graceful()
    assert CANARY in alice.get("/members/").text and alice.sign_out().status == 303
    site.stop()


# Nothing stays behind

def test_nothing_has_a_name_that_could_be_left(make_site):
    """The shared memory is known to the processes that have it mapped and to nobody else: it ends with them."""
    def made():
        """(kind, id, two processes that had to do with it); what a program left that was killed names some that are no more."""
        return {(kind, *(line.split()[column] for column in (1, first, first + 1)))
                for kind, first in (("shm", 4), ("msg", 5))
                for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]}

    old = made()
    site = make_site()
    site.browser().sign_in("alice")
    pids = [site.httpd.pid, *site.httpd.children()]

    def system_v():
        return [one for one in made() - old if {str(pid) for pid in pids} & set(one[2:])]

    assert system_v() == []
    shared = {line.split(None, 5)[5] for pid in pids for line in Path(f"/proc/{pid}/maps").read_text().splitlines()
              if line.split()[1].endswith("s")}
    assert all(name.endswith("(deleted)") or name.startswith(str(site.db.file)) for name in shared), shared
    before = set(os.listdir("/dev/shm"))
    site.stop()
    assert not {name for name in before - set(os.listdir("/dev/shm")) if "twauth" in name} and system_v() == []


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


TURNS = 6


@pytest.mark.databases("sqlite", "pgsql")       # the half of it each
def test_CF_2_hundred_thousand_requests_leave_nothing(make_site, full):
    """Members, strangers, forged and void cookies, renewals by the database, tokens, own locations, by turns."""
    site = make_site(scheme="http", mpm_config=FEW, start=False, config="""
        <Location "/members/always/">
            TwAuthSessionRecheck 0
            TwAuthExport env tokens
        </Location>""")
    site.httpd.put("members/always/index.html", "always")
    site.httpd.twauth_loglevel = "warn"
    site.start()
    alice, host = site.browser(), site.vhost
    alice.sign_in("alice")
    cookie = f"twauth={alice.cookies['twauth']}"
    everybody = [
        request(host, "/members/", cookies=cookie),
        request(host, "/"),
        request(host, "/members/always/", cookies=cookie),
        request(host, "/members/"),
        request(host, "/members/", cookies=cookie[:-9] + "forged-it"),
        request(host, "/members/", cookies="twauth=" + "A" * 200),
        request(host, "/members/", cookies="twauth_flow_x=; " * 30),
        request(host, "/members/", cookies=cookie, headers={"X-Twauth-User": "root", "X_Twauth.User": "root"}),
        request(host, "/members/", headers={"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}),
        request(host, "/twauth/session", cookies=cookie),
        request(host, "/twauth/login?next=%2Fmembers%2F"),
        request(host, f"/twauth/callback?{site.key_name}=x&{site.proof_name}=y"),
        request(host, "/twauth/logout", cookies=cookie),
        request(host, "/twauth/nothing"),
    ]
    turn = full(25_000, 250_000)
    wrk(host, everybody, turn // 2)
    first, counts = children(site), Counter()
    seen = [[process.anonymous(pid) for pid in first]]
    grown = [1 << 40] * len(first)
    # a leak grows in each turn; what a thread keeps for its next request grows until all threads have it
    while max(grown) > 128 and len(seen) <= TURNS:
        counts += wrk(host, everybody, turn)
        seen.append([process.anonymous(pid) for pid in first])
        grown = [min(least, after - before) for least, before, after in zip(grown, *seen[-2:])]
    assert first == children(site)
    answered = sum(n for name, n in counts.items() if name.isdigit())
    assert set(counts) <= {"200", "302", "400", "401", "404", "canary"}, counts
    assert abs(counts["canary"] / answered - 2 / len(everybody)) < 0.01, counts
    assert max(grown) <= (128 if not SANITIZED else 51200), f"{answered} requests: kilobytes {seen}"
    assert process.until(lambda: max(descriptors(pid) for pid in first) < 32), "descriptors are left"
    print(f"{answered} requests; kilobytes before and after each turn: {seen}")
    site.stop()
