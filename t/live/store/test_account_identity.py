# SPDX-License-Identifier: Apache-2.0
"""An account belongs to X's numeric id; names are labels, and a username is given once."""

import pytest

from harness.checks import together, user
from harness.site import PROTECTED
from harness.standin import USERS

pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.protocols("oauth1", "oauth2")]

# Where X says who it is.
WHO = {"oauth1": ("/oauth/access_token", "user_id", "screen_name"),
       "oauth2": ("/2/users/me", "data.id", "data.username")}

SECTIONS = PROTECTED + """
<Location "/first/">
    AuthType Twitter
    Require twitter-id 1001
</Location>
<Location "/alice/">
    AuthType Twitter
    Require user alice
</Location>
<Location "/handle/">
    AuthType Twitter
    TwAuthRemoteUser screen_name
    Require valid-user
</Location>
"""


@pytest.fixture(scope="module")
def site(make_site):
    # whose account is deleted is found out by the recheck alone, which is far away
    site = make_site(protected=SECTIONS, start=False, config="TwAuthSessionFeed 10min")
    for name in ("first", "alice", "handle"):
        site.httpd.put(f"{name}/index.html", "here")
    site.httpd.script("handle/env.cgi")
    return site.start()


@pytest.fixture(autouse=True)
def nobody_yet(site):
    site.db.clear()
    site.allow_log("AH01631")
    yield
    site.standin.people(**USERS)


def people(site, *pairs):
    """Who there is at X: (id, handle), where two may not have the same handle."""
    site.standin.set(users=[{"id": number, "screen_name": handle} for number, handle in pairs])


def arrive(site, number, next="/members/env.cgi"):
    """This id signs in, in a new browser."""
    browser = site.browser()
    answer = browser.begin(next).approve(number)
    assert answer.status == 200, answer
    return browser


def accounts(site):
    return site.db.rows("SELECT twitter_id, username, screen_name FROM twauth_account ORDER BY id")


# ID-1

@pytest.mark.parametrize("handle", ["alice", "Alice", "ALICE"])
def test_ID_1_recycled_handle_is_another_account(site, handle):
    first = arrive(site, "1001")
    mine = site.db.rows("SELECT token, secret FROM twauth_account")
    people(site, ("2", handle))
    site.expect_log("TW0217")
    second = arrive(site, "2")
    assert user(first) == "alice" and user(second) == "alice.2"
    assert accounts(site) == [("1001", "alice", ""), ("2", "alice.2", handle)]
    assert site.db.rows("SELECT token, secret FROM twauth_account WHERE twitter_id = '1001'") == mine
    assert second.get("/first/").status == 403 and second.get("/alice/").status == 403
    assert first.get("/first/").status == 200 and first.get("/alice/").status == 200


def test_ID_1_not_even_after_the_account_was_deleted(site):
    first = arrive(site, "1001")
    site.db.execute("DELETE FROM twauth_account")
    people(site, ("2", "alice"), ("1001", "alicia"))
    site.expect_log("TW0217")
    assert user(arrive(site, "2")) == "alice.2"
    assert user(first) == "alice"                       # until the recheck, and as nobody else
    people(site, ("1001", "Alice"))
    assert user(arrive(site, "1001")) == "alice"        # to whom it was given


@pytest.mark.parametrize("name", ["admin", "Administrator", "root", "system", "guest", "anonymous", "nobody"])
def test_reserved_names_are_given_to_nobody(site, name):
    people(site, ("77", name))
    site.expect_log("TW0217")
    assert user(arrive(site, "77")) == f"{name.lower()}.77"
    assert user(arrive(site, "77")) == f"{name.lower()}.77"


def test_names_put_there_are_given_to_nobody(site):
    site.db.execute("INSERT INTO twauth_username (name) VALUES ('boss')")
    people(site, ("78", "Boss"))
    site.expect_log("TW0217")
    assert user(arrive(site, "78")) == "boss.78"
    site.db.execute("DELETE FROM twauth_username WHERE name = 'boss'")


