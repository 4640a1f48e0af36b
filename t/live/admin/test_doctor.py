# SPDX-License-Identifier: Apache-2.0
"""`twauthctl doctor` and `-t -D TWAUTH_CHECK`: each verdict provoked, with what to do; and nothing is changed."""

import os
import re
import sqlite3
import time
from contextlib import closing

import pytest

from harness import certs, ports, process
from harness.checks import as_root
from harness.httpd import MPM, USER, VHost
from harness.resolver import Resolver

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.protocols("oauth1")]
protocols = pytest.mark.protocols("oauth1", "oauth2")
databases = pytest.mark.databases("sqlite", "pgsql")
pgsql = pytest.mark.databases("pgsql")
PAGE = "/.well-known/oauth-authorization-server"
AT_X = ["names", "proxy", "provider", "clock", "credentials", "callback"]


class Seen:
    """What the doctor found at one host (of all: host=None), by check."""

    def __init__(self, ran, host=None):
        self.ran, self.status = ran, ran.status
        self.rows = [row for row in ran.rows if host in (None, row["host"])]

    def __getitem__(self, check):
        return [(row["verdict"], row["says"], row["fix"]) for row in self.rows if row["check"] == check]

    def one(self, check, verdict, says, fix=""):
        """The check says this and nothing else."""
        (was, words, advice), = self[check]
        assert was == verdict and says in words and fix in advice and (advice or was in ("ok", "unknown")), (was, words, advice)

    def only(self, check, verdict, says, fix="", but=()):
        """So; all the rest is well, or cannot be known."""
        self.one(check, verdict, says, fix)
        bad = [row for row in self.rows if row["verdict"] in ("warning", "wrong") and row["check"] not in (check, *but)]
        assert not bad and self.status == {"warning": 1, "wrong": 2}[verdict], bad


@pytest.fixture(scope="module")
def site(make_site, folder):
    resolver = Resolver(folder / "doctor-names")
    site = make_site(start=False, clock=True, preload=resolver.preload, env=resolver.environment, modules=("remoteip",))
    site.resolver = resolver
    site.other_root = site.folder / "other"
    site.other_root.mkdir()
    site.clock.followers.clear()            # X has its own time
    if site.db.kind == "sqlite":
        site.db.file.parent.chmod(0o700)
    return site


@pytest.fixture
def doctor(site):
    """doctor(more configuration, replace={...}): how the doctor sees the site then."""
    vhost, main, mpm, vhosts = site.vhost.config, site.httpd.main, site.httpd.mpm_config, list(site.httpd.vhosts)

    def doctor(more="", *words, replace=(), host=None):
        site.vhost.config, site.httpd.main = vhost + "\n" + more, main + site.more
        for before, after in dict(replace).items():
            assert before in site.vhost.config + site.httpd.main, before
            site.vhost.config = site.vhost.config.replace(before, after)
            site.httpd.main = site.httpd.main.replace(before, after)
        return Seen(site.ctl("doctor", "--json", *words), host)
    site.more = ""                          # for the main server
    site.standin.reset()
    yield doctor
    site.vhost.config, site.httpd.main, site.httpd.mpm_config, site.httpd.vhosts = vhost, main, mpm, vhosts
    site.clock.set(0)
    site.resolver.stall(0)
    site.standin.begin()
    site.standin.register(site.url("/twauth/callback"))


def elsewhere(site, address):
    return {f"TwAuthProvider {site.standin.api()}": f"TwAuthProvider {address}"}


# All of it

@protocols
@databases
def test_all_is_well(site, doctor):
    seen = doctor()
    assert seen.status == 0, seen.rows
    unknown = [row["check"] for row in seen.rows if row["verdict"] != "ok"]
    told = ([] if process.ROOT else ["secrets"]) + (["callback"] if site.protocol == "oauth2" else [])   # whoever tests is the server's user
    assert unknown == told and len(seen.rows) == 16
    assert {row["host"] for row in seen.rows} == {site.vhost.origin}


@protocols
def test_for_people(site, doctor):
    doctor()                                # the configuration as it is
    site.standin.set(consumer_secret="another", client_secret="another")
    ran = site.ctl("doctor")
    host, *lines, last = ran.stdout.splitlines()
    assert ran.status == 2 and host.startswith(site.vhost.origin + " (/") and last == "1 wrong, 0 warnings"
    assert max(map(len, lines)) < 80 and {len(re.match(r"  (?:[A-Z-]+ +[a-z]+| {18}) +(?:=> )?", line)[0]) for line in lines} == {25}
    assert re.search(r"(?m)^  WRONG    credentials   X answered 401(?:.*\n)+ {22}=> compare TwAuth", ran.stdout)


