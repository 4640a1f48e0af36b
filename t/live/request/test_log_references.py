# SPDX-License-Identifier: Apache-2.0
"""N2, N10: who reads a reference out to an administrator is found in the log, whatever LogLevel is; and a person is, by
any of their names. LG-3, DO-7."""

import re

import pytest

from harness.checks import together

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
MOST = 6            # different lines of a kind in a minute, sealed/recent.h


def quiet(make_site, level="warn", **more):
    return make_site(loglevel=level, twauth_loglevel=level, **more)


@pytest.fixture
def site(make_site):
    """A site of the test's own with Debian's LogLevel: no line of a minute before counts."""
    site = quiet(make_site)
    site.allow_log("TW02", "TW04", "AH", "dbd")
    return site


def reference(answer):
    """The one that the page shows; None where there is none."""
    found = re.search(r"Reference: (\w{8})<", answer.text)
    return found and found[1]


def lines_of(site, reference):
    return [line for line in site.log.lines() if f"(reference {reference})" in line.text]


def found(site, answer, number):
    """The line that a page's reference leads to."""
    lines = lines_of(site, reference(answer))
    assert [line.number for line in lines] == [number], (answer, lines)
    return lines[0].text


def refused(site, user):
    return site.browser().begin("/members/").approve(user)


def close(site, user="bob"):
    site.browser().sign_in(user)
    site.db.execute("UPDATE twauth_account SET active = 0 WHERE username = ?", user)


@pytest.mark.databases("sqlite", "pgsql")
def test_N2_an_account_that_is_closed(site):
    """Each time, and in each child; the same within a minute."""
    close(site)
    answers = together(*[lambda: refused(site, "bob")] * 6)
    assert {answer.status for answer in answers} == {403}
    assert "account 1 (bob), X id 1002, @bob" in found(site, answers[0], "TW0213")
    assert len({reference(answer) for answer in answers}) == 1


def test_N2_nobody_is_invited(make_site):
    site = quiet(make_site, config="TwAuthSignUp Off")
    for user, number in {"alice": 1001, "bob": 1002, "carol": 1003}.items():
        assert f"X id {number}, @{user}" in found(site, refused(site, user), "TW0214")


@pytest.mark.parametrize("level", ["emerg", "error", "warn", "notice", "info", "debug"])
def test_N2_whatever_LogLevel_is(make_site, level):
    """The second and the third failure within a minute as well."""
    site = quiet(make_site, level)
    site.allow_log("TW02", "TW04", "AH", "dbd")
    close(site)
    for _ in range(3):
        found(site, refused(site, "bob"), "TW0213")
        flow = site.browser().begin("/members/")
        url = flow.callback("alice")
        site.standin.fault(site.exchange_path, "status", status=500)
        found(site, flow.arrive(url), "TW0204")


def test_N2_a_database_that_is_away(make_site):
    """At a page whose grace is over, at the callback, at the sign-out: a line each, however often it happens."""
    site = quiet(make_site, config="TwAuthSessionRecheck 0")
    site.allow_log("TW02", "TW04", "AH", "dbd")
    alice, flow = site.browser(), site.browser().begin("/members/")
    alice.sign_in("alice")
    url = flow.callback("bob")
    with site.db.away():
        for _ in range(3):
            found(site, alice.get("/members/"), "TW0304")
            found(site, flow.arrive(url), "TW0215")
        found(site, alice.post("/twauth/logout", follow=True), "TW0221")


def test_N2_another_cause_is_another_line(site):
    """Of one person's name, and then of the whole database: each page leads to its own."""
    site.browser().sign_in("alice")
    site.db.execute("UPDATE twauth_account SET username = ?", "bell\x07")
    flow = site.browser().begin("/members/")
    assert "control characters" in found(site, refused(site, "alice"), "TW0215")
    url = flow.callback("bob")
    with site.db.away():
        assert "control characters" not in found(site, flow.arrive(url), "TW0215")


def test_N2_more_failures_than_there_are_lines_for(site):
    """A page has no reference, or one that is in the log; that there were more is said once."""
    shown = []
    for status in range(430, 430 + 3 * MOST):
        flow = site.browser().begin("/members/")
        url = flow.callback("alice")
        site.standin.fault(site.exchange_path, "status", status=status)
        shown.append(reference(flow.arrive(url)))
    assert None in shown and len(set(filter(None, shown))) == MOST
    assert all(len(lines_of(site, one)) == 1 for one in shown if one)
    assert site.log.numbers().count("TW0204") == MOST and site.log.numbers().count("TW0312") == 1


def test_N2_at_info_each_has_a_reference_of_its_own(make_site):
    site = quiet(make_site, "info")
    site.allow_log("TW02")
    close(site)
    assert len({found(site, refused(site, "bob"), "TW0213") for _ in range(2 * MOST)}) == 2 * MOST
    assert "TW0312" not in site.log.numbers()


def test_N2_what_a_visitor_is_refused_for_without_a_reference(make_site):
    """Limits and rules: found by the address or the name, once a minute."""
    site = quiet(make_site, config="TwAuthStartLimit 2/min")
    site.allow_log("AH01631")
    browser = site.browser()
    browser.sign_in("bob")
    statuses = []
    for _ in range(4):
        assert browser.get("/admin/").status == 403
        statuses.append(site.browser().get("/members/", follow=True).status)
    assert statuses[-2:] == [429, 429]
    assert site.log.numbers().count("TW0310") == site.log.numbers().count("TW0231") == 1


# N10

@pytest.fixture
def renamed(standin):
    """alice calls herself Alina as soon as the test says so."""
    yield lambda: standin.people(Alina="1001", bob="1002")
    standin.people(alice="1001", bob="1002", carol="1003", dave="1004")


@pytest.mark.databases("sqlite", "pgsql")
def test_N10_a_person_is_found_by_any_name(make_site, renamed):
    """What is said of an account has its number, username, X's number and today's handle."""
    site = make_site(config="TwAuthSessionRecheck 0")
    site.browser().sign_in("alice")
    renamed()
    browser, other = site.browser(), site.browser()
    other.sign_in("alice")
    mark = site.log.mark()
    browser.sign_in("alice")
    site.expect_log("AH01631")
    browser.get("/admin/")
    browser.post("/twauth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    browser.sign_out()
    site.db.execute("DELETE FROM twauth_session")
    other.get("/members/")
    site.db.execute("UPDATE twauth_account SET active = 0")
    site.browser().begin("/members/").approve("alice")
    ours = {line.number: line.text for line in site.log.lines(mark) if line.number.startswith("TW")}
    for number in ("TW0216", "TW0310", "TW0222", "TW0220", "TW0305", "TW0213"):
        assert "account 1 (alice), X id 1001, @Alina" in ours[number], (number, ours)


def test_N10_while_the_database_is_away(make_site):
    """Who signs in, who is looked up, and who signs out."""
    site = make_site(config="TwAuthSessionRecheck 0")
    site.allow_log("TW02", "TW04", "AH", "dbd")
    alice, flow = site.browser(), site.browser().begin()
    alice.sign_in("alice")
    mark = site.log.mark()
    url = flow.callback("bob")
    with site.db.away():
        flow.arrive(url)
        alice.get("/members/")
        alice.post("/twauth/logout", follow=True)
    ours = {line.number: line.text for line in site.log.lines(mark) if line.number.startswith("TW")}
    assert "X id 1002, @bob" in ours["TW0215"]
    assert "account 1 (alice), X id 1001, @alice" in ours["TW0304"]
    assert "account 1 (alice), X id 1001, @alice" in ours["TW0221"]
