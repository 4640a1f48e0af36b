# SPDX-License-Identifier: Apache-2.0
"""X and the database fail by chance, one after the other or both at once, and it is known when."""

import contextlib
import threading
import time

#: So long after a trouble its traces are nobody's fault: breakers, calls that ran into their time-out.
AFTER = 8

X = [("delay", {"seconds": 0.4}), ("delay", {"seconds": 5}), ("status", {"status": 503}), ("garbage", {}),
     ("close", {}), ("reset", {"at": "before"}), ("reset", {"at": "body"}), ("hang", {"at": "accept"}),
     ("hang", {"at": "body"}), ("truncate", {}), ("drip", {"bytes_per_second": 20})]


class Trouble:
    """`log`: what there was, as [kind, what, begin, end]."""

    def __init__(self, site, chance):
        self.site, self.chance = site, chance
        self.log = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._make, args=maker, daemon=True)
                         for maker in (("x", self._x), ("db", self._db))]
        self.failed = None

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join(60)
        if self.failed:
            raise self.failed

    def disturbs(self, kind, since):
        """Whether something that began at `since` can have suffered from trouble of this kind."""
        return any(k == kind and (end is None or end + AFTER > since) for k, _, _, end in list(self.log))

    def _make(self, kind, trouble):
        try:
            while not self._over.wait(self.chance.uniform(2, 8)):
                what, context = trouble()
                entry = [kind, what, time.monotonic(), None]
                self.log.append(entry)
                with context:
                    self._over.wait(self.chance.uniform(0.3, 3))
                entry[3] = time.monotonic()
        except BaseException as failure:        # noqa: BLE001 - raised where somebody sees it
            self.failed = failure

    def _x(self):
        kind, options = self.chance.choice(X)
        return f"{kind} {options}", self._fault(kind, options)

    @contextlib.contextmanager
    def _fault(self, kind, options):
        self.site.standin.fault("*", kind, times=None, **options)
        try:
            yield
        finally:
            self.site.standin.clear_faults()

    def _db(self):
        name = self.chance.choice(["away", "locked"])
        return name, getattr(self.site.db, name)()
