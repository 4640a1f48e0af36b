# SPDX-License-Identifier: Apache-2.0
"""What people do at a site, by chance, and what they may and may not see of it.

Each person has a number at X, a few windows at two hosts of one server, and a thread. Every answer is judged where
it comes in: a page shows its own user to its own user, whatever fails; what else may happen depends on the trouble there is.
"""

import base64
import random
import time
from collections import Counter, deque

from harness import browser, http2, urls
from harness.checks import PRE, SESSION, is_refused

PAGE = "/members/page.shtml"
OPEN = "/open.shtml"
#: What both pages show of who is asking.
SHOWN = ('user=<!--#echo var="REMOTE_USER" --> id=<!--#echo var="TWAUTH_ID" --> '
         'header=<!--#echo var="HTTP_X_TWAUTH_USER" --> cookies=<!--#echo var="HTTP_COOKIE" -->.\n')
NOBODY = "user=(none) id=(none) header=(none)"
LEFT_MAX = 15               # rows a person leaves behind before signing out everywhere; an account keeps 50
TARGETS = ["//evil.example/", "/\\evil.example", "https://evil.example/", "/%09/evil.example", "/%2e%2e//evil.example",
           "javascript:alert(1)", "/twauth/login", "/\tx", "", "/a\r\nSet-Cookie: x=y", "/" + "a" * 2100]


class Wrong(AssertionError):
    """Something that no trouble excuses."""


def is_owed(answer):
    """Whether a sign-out counts here and is still to be done in the database; the page that it leads to says so."""
    return "done=here" in answer.location


class Counted:
    """A browser that counts the statuses it is answered with."""

    tally = None

    def _once(self, *arguments):
        response = super()._once(*arguments)
        self.tally[response.status] += 1
        return response


class Plain(Counted, browser.Browser):
    pass


class Http2(Counted, http2.Browser):
    pass


class Window:
    """A window of one person at one host. signed: whether it has a session; None: it may have lost it."""

    def __init__(self, kind, soak, host, tally):
        self.browser = kind(host.origin, soak.site.authority.ca, soak.site.standin, keep_alive=True)
        self.browser.tally = tally
        self.host = host
        self.signed = False


