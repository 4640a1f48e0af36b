# SPDX-License-Identifier: Apache-2.0
"""TwAuthEventLog under load: restarts and logrotate lose no line, and lines of several processes do not mix. LG-2, CF-2.
And what is refused at the configuration test. CF-1."""

import contextlib
import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from harness.load import Load, ask
from harness.process import until

THREADS = "StartServers 8\nServerLimit 16\nThreadsPerChild 4\nMaxRequestWorkers 32\nMinSpareThreads 32\nMaxSpareThreads 64"
EIGHT = {"event": THREADS, "worker": THREADS, "prefork": "StartServers 8\nServerLimit 16\nMaxRequestWorkers 16"}
TO = {"file": "events.log", "pipe": '"|/usr/bin/rotatelogs events.log 86400"'}


@pytest.mark.parametrize("to", TO)
def test_CF_2_nothing_is_lost_and_nothing_mixed(make_site, full, mpm, to):
    count = full(2000, 20000)
    site = make_site(scheme="http", config=f"TwAuthEventLog {TO[to]}", mpm_config=EIGHT[mpm], loglevel="crit",
                     twauth_loglevel="crit")
    bob = site.browser()
    bob.sign_in("bob")
    assert len(site.httpd.children()) >= 8
    traces = [f"00-{n:032x}-b7ad6b7169203331-01" for n in range(1, count + 1)]
    asks = [ask(site.vhost, "/admin/", name=trace, cookies=bob, headers={"traceparent": trace}) for trace in traces]
    log = site.httpd.folder / "events.log"
    load = Load(asks, workers=16).start()
    for n in range(3):
        if to == "file":
            log.rename(log.with_suffix(f".log.{n}"))         # as logrotate does
        site.graceful()
    answers = load.stop()
    refused = {answer.name for answer in answers if answer.status == 403}
    assert len(refused) > .9 * count and len(answers) == count

    def events():
        files = sorted(site.httpd.folder.glob("events.log*"))
        return [json.loads(line) for file in files for line in file.read_text().split("\n")[:-1]]

    def told():
        return Counter(event["traceparent"] for event in events() if event.get("reason") == "forbidden")
    assert until(lambda: refused <= set(told()), every=.1)      # a program takes its time
    site.stop()
    assert set(told().values()) == {1}
    kinds = Counter((event["event"], event.get("reason")) for event in events())
    assert kinds["admin", "started"] == 1 and kinds["admin", "restarted"] == 3 and kinds["signed-in", None] == 1


def programs(site):
    """The numbers of those that take this site's events."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if file.read_bytes().startswith(b"/usr/bin/rotatelogs") and file.with_name("cwd").readlink() == site.httpd.folder:
                found.append(int(file.parent.name))
    return found


def test_a_program_lives_on_and_is_started_again(make_site):
    """Over graceful restarts it is one; after another restart, or when it has died, a new one; one named no more ends."""
    site = make_site(scheme="http", config=f"TwAuthEventLog {TO['pipe']}")
    site.allow_log("AH00106", "long lost child")

    def told(user):
        site.browser().sign_in(user)
        return until(lambda: user in "".join(file.read_text() for file in site.httpd.folder.glob("events.log*")))

    assert until(lambda: len(programs(site)) == 1)
    first = programs(site)
    site.graceful()
    assert programs(site) == first and told("alice")
    os.kill(first[0], signal.SIGKILL)
    assert until(lambda: programs(site) not in (first, [])) and told("bob")
    before = programs(site)
    log = site.log.mark()
    os.kill(int((site.httpd.folder / "run/pid").read_text()), signal.SIGHUP)
    assert site.log.wait("resuming normal operations", log)
    assert until(lambda: len(programs(site)) == 1 and programs(site) != before) and told("carol")
    site.vhost.config += "\nTwAuthEventLog Off"
    for _ in range(3):
        site.graceful()
    assert until(lambda: programs(site) == [])


WRONG = {
    "nowhere/events.log": "folder that exists",
    ".": "a folder stands there",
    '""': "takes one argument",
    '"|"': "must be a file, a command behind |",
    '"| "': "must be a file, a command behind |",
    '"||"': "must be a file, a command behind |",
    '"|$ "': "must be a file, a command behind |",
    '"|/usr/bin/rotatelog events.log 86400"': "that is there and can be run",
    '"|/etc/passwd"': "that is there and can be run",
}


@pytest.fixture(scope="module")
def unstarted(make_site):
    return make_site(start=False)


@pytest.mark.parametrize("value", WRONG)
def test_CF_1_what_cannot_be_opened_is_refused(unstarted, value):
    before = unstarted.vhost.config
    unstarted.vhost.config += f"\nTwAuthEventLog {value}"
    ran = unstarted.httpd.check()
    unstarted.vhost.config = before
    assert not ran and "TwAuthEventLog " in ran.stderr and WRONG[value] in ran.stderr


@pytest.mark.parametrize("value", ["events.log", "Off", '"|cat"', '"|$cat | cat"', '"||/bin/cat"'])
def test_what_can_be_opened_is_not(unstarted, value):
    before = unstarted.vhost.config
    unstarted.vhost.config += f"\nTwAuthEventLog {value}\nTwAuthLogAddress Off"
    ran = unstarted.httpd.check()
    unstarted.vhost.config = before
    assert ran
    assert not (unstarted.httpd.folder / "events.log").exists(), "a test makes no file"
