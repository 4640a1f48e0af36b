# SPDX-License-Identifier: Apache-2.0
"""RD-1 to RD-4 by the thousand: a return target is judged by what a browser makes of it, not by our own opinion."""

import itertools
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest

from harness import targets
from harness.chromium import patience, resolve
from harness.paths import TREE

JUDGE = Path(os.environ.get("TWAUTH_BUILD") or TREE / "build").resolve() / "t" / "targets"
SOME = targets.sample(1000)
BASE = "https://site.test/twauth/login?next=%2F"


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, config="""
        <Location "/">
        AuthType Twitter
        Require valid-user
        </Location>""")
    return site.start()


def encoded(text):
    return quote(text, safe="")


def plain(path):
    """A path without the differences that a browser makes itself: it escapes these, and nothing else of the good."""
    return re.sub(r"['`{}|^]", lambda match: f"%{ord(match[0]):02X}", path)


def accepted(texts):
    """Those that the module would redirect to."""
    lines = "".join(f"next={encoded(text)}\n" for text in texts)
    said = subprocess.run([JUDGE], input=lines, capture_output=True, text=True, check=True, timeout=300).stdout.split()
    assert len(said) == len(texts)
    return [text for text, good in zip(texts, said) if good == "1"]


# All of them, by the rule itself

def test_RD_1_RD_4_whatever_is_accepted_stays_and_is_read_as_it_stands(chromium, full):
    texts = targets.hostile(full(3, 4)) + targets.every(4) + targets.noise(full(100_000, 1_000_000), 2011)
    good = accepted(texts)
    assert len(texts) > 150_000 and len(good) > 10_000
    for base in (BASE, "https://site.test/a/b/../c?d#e", "https://site.test//evil.example/", "https://site.test"):
        read = resolve(chromium, base, good)
        assert [pair for pair in zip(good, read) if pair[1] is None or plain(pair[1]) != plain(pair[0])] == []


def test_the_table_is_not_harmless(chromium):
    """Most of what is refused would have led away, by the browser's own reading."""
    texts = targets.hostile(3)
    away = [text for text, read in zip(texts, resolve(chromium, BASE, texts)) if read is None]
    assert len(away) > 4_000 and not accepted(away)


def test_RD_4_good_ones_are_accepted_and_read_as_they_stand(chromium):
    texts = targets.good()
    assert accepted(texts) == texts and len(texts) > 4_000
    assert list(map(plain, resolve(chromium, BASE, texts))) == list(map(plain, texts))


# Some hundred of each kind, at every place of a real site that takes one

