# SPDX-License-Identifier: Apache-2.0
"""nginx and Caddy in front of an application ask httpd who may pass, by the lines of docs/front.md."""

import itertools
import re
import socket

import pytest

from harness import documents
from harness.browser import Browser
from harness.front import Caddy, Nginx
from harness.httpd import VHost

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
count = itertools.count(1)
DOCUMENT = "docs/front.md"


def block(title, word):
    found, = (b for b in documents.blocks(DOCUMENT, title) if word in b)
    return found


def here(text, site, application):
    places = {"127.0.0.1:8081": f"127.0.0.1:{site.inner.port}", "127.0.0.1:3000": application}
    return re.sub("|".join(places), lambda place: places[place.group()], text)


@pytest.fixture(scope="module")
def behind(make_site):
    """The host of the document, for a front whose port is known later: behind(port)."""
    def make(port, config=""):
        site = make_site(start=False)
        rules = re.search(r"(?s)<Location.*</Location>", block("httpd", "<VirtualHost").replace("jack", "carol")).group()
        site.inner = VHost("127.0.0.1", tls=False, server_name=f"https://site.test:{port}",
                           config=f"{site.vhost.config}\n{rules}\n{config}")
        site.httpd.vhosts.append(site.inner)
        site.vhost.config = ""
        site.standin.register(f"https://site.test:{port}/twauth/callback")
        return site.start()
    return make


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def front(request, folder, authority, behind, echo, chat):
    kind = {"nginx": Nginx, "caddy": Caddy}[request.param]
    front = kind(folder / f"front{next(count)}", authority)
    site = behind(front.port, "TwAuthSessionRecheck 0")
    application = echo.origin.removeprefix("http://")
    if request.param == "nginx":
        front.outside = (block("nginx", "map $http_cookie")
                         + 'map $http_upgrade $connection_upgrade { default upgrade; "" ""; }\n')
        config = block("nginx", "auth_request /_members")
        talk = re.search(r"(?s)location / \{.*?\n\}", config).group().replace("location / ", "location /chat/ ")
        admin = config[config.index("location = /_members"):config.index("location @twauth")]
        front.config = (here(config, site, application) + here(talk, site, chat.address)
                        + here(admin + talk, site, application).replace("_members", "_admin")
                        .replace("auth/members", "auth/admin").replace("/chat/", "/admin/"))
    else:
        config = block("Caddy", "request_header -X-Twauth*")
        rest = config[config.index("handle {"):]
        front.config = (here(config[:config.index("handle {")], site, application)
                        + "handle /chat/* " + here(rest, site, chat.address).removeprefix("handle ")
                        + "handle /admin/* " + here(rest, site, application).removeprefix("handle ")
                        .replace("auth/members", "auth/admin")
                        + here(rest, site, application))
    front.site, front.kind = site, request.param
    with front:
        yield front


@pytest.fixture
def visitor(front, authority, echo):
    echo.clear()
    return lambda: Browser(front.origin, authority.ca, front.site.standin, front.site.canaries)


@pytest.fixture
def alice(visitor):
    browser = visitor()
    browser.sign_in("alice", next="/deep/link?x=1&y=%20z")
    return browser


def test_a_deep_link_and_back(front, visitor, echo):
    browser = visitor()
    answer = browser.sign_in("alice", next="/deep/link?x=1&y=%20z")
    assert answer.status == 200 and answer.url == f"{front.origin}/deep/link?x=1&y=%20z"
    heard, = echo.requests
    assert heard.target == "/deep/link?x=1&y=%20z" and heard.all("X-Twauth-User") == ["alice"]
    assert "twauth=" not in (heard.get("Cookie") or "")
    assert browser.whoami()["username"] == "alice"


def test_nobody_reaches_the_application(front, visitor, echo):
    answer = visitor().get("/deep")
    assert answer.status == 302 and answer.location.removeprefix(front.origin) == "/twauth/login?moved=1&next=%2Fdeep"
    assert visitor().fetch("/api").status == 401
    assert visitor().post("/form", {"x": "1"}, site="cross-site").status in (302, 401)
    assert not echo.requests


def test_a_renewed_cookie_reaches_the_browser(alice):
    before = alice.cookies["__Host-twauth"]
    answer = alice.get("/deep")
    assert answer.status == 200 and answer.cookie("__Host-twauth").value != before
    assert alice.fetch("/deep").status == 200


