# SPDX-License-Identifier: Apache-2.0
"""Who may have an account, and what of the user's own credentials is kept and told."""

import pytest
from oauthlib.oauth1 import Client

from harness.checks import SESSION, user
from harness.site import PROTECTED
from harness.standin import KEY, SECRET

databases = pytest.mark.databases("sqlite", "pgsql")

SECTIONS = PROTECTED + """
<Location "/tokens/">
    AuthType Twitter
    Require valid-user
    TwAuthExport env tokens
</Location>
<Location "/tokens/not/">
    TwAuthExport env
</Location>
<Location "/tokens/none/">
    TwAuthExport none
</Location>
<Location "/tokens/only/">
    TwAuthExport tokens
</Location>
"""


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(protected=SECTIONS, start=False, modules=("rewrite", "include", "actions"))
    for name in ("tokens", "tokens/not", "tokens/none", "tokens/only"):
        site.httpd.script(f"{name}/env.cgi")
    site.httpd.put("tokens/index.shtml", '<!--#include virtual="/members/env.cgi" -->')
    site.httpd.put("members/index.shtml", '<!--#include virtual="/tokens/env.cgi" -->')
    site.vhost.config += f"""
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        <Directory "{site.httpd.htdocs}">
            Options +Includes +ExecCGI
        </Directory>
        RewriteEngine On
        <Location "/tokens/gone">
            ErrorDocument 404 /cgi-bin/env
        </Location>
        <Location "/tokens/missing">
            ErrorDocument 404 /members/env.cgi
        </Location>
        <Location "/tokens/lost">
            ErrorDocument 404 /tokens/env.cgi
        </Location>"""
    return site.start()


@pytest.fixture
def alice(site):
    site.db.clear()
    browser = site.browser()
    browser.sign_in("alice")
    return browser


def issued(site):
    """The token and secret that X gave out last."""
    token = site.standin.state()["access_tokens"][-1]
    return token["token"], token["secret"]


def told(environment):
    return environment.get("TWAUTH_TOKEN"), environment.get("TWAUTH_TOKEN_SECRET")


def configured(site, more):
    """A graceful restart with these lines added."""
    before = site.vhost.config
    site.vhost.config += "\n" + more
    site.graceful()

    def undo():
        site.vhost.config = before
        site.graceful()
    return undo


@pytest.fixture
def setting(site):
    """setting("TwAuthSignUp Off"): for this test."""
    undos = []
    yield lambda more: undos.append(configured(site, more))
    for undo in reversed(undos):
        undo()


# who may

@databases
def test_inactive_account(site, alice):
    alice.sign_out()
    site.db.execute("UPDATE twauth_account SET active = 0")
    before = site.db.rows("SELECT * FROM twauth_account")
    answer = alice.begin("/twauth/login?next=%2Fmembers%2F").approve("alice")
    assert answer.status == 403 and "not active" in answer.text and "switch=1" in answer.text
    assert SESSION not in alice.cookies and site.db.value("SELECT count(*) FROM twauth_session") == 0
    assert site.db.rows("SELECT * FROM twauth_account") == before
    site.db.execute("UPDATE twauth_account SET active = 1")
    assert alice.begin("/twauth/login?next=%2Fmembers%2F").approve("alice").status == 200


@databases
def test_sign_up_off_lets_in_who_is_invited(site, setting):
    site.db.clear()
    setting("TwAuthSignUp Off")
    mark = site.log.mark()
    stranger = site.browser()
    answer = stranger.sign_in("bob")
    assert answer.status == 403 and "<b>1002</b>" in answer.text and SESSION not in stranger.cookies
    command = site.log.wait(r"TW0214.*to invite: twauthctl (allow) (1002)", mark)
    assert command and site.db.value("SELECT count(*) FROM twauth_account") == 0
    assert site.ctl(*command.groups())
    assert stranger.sign_in("bob").status == 200 and user(stranger) == "bob"
    row = site.db.row("SELECT * FROM twauth_account")
    assert row["username"] == "bob" and row["screen_name"] == "bob" and row["signed_in_at"] and row["active"] == 1


