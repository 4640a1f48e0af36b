# SPDX-License-Identifier: Apache-2.0
"""Keys and secrets: where they come from, what is refused, how they are exchanged, and that nobody is shown them."""

import base64
import os
import re
import secrets
import time

import pytest

from harness import canaries, process
from harness.checks import SESSION, SLACK, user
from harness.site import PROTECTED
from harness.standin import SECRET

TOKENS = '<Location "/members/">\nTwAuthExport env tokens\n</Location>'


def fresh_key():
    return base64.b64encode(secrets.token_bytes(48)).decode()


# CR-2: rotation

@pytest.fixture(scope="module")
def site(make_site):
    return make_site(protected=PROTECTED + TOKENS)


@pytest.fixture
def keys(site):
    """keys("a", "b"): exchange the keys by a graceful restart."""
    original = site.vhost.config
    made = {}

    def use(*names):
        for name in names:
            if name not in made:
                made[name] = site.secret(f"key-{name}", fresh_key())
        lines = "\n".join(f'TwAuthKey "file:{made[n]}"' for n in names)
        site.vhost.config = re.sub(r"(?m)^TwAuthKey .*$", "", original) + "\n" + lines
        site.graceful()
    yield use
    site.vhost.config = original
    site.graceful()


@pytest.fixture
def alice(site, keys):
    site.db.clear()
    keys("old")
    browser = site.browser()
    browser.sign_in("alice")
    return browser


def tokens(browser):
    environment = browser.get("/members/env.cgi").json()
    return environment.get("TWAUTH_TOKEN"), environment.get("TWAUTH_TOKEN_SECRET")


def stored(site):
    return site.db.rows("SELECT token, secret FROM twauth_account")


def test_CR_2_rotation_signs_nobody_out(site, keys, alice):
    old = alice.clone()
    keys("old", "new")                              # the new one last, everywhere
    assert user(alice) == "alice" and alice.cookies[SESSION] == old.cookies[SESSION]
    keys("new", "old")                              # then first
    assert user(alice) == "alice" and alice.cookies[SESSION] != old.cookies[SESSION]
    keys("new")                                     # then the old one out
    assert user(alice) == "alice"
    assert user(old) is None and SESSION in old.cookies     # void, and not taken away: another server may know it


def test_CR_2_stored_tokens_are_sealed_again_when_read(site, keys, alice):
    told, before = tokens(alice), stored(site)
    keys("new", "old")
    assert tokens(alice) == told and all(told)
    assert stored(site) != before
    again = stored(site)
    assert tokens(alice) == told and stored(site) == again
    keys("new")
    assert tokens(alice) == told


def test_CR_2_tokens_of_a_key_that_is_gone(site, keys, alice):
    keys("new")
    site.expect_log("TW0309")
    browser = site.browser()
    alice.cookies.clear()
    browser.sign_in("bob")
    site.db.execute("UPDATE twauth_account SET token = (SELECT token FROM twauth_account WHERE username = 'alice'),"
                    " secret = (SELECT secret FROM twauth_account WHERE username = 'alice') WHERE username = 'bob'")
    assert tokens(browser) == (None, None)
    assert alice.sign_in("alice").status == 200 and all(tokens(alice))


def test_CR_2_sign_in_begun_before_the_rotation_is_finished_after_it(site, keys, alice):
    browser = site.browser()
    flow = browser.begin()
    keys("new", "old")
    assert flow.approve("bob").status == 200


# CR-6: moved values

@pytest.mark.parametrize("sql", [
    "UPDATE twauth_account SET token = (SELECT token FROM twauth_account WHERE username = 'bob') WHERE username = 'alice'",
    "UPDATE twauth_account SET secret = (SELECT secret FROM twauth_account WHERE username = 'bob') WHERE username = 'alice'",
    "UPDATE twauth_account SET token = secret, secret = token WHERE username = 'alice'",
    "UPDATE twauth_account SET secret = token WHERE username = 'alice'",
    "UPDATE twauth_account SET token = 'plain-text-1001', secret = 'plain-text' WHERE username = 'alice'",
    "UPDATE twauth_account SET token = token || 'A' WHERE username = 'alice'",
    "UPDATE twauth_account SET twitter_id = '9' || twitter_id WHERE username = 'alice'",
], ids=["token", "secret", "swapped", "copied", "plain", "longer", "id"])
def test_CR_6_moved_values_do_not_open(site, alice, sql):
    site.browser().sign_in("bob")
    site.db.execute(sql)
    site.allow_log("TW0309")
    answer = alice.get("/members/env.cgi")
    assert answer.status == 200 and "TWAUTH_TOKEN" not in answer.json() and "TWAUTH_TOKEN_SECRET" not in answer.json()


def test_tokens_of_a_row_without_them(site, alice):
    site.db.execute("UPDATE twauth_account SET token = NULL, secret = NULL")
    assert tokens(alice) == (None, None)


# CR-3, CR-4: what the configuration test refuses

def key_file(folder, text, mode=0o600):
    file = folder / f"k{secrets.token_hex(4)}"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


