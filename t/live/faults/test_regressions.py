# SPDX-License-Identifier: Apache-2.0
"""Faults that were found by reading, by attack, or by accident: each once, so that it stays mended."""

import contextlib
import re
import time

import pytest

from harness.checks import user
from harness.httpd import environment_of

CONFIG = """
ErrorDocument 400 /cgi-bin/env
ErrorDocument 401 /cgi-bin/env
<Location "/zero/">
AuthType Twitter
Require valid-user
TwAuthSessionRecheck 0
</Location>
<Location "/tokens/">
AuthType Twitter
Require valid-user
TwAuthExport env headers tokens
TwAuthHeader X-App-User username
DirectoryIndex env.cgi
</Location>
<Location "/tokens/env.cgi">
TwAuthExport none
TwAuthHeader X-App-User none
</Location>
<Location "/told/">
AuthType Twitter
Require valid-user
TwAuthExport headers
TwAuthHeader X-App-User username
DirectoryIndex env.cgi
</Location>
"""


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(config=CONFIG)
    site.httpd.put("zero/index.html", "zero")
    site.httpd.script("tokens/env.cgi")
    site.httpd.script("told/env.cgi")
    return site


def test_session_that_is_gone_does_not_loop_between_page_and_login(site, browser):
    """The page asks the database at each request, login did so once a minute: each sent the browser to the other."""
    browser.sign_in("alice", next="/zero/")
    site.db.execute("DELETE FROM twauth_session")
    answer = browser.get("/zero/", follow=6)
    assert "/oauth/" in answer.url


def test_headers_of_a_request_that_is_refused_while_it_is_read(site, browser):
    """Its error document is the first request that hooks see."""
    answer = browser.raw(b"GET /x HTTP/1.1\r\nX-Twauth-User: admin\r\nCookie: __Host-twauth=canary; a=b\r\n\r\n",
                         url=site.url("/"))
    told = environment_of(answer)
    assert "HTTP_X_TWAUTH_USER" not in told
    assert told["HTTP_COOKIE"] == "a=b"


@pytest.mark.parametrize("how", [{"mode": "no-cors", "dest": "image"}, {"mode": "cors", "dest": "empty"}])
def test_OU_5_error_documents_never_see_a_callback(site, browser, how):
    url = browser.begin("/members/").callback("alice")
    answer = browser.request("GET", url, **how)
    assert answer.status == 401
    assert "verifier" not in answer.text


def test_OU_5_error_documents_never_see_a_posted_callback(site, browser):
    url = browser.begin("/members/").callback("alice")
    answer = browser.post(url, {"a": "b"})
    assert answer.status == 405
    assert "verifier" not in answer.text


def test_first_callback_after_an_outage_of_the_database(site, browser):
    """It took the breaker's one try without making it, and was then refused with its flow spent."""
    site.expect_log("TW0401", "TW0402")
    other = site.browser()
    other.sign_in("bob")
    url = browser.begin("/members/").callback("alice")
    with site.db.away():
        assert other.get("/zero/").status == 503
    time.sleep(1.3)
    answer = browser.get(url, site="cross-site")
    assert answer.location.endswith("/members/")


def test_used_callback_does_not_take_the_one_try_at_X(site, browser):
    """A callback that is loaded again and again kept the breaker open for everybody."""
    site.expect_log("TW0203", "TW0202", "TW0204")
    url = browser.begin("/members/").callback("alice")
    assert browser.clone().get(url, site="cross-site").status == 302
    site.standin.fault("/oauth/request_token", "status", times=None, status=503)
    for _ in range(6):
        site.browser().get("/twauth/login?next=/members/", follow=True)
    site.standin.clear_faults()
    started, until = 0, time.monotonic() + 60
    while not started and time.monotonic() < until:
        browser.get(url, site="cross-site")
        started = "/oauth/" in site.browser().get("/twauth/login?next=/members/", follow=True).url
    assert started


def test_HD_7_tokens_of_a_directory_do_not_reach_its_index(site, browser):
    """mod_dir lays the directory's environment over the file's after the last hook that we had."""
    browser.sign_in("alice", next="/tokens/")
    told = environment_of(browser.get("/tokens/"))
    assert not [name for name in told if "TWAUTH_TOKEN" in name or "X_TWAUTH" in name or "X_APP" in name]
    told = environment_of(browser.get("/told/"))
    assert told["HTTP_X_TWAUTH_USER"] == told["HTTP_X_APP_USER"] == "alice"


