# SPDX-License-Identifier: Apache-2.0
"""`-t -D DUMP_TWAUTH`: what to register at X, and what to look at once more."""

import pytest

from harness.httpd import VHost
from harness.site import PROTECTED
from harness.standin import KEY, SECRET


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(start=False)


@pytest.fixture
def dump(site):
    """The dump with more hosts and lines."""
    config, main, vhosts = site.vhost.config, site.httpd.main, list(site.httpd.vhosts)

    def dump(more="", *hosts, main_more="", vhost=None):
        site.vhost.config = config + "\n" + more
        site.httpd.vhosts += hosts
        site.httpd.main = main + main_more
        return site.httpd.dump()
    yield dump
    site.vhost.config, site.httpd.main, site.httpd.vhosts = config, main, vhosts


def warnings(text):
    return [line for line in text.splitlines() if "WARNING" in line]


def test_says_what_to_register(site, dump):
    said = dump()
    assert f"Callback URL:  {site.url('/twauth/callback')}   (register exactly this at X)" in said
    assert f"...{KEY[-4:]}\n" in said
    assert KEY not in said and SECRET not in said and site.key.read_text().strip() not in said
    assert warnings(said) == []


def test_without_the_word_nothing_is_printed(site):
    assert "Callback URL" not in site.httpd.check().stdout


def test_nothing_configured(make_httpd):
    httpd = make_httpd(VHost("site.test"), twauth=True)
    assert "off everywhere" in httpd.dump()


def test_how_much_is_remembered(site, dump):
    """One table for all hosts: the greatest number counts, rounded up."""
    assert "room for 262144 ended sessions" in dump()
    assert "room for 128 ended sessions" in dump("TwAuthSharedEntries 100")
    other = VHost("other.test", config=site.vhost.config + "\nTwAuthSharedEntries 5000")
    assert "room for 8192 ended sessions" in dump("TwAuthSharedEntries 100", other)


def test_warns_of_plain_http(site, dump):
    said = dump("", VHost("plain.test", tls=False, config=site.vhost.config))
    assert any("plain http" in w for w in warnings(said))


def test_warns_of_a_host_without_name(site, dump):
    said = dump("", VHost("nobody.test", server_name="", config=site.vhost.config))
    assert any("ServerName" in w for w in warnings(said))


def test_warns_of_the_same_files_unprotected(site, dump):
    said = dump("", VHost("other.test", tls=False))
    assert any(str(site.httpd.htdocs) in w and "protects nothing" in w for w in warnings(said))


def test_does_not_warn_where_the_protection_is_in_a_directory_of_the_server(site, dump):
    said = dump("", VHost("other.test", tls=False), main_more=f"""
        <Directory "{site.httpd.htdocs}/members">
        AuthType Twitter
        Require valid-user
        </Directory>""")
    assert not any("/members" in w for w in warnings(said))
    assert any("/admin" in w for w in warnings(said))       # this one stands in the host alone


def test_shows_how_sessions_are_kept(site, dump):
    said = dump()
    assert "basic protection, 50 an account" in said and "remembered" not in said
    assert "checked every 10min" in said and "what changes is read every 2s" in said
    said = dump("TwAuthSessionProtection Strong\nTwAuthSessionsPerAccount 5\nTwAuthRemember Ask\nTwAuthRememberFor 7d")
    assert "strong protection, 5 an account" in said and "remembered, where people say so, for 7d" in said


def test_warns_of_a_realm_with_other_keys(site, dump):
    other = site.secret("other-key", "b3RoZXIta2V5LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0")
    config = site.vhost.config.replace(str(site.key), str(other)) + "\nTwAuthRealm shared"
    said = dump("TwAuthRealm shared", VHost("other.test", config=config))
    assert any("same realm" in w and "but other keys" in w for w in warnings(said))


def test_warns_of_a_realm_with_another_cookie(site, dump):
    config = site.vhost.config + "\nTwAuthRealm shared\nTwAuthCookieName another"
    said = dump("TwAuthRealm shared", VHost("other.test", config=config))
    assert any("same realm" in w and "TwAuthCookieName" in w for w in warnings(said))


def test_warns_of_a_cookie_for_a_whole_domain(dump):
    assert any("every host of site.test" in w for w in warnings(dump("TwAuthCookieDomain site.test")))


def test_DB_7_warns_of_a_database_inside_the_document_root(site, dump):
    said = dump(f'DBDriver sqlite3\nDBDParams "{site.httpd.htdocs}/data/twauth.db"')
    assert any("inside the DocumentRoot" in w for w in warnings(said))


def test_warns_of_more_calls_than_connections(dump):
    assert any("TwAuthDatabaseCalls" in w for w in warnings(dump("TwAuthDatabaseCalls 50")))


def test_warns_of_postgresql_without_a_limit_to_connect(dump):
    where = 'DBDriver pgsql\nDBDParams "host=/run/postgresql dbname=x{}"'
    assert any("connect_timeout" in w for w in warnings(dump(where.format(""))))
    assert not any("connect_timeout" in w for w in warnings(dump(where.format(" connect_timeout=3"))))