def test_deleted_accounts_session_is_nobody_elses(site):
    old = arrive(site, "1001")
    number = site.db.value("SELECT id FROM twauth_account")
    site.db.execute("DELETE FROM twauth_account")
    assert site.db.value("SELECT count(*) FROM twauth_session") == 0
    arrive(site, "1002")
    assert site.db.value("SELECT id FROM twauth_account") != number
    site.restart()
    assert user(old) is None


def test_invited_by_the_id_alone(site):
    site.db.execute("INSERT INTO twauth_account (twitter_id) VALUES ('1001')")
    assert user(arrive(site, "1001")) == "alice"
    assert accounts(site) == [("1001", "alice", "alice")]


def test_username_given_by_hand_stays(site):
    site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('1001', 'the.boss')")
    assert user(arrive(site, "1001")) == "the.boss"
    people(site, ("5", "the_boss"))
    assert user(arrive(site, "5")) == "the_boss"


def test_username_changed_by_hand_counts_from_the_next_sign_in(site):
    arrive(site, "1001")
    site.db.execute("UPDATE twauth_account SET username = 'queen'")
    assert user(arrive(site, "1001")) == "queen"
    with pytest.raises(Exception):
        site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('9', 'alice')")


# ID-2

def test_ID_2_renamed_user_keeps_account_and_username(site):
    before = arrive(site, "1001")
    people(site, ("1001", "Bobby"))
    after = arrive(site, "1001")
    assert accounts(site) == [("1001", "alice", "Bobby")]
    assert user(before) == user(after) == "alice"
    assert user(after, "/handle/env.cgi") == "Bobby" and user(before, "/handle/env.cgi") == "alice"
    assert before.get("/admin/").status == 200 and after.get("/admin/").status == 403


# ID-3, ID-4: what X says who it is

BAD_IDS = ["", "0", "-5", "+5", "05", "1e3", "12.0", " 12", "12 ", "0x10", "abc", "123456789012345678901", "1,2",
           "12%00",
           "\u0661\u0662", "null", "1;2"]


def exchanged(site, path=None, **said):
    """A sign-in in which X's answer is changed, that which says who it is; the final answer."""
    browser = site.browser()
    flow = browser.begin()
    url = flow.callback("alice")
    site.standin.fault(path or WHO[site.protocol][0], "edit", **said)
    answer = flow.arrive(url)
    if site.protocol == "oauth2" and answer.status == 502:
        well(site)
    return browser, answer


def well(site):
    """A sign-in that succeeds, and is forgotten: no failures add up."""
    site.browser().sign_in("carol")
    site.db.clear()


@pytest.mark.parametrize("number", BAD_IDS)
def test_ID_4_malformed_ids(site, number):
    site.allow_log("TW02")
    browser, answer = exchanged(site, set={WHO[site.protocol][1]: number})
    assert answer.status in (502, 500) and user(browser) is None
    assert accounts(site) == []


#: Around the edges of the number types: 32 and 64 bits with and without a sign, doubles, decimal digits.
EDGES = [2**31, 2**32, 2**53, 2**63, 2**64, 10**15, 10**18, 10**19]
NUMBERS = sorted({1, 7, 10, 11, *[n + d for n in EDGES for d in (-2, -1, 0, 1, 2)], 10**20 - 2, 10**20 - 1})


def test_ID_4_neighbours_beyond_every_number_type(site, full):
    few = [7, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 10**20 - 1]
    pairs = [(str(number), f"n{i}") for i, number in enumerate(full(few, NUMBERS))]
    people(site, *pairs)
    for number, handle in pairs:
        browser = arrive(site, number)
        assert browser.whoami()["id"] == number
        assert browser.get("/members/env.cgi").json()["TWAUTH_ID"] == number
    assert [(a[0], a[1]) for a in accounts(site)] == pairs


@pytest.mark.parametrize("number", [2**53, 2**63, 2**64 - 1])
def test_ID_4_AC_5_the_rule_means_one_of_them(site, number):
    rule = site.vhost.config
    site.vhost.config = rule.replace("Require twitter-id 1001", f"Require twitter-id {number}")
    assert site.vhost.config != rule
    site.graceful()
    near = [str(number + d) for d in (-1, 0, 1)] + [f"1{number}"[:20], f"{number}0"[:20], str(number)[:-1],
                                                    str(number)[1:].lstrip("0")]
    people(site, *[(n, f"n{i}") for i, n in enumerate(near)])
    seen = {n: arrive(site, n).get("/first/").status for n in near}
    site.vhost.config = rule
    site.graceful()
    assert seen == {n: 200 if n == str(number) else 403 for n in near}


