# SPDX-License-Identifier: Apache-2.0
"""A site that is protected by the module, ready to sign in at.

Its pages, in `htdocs`:

    /index.html             public
    /members/index.html     Require valid-user; contains CANARY
    /members/env.cgi        the same; prints its environment as JSON
    /admin/index.html       Require twitter-user alice; contains CANARY
    /cgi-bin/env            public; prints its environment as JSON
"""

import base64
import re
import secrets

from .browser import Browser
from .canaries import Canaries
from .clock import Clock
from .http2 import Browser as Http2Browser, Connection
from .httpd import Httpd, VHost
from .standin import CLIENT_ID, CLIENT_SECRET, KEY, PUBLIC_CLIENT_ID, SECRET

CANARY = "canary-of-the-protected-page-5b2e"

PROTECTED = """\
<Location "/members/">
AuthType Twitter
Require valid-user
</Location>
<Location "/admin/">
AuthType Twitter
Require twitter-user alice
</Location>
"""

# The calls to X: at the start of a sign-in, to exchange what the callback brings, and all of those at the callback.
START = {"oauth1": "/oauth/request_token", "oauth2": None}
FINISH = {"oauth1": ("/oauth/access_token",), "oauth2": ("/2/oauth2/token", "/2/users/me")}
# What the callback brings: the parameter that names the sign-in, and the one that proves the user's consent.
KEY_NAME = {"oauth1": "oauth_token", "oauth2": "state"}
PROOF_NAME = {"oauth1": "oauth_verifier", "oauth2": "code"}


class Site:
    """`httpd`, `vhost`, `db`, `standin`, `clock` and `canaries` belong together; `config` goes into the virtual host.

    protocol: oauth1, oauth2 or both (then say TwAuthProtocol in `config`); public: OAuth 2.0 as a public client, which
    has another id and no secret. scheme http: a plain site on 127.0.0.1 with TwAuthAllowHTTP. protected: the sections
    for /members/ and /admin/. clock: httpd's time can be moved.
    """

    def __init__(self, folder, authority, standin, db=None, *, scheme="https", protocol="oauth1", public=False,
                 config="", protected=PROTECTED, aliases=("www.site.test",), clock=False, dbd="", vhosts=(), main="",
                 **httpd):
        self.folder, self.authority, self.standin, self.db = folder, authority, standin, db
        folder.mkdir(parents=True, exist_ok=True)
        self.scheme = scheme
        self.canaries = Canaries()
        self.vhost = (VHost("site.test", tls=True, aliases=aliases) if scheme == "https"
                      else VHost("127.0.0.1", tls=False))
        self.key = self.secret("key", base64.b64encode(secrets.token_bytes(48)).decode())
        self.public = public
        self._given, self._lines = protocol, self._credentials(protocol)
        self.vhost.config = "\n".join([self._lines, self._provider(), protected, config])
        self.clock = Clock(folder) if clock else None
        if self.clock:
            self.clock.followers.append(lambda offset: standin.set(clock_offset=offset))
        modules = (*httpd.pop("modules", ()), *(("dbd",) if db else ()))
        main = "\n".join([db.configuration if db else "", dbd, main])
        self.httpd = Httpd(folder / "httpd", authority, [self.vhost, *vhosts], modules=modules, main=main,
                           clock=self.clock, canaries=self.canaries, **{"cgi": True} | httpd)
        self.log = self.httpd.log
        self._pages()
        standin.register(self.url("/twauth/callback"))

    # configuration

    def secret(self, name, text):
        """A file for `file:`, readable by its owner alone; its content must not show up in the log."""
        file = self.folder / name
        file.write_text(text + "\n")
        file.chmod(0o600)
        self.canaries.add(f"file {name}", text)
        return file

    def _credentials(self, protocol):
        lines = [f'TwAuthKey "file:{self.key}"']
        if protocol in ("oauth1", "both"):
            lines += [f"TwAuthConsumerKey {KEY}", f'TwAuthConsumerSecret "file:{self.secret("secret", SECRET)}"']
        if protocol in ("oauth2", "both"):
            lines.append(f"TwAuthClientID {PUBLIC_CLIENT_ID if self.public else CLIENT_ID}")
            if not self.public:
                lines.append(f'TwAuthClientSecret "file:{self.secret("client-secret", CLIENT_SECRET)}"')
        return "\n".join(lines)

    def _provider(self):
        s = self.scheme
        lines = [f"TwAuthProvider {self.standin.api(s)} {self.standin.browser_url(s)}",
                 "TwAuthStartLimit 60000/min 60000/min"]
        lines.append("TwAuthAllowHTTP On" if s == "http" else f'TwAuthProviderCAFile "{self.authority.ca}"')
        return "\n".join(lines)

    def _pages(self):
        put = self.httpd.put
        put("index.html", "<!doctype html><title>Home</title><p>Welcome.</p>")
        put("members/index.html", f"<!doctype html><title>Members</title><p>{CANARY}</p>")
        put("admin/index.html", f"<!doctype html><title>Admin</title><p>{CANARY}</p>")
        self.httpd.script("members/env.cgi")

    # which protocol

    @property
    def protocol(self):
        """oauth1 or oauth2: the one given, of both the one that TwAuthProtocol says."""
        said = re.findall(r"^\s*TwAuthProtocol\s+(\w+)", self.vhost.config, re.M)
        return said[-1] if self._given == "both" and said else self._given

    def change_over(self, protocol):
        """Other credentials in the configuration; takes effect with graceful() or restart()."""
        lines = self._credentials(protocol)
        assert self._lines in self.vhost.config, "the lines with the credentials were changed by the test"
        self.vhost.config = self.vhost.config.replace(self._lines, lines)
        self._given, self._lines = protocol, lines

    @property
    def start_path(self):
        """What is called at X when a sign-in starts; None for OAuth 2.0."""
        return START[self.protocol]

    @property
    def exchange_path(self):
        """What is called at X to exchange the verifier or code."""
        return FINISH[self.protocol][0]

    @property
    def finish_paths(self):
        """All that is called at X when the browser comes back, in order."""
        return FINISH[self.protocol]

    @property
    def key_name(self):
        """The callback's parameter that names the sign-in: flow.token is its value."""
        return KEY_NAME[self.protocol]

    @property
    def proof_name(self):
        """The callback's parameter that proves the user's consent."""
        return PROOF_NAME[self.protocol]

    # running

    def start(self):
        self.httpd.start()
        return self

    def stop(self):
        self.httpd.stop()

    def graceful(self):
        return self.httpd.graceful()

    def restart(self):
        return self.httpd.restart()

    def ctl(self, *words, **more):
        """`twauthctl` with these words: what it printed, its status, and with --json its rows; see Httpd.ctl."""
        return self.httpd.ctl(*words, **more)

    def url(self, path="/"):
        return self.vhost.url(path)

    def browser(self, http2=False, **more):
        """A new browser, living in the site's time."""
        kind = Http2Browser if http2 else Browser
        now = {"now": self.clock.now} if self.clock else {}
        return kind(self.vhost.origin, self.authority.ca, self.standin, self.canaries, **now, **more)

    def http2(self):
        """A connection over HTTP/2, whose streams the test opens."""
        return Connection(self.vhost.name, self.vhost.port, self.authority.ca)

    # judging

    def expect_log(self, *what):
        """This test makes the server log `what` ("TW0203", or a regular expression) at warn or above; it must."""
        self.log.expect(*what)

    def allow_log(self, *what):
        """As expect_log, but it need not."""
        self.httpd.allow_log(*what)
