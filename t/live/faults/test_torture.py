# SPDX-License-Identifier: Apache-2.0
"""Every call that may fail fails once: nobody gets in by it, no child dies, the log says why, the next request works.

The calls of a scenario are counted by their kinds (harness/torture.py), and then it is played once for each of them.
What was found is in build/torture.txt, a line for each scenario, protocol and database.
"""

import os
import re
from pathlib import Path
from zlib import crc32

import pytest

from harness import invitation, process, signing
from harness.browser import BROKEN
from harness.httpd import ONE_CHILD, HttpdError, VHost
from harness.paths import MODULE, TREE
from harness.site import CANARY, PROTECTED
from harness.standin import StandInError
from harness.torture import CHILDREN, KINDS, PARENT, Torture, named

protocols = pytest.mark.protocols("oauth1", "oauth2")
pytestmark = [pytest.mark.databases("sqlite", "pgsql"), pytest.mark.mpms("event")]
REPORT = TREE / os.environ.get("TWAUTH_BUILD", "build") / "torture.txt"
MESSAGES = set(re.findall(r"^\| (TW\d{4}) ", (TREE / "docs" / "messages.md").read_text(), re.M))
#: What is said of a sign-in and of a sign-out that work.
ORDINARY = {"TW0216", "TW0220"}
#: One process, which does one thing after the other.
ONE_PROCESS = "StartServers 1\nServerLimit 1\nMaxRequestWorkers 1\nMinSpareServers 1\nMaxSpareServers 1"
PLACES = """
<Location "/always/">
AuthType Twitter
Require valid-user
TwAuthSessionRecheck 0
</Location>
<Location "/tokens/">
AuthType Twitter
Require valid-user
TwAuthExport env tokens
</Location>
<Location "/twauth/auth/always">
AuthType Twitter
Require valid-user
TwAuthSessionRecheck 0
</Location>
"""
OFFLINE = 'TwAuthScope "tweet.read users.read offline.access"\n'


def tortured(make_site, mpm="event", **more):
    """A site that is told which call fails, not started yet."""
    torture = Torture()
    site = make_site(**{"start": False, "scheme": "http", "cgi": False, "mpm": mpm, "preload": torture.preload,
                        "mpm_config": ONE_PROCESS if mpm == "prefork" else ONE_CHILD, "env": torture.env} | more)
    site.torture = torture
    site.httpd.twauth_loglevel = "info"
    return site


@pytest.fixture(scope="module")
def site(make_site, standin, authority, protocol, mpm):
    lines = signing.config(standin, authority, options="disablereuse=on") + PLACES
    site = tortured(make_site, mpm, modules=(*signing.MODULES, "ssl"), config=lines +
                    f'TwAuthProviderCAFile "{authority.ca}"\n' + OFFLINE * (protocol == "oauth2"))
    if mpm == "prefork":
        site.torture.workers = CHILDREN
    for folder in ("always", "tokens"):
        site.httpd.put(f"{folder}/index.html", f"{folder}: {CANARY}")
    start(site)
    return site


@pytest.fixture(scope="module")
def invites(make_site, protocol):
    """Nobody comes in without an invitation but those who are members."""
    site = tortured(make_site, config="TwAuthSignUp Invite")
    for name, number in (("alice", "1001"), ("bob", "1002")):
        site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES (?, ?)", number, name)
    start(site)
    return site


@pytest.fixture(scope="module")
def hub(make_site, protocol):
    """A host of another domain, whose people sign in at a hub on the same httpd."""
    site = tortured(make_site, scheme="https")
    site.hub, site.vhost.name, site.vhost.aliases = site.vhost, "login.third.test", ()
    site.standin.register(site.url("/twauth/callback"))
    site.vhost = VHost("a.site.test", config=f'TwAuthKey "file:{site.key}"\nTwAuthHub {site.hub.origin}\n'
                       f'TwAuthStartLimit 60000/min 60000/min\n{PROTECTED}')
    site.hub.config += f"\nTwAuthHubFor {site.vhost.origin}"
    site.httpd.vhosts.append(site.vhost)
    start(site)
    return site


