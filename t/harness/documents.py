# SPDX-License-Identifier: Apache-2.0
"""Commands of the documents, run as they stand on places and a PostgreSQL of the test's own."""

import os
import re
import subprocess

from . import process
from .paths import POSTGRES_BIN, TREE

#: Whose files and databases the documents speak of.
OWNERS = ("www-data", "postgres")


def blocks(document, title, sections=True):
    """The blocks of code below a title, each with its lines, in order; without those of its sections if so said."""
    text = (TREE / document).read_text()
    level, rest = re.search(rf"(?ms)^(#+) {re.escape(title)}$(.*)", text).groups()
    part = re.split(rf"(?m)^#{{1,{len(level) if sections else 6}}} ", rest)[0]
    found = re.findall(r"(?m)(?:^\n|\A)((?:^(?: {4}.*)?\n)+)", part)
    return [re.sub(r"(?m)^ {4}", "", block).strip("\n") + "\n" for block in found if block.strip()]


def commands(document, title, sections=True):
    """Those of them that are for a shell."""
    return [block for block in blocks(document, title, sections) if re.match(r"(sudo|copy|make)\b", block)]


class Machine:
    """Where the documents' places are folders of the test, and their PostgreSQL is that of the test.

    sudo: the commands are run with that word, by something that only runs the rest; else without it, as root would.
    """

    def __init__(self, folder, postgres=None, sudo=True):
        self.folder, self.postgres, self.sudo = folder, postgres, sudo
        folder.mkdir()
        folder.chmod(0o711)
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.bin.chmod(0o755)
        self._program("sudo", 'exec "$@"')
        if not process.ROOT:        # whoever tests is everybody
            self._program("runuser", 'shift 3; exec "$@"')
            self._program("install", 'exec /usr/bin/install $(echo "$@" | sed "s/-o [^ ]* -g [^ ]*//")')
        self.lib = folder / "lib"
        self.places = {"/var/lib/twauth": self.lib, "/usr/share/mod_twauth": TREE / "sql", " sql/": f" {TREE}/sql/",
                       "/etc/apache2/twauth": folder / "etc"}

    def _program(self, name, text):
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    @property
    def database(self):
        return self.lib / "twauth.db"

    def run(self, script, umask=0, typed=""):
        """A block of commands, stopped at the first that fails, with what is typed meanwhile; returns what it printed."""
        for place, here in self.places.items():
            script = script.replace(place, str(here))
        if not self.sudo:
            script = script.replace("sudo ", "")
        more = {"PATH": f"{self.bin}:{POSTGRES_BIN}:/usr/sbin:/usr/bin:/sbin:/bin"}
        if self.postgres:
            more |= {"PGHOST": str(self.postgres.folder)}
        if self.postgres and not process.ROOT:
            more |= {"PGUSER": "postgres"}
        ran = subprocess.run(["/bin/bash", "-e", "-o", "pipefail", "-c", script], cwd=self.folder, umask=umask, text=True, input=typed,
                             env=process.environment(**more), capture_output=True, timeout=300)
        assert ran.returncode == 0, f"{script}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def owner(self, path):
        """Whose a file is; of whoever tests, where that is not root, all are whose they should be."""
        return path.owner() if process.ROOT else "www-data" if path.stat().st_uid == os.geteuid() else path.owner()
