# SPDX-License-Identifier: Apache-2.0
"""How long after a sign-out on one httpd another one refuses the cookie, by how many there are: a table.

    make bench-scale PARTS=ended
    /usr/bin/python3 -B -m bench.ended --servers 3 --count 100

All have one key and one PostgreSQL. People sign out at the first, at a steady rate; every other one is asked for a
members' page with each of their cookies, again and again, until it refuses. A figure is the time from the answer of the
sign-out to the refusal of the last of the servers; where there is one httpd, to its own. Cookies are sealed by
build/replay.
"""

import argparse
import asyncio
import statistics
import subprocess
import time

from .sessions import MPM, REALM, REPLAY, fill
from .world import World

CONFIG = f"TwAuthRealm {REALM}\nTwAuthSessionProtection Off\nTwAuthSessionFeed "


class Asker:
    """One kept connection; one request at a time."""

    def __init__(self, port):
        self.port = port
        self.writer = None

    async def ask(self, cookie, request="GET /members/", body=""):
        """The status of the answer, and whether it brought another cookie."""
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(f"{request} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nSec-Fetch-Site: same-origin\r\n"
                          f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
                          f"Cookie: twauth={cookie}\r\n\r\n{body}".encode())
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        except (asyncio.IncompleteReadError, ConnectionError):      # a kept connection that has ended
            self.writer = None
            return await self.ask(cookie, request, body)
        await self.reader.readexactly(int(head.partition("\r\ncontent-length: ")[2].partition("\r\n")[0] or 0))
        if "\r\nconnection: close" in head:
            self.writer.close()
            self.writer = None
        return int(head[9:12]), "\r\nset-cookie: twauth=" in head


async def poll(port, waiting, refused, step, done):
    """Asks with each of the cookies that wait, until refused[cookie] has the time; a round takes `step` at least."""
    asker = Asker(port)
    while not (done.is_set() and not waiting):
        begin = time.monotonic()
        for cookie in list(waiting):
            status, _ = await asker.ask(cookie)
            if status != 200:
                refused.setdefault(cookie, []).append(time.monotonic())
                waiting.discard(cookie)
        await asyncio.sleep(max(0, begin + step - time.monotonic()))


async def sign_out(ports, cookies, options):
    """Seconds from each sign-out to the last refusal."""
    asker, done, ended, refused = Asker(ports[0]), asyncio.Event(), {}, {}
    others = ports[1:] or ports
    waiting = {port: set() for port in others}
    for port in ports:
        assert await Asker(port).ask(cookies[0]) == (200, False), "its copy is believed as it is"
    pollers = [asyncio.create_task(poll(port, waiting[port], refused, options.step, done)) for port in others]
    begin = time.monotonic()
    for number, cookie in enumerate(cookies):
        await asyncio.sleep(max(0, begin + number / options.rate - time.monotonic()))
        status, _ = await asker.ask(cookie, "POST /twauth/logout", "next=%2F")
        assert status == 303, status
        ended[cookie] = time.monotonic()
        for those in waiting.values():
            those.add(cookie)
    done.set()
    await asyncio.gather(*pollers)
    return [max(refused[cookie]) - at for cookie, at in ended.items()]


def sealed(site, count, first):
    return subprocess.run([REPLAY, "cookies", site.key, REALM, str(count), str(first)], capture_output=True, text=True,
                          check=True).stdout.split()


def measure(world, servers, options):
    db = world.database()
    fill(db, options.count + 1)
    sites = []
    for _ in range(servers):
        site = world.make_site(start=False, db=db, scheme="http", mpm="event", mpm_config=MPM,
                               config=CONFIG + options.feed)
        sites.append(site)
        site.vhost.config = site.vhost.config.replace(f"file:{site.key}", f"file:{sites[0].key}")
        site.start()
        # what changes is read for the first time: copies of before must be asked about
        asyncio.run(Asker(site.vhost.port).ask(sealed(sites[0], 1, options.count + 1)[0]))
    times = asyncio.run(sign_out([site.vhost.port for site in sites], sealed(sites[0], options.count, 1), options))
    for site in sites:
        site.stop()
    print(f"{servers:>13}{len(times):>11,}{statistics.median(times):>10.2f} s{max(times):>8.2f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="bench.ended", description=__doc__.splitlines()[0])
    parser.add_argument("--servers", default="1,3,8", help="how many httpd, by commas")
    parser.add_argument("--count", type=int, default=1000, help="sign-outs")
    parser.add_argument("--rate", type=float, default=5, help="sign-outs a second")
    parser.add_argument("--step", type=float, default=0.05, help="seconds from one look to the next")
    parser.add_argument("--feed", default="2s", help="TwAuthSessionFeed")
    options = parser.parse_args()
    print(f"{'httpd':>13}{'sign-outs':>11}{'median':>12}{'worst':>10}")
    with World() as world:
        for servers in map(int, options.servers.split(",")):
            measure(world, servers, options)


if __name__ == "__main__":
    main()
