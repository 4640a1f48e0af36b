# SPDX-License-Identifier: Apache-2.0
"""X says no: whom it refuses is told by status, problem type, title, number and shape together, and the log says what to do."""

import json
import re
import time

import pytest

from harness.checks import SESSION
from harness.httpd import ONE_CHILD
from harness.process import until

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
oauth1, oauth2 = pytest.mark.protocols("oauth1"), pytest.mark.protocols("oauth2")

PATHS = {"start": "/oauth/request_token", "callback": "/oauth/access_token", "code": "/2/oauth2/token",
         "user": "/2/users/me"}
STEPS = [pytest.param("start", marks=oauth1), pytest.param("callback", marks=oauth1),
         pytest.param("code", marks=oauth2), pytest.param("user", marks=oauth2)]
#: The steps in which X knows who the visitor is.
VISITOR = [pytest.param("callback", marks=oauth1), pytest.param("user", marks=oauth2)]
JSON = "application/json;charset=utf-8"
TYPE = "https://api.twitter.com/2/problems/"


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config="TwAuthProfile Off")        # so that who it is is asked once


@pytest.fixture(autouse=True)
def well_again(site):
    """No failures add up."""
    site.standin.reset()
    yield
    site.standin.reset()
    site.browser().sign_in("dave")


def fail(site, step, kind, **options):
    """The answer of a sign-in in which X answers so at `step`, and the line that says why."""
    mark = site.log.mark()
    browser = site.browser()
    if step == "start":
        site.standin.fault(PATHS[step], kind, **options)
        answer = browser.get("/members/", follow=True)
    else:
        flow = browser.begin("/members/")
        url = flow.callback("alice")
        site.standin.fault(PATHS[step], kind, **options)
        answer = flow.arrive(url)
    assert SESSION not in browser.cookies
    lines = [line for line in site.log.lines(mark) if line.number == "TW0204"]
    assert len(lines) == 1, lines
    assert re.search(r"Reference: (\w+)", answer.text)[1] in lines[0].text
    return answer, lines[0]


def problem(title, kind, detail="d", **more):
    return {"title": title, "type": TYPE + kind, "detail": detail, **more}


# ---- X5: one visitor is refused

SUSPENDED = {
    "type": (403, problem("Forbidden", "user-suspended")),
    "type of the new host": (403, {"type": "https://api.x.com/2/problems/user-suspended"}),
    "type, another status": (401, problem("Forbidden", "user-suspended")),
    "an error of a list": (403, {"errors": [problem("Forbidden", "user-suspended")]}),
    "code 63": (403, {"errors": [{"code": 63, "message": "User has been suspended."}]}),
    "code 64": (403, {"errors": [{"code": 64, "message": "Your account is suspended."}]}),
    "in words": (403, {"title": "Forbidden", "detail": "The user used for authentication is suspended"}),
    "not there": (404, problem("Not Found Error", "resource-not-found")),
    "of no table": (403, problem("Forbidden", "user-restricted")),
}


@pytest.mark.parametrize("step", VISITOR)
@pytest.mark.parametrize("what", SUSPENDED)
def test_X5_a_visitor_who_is_refused_blames_nobody_else(site, step, what):
    status, body = SUSPENDED[what]
    answer, line = fail(site, step, "status", status=status, body=json.dumps(body), content_type=JSON,
                        times=1 if status != 401 else 2)
    assert answer.status == 403 and "suspended or locked" in answer.text and "switch=1" in answer.text
    assert line.level == "info" and "application" not in line.text and f"answered {status}," in line.text


@oauth2
def test_X5_a_suspended_user_in_a_success(site):
    """Version 2 tells of one whom it does not show by 200, and an error in the place of the data."""
    body = {"errors": [problem("Forbidden", "resource-not-found", "User has been suspended: [1001].")]}
    answer, line = fail(site, "user", "body", body=json.dumps(body), content_type=JSON)
    assert answer.status == 403 and line.level == "info"


