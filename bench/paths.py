# SPDX-License-Identifier: Apache-2.0
"""What the module adds to each kind of request, in instructions: over the same request to a server without it.

    found = measure(make_site)              {key: means} of all PATHS: event, C library and file as on a real server
    found = measure(make_site, plain=True)  the same in the least wavering manner: to be compared with FIGURES
    over(found)                             {key: what it costs over what it is compared with}

What wavers otherwise: who wakes whom in a threaded server; a C library that takes what the processor has; hash tables,
which are in another order in each process (mod_mime looks for a file's extension in some); and the length of paths.
"""

import base64
import json
import platform
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from harness.httpd import VHost

from .callgrind import Callgrind
from .connection import Connection

FIGURES = Path(__file__).with_name("figures.json")
PAGE = "x" * 1023 + "\n"
SECTIONS = """
<Directory "{root}">
Require all granted
</Directory>
<Location "/members/">
AuthType Twitter
Require valid-user
</Location>
<Location "/headers/">
AuthType Twitter
Require valid-user
TwAuthExport env headers
</Location>
<Location "/recheck/">
AuthType Twitter
Require valid-user
TwAuthSessionRecheck 0
</Location>
<Location "/twauth/auth/">
AuthType Twitter
Require valid-user
</Location>
<Location "/elsewhere/">
Redirect "/elsewhere/" "/open/"
</Location>
Redirect "/moved" "/open"
"""
NAVIGATION = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "bench", "Accept-Encoding": "gzip",
              "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
