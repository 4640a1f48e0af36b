# SPDX-License-Identifier: Apache-2.0
"""Log lines: each has a number of its own, and its row in docs/messages.md."""

import ast
import re

from guard import TREE, bare, code, every, read, sources

CALL = re.compile(r"\bap_log_(?:r|c|p)?error\s*\(")
FAMILIES = {"01": "configuration", "02": "sign-in", "03": "protected", "04": "database", "05": "events",
            "06": "the system"}

LOUD = {"emerg", "alert", "crit", "err", "warning"}


def calls():
    """(file, text of the call) for each line of the log."""
    for name, text in sources().items():
        text = code(text)
        for found in CALL.finditer(text):
            yield name, text[found.start():text.index(";", found.end())]


def numbers():
    found = [(re.search(r"TWLOGNO\((\d+)\)", call), name, call) for name, call in calls()]
    assert len(found) > 40
    return found


def documented():
    """{number: set of levels} of docs/messages.md."""
    rows = re.findall(r"^\| TW(\d{4}) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", read("docs/messages.md"), re.M)
    assert len(rows) == len({row[0] for row in rows})
    return {number: set(levels.split(", ")) for number, levels, *_ in rows}


def test_every_line_has_a_number():
    assert not [(name, call) for found, name, call in numbers() if not found and "APLOG_TRACE" not in call]


def test_numbers_are_unique():
    used = [found[1] for found, *_ in numbers() if found]
    assert sorted(used) == sorted(set(used))
    assert len(used) == sum(len(re.findall(r"TWLOGNO\(\d", bare(text))) for text in sources().values())


def test_numbers_have_four_digits_of_a_family():
    assert not [found[0] for found, *_ in numbers() if found and (len(found[1]) != 4 or found[1][:2] not in FAMILIES)]


def test_table_has_exactly_these():
    assert set(documented()) == {found[1] for found, *_ in numbers() if found}


def test_levels_agree():
    table = documented()
    wrong, judged = {}, 0
    for found, _, call in numbers():
        levels = {level.lower() for level in re.findall(r"APLOG_(EMERG|ALERT|CRIT|ERR|WARNING|NOTICE|INFO|DEBUG)\b",
                                                        call)}
        if found and levels and levels != table[found[1]]:
            wrong[found[1]] = (levels, table[found[1]])
        judged += bool(found and levels)
    assert judged > 30 and not wrong


def test_numbers_in_other_documents_exist():
    text = "".join(map(read, ("README.md", *TREE.glob("docs/*.md"))))
    assert not set(every(r"TW(\d{4})", text, 80)) - set(documented())


def provoked():
    """The numbers without which a live test fails: one that it expects, or looks for in an assert."""
    found = set()
    for file in (TREE / "t/live").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            wanted = []
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "expect_log":
                wanted = node.args
            elif isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
                wanted = [node.test.left] if isinstance(node.test.ops[0], ast.In) else []
            for text in (part for argument in wanted for part in ast.walk(argument)):
                if isinstance(text, ast.Constant) and isinstance(text.value, str) and "|TW" not in text.value:
                    found.update(re.findall(r"\bTW(\d{4})", text.value))
    return found


def test_every_loud_line_is_provoked():
    """What comes at warn and above is written by a test, on purpose, or nobody knows whether it can be."""
    loud = {number for number, levels in documented().items() if levels & LOUD}
    assert len(loud) > 40
    assert sorted(loud - provoked()) == []
