#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A crowd that signs in: so many visitors at a time, each one sign-in after the other, from a process of its own.

    with Crowd(site, 64, seconds=5) as crowd: ...       rate=100: so many a second in all, where they can; out=True: each
                                                        signs out again
    crowd.said      {"done": sign-ins, "busy": answers 503, "seconds": ..., "median": of a sign-in, "slowest": ...}

A visitor asks `login` and, with the verifier or code of an X that asks nobody (quickx.py), `callback`: two requests on
a kept connection. Who is told to come later does, after a fiftieth of a second.
"""

import argparse
import asyncio
import json
import re
import ssl
import subprocess
import time
from pathlib import Path

PAUSE = 0.02
HEADERS = ("User-Agent: crowd\r\nAccept: text/html\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n"
           "Sec-Fetch-Dest: document\r\n")

OUT = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n"


class Visitor:
    def __init__(self, options, context):
        self.options, self.context = options, context
        self.reader = self.writer = None

    async def get(self, target, cookies, method="GET", more=""):
        """(status, Location, cookies set)"""
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.options.port, ssl=self.context, server_hostname=self.options.name)
        self.writer.write(f"{method} {target} HTTP/1.1\r\nHost: {self.options.name}:{self.options.port}\r\n"
                          f"{more or HEADERS}Cookie: {cookies}\r\n\r\n".encode())
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):     # a kept connection that has ended
            self.writer = None
            return await self.get(target, cookies, method, more)
        length = re.search(r"(?im)^content-length: (\d+)", head)
        await self.reader.readexactly(int(length[1]) if length else 0)
        if re.search(r"(?im)^connection: close", head):
            self.writer.close()
            self.writer = None
        where = re.search(r"(?im)^location: (\S+)", head)
        return int(head[9:12]), where and where[1], "; ".join(re.findall(r"(?im)^set-cookie: ([^;\r]*)", head))

    async def sign_in(self, pre):
        """Whether it went through, else there was no place."""
        status, to_x, flow = await self.get("/twauth/login?next=%2Fmembers%2F", pre)
        if status == 503:
            return False
        key, value = re.search(r"[?&](oauth_token|state)=([^&#]*)", to_x).groups()
        proof = "oauth_verifier=v" if key == "oauth_token" else "code=c"
        status, _, session = await self.get(f"/twauth/callback?{key}={value}&{proof}", f"{pre}; {flow}")
        assert status in (302, 503), status
        if status == 302 and self.options.out:
            out, _, _ = await self.get("/twauth/logout", session, "POST", OUT)
            assert out == 303, out
        return status == 302


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--visitors", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, default=0, help="sign-ins a second; 0: one after the other")
    parser.add_argument("--out", action="store_true", help="each signs out again")
    parser.add_argument("--warm", type=float, default=1.0, help="seconds before it is counted")
    options = parser.parse_args()
    context = ssl.create_default_context(cafile=options.ca)
    begin = time.monotonic() + options.warm
    end = begin + options.seconds
    times, busy = [], 0

    async def visit(number):
        nonlocal busy
        step = options.visitors / options.rate if options.rate else 0
        due = time.monotonic() + number / options.visitors * step
        visitor = Visitor(options, context)
        _, _, pre = await visitor.get("/members/", "")
        while (start := time.monotonic()) < end:
            if start < due:
                await asyncio.sleep(min(due, end) - start)
                continue
            due += step
            if await visitor.sign_in(pre):
                if begin < start:
                    times.append(time.monotonic() - start)
            else:
                busy += start > begin
                await asyncio.sleep(PAUSE)

    await asyncio.gather(*(visit(n) for n in range(options.visitors)))
    times.sort()
    print(json.dumps({"done": len(times), "busy": busy, "seconds": options.seconds,
                      "median": times[len(times) // 2], "slowest": times[-1]}))


class Crowd:
    def __init__(self, site, visitors, seconds, rate=0, warm=1.0, out=False):
        from harness import process         # not where this file is a program
        from harness.paths import PYTHON
        self._process = process.Process(
            [PYTHON, "-B", Path(__file__).resolve(), "--name", site.vhost.name, "--port", site.vhost.port,
             "--ca", site.authority.ca, "--visitors", visitors, "--seconds", seconds, "--rate", rate,
             "--warm", warm, *(["--out"] if out else [])], cwd="/",
            stdout=subprocess.PIPE, stderr=None)
        self.pid = self._process.pid
        self.said = None

    def wait(self):
        text = self._process.popen.stdout.read()
        self._process.stop()
        self.said = json.loads(text)
        return self.said

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if not failure[0]:
            self.wait()


if __name__ == "__main__":
    asyncio.run(main())
