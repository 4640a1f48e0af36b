# SPDX-License-Identifier: Apache-2.0
"""What the browser gets, and the administrator reads, when it does not work: the table of the design, row by row."""

import re

import pytest

from harness.checks import SLACK
from harness.httpd import ONE_CHILD
from harness.process import until
from harness.standin import SECRET

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
oauth1, oauth2 = pytest.mark.protocols("oauth1"), pytest.mark.protocols("oauth2")

LOGIN = "/twauth/login?next=%2Fmembers%2Fenv.cgi"


@pytest.fixture(autouse=True)
def well_again(site):
    """Each test begins and ends with an X that answers, so that no failures add up."""
    site.standin.reset()
    yield
    site.standin.clear_faults()
    site.standin.set(callbacks=site.standin.callbacks, consumer_secret=SECRET, clock_offset=0)
    site.db.execute("UPDATE twauth_account SET active = 1")
    site.browser().sign_in("alice")


def page(answer, status, *words):
    """A page of the module's own: its status, its words, not to be kept."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("text/html; charset=") and answer.text.startswith("<!DOCTYPE html>")
    assert "no-store" in answer.headers["Cache-Control"]
    for word in words:
        assert word in answer.text, answer
    return answer


def fail_start(site, kind, **options):
    site.standin.fault("/oauth/request_token", kind, **options)
    return site.browser().get(LOGIN, follow=True)


def fail_callback(site, kind, **options):
    flow = site.browser().begin("/members/env.cgi")
    url = flow.callback()
    site.standin.fault(site.exchange_path, kind, **options)
    return flow.arrive(url)


def fail_user(site, kind, **options):
    """OAuth 2.0: who it is, is a call of its own."""
    flow = site.browser().begin("/members/env.cgi")
    url = flow.callback()
    site.standin.fault("/2/users/me", kind, **options)
    return flow.arrive(url)


def fail_first(site, kind, **options):
    """The first call to X of a sign-in."""
    return (fail_start if site.start_path else fail_callback)(site, kind, **options)


FAIL = pytest.mark.parametrize("fail", [pytest.param(fail_start, marks=oauth1), fail_callback,
                                        pytest.param(fail_user, marks=oauth2)], ids=["start", "callback", "user"])


def test_cancel(site, browser):
    page(browser.begin("/members/env.cgi").deny(), 403, "You did not sign in", "Try again", LOGIN)


def test_no_pending_sign_in(site, browser):
    page(browser.get(f"/twauth/callback?{site.key_name}=a&{site.proof_name}=b"), 400, "Start again", "another app",
         "private window")
    page(browser.get("/twauth/callback"), 400, "Start again")


def test_no_pending_sign_in_but_a_session(site, browser):
    browser.sign_in("alice")
    page(browser.get(f"/twauth/callback?{site.key_name}=a&{site.proof_name}=b"), 400, "You are signed in", "@alice", "Continue")


def test_no_cookies(site, browser):
    bounce = browser.get(LOGIN, cookies=False)
    page(browser.get(bounce.location, cookies=False), 400, "needs cookies", "Try again")


@FAIL
@pytest.mark.parametrize("kind, options", [("close", {"times": 2}), ("reset", {"times": 2}), ("status", {"status": 500}),
                                           ("status", {"status": 503}),
                                           ("status", {"status": 502, "body": "<html>Bad Gateway</html>"}),
                                           ("garbage", {}),
                                           ("status", {"status": 204}), ("body", {"body": ""}),
                                           ("body", {"body": "{}"})],
                         ids=["close", "reset", "500", "503", "502", "garbage", "204", "empty", "json"])
def test_X_unreachable_or_garbage(site, fail, kind, options):
    site.expect_log("TW0204: .* failed")
    page(fail(site, kind, **options), 502, "X cannot be reached", "Try again", "Reference")
    site.standin.clear_faults()


@pytest.fixture(scope="module")
def lone_child(make_site):
    """A site whose one child has the connections to X that were kept."""
    return make_site(mpm="event", mpm_config=ONE_CHILD)


@FAIL
@pytest.mark.parametrize("kind", ["close", "reset"])
def test_kept_connection_that_X_has_closed(lone_child, fail, kind):
    """The call is made once more, on another connection and with a nonce of its own: nobody notices."""
    lone_child.browser().sign_in("alice")
    assert "/oauth/" in fail(lone_child, kind).url or fail is not fail_start
    if lone_child.protocol == "oauth2":
        return
    nonces = [call["oauth"]["oauth_nonce"] for call in lone_child.standin.calls() if call["kind"] == "api"]
    assert len(nonces) == len(set(nonces))


#: X's code -> status of the page, what the log must say.
REFUSALS = {
    415: (502, r"code 415 .*register exactly {callback}(\s|$)"),
    417: (502, r"code 417 .*register exactly {callback}(\s|$)"),
    32: (502, "code 32 .*TwAuthConsumerKey"),
    135: (502, r"code 135 .*clock.*\d+ seconds (behind|ahead of) X's"),
    416: (502, "code 416 .*suspended.*developer console"),
    215: (502, "code 215 .*proxy.*Authorization"),
    453: (502, "code 453 .*plan"),
    87: (502, "code 87 .*permissions"),
    99: (502, "code 99 .*key and secret"),
    34: (502, "code 34 .*TwAuthProvider"),
    220: (502, "code 220 .*TwAuthConsumerKey"),
}


@oauth1
@FAIL
@pytest.mark.parametrize("format", ["json", "xml", "hash", "plain"])
@pytest.mark.parametrize("code", [415, 32, 135])
def test_refusal_in_any_dress_is_understood(site, fail, code, format):
    site.expect_log("TW0204: .*" + REFUSALS[code][1].format(callback=re.escape(site.url("/twauth/callback"))))
    page(fail(site, "error", code=code, format=format), 502, "out of order")


@oauth1
@pytest.mark.parametrize("code", REFUSALS)
def test_refusal_tells_the_administrator_and_not_the_visitor(site, code):
    status, said = REFUSALS[code]
    site.expect_log("TW0204: .*" + said.format(callback=re.escape(site.url("/twauth/callback"))))
    answer = page(fail_start(site, "error", code=code), status, "Sign-in is out of order", "Reference")
    assert str(code) not in re.sub(r"<style.*?</style>|Reference: \w+", "",
                                   answer.text) and "callback" not in answer.text
    reference = re.search(r"Reference: (\w+)", answer.text)[1]
    assert site.log.wait(f"reference {reference}")


@oauth1
def test_unregistered_callback_for_real(site, browser):
    site.standin.set(callbacks=["https://elsewhere.test/"])
    site.expect_log(f"register exactly {re.escape(site.url('/twauth/callback'))}")
    page(browser.get(LOGIN, follow=True), 502)


@oauth1
def test_wrong_secret_for_real(site, browser):
    site.standin.set(consumer_secret="another")
    site.expect_log("TW0204: .*code 32 .*TwAuthConsumerKey")
    page(browser.get(LOGIN, follow=True), 502)


@oauth1
@pytest.mark.parametrize("offset, said", [(600, "behind"), (-600, "ahead of"), (400 * 86400, "behind")])
def test_a_clock_that_is_wrong_keeps_nobody_out(site, offset, said):
    """X says what its time is: calls are signed with it, and the difference is logged once, also when it has gone."""
    def refused():
        before = len(site.standin.calls(kind="api"))
        assert site.browser().sign_in("alice").url.endswith("/members/")
        return [call["status"] for call in site.standin.calls(kind="api")[before:]].count(401)
    site.standin.set(clock_offset=offset)
    mark = site.log.mark()
    site.expect_log("TW0206")
    assert [refused() for _ in range(3)] == [1, 0, 0]
    seconds, = re.findall(rf"TW0206: this server's clock is (\d+) seconds {said} X's", site.log.since(mark))
    assert abs(int(seconds) - abs(offset)) <= SLACK
    assert site.log.numbers(mark).count("TW0206") == 1
    site.standin.set(clock_offset=0)
    assert [refused() for _ in range(2)] == [1, 0]
    assert site.log.numbers(mark).count("TW0207") == 1


@oauth1
@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("code", [64, 326])
def test_user_refused_by_X(site, code, format):
    site.expect_log(f"TW0204: .*code {code} ")
    page(fail_callback(site, "error", code=code, format=format), 403, "suspended or locked", "switch=1")


@oauth1
def test_stale_token(site):
    site.expect_log("TW0204: .*code 89 ")
    page(fail_callback(site, "error", code=89), 400, "Start again", LOGIN)


@oauth1
@pytest.mark.parametrize("text", ["Error processing your OAuth request: Invalid oauth_verifier parameter",
                                  "Invalid / expired Token",
                                  "Reverse auth credentials are invalid", "This feature is temporarily unavailable"])
def test_stale_token_in_plain_text(site, text):
    page(fail_callback(site, "status", status=401, body=text), 400, "Start again")


@FAIL
@pytest.mark.parametrize("options", [{"kind": "error", "code": 88, "format": "json", "headers": {"Retry-After": "7"}},
                                     {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}}],
                                     ids=["88", "429"])
def test_limit_of_X(site, fail, options):
    site.expect_log("TW0204: ")
    answer = page(fail(site, **options), 503, "Please wait")
    assert answer.headers["Retry-After"] == "7"


def test_limit_of_X_without_a_time(site):
    site.expect_log("TW0204: ")
    assert int(page(fail_first(site, "error", code=88), 503).headers["Retry-After"]) > 0


@oauth1
def test_refusal_after_an_outage_is_an_error_line_of_its_own(make_site):
    """Who repairs one thing must see what is wrong next."""
    site = make_site()
    fail_first(site, "status", status=503)
    mark = site.log.mark()
    fail_first(site, "error", code=415)
    fail_first(site, "error", code=32)
    levels = {re.search(r"code (\d+)", line.text)[1]: line.level for line in site.log.lines(mark) if line.number == "TW0204"}
    site.allow_log("TW0204")
    assert levels == {"415": "error", "32": "error"}


@pytest.fixture(scope="module")
def fragile(make_site):
    return make_site()


def back_again(site):
    site.allow_log("TW04", "TW0215")
    return until(lambda: site.browser().sign_in("alice").status == 200, every=.3)


def test_database_away_at_the_callback(fragile):
    site, browser = fragile, fragile.browser()
    flow = browser.begin("/members/env.cgi")
    url = flow.callback()
    with site.db.away():
        site.expect_log("TW04", "TW0215")
        answer = page(flow.arrive(url), 503, "try again")
        assert int(answer.headers["Retry-After"]) > 0 and not browser.whoami()["signed_in"]
    assert back_again(site), "no sign-in works any more, though the database is back"


def test_page_of_the_callback_without_a_database_has_a_way_on(make_site):
    """The verifier is used up by then: "load this page again" would be a dead end."""
    site = make_site()
    browser = site.browser()
    flow = browser.begin("/members/env.cgi")
    url = flow.callback()
    with site.db.away():
        site.allow_log("TW04", "TW0215")
        answer = flow.arrive(url)
    back_again(site)
    assert LOGIN in answer.text or flow.arrive(url).status == 200


def test_account_not_active(site, browser):
    site.browser().sign_in("dave")
    site.db.execute("UPDATE twauth_account SET active = 0 WHERE twitter_id = '1004'")
    answer = page(browser.begin("/members/").approve("dave"), 403, "not active", "switch=1")
    assert not browser.whoami()["signed_in"] and answer.cookie("__Host-twauth") is None


def test_sign_up_off(make_site):
    site = make_site(config="TwAuthSignUp Off")
    answer = page(site.browser().begin("/members/").approve("carol"), 403, "invited", "1003", "switch=1")
    assert site.log.wait(r"TW0214: .*twauthctl allow 1003$")
    assert site.db.rows("SELECT * FROM twauth_account") == [] and "Retry-After" not in answer.headers
    site.db.execute("INSERT INTO twauth_account (twitter_id) VALUES ('1003')")
    assert site.browser().sign_in("carol", next="/members/env.cgi").json()["REMOTE_USER"] == "carol"


def test_signed_in_but_not_allowed(site, browser):
    browser.sign_in("bob")
    site.expect_log("AH01631")
    page(browser.get("/admin/"), 403, "not for you", "@bob", "switch=1")


def test_limit_for_this_client(make_site):
    site = make_site(config="TwAuthStartLimit 2/min 1000/min")
    for _ in range(2):
        site.browser().begin()
    answer = page(site.browser().get(LOGIN, follow=True), 429, "your network")
    assert 0 < int(answer.headers["Retry-After"]) <= 121


def test_limit_for_all(make_site):
    site = make_site(config="TwAuthStartLimit 1000/min 4/min")
    site.expect_log("TW0232")
    for _ in range(3):
        site.browser().begin()
    answer = page(site.browser().get(LOGIN, follow=True), 503, "Many people")
    assert 0 < int(answer.headers["Retry-After"]) <= 121


# The administrator's own pages

@pytest.fixture(scope="module")
def dressed(make_site):
    """A site with ErrorDocuments that print what they are told."""
    statuses = (400, 401, 403, 429, 502, 503, 504)
    site = make_site(config="TwAuthProviderTimeout 3s\n" + "\n".join(f"ErrorDocument {s} /said.cgi" for s in statuses))
    site.httpd.script("said.cgi", "#!/bin/sh\necho Content-Type: text/plain; echo\n"
                      'echo "ERROR=$TWAUTH_ERROR; LOGIN=$TWAUTH_LOGIN_URL; SWITCH=$TWAUTH_SWITCH_URL; QUERY=$QUERY_STRING$REDIRECT_QUERY_STRING"\n')
    return site


SITUATIONS = {
    "no-cookies": (400, lambda s: s.browser().get(s.browser().get(LOGIN).location, cookies=False)),
    "provider-unreachable": (502, lambda s: fail_first(s, "status", status=500)),
    "provider-refused": (502, lambda s: fail_first(s, "error", code=32)),
    "busy": (503, lambda s: fail_first(s, "error", code=88)),
}


@pytest.mark.parametrize("error", [e if e == "no-cookies" else pytest.param(e, marks=oauth1) for e in SITUATIONS])
def test_error_document_is_told(dressed, error):
    status, act = SITUATIONS[error]
    dressed.allow_log("TW0204")
    answer = act(dressed)
    assert answer.status == status and answer.text.startswith(f"ERROR={error};"), answer
    assert f"LOGIN={LOGIN};" in answer.text and "SWITCH=/twauth/login?switch=1&next=%2Fmembers%2Fenv.cgi;" in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert ("Retry-After" in answer.headers) == (status == 503)
    dressed.standin.clear_faults()
    dressed.browser().sign_in("alice")


@oauth1       # a callback has no document but our own page
def test_error_document_for_a_slow_X(dressed):
    dressed.expect_log("TW0204.*TwAuthProviderTimeout")
    answer = fail_first(dressed, "hang")
    assert answer.status == 504 and "ERROR=provider-unreachable;" in answer.text
    dressed.browser().sign_in("alice")


def test_error_document_for_who_is_not_allowed(dressed):
    browser = dressed.browser()
    browser.sign_in("bob")
    dressed.expect_log("AH01631")
    answer = browser.get("/admin/?a=b")
    assert answer.status == 403 and "ERROR=forbidden;" in answer.text
    assert "next=%2Fadmin%2F%3Fa%3Db;" in answer.text


def test_error_document_for_401(dressed):
    answer = dressed.browser().image("/members/env.cgi?z")
    assert answer.status == 401 and "ERROR=sign-in; LOGIN=/twauth/login?next=%2Fmembers%2Fenv.cgi%3Fz;" in answer.text
    assert answer.headers["WWW-Authenticate"].startswith("Twitter")


def test_callback_is_always_our_own_page(dressed):
    flow = dressed.browser().begin("/members/")
    page(flow.deny(), 403, "You did not sign in")
    page(dressed.browser().get(f"/twauth/callback?{dressed.key_name}=a&{dressed.proof_name}=b"), 400, "Start again")
    dressed.allow_log("TW0204")
    page(fail_callback(dressed, "status", status=500), 502, "X cannot be reached")
    dressed.browser().sign_in("alice")


def test_callback_that_nobody_clicked_shows_no_document_either(dressed):
    answer = dressed.browser().image(f"/twauth/callback?{dressed.key_name}=a&{dressed.proof_name}=secret-of-the-url")
    assert answer.status == 401 and "secret-of-the-url" not in answer.text
