# SPDX-License-Identifier: Apache-2.0
"""Applications are told a profile, and by the headers that they want; and of nobody else."""

import re
from urllib.parse import unquote

import pytest

from harness.backend import received
from harness.checks import SESSION
from harness.httpd import VHost, environment_of

NAME = "Alice Ångström"
PROFILE = ["X-Twauth-Name", "X-Twauth-Avatar", "X-Twauth-Email", "X-Twauth-Verified"]
OWN = {"X-WEBAUTH-USER": "alice", "Remote-Id": "1001", "Remote_Name": "Alice%20%C3%85ngstr%C3%B6m", "X-Mail": "alice@users.example"}
LOOKALIKES = ["x-webauth-user", "X_WEBAUTH_USER", "X-WebAuthUser", "X.Webauth.User", "-X-WEBAUTH-USER", "REMOTE-ID", "Remote_Id",
              "remoteid", "Remote-Name", "RemoteName", "xmail", "X_Mail", "X--Mail", "X-Twauth-Email", "X_Twauth_Name"]

#: Fields of TwAuthHeader that are no profile's, each under a name of its own.
EACH = "\n".join(f"TwAuthHeader X-Each-{field} {field}"
                 for field in ("user", "username", "screen_name", "id", "account", "signed_in_at", "roles"))


@pytest.fixture(scope="module")
def site(make_site, echo):
    site = make_site(start=False, protocol="oauth2", modules=("proxy", "proxy_http", "dir"), config=f"""
        TwAuthScope "tweet.read users.read users.email"
        ProxyPass "/open/" "{echo.origin}/"
        ProxyPass "/members/told/" "{echo.origin}/"
        ProxyPass "/members/own/" "{echo.origin}/"
        ProxyPass "/members/less/" "{echo.origin}/"
        ProxyPass "/members/none/" "{echo.origin}/"
        <Location "/members/">
        TwAuthHeader X-WEBAUTH-USER username
        </Location>
        <Location "/members/env.cgi">
        TwAuthExport env profile
        </Location>
        <Location "/members/told/">
        TwAuthExport headers profile
        TwAuthHeader x-webauth-user none
        </Location>
        <Location "/members/own/">
        TwAuthExport none
        TwAuthHeader Remote-Id id
        TwAuthHeader Remote_Name name
        TwAuthHeader X-Mail email
        </Location>
        ProxyPass "/members/each/" "{echo.origin}/"
        <Location "/members/each/">
        TwAuthExport none
        {EACH}
        </Location>
        <Location "/members/none/">
        TwAuthHeader X-WEBAUTH-USER none
        TwAuthExport none
        </Location>
        <Location "/rules/">
        AuthType Twitter
        TwAuthExport env profile
        <RequireAll>
        Require valid-user
        Require expr "%{{reqenv:TWAUTH_EMAIL}} =~ /@users.example$/"
        Require env TWAUTH_VERIFIED
        </RequireAll>
        </Location>
        MergeTrailers On
        """)
    site.httpd.put("rules/index.html", "let in")
    site.beside = VHost("other.test", port=site.vhost.port, config=f'ProxyPass "/" "{echo.origin}/"')
    site.httpd.vhosts.append(site.beside)
    return site.start()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser


def told(answer):
    """What a gateway could take for a header that tells who it is."""
    names = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in [*OWN, *PROFILE]} | {"xtwauthid"}
    return {name: value for name, value in received(answer).headers if re.sub(r"[^a-z0-9]", "", name.lower()) in names}


def test_variables(alice, site):
    env = environment_of(alice.get("/members/env.cgi"))
    assert env["TWAUTH_NAME"] == NAME and env["TWAUTH_EMAIL"] == "alice@users.example" and env["TWAUTH_VERIFIED"] == "1"
    assert env["TWAUTH_AVATAR"] == f"{site.standin.api()}/profile_images/alice.svg"


def test_headers(alice, site):
    found = told(alice.get("/members/told/"))
    assert sorted(found) == sorted([*PROFILE, "X-Twauth-Id"])
    assert unquote(found["X-Twauth-Name"]) == NAME and found["X-Twauth-Email"] == "alice@users.example"


