# SPDX-License-Identifier: Apache-2.0
"""Guards: what a compiler cannot see. They read the tree, and start nothing but the compiler and `apache2 -t`."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
SRC = TREE / "src"
MODULE = Path(os.environ.get("TWAUTH_MODULE", TREE / "build" / "mod_twauth.so")).resolve()


def read(path):
    return (TREE / path).read_text()


@cache
def sources():
    """The module's C files and headers: {name: text}, those of src/ by room: "sealed/session.c"."""
    found = {"mod_twauth.c": read("mod_twauth.c")}
    found.update((str(file.relative_to(SRC)), file.read_text()) for file in sorted(SRC.glob("**/*.[ch]")))
    assert len(found) > 80
    return found


def code(text):
    """C without its comments; lines stay where they are."""
    return re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def bare(text):
    """C without comments and without the content of strings."""
    return re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', code(text))


def every(pattern, text, least=1):
    """What the pattern finds, for a loop over it: a loop over nothing would prove nothing."""
    found = re.findall(pattern, text, re.M)
    assert len(found) >= least, f"{pattern}: {len(found)} found, at least {least} expected: is the place still right?"
    return found


def includes(name):
    """The headers that a file includes: ([ours], [others])."""
    text = code(sources()[name])
    ours = re.findall(r'^#include "(?:src/)?([^"]+)"', text, re.M)
    return ours, re.findall(r"^#include <([^>]+)>", text, re.M)


def targets():
    """What make can be asked for: {target: what `make help` says, or ""}."""
    text = "\n".join(map(read, every(r"[\w/]+\.mk\b|^Makefile", "Makefile\n" + read("Makefile"), 4)))
    said = dict(every(r"^## ([\w-]+): (.+)$", text, 15))
    return {name: said.get(name, "") for line in every(r"^\.PHONY: (.*)$", text, 15) for name in line.split()}


@cache
def files():
    """All files that belong to the project, as paths below TREE."""
    git = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"], cwd=TREE,
                         capture_output=True, text=True)
    if git.returncode == 0 and git.stdout:
        names = [Path(name) for name in git.stdout.split("\0") if name]
    else:
        names = [file.relative_to(TREE) for file in TREE.rglob("*")]
        names = [n for n in names if n.parts[0] not in ("build", ".git") and "__pycache__" not in n.parts]
    names = sorted(n for n in names if (TREE / n).is_file())
    assert len(names) > 300
    return names