def start(site):
    site.torture.parent(0)
    site.start()
    for name in ("alice", "bob"):
        assert CANARY in site.browser().sign_in(name).text


# What people do: each gives back the answers, None for one that was lost

def ask(act):
    try:
        return act()
    except BROKEN:
        return None


def walk(site, browser, path="/members/"):
    """As far as alice gets."""
    answers, came_from = [], "none"
    while len(answers) < 12:
        answers.append(ask(lambda: browser.get(path, site=came_from)))
        if not answers[-1] or not answers[-1].location:
            break
        path = answers[-1].location
        if site.standin.owns(path):
            path, came_from = site.standin.approve(path, "alice"), "cross-site"
    return answers


def first(site):
    """Alice signs in, and has no account."""
    browser = site.browser()

    def prepare():
        site.db.execute("DELETE FROM twauth_account WHERE twitter_id = '1001'")

    return browser, prepare, lambda: walk(site, browser)


def again(site):
    """Alice signs in, and has an account; each call to X is a new connection."""
    browser = site.browser()

    def act():
        site.torture.fresh(1)
        answers = walk(site, browser)
        site.torture.fresh(0)
        return answers

    return browser, lambda: None, act


def signed_in(site):
    browser = site.browser()
    return browser, lambda: browser.sign_in("alice")


def recheck(site):
    """The row of alice's session is asked for."""
    browser, prepare = signed_in(site)
    return browser, prepare, lambda: [ask(lambda: browser.get("/always/"))]


def signout(site):
    browser, prepare = signed_in(site)
    return browser, prepare, lambda: [ask(browser.sign_out)]


def refresh(site):
    """The page of an application that gets a token, which is over."""
    browser, sign_in = signed_in(site)

    def prepare():
        sign_in()
        site.db.execute("UPDATE twauth_account SET token_expires_at = 1, token_refresh_at = NULL WHERE twitter_id = '1001'")

    return browser, prepare, lambda: [ask(lambda: browser.get("/tokens/"))]


def session(site):
    """A page's script asks who is signed in."""
    browser, prepare = signed_in(site)
    return browser, prepare, lambda: [ask(lambda: browser.fetch("/twauth/session"))]


def signed(site):
    """A call to X that is signed as alice."""
    browser, prepare = signed_in(site)
    return browser, prepare, lambda: [ask(lambda: signing.call(browser, "POST", "/x-api/2/echo", "a=b"))]


def front(site):
    """A server in front asks whether alice may."""
    browser, prepare = signed_in(site)
    return browser, prepare, lambda: [ask(lambda: browser.get("/twauth/auth/always"))]


def account(site):
    """On the page of her account alice ends her session in another browser."""
    browser, sign_in = signed_in(site)
    browser.other = site.browser()

    def prepare():
        site.db.execute("DELETE FROM twauth_session")
        sign_in()
        browser.other.sign_in("alice")

    def act():
        page = ask(lambda: browser.get("/twauth/account"))
        form = re.search(r'<form .*?name="action" value="end".*?</form>', page.text if page else "", re.S)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0])) if form else {}
        return [page, *([ask(lambda: browser.post("/twauth/account", fields))] if form else [])]

    return browser, prepare, act


def invited(site):
    """Alice has no account, and an invitation."""
    browser = site.browser()

    def prepare():
        site.db.execute("DELETE FROM twauth_account WHERE twitter_id = '1001'")
        site.db.execute("DELETE FROM twauth_invitation")
        site.secret_of_invitation = invitation.make(site.db)

    return browser, prepare, lambda: walk(site, browser, invitation.path(site.secret_of_invitation, "/members/"))


def by_hub(site):
    """Alice signs in at a hub, and is nowhere signed in yet."""
    browser = site.browser()
    return browser, lambda: None, lambda: walk(site, browser)


# What must hold

def rows(site):
    return site.db.value("SELECT count(*) FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id"
                         " WHERE a.twitter_id = '1001'")


