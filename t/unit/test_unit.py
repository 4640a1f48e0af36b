# SPDX-License-Identifier: Apache-2.0
"""The unit tests in C, each as a test of its own, and the fuzz targets on their corpora.

`make` builds them; TWAUTH_BUILD names another folder of builds. A program that is not there is a failure.
"""

import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
FUZZ = HERE.parent / "fuzz"
BUILD = pathlib.Path(os.environ.get("TWAUTH_BUILD") or TOP / "build").resolve() / "t"
SECONDS = 300
SOURCES = sorted(HERE.glob("*/test_*.c"))
CASE = re.compile(r"cmocka_unit_test\((\w+)\)")


def _tests():
    for source in SOURCES:
        program = source.relative_to(HERE).with_suffix("")
        for name in CASE.findall(source.read_text()):
            yield pytest.param(program, name, id=f"{program.parent}-{program.name[5:]}-{name[5:]}")


def _corpora():
    return sorted(source.stem for source in FUZZ.glob("fuzz_*.c"))


def _run(program, *arguments, **environment):
    path = BUILD / program
    assert path.exists(), f"{path} is not there: run make"
    done = subprocess.run([path, *arguments], cwd=TOP, text=True, errors="replace", timeout=SECONDS,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "TWAUTH_VECTORS": str(HERE / "oauth1-vectors.json"), **environment})
    assert done.returncode == 0, f"{program} ended with {done.returncode}\n{done.stdout}"
    return done.stdout


@pytest.mark.parametrize("program, test", _tests())
def test_c(program, test):
    output = _run(program, test, CMOCKA_MESSAGE_OUTPUT="tap")
    assert re.search(rf"^ok 1 - {test}$", output, re.M), output     # it was there, and it ran


@pytest.mark.parametrize("program", _corpora())
def test_CF_6_fuzz_corpus(program):
    corpus = FUZZ / "corpus" / program[5:]
    inputs = [path for path in corpus.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert inputs, f"{corpus} is empty"
    assert f"\n{len(inputs)} inputs\n" in _run(program, corpus)


def test_every_case_is_run():
    """A test function that nobody put into the list at the end of its file."""
    assert len(SOURCES) > 20
    for source in SOURCES:
        text = source.read_text()
        assert sorted(re.findall(r"^static void (test_\w+)\(", text, re.M)) == sorted(CASE.findall(text)), source.name
