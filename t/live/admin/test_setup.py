# SPDX-License-Identifier: Apache-2.0
"""N5: the README's installation, docs/set-up.md, and upgrade and removal of docs/administration.md, as they stand, on Debian's own layout in a
folder of the test; at no moment is a page open that was protected."""

import html
import re
import sqlite3

import pytest

from harness import documents, process
from harness.debian import Debian
from harness.paths import TREE
from harness.site import CANARY
from harness.standin import CLIENT_ID, CLIENT_SECRET, KEY, SECRET

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
README, SET_UP, ADMINISTRATION, PRIVACY = "README.md", "docs/set-up.md", "docs/administration.md", "docs/privacy.md"


@pytest.fixture
def machine(folder, authority, standin, protocol):
    """By one protocol of somebody who uses sudo, by the other of root who leaves the word out."""
    machine = Debian(folder / f"debian{sum(1 for _ in folder.glob('debian*'))}", authority, standin, protocol == "oauth1")
    yield machine
    machine.stop()


def block(title, containing, document=README):
    """The one block of a chapter with that in it."""
    found = [text for text in documents.blocks(document, title, False) if containing in text]
    assert len(found) == 1, (title, containing, found)
    return found[0]


def uncomment(machine, lines):
    """Takes the # away from lines of twauth.conf, as the README says; they must be there, blanks aside."""
    conf = machine.confdir / "mods-available/twauth.conf"
    text = conf.read_text()
    for line in lines.splitlines():
        pattern = re.compile(r"^#" + r"\s+".join(map(re.escape, line.split())) + "$", re.M)
        assert len(pattern.findall(text)) == 1, line
        text = pattern.sub(lambda found: machine.here(found[0][1:]), text)
    conf.write_text(text)


def protect(machine, protected, credentials):
    """The site's file as the README says: the folder on top, the credentials in the host for https."""
    text = machine.here(protected) + "\n" + machine.site.read_text()
    machine.site.write_text(text.replace("</VirtualHost>", f"{machine.here(credentials)}\n</VirtualHost>"))


def test_harness(machine):
    assert machine.starts() and machine.is_open() == ["https"] and machine.check() == ""


def set_up(machine, protocol):
    """Chapters "Install", and "By hand"; the stand-in is X, alice is yourhandle."""
    machine.standin.register(f"https://site.test:{machine.https}/twauth/callback")
    machine.run(block("From source", "sudo a2enmod twauth", ADMINISTRATION))
    for script in documents.commands(SET_UP, "By hand", False):
        if "cat >" in script:
            name, secret = ("consumer", SECRET) if protocol == "oauth1" else ("client", CLIENT_SECRET)
            machine.run(script.replace("consumer-secret", f"{name}-secret"), typed=secret + "\n")
        elif "apache2ctl" not in script:
            machine.run(script)
    uncomment(machine, block("By hand", "DBDriver", SET_UP))
    credentials = block("By hand", "TwAuthConsumerKey" if protocol == "oauth1" else "TwAuthClientID", SET_UP)
    credentials = credentials.replace("YOUR-API-KEY", KEY).replace("YOUR-CLIENT-ID", CLIENT_ID)
    stand_in = (f"TwAuthProvider {machine.standin.api('https')} {machine.standin.browser_url('https')}\n"
                f"TwAuthProviderCAFile {machine.authority.ca}")
    protect(machine, block("By hand", "AuthType Twitter", SET_UP).replace("yourhandle", "alice"),
            f"{credentials}\n{stand_in}")
    return machine.run(block("By hand", "DUMP_TWAUTH", SET_UP))


