"""How many can sign in at once, and what a members' page has of it: prints two tables.

    make bench-scale                    among the rest; or /usr/bin/python3 -B bench/many.py

X answers each call after 100 ms (quickx.py), so that the calls at once bound the sign-ins a second: two calls each.

For the second table httpd has one processor to itself, and everything else the other one: wrk asks for a members' page as
fast as it gets it, while people sign in. Three runs in turn, several times: nobody signs in; so many a second sign in at an
X that answers after 100 ms; as many at an X that answers at once. What the second loses against the third is what it costs
that workers wait for X; what both lose against the first is the processor's time for the sign-ins themselves.
"""

import argparse
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "t"))

from crowd import Crowd                                              # noqa: E402
from quickx import QuickX                                            # noqa: E402
from harness import process                                          # noqa: E402
from harness.certs import Authority                                  # noqa: E402
from harness.database import Postgres                                # noqa: E402
from harness.site import Site                                        # noqa: E402
from harness.standin import StandIn                                  # noqa: E402

DELAY = 0.1
MANY = "StartServers 2\nServerLimit 2\nThreadsPerChild 64\nMaxRequestWorkers 128\nMinSpareThreads 1\n" \
       "MaxSpareThreads 128\nMaxKeepAliveRequests 0"
QUIET = {"mpm": "event", "mpm_config": MANY, "loglevel": "error", "twauth_loglevel": "error"}


class Place:
    """What the benchmark runs in."""

    def __init__(self, stack):
        self.stack = stack
        self.folder = process.folder()
        (self.folder / "ca").mkdir(mode=0o755)
        self.authority = Authority(self.folder / "ca")
        self.postgres = Postgres(self.folder / "pg").start()
        stack.callback(self.postgres.stop)
        self.standin = StandIn(self.folder / "standin", self.authority)
        stack.callback(self.standin.stop)
        self.x = stack.enter_context(QuickX(self.folder / "x", self.authority, DELAY))

    def site(self, name, protocol, config):
        """A site, not started, whose X is the stand-in until `to_quick_x`."""
        self.standin.begin()
        site = Site(self.folder / name, self.authority, self.standin, self.postgres.database(), protocol=protocol,
                    config=config, **QUIET)
        self.stack.callback(site.stop)
        return site

    def to_quick_x(self, site):
        site.vhost.config = site.vhost.config.replace(f"TwAuthProvider {self.standin.api()}",
                                                      f"TwAuthProvider {self.x.url}")


def sign_ins(place, calls, seconds):
    print(f"{'':<11}{'calls at once':>13}{'sign-ins/s':>11}{'of possible':>12}{'a sign-in':>11}{'slowest':>9}"
          f"{'put off':>8}")
    for protocol in ("oauth1", "oauth2"):
        for limit in calls:
            site = place.site(f"{protocol}-{limit}", protocol, f"TwAuthProviderCalls {limit}")
            place.to_quick_x(site)
            site.start()
            with Crowd(site, limit, seconds) as crowd:
                pass
            site.stop()
            said, rate = crowd.said, crowd.said["done"] / seconds
            print(f"{'OAuth 1.0a' if protocol == 'oauth1' else 'OAuth 2.0':<11}{limit:>13}{rate:>11.1f}"
                  f"{rate * 2 * DELAY / limit:>12.0%}{1000 * said['median']:>8.0f} ms{1000 * said['slowest']:>6.0f} ms"
                  f"{said['busy']:>8}")


def pages(site, cookie, seconds):
    """Members' pages a second."""
    ran = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", f"Cookie: {cookie}", "-H",
                          f"Host: {site.vhost.name}:{site.vhost.port}",
                          f"https://127.0.0.1:{site.vhost.port}/members/index.html"],
                         capture_output=True, text=True, check=True)
    assert "Non-2xx" not in ran.stdout, ran.stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)[1])


def page_beside(place, protocol, rates, seconds, rounds):
    limit = 32
    os.sched_setaffinity(0, {0})
    site = place.site(f"{protocol}-pages", protocol, f"TwAuthProviderCalls {limit}\nTwAuthSessionRecheck 1h")
    site.start()
    with contextlib.closing(site.browser()) as browser:
        assert browser.sign_in("alice").status == 200
        cookie = next(f"{c.name}={c.value}" for c in browser.cookies if c.name == "__Host-twauth")
    place.to_quick_x(site)
    site.graceful()
    os.sched_setaffinity(0, {1})
    time.sleep(2)       # the children of before leave
    pages(site, cookie, 2)
    for rate in rates:
        found = {"alone": [], "slow": [], "fast": []}
        for _ in range(rounds):
            found["alone"].append(pages(site, cookie, seconds))
            for x, delay in (("slow", DELAY), ("fast", 0)):
                place.x.set_delay(delay)
                with Crowd(site, limit, seconds + 2, rate=rate, warm=0.5) as crowd:
                    time.sleep(1.5)
                    found[x].append(pages(site, cookie, seconds))
                done = crowd.said["done"] / crowd.said["seconds"]
                assert done > 0.85 * rate, f"{done:.0f} sign-ins a second, not {rate}"
        alone, slow, fast = (statistics.median(found[k]) for k in ("alone", "slow", "fast"))
        print(f"{'OAuth 1.0a' if protocol == 'oauth1' else 'OAuth 2.0':<11}{rate:>10}{alone:>10,.0f}{slow:>10,.0f}"
              f"{fast:>10,.0f}{slow / alone:>11.0%}{slow / fast:>14.0%}", flush=True)
    site.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3, help="for each figure")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", default="4,8,16,32,64", help="TwAuthProviderCalls, by commas")
    parser.add_argument("--rates", default="10,50,100", help="sign-ins a second beside the page, by commas")
    options = parser.parse_args()
    if os.geteuid() == 0:       # what else the machine does must not count
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    with contextlib.ExitStack() as stack:
        place = Place(stack)
        if options.calls:
            sign_ins(place, map(int, options.calls.split(",")), options.seconds)
            print()
        if os.cpu_count() < 2:
            sys.exit("the page beside the sign-ins needs two processors")
        print(f"{'':<11}{'sign-ins/s':>10}{'alone':>10}{'slow X':>10}{'quick X':>10}{'of alone':>11}{'of quick X':>14}"
              "   members' pages a second")
        for protocol in ("oauth1", "oauth2"):
            page_beside(place, protocol, [*map(int, options.rates.split(","))], options.seconds, options.rounds)


if __name__ == "__main__":
    main()
