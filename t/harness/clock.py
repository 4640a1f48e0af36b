# SPDX-License-Identifier: Apache-2.0
"""httpd's wall clock, moved from a test without waiting.

libfaketime is loaded into httpd and reads the offset from a file at each look at the clock. The monotonic clock stays
true, so that time limits and polls of the server go on as usual. The browsers of the same site live in the same time;
`followers` are told as well (the stand-in, whose check of signed times must not be surprised).
"""

import os
import sysconfig
import time

LIBRARY = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/faketime/libfaketimeMT.so.1"


class Clock:
    def __init__(self, folder):
        self.offset = 0
        self.followers = []
        self._file = folder / "clock"
        self.set(0)

    def environment(self):
        """What httpd needs; the library itself goes to LD_PRELOAD."""
        return {"FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}

    def set(self, offset):
        """Seconds ahead of the true time (negative: behind)."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{offset:+f}\n")
        fresh.chmod(0o644)
        os.replace(fresh, self._file)
        self.offset = offset
        for tell in self.followers:
            tell(offset)

    def forward(self, seconds):
        self.set(self.offset + seconds)

    def now(self):
        return time.time() + self.offset
