# SPDX-License-Identifier: Apache-2.0
"""HT-7: a WebSocket is decided upon before it is one: who may not see the page does not reach the backend."""

import contextlib
import socket

import pytest

from harness.site import CANARY

WAYS = ["/members/tunnel/", "/members/http/", "/members/rewritten/"]


@pytest.fixture(scope="module")
def site(make_site, chat):
    return make_site(modules=("proxy", "proxy_http", "proxy_wstunnel", "rewrite"), config=f"""
        ProxyPass "/members/tunnel/" "ws://{chat.address}/"
        ProxyPass "/members/http/" "http://{chat.address}/" upgrade=websocket
        ProxyPass "/admin/" "ws://{chat.address}/"
        ProxyPass "/open/" "ws://{chat.address}/"
        RewriteEngine On
        RewriteRule "^/members/rewritten/(.*)$" "ws://{chat.address}/$1" [P]
        ProxyPass "/twauth/" "ws://{chat.address}/"
        <Location "/members/">
        TwAuthExport env headers
        </Location>""")


@pytest.fixture
def upgrade(site, chat):
    """upgrade(path, browser, **headers): the open socket and the first bytes of the answer."""
    chat.heard.clear()
    opened = []

    def ask(path, browser=None, version="1.1", **headers):
        fields = {"Host": f"site.test:{site.vhost.port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
                  "Origin": site.vhost.origin, "Sec-Fetch-Mode": "websocket", "Sec-Fetch-Dest": "websocket",
                  **{name.replace("_", "-"): value for name, value in headers.items()}}
        if browser:
            fields["Cookie"] = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
        sock = socket.create_connection(("127.0.0.1", site.vhost.port), 10)
        opened.append(sock)
        sock = site.browser()._tls.wrap_socket(sock, server_hostname="site.test")
        opened.append(sock)
        sock.sendall(f"GET {path} HTTP/{version}\r\n".encode()
                     + "".join(f"{n}: {v}\r\n" for n, v in fields.items()).encode() + b"\r\n")
        return sock, sock.recv(4096)

    yield ask
    for sock in reversed(opened):
        sock.close()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice", next="/twauth/login?next=%2F")
    return browser


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("claims", [
    {}, {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}, {"Upgrade": "WebSocket"}, {"Upgrade": "TLS/1.0"},
    {"Connection": "keep-alive, Upgrade"}, {"Upgrade": "h2c, websocket"}, {"Origin": "https://evil.example"},
    {"Cookie": "__Host-twauth=AAAA"}, {"X_Twauth_User": "alice"}, {"version": "1.0"}], ids=str)
def test_HT_7_without_a_session_the_backend_hears_nothing(upgrade, chat, way, claims):
    _, said = upgrade(way, **claims)
    assert said.split()[1] in (b"401", b"302"), said
    assert b"Set-Cookie" not in said or claims.get("Sec_Fetch_Mode") == "navigate"
    assert chat.heard == []


@pytest.mark.parametrize("way", WAYS)
def test_HT_7_with_a_session_it_opens(upgrade, chat, alice, way):
    sock, said = upgrade(way + "room?x=1", alice, X_Twauth_Id="mallory", X_Plain="plain")
    assert said.split()[1] == b"101", said
    sock.sendall(b"\x81\x85\0\0\0\0hello")
    assert sock.recv(4096) == b"\x81\x85\0\0\0\0hello"
    heard, = chat.heard
    assert heard.startswith("GET /room?x=1 HTTP/1.1\r\n") and "X-Plain: plain" in heard
    assert "X-Twauth-User: alice" in heard and "X-Twauth-Id: 1001" in heard and "mallory" not in heard
    assert "twauth=" not in heard.lower()


def test_HT_7_who_is_not_allowed(site, upgrade, chat):
    site.allow_log("AH01631")
    bob = site.browser()
    bob.sign_in("bob", next="/twauth/login?next=%2F")
    _, said = upgrade("/admin/", bob)
    assert said.split()[1] == b"403" and chat.heard == []


def test_HT_7_the_connection_header_drops_no_identity(upgrade, chat, alice):
    for hop in ("Upgrade, X-Twauth-User", "Upgrade; X-Twauth-Id", "Upgrade X-Twauth-User"):
        assert upgrade(WAYS[0], alice, Connection=hop)[1].split()[1] == b"400"
    assert chat.heard == []


def test_HT_7_origin_is_left_to_the_application(upgrade, chat, alice):
    """As docs/security.md says: a page elsewhere can open one in a visitor's name, where SameSite does not stop it."""
    assert upgrade(WAYS[0], alice, Origin="https://evil.example")[1].split()[1] == b"101"
    assert "Origin: https://evil.example\r\n" in chat.heard[0]


def test_HT_7_an_open_socket_outlives_the_session(site, upgrade, chat):
    """As docs/security.md says; a new one is refused at once."""
    carol = site.browser()
    carol.sign_in("carol", next="/twauth/login?next=%2F")
    copy = carol.clone()
    sock, _ = upgrade(WAYS[0], carol)
    carol.sign_out()
    sock.sendall(b"still here")
    assert sock.recv(4096) == b"still here"
    assert upgrade(WAYS[0], copy)[1].split()[1] == b"401" and len(chat.heard) == 1


@pytest.mark.parametrize("own, status", [("login", b"401"), ("callback?oauth_token=x", b"401"), ("session", b"200"),
                                         ("logout", b"200"), ("nothing", b"404")])
def test_HT_7_own_locations_are_never_upgraded(upgrade, chat, alice, own, status):
    for browser in (None, alice):
        assert upgrade(f"/twauth/{own}", browser)[1].split()[1] == status
    assert chat.heard == []


@pytest.mark.mpms("event")
def test_HT_7_an_upgrade_to_HTTP_2(make_site):
    """Whether or not httpd agrees to speak h2c, a stranger is answered as by HTTP/1.1."""
    site = make_site(scheme="http", modules=("http2",), config="Protocols h2c http/1.1\nH2Upgrade on")
    with socket.create_connection(("127.0.0.1", site.vhost.port), 10) as sock:
        sock.sendall(f"GET /members/index.html HTTP/1.1\r\nHost: 127.0.0.1:{site.vhost.port}\r\nUpgrade: h2c\r\n"
                     "HTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n"
                     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".encode())
        said = b""
        with contextlib.suppress(TimeoutError):
            while data := sock.recv(65536):
                said += data
                sock.settimeout(0.5 if b"Unauthorized" in said else 30)
    assert b"Unauthorized" in said and CANARY.encode() not in said
    site.stop()
