# SPDX-License-Identifier: Apache-2.0
"""Programs and folders that never outlive the test run.

Each program leads a session of its own, so that a Ctrl-C reaches the tests only and they stop it in order; its whole
session is killed if it does not. The janitor does the same when the tests themselves are killed.
"""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import janitor
from .paths import PYTHON

ROOT = os.geteuid() == 0
_janitor = None


def _tell(line):
    global _janitor
    if _janitor is None:
        _janitor = subprocess.Popen([PYTHON, "-I", "-S", janitor.__file__], stdin=subprocess.PIPE, text=True,
                                    bufsize=1, start_new_session=True, cwd="/")
    _janitor.stdin.write(line + "\n")


def folder(prefix="twauth-"):
    """A new folder directly under the temporary folder (socket paths must be short), open to other users' programs."""
    path = tempfile.mkdtemp(prefix=prefix)
    os.chmod(path, 0o711)
    if not os.environ.get("TWAUTH_KEEP"):
        _tell(f"d {path}")
    return Path(path)


def mounted(path):
    """Something is mounted at `path`, to be unmounted when the run ends."""
    _tell(f"m {path}")


def give(path, user):
    """Hand a file or a folder with all in it to `user`, where the tests run as root."""
    if not ROOT:
        return
    shutil.chown(path, user, user)
    if os.path.isdir(path):
        for inner in Path(path).rglob("*"):
            shutil.chown(inner, user, user)


def environment(**more):
    """A small environment of known content; sanitizer options are passed on."""
    kept = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", **kept, **more}


class Process:
    """A running program. `user` counts only where the tests run as root."""

    def __init__(self, argv, *, cwd, env=None, user=None, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                 quit=signal.SIGTERM, cores=False):
        as_user = {"user": user, "group": user, "extra_groups": []} if user and ROOT else {}
        self.argv = [str(a) for a in argv]
        self.quit = quit
        self.popen = subprocess.Popen(self.argv, cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL,
                                      stdout=stdout, stderr=stderr, start_new_session=True, **as_user)
        self.pid = self.popen.pid
        self.started = janitor.started(self.pid)
        _tell(f"+ {self.pid} {int(quit)} {self.started}")
        if cores:
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.prlimit(self.pid, resource.RLIMIT_CORE, (hard, hard))

    @property
    def running(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def children(self):
        """Process ids of the direct children, in order."""
        return children(self.pid)

    def stop(self, patience=60.0):
        """Stop it, kill what does not stop; returns the exit status."""
        if self.running:
            self.signal(signal.SIGCONT)
            self.signal(self.quit)
        try:
            self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        for pid in janitor.members(self.pid, self.started):
            janitor.send(pid, signal.SIGKILL)
        status = self.popen.wait()
        _tell(f"- {self.pid}")
        return status


class Service:
    """What start() runs as `_process` and gives back, until stop(); with `with`, for as long as that."""

    _process = None

    def stop(self):
        if self._process:
            self._process.stop()
            self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def children(parent):
    """Process ids whose parent is `parent`, zombies left out."""
    return sorted(pid for pid, fields in janitor.living() if int(fields[1]) == parent)


def alive(pid):
    """Whether there is such a process that has not ended. Whose it is after that may be slow to see it."""
    found = janitor.stat(pid)
    return bool(found) and found[0] not in "ZX"


def anonymous(pid):
    """Kilobytes of a process's anonymous memory, also of what is swapped out. Shared memory is left out: its pages come one
    by one as they are first used, until all are there."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith(("Anonymous:", "Swap:")))


def proportional(pid):
    """(kB, kB): a process's share (Pss) of anonymous memory, also of what is swapped out, and of what was made to be shared.

    Files that are mapped are left out: how many others have them, who is not of the run, is in Pss.
    """
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        found = {name: int(kb) for name, kb in re.findall(r"^(Pss_Anon|SwapPss|Pss_Shmem): +(\d+) kB", rollup.read(), re.M)}
    return found["Pss_Anon"] + found["SwapPss"], found["Pss_Shmem"]


def threads(pid):
    """How many threads a process has; 0 where it is none any more."""
    with contextlib.suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/task"))
    return 0


def busy(pid):
    """Whether a thread of a process runs, or would if a processor were free."""
    try:
        states = [janitor.stat(f"{pid}/task/{thread}") for thread in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return True
    return any(not found or found[0] in "RD" for found in states)


def sockets(pid):
    """The sockets that a process has, as /proc names them."""
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    return {name for name in found if name.startswith("socket:")}


def let_go(pid, children):
    """Wait until `children`, told to end by their server, take no more of its connections."""
    until(lambda: not any(sockets(child) & sockets(pid) for child in children))


def tree(pid):
    """Process ids of a program and of all below it."""
    found = [pid]
    for child in children(pid):
        found += tree(child)
    return found


def until(condition, timeout=60.0, every=0.005):
    """Wait for `condition()` to be true; returns its last value. The bound is for what never comes: what is slow may take it."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(every)
