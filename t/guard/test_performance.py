# SPDX-License-Identifier: Apache-2.0
"""docs/performance.md and its plot say what was measured."""

import pytest

from bench import plot, report, results
from bench.paths import PATHS

FOUND = results.load_file()


def test_tables_are_of_the_results():
    text = report.DOCUMENT.read_text()
    assert report.document(FOUND, text) == text


def test_plot_is_of_the_results():
    assert plot.FILE.read_text() == plot.svg(FOUND)


@pytest.mark.parametrize("part, keys", [("sides", [k.key for k in results.SIDES]), ("paths", [r.key for r in PATHS])])
def test_results_are_complete(part, keys):
    assert list(FOUND[part]) == keys


def test_results_name_the_machine_by_kind_alone():
    assert all(len(value) < 80 and "/" not in value for value in FOUND["machine"].values())
