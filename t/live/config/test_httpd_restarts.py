# SPDX-License-Identifier: Apache-2.0
"""CF-2, CF-5: graceful restarts under load, privileges, many people at once."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import process
from harness.browser import BROKEN
from harness.checks import SANITIZED


@pytest.fixture(scope="module")
def site(make_site):
    yield make_site(config="TwAuthProviderCalls 64")
    time.sleep(0.3)     # httpd's event MPM may crash by itself when it is stopped while a connection ends


def held(pid):
    """What a process has: descriptors, mappings, kilobytes of memory and of locked memory."""
    status = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    return (len(os.listdir(f"/proc/{pid}/fd")), len(Path(f"/proc/{pid}/maps").read_text().splitlines()),
            int(status["RssAnon"].split()[0]), int(status["VmLck"].split()[0]))


def test_CF_2_fifty_graceful_restarts_under_load(site, full):
    site.allow_log(r"\[cgid:")      # its daemons follow each other too fast for their socket
    answers, stop = [], threading.Event()
    browser = site.browser()
    browser.sign_in("alice")
    flow = site.browser().begin("/members/")

    def ask(work):
        while not stop.is_set():
            try:
                answers.append(work().status)
            except BROKEN:
                pass        # httpd's own: a connection that came while a child went

    threads = [threading.Thread(target=ask, args=(work,)) for work in (
        lambda: browser.clone().get("/members/"), lambda: browser.clone().get("/members/"),
        lambda: site.browser().get("/members/", follow=1), lambda: site.browser().sign_in("carol"))]
    for thread in threads:
        thread.start()
    counts = []
    for _ in range(full(50, 500)):
        so_far = len(answers)
        site.graceful()
        counts.append(held(site.httpd.pid))
        assert process.until(lambda: len(answers) >= so_far + 2)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 302}, {a: answers.count(a) for a in set(answers)}
    early, late = counts[9], counts[-1]
    assert late[0] <= early[0] + 2 and late[3] <= early[3], counts
    assert SANITIZED or late[1] <= early[1] + 8 and late[2] <= early[2] + 512, counts
    assert browser.get("/members/").status == 200
    assert flow.approve("bob").status == 200


def test_CF_5_children_hold_no_secret(site):
    site.browser().sign_in("alice")
    assert oct(site.key.stat().st_mode)[-3:] == "600" and site.key.stat().st_uid == os.getuid()
    secret = {str(site.key), str(site.folder / "secret")}
    for pid in [site.httpd.pid, *site.httpd.children()]:
        if pid != site.httpd.pid and process.ROOT:
            uid = next(line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                       if line.startswith("Uid:"))
            if "cgid" not in Path(f"/proc/{pid}/cmdline").read_text():
                assert uid != "0"
        opened = set()
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                opened.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
            except OSError:
                pass
        assert not opened & secret


@pytest.mark.mpms("event", "worker", "prefork")
def test_CF_3_many_sign_ins_at_once(site, mpm, full):
    people = [str(2000 + n) for n in range(full(20, 200))]
    site.allow_log("AH00484", "AH10159", "AH0028[67]")     # more at once than there are workers
    site.standin.set(users=[{"id": number, "screen_name": f"user{number}"} for number in people])

    def one(number):
        browser = site.browser()
        answer = browser.sign_in(number, next="/members/env.cgi")
        return answer.status, answer.json()["TWAUTH_ID"], browser.whoami()["id"]

    with ThreadPoolExecutor(len(people)) as pool:
        results = list(pool.map(one, people))
    assert results == [(200, number, number) for number in people]
    assert site.db.value("SELECT count(*) FROM twauth_account WHERE twitter_id LIKE '2___'") == len(people)
    site.standin.people(alice="1001", bob="1002", carol="1003", dave="1004")
