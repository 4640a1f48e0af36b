# SPDX-License-Identifier: Apache-2.0
"""TwAuthProvider in another writing: what is signed is X's address as RFC 5849, 3.4.1.2 has it; what cannot be is refused at the check."""

import contextlib
import socket
import threading

import pytest

pytestmark = pytest.mark.protocols("oauth1", "oauth2")


@pytest.fixture(autouse=True)
def nothing_asked(standin):
    standin.reset()


@contextlib.contextmanager
def listener(target, address="127.0.0.1", tunnel=False):
    """A port of `address` that leads to (host, port); tunnel: by CONNECT, whatever that asks for."""
    server = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    asked = []

    def pump(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def serve(client):
        if tunnel:
            asked.append(client.recv(4096).split(b"\r\n")[0].decode())
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(target) as x, client:
            there = threading.Thread(target=pump, args=(client, x), daemon=True)
            there.start()
            pump(x, client)
            there.join(5)

    def run():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield server.getsockname()[1], asked
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def at(site, api):
    """The site with X's API at that address."""
    scheme = site.scheme
    site.vhost.config = site.vhost.config.replace(f"TwAuthProvider {site.standin.api(scheme)} ",
                                                  f"TwAuthProvider {api} ")
    return site


@pytest.mark.parametrize("written, host", [
    ("https://x.test:443", "x.test:443"), ("https://X.TEST", "x.test:443"), ("HTTPS://X.Test:443", "x.test:443"),
    ("https://x.test:0443", "x.test:443"), ("https://API.X.test:443", "api.x.test:443")])
def test_X10_the_port_and_the_case_are_not_signed(make_site, written, host):
    site = make_site(start=False)
    with listener(("127.0.0.1", site.standin.ports["https"]), tunnel=True) as (port, asked):
        at(site, written)
        site.vhost.config += f"\nTwAuthProviderProxy http://127.0.0.1:{port}"
        assert site.httpd.check(), site.httpd.check().stderr
        site.start()
        assert site.browser().sign_in("alice").status == 200
        assert set(asked) == {f"CONNECT {host} HTTP/1.1"}
    assert {call["headers"]["host"] for call in site.standin.calls(kind="api")} == {host.removesuffix(":443")}


def test_X10_another_port_is_signed(make_site):
    site = make_site(scheme="http", start=False)
    at(site, f"HTTP://LocalHost:{site.standin.ports['http']}").start()
    assert site.browser().sign_in("alice").status == 200
    hosts = {call["headers"]["host"] for call in site.standin.calls(kind="api")}
    assert hosts == {f"localhost:{site.standin.ports['http']}"}


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
@pytest.mark.parametrize("address", ["[::1]", "[0:0:0:0:0:0:0:1]"])
def test_B9_a_stand_in_on_the_other_loopback_address(make_site, address):
    site = make_site(scheme="http", start=False)
    with listener(("127.0.0.1", site.standin.ports["http"]), "::1") as (port, _):
        at(site, f"http://{address}:{port}")
        assert site.httpd.check(), site.httpd.check().stderr
        site.start()
        assert site.browser().sign_in("alice").status == 200


@pytest.mark.parametrize("api", [
    "https://api.x.com.", "https://api.x.com.:443", "https://api..x.com", "https://.api.x.com", "https://api.x.com/",
    "https://api.x.com//", "https://api.x.com:443/", "https://api.x.com/2/", "https://api.x.com//2", "https://api.x.com/../2",
    "https://api.x.com:", "https://api.x.com:0", "https://api.x.com:x", "https://api.x.com:99999", "https://%61pi.x.com",
    "https://api.x.com,", "https://[::1", "https://[api.x.com]", "https://[::1%251]", "https://", "https:api.x.com"])
def test_X10_what_cannot_be_meant_is_refused_at_the_check(make_site, api):
    site = at(make_site(start=False), api)
    checked = site.httpd.check()
    assert not checked and "TwAuthProvider" in checked.stderr and "such as https://api.x.com" in checked.stderr


@pytest.mark.parametrize("api", ["http://[::2]:8080", "http://[fe80::1]:8080", "http://example.test:8080"])
def test_B9_another_address_is_none_of_loopback(make_site, api):
    checked = at(make_site(scheme="http", start=False), api).httpd.check()
    assert not checked and "loopback" in checked.stderr