def test_the_same_without_twauthctl(site, doctor):
    doctor()
    for words, status in (((), 0), (("-D", "TWAUTH_CHECK_OFFLINE"), 0)):
        ran = site.httpd.check("-D", "TWAUTH_CHECK", *words)
        assert ran.status == status and "nothing is wrong" in ran.stdout and "Syntax OK" not in ran.stderr, ran
    site.standin.set(consumer_secret="another", client_secret="another")
    ran = site.httpd.check("-D", "TWAUTH_CHECK", "-D", "TWAUTH_CHECK_JSON")
    assert ran.status == 2
    Seen(ran).only("credentials", "wrong", "X answered 401")
    assert "TWAUTH" not in site.httpd.check().stdout


def files(site):
    found = {}
    for top in (site.folder, *([site.db.file.parent] if site.db.kind == "sqlite" else [])):
        for file in (file for file in top.rglob("*") if file.is_file() and not file.name.startswith(("httpd.conf", "twauth.db-shm"))):
            found[str(file)] = (file.stat().st_mtime_ns, file.stat().st_size, file.stat().st_ino, file.stat().st_uid, file.stat().st_mode)
    return found


@protocols
@databases
def test_nothing_is_changed(site, doctor):
    site.db.execute("INSERT INTO twauth_account (id, twitter_id, username, token) VALUES (1, '1001', 'alice', 'kept')")
    site.db.execute("INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at) VALUES (?, 1, 1, 1, 2)", "S" * 22)
    rows = {table: site.db.rows(f"SELECT * FROM {table} ORDER BY 1") for table in ("twauth_account", "twauth_session", "twauth_username")}
    before, mark = files(site), site.db.mark() if site.db.kind == "pgsql" else None
    assert doctor().status == 0
    assert files(site) == before
    if mark is not None:
        said = " ".join(site.db.statements(mark))
        assert "twauth_account a" in said and not re.search(r"\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE|ALTER|SET SESSION|BEGIN)\b", said)
    assert rows == {table: site.db.rows(f"SELECT * FROM {table} ORDER BY 1") for table in rows}
    asked = [(call["method"], call["path"]) for call in site.standin.calls()]
    assert asked == [("GET", PAGE), ("POST", "/oauth/request_token" if site.protocol == "oauth1" else "/2/oauth2/token")]
    state = site.standin.state()
    assert not state["access_tokens"] + state["bearer_tokens"] + state["codes"]
    site.db.clear()


@protocols
@databases
def test_nobody_is_asked_offline(site, doctor):
    named = site.standin.api().replace("127.0.0.1", "x.test")
    seen = doctor(replace=elsewhere(site, named))
    assert seen.status == 0 and "x.test" in site.resolver.names() and site.standin.calls()
    seen.one("names", "ok", "x.test is found")
    site.standin.reset()
    mark = site.db.mark() if site.db.kind == "pgsql" else None
    seen = doctor("", "--offline", replace=elsewhere(site, named))
    assert seen.status == 0 and site.standin.calls() == []
    assert not [name for name in site.resolver.names() if not name[0].isdigit()]       # httpd itself reads addresses
    for check in AT_X:
        seen.one(check, "unknown", "not asked (--offline)")
    for check in ("database", "tables", "rights"):
        seen.one(check, "ok" if site.db.kind == "sqlite" else "unknown", "")
    assert mark is None or site.db.statements(mark) == []
    for check in ("settings", "open", "visitors", "authorities", "folder", "connections"):
        seen.one(check, "ok", "")


def test_sqlite_leaves_no_files_beside_its_own(site, doctor):
    """Where httpd does not run, nobody else has it open."""
    file = site.db.file.parent / "alone.db"
    with closing(sqlite3.connect(site.db.file)) as one, closing(sqlite3.connect(file)) as other:
        one.backup(other)
        other.execute("PRAGMA journal_mode=WAL")
    process.give(file, USER)
    before = file.read_bytes(), file.stat().st_mtime_ns
    assert doctor(replace={str(site.db.file): str(file)}).status == 0
    assert [name.name for name in file.parent.glob("alone*")] == ["alone.db"]
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


