# SPDX-License-Identifier: Apache-2.0
"""Pages in the site's look and language: name, logo, style sheet, links; catalogues of its own, right and wrong."""

import re

import pytest

from harness.paths import TREE

ENGLISH = (TREE / "conf/pages/en.txt").read_text()
LOOK = """
AddType image/svg+xml .svg
AddType text/css .css
TwAuthSiteName "Bits & \\"Pieces\\" <Club>"
TwAuthSiteLogo /logo.svg?v=2
TwAuthPageStyle /pages.css
TwAuthPrivacyURL /privacy.html
TwAuthTermsURL https://other.example/terms
"""
PROTECTED = """
<Location "/page/">
AuthType Twitter
TwAuthUnauthenticated page
Require valid-user
</Location>
<Location "/members/">
AuthType Twitter
Require valid-user
</Location>"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#a05"/></svg>'


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, protected=PROTECTED)
    own = site.folder / "pages"
    own.mkdir()
    (own / "en.txt").write_text("# ours\nsign-in.text = Members of {site} sign in here, <please>.\n")
    (own / "ar.txt").write_text("\ufeff" + re.sub(r"(?m)^([a-z.-]+) = ", r"\1 = عربي ", ENGLISH))
    (own / "README").write_text("no catalogue")
    (own / ".en.txt.swp").write_bytes(b"\xff")
    site.vhost.config += f'{LOOK}TwAuthPages "{own}"\n'
    site.httpd.put("logo.svg", SVG)
    site.httpd.put("pages.css", "main{border:7px solid red}")
    return site.start()


@pytest.fixture
def page(site):
    def get(language="en", path="/page/"):
        return site.browser().get(path, headers={"Accept-Language": language})
    return get


def test_name_logo_style_and_links(site, page):
    answer, name = page(), "Bits &amp; &quot;Pieces&quot; &lt;Club&gt;"
    assert f'<header><a href="/"><img alt="" src="/logo.svg?v=2"><span>{name}</span></a></header>' in answer.text
    assert f"<title>Please sign in - {name}</title>" in answer.text
    assert answer.text.index("</style>") < answer.text.index('<link rel="stylesheet" href="/pages.css">')
    assert '<footer>\n<a href="/privacy.html">Privacy</a>\n<a href="https://other.example/terms">Terms</a>' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert f"' {site.vhost.origin}/pages.css; img-src {site.vhost.origin}/logo.svg; form-action" in policy


def test_what_a_page_loads_comes_from_the_own_address(site):
    answer = site.browser().get("/page/", headers={"Host": "alias.test"})
    assert f'src="{site.vhost.origin}/logo.svg?v=2"' in answer.text
    assert f'href="{site.vhost.origin}/pages.css"' in answer.text


def test_a_sentence_reworded(page):
    assert ("<p>Members of Bits &amp; &quot;Pieces&quot; &lt;Club&gt; sign in here, &lt;please&gt;.</p>") in page().text


@pytest.mark.parametrize("accept, language", [
    ("en", "en"), ("ar-EG, en;q=0.5", "ar"), ("de;q=0.8, ar;q=0.9", "ar"), ("xx", "en"), ("ar;q=0", "en"), ("*", "en")])
def test_the_language_that_is_asked_for(page, accept, language):
    answer = page(accept)
    assert answer.headers.all("Content-Language") == [language]
    assert "Accept-Language" in answer.headers["Vary"]
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in answer.text
    assert ("عربي Please sign in</h1>" in answer.text) == (language == "ar")


def test_a_handle_stands_by_itself_in_any_direction(site):
    browser = site.browser()
    browser.sign_in("alice")
    text = browser.get("/twauth/logout", headers={"Accept-Language": "ar"}).text
    assert re.search(r'<p class="who">عربي You are signed in as <span[^>]*><svg[^>]*>.*</svg> <bdi><b>@alice</b></bdi></span>\.', text)


def test_without_an_Accept_Language(site):
    answer = site.browser().get("/page/", headers={"Accept-Language": None})
    assert answer.headers["Content-Language"] == "en"


def test_404_405_and_401_of_the_module_are_pages_for_a_person(site, page):
    assert "عربي There is no such page" in page("ar", "/twauth/nowhere").text
    answer = site.browser().request("POST", "/twauth/session", headers={"Accept-Language": "ar"})
    assert answer.status == 405 and answer.headers["Content-Language"] == "ar"
    answer = site.browser().post("/page/", {"a": "b"}, headers={"Accept-Language": "ar"})
    assert answer.status == 401 and "عربي You are not signed in any more" in answer.text


def test_a_real_browser_loads_logo_and_style(site, chromium):
    chromium.get_log("browser")     # what was said before is another test's
    chromium.get(site.url("/page/"))
    assert chromium.execute_script("return document.querySelector('header img').naturalWidth") == 40
    assert chromium.execute_script("return getComputedStyle(document.querySelector('main')).borderTopWidth") == "7px"
    assert not [e for e in chromium.get_log("browser") if "Content Security Policy" in e["message"]]


# What stops the configuration test

WRONG = {
    "no such key": ({"en.txt": "sign-in.titel = x"}, r"en\.txt, line 1: there is no such key: did you mean sign-in\.title\?"),
    "twice": ({"en.txt": "# a\nwho.unnamed = x\nwho.unnamed = y"}, r"line 3: who\.unnamed stands here twice"),
    "no sentence": ({"en.txt": "\nwho.unnamed ="}, r"line 2: who\.unnamed must have a sentence"),
    "no line": ({"en.txt": "hello"}, r'line 1: must be "key = sentence"'),
    "placeholder gone": ({"en.txt": "who = Hello"}, r'line 1: who must have \{handle\}, as in "You are signed in as'),
    "other placeholder": ({"en.txt": "who = {handle} {id}"}, r"line 1: who may have \{site\} and what is in"),
    "not UTF-8": ({"en.txt": b"who.unnamed = caf\xe9"}, r"line 1: must be text in UTF-8"),
    "control": ({"en.txt": "who.unnamed = \x1b[1m"}, r"line 1: must be text in UTF-8, without control"),
    "no language": ({"english.txt": ENGLISH}, r"english\.txt must be named after a language"),
    "not all of it": ({"nl.txt": ENGLISH.replace("\ncsrf.title", "\n#csrf.title")},
                      r"nl\.txt must have a sentence for csrf\.title as well"),
    "the last of several": ({"en.txt": "", "nl.txt": ENGLISH, "xx.txt": "x"}, r"xx\.txt, line 1"),
    "a folder": ({"nl.txt": None}, r"nl\.txt cannot be read"),
}


@pytest.fixture(scope="module")
def other(make_site):
    return make_site(start=False)


@pytest.fixture
def check(other, tmp_path):
    before = other.vhost.config
    other.vhost.config += f'\nTwAuthPages "{tmp_path}"\n'
    yield other.httpd.check
    other.vhost.config = before


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_catalogue_stops_the_configuration_test(check, tmp_path, case):
    files, says = WRONG[case]
    for name, text in files.items():
        if text is None:
            (tmp_path / name).mkdir()
        else:
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    ran = check()
    assert not ran and re.search("TwAuthPages: .*" + says, ran.stderr), ran.stderr


def test_all_that_is_shipped_is_right(other):
    before = other.vhost.config
    other.vhost.config += f'\nTwAuthPages "{TREE}/conf/pages"\n'
    ran = other.httpd.check()
    other.vhost.config = before
    assert ran, ran.stderr
