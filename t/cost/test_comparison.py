# SPDX-License-Identifier: Apache-2.0
"""Secrets are compared by as many instructions wherever they differ; time would be the machine's."""

import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("TWAUTH_BUILD") or TOP / "build").resolve() / "t/sealed/test_seal"
LENGTH = 1 << 14        # as the test in C has it


def test_CR_8_a_comparison_takes_as_long_wherever_texts_differ(tmp_path):
    """At the begin, in the middle, at the end: what stops early takes far fewer. The profile of each call is a file."""
    subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=tw_seal_equal", "--dump-after=tw_seal_equal",
                    f"--callgrind-out-file={tmp_path}/out", PROGRAM, "test_equal_takes_as_long"],
                   env={**os.environ, "LD_BIND_NOW": "1"}, check=True, capture_output=True, timeout=300)
    counts = [int(re.search(r"^totals: (\d+)$", file.read_text(), re.M)[1]) for file in tmp_path.glob("out.*")]
    assert len(counts) == 3 and min(counts) > LENGTH and max(counts) - min(counts) < 100, counts
