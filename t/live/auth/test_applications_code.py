# SPDX-License-Identifier: Apache-2.0
"""git and Subversion beside the gate, gitweb and cgit behind it, by the lines of docs/applications.md; with the real clients."""

import re
import subprocess

import pytest

from harness import process
from harness.applications import block, folder_of, signed_in
from harness.paths import TREE
from harness.process import until

PASSWORD = "canary-of-a-password-8c1d"
CLIENTS = ("auth_basic", "authn_file")


class Clients:
    """git and svn of somebody without a terminal, and what the document says that they say."""

    def __init__(self, site):
        self.site, self.folder = site, site.folder / "client"
        self.folder.mkdir()
        self.said = " ".join((TREE / "docs/applications.md").read_text().split())
        home = self.folder / "home"
        home.mkdir()
        (home / ".gitconfig").write_text(
            f"[user]\nname = Jack\nemail = jack@example.com\n[init]\ndefaultBranch = main\n[http]\nsslCAInfo = {site.authority.ca}\n"
            f"curloptResolve = site.test:{site.vhost.port}:127.0.0.1\n")
        self.environment = process.environment(HOME=str(home), GIT_TERMINAL_PROMPT="0", GIT_CONFIG_NOSYSTEM="1")
        site.canaries.add("a password", PASSWORD)

    def run(self, *argv, at=None):
        """The status, and what it printed."""
        ran = subprocess.run([str(a) for a in argv], cwd=at or self.folder, env=self.environment, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=120)
        return ran.returncode, ran.stdout + ran.stderr

    def git(self, *argv, at=None):
        return self.run("git", *argv, at=at)

    def svn(self, command, *argv, password=None, at=None):
        known = ("--username", "alice", "--password", password) if password else ()
        return self.run("svn", command, "--non-interactive", "--no-auth-cache", *known, "--config-option",
                        f"servers:global:ssl-authority-files={self.site.authority.ca}", *argv, at=at)

    def url(self, path, password=None):
        """As git is given it, with the name and password of alice."""
        return self.site.url(path).replace("://", f"://alice:{password}@" if password else "://")


def here(text, **places):
    for place, path in places.items():
        text = text.replace(place.replace("_", "/"), str(path))
    return text


def password_file(site, name, command):
    """By the document's own command, for alice."""
    file = site.folder / name
    words = here(command.removeprefix("sudo "), _etc_apache2_git=site.folder / "git").split()
    words = [w if w != "jack" else "alice" for w in words]
    subprocess.run(["/usr/bin/" + words[0], "-i", *words[1:]], input=PASSWORD, text=True, check=True, capture_output=True)
    (site.folder / "git-passwords").rename(file)
    process.give(file, "www-data")


@pytest.fixture(scope="module")
def code(make_site, full):
    svn = full((), ("dav", "dav_svn", "headers"))
    site = make_site(start=False, protected='<Location "/gated/">\nAuthType Twitter\nRequire valid-user\n</Location>\n', modules=(*CLIENTS, *svn))
    site.git, site.svn = folder_of(site, "git"), folder_of(site, "svn")
    password_file(site, "both-passwords", block("git", "htpasswd"))
    wanted = [block("git", "git-http-backend")]
    if svn:
        wanted += [block("gitweb and cgit", "ScriptAlias \"/gitweb/\""), block("gitweb and cgit", "ScriptAlias \"/cgit/\""),
                   block("Subversion", "DAV svn")]
        (site.folder / "gitweb.conf").write_text(here(block("gitweb and cgit", "projectroot"), _srv_git=site.git))
        (site.folder / "cgitrc").write_text(here(block("gitweb and cgit", "scan-path"), _srv_git=site.git))
    for text in wanted:
        text = re.sub("/usr/(lib|share)/cgit/", rf"{TREE}/build/apps/cgit/usr/\1/cgit/", text)        # make build/apps/cgit
        text = text.replace("git-passwords", "both-passwords").replace("svn-passwords", "both-passwords")
        text = text.replace("/etc/apache2", str(site.folder)).replace("/etc/gitweb-members.conf", f"{site.folder}/gitweb.conf")
        text = text.replace("/etc/cgitrc-members", f"{site.folder}/cgitrc")
        site.vhost.config += "\n" + here(text, _srv_git=site.git, _srv_svn=site.svn)
    site.clients = Clients(site)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", site.git / "notes.git"], check=True)
    process.give(site.git, "www-data")
    return site.start()


def commit(code, name):
    """Something to push, in a folder of the client."""
    git, work = code.clients.git, code.clients.folder / name
    assert git("init", "-q", work)[0] == 0
    (work / "note.txt").write_text(f"a note of {name}\n")
    assert git("add", "note.txt", at=work)[0] == 0 and git("commit", "-qm", f"by {name}", at=work)[0] == 0
    return work


def test_git_cannot_sign_in_at_X(code):
    """It is refused, with words that the document has, and is sent nowhere."""
    clients, before = code.clients, code.standin.calls()
    status, said = clients.git("clone", clients.url("/gated/notes.git"))
    assert status and "fatal: could not read Username for 'https://" in said and "terminal prompts disabled" in said
    assert "fatal: could not read Username for 'https://...': terminal prompts disabled" in clients.said
    status, said = clients.git("clone", clients.url("/gated/notes.git", PASSWORD))
    assert status and "fatal: Authentication failed for 'https://" in said
    assert "fatal: Authentication failed for 'https://...'" in clients.said
    asked = [line for line in code.httpd.access_log.read_text().splitlines() if "/gated/" in line]
    assert code.standin.calls() == before and asked and all('" 401 ' in line for line in asked)


