# SPDX-License-Identifier: Apache-2.0
"""CPU time a request under load, of all processes that work for a side, while the sides take turns.

    rounds(sides, 5)        {key: [microseconds in each round]}

Each side is driven by wrk over kept connections for some seconds, in each round. What a round says of one side is
compared with what the same round says of another: whatever else the machine does then, it does to both.
"""

import re
import subprocess
from pathlib import Path

CONNECTIONS, SECONDS = 4, 2


def cpu(pids):
    """Nanoseconds that these processes have run for, by thread."""
    found = {}
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            try:
                found[task.name] = int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def drive(side, visitor):
    """Microseconds of CPU time a request, as one visitor asks for the page again and again."""
    headers = [part for name, value in visitor.headers().items() for part in ("-H", f"{name}: {value}")]
    pids = side.pids()
    before = cpu(pids)
    ran = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--timeout", "20s", *headers,
                          f"http://127.0.0.1:{side.port}{side.url}"], capture_output=True, text=True, check=True)
    spent = sum(now - before.get(task, 0) for task, now in cpu(pids).items())
    assert "Non-2xx" not in ran.stdout and "Socket errors" not in ran.stdout, ran.stdout
    requests = int(re.search(r"(\d+) requests in", ran.stdout)[1])
    visitor.look()
    return spent / 1000 / requests


def rounds(sides, count):
    for side in sides:
        side.start()
    visitors = [side.visit() for side in sides]
    found = {side.key: [] for side in sides}
    for _ in range(count):
        for side, visitor in zip(sides, visitors):
            found[side.key].append(drive(side, visitor))
    for side in sides:
        side.stop()
    return found
