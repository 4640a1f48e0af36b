# SPDX-License-Identifier: Apache-2.0
"""A place that is far away: a network namespace of its own, behind a link whose packets take their time.

    near()                                  this process in a network namespace of its own: nothing else is on its wires
    far = Far(0.025)                        another one, 25 ms away each way
    with far.inside(): ...                  what is started or listened on in there is at far.address
    far.round_trip()                        seconds, measured: there and back for a byte

It does what `tc netem delay` does, and needs no module of the kernel: each end is a TUN device, and a process carries
the packets over, each after the delay. All of TCP is in those packets: handshakes, acknowledgements, TLS. Needs root.
Namespaces and devices are gone with the processes in them.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
from collections import deque

_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_libc = ctypes.CDLL(None, use_errno=True)


def possible():
    """Whether it can be done here."""
    return os.geteuid() == 0 and os.path.exists("/dev/net/tun")


def _system(call, *arguments):
    if call(*arguments):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), call.__name__)


def near():
    """A namespace without anything but its own loopback."""
    _system(_libc.unshare, _CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _device(name, address, peer):
    """A TUN device: the packets sent to `peer` come out of the file, what is written to it has arrived."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    subprocess.run(["ip", "addr", "add", address, "peer", peer, "dev", name], check=True)
    subprocess.run(["ip", "link", "set", name, "up", "txqueuelen", "10000"], check=True)
    return fd


def _carry(a, b, delay):
    """Packets from a to b and from b to a, each `delay` later; for ever."""
    under_way = {a: deque(), b: deque()}
    while True:
        due = [queue[0][0] for queue in under_way.values() if queue]
        wait = max(0, min(due) - time.monotonic()) if due else None
        for fd in select.select([a, b], [], [], wait)[0]:
            with contextlib.suppress(BlockingIOError):
                while packet := os.read(fd, 65536):
                    under_way[b if fd == a else a].append((time.monotonic() + delay, packet))
        now = time.monotonic()
        for fd, queue in under_way.items():
            while queue and queue[0][0] <= now:
                os.write(fd, queue.popleft()[1])


class Far:
    address, _here = "10.73.0.2", "10.73.0.1"

    def __init__(self, delay):
        self._near = os.open("/proc/self/ns/net", os.O_RDONLY)
        a = _device("far", self._here, self.address)
        near()
        self._far = os.open("/proc/self/ns/net", os.O_RDONLY)
        b = _device("near", self.address, self._here)
        _system(_libc.setns, self._near, _CLONE_NEWNET)
        self._carrier = os.fork()
        if not self._carrier:
            _libc.prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG: it ends with the bench
            try:
                _carry(a, b, delay)
            finally:
                os._exit(1)
        os.close(a)
        os.close(b)

    @contextlib.contextmanager
    def inside(self):
        _system(_libc.setns, self._far, _CLONE_NEWNET)
        try:
            yield
        finally:
            _system(_libc.setns, self._near, _CLONE_NEWNET)

    def round_trip(self, count=40):
        """The median of so many, over one connection."""
        with self.inside():
            listener = socket.create_server((self.address, 0))
        threading.Thread(target=_echo, args=(listener,), daemon=True).start()
        times = []
        with socket.create_connection(listener.getsockname()) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(count):
                start = time.monotonic()
                sock.sendall(b".")
                sock.recv(1)
                times.append(time.monotonic() - start)
        listener.close()
        return statistics.median(times)

    def close(self):
        os.kill(self._carrier, signal.SIGKILL)
        os.waitpid(self._carrier, 0)
        os.close(self._near)
        os.close(self._far)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _echo(listener):
    sock, _ = listener.accept()
    with sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := sock.recv(1):
            sock.sendall(data)


def main():
    near()
    with Far(0.025) as far:
        print(f"{1000 * far.round_trip():.2f} ms there and back")


if __name__ == "__main__":
    sys.exit(main())
