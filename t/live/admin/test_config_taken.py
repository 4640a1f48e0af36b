# SPDX-License-Identifier: Apache-2.0
"""G9, G24: the dump warns where a proxy rule or an alias takes what a section protects, as a visitor meets it.

Each configuration is tried twice: what `DUMP_TWAUTH` says of it, and what a visitor gets from the running server.
"""

from dataclasses import dataclass

import pytest

RULES = "\nAuthType Twitter\nRequire valid-user\n"
DIRECTORY = '<Directory "{htdocs}/members">' + RULES + "</Directory>\n"
WILDCARDS = DIRECTORY.replace("members", "[m][e][m][b][e][r][s]")      # longer than what it matches
LOCATION = '<Location "/members/">' + RULES + "</Location>\n"
FILES = '<Files "secret.html">' + RULES + "</Files>\n"
OTHER = '<Directory "{folder}/other">\nRequire all granted\n</Directory>\n'


@dataclass(frozen=True)
class Row:
    what: str
    config: str
    url: str = "/members/x.php"     # asked for by somebody who has not signed in
    opened: bool = False
    main: str = ""
    told: str = "anybody gets that"


ROWS = [
    Row("nothing", DIRECTORY),
    Row("ProxyPassMatch of programs", DIRECTORY + 'ProxyPassMatch "^/(.*\\.php)$" "{echo}/$1"', opened=True),
    Row("the same, directory outside of hosts", 'ProxyPassMatch "^/(.*\\.php)$" "{echo}/$1"', main=DIRECTORY, opened=True),
    Row("the same, of another place", DIRECTORY + 'ProxyPassMatch "^/app/(.*\\.php)$" "{echo}/$1"'),
    Row("ProxyPassMatch, protected by location", LOCATION + 'ProxyPassMatch "^/(.*\\.php)$" "{echo}/$1"'),
    Row("ProxyPassMatch, protected by both", DIRECTORY + LOCATION + 'ProxyPassMatch "^/(.*\\.php)$" "{echo}/$1"'),
    Row("ProxyPass of a part", DIRECTORY + 'ProxyPass "/members/app" "{echo}"', url="/members/app/x", opened=True),
    Row("ProxyPass of a part, of which that is excepted", DIRECTORY + 'ProxyPass "/members/" "!"\nProxyPass "/" "{echo}/"'),
    Row("ProxyPass of all", DIRECTORY + 'ProxyPass "/" "{echo}/"', opened=True),
    Row("ProxyPass of all, directory by wildcards", WILDCARDS + 'ProxyPass "/" "{echo}/"', opened=True),
    Row("directory by wildcards", WILDCARDS),
    Row("ProxyPass of all, directory outside of hosts", 'ProxyPass "/" "{echo}/"', main=DIRECTORY, opened=True),
    Row("ProxyPass in a location", DIRECTORY + '<Location "/members/app">\nProxyPass "{echo}"\n</Location>',
        url="/members/app/x", opened=True),
    Row("ProxyPass, protected by its proxy section", DIRECTORY + 'ProxyPass "/members/app" "{echo}"\n<Proxy "{echo}">'
        + RULES + "</Proxy>", url="/members/app/x"),
    Row("rewrite rule", DIRECTORY + 'RewriteEngine On\nRewriteRule "^/(.+\\.(php|phar))$" "{echo}/$1" [P]', opened=True),
    Row("rewrite rule that is off", DIRECTORY + 'RewriteRule "^/(.+\\.(php|phar))$" "{echo}/$1" [P]'),
    Row("SetHandler", DIRECTORY + '<FilesMatch "\\.php$">\nSetHandler "proxy:{echo}/"\n</FilesMatch>'),
    Row("SetHandler in a location", DIRECTORY + '<LocationMatch "\\.php$">\nSetHandler "proxy:{echo}/"\n</LocationMatch>'),
    Row("alias to another folder", DIRECTORY + OTHER + 'Alias "/members/more" "{folder}/other"', url="/members/more/x.php",
        opened=True),
    Row("alias to another folder that is denied", DIRECTORY + 'Alias "/members/more" "{folder}/other"',
        url="/members/more/x.php"),
    Row("alias to the same folder", DIRECTORY + 'Alias "/members/more" "{htdocs}/members"', url="/members/more/x.php"),
    Row("alias by a pattern", DIRECTORY + OTHER + 'AliasMatch "^/[^.]+/(x[a-z]*\\.php)$" "{folder}/other/$1"', opened=True),
    Row("alias in a location", DIRECTORY + OTHER + '<Location "/members/more">\nAlias "{folder}/other/x.php"\n</Location>',
        url="/members/more/x.php", opened=True),
    Row("script alias", DIRECTORY + OTHER + 'ScriptAlias "/members/run/" "{folder}/other/"', url="/members/run/x.cgi",
        opened=True),
    Row("a file", FILES, url="/secret.html"),
    Row("a file, ProxyPass of all", FILES + 'ProxyPass "/" "{echo}/"', url="/secret.html", opened=True),
    Row("a file, ProxyPassMatch", FILES + 'ProxyPassMatch "^/(.*\\.html)$" "{echo}/$1"', url="/secret.html", opened=True),
    Row("a file, ProxyPassMatch of others", FILES + 'ProxyPassMatch "^/(.*\\.php)$" "{echo}/$1"', url="/secret.html"),
    Row("location with a slash, files", LOCATION, url="/members"),
    Row("location with a slash, application", LOCATION + 'ProxyPass "/" "{echo}/"', url="/members", opened=True,
        told="does not cover /members,"),
    Row("location without a slash, application", LOCATION.replace("members/", "members") + 'ProxyPass "/" "{echo}/"',
        url="/members"),
    Row("location with a slash, and the application too", LOCATION + 'ProxyPass "/members/" "{echo}/"', url="/members"),
]


