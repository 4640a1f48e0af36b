# SPDX-License-Identifier: Apache-2.0
"""An HTTP client with a browser's manners: cookies, navigation headers, redirects, TLS. Names are never looked up.

    browser.get("/members/")                    typed into the address bar
    browser.get(url, site="cross-site")         a link on another site, the way back from X
    browser.get("/", follow=True)               with the redirects
    browser.post("/twauth/logout", {...})       a form of the site's own pages
    browser.fetch(...), browser.image(...)      what scripts and pages load

A header given as None is left out; `headers` may be a list of pairs where a name is to occur twice.
"""

import copy
import http.client
import json as json_module
import socket
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from . import urls
from .cookies import CookieJar

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
REDIRECTS = {301, 302, 303, 307, 308}
http.client._MAXHEADERS = 10_000
http.client._MAXLINE = 1 << 20
#: What is raised where a connection or an answer breaks off.
BROKEN = (OSError, http.client.HTTPException)


class Headers:
    """Response headers: any case, in order, of a repeated one all."""

    def __init__(self, pairs):
        self.pairs = list(pairs)

    def all(self, name):
        return [v for k, v in self.pairs if k.lower() == name.lower()]

    def get(self, name, default=None):
        """The value; of a repeated header all, with commas."""
        return ", ".join(self.all(name)) if name in self else default

    def __getitem__(self, name):
        if name not in self:
            raise KeyError(name)
        return self.get(name)

    def __contains__(self, name):
        return bool(self.all(name))

    def __iter__(self):
        return iter(self.pairs)

    def __str__(self):
        return "".join(f"{k}: {v}\n" for k, v in self.pairs)


@dataclass
class Response:
    status: int
    headers: Headers
    body: bytes
    url: str                                            #: what was asked for
    method: str = "GET"
    sent: list = field(default_factory=list)            #: the request's headers, pairs
    set_cookies: list = field(default_factory=list)     #: cookies.SetCookie
    history: list = field(default_factory=list)         #: the answers before it, where redirects were followed
    rest: bytes = b""                                   #: raw(): what came after the answer
    elapsed: float = 0.0

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json_module.loads(self.body)

    @property
    def location(self):
        """The Location as a browser resolves it, None where there is none."""
        return urls.resolve(self.url, self.headers["Location"]) if "Location" in self.headers else None

    @property
    def target(self):
        """Path, query and fragment of what was asked for."""
        address = urls.parse(self.url)
        return address.target + ("" if address.fragment is None else f"#{address.fragment}")

    @property
    def trail(self):
        """All addresses of the way here."""
        return [r.url for r in self.history] + [self.url]

    def cookie(self, name):
        """The Set-Cookie of that name, None where there is none."""
        return next((c for c in self.set_cookies if c.name == name), None)

    def __str__(self):
        return f"{self.method} {self.url}\n{self.status}\n{self.headers}\n{self.text[:2000]}"


class _Plain(http.client.HTTPConnection):
    """To 127.0.0.1, whatever the name; any target is sent as it is."""

    tls = None

    def connect(self):
        self.sock = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            self.sock = self.tls.wrap_socket(self.sock, server_hostname=self.host)

    def _validate_path(self, url):
        pass

    def _encode_request(self, request):
        return request.encode("latin-1")


