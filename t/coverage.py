# SPDX-License-Identifier: Apache-2.0
"""What a profile says of the module.

    coverage.py lines PROFILE LEAST BINARY          the lines that were run, by room and file; fails below LEAST per cent
    coverage.py functions PROFILE "ROOM ..." BINARY...      the functions of these rooms that were not
"""

import collections
import json
import pathlib
import subprocess
import sys

ROOM = "{:<34}{:>7} of {:>6} lines {:>6.1f} %"
FILE = "    {:<30}{:>7} of {:>6}       {:>6.1f} %"


def told(profile, binaries, *more):
    others = [f"-object={binary}" for binary in binaries[1:]]
    text = subprocess.run(["llvm-cov", "export", *more, f"-instr-profile={profile}", binaries[0], *others],
                          stdout=subprocess.PIPE, check=True).stdout
    return json.loads(text)["data"][0]


def place(name):
    """The room and the name of a file of the module."""
    path = pathlib.Path(name)
    return path.parent.name if path.parent.parent.name == "src" else ".", path.name


def total(counts):
    return tuple(map(sum, zip(*counts)))


def row(form, name, run, there):
    print(form.format(name, run, there, 100 * run / there))


def lines(profile, least, binary):
    rooms = collections.defaultdict(dict)
    for file in told(profile, [binary], "-summary-only")["files"]:
        room, name = place(file["filename"])
        count = file["summary"]["lines"]
        if name.endswith(".c"):
            rooms[room][name] = (count["covered"], count["count"])
    for room, files in sorted(rooms.items()):
        row(ROOM, f"{room}/", *total(files.values()))
        for name, counts in sorted(files.items()):
            row(FILE, name, *counts)
    run, there = total(counts for files in rooms.values() for counts in files.values())
    row(ROOM, "all", run, there)
    return 100 * run < float(least) * there


def functions(profile, rooms, *binaries):
    runs = collections.Counter()                    # one of a header is in many files
    for function in told(profile, binaries)["functions"]:
        where = place(function["filenames"][0])
        if where[0] in rooms.split():
            runs[(*where, function["name"].rpartition(":")[2])] += function["count"]
    missed = collections.defaultdict(list)
    for (room, file, name), count in sorted(runs.items()):
        if not count:
            missed[f"{room}/{file}"].append(name)
    for file, names in missed.items():
        print(f"  {file}: {' '.join(names)}")
    print(f"{sum(count > 0 for count in runs.values())} of {len(runs)} functions reached")


if __name__ == "__main__":
    sys.exit({"lines": lines, "functions": functions}[sys.argv[1]](*sys.argv[2:]))
