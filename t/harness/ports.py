# SPDX-License-Identifier: Apache-2.0
"""Free loopback ports.

A port is taken from below the range the kernel uses for outgoing connections, so that it stays free while a server
restarts, and is claimed with an abstract Unix socket, which no other test run on this machine can hold at the same time
and which vanishes with this process.
"""

import random
import socket

_claims = []
_random = random.SystemRandom()


def free():
    while True:
        port = _random.randrange(12000, 32000)
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
