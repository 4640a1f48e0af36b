# SPDX-License-Identifier: Apache-2.0
"""docs/support.md promises nothing that no test of the tree proves: each row names one, or says that there is none."""

import re

import pytest

from guard import TREE, every, read

ROWS = [tuple(cell.strip() for cell in line.split("|"))
        for line in every(r"^\|(.*)\|$", read("docs/support.md"), 40) if not re.match(r"[-| ]+$", line)]


@pytest.mark.parametrize("row", [row for row in ROWS if row[-1] != "Proved by"], ids=lambda row: row[0][:40])
def test_a_row_is_proved_or_says_that_it_is_not(row):
    what, promise, proof = row
    named = re.findall(r"`((?:t|debian)/[^`]+)`", proof)
    assert all((TREE / name).exists() for name in named), proof
    assert named or proof.startswith("not tested"), f"{what}: name a test, or say \"not tested\""
    if proof.startswith("not tested"):
        assert not promise.startswith("yes"), f"{what}: a promise that no test proves"
