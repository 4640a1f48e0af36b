# SPDX-License-Identifier: Apache-2.0
"""twauthctl new-key: another key in three steps, by which nobody is signed out. CR-*."""

import base64
import os
import re

import pytest

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.protocols("oauth1")]


@pytest.fixture
def site(make_site):
    """TwAuthKey stands in a file of its own, as in the administrator's: the test's configuration is written anew each time."""
    site = make_site(start=False)
    site.keys = site.folder / "keys.conf"
    site.keys.write_text(f"# the keys\n\t TwAuthKey  \"file:{site.key}\" \n# no more\n")
    site.vhost.config = site.vhost.config.replace(f'TwAuthKey "file:{site.key}"', f'Include "{site.keys}"')
    site.events = site.folder / "events.log"
    site.vhost.config += f'\nTwAuthEventLog "{site.events}"'
    return site


def files(site):
    return re.findall(r"file:(\S+)", site.keys.read_text().replace('"', ""))


def step(site, *words):
    ran = site.ctl("new-key", *words)
    assert ran and not list(site.folder.glob("*twauthctl*")), ran
    site.graceful()
    return ran.stdout


def test_CR_another_key_and_nobody_is_signed_out(site):
    site.start()
    first, second, away = site.browser(), site.browser(), site.browser()
    first.sign_in("alice"), away.sign_in("carol")
    said = step(site)
    new = f"{site.key}-2"
    assert site.keys.read_text() == f"# the keys\n\t TwAuthKey file:{site.key} file:{new}\n# no more\n"
    key = (site.folder / "key-2")
    assert len(base64.b64decode(key.read_text())) == 48 and key.stat().st_mode & 0o777 == 0o600
    assert f"made      {new}" in said and f"changed   {site.keys}" in said and "then twauthctl new-key --use" in said
    assert first.get("/members/").status == 200
    assert "twauthctl new-key --forget when TwAuthSessionMax has passed" in step(site, "--use")
    assert files(site) == [new, str(site.key)] and first.get("/members/").status == 200
    second.sign_in("bob")
    assert f"unused    {site.key}" in step(site, "--forget")
    assert files(site) == [new] and site.key.exists()
    # a cookie that was seen since is of the new key, one that was not is lost with the old
    assert [b.get("/members/").status for b in (first, second, away)] == [200, 200, 302]
    step(site)
    assert files(site) == [new, f"{site.key}-3"]
    told = re.findall(r'"reason":"new-key".*"why":"([^"]*)"', site.events.read_text())
    assert told == ["twauthctl new-key", "twauthctl new-key --use", "twauthctl new-key --forget", "twauthctl new-key"]
    site.stop()


def test_for_programs(site):
    assert site.ctl("new-key", "--json").rows == [{"done": "made", "file": f"{site.key}-2"}, {"done": "changed", "file": str(site.keys)}]


def no_key(site):
    site.keys.write_text('TwAuthKey "exec:/bin/cat /dev/null"\n')


def several_lines(site):
    other = site.folder / "other"
    other.write_text(base64.b64encode(os.urandom(48)).decode() + "\n")
    other.chmod(0o600)
    site.keys.write_text(f"TwAuthKey file:{site.key}\nTwAuthKey file:{other}\n")


def defined(site):
    site.keys.write_text(f"Define where {site.key}\nTwAuthKey file:${{where}}\n")


def no_event_log(site):
    site.vhost.config += '\nTwAuthEventLog /dev/full/'


def broken(site):
    site.keys.write_text(f"TwAuthKey file:{site.key}\nTwAuthKei\n")


def nothing(site):
    pass


@pytest.mark.parametrize("before, words, sentence", [
    (no_key, (), "comes from a command"), (several_lines, (), "several lines"), (defined, (), "not plain text"), (no_event_log, (), "TwAuthEventLog"),
    (broken, (), "TwAuthKei"), (nothing, ("--use",), "there is but one key"), (nothing, ("--forget",), "there is but one key"),
    (nothing, ("--use", "--forget"), "two steps"), (nothing, ("now",), "new-key takes no arguments"), (nothing, ("--us",), "no option --us"),
    (nothing, ("--use=1",), "takes no value"), (nothing, ("--host", "else.test"), "no host else.test")],
    ids=lambda value: getattr(value, "__name__", None))
def test_what_cannot_be_done_is_told_and_nothing_is_changed(site, before, words, sentence):
    before(site)
    text = site.keys.read_text()
    ran = site.ctl("new-key", *words)
    assert ran.status == 2 and sentence in ran.stderr and ran.stdout == "", ran
    assert site.keys.read_text() == text and [f.name for f in site.folder.glob("key*")] in (["key", "keys.conf"], ["keys.conf", "key"])


def test_a_line_that_httpd_does_not_take_is_taken_back(site):
    """Where it takes eight keys and no more, and where a new one is not readable."""
    for n in range(2, 9):
        assert site.ctl("new-key"), n
    text = site.keys.read_text()
    ran = site.ctl("new-key")
    assert ran.status == 2 and "8 keys" in ran.stderr and site.keys.read_text() == text
    once = site.folder / "once"
    site.keys.write_text(f"TwAuthKey file:{site.key}\n")
    (site.folder / "key-2").rename(once)
    for n in range(3, 9):
        (site.folder / f"key-{n}").unlink()
    site.httpd.main += f'\n<IfFile "{site.key}-2">\nNoSuchDirective\n</IfFile>'
    ran = site.ctl("new-key")
    assert ran.status == 2 and "NoSuchDirective" in ran.stderr and "all is as it was" in ran.stderr
    assert site.keys.read_text() == f"TwAuthKey file:{site.key}\n" and not (site.folder / "key-2").exists()
    assert not list(site.folder.glob("*twauthctl*"))
