# SPDX-License-Identifier: Apache-2.0
"""Calls of httpd's processes that may fail, counted by their kinds, and failed one by one (torture.c).

    torture = Torture()
    site = make_site(preload=torture.preload, env=torture.env, ...)
    calls = torture.count(scenario)                         {kind: how many}
    with torture.failing("statement", 3): scenario()        the third one fails, once
    torture.failed                                          what failed, and from where; "" where it was not come to

Kinds: memory (of the module and of its libraries), tls (memory for OpenSSL in a call to X), resource (descriptors, threads),
io (reading, writing, looking up), wait (poll), statement (libpq, SQLite), lost (the statement or the call to X was made, its
answer is lost), provider (libcurl, liboauth, jansson), seal (libsodium).
"""

import contextlib
import mmap
import re
import struct
import subprocess
from pathlib import Path

from . import process

KINDS = ("memory", "tls", "resource", "io", "wait", "statement", "lost", "provider", "seal")
#: Whose calls count: those that serve requests, httpd's first process, children as they start.
WORKERS, PARENT, CHILDREN = 1, 2, 4
_HEAD = "=4I" + "I" * len(KINDS) + "2I"
_STACK = struct.calcsize(_HEAD)
_SIZE = _STACK + 4000


class Torture:
    """`preload` and `env` are for the httpd; what is said takes effect at once."""

    def __init__(self):
        folder = process.folder("twauth-torture-")
        self.preload = (str(folder / "torture.so"),)
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-ftls-model=initial-exec", "-o", self.preload[0],
                        Path(__file__).with_suffix(".c")], check=True)
        numbers = folder / "numbers"
        numbers.write_bytes(bytes(_SIZE))
        for path, mode in ((folder, 0o755), (numbers, 0o666)):
            path.chmod(mode)
        self.env = {"TORTURE": str(numbers)}
        self.workers = WORKERS      #: whose calls count, if nothing else is said; CHILDREN where a process has one thread
        with open(numbers, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)

    def _put(self, number, value):
        self._map[4 * number:4 * number + 4] = struct.pack("=I", value)

    def parent(self, pid):
        """The first process of httpd; 0: the next that begins."""
        self._put(3, pid)

    def fresh(self, on):
        """Each call to X has a connection of its own."""
        self._put(4 + len(KINDS), on)

    @property
    def calls(self):
        """How many there were since failing() or counting() began, by kind."""
        return dict(zip(KINDS, struct.unpack(_HEAD, self._map[:_STACK])[4:4 + len(KINDS)]))

    @property
    def failed(self):
        """The call that failed and who called it, a line each as file+offset; "" for none."""
        return self._map[_STACK:].split(b"\0", 1)[0].decode() if self._failures else ""

    @property
    def _failures(self):
        return struct.unpack(_HEAD, self._map[:_STACK])[-1]

    @contextlib.contextmanager
    def failing(self, kind=None, number=0, whose=None):
        """Meanwhile calls are counted, and the one with that number of its kind fails."""
        self._put(1, KINDS.index(kind) if kind else 0)
        self._put(2, number)
        self._map[16:16 + 4 * len(KINDS)] = bytes(4 * len(KINDS))
        self._put(5 + len(KINDS), 0)
        self._put(0, whose or self.workers)
        try:
            yield self
        finally:
            self._put(0, 0)

    def count(self, run, whose=None):
        """How many calls of each kind `run` makes."""
        with self.failing(whose=whose):
            run()
        return self.calls


def named(stack, module):
    """A stack with functions and lines in the place of the module's offsets."""
    def name(match):
        ran = subprocess.run(["addr2line", "-fsCe", str(module), hex(int(match[1], 16) - 1)], capture_output=True, text=True)
        return " ".join(ran.stdout.split()) or match[0]

    return re.sub(rf"{re.escape(Path(module).name)}\+(0x[0-9a-f]+)", name, stack)
