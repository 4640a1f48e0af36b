# SPDX-License-Identifier: Apache-2.0
"""Metrics: docs/status.md has the list of shared/counters.h, and its alerts name what there is; each row is counted somewhere."""

import re

from guard import bare, every, read, sources

HEADER = "shared/counters.h"
KINDS = {"COUNTER": "counter", "TOTAL": "counter", "HISTOGRAM": "histogram", "GAUGE": "gauge"}
#: What is not a list of words: what the document has in its place.
INSTEAD = {"EVENT": "`event`, `reason`: [every event](events.md#every-event)", "SITE": "`site`: where the host begins"}


def joined(text):
    return "".join(re.findall(r'"([^"]*)"', text))


def words(name):
    """(number, word) of the list of a label."""
    part = re.search(rf"#define TW_{name}\(X\)((?:.*\\\n)*.*)\n", sources()[HEADER])[1]
    return re.findall(r'X\((\w+), "([\w -]+)"', part)


def listed():
    """(number, name, kind, labels, what) of the list, as the document has them."""
    text = sources()[HEADER]
    text = text[text.index("#define TW_METRICS(X)"):text.index("#define TW_METRIC_NUMBER")].replace("\\\n", "\n")
    rows = every(r'X\((\w+), (\w+), (\w+), (\w+),\s*"(\w+)",\s*"(\w*)", "(\w*)",((?:\s*"[^"]*")+)\)', text, 15)
    assert len(rows) == len(re.findall(r"^    X\(", text, re.M))
    for number, kind, first, second, name, label, other, what in rows:
        said = [f"`{a}`: " + ", ".join(f"`{word}`" for _, word in words(b)) for a, b in ((label, first), (other, second))
                if a and first not in INSTEAD]
        yield number, name, KINDS[kind], INSTEAD.get(first, "; ".join(said)), joined(what)


def test_the_document_has_the_list():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) ?\| (.*) \|$", read("docs/status.md"), re.M)
    assert [(name, kind, labels.strip(), what) for name, kind, labels, what in rows] == [row[1:] for row in listed()]


def test_names_are_prometheus_s():
    for _, name, kind, _, _ in listed():
        assert (kind == "counter") == name.endswith("_total") and name.startswith("twauth_")


def test_alerts_name_what_there_is():
    names = {row[1] for row in listed()} | {row[1] + end for row in listed() if row[2] == "histogram"
                                            for end in ("_bucket", "_sum", "_count")}
    text = read("docs/status.md")
    rules = text[text.index("## Alerts"):text.index("## What is promised")]
    assert not set(every(r"\btwauth_\w+", rules, 12)) - names


def test_each_label_that_is_counted_by_number_is():
    text = "".join(bare(text) for name, text in sources().items() if name != HEADER)
    for name in ("SENT", "RECHECK", "OUTCOME", "STATEMENT"):
        assert not [number for number, _ in words(name) if not re.search(rf"\b{number}\b", text)]


def test_calls_to_x_have_the_names_that_are_counted():
    """The exchange of tokens is made by another process: its calls are not counted."""
    text = "".join(text for name, text in sources().items() if name.startswith("x/oauth"))
    steps = {*every(r'(?:call_t c|tw_step_t step) = \{ "([\w ]+)"', text, 7), *every(r'step\.name = "([\w ]+)"', text)}
    assert steps - {"exchange"} == {word for _, word in words("ENDPOINT")} - {"signed"}


def test_answers_are_the_words_of_pages():
    """TWAUTH_ERROR of every page is counted."""
    said = set(every(r'PAGE\(\w+, \d+, "([\w-]+)"', sources()["request/html.c"], 20))
    assert {word for _, word in words("ERROR")} == said