class Person:
    def __init__(self, soak, number, seed):
        self.soak, self.site = soak, soak.site
        self.chance = random.Random(f"{seed}/{number}")
        self.id, self.name = str(7000 + number), f"person{number}"
        self.tally = Counter()          # statuses
        self.done = Counter()           # what was done
        self.sign_ins = self.doubtful = self.left = 0
        self.last = deque(maxlen=30)    # what was done, for the note on a failure
        self.spent = None               # a callback that was used, and the browser as it was before
        here, there = soak.hosts
        self.windows = [Window(Plain, soak, here, self.tally), Window(Plain, soak, there, self.tally),
                        Window(Http2, soak, here, self.tally)]

    def step(self):
        action, = self.chance.choices(list(ACTIONS), ACTIONS.values())
        window = self.chance.randrange(len(self.windows))
        self.since = time.monotonic()
        self.last.append((f"{self.since:.3f}", action.__name__, window, self.windows[window].signed))
        try:
            action(self, self.windows[window])
        except Exception as failure:
            failure.add_note(f"{self.name} did {[*self.last]}\nthere was {self.soak.trouble.log[-4:]}")
            raise
        self.done[action.__name__] += 1

    def wrong(self, what, answer):
        logged = "\n".join(map(str, self.site.log.lines()[-40:]))       # of any level
        raise Wrong(f"{self.name}: {what}\n{answer}\n{logged}")

    def troubled(self, kind):
        return self.soak.trouble.disturbs(kind, self.since)

    # what may be seen

    def is_own(self, answer):
        return answer.status == 200 and f"user={self.name} id={self.id} " in answer.text

    def is_lost(self, answer):
        """Whether somebody who is signed in should have been known. Where changes may have been missed (TW0581), a copy that
        was not asked about since has no grace when the database is away again."""
        return not self.is_own(answer) and not (answer.status == 503 and self.troubled("db")
                                                and "TW0581" in self.site.log.since())

    def see(self, window):
        """The members' page, as whom this window is."""
        answer = window.browser.get(PAGE)
        if SESSION in answer.text or PRE in answer.text:
            self.wrong("an own cookie was shown to a page", answer)
        if answer.status == 200 and not self.is_own(answer):
            self.wrong("a page was shown to the wrong user", answer)
        if window.signed is None:
            return
        if window.signed and self.is_lost(answer):
            self.wrong("a session was lost", answer)
        if not window.signed and not is_refused(answer):
            self.wrong("a stranger was let in", answer)

    def excused(self, answer):
        """Whether trouble explains that a sign-in came to this."""
        x, db = self.troubled("x"), self.troubled("db")
        return (answer.status in (400, 502, 504) and x) or (answer.status == 503 and (x or db))

    # what people do

    def look(self, window):
        self.see(window)

    def look_at_once(self, window):
        """Several requests of one page: each its own, also at the moment of a renewal."""
        copies = [window.browser.clone() for _ in range(4)]
        for copy in copies:
            if window.signed and self.is_lost(answer := copy.get(PAGE)):
                self.wrong("a session was lost", answer)
            copy.close()

    def ask_who(self, window):
        answer = window.browser.fetch("/twauth/session")
        if answer.status == 503 and self.troubled("db"):
            return
        said = answer.json()
        if said["signed_in"] and (said["id"] != self.id or window.signed is False):
            self.wrong("told to be somebody else", answer)
        if window.signed and not said["signed_in"]:
            self.wrong("a session was lost", answer)

    def to_x(self, window, next):
        """Begin a sign-in: the address at X, or None where trouble kept from it."""
        answer = window.browser.get(f"/twauth/login?switch=1&next={next}", site="same-origin")
        for _ in range(3):
            if answer.status != 302 or self.site.standin.owns(answer.location):
                break
            answer = window.browser.get(answer.location, site="same-origin")
        if answer.status == 302:
            return answer.location
        if not self.excused(answer):
            self.wrong("a sign-in did not begin", answer)
        return None

    def sign_in(self, window):
        to = self.to_x(window, f"{PAGE}%3F{self.chance.randrange(1000)}")
        if not to:
            return
        before = window.browser.clone()
        callback = self.site.standin.approve(to, self.id)
        answer = window.browser.get(callback, site="cross-site")
        if answer.status != 302:
            if not self.excused(answer):
                self.wrong("a sign-in did not end well", answer)
            if answer.cookie(SESSION):
                self.wrong("a session by a sign-in that failed", answer)
            self.doubtful += answer.status == 503
            return
        if not answer.location.startswith(window.host.url(PAGE)) or not answer.cookie(SESSION):
            self.wrong("a sign-in came to another end", answer)
        self.sign_ins += 1
        self.spent = callback, before
        window.signed = True
        self.see(window)

    def cancel(self, window):
        to = self.to_x(window, PAGE)
        if to:
            answer = window.browser.get(self.site.standin.deny(to), site="cross-site")
            if answer.status != 403 or answer.cookie(SESSION):
                self.wrong("Cancel was answered otherwise", answer)
            self.see(window)

    def give_up(self, window):
        self.to_x(window, PAGE)

    def sign_out(self, window, **form):
        copy = window.browser.clone()
        answer = window.browser.sign_out(next=OPEN, **form)
        if answer.status != 303 or (is_owed(answer) and not self.troubled("db")):
            self.wrong("a sign-out was answered otherwise", answer)
        window.signed = False
        if not is_refused(refused := copy.get(PAGE)):
            self.wrong("a copied cookie was good after the sign-out", refused)
        copy.close()
        return answer

    def sign_out_everywhere(self, window):
        if not window.signed:
            return
        answer = self.sign_out(window, everywhere="1")
        if is_owed(answer):
            time.sleep(1)               # what begins in this very second is of the rows that are owed
        self.left = 0
        for other in self.windows:
            if other.signed:
                # what is owed to the database ends the others' rows, and copies are good for the recheck interval
                other.signed = None if is_owed(answer) else False

    def lose_cookies(self, window):
        if window.signed is None or self.left >= LEFT_MAX:
            return self.sign_out_everywhere(window)
        self.left += window.signed
        window.browser.cookies.clear()
        window.signed = False

    # what attackers do

    def refused(self, answer, what):
        if not is_refused(answer):
            self.wrong(f"{what} was taken for a session", answer)

    def forge(self, window):
        good = window.browser.cookies.find(SESSION)
        noise = self.chance.randbytes(130)
        forged = [base64.urlsafe_b64encode(noise).decode().rstrip("="), "", "x" * 3000, "%00", '"; x="']
        if good:
            at = self.chance.randrange(len(good.value))
            other = self.chance.choice("ABCxyz019-_".replace(good.value[at], ""))
            forged += [good.value[:at] + other + good.value[at + 1:], good.value[:at], good.value + "A"]
        forger = window.browser.clone()
        forger.cookies.clear()
        self.refused(forger.get(PAGE, headers={"Cookie": f"{SESSION}={self.chance.choice(forged)}"}), "a forged cookie")
        forger.close()

    def carry_over(self, window):
        """A session of one host at the other; two sessions at once; a session by another cookie's name."""
        here, there, also = (w.browser.cookies.find(SESSION) for w in self.windows)
        thief = self.windows[1].browser.clone()
        thief.cookies.clear()
        if here:
            self.refused(thief.get(PAGE, headers={"Cookie": f"{SESSION}={here.value}"}), "another host's session")
            self.refused(thief.get(PAGE, headers={"Cookie": f"{PRE}={here.value}"}), "another cookie's text")
        if here and also and self.windows[0].signed and self.windows[2].signed:
            answer = thief.get(self.windows[0].host.url(PAGE), headers={"Cookie": f"{SESSION}={here.value}; "
                                                                        f"{SESSION}={also.value}"})
            self.refused(answer, "one of two sessions")
        thief.close()

    def replay(self, window):
        if self.spent:
            callback, before = self.spent
            answer = before.get(callback, site="cross-site")
            if answer.status != 400 or answer.cookie(SESSION):
                self.wrong("a callback was good twice", answer)
            self.spent = None
            before.close()

    def be_lured(self, window):
        """Somebody else's callback in this window: it stays who it is."""
        attacker = Window(Plain, self.soak, window.host, self.tally)
        to = self.to_x(attacker, PAGE)
        if to:
            answer = window.browser.get(self.site.standin.approve(to, "1001"), site="cross-site")
            if answer.status not in (400, 503) or (answer.status == 503 and not self.troubled("db")):
                self.wrong("a foreign callback was answered otherwise", answer)
            self.see(window)
        attacker.browser.close()

    def post_from_elsewhere(self, window):
        answer = window.browser.post("/twauth/logout", {"everywhere": "1"}, site="cross-site")
        if answer.cookie(SESSION) and answer.cookie(SESSION).deletes:
            self.wrong("signed out by another site", answer)
        self.see(window)

    def redirect(self, window):
        target = self.chance.choice(TARGETS)
        answer = window.browser.get("/twauth/login?next=" + browser.urlencode({"": target})[1:], site="cross-site")
        if answer.location and not answer.location.startswith((window.host.url("/"), self.site.standin.browser_url())):
            self.wrong(f"sent away by {target!r}", answer)

    def spoof(self, window):
        headers = {"X-Twauth-User": "alice", "X_Twauth_User": "alice", "Remote-User": "alice", "Twauth-Id": "1001"}
        answer = window.browser.get(OPEN, headers=headers)
        if NOBODY not in answer.text:
            self.wrong("a spoofed header was seen", answer)
        answer = window.browser.get(PAGE, headers=headers)
        if answer.status == 200 and not self.is_own(answer):
            self.wrong("a spoofed header was seen", answer)

    # the end

    def settle(self):
        """All trouble is over: who may have lost a session has or has not, and all see what they should."""
        self.since = time.monotonic()
        for number, window in enumerate(self.windows):
            self.last.append((f"{time.monotonic():.3f}", "settle", number, window.signed))
            if window.signed is None:
                window.signed = self.is_own(window.browser.get(PAGE))
            self.see(window)

    @property
    def rows(self):
        """How many sessions there must be in the database."""
        return self.left + sum(bool(window.signed) for window in self.windows)

    def close(self):
        for window in self.windows:
            window.browser.close()


ACTIONS = {
    Person.look: 40, Person.look_at_once: 4, Person.ask_who: 8, Person.sign_in: 14, Person.cancel: 2, Person.give_up: 1,
    Person.sign_out: 5, Person.sign_out_everywhere: 1, Person.lose_cookies: 2, Person.forge: 6, Person.carry_over: 3,
    Person.replay: 3, Person.be_lured: 2, Person.post_from_elsewhere: 2, Person.redirect: 4, Person.spoof: 4,
}
