# SPDX-License-Identifier: Apache-2.0
"""The doctor's table of checks (admin/doctor.c), its chapter in docs/troubleshooting.md, and its tests agree."""

import re

from guard import every, read, sources


def checks():
    """{name: (function, flags)} in the order of the table."""
    text = sources()["admin/doctor.c"]
    table = text[text.index("check_t checks[] = {"):]
    rows = every(r'^    \{ "(\w+)", (\w+), ([\w |]+) \},$', table[:table.index("\n};")], 10)
    return {name: (function, set(flags.split(" | "))) for name, function, flags in rows}


def test_the_chapter_has_all_in_their_order():
    page = read("docs/troubleshooting.md")
    part = page[page.index("## The doctor"):]
    rows = every(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|([^|]*)\|$", part[:part.index("\n## ", 5)], 10)
    assert [name for name, *_ in rows] == list(checks())
    for name, what, who, asks in rows:
        _, flags = checks()[name]
        assert what and who == ("root" if "ROOT" in flags else "server's user"), name
        assert asks.strip() == ("X" if "X" in flags else "the database" if "DATABASE" in flags else ""), name


def test_each_check_is_a_function_of_its_own_that_a_header_explains():
    functions = [function for function, _ in checks().values()]
    assert len(functions) == len(set(functions))
    headers = "".join(text for name, text in sources().items() if re.fullmatch(r"admin/exam_\w+\.h", name))
    assert not [function for function in functions if f"void {function}(tw_exam_t *exam);" not in headers]


def test_each_check_is_provoked():
    """A live test sees it warn or say that it is wrong."""
    text = read("t/live/admin/test_doctor.py")
    assert not [name for name in checks() if not re.search(rf'"{name}", "(?:warning|wrong)"|"{name}", (?:verdict|"[^"]+"\))', text)]
