# SPDX-License-Identifier: Apache-2.0
"""Secrets and keys at the configuration test and at restarts, and what belongs together."""

import os
import shutil
import subprocess

import pytest

from harness.browser import Browser
from harness.checks import as_root
from harness.httpd import HttpdError, VHost

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
    (0o600, f"{KEY[:30]}\x1b{KEY[30:]}", "no secret has"), (0o600, f"{KEY[:30]}\t{KEY[30:]}", "no secret has"),
    (0o600, f"{KEY}\x7f", "no secret has"), (0o600, f"\x01{KEY}", "no secret has"),
    (0o600, f" {KEY}", "begins with a blank"), (0o600, f"\ufeff\t{KEY}", "begins with a blank"),
    (0o600, "\ufeff \t\n", "empty"), (None, None, "cannot be read (No such file or directory)")])
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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_X9_a_secret_in_another_encoding(site, check, encoding):
    file = site.folder / "odd-secret"
    file.write_bytes(KEY.encode(encoding))
    file.chmod(0o600)
    ran = check("TwAuthConsumerSecret", f'"file:{file}"')
    assert not ran and "UTF-16" in ran.stderr and KEY not in ran.stderr


MARGINS = ["", "\n", "\r\n", "\n\n", " ", "\t", " \n", "\n ", "\xa0", "\ufeff", "\u200b", "\u2028", "\v", "\f",
           " \xa0\t\r\n"]


@pytest.mark.parametrize("before, after", [("", margin) for margin in MARGINS] + [(margin, "\n") for margin in MARGINS
                                                                             if not {" ", "\t"} & set(margin)])
def test_what_editors_leave_around_a_key_is_dropped(site, check, before, after):
    file = site.folder / "good-key"
    file.write_text(before + KEY + after, newline="")
    file.chmod(0o600)
    ran = check("TwAuthKey", f'"file:{file}"')
    assert ran, ran.stderr


@pytest.mark.protocols("oauth1", "oauth2")
def test_X9_what_editors_leave_around_the_secret_of_X(make_site):
    """The key is judged by its letters, of this one X alone knows whether it is right: one can sign in."""
    site = make_site(start=False)
    file = site.folder / ("secret" if site.protocol == "oauth1" else "client-secret")
    secret = file.read_text().strip()
    file.write_text(f"\ufeff{secret}\xa0 \t\r\n\n")
    site.start()
    assert site.browser().sign_in("alice").status == 200
    site.stop()


@pytest.mark.parametrize("output, status", [("x" * 5000, "more than 4 kB"), ("x" * 4097, "more than 4 kB"),
                                            (f"{KEY}\\0{KEY}", "NUL"), ("\\n" + KEY, "is empty")],
                         ids=["long", "one-too-long", "NUL", "empty-line"])
def test_B6_what_a_command_writes_is_used_whole_or_refused(make_site, output, status):
    """Commands do not run at the test: the restart keeps the value of before, and says why."""
    site = make_site()
    script = site.httpd.script("give", f"#!/bin/sh\nprintf '{output}'\n", site.folder)
    file, before = site.folder / "secret", site.vhost.config
    site.vhost.config = before.replace(f'"file:{file}"', f'"exec:{script} {{}}"')
    assert before != site.vhost.config
    with pytest.raises(HttpdError, match=status):
        site.restart()
    site.allow_log("TW0101", "AH")


def test_B6_a_long_line_that_is_short_enough(make_site):
    site = make_site(start=False)
    file = site.folder / "secret"
    script = site.httpd.script("give", f"#!/bin/sh\ncat '{file}'\nhead -c 100000 /dev/zero\n", site.folder)
    site.vhost.config = site.vhost.config.replace(f'"file:{file}"', f'"exec:{script}"')
    site.start()
    assert site.browser().sign_in("alice").status == 200
    site.stop()


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
    assert not ran and "a2enmod dbd" in ran.stderr


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


# N9: a secret that the server's own user can read is not kept from the programs that it runs

def expose(file, mode, user, group):
    shutil.chown(file, user, group)
    file.chmod(mode)


@as_root
@pytest.mark.parametrize("mode, user, group", [(0o640, "root", "www-data"), (0o600, "www-data", "root"),
                                               (0o440, "root", "www-data"), (0o400, "www-data", "www-data")])
@pytest.mark.parametrize("name, directive", [("key", "TwAuthKey"), ("secret", "TwAuthConsumerSecret")])
def test_N9_a_secret_that_the_servers_user_can_read_is_warned_of(site, check, name, directive, mode, user, group):
    file = site.folder / name
    expose(file, mode, user, group)
    ran = site.httpd.check()
    said = [line for line in ran.stderr.splitlines() if "TW0110" in line]
    assert ran and len(said) == 1 and directive in said[0] and str(file) in said[0]
    assert f"mode {mode:04o}, {user}:{group}" in said[0]
    expose(file, 0o600, "root", "root")


@as_root
@pytest.mark.parametrize("mode, group", [(0o640, "root"), (0o640, "adm"), (0o600, "www-data"), (0o400, "root")])
def test_N9_another_group_is_not(site, mode, group):
    expose(site.key, mode, "root", group)
    ran = site.httpd.check()
    assert ran and "TW0110" not in ran.stderr
    expose(site.key, 0o600, "root", "root")


@as_root
def test_N9_the_warning_is_in_the_log_once_for_all_hosts(make_site):
    site = make_site(start=False)
    site.httpd.vhosts.append(VHost("other.test", port=site.vhost.port, config=site.vhost.config))
    expose(site.key, 0o640, "root", "www-data")
    site.start()
    assert site.log.numbers().count("TW0110") == 1
    mark = site.log.mark()
    site.graceful()
    assert site.log.numbers(mark).count("TW0110") == 1
    site.expect_log("TW0110")
    site.stop()


@as_root
def test_N9_the_configuration_test_of_somebody_who_may_not_read(site, check):
    """The sentence has the reason, and what to do."""
    check("TwAuthKey", f'"file:{site.key}"')
    ran = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *site.httpd._argv("-t")],
                         capture_output=True, text=True, env=site.httpd._environment(), cwd="/")
    assert ran.returncode and "cannot be read (Permission denied): run it as root" in ran.stderr, ran.stderr
