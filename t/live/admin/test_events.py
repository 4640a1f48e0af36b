# SPDX-License-Identifier: Apache-2.0
"""TwAuthEventLog: what happens, a JSON object a line, in a file or for a program; TwAuthLogAddress. LG-1, LG-2, LG-3."""

import json
import re
import time

import pytest

from harness import invitation
from harness.checks import together
from harness.process import until
from harness.signin import Flow
from harness.site import PROTECTED

pytestmark = [pytest.mark.protocols("oauth1", "oauth2"), pytest.mark.databases("sqlite", "pgsql")]
FIELDS = ["time", "event", "reason", "host", "account", "id", "username", "screen_name", "address", "browser", "reference",
          "unique_id", "traceparent", "why"]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PLACES = PROTECTED + """\
<Location "/handle/">
AuthType Twitter
Require valid-user
TwAuthRemoteUser screen_name
</Location>
<Location "/bank/">
AuthType Twitter
Require valid-user
TwAuthFresh 1s
</Location>
"""


class Events:
    """The lines of an event log, each judged as it is read."""

    def __init__(self, site, file):
        self.site, self.file, self.read = site, file, 0

    def text(self):
        return self.file.read_bytes().decode("ascii") if self.file.exists() else ""

    def all(self):
        lines = self.text().split("\n")
        assert lines.pop() == ""
        return [self.judged(line) for line in lines]

    def judged(self, line):
        event = json.loads(line)
        assert [name for name in FIELDS if name in event] == list(event), "these fields, in this order"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])
        assert event["host"] == self.site.vhost.name
        return event

    def fresh(self):
        """Those since it was last asked."""
        events = self.all()
        fresh, self.read = events[self.read:], len(events)
        return fresh

    def wait(self, *kinds):
        """The events, once there are as many, of the given kinds: "refused" or "refused inactive"."""
        assert until(lambda: len(self.all()) >= self.read + len(kinds)), self.all()[self.read:]
        fresh = self.fresh()
        assert [kind_of(event) for event in fresh] == list(kinds)
        return fresh


def kind_of(event):
    return " ".join(filter(None, (event["event"], event.get("reason"))))


def reference(answer):
    return re.search(r"Reference: (\w{8})<", answer.text)[1]


def site_of(make_site, to, config="", **more):
    return make_site(modules=("unique_id", "remoteip"), protected=PLACES, loglevel="warn", twauth_loglevel="warn",
                     main="RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1",
                     config=f'TwAuthEventLog {to}\nTwAuthSessionRecheck 0\nTwAuthSessionProtection Strong\n'
                            f'TwAuthClaimByHandle On\nTwAuthSessionGrace 0\n{config}', **more)


@pytest.fixture(scope="module")
def site(make_site):
    site = site_of(make_site, "events.log")
    site.events = Events(site, site.httpd.folder / "events.log")
    return site


@pytest.fixture
def events(site):
    """Nothing is left of another test."""
    site.db.clear()
    site.allow_log("TW02", "TW03", "TW04", "AH", r"\[dbd:")
    site.events.fresh()
    return site.events


def change(site, lines):
    """The configuration with other lines at its end."""
    site.vhost.config = site.vhost.config.partition("\n# changed")[0] + f"\n# changed\n{lines}"
    site.graceful()
    site.events.wait("admin restarted")


def test_somebody_comes_and_goes(site, events):
    browser = site.browser()
    browser.sign_in("bob")
    created, signed_in = events.wait("account-created new", "signed-in")
    account = site.db.value("SELECT id FROM twauth_account")
    who = {"account": account, "id": "1002", "username": "bob", "screen_name": "bob"}
    for event in (created, signed_in):
        assert event.items() >= {**who, "address": "127.0.0.1", "browser": browser.agent}.items()
        assert re.fullmatch(r"[\w@-]{20,}", event["unique_id"])
    assert abs(time.time() - site.db.value("SELECT created_at FROM twauth_session")) < 60
    browser.sign_out()
    assert events.wait("signed-out here")[0].items() >= who.items()
    browser = site.browser()
    browser.sign_in("bob")
    events.wait("signed-in")
    browser.sign_out(everywhere="1")
    assert events.wait("signed-out everywhere")[0].items() >= who.items()


def test_another_account_takes_the_place(site, events):
    browser = site.browser()
    browser.sign_in("alice")
    events.fresh()
    site.db.execute("INSERT INTO twauth_account (twitter_id, screen_name) VALUES (?, ?)", "handle:bob", "bob")
    answer = browser.get("/twauth/login?switch=1&next=%2Fmembers%2F", site="same-origin")
    browser.get(site.standin.approve(answer.location, "bob"), site="cross-site")
    claimed, replaced, _ = events.wait("account-created claimed", "session-ended replaced", "signed-in")
    assert (claimed["username"], replaced["username"]) == ("bob", "alice")


