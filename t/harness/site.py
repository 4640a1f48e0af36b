"""A site that is protected by the module, ready to sign in at.

Its pages, in `htdocs`:

    /index.html             public
    /members/index.html     Require valid-user; contains CANARY
    /members/env.cgi        the same; prints its environment as JSON
    /admin/index.html       Require twitter-user alice; contains CANARY
    /cgi-bin/env            public; prints its environment as JSON
"""

import base64
import secrets

from .browser import Browser
from .canaries import Canaries
from .clock import Clock
from .httpd import Httpd, VHost
from .standin import KEY, SECRET

CANARY = "canary-of-the-protected-page-5b2e"
CLIENT_ID = "client-id-of-the-tests"
CLIENT_SECRET = "client-secret-canary-a07d31"

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


class Site:
    """`httpd`, `vhost`, `db`, `standin`, `clock` and `canaries` belong together; `config` goes into the virtual host.

    protocol: oauth1, oauth2 or both (then say TwAuthProtocol in `config`). scheme http: a plain site on 127.0.0.1 with
    TwAuthAllowHTTP. protected: the sections for /members/ and /admin/. clock: httpd's time can be moved.
    """

    def __init__(self, folder, authority, standin, db=None, *, scheme="https", protocol="oauth1", config="",
                 protected=PROTECTED, aliases=("www.site.test",), clock=False, dbd="", vhosts=(), main="", **httpd):
        self.folder, self.authority, self.standin, self.db = folder, authority, standin, db
        folder.mkdir(parents=True, exist_ok=True)
        self.scheme = scheme
        self.canaries = Canaries()
        self.vhost = (VHost("site.test", tls=True, aliases=aliases) if scheme == "https"
                      else VHost("127.0.0.1", tls=False))
        self.key = self.secret("key", base64.b64encode(secrets.token_bytes(48)).decode())
        self.vhost.config = "\n".join([self._credentials(protocol), self._provider(), protected, config])
        self.clock = Clock(folder) if clock else None
        if self.clock:
            self.clock.followers.append(lambda offset: standin.set(clock_offset=offset))
        modules = (*httpd.pop("modules", ()), *(("dbd",) if db else ()))
        main = "\n".join([db.configuration if db else "", dbd, main])
        self.httpd = Httpd(folder / "httpd", authority, [self.vhost, *vhosts], modules=modules, main=main, cgi=True,
                           clock=self.clock, canaries=self.canaries, **httpd)
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
            lines += [f"TwAuthClientID {CLIENT_ID}",
                      f'TwAuthClientSecret "file:{self.secret("client-secret", CLIENT_SECRET)}"']
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

    def url(self, path="/"):
        return self.vhost.url(path)

    def browser(self, **more):
        """A new browser, living in the site's time."""
        now = {"now": self.clock.now} if self.clock else {}
        return Browser(self.vhost.origin, self.authority.ca, self.standin, self.canaries, **now, **more)

    # judging

    def expect_log(self, *what):
        """This test makes the server log `what` ("TW0203", or a regular expression) at warn or above; it must."""
        self.log.expect(*what)

    def allow_log(self, *what):
        """As expect_log, but it need not."""
        self.log.allow(*what)
