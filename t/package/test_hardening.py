# SPDX-License-Identifier: Apache-2.0
"""docs/hardening.md: systemd and AppArmor read what stands there. That httpd works within it is proved by `make test-package`
(hardening.py)."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import documents

SERVICE = Path("/lib/systemd/system/apache2.service")
PROFILE = """\
abi <abi/3.0>,
include <tunables/global>
profile apache2 /usr/sbin/apache2 {
  include <abstractions/base>
  include <abstractions/twauth>
}
"""


def test_systemd_knows_the_lines(tmp_path):
    """None is misspelled, and together they take most of what a service could do."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    block, = documents.blocks("docs/hardening.md", "systemd")
    unit = tmp_path / "apache2.service"
    unit.write_text(SERVICE.read_text() + block)
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert verified.returncode == 0 and "apache2.service" not in verified.stderr, verified.stderr
    said = subprocess.run(["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True).stdout
    assert float(re.search(r"exposure level for apache2.service: ([\d.]+)", said)[1]) <= 3


def test_apparmor_compiles_the_rules(tmp_path):
    if not shutil.which("apparmor_parser"):
        pytest.skip("no apparmor_parser here")
    block, = documents.blocks("docs/hardening.md", "AppArmor")
    (tmp_path / "abstractions").mkdir()
    (tmp_path / "abstractions/twauth").write_text(block)
    for name in ("abi", "tunables"):
        (tmp_path / name).symlink_to(f"/etc/apparmor.d/{name}")
    for file in Path("/etc/apparmor.d/abstractions").iterdir():
        (tmp_path / "abstractions" / file.name).symlink_to(file)
    (tmp_path / "profile").write_text(PROFILE)
    ran = subprocess.run(["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--base", tmp_path, "-S", tmp_path / "profile"],
                         capture_output=True)
    assert ran.returncode == 0 and ran.stdout, ran.stderr
