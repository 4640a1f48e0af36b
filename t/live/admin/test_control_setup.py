# SPDX-License-Identifier: Apache-2.0
"""twauthctl setup, on Debian's own layout in a folder of the test: from nothing to a sign-in, again, back, and what it refuses."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess

import pytest

from harness import documents, process
from harness.debian import Debian
from harness.paths import TREE
from harness.site import CANARY
from harness.standin import CLIENT_ID, CLIENT_SECRET, KEY, PUBLIC_CLIENT_ID, SECRET

pytestmark = pytest.mark.databases("sqlite")
CREDENTIALS = {"oauth1": (KEY, SECRET), "oauth2": (CLIENT_ID, CLIENT_SECRET)}
README, TITLE = "README.md", "Set up"


def block(containing):
    """The one block of the README's chapter with that in it."""
    found, = (text for text in documents.blocks(README, TITLE, False) if containing in text)
    return found


class Fresh(Debian):
    """The module is installed and enabled by nobody; the stand-in is X."""

    def __init__(self, folder, authority, standin):
        super().__init__(folder, authority, standin, True)
        super().run("sudo make install")
        stand_in = (f"TwAuthProvider {standin.api('https')} {standin.browser_url('https')}\nTwAuthProviderCAFile {authority.ca}")
        conf = self.confdir / "conf-enabled/x.conf"
        conf.write_text(f"<IfModule mod_twauth.c>\n{stand_in}\n</IfModule>\n")
        standin.register(f"https://site.test:{self.https}/twauth/callback")
        self.etc, self.db = self.confdir / "twauth", self.root / "var/lib/twauth/twauth.db"

    def environment(self):
        more = {"PGHOST": str(self.postgres.folder)} if self.postgres else {}
        more["TWAUTH_SQL"] = f"{self.root}/usr/share/mod_twauth"
        return process.environment(PATH=f"{self.bin}:/usr/sbin:/usr/bin:/sbin:/bin", **more)

    def ctl(self, *words, typed=""):
        return subprocess.run([self.bin / "twauthctl", *words], input=typed, capture_output=True, text=True, timeout=60,
                              env=self.environment(), cwd=self.folder)

    def set_up(self, protocol, *more):
        name, secret = CREDENTIALS[protocol]
        command = block("twauthctl setup").replace("www.example.com", "site.test").split()[2:]
        ran = self.ctl(*command, "--protocol", protocol, "--id", name, "--secret-file", "-", *self.database(), *more, typed=secret + "\n")
        assert secret not in ran.stdout + ran.stderr
        return ran

    def database(self):
        return "--database", f"sqlite:{self.db}"

    def files(self):
        """All of httpd's configuration and of the module's data: path, owner, mode, content."""
        return {str(file): (file.lstat().st_uid, file.lstat().st_mode, file.is_file() and file.read_bytes())
                for folder in (self.confdir, self.root / "var/lib") for file in sorted(folder.rglob("*"))
                if not file.name.endswith(("-wal", "-shm"))}


@pytest.fixture
def machine(folder, authority, standin):
    machine = Fresh(folder / f"debian{sum(1 for _ in folder.glob('debian*'))}", authority, standin)
    yield machine
    machine.stop()


def protect(machine):
    """The folder, as the README has it."""
    lines = machine.here(block("AuthType Twitter").replace("yourhandle", "alice"))
    machine.site.write_text(lines + machine.site.read_text())
    return lines


def signs_in(machine):
    machine.restart()
    assert machine.is_open() == [] and "TW0" not in machine.log, machine.log
    alice, bob = machine.browser(), machine.browser()
    assert alice.sign_in("alice").status == 200 and CANARY in alice.get("/members/").text
    assert CANARY not in bob.begin("/members/").approve("bob").text
    return alice


def mode(file):
    return file.owner(), file.stat().st_mode & 0o777


