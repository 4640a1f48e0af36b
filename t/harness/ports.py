# SPDX-License-Identifier: Apache-2.0
"""Free loopback ports.

A port is taken from outside of the range the kernel uses for outgoing connections, so that it stays free while a server
restarts, and is claimed with an abstract Unix socket, which no other test run on this machine can hold at the same time
and which vanishes with this process.
"""

import random
import socket
from pathlib import Path

_claims = []
_random = random.SystemRandom()


def _range(outgoing="/proc/sys/net/ipv4/ip_local_port_range"):
    """Below the kernel's own, or else above it; where it takes nearly all, wherever."""
    low, high = map(int, Path(outgoing).read_text().split())
    return next(((first, last) for first, last in ((12000, min(32000, low)), (high + 1, 65536)) if last - first >= 2000),
                (12000, 32000))


_first, _last = _range()


def free():
    while True:
        port = _random.randrange(_first, _last)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0twauth-test-port-{port}")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port


def answers(port):
    """Whether a server listens there."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False
