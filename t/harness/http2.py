# SPDX-License-Identifier: Apache-2.0
"""The same browser over HTTP/2, and connections whose streams a test opens itself.

    browser = site.browser(http2=True)              as ever; cookies travel as crumbs, one field each (RFC 9113 8.2.3)

    connection = site.http2()
    streams = [connection.open("GET", "/members/", headers=[("cookie", "a=1")]) for _ in range(100)]
    answers = connection.answers(streams)           Response each; None where the stream was reset

Nothing of what a test sends is checked or mended: forged pseudo-headers go out as they are.
"""

import socket
import ssl

import h2.config
import h2.connection
import h2.events

from . import browser

CONNECTION_HEADERS = {"connection", "keep-alive", "transfer-encoding", "host"}
WINDOW = 2**24


class Connection:
    """To 127.0.0.1, with `name` in the handshake. `closed`: the other side has ended it."""

    def __init__(self, name, port, ca, timeout=30):
        tls = ssl.create_default_context(cafile=ca)
        tls.set_alpn_protocols(["h2"])
        sock = socket.create_connection(("127.0.0.1", port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = tls.wrap_socket(sock, server_hostname=name)
        assert self._sock.selected_alpn_protocol() == "h2", "httpd does not speak HTTP/2 here"
        self.authority = f"{name}:{port}"
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False))
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW)
        self._streams = {}
        self.closed = False
        self._flush()

    def _flush(self):
        self._sock.sendall(self._h2.data_to_send())

    def open(self, method, target, headers=(), body=None, authority=None, pseudo=None, trailers=()):
        """A request on a stream of its own; returns its number. pseudo: all of its pseudo-headers, in place of ours."""
        if pseudo is None:
            pseudo = [(":method", method), (":scheme", "https"), (":authority", authority or self.authority),
                      (":path", target)]
        number = self._h2.get_next_available_stream_id()
        self._streams[number] = _Stream(method, f"https://{authority or self.authority}{target}")
        self._h2.send_headers(number, _bytes([*pseudo, *headers]), end_stream=not body)
        if body:
            self._h2.send_data(number, body, end_stream=not trailers)
        if trailers:
            self._h2.send_headers(number, _bytes(trailers), end_stream=True)
        self._flush()
        return number

    def reset(self, number):
        """The client loses interest in a stream."""
        self._h2.reset_stream(number)
        self._streams[number].done = True
        self._flush()

    def answers(self, numbers):
        """Waits for the answers of these streams, in order."""
        while not self.closed and not all(self._streams[n].done for n in numbers):
            self._read()
        return [self._streams.pop(n).response() for n in numbers]

    def get(self, target, **more):
        return self.answers([self.open("GET", target, **more)])[0]

    def _read(self):
        data = self._sock.recv(65536)
        self.closed = not data
        for event in self._h2.receive_data(data) if data else ():
            stream = self._streams.get(getattr(event, "stream_id", None))
            if isinstance(event, h2.events.ConnectionTerminated):
                self.closed = True
            elif isinstance(event, h2.events.DataReceived):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if stream:
                stream.take(event)
        if not self.closed:
            self._flush()

    def close(self):
        self._sock.close()


class _Stream:
    """What comes back on one stream."""

    def __init__(self, method, url):
        self.method, self.url = method, url
        self.headers, self.body = None, b""
        self.done = self.was_reset = False

    def take(self, event):
        if isinstance(event, h2.events.ResponseReceived):
            self.headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers]
        elif isinstance(event, h2.events.DataReceived):
            self.body += event.data
        elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            self.done, self.was_reset = True, isinstance(event, h2.events.StreamReset)

    def response(self):
        if self.headers is None:
            return None
        status = dict(self.headers)[":status"]
        headers = browser.Headers(pair for pair in self.headers if not pair[0].startswith(":"))
        return browser.Response(int(status), headers, self.body, self.url, self.method)


def _bytes(headers):
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def fields(headers):
    """A browser's headers as HTTP/2 has them: lower case, nothing of the connection's, a cookie a field."""
    for name, value in headers:
        name = name.lower()
        if name == "cookie":
            yield from ((name, crumb) for crumb in value.split("; "))
        elif name not in CONNECTION_HEADERS:
            yield name, value


class Browser(browser.Browser):
    """One connection an origin, kept for as long as it lives. X speaks HTTP/1.1."""

    def _exchange(self, address, method, headers, body, timeout):
        if self.provider.owns(str(address)):
            return super()._exchange(address, method, headers, body, timeout)
        connection = self._connections.pop(address.origin, None)
        reused = connection is not None and not connection.closed
        if not reused:
            connection = Connection(address.host, address.port, self._ca, timeout)
        response = None
        try:
            stream = connection.open(method, address.target, list(fields(headers)), body, address.authority)
            response, = connection.answers([stream])
        except OSError:
            connection.closed = True
        if not connection.closed:
            self._connections[address.origin] = connection
        elif response is None and reused:       # an idle connection that httpd has ended meanwhile
            return self._exchange(address, method, headers, body, timeout)
        if response is None:
            raise ConnectionResetError("the stream was reset")
        return response
