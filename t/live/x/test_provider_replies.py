# SPDX-License-Identifier: Apache-2.0
"""X answers 200 and something that is nearly right: hundreds of replies, at each call of both protocols."""

import base64
import json
import secrets
import socket
from urllib.parse import quote

import pytest

from harness.checks import FLOW, SESSION

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
oauth1, oauth2 = pytest.mark.protocols("oauth1"), pytest.mark.protocols("oauth2")

PATHS = {"start": "/oauth/request_token", "finish": "/oauth/access_token", "code": "/2/oauth2/token",
         "user": "/2/users/me"}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

GOOD = {
    "start": [("oauth_token", "a-token"), ("oauth_token_secret", "a-secret"), ("oauth_callback_confirmed", "true")],
    "finish": [("oauth_token", "1001-a-token"), ("oauth_token_secret", "a-secret"), ("user_id", "1001"),
               ("screen_name", "alice")],
    "code": {"token_type": "bearer", "expires_in": 7200, "access_token": "a-token", "scope": "users.read"},
    "user": {"data": {"id": "1001", "name": "Alice", "username": "alice"}},
}


# ---- forms

def form(pairs, joint="&"):
    """As it is sent; values in angle brackets are taken as they are written."""
    return joint.join(f"{name}={value[1:-1] if value[:1] + value[-1:] == '<>' else quote(value, safe='')}" for name,
                      value in pairs).encode()


def changed(step, name, value):
    return [(n, value if n == name else v) for n, v in GOOD[step]]


# No token, no number and no handle has one of these in it; as they are, and percent-encoded.
ODD = [chr(c) for c in (*range(0, 33), 0x7f)] + ["\u00e9", "\u202e", "\u212a", "\ufeff", "\U0001f600", "\ufffd"]
# Broken or overlong writing.
WRITTEN = ["<%>", "<%a>", "<%zz>", "<%u0041>", "<a%>", "<a%2>", "<%c0%af>", "<%ff>", "<%ed%a0%80>", "<%00>", "<a%00b>",
           "<%0d%0aX:y>",
           "<a b>", "<a+b>", "< a>", "<a >", "<\ta>", "<a\r\n>", "<a\n>", "<a\x0b>", "<\xa0a>"]
IDS = ["0", "00", "01001", "-1001", "+1001", "1001.0", "1e3", "1E3", "0x3e9", "1001L", "1_001", "1,001", "1001;",
       "1001'", "1001--", "NaN",
       "Infinity", "null", "None", "true", "1001 OR 1=1", "100000000000000000000",
       "340282366920938463463374607431768211456", "9" * 60,
       "\u0661\u0660\u0660\u0661", "\uff11\uff10\uff10\uff11", "1001/../1", "$1001", "@alice", "alice", "1001%00",
       "\u00b2", "\u2460"]
HANDLES = ["@alice", "alice.", "alice.1001", "al-ice", "a/b", "..", "a b", "alice'", 'alice"', "<alice", "alice>",
           "alice&", "alice=", "alice?",
           "alice#", "alice\\", "alice|", "alice`", "$(id)", "${id}", "%s%n", "{{7*7}}", "a" * 21, "a" * 5000,
           "\u0430lice", "al\u0131ce",
           "al\u017fce", "\u212aelvin", "alice\u200b", "\u202ealice", "\ufeffalice", "ａlice", "alice\u0301"]


