#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""docs/hardening.md, the lines for systemd: Debian's service with them, and people who sign in.

    debian/testbed --systemd t/package/hardening.py PACKAGE
"""

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "t"))
sys.dont_write_bytecode = True

from harness import documents, errorlog, process                        # noqa: E402
from harness.certs import Authority                                     # noqa: E402
from harness.programs import load_program                              # noqa: E402
from harness.standin import StandIn                                     # noqa: E402

life = load_program("life", "debian/tests/life")


def lines():
    """The block of the document."""
    block, = documents.blocks("docs/hardening.md", "systemd")
    return block


def hardened():
    """The drop-in, as `systemctl edit` would write it; returns what systemd-analyze says of the whole, out of 10."""
    drop_in = Path("/etc/systemd/system/apache2.service.d/override.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(lines())
    verified = subprocess.run(["systemd-analyze", "verify", "apache2.service"], text=True, capture_output=True)
    assert verified.returncode == 0 and "override.conf" not in verified.stderr, verified.stderr
    life.run("systemctl", "daemon-reload")
    return float(re.search(r"exposure level for apache2.service: ([\d.]+)", life.run("systemd-analyze", "security", "apache2"))[1])


def in_force(pid):
    """The limits, where the kernel shows them."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    bounding = int(status["CapBnd"], 16)
    assert bounding == sum(1 << n for n in (0, 5, 6, 7, 10)), hex(bounding)       # chown, kill, setgid, setuid, net_bind_service
    mounts = {line.split()[4]: line.split()[5].split(",")[0] for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()}
    assert mounts["/"] == "ro" and mounts["/var/lib/twauth"] == "rw"


def main():
    package = Path("/var/tmp/libapache2-mod-twauth.deb")
    package.write_bytes(Path(sys.argv[1]).read_bytes())
    with ExitStack() as stack:
        folder = process.folder()
        (folder / "ca").mkdir()
        standin = StandIn(folder / "standin", Authority(folder / "ca"))
        stack.callback(standin.stop)
        postgres = life.Postgres(stack)
        life.apt("install", str(package))
        exposed = hardened()
        sites = life.set_up(standin, postgres)
        life.run("systemctl", "restart", "apache2")
        assert process.until(lambda: all(map(life.Site.answers, sites))), life.LOG.read_text()
        browsers = [site.sign_in() for site in sites]
        for action in ("reload", "restart"):
            life.run("systemctl", action, "apache2")
            assert process.until(lambda: all(map(life.Site.answers, sites))), life.LOG.read_text()
            for site, browser in zip(sites, browsers):
                site.goes_on(browser)
                site.sign_in()
        main_pid = life.run("systemctl", "show", "-P", "MainPID", "apache2").strip()
        for pid in (main_pid, *process.children(int(main_pid))):
            in_force(pid)
        loud = [*filter(errorlog.is_loud, errorlog.parse(life.LOG.read_text()))]
        assert not loud, loud
        print(f"hardened: {exposed} of 10; signed in, reloaded, restarted, and quiet")


if __name__ == "__main__":
    main()
