# SPDX-License-Identifier: Apache-2.0
"""HD-1 to HD-4, HD-9: backends get identity headers from the module, and from nobody else."""

import http.client
import re
import string

import pytest

from harness.backend import received
from harness.httpd import VHost

TRUE = {"X-Twauth-User": "alice", "X-Twauth-Username": "alice", "X-Twauth-Screen-Name": "alice", "X-Twauth-Id": "1001"}
NAMES = ["X-Twauth-User", "X-Twauth-Username", "X-Twauth-Screen-Name", "X-Twauth-Id", "X-Twauth-Account",
         "X-Twauth-Signed-In-At"]
LOOKALIKES = ["x-twauth-user", "X-TWAUTH-ID", "X_Twauth_User", "X-Twauth_User", "X_TWAUTH-ID", "X.Twauth.User",
              "X-Twauth-User_", "X--Twauth--User", "X~Twauth~Id", "X!Twauth!User", "_X-Twauth-User",
              "X-Twauth-Anything", "XTwauthUser", "X-Tw-Auth-User", "-x-twauth-id", "X|Twauth|User", "X+Twauth+User",
              "X`Twauth`User", "X*Twauth*User", "X$Twauth$Id", "X#Twauth#User", "X%Twauth%User", "X'Twauth'User",
              "X^Twauth^User"]
PLACES = ["/open/", "/members/proxied/", "/pass/", "/none/", "/rewritten/"]


@pytest.fixture(scope="module")
def site(make_site, echo):
    site = make_site(start=False, modules=("proxy", "proxy_http", "rewrite", "headers"), config=f"""
        ProxyPass "/open/" "{echo.origin}/"
        ProxyPass "/members/proxied/" "{echo.origin}/"
        ProxyPass "/pass/" "{echo.origin}/"
        ProxyPass "/none/" "{echo.origin}/"
        RewriteEngine On
        RewriteRule "^/rewritten/(.*)$" "{echo.origin}/$1" [P]
        <Location "/members/">
        TwAuthExport env headers
        </Location>
        <Location "/pass/">
        AuthType Twitter
        TwAuthUnauthenticated pass
        TwAuthExport headers
        Require all granted
        </Location>
        <Location "/none/">
        AuthType Twitter
        TwAuthExport none
        Require valid-user
        </Location>
        MergeTrailers On
        """)
    site.beside = VHost("other.test", port=site.vhost.port, config=f'ProxyPass "/" "{echo.origin}/"')
    site.strict = VHost("strict.test", tls=False, config=site.beside.config)
    site.lax = VHost("lax.test", tls=False, config="HttpProtocolOptions Unsafe\n" + site.beside.config)
    site.httpd.vhosts += [site.beside, site.strict, site.lax]
    site.httpd.script("reader", READER, site.httpd.cgi_bin)
    site.httpd.script("plain/reader.cgi", READER)
    return site.start()


@pytest.fixture(scope="module")
def member(site):
    browser = site.browser()
    browser.begin("/twauth/login?next=%2Fcgi-bin%2Fenv").approve("alice")
    return browser


