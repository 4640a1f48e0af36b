# SPDX-License-Identifier: Apache-2.0
"""A resolver that stalls: `x.test`, or what else ends in `local`, is 127.0.0.1, and looked up as slowly as a test says.

    resolver = Resolver(folder)
    make_site(preload=resolver.preload, env=resolver.environment)
    resolver.stall(20)                      seconds for each look-up that begins from now on
    resolver.names()                        what was looked up since it was last asked

`gone.` and whatever follows is not found, at once.
"""

import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


class Resolver:
    def __init__(self, folder, local="x.test"):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        library = folder / "resolver.so"
        subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", str(library), str(SOURCE)], check=True)
        self._file = folder / "stall"
        self.preload = (str(library),)
        self._names = folder / "names"
        self.environment = {"LOCAL_NAMES": local, "STALL_FILE": str(self._file), "NAMES_FILE": str(self._names)}
        self.names()
        self.stall(0)

    def stall(self, seconds):
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds}\n")
        fresh.chmod(0o644)
        os.replace(fresh, self._file)

    def names(self):
        """Written by whoever looks up, of whatever user."""
        said = self._names.read_text().splitlines() if self._names.exists() else []
        self._names.write_text("")
        self._names.chmod(0o666)
        return said
