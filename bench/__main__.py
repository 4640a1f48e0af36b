# SPDX-License-Identifier: Apache-2.0
"""What requests cost: measures every side in turn, prints the tables, and renews results.json, docs/performance.md and
docs/performance.svg with them.

    make bench                                      all of it, some minutes
    make bench BENCH="--only paths --count 50"      a quick look while working; nothing is written
"""

import argparse

from . import paths, plot, report, results
from .world import World

PARTS = {"paths": lambda world, args: results.of_paths(world, args.count),
         "sides": lambda world, args: results.of_sides(world, args.count, args.rounds),
         "memory": lambda world, args: results.of_memory(world)}


def render(found):
    report.DOCUMENT.write_text(report.document(found, report.DOCUMENT.read_text()))
    plot.FILE.write_text(plot.svg(found))


def main():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="requests a mean, of the fifteen that make a figure")
    parser.add_argument("--rounds", type=int, default=7, help="how often each side has its turn under load")
    parser.add_argument("--only", choices=PARTS, help="a part of it")
    parser.add_argument("--figures", action="store_true", help="instead: the figures that t/cost compares with")
    parser.add_argument("--render", action="store_true", help="instead: tables and plot from the figures of before")
    args = parser.parse_args()
    if args.render:
        render(results.load_file())
        return
    with World() as world:
        if args.figures:
            paths.renew(world.make_site)
        elif args.only:
            print(report.text({args.only: PARTS[args.only](world, args)}))
        else:
            found = results.measure(world, args.count, args.rounds)
            results.save(found)
            render(found)
            print(report.text(found))


main()
