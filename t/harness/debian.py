# SPDX-License-Identifier: Apache-2.0
"""A machine with Debian's httpd, in a folder of the test: its own configuration, a2enmod and apache2ctl."""

import os
import shutil
import subprocess

from . import ports, process
from .browser import Browser
from .canaries import Canaries
from .documents import Machine
from .errorlog import ErrorLog
from .httpd import READY
from .paths import HTTPD, MODULE, TREE
from .site import CANARY

#: What httpd must be told where the module is built with a sanitizer.
PRELOAD = os.environ.get("TWAUTH_PRELOAD", "")
if PRELOAD:
    PRELOAD = f"export LD_PRELOAD={PRELOAD} ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0\n"

HTTP = """\
<VirtualHost *:{http}>
    ServerName site.test
    DocumentRoot /var/www/html
    {redirect}
</VirtualHost>
"""
HTTPS = """\
<IfModule mod_ssl.c>
<VirtualHost *:{https}>
    ServerName site.test:{https}
    DocumentRoot /var/www/html
    SSLEngine on
    SSLCertificateFile {cert.cert}
    SSLCertificateKeyFile {cert.key}
</VirtualHost>
</IfModule>
"""


class Debian(Machine):
    """A machine with Debian's httpd: its own configuration, a2enmod and apache2ctl, on two ports of the test."""

    def __init__(self, folder, authority, standin, sudo):
        super().__init__(folder, sudo=sudo)
        self.authority, self.standin = authority, standin
        self.http, self.https = ports.free(), ports.free()
        self.root, self.canaries, self._httpd = folder / "root", Canaries(), None
        self.confdir = self.root / "etc/apache2"
        self.html = self.root / "var/www/html"
        here = ("/etc/apache2", "/usr/share/mod_twauth", "/usr/lib/apache2/modules/mod_twauth.so",
                "/usr/include/apache2/mod_twauth.h", "/var/www", "/var/lib/twauth", "/usr/sbin/twauthctl",
                "/usr/share/man/man8/twauthctl", "/usr/share/bash-completion/completions/twauthctl")
        self.places = {place: f"{self.root}{place}" for place in here} | {" sql/": f" {TREE}/sql/"}
        shutil.copytree("/etc/apache2", self.confdir, symlinks=True,
                        ignore=shutil.ignore_patterns("twauth*", "dbd.load"))
        shutil.copy("/etc/apache2/mods-available/dbd.load", self.confdir / "mods-available")
        for inner in ("run", "lock", "log", "state", "root/var/lib"):
            (folder / inner).mkdir(parents=True)
        self.lib = self.root / "var/lib/twauth"
        self._configure()
        self._programs()

    def _configure(self):
        main = self.confdir / "apache2.conf"
        main.write_text(f"ServerName localhost\n{main.read_text().replace('/var/www/', f'{self.root}/var/www/')}")
        (self.confdir / "ports.conf").write_text(f"Listen 127.0.0.1:{self.http}\nListen 127.0.0.1:{self.https}\n")
        owner, group = ("www-data", "www-data") if process.ROOT else (self.folder.owner(), self.folder.group())
        variables = {"RUN_USER": owner, "RUN_GROUP": group, "PID_FILE": f"{self.folder}/run/pid",
                     "RUN_DIR": f"{self.folder}/run", "LOCK_DIR": f"{self.folder}/lock",
                     "LOG_DIR": f"{self.folder}/log"}
        (self.confdir / "envvars").write_text("".join(f"export APACHE_{n}={v}\n" for n, v in variables.items()))
        shutil.rmtree(self.confdir / "sites-enabled")
        (self.confdir / "sites-enabled").mkdir()
        self.site = self.confdir / "sites-available/000-default-le-ssl.conf"
        redirect = ("RewriteEngine on\n    RewriteRule ^ "
                    f"https://site.test:{self.https}%{{REQUEST_URI}} [END,NE,R=permanent]")
        self.put(self.confdir / "sites-available/000-default.conf", HTTP.format(http=self.http, redirect=redirect))
        self.put(self.site, HTTPS.format(https=self.https, cert=self.authority.server))
        (self.html / "members").mkdir(parents=True)
        self.put(self.html / "index.html", "front page")
        self.put(self.html / "members/index.html", CANARY)

    def _programs(self):
        given = (f"export APACHE_CONFDIR={self.confdir} APACHE_ENVVARS={self.confdir}/envvars "
                 f"APACHE_STATE_DIRECTORY={self.folder}/state\n")
        for name in ("a2enmod", "a2dismod", "a2ensite"):
            self._program(name, f'{given}exec /usr/sbin/{name} "$@"')
        self._program("apache2ctl", f'{given}{PRELOAD}exec /usr/sbin/apache2ctl "$@"')
        self._program("twauthctl", f'export APACHE_CONFDIR={self.confdir} TWAUTH_SQL={self.root}/usr/share/mod_twauth\n'
                      f'exec {self.root}/usr/sbin/twauthctl "$@"')
        self._program("make", f'exec /usr/bin/make -s -C {TREE} "$@" DESTDIR={self.root} BUILD={MODULE.parent}')
        self._program("apt-get", "exit 0")
        self._program("editor", "exit 0")
        self._program("systemctl", f'[ "$*" = "restart apache2" ] && touch {self.folder}/restart')
        self.run("sudo a2enmod ssl rewrite\nsudo a2ensite 000-default 000-default-le-ssl")

    def here(self, text):
        """A text of the documents, or of Debian's, with this machine's places."""
        for place, here in self.places.items():
            text = text.replace(place, here)
        return text

    def put(self, file, text):
        file.write_text(self.here(text))

    def run(self, script, **more):
        graceful = "apache2ctl graceful" in script
        if graceful:
            log = ErrorLog(self.folder / "log/error.log")
            mark, children = log.mark(), self._httpd.children()
        ran = super().run(script, **more)
        if graceful:
            assert log.wait(READY, mark), log.since(mark)
            process.let_go(self._httpd.pid, children)
        load = self.confdir / "mods-available/twauth.load"
        # the module is in DESTDIR; said once, as httpd may be reading the file
        if load.exists() and " /usr/lib" in (text := load.read_text()):
            load.write_text(text.replace(" /usr/lib", f" {self.root}/usr/lib"))
        if (self.folder / "restart").exists():
            (self.folder / "restart").unlink()
            self.restart()
        return ran

    # httpd, as the system would run it

    def starts(self):
        """Whether it does, within a moment."""
        self.stop()
        self._httpd = process.Process(["/bin/sh", "-c", f". {self.confdir}/envvars\n{PRELOAD}"
                                       f"exec {HTTPD} -d {self.confdir} -DFOREGROUND"], cwd=self.folder)
        process.until(lambda: not self._httpd.running or ports.answers(self.https))
        return self._httpd.running

    def restart(self):
        assert self.starts(), (self.folder / "log/error.log").read_text()

    def stop(self):
        if self._httpd:
            self._httpd.stop()
            self._httpd = None

    def check(self):
        """What `apache2ctl -t` says; "" where it is content."""
        ran = subprocess.run([self.bin / "apache2ctl", "-t"], capture_output=True, text=True, env=process.environment())
        return "" if ran.returncode == 0 else ran.stderr

    def earlier_tables(self):
        """The database as a former version had it, and nobody in it."""
        self.stop()
        for file in self.lib.glob("twauth.db*"):
            file.unlink()
        self.run(f"sudo runuser -u www-data -- sqlite3 -bail /var/lib/twauth/twauth.db < {TREE}/t/live/store/tables/sqlite3-2.sql")
        self.restart()

    @property
    def log(self):
        return (self.folder / "log/error.log").read_text()

    def browser(self, scheme="https"):
        port = {"https": self.https, "http": self.http}[scheme]
        return Browser(f"{scheme}://site.test:{port}", self.authority.ca, self.standin, self.canaries)

    def is_open(self):
        """Whether anybody could read the protected page, by either host."""
        return [scheme for scheme in ("https", "http") if CANARY in self.browser(scheme).get("/members/").text]
