# SPDX-License-Identifier: Apache-2.0
"""What a core file would have in it: no key.

docs/security.md tells what it would have: liboauth, libcurl, OpenSSL and httpd do not wipe their buffers.
"""

import base64
import hashlib
import os
import re

import pytest

from harness.checks import SANITIZED, SESSION
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


MOST = 1 << 28      # bytes of a mapping: larger ones are a sanitizer's


def regions(pid):
    """The memory of a process, what it only reads from files left out: (flags as in smaps, content)."""
    with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for region in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", maps.read()):
            where = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", region)
            flags = re.search(r"VmFlags:(.*)", region)[1].split() if where else ()
            begin, end = (int(where[i], 16) for i in (1, 2)) if {"wr", "dd"} & set(flags) else (0, 0)
            if 0 < end - begin < MOST:
                memory.seek(begin)
                try:
                    yield flags, memory.read(end - begin).strip(b"\0")
                except OSError:             # a mapping of a device
                    pass


def dumped(pid):
    """What would go into a core file: what can be written to and was not kept out of it."""
    return [content for flags, content in regions(pid) if "wr" in flags and "dd" not in flags]


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


@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps what is freed")
def test_CR_7_keys_are_in_locked_memory_alone(site):
    """Of each child that serves, which inherits the memory and not its lock; the text of a key is in none."""
    keys = keys_of(site.key.read_text().strip())
    serving = [pid for pid in site.httpd.children() if len(os.listdir(f"/proc/{pid}/task")) > 3]    # not mod_cgid's
    assert serving
    for pid in (site.httpd.pid, *serving):
        holding = [(flags, [what for what, key in keys.items() if key in content]) for flags, content in regions(pid)]
        holding = [(flags, what) for flags, what in holding if what]
        assert all("dd" in flags and "lo" in flags for flags, _ in holding), (pid, holding)
        assert pid == site.httpd.pid or not any("key as text" in what for _, what in holding)
    assert holding, "the last child has them"


@pytest.mark.parametrize("secret", [pytest.param(CLIENT_SECRET, marks=pytest.mark.protocols("oauth2"))])
def test_CR_7_client_secret_is_in_no_core_file_as_it_is_written(site, secret):
    """In base64, in an Authorization header, libcurl leaves it behind."""
    assert found(site, {"secret": secret.encode(), "half of it": secret[len(secret) // 2:].encode()}) == []


def test_CR_7_would_be_found(site):
    """The same search finds what is there: the configuration, and this process's copy of a key."""
    assert {pid for _, pid in found(site, {"path": str(site.key).encode()})} >= {site.httpd.pid}
    key = site.key.read_text().strip().encode()
    assert any(key in memory for memory in dumped(os.getpid()))
