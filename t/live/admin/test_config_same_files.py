# SPDX-License-Identifier: Apache-2.0
"""N4: the dump warns of what one host protects and another one serves open, and of nothing else: as a visitor meets it.

Each configuration is tried twice: what `DUMP_TWAUTH` says of it, and what a visitor gets from the running server.
"""

from dataclasses import dataclass

import pytest

from harness import ports
from harness.browser import Browser
from harness.httpd import VHost
from harness.site import CANARY

LOCATION = '<Location "/members/">\nAuthType Twitter\nRequire valid-user\n</Location>\n'
DIRECTORY = '<Directory "{htdocs}/members">\nAuthType Twitter\nRequire valid-user\n</Directory>\n'
IN_IF = '<If "%{REQUEST_URI} =~ m#^/members/#">\nAuthType Twitter\nRequire valid-user\n</If>\n'
PASS = ('<Location "/">\nAuthType Twitter\nRequire all granted\nTwAuthUnauthenticated pass\n</Location>\n'
        '<Location "/members/">\nRequire valid-user\n</Location>\n')

#: What certbot writes into the host for plain http.
CERTBOT = """RewriteEngine on
RewriteCond %{SERVER_NAME} =other.test [OR]
RewriteCond %{SERVER_NAME} =www.other.test
RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]
"""
ACME = """RewriteEngine On
RewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/
RewriteCond %{HTTPS} off
RewriteRule (.*) https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
"""
ACME_ALIAS = 'Alias "/.well-known/acme-challenge/" "{folder}/other/"\nRedirectMatch permanent "^/(?!\\.well-known/)(.*)" ' \
             '"https://other.test/$1"\n'

AWAY = "Redirect permanent / https://site.test/"
#: What <If> may say, each of it true of a request for the page, and each of it false.
TRUE = """true && (false || %{REQUEST_SCHEME} == 'http') && !(%{REQUEST_METHOD} in {'POST', 'PUT'}) && -z %{QUERY_STRING} \
&& -n %{REQUEST_URI} && %{REQUEST_URI} -strmatch '/members/*' && %{REQUEST_URI} !~ m#^/other# \
&& %{REQUEST_URI} =~ /^.MEMBERS/i && %{SERVER_PORT} -gt 79 && %{HTTP_HOST} =~ /other.test/ && %{HTTPS} != 'on' \
&& %{THE_REQUEST} =~ /^GET/ && %{REMOTE_ADDR} != '10.0.0.1'"""
FALSE = """false || %{REQUEST_SCHEME} == 'https' || (%{HTTPS} == 'on' && true) || %{REQUEST_METHOD} in {'POST', 'PUT'} \
|| -n %{QUERY_STRING} || -z %{REQUEST_URI} || %{REQUEST_URI} -strmatch '/other/*' || %{REQUEST_URI} !~ m#^/members# \
|| %{REQUEST_URI} =~ /^.MEMBERS/ || %{SERVER_PORT} -lt 80 || !(%{SERVER_NAME} == 'other.test')"""
CONDS = """RewriteEngine On
RewriteCond expr "%{{HTTPS}} == '{https}'"
RewriteCond {{htdocs}}/members/{file} -f
RewriteCond {{htdocs}}/members -d
RewriteCond {{htdocs}}/members/index.html !-d
RewriteCond %{{REMOTE_ADDR}} !=10.0.0.1
RewriteCond %{{REQUEST_SCHEME}} =HTTP [NC]
RewriteRule ^ https://site.test%{{REQUEST_URI}} [R=301]
"""


@dataclass(frozen=True)
class Row:
    what: str
    protected: str = LOCATION
    other: str = ""                 # the inside of the other host, plain http
    main: str = ""
    opened: bool = False            # the other host gives the page to anybody
    url: str = "/members/index.html"
    aliases: tuple = ("www.other.test",)
    name: str = "other.test"        # by which it is asked for
    root: str = "{htdocs}"


