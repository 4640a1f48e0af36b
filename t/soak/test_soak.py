# SPDX-License-Identifier: Apache-2.0
"""A soak: people at two hosts, one with OAuth 1.0a and one with OAuth 2.0, and attackers, while X and the database fail.

SOAK_SECONDS says how long, SOAK_SEED repeats a run's chances; `make soak` takes ten minutes. With SOAK_STEADY=1 nothing fails,
and people take their time: `make growth`. From LONG seconds on it is judged whether anything grows (growth.py).
"""

import json
import os
import random
import re
import threading
import time
from collections import Counter

import pytest

from harness import process
from harness.checks import SANITIZED
from harness.database import kept_for
from harness.errorlog import is_loud
from harness.httpd import UNDER, VHost
from harness.paths import MODULE

from . import growth
from .people import OPEN, PAGE, SHOWN, Person
from .trouble import AFTER, Trouble

SECONDS = float(os.environ.get("SOAK_SECONDS") or 20)
SEED = os.environ.get("SOAK_SEED") or str(random.SystemRandom().randrange(10**6))
STEADY = bool(os.environ.get("SOAK_STEADY"))
LONG = 240
SAMPLES = 240 if SECONDS >= LONG else 4
#: Seconds that a person waits from one thing to the next, on average.
PAUSE = float(os.environ.get("SOAK_PAUSE") or (0.2 if STEADY else 0))
PEOPLE = 8
#: What the log advises where the database is away or locked.
OUTAGE = "ended the connection|stands still|is PostgreSQL running|starts, stops or recovers|holds a lock|make the tables" \
         "|changes the tables"
#: What trouble of X and the database may say; and mod_dbd's own complaints.
EXPECTED = ("TW0201", "TW0202", "TW0203", "TW0204", "TW0215", "TW0221", "TW0401", "TW0402", f"TW0403: .*({OUTAGE})", "TW0592",
            r"AH006(29|3\d)", "AH02655")
#: kB that a thread of a child comes to keep for its next request, once it has met X, TLS and the database: by chance late.
THREAD = 256
#: Descriptors that a child keeps at the most: mod_dbd's ten connections to the database, of which SQLite's have three files
#: each, and two connections to X for each of its threads that may call at a time: a call outlives who gave up waiting for it.
KEPT_OPEN = 3 * 10 + 2 * 16

CONFIG = """
Protocols h2 http/1.1
TwAuthProtocol oauth1
TwAuthProviderTimeout {timeout}
TwAuthProviderCalls 64
TwAuthSessionRecheck 2s
TwAuthSessionGrace 30s
AddOutputFilter INCLUDES shtml
<Location "/">
    Options +Includes
</Location>
""".format(timeout="30s" if STEADY else "3s")
# so many processes from beginning to end, which keep little of what is free
MPM = "MaxMemFree 64\nStartServers 2\nServerLimit 2\nThreadsPerChild 16\nMaxRequestWorkers 32\nMinSpareThreads 1\n" \
      "MaxSpareThreads 32"


