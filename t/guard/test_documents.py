# SPDX-License-Identifier: Apache-2.0
"""Documents, and what no file of the tree may hold."""

import re

import pytest

from guard import TREE, every, files, read, sources, targets

DOCUMENTS = [name for name in files() if name.suffix == ".md"]

#: Places of somebody's machine, and hosts of registries: nothing that a user has.
FOREIGN = [re.compile(pattern) for pattern in (
    r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|mnt|workspace)/",
    r"\b(?:pypi|crates|npmjs|rubygems)\.(?:org|io|com)\b",
    r"\b(?:registry|proxy|mirror|artifactory|nexus)\.[\w-]+\.(?:org|net|internal|local|io)\b",
    r"\bfiles\.pythonhosted\b",
)]


def lines_of(name):
    try:
        return (TREE / name).read_text().split("\n")
    except UnicodeDecodeError:
        return []


def test_no_foreign_places():
    found = [f"{name}:{n}: {line[:120]}" for name in files() if name.parts[:2] != ("t", "guard")
             for n, line in enumerate(lines_of(name), 1) if any(p.search(line) for p in FOREIGN)]
    assert not found


def test_readme_names_both_commands():
    text = read("README.md")
    for command in ("demo", "test"):
        assert re.search(rf"^    make {command}\b", text, re.M)
        assert command in targets()


def test_readme_begins_with_what_it_takes():
    head = read("README.md").split("\n")[:15]
    assert any("AuthType Twitter" in line for line in head)
    assert any("Require twitter-user yourhandle" in line for line in head)


def test_readme_is_one_page():
    """What a person in a hurry follows; the rest is by task in docs/, and each document is linked from there."""
    text = read("README.md")
    assert text.count("\n") <= 150
    assert not [name for name in DOCUMENTS if name.parts[0] == "docs" and f"]({name})" not in text]


def test_make_targets_that_documents_name_exist():
    named = every(r"(?:^ {4}|`|&& )make ([a-z-]+)", "\n".join(map(read, DOCUMENTS)), 20)
    assert not set(named) - set(targets())


@pytest.mark.parametrize("name", DOCUMENTS, ids=str)
def test_links(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", read(name)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (TREE / name).parent / path if path else TREE / name
        assert file.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", file.read_text(), re.M)
            anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in anchors, target


def test_links_are_found():
    assert len(every(r"\]\(([^)\s]+)\)", "".join(map(read, DOCUMENTS)), 200))


def test_documents_that_sources_name_exist():
    named = every(r"\bdocs/[\w-]+\.md\b", "".join(sources().values()), 2)
    assert not [path for path in named if not (TREE / path).exists()]


def test_N9_files_that_messages_name_are_installed():
    """An administrator has what `make install` put there, and not the sources."""
    named = set(re.findall(r"/usr/share/mod_twauth/[\w.-]+", "".join(sources().values())))
    assert " sql/*.sql " in re.search(r"^install:.*?^\t@if", read("Makefile"), re.M | re.S)[0]
    folder = re.search(r"^PAGES_DIR \?= (.*)$", read("Makefile"), re.M)[1]
    assert named and not [file for file in named - {folder} if not (TREE / "sql" / file.rpartition("/")[2]).exists()]
    assert not [line for text in sources().values() for line in re.findall(r'"[^"\n]*\bsql/[^"\n]*"', text)]


def test_sections_that_pages_promise_exist():
    """The reference says where its sections are in its first lines; each directive is one."""
    text = read("docs/directives.md")
    titles = every(r"^### (TwAuth\w+)$", text, 35)
    assert len(titles) == len(set(titles))


def test_tables_have_the_columns_of_the_reference():
    text = read("docs/directives.md")
    for schema in ("sql/sqlite3.sql", "sql/pgsql.sql"):
        for table, body in every(r"(?s)CREATE TABLE (\w+) \((.*?)^\);", read(schema), 2):
            columns = every(r"^    ([a-z]\w+) ", body, 2)
            part = text[text.index(f"| `{table}` |"):].split("\n\n")[0]
            shown = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in part.split("\n")[2:]))
            assert shown == columns, f"{table} of {schema}"
