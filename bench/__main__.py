"""The command behind `make bench`."""

import argparse

from . import memory, paths
from .world import World


def instructions(world, count):
    found = paths.measure(world.make_site, count)
    over = paths.over(found)
    print(f"{'instructions a request':<52}{'all':>9}{'more':>9}")
    for r in paths.PATHS:
        if r.what:
            more = f"{over[r.key]:>+9,}" if r.over else ""
            print(f"{r.what:<52}{min(found[r.key]):>9,.0f}{more}")


def main():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="requests a part of a figure in instructions")
    parser.add_argument("--only", choices=("instructions", "memory"), help="a part of it")
    parser.add_argument("--figures", action="store_true", help="renew the committed figures instead (bench-figures)")
    args = parser.parse_args()
    with World() as world:
        if args.figures:
            paths.renew(world.make_site)
            return
        if args.only in (None, "instructions"):
            instructions(world, args.count)
        if args.only in (None, "memory"):
            memory.show(world)


main()
