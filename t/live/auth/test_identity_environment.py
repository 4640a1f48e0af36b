# SPDX-License-Identifier: Apache-2.0
"""HD-5, HD-7: what CGI programs, logs, includes and rewrite rules are told, by which variables, and by whom."""

import pytest

from harness.httpd import environment_of
from harness.process import until

OURS = {"REMOTE_USER": "alice", "AUTH_TYPE": "Twitter", "TWAUTH_USER": "alice", "TWAUTH_USERNAME": "alice",
        "TWAUTH_SCREEN_NAME": "alice", "TWAUTH_ID": "1001", "TWAUTH_ACCOUNT": "1"}
AREA = '<Location "/{0}/">\nAuthType Twitter\nRequire valid-user\n{1}\n</Location>\n'
TOKEN, SECRET = "1001-access-token-canary-91c3", "access-secret-canary-7f2e0b"


@pytest.fixture(scope="module")
def site(make_site):
    areas = {"default": "", "env": "TwAuthExport env", "headers": "TwAuthExport headers",
             "both": "TwAuthExport headers env", "none": "TwAuthExport none", "tokens": "TwAuthExport env tokens",
             "only-tokens": "TwAuthExport tokens", "tokens/below": "TwAuthExport env", "none/below": "TwAuthExport env",
             "by-id": "TwAuthRemoteUser id", "by-name": "TwAuthRemoteUser screen_name"}
    site = make_site(
        start=False, modules=("rewrite", "include", "headers"),
        protected="".join(AREA.format(name, lines) for name, lines in areas.items()) + """
        ErrorDocument 404 /default/env.cgi
        ErrorDocument 410 /cgi-bin/env
        Redirect 410 /default/gone
        Redirect 410 /tokens/gone
        SetEnvIf Request_URI . TWAUTH_SCREEN_NAME=mallory TWAUTH_ID=mallory TWAUTH_USER=mallory
        SetEnvIf Request_URI . TWAUTH_TOKEN=mallory REDIRECT_TWAUTH_TOKEN=mallory
        SetEnvIf X-Evil (.*) TWAUTH_USERNAME=$1
        SetEnvIf Request_URI . twauth_id=mallory TwAuth_Account=mallory redirect_twauth_token=mallory
        LogFormat "log user=%u id=%{TWAUTH_ID}e" ours
        CustomLog "logs-access" ours""")
    for name in areas:
        site.httpd.script(f"{name}/env.cgi")
        site.httpd.script(f"{name}/index.cgi")
    site.httpd.script("open/env.cgi")
    site.httpd.main += f"""
        DirectoryIndex index.html index.cgi
        <Directory "{site.httpd.htdocs}/default">
        RewriteEngine On
        RewriteCond "%{{ENV:TWAUTH_ID}}" "^(\\d+)$"
        RewriteRule "^rewritten$" "env.cgi?id=%1" [L]
        RewriteRule "^to-cgi-bin$" "/cgi-bin/env" [L,PT]
        RewriteRule "^to-open$" "/open/env.cgi" [L]
        Header set X-Seen-User "expr=%{{REMOTE_USER}} %{{reqenv:TWAUTH_ID}}"
        </Directory>
        <Directory "{site.httpd.htdocs}/tokens">
        RewriteEngine On
        RewriteRule "^to-below$" "/tokens/below/env.cgi" [L]
        RewriteRule "^to-open$" "/open/env.cgi" [L]
        RewriteRule "^again$" "/tokens/env.cgi" [L]
        </Directory>"""
    return site.start()


@pytest.fixture(scope="module")
def member(site):
    site.standin.plant("access", TOKEN, SECRET)
    browser = site.browser()
    answer = browser.begin("/default/env.cgi").approve("alice")
    assert answer.status == 200
    return browser


def ours(environment):
    """What concerns identity, however it is called."""
    return {k: v for k, v in environment.items() if "TWAUTH" in k.upper() or k in ("REMOTE_USER", "AUTH_TYPE")}


@pytest.mark.parametrize("path", ["/default/env.cgi", "/env/env.cgi", "/default/", "/default/rewritten",
                                  "/none/below/env.cgi", "/tokens/below/env.cgi"])
def test_HD_5_a_program_is_told_the_truth(site, member, path):
    told = ours(environment_of(member.get(path, headers={"X-Evil": "mallory"})))
    assert told.items() >= OURS.items()
    assert "mallory" not in told.values() and not [name for name in told if "TOKEN" in name]


def test_in_a_rewrite_condition(member):
    assert environment_of(member.get("/default/rewritten"))["QUERY_STRING"] == "id=1001"


def test_in_a_response_header(member):
    assert member.get("/default/env.cgi").headers["X-Seen-User"] == "alice 1001"


def test_in_an_error_document(member):
    answer = member.get("/default/nothing")
    assert answer.status == 404 and ours(answer.json())["TWAUTH_SCREEN_NAME"] == "alice"


@pytest.mark.parametrize("path", ["/open/env.cgi", "/cgi-bin/env"])
def test_HD_5_nothing_where_nothing_is_protected(member, path):
    told = ours(environment_of(member.get(path, headers={"X-Evil": "mallory"})))
    assert told == {}


@pytest.mark.parametrize("headers", [{"Twauth-User": "mallory"}, {"Remote-User": "mallory"}, {"Auth-Type": "mallory"},
                                     {"Redirect-Remote-User": "mallory"}, {"Redirect-Twauth-Token": "mallory"},
                                     {"Proxy": "mallory"}, {"Twauth_Token": "mallory"}], ids=str)
