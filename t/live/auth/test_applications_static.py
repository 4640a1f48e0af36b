# SPDX-License-Identifier: Apache-2.0
"""CGI, listings of folders and a generated site behind the gate, by the lines of docs/applications.md."""

import subprocess

import pytest
from selenium.webdriver.common.by import By

from harness.applications import NAMES, block, folder_of, signed_in, spoofed
from harness.chromium import patience

RST = """\
Handbook
========

A word that only members read: {word}.
"""
WORD = "marmaladehood"


# CGI

@pytest.fixture(scope="module")
def cgi(make_site):
    site = make_site(start=False, protected="")
    site.httpd.script("who", block("CGI", "#!/bin/sh"), site.httpd.cgi_bin)
    site.vhost.config += "\n" + block("CGI", "ScriptAlias").replace("/usr/lib/cgi-bin", str(site.httpd.cgi_bin))
    return site.start()


def test_cgi(cgi):
    alice = signed_in(cgi, next="/cgi-bin/who")
    assert alice.get("/cgi-bin/who").text == "alice is 1001, with the roles none\n"
    assert {answer.text for _, answer in spoofed(alice, "/cgi-bin/who")} == {"alice is 1001, with the roles none\n"}
    assert [answer.status for _, answer in spoofed(cgi.browser(), "/cgi-bin/who")] == [302] * len(NAMES)
    assert cgi.ctl("role", "@alice", "+editor")
    assert signed_in(cgi).get("/cgi-bin/who").text == "alice is 1001, with the roles editor\n"


# Listings

@pytest.fixture(scope="module")
def listings(make_site):
    """listings(shown=True): with the lines for folders that are shown to all."""
    def make(shown=False):
        site = make_site(start=False, protected="", modules=("autoindex",))
        lines = block("Listings of folders", "+Indexes") + shown * block("Listings of folders", "+ShowForbidden")
        site.vhost.config += "\n" + lines.replace("/var/www/html", str(site.httpd.htdocs))
        site.httpd.put("files/open.txt", "open")
        site.httpd.put("files/internal/plan.txt", "a plan")
        return site.start()
    return make


def test_a_listing_shows_what_its_reader_may_open(listings):
    site = listings()
    nobody, alice = site.browser(), signed_in(site)
    page = nobody.get("/files/")
    assert page.status == 200 and "open.txt" in page.text and "internal" not in page.text
    assert page.headers["Cache-Control"] == "private"
    page = alice.get("/files/")
    assert "open.txt" in page.text and 'href="internal/"' in page.text and page.headers["Cache-Control"] == "private"
    assert "plan.txt" in alice.get("/files/internal/").text
    assert nobody.fetch("/files/internal/").status == 401 and nobody.fetch("/files/internal/plan.txt").status == 401
    alice.sign_out()
    assert "internal" not in alice.get("/files/").text


def test_a_listing_shows_that_there_is_more(listings):
    site = listings(shown=True)
    page = site.browser().get("/files/")
    assert page.status == 200 and 'href="internal/"' in page.text and "plan.txt" not in page.text
    assert site.browser().get("/files/internal/").location.endswith("/twauth/login?next=%2Ffiles%2Finternal%2F")
    assert site.browser().fetch("/files/internal/").status == 401


# A generated site

@pytest.fixture(scope="module")
def handbook(make_site):
    site = make_site(start=False, protected="")
    source, html = folder_of(site, "handbook"), site.folder / "html"
    (source / "conf.py").write_text('project = "Handbook"\nextensions = []\n')
    (source / "index.rst").write_text(RST.format(word=WORD))
    command = block("A generated documentation site", "sphinx-build").replace("/srv/docs/html", str(html)).split()
    subprocess.run([f"/usr/bin/{command[0]}", "-q", *command[1:]], cwd=source, check=True)
    subprocess.run(["chmod", "-R", "a+rX", html], check=True)
    site.httpd.main += "AddType text/css css\nAddType text/javascript js"
    site.vhost.config += "\n" + block("A generated documentation site", "AuthType").replace("/srv/docs/html", str(html))
    return site.start()


@pytest.mark.full
def test_all_of_a_generated_site_is_protected(handbook):
    html = handbook.folder / "html"
    files = ["/docs/" + str(file.relative_to(html)) for file in html.rglob("*") if file.is_file()]
    assert len(files) > 20 and {"/docs/searchindex.js", "/docs/_sources/index.rst.txt"} <= set(files)
    nobody = handbook.browser()
    assert {nobody.fetch(path).status for path in files} == {401}
    alice = signed_in(handbook)
    assert {alice.fetch(path).status for path in files} == {200}


def click_on(driver, word):
    next(b for b in driver.find_elements(By.CSS_SELECTOR, "a, button, input[type=submit]")
         if word in b.text + (b.get_attribute("value") or "")).click()


@pytest.mark.full
def test_its_search_works_for_members(handbook, driver):
    """Also from a deep link, to which the sign-in leads back."""
    search = handbook.url(f"/docs/search.html?q={WORD}")
    driver.get(search)
    assert handbook.standin.owns(driver.current_url)
    for label in driver.find_elements(By.TAG_NAME, "label"):
        if "alice" in label.text:
            label.click()
    click_on(driver, "uthori" if "uthori" in driver.page_source else "Sign")
    patience(driver).until(lambda d: d.current_url == search)
    patience(driver).until(lambda d: d.find_elements(By.CSS_SELECTOR, "ul.search li"))
    assert "Handbook" in driver.find_element(By.CSS_SELECTOR, "ul.search li").text
