# SPDX-License-Identifier: Apache-2.0
"""B4: a program that httpd starts inherits no descriptor of the module's: not the connections to X, not those to the database."""

import json

import pytest

SCRIPT = """#!/usr/bin/python3 -SIE
import json, os, sys
found = {}
for fd in os.listdir("/proc/self/fd"):
    try:
        found[fd] = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        pass                # the listing's own
print("Content-Type: application/json\\n")
json.dump(found, sys.stdout)
"""


@pytest.mark.mpms("prefork")
@pytest.mark.protocols("oauth1", "oauth2")
def test_B4_programs_inherit_no_connection(make_site):
    """With prefork, mod_cgi starts programs from the very process that has spoken to X."""
    site = make_site(mpm_config="StartServers 1\nServerLimit 1\nMaxRequestWorkers 1\nMinSpareServers 1\nMaxSpareServers 1")
    site.httpd.script("members/fds.cgi", SCRIPT)
    browser = site.browser()
    browser.sign_in("alice")
    inherited = browser.get("/members/fds.cgi").json()
    print(inherited)
    assert set(inherited) == {"0", "1", "2"}, inherited


def test_B4_commands_inherit_nothing(make_site):
    """The command of a secret has its output, and no file of a secret, pipe of another command or socket of ours."""
    site = make_site(start=False)
    command, out = site.folder / "command", site.folder / "fds"
    command.write_text(SCRIPT.split("print(")[0] + f"open({str(out)!r}, 'w').write(json.dumps(found))\n"
                       f"print({site.key.read_text().strip()!r})\n")
    command.chmod(0o755)
    site.vhost.config = site.vhost.config.replace(f'"file:{site.key}"', f'"exec:{command}"')
    site.start()
    inherited = json.loads(out.read_text())
    assert set(inherited) <= {"0", "1", "2"} and inherited["1"].startswith("pipe:"), inherited
