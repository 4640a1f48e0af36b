# SPDX-License-Identifier: Apache-2.0
"""The lines of src/ that tests have run, by room and file: coverage.py BINARY PROFILE LEAST. Fails below LEAST per cent."""

import collections
import json
import pathlib
import subprocess
import sys

ROOM = "{:<34}{:>7} of {:>6} lines {:>6.1f} %"
FILE = "    {:<30}{:>7} of {:>6}       {:>6.1f} %"


def lines(binary, profile):
    """{room: {file: (lines run, lines)}}"""
    told = subprocess.run(["llvm-cov", "export", "-summary-only", f"-instr-profile={profile}", binary],
                          stdout=subprocess.PIPE, check=True).stdout
    rooms = collections.defaultdict(dict)
    for file in json.loads(told)["data"][0]["files"]:
        path = pathlib.Path(file["filename"])
        if path.suffix == ".c":
            count = file["summary"]["lines"]
            rooms[path.parent.name if path.parent.parent.name == "src" else "."][path.name] = (count["covered"], count["count"])
    return rooms


def total(counts):
    return tuple(map(sum, zip(*counts)))


def row(form, name, run, there):
    print(form.format(name, run, there, 100 * run / there))


def main(binary, profile, least):
    rooms = lines(binary, profile)
    for room, files in sorted(rooms.items()):
        row(ROOM, f"{room}/", *total(files.values()))
        for name, counts in sorted(files.items()):
            row(FILE, name, *counts)
    run, there = total(counts for files in rooms.values() for counts in files.values())
    row(ROOM, "all", run, there)
    return 100 * run < float(least) * there


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
