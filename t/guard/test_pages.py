# SPDX-License-Identifier: Apache-2.0
"""The sentences of pages: English in the sources, and the same keys and placeholders in each catalogue."""

import re

import pytest

from guard import TREE, code, sources

FOLDER = TREE / "conf/pages"
LANGUAGES = sorted(file.stem for file in FOLDER.iterdir())
TABLE = code(sources()["base/sentences.c"])
ROWS = re.findall(r'\[TW_SAY_(\w+)\] = \{ "([^"]+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}', TABLE)
ENGLISH = {key: "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)) for _, key, text in ROWS}


def catalogue(language):
    lines = (FOLDER / f"{language}.txt").read_text().splitlines()
    return dict(re.fullmatch(r"([a-z.-]+) = (\S.*\S)", line).groups() for line in lines if line and line[0] != "#")


def test_english_is_that_of_the_sources():
    assert len(ENGLISH) == len(ROWS) > 100
    assert list(catalogue("en").items()) == list(ENGLISH.items())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_complete_and_in_order(language):
    found = catalogue(language)
    assert list(found) == list(ENGLISH)
    assert {key: set(re.findall(r"\{\w+\}", text)) for key, text in found.items()} == {
        key: set(re.findall(r"\{\w+\}", text)) for key, text in ENGLISH.items()}
    assert not [key for key, text in found.items() if re.search(r"[<>&\"]", text)]


def test_these_languages():
    assert LANGUAGES == ["de", "en", "es", "fr", "ja", "pt"]


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_nothing_was_left_in_english(language):
    same = {key for key, text in catalogue(language).items() if text == ENGLISH[key]}
    assert same <= {"reference", "time"}


def test_each_sentence_is_said_somewhere():
    said = "".join(text for name, text in sources().items() if not name.startswith("base/sentences"))
    pages = re.findall(r"^    PAGE\((\w+),", sources()["request/html.c"], re.M)
    used = set(re.findall(r"\bTW_SAY_(\w+)", code(said))) | {f"{k}_{part}" for k in pages for part in ("TITLE", "TEXT")}
    assert {name for name, *_ in ROWS} - used == set()