ROWS = [
    Row("location in one host", opened=True),
    Row("directory in one host", DIRECTORY, opened=True),
    Row("if in one host", IN_IF, opened=True),
    Row("open place with a protected one in it", PASS, opened=True),
    Row("match in one host", LOCATION.replace("<Location ", "<LocationMatch ").replace('"/m', '"^/m')
        .replace("</Location", "</LocationMatch"), opened=True),
    Row("directory outside of hosts", "", main=DIRECTORY),
    Row("location outside of hosts", "", main=LOCATION),
    Row("if outside of hosts", "", main=IN_IF),
    Row("another place outside of hosts", main=DIRECTORY.replace("/members", "/admin"), opened=True),
    Row("protected in both", other=LOCATION),
    Row("directory outside of hosts, taken back", "", main=DIRECTORY, opened=True,
        other='<Location "/members/">\nAuthType None\nRequire all granted\n</Location>'),
    Row("location outside of hosts, taken back by a condition", "", main=LOCATION, opened=True,
        other='<If "%{HTTPS} != \'on\'">\nRequire all granted\n</If>'),
    Row("condition of the other protocol", opened=True,
        other=LOCATION.replace("AuthType", "<If \"%{HTTPS} == 'on'\">\nAuthType").replace("</L", "</If>\n</L")),
    Row("another kind of password", other='<Location "/members/">\nAuthType Basic\nAuthName x\nRequire valid-user\n'
        '</Location>'),
    Row("denied", other='<Location "/members/">\nRequire all denied\n</Location>'),
    Row("denied to strangers", other='<Location "/members/">\n<RequireAll>\nRequire all granted\nRequire ip 10.0.0.0/8\n'
        '</RequireAll>\n</Location>'),
    Row("certbot", other=CERTBOT),
    Row("certbot, by the second name", other=CERTBOT, name="www.other.test"),
    Row("certbot, and a name that it does not know", other=CERTBOT, name="more.other.test", opened=True,
        aliases=("www.other.test", "more.other.test")),
    Row("redirect of all but the ACME challenge", other=ACME),
    Row("redirect by a pattern, and an alias for the ACME challenge", other=ACME_ALIAS),
    Row("redirect", other="Redirect permanent / https://site.test/"),
    Row("redirect in a location", other='<Location "/">\nRedirect permanent https://site.test/\n</Location>'),
    Row("redirect by a rule of the folder", other='<Directory "{htdocs}">\nRewriteEngine On\n'
        'RewriteRule ^ https://site.test%{REQUEST_URI} [R=301]\n</Directory>'),
    Row("redirect by a condition", other="<If \"%{HTTPS} == 'off'\">\nRedirect permanent / https://site.test/\n</If>"),
    Row("redirect by all that a condition can say", other=f'<If "{TRUE}">\n{AWAY}\n</If>'),
    Row("no redirect by all that a condition can say", other=f'<If "{FALSE}">\n{AWAY}\n</If>', opened=True),
    Row("a condition that only httpd can read", other=f"<If \"md5('x') == 'x'\">\n{AWAY}\n</If>", opened=True),
    Row("no redirect by the name of a file that is taken for the URL", opened=True,
        other=f'<If "%{{REQUEST_FILENAME}} =~ m#^/members/#">\n{AWAY}\n</If>'),
    Row("redirect by the name of a file, which is the URL there", other="RewriteEngine On\n"
        "RewriteCond %{REQUEST_FILENAME} ^/members/\nRewriteRule ^ https://site.test/ [R=301]"),
    Row("redirect by conditions of a rule", other=CONDS.format(https="off", file="index.html")),
    Row("no redirect, for a file is not there", other=CONDS.format(https="off", file="none.html"), opened=True),
    Row("no redirect, for an expression is false", other=CONDS.format(https="on", file="index.html"), opened=True),
    Row("no redirect after the last rule", opened=True, other="RewriteEngine On\nRewriteRule !^/other/ - [L]\n"
        "RewriteRule ^ https://site.test/ [R=301]"),
    Row("a rule for all but the page", opened=True, other="RewriteEngine On\n"
        "RewriteRule !^/members/ https://site.test/ [R=301]"),
    Row("a rule that leads here", other="RewriteEngine On\nRewriteRule ^/m/(.*) /members/$1 [PT]", opened=True),
    Row("denied as before 2.4", other='<Location "/members/">\nOrder deny,allow\nDeny from all\n</Location>'),
    Row("allowed as before 2.4", opened=True,
        other='<Location "/members/">\nOrder allow,deny\nAllow from all\n</Location>'),
    Row("enough to be allowed as before 2.4", opened=True,
        other=LOCATION.replace("</L", "Order allow,deny\nAllow from all\nSatisfy any\n</L")),
    Row("both asked as before 2.4", other=LOCATION.replace("</L", "Order allow,deny\nAllow from all\nSatisfy all\n</L")),
    Row("by the method", opened=True, other='<Location "/members/">\nRequire method GET\n</Location>'),
    Row("by another method", other='<Location "/members/">\nRequire method POST\n</Location>'),
    Row("to all but everybody", other='<Location "/members/">\n<RequireAll>\nRequire all granted\n<RequireNone>\n'
        'Require all granted\n</RequireNone>\n</RequireAll>\n</Location>'),
    Row("rules of two places together", other='<Location "/">\nRequire all denied\n</Location>\n<Location "/members/">\n'
        'AuthMerging And\nRequire all granted\n</Location>'),
    Row("rules of two places, either", opened=True, other='<Location "/">\nRequire all denied\n</Location>\n'
        '<Location "/members/">\nAuthMerging Or\nRequire all granted\n</Location>'),
    Row("redirect by rules of the main server", main="RewriteEngine On\nRewriteCond %{HTTPS} off\n"
        "RewriteRule ^ https://site.test%{REQUEST_URI} [R=301]\n", other="RewriteEngine On\nRewriteOptions Inherit"),
    Row("rules of the main server that are not inherited", main="RewriteEngine On\nRewriteCond %{HTTPS} off\n"
        "RewriteRule ^ https://site.test%{REQUEST_URI} [R=301]\n", opened=True),
    Row("nothing without TLS", main='<Directory "{htdocs}/members">\nSSLRequireSSL\n</Directory>\n'),
    Row("nothing without TLS, by a rule", other='<Location "/members/">\nRequire ssl\n</Location>'),
    Row("redirect behind a balancer", other="RewriteEngine On\nRewriteCond %{HTTP:X-Forwarded-Proto} !https\n"
        "RewriteRule ^ https://site.test%{REQUEST_URI} [R=301,L]"),
    Row("redirect of another place", other="Redirect permanent /old/ https://site.test/", opened=True),
    Row("redirect of the first page alone", other="RewriteEngine On\nRewriteRule ^/$ https://site.test/ [R=301]",
        opened=True),
    Row("redirect that is off", other="RewriteRule ^ https://site.test/ [R=301]", opened=True),
    Row("redirect of https alone", other="RewriteEngine On\nRewriteCond %{HTTPS} on\n"
        "RewriteRule ^ https://site.test/ [R=301]", opened=True),
    Row("forbidden by a rule", other="RewriteEngine On\nRewriteRule ^/members/ - [F]"),
    Row("other files", root="{folder}/other"),
    Row("the folder itself", root="{htdocs}/members", url="/index.html", opened=True),
    Row("the folder by an alias", root="{folder}/other", other='Alias "/m" "{htdocs}/members"', url="/m/index.html",
        opened=True),
    Row("the folder by a symbolic link", "", main=DIRECTORY, root="{folder}/link", opened=True,
        other='<Directory "{folder}/link">\nRequire all granted\n</Directory>'),
    Row("a file", '<Files "index.html">\nAuthType Twitter\nRequire valid-user\n</Files>', opened=True),
    Row("not for GET", '<Location "/members/">\nAuthType Twitter\n<Limit POST>\nRequire valid-user\n</Limit>\n</Location>',
        opened=True),
]
#: The last of them protects nothing anywhere, so that there is nothing to compare.
NOT_TOLD = {"not for GET"}


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, protected="", modules=("rewrite", "auth_basic", "access_compat"), cgi=False)
    (site.folder / "httpd" / "other" / "members").mkdir(parents=True)
    (site.folder / "httpd" / "other" / "members" / "index.html").write_text("other files")
    (site.folder / "httpd" / "link").symlink_to(site.httpd.htdocs)
    yield site
    site.stop()


