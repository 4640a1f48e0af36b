# SPDX-License-Identifier: Apache-2.0
"""SE-15, SE-16: applications never see the module's own cookies, by whatever way the request reaches them."""

import json
import subprocess

import pytest

from harness import process
from harness.backend import received
from harness.httpd import environment_of

WAYS = ["/members/env.cgi", "/open/env.cgi", "/cgi-bin/env", "/members/", "/open/rewritten", "/open/nothing",
        "/open/include.shtml", "/members/again"]


@pytest.fixture(scope="module")
def site(make_site, echo):
    site = make_site(start=False, modules=("proxy", "proxy_http", "rewrite", "include", "http2"), config=f"""
        Protocols h2 http/1.1
        ProxyPass "/proxied/" "{echo.origin}/"
        ProxyPass "/members/proxied/" "{echo.origin}/"
        ErrorDocument 404 /open/env.cgi
        CustomLog "cookies-log" "%{{Cookie}}i"
        """)
    for folder in ("open", "members"):
        site.httpd.script(f"{folder}/env.cgi")
    (site.httpd.htdocs / "members/index.html").unlink()
    site.httpd.script("members/index.cgi")
    site.httpd.put("open/include.shtml", '<!--#include virtual="/open/env.cgi" -->')
    site.httpd.main += f"""
        DirectoryIndex index.cgi
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        <Directory "{site.httpd.htdocs}">
        Options +Includes
        RewriteEngine On
        RewriteRule "^open/rewritten$" "/open/env.cgi" [L]
        RewriteRule "^members/again$" "/members/env.cgi" [L]
        </Directory>"""
    return site.start()


@pytest.fixture(scope="module")
def member(site):
    browser = site.browser()
    browser.begin("/members/env.cgi")           # a pending sign-in beside
    browser.begin("/members/env.cgi").approve("alice")
    assert len(browser.cookies.names("twauth")) == 3
    return browser


def own(member):
    return [f"{c.name}={c.value}" for c in member.cookies]


@pytest.mark.parametrize("path", WAYS)
def test_SE_15_SE_16_a_program_sees_the_others_in_order(member, path):
    session, *others = own(member)
    answer = member.get(path, headers={"Cookie": "; ".join(["a=1", session, "b=2", *others, "c=3"])})
    assert environment_of(answer)["HTTP_COOKIE"] == "a=1; b=2; c=3"


@pytest.mark.parametrize("path", WAYS)
def test_SE_15_an_emptied_header_is_gone(member, path):
    assert "HTTP_COOKIE" not in environment_of(member.get(path))


@pytest.mark.parametrize("path", ["/proxied/", "/members/proxied/"])
def test_SE_15_backends(member, path):
    session, *others = own(member)
    asked = received(member.get(path, headers={"Cookie": "; ".join(["a=1", *others, session, "b=2"])}))
    assert asked.all("Cookie") == ["a=1; b=2"]
    assert received(member.get(path)).all("Cookie") == []


@pytest.mark.parametrize("cookie", ["a=1;b=2", "a=1; b=\"x; y\"", "x", "a=1;;b=2", "twauth=1; __Host-twauthx=2",
                                    "__Secure-twauth=1", "a=__Host-twauth=1"])
def test_SE_15_strangers_stay_as_they_are(member, cookie):
    assert received(member.get("/proxied/", headers={"Cookie": cookie})).all("Cookie") == [cookie]


def test_SE_16_several_cookie_fields(member):
    """httpd joins them by commas. Nothing of ours is handed on; and nothing is believed, for a sibling host could write
    such a value (SE-13), while browsers send one field."""
    headers = [("Cookie", cookie) for cookie in ["a=1", *own(member), "b=2"]]
    assert member.fetch("/members/proxied/", headers=headers).status == 401
    answer = member.fetch("/proxied/", headers=headers)
    assert answer.status == 200
    asked = received(answer)
    assert "twauth" not in str(asked.all("Cookie"))
    assert asked.get("Cookie").startswith("a=1")


@pytest.mark.parametrize("cookie", ["{0},a=1", "a=1,{0}", "{0} ; a=1", "\t{0};a=1", ";{0}", "a=1; {0};", "{0};{0}"])
def test_SE_16_odd_separators_hand_on_nothing(member, cookie):
    session = next(c for c in own(member) if c.startswith("__Host-twauth="))
    answer = member.get("/proxied/", headers={"Cookie": cookie.format(session)})
    assert session.partition("=")[2] not in answer.text


def curl(site, *arguments):
    ran = subprocess.run(["/usr/bin/curl", "-s", "--http2", "--noproxy", "*", "--cacert", str(site.authority.ca),
                          "--connect-to", f"::127.0.0.1:{site.vhost.port}", *arguments], capture_output=True, text=True,
                         timeout=300)
    assert ran.returncode == 0, ran
    return ran.stdout


def test_SE_16_over_HTTP_2(site, member):

    session, *others = own(member)
    told = json.loads(curl(site, "-b", "; ".join(["a=1", session, *others, "b=2"]), site.url("/members/env.cgi")))
    assert told["SERVER_PROTOCOL"] == "HTTP/2.0"
    assert told["REMOTE_USER"] == "alice" and told["HTTP_COOKIE"] == "a=1; b=2"
    crumbs = [a for cookie in ("a=1", session, "b=2", *others) for a in ("-H", f"cookie: {cookie}")]
    told = json.loads(curl(site, *crumbs, site.url("/members/env.cgi")))
    assert told["REMOTE_USER"] == "alice" and "twauth" not in told["HTTP_COOKIE"]
    assert "a=1" in told["HTTP_COOKIE"] and "b=2" in told["HTTP_COOKIE"]


def test_HT_2_many_streams_of_one_connection(site, member):
    cookie = "; ".join(own(member))
    urls = [a for n in range(40) for a in (site.url(f"/members/env.cgi?{n}"), "-o", "/dev/null")]
    said = curl(site, "-b", cookie, "-Z", "--parallel-max", "40", "-w", "%{http_code} %{http_version}\n", *urls)
    assert said.split("\n")[:-1] == ["200 2"] * 40


def test_own_cookies_are_not_in_an_access_log(site, member):
    log = site.httpd.folder / "cookies-log"
    before = log.stat().st_size
    member.get("/members/env.cgi", headers={"Cookie": "; ".join(["last=1", *own(member)])})
    process.until(lambda: "last=1" in log.read_text()[before:])
    assert "last=1\n" in log.read_text()[before:] and "twauth" not in log.read_text()[before:]
