# SPDX-License-Identifier: Apache-2.0
"""Two and three httpd with one database behind a balancer that knows no stickiness: they are one site."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import process
from harness.checks import SESSION, SLACK, is_refused, together
from harness.cluster import Cluster, where
from harness.site import CANARY, PROTECTED

pytestmark = pytest.mark.databases("pgsql")
protocols = pytest.mark.protocols("oauth1", "oauth2")
BALANCER = r"AH0(0957|0959|1102|1114|0898|2)"

CONFIG = """
<Location "/members/">
TwAuthExport env tokens
Header set X-User "%{TWAUTH_USER}e"
Header set X-Id "%{TWAUTH_ID}e"
Header set X-Token "%{TWAUTH_TOKEN}e"
</Location>
"""


def who(answer):
    """Whom the page was shown to; None: a stranger, to whom it was not."""
    if answer.status == 200 and CANARY in answer.text:
        return answer.headers["X-User"]
    assert is_refused(answer), answer
    return None


@pytest.fixture(scope="module")
def three(make_site, make_httpd):
    return Cluster(make_site, make_httpd, 3, config=CONFIG).start()


@pytest.fixture(scope="module")
def two(make_site, make_httpd):
    return Cluster(make_site, make_httpd, 2, config=CONFIG, named_by="TwAuthCallbackURL").start()


@pytest.fixture
def alice(three):
    return signed_in(three, "alice")


def signed_in(cluster, name):
    cluster.clock.set(0)
    browser = cluster.browser()
    assert browser.sign_in(name).status == 200
    return browser


def everywhere(cluster, browser):
    """Who the browser is on each node."""
    return [who(cluster.at(n, lambda: browser.get("/members/"))) for n in range(len(cluster.nodes))]


# signing in

@protocols
@pytest.mark.parametrize("ends", [0, 1, 2])
@pytest.mark.parametrize("begins", [0, 1, 2])
def test_sign_in_begins_at_one_and_ends_at_another(three, begins, ends):
    browser = three.browser()
    first = browser.get("/members/")
    three.at(begins, lambda: browser.get(first.location))
    three.turn_to(begins)
    flow = browser.begin("/members/")
    url = flow.callback("alice")
    three.turn_to(ends)
    answer = flow.arrive(url)
    assert who(answer) == "alice"
    assert everywhere(three, browser) == ["alice"] * 3


@protocols
def test_behind_a_callback_url_and_names_of_their_own(two):
    """The nodes are called otherwise; the address of the site is that of TwAuthCallbackURL."""
    for n in range(6):
        browser = two.browser()
        flow = browser.begin("/members/")
        answer = flow.approve("alice")
        assert who(answer) == "alice"
        assert {s.headers["X-Node"] for s in [*flow.steps, *answer.history]} == {"0", "1"}
        assert all(r.url.startswith(two.front.origin) for r in flow.steps)


@protocols
def test_many_at_once_and_each_is_who_he_is(three, full):
    people = [str(7000 + n) for n in range(full(24, 200))]
    three.standin.set(users=[{"id": number, "screen_name": f"user{number}"} for number in people])

    def one(number):
        browser = three.browser()
        seen = [browser.sign_in(number).headers["X-Id"]]
        seen += [browser.get("/members/").headers["X-Id"] for _ in range(6)]
        out = browser.sign_out()
        return set(seen), out.status, is_refused(three.at(where(out), lambda: browser.get("/members/")))

    try:
        with ThreadPoolExecutor(12) as pool:
            results = list(pool.map(one, people))
    finally:
        three.standin.people(alice="1001", bob="1002", carol="1003", dave="1004")
    assert results == [({number}, 303, True) for number in people]
    assert three.db.value("SELECT count(*) FROM twauth_account WHERE twitter_id LIKE '7%'") == len(people)
    assert three.db.value("SELECT count(*) FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id"
                          " WHERE a.twitter_id LIKE '7%'") == 0


@protocols
@pytest.mark.parametrize("at_once", [False, True], ids=["after", "at once"])
def test_OA_5_one_exchange_makes_one_session(three, at_once):
    """A callback with its cookie, copied to another node: what each has spent is its own; X gives nothing twice."""
    three.db.clear()
    flow = three.browser().begin()
    copy = flow.browser.clone()
    url = flow.callback("alice")
    for node in three.nodes:
        node.allow_log("TW0204")

    seen = []       # also what a node answered that the balancer chose instead

    def arrive(browser):
        seen.append(browser.get(url, site="cross-site"))
        return seen[-1]

    three.turn_to(0)
    answers = (together(lambda: arrive(flow.browser), lambda: arrive(copy)) if at_once
               else [three.at(0, lambda: arrive(flow.browser)), three.at(1, lambda: arrive(copy))])
    assert len({where(a) for a in answers}) == 2 or at_once
    assert [a.status == 302 and a.cookie(SESSION) is not None for a in seen].count(True) == 1
    assert three.db.value("SELECT count(*) FROM twauth_session") == 1


# ends of sessions

@protocols
@pytest.mark.parametrize("form", [{}, {"everywhere": "1"}], ids=["here", "everywhere"])
def test_SE_5_sign_out_at_one_is_one_everywhere(three, alice, form):
    """At once where it was done, on the others when they ask: within the recheck interval."""
    copy, other = alice.clone(), signed_in(three, "alice")
    assert everywhere(three, copy) == ["alice"] * 3
    done = where(alice.sign_out(**form))
    assert everywhere(three, copy)[done] is None
    three.clock.forward(60)
    assert everywhere(three, copy) == [None] * 3
    assert everywhere(three, other) == [None if form else "alice"] * 3


@protocols
@pytest.mark.parametrize("sql", ["UPDATE twauth_account SET active = 0", "DELETE FROM twauth_session",
                                 "DELETE FROM twauth_account"])
def test_SE_6_administrator_ends_it_for_all(three, alice, sql):
    assert everywhere(three, alice) == ["alice"] * 3
    three.db.execute(sql)
    three.clock.forward(60)
    assert everywhere(three, alice) == [None] * 3
    three.db.clear()


# keys

def test_CR_2_keys_are_exchanged_node_by_node(make_site, make_httpd):
    """New key last everywhere, then first everywhere, then the old one out: nobody is signed out, nor his token lost."""
    cluster = Cluster(make_site, make_httpd, 3, config=CONFIG).start()
    old = cluster.first.key
    new = cluster.first.secret("key2", "bmV3LWtleS1vZi10aGUtdGVzdHMtYmVoaW5kLXRoZS1iYWxhbmNlci0wMTIzNDU2Nzg5")
    alice = signed_in(cluster, "alice")
    token = alice.get("/members/").headers["X-Token"]
    idle = signed_in(cluster, "carol")
    wrong, asked, stop = [], [], threading.Event()

    def goes_on():
        browser = signed_in(cluster, "dave")
        while not stop.wait(0.05):
            answer = browser.get("/members/")
            asked.append(answer.status)
            if answer.status != 200 or who(answer) != "dave":
                wrong.append(answer)

    def round_of(*keys):
        for number, node in enumerate(cluster.nodes):
            flow = cluster.browser().begin("/members/")
            url, so_far = flow.callback("bob"), len(asked)
            cluster.use_keys(*keys, nodes=[node])
            node.graceful()
            assert process.until(lambda: len(asked) > so_far + 2, timeout=SLACK), "nobody asks meanwhile"
            assert who(flow.arrive(url)) == "bob"
            seen = [cluster.at(n, lambda: alice.get("/members/")) for n in range(3)]
            assert [(who(a), a.headers["X-Token"]) for a in seen] == [("alice", token)] * 3, (keys, number)

    thread = threading.Thread(target=goes_on)
    thread.start()
    try:
        round_of(old, new)
        round_of(new, old)
        assert who(idle.get("/members/")) == "carol"
        round_of(new)
    finally:
        stop.set()
        thread.join()
    assert not wrong, wrong[0]
    assert everywhere(cluster, idle) == ["carol"] * 3
    cluster.stop()


# a node dies

@protocols
def test_CF_4_one_node_dies_and_nobody_is_signed_out(make_site, make_httpd):
    cluster = Cluster(make_site, make_httpd, 3, config=CONFIG).start()
    alice, flows = signed_in(cluster, "alice"), [cluster.browser().begin("/members/") for _ in range(5)]
    assert any(where(flow.steps[-1]) == 1 for flow in flows)
    cluster.balancer.allow_log(BALANCER)
    cluster.kill(1)
    for _ in range(12):
        assert CANARY in alice.get("/members/").text
    assert [who(flow.approve("carol")) for flow in flows] == ["carol"] * 5
    assert all(cluster.browser().sign_in("bob").status == 200 for _ in range(6))
    cluster.clock.forward(61)
    assert who(alice.get("/members/")) == "alice"
    cluster.nodes[1].httpd.allow_log("AH00098")
    cluster.nodes[1].start()
    cluster.balancer.restart()      # it would let the new node catch up with the others
    assert everywhere(cluster, alice) == ["alice"] * 3
    cluster.stop()


# limits

def test_limits_know_the_clients_behind_the_balancer(make_site, make_httpd):
    cluster = Cluster(make_site, make_httpd, 3, config="TwAuthStartLimit 2/h 60000/h").start()

    def begin(address):
        browser = cluster.browser()
        return browser.get(browser.get("/members/").location, headers={"X-Forwarded-For": address}).status

    statuses = [begin("203.0.113.5") for _ in range(12)]
    assert statuses.count(302) == 2 * len(cluster.nodes) and set(statuses) == {302, 429}, statuses
    assert begin("203.0.113.6") == 302
    cluster.stop()
