# SPDX-License-Identifier: Apache-2.0
"""MediaWiki by PHP-FPM, by the lines of docs/applications.md."""

import re
import shutil
import subprocess

import pytest

from harness import applications, process
from harness.applications import Fpm, block, folder_of, hidden, signed_in, spoofed
from harness.paths import TREE

pytestmark = pytest.mark.full

APPS = TREE / "build/apps"
#: What a wiki of one page has no use for, and what is linked to places of Debian's.
LEFT_OUT = ("extensions-core", "extensions", "images", "config", "LocalSettings.php")
#: Who has a page of her own in the wiki, and who has handles that MediaWiki takes for hers, or for one of its own.
PEOPLE = {"alice": "1001", "bob": "1002", "carol": "1003", "jack": "12", "jack_": "13", "_jack": "14", "maintenance_script": "15"}


@pytest.fixture(scope="module")
def wiki(make_site):
    site = make_site(start=False, protected="", modules=("proxy", "proxy_fcgi"))
    folder = folder_of(site, "wiki")
    tree = folder / "tree"
    for package in ("mediawiki", "mediawiki-classes"):
        shutil.copytree(APPS / package / "usr/share/mediawiki", tree, dirs_exist_ok=True, ignore=lambda at, names: [
            n for n in names if n in LEFT_OUT and at.endswith("share/mediawiki")])
    for place in (folder / "data", tree / "extensions", tree / "images/a"):
        place.mkdir(parents=True)
    (tree / "images/a/upload.php").write_text("<?php echo 'run';")
    subprocess.run(["/usr/bin/php", tree / "maintenance/install.php", "--dbtype=sqlite", "--dbname=wiki", f"--dbpath={folder}/data",
                    f"--confpath={folder}", f"--server={site.url('')}", "--scriptpath=/w", "--pass=only-of-this-test", "Wiki", "Admin"],
                   check=True, capture_output=True, timeout=600, cwd=folder, env=process.environment())
    settings = folder / "LocalSettings.php"
    settings.write_text(settings.read_text() + block("MediaWiki", "$wgSessionProviders =") +
                        f"$wgCacheDirectory = '{folder}/data';\n$wgJobRunRate = 0;\n")
    (folder / "TwauthSession.php").write_text(block("MediaWiki", "class TwauthSession"))
    (folder / "places.php").write_text(f"<?php define('MW_CONFIG_FILE', '{settings}');\n")
    process.give(folder, applications.USER)
    site.vhost.config += "\n" + block("MediaWiki", "<DirectoryMatch").replace("/usr/share/mediawiki", str(tree)).replace(
        "/run/php/php-fpm.sock", str(folder / "fpm.sock"))
    site.standin.people(**PEOPLE)
    with Fpm(folder, auto_prepend_file=folder / "places.php", memory_limit="256M"):
        yield site.start()


def who(page):
    """Whom a page says it is for."""
    return re.search(r'"wgUserName":("[^"]*"|null)', page.text)[1].strip('"')


def edit(browser, title, text, **more):
    form = browser.get(f"/w/index.php?title={title}&action=edit").text
    fields = {name: hidden(form, name) for name in ("wpStarttime", "wpEdittime", "wpEditToken", "editRevId", "parentRevId", "wpUltimateParam",
                                                    "wpUnicodeCheck", "model", "format")}
    return browser.post(f"/w/index.php?title={title}&action=submit", fields | {"wpTextbox1": text, "wpSave": "1"} | more)


def test_mediawiki_a_deep_link_and_back(wiki):
    page = wiki.browser().sign_in("alice", next="/w/index.php?title=Special:Version&x=%20y")
    assert page.status == 200 and page.target == "/w/index.php?title=Special:Version&x=%20y"
    assert who(page) == "Alice" and not any("twauth" not in c.name for c in page.set_cookies)


