# SPDX-License-Identifier: Apache-2.0
"""CHAT, a server that agrees to every WebSocket, for tests of what stands before it."""

import base64
import hashlib
import socketserver
import threading

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Chat(socketserver.ThreadingTCPServer):
    """A backend that agrees to every upgrade and then sends back what it hears. `heard`: the requests, as text."""

    daemon_threads = allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), None)
        self.heard = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server_address[1]

    def finish_request(self, request, client_address):
        stream = request.makefile("rb")
        lines = [stream.readline()]
        while lines[-1].strip():
            lines.append(stream.readline())
        self.heard.append(b"".join(lines).decode("latin-1"))
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        key = fields.get(b"sec-websocket-key", b"")
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        request.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept)
        while data := stream.read1(4096):
            request.sendall(data)