def unprotected(said):
    return [line for line in said.splitlines() if "same files unprotected" in line]


@pytest.mark.parametrize("row", ROWS, ids=[row.what.replace(" ", "-") for row in ROWS])
def test_N4_what_the_dump_says_is_what_a_visitor_gets(site, row):
    paths = {"{htdocs}": str(site.httpd.htdocs), "{folder}": str(site.httpd.folder)}

    def put(text):
        for name, path in paths.items():
            text = text.replace(name, path)
        return text
    config, main = site.vhost.config, site.httpd.main
    other = VHost("other.test", tls=False, aliases=row.aliases, config=put(row.other), root=put(row.root))
    try:
        site.vhost.config, site.httpd.main = config + put(row.protected), main + put(row.main)
        site.httpd.vhosts.append(other)
        warned = unprotected(site.httpd.dump())
        mark = site.log.mark()
        site.restart()
        site.allow_log("TW0308", "AH01630", "AH01797", "AH00027", "AH01618", "AH02219", "AH01276")
        answer = Browser(f"http://{row.name}:{other.port}", site.authority.ca).get(row.url)
    finally:
        site.vhost.config, site.httpd.main = config, main
        site.httpd.vhosts.remove(other)
    assert (CANARY in answer.text) == row.opened
    assert bool(warned) == (row.opened and row.what not in NOT_TOLD)
    if warned and "Files" not in row.protected:
        assert f"http://other.test:{other.port}{row.url.removesuffix('index.html')}" in warned[0]
    assert not warned or [line for line in site.log.since(mark).splitlines() if "TW0116" in line and "same files unprotected" in line]


