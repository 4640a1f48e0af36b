# SPDX-License-Identifier: Apache-2.0
"""What a host's own address is, and what happens on a host that has none or is on plain http."""

from urllib.parse import quote

import pytest

from harness.httpd import VHost
from harness.site import CANARY, PROTECTED


def more(site, name="other.test", config="", **parts):
    """Another host of the same server, without directives of the module unless given."""
    vhost = VHost(name, **{"port": site.vhost.port} | parts, config=config)
    site.httpd.vhosts.append(vhost)
    return vhost


# off

@pytest.fixture(scope="module")
def off(make_site):
    """A host whose engine is off, one without credentials, one without a name, beside one that works."""
    site = make_site(start=False)
    credentials = site.vhost.config
    site.engine_off = more(site, "off.site.test", "TwAuthEngine Off\n" + credentials)
    site.nothing = more(site, "other.test", PROTECTED)
    site.nameless = more(site, "127.0.0.1", credentials, port=0, server_name="")
    site.start()
    site.allow_log("TW0103")
    return site


@pytest.mark.parametrize("host", ["engine_off", "nothing", "nameless"])
def test_AC_11_protected_page_of_a_host_where_it_is_off(off, host):
    off.expect_log("TW0308")
    off.allow_log("TW0103")
    answer = off.browser().get(getattr(off, host).url("/members/"))
    assert answer.status == 500 and CANARY not in answer.text


@pytest.mark.parametrize("host", ["engine_off", "nothing", "nameless"])
def test_no_own_locations_where_it_is_off(off, host):
    answer = off.browser().get(getattr(off, host).url("/twauth/login"))
    assert answer.status == 404 and not answer.set_cookies
    assert off.browser().get(getattr(off, host).url("/")).status == 200


def test_the_host_beside_works(off):
    assert off.browser().sign_in("alice").status == 200


def test_a_nameless_host_is_told_of_at_the_test(off):
    ran = off.httpd.check()
    assert ran and "TW0103" in ran.stderr and "ServerName" in ran.stderr


@pytest.mark.protocols("oauth1", "oauth2")
def test_N1_the_only_host_is_nameless(make_site):
    """The log says so at each start, and no more than that: nothing is wrong with a library."""
    site = make_site(start=False)
    site.vhost.server_name = ""
    site.start()
    assert site.log.numbers().count("TW0103") == 1 and "TW0106" not in site.log.numbers()
    mark = site.log.mark()
    site.graceful()
    assert site.log.numbers(mark).count("TW0103") == 1 and "TW0106" not in site.log.numbers()
    site.expect_log("TW0103.*ServerName")
    site.stop()


# plain http

@pytest.fixture(scope="module")
def plain(make_site):
    """A host on https, and its twins on http: one that redirects, one that serves, one that knows its callback."""
    site = make_site(start=False)
    config = site.vhost.config
    site.redirecting = more(site, "site.test", config + f'\nRedirect "/" "{site.vhost.origin}/"', port=0, tls=False)
    site.serving = more(site, "site.test", config, port=0, tls=False)
    site.knowing = more(site, "site.test", config + f"\nTwAuthCallbackURL {site.url('/twauth/callback')}", port=0,
                        tls=False)
    return site.start()


@pytest.mark.parametrize("path", ["/", "/twauth/login?next=%2Fmembers%2F", "/twauth/session"])
def test_redirect_to_https_works(plain, path):
    answer = plain.browser().get(plain.redirecting.url(path))
    assert answer.status == 302 and answer.location == plain.url(path)


def test_protected_page_over_plain_http(plain):
    plain.allow_log("TW0306")
    answer = plain.browser().get(plain.serving.url("/members/"))
    assert answer.status == 403 and "https" in answer.text and CANARY not in answer.text
    assert not answer.set_cookies


def test_own_locations_step_aside_on_plain_http(plain):
    assert plain.browser().get(plain.serving.url("/twauth/login")).status == 404