def test_what_is_not_there_is_not_told(site):
    site.standin.fault("/2/users/me", "edit", set={"data.confirmed_email": "none"})
    bob = site.browser()
    bob.sign_in("bob")
    assert sorted(told(bob.get("/members/told/"))) == ["X-Twauth-Avatar", "X-Twauth-Id", "X-Twauth-Name"]
    env = environment_of(bob.get("/members/env.cgi"))
    assert unquote(env["TWAUTH_NAME"]) == "Bob 🦊" and not {"TWAUTH_EMAIL", "TWAUTH_VERIFIED"} & set(env)
    site.allow_log("AH01631")
    assert bob.get("/rules/").status == 403


def test_rules_may_be_about_it(alice):
    assert alice.get("/rules/").text == "let in"


def test_each_field(alice, site):
    account, signed_in = site.db.rows("SELECT id, signed_in_at FROM twauth_account WHERE twitter_id = '1001'")[0]
    found = {name[7:]: value for name, value in received(alice.get("/members/each/")).headers if name.startswith("X-Each-")}
    assert abs(int(found.pop("signed_in_at")) - signed_in) <= 2
    assert found == {"user": "alice", "username": "alice", "screen_name": "alice", "id": "1001", "account": str(account)}


def test_headers_with_other_names(alice):
    assert told(alice.get("/members/own/")) == OWN
    assert told(alice.get("/members/less/")) == {"X-WEBAUTH-USER": "alice"}
    assert told(alice.get("/members/none/")) == {}


@pytest.mark.parametrize("name", [*OWN, *LOOKALIKES])
def test_HD_2_look_alikes_are_removed_everywhere(site, alice, name):
    for browser, path, there in ((site.browser(), "/open/", {}), (alice, "/open/", {}), (alice, "/members/own/", OWN),
                                 (alice, "/members/none/", {}), (alice, site.beside.url("/"), {})):
        answer = browser.get(path, headers=[(name, "mallory"), (name.upper(), "mallory")])
        assert answer.status == 200 and "mallory" not in answer.text, path
        assert told(answer) == there


@pytest.mark.parametrize("name", ["X-WEBAUTH-USERS", "X-WEBAUTH", "Remote-Identity", "X-Mailer", "Accept-Language"])
def test_what_is_only_like_it_passes(alice, name):
    for path in ("/open/", "/members/own/"):
        assert "somebody" in alice.get(path, headers={name: "somebody"}).text


@pytest.mark.parametrize("name", ["X-WEBAUTH-USER", "remote_id", "X-Twauth-Email"])
def test_HD_3_no_hop_drops_them(alice, backend, name):
    answer = alice.get("/members/own/", headers={"Connection": f"close, {name}"})
    assert answer.status == 400 and backend.requests == []


@pytest.mark.parametrize("path", ["/members/own/", "/members/told/", "/members/none/"])
def test_HD_4_trailers(site, alice, backend, path):
    """Also one that this user has nothing to put in the place of."""
    bob = site.browser()
    site.standin.fault("/2/users/me", "edit", set={"data.confirmed_email": "none"})
    bob.sign_in("bob")
    for browser in (alice, bob):
        cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
        browser.raw((f"POST {path} HTTP/1.1\r\nHost: site.test:{site.vhost.port}\r\nCookie: {cookies}\r\n"
                     "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\nx\r\n"
                     "0\r\nX-WEBAUTH-USER: mallory\r\nX_Mail: mallory\r\nX-Mail: mallory\r\nX-Twauth-Email: mallory\r\n"
                     "X-Twauth-Verified: mallory\r\nRemote-Id: mallory\r\n\r\n").encode())
    assert len(backend.requests) == 2 and "mallory" not in str([asked.headers for asked in backend.requests])


def cookie(browser):
    return next(c.value for c in browser.cookies if c.name == SESSION)


def test_the_copy_has_it_and_asks_nobody(site, alice, make_db):
    """A longer cookie, of a length that browsers keep; and no query for what it has."""
    assert 256 < len(cookie(alice)) < 2048
    with site.db.away():
        assert environment_of(alice.get("/members/env.cgi"))["TWAUTH_NAME"] == NAME


def test_the_longest_of_everything_fits(site):
    site.standin.fault("/2/users/me", "edit", set={
        "data.name": "\U0001f600" * 50, "data.confirmed_email": "a" * 64 + "@" + "b" * 185 + ".com",
        "data.profile_image_url": "https://pbs.twimg.com/" + "c" * 178})
    browser = site.browser()
    browser.sign_in("carol")
    env = environment_of(browser.get("/members/env.cgi"))
    assert env["TWAUTH_NAME"] == "\U0001f600" * 50 and len(env["TWAUTH_EMAIL"]) == 254 and len(env["TWAUTH_AVATAR"]) == 200
    assert len(cookie(browser)) < 2048


