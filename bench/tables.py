# SPDX-License-Identifier: Apache-2.0
"""Whether the shared memory bears so many sign-ins and sign-outs a second: how full its tables are, and what was given up.

    make bench-scale PARTS=tables
    /usr/bin/python3 -B -m bench.tables --rate 20 --seconds 60

For real, by a crowd at an X that answers at once; hours of it are played by build/t/shared/test_marks
test_sign_outs_a_second, against the same tables.
"""

import argparse
import contextlib
import re

from .crowd import Crowd
from .many import CALLS, CrowdWorld

STATUS = '<Location "/status">\nSetHandler twauth-status\nRequire all granted\n</Location>\n'
CONFIG = f"TwAuthProviderCalls {CALLS}\nTwAuthStartLimit 65535/s 65535/s\n{STATUS}"


def tables(site):
    """{(what, table): number} of the status page."""
    with contextlib.closing(site.browser()) as browser:
        said = browser.get("/status?prometheus").text
    return {(what, table): int(float(number)) for what, table, number in re.findall(
        r'^twauth_table_(\w+)\{table="(\w+)"\} (\S+)$', said, re.M)}


def main():
    parser = argparse.ArgumentParser(prog="bench.tables", description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=100, help="sign-ins, and as many sign-outs, a second")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--entries", default="262144", help="TwAuthSharedEntries, by commas")
    options = parser.parse_args()
    with CrowdWorld() as world:
        world.x.set_delay(0)
        for entries in options.entries.split(","):
            site = world.site("oauth1", f"{CONFIG}TwAuthSharedEntries {entries}", start=False)
            world.to_quick_x(site)
            site.start()
            with Crowd(site, CALLS, options.seconds, rate=options.rate, warm=0, out=True) as crowd:
                pass
            found = tables(site)
            site.stop()
            print(f"{entries} entries, {crowd.said['done'] / options.seconds:.1f} a second for {options.seconds} s: "
                  + "; ".join(f"{table}: {found['entries', table]:,} of {found['room', table]:,}, "
                              f"{found['lost_total', table]:,} given up" for table in ("revoked", "used", "rechecks")),
                  flush=True)


if __name__ == "__main__":
    main()
