# SPDX-License-Identifier: Apache-2.0
"""CR-5, S3: what may be a secret and stands in the wrong place is never repeated, by no directive and at no time."""

import re
import signal

import pytest

from harness.httpd import VHost
from harness.paths import TREE
from harness.process import until

SECRETS = {
    "X's": "kd83hHs7dQpzM0aYt2LwVxR9uB4cNnEfGjKiOoPq1S6TbU5vW",
    "base64": "/l3kVp0QmZx8T+fWcRr2dYbN6uJ7aHs1eGo5iKtLqXv4nBwCzDy9MhEjSgPfOAx",
    "short": "hunter2",
    "words": "correct horse battery staple",
    "percent": "p%40ss%2Fword",
    "odd": "pa/ss@wo?rd#x",
}
PLACES = ["{}", "file:{}", "exec:{}", "file: {}", "FILE:{}", "{}\\", "secret={}"]
EXISTING = ["file:/{}", "file://{}", "file:///{}", "exec://{}", "exec:/{}", "exec:/bin/false {}",
            "exec:/nowhere {}", "exec:/bin/sh -c {}"]
URLS = ["http://user:{}@proxy.test:3128", "http://{}@proxy.test", "https://proxy.test/?key={}",
        "https://proxy.test/#{}",
        "user:{}@proxy.test:3128", "http://user:{}", "http://user:{}@", "//user:{}@proxy.test", "{}"]


def directives():
    """All that take a value, but those with a secret or URL of their own."""
    return sorted(set(re.findall(r'"(TwAuth\w+)"', (TREE / "src/config/directives.c").read_text())))


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(start=False)


@pytest.fixture
def refused(site):
    """refused(line): what the configuration test says of it."""
    before = site.vhost.config

    def refused(line, secret):
        lines = [kept for kept in before.splitlines() if line[0] == "<" or not kept.startswith(line.split()[0] + " ")]
        site.vhost.config = "\n".join([*lines, line])
        ran = site.httpd.check("-D", "DUMP_TWAUTH")
        assert secret not in ran.stderr, ran.stderr
        assert not [what for what in hints(secret) if what in ran.stderr], ran.stderr
        return not ran and ran.stderr
    yield refused
    site.vhost.config = before


def hints(secret):
    """Parts of a secret that are long enough to help."""
    return [secret[i:i + 6] for i in range(len(secret) - 5)]


@pytest.mark.parametrize("name", [name for name in SECRETS if name != "base64"])
@pytest.mark.parametrize("directive", ["TwAuthConsumerSecret", "TwAuthClientSecret", "TwAuthKey"])
def test_S3_inline(refused, directive, name):
    secret = SECRETS[name]
    for place in PLACES:
        said = refused(f'{directive} "{place.format(secret)}"', secret)
        assert said and directive in said and "file:/absolute/path" in said, place


@pytest.mark.parametrize("secret", [SECRETS["X's"], SECRETS["base64"].strip("/"), SECRETS["short"]],
                         ids=["X's", "base64", "short"])
@pytest.mark.parametrize("directive", ["TwAuthConsumerSecret", "TwAuthKey"])
def test_S3_behind_what_looks_like_a_path(refused, directive, secret):
    """It may well be refused for what comes later: commands are not run here."""
    for place in EXISTING:
        refused(f'{directive} "{place.format(secret)}"', secret)
    refused(f"TwAuthProviderCAFile /{secret}", secret)
    assert "cannot be read" in refused(f'{directive} "file:/{secret}"', secret)


def test_a_path_is_named_as_far_as_it_is_there(site, refused):
    there = site.folder
    for path, named in {there / "no-such-key": there / "no-such-key", there / "no" / "such": f"{there}/..."}.items():
        said = refused(f'TwAuthConsumerSecret "file:{path}"', "unlikely-to-be-said")
        assert f"file:{named} cannot be read (No such file or directory)" in said


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("directive", ["TwAuthProviderProxy", "TwAuthProvider", "TwAuthCallbackURL"])
def test_S3_in_a_URL(refused, directive, secret):
    for url in URLS:
        said = refused(f'{directive} "{url.format(secret)}"', secret)
        assert said and directive in said and "must be" in said, url


@pytest.mark.parametrize("directive", directives())
def test_S3_in_any_directive(refused, directive):
    """What was meant for another line."""
    secret = SECRETS["X's"]
    refused(f'{directive} "{SECRETS["words"]}"', SECRETS["words"])
    refused(f'{directive} Off "{secret}"', secret)
    refused(f'<Location "/x/">\n{directive} "{secret}"\n</Location>', secret)


@pytest.mark.parametrize("url", URLS[:2])
def test_S3_a_password_for_a_backend_that_a_warning_names(make_site, url):
    """`-D DUMP_TWAUTH` says where an application can be reached without a sign-in."""
    site = make_site(start=False, modules=("proxy", "proxy_http"), protected="")
    secret = SECRETS["X's"]
    passes = f'ProxyPass "/application" "{url.format(secret)}/"\n'
    site.vhost.config += f'\n{passes}<Location "/application">\nAuthType Twitter\nRequire valid-user\n</Location>'
    site.httpd.vhosts.append(VHost("open.test", tls=False, config=passes))
    ran = site.httpd.check("-D", "DUMP_TWAUTH")
    assert ran and "unprotected" in ran.stdout and "http://...@proxy.test" in ran.stdout
    assert secret not in ran.stdout + ran.stderr


@pytest.mark.parametrize("provider", ["twitter-user", "twitter-id"])
def test_S3_in_a_rule(refused, provider):
    secret = SECRETS["X's"]
    said = refused(f'<Location "/x/">\nRequire {provider} 12 {secret}\n</Location>', secret)
    assert said and f"Require {provider}: word 2 must be" in said


def ends_at_restart(site):
    """What was said when the server met its new configuration, and ended."""
    mark = site.log.mark()
    site.httpd.write()
    site.httpd._process.signal(signal.SIGUSR1)
    assert until(lambda: not site.httpd.running)
    said = site.log.since(mark) + site.httpd._stderr.since()
    site.stop()
    return said


@pytest.mark.parametrize("line", ["TwAuthConsumerSecret {}", "TwAuthKey exec:{}",
                                  "TwAuthProviderProxy http://u:{}@proxy.test:1",
                                  "TwAuthClientSecret file:{}", "TwAuthTokens {}"])
def test_S3_at_a_restart(make_site, line):
    """The log has the directive, and not the value; httpd ends."""
    secret = SECRETS["X's"]
    site = make_site()
    site.canaries.add("the secret in the configuration", secret)
    site.vhost.config += "\n" + line.format(secret)
    said = ends_at_restart(site)
    assert line.partition(" ")[0] in said and not [part for part in hints(secret) if part in said]
    site.allow_log("AH", "must be")


def test_S3_the_arguments_of_a_command_that_fails(make_site):
    """They may be what opens a vault."""
    site = make_site()
    site.canaries.add("the argument", SECRETS["X's"])
    script = site.httpd.script("fail", "#!/bin/sh\nexit 1\n", site.folder)
    command = f"exec:{script} " + SECRETS["X's"]
    site.vhost.config = site.vhost.config.replace(f'"file:{site.key}"', f'"{command}"')
    site.allow_log("AH", "TW0101")
    assert f"exec:{script} ... did not end well" in ends_at_restart(site)