def with_main(site, more):
    """The dump, and what the main server gives away on a port that no virtual host has."""
    port = ports.free()
    config, main = site.vhost.config, site.httpd.main
    try:
        site.vhost.config += LOCATION
        site.httpd.main = f'{main}\nListen 127.0.0.1:{port}\nDocumentRoot "{site.httpd.htdocs}"\n' + more.format(port)
        warned = unprotected(site.httpd.dump())
        site.restart()
        return warned, Browser(f"http://localhost:{port}", site.authority.ca).get("/members/index.html")
    finally:
        site.vhost.config, site.httpd.main = config, main


def test_N4_a_main_server_that_serves(site):
    warned, answer = with_main(site, "")
    assert CANARY in answer.text
    assert "main server" in warned[0]


def test_N4_a_main_server_that_serves_nobody(site):
    warned, answer = with_main(site, '<VirtualHost *:{0}>\nServerName x.test\nRedirect / https://site.test/\n</VirtualHost>')
    assert answer.status == 302
    assert warned == []


def test_N4_so_many_that_not_all_are_logged(site):
    """The first eight at a start; that there are more, and where they are."""
    config, vhosts = site.vhost.config, site.httpd.vhosts
    try:
        site.vhost.config += LOCATION
        site.httpd.vhosts = vhosts + [VHost(f"other{n}.test", tls=False, root=site.httpd.htdocs) for n in range(10)]
        assert len(unprotected(site.httpd.dump())) == 10
        mark = site.log.mark()
        site.restart()
    finally:
        site.vhost.config, site.httpd.vhosts = config, vhosts
    numbers = site.log.numbers(mark)
    assert numbers.count("TW0116") == 8 and "TW0117: 2 more of this kind" in site.log.since(mark)


def test_N4_the_same_application(site, echo, make_site):
    proxy = f'ProxyPass "/app/" "{echo.origin}/"\n'
    site = make_site(start=False, protected="", modules=("proxy", "proxy_http"), cgi=False,
                     config=proxy + LOCATION.replace("/members/", "/app/"))
    site.httpd.vhosts.append(VHost("other.test", tls=False, config=proxy))
    assert "same application unprotected" in site.httpd.dump()
    site.httpd.vhosts[-1].config += "\nRedirect / https://site.test/"      # which ProxyPass comes before
    assert "same application unprotected" in site.httpd.dump()
    site.httpd.vhosts[-1].config = "Redirect / https://site.test/"
    assert "unprotected" not in site.httpd.dump()