def test_cancelled(site, events):
    site.browser().begin("/members/").deny()
    assert "account" not in events.wait("cancelled")[0]


def test_refused_with_a_reference_that_the_page_shows(site, events):
    site.browser().sign_in("bob")
    site.db.execute("UPDATE twauth_account SET active = 0")
    events.fresh()
    answer = site.browser().begin("/members/").approve("bob")
    event, = events.wait("refused inactive")
    assert event["reference"] == reference(answer) and event["id"] == "1002" and event["why"]
    assert f"reference {reference(answer)}" in site.log.since()
    change(site, "TwAuthSignUp Off")
    answer = site.browser().begin("/members/").approve("carol")
    event, = events.wait("refused no-account")
    assert event["reference"] == reference(answer) and event["screen_name"] == "carol" and "account" not in event
    change(site, "")


def test_who_asks_and_who_is_invited(site, events):
    change(site, "TwAuthSignUp Ask")
    site.db.execute("DELETE FROM twauth_invitation")
    answer = site.browser().begin("/members/").approve("carol")
    made, refused = events.wait("account-created asks", "refused waiting")
    assert made["id"] == refused["id"] == "1003" and made["account"] and refused["reference"] == reference(answer)
    site.db.execute("UPDATE twauth_account SET created_at = 1")
    secret, browser = invitation.make(site.db), site.browser()
    Flow(browser, browser.get(invitation.path(secret))).approve("carol")
    invited, = events.wait("signed-in invited")
    assert invited["username"] == "carol" and secret not in str(events.all())
    browser = site.browser()
    Flow(browser, browser.get(invitation.path(secret))).approve("dave")
    assert events.wait("refused invitation")[0]["id"] == "1004"
    change(site, "")