@databases
def test_each_thing_is_asked_once_for_all_hosts(site, doctor):
    site.httpd.vhosts.append(VHost("other.test", tls=True, root=site.other_root, config=site.vhost.config))
    site.standin.register(site.httpd.vhosts[-1].url("/twauth/callback"))
    mark = site.db.mark() if site.db.kind == "pgsql" else None
    seen = doctor()
    assert {row["host"] for row in seen.rows} == {vhost.origin for vhost in site.httpd.vhosts}
    paths = [call["path"] for call in site.standin.calls()]
    assert paths.count(PAGE) == 1 and len(paths) == 3
    assert mark is None or sum("SELECT 1" == said.split("|")[-1].strip() for said in site.db.statements(mark)) <= 1
    assert {row["host"] for row in doctor("", "--host", "other.test").rows} == {site.httpd.vhosts[-1].origin}


def test_what_httpd_does_not_take_is_wrong(site, doctor):
    site.vhost.config += "\nTwAuthSessionIdle soon"
    ran = site.ctl("doctor")
    assert ran.status == 2 and ran.stdout == "" and "TwAuthSessionIdle" in ran.stderr


def test_off_everywhere(make_httpd):
    httpd = make_httpd(VHost("site.test"), twauth=True)
    ran = httpd.ctl("doctor")
    assert ran.status == 1 and "off everywhere" in ran.stdout


# The configuration

def test_hosts_that_serve_the_same_files(site, doctor):
    site.httpd.vhosts.append(VHost("other.test", tls=False))
    (_, says, fix), *_ = doctor()["open"][-1:]
    seen = doctor(host=site.httpd.vhosts[-1].origin)
    assert seen.status == 2 and "protects nothing" in says, (says, fix)


@pytest.mark.parametrize("more, check, says", [
    ("TwAuthCookieDomain site.test", "settings", "is trusted like this one"),
    ("TwAuthDatabaseCalls 10", "connections", "TwAuthDatabaseCalls 10 should be below DBDMax"),
    ("RemoteIPHeader X-Forwarded-For", "visitors", "anybody may say"),
    ("SetEnvIf X-Forwarded-Proto https HTTPS=on", "visitors", "a proxy seems to be before this host (SetEnvIf X-Forwarded-Proto"),
])
def test_warnings_of_the_configuration(doctor, more, check, says):
    doctor(more).only(check, "warning", says)


def test_a_proxy_that_ends_tls(site, doctor):
    site.httpd.vhosts.append(VHost("tls.test", tls=False, root=site.other_root, server_name="https://tls.test",
                                   config=site.vhost.config))
    seen = doctor("", "--host", "tls.test", host="https://tls.test")
    seen.one("visitors", "warning", "TLS ends somewhere else", "RemoteIPInternalProxy")
    site.httpd.vhosts[-1].config += "\nRemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 192.0.2.10"
    seen = doctor("", "--host", "tls.test", host="https://tls.test")
    seen.one("visitors", "ok", "mod_remoteip says who a visitor is")


def test_a_host_without_a_name(site, doctor):
    site.httpd.vhosts.append(VHost("nobody.test", server_name="", root=site.other_root, config=site.vhost.config))
    seen = doctor()
    rows = [row for row in seen.rows if row["host"] != site.vhost.origin]
    assert seen.status == 1 and rows[0]["check"] == "settings" and "ServerName" in rows[0]["fix"], rows


# Secrets

@as_root
def test_secrets_within_reach_of_programs(site, doctor):
    process.give(site.key, USER)
    seen = doctor()
    process.give(site.key, "root")
    seen.only("secrets", "warning", f"TwAuthKey file:{site.key} can be read by the server's own user", "chown root:root")
    folder = site.folder / "keys"
    folder.mkdir(mode=0o700)
    key = folder / "key"
    key.write_text(site.key.read_text())
    key.chmod(0o600)
    process.give(folder, USER), process.give(key, "root")
    doctor(replace={str(site.key): str(key)}).only("secrets", "warning", f"may write to the folder {folder}", "chown root:root")