def test_mediawiki_nobody_reaches_it(wiki):
    answer = wiki.browser().get("/w/index.php?title=Main_Page")
    assert answer.status == 302 and "/twauth/login?next=%2Fw%2Findex.php%3Ftitle%3DMain_Page" in answer.location
    assert {answer.status for _, answer in spoofed(wiki.browser(), "/w/index.php")} == {302}
    assert wiki.browser().fetch("/w/api.php?action=query&meta=userinfo&format=json").status == 401


@pytest.mark.parametrize("path", ["/w/includes/Setup.php", "/w/maintenance/edit.php", "/w/mw-config/index.php", "/w/vendor/autoload.php",
                                  "/w/images/a/upload.php"])
def test_mediawiki_what_is_not_for_visitors_is_shut(wiki, path):
    wiki.allow_log("AH01630")
    assert signed_in(wiki).get(path).status == 403


def test_mediawiki_what_a_visitor_claims_changes_nothing(wiki):
    bob = signed_in(wiki, "bob")
    for name, answer in spoofed(bob, "/w/api.php?action=query&meta=userinfo&uiprop=groups&format=json", "admin"):
        told = answer.json()["query"]["userinfo"]
        assert told["name"] == "Bob" and set(told["groups"]) == {"*", "user", "autoconfirmed"}, name


def test_mediawiki_roles_are_groups(wiki):
    bob = signed_in(wiki, "bob")
    assert 'name="wpSave"' not in bob.get("/w/index.php?title=Draft&action=edit").text
    assert wiki.ctl("role", "@bob", "+editor")
    bob = signed_in(wiki, "bob")
    assert edit(bob, "Draft", "of an editor").status == 302
    alice = signed_in(wiki)
    assert "of an editor" in alice.get("/w/index.php?title=Draft").text
    assert 'title=User:Bob' in alice.get("/w/index.php?title=Draft&action=history").text
    assert "delete" not in bob.get("/w/api.php?action=query&meta=userinfo&uiprop=rights&format=json").json()["query"]["userinfo"]["rights"]
    assert wiki.ctl("role", "@bob", "-editor", "+admin")
    bob = signed_in(wiki, "bob")
    assert "delete" in bob.get("/w/api.php?action=query&meta=userinfo&uiprop=rights&format=json").json()["query"]["userinfo"]["rights"]
    assert wiki.ctl("role", "@bob", "-admin")


def test_mediawiki_a_forged_form_is_refused(wiki):
    signed_in(wiki, "carol")
    assert wiki.ctl("role", "@carol", "+editor")
    carol = signed_in(wiki, "carol")
    assert edit(carol, "Forged", "forged", wpEditToken="+\\").status == 200
    assert "forged" not in carol.get("/w/index.php?title=Forged&action=raw").text


def test_mediawiki_signing_out(wiki):
    alice = signed_in(wiki)
    page = alice.get("/w/index.php?title=Main_Page").text
    assert re.search(r'<a href="/twauth/logout"[^>]*>(<span>)?Log out', page)
    assert alice.sign_out().status == 303
    assert alice.post("/w/index.php?title=Late&action=submit", {"wpTextbox1": "late"}).status == 401


def test_mediawiki_no_password_signs_in(wiki):
    alice = signed_in(wiki)
    page = alice.get("/w/index.php?title=Special:UserLogin")
    assert 'name="wpPassword"' not in page.text and who(page) == "Alice"
    token = alice.get("/w/api.php?action=query&meta=tokens&type=login&format=json").json()["query"]["tokens"]["logintoken"]
    answer = alice.post("/w/api.php", {"action": "login", "lgname": "Admin", "lgpassword": "only-of-this-test", "lgtoken": token,
                                       "format": "json"}).json()
    assert answer["login"]["result"] != "Success"


@pytest.mark.parametrize("handle, name", [("jack", "Jack"), ("jack_", "X.13"), ("_jack", "X.14"), ("maintenance_script", "X.15")])
def test_mediawiki_handles_that_it_takes_for_one(wiki, handle, name):
    assert who(signed_in(wiki, PEOPLE[handle]).get("/w/index.php?title=Special:Version")) == name
