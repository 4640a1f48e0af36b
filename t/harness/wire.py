# SPDX-License-Identifier: Apache-2.0
"""The network between a site and X, to be broken in any place.

    wire = Wire(standin.ports["https"])     what is sent to wire.port goes there
    wire.cut("blackhole")                   connections that exist are reset; new ones meet this:

    refuse      nobody listens
    blackhole   a connection is never made
    silence     it is made, and nothing is ever said: a TLS handshake hangs
    reset       it is made and reset at once
    hangup      it is reset in the handshake, when something was said

    wire.mend()                             all is well again
    wire.most, wire.count                   connections since the last of these: the most at one time, and all
"""

import select
import socket
import struct
import threading

from . import ports


class Wire:
    def __init__(self, target):
        self.port = ports.free()
        self.most = self.count = 0
        self._target = target
        self._lock = threading.Lock()
        self._open = set()
        self._fillers = []
        self._listener = None
        self._listen("through")

    def cut(self, how):
        self._unlisten()
        if how == "blackhole":
            self._listener = self._bound(0)
            self._fill()
        elif how != "refuse":
            self._listen(how)

    def mend(self):
        self.cut("through")

    def close(self):
        self._unlisten()

    # the listening end

    def _bound(self, backlog):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(backlog)
        return listener

    def _listen(self, how):
        self._listener = self._bound(512)
        threading.Thread(target=self._accept, args=(self._listener, how), daemon=True).start()

    def _fill(self):
        """Takes the places of connections that wait to be accepted."""
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def _unlisten(self):
        if self._listener:
            _wake(self._listener)
            self._listener.close()
            self._listener = None
        with self._lock:
            for filler in self._fillers:
                filler.close()
            for end in self._open:
                _wake(end)          # its thread closes it
            self._fillers, self._open, self.most, self.count = [], set(), 0, 0

    def _accept(self, listener, how):
        while True:
            try:
                end, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(listener, end, how), daemon=True).start()

    # one connection

    def _serve(self, listener, end, how):
        with self._lock:
            if listener is not self._listener:
                _reset(end)
                return
            self._open.add(end)
            self.count += 1
            self.most = max(self.most, len(self._open))
        try:
            if how == "through":
                self._relay(end)
            elif how == "silence":
                while end.recv(65536):
                    pass
            elif how == "hangup":
                end.recv(65536)
            broken = how in ("reset", "hangup")
        except OSError:                     # X has reset it
            broken = True
        with self._lock:
            self._open.discard(end)
            broken |= listener is not self._listener
        _reset(end) if broken else end.close()

    def _relay(self, end):
        with socket.create_connection(("127.0.0.1", self._target)) as other:
            for side in (end, other):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                for ready in select.select([end, other], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    (other if ready is end else end).sendall(data)


def _wake(end):
    """Let who waits for it go on."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:                         # the other end has left
        pass


def _reset(end):
    """Close with a TCP reset."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()
