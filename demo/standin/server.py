# SPDX-License-Identifier: Apache-2.0
"""Sockets, TLS and HTTP/1.1.

One thread serves one connection.  A Wire is the server's end of a connection; the application
answers a request either with a whole Reply or, when it is to misbehave, byte by byte.
"""

import select
import socket
import socketserver
import struct
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

IDLE_SECONDS = 120  # a connection on which nothing moves for so long is closed
LINE_LIMIT = 65536
BODY_LIMIT = 1 << 20


class BadRequest(Exception):
    """What came is not HTTP, or HTTP of a kind not spoken here."""


class Disconnect(Exception):
    """The connection is to be closed now, without a further byte."""


@dataclass
class Request:
    """One request as it came.  Header names keep their case, values their bytes (latin-1)."""

    method: str
    path: str
    query: str
    headers: list
    body: bytes
    scheme: str
    host: str
    client: str
    connection: int

    def header(self, name):
        """The first header of that name, or an empty string."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), "")

    def has_form(self):
        """Whether the body is a form."""
        media_type = self.header("Content-Type").partition(";")[0]
        return media_type.strip().lower() == "application/x-www-form-urlencoded"

    def pairs(self):
        """Query and form fields."""
        text = self.query + ("&" + self.body.decode("latin-1") if self.has_form() else "")
        return parse_qsl(text, keep_blank_values=True)

    def arguments(self):
        """Query and form fields as one dictionary; of a repeated name the first counts."""
        return dict(reversed(self.pairs()))


@dataclass
class Reply:
    """An answer.  `date` is the time for the Date header, None for the clock's."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html;charset=utf-8"
    headers: list = field(default_factory=list)
    date: float = None

    def head(self, framing=None, close=False):
        """Status line and headers.  `framing` replaces the Content-Length header."""
        try:
            reason = HTTPStatus(self.status).phrase
        except ValueError:
            reason = "Unknown"
        lines = [f"HTTP/1.1 {self.status} {reason}", f"Date: {formatdate(self.date, usegmt=True)}"]
        if self.status >= 200 and self.status not in (204, 304):
            lines.append(f"Content-Type: {self.content_type}")
            lines.append(f"Content-Length: {len(self.body)}" if framing is None else framing)
        lines += [f"{name}: {value}" for name, value in self.headers]
        if close:
            lines.append("Connection: close")
        return "\r\n".join([*filter(None, lines), "", ""]).encode("latin-1", "replace")


class Wire:
    """One connection, from the server's side."""

    def __init__(self, sock, scheme, client, number):
        self.scheme = scheme
        self.client = client
        self.number = number
        self._socket = sock
        self._input = sock.makefile("rb")

    def read_request(self):
        """The next request, or None when the client has closed.  Returns (Request, keep alive)."""
        line = self._line()
        if not line:
            return None
        try:
            method, target, version = line.split(" ")
        except ValueError:
            raise BadRequest("no request line") from None
        headers = self._headers()
        values = {name.lower(): value for name, value in headers}
        if values.get("expect", "").lower() == "100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        coding = values.get("transfer-encoding", "").lower()
        if coding not in ("", "chunked"):
            raise BadRequest("a body coded in a way not known here")
        body = self._chunks() if coding else self._body(values.get("content-length", "0"))
        host, path, query = split_target(target, values.get("host", ""))
        request = Request(method, path, query, headers, body,
                          self.scheme, host, self.client, self.number)
        keep = version == "HTTP/1.1" and values.get("connection", "").lower() != "close"
        return request, keep

    def write(self, data):
        """Send bytes."""
        self._socket.sendall(data)

    def send(self, reply, head_only=False, close=False):
        """Send a whole answer, in one packet where it fits."""
        without_body = head_only or reply.status in (204, 304)
        self.write(reply.head(close=close) + (b"" if without_body else reply.body))

    def wait(self, seconds, cancelled):
        """Let time pass; for ever if None.

        Disconnects when the client leaves, which shows as something to read (clients here do
        not send a second request before the first is answered), or when cancelled() is true.
        """
        end = None if seconds is None else time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        while end is None or time.monotonic() < end:
            left = 0.1 if end is None else min(0.1, max(0, end - time.monotonic()))
            if poll.poll(left * 1000) or cancelled():
                raise Disconnect

    def reset(self):
        """Close with a TCP reset instead of a proper end."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Disconnect

    def close(self):
        """Close, whatever state the connection is in."""
        self._input.close()
        self._socket.close()

    def _line(self):
        line = self._input.readline(LINE_LIMIT)
        if len(line) == LINE_LIMIT:
            raise BadRequest("line too long")
        return line.decode("latin-1").rstrip("\r\n")

    def _headers(self):
        headers = []
        while line := self._line():
            name, colon, value = line.partition(":")
            if not colon or name != name.strip():
                raise BadRequest("malformed header")
            headers.append([name, value.strip()])
        return headers

    def _body(self, length):
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            raise BadRequest("bad or too large Content-Length")
        body = self._input.read(int(length))
        if len(body) < int(length):
            raise Disconnect
        return body

    def _chunks(self):
        body = b""
        while size := int(self._line().partition(";")[0], 16):
            body += self._body(str(size))
            self._line()
            if len(body) > BODY_LIMIT:
                raise BadRequest("too large a body")
        self._headers()
        return body


def split_target(target, host):
    """Host, path and query of a request target, which may be a whole URL (RFC 9112, 3.2.2)."""
    if not target.startswith("/"):
        parts = urlsplit(target)
        if not parts.netloc:
            raise BadRequest("no such request target here")
        return parts.netloc, parts.path or "/", parts.query
    if not host:
        raise BadRequest("no Host header")
    path, _, query = target.partition("?")
    return host, path, query


class Connection(socketserver.BaseRequestHandler):
    """Runs in a thread of its own: requests of one connection, one after the other."""

    def handle(self):
        """Serve until either side closes."""
        app, context = self.server.app, self.server.context
        sock = self.request
        sock.settimeout(IDLE_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = app.state.connected(self.server.scheme)
        if context:
            while app.state.tls_stall:
                time.sleep(0.05)
            try:
                sock = context.wrap_socket(sock, server_side=True)
            except OSError:
                app.state.count("tls_failed")
                return
            if sock.session_reused:
                app.state.count("tls_resumed")
        wire = Wire(sock, self.server.scheme, self.client_address[0], number)
        try:
            self.converse(wire, app)
        except (Disconnect, OSError):
            pass
        finally:
            wire.close()

    @staticmethod
    def converse(wire, app):
        """Read a request, have it answered, and so on."""
        keep = True
        while keep:
            try:
                incoming = wire.read_request()
            except BadRequest as error:
                wire.send(Reply(400, f"{error}\n".encode(), "text/plain"), close=True)
                return
            if incoming is None:
                return
            request, keep = incoming
            app.serve(request, wire, close=not keep)


class Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A listening socket: https where a TLS context is given, else http."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address, port, app, context=None):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.app = app
        self.context = context
        self.scheme = "https" if context else "http"
        super().__init__((address, port), Connection)

    @property
    def port(self):
        """The port it got."""
        return self.server_address[1]

    def shutdown_request(self, request):
        """Close only: the polite shutdown before it would turn a reset into a normal end."""
        self.close_request(request)
