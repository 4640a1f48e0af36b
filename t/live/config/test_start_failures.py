# SPDX-License-Identifier: Apache-2.0
"""The system does not give what a start needs: httpd does not start, or does as soon as it can, and the log says why."""

import os
import signal

import pytest

from harness import process, refuse
from harness.httpd import HttpdError
from harness.process import until

TWO_CHILDREN = "StartServers 2\nServerLimit 2\nThreadsPerChild 4\nMaxRequestWorkers 8\nMinSpareThreads 8\nMaxSpareThreads 8"


@pytest.fixture(scope="module")
def preload():
    return refuse.library(process.folder("twauth-refuse-"))


def does_not_start(site):
    with pytest.raises(HttpdError):
        site.start()


def test_no_shared_memory(make_site, preload):
    site = make_site(start=False, preload=preload, env={"REFUSE_SHARED": "1"})
    does_not_start(site)
    site.expect_log(r"TW0104: no shared memory \(\d+ bytes\)")
    site.allow_log("AH00019", "AH00020")


def test_no_shared_memory_for_what_was_unsealed(make_site, preload):
    site = make_site(start=False, preload=preload, env={"REFUSE_SHARED": "2"})
    does_not_start(site)
    site.expect_log(r"TW0111: no shared memory \(\d+ bytes\)")
    site.allow_log("AH00019", "AH00020")


def test_a_child_without_a_lock_ends(make_site, preload, folder):
    """It serves nobody, and others are tried until one gets a lock."""
    scarce = folder / "no-locks"
    site = make_site(preload=preload, env={"REFUSE_LOCK": str(scarce)}, mpm="event", mpm_config=TWO_CHILDREN, cgi=False)
    before = site.httpd.children()
    assert until(lambda: all(len(os.listdir(f"/proc/{pid}/task")) > 4 for pid in before)), "each has begun its threads"
    scarce.touch()
    site.allow_log("exit signal Killed")
    os.kill(before[0], signal.SIGKILL)
    assert site.log.wait("TW0107")
    scarce.unlink()
    site.expect_log("TW0107: no lock for the database: this child ends")
    assert until(lambda: len(set(site.httpd.children()) - set(before)) == 1)
    assert site.browser().sign_in("alice").status == 200


# Where events go

def test_the_program_for_events_cannot_be_started(make_site, preload):
    site = make_site(start=False, preload=preload, env={"REFUSE_PROGRAM": "/bin/cat"},
                     config='TwAuthEventLog "|/bin/cat"')
    does_not_start(site)
    site.expect_log("TW0505: the command of TwAuthEventLog cannot be started")
    site.allow_log("AH00019", "AH00020")


def test_the_file_for_events_cannot_be_opened(make_site):
    site = make_site(start=False, config="TwAuthEventLog events.log")
    (site.httpd.folder / "events.log").symlink_to("nowhere/events.log")
    does_not_start(site)
    site.expect_log(f"TW0506: the file of TwAuthEventLog cannot be opened: {site.httpd.folder}/events.log")
    site.allow_log("AH00019", "AH00020")


def test_the_disk_for_events_is_full(make_site):
    """Said at the start, and of those of a minute once; nobody is kept out by it."""
    site = make_site(config="TwAuthEventLog /dev/full")
    site.expect_log("TW0507: TwAuthEventLog takes no events", "TW0508: TwAuthEventLog takes no events")
    for _ in range(2):
        assert site.browser().sign_in("alice").status == 200
    assert site.log.numbers().count("TW0508") == 1
    assert until(lambda: site.log.numbers().count("TW0507") >= 1)
