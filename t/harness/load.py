# SPDX-License-Identifier: Apache-2.0
"""Requests in numbers, sent by a process of their own: what the test does meanwhile slows none of them down.

    asks = [ask(site.vhost, "/members/", cookies=browser, ca=site.authority.ca)] * 500
    answers = Load(asks, rate=200).run()            each once, 200 a second, however slow the answers are
    answers = Load(asks, workers=16).run()          each once, 16 at a time
    with Load(asks, rate=50, again=True) as probe:  over and over, until the block ends
        ...
    probe.answers.named("page").percentile(99)      seconds

Each request has a connection of its own, and a source address where `ask` was given one. An answer has `name` (what
`ask` was given), `at` (time.monotonic()), `elapsed`, `status` (0: no answer, `text` says why) and, with keep=True, `text`.
"""

import asyncio
import dataclasses
import json
import re
import ssl
import subprocess
import sys
from collections import Counter

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
NAVIGATION = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate",
              "Sec-Fetch-Dest": "document"}


def ask(vhost, target, *, name="", cookies="", headers=(), source=None, ca=None):
    """A navigation. cookies: the text of a Cookie header, or a browser that has some; ca: needed for https."""
    if not isinstance(cookies, str):
        from . import urls
        cookies = cookies.cookies.header(urls.parse(vhost.url(target)), False, True) or ""
    fields = {"Host": f"{vhost.name}:{vhost.port}", "User-Agent": AGENT, **NAVIGATION, "Connection": "close"}
    fields |= {"Cookie": cookies} if cookies else {}
    fields |= dict(headers)
    text = f"GET {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v is not None) + "\r\n"
    return {"name": name, "port": vhost.port, "text": text, "source": source,
            "tls": vhost.name if vhost.tls else None, "ca": str(ca)}


@dataclasses.dataclass(frozen=True)
class Answer:
    name: str
    at: float
    elapsed: float
    status: int
    text: str = ""

    @property
    def location(self):
        found = re.search(r"^Location: (.*)\r$", self.text, re.M)
        return found[1] if found else None

    @property
    def cookies(self):
        """The cookies that it sets, as a Cookie header has them."""
        return "; ".join(re.findall(r"^Set-Cookie: ([^;\r]*)", self.text, re.M))


class Answers(list):
    """In the order of the requests' beginnings."""

    def named(self, name):
        return Answers(a for a in self if a.name == name)

    @property
    def statuses(self):
        return Counter(a.status for a in self)

    def percentile(self, p):
        """How long the slowest took but for (100 - p) of a hundred."""
        times = sorted(a.elapsed for a in self)
        return times[min(len(times) - 1, int(len(times) * p / 100))]

    @property
    def slowest(self):
        return max((a.elapsed for a in self), default=0)

    def at_once(self, longer_than=0):
        """The most that were waited for at one time, of those that took longer than so many seconds."""
        slow = [a for a in self if a.elapsed > longer_than]
        moves = sorted([(a.at, 1) for a in slow] + [(a.at + a.elapsed, -1) for a in slow])
        most = now = 0
        for _, step in moves:
            now += step
            most = max(most, now)
        return most


class Load:
    def __init__(self, asks, *, rate=None, workers=1, gap=0, again=False, keep=False, timeout=30):
        """rate: so many a second; else `workers` at a time, each pausing for `gap` seconds after an answer."""
        self._order = {"asks": asks, "rate": rate, "workers": workers, "gap": gap, "again": again, "keep": keep,
                       "timeout": timeout}
        self._process = None
        self.answers = Answers()

    def start(self):
        self._process = subprocess.Popen([sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, cwd="/")
        self._process.stdin.write(json.dumps(self._order).encode() + b"\n")
        self._process.stdin.flush()
        self._process.stdout.readline()         # it has begun
        return self

    def stop(self):
        """Wait for the answers that are due; with again=True: no further requests."""
        if self._order["again"]:
            self._process.stdin.close()
        said = self._process.stdout.read()
        assert self._process.wait() == 0, "the load generator failed"
        self._process.stdin.close()
        self._process.stdout.close()
        self.answers[:] = sorted((Answer(*fields) for fields in json.loads(said)), key=lambda a: a.at)
        return self.answers

    def run(self):
        return self.start().stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        self.stop()


# In the process of its own

async def _fetch(ask, context):
    tls = {"ssl": context, "server_hostname": ask["tls"]} if ask["tls"] else {}
    source = {"local_addr": (ask["source"], 0)} if ask["source"] else {}
    reader, writer = await asyncio.open_connection("127.0.0.1", ask["port"], limit=1 << 20, **tls, **source)
    try:
        writer.write(ask["text"].encode("latin-1"))
        return await reader.read()
    finally:
        writer.close()


class _Generator:
    def __init__(self, order):
        self.order = order
        self.loop = asyncio.get_running_loop()
        self.results = []
        self.over = asyncio.Event()
        self.contexts = {ca: ssl.create_default_context(cafile=ca)
                         for ca in {ask["ca"] for ask in order["asks"] if ask["tls"]}}

    async def one(self, ask):
        start = self.loop.time()
        try:
            data = await asyncio.wait_for(_fetch(ask, self.contexts.get(ask["ca"])), self.order["timeout"])
            text = data.decode("latin-1")
            status = int(text[9:12]) if text.startswith("HTTP/1.1 ") else 0
        except (OSError, ValueError, asyncio.TimeoutError) as failure:
            status, text = 0, repr(failure)
        elapsed = self.loop.time() - start
        self.results.append((ask["name"], start, elapsed, status, text if self.order["keep"] or not status else ""))

    async def paced(self):
        begin, tasks = self.loop.time(), []
        for number, ask in enumerate(self.asks()):
            await asyncio.sleep(max(0, begin + number / self.order["rate"] - self.loop.time()))
            if self.over.is_set():
                break
            tasks.append(asyncio.create_task(self.one(ask)))
        await asyncio.gather(*tasks)

    async def worker(self, asks):
        for ask in asks:
            if self.over.is_set():
                return
            await self.one(ask)
            if self.order["gap"]:
                await asyncio.sleep(self.order["gap"])

    async def run(self):
        if self.order["again"]:
            self.loop.add_reader(sys.stdin, self.over.set)
        if self.order["rate"]:
            await self.paced()
        else:
            asks = self.asks()
            await asyncio.gather(*(self.worker(asks) for _ in range(self.order["workers"])))

    def asks(self):
        yield from self.order["asks"]
        while self.order["again"]:
            yield from self.order["asks"]


async def _main():
    generator = _Generator(json.loads(sys.stdin.buffer.readline()))
    print("begun", flush=True)
    await generator.run()
    json.dump(generator.results, sys.stdout)


if __name__ == "__main__":
    asyncio.run(_main())