@protocols
def test_a_secret_of_a_command(site, doctor):
    name = "TwAuthConsumerSecret" if site.protocol == "oauth1" else "TwAuthClientSecret"
    seen = doctor(f"{name} exec:/bin/false")
    seen.one("credentials", "unknown", "a command's (exec:)")
    assert seen.status == 0 and [call["path"] for call in site.standin.calls()] == [PAGE]


# The way to X

@pytest.mark.parametrize("stalled", [False, True])
def test_names(site, doctor, stalled):
    site.resolver.stall(30)
    host = "x.test" if stalled else "gone.x.test"
    begun = time.monotonic()
    seen = doctor("TwAuthProviderTimeout 1s", replace=elsewhere(site, site.standin.api().replace("127.0.0.1", host)))
    seen.only("names", "wrong", f"{host} is not found", f"`getent hosts {host}`")
    seen.one("provider", "unknown", "see what is wrong above")
    seen.one("credentials", "unknown", "see what is wrong above")
    assert time.monotonic() - begun < 30


def test_proxy(site, doctor):
    proxy = f"http://127.0.0.1:{ports.free()}"
    seen = doctor(f"TwAuthProviderProxy {proxy}")
    seen.only("proxy", "wrong", f"there is no way through {proxy}", "TwAuthProviderProxy")
    doctor("TwAuthProviderProxy http://gone.proxy.test:3128").only("proxy", "wrong", "gone.proxy.test")


def test_nobody_is_there(site, doctor):
    address = f"https://127.0.0.1:{ports.free()}"
    doctor(replace=elsewhere(site, address)).only("provider", "wrong", f"{address} does not answer", "firewall")


def test_x_says_nothing(site, doctor):
    site.standin.fault(PAGE, "hang", times=None)
    seen = doctor("TwAuthProviderTimeout 1s")
    seen.only("provider", "wrong", "does not answer", "firewall")
    seen.one("credentials", "unknown", "see what is wrong above")


@pytest.mark.parametrize("fault, says", [
    ({"status": 503}, "is out of order: it answers 503"),
    ({"status": 200, "body": "<!doctype html><html><title>Log in</title></html>", "content_type": "text/html"}, "a page for people answers"),
])
def test_something_else_is_there(site, doctor, fault, says):
    site.standin.fault(PAGE, "status", **fault)
    doctor().only("provider", "warning", says)


@pytest.mark.parametrize("what, says, fix", [
    ("empty", "has no certificate in it", "PEM"), ("stranger", "certificate", "ca-certificates"),
    pytest.param("closed", "cannot be read by the server's user", "everybody can read", marks=as_root)])
def test_authorities(site, doctor, authority, tmp_path, what, says, fix):
    tmp_path.chmod(0o755)
    file = site.folder / f"{what}.pem"
    text = (certs.Authority(tmp_path).ca if what == "stranger" else authority.ca).read_text()
    file.write_text("" if what == "empty" else text)
    file.chmod(0o600 if what == "closed" else 0o644)
    seen = doctor(f'TwAuthProviderCAFile "{file}"')
    seen.one("authorities", "wrong", says, fix)
    assert seen.status == 2 and [row["check"] for row in seen.rows if row["verdict"] == "wrong"][0] == "authorities"


def test_the_authorities_of_the_system_are_not_the_stand_in_s(site, doctor):
    seen = doctor(replace={f'TwAuthProviderCAFile "{site.authority.ca}"': ""})
    seen.one("authorities", "wrong", "certificate", "ca-certificates")


@pytest.mark.parametrize("offset, verdict, says", [
    (5, None, ""), (90, "warning", "seconds ahead of X's"), (-90, "warning", "seconds behind X's"), (-700, "wrong", "seconds behind X's"),
    (3600, "wrong", "seconds ahead of X's")])
def test_clock(site, doctor, offset, verdict, says):
    site.clock.set(offset)
    seen = doctor()
    if verdict:
        seen.only("clock", verdict, says, "timedatectl")
        assert abs(int(re.search(r"clock is (\d+)", seen["clock"][0][1])[1]) - abs(offset)) < 30
    seen.one("credentials", "ok", "X accepts")          # signed with X's time where this server's is refused
    assert verdict or seen.status == 0


# The application at X

@protocols
def test_credentials(site, doctor):
    site.standin.set(consumer_secret="another", client_secret="another")
    seen = doctor()
    seen.only("credentials", "wrong", "X answered 401", "compare TwAuth")
    seen.one("callback", "unknown", "before it accepts the credentials")


