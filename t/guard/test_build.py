# SPDX-License-Identifier: Apache-2.0
"""What the Makefile asks the system: the APR that httpd was built with, and nothing by chance."""

import os
import stat
import subprocess

import pytest

from guard import TREE, targets


def program(file, text):
    file.write_text("#!/bin/sh\n" + text)
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def commands(tmp_path, apxs, **variables):
    """How make would compile one file and link one program of the tests."""
    target = tmp_path / "build"
    ran = subprocess.run(["make", "-n", "V=1", f"BUILD={target}", f"APXS={apxs}",
                          *(f"{name}={value}" for name, value in variables.items()), f"{target}/t/base/test_err"],
                         cwd=TREE, capture_output=True, text=True, env={**os.environ, "MAKEFLAGS": ""})
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture
def other(tmp_path):
    """other(apr, apu): an apxs that names configuration programs, "" where it knows none."""
    def make(apr, apu):
        for name in filter(None, (apr, apu)):
            program(tmp_path / name, f'case "$*" in *link-ld*) echo "-l{name}";; *) echo "-I/{name}";; esac\n')
        place = {key: tmp_path / name if name else "" for key, name in (("APR_CONFIG", apr), ("APU_CONFIG", apu))}
        return program(tmp_path / "apxs", f'case "$2" in APR_CONFIG) echo "{place["APR_CONFIG"]}";; APU_CONFIG) echo '
                       f'"{place["APU_CONFIG"]}";; esac\n')
    return make


def test_the_apr_is_the_one_of_httpd(tmp_path, other):
    said = commands(tmp_path, other("apr-1-config", "apu-1-config"))
    assert "-I/apr-1-config" in said and "-I/apu-1-config" in said
    assert "-lapr-1-config" in said and "-lapu-1-config" in said


def test_apr_2_has_the_utilities_inside(tmp_path, other):
    said = commands(tmp_path, other("apr-2-config", ""))
    assert "-I/apr-2-config" in said and "-lapr-2-config" in said
    assert "apr-1" not in said and "-lapr-1" not in said


def test_the_one_of_the_system_where_apxs_knows_none(tmp_path, other):
    assert "-lapr-1" in commands(tmp_path, other("", "")) and "-lapr-1" in commands(tmp_path, "/nowhere/apxs")


def test_libraries_are_those_of_pkg_config_or_have_their_plain_names(tmp_path):
    """An empty answer is not one."""
    known = program(tmp_path / "known", 'case "$1" in --libs) echo -L/libs -lfound;; *) echo -I/found;; esac\n')
    said = commands(tmp_path, "apxs", PKG_CONFIG=known)
    assert "-L/libs -lfound" in said and " -I/found " in said and "-lcurl" not in said
    said = commands(tmp_path, "apxs", PKG_CONFIG="/nowhere/pkg-config")
    assert all(f" -l{name} " in said for name in ("oauth", "curl", "sodium", "jansson"))


def test_help_names_every_target():
    ran = subprocess.run(["make", "--no-print-directory", "help"], cwd=TREE, capture_output=True, text=True, env={**os.environ, "MAKEFLAGS": ""})
    listed = [line.split(None, 2)[1:] for line in ran.stdout.splitlines()]
    assert ran.returncode == 0 and len(listed) > 15
    assert dict(listed) == {name: said for name, said in targets().items() if not name.startswith("need-")}


@pytest.mark.parametrize("flags, level", [("-O2 -g", "2"), ("-O0 -g", "0"), ("-g", "0"), ("-O3", "2")])
def test_fortified_where_there_is_an_optimizer(tmp_path, flags, level):
    said = commands(tmp_path, "apxs", CFLAGS=flags)
    assert f"-D_FORTIFY_SOURCE={level} " in said


def test_no_processor_without_atomics_gets_a_module(tmp_path):
    """B15: a lock within one process is no atomic: the build says so."""
    source = tmp_path / "cell.c"
    source.write_text('#include "shared/cell.h"\n')
    flags = subprocess.run(["apr-1-config", "--cppflags", "--includes"], capture_output=True, text=True).stdout.split()
    ask = ["gcc", "-fsyntax-only", *flags, f"-I{TREE / 'src'}"]
    assert subprocess.run([*ask, source]).returncode == 0
    source.write_text('#include <stdatomic.h>\n#undef ATOMIC_LLONG_LOCK_FREE\n#define ATOMIC_LLONG_LOCK_FREE 1\n'
                      '#include "shared/cell.h"\n')
    refused = subprocess.run([*ask, source], capture_output=True, text=True)
    assert refused.returncode != 0 and "64-bit atomics are a lock within one process" in refused.stderr
