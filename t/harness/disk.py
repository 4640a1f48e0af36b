# SPDX-License-Identifier: Apache-2.0
"""A small disk that can be filled to the last byte, where the machine lets the tests mount one."""

import contextlib
import functools
import subprocess

from . import process


class Disk:
    """An empty file system of `size` at `folder`; it vanishes with the test run."""

    def __init__(self, size):
        self.folder = process.folder("twauth-disk-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "none", self.folder], check=True,
                       capture_output=True)
        process.mounted(self.folder)
        self._ballast = self.folder / "ballast"

    @contextlib.contextmanager
    def full(self, left=0):
        """Not a byte is left meanwhile, or `left` kilobytes."""
        with open(self._ballast, "wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(4096))
        with open(self._ballast, "ab") as ballast:
            ballast.truncate(max(0, self._ballast.stat().st_size - left * 1024))
        try:
            yield
        finally:
            self._ballast.unlink()


@functools.cache
def possible():
    """Whether there can be one here: it takes root, and not every container lets root do it."""
    try:
        Disk("64k")
        return True
    except (OSError, subprocess.CalledProcessError):
        return False