class Browser:
    """`base` is the site that addresses without a host belong to."""

    def __init__(self, base, ca=None, provider=None, canaries=None, now=time.time, keep_alive=False):
        self.base = base
        self.provider = provider
        self.canaries = canaries
        self.cookies = CookieJar(now)
        self.agent, self.language = AGENT, "en"
        self.headers = {}           #: sent with each request
        self.keep_alive = keep_alive
        self.timeout = 30
        self._ca = ca
        self._tls = ssl.create_default_context(cafile=ca)
        self._connections = {}

    def clone(self):
        """Another browser with copies of the same cookies."""
        other = copy.copy(self)
        other.cookies = self.cookies.copy()
        other._connections = {}
        return other

    def close(self):
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def absolute(self, url):
        """`url`, which may be a path of the site (taken as it is, also where it begins with two slashes)."""
        return url if url.lower().startswith(("http://", "https://")) else self.base + url

    # kinds of requests

    def get(self, url, *, site="none", follow=False, headers=(), **more):
        """A navigation. `site` is what Sec-Fetch-Site says: none, same-origin, same-site or cross-site."""
        return self.request("GET", url, site=site, follow=follow, headers=headers, **more)

    def head(self, url, **more):
        return self.request("HEAD", url, **more)

    def post(self, url, data="", *, site="same-origin", headers=(), content_type="application/x-www-form-urlencoded",
             **more):
        """A form (a dictionary, pairs or text) sent from a page of the site's own."""
        origin = {"same-origin": "{scheme}://{authority}"}.get(site, "https://elsewhere.example")
        address = urls.parse(self.absolute(url))
        defaults = {"Origin": origin.format(scheme=address.scheme, authority=address.authority),
                    "Content-Type": content_type}
        body = data if isinstance(data, (bytes, str)) else urlencode(data)
        return self.request("POST", url, site=site, body=body, headers=_merge(defaults, headers), **more)

    def fetch(self, url, method="GET", *, site="same-origin", mode="cors", dest="empty", accept="*/*", **more):
        """What a page's script does."""
        return self.request(method, url, site=site, mode=mode, dest=dest, accept=accept, **more)

    def image(self, url, *, site="same-origin", **more):
        return self.fetch(url, site=site, mode="no-cors", dest="image", accept="image/webp,*/*;q=0.8", **more)

    def request(self, method, url, *, site="none", mode="navigate", dest="document", accept=HTML, headers=(), body=None,
                follow=False, cookies=True, timeout=None):
        """One request, and where `follow` is true (or a number) so many redirects after it."""
        url = self.absolute(url)
        left = 20 if follow is True else int(follow)
        history = []
        while True:
            response = self._once(method, url, site, mode, dest, accept, headers, body, cookies, timeout)
            response.history = list(history)
            if response.status not in REDIRECTS or not response.location or not left:
                if follow is True and not left:
                    raise AssertionError("redirects without end:\n" + "\n".join(response.trail))
                return response
            before, url = urls.parse(url), response.location
            if response.status == 303 and method != "HEAD" or response.status in (301, 302) and method == "POST":
                method, body = "GET", None
                headers = [(k, v) for k, v in _pairs(headers) if k.lower() not in ("content-type", "origin")]
            if "#" not in url and before.fragment is not None:
                url += f"#{before.fragment}"
            site = _relation(site, before, urls.parse(url))
            history.append(response)
            left -= 1

    def _once(self, method, url, site, mode, dest, accept, headers, body, cookies, timeout):
        address = urls.parse(url)
        cross = site == "cross-site"
        navigation = mode == "navigate"
        defaults = {"Host": address.authority, "User-Agent": self.agent, "Accept": accept,
                    "Accept-Language": self.language, "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        if navigation:
            defaults |= {"Sec-Fetch-User": "?1", "Upgrade-Insecure-Requests": "1"}
        defaults |= self.headers
        if not self.keep_alive:
            defaults["Connection"] = "close"
        if cookies:
            defaults["Cookie"] = self.cookies.header(address, cross, navigation and method in ("GET", "HEAD"))
        body = body.encode() if isinstance(body, str) else body
        if body is not None:
            defaults["Content-Length"] = str(len(body))
        sent = [(k, v) for k, v in _merge(defaults, headers) if v is not None]
        self._watch(address)
        start = time.monotonic()
        response = self._exchange(address, method, sent, body, timeout or self.timeout)
        response.elapsed = time.monotonic() - start
        response.url, response.method, response.sent = url, method, sent
        for value in response.headers.all("Set-Cookie"):
            given = self.cookies.receive(value, address, cross and not navigation) if cookies else None
            if given:
                response.set_cookies.append(given)
                self._keep_secret(address, given)
        return response

    def _exchange(self, address, method, headers, body, timeout):
        connection = self._connections.pop(address.origin, None)
        reused = connection is not None
        if connection is None:
            connection = _Plain(address.host, address.port, timeout=timeout)
            connection.tls = self._tls if address.scheme == "https" else None
        try:
            connection.putrequest(method, address.target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value.encode("latin-1") if isinstance(value, str) else value)
            connection.endheaders(body)
            answer = connection.getresponse()
            response = Response(answer.status, Headers(answer.headers.raw_items()), answer.read(), "")
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            connection.close()
            if reused:
                return self._exchange(address, method, headers, body, timeout)
            raise
        except BaseException:
            connection.close()
            raise
        if self.keep_alive and not answer.will_close:
            self._connections[address.origin] = connection
        else:
            connection.close()
        return response

    def raw(self, data, url="/", method="GET", timeout=30, linger=0.3):
        """Send bytes as they are to the server of `url`; the first answer, and in `rest` what came after it.

        linger: how long is waited for that, each time; where a test wants it, as long as for the answer. None: the
        server is told that nothing more comes, and all that it answers before it closes is waited for."""
        address = urls.parse(self.absolute(url))
        sock = socket.create_connection(("127.0.0.1", address.port), timeout)
        try:
            if address.scheme == "https":
                sock = self._tls.wrap_socket(sock, server_hostname=address.host)
            sock.sendall(data)
            if linger is None:
                socket.socket.shutdown(sock, socket.SHUT_WR)        # that of a TLS socket would end its reading too
            answer = http.client.HTTPResponse(sock, method=method)
            answer.begin()
            stream = answer.fp
            body = answer.read() if answer.length is not None or answer.chunked else stream.read()
            rest = b""
            sock.settimeout(timeout if linger is None else linger)
            try:
                while more := stream.read1(65536) if not stream.closed else sock.recv(65536):
                    rest += more
            except (TimeoutError, OSError, ValueError):
                pass
            headers = Headers(answer.headers.raw_items())
            return Response(answer.status, headers, body, self.absolute(url), method, rest=rest)
        finally:
            sock.close()

    # secrets, for the search of the error log

    def _own(self, address):
        return not (self.provider and self.provider.owns(str(address)))

    def _watch(self, address):
        if self.canaries and self._own(address):
            for name, value in parse_qsl(address.target.partition("?")[2]):
                if name in ("oauth_verifier", "code"):
                    self.canaries.add(name, value)

    def _keep_secret(self, address, given):
        if self.canaries and self._own(address) and len(given.value) >= 16:
            self.canaries.add(f"cookie {given.name}", given.value)

    # signing in: see signin

    def begin(self, next="/members/"):
        """Ask for `next` and go on as far as X's page; returns signin.Flow."""
        from .signin import Flow
        return Flow(self, self.get(next))

    def sign_in(self, user="alice", next="/members/"):
        """The whole walk; returns the final answer."""
        return self.begin(next).approve(user)

    def sign_out(self, **form):
        """The sign-out button."""
        return self.post("/twauth/logout", form)

    def whoami(self):
        """What the `session` location says."""
        return self.fetch("/twauth/session").json()


def _relation(site, before, after):
    """Sec-Fetch-Site after a redirect: it never comes nearer again, and what was typed in stays so."""
    if site == "none" or before.origin == after.origin:
        return site
    return "cross-site" if site == "cross-site" or before.site != after.site else "same-site"


def _pairs(headers):
    return list(headers.items()) if isinstance(headers, dict) else list(headers)


def _merge(defaults, headers):
    """Defaults with `headers` in their place, as pairs; None, which leaves a header out, among them."""
    given = _pairs(headers)
    names = {k.lower() for k, _ in given}
    return [(k, v) for k, v in _pairs(defaults) if k.lower() not in names] + given
