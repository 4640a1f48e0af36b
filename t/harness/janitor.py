# SPDX-License-Identifier: Apache-2.0
"""Cleans up after a test run, however it ended.

Started once by `process`, in a session of its own. Reads lines on standard input:

    + SID SIGNAL STARTED    a program leads session SID; SIGNAL asks it to stop
    - SID                   it was stopped properly
    d FOLDER                a folder to remove in the end
    m FOLDER                a disk that is mounted there, to be unmounted before

The pipe closes when the test run is over, also when that was killed. Then everything still on the list is asked to
stop, killed with its whole session two seconds later, and the folders are removed.
"""

import os
import shutil
import signal
import subprocess
import sys
import time


def stat(place):
    """What /proc says of a process (its number) or a thread ("NUMBER/task/NUMBER"), from its state on; None: there is none."""
    try:
        with open(f"/proc/{place}/stat", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def living():
    """Each process that has not ended: its number, and what stat() says of it."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        fields = stat(entry)
        if fields and fields[0] not in "ZX":
            yield int(entry), fields


def started(pid):
    """When, in ticks since the system started; 0: there is no such process. Numbers of processes come again."""
    found = stat(pid)
    return int(found[19]) if found else 0


def members(sid, since=0):
    """The process ids of a session, zombies left out; of one whose leader started `since`, none where another program has
    that number now. While a session has members nobody else gets its number: then it has none any more."""
    if since and started(sid) not in (0, since):
        return []
    return [pid for pid, fields in living() if int(fields[3]) == sid]


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def end(sessions, patience=2.0):
    """Ask the leader of each session to stop, then kill what is left of the sessions."""
    for sid, (number, since) in sessions.items():
        if sid in members(sid, since):
            send(sid, signal.SIGCONT)
            send(sid, number)
    until = time.monotonic() + patience
    while time.monotonic() < until and any(members(sid, since) for sid, (_, since) in sessions.items()):
        time.sleep(0.02)
    for sid, (_, since) in sessions.items():
        for pid in members(sid, since):
            send(pid, signal.SIGKILL)


def main():
    sessions, folders, mounts = {}, [], []
    for line in sys.stdin:
        what, _, rest = line.rstrip("\n").partition(" ")
        if what == "+":
            sid, *how = map(int, rest.split())
            sessions[sid] = how
        elif what == "-":
            sessions.pop(int(rest), None)
        elif what == "d":
            folders.append(rest)
        elif what == "m":
            mounts.append(rest)
    end(sessions)
    for mount in mounts:
        subprocess.run(["umount", "-l", mount], check=False)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
