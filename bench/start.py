# SPDX-License-Identifier: Apache-2.0
"""How much longer httpd takes to start with the module, and to answer again after a graceful restart.

    make bench-scale                    among the rest; or /usr/bin/python3 -B -m bench.start

The same server is started with the module and without it and mod_dbd, in turn, until it answers a request.
"""

import argparse
import statistics
import time

from harness.httpd import VHost

from .memory import make_bare
from .world import World, undisturbed


def start_once(site):
    """Milliseconds until an answer, after a start and after a graceful restart."""
    httpd = site.httpd
    begin = time.monotonic()
    httpd.start()
    site.browser().get("/index.html")
    started = time.monotonic()
    again = time.monotonic()
    httpd.graceful()
    site.browser().get("/index.html")
    answered = time.monotonic()
    httpd.stop()
    return 1000 * (started - begin), 1000 * (answered - again)


def main():
    parser = argparse.ArgumentParser(prog="bench.start", description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", default="1,200", help="how many virtual hosts, by commas")
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    undisturbed()
    with World() as world:
        show(world, map(int, options.hosts.split(",")), options.rounds)
    print()


def show(world, sizes, rounds):
    print(f"{'ms until it answers, median':<34}{'start':>9}{'more':>8}{'restart':>10}{'more':>8}")
    for hosts in sizes:
        sites = []
        for bare in (True, False):
            site = world.make_site(start=False)
            for n in range(1, hosts):
                site.httpd.vhosts.append(VHost(f"h{n}.site.test", port=site.vhost.port, config=site.vhost.config))
            if bare:
                make_bare(site)
            sites.append(site)
        times = [[start_once(site) for site in sites] for _ in range(rounds)]
        (start, restart), (ours, again) = ([statistics.median(part) for part in zip(*pairs)] for pairs in zip(*times))
        print(f"{f'{hosts} virtual hosts':<34}{start:>9.0f}{ours - start:>+8.0f}"
              f"{restart:>10.0f}{again - restart:>+8.0f}", flush=True)


if __name__ == "__main__":
    main()
