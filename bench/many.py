"""How many can sign in at once, and what a members' page has of it: prints two tables.

    make bench-scale                    among the rest; or /usr/bin/python3 -B bench/many.py

X answers each call after 100 ms (quickx.py).
"""

import argparse
import os
import pathlib
import sys

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4, help="for each figure")
    parser.add_argument("--calls", default="4,8,16,32,64", help="TwAuthProviderCalls, by commas")
    options = parser.parse_args()
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    folder = process.folder()
    (folder / "ca").mkdir(mode=0o755)
    authority = Authority(folder / "ca")
    postgres = Postgres(folder / "pg").start()
    standin = StandIn(folder / "standin", authority)
    print(f"{'calls at once':>13}{'sign-ins/s':>11}{'of possible':>12}{'most at X':>10}{'a sign-in':>11}{'slowest':>9}"
          f"{'put off':>8}")
    for protocol in ("oauth1", "oauth2"):
        for calls in map(int, options.calls.split(",")):
            standin.begin()
            with QuickX(folder / f"x{calls}{protocol}", authority, DELAY) as x:
                site = Site(folder / f"{protocol}{calls}", authority, standin, postgres.database(), protocol=protocol,
                            config=f"TwAuthProviderCalls {calls}", mpm="event", mpm_config=MANY,
                            loglevel="error", twauth_loglevel="error")
                site.vhost.config = site.vhost.config.replace(f"TwAuthProvider {standin.api()}",
                                                              f"TwAuthProvider {x.url}")
                site.start()
                with Crowd(site, calls, options.seconds) as crowd:
                    pass
                said, seen = crowd.said, x.seen()
                site.stop()
            rate = said["done"] / said["seconds"]
            print(f"{calls:>13}{rate:>11.1f}{rate * 2 * DELAY / calls:>12.0%}{seen['most']:>10}"
                  f"{1000 * said['median']:>8.0f} ms{1000 * said['slowest']:>6.0f} ms{said['busy']:>8}")
    standin.stop()
    postgres.stop()


if __name__ == "__main__":
    main()