def test_N5_set_up_and_removal(machine, protocol):
    said = set_up(machine, protocol)
    assert f"https://site.test:{machine.https}/twauth/callback " in said and "WARNING" not in said
    assert machine.is_open() == [] and "TW0" not in machine.log
    alice, bob = machine.browser(), machine.browser()
    assert alice.get("/members/").headers["Location"] == "/twauth/login?next=%2Fmembers%2F"
    assert alice.sign_in("alice").status == 200 and CANARY in alice.get("/members/").text
    assert bob.begin("/members/").approve("bob").status in (302, 403) and CANARY not in bob.get("/members/").text
    assert CANARY not in machine.browser("http").get("/members/").text

    # chapters "Upgrade", with tables of before, and "Remove"
    machine.earlier_tables()
    assert alice.sign_in("alice").status == 200
    for line in block("Upgrade", "make install", ADMINISTRATION).splitlines():
        machine.run(line)               # after each, httpd's folder of modules is the machine's again
    assert CANARY in alice.get("/members/").text
    search = block("Remove", "grep", ADMINISTRATION)
    assert str(machine.site) in machine.run(search)
    text = re.sub(r"(?m)^\s*TwAuth.*\n", "", machine.site.read_text())
    text = re.sub(r"( *)AuthType Twitter\n *Require twitter-user alice\n", rf"\1{block('Remove', 'denied', ADMINISTRATION)}", text)
    machine.site.write_text(text)
    assert "denied" in text and not re.findall("TwAuth|Twitter|twitter-", text)
    machine.run(block("Remove", "a2dismod twauth", ADMINISTRATION))
    assert machine.is_open() == [] and machine.browser().get("/members/").status == 403
    assert machine.browser().get("/").text == "front page"
    for script in documents.commands(ADMINISTRATION, "Remove"):
        if " rm " in script:
            machine.run(script)
    assert not [file for file in machine.root.rglob("*") if "twauth" in file.name], "something was left behind"
    assert machine.starts() and machine.is_open() == []


def test_N5_at_no_step_of_a_removal_is_the_page_open(machine, protocol):
    """Whoever disables the module first, then takes out what httpd complains of; also by a host without a redirect."""
    set_up(machine, protocol)
    plain = machine.confdir / "sites-available/000-default.conf"
    plain.write_text(re.sub(r"(?m)^ *Rewrite.*\n", "", plain.read_text()))
    machine.restart()
    assert machine.is_open() == [] and machine.browser("http").get("/").text == "front page"
    machine.run("sudo a2dismod twauth")
    assert not machine.starts() and "twitter-user" in machine.check()
    text = machine.site.read_text().replace("Require twitter-user alice", "Require valid-user")
    machine.site.write_text(text)
    assert not machine.starts() and "TwAuth" in machine.check()
    machine.site.write_text(re.sub(r"(?m)^\s*TwAuth.*\n", "", text))
    assert machine.starts() and machine.is_open() == []
    assert machine.browser().get("/members/").status == 500


def test_N5_twauth_conf_protects_nothing():
    """What stands in it is gone with the module."""
    text = (TREE / "conf/twauth.conf").read_text()
    assert not re.findall(r"(?m)^\s*(AuthType|Require|<)", text)
    assert "<" not in block("By hand", "DBDriver", SET_UP) and block("By hand", "<Directory", SET_UP)


# docs/set-up.md

def test_N5_change_of_the_protocol(machine, protocol):
    """By the commands of the chapter, from either protocol to the other: no session ends."""
    set_up(machine, protocol)
    alice = machine.browser()
    assert alice.sign_in("alice").status == 200
    first, second = "TwAuthConsumer", "TwAuthClient"
    name, identifier, secret = ("client", CLIENT_ID, CLIENT_SECRET)
    if protocol == "oauth2":
        first, second = second, first
        name, identifier, secret = ("consumer", KEY, SECRET)
    other = block("By hand", second, SET_UP).replace("YOUR-API-KEY", identifier).replace("YOUR-CLIENT-ID", identifier)
    text = re.sub(rf"(?m)^\s*{first}.*\n", "", machine.site.read_text())
    machine.site.write_text(text.replace("TwAuthProvider ", f"{machine.here(other)}TwAuthProvider "))
    change = block("Change the protocol", "graceful", SET_UP)
    assert "oauth" not in change
    said = machine.run(change.replace("client-secret", f"{name}-secret"), typed=secret + "\n")
    assert f"https://site.test:{machine.https}/twauth/callback " in said
    assert CANARY in alice.get("/members/").text
    again = machine.browser()
    assert again.sign_in("alice").status == 200 and CANARY in again.get("/members/").text
    assert second in machine.site.read_text() and first not in machine.site.read_text()


