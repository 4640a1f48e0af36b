# SPDX-License-Identifier: Apache-2.0
"""The plot of docs/performance.svg: bars on a logarithmic scale, with the spread of the rounds."""

import math
from html import escape
from pathlib import Path

from .results import SIDES

FILE = Path(__file__).resolve().parent.parent / "docs" / "performance.svg"
LABELS, BAR, GAP, WIDTH, TOP = 300, 20, 9, 500, 50

STYLE = """
text { font: 13px sans-serif; fill: #222 }
.head { font-weight: bold }
.small { font-size: 11px; fill: #666 }
.grid { stroke: #ddd }
.spread { stroke: #222; stroke-width: 1.5 }
.bar { fill: #8a9aab }
.ours { fill: #1a6fb5 }
@media (prefers-color-scheme: dark) {
  text { fill: #eee } .small { fill: #aaa } .grid { stroke: #444 } .spread { stroke: #eee }
}
"""


def _panel(rows, top, head, first, form):
    """Bars for (label, key, [median, least, most]); the scale begins at `first`, a power of ten."""
    last = 10 ** math.ceil(math.log10(max(most for _, _, (_, _, most) in rows)))

    def x(value):
        return LABELS + WIDTH * (math.log10(max(value, first)) - math.log10(first)) / math.log10(last / first)

    height = len(rows) * (BAR + GAP)
    yield f'<text class="head" x="0" y="{top - 30}">{escape(head)}</text>'
    for power in range(round(math.log10(first)), round(math.log10(last)) + 1):
        at = x(10 ** power)
        yield f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top - 6}" y2="{top + height}"/>'
        yield f'<text class="small" x="{at:.1f}" y="{top - 11}" text-anchor="middle">{form(10 ** power)}</text>'
    for i, (label, key, (median, least, most)) in enumerate(rows):
        y = top + i * (BAR + GAP)
        middle = y + BAR / 2
        kind = "ours" if key.startswith("twauth") else "bar"
        yield f'<text x="{LABELS - 8}" y="{middle + 4.5}" text-anchor="end">{escape(label)}</text>'
        yield f'<rect class="{kind}" x="{LABELS}" y="{y}" width="{x(median) - LABELS:.1f}" height="{BAR}"/>'
        yield (f'<line class="spread" x1="{x(least):.1f}" x2="{x(most):.1f}" y1="{middle}" y2="{middle}"/>')
        yield f'<text class="small" x="{max(x(most), x(median)) + 6:.1f}" y="{middle + 4}">{form(median)}</text>'


def svg(results):
    found = results["sides"]
    cpu = [(k.what, k.key, found[k.key]["ratio"]) for k in SIDES]
    base = found["open"]["instructions"]
    more = [(k.what, k.key, [n - base[0] for n in found[k.key]["instructions"]])
            for k in SIDES if found[k.key]["instructions"] and k.key != "open"]
    second = TOP + len(cpu) * (BAR + GAP) + 60
    height = second + len(more) * (BAR + GAP) + 10
    lines = [*_panel(cpu, TOP, "CPU time of a whole request, as a multiple of an open page's", .1,
                     lambda n: f"{n:,.2f}".rstrip("0").rstrip(".") if n < 10 else f"{n:,.0f}"),
             *_panel(more, second, "Instructions over an open page", 1000, lambda n: f"{n:,.0f}")]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LABELS + WIDTH + 90} {height}" role="img">\n'
            f"<title>What a request costs, by each way to sign in</title>\n<style>{STYLE}</style>\n"
            + "\n".join(lines) + "\n</svg>\n")
