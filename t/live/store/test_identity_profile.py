# SPDX-License-Identifier: Apache-2.0
"""What else is in a profile at X does neither harm nor good: names of every kind, and e-mail addresses.

Where a profile is asked for, its texts are shown, and do no harm either.
"""

import base64
import json

import pytest

from harness.checks import user

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]

CALL = {"oauth1": "/oauth/access_token", "oauth2": "/2/users/me"}
CANARY = b"canary-of-the-profile"
# Text that would do harm where it was taken for HTML, SQL, a header, a format, a path, a command or a pattern.
TEXTS = ['"><script>alert(1)</script>', "</title><h1>x", "<!--#exec cmd=id -->", "javascript:alert(1)", "' onfocus='x",
         "{{7*7}}", "${7*7}",
         "'); DROP TABLE twauth_account;--", "' OR '1'='1", "\\'; DELETE FROM twauth_session; --", "$$x$$", "E'\\x27'",
         "\\copy", "%n%n%n%s%s%x",
         "%s" * 200, "a\r\nX-Injected: y", "a\nTW0101: forged", "a\x1b[31mred", "a\bb", "\x07", "\x7f", "\x00",
         "a\x00b", "..", "../../etc/passwd",
         "$(id)", "`id`", "|id", "(a+)+$", "\u202egnp.exe", "\u200b", "\ufeffname", "\u2028", "\ufffe", "\U0010ffff",
         "\U0001f600" * 50, "e\u0301" * 50,
         "\u0430dmin", "\u212aelvin", "\u0131", "\u017f", "admin", "root", "alice.1001", "x" * 5000, " ", "", "NULL",
         "null", "0", "-1", "true"]
# Bytes that are no text at all, in place of a name.
BYTES = [bytes([b]) for b in (*range(1, 32), *range(0x80, 0x100, 5))] + [
    b"\xc0\x80", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf0\x80\x80\x80",
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
    b"\xfe\xff\x00a", b"\xff" * 100, b"a\xffb" * 100]
# In JSON alone: escapes of what is no character, and other types.
JSONS = [r'"\ud800"', r'"\udc00\ud800"', r'"\ud83d\ude00"', r'"\u0000"', r'"a\u0000b"', r'"\uFFFE\uffff"', "null",
         "true", "7", "-1.5e300", "[]", "{}",
         '{"id":"2","username":"bob"}', '["2","bob"]', "[" * 10 + "]" * 10]
FIELDS = ["name", "description", "location", "email", "url", "profile_image_url", "verified", "x_auth_expires"]


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config="TwAuthProfile Off")


@pytest.fixture(scope="module")
def shown(make_site):
    """Where a profile is asked for, kept, and told in every way."""
    return make_site(config="""
        TwAuthProfile On
        <Location "/members/">
        TwAuthExport env headers profile
        TwAuthHeader X-Name name
        </Location>""")


def signed_in(site, browser, body, what):
    """A sign-in in which X says who it is with this answer: alice is signed in, and nothing else of it is anywhere."""
    browser.cookies.clear()
    flow = browser.begin("/members/env.cgi")
    url = flow.callback("alice")
    site.standin.fault(CALL[site.protocol], "body", body_base64=base64.b64encode(body).decode(),
                       content_type="application/json" if site.protocol == "oauth2" else "text/html")
    answer = flow.arrive(url)
    assert answer.status == 200, (what, answer)
    assert answer.json()["REMOTE_USER"] == "alice" and CANARY.decode() not in answer.text, what
    assert "X-Injected" not in "".join(str(a.headers) for a in answer.history)


def answer_of(site, field, value):
    """X's answer to alice with one member more; value is written as it stands."""
    if site.protocol == "oauth2":
        return b'{"data":{"id":"1001","username":"alice","' + field.encode() + b'":' + value + b"}}"
    return (b"oauth_token=1001-a&oauth_token_secret=b&user_id=1001&" + field.encode() + b"=" + value
            + b"&screen_name=alice")