@pytest.mark.protocols("oauth2")
def test_credentials_of_a_public_client(make_site, doctor, site):
    public = make_site(start=False, public=True, db=site.db)
    Seen(public.ctl("doctor", "--json")).one("credentials", "ok", "X accepts the client id")
    public.standin.set(public_client_id="another")
    Seen(public.ctl("doctor", "--json")).one("credentials", "wrong", "X answered 400", "TwAuthClientID")


@protocols
@pytest.mark.parametrize("oauth1, oauth2, verdict, says", [
    ({"kind": "error", "code": 416}, {"kind": "error2", "name": "client-not-enrolled"}, "wrong", "X answered"),
    ({"kind": "status", "status": 429}, {"kind": "status", "status": 429}, "warning", "X answered 429"),
    ({"kind": "status", "status": 503}, {"kind": "status", "status": 503}, "warning", "X answered 503"),
    ({"kind": "status", "status": 200, "body": "hello"}, {"kind": "status", "status": 200, "body": "hello"}, "wrong", "without a usable"),
    ({"kind": "hang"}, {"kind": "hang"}, "warning", "timed out"),
])
def test_x_says_something_else_of_the_application(site, doctor, oauth1, oauth2, verdict, says):
    path, fault = ("/oauth/request_token", oauth1) if site.protocol == "oauth1" else ("/2/oauth2/token", oauth2)
    # short only where it is met; and not too short for what is asked before that, and has to be answered in the same time
    for timeout in [f"TwAuthProviderTimeout {n}s" for n in (3, 10, 30)] if fault["kind"] == "hang" else [""]:
        site.standin.fault(path, **fault)
        seen = doctor(timeout)
        if seen["provider"][0][0] == "ok":
            break
    seen.only("credentials", verdict, says)


@protocols
def test_callback(site, doctor):
    url = site.url("/twauth/callback")
    if site.protocol == "oauth1":
        for callbacks in ([], [url + "/"]):
            site.standin.set(callbacks=callbacks)
            seen = doctor()
            seen.only("callback", "wrong", "X answered", url)
            seen.one("credentials", "ok", "X accepts the consumer key and secret")
    else:
        doctor().one("callback", "unknown", f"{url} is registered: sign in once at {site.url('/twauth/login')}")
        site.standin.fault("/2/oauth2/token", "error2", name="redirect-uri")
        doctor().only("callback", "wrong", "X answered", url)


# The database

@databases
def test_no_tables(site, doctor, make_db):
    db = make_db(schema="SELECT 1;")
    if db.kind == "sqlite":
        db.file.parent.chmod(0o700)
    params = [line for base in (site.db, db) for line in base.configuration.splitlines() if line.startswith("DBDParams")]
    seen = doctor(replace=[params])
    seen.only("tables", "wrong", "twauth_", "tables")
    assert "TW0401" not in seen.ran.stderr          # it is a verdict, and no line of a log


@databases
def test_tables_of_an_older_version(site, doctor):
    """Which one it is, store/version reads; there is no need of each."""
    versions = site.db.rows("SELECT version, applied_at FROM twauth_schema")
    site.db.execute("UPDATE twauth_schema SET version = 4 WHERE version = (SELECT max(version) FROM twauth_schema)")
    try:
        doctor().only("tables", "warning", "the tables are of version 4", "twauthctl tables")
    finally:
        site.db.execute("DELETE FROM twauth_schema")
        for row in versions:
            site.db.execute("INSERT INTO twauth_schema (version, applied_at) VALUES (?, ?)", *row)
    doctor().one("tables", "ok", "the tables are there")


def test_sqlite_is_not_made(site, doctor, tmp_path):
    file = site.db.file.parent / "none.db"
    seen = doctor(replace={str(site.db.file): str(file)})
    seen.only("database", "wrong", f"{file} is not there", "twauthctl tables")
    seen.one("tables", "unknown", "see above")
    assert not file.exists()
    file = site.db.file.parent / "none" / "none.db"
    seen = doctor(replace={str(site.db.file): str(file)})
    seen.only("folder", "wrong", f"{file.parent} is not there", "install -d", but=["database"])
    assert not file.parent.exists()


