# SPDX-License-Identifier: Apache-2.0
"""N7: the dump warns of rules about a user that are judged before anybody is known, and of those that cannot work.

Each is tried twice: what `DUMP_TWAUTH` says of it, and what alice and bob get from the running server.
"""

import pytest

SIGN_IN = '<Location "/admin/">\nAuthType Twitter\nRequire valid-user\n</Location>\n'
SECTION = '<Location "/members/">\nAuthType Twitter\n{}\n</Location>\n'
ALICE = "%{REMOTE_USER} == 'alice'"

#: What stands in the place, who gets in, and whether there is a warning. Nobody is who has not signed in.
ROWS = {
    "if opens": (f'Require twitter-user bob\n<If "{ALICE}">\nRequire valid-user\n</If>', {"bob"}, True),
    "if not opens": (f'Require valid-user\n<If "! {ALICE}">\nRequire all granted\n</If>', {"alice", "bob", "nobody"}, True),
    "if denies": ('Require valid-user\n<If "%{REMOTE_USER} == \'bob\'">\nRequire all denied\n</If>', {"alice", "bob"}, True),
    "if about a variable": ('Require valid-user\n<If "reqenv(\'TWAUTH_SCREEN_NAME\') == \'bob\'">\nRequire all denied\n</If>',
                            {"alice", "bob"}, True),
    "else": (f'Require valid-user\n<If "{ALICE}">\nHeader set X-A b\n</If>\n<Else>\nRequire all granted\n</Else>',
             {"alice", "bob", "nobody"}, True),
    "if without a rule": (f'Require valid-user\n<If "{ALICE}">\nHeader set X-A b\n</If>', {"alice", "bob"}, False),
    "if about something else": ("Require valid-user\n<If \"%{REQUEST_METHOD} == 'DELETE'\">\nRequire all denied\n</If>",
                                {"alice", "bob"}, False),
    "expr": ('Require expr "%{reqenv:TWAUTH_SCREEN_NAME} == \'alice\'"', {"alice"}, False),
    "expr about the user": (f'Require expr "{ALICE}"', {"alice"}, False),
    "expr about a header": ("TwAuthExport env headers\nRequire expr \"%{HTTP:X-Twauth-User} == 'alice'\"", set(), True),
    "expr about httpd's environment": ("Require expr \"osenv('TWAUTH_ID') != ''\"", set(), True),
    "expr about what is not exported": ("TwAuthExport headers\nRequire expr \"%{reqenv:TWAUTH_ID} != ''\"", set(), True),
    "expr not empty": ("Require expr \"%{reqenv:TWAUTH_ID} != ''\"", {"alice", "bob"}, False),
    "expr keeps out": ("Require expr \"%{REMOTE_USER} != 'bob'\"", {"alice", "bob", "nobody"}, True),
    "expr keeps out by a function": ("Require expr \"! reqenv('TWAUTH_SCREEN_NAME') -strmatch 'b*'\"",
                                     {"alice", "bob", "nobody"}, True),
    "not user": ("<RequireAll>\nRequire all granted\nRequire not twitter-user bob\n</RequireAll>",
                 {"alice", "bob", "nobody"}, True),
    "not expr": ("<RequireAll>\nRequire all granted\nRequire not expr \"%{reqenv:TWAUTH_SCREEN_NAME} == 'bob'\"\n</RequireAll>",
                 {"alice", "bob", "nobody"}, True),
    "none": ("<RequireAll>\nRequire all granted\n<RequireNone>\nRequire user bob\n</RequireNone>\n</RequireAll>",
             {"alice", "bob", "nobody"}, True),
    "not user, of those who sign in": ("<RequireAll>\nRequire valid-user\nRequire not twitter-user bob\n</RequireAll>",
                                       {"alice"}, False),
    "env": ("Require env TWAUTH_ID", {"alice", "bob"}, False),
}


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, protected="", modules=("headers", "rewrite"), cgi=False)
    yield site
    site.stop()


@pytest.fixture
def tried(site):
    """With more in the host: the warnings, and who gets in."""
    config = site.vhost.config

    def tried(more):
        site.vhost.config = config + SIGN_IN + more
        warned = [line for line in site.httpd.dump().splitlines() if "WARNING" in line]
        site.restart()
        site.allow_log("AH01629", "AH01630", "AH01631", "keeps a user out")
        got_in = set()
        for name in ("alice", "bob", "nobody"):
            browser = site.browser()
            if name != "nobody":
                browser.sign_in(name, next="/admin/index.html")
            if browser.get("/members/index.html").status == 200:
                got_in.add(name)
        return warned, got_in
    yield tried
    site.vhost.config = config


@pytest.mark.parametrize("name", ROWS)
def test_N7_what_is_warned_of_is_what_does_not_work(site, tried, name):
    rules, who, warns = ROWS[name]
    warned, got_in = tried(SECTION.format(rules))
    assert got_in == who
    assert bool(warned) == warns, warned
    if warns:
        assert any(words in warned[0] for words in ("judged before anybody is known", "never lets anybody in",
                                                    "keeps a user out"))


def test_N7_a_rewrite_rule_outside_of_folders(site, tried):
    rule = 'RewriteEngine On\nRewriteCond %{REMOTE_USER} =bob\nRewriteRule "^/members/" - [F]\n'
    warned, got_in = tried(SECTION.format("Require valid-user") + rule)
    assert got_in == {"alice", "bob"}
    assert "RewriteCond" in warned[0] and "judged before anybody is known" in warned[0]
