# SPDX-License-Identifier: Apache-2.0
"""What `-t -D DUMP_TWAUTH` says of typical configurations is kept in snapshots/, so that no default changes unseen.

`make snapshots` renews them; `git diff` then shows what a change does to an administrator who has changed nothing.
"""

import base64
import difflib
import os
import re
import secrets
import shutil
from pathlib import Path

import pytest

from harness.paths import TREE

FOLDER = Path(__file__).with_name("snapshots")
NAMES = sorted(file.stem for file in FOLDER.glob("*.conf"))
MODULES = ("dbd", "ssl", "proxy", "proxy_http", "headers")
#: Where an administrator has what, and where the test has it.
PLACES = {"/etc/apache2/twauth": "etc", "/var/lib/twauth": "lib", "/var/www": "www", "/etc/ssl": "ssl"}
DEFAULTS = re.compile(r"^Where nothing else is said:\n(?:  TwAuth.*\n)+", re.M)
DIRECTIVES = set(re.findall(r'"(TwAuth\w+)"', (TREE / "src/config/directives.c").read_text()))


@pytest.fixture(scope="module")
def machine(folder, authority):
    """A folder that has what the configurations name."""
    machine = folder / "snapshots"
    for inner in ("etc", "lib", "www/html/members/papers", "www/app", "ssl"):
        (machine / inner).mkdir(parents=True, mode=0o755)
    for name in ("secret", "key", "old-key"):
        (machine / "etc" / name).write_text(base64.b64encode(secrets.token_bytes(48)).decode() + "\n")
        (machine / "etc" / name).chmod(0o600)
    vault = machine / "etc" / "vault"
    vault.write_text("#!/bin/sh\necho of-the-vault\n")
    vault.chmod(0o700)
    shutil.copytree(TREE / "conf/pages", machine / "etc" / "pages")
    shutil.copy(authority.server.cert, machine / "ssl" / "site.pem")
    shutil.copy(authority.server.key, machine / "ssl" / "site.key")
    return machine


@pytest.fixture
def dump(make_httpd, machine):
    def dump(name):
        file = machine / f"{name}.conf"
        text = (FOLDER / file.name).read_text()
        for place, inner in PLACES.items():
            text = text.replace(place, str(machine / inner))
        file.write_text(text)
        httpd = make_httpd(twauth=True, modules=MODULES, main=f'Include "{file}"')
        httpd.vhosts = []
        said = httpd.dump()
        for place, inner in PLACES.items():
            said = said.replace(str(machine / inner), place)
        return said.replace(str(file), file.name).replace(str(httpd.folder), "/etc/apache2")
    return dump


def kept(name):
    file = FOLDER / f"{name}.txt"
    return file.read_text() if file.exists() else ""


@pytest.mark.parametrize("name", NAMES)
def test_CF_1_nothing_changes_unseen(dump, name):
    said = dump(name)
    if name != "minimal":                       # which has them for all
        said = "".join(DEFAULTS.split(said))
    assert "hunter2" not in said and "abcdefgh" not in said
    if os.environ.get("TWAUTH_SNAPSHOTS") == "renew":
        (FOLDER / f"{name}.txt").write_text(said)
    diff = list(difflib.unified_diff(kept(name).splitlines(), said.splitlines(), f"{name}.txt", "now", lineterm=""))
    assert not diff, "\n".join(["`make snapshots` keeps what is so now, if it is meant:", *diff])


def test_CF_1_a_default_for_each_directive():
    """Or that it has none; in the order of the command table."""
    shown = re.findall(r"^  (TwAuth\w+) \S", DEFAULTS.search(kept("minimal"))[0], re.M)
    assert len(shown) == len(DIRECTIVES) and set(shown) == DIRECTIVES


def test_CF_1_each_directive_is_shown_where_it_is_set():
    """One that the dump knows no value of would be missing here."""
    assert set(re.findall(r"^  (?:Settings:)? +(TwAuth\w+) ", kept("everything"), re.M)) == DIRECTIVES