def folded(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


def identity(asked):
    """What any gateway could take for one of ours."""
    return [(name, value) for name, value in asked.headers if folded(name).startswith("xtwauth")]


def test_what_a_backend_is_told(member):
    told = dict(identity(received(member.get("/members/proxied/"))))
    assert sorted(told) == sorted(NAMES)
    assert {name: told[name] for name in TRUE} == TRUE
    assert told["X-Twauth-Account"].isdigit() and re.fullmatch(r"\d{10}", told["X-Twauth-Signed-In-At"])


def test_in_a_pass_place(browser, member):
    assert dict(identity(received(member.get("/pass/"))))["X-Twauth-Id"] == "1001"
    assert identity(received(browser.get("/pass/"))) == []


def test_export_none(member):
    assert identity(received(member.get("/none/"))) == []


@pytest.mark.parametrize("name", NAMES + LOOKALIKES)
def test_HD_1_HD_2_lookalike_header_names(site, browser, member, name):
    for visitor in (browser, member):
        for place in PLACES if visitor is member else ("/open/", "/pass/", "/rewritten/"):
            answer = visitor.get(place, headers=[(name, "mallory"), (name, ""), (name.upper(), "mallory")])
            if answer.status == 400:        # httpd's own refusal
                continue
            assert "mallory" not in answer.text, place
            count = len(NAMES) if visitor is member and place in ("/members/proxied/", "/pass/") else 0
            assert len(identity(received(answer))) == count


# HD-2: every byte that httpd lets through in a name, at each place; what it refuses is not looked at

PLACES_OF_A_BYTE = [b"%sX-Twauth-User", b"X%sTwauth-User", b"X-Tw%sauth-User", b"X-Twauth%sUser", b"X-Twauth-U%sser",
                    b"X-Twauth-User%s", b"X%s%sTwauth%s%sUser", b"%s%sX-TWAUTH-ID", b"x%stwauth_id%s",
                    b"X-Twauth%sScreen%sName", b"%sx%st%sw%sa%su%st%sh%sid"]


def gateways(name):
    """The variables that gateways make of a header's name: CGI and WSGI, PHP, servers that drop what is odd, Java."""
    upper = name.upper()
    yield "HTTP_" + upper.replace("-", "_")
    yield "HTTP_" + re.sub(r"[^A-Z0-9]", "_", upper)
    yield "HTTP_" + re.sub(r"[^A-Z0-9]+", "_", upper).strip("_")
    yield "HTTP_" + re.sub(r"[^A-Z0-9_]", "", upper.replace("-", "_"))
    yield "HTTP_" + re.sub(r"[ .\[-]", "_", upper.lstrip(" "))
    yield "HTTP_" + upper.encode("latin-1", "replace").decode("ascii", "ignore").strip().replace("-", "_")


TOKEN = b"!#$%&'*+-.^_`|~" + string.digits.encode() + string.ascii_letters.encode()
TAKEN = {"HTTP_" + name.upper().replace("-", "_") for name in NAMES}


def deceived(asked):
    """The values that some gateway would hand on as one of ours."""
    return [(name, value) for name, value in asked.headers
            if TAKEN & set(gateways(name)) or folded(name).startswith("xtwauth")]


@pytest.mark.parametrize("host", ["strict", "lax"])
def test_HD_2_every_byte_at_every_place(site, browser, backend, host):
    vhost = getattr(site, host)

    def passes(names):
        """Whether httpd takes a request with such fields; what the backend got must deceive nobody."""
        backend.clear()
        fields = b"".join(b"%s: mallory\r\n" % name for name in names)
        try:
            answer = browser.raw(b"GET / HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n%s\r\n" % (
                vhost.name.encode(), vhost.port, fields), url=vhost.url("/"), linger=0.001)
        except (ConnectionError, http.client.HTTPException):
            return False
        for asked in backend.requests:
            assert deceived(asked) == [], names
        return answer.status == 200

    for byte in (bytes([b]) for b in range(256)):
        names = [place.replace(b"%s", byte) for place in PLACES_OF_A_BYTE]
        if byte in b"\0\t\n\v\f\r :":         # with a meaning of their own, which depends on the place
            taken = [passes([name]) for name in names]
            assert any(taken) or host == "strict" or byte != b" "
        elif passes([b"Aa%sBb" % byte]):
            assert passes(names)
        else:
            assert host == "lax" or byte not in TOKEN


@pytest.mark.parametrize("name", ["X-Twauth-User", "X_Twauth_User"])
def test_HD_9_a_host_without_the_module(site, browser, name):
    answer = browser.get(site.beside.url("/"), headers={name: "mallory"})
    assert answer.status == 200 and identity(received(answer)) == []


@pytest.mark.parametrize("path", ["/twauth/login", "/nothing", "/members/", "/cgi-bin/env"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_HD_9_other_ways_out(browser, method, path):
    answer = browser.request(method, path, headers={"X-Twauth-User": "mallory", "X_Twauth_Id": "mallory"})
    assert "mallory" not in answer.text


EXITS = ["400", "401", "403", "404", "405", "408", "413", "414", "500", "501", "503"]


@pytest.fixture(scope="module")
def exits(make_site):
    """Every refusal shows a program's environment."""
    documents = "\n".join(f"ErrorDocument {status} /cgi-bin/env" for status in EXITS)
    return make_site(config=f"""
        {documents}
        <Location "/forbidden/">
        Require all denied
        </Location>
        <Location "/gone/">
        Redirect 503 "/gone/"
        </Location>
        <Location "/short/">
        AuthType Twitter
        TwAuthUnauthenticated 401
        Require valid-user
        LimitRequestBody 10
        </Location>""")


SPOOFED = b"X-Twauth-User: mallory\r\nX_Twauth_Id: mallory\r\nx-twauth-username: mallory\r\nX.TWAUTH.ACCOUNT: mallory\r\n"
WAYS_OUT = [b"GET /nothing HTTP/1.1\r\n%H", b"GET /forbidden/ HTTP/1.1\r\n%H", b"GET /gone/ HTTP/1.1\r\n%H",
            b"GET /short/ HTTP/1.1\r\n%H", b"BREW /short/ HTTP/1.1\r\n%H", b"GET /twauth/nothing HTTP/1.1\r\n%H",
            b"PUT /twauth/login HTTP/1.1\r\n%H", b"GET /twauth/login HTTP/1.1\r\n%H", b"PUT /index.html HTTP/1.1\r\n%H",
            b"GET /x%00 HTTP/1.1\r\n%H", b"GET /%zz HTTP/1.1\r\n%H", b"GET / HTTP/1.1\r\n",
            b"GET / HTTP/1.1\r\nHost: a b\r\n", b"GET / HTTP/1.1\r\n%HTransfer-Encoding: nonsense\r\n",
            b"GET / HTTP/1.1\r\n%HContent-Length: x\r\n", b"GET / HTTP/1.1\r\n%HExpect: nonsense\r\n",
            b"GET / HTTP/1.1\r\n%HConnection: X-Twauth-User\r\n", b"GET / HTTP/1.1\r\n%HNo colon\r\n",
            b"GET / HTTP/1.1\r\n%HX\0: y\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n%H",
            b"GET / HTTP/1.1\r\n%HX: " + b"a" * 9000 + b"\r\n", b"GET / HTTP/1.1\r\n%H" + b"X: a\r\n" * 101,
            b"POST /short/ HTTP/1.1\r\n%HContent-Length: 0\r\n",
            b"POST /twauth/logout HTTP/1.1\r\n%HContent-Length: -1\r\n",
            b"GET /twauth/session HTTP/1.1\r\n%HSec-Fetch-Site: cross-site\r\n", b"GET /members/ HTTP/1.0\r\n",
            b"OPTIONS * HTTP/1.1\r\n%H", b"TRACE /x HTTP/1.1\r\n%H", b"GET /x HTTP/3.7\r\n%H", b"x\r\n%H"]


@pytest.mark.parametrize("where", ["before", "after"])
def test_HD_9_documents_of_every_refusal(exits, browser, where):
    """Whatever refuses a request, and however early: what is said of it is not what a client called itself."""
    exits.allow_log(r"^\[(core|http|ssl|cgid):error\]", "AH01630")
    host = b"Host: site.test:%d\r\n" % exits.vhost.port
    told = 0
    for way in WAYS_OUT:
        line, _, rest = way.replace(b"%H", host).partition(b"\r\n")
        fields = SPOOFED + rest if where == "before" else rest + SPOOFED
        try:
            answer = browser.raw(line + b"\r\n" + fields + b"Connection: close\r\n\r\n", url=exits.url("/"), linger=0.001)
        except (ConnectionError, http.client.HTTPException):
            continue
        assert answer.status != 200 or line.startswith((b"TRACE", b"OPTIONS", b"GET / ")), (way, answer)
        assert b"mallory" not in answer.body or line.startswith(b"TRACE"), (way, answer)
        told += b"SERVER_SOFTWARE" in answer.body
    assert told >= 15


# Where a name in a Connection field begins: mod_proxy's own reading is generous.
HOPS = ["{}", "close, {}", "close,{}", "{} , close", "close; {}", "close;{}", "close {}", "close\t{}", ",;{}", ";{}",
        "\"close\" {}", "a\"b\" {}", "\"close;{}", "close,\"{}\"", "\"{}\"", "Z {}", "keep-alive, Upgrade;q={0} {0}",
        "close,,,;;  {}", "{};q=1", "{0}, {0}"]


@pytest.mark.parametrize("hop", HOPS)
def test_HD_3_hop_by_hop(member, backend, hop):
    for name in [*NAMES, "x_twauth_user", "X-TWAUTH-ID", "XTwauthUser"]:
        answer = member.get("/members/proxied/", headers={"Connection": hop.format(name)})
        assert answer.status == 400 and backend.requests == [], name


@pytest.mark.parametrize("field", ["Proxy-Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "X-Connection", "Via",
                                   "No-Vary-Search", "Close"])
def test_HD_3_other_fields_drop_nothing(member, field):
    told = dict(identity(received(member.get("/members/proxied/", headers={field: ", ".join(NAMES)}))))
    assert sorted(told) == sorted(NAMES) and told["X-Twauth-Id"] == "1001"


@pytest.mark.parametrize("value", ["close=X-Twauth-User", "close/X-Twauth-User", "Not-X-Twauth-User", "x-tw auth-user"])
def test_HD_3_what_drops_nothing_is_no_reason_to_refuse(member, value):
    told = dict(identity(received(member.get("/members/proxied/", headers={"Connection": value}))))
    assert sorted(told) == sorted(NAMES)


def test_HD_3_in_a_second_field(member, backend):
    answer = member.get("/members/proxied/", headers=[("Connection", "close"), ("Connection", "X-Twauth-User")])
    assert answer.status == 400 and backend.requests == []


@pytest.mark.parametrize("path", ["/members/proxied/", "/open/", "/pass/"])
def test_HD_4_trailers(site, member, backend, path):
    cookies = "; ".join(f"{c.name}={c.value}" for c in member.cookies)
    answer = member.raw((f"POST {path} HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nCookie: {cookies}\r\n"
                         "Transfer-Encoding: chunked\r\nTrailer: X-Twauth-User\r\nConnection: close\r\n\r\n1\r\nx\r\n"
                         "0\r\nX-Twauth-User: mallory\r\nX_Twauth_Id: mallory\r\nX-Plain: plain\r\n\r\n").encode())
    assert answer.status in (200, 400, 401)
    assert "mallory" not in str(backend.requests)


READER = """#!/usr/bin/python3 -SIE
import os, sys
sys.stdin.read()
print("Content-Type: text/plain\\n\\n", os.environ)
"""


@pytest.mark.parametrize("script", ["/cgi-bin/reader", "/plain/reader.cgi"])
def test_HD_4_trailers_and_cgi(site, member, script):
    cookies = "; ".join(f"{c.name}={c.value}" for c in member.cookies)
    answer = member.raw((f"POST {script} HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nCookie: {cookies}\r\n"
                         "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\nx\r\n"
                         "0\r\nX-Twauth-User: mallory\r\nTwauth-User: mallory\r\n\r\n").encode())
    assert answer.status in (200, 400)
    assert b"'TWAUTH_USER': 'mallory'" not in answer.body and b"HTTP_X_TWAUTH" not in answer.body
