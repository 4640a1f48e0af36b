"""Secrets and keys at the configuration test and at restarts, and what belongs together."""

import os

import pytest

from harness.browser import Browser
from harness.httpd import VHost

KEY = "c2VhbGluZy1rZXktb2YtdGhlLXRlc3RzLTAxMjM0NTY3ODkwMTIzNDU2Nzg5"


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(start=False)


@pytest.fixture
def check(site):
    before = site.vhost.config

    def check(directive, argument=None):
        lines = [line for line in before.splitlines() if not line.startswith(directive)]
        if argument is not None:
            lines.insert(0, f"{directive} {argument}")
        site.vhost.config = "\n".join(lines)
        return site.httpd.check()
    yield check
    site.vhost.config = before


@pytest.mark.parametrize("directive", ["TwAuthConsumerKey", "TwAuthConsumerSecret", "TwAuthKey"])
def test_CF_1_missing(check, directive):
    ran = check(directive)
    assert not ran and directive in ran.stderr


@pytest.mark.parametrize("directive", ["TwAuthConsumerSecret", "TwAuthKey"])
@pytest.mark.parametrize("mode, text, says", [
    (0o600, "", "empty"), (0o600, "\n", "empty"), (0o600, f"{KEY}\n{KEY}\n", "more than one line"),
    (0o600, f"{KEY}\0\n", "NUL"), (0o644, KEY, "others"), (0o620, KEY, "others"), (0o600, "x" * 10000, "4 kB"),
    (None, None, "cannot be read")])
def test_CF_1_secret_file_that_will_not_do(site, check, directive, mode, text, says):
    file = site.folder / "odd-secret"
    file.unlink(missing_ok=True)
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    ran = check(directive, f'"file:{file}"')
    assert not ran and directive in ran.stderr and says in ran.stderr and str(file) in ran.stderr
    assert KEY not in ran.stderr


def test_CF_1_a_FIFO_does_not_hang_the_test(site, check):
    fifo = site.folder / "fifo"
    os.mkfifo(fifo, 0o600)
    ran = check("TwAuthKey", f'"file:{fifo}"')
    assert not ran and "not a regular file" in ran.stderr


@pytest.mark.parametrize("text", ["short", "dG9vIHNob3J0", "not base64 at all !!! but long enough for a key, really",
                                  "A" * 64])
def test_CF_1_key_that_will_not_do(site, check, text):
    file = site.folder / "odd-key"
    file.write_text(text + "\n")
    file.chmod(0o600)
    ran = check("TwAuthKey", f'"file:{file}"')
    assert not ran and "TwAuthKey" in ran.stderr and text not in ran.stderr


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_line_end_is_dropped(site, check, ending):
    file = site.folder / "good-key"
    file.write_bytes((KEY + ending).encode())
    file.chmod(0o600)
    assert check("TwAuthKey", f'"file:{file}"')


def test_a_command_is_not_run_at_the_test(site, check):
    ran = site.folder / "ran"
    script = site.httpd.script("give-key", f"#!/bin/sh\ntouch {ran}\necho {KEY}\n", site.folder)
    assert check("TwAuthKey", f'"exec:{script}"') and not ran.exists()


def test_secret_from_a_command(make_site):
    site = make_site(start=False)
    counter = site.folder / "runs"
    script = site.httpd.script("give-key", f"#!/bin/sh\necho run >> {counter}\necho {KEY}\necho more\n", site.folder)
    site.vhost.config = site.vhost.config.replace(f'"file:{site.key}"', f'"exec:{script}"')
    site.start()
    assert site.browser().sign_in("alice").status == 200
    assert counter.read_text() == "run\n"
    site.graceful()
    assert counter.read_text() == "run\nrun\n"
    site.stop()


def test_a_command_runs_once_for_all_hosts(make_site):
    site = make_site(start=False)
    counter = site.folder / "runs"
    script = site.httpd.script("give-key", f"#!/bin/sh\necho run >> {counter}\necho {KEY}\n", site.folder)
    site.vhost.config = site.vhost.config.replace(f'"file:{site.key}"', f'"exec:{script}"')
    site.httpd.vhosts.append(VHost("other.test", port=site.vhost.port, config=site.vhost.config))
    site.start()
    assert counter.read_text() == "run\n"
    other = Browser(f"https://other.test:{site.vhost.port}", site.authority.ca, site.standin, site.canaries)
    site.standin.register(f"https://other.test:{site.vhost.port}/twauth/callback")
    assert site.browser().sign_in("alice").status == other.sign_in("bob").status == 200
    assert site.db.value("SELECT count(*) FROM twauth_session") == 2
    site.stop()


def test_secret_that_fails_at_a_graceful_restart(make_site):
    """The rotation of a log does not end a site."""
    site = make_site()
    browser = site.browser()
    browser.sign_in("alice")
    site.key.rename(site.folder / "away")
    site.expect_log("TW0102")
    site.graceful()
    assert browser.get("/members/").status == 200
    assert site.browser().sign_in("bob").status == 200
    (site.folder / "away").rename(site.key)
    site.graceful()
    assert browser.get("/members/").status == 200
    site.stop()


def test_CF_1_mod_dbd_is_missing(make_site):
    ran = make_site(start=False, db=False).httpd.check()
    assert not ran and "dbd" in ran.stderr


def test_CF_1_no_driver(make_site):
    ran = make_site(start=False, db=False, modules=("dbd",)).httpd.check()
    assert not ran and "DBDriver" in ran.stderr


def test_engine_on_without_credentials(make_httpd):

    httpd = make_httpd(VHost("site.test", config="TwAuthEngine On"), twauth=True, modules=("dbd",))
    ran = httpd.check()
    assert not ran and "TwAuthConsumerKey" in ran.stderr


@pytest.mark.parametrize("host", ["site.test", "192.0.2.1", "127.0.0.1.evil.test"])
def test_CF_1_plain_http_elsewhere_than_on_loopback(make_site, host):
    site = make_site(start=False, scheme="http")
    site.vhost.server_name = f"http://{host}:{site.vhost.port}"
    ran = site.httpd.check()
    assert not ran and "TwAuthAllowHTTP" in ran.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "x.localhost", "127.1.2.3"])
def test_plain_http_on_loopback(make_site, host):
    site = make_site(start=False, scheme="http")
    site.vhost.server_name = f"http://{host}:{site.vhost.port}"
    ran = site.httpd.check()
    assert ran, ran.stderr


def test_SameSite_None_needs_https(make_site):
    ran = make_site(start=False, scheme="http", config="TwAuthCookieSameSite None").httpd.check()
    assert not ran and "TwAuthCookieSameSite" in ran.stderr
