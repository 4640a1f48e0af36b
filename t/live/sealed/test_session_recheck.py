# SPDX-License-Identifier: Apache-2.0
"""Between two looks at the database the cookie is good on its own. PostgreSQL's log says how often it was asked.

Without the feed of changes, which is test_session_feed's."""

import time

import pytest

from harness.checks import SESSION, together, user
from harness.site import PROTECTED

pytestmark = [pytest.mark.databases("pgsql"), pytest.mark.protocols("oauth1", "oauth2")]

SECTIONS = PROTECTED + "".join(
    f'<Location "/{name}/">\nAuthType Twitter\nRequire valid-user\nTwAuthSessionRecheck {time}\n</Location>\n'
    for name, time in [("always", "0"), ("soon", "6s"), ("often", "10s"), ("seldom", "10min")])


@pytest.fixture(scope="module")
def site(make_site):
    # without a profile, which whoami would ask for
    site = make_site(clock=True, protected=SECTIONS, config="TwAuthProfile Off\nTwAuthSessionFeed Off", start=False)
    for name in ("always", "soon", "often", "seldom"):
        site.httpd.put(f"{name}/index.html", "here")
    site.clock.set(0)
    return site.start()


@pytest.fixture
def alice(site):
    site.db.clear()
    browser = site.browser()
    browser.sign_in("alice")
    return browser


def asked(site, *actions):
    """How often the database was asked about a session during these."""
    mark = site.db.mark()
    for action in actions:
        action()
    return sum("FROM twauth_session s" in s for s in site.db.statements(mark))


def page(browser, path="/members/"):
    def get():
        assert browser.get(path).status == 200
    return get


def test_hot_path_touches_no_database(site, alice):
    mark = site.db.mark()
    for _ in range(10):
        site.clock.forward(4)
        page(alice)(), page(alice, "/seldom/")()
    alice.whoami()
    assert site.db.statements(mark) == []


def test_one_question_each_recheck(site, alice):
    for _ in range(5):
        site.clock.forward(61)
        assert asked(site, page(alice), page(alice), page(alice)) == 1


def test_recheck_0_asks_each_time(site, alice):
    assert asked(site, *[page(alice, "/always/")] * 5) == 5


@pytest.mark.parametrize("path, seconds", [("/often/", 10), ("/soon/", 6)])
def test_directory_shortens_it(site, alice, path, seconds):
    for _ in range(4):
        site.clock.forward(seconds + 1.5)
        assert asked(site, page(alice, path), page(alice, path)) == 1


def test_directory_cannot_prolong_it(site, alice):
    site.clock.forward(61)
    assert asked(site, page(alice, "/seldom/")) == 1


# SE-6: ended by SQL

ENDS = {"deactivated": "UPDATE twauth_account SET active = 0 WHERE username = 'alice'",
        "account deleted": "DELETE FROM twauth_account WHERE username = 'alice'",
        "sessions deleted": "DELETE FROM twauth_session WHERE account_id = "
                            "(SELECT id FROM twauth_account WHERE username = 'alice')"}


@pytest.mark.parametrize("sql", ENDS.values(), ids=ENDS)
def test_SE_6_ended_within_the_recheck(site, alice, sql):
    also, bob = site.browser(), site.browser()
    also.sign_in("alice")
    bob.sign_in("bob")
    copies = [alice.clone() for _ in range(3)]
    site.db.execute(sql)
    site.clock.forward(60)
    for browser in (alice, also, *copies, alice, also):
        assert user(browser) is None
    site.clock.forward(4)
    for browser in (alice, also, *copies):
        assert user(browser) is None
    assert user(bob) == "bob"


def test_SE_6_everybody_is_out(site, alice):
    bob = site.browser()
    bob.sign_in("bob")
    site.db.execute("DELETE FROM twauth_session")
    site.clock.forward(60)
    assert user(alice) is None and user(bob) is None
    assert alice.sign_in("alice").status == 200


def test_SE_6_deactivated_cannot_sign_in_and_active_again_can(site, alice):
    site.db.execute(ENDS["deactivated"])
    site.db.execute(ENDS["sessions deleted"])
    old = alice.clone()
    site.clock.forward(60)
    assert alice.sign_in("alice").status == 403
    site.db.execute("UPDATE twauth_account SET active = 1")
    assert alice.sign_in("alice").status == 200
    assert user(old) is None


def test_row_of_another_id_is_not_this_session(site, alice):
    """A restored backup, or account ids given anew: the cookie names X's id too."""
    site.db.execute("UPDATE twauth_account SET twitter_id = '777' WHERE username = 'alice'")
    site.clock.forward(60)
    assert user(alice) is None


def test_names_of_the_row_are_told_after_the_recheck(site, alice):
    site.db.execute("UPDATE twauth_account SET screen_name = 'Alison' WHERE username = 'alice'")
    assert alice.whoami()["screen_name"] == "alice"
    site.clock.forward(60)
    assert alice.whoami()["screen_name"] == "Alison"


# SE-18

def test_SE_18_fifty_at_the_renewal(site, alice):
    for _ in range(5):
        assert user(alice) == "alice"
        site.clock.forward(61)
        browsers = [alice.clone() for _ in range(50)]
        mark, begin = site.db.mark(), time.monotonic()
        answers = together(*[lambda b=b: b.get("/members/env.cgi") for b in browsers])
        assert {a.status for a in answers} == {200}
        assert {a.json()["REMOTE_USER"] for a in answers} == {"alice"}
        if time.monotonic() - begin < 3:        # before a copy has waited so long that it is asked about in any case
            break
    assert sum("FROM twauth_session s" in s for s in site.db.statements(mark)) == 1
    renewed = [b for b, a in zip(browsers, answers) if a.cookie(SESSION)]
    assert len(renewed) == 1
    site.clock.forward(20)
    assert user(renewed[0]) == "alice" and user(browsers[-1]) == "alice"


def test_last_seen_is_sealed_again_without_a_question(make_site):
    site = make_site(clock=True, config="TwAuthSessionIdle 5min\nTwAuthSessionRecheck 1h\nTwAuthSessionFeed Off")
    site.clock.set(0)
    alice = site.browser()
    alice.sign_in("alice")
    for _ in range(4):
        site.clock.forward(15)
        mark = site.db.mark()
        assert alice.get("/members/").cookie(SESSION) is None
        site.clock.forward(16)
        assert alice.get("/members/").cookie(SESSION)
        assert site.db.statements(mark) == []
    site.stop()