def test_protected_page_over_plain_http_where_the_callback_names_https(plain):
    plain.allow_log("TW0306")
    answer = plain.browser().get(plain.knowing.url("/members/"))
    assert answer.status == 302 and answer.location.startswith(plain.url("/"))
    assert not answer.set_cookies


# behind a proxy that ends TLS

@pytest.fixture(scope="module")
def behind(make_site):
    """The backend speaks http and says `ServerName https://...`; the front is another host of the same server."""
    site = make_site(start=False, modules=("proxy", "proxy_http"))
    inner = more(site, "127.0.0.1", site.vhost.config, port=0, tls=False, server_name=site.vhost.origin)
    site.inner = inner
    site.vhost.config = f'ProxyPreserveHost On\nProxyPass "/" "{inner.origin}/"\nProxyPassReverse "/" "{inner.origin}/"'
    return site.start()


def test_behind_a_proxy_that_ends_tls(behind):
    browser = behind.browser()
    answer = browser.sign_in("alice")
    assert answer.status == 200 and answer.url == behind.url("/members/") and CANARY in answer.text
    assert all(cookie.secure and cookie.name.startswith("__Host-") for cookie in browser.cookies)
    assert browser.whoami()["username"] == "alice"


def test_behind_a_proxy_that_changes_the_host(behind):
    behind.vhost.config = behind.vhost.config.replace("ProxyPreserveHost On", "")
    behind.graceful()
    browser = behind.browser()
    answer = browser.sign_in("bob")
    assert answer.status == 200 and answer.url == behind.url("/members/")
    assert browser.sign_out(next="/members/").location == behind.url("/members/")
    page = browser.get("/members/", follow=2)
    assert page.status == 401 and CANARY not in page.text and not browser.whoami()["signed_in"]


# a callback of its own, other names of the host

@pytest.fixture(scope="module")
def elsewhere(make_site):
    site = make_site(start=False, protected=PROTECTED + "TwAuthPath /auth/x/\n")
    callback = site.url("/oauth/authorized")
    site.vhost.config += f"\nTwAuthCallbackURL {callback}"
    site.standin.register(callback)
    return site.start()


def test_callback_url_with_a_path_of_its_own(elsewhere):
    browser = elsewhere.browser()
    flow = browser.begin("/members/")
    assert flow.callback("alice").startswith(elsewhere.url("/oauth/authorized?"))
    browser = elsewhere.browser()
    answer = browser.sign_in("alice")
    assert answer.status == 200 and CANARY in answer.text
    assert browser.fetch("/auth/x/session").json()["username"] == "alice"
    assert browser.get("/twauth/session").status == 404
    assert browser.get("/auth/x/callback").status == 404


def test_sign_in_by_another_name_happens_at_the_own_address(elsewhere):
    browser = elsewhere.browser()
    answer = browser.sign_in("alice", next=elsewhere.vhost.origin.replace("site.test", "www.site.test") + "/members/")
    assert answer.status == 200 and answer.url == elsewhere.url("/members/")
    assert {cookie.domain for cookie in browser.cookies} == {"site.test"}


@pytest.mark.parametrize("header", [{"X-Forwarded-Proto": "http"}, {"X-Forwarded-Host": "evil.example"},
                                    {"Forwarded": "host=evil.example;proto=http"}, {"X-Forwarded-Port": "1"},
                                    {"X-Forwarded-Ssl": "off"}, {"X-Original-URL": "/"}])
def test_HD_8_forwarding_headers_change_nothing(elsewhere, header):
    answer = elsewhere.browser().get("/members/", headers=header)
    assert answer.location == elsewhere.url("/auth/x/login?next=%2Fmembers%2F")
    assert all(cookie.has("Secure") for cookie in answer.set_cookies) and answer.set_cookies


@pytest.fixture(scope="module")
def dave(elsewhere):
    browser = elsewhere.browser(keep_alive=True)
    browser.sign_in("dave")
    yield browser
    browser.close()