@pytest.mark.databases("sqlite", "pgsql")
@pytest.mark.protocols("oauth1", "oauth2")
def test_copies_from_before_and_changes_in_the_table(make_site, protocol):
    """Where nobody was told a profile before, it comes with the next request; what is changed in the table, by itself."""
    site = make_site(config="TwAuthProfile On\nTwAuthSessionRecheck 0")
    browser = site.browser()
    browser.sign_in("alice")
    short = len(cookie(browser))
    site.vhost.config += '\n<Location "/members/">\nTwAuthExport env profile\n</Location>'
    site.vhost.config = site.vhost.config.replace("TwAuthSessionRecheck 0", "TwAuthSessionRecheck 60s")
    site.restart()
    assert environment_of(browser.get("/members/env.cgi"))["TWAUTH_NAME"] == NAME and len(cookie(browser)) > short + 50
    site.db.execute("UPDATE twauth_account SET name = 'Alice\nNew', email = 'a@example.com', verified = 0")
    site.vhost.config = site.vhost.config.replace("TwAuthSessionRecheck 60s", "TwAuthSessionRecheck 0")
    site.restart()
    env = environment_of(browser.get("/members/env.cgi"))
    assert env["TWAUTH_NAME"] == "Alice New" and env["TWAUTH_EMAIL"] == "a@example.com" and "TWAUTH_VERIFIED" not in env


WRONG = [("TwAuthHeader X-User", "two arguments"), ("TwAuthHeader X-User password", "must have one of these behind the name"),
         ("TwAuthHeader X-Twauth-User id", "TwAuthExport headers"), ("TwAuthHeader X_TWAUTH_Anything id", "TwAuthExport headers"),
         ("TwAuthHeader a id", "name of a header"), ('TwAuthHeader "X User" id', "name of a header"),
         ("TwAuthHeader X-Us\u00e9r id", "name of a header"), ("TwAuthHeader 1-User id", "name of a header"),
         ("TwAuthHeader X-" + "a" * 70 + " id", "name of a header"), ("TwAuthExport profile", "beside env or headers"),
         ("TwAuthExport profile tokens", "beside env or headers")]
TAKEN = ["Host", "Authorization", "Content-Length", "content_type", "Cookie", "Connection", "Transfer-Encoding", "TE", "Trailer",
         "Upgrade", "Proxy", "Proxy-Authorization", "Keep-Alive", "Expect", "Range", "If-Match", "Accept", "Origin", "Referer",
         "User-Agent", "X-Forwarded-For", "X_Forwarded_Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Sec-Fetch-Site", "Via", "Set-Cookie",
         "X-Requested-With", "X-HTTP-Method-Override", "X-Original-URL", "From"]


@pytest.mark.parametrize("line, sentence", [*WRONG, *((f"TwAuthHeader {name} id", "nothing else has a use for") for name in TAKEN
                                                      if name != "TE")], ids=lambda text: text[:40])
def test_what_is_refused(config, line, sentence):
    checked = config(f'<Location "/x/">\n{line}\n</Location>')
    assert not checked and sentence in checked.stderr, checked.stderr


@pytest.mark.parametrize("name", ["X-Forwarded-User", "X-Forwarded-Email", "Remote-User", "REMOTE_USER", "X-WEBAUTH-USER", "X-Auth-Name"])
def test_what_applications_expect_is_not(config, name):
    assert config(f'<Location "/x/">\nTwAuthHeader {name} id\n</Location>')


@pytest.fixture(scope="module")
def config(make_site):
    site = make_site(start=False)
    before = site.vhost.config

    def check(text):
        site.vhost.config = before + "\n" + text
        return site.httpd.check()
    return check


def test_htaccess_gives_nothing_away(make_site):
    site = make_site(config='<Directory "/">\nAllowOverride AuthConfig\n</Directory>')
    site.httpd.put("x/index.html", "x")
    for line in ("TwAuthExport env profile", "TwAuthHeader X-User id"):
        site.expect_log(r"not allowed")
        site.httpd.put("x/.htaccess", line)
        assert site.browser().get("/x/").status == 500