def who(browser):
    said = browser.whoami()
    return said["username"], said["screen_name"], said["id"]


def children(site):
    return set(site.httpd.children())


class Round:
    """One play of a scenario, with one call that fails."""

    def __init__(self, site, scenario, kind, number):
        self.site, self.torture, self.kind = site, site.torture, kind
        self.browser, prepare, act = scenario(site)
        self.wrong = []
        prepare()
        self.old = self.browser.clone()
        before, self.mark = children(site), site.log.mark()
        with self.torture.failing(kind, number):
            self.answers = act()
        self.failed = self.torture.failed
        if not site.httpd.running:
            start(site)
        self.judge_answers()
        self.judge_session(scenario)
        self.judge_scenario(scenario)
        self.judge_next()
        if children(site) != before:
            self.wrong.append(f"a child died: {before} {children(site)}")

    def complaint(self, title):
        lines = "\n".join(str(line)[:250] for line in self.site.log.lines(self.mark) if line.number)
        return self.wrong and (f"{title}: {'; '.join(self.wrong)}\n{named(self.failed, MODULE)}\n"
                               f"{[a and a.status for a in self.answers]}\n{lines[:3000]}")

    def told(self):
        """The numbers of the log that have an advice; at info where the same was said a moment ago."""
        return [number for number in self.site.log.numbers(self.mark) if number in MESSAGES - ORDINARY]

    def judge_answers(self):
        lost = [a for a in self.answers if a is None]
        # nobody gets an answer by a connection that breaks as it is written, or as a form was read; whether the module's own
        # filter of answers stands in the way to the former is the compiler's to say
        broke = self.failed.startswith("writev\n") or "TW0615" in self.told()
        if lost and "mod_twauth" in self.failed and not broke:
            self.wrong.append("no answer")
        for answer in filter(None, self.answers):
            for where in (answer.text, answer.headers.get("Location", "")):
                if secret := self.site.canaries.find(where):
                    self.wrong.append(f"{secret} in an answer")
            if self.kind == "seal" and answer.status == 401:
                continue                # a cookie that is none is a guest's
            if answer.status >= 500 or answer.status >= 400 and answer is self.answers[-1]:
                if "mod_twauth" in self.failed and not self.told():
                    self.wrong.append(f"{answer.status} without a word")

    def judge_session(self, scenario):
        answer = self.browser.get("/members/")
        signed_in = CANARY in answer.text
        if signed_in and (rows(self.site) < 1 or who(self.browser) != ("alice", "alice", "1001")):
            self.wrong.append("a session without a row, or another's")
        if not signed_in and answer.status not in (302, 401):
            self.wrong.append(f"the next page: {answer.status}")
        if any(a and CANARY in a.text for a in self.answers) and not signed_in:
            self.wrong.append("a page without a session")
        self.signed_in = signed_in

    def judge_scenario(self, scenario):
        """What holds in one of them alone."""
        last = self.answers[-1]
        if scenario is signout and last and last.status == 303 and CANARY in self.old.get("/members/").text:
            self.wrong.append("signed out, and still in")
        if scenario is account and last and last.status == 303 and CANARY in self.browser.other.get("/members/").text:
            self.wrong.append("ended, and still in")
        if scenario is front and last and last.status == 200 and last.headers.get("X-Twauth-Id") != "1001":
            self.wrong.append("told of another")
        if scenario is invited and self.signed_in \
                and self.site.db.value("SELECT used_by FROM twauth_invitation") != "1001":
            self.wrong.append("in without an invitation")

    def judge_next(self):
        bob = self.site.browser()
        try:
            answer = bob.sign_in("bob")
        except (AssertionError, OSError, StandInError) as failure:
            answer = None
            self.wrong.append(f"the next sign-in: {str(failure)[:300]}")
        if answer and (CANARY not in answer.text or who(bob) != ("bob", "bob", "1002")):
            self.wrong.append(f"the next sign-in: {answer.status}")