def test_HD_5_headers_become_no_variables(member, headers):
    told = environment_of(member.get("/default/env.cgi", headers=headers))
    assert [k for k, v in told.items() if v == "mallory" and not k.startswith("HTTP_")] == []
    assert "HTTP_PROXY" not in told


def test_a_list_replaces_the_inherited_one(member):
    told = {area: ours(environment_of(member.get(f"/{area}/env.cgi")))
            for area in ("headers", "both", "none", "only-tokens")}
    names = ("HTTP_X_TWAUTH_SCREEN_NAME", "TWAUTH_SCREEN_NAME", "TWAUTH_TOKEN")
    assert {area: [name in env for name in names] for area, env in told.items()} == {
        "headers": [True, False, False], "both": [True, True, False], "none": [False, False, False],
        "only-tokens": [False, False, True]}
    assert all(env["REMOTE_USER"] == "alice" for env in told.values())


def test_HD_7_tokens_only_where_they_are_given(member):
    told = environment_of(member.get("/tokens/env.cgi"))
    assert (told["TWAUTH_TOKEN"], told["TWAUTH_TOKEN_SECRET"]) == (TOKEN, SECRET)
    assert environment_of(member.get("/tokens/again"))["TWAUTH_TOKEN"] == TOKEN


@pytest.mark.parametrize("path", ["/default/env.cgi", "/env/env.cgi", "/both/env.cgi", "/none/env.cgi",
                                  "/tokens/below/env.cgi", "/tokens/to-below", "/tokens/to-open", "/tokens/gone",
                                  "/tokens/nothing", "/open/env.cgi", "/cgi-bin/env", "/default/gone"])
def test_HD_7_no_token_elsewhere(member, path):
    answer = member.get(path)
    assert TOKEN not in answer.text and SECRET not in answer.text


def test_HD_7_no_token_in_headers(member):
    told = environment_of(member.get("/both/env.cgi"))
    assert not [k for k in told if k.startswith("HTTP_X_TWAUTH_TOKEN")]


@pytest.mark.parametrize("area, user", [("by-id", "1001"), ("by-name", "alice"), ("default", "alice")])
def test_remote_user(member, area, user):
    told = environment_of(member.get(f"/{area}/env.cgi"))
    assert told["REMOTE_USER"] == user and told["TWAUTH_USERNAME"] == "alice"


def test_access_log(site, member):
    log = site.httpd.folder / "logs-access"
    for path, line in (("/by-id/index.cgi", "log user=1001 id=1001"), ("/by-name/index.cgi", "log user=alice id=1001")):
        member.get(path)
        assert until(lambda: line in log.read_text()), log.read_text()


ODD = ["x\r\nX-Evil: 1", "tab\there", "nul\0", "emoji\U0001f600", "\u202eevil", "a" * 5000, "a b", "", "a.b"]


@pytest.mark.protocols("oauth1", "oauth2")
@pytest.mark.parametrize("handle", ODD, ids=ascii)
def test_HD_6_odd_names_from_X(site, handle):
    """A handle is letters, digits and _; whatever else X sends is no sign-in."""
    site.allow_log("TW0204", "TW0203")
    browser = site.browser()
    flow = browser.begin("/default/env.cgi")
    site.standin.set(users=[{"id": "1004", "screen_name": handle}])
    try:
        answer = flow.approve("1004")
    finally:
        site.standin.people(alice="1001", bob="1002", carol="1003", dave="1004")
    assert answer.status == 502 and "X-Evil" not in answer.headers
    assert "__Host-twauth" not in browser.cookies
    assert site.browser().sign_in("bob", next="/default/env.cgi").status == 200       # the breaker stays closed


@pytest.mark.databases("sqlite", "pgsql")
@pytest.mark.parametrize("name", ["a\r\nx-evil: 1", "a\nx-evil: 1", "tab\there", "a\x1b[31m", "a\x7f", "\x01"], ids=ascii)
def test_HD_6_names_that_others_put_into_the_database(site, name):
    """An invited account has the name that some program gave it; and names are changed there."""
    site.db.clear()
    site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('1003', ?)", name)
    site.expect_log("TW0215: .*control characters")
    browser = site.browser()
    assert browser.sign_in("carol", next="/default/env.cgi").status == 503
    assert "__Host-twauth" not in browser.cookies
    bob = site.browser()
    bob.sign_in("bob", next="/default/env.cgi")
    site.db.execute("UPDATE twauth_account SET username = ? WHERE twitter_id = '1002'", name + "b")
    site.restart()                              # all copies must be checked again
    assert bob.fetch("/default/env.cgi").status == 401


def test_A6_HD_5_no_variable_of_ours_in_another_case(site, member):
    """Expressions look variables up without regard to case: one planted as twauth_id would come first."""
    answer = member.get("/default/env.cgi")
    seen = {name: value for name, value in answer.json().items() if name.lower().startswith("twauth_")}
    assert seen == {name: answer.json()[name] for name in seen if name.isupper()} and seen["TWAUTH_ID"] == "1001"
    assert member.get("/default/index.cgi").headers["X-Seen-User"] == "alice 1001"
    for browser in (member, site.browser()):
        assert not [name for name in browser.get("/open/env.cgi").json() if name.lower().startswith("twauth_")]
