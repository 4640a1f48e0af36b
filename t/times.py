# SPDX-License-Identifier: Apache-2.0
"""Where the time of a run of the tests goes, by folder: `pytest ... --junitxml=FILE`, then this program with FILE.

The seconds of a folder are those of its tests, one after the other, their preparation included; with -n they were
waited for side by side.
"""

import collections
import sys
import xml.etree.ElementTree


def main(path):
    seconds, tests = collections.Counter(), collections.Counter()
    suite = xml.etree.ElementTree.parse(path).getroot().find("testsuite")
    for case in suite.iter("testcase"):
        parts = case.get("classname").split(".")
        folder = "/".join(parts[:2 if parts[0] == "live" else 1])
        seconds[folder] += float(case.get("time"))
        tests[folder] += 1
    whole = sum(seconds.values())
    print("| Folder | Tests | Seconds | Share |\n|---|---|---|---|")
    for folder, took in sorted(seconds.items()):
        print(f"| `{folder}/` | {tests[folder]} | {took:.0f} | {100 * took / whole:.1f} % |")
    print(f"| all | {sum(tests.values())} | {whole:.0f}, in {float(suite.get('time')):.0f} | 100 % |")


if __name__ == "__main__":
    main(*sys.argv[1:])
