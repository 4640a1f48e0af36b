# SPDX-License-Identifier: Apache-2.0
"""One kept-alive connection, as lean as can be: what is measured is the server."""

import socket


def request(port, path, headers, method="GET"):
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class Connection:
    def __init__(self, port):
        self.port = port
        self._open()

    def _open(self):
        self._socket = socket.create_connection(("127.0.0.1", self.port))
        self._file = self._socket.makefile("rb")

    def send(self, data):
        """Sends a request; returns status, headers (pairs, names in lower case) and body of the answer."""
        self._socket.sendall(data)
        status = int(self._file.readline().split()[1])
        headers = []
        while (line := self._file.readline().strip()):
            name, _, value = line.decode("latin-1").partition(": ")
            headers.append((name.lower(), value))
        known = dict(headers)
        if known.get("transfer-encoding") == "chunked":
            body = b""
            while (length := int(self._file.readline(), 16)):
                body += self._file.read(length + 2)[:length]
            self._file.read(2)
        else:
            body = self._file.read(int(known.get("content-length", 0)))
        if known.get("connection", "").lower() == "close":
            self.close()
            self._open()
        return status, headers, body

    def get(self, path, headers, method="GET"):
        return self.send(request(self.port, path, headers, method))

    def close(self):
        self._file.close()
        self._socket.close()
