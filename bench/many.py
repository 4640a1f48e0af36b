# SPDX-License-Identifier: Apache-2.0
"""How many can sign in at once, and what a members' page has of it: prints two tables.

    make bench-scale                    among the rest; or /usr/bin/python3 -B -m bench.many

X answers each call after 100 ms (quickx.py), so that the calls at once bound the sign-ins a second: two calls each.

For the second table httpd has one processor to itself, and everything else the other one: wrk asks for a members' page
as fast as it gets it, while people sign in. Three runs in turn, several times: nobody signs in; so many a second sign
in at an X that answers after 100 ms; as many at an X that answers at once. What the second loses against the third is
what it costs that workers wait for X; what both lose against the first is the processor's time for the sign-ins.
"""

import argparse
import os
import re
import statistics
import subprocess
import time
from functools import cached_property

from .crowd import Crowd
from .quickx import QuickX
from .world import World, undisturbed

DELAY = 0.1
PROTOCOLS = (("oauth1", "OAuth 1.0a"), ("oauth2", "OAuth 2.0"))
MANY = "StartServers 2\nServerLimit 2\nThreadsPerChild 64\nMaxRequestWorkers 128\nMinSpareThreads 1\n" \
       "MaxSpareThreads 128\nMaxKeepAliveRequests 0"
CALLS = 32      # what TwAuthProviderCalls is by itself, with so many workers
QUIET = {"mpm": "event", "mpm_config": MANY, "loglevel": "error", "twauth_loglevel": "error"}


class CrowdWorld(World):
    @cached_property
    def x(self):
        return self.enter_context(QuickX(self.folder / "x", self.authority, DELAY))

    def site(self, protocol, config, **parts):
        """A site on PostgreSQL, whose X is the stand-in until `to_quick_x`."""
        return self.make_site(db=self.postgres.database(), protocol=protocol, config=config, **QUIET, **parts)

    def to_quick_x(self, site):
        site.vhost.config = site.vhost.config.replace(f"TwAuthProvider {self.standin.api()}",
                                                      f"TwAuthProvider {self.x.url}")


def sign_ins(world, calls, seconds):
    print(f"{'':<11}{'calls at once':>13}{'sign-ins/s':>11}{'of possible':>12}{'a sign-in':>11}{'slowest':>9}"
          f"{'put off':>8}")
    for protocol, name in PROTOCOLS:
        for limit in calls:
            site = world.site(protocol, f"TwAuthProviderCalls {limit}", start=False)
            world.to_quick_x(site)
            site.start()
            with Crowd(site, limit, seconds) as crowd:
                pass
            site.stop()
            said, rate = crowd.said, crowd.said["done"] / seconds
            print(f"{name:<11}{limit:>13}{rate:>11.1f}{rate * 2 * DELAY / limit:>12.0%}{1000 * said['median']:>8.0f} ms"
                  f"{1000 * said['slowest']:>6.0f} ms{said['busy']:>8}", flush=True)


def pages(site, cookie, seconds):
    """Members' pages a second, by a client that those who sign in do not disturb."""
    ran = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", f"Cookie: {cookie}", "-H",
                          f"Host: {site.vhost.name}:{site.vhost.port}",
                          f"https://127.0.0.1:{site.vhost.port}/members/index.html"],
                         capture_output=True, text=True, check=True, preexec_fn=lambda: undisturbed(2))
    assert "Non-2xx" not in ran.stdout, ran.stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)[1])


def cookie_of(site):
    """The session cookie of somebody who has just signed in."""
    browser = site.browser()
    assert browser.sign_in("alice").status == 200
    return next(f"{c.name}={c.value}" for c in browser.cookies if c.name == "__Host-twauth")


def pages_beside(world, protocol, name, rates, seconds, rounds):
    site = world.site(protocol, f"TwAuthProviderCalls {CALLS}\nTwAuthSessionRecheck 1h", start=False)
    os.sched_setaffinity(0, {0})
    site.start()
    os.sched_setaffinity(0, {1})
    cookie = cookie_of(site)
    world.to_quick_x(site)
    site.graceful()
    time.sleep(2)       # the children of before leave
    pages(site, cookie, 2)
    for rate in rates:
        found = {"alone": [], "slow": [], "quick": []}
        for _ in range(rounds):
            found["alone"].append(pages(site, cookie, seconds))
            for x, delay in (("slow", DELAY), ("quick", 0)):
                world.x.set_delay(delay)
                with Crowd(site, CALLS, seconds + 2, rate=rate, warm=0.5) as crowd:
                    time.sleep(1.5)
                    found[x].append(pages(site, cookie, seconds))
                done = crowd.said["done"] / crowd.said["seconds"]
                assert done > 0.85 * rate, f"{done:.0f} sign-ins a second, not {rate}"
        alone, slow, quick = (statistics.median(found[k]) for k in ("alone", "slow", "quick"))
        print(f"{name:<11}{rate:>10}{alone:>10,.0f}{slow:>10,.0f}{quick:>10,.0f}{slow / alone:>11.0%}"
              f"{slow / quick:>14.0%}", flush=True)
    site.stop()


def main():
    parser = argparse.ArgumentParser(prog="bench.many", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3, help="for each figure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", default="4,8,16,32,64", help="TwAuthProviderCalls, by commas")
    parser.add_argument("--rates", default="10,50,100", help="sign-ins a second beside the page, by commas")
    options = parser.parse_args()
    calls, rates = ([int(n) for n in text.split(",") if n] for text in (options.calls, options.rates))
    undisturbed()
    if calls:
        with CrowdWorld() as world:
            sign_ins(world, calls, options.seconds)
    if rates and os.cpu_count() > 1:
        os.sched_setaffinity(0, {1})
        with CrowdWorld() as world:
            print(f"\n{'':<11}{'sign-ins/s':>10}{'alone':>10}{'slow X':>10}{'quick X':>10}{'of alone':>11}"
                  f"{'of quick X':>14}   members' pages a second")
            for protocol, name in PROTOCOLS:
                pages_beside(world, protocol, name, rates, options.seconds, options.rounds)
    print()


if __name__ == "__main__":
    main()