OWN = ["/auth/x/login", "/auth/x/logout", "/auth/x/session", "/oauth/authorized", "/oauth//authorized",
       "/oauth;x/authorized", "/oauth/;/authorized", "/oauth/authorized;x=1", "/%6fauth/authorized", "/oauth%2Fauthorized",
       "/auth%2fx/login", "/auth/x//login", "/%61uth/x/%6cogin",
       "/auth/x/", "/auth/x/loginx", "/auth/x/callback", "/auth/x/callback/x", "/auth//x/y"]
NOT_OWN = ["/twauth/login", "/twauth/callback", "/oauth/authorizedx", "/oauth/authorized/", "/oauth", "/auth/x",
           "/auth/xx/login", "/Oauth/authorized", "/oauth/AUTHORIZED", "/x/oauth/authorized", "/?/oauth/authorized"]


def test_RD_8_own_locations_elsewhere(elsewhere, dave):
    for target, given in [*((own + end, "/") for own in OWN for end in ("", "?a", "#c", "?")),
                          *((near, near) for near in NOT_OWN)]:
        answer = dave.get(f"/auth/x/login?next={quote(target, safe='')}")
        assert answer.headers["Location"] == given, target


def test_HD_8_the_log_has_the_peer(elsewhere):
    mark = elsewhere.log.mark()
    forged = {"X-Forwarded-For": "192.0.2.66", "X-Real-IP": "192.0.2.66", "Forwarded": "for=192.0.2.66",
              "X-Client-IP": "192.0.2.66", "True-Client-IP": "192.0.2.66"}
    browser = elsewhere.browser()
    flow = browser.begin("/members/")
    assert browser.get(flow.callback("alice"), site="cross-site", headers=forged).status == 302
    line, = [line for line in elsewhere.log.lines(mark) if line.number == "TW0216"]
    assert "client 127.0.0.1" in line.text and "192.0.2.66" not in line.text
    assert elsewhere.db.rows("SELECT DISTINCT address FROM twauth_session") == [("127.0.0.1",)]


# CF-7

@pytest.fixture(scope="module")
def three(make_site):
    """The main server has it all; one host overrides path and realm, one adds nothing, one is off."""
    site = make_site(start=False)
    config = site.vhost.config
    credentials = config.split("<Location")[0]
    site.httpd.main += "\n" + credentials + "\nTwAuthSessionIdle 3h\n"
    site.vhost.config = PROTECTED
    site.own = more(site, "own.site.test", PROTECTED + "TwAuthPath /x/\nTwAuthConsumerKey another-key\n"
                    f'TwAuthConsumerSecret "file:{site.secret("another", "another-consumer-secret-77b1")}"\n')
    site.off = more(site, "off.site.test", "TwAuthEngine Off")
    site.standin.register(site.own.url("/x/callback"))
    return site.start()


def test_CF_7_a_host_inherits_and_has_its_own_address(three):
    assert three.browser().sign_in("alice").url == three.url("/members/")


def test_CF_7_each_host_signs_with_its_own_key(three):
    three.standin.set(consumer_key="another-key", consumer_secret="another-consumer-secret-77b1")
    try:
        answer = three.browser().sign_in("bob", next=three.own.url("/members/"))
        assert answer.url == three.own.url("/members/") and answer.status == 200
        three.expect_log("TW0204")
        assert three.browser().get("/members/", follow=True).status == 502
    finally:
        three.standin.begin()
        three.standin.register(three.url("/twauth/callback"), three.own.url("/x/callback"))


def test_CF_7_sessions_of_one_host_are_not_those_of_another(three):
    browser = three.browser()
    browser.sign_in("alice")
    session = browser.cookies["__Host-twauth"]
    browser.cookies.add("__Host-twauth", session, "own.site.test", secure=True)
    assert browser.fetch(three.own.url("/members/")).status == 401


def test_CF_7_a_host_that_is_off_is_untouched(three):
    answer = three.browser().get(three.off.url("/"))
    assert answer.status == 200 and not answer.set_cookies
    assert three.browser().get(three.off.url("/twauth/login")).status == 404
