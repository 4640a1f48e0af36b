# SPDX-License-Identifier: Apache-2.0
"""The sides of the comparison: the same page of 1 kB behind each way to sign in, as its own documentation says.

A side is set up with a World, may be started and stopped, and lets a visitor in by its own sign-in:

    side.start()
    visitor = side.visit()          signed in; what was checked: refused before, the page itself after
    visitor.headers()               of a request as this visitor's browser would send it now
    side.pids()                     all processes that work for it

Those on httpd (`side.httpd`) share one document root, so that they differ in nothing but how visitors sign in.
"""

from harness import process
from harness.browser import Browser
from harness.httpd import VHost

CANARY = "canary-of-the-protected-page-77c1"
PAGE = f"<!doctype html><title>Members</title>\n{CANARY}\n".ljust(1023, "x") + "\n"
URL = "/members/page.html"
#: What a browser sends with each request, however it signed in.
BROWSER = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "bench", "Accept-Encoding": "gzip",
           "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
USER, PASSWORD = "alice", "correct horse battery staple"


class Visitor:
    """One browser; `more` are headers that it sends to this site besides cookies."""

    def __init__(self, browser, url=URL, more=None):
        self.browser, self._url, self._more = browser, url, more or {}

    def look(self):
        """The page, as it comes with a kept connection; a cookie that is renewed is kept."""
        answer = self.browser.get(self._url, headers=self._more)
        assert answer.status == 200 and CANARY in answer.text and len(answer.body) == len(PAGE), str(answer)

    def headers(self):
        self.look()
        sent = dict(self.browser.get(self._url, headers=self._more).sent)
        return BROWSER | self._more | ({"Cookie": sent["Cookie"]} if sent.get("Cookie") else {})


class Side:
    key = what = ""
    #: the page that is asked for
    url = URL
    #: a request costs so much that few will do
    slow = False
    #: whether it is a module of httpd
    on_httpd = True

    def __init__(self, world):
        self.world = world
        self.httpd = self.make()
        self.port = self.httpd.vhosts[0].port if self.on_httpd else None

    def make(self):
        """The httpd, not started; None where it is no module of httpd."""
        raise NotImplementedError

    def serve(self, config, *modules):
        """An httpd for the common pages, with `config` in its one virtual host."""
        vhost = VHost("127.0.0.1", tls=False, root=self.world.pages)
        vhost.config = self.world.grant + config.replace("{origin}", vhost.origin)
        return self.world.make_httpd(vhost, modules=modules)

    def start(self):
        self.httpd.start()

    def stop(self):
        self.httpd.stop()

    def pids(self):
        return process.tree(self.httpd.pid)

    def browser(self):
        return Browser(f"http://127.0.0.1:{self.port}", self.world.authority.ca)

    def visit(self):
        browser = self.browser()
        refused = browser.get(self.url)
        assert refused.status in (401, 302, 303) and CANARY not in refused.text, str(refused)
        visitor = self.sign_in(browser, refused)
        visitor.look()
        return visitor

    def sign_in(self, browser, refused):
        """The Visitor that this browser becomes; `refused` was the answer before."""
        raise NotImplementedError
