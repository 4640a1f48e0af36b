"""A10, B14: another version of the module at a graceful restart takes a shared memory of its own, and nobody is put out."""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from harness import httpd
from harness.checks import user
from harness.paths import MODULE, TREE

pytestmark = [pytest.mark.mpms("event", "prefork")]


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A build with another size of a table: what holds the shared memory is compiled anew, the rest is as it is."""
    build = tmp_path_factory.mktemp("other") / "build"
    shutil.copytree(MODULE.parent / "src", build / "src", ignore=shutil.ignore_patterns("*.d"))
    shutil.copy2(MODULE.parent / "mod_twauth.o", build)
    sources = [f.stem for f in (TREE / "src").glob("*.c") if re.search('"tw_(marks|deferred|shared)[.]h"', f.read_text())]
    assert "tw_shared" in sources
    for name in sources:
        (build / f"src/{name}.o").unlink()
    done = subprocess.run(["make", "-s", f"BUILD={build}", "EXTRA_CFLAGS=-DTW_MARKS=4096"], cwd=TREE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "MAKEFLAGS": ""})
    assert done.returncode == 0, done.stdout
    return build / "mod_twauth.so"


@pytest.fixture
def site(make_site):
    return make_site()


def test_B14_there_and_back(site, other, monkeypatch):
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice")
    bob.sign_in("bob")
    copy = bob.clone()
    bob.sign_out()
    assert user(copy) is None
    for module in (other, MODULE, other):
        monkeypatch.setattr(httpd, "MODULE", module)
        site.graceful()
        assert user(alice) == "alice" and user(copy) is None
        carol = site.browser()
        carol.sign_in("carol")
        left = carol.clone()
        carol.sign_out()
        assert user(left) is None


def test_B14_a_child_of_before_signs_out(site, other, monkeypatch):
    """It goes on with the memory of before; the copies are asked about in the new one."""
    alice, bob = site.browser(), site.browser()
    alice.sign_in("alice")
    bob.sign_in("bob")
    copies = [bob.clone() for _ in range(3)]
    body = b"everywhere=0&next=%2F"
    cookies = "; ".join(f"{c.name}={c.value}" for c in bob.cookies)
    with socket.create_connection(("127.0.0.1", site.vhost.port), 10) as plain:
        with bob._tls.wrap_socket(plain, server_hostname="site.test") as sock:
            sock.sendall(f"POST /twauth/logout HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nConnection: close\r\n"
                         f"Sec-Fetch-Site: same-origin\r\nCookie: {cookies}\r\n"
                         "Content-Type: application/x-www-form-urlencoded\r\n"
                         f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
            time.sleep(0.1)                     # a child has it
            monkeypatch.setattr(httpd, "MODULE", other)
            site.graceful()
            assert user(copies[0]) == "bob"
            sock.sendall(body[5:])
            assert sock.recv(4096).startswith(b"HTTP/1.1 303 ")
    assert [user(copy) for copy in copies[1:]] == [None, None]
    assert user(alice) == "alice"
