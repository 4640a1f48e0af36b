# SPDX-License-Identifier: Apache-2.0
"""Applications of other kinds behind the gate, as docs/support.md lists them: WebDAV, mod_wsgi, PHP-FPM. Each is told who is
signed in, closed to everybody else, and cannot be told it by a visitor."""

import json

import pytest

from harness import process
from harness.applications import Fpm

PLACES = ("dav", "wsgi", "php")
WSGI = """\
import json
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({k: v for k, v in environ.items() if isinstance(v, str)}).encode()]
"""
PHP = "<?php header('Content-Type: application/json'); echo json_encode($_SERVER);"


@pytest.fixture(scope="module")
def site(make_site, full):
    wsgi = full((), ("wsgi",))
    site = make_site(start=False, modules=("dav", "dav_fs", "proxy", "proxy_fcgi", *wsgi),
                     protected="".join(f'<Location "/{name}/">\nAuthType Twitter\nRequire valid-user\nTwAuthExport env headers\n'
                                       "</Location>\n" for name in PLACES))
    folder, htdocs = site.httpd.folder, site.httpd.htdocs
    site.httpd.put("dav/note.txt", "a note")
    site.httpd.put("php/index.php", PHP)
    program = folder / "app.wsgi"
    program.write_text(WSGI)
    program.chmod(0o644)
    locks = folder / "dav"
    locks.mkdir()
    for inner in (locks, htdocs / "dav"):
        process.give(inner, "www-data")
    site.httpd.main += f'DavLockDB "{locks}/locks"\n<Directory "{htdocs}/dav">\nDav On\n</Directory>\n'
    site.httpd.main += f'<FilesMatch "\\.php$">\nSetHandler "proxy:unix:{folder}/fpm.sock|fcgi://localhost/"\n</FilesMatch>\n'
    if wsgi:
        site.httpd.main += (f'WSGISocketPrefix "{folder}/run/wsgi"\nWSGIDaemonProcess app processes=1 threads=1\n'
                            f'WSGIProcessGroup app\nWSGIScriptAlias /wsgi/ "{program}/"\n<Directory "{folder}">\n<Files "app.wsgi">\nRequire all granted\n'
                            "</Files>\n</Directory>\n")
    return site.start()


@pytest.fixture(scope="module")
def fpm(site):
    with Fpm(site.httpd.folder) as program:
        yield program


@pytest.fixture(scope="module")
def member(site):
    browser = site.browser()
    browser.sign_in("alice", next="/dav/note.txt")
    return browser


def is_told(site, member, path):
    told = json.loads(member.get(path, headers={"X-Twauth-Username": "mallory"}).body)
    assert told["REMOTE_USER"] == "alice" and told["TWAUTH_ID"] == "1001" and told["AUTH_TYPE"] == "Twitter"
    assert told["HTTP_X_TWAUTH_USERNAME"] == "alice" and "twauth" not in told.get("HTTP_COOKIE", "")
    closed = site.browser().get(path)
    assert closed.status == 302 and "/twauth/login?next=" in closed.location
    assert site.browser().fetch(path).status == 401


@pytest.mark.full
def test_mod_wsgi(site, member):
    is_told(site, member, "/wsgi/")


@pytest.mark.full
def test_php_fpm(site, member, fpm):
    is_told(site, member, "/php/index.php")


def test_webdav_with_the_cookie_of_a_browser(site, member):
    """Every method of WebDAV is the member's; the file is written by httpd."""
    listed = member.request("PROPFIND", "/dav/", headers={"Depth": "1"})
    assert listed.status == 207 and "note.txt" in listed.text
    assert member.request("PUT", "/dav/new.txt", body="new").status == 201
    assert member.get("/dav/new.txt").text == "new"
    assert member.request("DELETE", "/dav/new.txt").status == 204


@pytest.mark.parametrize("method", ["PROPFIND", "PUT", "DELETE", "MKCOL", "LOCK", "OPTIONS", "MOVE"])
def test_webdav_without_a_session_is_refused(site, method):
    """A file manager cannot sign in at X; it gets 401 and nothing else."""
    answer = site.browser().request(method, "/dav/note.txt", headers={"Destination": site.url("/dav/other.txt")})
    assert answer.status == 401 and "Location" not in answer.headers
    assert (site.httpd.htdocs / "dav/note.txt").read_text() == "a note"
