"""What a core file would have in it: no key.

docs/security.md tells what it would have: liboauth, libcurl, OpenSSL and httpd do not wipe their buffers.
"""

import base64
import hashlib
import os
import re

import pytest

from harness.checks import SESSION
from harness.standin import CLIENT_SECRET

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

CONTEXT, PURPOSES = b"twauth01", 7


@pytest.fixture(scope="module")
def site(make_site):
    """After ten sign-ins, a restart and ten more."""
    site = make_site()
    for again in (False, True):
        for i in range(10):
            browser = site.browser()
            browser.sign_in("alice")
            browser.get("/members/env.cgi")
        if not again:
            site.graceful()
    return site


def dumped(pid):
    """The memory of a process that would go into a core file: what it can write to and has not kept out of it."""
    with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for region in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", maps.read()):
            where = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", region)
            if where and " dd" not in re.search(r"VmFlags:(.*)", region)[1]:
                memory.seek(int(where[1], 16))
                try:
                    yield memory.read(int(where[2], 16) - int(where[1], 16))
                except OSError:             # a mapping of a device
                    pass


def found(site, secrets):
    """Which of these are in the memory of httpd's parent or of a child."""
    return [(what, pid) for pid in (site.httpd.pid, *site.httpd.children()) for memory in dumped(pid)
            for what, secret in secrets.items() if secret in memory]


def keys_of(text):
    """Everything from which a seal could be made: the key as text and as bytes, and what is derived from it."""
    raw = base64.b64decode(text)
    master = hashlib.blake2b(raw, digest_size=32).digest()
    return {"key as text": text.encode(), "key": raw, "master": master,
            **{f"key of purpose {n}": derived(master, n, 32) for n in range(1, PURPOSES + 1)}}


def derived(master, number, length):
    """As libsodium's crypto_kdf does it."""
    return hashlib.blake2b(digest_size=length, key=master, salt=number.to_bytes(8, "little") + bytes(8),
                           person=CONTEXT + bytes(8)).digest()


def test_CR_7_keys_are_in_no_core_file(site):
    keys = keys_of(site.key.read_text().strip())
    browser = site.browser()
    browser.sign_in("alice")
    named = base64.urlsafe_b64decode(browser.cookies[SESSION][:8])[1:4]
    assert derived(keys["master"], 0, 16)[:3] == named, "these are the keys in use"
    assert found(site, keys) == []


@pytest.mark.parametrize("secret", [pytest.param(CLIENT_SECRET, marks=pytest.mark.protocols("oauth2"))])
def test_CR_7_client_secret_is_in_no_core_file_as_it_is_written(site, secret):
    """In base64, in an Authorization header, libcurl leaves it behind."""
    assert found(site, {"secret": secret.encode(), "half of it": secret[len(secret) // 2:].encode()}) == []


def test_CR_7_would_be_found(site):
    """The same search finds what is there: the configuration, and this process's copy of a key."""
    assert {pid for _, pid in found(site, {"path": str(site.key).encode()})} >= {site.httpd.pid}
    key = site.key.read_text().strip().encode()
    assert any(key in memory for memory in dumped(os.getpid()))
