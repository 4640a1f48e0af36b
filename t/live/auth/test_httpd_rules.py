# SPDX-License-Identifier: Apache-2.0
"""AC-3, AC-5: who is let in by which Require lines, what the others are told, and that nobody goes in circles."""

import pytest

from harness.site import CANARY

# name: (rules, who gets in)
ALL = {"alice", "bob", "carol"}
RULES = {
    "valid-user": ("Require valid-user", ALL),
    "user": ("Require user alice bob", {"alice", "bob"}),
    "twitter-user": ("Require twitter-user alice", {"alice"}),
    "twitter-user at": ("Require twitter-user @alice @nobody", {"alice"}),
    "twitter-user case": ("Require twitter-user ALICE @BoB", {"alice", "bob"}),
    "twitter-user lines": ("Require twitter-user alice\nRequire twitter-user carol", {"alice", "carol"}),
    "twitter-user prefix": ("Require twitter-user alic alicea al", set()),
    "twitter-id": ("Require twitter-id 1001", {"alice"}),
    "twitter-id several": ("Require twitter-id 7 1002 1003", {"bob", "carol"}),
    "twitter-id prefix": ("Require twitter-id 100 10011 1", set()),
    "twitter-id wrap": ("Require twitter-id 4294968297 18446744073709552617", set()),
    "any": ("<RequireAny>\nRequire twitter-user alice\nRequire twitter-id 1002\n</RequireAny>", {"alice", "bob"}),
    "all": ("<RequireAll>\nRequire valid-user\nRequire twitter-user bob\n</RequireAll>", {"bob"}),
    "all never": ("<RequireAll>\nRequire twitter-user alice\nRequire twitter-user bob\n</RequireAll>", set()),
    "all not": ("<RequireAll>\nRequire valid-user\nRequire not twitter-user bob\n</RequireAll>", {"alice", "carol"}),
    "all not id": ("<RequireAll>\nRequire valid-user\nRequire not twitter-id 1003\n</RequireAll>", {"alice", "bob"}),
    "none": ("<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire twitter-user alice\nRequire twitter-id 1002\n"
             "</RequireNone>\n</RequireAll>", {"carol"}),
    "ip or user": ("<RequireAny>\nRequire ip 192.0.2.1\nRequire twitter-user alice\n</RequireAny>", {"alice"}),
    "ip and user": ("<RequireAll>\nRequire ip 127.0.0.1\nRequire twitter-user alice\n</RequireAll>", {"alice"}),
    "expr and user": ("<RequireAll>\nRequire valid-user\nRequire expr %{REMOTE_USER} == 'bob'\n</RequireAll>",
                      {"bob"}),
    # N7: rules about variables ask for a sign-in, as those about users do
    "expr alone": ("Require expr %{REMOTE_USER} == 'bob'", {"bob"}),
    "expr id": ("Require expr \"%{reqenv:TWAUTH_ID} in {'1001', '1003'}\"", {"alice", "carol"}),
    "expr function": ("Require expr reqenv('TWAUTH_SCREEN_NAME') -strmatch 'b*'", {"bob"}),
    "expr or user": ("<RequireAny>\nRequire expr %{reqenv:TWAUTH_ID} == '1001'\nRequire twitter-user bob\n</RequireAny>",
                     {"alice", "bob"}),
    "expr not": ("<RequireAll>\nRequire valid-user\nRequire not expr %{reqenv:TWAUTH_ID} == '1002'\n</RequireAll>",
                 {"alice", "carol"}),
    "expr never": ("Require expr %{reqenv:TWAUTH_ID} == '7'", set()),
    "env": ("Require env TWAUTH_ID", ALL),
    "env planted": ("SetEnvIf Request_URI . TWAUTH_ID=1001 twauth_id=1001\nRequire expr %{reqenv:TWAUTH_ID} == '1001'",
                    {"alice"}),
    "send forbidden": ("AuthzSendForbiddenOnFailure On\nRequire twitter-user alice", {"alice"}),
    "nested": ("<RequireAny>\n<RequireAll>\nRequire ip 192.0.2.1\nRequire valid-user\n</RequireAll>\n<RequireAll>\n"
               "Require twitter-user carol\nRequire not twitter-user dave\n</RequireAll>\n</RequireAny>", {"carol"}),
}