@pytest.mark.protocols("oauth1", "oauth2")
def test_N5_from_nothing_to_a_sign_in_again_and_back(machine, protocol):
    site, host = machine.site.read_text(), machine.etc / "site.test.conf"
    ran = machine.set_up(protocol)
    assert ran.returncode == 0 and machine.check() == "", ran
    secret, key = machine.etc / "site.test.secret", machine.etc / "key"
    assert re.findall(r"(?m)^([a-z]+) +(.*)$", ran.stdout.split("\n\n")[0]) == [
        ("enabled", "the module twauth"), ("made", str(machine.etc)), ("made", str(key)), ("made", str(secret)), ("made", str(host)),
        ("changed", str(machine.confdir / "sites-enabled" / machine.site.name)), ("made", str(machine.db.parent)), ("made", str(machine.db)),
        ("applied", f"{machine.root}/usr/share/mod_twauth/sqlite3.sql")]
    assert f"    https://site.test:{machine.https}/twauth/callback\n" in ran.stdout and "restart" in ran.stdout
    if process.ROOT:
        assert [mode(file) for file in (machine.etc, key, secret, host)] == [("root", 0o700), *3 * [("root", 0o600)]]
        assert mode(machine.db.parent) == ("www-data", 0o700) and mode(machine.db) == ("www-data", 0o600)
    assert len(machine.site.read_text().splitlines()) == len(site.splitlines()) + 2
    protected = protect(machine)
    alice = signs_in(machine)
    assert "doctor" in block("restart") and machine.ctl("doctor").returncode < 2

    # again: nothing is to be done, with and without the answers
    files = machine.files()
    for ran in (machine.set_up(protocol), machine.ctl("setup", "SITE.test")):
        assert ran.returncode == 0 and f"kept      {host}" in ran.stdout and not re.search("(?m)^(made|changed) ", ran.stdout), ran
    assert machine.files() == files
    assert machine.ctl("accounts", "--json").returncode == 0

    # another key, and the file is still setup's own
    assert machine.ctl("new-key").returncode == 0 and machine.ctl("setup", "site.test").returncode == 0
    assert f"TwAuthKey file:{key} file:{key}-2\n" in host.read_text()

    # back: what it wrote goes, and nothing is open
    undo = re.search(r"`sudo twauthctl (setup www.example.com --undo)`", (TREE / README).read_text())[1]
    ran = machine.ctl(*undo.replace("www.example.com", "site.test").split())
    assert ran.returncode == 0 and f"removed   {host}\nremoved   {secret}\n" in ran.stdout, ran
    assert machine.site.read_text() == protected + site and machine.check() == ""
    machine.restart()
    assert machine.is_open() == [] and machine.browser().get("/members/").status == 500
    assert machine.ctl("setup", "site.test", "--undo").returncode == 2

    # and once more: the accounts are there
    assert machine.set_up(protocol).returncode == 0 and f"kept      {machine.db}" not in ran.stdout
    machine.restart()
    assert CANARY in alice.get("/members/").text


def test_answers_of_a_file_and_another_application(machine):
    answers = machine.folder / "answers"
    answers.write_text(f"# for a script\nprotocol = oauth1\nid={KEY}\nsecret = {SECRET}\ndatabase = {machine.database()[1]}")
    ran = machine.ctl("setup", "site.test", "--answers", answers, "--json")
    assert ran.returncode == 0 and '{"done":"made","file":"%s"}' % machine.db in ran.stdout and SECRET not in ran.stdout, ran
    answers.write_text(f"protocol = oauth2\nid = {PUBLIC_CLIENT_ID}\npublic = 1\n")
    ran = machine.ctl("setup", "site.test", "--answers", answers)
    host = (machine.etc / "site.test.conf").read_text()
    assert ran.returncode == 0 and f"TwAuthClientID {PUBLIC_CLIENT_ID}\n" in host and "Consumer" not in host and "Secret" not in host, ran
    assert machine.db.name in host
    protect(machine)
    signs_in(machine)
    assert "changed" not in machine.ctl("setup", "site.test").stdout
    answers.write_text("protocol = oauth1\nsecrets = x\n")
    ran = machine.ctl("setup", "site.test", "--answers", answers)
    assert ran.returncode == 2 and "no answer secrets" in ran.stderr


