# SPDX-License-Identifier: Apache-2.0
"""The table of docs/security.md: each requirement of security_ids.txt with the tests that name it.

    python3 t/guard/security_table.py       writes it anew (make docs)
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
PAGE = TREE / "docs" / "security.md"
BEGIN, END = "<!-- made by `make docs` -->", "<!-- end of what `make docs` made -->"


@dataclass
class Requirement:
    id: str
    must: bool
    holds: str                                      #: what holds, in a line
    reason: str                                     #: why a should has no test; else empty
    tests: dict = field(default_factory=dict)       #: file -> functions, in the order they stand


def requirements():
    """{title of a group: [Requirement]}, without their tests."""
    groups = {}
    for line in (TREE / "t/guard/security_ids.txt").read_text().splitlines():
        if line.startswith("## "):
            group = groups.setdefault(line[3:].partition(": ")[2], [])
        elif line and not line.startswith("#"):
            name, strength, text = line.split(None, 2)
            holds, _, reason = text.partition(" -- ")
            assert strength in ("must", "should"), line
            group.append(Requirement(name, strength == "must", holds, reason))
    return groups


def named(text, joint):
    """The ids that a text names, as OA_1 or OA-1: (id, where)."""
    return [(f"{found[1]}-{found[2]}", found.start())
            for found in re.finditer(rf"(?<![A-Za-z0-9])([A-Z][A-Z0-9]){joint}(\d+)(?!\d)", text)]


def in_python(text):
    """(id, function) of the test functions that carry ids in their names."""
    for function in re.findall(r"^def (test_\w+)\(", text, re.M):
        for name, _ in named(function, "_"):
            yield name, function


def in_c(text):
    """(id, function) of the tests in which, or above which, a comment names ids."""
    starts = [(found.start(), found[1]) for found in re.finditer(r"^static void (test_\w+)\(", text, re.M)]
    ends = {function: text.index("\n}\n", start) for start, function in starts}
    head = text.index("#include")
    for name, where in named(text, "-"):
        inside = [function for start, function in starts if start < where < ends[function]]
        after = [function for start, function in starts if start > where]
        if where > head and (inside or after):
            yield name, (inside or after)[0]


def with_tests():
    """requirements(), with their tests; and the ids that tests name and nobody knows."""
    groups = requirements()
    known = {r.id: r for group in groups.values() for r in group}
    prefixes = {name.partition("-")[0] for name in known}
    unknown = []
    for folder, suffix, look in (("live", "py", in_python), ("unit", "c", in_c), ("unit", "py", in_python),
                                 ("guard", "py", in_python)):
        for file in sorted((TREE / "t" / folder).rglob(f"test_*.{suffix}")):
            for name, function in look(file.read_text()):
                if name in known:
                    functions = known[name].tests.setdefault(str(file.relative_to(TREE)), [])
                    functions += [] if function in functions else [function]
                elif name.partition("-")[0] in prefixes:
                    unknown.append(f"{file.name}: {function}: {name}")
    return groups, unknown


def table():
    """The text between the two marks."""
    lines = [BEGIN]
    for title, group in with_tests()[0].items():
        lines += ["", f"### {title[0].upper()}{title[1:]}", "", "| Id | What holds | Tests |", "|---|---|---|"]
        for r in group:
            tests = "; ".join(f"[{Path(file).stem}](../{file}): " + ", ".join(f"`{f}`" for f in functions)
                              for file, functions in r.tests.items())
            lines.append(f"| {r.id}{'' if r.must else ' (should)'} | {r.holds} | "
                         + ". ".join(part for part in (tests, r.reason) if part) + " |")
    return "\n".join([*lines, "", END])


def replaced(page):
    """The page with the table as it is now."""
    head, _, rest = page.partition(BEGIN)
    return head + table() + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(replaced(PAGE.read_text()))
    sys.stdout.write(f"{PAGE.relative_to(TREE)}\n")
