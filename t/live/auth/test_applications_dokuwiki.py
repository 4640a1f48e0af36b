# SPDX-License-Identifier: Apache-2.0
"""DokuWiki by PHP-FPM, by the lines of docs/applications.md."""

import re
import shutil

import pytest

from harness import applications, process
from harness.applications import Fpm, block, folder_of, hidden, signed_in, spoofed
from harness.paths import TREE

pytestmark = pytest.mark.full

APPS = TREE / "build/apps"
PEOPLE = {"alice": "1001", "bob": "1002", "carol": "1003"}
#: Read before each script: where Debian's DokuWiki has its configuration.
PLACES = "<?php define('DOKU_MAIN_CONF', '{folder}/conf/'); define('DOKU_CONF', '{folder}/conf/');\n"


@pytest.fixture(scope="module")
def dokuwiki(make_site):
    site = make_site(start=False, protected="", modules=("proxy", "proxy_fcgi"))
    folder = folder_of(site, "doku")
    files, tree = APPS / "dokuwiki", folder / "wiki"
    shutil.copytree(files / "usr/share/dokuwiki", tree, ignore=lambda at, names: [n for n in names if (files / at / n).is_symlink()])
    for name in ("plugins", "tpl"):
        shutil.copytree(files / "var/lib/dokuwiki/lib" / name, tree / "lib" / name)
    shutil.copytree(files / "var/lib/dokuwiki/data", folder / "data")
    shutil.copytree(files / "etc/dokuwiki", folder / "conf", ignore=lambda *_: ["acl.auth.php", "users.auth.php"])
    plugin = tree / "lib/plugins/authtwauth"
    plugin.mkdir()
    (plugin / "auth.php").write_text(block("DokuWiki", "class auth_plugin_authtwauth"))
    (plugin / "plugin.info.txt").write_text(block("DokuWiki", "base authtwauth"))
    (folder / "conf/local.php").write_text(block("DokuWiki", "$conf['authtype']") + f"$conf['savedir'] = '{folder}/data';\n")
    (folder / "conf/acl.auth.php").write_text(block("DokuWiki", "@ALL     0") + "private:* @user 0\nprivate:%USER%:* %USER% 8\n")
    (folder / "places.php").write_text(PLACES.format(folder=folder))
    for page in ("plain", "private/jack/diary"):
        (folder / f"data/pages/{page}.txt").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"data/pages/{page}.txt").write_text(f"what {page} has")
    process.give(folder, applications.USER)
    site.pages = folder / "data/pages"
    lines = block("DokuWiki", "<DirectoryMatch").replace("/usr/share/dokuwiki", str(tree))
    site.vhost.root = tree
    site.vhost.config += "\n" + lines.replace("/run/php/php-fpm.sock", str(folder / "fpm.sock")).replace(
        f'DocumentRoot "{tree}"\n', "")
    with Fpm(folder, auto_prepend_file=folder / "places.php"):
        yield site.start()


def test_dokuwiki_a_deep_link_and_back(dokuwiki):
    page = dokuwiki.browser().sign_in("alice", next="/doku.php?id=plain&x=%20y")
    assert page.status == 200 and page.target == "/doku.php?id=plain&x=%20y"
    assert "what plain has" in page.text and ">@alice<" in page.text


def test_dokuwiki_nobody_reaches_it(dokuwiki):
    answer = dokuwiki.browser().get("/doku.php?id=plain")
    assert answer.status == 302 and "/twauth/login?next=%2Fdoku.php%3Fid%3Dplain" in answer.location
    assert {answer.status for _, answer in spoofed(dokuwiki.browser(), "/doku.php?id=plain")} == {302}
    assert dokuwiki.browser().fetch("/lib/exe/ajax.php").status == 401


@pytest.mark.parametrize("path", ["/inc/init.php", "/vendor/autoload.php", "/bin/dwpage.php"])
def test_dokuwiki_what_is_not_for_visitors_is_shut(dokuwiki, path):
    dokuwiki.allow_log("AH01630")
    assert signed_in(dokuwiki).get(path).status == 403


def test_dokuwiki_what_a_visitor_claims_changes_nothing(dokuwiki):
    bob = signed_in(dokuwiki, "bob")
    for name, answer in spoofed(bob, "/doku.php?id=private:jack:diary", "jack"):
        assert "what private/jack/diary has" not in answer.text and ">@bob<" in answer.text, name