@pytest.mark.parametrize("step", VISITOR)
@pytest.mark.parametrize("code", [63, 50])
@pytest.mark.parametrize("format", ["json", "xml"])
def test_X5_numbers_of_users(site, step, code, format):
    answer, line = fail(site, step, "error", code=code, format=format)
    assert answer.status == 403 and f"code {code} " in line.text and line.level == "info"


# ---- X5: the application is

APPLICATION = {
    "client-forbidden": (403, problem("Client Forbidden", "client-forbidden"), "developer console"),
    "client-not-enrolled": (403, problem("Client Forbidden", "client-forbidden", reason="client-not-enrolled"), "project"),
    "unsupported-authentication": (403, problem("Unsupported Authentication", "unsupported-authentication"),
                                   "Authorization header"),
    "usage-capped": (429, problem("UsageCapExceeded", "usage-capped", "Usage cap exceeded: Monthly product cap"), "credits"),
    "usage-capped, another status": (403, problem("Usage Capped", "usage-capped"), "credits"),
    "credits": (402, problem("CreditsDepleted", "credits"), "buy credits"),
    "spend cap": (403, problem("SpendCapReached", "credits"), "spend cap"),
    "402": (402, {"status": 402}, "credits"),
    "invalid-request": (400, problem("Invalid Request", "invalid-request"), "TwAuthScope"),
    "app-suspended": (403, problem("Forbidden", "app-suspended"), "developer console"),
    "suspended application": (403, problem("Forbidden", "x", "Your client application is suspended"), "developer console"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", APPLICATION)
def test_X5_X13_the_application_is_refused_and_the_log_says_what_to_do(site, step, what):
    status, body, advice = APPLICATION[what]
    site.allow_log("TW0204")
    answer, line = fail(site, step, "status", status=status, body=json.dumps(body), content_type=JSON)
    assert answer.status == 502 and "Sign-in is out of order" in answer.text and "Retry-After" not in answer.headers
    assert advice in line.text and f"answered {status}" in line.text


@pytest.mark.parametrize("step", STEPS)
def test_X13_a_usage_cap_is_an_error_and_no_limit_that_passes(make_site, step):
    site = make_site()
    site.expect_log("TW0204.*usage cap.*developer console")
    for _ in range(4):
        answer, line = fail(site, step, "error2", name="usage-capped")
        assert answer.status == 502 and "Retry-After" not in answer.headers
    assert [line.level for line in site.log.lines() if line.number == "TW0204"] == ["error", "info", "info", "info"]
    assert "TW0205" not in site.log.numbers()
    assert site.browser().sign_in("bob").status == 200


# ---- X5: nobody knows

UNKNOWN = {
    "a problem": (418, json.dumps(problem("I am a teapot", "teapot", "Short and stout")), JSON,
                  r'418 \(application/json;charset=utf-8\), "I am a teapot: Short and stout"'),
    "a page": (403, "<!DOCTYPE html>\n<html><head><title>Just a\n moment...</title></head><body>Rate limit exceeded",
               "text/html; charset=UTF-8", r'403 \(text/html; charset=UTF-8\), an HTML page "Just a moment\.\.\."'),
    "a page without a title": (403, "<html><style>p{}</style><p>Access <b>denied</b></html>", "text/html",
                               r'403 \(text/html\), an HTML page "Access denied"'),
    "text": (409, "Try\nagain", "text/plain", r'409 \(text/plain\), "Try again"'),
    "other JSON": (400, '{"access_token": "canary", "state": 1}', JSON,
                   r'400 \(application/json;charset=utf-8\), JSON with the members "access_token, state"'),
    "nothing": (403, "", "text/plain", r'403 \(text/plain\), ""'),
    "a token": (422, "no such thing as 8f14e45fceea167a5a36dedd4bea2543", "text/plain",
                r'422 \(text/plain\), "no such thing as \[\.\.\.\]"'),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", UNKNOWN)
def test_X5_what_is_in_no_table_is_told_redacted_but_readable(site, step, what):
    status, body, content_type, said = UNKNOWN[what]
    site.allow_log("TW0204")
    site.canaries.add("token", "8f14e45fceea167a5a36dedd4bea2543")
    answer, line = fail(site, step, "status", status=status, body=body, content_type=content_type)
    assert answer.status == 502
    assert re.search(said + ": [a-z]", line.text), line      # and what to do
    # something of the visitor's was in the question: the application is not blamed
    assert line.level in ("error" if step == "start" else "warn", "info")


@pytest.mark.parametrize("step", STEPS)
def test_X5_a_page_in_the_place_of_a_success(site, step):
    site.expect_log("TW0204.*an HTML page.*TwAuthProviderProxy")
    answer, line = fail(site, step, "body", body="<html><title>Sign in to the guest network</title>",
                        content_type="text/html")
    assert answer.status == 502 and "X cannot be reached" in answer.text
    assert re.search(r'answered 200 .*\(text/html\), an HTML page "Sign in to the guest network"', line.text)


# ---- X12: come back when told, not before

RATE_LIMIT = {"times": None, "status": 429, "body": '{"title": "Too Many Requests"}', "content_type": JSON}


def told(answer):
    assert answer.status == 503, answer
    return int(answer.headers["Retry-After"])


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("headers, low, high", [
    (lambda: {"x-rate-limit-reset": str(int(time.time()) + 840), "x-rate-limit-remaining": "0"}, 800, 841),
    (lambda: {"Retry-After": "30"}, 30, 30),
    (lambda: {"Retry-After": "30", "x-rate-limit-reset": str(int(time.time()) + 840)}, 30, 30),
    (lambda: {"Retry-After": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 120))}, 90, 121),
    (lambda: {"Retry-After": "99999999999999999999"}, 900, 900),
    (lambda: {"x-rate-limit-reset": str(int(time.time()) + 86400)}, 900, 900),
    (lambda: {"x-rate-limit-reset": str(int(time.time()) - 5)}, 10, 10),
    (lambda: {"Retry-After": "soon", "x-rate-limit-reset": "-1"}, 10, 10),
    (lambda: {}, 10, 10),
], ids=["reset", "seconds", "both", "date", "beyond", "reset beyond", "past", "nonsense", "none"])
def test_X12_the_browser_is_told_when_X_is_there_again(site, step, headers, low, high):
    site.allow_log("TW0204")
    answer, _ = fail(site, step, "status", **RATE_LIMIT | {"times": 1, "headers": headers()})
    assert low <= told(answer) <= high


@pytest.mark.parametrize("step", [pytest.param("start", marks=oauth1), pytest.param("code", marks=oauth2)])
def test_X12_and_X_is_not_asked_before_that(make_site, step):
    """What the browser is told and when X is asked again agree, to the end of X's window."""
    site = make_site(clock=True)
    site.expect_log("TW0204", r"TW0205: .*for 8[0-4]\d seconds")
    reset = str(int(site.clock.now()) + 840)
    for _ in range(3):          # three running are the application's limit, and no visitor's
        answer, _ = fail(site, step, "status", **RATE_LIMIT | {"times": 1, "headers": {"x-rate-limit-reset": reset}})
        assert 800 <= told(answer) <= 841
    asked = site.standin.count(PATHS[step])
    site.clock.forward(700)
    browser = site.browser()
    if step == "start":
        wait = told(browser.get("/members/", follow=True))
    else:
        wait = told(browser.begin("/members/").approve("alice"))
    assert 100 <= wait <= 141 and site.standin.count(PATHS[step]) == asked
    site.clock.forward(wait)
    assert site.browser().sign_in("alice").status == 200
    assert site.log.wait("TW0202")


@pytest.mark.parametrize("step", [pytest.param("start", marks=oauth1), pytest.param("user", marks=oauth2)])
def test_X12_an_X_that_is_away_asks_for_patience(make_site, step):
    """503 with Retry-After: no more than a minute, and that minute it is left alone."""
    site = make_site(mpm="event", mpm_config=ONE_CHILD)
    site.expect_log("TW0204", "TW0203.*again in 60 seconds")
    for _ in range(5):
        answer, _ = fail(site, step, "status", status=503, headers={"Retry-After": "3600"})
        assert answer.status == 502 and answer.headers["Retry-After"] == "60"
    asked = site.standin.count()
    browser = site.browser()
    answer = browser.get("/members/", follow=True) if step == "start" else browser.begin().approve("alice")
    assert 30 <= told(answer) <= 61 and site.standin.count() == asked


# ---- X22: a token too new, and members of other types

@oauth2
def test_X22_a_token_that_X_does_not_know_yet(site, browser):
    flow = browser.begin("/members/")
    url = flow.callback("alice")
    site.standin.fault(PATHS["user"], "error2", name="unauthorized", times=1)
    begun = time.monotonic()
    assert flow.arrive(url).status == 200
    assert 0.3 < time.monotonic() - begun
    assert site.standin.count(PATHS["user"]) == 2 and site.standin.count(PATHS["code"]) == 1


@oauth2
def test_X22_but_not_for_ever(site):
    site.expect_log("TW0204.*answered 401.*just given: mostly this passes")
    answer, line = fail(site, "user", "error2", name="unauthorized", times=None)
    assert answer.status == 502 and line.level == "warn"
    assert "Please try again in a moment" in answer.text and "out of order" not in answer.text
    assert site.standin.count(PATHS["user"]) == 2


@oauth2
def test_X22_and_never_beyond_the_time_of_a_call(make_site):
    site = make_site(config="TwAuthProviderTimeout 500ms")
    site.expect_log("TW0204.*answered 401")
    site.allow_log("TW020[2-4]")
    for _ in range(20):         # a busy machine may need that time for the calls themselves
        before = site.standin.count(PATHS["user"])
        answer, _ = fail(site, "user", "error2", name="unauthorized", times=None)
        if answer.status == 502:
            break
        site.standin.clear_faults()
        assert until(lambda: site.browser().sign_in("bob").status == 200)       # so that no failures add up
    assert answer.status == 502 and site.standin.count(PATHS["user"]) == before + 1


@oauth2
@pytest.mark.parametrize("expires", ['"7200"', "7200.0", "null"])
def test_X22_a_time_in_another_writing_keeps_nobody_out(site, browser, expires):
    """It is a hint when to refresh, and X's two hours where it is not said."""
    flow = browser.begin("/members/")
    url = flow.callback("alice")
    site.standin.fault(PATHS["code"], "edit", set={"expires_in": json.loads(expires)})
    assert flow.arrive(url).status == 200
    assert site.standin.count(PATHS["user"]) == 1


@oauth2
@pytest.mark.parametrize("member", ["data.id", "data.username"])
@pytest.mark.parametrize("value", [None, 1001, 1001.0, True, ["1001"], {"id": "1001"}])
def test_X22_who_it_is_is_never_guessed(site, member, value):
    """A number may have been rounded on its way, and would be another person's."""
    site.expect_log("TW0204.*without a usable id and username")
    answer, line = fail(site, "user", "edit", set={member: value})
    assert answer.status == 502 and line.level in ("warn", "info")


# ---- S7: a reply that ends with a line end

@oauth1
@pytest.mark.parametrize("step", ["start", "callback"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\n\r\n"])
def test_S7_OA_10_a_reply_that_ends_as_a_line(site, browser, step, end):
    good = {"start": "oauth_token=a-token&oauth_token_secret=s&oauth_callback_confirmed=true",
            "callback": "oauth_token=1001-a&oauth_token_secret=b&user_id=1001&screen_name=alice"}[step]
    if step == "start":
        site.standin.fault(PATHS[step], "body", body=good + end)
        assert browser.begin("/members/").token == "a-token"
        return
    flow = browser.begin("/members/")
    url = flow.callback("alice")
    site.standin.fault(PATHS[step], "body", body=good + end)
    assert flow.arrive(url).status == 200