@pytest.mark.parametrize("params, warned", [
    ("host=db1,db2 dbname=x", True), ("hostaddr=10.0.0.1,10.0.0.2 dbname=x", True), ("postgresql://db1,db2:5433/x", True),
    ("dbname=ghost host=a,b", True), ("postgresql://u:p,w@db1/x", False), ("postgresql://u:p,w@db1,db2/x", True),
    ("postgresql://db1/x?application_name=a,b", False),
    ("host=db1,db2 target_session_attrs=read-write", False), ("host=db1,db2 target_session_attrs=any", False),
    ("host=db1 dbname=x options='-c search_path=a,b'", False), ("dbname=x", False)])
def test_warns_of_servers_one_of_which_may_be_a_standby(dump, params, warned):
    said = dump(f'DBDriver pgsql\nDBDParams "{params} connect_timeout=3"')
    assert any("names several servers" in w for w in warnings(said)) is warned


def test_callback_of_its_own(site, dump):
    assert "Callback URL:  https://other.example/x/y " in dump("TwAuthCallbackURL https://other.example/x/y")
    assert "Profile:       not asked for" in dump("TwAuthProfile Off")
    assert "Profile:       name,profile_image_url,verified\n" in dump("TwAuthProfile On")
    assert "they go to their handle" in dump("TwAuthClaimByHandle On")


def test_protected_pages_need_no_host_section(site, dump):
    said = dump("", VHost("twin.site.test", tls=False, config=PROTECTED))
    assert not any("protects nothing" in w for w in warnings(said))


def test_hosts_from_one_file_that_is_included_twice_are_told_apart(site, dump):
    file = site.folder / "host.conf"
    certificate = site.authority.server
    file.write_text(f"""<VirtualHost *:${{PORT_OF_HOST}}>
        ServerName ${{NAME_OF_HOST}}
        SSLEngine ${{ENGINE}}
        SSLCertificateFile "{certificate.cert}"
        SSLCertificateKeyFile "{certificate.key}"
        {site.vhost.config}
        </VirtualHost>""")
    ask = 'Define NAME_OF_HOST {}\nDefine PORT_OF_HOST {}\nDefine ENGINE {}\nInclude "{}"\n'
    said = dump(main_more=ask.format("one.test", 81, "on", file) + ask.format("two.test", 82, "off", file))
    assert "https://one.test (" in said
    assert "http://two.test (" in said


def test_A2_warns_of_a_realm_with_other_times(site, dump):
    for line, name in (("TwAuthSessionRecheck 5s", "TwAuthSessionRecheck"), ("TwAuthSessionGrace 1h", "TwAuthSessionGrace"),
                       ("TwAuthRemember On", "TwAuthRemember")):
        said = dump("TwAuthRealm shared", VHost("other.test", config=f"{site.vhost.config}\nTwAuthRealm shared\n{line}"))
        assert sum("same realm" in w and name in w for w in warnings(said)) == 2      # each of the two is told
        site.httpd.vhosts.pop()
    said = dump("TwAuthRealm shared", VHost("other.test", config=site.vhost.config + "\nTwAuthRealm shared"))
    assert not any("same realm" in w for w in warnings(said))


def test_G24_warns_of_two_ports_of_one_host(site, dump):
    said = dump("", VHost("site.test", config=site.vhost.config))
    assert sum("another port of this host" in w for w in warnings(said)) == 2
    for host in site.httpd.vhosts:
        host.config += "\nTwAuthRealm shared"
    assert not any("another port" in w for w in warnings(site.httpd.dump()))


def test_G24_warns_of_names_by_a_wildcard(site, dump):
    site.vhost.aliases, before = ("*.site.test",), site.vhost.aliases
    try:
        assert any("ServerAlias *.site.test" in w for w in warnings(dump()))
    finally:
        site.vhost.aliases = before


def test_G24_warns_of_a_preflight_that_cannot_pass(site, dump):
    section = '<Location "/api/">\nAuthType Twitter\n<IfModule headers_module>\n' \
              'Header always set Access-Control-Allow-Origin "https://app.test"\n</IfModule>\n{}\n</Location>'
    site.httpd.modules = (*site.httpd.modules, "headers")
    assert any("preflight" in w for w in warnings(dump(section.format("Require valid-user"))))
    allowed = "<LimitExcept OPTIONS>\nRequire valid-user\n</LimitExcept>"
    assert not any("preflight" in w for w in warnings(dump(section.format(allowed))))


def test_hosts_from_a_macro_are_told_apart(site, dump):
    site.httpd.modules = (*site.httpd.modules, "macro")
    said = dump("", main_more=f"""
        <Macro Host $name $more>
        <VirtualHost *:{site.vhost.port}>
        ServerName https://$name
        DocumentRoot "{site.httpd.htdocs}"
        $more
        </VirtualHost>
        </Macro>
        Use Host open.test "TwAuthEngine Off"
        Use Host away.test "Redirect permanent / https://site.test/"
        """)
    assert {"open.test" in w for w in warnings(said)} == {True} and len(warnings(said)) == 2     # /members/ and /admin/


def test_G9_an_alias_for_all_hosts_is_told_but_not_at_each_start(make_site):
    site = make_site(protected="")
    site.vhost.config += f'<Directory "{site.httpd.htdocs}">\nAuthType Twitter\nRequire valid-user\n</Directory>'
    assert any("ScriptAlias" in w and "/cgi-bin/x" in w for w in warnings(site.httpd.dump()))
    site.restart()
    assert site.browser().get("/cgi-bin/env").status == 200
    assert "TW0116" not in site.log.since()
