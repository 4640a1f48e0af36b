# SPDX-License-Identifier: Apache-2.0
"""The database is away: who is signed in goes on for a while, nobody is sent into a loop, and it heals by itself."""

import contextlib

import pytest

from harness.checks import SESSION, is_refused, user

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]
DBD = r"AH006(29|3\d)|AH02655"


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(clock=True, protected="", config="""
        <Location "/members/">
            AuthType Twitter
            Require valid-user
        </Location>
        <Location "/always/">
            AuthType Twitter
            Require valid-user
            TwAuthSessionRecheck 0
        </Location>""")
    site.clock.set(0)
    return site


@pytest.fixture
def strict(site):
    """The site, without any grace meanwhile."""
    site.vhost.config += "\nTwAuthSessionGrace 0"
    site.graceful()
    yield site
    site.vhost.config = site.vhost.config.removesuffix("\nTwAuthSessionGrace 0")
    site.graceful()


def signed_in(site, name="alice"):
    """On a server that has known of no outage yet."""
    site.restart()
    site.allow_log(DBD)
    site.clock.forward(1)
    site.db.clear()
    browser = site.browser()
    browser.sign_in(name)
    return browser


@contextlib.contextmanager
def away(site):
    site.expect_log("TW0401")
    site.allow_log(DBD)
    with site.db.away():
        yield
    site.clock.forward(2)


def is_503(answer):
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    assert not answer.set_cookies and "Location" not in answer.headers
    for word in ("SELECT", "twauth_", "sqlite", "pgsql", "connection", "/tmp"):
        assert word not in answer.text
    return True


def test_fresh_copies_need_no_database(site):
    """But for a profile that is in no copy: who it is is told without it."""
    alice = signed_in(site)
    with site.db.away():
        site.clock.forward(40)
        assert user(alice) == "alice"
        site.allow_log("TW0401")
        assert alice.whoami()["signed_in"]


def test_stale_copy_is_honoured_but_not_renewed(site):
    alice = signed_in(site)
    with away(site):
        for _ in range(5):
            site.clock.forward(110)
            answer = alice.get("/members/")
            assert answer.status == 200 and answer.cookie(SESSION) is None


def test_DB_2_after_the_grace_503_and_back_without_restart(site):
    alice = signed_in(site)
    before = site.httpd.children()
    with away(site):
        site.clock.forward(60 + 600 + 1)
        for _ in range(3):
            assert is_503(alice.get("/members/"))
        assert is_503(alice.get("/twauth/login?next=%2Fmembers%2F"))
        assert alice.image("/members/").status == 503
        assert alice.get("/").status == 200
    assert user(alice) == "alice"
    assert set(before) <= set(site.httpd.children())


def test_recheck_0_has_no_grace(site):
    alice = signed_in(site)
    with away(site):
        for _ in range(3):
            assert is_503(alice.get("/always/"))
        assert alice.get("/members/").status == 200


def test_grace_0(strict):
    alice = signed_in(strict)
    with away(strict):
        strict.clock.forward(61)
        for _ in range(4):
            assert is_503(alice.get("/members/"))
    assert user(alice) == "alice"


def test_strangers_are_sent_to_the_sign_in_all_the_same(site, browser):
    site.allow_log(DBD)
    with site.db.away():
        assert is_refused(browser.get("/members/"))


def test_DB_2_sign_in_while_away(site, browser):
    site.restart()
    site.db.clear()
    site.expect_log("TW0215")
    flow = browser.begin()
    url = flow.callback()
    with away(site):
        answer = flow.arrive(url)
        assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
        assert SESSION not in browser.cookies
        assert "INSERT" not in answer.text and "sqlite" not in answer.text
    assert browser.sign_in("alice").status == 200


def test_callback_is_not_spent_on_a_database_known_to_be_away(site, browser):
    site.restart()
    site.db.clear()
    site.allow_log("TW0215")
    flow, other = browser.begin(), site.browser().begin()
    url = flow.callback()
    with away(site):
        other.approve("bob")                    # that it is away is known from now on
        calls = site.standin.count(site.exchange_path)
        assert flow.arrive(url).status == 503
        assert site.standin.count(site.exchange_path) == calls
    assert flow.arrive(url).status == 200
    assert user(browser) == "alice"


