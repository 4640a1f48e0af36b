#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An X for a crowd: answers as X does, after a delay, to hundreds of calls a second, and believes whatever it is told.

    with QuickX(folder, authority, delay=0.1) as x:     a program of its own; https
        x.url                                           for TwAuthProvider
        x.seen()                                        {"calls": ..., "connections": ..., "most": in flight at once}
        x.set_delay(0)

The stand-in of the tests checks every signature, in a thread for each connection: it would be the measure here.
"""

import argparse
import asyncio
import http.client
import json
import signal
import ssl
import subprocess
from itertools import count
from pathlib import Path

PERSON = count(1)


def request_token(_):
    return "oauth_token={0}&oauth_token_secret={0}&oauth_callback_confirmed=true".format(f"token-{next(PERSON)}")


def access_token(_):
    number = next(PERSON)
    return f"oauth_token={number}-access&oauth_token_secret=secret&user_id={number}&screen_name=user{number}"


def token2(_):
    return json.dumps({"token_type": "bearer", "expires_in": 7200, "access_token": f"access-{next(PERSON)}",
                       "scope": "tweet.read users.read"})


def me(_):
    number = next(PERSON)
    return json.dumps({"data": {"id": str(number), "name": f"User {number}", "username": f"user{number}"}})


ANSWERS = {b"/oauth/request_token": request_token, b"/oauth/access_token": access_token, b"/2/oauth2/token": token2,
           b"/2/users/me": me}


class Server:
    def __init__(self, delay):
        self.delay = delay
        self.calls = self.connections = self.now = self.most = 0

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lower = head.lower()
                at = lower.find(b"\r\ncontent-length:")
                if at >= 0 and (length := int(lower[at + 17:].split(b"\r\n", 1)[0])):
                    await reader.readexactly(length)
                writer.write(await self.answer(head.split(b" ", 2)[1]))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, path):
        if path.startswith(b"/delay/"):
            self.delay, text = float(path[7:]), "{}"
        elif path == b"/seen":
            text = json.dumps({"calls": self.calls, "connections": self.connections, "most": self.most})
        else:
            self.calls += 1
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(self.delay)
            self.now -= 1
            text = ANSWERS[path.partition(b"?")[0]](None)
        kind = "application/json" if text.startswith("{") else "text/html"
        return (f"HTTP/1.1 200 OK\r\nContent-Type: {kind};charset=utf-8\r\nContent-Length: {len(text)}\r\n\r\n"
                f"{text}").encode()


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--delay", type=float, required=True, help="seconds")
    options = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    listener = await asyncio.start_server(Server(options.delay).serve, "127.0.0.1", 0, ssl=context, backlog=1024)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await over.wait()


class QuickX:
    def __init__(self, folder, authority, delay):
        from harness import process         # not where this file is a program
        from harness.paths import PYTHON
        folder.mkdir(parents=True, exist_ok=True)
        self._log = open(folder / "quickx.log", "wb")
        self._authority = authority
        self._process = process.Process([PYTHON, "-B", Path(__file__).resolve(), "--cert", authority.server.cert,
                                         "--key", authority.server.key, "--delay", delay], cwd="/",
                                        stdout=subprocess.PIPE, stderr=self._log)
        self.pid = self._process.pid
        self.port = int(self._process.popen.stdout.readline())
        self.url = f"https://127.0.0.1:{self.port}"

    def set_delay(self, seconds):
        self._get(f"/delay/{seconds}")

    def seen(self):
        return self._get("/seen")

    def _get(self, path):
        context = ssl.create_default_context(cafile=self._authority.ca)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def stop(self):
        self._process.stop()
        self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


if __name__ == "__main__":
    asyncio.run(main())