class Terminal:
    def __init__(self, machine, *words):
        self.end, inner = pty.openpty()
        self.ran = subprocess.Popen([machine.bin / "twauthctl", *words], stdin=inner, stdout=inner, stderr=inner,
                                    env=machine.environment(), cwd=machine.folder, start_new_session=True)
        os.close(inner)
        self.shown = b""

    def until(self, text, answer=None):
        while text not in self.shown:
            assert select.select([self.end], [], [], 60)[0], self.shown
            self.shown += os.read(self.end, 1000)
        if answer:
            os.write(self.end, answer.encode() + b"\n")

    def close(self):
        status = self.ran.wait(30)
        os.close(self.end)
        return status


def test_it_asks_at_a_terminal_and_does_not_show_the_secret(machine):
    before, terminal = machine.files(), Terminal(machine, "setup", "site.test")
    terminal.until(b"Protocol", "oauth1"), terminal.until(b"API Key:", KEY), terminal.until(b"API Key Secret (it is not shown):")
    os.killpg(terminal.ran.pid, signal.SIGTERM)
    terminal.until(b"all is as it was")
    assert terminal.close() == 130 and machine.files() == before

    terminal = Terminal(machine, "setup", "site.test")
    terminal.until(b"Protocol", "oauth1"), terminal.until(b"API Key:", KEY), terminal.until(b"API Key Secret (it is not shown):", SECRET)
    terminal.until(b"Database", machine.database()[1]), terminal.until(b"Then: ")
    assert terminal.close() == 0 and SECRET.encode() not in terminal.shown and KEY.encode() in terminal.shown, terminal.shown
    assert (machine.etc / "site.test.secret").read_text() == SECRET + "\n"
    protect(machine)
    signs_in(machine)


def test_all_is_taken_back_when_httpd_does_not_take_it(machine):
    before = machine.files()
    broken = machine.confdir / "conf-enabled/y.conf"
    for folder, found in ((machine.etc / "site.test.conf", "NoSuchDirective"), (machine.etc / "key", "NoSuchDirective")):
        broken.write_text(f'<IfFile "{folder}">\nNoSuchDirective\n</IfFile>\n')
        ran = machine.set_up("oauth1")
        assert ran.returncode == 2 and found in ran.stderr and "all is as it was" in ran.stderr, ran
        broken.unlink()
        assert machine.files() == before
    assert machine.check() == ""


def no_https(machine):
    machine.site.write_text(machine.site.read_text().replace("SSLEngine on", ""))
    (machine.confdir / "sites-enabled" / machine.site.name).unlink()


def by_hand(machine):
    assert machine.set_up("oauth1").returncode == 0
    host = machine.etc / "site.test.conf"
    machine.site.write_text(re.sub(r"(?m)^.*# twauthctl setup.*\n.*\n", "".join(
        line + "\n" for line in host.read_text().splitlines() if not line.startswith("#")), machine.site.read_text()))
    host.unlink()
    (machine.etc / "site.test.secret").rename(machine.etc / "mine")
    machine.site.write_text(machine.site.read_text().replace("site.test.secret", "mine"))


def changed(machine):
    assert machine.set_up("oauth1").returncode == 0
    with (machine.etc / "site.test.conf").open("a") as file:
        file.write("TwAuthSignUp Off\n")


def somebodys_secret(machine):
    machine.etc.mkdir()
    (machine.etc / "site.test.secret").write_text("somebody's\n")


def broken(machine):
    (machine.confdir / "conf-enabled/z.conf").write_text("NoSuchDirective\n")


def a_database(machine):
    machine.run("sudo a2enmod dbd")
    (machine.confdir / "conf-enabled/z.conf").write_text(f"DBDriver sqlite3\nDBDParams {machine.db}\n")