@databases
def test_sign_up_off_keeps_who_has_an_account(site, alice, setting):
    setting("TwAuthSignUp Off")
    site.db.execute("INSERT INTO twauth_account (twitter_id) VALUES ('1003')")
    site.db.execute("UPDATE twauth_account SET active = 0 WHERE twitter_id = '1003'")
    assert site.browser().sign_in("alice").status == 200
    closed = site.browser().sign_in("carol")
    assert closed.status == 403 and "not active" in closed.text


@databases
def test_sign_up_off_and_a_taken_name(site, alice, setting):
    setting("TwAuthSignUp Off")
    site.db.execute("INSERT INTO twauth_account (twitter_id) VALUES ('2')")
    site.standin.set(users=[{"id": "2", "screen_name": "Alice"}])
    site.allow_log("TW0217")
    browser = site.browser()
    assert browser.sign_in("2").status == 200 and user(browser) == "alice.2"
    site.standin.people(alice="1001", bob="1002", carol="1003", dave="1004")


# what is kept

@databases
@pytest.mark.parametrize("how", ["sealed", "plain", "none"])
def test_how_tokens_are_kept(site, setting, how):
    site.db.clear()
    setting(f"TwAuthTokens {how}")
    browser = site.browser()
    browser.sign_in("alice")
    token, secret = issued(site)
    row = site.db.row("SELECT token, secret FROM twauth_account")
    environment = browser.get("/tokens/env.cgi").json()
    if how == "none":
        assert not row["token"] and not row["secret"] and told(environment) == (None, None)
    else:
        assert told(environment) == (token, secret)
        assert (row["token"] == token and row["secret"] == secret) == (how == "plain")


@databases
def test_tokens_none_takes_away_what_was_there(site, alice, setting):
    setting("TwAuthTokens none")
    assert told(alice.get("/tokens/env.cgi").json()) == (None, None)
    site.browser().sign_in("alice")
    row = site.db.row("SELECT token, secret FROM twauth_account")
    assert not row["token"] and not row["secret"]


@databases
def test_each_sign_in_brings_fresh_tokens(site, alice):
    first = issued(site)
    alice.sign_out()
    alice.begin("/twauth/login?next=%2F").approve("alice")
    assert told(alice.get("/tokens/env.cgi").json()) == issued(site)
    assert first[0] == issued(site)[0] or first != issued(site)


# what is told

def test_tokens_really_sign_a_call(site, standin, alice):
    token, secret = told(alice.get("/tokens/env.cgi").json())
    client = Client(KEY, SECRET, token, secret)
    url, headers, _ = client.sign(standin.api() + "/1.1/account/verify_credentials.json")
    answer = alice.get(url, headers=headers, cookies=False)
    assert answer.status == 200 and answer.json()["screen_name"] == "alice" and answer.json()["id_str"] == "1001"
    _, headers, _ = Client(KEY, SECRET, token, secret + "x").sign(standin.api() + "/1.1/account/verify_credentials.json")
    assert alice.get(url, headers=headers, cookies=False).status == 401


def leaked(answer, site):
    token, secret = issued(site)
    return token.encode() in answer.body or secret.encode() in answer.body or b"TWAUTH_TOKEN" in answer.body


@pytest.mark.parametrize("path", ["/members/env.cgi", "/tokens/not/env.cgi", "/tokens/none/env.cgi", "/cgi-bin/env"])
def test_HD_7_only_where_they_are_exported(site, alice, path):
    answer = alice.get(path)
    assert answer.status == 200 and not leaked(answer, site)


def test_tokens_alone(site, alice):
    environment = alice.get("/tokens/only/env.cgi").json()
    assert told(environment) == issued(site) and "TWAUTH_ID" not in environment


@pytest.mark.parametrize("path", ["/tokens/gone", "/tokens/missing", "/tokens/index.shtml"])
def test_HD_7_not_in_subrequests_and_internal_redirects_elsewhere(site, alice, path):
    answer = alice.get(path)
    assert b"REQUEST_METHOD" in answer.body and not leaked(answer, site)


@pytest.mark.parametrize("path", ["/tokens/lost", "/members/index.shtml"])
def test_tokens_go_where_they_are_exported_by_internal_ways_too(site, alice, path):
    answer = alice.get(path)
    token, secret = issued(site)
    assert token.encode() in answer.body


def test_strangers_get_none(site, browser):
    site.db.clear()
    answer = browser.get("/tokens/env.cgi")
    assert answer.status == 302