class Ways(HTMLParser):
    """All that a page could send the browser to."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.ways = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ways += [given[name] for name in ("href", "src", "action", "formaction", "data") if name in given]
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.ways.append(re.sub(r"^[\d.;\s]*url\s*=", "", given.get("content", ""), flags=re.I))
        if tag == "input" and given.get("name") == "next":
            self.ways.append(given["value"])


def ways_on(answer):
    """Where an answer leads or offers to: what its fields and its page say, as it stands there."""
    fields = [value for name in ("Location", "Refresh", "Content-Location") for value in answer.headers.all(name)]
    return fields + Ways(answer.text).ways


@pytest.fixture(scope="module")
def carol(site):
    browser = site.browser(keep_alive=True)
    browser.sign_in("carol")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def stranger(site):
    browser = site.browser(keep_alive=True)
    browser.get("/members/")
    yield browser
    browser.close()


def stays(site, chromium, found):
    """Nothing of `found`, pairs of a target and where an answer to it leads, is away from the site."""
    assert len(found) > 500
    read = resolve(chromium, site.url("/twauth/login?next=%2F"), [way for _, way in found])
    assert [pair for pair, path in zip(found, read) if path is None] == []


def test_RD_1_at_login(site, chromium, carol):
    found = []
    for text in SOME:
        answer = carol.get(f"/twauth/login?next={encoded(text)}")
        given = answer.headers.get("Location")
        assert answer.status in (302, 400) and given in ("/", text, None), text
        found += [(text, way) for way in ways_on(answer)]
        page = carol.get(f"/twauth/login?switch=1&next={encoded(text)}", site="cross-site")
        assert page.status == 200
        found += [(text, way) for way in ways_on(page)]
    stays(site, chromium, found)


def test_RD_1_raw_in_the_query(site, chromium, carol):
    """As a careless link has it: only what no request line can hold is escaped."""
    found = []
    for text in SOME:
        raw = re.sub(r"[\x00-\x20\x7f#]", lambda match: f"%{ord(match[0]):02X}", text).encode().decode("latin-1")
        if len(raw) < 4000:
            found += [(text, way) for way in ways_on(carol.get(f"/twauth/login?next={raw}"))]
    stays(site, chromium, found)


def test_RD_1_on_pages_of_failures(site, chromium, stranger):
    """The pages that lead back: no sign-in under way, cancelled, no cookies."""
    found = []
    for text in SOME[::4]:
        bounce = stranger.get(f"/twauth/login?next={encoded(text)}", cookies=False)
        found += [(text, way) for way in ways_on(bounce)]
        page = stranger.get(bounce.location, cookies=False)
        assert page.status == 400
        found += [(text, way) for way in ways_on(page)]
    stays(site, chromium, found)


@pytest.mark.parametrize("signed_in", [True, False])
def test_RD_2_at_logout(site, chromium, carol, stranger, signed_in):
    browser = carol if signed_in else stranger
    found = []
    for text in SOME:
        answers = [browser.get(f"/twauth/logout?next={encoded(text)}")] if len(text) < 2600 else []
        answers.append(browser.post("/twauth/logout", {"next": text}, site="cross-site"))
        if not signed_in:
            answers.append(browser.sign_out(next=text))
            assert answers[-1].headers["Location"] in ("/twauth/logout", text)
        found += [(text, way) for answer in answers for way in ways_on(answer)]
    assert carol.whoami()["signed_in"]
    stays(site, chromium, found)


def test_RD_2_at_a_sign_out_that_happens(site, chromium):
    browser = site.browser(keep_alive=True)
    found = []
    for text in SOME[::8]:
        browser.sign_in("dave", next="/twauth/login?next=%2Ftwauth%2Fsession")
        answer = browser.sign_out(next=text)
        assert answer.status == 303 and answer.headers["Location"] in ("/twauth/logout?done=1", text)
        found += [(text, way) for way in ways_on(answer)]
    browser.close()
    assert len(found) > 100
    assert None not in resolve(chromium, site.url("/twauth/logout"), [way for _, way in found])


def test_RD_1_as_the_Referer(site, chromium, carol):
    found = []
    for text in SOME:
        value = re.sub(r"[\x00\r\n]", "\t", text).encode().strip(b" \t")
        for referer in (site.url("").encode() + value, value):
            answer = carol.get("/twauth/login", headers={"Referer": referer})
            if answer.status != 400:        # httpd's own refusal
                assert answer.headers["Location"] == "/" \
                    or site.url(answer.headers["Location"]).encode() == referer, text
                found += [(text, way) for way in ways_on(answer)]
    stays(site, chromium, found)


def asked_for(site, browser, text):
    """Ask for the target as it is; what no request line can hold is escaped."""
    line = re.sub(r"[\x00-\x20\x7f]", lambda match: f"%{ord(match[0]):02X}", text).encode().decode("latin-1")
    if line.startswith("/") and "#" not in line:
        return browser.get(line)
    return browser.raw(f"GET {line} HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nAccept: text/html\r\n"
                       "Connection: close\r\n\r\n".encode("latin-1"), linger=0.001)


def test_RD_3_as_what_is_asked_for(site, chromium, carol, stranger):
    """Everything of this host is protected: the redirect to the sign-in, and where it then leads."""
    site.allow_log(r"^\[(core|http|ssl):error\]", "AH00036", "AH00127")
    found = []
    for text in (text for text in SOME if 0 < len(text) < 4000):
        answer = asked_for(site, stranger, text)
        assert answer.status in (302, 301, 400, 401, 403, 404, 405, 414), (text, answer)
        found += [(text, way) for way in ways_on(answer)]
        if answer.location and re.search(r"/twauth/login\?(next|asked)=", answer.location):
            found += [(text, way) for way in ways_on(carol.get(answer.location))]
    stays(site, chromium, found)


GOOD = ["".join(parts) for parts in zip(targets.PATHS, itertools.cycle(targets.QUERIES),
                                        itertools.cycle(targets.FRAGMENTS))]


def test_RD_4_good_ones_come_back(carol):
    for text in [*GOOD, *targets.good()[::10]]:
        assert carol.get(f"/twauth/login?next={encoded(text)}").headers["Location"] == text


def test_RD_4_good_ones_come_back_as_what_is_asked_for(carol, stranger):
    for text in [*GOOD, *targets.good()[::10]]:
        asked = text.partition("#")[0]
        answer = stranger.get(asked)
        if answer.status == 404:        # httpd refuses the one, the module the other
            assert "%2f" in asked.lower() or asked.startswith("/twauth/")
        else:
            assert answer.headers["Location"] == f"/twauth/login?next={encoded(asked)}"
            assert carol.get(answer.headers["Location"]).headers["Location"] == asked


# A sample goes the whole way

WHOLE = targets.BY_HAND[::20] + GOOD[::8]


@pytest.mark.protocols("oauth1", "oauth2")
def test_RD_1_RD_4_through_a_real_sign_in(site, chromium):
    found = []
    for text in WHOLE:
        browser = site.browser(keep_alive=True)
        flow = browser.begin(f"/twauth/login?next={encoded(text)}")
        answer = flow.arrive(flow.callback("bob"), follow=False)
        assert answer.status == 302 and answer.headers["Location"] == (text if text in GOOD else "/"), text
        found += ways_on(answer)
        browser.close()
    assert None not in resolve(chromium, site.url("/twauth/callback"), found)


def test_RD_1_a_real_browser_stays(site, chromium):
    chromium.get(site.url("/members/"))
    chromium.find_element("css selector", "button").click()
    patience(chromium).until(lambda d: d.title == "Members")
    for text in [t for t in targets.BY_HAND[::4] if len(t) < 2600] + GOOD[::8]:
        chromium.get(site.url(f"/twauth/login?next={encoded(text)}"))
        assert chromium.current_url.startswith(site.url("/")), text
        if text in GOOD:
            assert plain(chromium.current_url) == plain(site.url(text))
