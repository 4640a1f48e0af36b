# SPDX-License-Identifier: Apache-2.0
"""What the module adds to each kind of request, in instructions, does not grow by more than a tenth.

Who makes the module dearer on purpose, or cheaper, renews bench/figures.json by `make bench-figures` and commits it.
"""

import pytest

from bench import paths

FIGURES = paths.figures()


@pytest.fixture(scope="module")
def measured(make_site):
    return paths.over(paths.measure(make_site, count=25, plain=True))


def test_figures_are_there_for_each_kind_of_request():
    assert list(FIGURES) == paths.GUARDED, "make bench-figures"


@pytest.mark.parametrize("key", FIGURES)
def test_cost(measured, key):
    assert measured[key] <= paths.limit(FIGURES[key]), f"{measured[key]:,} instructions instead of {FIGURES[key]:,}"
