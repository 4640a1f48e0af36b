# SPDX-License-Identifier: Apache-2.0
"""`twauthctl tables`: makes the tables, brings old ones up to date, and leaves alone what is as it should be."""

import os
import re
import subprocess
import threading

import pytest

from harness import tools
from harness.httpd import USER
from harness.paths import CONTROL, POSTGRES_BIN, TREE

pytestmark = pytest.mark.databases("sqlite", "pgsql")
FILES = {"sqlite": "sqlite3", "pgsql": "pgsql"}
LAST = max(int(file.stem.partition("-")[2]) for file in TREE.glob("sql/pgsql-?.sql"))
SERVER = "Web server"       # a role whose name must be quoted


def second(db_kind):
    return (TREE / f"t/live/store/tables/{FILES[db_kind]}-2.sql").read_text()


def first(db_kind):
    return re.sub(r"(?m)^ *token_\w+ .*\n", "", second(db_kind))


@pytest.fixture(scope="module")
def owner(postgres):
    """PostgreSQL as Debian has it: tables belong to postgres, and the server has a role of its own."""
    for role in ("postgres SUPERUSER LOGIN", f'"{SERVER}" LOGIN'):
        postgres.execute(f"CREATE ROLE {role}")
    yield
    for name, in postgres.execute("SELECT datname FROM pg_database WHERE datname LIKE 'site%'")[0]:
        postgres.execute(f'DROP OWNED BY "{SERVER}", postgres', name)
    postgres.execute(f'DROP ROLE postgres, "{SERVER}"')


@pytest.fixture
def make(request, make_site, make_db, db_kind, folder):
    """make(schema): a site that does not run, with tables that were made so; make.tables(...): the command."""
    if db_kind == "pgsql":
        request.getfixturevalue("owner")

    def make(schema=None):
        text = "SELECT 1" if schema is None else schema
        db = make_db(schema=text if db_kind == "sqlite" else f"SET ROLE postgres; {text}")
        site = make_site(db=db, start=False)
        if db_kind == "pgsql":
            site.httpd.main = site.httpd.main.replace(f"user={db.server.USER} ", f"user='{SERVER}' ")
        elif schema is None:
            for file in db.file.parent.iterdir():
                file.unlink()
        return site
    return make


def tables(site, *words, **env):
    path = f"{POSTGRES_BIN}:{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin"
    return site.ctl("tables", *words, **{"TWAUTH_SQL": str(TREE / "sql"), "PATH": path} | env)


def done(site):
    """Nothing is left to do, and people can sign in."""
    ran = tables(site)
    assert ran and ran.stdout == f"The tables are of version {LAST}: nothing is to be done.\n" and not ran.stderr, ran
    assert tables(site, "--dry-run") and tables(site, "--json").rows == []
    site.start()
    assert site.browser().sign_in("alice", next="/members/").status == 200
    site.stop()


def test_new_tables(make, make_db):
    site = make()
    ran = tables(site, "--dry-run")
    assert ran.status == 1 and re.fullmatch(rf"to do +{TREE}/sql/\w+\.sql\n", ran.stdout), ran
    if site.db.kind == "sqlite":
        assert not site.db.file.exists()
        site.db.file.parent.rmdir()
    ran = tables(site)
    assert ran and re.fullmatch(rf"applied +{TREE}/sql/\w+\.sql\nThe tables are of version {LAST}\.\n", ran.stdout), ran
    if site.db.kind == "sqlite":
        assert {(file.owner(), file.stat().st_mode & 0o077) for file in (site.db.file, site.db.file.parent)} == {(USER, 0)}
        assert site.db.file.parent.stat().st_mode & 0o777 == 0o700
    assert tools.rules(site.db) == tools.rules(make_db())
    done(site)


@pytest.mark.parametrize("version", range(1, LAST))
def test_upgrade_from_each_version(make, make_db, db_kind, version):
    site = make(first(db_kind) if version == 1 else second(db_kind))
    for number in range(3, version + 1):
        text = (TREE / f"sql/{FILES[db_kind]}-{number}.sql").read_text()
        tools.script(site.db, f"SET ROLE postgres;\n{text}" if db_kind == "pgsql" else text)
    site.db.execute("INSERT INTO twauth_account (twitter_id, username) VALUES ('1002', 'bob')")
    ran = tables(site, "--json")
    assert ran and ran.rows == [{"done": "applied", "file": f"{TREE}/sql/{FILES[db_kind]}-{number}.sql"}
                                for number in range(version + 1, LAST + 1)]
    assert tools.rules(site.db) == tools.rules(make_db())
    assert site.db.rows("SELECT twitter_id, username FROM twauth_account") == [("1002", "bob")]
    done(site)


def test_newer_tables_are_left_alone(make, db_kind):
    site = make((TREE / f"sql/{FILES[db_kind]}.sql").read_text())
    site.db.execute("INSERT INTO twauth_schema (version) VALUES (99)")
    ran = tables(site)
    assert ran and f"of version 99; this mod_twauth knows those of version {LAST}" in ran.stdout


