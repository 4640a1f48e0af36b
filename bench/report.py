# SPDX-License-Identifier: Apache-2.0
"""The tables: as text for the terminal, as Markdown for docs/performance.md.

    text(results)           all of it
    document(results)       the blocks of the document, between its marks
"""

import re
from pathlib import Path

from .paths import NOISE, PATHS
from .results import AIMS, FLASK_AIM, SIDES, TWAUTH

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def _count(numbers):
    return f"{numbers[0]:,} ({numbers[1]:,}-{numbers[2]:,})" if numbers else ""


def _decimal(numbers, digits=1):
    return "{0:.{3}f} ({1:.{3}f}-{2:.{3}f})".format(*numbers, digits)


def _more(number):
    return "" if number is None else f"{number:+,}"


def sides(results):
    """[[cell, ...], ...], the first row a head."""
    rows = [["The page is", "instructions", "over an open page", "CPU time, µs", "of an open page", "of mod_twauth"]]
    for kind in SIDES:
        row = results["sides"].get(kind.key)
        if row:
            rows.append([kind.what, _count(row["instructions"]), _more(row["more"] or None), _decimal(row["cpu"]),
                         _decimal(row["ratio"], 2), _decimal(row["times"], 2)])
    return rows


def aim(results, key):
    """What is aimed at, in instructions; None where there is no aim."""
    said = AIMS.get(key)
    return results["paths"][said]["more"] if isinstance(said, str) else said


def paths(results):
    names = {r.key: r.what for r in PATHS}
    rows = [["Request", "instructions", "more", "than", "aim: at most"]]
    for r in PATHS:
        if r.what:
            row, goal = results["paths"][r.key], aim(results, r.key)
            rows.append([r.what, _count(row["instructions"]), _more(row["more"]),
                         (names[r.over] or "the same without a cookie") if r.over else "", f"{goal:,}" if goal else ""])
    return rows


def missed(results):
    """What is not as aimed at, in words."""
    for r in PATHS:
        goal = aim(results, r.key)
        allowed = NOISE if isinstance(AIMS.get(r.key), str) else 0
        if goal is not None and results["paths"][r.key]["more"] > goal + allowed:
            yield f"{r.what}: {results['paths'][r.key]['more']:+,}, not at most {goal:,}"
    times = results["sides"]["flask"]["times"][0]
    if times < FLASK_AIM:
        yield f"Flask costs {times:.1f} times as much as {TWAUTH}, not {FLASK_AIM} times"


def machine(results):
    found = dict(results["machine"])
    first = f"{found.pop('processor')}, {found.pop('cores')} cores, {found.pop('kernel')}"
    return first + "; " + ", ".join(f"{name} {version}" for name, version in found.items()) + "."


def memory(results):
    rows = [["A child process, kB", "without the module", "more with it"]]
    for state, sizes in results["memory"]["states"].items():
        rows.append([state, f"{sizes['without']:,}", f"{sizes['with'] - sizes['without']:+,}"])
    return rows


def _aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                               for i, (cell, w) in enumerate(zip(row, widths))).rstrip() for row in rows)


def _markdown(rows):
    head, *rest = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|---" + "|---:" * (len(rows[0]) - 1) + "|", *rest])


def text(results):
    parts = [_aligned(sides(results))] if "sides" in results else []
    parts += [_aligned(paths(results))] if "paths" in results else []
    parts += [_aligned(memory(results))] if "memory" in results else []
    if "sides" in results and "paths" in results:
        parts += [machine(results), "\n".join(f"missed: {line}" for line in missed(results)) or "all as aimed at"]
    return "\n\n".join(parts)


def document(results, before):
    """The document `before` with its blocks made anew."""
    blocks = {"sides": _markdown(sides(results)), "paths": _markdown(paths(results)),
              "memory": _markdown(memory(results)),
              "statements": f"A sign-in is {results['memory']['statements']:.0f} statements to PostgreSQL.",
              "machine": machine(results)}

    def block(found):
        return f"<!-- {found[1]}: by make bench -->\n{blocks[found[1]]}\n<!-- end -->"
    return re.sub(r"<!-- (\w+): by make bench -->\n.*?<!-- end -->", block, before, flags=re.S)