def test_sqlite_is_no_database(site, doctor):
    file = site.db.file.parent / "words.db"
    file.write_text("no database" * 1000)
    process.give(file, USER)
    doctor(replace={str(site.db.file): str(file)}).only("database", "wrong", "not a database", "server's user")
    assert file.read_text() == "no database" * 1000


@as_root
def test_sqlite_belongs_to_somebody_else(site, doctor):
    folder = site.db.file.parent
    for file in ("", "-wal", "-shm"):
        file = folder / (site.db.file.name + file)
        process.give(file, "root")
        file.chmod(0o644)
        seen = doctor()
        (verdict, says, fix), = seen["rights"] or [("", "", "")]
        assert seen.status == 2 and (verdict, says) == ("wrong", f"the server's user may not write to {file}") and "never as root" in fix, seen.rows
        process.give(file, USER)
    os.chown(folder, 0, 0)
    folder.chmod(0o711)
    doctor().only("rights", "wrong", f"may not write to the folder {folder}", "SQLite makes files", but=["folder"])
    process.give(folder, USER)
    folder.chmod(0o700)


@pytest.mark.parametrize("mode, verdict, says, fix", [(0o755, "warning", "everybody on this server can read", "chmod 0700"),
                                                      (0o777, "wrong", "everybody may exchange the database", "chmod 0700")])
def test_folder_modes(site, doctor, mode, verdict, says, fix):
    site.db.file.parent.chmod(mode)
    try:
        doctor().only("folder", verdict, says, fix)
    finally:
        site.db.file.parent.chmod(0o700)


def test_sqlite_within_a_document_root(site, doctor):
    site.httpd.vhosts.append(VHost("files.test", tls=False, root=site.db.file.parent))
    doctor().only("open", "wrong", "anybody could download it")


@pgsql
def test_pgsql_is_not_there(site, doctor):
    seen = doctor(replace={f"dbname={site.db.name}": "dbname=nowhere"})
    seen.only("database", "wrong", 'database "nowhere" does not exist', "pg_hba.conf")


@pgsql
def test_a_password_is_not_told(site, doctor):
    """libpq repeats what follows a blank."""
    site.canaries.add("half of a password", "canary-behind-a-blank")
    seen = doctor(replace={"connect_timeout=3": "connect_timeout=3 password=two canary-behind-a-blank"})
    seen.only("database", "wrong", "DBDParams is no list of name=value")


@pgsql
def test_pgsql_does_not_answer(site, doctor):
    begun = time.monotonic()
    with site.db.locked():
        doctor(replace={"connect_timeout=3": "connect_timeout=2"}).only("database", "wrong", "timeout expired", "is PostgreSQL running")
    assert time.monotonic() - begun < 60


@pgsql
def test_a_driver_that_sets_no_limit_is_given_one(site, doctor):
    begun = time.monotonic()
    with site.db.locked():
        seen = doctor(replace={"connect_timeout=3": ""})
        seen.only("database", "wrong", "timeout expired", but=["settings"])
        seen.one("settings", "warning", "DBDParams has no connect_timeout")
    assert time.monotonic() - begun < 60


@pgsql
def test_rights(site, doctor, postgres):
    role = f"poor_{site.db.name}"
    site.db.execute(f"CREATE ROLE {role} LOGIN")
    try:
        poor = {f"user={postgres.USER} ": f"user={role} "}
        site.db.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        seen = doctor(replace=poor)
        seen.only("rights", "wrong", f"{role} lacks rights: INSERT on twauth_account, UPDATE on twauth_account", f'TO "{role}"')
        site.db.execute(f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        assert doctor(replace=poor).status == 0
        site.db.execute(f"ALTER ROLE {role} IN DATABASE {site.db.name} SET default_transaction_read_only = on")
        doctor(replace=poor).only("rights", "wrong", "a standby, or read-only", "primary")
    finally:
        site.db.execute(f"DROP OWNED BY {role}")
        site.db.execute(f"DROP ROLE {role}")


@pgsql
def test_more_connections_than_there_are(site, doctor):
    site.httpd.mpm_config = MPM["event"].replace("ServerLimit 4", "ServerLimit 25").replace("MaxRequestWorkers 64", "MaxRequestWorkers 400")
    doctor().only("connections", "warning", "httpd may open 250 connections (25 processes, 10 each", "max_connections above 250")
    site.more = "\nDBDMax 5"
    doctor("TwAuthDatabaseCalls 4").one("connections", "ok", "125 in all")