def edit(browser, page, text, **more):
    """Fills the form of a page's editor, and gives how it was answered."""
    form = browser.get(f"/doku.php?id={page}&do=edit").text
    fields = {name: hidden(form, name) for name in ("sectok", "id", "rev", "date", "prefix", "suffix", "target", "changecheck")}
    return browser.post("/doku.php", fields | {"do[save]": "1", "wikitext": text} | more)


def test_dokuwiki_roles_are_groups(dokuwiki):
    bob = signed_in(dokuwiki, "bob")
    assert 'name="do[save]"' not in bob.get("/doku.php?id=draft&do=edit").text
    assert dokuwiki.ctl("role", "@bob", "+editor")
    bob = signed_in(dokuwiki, "bob")
    assert edit(bob, "draft", "of an editor").status in (302, 303)
    assert (dokuwiki.pages / "draft.txt").read_text().strip() == "of an editor"
    edit(bob, "forged", "forged", sectok="x")
    assert not (dokuwiki.pages / "forged.txt").exists(), "DokuWiki's own token was not asked for"
    assert "of an editor" in signed_in(dokuwiki, "alice").get("/doku.php?id=draft").text
    assert "Configuration Settings" not in bob.get("/doku.php?do=admin").text
    assert dokuwiki.ctl("role", "@bob", "+admin")
    assert "Configuration Settings" in signed_in(dokuwiki, "bob").get("/doku.php?do=admin").text
    assert dokuwiki.ctl("role", "@bob", "-admin", "-editor")


def test_dokuwiki_signing_out(dokuwiki):
    signed_in(dokuwiki, "carol")
    assert dokuwiki.ctl("role", "@carol", "+editor")
    carol = signed_in(dokuwiki, "carol")
    page = carol.get("/doku.php?id=plain").text
    link = re.search(r'href="([^"]*do=logout[^"]*)"', page)[1].replace("&amp;", "&")
    assert carol.get(link, follow=True).target == "/twauth/logout"
    fields = {"id": "late", "do[save]": "1", "wikitext": "late", "sectok": hidden(carol.get("/doku.php?id=late&do=edit").text, "sectok")}
    assert carol.sign_out().status == 303
    assert carol.post("/doku.php", fields).status == 401
    assert not (dokuwiki.pages / "late.txt").exists()


def test_dokuwiki_handles_that_it_takes_for_one(dokuwiki):
    dokuwiki.standin.people(jack="12", jack_="13", _jack="14", **PEOPLE)
    for name, number in (("jack_", "13"), ("_jack", "14")):
        text = signed_in(dokuwiki, number).get("/doku.php?id=private:jack:diary").text
        assert "what private/jack/diary has" not in text and f">@{name}<" in text
    assert "what private/jack/diary has" in signed_in(dokuwiki, "12").get("/doku.php?id=private:jack:diary").text


def test_dokuwiki_no_password_signs_in(dokuwiki):
    alice = signed_in(dokuwiki)
    alice.post("/doku.php?id=plain", {"do": "login", "u": "admin", "p": "secret"}, headers={"Authorization": "Basic YWRtaW46eA=="})
    assert ">@alice<" in alice.get("/doku.php?id=plain").text
    assert "disabled" in alice.get("/doku.php?id=plain&do=register").text


def test_dokuwiki_open_to_readers(dokuwiki):
    rules = dokuwiki.vhost.config
    acl = dokuwiki.pages.parent.parent / "conf/acl.auth.php"
    text = acl.read_text()
    try:
        acl.write_text(text.replace("@ALL     0", "@ALL 1"))
        dokuwiki.vhost.config = rules.replace("Require valid-user", "Require all granted\nTwAuthUnauthenticated pass")
        dokuwiki.graceful()
        reader = dokuwiki.browser()
        page = reader.get("/doku.php?id=plain")
        assert page.status == 200 and "what plain has" in page.text
        link = re.search(r'href="([^"]*do=login[^"]*)"', page.text)[1].replace("&amp;", "&")
        page = reader.begin(link).approve("alice")
        assert page.status == 200 and ">@alice<" in page.text
    finally:
        acl.write_text(text)
        dokuwiki.vhost.config = rules
        dokuwiki.graceful()
