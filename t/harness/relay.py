# SPDX-License-Identifier: Apache-2.0
"""A relay between httpd and somebody it talks to, which counts what a link of any length would charge for.

    with Relay(("127.0.0.1", 4711)) as relay:       listens on relay.port
    with Relay("/path/.s.PGSQL.5432", below=folder) as relay:       the same for a Unix socket: folder/.s.PGSQL.5432
        relay.connections                           how many were opened
        relay.turns                                 round trips: how often the client spoke first, or after the server
        relay.hang_up()                             the server closes what is open
    relay.silence()                             what is open is lost without a word; new connections are served

A round trip is counted by who speaks, whatever is said: a TLS handshake is one or two, a question to a database one,
be it BEGIN, a statement or a ping.
"""

import contextlib
import selectors
import socket
import threading
from pathlib import Path


class _Pair:
    """One connection: both its ends, and who spoke last."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.client_spoke = False

    def close(self):
        self.client.close()
        self.server.close()


class Relay:
    def __init__(self, target, below=None):
        self.target = target
        self.connections = self.turns = 0
        self._lock = threading.RLock()
        self._pairs = set()
        self._silent = set()
        if below:
            self._listener = socket.socket(socket.AF_UNIX)
            path = Path(below) / Path(target).name
            self._listener.bind(str(path))
            path.chmod(0o777)
            self._listener.listen(64)
            self.port = None
        else:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
            self.port = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._bell, self._wake = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def counted(self):
        """(connections, round trips) so far."""
        with self._lock:
            return self.connections, self.turns

    def hang_up(self):
        with self._lock:
            for pair in list(self._pairs):
                self._end(pair)
            while self._silent:
                self._silent.pop().close()

    def silence(self):
        with self._lock:
            for pair in self._pairs:
                self._forget(pair)
            self._silent |= self._pairs
            self._pairs.clear()

    def close(self):
        self._bell.close()
        self._thread.join(5)
        self._listener.close()
        self.hang_up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # the thread

    def _run(self):
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._wake:
                    return
                with self._lock:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.data in self._pairs:
                        self._move(key.fileobj, key.data)

    def _accept(self):
        client, _ = self._listener.accept()
        server = socket.socket(client.family)
        try:
            server.connect(self.target)
        except OSError:
            client.close()
            server.close()
            return
        if client.family == socket.AF_INET:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        pair = _Pair(client, server)
        self._pairs.add(pair)
        for end in (client, server):
            self._selector.register(end, selectors.EVENT_READ, pair)

    def _move(self, source, pair):
        by_client = source is pair.client
        try:
            data = source.recv(1 << 16)
            (pair.server if by_client else pair.client).sendall(data)
        except OSError:
            data = b""
        if not data:
            self._end(pair)
            return
        if by_client and not pair.client_spoke:
            self.turns += 1
        pair.client_spoke = by_client

    def _forget(self, pair):
        for end in (pair.client, pair.server):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)

    def _end(self, pair):
        self._pairs.discard(pair)
        self._forget(pair)
        pair.close()