class Soak:
    def __init__(self, site, other):
        self.site, self.hosts = site, (site.vhost, other)
        self.trouble = Trouble(site, random.Random(SEED))
        self.people = [Person(self, number, SEED) for number in range(PEOPLE)]
        self.failures = []
        self.samples = []           # {pid: (anonymous memory in kB, descriptors)}, each quarter
        self.series = []            # growth.sample(), SAMPLES times
        self.children = site.httpd.children()
        self.at_first = {pid: growth.descriptors(pid) for pid in self.children}
        self._kept = MODULE.parent / f"growth-{site.db.kind}{'' if STEADY else '-trouble'}.jsonl"
        self._may_go = threading.Event()

    def run(self):
        self.begun = time.monotonic()
        self._may_go.set()
        threads = [threading.Thread(target=self._live, args=(person,), daemon=True) for person in self.people]
        for thread in threads:
            thread.start()
        if not STEADY:
            self.trouble.start()
        for number in range(1, SAMPLES + 1):
            while time.monotonic() < self.begun + SECONDS * number / SAMPLES and not self.failures:
                time.sleep(0.1)
            if number == SAMPLES:   # a slow machine takes longer until there was all of it
                process.until(lambda: self.failures or self.all_happened(), timeout=120, every=0.1)
            self._measure(number % (SAMPLES // 4) == 0)
        self._over = True
        if not STEADY:
            self.trouble.stop()
        for thread in threads:
            thread.join(60)
        self.seconds = time.monotonic() - self.begun
        self._settle()
        for person in self.people:
            person.close()
        return self

    _over = False

    def all_happened(self):
        """Traffic, sign-ins by both protocols, and trouble."""
        return (min(person.sign_ins for person in self.people) > 0
                and {kind for kind, *_ in self.trouble.log} == (set() if STEADY else {"x", "db"})
                and all(self.site.standin.count(path) for path in ("/oauth/access_token", "/2/users/me")))

    def _live(self, person):
        try:
            while not self._over and not self.failures:
                self._may_go.wait()
                person.step()
                time.sleep(person.chance.uniform(0, 2 * PAUSE))
        except BaseException as failure:        # noqa: BLE001 - shown by the first test
            self.failures.append(failure)

    def _measure(self, quarter):
        """What there is of everything in a moment of rest."""
        self._may_go.clear()
        time.sleep(0.5)
        if quarter:
            self.samples.append({pid: (process.anonymous(pid), growth.descriptors(pid)) for pid in self.site.httpd.children()})
        if SAMPLES > 4:
            self.series.append(growth.sample(self.site))
            with open(self._kept, "w" if len(self.series) == 1 else "a") as kept:
                kept.write(json.dumps(self.series[-1]) + "\n")
        self._may_go.set()

    def _settle(self):
        time.sleep(AFTER + 2)       # also past the recheck interval
        self.calm = self.site.log.mark()
        try:
            for person in self.people:
                person.settle()
        except AssertionError as failure:
            self.failures.append(failure)
        process.until(lambda: not self.surplus(), every=0.2)

    def surplus(self):
        """Accounts with more or fewer rows than their people know of."""
        found = Counter(dict(self.site.db.rows(
            "SELECT twitter_id, count(*) FROM twauth_session, twauth_account "
            "WHERE twauth_account.id = account_id GROUP BY twitter_id")))
        return {person.name: (found[person.id], person.rows, person.left, person.doubtful, [*person.last])
                for person in self.people if not person.rows <= found[person.id] <= person.rows + person.doubtful}

    def report(self):
        statuses, done = Counter(), Counter()
        for person in self.people:
            statuses += person.tally
            done += person.done
        self.requests = statuses.total()
        memory = [sum(m for m, _ in sample.values()) for sample in self.samples]
        descriptors = [sum(d for _, d in sample.values()) for sample in self.samples]
        kinds = Counter(kind for kind, *_ in self.trouble.log)
        lines = [
            f"soak: seed {SEED}, {self.seconds:.0f} s, {PEOPLE} people, database {self.site.db.kind}",
            f"  requests    {statuses.total()}, " + ", ".join(f"{s}: {n}" for s, n in sorted(statuses.items())),
            f"  sign-ins    {sum(person.sign_ins for person in self.people)}",
            f"  did         " + ", ".join(f"{what} {n}" for what, n in done.most_common()),
            f"  trouble     X {kinds['x']} times, database {kinds['db']} times",
            f"  memory      {memory} kB, anonymous, of all children, each quarter",
            f"  descriptors {descriptors}",
        ]
        if self.series:
            lines += growth.judge(self.series, self.requests)[0]
        return "\n".join(lines)


@pytest.fixture(scope="module")
def soak(make_site, make_db, db_kind):
    print(f"\nsoak: seed {SEED}")      # whatever comes of it
    long = {}
    if SECONDS >= LONG:     # what is kept for an hour is kept for a tenth of the run
        long["db"] = make_db(schema=kept_for(db_kind, SECONDS / 10))
        growth.watch(long["db"])
    if STEADY:              # nothing fails because the machine is busy
        long["timeout"] = 120
        long["dbd"] = 'DBDInitSQL "PRAGMA busy_timeout=10000"' if db_kind == "sqlite" else ""
    site = make_site(start=False, protocol="both", config=CONFIG, modules=("http2", "include"), mpm_config=MPM,
                     twauth_loglevel="info", cgi=False, **long)
    # a search of so long a log for so many secrets would take longer than the soak: see the last test
    site.canaries, site.httpd.canaries = None, None
    other = VHost("other.test", port=site.vhost.port, config=site.vhost.config.replace("TwAuthProtocol oauth1",
                                                                                       "TwAuthProtocol oauth2"))
    site.httpd.vhosts.append(other)
    site.httpd.put(PAGE[1:], SHOWN)
    site.httpd.put(OPEN[1:], SHOWN)
    site.standin.register(other.url("/twauth/callback"))
    site.standin.people(alice="1001", **{f"person{n}": str(7000 + n) for n in range(PEOPLE)})
    site.httpd.env["MALLOC_ARENA_MAX"] = "1"    # and malloc() keeps little of what is free
    site.start()
    soak = Soak(site, other).run()
    if not STEADY:
        site.allow_log(*EXPECTED)
    print("\n" + soak.report())
    return soak


def test_nobody_saw_what_they_must_not(soak):
    """A page of somebody else, a spoofed name, a forged session let in, a session lost: people.py has them all."""
    if soak.failures:
        raise soak.failures[0]


def test_all_of_it_happened(soak):
    assert soak.all_happened()


def test_every_session_belongs_to_an_account(soak):
    assert soak.site.db.rows("SELECT id FROM twauth_session "
                             "WHERE account_id NOT IN (SELECT id FROM twauth_account)") == []


def test_every_account_is_somebodys_once(soak):
    accounts = soak.site.db.rows("SELECT twitter_id, username, screen_name FROM twauth_account")
    assert sorted(accounts) == sorted((person.id, person.name, person.name) for person in soak.people)


def test_sessions_add_up(soak):
    """Signed in minus signed out, for each person: no session too many, none lost."""
    assert soak.surplus() == {}, soak.trouble.log[-5:]


def test_sign_ins_add_up(soak):
    """Those that people saw are those that the server logged."""
    assert soak.site.log.numbers().count("TW0216") == sum(person.sign_ins for person in soak.people)


def test_requests_add_up(soak):
    """Every answer is in the access log with the status that was seen."""
    seen = sum((person.tally for person in soak.people), Counter())

    def logged():
        return Counter(map(int, re.findall(r'" (\d{3}) [\d-]+$', soak.site.httpd.access_log.read_text(), re.M)))
    process.until(lambda: logged() == seen, timeout=10)         # a line is written after the answer
    assert logged() == seen
    assert 500 not in seen


def test_no_child_died(soak):
    assert soak.site.httpd.children() == soak.children


@pytest.mark.skipif(bool(SANITIZED or UNDER), reason="what was freed is kept, and who keeps it looks for leaks")
def test_memory_is_flat(soak):
    """A leak grows in each quarter; what a thread keeps for its next request does so until all threads have it."""
    for pid in soak.children:
        memory = [sample[pid][0] for sample in soak.samples]
        most = THREAD * process.threads(pid)
        assert 3 * min(after - before for before, after in zip(memory, memory[1:])) < most, memory


def test_descriptors_are_flat(soak):
    """When all windows are closed, there is what was there at first and what is kept for the next sign-in."""
    for pid in soak.children:
        most = soak.at_first[pid] + KEPT_OPEN
        assert process.until(lambda: growth.descriptors(pid) <= most), growth.descriptors(pid)


if SECONDS >= LONG:
    def test_nothing_grows(soak):
        """Memory, descriptors, statements, rows: where a slope is above zero for certain, it is below its bound."""
        assert growth.judge(soak.series, soak.requests)[1] == []


def test_nothing_is_said_when_trouble_is_over(soak):
    assert [str(line) for line in soak.site.log.lines(soak.calm) if line.module == "twauth" and is_loud(line)] == []


def test_LG_1_no_secret_was_logged(soak):
    from harness.canaries import Canaries
    canaries = Canaries()
    secrets = sorted(soak.site.standin.secrets())
    for secret in random.Random(SEED).sample(secrets, min(100, len(secrets))):
        canaries.add("a secret of the stand-in", secret)
    for person in soak.people:
        for window in person.windows:
            for cookie in window.browser.cookies:
                canaries.add(f"cookie {cookie.name}", cookie.value)
    assert canaries.find(soak.site.log.since()) == []
