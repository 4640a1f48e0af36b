# SPDX-License-Identifier: Apache-2.0
"""Cleans up after a test run, however it ended.

Started once by `process`, in a session of its own. Reads lines on standard input:

    + SID SIGNAL    a program leads session SID; SIGNAL asks it to stop
    - SID           it was stopped properly
    d FOLDER        a folder to remove in the end
    m FOLDER        a disk that is mounted there, to be unmounted before

The pipe closes when the test run is over, also when that was killed. Then everything still on the list is asked to
stop, killed with its whole session two seconds later, and the folders are removed.
"""

import os
import shutil
import signal
import subprocess
import sys
import time


def members(sid):
    """The process ids of a session, zombies left out."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == sid and fields[0] not in "ZX":
            found.append(int(entry))
    return found


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def end(sessions, patience=2.0):
    """Ask the leader of each session to stop, then kill what is left of the sessions."""
    for sid, number in sessions.items():
        send(sid, signal.SIGCONT)
        send(sid, number)
    until = time.monotonic() + patience
    while time.monotonic() < until and any(members(sid) for sid in sessions):
        time.sleep(0.02)
    for sid in sessions:
        for pid in members(sid):
            send(pid, signal.SIGKILL)


def main():
    sessions, folders, mounts = {}, [], []
    for line in sys.stdin:
        what, _, rest = line.rstrip("\n").partition(" ")
        if what == "+":
            sid, number = rest.split()
            sessions[int(sid)] = int(number)
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