def bad_forms(step):
    """Replies without a usable answer in them."""
    good = GOOD[step]
    for name, value in good:
        others = [pair for pair in good if pair[0] != name]
        yield f"without {name}", form(others)
        yield f"{name} empty", form(changed(step, name, ""))
        yield f"{name} without =", form(others) + f"&{name}".encode()
        yield f"{name} twice", form([*good, (name, value)])
        yield f"{name} twice, apart", form([(name, "x"), *good])
        yield f"{name} twice, once empty", form([(name, ""), *good])
        yield f"{name} twice, once encoded", form(good) + f"&%{ord(name[0]):02x}{name[1:]}=x".encode()
        for other in (name.upper(), f" {name}", f"{name} ", f"{name}%00", f"{name}[]", f"{name}[0]", f"?{name}",
                      f"+{name}",
                      quote(name.replace("_", "%5f")), name.replace("_", "-"), name.replace("_", ".")):
            yield f"{name} as {other!r}", form(others) + f"&{other}={value}".encode()
        for odd in ODD:
            yield f"{name} {odd!r}", form(changed(step, name, odd))
            yield f"{name} has {odd!r}", form(changed(step, name, value + odd + "x"))
            yield f"{name} ends in {odd!r}", form(changed(step, name, value + odd))
        for written in WRITTEN:
            if written.endswith("\n>") and (name, value) == good[-1]:
                continue        # S7: the end of the whole, which is a line
            yield f"{name} {written}", form(changed(step, name, written))
        yield f"{name} long", form(changed(step, name, "a" * 600))
        yield f"{name} very long", form(changed(step, name, "1" * 60000))
    if step == "start":
        for value in ("TRUE", "True", "1", "yes", "on", "false", "0", "null", "truee", "tru", "true,true", "'true'",
                      '"true"', "true;"):
            yield f"confirmed {value}", form(changed(step, "oauth_callback_confirmed", value))
    else:
        for number in IDS:
            yield f"id {number}", form(changed(step, "user_id", number))
        for handle in HANDLES:
            yield f"handle {handle}", form(changed(step, "screen_name", handle))
        for other in ("1002", "10", "100", "10010", "2001"):
            yield f"token of 1001, id {other}", form(changed(step, "user_id", other))
    for joint in (";", ",", "\n", "\r\n", "&amp;", "|", " "):
        yield f"joined by {joint!r}", form(good, joint)
    body = form(good)
    for what, text in {
            "nothing": b"", "NUL": b"\0", "question mark": b"?" + body, "BOM": b"\xef\xbb\xbf" + body,
            "quoted": b'"' + body + b'"',
            "html behind": body + b"<html>", "line before": b"\r\n" + body, "NUL behind": body + b"\0",
            "utf-16": body.decode().encode("utf-16"),
            "utf-32": body.decode().encode("utf-32"), "encoded once more": quote(body).encode(),
            "base64": base64.b64encode(body),
            "json": json.dumps(dict(good)).encode(), "json string": json.dumps(body.decode()).encode(),
            "xml": b"<?xml version='1.0'?><hash><oauth_token>a</oauth_token></hash>",
            "html": b"<!doctype html><title>Sign in</title>" + body,
            "multipart": b"--x\r\nContent-Disposition: form-data; name=oauth_token\r\n\r\na\r\n--x--",
            "a script": b"#!/bin/sh\n" + body,
            "error": b"error=invalid", "failed": b"Failed to validate oauth signature and token",
            "many": body + b"&a=b" * 5000,
            "many before": b"&".join(b"a%d=b" % i for i in range(5000)) + b"&" + body,
            "two answers": body + b"&" + body,
            "capitals": body.upper()}.items():
        if what not in ("many",):
            yield what, text
    for cut in range(len(body)):
        if body[:cut].count(b"=") < len(good) or body[:cut].endswith(b"=") or step == "start":
            yield f"cut at {cut}", body[:cut]


def good_forms(step):
    """Replies in which nothing is missing."""
    body = form(GOOD[step])
    yield "as it is", body
    yield "as a line", body + b"\r\n"
    yield "ands", b"&" + body.replace(b"&", b"&&&") + b"&"
    yield "unknown", b"a&=b&=&%zz=1&oauth_tokens=x&" + body + b"&oauth_expires_in=0&x_auth_expires=0&lang=%ff"
    yield "escaped", b"&".join(b"%s=%s" % (name.encode(), b"".join(b"%%%02x" % c for c in value.encode())) for name,
                               value in GOOD[step])
    yield "escaped names", b"&".join(b"%s=%s" % (b"".join(b"%%%02X" % c for c in name.encode()),
                                                 value.encode()) for name, value in GOOD[step])
    for i in range(1, len(GOOD[step])):
        yield f"turned by {i}", form(GOOD[step][i:] + GOOD[step][:i])


# ---- JSON

DEEP = "[" * 200 + "]" * 200
# Values of every kind, as they are written.
KINDS = ["null", "true", "false", "0", "1", "-1", "1001", "1.5", "1e3", "1e300", "-0", "9223372036854775807",
         "9223372036854775808",
         "99999999999999999999", '""', '" "', "[]", "{}", '["a-token"]', '["1001"]', '["alice"]', '{"id":"1001"}',
         '{"a-token":1}', DEEP,
         '"a b"', '"a\\u0000b"', '"a\\u000db"', '"a\\nb"', '"\\u00e9"', '"\\ud83d\\ude00"', '"\\u202ealice"',
         '"a\\u007f"', '"' + "a" * 600 + '"']