#: What somebody gets by another spelling is test_config_same_files.py's.
ELSEWHERE = "protects a part of an application"


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, protected="", modules=("rewrite", "proxy", "proxy_http"))
    site.httpd.put("members/x.php", "a file")
    site.httpd.put("secret.html", "a file")
    other = site.httpd.folder / "other"
    other.mkdir()
    (other / "x.php").write_text("another file")
    site.httpd.script("x.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nfrom a program'\n", other)
    yield site
    site.stop()


@pytest.mark.parametrize("row", ROWS, ids=[row.what.replace(" ", "-") for row in ROWS])
def test_G9_what_the_dump_says_is_what_a_visitor_gets(site, echo, row):
    paths = {"{htdocs}": str(site.httpd.htdocs), "{folder}": str(site.httpd.folder), "{echo}": echo.origin}

    def put(text):
        for name, path in paths.items():
            text = text.replace(name, path)
        return text
    config, main = site.vhost.config, site.httpd.main
    try:
        site.vhost.config, site.httpd.main = config + put(row.config), main + put(row.main)
        warned = [line for line in site.httpd.dump().splitlines() if "WARNING" in line and ELSEWHERE not in line]
        site.restart()
        site.allow_log("AH01630", "AH01797")
        answer = site.browser().get(row.url)
    finally:
        site.vhost.config, site.httpd.main = config, main
    assert (answer.status == 200) == row.opened
    assert bool(warned) == row.opened, warned
    if warned:
        assert row.told in warned[0]


def test_S3_a_warning_shows_no_password_of_a_backend(site):
    config = site.vhost.config
    try:
        site.vhost.config += DIRECTORY.replace("{htdocs}", str(site.httpd.htdocs)) + """
            ProxyPass "/members/a" "http://user:hidden-word@127.0.0.1:9/"
            ProxyPassMatch "^/(.*\\.php)$" "http://user:hidden-word@127.0.0.1:9/$1"
            <If "%{REMOTE_USER} == 'hidden-word'">
            Require all granted
            </If>"""
        said = site.httpd.dump()
    finally:
        site.vhost.config = config
    assert said.count("WARNING") == 3
    assert "hidden-word" not in said