def test_N5_a_proxied_application_and_pages_are_taken_as_they_are_documented(machine, protocol):
    set_up(machine, protocol)
    machine.run(block("A proxied application", "a2enmod", SET_UP))
    machine.run(block("A sign-in page of your own", "a2enmod", SET_UP))
    application = block("A proxied application", "ProxyPassReverse", SET_UP)
    page = block("A sign-in page of your own", "<Files", SET_UP)
    machine.site.write_text(machine.site.read_text().replace("</VirtualHost>", f"{application}\n{page}\n</VirtualHost>"))
    assert machine.check() == ""
    machine.restart()
    answer = machine.browser().get("/anything")
    assert answer.status == 302 and answer.headers["Location"] == "/twauth/login?next=%2Fanything"


@pytest.mark.protocols("oauth1")
@pytest.mark.parametrize("kind", ["html", "shtml"])
def test_N5_a_sign_in_page_of_your_own(machine, protocol, kind):
    """Both of the chapter: a plain page, and one that knows where to go afterwards."""
    set_up(machine, protocol)
    title = "A sign-in page of your own"
    machine.run(block(title, "a2enmod", SET_UP))
    ours = machine.here(block("By hand", "AuthType Twitter", SET_UP).replace("yourhandle", "alice"))
    own = machine.here(block(title, "ErrorDocument 401", SET_UP)).replace("yourhandle", "alice")
    link = block(title, "next=/members/" if kind == "html" else "TWAUTH_LOGIN_URL", SET_UP)
    text = machine.site.read_text()
    assert ours in text and own.count("/signin.html") == 1
    text = text.replace(ours, own.replace("/signin.html", f"/signin.{kind}"))
    machine.site.write_text(text.replace("</VirtualHost>", block(title, "<Files", SET_UP) + "</VirtualHost>"))
    (machine.html / f"signin.{kind}").write_text(link)
    assert machine.check() == ""
    machine.restart()
    browser = machine.browser()
    answer = browser.get("/members/?x=1")
    assert answer.status == 401 and CANARY not in answer.text
    to = re.search(r'<a href="(/twauth/login[^"]*)">Sign in with X</a>', answer.text)[1]
    assert browser.begin(html.unescape(to)).approve("alice").target == "/members/" + ("?x=1" if kind == "shtml" else "")


@pytest.mark.protocols("oauth1")
def test_N5_pages_in_the_look_and_words_of_the_site(machine, protocol):
    set_up(machine, protocol)
    title = "Pages in your site's look and language"
    machine.run(block(title, "tee", SET_UP))
    given = re.search(r"`(TwAuthPages /[^`]+)`", (TREE / SET_UP).read_text())[1]
    lines = machine.here(f"{given}\n{block(title, 'TwAuthSiteName', SET_UP)}TwAuthUnauthenticated page\n")
    machine.site.write_text(machine.site.read_text().replace("</VirtualHost>", f"{lines}</VirtualHost>"))
    assert machine.check() == ""
    machine.restart()
    answer = machine.browser().get("/members/")
    assert answer.status == 401 and "Members of Example Club sign in here." in answer.text
    assert "/logo.svg" in answer.text and "/privacy.html" in answer.text


TLS_PROXY = """\
    RequestHeader set X-Forwarded-For 203.0.113.7
    ProxyPass "/" "http://127.0.0.1:{http}/"
"""


