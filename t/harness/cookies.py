# SPDX-License-Identifier: Apache-2.0
"""A browser's cookie jar: RFC 6265bis, with the refusals that a server's author must not run into.

What a browser would not keep is not kept here, and stands in `rejected` with the reason.
"""

import copy
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

LIMIT = 4096
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Rejected(Exception):
    pass


@dataclass
class SetCookie:
    """A Set-Cookie field taken apart; attribute names in lower case."""

    name: str
    value: str
    attributes: dict
    raw: str

    @property
    def deletes(self):
        """Whether it takes the cookie away."""
        max_age = self.attributes.get("max-age", "")
        return max_age.startswith("-") or max_age == "0" or (not max_age and "1970" in (self.get("expires") or ""))

    def has(self, attribute):
        return attribute.lower() in self.attributes

    def get(self, attribute):
        return self.attributes.get(attribute.lower())


def parse(field):
    """One Set-Cookie field. Of a repeated attribute the last counts."""
    pair, *rest = field.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    attributes = {}
    for attribute in rest:
        key, _, text = attribute.partition("=")
        if len(text.strip()) <= 1024:
            attributes[key.strip(" \t").lower()] = text.strip(" \t")
    return SetCookie(name.strip(" \t"), value.strip(" \t"), attributes, field)


@dataclass
class Cookie:
    name: str
    value: str
    domain: str
    path: str = "/"
    host_only: bool = True
    secure: bool = False
    http_only: bool = False
    same_site: str = "lax"
    expires: float = None           #: seconds since 1970; None: until the browser is closed
    created: float = 0.0

    @property
    def key(self):
        return (self.name, self.domain, self.host_only, self.path)


