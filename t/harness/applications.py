# SPDX-License-Identifier: Apache-2.0
"""docs/applications.md: its lines, and the programs that run applications.

    text = applications.block("Flask", "AuthType Twitter")      # the one block of that section with these words
    with applications.Program(folder, ["gunicorn", ...], ready=(folder / "app.sock").exists, name="gunicorn"):

What is asked of each application is the same: `spoofed(browser, path)` asks once with each header by which a visitor might
claim to be somebody.
"""

import glob
import html
import re
from pathlib import Path

from . import documents, process

DOCUMENT = "docs/applications.md"
USER = "www-data"

#: The names by which applications are told, as a visitor might write them.
NAMES = ("X-Twauth-User", "X-Twauth-Username", "X-Twauth-Id", "X-Twauth-Roles", "X_Twauth_Username", "X-Twauth_Username",
         "x_twauth_id", "X_TWAUTH_ROLES", "TWAUTH_ID", "Twauth-Username", "TWAUTH-USERNAME", "REMOTE_USER", "Remote-User", "Remote_User",
         "X-Remote-User", "X-Forwarded-User", "Auth-Type", "Authorization")

FPM = """\
[global]
error_log = {folder}/fpm-error.log
daemonize = no
[www]
{user}
listen = {folder}/fpm.sock
listen.mode = 0666
pm = static
pm.max_children = {children}
catch_workers_output = yes
{settings}
"""


def block(title, word):
    """A section's one block that has this word."""
    found, = (b for b in documents.blocks(DOCUMENT, title) if word in b)
    return found


def signed_in(site, name="alice", next="/twauth/login?next=%2F"):
    """A browser that has signed in, by the page `next`; else by the link of a sign-in."""
    browser = site.browser()
    browser.sign_in(name, next=next)
    return browser


def spoofed(browser, path, who="mallory"):
    """The answers to `path` for each name of NAMES, by pairs (name, answer)."""
    return [(name, browser.get(path, headers={name: who})) for name in NAMES]


class Program(process.Service):
    """A program that serves an application, as the web server's user where the tests run as root.

    ready() says when it answers. What it writes is in `log`, and is what a failure to start shows.
    """

    def __init__(self, folder, argv, ready, name="program", user=USER, env=None):
        self.folder, self.argv, self.ready, self.user = Path(folder), argv, ready, user
        self.log = self.folder / f"{name}.log"
        self.env = process.environment(HOME=str(folder), **(env or {}))

    def start(self):
        with open(self.log, "ab") as log:
            self._process = process.Process(self.argv, cwd=self.folder, env=self.env, user=self.user, stdout=log, stderr=log)
        if not process.until(lambda: self.ready() or not self._process.running) or not self._process.running:
            raise AssertionError(f"{self.argv[0]} did not start:\n{self.log.read_text()}")
        return self


class Fpm(Program):
    """PHP-FPM with one pool, which listens at fpm.sock in `folder`; `settings` are php.ini's, whose file is not read."""

    def __init__(self, folder, children=1, **settings):
        program = next(iter(sorted(glob.glob("/usr/sbin/php-fpm*"))), "php-fpm")
        self.socket, conf = Path(folder) / "fpm.sock", Path(folder) / "fpm.conf"
        conf.write_text(FPM.format(
            folder=folder, children=children, user=f"user = {USER}\ngroup = {USER}" if process.ROOT else "",
            settings="\n".join(f"php_admin_value[{name}] = {value}" for name, value in settings.items())))
        super().__init__(folder, [program, "--nodaemonize", "-c", "/dev/null", "-y", conf], ready=self.socket.exists, name="fpm", user=None)


def folder_of(site, name):
    """A folder of an application, beside the site's, which the web server's user may write."""
    folder = site.folder / name
    folder.mkdir()
    folder.chmod(0o755)
    process.give(folder, USER)
    return folder


def hidden(text, name):
    """The value of a form's hidden field."""
    for field in re.findall(r"<input[^>]*>", text):
        if f'name="{name}"' in field or f"name='{name}'" in field:
            return html.unescape(re.search(r"value=[\"']([^\"']*)", field)[1])
    raise AssertionError(f"no field {name} in:\n{text[:4000]}")
