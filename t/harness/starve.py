# SPDX-License-Identifier: Apache-2.0
"""Children of httpd that get no memory or no descriptors, one time in so many (starve.c)."""

import struct
import subprocess
from pathlib import Path

from . import process


class Starve:
    """`preload` and `env` are for the httpd; set() takes effect at once."""

    def __init__(self):
        folder = process.folder("twauth-starve-")
        self.preload = (str(folder / "starve.so"),)
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", self.preload[0], Path(__file__).with_name("starve.c")],
                       check=True)
        self._numbers = folder / "numbers"
        self.env = {"STARVE": str(self._numbers)}
        self.set()
        for path in (folder, self._numbers):
            path.chmod(0o755)

    def set(self, memory=0, descriptors=0):
        """One in so many attempts fails; 0: none."""
        with open(self._numbers, "r+b" if self._numbers.exists() else "wb") as file:
            file.write(struct.pack("=II", memory, descriptors))