# restarts

def test_sessions_survive_restarts(site):
    alice = signed_in(site)
    site.graceful()
    assert user(alice) == "alice"
    site.restart()
    assert user(alice) == "alice"


def test_floor_time_after_a_full_start(site):
    """Ends that were known in memory are forgotten: each older copy is asked about, and gets no grace."""
    alice = signed_in(site)
    site.restart()
    with away(site):
        assert is_503(alice.get("/members/"))
    assert user(alice) == "alice"


def test_graceful_restart_asks_nobody(site):
    for _ in range(5):          # on a busy machine it may be time to ask what has changed
        alice = signed_in(site)
        site.graceful()
        site.allow_log(DBD, "TW0401")
        mark = site.log.mark()
        with site.db.away():
            assert user(alice) == "alice"
        if "TW0401" not in site.log.since(mark):
            break
    assert "TW0401" not in site.log.since(mark)


# sign-out

def rows(site):
    return site.db.rows("SELECT a.username FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id")


@pytest.fixture
def keeper(site):
    """keeper(): bob, signed in before the outage, is served again: the database is known to be back."""
    browser = site.browser()

    def asks():
        assert browser.get("/always/").status in (200, 404)
    asks.sign_in = lambda: browser.sign_in("bob")
    asks.user = lambda: user(browser)
    return asks


def test_sign_out_while_away(site, keeper):
    alice = signed_in(site)
    keeper.sign_in()
    copy = alice.clone()
    site.expect_log("TW0221")
    with away(site):
        answer = alice.sign_out()
        assert answer.status == 303 and "/twauth/logout?done=here&reference=" in answer.location
        assert answer.cookie(SESSION).deletes and SESSION not in alice.cookies
        for _ in range(2):                      # loaded again, it is no form
            page = alice.get(answer.location)
            assert page.status == 503 and "signed out in this browser" in page.text
        assert "signed out in this browser" not in site.browser().get(answer.location).text
        assert user(copy) is None
    assert len(rows(site)) == 2 and user(copy) is None
    keeper()
    assert rows(site) == [("bob",)]


def test_sign_out_while_away_is_remembered_over_a_graceful_restart(site, keeper):
    alice = signed_in(site)
    keeper.sign_in()
    copy = alice.clone()
    site.expect_log("TW0221")
    with away(site):
        assert "done=here" in alice.sign_out(next="/").location
    site.graceful()
    assert user(copy) is None
    site.clock.forward(3600)
    assert user(copy) is None
    keeper()
    assert rows(site) == [("bob",)]


def test_sign_out_everywhere_while_away(site, keeper):
    alice = signed_in(site)
    keeper.sign_in()
    also = site.browser()
    also.sign_in("alice")
    site.expect_log("TW0221")
    with away(site):
        assert user(also) == "alice"
        assert "done=here" in alice.sign_out(everywhere="1").location
        assert is_503(also.get("/members/")), "what is to be ended has no grace"
        assert keeper.user() == "bob"
    keeper()
    site.clock.forward(70)
    assert user(also) is None
    assert rows(site) == [("bob",)]


@pytest.fixture
def left(site):
    """Two browsers of alice: in the first she has signed out everywhere while the database was away."""
    alice, also = signed_in(site), site.browser()
    also.sign_in("alice")
    site.expect_log("TW0221")
    with away(site):
        assert "done=here" in alice.sign_out(everywhere="1").location
    return alice, also


def test_who_is_first_after_a_sign_out_everywhere_while_away(site, left):
    """Their own row is among those that are owed."""
    _, also = left
    site.clock.forward(70)
    assert user(also) is None
    assert rows(site) == []


def test_sign_in_again_after_a_sign_out_everywhere_while_away(site, left):
    """The rows that are owed go; the new one, which this very sign-in writes, stays."""
    alice, also = left
    alice.sign_in("alice", next="/twauth/login?next=%2Fmembers%2F")
    assert rows(site) == [("alice",)]
    site.clock.forward(70)
    assert user(alice) == "alice" and user(also) is None
