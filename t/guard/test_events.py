# SPDX-License-Identifier: Apache-2.0
"""Events: docs/events.md has the list of base/event.h, in its order and words, and each is told somewhere."""

import re

from guard import bare, every, read, sources

HEADER = "base/event.h"


def listed():
    """(number, event, reason, when) of the list."""
    text = sources()[HEADER]
    text = text[text.index("#define TW_EVENTS(X)"):text.index("typedef enum")].replace("\\\n", "\n")
    rows = every(r'X\((\w+), "([\w-]+)", "([\w-]*)",((?:\s*"[^"]*")+)\)', text, 30)
    assert len(rows) == len(re.findall(r"^    X\(", text, re.M))
    return [(number, event, reason, "".join(re.findall(r'"([^"]*)"', when))) for number, event, reason, when in rows]


def test_the_document_has_the_list():
    text = read("docs/events.md")
    table = text[text.index("## Every event"):text.index("## Why can't Alice sign in?")]
    rows = re.findall(r"^\| `([\w-]+)` \| (?:`([\w-]+)`)? ?\| (.*) \|$", table, re.M)
    assert rows == [row[1:] for row in listed()]


def test_events_are_those_that_are_promised():
    assert {event for _, event, _, _ in listed()} == {
        "signed-in", "signed-out", "cancelled", "refused", "account-created", "session-ended", "limit", "provider",
        "database", "admin"}
    assert len({row[1:3] for row in listed()}) == len(listed())


def test_each_is_told():
    text = "".join(bare(text) for name, text in sources().items() if name != HEADER)
    assert not [number for number, *_ in listed() if not re.search(rf"\bTW_EVENT_{number}\b", text)]


def test_the_document_has_all_fields():
    fields = set(re.findall(r'(?:add\(&fields, |\? |: |\{ )"(\w+)"', sources()["base/event.c"]))
    assert len(fields) == 14
    text = read("docs/events.md")
    assert {name for row in re.findall(r"^\| (`\w+`[^|]*) \| .* \| .* \|$", text[:text.index("## Every event")], re.M)
            for name in re.findall(r"`(\w+)`", row)} == fields