def test_cookie_of_many_small_pieces(site, browser):
    """Each ";" became "; ", in a buffer of the old length."""
    children = site.httpd.children()
    answer = browser.get("/index.html", headers={"Cookie": "__Host-twauth_pre=x" + ";a" * 3500})
    assert answer.status == 200
    assert set(children) <= set(site.httpd.children())


@pytest.mark.parametrize("config", ["TwAuthSessionMax 213503983d", "TwAuthCallbackURL https://site.test/twauth/login",
                                    "TwAuthCallbackURL https://site.test/twauth/logout"])
def test_CF_1_refused(make_site, config):
    assert not make_site(start=False, db=False, config=config).httpd.check()


# Found by test_torture.py

@pytest.fixture(scope="module")
def slow(make_site):
    """What others change counts late."""
    return make_site(config="TwAuthSessionFeed 10min\nTwAuthAccountDelete On")


@pytest.fixture(scope="module")
def alone(make_site):
    """What others change counts when it is asked about."""
    return make_site(config="TwAuthSessionFeed Off\nTwAuthAccountDelete On")


def forms_of(browser):
    forms = re.findall(r"<form .*?</form>", browser.get("/twauth/account").text, re.S)
    return [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in forms]


def form_of(browser, action):
    return next(form for form in forms_of(browser) if form.get("action") == action)


@contextlib.contextmanager
def losing_answers(db):
    """An account is deleted, and whoever deleted it is told that there is none, as when they ask once more."""
    head = "CREATE TRIGGER losing BEFORE DELETE ON twauth_account FOR EACH ROW"
    gone = "DELETE FROM twauth_account WHERE id = OLD.id;"
    if db.kind == "sqlite":
        db.execute(f"{head} BEGIN {gone} END")
    else:
        db.execute(f"CREATE FUNCTION losing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {gone} RETURN NULL; END $$")
        db.execute(f"{head} WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION losing()")
    try:
        yield
    finally:
        db.execute("DROP TRIGGER losing" if db.kind == "sqlite" else "DROP FUNCTION losing CASCADE")


@pytest.mark.databases("sqlite", "pgsql")
@pytest.mark.parametrize("how", ["end", "end-others", "everywhere"])
def test_ended_by_a_statement_whose_answer_was_lost(slow, how):
    """Made again it finds no row, and names no session: their copies were good until changes were read."""
    slow.db.clear()
    alice, phone = slow.browser(), slow.browser()
    alice.sign_in("alice")
    own = slow.db.value("SELECT id FROM twauth_session")
    phone.sign_in("alice")
    forms = forms_of(alice)
    slow.db.execute("DELETE FROM twauth_session WHERE id <> ?", own)
    if how == "everywhere":
        assert alice.sign_out(everywhere="1").status == 303
    else:
        fields = next(form for form in forms if form.get("action") == how)
        assert alice.post("/twauth/account", fields).status == 303
        assert user(alice) == "alice"
    assert user(phone) is None


@pytest.mark.databases("sqlite", "pgsql")
@pytest.mark.parametrize("feed", ["10min", "Off"])
def test_deleted_by_a_statement_whose_answer_was_lost(slow, alone, feed):
    """Made again it finds no account: it was taken for one that is not active, and all copies were good."""
    site = alone if feed == "Off" else slow
    site.db.clear()
    alice, phone = site.browser(), site.browser()
    alice.sign_in("alice")
    phone.sign_in("alice")
    copy, mark = alice.clone(), site.log.mark()
    fields = form_of(alice, "delete") | {"sure": "1"}
    with losing_answers(site.db):
        answer = alice.post("/twauth/account", fields)
    assert not site.db.value("SELECT count(*) FROM twauth_account")
    assert answer.status == 303 and answer.location.endswith("?done=delete")
    assert "__Host-twauth" not in alice.cookies and "TW0464" in site.log.numbers(mark)
    assert user(copy) is None and user(phone) is None


@pytest.mark.databases("sqlite", "pgsql")
def test_a_form_of_the_account_that_says_nothing_is_in_the_log(slow):
    alice = slow.browser()
    alice.sign_in("alice")
    mark = slow.log.mark()
    for fields in ({"action": "end", "session": "x"}, {"action": "fly"}, {}):
        assert alice.post("/twauth/account", fields).status == 400
    assert slow.log.numbers(mark).count("TW0614") == 3
