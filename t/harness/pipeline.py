# SPDX-License-Identifier: Apache-2.0
"""A great many raw requests on few connections, each with its answer.

    for request, answer in ask(port, requests):
        answer.status, answer.headers

Requests are sent some at a time, and answered in order; those that a server has closed its connection before are sent
once more. One that gets no answer at all has None.
"""

import socket
from dataclasses import dataclass

AT_ONCE = 16


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict           #: by names in lower case; of several the last
    body: bytes


class _Reader:
    """What comes on a connection, answer by answer."""

    def __init__(self, connection):
        self._connection, self._rest = connection, b""

    def _until(self, end):
        while end not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(end)
        return head

    def _more(self):
        more = self._connection.recv(65536)
        if not more:
            raise EOFError
        self._rest += more

    def _exactly(self, length):
        while len(self._rest) < length:
            self._more()
        body, self._rest = self._rest[:length], self._rest[length:]
        return body

    def _chunks(self):
        body = b""
        while size := int(self._until(b"\r\n").partition(b";")[0], 16):
            body += self._exactly(size)
            self._exactly(2)
        while self._until(b"\r\n"):
            pass
        return body

    def _to_the_end(self):
        try:
            while True:
                self._more()
        except EOFError:
            body, self._rest = self._rest, b""
            return body

    def answer(self, without_body):
        while len(self._rest) < 5:
            self._more()
        if self._rest[:5] != b"HTTP/":          # as of HTTP/0.9
            return Answer(0, {}, self._to_the_end())
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        if status < 200:
            return self.answer(without_body)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if without_body or status in (204, 304):
            body = b""
        elif "chunked" in headers.get("transfer-encoding", ""):
            body = self._chunks()
        elif "content-length" in headers:
            body = self._exactly(int(headers["content-length"]))
        else:
            body = self._to_the_end()
        return Answer(status, headers, body)


def _turn(port, requests):
    """The answers to as many of the requests as one connection gave."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        reader = _Reader(connection)
        try:
            for start in range(0, len(requests), AT_ONCE):
                some = requests[start:start + AT_ONCE]
                connection.sendall(b"".join(some))
                for request in some:
                    answers.append(reader.answer(request.startswith(b"HEAD ")))
                    if answers[-1].headers.get("connection", "").lower() == "close":
                        return answers
        except (EOFError, ConnectionError):
            pass
    return answers


def ask(port, requests):
    """The requests, each with its answer; lazily."""
    at, alone = 0, False
    while at < len(requests):
        answers = _turn(port, requests[at:at + (1 if alone else 400)])
        yield from zip(requests[at:], answers)
        at += len(answers)
        if not answers and alone:
            yield requests[at], None
            at += 1
        alone = not answers and not alone
