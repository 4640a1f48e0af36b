# SPDX-License-Identifier: Apache-2.0
"""Rules of the C sources."""

import re
import shlex
import subprocess
from functools import cache

import pytest

from guard import MODULE, SRC, TREE, bare, files, includes, sources
from guard.test_layers import CORE, room

HEADERS = [name for name in sources() if name.endswith(".h")]
BANNED = "strcpy strcat sprintf vsprintf atoi atol atof strtok sscanf rand srand gets system popen alloca"
WIDTH = 80


@cache
def flags(httpd):
    def ask(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    found = ask("apr-1-config", "--cppflags", "--includes") + ask("apu-1-config", "--includes")
    return found + (["-I" + ask("apxs", "-q", "INCLUDEDIR")[0]] if httpd else [])


@pytest.mark.parametrize("name", HEADERS)
def test_header_compiles_alone(name):
    httpd = room(name) not in CORE
    command = ["cc", "-std=gnu11", "-Wall", "-Werror", "-fsyntax-only", f"-I{SRC}", *flags(httpd), "-x", "c", "-"]
    ran = subprocess.run(command, input=f'#include "{name}"\n#include "{name}"\n', capture_output=True, text=True)
    assert ran.returncode == 0, shlex.join(command) + "\n" + ran.stderr


@pytest.mark.parametrize("name", HEADERS)
def test_include_guard(name):
    guard = "TW_" + re.sub(r"[./]", "_", name).upper()
    lines = [line for line in bare(sources()[name]).split("\n") if line.strip()]
    assert lines[:2] == [f"#ifndef {guard}", f"#define {guard}"]
    assert lines[-1] == "#endif"


@pytest.mark.parametrize("name", [n for n in sources() if "/" in n and n.endswith(".c")])
def test_own_header_first(name):
    assert re.search(r'^#include [<"](.*)[>"]', sources()[name], re.M)[1] == name.replace(".c", ".h")
    assert includes(name)[0][0] == name.replace(".c", ".h")


@pytest.mark.parametrize("name", [n for n in sources() if n.endswith(".h")])
def test_header_begins_with_its_manual(name):
    stem = name.removesuffix(".h")
    assert re.match(rf"/\* SPDX[^\n]*\*/\n/\*\n \* {stem}: [\w`]", sources()[name])


@pytest.mark.parametrize("name", sources())
def test_banned_functions(name):
    found = re.findall(rf"\b({BANNED.replace(' ', '|')})\s*\(", bare(sources()[name]))
    assert not found


def c_files():
    return [file for place in ("mod_twauth.c", "src/**/*.[ch]", "t/unit/*.[ch]", "t/fuzz/*.[ch]")
            for file in sorted(TREE.glob(place))]


@pytest.mark.parametrize("file", c_files(), ids=lambda file: file.name)
def test_lines(file):
    lines = file.read_text().split("\n")
    assert not [f"{n}: {len(line)} columns" for n, line in enumerate(lines, 1) if len(line) > WIDTH]
    assert not [f"{n}: tab or blank at the end" for n, line in enumerate(lines, 1)
                if "\t" in line or line != line.rstrip()]
    assert lines[-1] == "", "no line end at the end"


def test_module_exports_one_symbol():
    if not MODULE.exists():
        pytest.fail(f"{MODULE.name} is not there: run make first")
    ran = subprocess.run(["nm", "-D", "--defined-only", MODULE], capture_output=True, text=True, check=True)
    names = [line.split()[-1] for line in ran.stdout.splitlines()]
    assert [n for n in names if not n.startswith(("__asan", "__odr_asan"))] == ["twauth_module"]


def test_licence():
    """Each file that is written says under which licence; LICENSE has its text."""
    written = [f for f in files() if f.suffix in (".c", ".h", ".py", ".sql", ".mk") or f.name in ("Makefile", "run")]
    assert len(written) > 250 and "Version 2.0, January 2004" in (TREE / "LICENSE").read_text()
    assert not [str(f) for f in written
                if "SPDX-License-Identifier: Apache-2.0" not in (TREE / f).read_text()[:200] and (TREE / f).stat().st_size]
