# SPDX-License-Identifier: Apache-2.0
"""N6: a command that an administrator runs as root opens the database as the server's user, as the server does."""

import contextlib
import getpass
import json

import psycopg2
import pytest

from harness import process
from harness.httpd import USER

SERVER = USER if process.ROOT else getpass.getuser()


@pytest.fixture
def peer(postgres, make_db):
    """A database that is asked by the socket, as on Debian: nobody but the server's user may be www-data."""
    db = make_db()
    rules = postgres.data / "pg_hba.conf"
    before = rules.read_text()

    def reload(text, seen):
        rules.write_text(text)
        postgres.execute("SELECT pg_reload_conf()")
        assert process.until(lambda: asks_the_socket() == seen)

    def asks_the_socket():
        """Whether a name that is not one's own is refused."""
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(host=str(postgres.folder), user=f"{SERVER}-else", dbname=db.name).close()
            return False
        return True
    roles = f'"{SERVER}", "{SERVER}-else"'
    postgres.execute(f'CREATE ROLE "{SERVER}" LOGIN; CREATE ROLE "{SERVER}-else" LOGIN')
    db.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON twauth_account, twauth_username, twauth_session, twauth_change '
               f'TO "{SERVER}"')
    reload(f'local {db.name} {roles.replace(" ", "")} peer\n{before}', True)
    yield db
    reload(before, False)
    db.execute(f"DROP OWNED BY {roles}")
    db.execute(f"DROP ROLE {roles}")


def changed_over(make_site, db):
    site = make_site(db=db, protocol="oauth1", start=False)
    site.httpd.main = site.httpd.main.replace(f"user={getattr(db.server, 'USER', None)} ", f"user={SERVER} ") \
        if db.kind == "pgsql" else site.httpd.main
    site.start()
    site.browser().sign_in("alice"), site.browser().sign_in("bob")
    site.change_over("oauth2")
    site.graceful()
    return site


def define(site):
    return site.httpd.check("-D", "TWAUTH_EXCHANGE")


def subcommand(site):
    return site.ctl("exchange")


@pytest.mark.databases("pgsql")
@pytest.mark.mpms("event")
@pytest.mark.parametrize("exchange", [define, subcommand])
def test_N6_tokens_are_carried_over_where_postgresql_asks_the_socket(make_site, peer, exchange):
    site = changed_over(make_site, peer)
    ran = exchange(site)
    assert ran and "2 exchanged, 0 not" in ran.stdout, ran
    assert site.db.rows("SELECT DISTINCT token_kind FROM twauth_account") == [("oauth2",)]
    site.stop()


@pytest.mark.databases("sqlite")
def test_N6_what_the_server_cannot_open_root_does_not_open_for_it(make_site, make_db):
    site = changed_over(make_site, make_db())
    site.stop()
    site.db.drop()
    folder = site.db.file.parent
    process.give(folder, "root")
    folder.chmod(0o700 if process.ROOT else 0)
    ran = site.httpd.check("-D", "TWAUTH_EXCHANGE")
    assert not ran and "the database cannot be opened" in ran.stdout, ran
    ran = site.ctl("exchange", "--json")
    assert ran.status == 2 and ran.rows == [] and "the database cannot be opened" in ran.stderr, ran
    folder.chmod(0o700)
    process.give(folder, USER)
    assert "2 exchanged, 0 not" in site.httpd.check("-D", "TWAUTH_EXCHANGE").stdout


@pytest.mark.databases("sqlite")
def test_the_subcommand_for_programs_and_its_event(make_site, make_db, folder):
    """Also when nothing is left to do, where no host has it, and where X refuses one."""
    site = changed_over(make_site, make_db())
    events = site.httpd.folder / "events.log"
    site.vhost.config += f"\nTwAuthEventLog {events}"
    site.db.execute("UPDATE twauth_account SET token = 'x' WHERE username = 'bob'")
    ran = site.ctl("exchange", "--json", SUDO_USER="carol")
    assert ran.status == 1 and ran.rows == [{"host": "site.test", "exchanged": 1, "kept": 1, "changed": 0}]
    event, = map(json.loads, events.read_text().splitlines())
    assert (event["event"], event["reason"], event["host"]) == ("admin", "exchange", "site.test")
    assert event["why"] == "twauthctl exchange --json (sudo by carol)"
    assert "they do not open" in site.ctl("exchange").stdout and len(events.read_text().splitlines()) == 1
    site.db.execute("UPDATE twauth_account SET token = NULL WHERE username = 'bob'")
    assert site.ctl("exchange").status == 0
    site.change_over("oauth1")
    assert site.ctl("exchange").status == 1 and "none uses OAuth 2.0" in site.ctl("exchange").stdout
    site.vhost.config = site.vhost.config.replace(str(events), str(folder / "none" / "events.log"))
    assert site.ctl("exchange").status == 2         # httpd -t says so
    site.stop()


@pytest.mark.databases("sqlite")
def test_nothing_is_changed_where_the_event_log_cannot_be_told(make_site, make_db, monkeypatch):
    site = changed_over(make_site, make_db())
    site.vhost.config += '\nTwAuthEventLog /dev/full/'
    ran = site.ctl("exchange")
    assert ran.status == 2 and "2 exchanged" not in ran.stdout, ran
    assert site.db.rows("SELECT DISTINCT token_kind FROM twauth_account") == [("oauth1",)]
    site.stop()


@pytest.mark.databases("sqlite")
def test_an_event_log_that_is_a_program_is_told(make_site, make_db):
    site = changed_over(make_site, make_db())
    events = site.httpd.folder / "events.log"
    site.vhost.config += f'\nTwAuthEventLog "|/usr/bin/tee -a {events}"'
    ran = site.ctl("exchange")
    assert ran and "exchange" not in ran.stdout.split("2 exchanged")[0] and process.until(lambda: events.exists() and events.read_text().endswith("\n"))
    assert json.loads(events.read_text())["reason"] == "exchange"
    site.stop()