def chosen(calls, most, name):
    """At the most so many of the calls (0: all, -1: none), spread over them; for another name others."""
    step = -(-calls // most) if most > 0 else 1
    return range(1 + crc32(name.encode()) % max(1, step), calls + 1, max(1, step)) if most >= 0 else ()


def report(text):
    REPORT.parent.mkdir(exist_ok=True)
    with open(REPORT, "a") as file:
        file.write(text + "\n")


class Count:
    """How many calls of a scenario there are, how many were to fail and did, and what went wrong then."""

    def __init__(self, site, scenario, calls):
        self.site, self.calls = site, calls
        mpm = site.httpd.mpm
        self.name = f"{scenario}, {site.protocol}, {site.db.kind}" + (f", {mpm}" if mpm != "event" else "")
        self.done, self.failed, self.wrong = 0, 0, []

    def add(self, failed, wrong):
        self.done += 1
        self.failed += bool(failed)
        if wrong:
            self.wrong.append(wrong)
            report(f"{self.name}: {wrong}\n")

    def judge(self):
        self.site.allow_log(".")
        kinds = ", ".join(f"{kind} {n}" for kind, n in self.calls.items() if n)
        report(f"{self.name}: {sum(self.calls.values())} calls ({kinds}); "
               f"{self.failed} of {self.done} failed, {len(self.wrong)} wrong")
        assert not self.wrong, "\n\n".join(self.wrong[:10])
        # what is done once in a while is not done in each play: a renewal, a connection, what the last thread had kept
        assert self.failed * 2 > self.done, "too few calls were come to"


def torture(site, scenario, most):
    """Each call fails, of a kind at the most `most[kind]`, and there is nothing to complain of."""
    for _ in range(2):          # what is made once, and kept, is there then
        _, prepare, act = scenario(site)
        prepare()
        calls = site.torture.count(act)
    count = Count(site, scenario.__name__, calls)
    for kind in KINDS:
        for number in chosen(calls[kind], most.get(kind, most["*"]), count.name + kind):
            turn = Round(site, scenario, kind, number)
            count.add(turn.failed, turn.complaint(f"{scenario.__name__} {kind} {number}"))
    count.judge()


SOME, ALL = {"*": 1, "wait": 2, "tls": -1}, {"*": 0, "tls": 50}
scenarios = pytest.mark.parametrize("scenario", [first, again, recheck, session, signout, signed, front, account,
                                                 pytest.param(refresh, marks=pytest.mark.protocols("oauth2"))])


@protocols
@scenarios
def test_each_call_fails_once(site, full, scenario):
    torture(site, scenario, full(SOME, ALL))


@pytest.mark.mpms("prefork")
def test_each_call_fails_once_in_other_processes(site):
    """A sample; the next test has all of them."""
    torture(site, first, SOME)


@pytest.mark.full
@pytest.mark.mpms("worker", "prefork")
@protocols
@scenarios
def test_each_call_of_each_scenario_fails_once_in_other_processes(site, scenario):
    torture(site, scenario, ALL)


@pytest.mark.protocols("oauth2")
def test_each_call_of_an_invitation_fails_once(invites, full):
    torture(invites, invited, full(SOME, ALL))


@pytest.mark.protocols("oauth2")
def test_each_call_by_way_of_a_hub_fails_once(hub, full):
    torture(hub, by_hub, full(SOME, ALL))


def test_what_cannot_be_said_for_lack_of_memory(site):
    """Answers in JSON: of the session, and of a call to X that is refused."""
    site.expect_log("TW0605", "TW0606")
    alice = site.browser()
    alice.sign_in("alice")
    with site.torture.failing("provider", 1):
        assert alice.fetch("/twauth/session").status == 500
    with site.torture.failing("provider", 1):
        assert signing.call(alice, "PROPFIND", "/x-api/2/echo").status == 500


# Starts, and graceful restarts

@pytest.fixture(scope="module")
def lean(make_site, protocol):
    """Nothing but the module."""
    site = tortured(make_site)
    start(site)
    return site


def serves(site, before):
    """Wait for children that were not there before: whether they come."""
    return site.httpd.running and process.until(lambda: not site.httpd.running or any(
        len(list(Path(f"/proc/{pid}/task").glob("*"))) > 4 for pid in children(site) - before)) and site.httpd.running


def starts(site):
    """Begins anew: whether it is there."""
    site.torture.parent(0)
    try:
        site.start()
    except HttpdError:
        return False
    return serves(site, set())


def restarts(site):
    """A graceful restart: whether it is there."""
    before = children(site)
    try:
        site.graceful()
    except HttpdError:
        return False
    return serves(site, before)


def well(site):
    """Whether people can sign in; the first may meet a child that has just gone."""
    answers = [ask(lambda: site.browser().sign_in("alice")) for _ in range(2)]
    return any(answer is not None and CANARY in answer.text for answer in answers)


def begin_anew(site, how, kind, number, whose):
    """What is wrong with one start or restart, in which a call fails."""
    stderr, mark = site.httpd._stderr.mark(), site.log.mark()
    with site.torture.failing(kind, number, whose):
        there = how(site)
    failed = site.torture.failed
    said = site.httpd._stderr.since(stderr) + site.log.since(mark)
    wrong = []
    if "exit signal" in said:
        wrong.append("a child died")
    if not there and not (failed and re.search(r"\b(TW|AH)\d{4,5}: |apache2: |httpd: ", said)):
        wrong.append("no server, and no word")
    if not there and "mod_twauth" in failed and not re.search(r"TW\d{4}: ", said):
        wrong.append("no server, and no word of the module's")
    if there:
        try:
            if not well(site):
                wrong.append("nobody can sign in")
        except (AssertionError, StandInError) as failure:
            if not ("TW0106" in said and "libnss3" in failed):     # NSS, of liboauth, starts once in a process
                wrong.append(f"nobody can sign in: {str(failure)[:200]}")
    elif site.httpd.running:            # httpd's own: children of before that were not told, and the like
        if "mod_twauth" in failed:
            wrong.append("nobody serves")
        site.stop()
    elif site.httpd._process.popen.returncode < 0:
        wrong.append(f"ended by {site.httpd._process.popen.returncode}")
    return failed, wrong and (f"{how.__name__} {whose} {kind} {number}: {'; '.join(wrong)}\n{named(failed, MODULE)}\n"
                              f"{said[:3000]}")


whose_start = pytest.mark.parametrize("whose", [PARENT, CHILDREN], ids=["parent", "children"])
which_start = pytest.mark.parametrize("how", [restarts, starts])


@whose_start
@which_start
def test_each_call_of_a_start_fails_once(lean, full, how, whose):
    torture_start(lean, how, whose, full({"*": -1, "memory": 1, "resource": 1, "io": 1, "statement": 1}, {"*": 100}))


@pytest.mark.full
@pytest.mark.protocols("oauth2")
@whose_start
@which_start
def test_each_call_of_a_start_fails_once_under_oauth_2(lean, how, whose):
    torture_start(lean, how, whose, {"*": 60})


def torture_start(site, how, whose, most):
    def anew(act, kind=None):
        # the version of the tables is looked at some times in an hour, and then no more
        if site.httpd.running and (how is starts or kind in ("statement", "lost")):
            site.stop()
        if how is restarts and not site.httpd.running:
            start(site)
        return act()

    calls = anew(lambda: site.torture.count(lambda: how(site), whose))
    count = Count(site, f"{how.__name__} ({'children' if whose == CHILDREN else 'parent'})", calls)
    for kind in KINDS:
        for number in chosen(calls[kind], most.get(kind, most["*"]), count.name + kind):
            count.add(*anew(lambda: begin_anew(site, how, kind, number, whose), kind))
    count.judge()


def test_httpd_does_not_start_without_libsodium(lean):
    lean.expect_log("TW0607")
    lean.allow_log("AH00017", "AH00098")
    with lean.torture.failing("seal", 1, PARENT):
        assert not restarts(lean)
    start(lean)