# What is no JSON at all, in the place of a value.
BROKEN = ["", "nul", "True", "None", "undefined", "NaN", "Infinity", "-Infinity", "+1", "01", "1.", ".5", "1e", "0x1",
          "'a'", "`a`", "a-token",
          '"a', '"a\nb"', '"a\tb"', '"a\x00b"', '"\\x41"', '"\\u12"', '"\\u{41}"', '"\\ud800"', '"\\udc00"',
          '"\\ud800\\ud800"', '"a" "b"', '"a",',
          '"a"}', "[1,]", "{,}", "{a:1}", "/**/1", "1//", "1 2", '"a"\x00']
RAW = [b'"\xff"', b'"\xc0\x80"', b'"\xc3"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xfe\xff"', b"\xef\xbb\xbf1"]


def document(step, name, value):
    """The good reply with one member's value written so."""
    text = json.dumps(GOOD[step])
    place = GOOD[step]["data"] if step == "user" and name != "data" else GOOD[step]
    old = f'"{name}": ' + json.dumps(place[name])
    assert old in text
    return text.replace(old, f'"{name}": @').encode().replace(b"@",
                                                              value.encode("latin-1") if isinstance(value,
                                                                                                    str) else value)


def bad_documents(step):
    """Replies without a usable answer in them."""
    names = ("token_type", "access_token", "expires_in") if step == "code" else ("data", "id", "username")
    fine = {"token_type": (), "access_token": (), "expires_in": ("0", "1", "1001", "-0", "null", "1.5", "1e3"),
            "id": (), "username": (), "data": ()}
    for name in names:
        for value in [k for k in KINDS if k not in fine[name]] + BROKEN + RAW:
            yield f"{name} {value[:40]!r}", document(step, name, value)
    if step == "code":
        for kind in ("Bearer ", " bearer", "bearer\u200b", "mac", "dpop", "pop", "basic", "token", "b", "bearerx",
                     "N_A", "urn:bearer"):
            yield f"type {kind}", document(step, "token_type", json.dumps(kind))
        for value in KINDS + BROKEN:
            if value not in ("null", '"\\ud83d\\ude00"') and not value.startswith('"a') or " " in value:
                yield f"refresh {value[:40]!r}", document(step, "scope", f'"x", "refresh_token": {value}')
        for error in ("null", '""', '"invalid_grant"', "1", "{}", "false"):
            yield f"error {error}", document(step, "scope", f'"x", "error": {error}')
        for odd in ODD:
            yield f"token with {odd!r}", document(step, "access_token", json.dumps("a" + odd))
    else:
        for number in IDS:
            yield f"id {number}", document(step, "id", json.dumps(number))
        for handle in HANDLES:
            yield f"handle {handle}", document(step, "username", json.dumps(handle))
        for odd in ODD:
            yield f"id with {odd!r}", document(step, "id", json.dumps("1001" + odd))
            yield f"handle with {odd!r}", document(step, "username", json.dumps(odd + "alice"))
        for text in ('{"id": "1001", "username": "alice"}', '{"data": {"user": {"id": "1001", "username": "alice"}}}',
                     '{"data": [{"id": "1001", "username": "alice"}]}',
                     '{"includes": {"users": [{"id": "1001", "username": "alice"}]}}',
                     '{"data": {"id_str": "1001", "username": "alice"}}',
                     '{"data": {"id": "1001", "screen_name": "alice"}}',
                     '{"data.id": "1001", "data.username": "alice"}', '{"Data": {"id": "1001", "username": "alice"}}',
                     '{"errors": [{"title": "Not Found Error", "detail": "no"}]}', '{"data": {}, "errors": []}',
                     '{"data": {"id": "1001"}, "username": "alice"}',
                     '{"__proto__": {"data": {"id": "1001", "username": "alice"}}}'):
            yield text, text.encode()
    for name in names:
        text = document(step, name, "1").decode()
        yield f"{name} twice", text.replace(f'"{name}": 1', f'"{name}": "1", "{name}": "1"').encode()
        yield f"{name} twice, apart", document(step, name, f'"1001", "x": 1, "{name}": "1001"')
    text = json.dumps(GOOD[step])
    for what, body in {
            "nothing": "", "NUL": "\0", "array": f"[{text}]", "string": json.dumps(text), "twice": text + text,
            "lines": text + "\n" + text,
            "comma": text[:-1] + ",}", "semicolon": text + ";", "NUL behind": text + "\0", "text behind": text + "x",
            "BOM": "\ufeff" + text,
            "prefix": ")]}',\n" + text, "jsonp": f"callback({text})", "while": "while(1);" + text,
            "comment": f"/*x*/{text}",
            "comment behind": text + "//x", "single quotes": text.replace('"', "'"), "no quotes": text.replace('"', ""),
            "python": str(GOOD[step] | {"x": None}), "xml": "<a/>", "yaml": "token_type: bearer\ndata:\n  id: '1001'",
            "form": "access_token=a",
            "html": "<!doctype html>" + text, "large": text[:-1] + ', "x": "' + "a" * 66000 + '"}',
            "deep": text[:-1] + ', "x": ' + "[" * 3000 + "]" * 3000 + "}",
            "deep and open": text[:-1] + ', "x": ' + '{"a":' * 3000,
            "base64": base64.b64encode(text.encode()).decode()}.items():
        yield what, body.encode()
    for coding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield coding, text.encode(coding)
    for cut in range(len(text)):
        yield f"cut at {cut}", text[:cut].encode()


