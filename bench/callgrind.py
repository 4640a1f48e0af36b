# SPDX-License-Identifier: Apache-2.0
"""Instructions a request of an httpd: they do not wobble, whatever else the machine is doing.

    with Callgrind(httpd) as grind:                     httpd in one process under valgrind, on plain http
        grind.cost("/page.html", headers, 200)          [33678.1, 33671.9, ...]: the mean over some requests, each
        grind.during(work)                              all while work() runs

callgrind dumps its counters and begins anew whenever httpd answers an OPTIONS, which nothing else here sends; what lies
between two dumps is divided by the requests between them. Threads that wake up by themselves can only add to it, so the
least of the means is the one to compare.
"""

import re
import tempfile
from pathlib import Path
from statistics import median

from harness import process
from harness.httpd import USER

from .connection import Connection, request

#: Means a figure.
PARTS = 5


#: The C library as on the plainest machine: otherwise it takes the instructions that it finds on this one.
PLAIN = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-SSE4_2,-SSE4_1,-SSSE3,-BMI2,-ERMS,-FSRM,-Fast_Unaligned_Load"}


class Callgrind:
    """plain: what is measured can be compared with what was measured on another machine."""

    def __init__(self, httpd, plain=False):
        self.httpd = httpd
        httpd.env |= PLAIN if plain else {}
        folder = Path(tempfile.mkdtemp(prefix="callgrind-", dir=httpd.folder))
        process.give(folder, USER)                      # callgrind writes as the user that httpd has become
        self._out, self._dumps = folder / "out", 0
        httpd.under = ("valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={self._out}",
                       "--dump-before=ap_send_http_options")
        httpd.log_access, httpd.loglevel, httpd.twauth_loglevel = False, "warn", "warn"

    def __enter__(self):
        self.httpd.start()
        return self

    def __exit__(self, *_):
        self.httpd.stop()

    def _dump(self, connection):
        """The instructions since the dump before."""
        connection.get("/", {}, "OPTIONS")
        self._dumps += 1
        text = Path(f"{self._out}.{self._dumps}").read_text()
        return int(re.search(r"(?m)^(?:totals|summary): (\d+)", text)[1])

    def during(self, work):
        """The instructions of all that httpd does while work() runs."""
        connection = Connection(self.httpd.vhosts[0].port)
        self._dump(connection)
        work()
        return self._dump(connection)

    def cost(self, path, headers, status, count=100, port=None):
        """Instructions a request, from `count` of them in each of several parts."""
        connection = Connection(port or self.httpd.vhosts[0].port)
        data = request(connection.port, path, headers)
        for _ in range(count):
            got = connection.send(data)[0]
            assert got == status, f"{path}: {got}, not {status}"
        self._dump(connection)
        dump = self._dump(connection)                   # what nothing but the dump costs
        means = []
        for _ in range(PARTS):
            for _ in range(count):
                connection.send(data)
            means.append((self._dump(connection) - dump) / count)
        connection.close()
        return means


def spread(means):
    """(median, least, most)"""
    return median(means), min(means), max(means)