def test_many_at_once_while_people_sign_in(make, db_kind):
    """Several administrators, a server that is busy: each run ends well, and what was to be done is done once."""
    site = make(second(db_kind))
    if db_kind == "pgsql":
        site.db.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON twauth_account, twauth_username, twauth_session TO "{SERVER}"')
    site.allow_log("TW0480", "TW0520")
    site.start()
    answers, over = [], threading.Event()

    def sign_in_and_out():
        while not over.is_set():
            browser = site.browser()
            answers.append(browser.sign_in("bob").status)
            browser.sign_out()
    people = threading.Thread(target=sign_in_and_out)
    people.start()
    ran = []

    def upgrade():
        ran.append(subprocess.run([CONTROL, "tables"], capture_output=True, text=True, timeout=300, env=site.httpd.ctl_environment(
            PATH=f"{POSTGRES_BIN}:/usr/sbin:/usr/bin:/bin", TWAUTH_SQL=str(TREE / "sql"))))
    runs = [threading.Thread(target=upgrade) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    over.set(), people.join()
    assert [one.returncode for one in ran] == 4 * [0], ran
    applied = sorted(re.findall(r"-(\d)\.sql", "".join(one.stdout for one in ran)))
    assert set(applied) == {str(number) for number in range(3, LAST + 1)}
    assert set(answers) == {200}
    site.stop()
    done(site)


def test_what_stops_an_upgrade_is_said_and_nothing_is_half_done(make, db_kind, folder):
    site = make(second(db_kind))
    broken = folder / f"sql-{db_kind}"
    broken.mkdir()
    for file in (TREE / "sql").glob(f"{FILES[db_kind]}*.sql"):
        text = file.read_text()
        (broken / file.name).write_text(text.replace("COMMIT;", "CREATE VIEW twauth_half AS SELECT 1; SELECT broken;\nCOMMIT;")
                                        if file.stem.endswith("-3") else text)
    ran = tables(site, TWAUTH_SQL=str(broken))
    assert ran.status == 2 and "broken" in ran.stderr, ran
    assert f"{FILES[db_kind]}-3.sql was not taken: the tables are of version 2 as before that" in ran.stderr
    with pytest.raises(Exception, match="twauth_half"):
        site.db.rows("SELECT * FROM twauth_half")
    (broken / f"{FILES[db_kind]}-3.sql").unlink()
    assert "-3.sql cannot be read" in tables(site, TWAUTH_SQL=str(broken)).stderr
    assert tables(site)


@pytest.mark.databases("pgsql")
def test_missing_rights_are_given(make, db_kind):
    site = make((TREE / "sql/pgsql.sql").read_text())
    ran = tables(site, "--dry-run")
    assert ran.status == 1 and f"GRANT to {SERVER}" in ran.stdout
    assert re.fullmatch(rf"granted +{SERVER}\nThe tables are of version {LAST}\.\n", tables(site).stdout)
    done(site)


@pytest.mark.databases("pgsql")
def test_tables_belong_to_somebody_else(make, make_db, db_kind, postgres):
    """What others have put into their tables never runs with a superuser's rights."""
    site = make(second(db_kind))
    name = site.db.name
    postgres.execute(f"CREATE ROLE bob_{name} LOGIN")
    for table in ("account", "username", "session"):
        site.db.execute(f"ALTER TABLE twauth_{table} OWNER TO bob_{name}")
    site.db.execute(f"GRANT CREATE ON SCHEMA public TO bob_{name}; ALTER FUNCTION twauth_username_given() OWNER TO bob_{name}")
    ran = tables(site)
    assert ran.status == 2 and f"the tables belong to bob_{name}: --as" in ran.stderr, ran
    ran = tables(site, "--as", f"host={postgres.folder} dbname={name} user=postgres")
    assert ran.status == 2 and "the tables belong to another role" in ran.stderr
    for secret in ("host=x password=hunter2", "postgresql://bob:hunter2@db.test/twauth"):
        ran = tables(site, "--as", secret)
        assert ran.status == 2 and "no password here" in ran.stderr and "hunter2" not in ran.stderr
    site.db.execute(f"""DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid FROM pg_proc WHERE proname LIKE 'twauth%'
        LOOP EXECUTE format('ALTER FUNCTION %s OWNER TO bob_{name}', f); END LOOP; END $$""")
    ran = tables(site, "--as", f"host={postgres.folder} dbname={name} user=bob_{name}")
    assert ran and ran.stdout.endswith(f"The tables are of version {LAST}.\n"), ran
    done(site)
    site.db.execute(f"DROP OWNED BY bob_{name} CASCADE; DROP ROLE bob_{name}")


@pytest.mark.databases("pgsql")
@pytest.mark.parametrize("planted", [
    'GRANT CREATE ON SCHEMA public TO "{server}"', "GRANT CREATE ON SCHEMA public TO PUBLIC",
    # an operator that fits better than PostgreSQL's own, from when it was allowed
    """GRANT CREATE ON SCHEMA public TO "{server}"; SET ROLE "{server}";
       CREATE FUNCTION public.taken(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$
       BEGIN IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
           EXECUTE 'ALTER ROLE "{server}" SUPERUSER';
       END IF; RETURN $1 = $2::oid; END $$;
       CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = public.taken);
       RESET ROLE; REVOKE CREATE ON SCHEMA public FROM "{server}\""""],
    ids=["to the server", "to all", "an operator"])
def test_a_schema_that_others_may_write_to(make, db_kind, postgres, planted):
    """Nothing that the server's own role has put there runs with a superuser's rights."""
    site = make(second(db_kind))
    site.db.execute(planted.format(server=SERVER))
    ran = tables(site)
    taken = postgres.execute(f"SELECT rolsuper FROM pg_roles WHERE rolname = '{SERVER}'")[0]
    postgres.execute(f'ALTER ROLE "{SERVER}" NOSUPERUSER')
    assert not taken[0][0], ran
    assert ran.status == 2 and "roles that are no superuser may create things" in ran.stderr, ran
    assert "are of version 2 as before" in ran.stderr


def test_an_event_tells(make, folder, db_kind):
    site = make(second(db_kind))
    site.vhost.config += f"\nTwAuthEventLog {folder}/tables-{db_kind}.json"
    assert tables(site)
    line, = (folder / f"tables-{db_kind}.json").read_text().splitlines()
    assert '"event":"admin"' in line and f'"why":"twauthctl tables 2 {LAST}' in line