def written(site, text):
    return json.dumps(CANARY.decode() + text).encode() if site.protocol == "oauth2" else \
        b"".join(b"%%%02x" % c for c in CANARY + text.encode())


def raw(site, data):
    data = CANARY + (data.replace(b"&", b"%26") if site.protocol == "oauth1" else data)
    return b'"' + data + b'"' if site.protocol == "oauth2" else data


def test_PR_7_PR_8_names_of_every_kind(site, full, browser):
    site.db.clear()
    browser.keep_alive = True
    answers = [(text, field, written(site, text)) for text in TEXTS for field in FIELDS]
    answers += [(data, field, raw(site, data)) for data in BYTES for field in FIELDS[:3]]
    answers += [(text, field, text.encode()) for text in JSONS for field in FIELDS if site.protocol == "oauth2"]
    for what, field, value in full(answers[::23], answers):
        signed_in(site, browser, answer_of(site, field, value), (field, what))
    browser.close()
    row, = site.db.rows("SELECT * FROM twauth_account")
    assert CANARY.decode() not in str(row) and CANARY.decode() not in site.log.since()
    assert CANARY.decode() not in str(site.db.rows("SELECT * FROM twauth_session"))


def test_PR_7_PR_8_and_so_they_are_seen_by_nobody(site, browser):
    signed_in(site, browser, answer_of(site, "name", written(site, TEXTS[0])), "name")
    for path in ("/members/", "/admin/", "/twauth/session", "/twauth/logout", "/twauth/login?switch=1",
                 "/twauth/callback"):
        assert CANARY.decode() not in browser.get(path).text


@pytest.mark.protocols("oauth2")
def test_PR_7_PR_8_shown_they_do_no_harm(shown, full):
    """In a variable, a header, JSON, the table and the cookie: text, of some length, and nothing else."""
    shown.db.clear()
    shown.allow_log("TW0481")
    values = [json.dumps(text).encode() for text in TEXTS] + [b'"' + data + b'"' for data in BYTES] + [j.encode() for j in JSONS]
    for value in full(values[::9], values):
        browser = shown.browser()
        flow = browser.begin("/members/env.cgi")
        url = flow.callback("alice")
        body = b'{"data":{"id":"1001","username":"alice","profile_image_url":' + value + b',"name":' + value + b"}}"
        shown.standin.fault(CALL["oauth2"], "body", body_base64=base64.b64encode(body).decode(), content_type="application/json")
        answer = flow.arrive(url)
        assert answer.status == 200 and answer.json()["REMOTE_USER"] == "alice", value
        told, name = json.loads(browser.get("/twauth/session").text), answer.json().get("TWAUTH_NAME", "")
        assert told["username"] == "alice" and not told.get("avatar") and "HTTP_X_INJECTED" not in answer.json(), value
        assert not set(name) & set("\r\n\t\x00\x1b\x7f\u202e\u2066") and len(name.encode()) <= 200 and name == name.strip(), value
        assert answer.json().get("HTTP_X_NAME", "").isascii()
    row, = shown.db.rows("SELECT id, avatar FROM twauth_account")
    assert row[1] == ""


@pytest.mark.parametrize("field", ["email", "confirmed_email", "verified_email"])
def test_ID_8_the_same_address_is_another_account(site, field):
    """X may be asked for addresses; whose is the same is nobody's account for it."""
    site.db.clear()
    for number, name in (("1001", "alice"), ("1002", "bob")):
        browser = site.browser()
        flow = browser.begin()
        url = flow.callback(name)
        member = f"data.{field}" if site.protocol == "oauth2" else field
        site.standin.fault(CALL[site.protocol], "edit", set={member: "both@example.com"})
        flow.arrive(url)
        assert user(browser) == name
    rows = site.db.rows("SELECT * FROM twauth_account ORDER BY id")
    assert len(rows) == 2 and "example.com" not in str(rows)