def test_git_clones_and_pushes(code):
    clients = code.clients
    work = commit(code, "first")
    status, said = clients.git("push", clients.url("/git/notes.git", PASSWORD), "main", at=work)
    assert status == 0, said
    status, said = clients.git("clone", "-q", clients.url("/git/notes.git", PASSWORD), "copy")
    assert status == 0 and (clients.folder / "copy/note.txt").read_text() == "a note of first\n", said
    assert until(lambda: "alice" in [line.split()[2] for line in code.httpd.access_log.read_text().splitlines()
                                     if "receive-pack" in line])


def test_git_nobody_without_a_password(code):
    code.allow_log("AH0161[78]")
    clients = code.clients
    assert clients.git("clone", clients.url("/git/notes.git"), "none")[0]
    assert clients.git("clone", clients.url("/git/notes.git", "wrong"), "none")[0]
    assert not (clients.folder / "none").exists()


def test_a_session_is_no_way_to_the_repositories(code):
    """Nor does the place with passwords hear of a session."""
    answer = signed_in(code).get("/git/notes.git/info/refs?service=git-upload-pack")
    assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.full
@pytest.mark.parametrize("path, static", [("/gitweb/", "/gitweb/static/gitweb.css"), ("/cgit/", "/cgit/static/cgit.css")])
def test_repositories_in_a_browser(code, path, static):
    if not list((code.git / "notes.git/refs/heads").iterdir()):
        test_git_clones_and_pushes(code)
    nobody = code.browser()
    assert [nobody.fetch(p).status for p in (path, static, path + "notes.git/")] == [401] * 3
    code.allow_log("AH01631")
    assert signed_in(code, "bob").get(path).status == 403
    signed_in(code)
    code.ctl("role", "@alice", "+developer")
    alice = signed_in(code, next=path)
    listed = alice.get(path)
    assert listed.status == 200 and "notes.git" in listed.text, listed
    assert static in listed.text or 'href="static/gitweb.css"' in listed.text
    assert alice.get(static).status == 200
    page = alice.get(path + "notes.git/")
    assert page.status == 200 and "by first" in page.text and "https://www.example.com/git/notes.git" in page.text, page
    assert path == "/cgit/" or '<base href="/gitweb/" />' in page.text


@pytest.mark.full
def test_a_page_that_was_pushed_is_none_of_this_host(code):
    """Who may push could write scripts otherwise, which would run as whoever reads them."""
    work = commit(code, "page")
    (work / "page.html").write_text("<script>alert(1)</script>")
    for argv in (("add", "page.html"), ("commit", "-q", "-m", "page"), ("push", "-q", "-f", code.clients.url("/git/notes.git", PASSWORD), "main")):
        status, said = code.clients.git(*argv, at=work)
        assert status == 0, said
    signed_in(code)
    code.ctl("role", "@alice", "+developer")
    alice = signed_in(code)
    for path in ("/gitweb/notes.git/blob_plain/main:/page.html", "/cgit/notes.git/plain/page.html"):
        answer = alice.get(path)
        assert answer.status == 200 and "alert(1)" in answer.text, path
        assert answer.headers["Content-Type"].startswith("text/plain"), path


@pytest.mark.full
def test_svn_cannot_sign_in_at_X(code):
    url = f"https://localhost:{code.vhost.port}/gated/notes"
    for password in None, PASSWORD:
        status, said = code.clients.svn("checkout", url, password=password)
        words = "svn: E120191: Error running context: The requested authentication type(s) are not supported"
        assert status and words in said and words in code.clients.said


@pytest.mark.full
def test_svn_checks_out_and_commits(code):
    code.allow_log("AH0161[78]")
    clients = code.clients
    if not (code.svn / "notes").exists():
        subprocess.run(["svnadmin", "create", code.svn / "notes"], check=True)
        process.give(code.svn, "www-data")
    url = f"https://localhost:{code.vhost.port}/svn/notes"
    work = clients.folder / "svn"
    status, said = clients.svn("checkout", url, work, password=PASSWORD)
    assert status == 0, said
    (work / "page.txt").write_text("by svn\n")
    assert clients.svn("add", "page.txt", at=work)[0] == 0
    status, said = clients.svn("commit", "-m", "a page", password=PASSWORD, at=work)
    assert status == 0 and "Committed revision 1" in said, said
    assert "alice" in clients.svn("log", url, password=PASSWORD)[1]
    assert clients.svn("checkout", url, "none", password="wrong")[0] and not (clients.folder / "none").exists()

    alice = signed_in(code, next="/browse/notes/")
    assert "page.txt" in alice.get("/browse/notes/").text and alice.get("/browse/notes/page.txt").text == "by svn\n"
    code.allow_log("AH01631|AH01630")
    assert alice.request("DELETE", "/browse/notes/page.txt").status == 403
    assert alice.get("/browse/notes/page.txt").status == 200
    # where the committer says that it is a page it is shown as one, that has no rights
    (work / "page.html").write_text("<script>alert(1)</script>")
    assert clients.svn("add", "page.html", at=work)[0] == 0
    assert clients.svn("propset", "svn:mime-type", "text/html", "page.html", at=work)[0] == 0
    assert clients.svn("commit", "-m", "one more", password=PASSWORD, at=work)[0] == 0
    page = alice.get("/browse/notes/page.html")
    assert page.headers["Content-Type"] == "text/html" and page.headers["Content-Security-Policy"] == "sandbox"
    nobody = code.browser()
    assert nobody.get("/browse/notes/").status == 302
    assert {nobody.request(m, "/browse/notes/page.txt").status for m in ("PROPFIND", "PUT", "DELETE", "OPTIONS", "MKACTIVITY")} <= {401, 403}