def good_documents(step):
    """Replies in which nothing is missing, with foreign members of every kind."""
    text = json.dumps(GOOD[step])
    yield "as it is", text.encode()
    yield "blanks", b" \r\n\t" + text.replace(" ", "\t\r\n ").encode() + b"\n\n"
    yield "indented", json.dumps(GOOD[step], indent=4).encode()
    yield "turned", json.dumps(dict(reversed(GOOD[step].items()))).encode()
    fit = [k for k in KINDS if "\\u0000" not in k and k not in (DEEP, "9223372036854775808", "99999999999999999999")]
    for value in fit:
        yield f"foreign {value[:40]}", f'{text[:-1]}, "foreign": {value}}}'.encode()
        if step == "user":
            yield f"name {value[:40]}", document(step, "name", value)
    if step == "code":
        for kind in ("Bearer", "BEARER", "bEaReR"):
            yield kind, document(step, "token_type", f'"{kind}"')
        for scope in fit:
            yield f"scope {scope}", document(step, "scope", scope)
        yield "refresh null", document(step, "scope", '"x", "refresh_token": null')


# ---- the walk

@pytest.fixture(scope="module")
def site(make_site):
    """The time-out is for answers that promise more than comes."""
    return make_site(config="TwAuthProviderTimeout 2s")


class Walk:
    """Sign-ins in which X answers so at one step; a good one now and then, so that no failures add up."""

    def __init__(self, site, step):
        self.site, self.step, self.count = site, step, 0
        self.browser = site.browser(keep_alive=True)
        site.standin.reset()
        site.db.clear()

    def answer(self, kind, **options):
        """The last answer of a sign-in by alice."""
        self.count += 1
        if self.count % 2 == 0:
            self.well()
        self.browser.cookies.clear()
        if self.step == "start":
            self.site.standin.fault(PATHS["start"], kind, **options)
            return self.browser.get("/members/", follow=1)
        flow = self.browser.begin("/members/")
        url = flow.callback("alice")
        self.site.standin.fault(PATHS[self.step], kind, **options)
        return flow.arrive(url, follow=False)

    def body(self, body, content_type):
        return self.answer("body", body_base64=base64.b64encode(body).decode(), content_type=content_type)

    def well(self):
        """Nothing of what was asked for before is left, and X is well."""
        self.site.standin.clear_faults()
        browser = self.site.browser()
        flow = browser.begin()
        if self.step != "start":
            answer = flow.arrive(flow.callback("dave"), follow=False)
            if answer.status == 504:            # the machine stood still for as long as X may take here
                flow = browser.begin()
                answer = flow.arrive(flow.callback("dave"), follow=False)
            assert answer.status == 302

    def refused(self, what, answer):
        """An error page, and nobody is signed in."""
        assert answer.status in (502, 504), (what, answer)
        assert "Location" not in answer.headers and not answer.headers.all("X") + answer.headers.all("X-Injected"), what
        assert not {c.name for c in answer.set_cookies if not c.deletes} & {SESSION}, what
        assert not self.browser.cookies.names(FLOW) and SESSION not in self.browser.cookies, what

    def nobody_but_dave(self):
        assert self.site.db.rows("SELECT twitter_id FROM twauth_account WHERE twitter_id <> '1004'") == []
        assert self.site.db.rows("SELECT s.id FROM twauth_session s LEFT JOIN twauth_account a ON a.id = s.account_id"
                                 " WHERE a.twitter_id <> '1004' OR a.id IS NULL") == []
        assert self.site.standin.calls(kind="api"), "X was asked"