class CookieJar:
    """`jar["name"]` is a value; iteration gives `Cookie`s. `now` is the browser's clock."""

    def __init__(self, now=time.time):
        self.now = now
        self.rejected = []
        self._cookies = {}
        self._count = 0

    # what a test does with it

    def __iter__(self):
        self._drop_expired()
        return iter(list(self._cookies.values()))

    def __len__(self):
        return len(list(iter(self)))

    def find(self, name):
        """The cookie of that name; None where there is none."""
        found = [c for c in self if c.name == name]
        assert len(found) <= 1, f"{len(found)} cookies named {name}"
        return found[0] if found else None

    def __contains__(self, name):
        return any(c.name == name for c in self)

    def __getitem__(self, name):
        cookie = self.find(name)
        if cookie is None:
            raise KeyError(f"{name}; there are {self.names()}")
        return cookie.value

    def __setitem__(self, name, value):
        """Change the value of a cookie that is there."""
        cookie = self.find(name)
        if cookie is None:
            raise KeyError(f"{name}: use add() for a new cookie")
        cookie.value = value

    def __delitem__(self, name):
        for cookie in [c for c in self if c.name == name]:
            del self._cookies[cookie.key]

    def names(self, part=""):
        """The names that contain `part`, oldest first."""
        return [c.name for c in self if part in c.name]

    def add(self, name, value, domain, **attributes):
        """Plant a cookie, whatever a browser would say to it."""
        self._count += 1
        cookie = Cookie(name, value, domain, created=self._count, **attributes)
        self._cookies[cookie.key] = cookie
        return cookie

    def clear(self):
        self._cookies.clear()

    def copy(self):
        other = CookieJar(self.now)
        other._cookies = copy.deepcopy(self._cookies)
        other._count = self._count
        return other

    def close_browser(self):
        """Forget the session's cookies, as when the browser is closed."""
        self._cookies = {k: c for k, c in self._cookies.items() if c.expires is not None}

    # what the browser does with it

    def receive(self, field, address, cross_site=False):
        """Take a Set-Cookie field from `address` (urls.Address), or note why not; returns it taken apart."""
        given = parse(field)
        try:
            self._store(given, field, address, cross_site)
        except Rejected as why:
            self.rejected.append((given.name, str(why)))
        return given

    def _store(self, given, field, address, cross_site):
        if _CONTROL.search(field):
            raise Rejected("control character")
        if not given.name and not given.value:
            raise Rejected("empty")
        if len(given.name.encode("latin-1")) + len(given.value.encode("latin-1")) > LIMIT:
            raise Rejected("longer than 4096 bytes")
        cookie = Cookie(given.name, given.value, address.host, secure=given.has("secure"),
                        http_only=given.has("httponly"), expires=self._expiry(given))
        self._domain(cookie, given, address)
        path = given.get("path") or ""
        cookie.path = path if path.startswith("/") else _default_path(address.target)
        cookie.same_site = (given.get("samesite") or "lax").lower()
        if cookie.same_site not in ("strict", "none"):
            cookie.same_site = "lax"
        self._check(cookie, given, address, cross_site)
        old = self._cookies.get(cookie.key)
        self._count += 1
        cookie.created = old.created if old else self._count
        if cookie.expires is not None and cookie.expires <= self.now():
            self._cookies.pop(cookie.key, None)
        else:
            self._cookies[cookie.key] = cookie

    def _expiry(self, given):
        max_age = given.get("max-age")
        if max_age is not None and re.fullmatch(r"-?[0-9]+", max_age):
            return self.now() + int(max_age) if int(max_age) > 0 else 0
        try:
            return parsedate_to_datetime(given.get("expires")).timestamp()
        except (TypeError, ValueError):
            return None

    @staticmethod
    def _domain(cookie, given, address):
        domain = (given.get("domain") or "").lower().removeprefix(".")
        if not domain:
            return
        if domain != address.host and ("." not in domain or not domain_matches(address.host, domain)):
            raise Rejected(f"domain {domain} from {address.host}")
        cookie.domain, cookie.host_only = domain, False

    def _check(self, cookie, given, address, cross_site):
        secure = address.scheme == "https"
        if cookie.secure and not secure:
            raise Rejected("Secure over http")
        if cookie.same_site == "none" and not cookie.secure:
            raise Rejected("SameSite=None without Secure")
        if cross_site and cookie.same_site != "none":
            raise Rejected("SameSite in a cross-site answer that is no navigation")
        text = (cookie.name or cookie.value).lower()
        if text.startswith(("__secure-", "__host-")) and not (cookie.name and cookie.secure):
            raise Rejected("prefix without Secure")
        if text.startswith("__host-") and (given.get("domain") or given.get("path") != "/"):
            raise Rejected("__Host- with Domain or another Path")
        if not cookie.secure and not secure:
            for other in self:
                related = (domain_matches(other.domain, cookie.domain) or domain_matches(cookie.domain, other.domain))
                if other.secure and other.name == cookie.name and related and path_matches(cookie.path, other.path):
                    raise Rejected("would hide a Secure cookie")

    def header(self, address, cross_site=False, lax=True):
        """The Cookie header for a request to `address`, or None. `lax`: a cross-site request that is a navigation."""
        path = address.target.partition("?")[0]
        chosen = [c for c in self
                  if (c.domain == address.host if c.host_only else domain_matches(address.host, c.domain))
                  and path_matches(path, c.path) and (address.scheme == "https" or not c.secure)
                  and not (cross_site and (c.same_site == "strict" or (c.same_site == "lax" and not lax)))]
        chosen.sort(key=lambda c: (-len(c.path), c.created))
        return "; ".join(f"{c.name}={c.value}" if c.name else c.value for c in chosen) or None

    def _drop_expired(self):
        now = self.now()
        self._cookies = {k: c for k, c in self._cookies.items() if c.expires is None or c.expires > now}


def domain_matches(host, domain):
    numeric = host.replace(".", "").isdigit() or ":" in host
    return host == domain or (not numeric and host.endswith("." + domain))


def path_matches(path, cookie_path):
    return path == cookie_path or (path.startswith(cookie_path)
                                   and (cookie_path.endswith("/") or path[len(cookie_path):].startswith("/")))


def _default_path(target):
    path = target.partition("?")[0]
    return path[:path.rfind("/")] or "/" if path.startswith("/") else "/"
