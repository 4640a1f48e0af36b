# SPDX-License-Identifier: Apache-2.0
"""docs/applications.md says of each application whether it was tried; and a test takes every block of those that were."""

import re

import pytest

from guard import TREE, every, read
from harness import documents

DOCUMENT = "docs/applications.md"
TITLES = every(r"^## (.*)$", read(DOCUMENT), 2)[1:]
TRIED = r"^Tried: [^\n]*\d[^\n]*, by \[(test_applications\w*\.py)\]\((\.\./t/live/auth/\1)\)\.$"


def section(title):
    return re.search(rf"(?ms)^## {re.escape(title)}$(.*?)(?=^## |\Z)", read(DOCUMENT))[1]


def proofs(text):
    """The files of tests that a section names as its own."""
    return [TREE / "docs" / path for _, path in re.findall(TRIED, text, re.M)]


def untaken(title, blocks, source):
    """The blocks of which no `block("title", "words")` of the test has the words, or more than one block has them."""
    words = [word.replace('\\"', '"') for word in re.findall(rf'\bblock\(\s*"{re.escape(title)}",\s*"((?:[^"\\]|\\.)+)"\)', source)]
    return [b for b in blocks if not any(word in b and sum(word in other for other in blocks) == 1 for word in words)]


@pytest.mark.parametrize("title", TITLES)
def test_a_section_is_tried_or_says_that_it_is_not(title):
    text = section(title)
    files = proofs(text)
    assert bool(files) != bool(re.search(r"^Not tried: ", text, re.M)), "one line: Tried: ..., by [test](...), or Not tried: why"
    for file in files:
        assert not untaken(title, documents.blocks(DOCUMENT, title), file.read_text())


def test_what_a_test_does_not_take_is_found():
    blocks = ["AuthType Twitter\n", "print(1)\n"]
    assert untaken("A", blocks, 'block("A", "AuthType") block("B", "print")') == ["print(1)\n"]
    assert untaken("A", ["x y\n", "x z\n"], 'block("A", "x")') == ["x y\n", "x z\n"]
    assert untaken("A", blocks, 'block("A", "AuthType") block("A", "print")') == []