@pytest.fixture
def walk(site):
    walks = []

    def make(step):
        walks.append(Walk(site, step))
        return walks[-1]
    yield make
    for made in walks:
        made.well()
        made.browser.close()


def some(full, replies):
    """All of them with --full, else each eighth."""
    replies = list(replies)
    return full(replies[3::8], replies)


FORMS = [pytest.param("start", marks=oauth1), pytest.param("finish", marks=oauth1)]
DOCUMENTS = [pytest.param("code", marks=oauth2), pytest.param("user", marks=oauth2)]


@pytest.mark.parametrize("step", FORMS)
def test_PR_5_PR_6_PR_8_ID_4_forms_that_are_no_answer(site, walk, full, step):
    site.expect_log("TW0204")
    w = walk(step)
    for what, body in some(full, bad_forms(step)):
        w.refused(what, w.body(body, FORM))
    w.nobody_but_dave()


@pytest.mark.parametrize("step", DOCUMENTS)
def test_O2_6_O2_7_PR_8_ID_4_documents_that_are_no_answer(site, walk, full, step):
    site.expect_log("TW0204")
    w = walk(step)
    for what, body in some(full, bad_documents(step)):
        w.refused(what, w.body(body, JSON))
    w.nobody_but_dave()


TYPES = [FORM, JSON, "text/html", "text/plain; charset=utf-16", "", "x", "application/json; charset=iso-8859-1",
         "multipart/form-data"]


@pytest.mark.parametrize("step", FORMS)
def test_OA_10_forms_that_are_one(site, walk, step):
    w = walk(step)
    for i, (what, body) in enumerate([*good_forms(step), *[(f"as {t}", form(GOOD[step])) for t in TYPES]]):
        answer = w.body(body, TYPES[i % len(TYPES)])
        assert answer.status == 302, (what, answer)
        assert site.standin.owns(answer.location) if step == "start" else answer.cookie(SESSION), what


@pytest.mark.parametrize("step", DOCUMENTS)
def test_O2_7_documents_that_are_one(site, walk, full, step):
    w = walk(step)
    for i, (what, body) in enumerate(some(full, good_documents(step))):
        answer = w.body(body, TYPES[i % len(TYPES)])
        if step == "code":              # the next call shows the token that was told, which is none of X's
            assert site.standin.calls(PATHS["user"])[-1]["headers"]["authorization"] == "Bearer a-token", what
            site.allow_log("TW0204")
        else:
            assert answer.status == 302 and answer.cookie(SESSION), (what, answer)


# ---- answers that are hardly HTTP; {body} is a good one, {length} its length

