# SPDX-License-Identifier: Apache-2.0
"""httpd's error log, as something a test can ask and as a judge of every test.

Each test must leave the log quiet: no line of level warn or above that the test did not expect, no sanitizer report, no
dead child, no secret.
"""

import re
import time
from dataclasses import dataclass

LOUD = {"emerg", "alert", "crit", "error", "warn"}
_LINE = re.compile(r"^\[[^\]]+\] \[(?P<module>[^\]:]*):(?P<level>[a-z]+\d?)\] (?P<text>.*)$")
_NUMBER = re.compile(r"\b((?:TW|AH)\d{4,5}): ")
_SANITIZER = re.compile(r"Sanitizer|runtime error:")
_DEAD = re.compile(r"child pid \d+ exit signal|seg(mentation )? ?fault|possible coredump", re.I)

#: httpd's own, of no interest: a child that was slow to stop, no cache of TLS sessions.
# AH03092: the event MPM, stopped while connections end; AH01882: mod_ssl was built with another patch level of OpenSSL;
# AH00161, AH00484, AH10159, AH03490: all workers are busy for a moment, or children of before still have the places of
# new ones, on a machine that has much to do; AH00488: one ends whose place a new one has (how it ends is judged apart)
TOLERATED = {"AH00045", "AH00161", "AH00484", "AH00488", "AH01873", "AH01882", "AH03092", "AH03490", "AH10159"}
#: httpd begins children when it likes: what one says that begins while PostgreSQL is away.
NO_DATABASE = (r"AH00629: Can't connect to pgsql", r"AH00633: failed to initialise", r"AH00636: child init failed!")


@dataclass(frozen=True)
class Line:
    module: str
    level: str
    number: str
    text: str

    def __str__(self):
        return f"[{self.module}:{self.level}] {self.text}"


def parse(text):
    """The lines of a log; what httpd did not write itself has no module and no level."""
    for raw in text.splitlines():
        match = _LINE.match(raw)
        number = _NUMBER.search(raw)
        number = number.group(1) if number else ""
        if match:
            yield Line(match["module"], match["level"], number, match["text"])
        else:
            yield Line("", "", number, raw)


def is_loud(line):
    """Whether an administrator would look at it; what httpd says of a machine that is slow is no such line."""
    return line.level in LOUD and line.number not in TOLERATED


class ErrorLog:
    def __init__(self, path):
        self.path = path
        self._judged = 0
        self._expected = []
        self._allowed = []

    # reading

    def mark(self):
        """The log's end now, for `since`."""
        return self.path.stat().st_size if self.path.exists() else 0

    def _bytes(self, mark):
        if not self.path.exists():
            return b""
        with open(self.path, "rb") as log:
            log.seek(mark)
            return log.read()

    def since(self, mark=0):
        """The text written after `mark`."""
        return self._bytes(mark).decode("utf-8", "backslashreplace")

    def lines(self, mark=0):
        return list(parse(self.since(mark)))

    def numbers(self, mark=0):
        """The numbers (`TW0203`) logged after `mark`, in order."""
        return [line.number for line in self.lines(mark) if line.number]

    def wait(self, pattern, mark=0, timeout=60.0):
        """Wait for `pattern` (a regular expression) to be logged; returns the match, or None."""
        end = time.monotonic() + timeout
        while True:
            match = re.search(pattern, self.since(mark))
            if match or time.monotonic() > end:
                return match
            time.sleep(0.005)

    # judging

    def unjudged(self):
        """The lines since `complaints` was last asked."""
        return self.lines(self._judged)

    def expect(self, *what):
        """This test makes the server log `what`, numbers or regular expressions; each must then occur."""
        self._expected += [re.compile(w) for w in what]

    def allow(self, *what):
        """As `expect`, but it need not occur."""
        self._allowed += [re.compile(w) for w in what]

    def complaints(self, canaries=None):
        """What is wrong with the log since the last call; expectations end here."""
        fresh = self._bytes(self._judged)
        self._judged += len(fresh)
        text = fresh.decode("utf-8", "backslashreplace")
        expected, allowed = self._expected, self._expected + self._allowed
        self._expected, self._allowed = [], []
        found = []
        if "failed: timeout expired" in text:       # of a PostgreSQL that is there, on such a machine
            allowed = allowed + [re.compile(w) for w in (NO_DATABASE[0] + ".*timeout expired", *NO_DATABASE[1:])]
        for line in parse(text):
            known = any(p.search(str(line)) for p in allowed)
            if _SANITIZER.search(line.text) or (_DEAD.search(line.text) and not known):
                found.append(str(line))
            elif is_loud(line) and not known:
                found.append(f"unexpected: {line}")
        for pattern in expected:
            if not pattern.search(text):
                found.append(f"expected in the log, but not there: {pattern.pattern}")
        for what in canaries.find(text) if canaries else ():
            found.append(f"secret in the log: {what}")
        return found