@pytest.mark.parametrize("how, what", [("drop", 1), ("drop", 2), ("repeat", 1), ("drop", "token"), ("drop", "type")])
def test_ID_3_half_an_answer_is_none(site, how, what):
    site.allow_log("TW02")
    fields = {"oauth1": {"token": "oauth_token", "type": "oauth_token_secret"},
              "oauth2": {"token": "access_token", "type": "token_type"}}
    if what in (1, 2):
        browser, answer = exchanged(site, **{how: [WHO[site.protocol][what]]})
    else:
        browser, answer = exchanged(site, site.exchange_path, **{how: [fields[site.protocol][what]]})
    assert answer.status == 502 and user(browser) is None and accounts(site) == []


# ID-5

@pytest.mark.parametrize("handle",
                         ["\u212aelvin", "alic\u0435", "\u017fam", "d\u0131ana", "a b", "a.b", "a'b", "a" * 21, "",
                                    "alice.2", "<b>", "a\nb"])
def test_ID_5_handles_that_are_none(site, handle):
    site.allow_log("TW02")
    browser, answer = exchanged(site, set={WHO[site.protocol][2]: handle})
    assert answer.status == 502 and user(browser) is None and accounts(site) == []


def test_ID_5_folded_in_ascii_alone(site):
    people(site, ("31", "IIII_Title"))
    assert user(arrive(site, "31")) == "iiii_title"


# ID-6

def test_ID_6_exchanged_handles(site):
    arrive(site, "1001"), arrive(site, "1002")
    people(site, ("1001", "bob"), ("1002", "alice"))
    one, two = arrive(site, "1001"), arrive(site, "1002")
    assert accounts(site) == [("1001", "alice", "bob"), ("1002", "bob", "alice")]
    assert user(one) == "alice" and user(two) == "bob"
    assert two.get("/admin/").status == 200 and one.get("/admin/").status == 403


def test_ID_6_exchanged_at_the_same_moment(site):
    arrive(site, "1001"), arrive(site, "1002")
    people(site, ("1001", "bob"), ("1002", "alice"))
    flows = [(site.browser().begin(), n) for n in ("1001", "1002") * 3]
    answers = together(*[lambda f=f, n=n: f.approve(n) for f, n in flows])
    assert [a.status for a in answers] == [200] * 6
    assert [a[:2] for a in accounts(site)] == [("1001", "alice"), ("1002", "bob")]


# ID-7

def test_ID_7_first_sign_ins_at_the_same_moment(site):
    flows = [site.browser().begin("/members/env.cgi") for _ in range(6)]
    urls = [f.callback("alice") for f in flows]
    answers = together(*[lambda f=f, u=u: f.arrive(u) for f, u in zip(flows, urls)])
    assert [a.status for a in answers] == [200] * 6
    assert {a.json()["REMOTE_USER"] for a in answers} == {"alice"}
    assert accounts(site) == [("1001", "alice", "alice")]
    assert site.db.value("SELECT count(*) FROM twauth_session") == 6


def test_ID_7_two_who_want_one_name_at_the_same_moment(site):
    site.allow_log("TW0217")
    flows = [(site.browser().begin("/members/env.cgi"), str(n)) for n in range(3000, 3006)]
    urls = []
    for flow, number in flows:
        people(site, (number, "Twin"))
        urls.append(flow.callback(number))
    people(site, *[(number, "Twin") for _, number in flows])
    answers = together(*[lambda f=f, u=u: f.arrive(u) for (f, _), u in zip(flows, urls)])
    assert [a.status for a in answers] == [200] * 6
    names = {a.json()["REMOTE_USER"] for a in answers}
    assert len(names) == 6 and "twin" in names and all(n == "twin" or n.startswith("twin.30") for n in names)