def test_refused_at_a_place(site, events):
    browser = site.browser()
    browser.sign_in("bob")
    events.fresh()
    assert browser.get("/admin/").status == 403
    assert events.wait("refused forbidden")[0]["username"] == "bob"
    site.db.execute("UPDATE twauth_account SET screen_name = ''")
    assert browser.get("/handle/").status == 403
    assert events.wait("refused no-name")[0]["id"] == "1002"
    browser.post("/twauth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert events.wait("refused csrf")[0]["id"] == "1002"


def test_refused_on_the_way(site, events):
    browser = site.browser()
    browser.get(f"/twauth/callback?{site.key_name}=x&{site.proof_name}=y", site="cross-site")
    events.wait("refused expired")
    other = site.browser()
    answer = other.get("/twauth/login", cookies=False, follow=True)
    assert answer.status == 400
    events.wait("refused no-cookies")
    other.sign_in("alice")
    events.fresh()
    time.sleep(1.1)
    assert other.begin("/bank/").approve("bob").status == 403
    assert events.wait("refused other-person")[0]["screen_name"] == "bob"


def test_sessions_that_end(site, events):
    browser = site.browser()
    browser.sign_in("alice")
    thief = browser.clone()
    site.db.execute("DELETE FROM twauth_session")
    events.fresh()
    browser.get("/members/")
    assert events.wait("session-ended ended")[0]["username"] == "alice"
    thief.sign_in("alice")
    events.fresh()
    thief.get("/members/", headers={"X-Forwarded-For": "203.0.113.7", "traceparent": TRACE})
    event, = events.wait("session-ended elsewhere")
    assert event["address"] == "203.0.113.7" and event["username"] == "alice"


def test_limits(site, events):
    for lines, kind in (("TwAuthStartLimit 1/h", "limit client"), ("TwAuthStartLimit 100/s 1/h", "limit all")):
        change(site, lines)
        answers = [site.browser().get("/members/", follow=2) for _ in range(4)]
        assert {answer.status for answer in answers} & {429, 503}
        assert kind in {kind_of(event) for event in events.fresh()}
    change(site, "")


def pending(site, count):
    """So many people on their way back from X."""
    flows = [site.browser().begin("/members/") for _ in range(count)]
    return [(flow, flow.callback("alice")) for flow in flows]


def test_X_fails_and_comes_back(site, events):
    back = pending(site, 6)
    site.standin.fault(site.exchange_path, "status", times=5, status=503)
    answers = [flow.arrive(url) for flow, url in back[:5]]
    *failed, down, last = events.wait(*["provider failed"] * 4, "provider down", "provider failed")
    assert [event["reference"] for event in [*failed, last]] == [reference(answer) for answer in answers]
    assert all("503" in event["why"] for event in [*failed, down, last])
    flow, url = back[5]
    assert until(lambda: flow.arrive(url).status == 200, every=.2)
    events.wait("provider up", "account-created new", "signed-in")


def test_X_refuses_a_person_and_has_no_lease(site, events):
    (flow, url), *others = pending(site, 6)         # one of them gets the lease; not all others come when it is free again
    site.standin.fault(site.exchange_path, "status", status=403,
                       body='{"errors":[{"code":64,"message":"Your account is suspended"}]}')
    answer = flow.arrive(url)
    event, = events.wait("refused by-x")
    assert event["reference"] == reference(answer)
    change(site, "TwAuthProviderCalls 1\nTwAuthProviderTimeout 3s")
    site.standin.fault(site.exchange_path, "hang", times=None)
    together(*[lambda flow=flow, url=url: flow.arrive(url) for flow, url in others])
    assert {kind_of(event) for event in events.fresh()} == {"provider failed", "limit calls"}
    site.standin.clear_faults()
    change(site, "")


def test_the_database_goes_and_comes_back(site, events):
    browser, flow = site.browser(), site.browser().begin("/members/")
    browser.sign_in("alice")
    url = flow.callback("bob")
    events.fresh()
    with site.db.away():
        answer = browser.get("/members/")
        down, failed = events.wait("database down", "database failed")
        assert failed["reference"] == reference(answer) and failed["username"] == "alice" and down["why"]
        stored = flow.arrive(url)
        event = [event for event in events.fresh() if kind_of(event) == "refused not-stored"][0]
        assert event["reference"] == reference(stored)
        browser.sign_out()
        assert "signed-out row-left" in [kind_of(event) for event in events.fresh()]
    assert until(lambda: site.browser().begin("/members/").approve("bob").status == 200)
    assert "database up" in [kind_of(event) for event in events.fresh()]


def test_the_page_of_ones_account(site, events):
    browser, other = site.browser(), site.browser()
    browser.sign_in("alice")
    other.sign_in("alice")
    events.fresh()
    assert browser.post("/twauth/account", {"action": "end-others"}).status == 303
    assert events.wait("session-ended by-owner")[0].items() >= {"username": "alice", "why": "1 of their sessions"}.items()
    assert browser.post("/twauth/account", {"action": "revoke"}).status == 303
    events.wait("provider revoked")
    change(site, "TwAuthAccountDelete On")
    assert browser.post("/twauth/account", {"action": "delete", "sure": "1"}).status == 303
    assert events.wait("signed-out account-deleted")[0]["username"] == "alice"
    change(site, "")


def test_a_dozen_at_once_make_one_account(site, events):
    """It is told once that the account is new."""
    flows = [site.browser().begin("/members/") for _ in range(12)]
    back = [(flow, flow.callback("dave")) for flow in flows]
    together(*[lambda flow=flow, url=url: flow.arrive(url) for flow, url in back])
    told = [kind_of(event) for event in events.fresh()]
    assert told.count("account-created new") == 1 and told.count("signed-in") == 12


def test_no_secret_is_in_an_event(site, events):
    """Of all that the tests before have done: keys, tokens, verifiers, cookies; and what a visitor writes stays text."""
    browser = site.browser()
    browser.agent = '"},\\x7f\\x01{"event":"signed-in"}' + "A" * 5000
    browser.begin("/members/").deny()
    assert len(events.wait("cancelled")[0]["browser"]) < 1000
    assert len(events.all()) > 30 and site.canaries.find(events.text()) == []
    assert max(map(len, events.text().split("\n"))) < 4096
    assert events.file.stat().st_mode & 0o7777 == 0o640


@pytest.fixture(scope="module")
def silent(make_site):
    """A program takes the events, which say nothing of addresses."""
    return site_of(make_site, '"|$cat >> piped.log"', "TwAuthLogAddress Off")


def test_TwAuthLogAddress_Off(silent):
    events = Events(silent, silent.httpd.folder / "piped.log")
    browser = silent.browser()
    browser.sign_in("alice")
    for event in events.wait("admin started", "account-created new", "signed-in"):
        assert not {"address", "browser"} & set(event)
    assert silent.db.row("SELECT address, user_agent FROM twauth_session") == {"address": "", "user_agent": ""}
    assert "127.0.0.1" not in events.text() and "Mozilla" not in events.text()
    assert browser.get("/members/").status == 200
    thief = browser.clone()
    thief.get("/members/", headers={"X-Forwarded-For": "203.0.113.7"})
    silent.allow_log("TW0440")
    assert "203" not in str(events.wait("session-ended elsewhere")[0].get("address", ""))
    assert silent.canaries.find(events.text()) == []
