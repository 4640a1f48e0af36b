# SPDX-License-Identifier: Apache-2.0
"""ECHO: an HTTP server that answers with what it was asked, for tests of what mod_proxy passes on."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    method: str
    target: str
    headers: list           #: (name, value) in order, as they came
    body: str

    def all(self, name):
        """Every value of a header."""
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default


class _Lines:
    """A file that remembers the lines that were read from it."""

    def __init__(self, file):
        self._file = file
        self.seen = []

    def readline(self, *size):
        self.seen.append(self._file.readline(*size))
        return self.seen[-1]

    def __getattr__(self, name):
        return getattr(self._file, name)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True      # headers and body are written one after the other

    def setup(self):
        super().setup()
        self.rfile = _Lines(self.rfile)

    def _fields(self):
        """The header lines as they came: the library's own reading ends at the first odd one."""
        lines = [line.decode("latin-1").rstrip("\r\n") for line in self.rfile.seen[1:-1]]
        self.rfile.seen.clear()
        return [(name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)]

    def _answer(self):
        fields = self._fields()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("latin-1")
        received = Received(self.command, self.path, fields, body)
        self.server.backend.requests.append(received)
        status, headers, body = self.server.backend.answers.get(self.path.partition("?")[0], (200, {}, None))
        if body is None:
            body = json.dumps(vars(received)).encode()
            headers = {"Content-Type": "application/json"} | headers
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Backend:
    """`requests` is what came, `answers[path] = (status, headers, body)` overrides the echo (body None: the echo)."""

    def __init__(self):
        self.requests = []
        self.answers = {}
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.backend = self
        self.port = self._server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def clear(self):
        self.requests.clear()
        self.answers.clear()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def received(response):
    """What the backend says it received, from the body of its echo."""
    said = json.loads(response.body)
    return Received(said["method"], said["target"], [tuple(h) for h in said["headers"]], said["body"])