OK, LENGTH = "HTTP/1.1 200 OK\r\n", "Content-Length: {length}\r\n\r\n{body}"
CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n"
REFUSED = {
    "no line": "{body}",
    "no version": "HTTP 200 OK\r\n\r\n{body}",
    "version 9": "HTTP/9.9 200 OK\r\n" + LENGTH,
    "another protocol": "ICY 200 OK\r\n\r\n{body}",
    "SSH": "SSH-2.0-OpenSSH_9.2\r\n",
    "SMTP": "220 mail ESMTP\r\n",
    "RTSP": "RTSP/1.0 200 OK\r\n\r\n{body}",
    "TLS alert": "\x15\x03\x01\x00\x02\x02\x28",
    "HTTP/2 frames": "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64",
    "nothing": "",
    "line ends": "\r\n" * 500,
    "NULs": "\0" * 500,
    "status of two digits": "HTTP/1.1 20 OK\r\n" + LENGTH,
    "status of four": "HTTP/1.1 2000 OK\r\n" + LENGTH,
    "status in letters": "HTTP/1.1 2xx OK\r\n" + LENGTH,
    "negative status": "HTTP/1.1 -200 OK\r\n" + LENGTH,
    "status 0": "HTTP/1.1 000 OK\r\n" + LENGTH,
    "status 999": "HTTP/1.1 999 OK\r\n" + LENGTH,
    "201": "HTTP/1.1 201 Created\r\n" + LENGTH,
    "206": "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-9/99\r\n" + LENGTH,
    "101": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n{body}",
    "304": "HTTP/1.1 304 Not Modified\r\n\r\n",
    "302 called OK": "HTTP/1.1 302 OK\r\nLocation: /\r\n" + LENGTH,
    "length too long": OK + "Content-Length: 99999\r\n\r\n{body}",
    "length negative": OK + "Content-Length: -1\r\n\r\n{body}",
    "length in letters": OK + "Content-Length: many\r\n\r\n{body}",
    "lengths that differ": OK + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n{body}",
    "length 0": OK + "Content-Length: 0\r\n\r\n{body}",
    "chunks without": CHUNKED + "{body}",
    "chunk too long": CHUNKED + "ffff\r\n{body}",
    "chunk beyond": CHUNKED + "ffffffffffffffffff\r\n{body}",
    "chunk negative": CHUNKED + "-5\r\n{body}",
    "no end of chunks": CHUNKED + "{hex}\r\n{body}\r\n",
    "head without end": OK + "X: y\r\n",
    "headers only": OK + "\r\n",
    "a long line": OK + "X: " + "y" * 120000 + "\r\n\r\n{body}",
    "many headers": OK + "X: y\r\n" * 20000 + "\r\n{body}",
    "a long status line": "HTTP/1.1 200 " + "y" * 120000 + "\r\n\r\n{body}",
    "endless folding": OK + "X: y\r\n" + " y\r\n" * 30000 + "\r\n{body}",
}
# What is legal, if odd: taken, or refused as a whole, and never a part of it.
ODD_BUT_LEGAL = {
    "no reason": "HTTP/1.1 200\r\n" + LENGTH,
    "until the end": "HTTP/1.0 200 OK\r\n\r\n{body}",
    "chunked": CHUNKED + "{hex};x=y\r\n{body}\r\n0\r\nX: y\r\n\r\n",
    "lines end in LF": "HTTP/1.1 200 OK\nContent-Length: {length}\n\n{body}",
    "length twice": OK + "Content-Length: {length}\r\n" + LENGTH,
    "length beyond": OK + "Content-Length: 99999999999999999999\r\n\r\n{body}",
    "more than promised": OK + LENGTH + "{body}",
    "interim": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK + LENGTH,
    "cookies": OK + "Set-Cookie: __Host-twauth=x; Path=/; Secure\r\nSet-Cookie: a=b\r\n" + LENGTH,
    "a location": OK + "Location: https://evil.example/\r\nRefresh: 0; url=https://evil.example/\r\n" + LENGTH,
    "fields of all sorts": OK + "Retry-After: 99999999999999999999\r\nDate: yesterday\r\nAge: -1\r\nX-\x01: \x02\r\n"
                           "nocolon\r\n: x\r\n" + LENGTH,
    "hsts": OK + 'Strict-Transport-Security: max-age=99999\r\nAlt-Svc: h3=":1"\r\n' + LENGTH,
    "said to be packed": OK + "Content-Encoding: gzip\r\n" + LENGTH,
}


def spoken(text, body):
    body = body.decode("latin-1")
    return text.replace("{length}", str(len(body))).replace("{hex}", f"{len(body):x}").replace("{body}", body)


STEPS = [*FORMS, *DOCUMENTS]


def good_body(step):
    return form(GOOD[step]) if isinstance(GOOD[step], list) else json.dumps(GOOD[step]).encode()


@pytest.mark.parametrize("step", STEPS)
def test_PR_5_answers_that_are_hardly_HTTP(site, walk, step):
    site.expect_log("TW0204")
    w = walk(step)
    for what, text in REFUSED.items():
        answer = w.answer("raw", head=spoken(text, good_body(step)), times=2)
        site.standin.clear_faults()
        w.refused(what, answer)
    w.nobody_but_dave()


