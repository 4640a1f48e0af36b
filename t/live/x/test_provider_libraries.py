# SPDX-License-Identifier: Apache-2.0
"""A library that fails: only those sign-ins are off that need it, and no call is made without what makes it safe."""

from pathlib import Path

import pytest

from harness import process, refuse
from harness.checks import SESSION, user
from harness.httpd import ONE_CHILD, VHost
from harness.site import PROTECTED
from harness.standin import CLIENT_ID

MPM = pytest.mark.mpms("event", "worker", "prefork")


@pytest.fixture(scope="module")
def preload():
    return refuse.library(process.folder("twauth-refuse-"))


@pytest.fixture(autouse=True)
def nothing_asked(standin):
    standin.reset()


@MPM
@pytest.mark.protocols("oauth2")
def test_B3_oauth2_needs_no_liboauth(make_site, preload):
    site = make_site(preload=preload, env={"REFUSE_TO_SIGN": "1"})
    assert site.browser().sign_in("alice").status == 200
    assert "TW0106" not in site.log.numbers()


@MPM
@pytest.mark.protocols("oauth1")
def test_B3_oauth1_is_off_without_it_and_says_so(make_site, preload):
    site = make_site(preload=preload, env={"REFUSE_TO_SIGN": "1"})
    site.expect_log(f"TW0106: no sign-in at {site.vhost.origin} .*liboauth cannot sign.*NSS")
    browser = site.browser()
    answer = browser.get("/members/", follow=True)
    assert answer.status == 503 and answer.headers["Retry-After"] == "60" and SESSION not in browser.cookies
    assert site.standin.count() == 0


@pytest.mark.protocols("oauth1")
def test_B3_a_site_of_the_other_protocol_is_not_touched(make_site, preload):
    """Two hosts of one server: the one whose library fails is off by itself, with a line of its own."""
    site = make_site(preload=preload, env={"REFUSE_TO_SIGN": "1"}, mpm="event", mpm_config=ONE_CHILD, start=False)
    secret = site.secret("other-secret", "client-secret-canary-a07d31")
    other = VHost("other.test", tls=True)
    other.config = "\n".join([f'TwAuthKey "file:{site.key}"', f"TwAuthClientID {CLIENT_ID}",
                              f'TwAuthClientSecret "file:{secret}"', f'TwAuthProviderCAFile "{site.authority.ca}"',
                              f"TwAuthProvider {site.standin.api()} {site.standin.browser_url()}", PROTECTED])
    site.httpd.vhosts.append(other)
    site.standin.register(other.url("/twauth/callback"))
    site.expect_log("TW0106: no sign-in at https://site.test")
    site.start()
    assert site.browser().get("/members/", follow=True).status == 503
    site.vhost, own = other, site.vhost
    try:
        assert site.browser().sign_in("alice").status == 200
    finally:
        site.vhost = own
    assert len([n for n in site.log.numbers() if n == "TW0106"]) == 1


def refusing(make_site, preload, library, **more):
    """A site whose library fails as long as there is the file, and that file."""
    refused = Path(preload[0]).with_name("refused")
    refused.touch()
    env = {library: str(refused), **more.pop("env", {})}
    site = make_site(preload=preload, mpm="event", mpm_config=ONE_CHILD, env=env, **more)
    site.expect_log("TW0106: no sign-in at .*: lib(curl did not start|oauth cannot sign)")
    return site, refused


@pytest.mark.protocols("oauth1")
@pytest.mark.parametrize("library", ["REFUSE_TO_SIGN", "REFUSE_LIBCURL"])
def test_a_library_that_did_not_start_is_tried_again(make_site, preload, library):
    """By requests that need it, once in ten seconds; a child without sign-ins was one for as long as it lived."""
    site, refused = refusing(make_site, preload, library, clock=True)
    child = site.httpd.children()
    for _ in range(2):
        assert site.browser().get("/members/", follow=True).status == 503
    refused.unlink()
    site.clock.forward(11)
    assert site.browser().sign_in("alice").status == 200
    assert site.log.numbers().count("TW0106") == site.log.numbers().count("TW0613") == 1
    assert site.httpd.children() == child


@pytest.mark.protocols("oauth1")
@pytest.mark.parametrize("name, value", [("SSLKEYLOGFILE", "/keys"), ("REFUSE_THREADS", "1")], ids=["keys", "threads"])
def test_PR_9_libcurl_is_not_tried_again_where_that_is_not_safe(make_site, preload, name, value):
    """It would write keys, and the environment cannot be changed any more when there are threads; or it says of itself
    that it must be alone."""
    site, refused = refusing(make_site, preload, "REFUSE_LIBCURL", env={name: value})
    refused.unlink()
    assert site.browser().get("/members/", follow=True).status == 503
    assert site.standin.count() == 0


@pytest.mark.protocols("oauth2")
def test_a_host_of_a_hub_needs_no_libcurl(make_site, preload):
    """It calls nobody: beside a host that has nothing else, it works and is not said to be off."""
    hub = make_site(start=False)
    site = make_site(start=False, db=hub.db, preload=preload, env={"REFUSE_LIBCURL": "1"}, mpm="event", mpm_config=ONE_CHILD)
    site.key = hub.key
    host = VHost("b.other.test", config=f'TwAuthKey "file:{hub.key}"\nTwAuthHub {hub.vhost.origin}\n{PROTECTED}')
    site.httpd.vhosts.append(host)
    hub.vhost.config += f"\nTwAuthHubFor {host.origin}"
    site.expect_log(f"TW0106: no sign-in at {site.vhost.origin} .*: libcurl did not start")
    hub.start()
    site.start()
    browser = hub.browser()
    browser.base = host.origin
    assert browser.sign_in("alice").status == 200 and user(browser) == "alice"
    assert site.log.numbers().count("TW0106") == 1


#: Options of libcurl by their numbers: without one of them a call is not made.
MUST = {"PROTOCOLS_STR": 10318, "SSLVERSION": 32, "SSL_VERIFYPEER": 64, "SSL_VERIFYHOST": 81, "FOLLOWLOCATION": 52,
        "CAINFO": 10065, "PROXY": 10004, "NOPROXY": 10177, "OPENSOCKETFUNCTION": 20163, "TIMEOUT_MS": 155,
        "PREREQFUNCTION": 20312, "WRITEFUNCTION": 20011, "POSTFIELDS": 10015}


@pytest.mark.parametrize("option", MUST)
def test_PR_9_no_call_without_what_makes_it_safe(make_site, preload, option):
    site = make_site(preload=preload, env={"REFUSE_OPTION": str(MUST[option])}, mpm="event", mpm_config=ONE_CHILD)
    site.expect_log("TW0204.*libcurl cannot be set up.*install")
    browser = site.browser()
    answer = browser.get("/members/", follow=True) if site.start_path else browser.begin().approve("alice")
    assert answer.status == 500 and SESSION not in browser.cookies
    assert site.standin.count() == 0


def test_PR_9_what_only_makes_a_call_cheaper_may_be_missing(make_site, preload):
    site = make_site(preload=preload, env={"REFUSE_OPTION": "98"})      # BUFFERSIZE
    assert site.browser().sign_in("alice").status == 200