def place(name):
    return "/rules/" + name.replace(" ", "-") + "/"


@pytest.fixture(scope="module")
def site(make_site, echo):
    site = make_site(start=False, modules=("auth_basic", "authn_file", "proxy", "proxy_http"))
    for name, (rules, _) in RULES.items():
        site.httpd.put(place(name)[1:] + "index.html", CANARY)
        site.vhost.config += f'\n<Location "{place(name)}">\nAuthType Twitter\n{rules}\n</Location>'
    passwords = site.folder / "passwords"
    passwords.write_text("alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
    for folder in ("basic-ours", "basic", "basic/inside", "no-type", "no-rule"):
        site.httpd.put(f"{folder}/index.html", CANARY)
        site.httpd.script(f"{folder}/env.cgi")
    site.vhost.config += f"""
        <Location "/basic-ours/">
        AuthType Basic
        AuthName x
        AuthBasicProvider file
        AuthUserFile "{passwords}"
        Require twitter-user alice
        Require twitter-id 1001
        </Location>
        <Location "/basic/">
        AuthType Basic
        AuthName x
        AuthBasicProvider file
        AuthUserFile "{passwords}"
        Require valid-user
        </Location>
        <Location "/basic/inside/">
        AuthType Twitter
        Require twitter-user bob
        </Location>
        <Location "/no-type/">
        Require twitter-user alice
        </Location>
        <Location "/no-rule/">
        AuthType Twitter
        Require all granted
        </Location>"""
    return site.start()


@pytest.fixture(scope="module")
def people(site):
    """Browsers in which somebody is signed in."""
    def signed_in(user):
        browser = site.browser()
        browser.sign_in(user)
        return browser
    return {user: signed_in(user) for user in ALL}


@pytest.fixture(autouse=True)
def denials_are_logged_by_httpd(site):
    site.allow_log("AH01631", "AH01629")


@pytest.mark.parametrize("user", sorted(ALL))
@pytest.mark.parametrize("name", RULES)
def test_AC_3_who_gets_in(site, people, name, user):
    answer = people[user].get(place(name))
    calls = site.standin.count()
    if user in RULES[name][1]:
        assert answer.status == 200 and CANARY in answer.text
    else:
        assert answer.status == 403 and CANARY not in answer.text and not answer.location
        assert "/twauth/login?switch=1&amp;next=" in answer.text
    assert site.standin.count() == calls


@pytest.mark.parametrize("name", RULES)
def test_AC_3_signed_out_goes_to_sign_in(browser, name):
    answer = browser.get(place(name))
    assert answer.status == 302 and "/twauth/login?next=" in answer.location


def test_AC_3_no_sign_in_where_it_could_not_help(make_site):
    site = make_site(protected='<Location "/members/">\nAuthType Twitter\n<RequireAll>\nRequire ip 192.0.2.1\n'
                               'Require valid-user\n</RequireAll>\n</Location>')
    site.expect_log("AH01630")
    answer = site.browser().get("/members/")
    assert answer.status == 403 and CANARY not in answer.text
    site.stop()


def test_403_for_a_script_is_bare(people):
    answer = people["bob"].fetch(place("twitter-user"))
    assert answer.status == 403 and not answer.set_cookies


def test_today_s_handle_decides(site, people):
    """AC-3: twitter-user is today's handle; valid users keep their username."""
    site.standin.people(alice_new="1001", bob="1002", carol="1003", alice="9009")
    try:
        renamed, taker = site.browser(), site.browser()
        site.expect_log("TW0217")
        renamed.sign_in("1001")
        taker.sign_in("9009")
        assert renamed.get(place("twitter-user")).status == 403
        assert taker.get(place("twitter-user")).status == 200
        assert renamed.get(place("twitter-id")).status == 200
        assert taker.get(place("twitter-id")).status == 403
        assert renamed.get(place("user")).status == 200
        assert taker.get(place("user")).status == 403
    finally:
        site.standin.people(alice="1001", bob="1002", carol="1003", dave="1004")


BASIC = {"Authorization": "Basic YWxpY2U6cGFzc3dvcmQ="}     # alice:password


def test_AC_4_basic_beside_works(browser):
    assert browser.get("/basic/").status == 401
    answer = browser.get("/basic/env.cgi", headers=BASIC)
    assert answer.status == 200 and answer.json()["REMOTE_USER"] == "alice"
    assert not [name for name in answer.json() if name.startswith("TWAUTH")]


def test_AC_4_our_rules_do_not_take_another_module_s_user(site, browser, people):
    site.allow_log("AH01631", "AH01629")
    assert browser.get("/basic-ours/", headers=BASIC).status in (401, 403)
    assert people["alice"].get("/basic-ours/", headers=BASIC).status in (401, 403)
    assert people["alice"].get("/basic-ours/").status == 401


def test_AC_4_nested_in_a_place_of_basic(browser, people):
    assert browser.get("/basic/inside/", headers=BASIC).status == 302
    assert people["bob"].get("/basic/inside/").status == 200
    assert people["alice"].get("/basic/inside/", headers=BASIC).status == 403


def test_rule_without_AuthType_is_closed(site, people):
    site.allow_log("AH01797", "AH0179", "AH0002", "AH00571", "AuthType")
    for browser in (site.browser(), people["alice"]):
        answer = browser.get("/no-type/")
        assert answer.status in (401, 403, 500) and CANARY not in answer.text


def test_all_granted_is_open_and_tells_nothing(people):
    answer = people["alice"].get("/no-rule/env.cgi")
    assert answer.status == 200 and "REMOTE_USER" not in answer.json() and "TWAUTH_USER" not in answer.json()


@pytest.mark.parametrize("rule", ["twitter-user", "twitter-id", "twitter-user al-ice", "twitter-user a,b",
                                  "twitter-user @", 'twitter-user ""', "twitter-id 01001", "twitter-id +1001",
                                  "twitter-id -1001", "twitter-id 1001x", 'twitter-id "10 01"', "twitter-id @alice",
                                  "twitter-id 123456789012345678901", "twitter-id 0x3e9", "twitter-id 1001.0",
                                  "twitter-user " + "a" * 60])
def test_AC_5_rule_that_can_mean_nothing_is_refused(make_site, rule):
    site = make_site(start=False, protected=f'<Location "/members/">\nAuthType Twitter\nRequire {rule}\n</Location>')
    ran = site.httpd.check()
    assert not ran and "Require " + rule.split()[0] in ran.stderr


def test_unauthenticated_answers(make_site):
    modes = ("login", "page", "401", "pass")
    site = make_site(start=False, protected="\n".join(
        f'<Location "/{mode}/">\nAuthType Twitter\nTwAuthUnauthenticated {mode}\n'
        + ("Require all granted" if mode == "pass" else "Require valid-user") + "\n</Location>" for mode in modes)
        + '\n<Location "/pass/only/">\nRequire valid-user\n</Location>')
    for mode in modes:
        site.httpd.script(f"{mode}/env.cgi")
        site.httpd.put(f"{mode}/only/index.html", CANARY)
    site.start()
    browser = site.browser()
    got = {mode: browser.get(f"/{mode}/env.cgi") for mode in modes}
    assert {mode: answer.status for mode, answer in got.items()} == {"login": 302, "page": 401, "401": 401, "pass": 200}
    assert 'href="/twauth/login?next=%2Fpage%2Fenv.cgi"' in got["page"].text
    assert 'href="/twauth/login?next=%2F401%2Fenv.cgi"' in got["401"].text
    assert "/twauth/login" not in got["pass"].text
    assert not [name for name in got["pass"].json() if name in ("REMOTE_USER", "AUTH_TYPE") or "TWAUTH" in name]
    assert browser.get("/pass/only/").status == 401
    for mode in ("page", "401"):
        assert got[mode].headers["WWW-Authenticate"] == f'Twitter realm="site.test:{site.vhost.port}"'
    browser.sign_in("alice", next="/login/env.cgi")
    for mode in modes:
        assert browser.get(f"/{mode}/env.cgi").json()["REMOTE_USER"] == "alice"
    assert browser.get("/pass/only/").status == 200
    site.stop()