@pytest.mark.parametrize("step", STEPS)
def test_PR_5_answers_that_are_odd_but_legal(site, walk, step):
    site.allow_log("TW0204")
    w = walk(step)
    for what, text in ODD_BUT_LEGAL.items():
        answer = w.answer("raw", head=spoken(text, good_body(step)), times=2)
        site.standin.clear_faults()
        assert "evil.example" not in str(answer.headers) and answer.cookie("a") is None, what
        assert answer.status in (302, 502, 504), (what, answer)
        if answer.status == 302 and step != "start":
            assert site.db.rows("SELECT username FROM twauth_account WHERE twitter_id = '1001'") == [("alice",)], what


@pytest.mark.parametrize("step", STEPS)
def test_LG_1_tokens_are_not_logged_whatever_the_status(site, walk, full, step):
    """X sends what it would with a success; the judge looks for it in the log."""
    body = good_body(step)
    for name in (b"a-token", b"a-secret"):
        secret = f"{secrets.token_urlsafe(30)}7"
        site.canaries.add(name.decode(), secret)
        body = body.replace(name, secret.encode())
    site.expect_log("TW0204")
    w = walk(step)
    statuses = (101, 102, 201, 202, 203, 206, 226, 300, 305, 400, 401, 403, 404, 409, 418, 422, 429, 451, 500, 502,
                503, 599, 999)
    for status in full(statuses[::4], statuses):
        for written in (body, b" " + body, body + b"\r\n", b"{" + body, b"error: " + body, b"<p>" + body):
            w.answer("raw", head=f"HTTP/1.1 {status} x\r\nContent-Length: {len(written)}\r\n\r\n",
                     body_base64=base64.b64encode(written).decode())


@pytest.mark.parametrize("step", STEPS)
def test_PR_4_every_status_with_a_good_body(site, walk, full, step):
    """None but 200 is a success, and none is asked about again and again."""
    site.expect_log("TW0204")
    w = walk(step)
    for status in full([*range(201, 600, 37), 429], [s for s in range(102, 1000) if s != 200]):
        before = len(site.standin.calls(PATHS[step]))
        head = f"HTTP/1.1 {status} Fine\r\nRetry-After: 1\r\n" + LENGTH
        answer = w.answer("raw", head=spoken(head, good_body(step)), times=3)
        assert len(site.standin.calls(PATHS[step])) - before <= 2 + 2 * (w.count % 2 == 0), status
        site.standin.clear_faults()
        assert answer.status in (400, 403, 502, 503, 504) and "Location" not in answer.headers, (status, answer)
        assert not {c.name for c in answer.set_cookies if not c.deletes} & {SESSION}, status
    w.nobody_but_dave()


ELSEWHERE = ["file:///etc/passwd", "http://169.254.169.254/latest/meta-data/", "gopher://127.0.0.1:{port}/",
             "dict://127.0.0.1:{port}/",
             "ftp://127.0.0.1:{port}/", "ldap://127.0.0.1:{port}/", "http://127.0.0.1:{port}/",
             "https://127.0.0.1:{port}/",
             "//127.0.0.1:{port}/", "///127.0.0.1:{port}/", "http:127.0.0.1:{port}",
             "http://[::ffff:127.0.0.1]:{port}/",
             "http://2130706433:{port}/", "http://0x7f.1:{port}/", "http://localhost:{port}/", "javascript:alert(1)",
             "data:,x", "",
             " ", "?", "#", "/", "/oauth/authenticate", "/2/users/me", "http://", "http://user:pass@127.0.0.1:{port}/",
             "\\t//127.0.0.1:{port}/",
             "a" * 9000]


@pytest.mark.parametrize("step", STEPS)
def test_PR_3_nowhere_else_from_any_step(site, walk, full, step):
    site.expect_log("TW0204")
    w = walk(step)
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.05)
        for i, place in enumerate(full(ELSEWHERE[::3], ELSEWHERE)):
            place = place.replace("{port}", str(trap.getsockname()[1]))
            status = (301, 302, 303, 305, 307, 308, 300, 201)[i % 8]
            head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {place}\r\nRefresh: 0; url={place}\r\n" + LENGTH
            w.refused((status, place), w.answer("raw", head=spoken(head, good_body(step))))
        with pytest.raises(TimeoutError):
            trap.accept()
    w.nobody_but_dave()