@pytest.mark.protocols("oauth2")
def test_N5_a_proxy_that_ends_TLS(machine, protocol):
    """The host for https becomes that proxy, and what was in it goes into the host of the chapter, but for its addresses."""
    set_up(machine, protocol)
    chapter = "A proxy that ends TLS"
    enable = re.search(r"`(sudo a2enmod remoteip)`", (TREE / SET_UP).read_text())[1]
    machine.run(f"{enable}\nsudo a2enmod proxy_http headers")
    credentials = "".join(re.findall(r"(?m)^ *TwAuth.*\n", machine.site.read_text()))
    text = re.sub(r"(?m)^ *TwAuth.*\n", "", machine.site.read_text())
    assert "TwAuthProvider" in credentials
    machine.site.write_text(text.replace("</VirtualHost>", TLS_PROXY.format(http=machine.http) + "</VirtualHost>"))
    host = block(chapter, "<VirtualHost", SET_UP)
    for written, here in (("*:80", f"*:{machine.http}"), ("www.example.com", f"site.test:{machine.https}"),
                          ("192.0.2.10", "127.0.0.1"), ("    ...\n", f"DocumentRoot {machine.html}\n{credentials}")):
        assert host.count(written) == 1
        host = host.replace(written, here)
    (machine.confdir / "sites-available/000-default.conf").write_text(host)
    said = machine.run(block("By hand", "DUMP_TWAUTH", SET_UP))
    assert f"https://site.test:{machine.https}/twauth/callback " in said and "WARNING" not in said
    machine.restart()
    assert machine.is_open() == [] and "TW0" not in machine.log
    alice = machine.browser()
    assert alice.sign_in("alice").status == 200 and CANARY in alice.get("/members/").text
    assert "__Host-twauth" in [cookie.name for cookie in alice.cookies]
    with sqlite3.connect(machine.database) as database:
        assert database.execute("SELECT address FROM twauth_session").fetchall() == [("203.0.113.7",)]


@pytest.mark.protocols("oauth1")
def test_N5_logs_as_privacy_has_them(machine, protocol):
    """Without the line of the callback; and without names."""
    set_up(machine, protocol)
    log = machine.folder / "log/access.log"
    given = machine.site.read_text()
    leave_out = block("In the logs", "SetEnvIf", PRIVACY)
    nameless = block("Keep less", "LogFormat", PRIVACY)
    assert "signin_callback" in leave_out and "signin_callback" in nameless and "%u" not in nameless
    for lines, name in ((leave_out, True), (leave_out.splitlines()[0] + "\n" + nameless, False)):
        machine.site.write_text(given.replace("</VirtualHost>", f"{lines}\n</VirtualHost>"))
        log.unlink(missing_ok=True)
        machine.restart()
        alice = machine.browser()
        assert alice.sign_in("alice").status == 200
        assert alice.get("/members/?last").status == 200
        process.until(lambda: "?last" in log.read_text())
        assert "/twauth/login" in log.read_text() and ("alice" in log.read_text()) == name
        everywhere = "".join(file.read_text() for file in log.parent.glob("*access*"))
        assert "/twauth/callback" not in everywhere and (name or "alice" not in log.read_text())


#: The chapters whose commands are run: here, in test_administration.py, and in test_exchange_rights.py.
RUN = {"By hand": "", "Change the protocol": r"graceful|twauthctl exchange", "A proxied application": "a2enmod",
       "PostgreSQL": "createdb",
       "A sign-in page of your own": "a2enmod", "Pages in your site's look and language": "tee",
       "Carry tokens over": "twauthctl exchange"}


def test_N5_no_command_of_the_set_up_is_left_untried():
    titles = re.findall(r"(?m)^##+ (.*)$", (TREE / SET_UP).read_text())
    left = {title: [b for b in documents.commands(SET_UP, title) if not re.search(RUN.get(title, "(?!)"), b)] for title in titles}
    assert set(RUN) <= set(titles) and not any(left.values()), left