def test_a_post_arrives_whole(alice, echo):
    echo.clear()
    answer = alice.post("/form", {"x": "1" * 20000})
    heard, = echo.requests
    assert answer.status == 200 and heard.method == "POST" and len(heard.body) == 20002


def test_who_is_not_allowed(front, visitor, echo):
    front.site.allow_log("AH01631")
    bob = visitor()
    bob.sign_in("bob", next="/deep")
    echo.clear()
    assert bob.get("/admin/x").status == 403 and not echo.requests
    assert bob.get("/deep").status == 200
    assert visitor().sign_in("carol", next="/admin/x").status == 200


def test_signing_out(front, alice, echo):
    assert alice.sign_out(next="/").status == 303
    echo.clear()
    assert alice.fetch("/deep").status == 401 and not echo.requests
    answer = alice.get("/deep", follow=2)
    assert answer.status == 401 and "Sign in" in answer.text and not front.site.standin.owns(answer.url)


FORGED = ["X-Twauth-User", "X-Twauth-Id", "X-Twauth-Username", "X-Twauth-Screen-Name", "X-Twauth-Account", "x-twauth-user", "X-TWAUTH-USER",
          "X_Twauth_User", "X-Twauth_User", "X_Twauth-User", "X_TWAUTH_USER", "X-Twauth-Signed-In-At", "X-Twauth-Roles", "X-Twauth-Name",
          "X-Twauth-Avatar", "X-Twauth-Email", "X-Twauth-Verified", "X-Twauth-User "]
TRICKS = ["X-Forwarded-Uri", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-Method",
          "X-HTTP-Method-Override", "X-Forwarded-Host", "X-Original-Host", "X-Real-IP", "X-Forwarded-For", "Forwarded", "X-Accel-Redirect"]
VALUES = ["/twauth/login", "/public", "/static/x.css", "127.0.0.1", "OPTIONS", "alice"]


def test_what_a_visitor_claims_changes_nothing(front, visitor, alice, echo):
    echo.clear()
    for name in FORGED + TRICKS:
        for value in VALUES:
            answer = visitor().fetch("/admin/x", headers={name: value})
            assert answer.status in (400, 401) and not echo.requests, (name, value, answer)
            front.site.allow_log("AH01631")
            answer = alice.fetch("/admin/x", headers={name: value})
            assert answer.status in (400, 403) and not echo.requests, (name, value, answer)


def test_the_application_hears_one_name(front, alice, echo):
    for name in FORGED:
        echo.clear()
        answer = alice.fetch("/deep", headers={name: "mallory"})
        if answer.status == 400:
            continue
        heard, = echo.requests
        assert "mallory" not in str(heard.headers), (name, heard)
        assert heard.all("X-Twauth-User") == ["alice"]


def test_traefik_takes_them_all_away():
    """Also those that a gateway would read as ours; as Go spells them, which writes a letter large after - alone."""
    pattern = re.search(r'authResponseHeadersRegex: "(.*)"', block("Traefik", "forwardAuth")).group(1)
    for name in FORGED[:-1]:
        assert re.search(pattern, "-".join(part.capitalize() for part in name.split("-"))), name


def test_a_web_socket(front, alice, chat, authority):
    chat.heard.clear()

    def ask(cookie):
        sock = socket.create_connection(("127.0.0.1", front.port), 10)
        sock = alice._tls.wrap_socket(sock, server_hostname="site.test")
        sock.sendall((f"GET /chat/room HTTP/1.1\r\nHost: site.test:{front.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-Fetch-Mode: websocket\r\n"
                      f"Sec-Fetch-Dest: websocket\r\nOrigin: {front.origin}\r\nCookie: {cookie}\r\n\r\n").encode())
        return sock, sock.recv(4096)

    sock, said = ask("a=b")
    assert said.split()[1] == b"401" and chat.heard == []
    sock.close()
    sock, said = ask("; ".join(f"{c.name}={c.value}" for c in alice.cookies))
    assert said.split()[1] == b"101", said
    sock.sendall(b"\x81\x85\0\0\0\0hello")
    assert sock.recv(4096) == b"\x81\x85\0\0\0\0hello"
    sock.close()
    assert "X-Twauth-User: alice" in chat.heard[0]