@pytest.fixture(scope="module")
def unstarted(make_site):
    return make_site(start=False)


def refused(site, key=None, secret=None):
    """What the configuration test says to this key file, or consumer secret file."""
    original = site.vhost.config
    if key:
        site.vhost.config = original.replace(str(site.key), str(key))
    if secret:
        site.vhost.config = re.sub(r'TwAuthConsumerSecret "file:[^"]*"', f'TwAuthConsumerSecret "file:{secret}"', original)
    begin = time.monotonic()
    ran = site.httpd.check()
    site.vhost.config = original
    assert not ran and time.monotonic() - begin < 5 + SLACK
    assert str(key or secret) in ran.stderr and "TW0101" in ran.stderr
    return ran.stderr


RAW = bytes(range(7, 247, 5))
WORTHLESS = {
    "empty": "", "a line end": "\n", "words": "correct horse battery staple\n", "short": base64.b64encode(os.urandom(31)),
    "hex": secrets.token_hex(15), "zeros": base64.b64encode(bytes(48)), "constant": base64.b64encode(b"a" * 48),
    "counting": base64.b64encode(bytes(range(48))), "repeated": base64.b64encode(RAW[:12] * 4),
    "not base64": "!" * 64, "two lines": fresh_key() + "\n" + fresh_key(), "a NUL": fresh_key() + "\0",
    "spaces": " " + fresh_key(), "large": "A" * 5000, "sample": "CHANGEME" * 8, "letters": "a" * 64,
    "pem": "-----BEGIN PRIVATE KEY-----\n" + fresh_key() + "\n-----END PRIVATE KEY-----\n",
}


@pytest.mark.parametrize("text", WORTHLESS.values(), ids=WORTHLESS)
def test_CR_3_worthless_keys(unstarted, text):
    said = refused(unstarted, key_file(unstarted.folder, text))
    if len(text) > 20:
        text = text.decode() if isinstance(text, bytes) else text
        assert text.split("\n")[0][:20] not in said.replace(str(unstarted.folder), "")


def test_CR_3_the_same_key_twice(unstarted):
    original = unstarted.vhost.config
    unstarted.vhost.config += f'\nTwAuthKey "file:{unstarted.key}"'
    ran = unstarted.httpd.check()
    unstarted.vhost.config = original
    assert not ran and "twice" in ran.stderr


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_line_end_does_not_count(unstarted, end):
    original = unstarted.vhost.config
    unstarted.vhost.config = original.replace(str(unstarted.key), str(key_file(unstarted.folder, fresh_key() + end)))
    ran = unstarted.httpd.check()
    unstarted.vhost.config = original
    assert ran, ran.stderr


@pytest.mark.parametrize("what", ["key", "secret"])
@pytest.mark.parametrize("mode", [0o644, 0o666, 0o602, 0o604, 0o601, 0o620, 0o660, 0o777])
def test_CR_4_files_others_can_read_or_write(unstarted, what, mode):
    file = key_file(unstarted.folder, fresh_key(), mode)
    said = refused(unstarted, **{what: file})
    assert "can be read or written by others" in said and "chmod" in said and file.read_text() not in said


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_CR_4_files_of_root_alone(unstarted, mode):
    original = unstarted.vhost.config
    unstarted.vhost.config = original.replace(str(unstarted.key), str(key_file(unstarted.folder, fresh_key(), mode)))
    ran = unstarted.httpd.check()
    unstarted.vhost.config = original
    assert ran, ran.stderr


def _fifo(path):
    os.mkfifo(path, 0o600)


def _directory(path):
    path.mkdir(mode=0o700)


def _dangling(path):
    path.symlink_to("/nowhere/at/all")


def _to_readable(path):
    path.symlink_to(key_file(path.parent, fresh_key(), 0o644))


@pytest.mark.parametrize("what", ["key", "secret"])
@pytest.mark.parametrize("make", [lambda p: None, _fifo, _directory, _dangling, _to_readable,
                                  lambda p: p.symlink_to("/dev/zero")],
                         ids=["missing", "fifo", "directory", "dangling", "link to readable", "device"])
def test_CR_4_no_files(unstarted, what, make):
    path = unstarted.folder / f"odd{secrets.token_hex(4)}"
    make(path)
    refused(unstarted, **{what: path})


def test_CR_4_children_cannot_read_it(site):
    assert os.stat(site.key).st_mode & 0o777 == 0o600
    for child in site.httpd.children():
        assert f"Uid:\t{os.getuid()}\t" not in open(f"/proc/{child}/status").read() or not process.ROOT


@pytest.mark.parametrize("argument", ["{secret}", "plain:{secret}", "file:relative", "exec:relative", "file:", "FILE:/x",
                                      "env:SECRET", "file:~/x"])
@pytest.mark.parametrize("directive", ["TwAuthConsumerSecret", "TwAuthKey"])
def test_CR_5_no_directive_takes_the_secret_itself(unstarted, directive, argument):
    original = unstarted.vhost.config
    unstarted.vhost.config += f"\n{directive} {argument.format(secret='canary-0123456789abcdef')}"
    ran = unstarted.httpd.check()
    unstarted.vhost.config = original
    assert not ran and directive in ran.stderr


