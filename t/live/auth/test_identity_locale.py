# SPDX-License-Identifier: Apache-2.0
"""In a Turkish locale, where i and I are different letters, names are the same as anywhere."""

import os
import subprocess

import pytest

from harness.checks import user

NAME = "tr_TR.ISO-8859-9"
SECTIONS = """
<Location "/members/">
    AuthType TWITTER
    Require valid-user
    TwAuthExport env headers
</Location>
<Location "/titles/">
    AuthType twitter
    Require twitter-user iiii_TITLE
</Location>
"""
# What a program of httpd's may do at any time (PHP's scripts do): httpd itself stays in the locale C.
SOURCE = """
#include <locale.h>
static void __attribute__((constructor)) begin(void) { setlocale(LC_ALL, ""); }
"""


@pytest.fixture(scope="module")
def turkish(folder):
    """The environment and the library that bring a program into this locale."""
    place = folder / "turkish"
    place.mkdir(mode=0o755)
    subprocess.run(["localedef", "--no-archive", "-i", "tr_TR", "-f", "ISO-8859-9", place / NAME], check=True,
                   capture_output=True)
    (place / "locale.c").write_text(SOURCE)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", place / "locale.so", place / "locale.c"], check=True)
    return {"env": {"LOCPATH": str(place), "LC_ALL": NAME}, "preload": (str(place / "locale.so"),)}


@pytest.fixture(scope="module")
def site(make_site, turkish):
    site = make_site(protected=SECTIONS, start=False, **turkish)
    site.standin.people(IIII_Title="31", iiii_title="32")
    site.httpd.put("titles/index.html", "here")
    return site.start()


def test_ID_5_handles_in_a_turkish_locale(site):
    first = site.browser()
    answer = first.begin("/members/env.cgi").approve("31")
    assert answer.json()["TWAUTH_USERNAME"] == "iiii_title" and answer.json()["TWAUTH_SCREEN_NAME"] == "IIII_Title"
    assert first.get("/titles/").status == 200
    site.expect_log("TW0217")
    second = site.browser()
    assert second.begin("/members/env.cgi").approve("32").json()["REMOTE_USER"] == "iiii_title.32"
    assert user(first) == "iiii_title"


@pytest.mark.parametrize("name", ["X-TWAUTH-ID", "x-twauth-id", "X_TWAUTH_ID", "x-TwAuth-SIGNED-IN-AT", "X-TWAUTH-i"])
def test_HD_2_look_alikes_in_a_turkish_locale(site, browser, name):
    browser.sign_in("31")
    environment = browser.get("/members/env.cgi", headers={name: "forged"}).json()
    assert "forged" not in environment.values() and environment["HTTP_X_TWAUTH_ID"] == "31"


def test_the_server_is_in_that_locale(site, turkish):
    for pid in site.httpd.children():
        with open(f"/proc/{pid}/maps") as maps:
            assert os.path.join(turkish["env"]["LOCPATH"], NAME, "LC_CTYPE") in maps.read()
