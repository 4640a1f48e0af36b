# SPDX-License-Identifier: Apache-2.0
"""Addresses as a browser resolves them (WHATWG URL), which is not how most libraries do.

For http and https a browser drops tabs and line ends, takes a backslash for a slash, and does not mind how many slashes
stand before the host: `/\\evil.example`, `https:evil.example` and `http:///evil.example` all leave the site.
"""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

DEFAULT_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    scheme: str
    host: str
    port: int
    target: str             #: path and query, as sent in a request
    fragment: str = None

    @property
    def origin(self):
        return (self.scheme, self.host, self.port)

    @property
    def authority(self):
        """Host and port as in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORT.get(self.scheme) else f"{host}:{self.port}"

    @property
    def site(self):
        """Scheme and registrable domain, which decides same-site (every test domain has two labels)."""
        last = self.host.split(".")
        numeric = last[-1].isdigit() or ":" in self.host
        return (self.scheme, self.host if numeric else ".".join(last[-2:]))

    def __str__(self):
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.scheme}://{self.authority}{self.target}{fragment}"


def parse(url):
    """An absolute http or https address, its target kept byte for byte."""
    match = re.fullmatch(r"(https?)://([^/?#]*)([^#]*)(?:#(.*))?", url, re.S | re.I)
    if not match:
        raise ValueError(f"not an absolute http address: {url!r}")
    scheme, authority, target, fragment = match.groups()
    parts = urlsplit(f"{scheme}://{authority}/")
    scheme = scheme.lower()
    target = target if target.startswith("/") else "/" + target
    return Address(scheme, (parts.hostname or "").lower(), parts.port or DEFAULT_PORT[scheme], target, fragment)


def resolve(base, location):
    """Where a browser at `base` goes when told `location`; an http address as text, or another scheme's as it is."""
    location = location.strip("".join(map(chr, range(0x21))))
    location = re.sub(r"[\t\r\n]", "", location)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", location)
    base_scheme = base.partition(":")[0].lower()
    if scheme and scheme[1].lower() not in DEFAULT_PORT:
        return location
    before, mark, fragment = location.partition("#")
    before, question, query = before.partition("?")
    before = before.replace("\\", "/")
    if scheme:
        rest = before[len(scheme[0]):]
        if scheme[1].lower() != base_scheme or rest.startswith("//") or not rest:
            before = f"{scheme[1].lower()}://{rest.lstrip('/')}"
        else:
            before = rest
    elif before.startswith("//"):
        before = f"{base_scheme}://{before.lstrip('/')}"
    return urljoin(base, before + question + query) + mark + fragment