# CR-5

def test_CR_5_server_never_shows_a_secret(make_site):
    site = make_site(modules=("info", "status"), protected=PROTECTED + TOKENS, main="""
        ExtendedStatus On
        <Location "/info">
            SetHandler server-info
        </Location>
        <Location "/status">
            SetHandler server-status
        </Location>""")
    browser = site.browser()
    browser.sign_in("alice")
    key = site.key.read_text().strip()
    known = canaries.Canaries()
    for what, secret in [("key", key), ("raw key", base64.b64decode(key).decode("latin-1")), ("secret", SECRET),
                         *[("token", s) for s in site.standin.secrets()], ("cookie", browser.cookies[SESSION])]:
        known.add(what, secret)
    shown = [browser.get(p).text for p in ("/info", "/info?config", "/info?mod_twauth.c", "/status", "/no-such",
                                           "/members/", "/twauth/session", "/twauth/logout", "/server-status?auto")]
    assert "mod_twauth" in shown[0]
    for more in ((), ("-S",), ("-M",), ("-L",), ("-D", "DUMP_TWAUTH"), ("-D", "DUMP_CONFIG"), ("-D", "DUMP_RUN_CFG"), ("-V",)):
        ran = site.httpd.check(*more)
        shown.append(ran.stdout + ran.stderr)
    shown += [site.log.since(), site.httpd.access_log.read_text()]
    shown += [open(f"/proc/{p}/{f}", "rb").read().decode("latin-1") for f in ("cmdline", "environ")
              for p in (site.httpd.pid, *site.httpd.children())]
    assert known.find("\n".join(shown)) == []
    site.stop()


# exec:

@pytest.fixture
def commanded(make_site):
    """commanded(script, start=False): a site whose key comes from this shell script, which notes each run."""
    made = []

    def make(script, start=True):
        site = make_site(start=False)
        command = site.folder / "command"
        command.write_text(f'#!/bin/sh\necho "$(id -u) $*" >> {site.folder}/runs\n{script.format(key=site.key.read_text().strip())}\n')
        command.chmod(0o700)
        site.vhost.config = re.sub(r'TwAuthKey "file:[^"]*"', f'TwAuthKey "exec:{command} one two"', site.vhost.config)
        made.append(site)
        return site.start() if start else site
    yield make
    for site in made:
        site.stop()


def runs(site):
    return (site.folder / "runs").read_text().splitlines()


def test_command_runs_once_a_start_and_not_in_the_test(commanded):
    site = commanded("echo '{key}'; echo more; echo more >&2", start=False)
    assert site.httpd.check() and not (site.folder / "runs").exists()
    site.start()
    assert runs(site) == [f"{os.getuid()} one two"]
    browser = site.browser()
    browser.sign_in("alice")
    site.graceful()
    assert len(runs(site)) == 2 and user(browser) == "alice"
    site.restart()
    assert len(runs(site)) == 3 and user(browser) == "alice"


@pytest.mark.parametrize("script, why", [("exit 3", "3"), ("echo '{key}'; exit 1", "1"), ("true", "empty"),
                                         ("echo short", "short|base64"), ("kill -9 $$", "status")])
def test_command_that_fails_stops_the_start(commanded, script, why):
    site = commanded(script, start=False)
    with pytest.raises(AssertionError, match="TwAuthKey"):
        site.start()
    site.expect_log("TW0101")
    site.allow_log("AH00018|AH00020")


def test_command_that_hangs_is_ended_after_10_seconds(commanded):
    site = commanded("exec sleep 60", start=False)
    begin = time.monotonic()
    with pytest.raises(AssertionError, match="10 seconds"):
        site.start()
    assert 9 < time.monotonic() - begin < 10 + 2 * SLACK
    site.expect_log("TW0101")
    site.allow_log("AH00018|AH00020")


# a secret that fails at a graceful restart

GONE = {
    "gone": lambda file: file.unlink(), "readable": lambda file: file.chmod(0o644),
    "empty": lambda file: file.write_text(""), "half written": lambda file: file.write_text("c2hvcnQ="),
}


#: Any text may be a consumer secret, so a half written one is none that fails.
SPOILT = [(what, how) for what in ("key", "secret") for how in GONE if (what, how) != ("secret", "half written")]


@pytest.mark.parametrize("what, how", SPOILT, ids=" ".join)
def test_secret_that_fails_at_a_graceful_restart_stays(make_site, what, how):
    spoil = GONE[how]
    site = make_site()
    alice = site.browser()
    alice.sign_in("alice")
    spoil(site.folder / what)
    site.expect_log(r"crit\].*TW0102")
    site.allow_log("TW0110")                            # "readable" is said as well
    site.graceful()
    site.graceful()
    assert user(alice) == "alice"
    assert site.browser().sign_in("bob").status == 200
    site.stop()