SCRIPT = NAVIGATION | {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Accept": "*/*"}
#: A cookie that has nothing to do with the module is in every request.
OTHER = "theme=dark"


@dataclass(frozen=True)
class Request:
    """`key` is its name in files, `what` its name for people, `over` the key of what it is compared with."""

    key: str
    what: str
    over: str | None
    folder: str
    status: int
    headers: dict
    cookie: str = ""        #: which one it comes with
    at: str = "site"        #: which server or virtual host is asked


PATHS = (
    Request("open", "open page, server without the module", None, "/open/", 200, NAVIGATION, at="bare"),
    Request("redirect", "plain Redirect, server without the module", None, "/moved/", 302, NAVIGATION, at="bare"),
    Request("redirect-section", "plain Redirect of a section", "redirect", "/elsewhere/", 302, NAVIGATION,
         at="bare"),
    Request("open-module", "open page", "open", "/open/", 200, NAVIGATION),
    Request("open-good", "open page, signed in", "open", "/open/", 200, NAVIGATION, "good"),
    Request("open-forged", "open page, forged cookie", "open", "/open/", 200, NAVIGATION, "forged"),
    Request("env", "members' page, signed in", "open", "/members/", 200, NAVIGATION, "good"),
    Request("headers", "members' page, signed in, headers too", "open", "/headers/", 200, NAVIGATION, "good"),
    Request("recheck", "members' page, asking the database (SQLite)", "open", "/recheck/", 200, NAVIGATION, "good"),
    Request("login", "no session, browser: 302 to the sign-in", "redirect-section", "/members/", 302, NAVIGATION),
    Request("refused", "no session, script: 401", "redirect-section", "/members/", 401, SCRIPT),
    Request("good-cookie", "a good cookie: 200, over the open page", "open-module", "/members/", 200, SCRIPT,
         "good"),
    Request("forged-cookie", "a forged cookie: 401, over no cookie", "refused", "/members/", 401, SCRIPT,
         "forged"),
    Request("idle-refused", "", "redirect", "/members/", 401, SCRIPT, at="idle"),
    Request("idle-cookie", "a cookie past its time: 401, over no cookie", "idle-refused", "/members/", 401,
         SCRIPT, "first", at="idle"),
    Request("rekeyed-refused", "", "redirect", "/members/", 401, SCRIPT, at="rekeyed"),
    Request("rekeyed-cookie", "a cookie of a key that is gone: 401, over no cookie", "rekeyed-refused",
         "/members/", 401, SCRIPT, "first", at="rekeyed"),
)

#: What a server in front asks (docs/front.md).
FRONT = Request("front", "a front's question, signed in: 204", "redirect", "/twauth/auth/", 204, NAVIGATION, "good")


class _Jar:
    """The cookies of one signed-in browser, and what can be made of them."""

    def __init__(self, cookies, port, page):
        self._cookies, self._first = dict(cookies), dict(cookies)
        self._port, self._page = port, page

    def header(self, which):
        """The Cookie header with "good", "forged" or "first" (the cookie of the sign-in); other: without any."""
        if which == "good":         # as a browser has it: never older than it would be in use
            self._renew()
        found = {"good": self._cookies, "first": self._first, "forged": self._forged()}.get(which, {})
        return {"Cookie": "; ".join([f"{n}={v}" for n, v in found.items()] + [OTHER])}

    def _renew(self):
        connection = Connection(self._port)
        sent = "; ".join(f"{n}={v}" for n, v in self._cookies.items())
        _, headers, _ = connection.get(f"/members/{self._page}", NAVIGATION | {"Cookie": sent})
        connection.close()
        for name, value in headers:
            if name == "set-cookie":
                name, _, rest = value.partition("=")
                self._cookies[name] = rest.partition(";")[0]

    def _forged(self):
        return {n: v[:-8] + "AAAAAAAA" if n == "twauth" else v for n, v in self._first.items()}


class _Servers:
    """One httpd with three virtual hosts of one realm: usual, with very short sessions, with another key."""

    def __init__(self, make_site, mpm, page):
        idle, rekeyed = (VHost("127.0.0.1", tls=False) for _ in range(2))
        self.site = make_site(start=False, scheme="http", mpm=mpm, protected="", vhosts=(idle, rekeyed))
        self.site.vhost.root = root = self._pages(page)
        self._sections = SECTIONS.format(root=root)
        config = self.site.vhost.config + self._sections + "TwAuthRealm bench\n"
        key = self.site.secret("other-key", base64.b64encode(secrets.token_bytes(48)).decode())
        self.site.vhost.config = config
        idle.config = config + "TwAuthSessionIdle 1s\n"
        rekeyed.config = re.sub(r"(?m)^TwAuthKey .*$", f'TwAuthKey "file:{key}"', config)
        idle.root = rekeyed.root = root
        self.port = {"site": self.site.vhost.port, "idle": idle.port, "rekeyed": rekeyed.port,
                     "bare": self.site.vhost.port}

    def _pages(self, page):
        """The document root, whose path is as long in each run: it is part of what requests cost."""
        root = self.site.folder.parent / "pages"
        for folder in ("open", "members", "headers", "recheck"):
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / page).write_text(PAGE)
        return root

    def without(self):
        """The same server without the module; sections stay, since httpd looks through all of them."""
        httpd = self.site.httpd
        httpd.twauth, httpd.modules, httpd.main, httpd.vhosts = False, (), "", [self.site.vhost]
        self.site.vhost.config = re.sub(r"(?m)^(TwAuth|AuthType|Require valid).*\n", "", self._sections)
        return httpd


def measure(make_site, count=100, plain=False):
    """{key: means} of all PATHS and of FRONT. make_site is that of the live tests."""
    page = "page" if plain else "page.html"
    servers = _Servers(make_site, "prefork" if plain else "event", page)
    site = servers.site
    site.start()
    browser = site.browser()
    assert browser.sign_in("alice", next=f"/members/{page}").status == 200
    site.stop()
    jar = _Jar({c.name: c.value for c in browser.cookies if c.name.startswith("twauth")}, site.vhost.port, page)
    time.sleep(1)                                       # at the host for short sessions it is over now
    found = {}
    for bare in (False, True):
        with Callgrind(servers.without() if bare else site.httpd, plain) as grind:
            for r in (*PATHS, FRONT):
                if (r.at == "bare") == bare:
                    headers = r.headers | jar.header(r.cookie)
                    found[r.key] = grind.cost(r.folder + page, headers, r.status, count, servers.port[r.at])
    return found


def over(found, of=min):
    """{key: instructions over what it is compared with} of what measure() found; the least wavers least."""
    return {r.key: round(of(found[r.key]) - of(found[r.over])) for r in (*PATHS, FRONT) if r.over}


#: What is guarded: what the module adds.
GUARDED = [r.key for r in (*PATHS, FRONT) if r.over and r.what and r.at != "bare"]


def figures():
    """{key: instructions} as committed, for processors of this kind."""
    return json.loads(FIGURES.read_text()).get(platform.machine(), {})


#: So much can come of where things lie in memory.
NOISE = 250


def limit(figure):
    """What may still be measured where `figure` is committed: a tenth more, and what comes of where things lie."""
    return figure + figure / 10 + NOISE


def renew(make_site):
    """Writes the figures as measured now."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    found = over(measure(make_site, plain=True))
    known[platform.machine()] = {key: found[key] for key in GUARDED}
    FIGURES.write_text(json.dumps(known, indent=1) + "\n")