def as_it_is(machine):
    pass


ALL = "--protocol", "oauth1", "--id", KEY, "--secret-file", "-"
REFUSED = [
    (as_it_is, (), (), "for which virtual host"), (as_it_is, ("else.test",), ALL, "no virtual host is called else.test"),
    (as_it_is, ("site.test/x",), ALL, "no name of a host"), (as_it_is, ("site.test",), (), "say --protocol"),
    (as_it_is, ("site.test",), ALL[:2], "say --id"), (as_it_is, ("site.test",), ALL[:4], "say --secret-file"),
    (as_it_is, ("site.test",), (*ALL[:5], "/nowhere"), "/nowhere"), (as_it_is, ("site.test",), ("--protocol", "oauth3"), "oauth1 or oauth2"),
    (as_it_is, ("site.test",), (*ALL[:3], "a\nb", *ALL[4:]), "no API Key"), (as_it_is, ("site.test",), (*ALL[:3], "a b", *ALL[4:]), "no API Key"),
    (as_it_is, ("site.test",), (*ALL, "--database", "mysql"), "sqlite, sqlite:/FILE, pgsql or keep"),
    (as_it_is, ("site.test",), (*ALL, "--database", "keep"), "no database (DBDriver)"), (as_it_is, ("site.test",), (*ALL, "--public"), "for oauth2"),
    (no_https, ("site.test",), ALL, "has no https"), (by_hand, ("site.test",), ALL, "set up by hand"), (changed, ("site.test",), ALL, "was changed by hand"),
    (changed, ("site.test",), ("--undo",), "was changed by hand"), (somebodys_secret, ("site.test",), ALL, "not of twauthctl"),
    (broken, ("site.test",), ALL, "mend that first"), (a_database, ("site.test",), ALL, "--database keep"),
]


def test_N5_what_is_refused_is_told_and_nothing_is_changed(machine):
    clean = machine.folder / "clean"
    shutil.copytree(machine.confdir, clean, symlinks=True)
    for before, words, options, sentence in REFUSED:
        before(machine)
        files = machine.files()
        ran = machine.ctl("setup", *words, *options, typed=SECRET + "\n")
        assert ran.returncode == 2 and sentence in ran.stderr and SECRET not in ran.stderr, (sentence, ran)
        assert machine.files() == files, sentence
        if before is not as_it_is:
            shutil.rmtree(machine.confdir), shutil.copytree(clean, machine.confdir, symlinks=True)


@pytest.fixture
def postgresql(postgres):
    postgres.execute("CREATE ROLE postgres SUPERUSER LOGIN")
    yield postgres
    for drop in ("DATABASE IF EXISTS twauth WITH (FORCE)", 'ROLE IF EXISTS "www-data"', "ROLE postgres"):
        postgres.execute(f"DROP {drop}")


def test_N5_with_postgresql(machine, postgresql):
    machine.postgres = postgresql
    for made in ("made", "kept"):
        machine.database = lambda: ("--database", "pgsql")
        ran = machine.set_up("oauth1")
        assert ran.returncode == 0 and f"{made}      PostgreSQL's database twauth" in ran.stdout, ran
    assert "DBDriver pgsql" in (machine.etc / "site.test.conf").read_text() and not machine.db.exists()
    protect(machine)
    signs_in(machine)
    assert postgresql.execute("SELECT username FROM twauth_account ORDER BY id", "twauth")[0] == [("alice",), ("bob",)]


def test_a_second_host_keeps_the_database_of_the_server(machine):
    a_database(machine)
    assert "say --database keep" in machine.ctl("setup", "site.test", *ALL, typed=SECRET).stderr
    ran = machine.ctl("setup", "site.test", *ALL, "--database", "keep", typed=SECRET)
    assert ran.returncode == 0 and "DBD" not in (machine.etc / "site.test.conf").read_text() and machine.db.exists(), ran
