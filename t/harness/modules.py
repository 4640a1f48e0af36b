# SPDX-License-Identifier: Apache-2.0
"""Modules of httpd that tests bring along, in C, built as anybody would against what `make install` leaves."""

import subprocess

from . import process
from .paths import TREE


def _said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def load(name):
    """The line that loads NAME.c of this folder."""
    folder = process.folder(f"twauth-{name}-")
    folder.chmod(0o755)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", *_said("apr-1-config", "--cppflags", "--includes"),
                    "-I" + _said("apxs", "-q", "INCLUDEDIR")[0], f"-I{TREE}/src/auth", "-o", folder / f"{name}.so",
                    TREE / f"t/harness/{name}.c"], check=True)
    return f'LoadModule {name}_module "{folder}/{name}.so"\n'
