"""AC-12: what httpd and a backend could read differently. The module adds no reading of its own."""

import re
from urllib.parse import unquote

import pytest

SPELLINGS = ["/app/admin/x", "/app//admin/x", "/app/./admin/x", "/app/x/../admin/x", "/app/%61dmin/x", "/app/admin%2fx",
             "/app%2fadmin/x", "/app/%2e/admin/x", "/app/x/%2e%2e/admin/x", "/app/x/..%2fadmin/x", "/app/;/admin/x",
             "/app/x/..;/admin/x", "/app/admin;a=1/x", "/app/admin%3fx", "/app/admin%00/x", "/app/admin%20/x",
             "/app/%2561dmin/x", "/app\\admin\\x", "/app/admin%5cx", "/app/ADMIN/x", "/app/admin.", "/app/admin%0a/x"]


@pytest.fixture(scope="module")
def site(make_site, echo):
    return make_site(modules=("proxy", "proxy_http"), config=f"""
        AllowEncodedSlashes On
        ProxyPass "/app/" "{echo.origin}/"
        <LocationMatch "^/app/admin">
        AuthType Twitter
        Require valid-user
        </LocationMatch>""")


def plain(target):
    """A path as an ordinary backend reads it: unescaped once, with dots and slashes resolved."""
    path = re.sub("/+", "/", unquote(target.partition("?")[0]))
    parts = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


@pytest.mark.parametrize("path", SPELLINGS)
def test_AC_12_backend_never_reads_admin_unseen(browser, backend, path):
    answer = browser.get(path)
    assert answer.status in (200, 302, 400, 401, 403, 404)
    for request in backend.requests:
        assert not plain(request.target).startswith("/admin/"), request.target
