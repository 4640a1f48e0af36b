# SPDX-License-Identifier: Apache-2.0
"""The database with many rows, and the module's own statements run against it.

    statements = captured(site)                 what a sign-in, a recheck and a sign-out send, by what they are
    fill(site.db, 1_000_000)                    so many accounts, each with a name and a session
    pgbench(db, {"a recheck": ...}, rows)       microseconds a statement, as the module sends it: planned each time
    steps(db, statement, rows)                  steps of SQLite's machine

Rows are made by the database itself, with triggers off: they are as sign-ins would have left them. Statements are taken
from PostgreSQL's log, so they are what httpd sends; where they name a row, here it is one of the many by chance.
"""

import contextlib
import re
import subprocess
import tempfile
import time
from pathlib import Path

from harness.paths import POSTGRES_BIN

#: What a statement is, by how it begins, and the parameters that are by chance: `:n` is a number of a row.
KINDS = {
    "sign-in: the account": ("INSERT INTO twauth_account", {1: "CAST(:n AS text)", 2: "'u' || :n", 3: "'u' || :n"}),
    "sign-in: the session": ("INSERT INTO twauth_session", {1: "'new' || :m", 7: ":n"}),
    "recheck": ("SELECT a.id", {1: "'s' || :n"}),
    "sign-out": ("DELETE FROM twauth_session", {1: "'new' || :m"}),
}


def captured(site):
    """From what to its text, with `:n` and `:m` for numbers and the captured values for the rest."""
    with contextlib.closing(site.browser()) as browser:
        mark = site.db.mark()
        assert browser.sign_in("alice", next="/members/").status == 200
        assert browser.get("/members/").status == 200
        browser.sign_out()
    found, deadline = {}, time.monotonic() + 5
    while len(found) < len(KINDS) and time.monotonic() < deadline:
        said = re.findall(r"LOG:  execute <unnamed>: (.*)\n.*DETAIL:  parameters: (.*)", site.db.server.log.since(mark))
        for sql, parameters in said:
            for kind, (beginning, chance) in KINDS.items():
                if sql.startswith(beginning):
                    values = dict(re.findall(r"\$(\d+) = ('(?:[^']|'')*')", parameters))
                    values |= {str(n): text for n, text in chance.items()}
                    found[kind] = re.sub(r"\$(\d+)", lambda m: f"({values[m[1]]})", sql)
        time.sleep(0.05)
    assert len(found) == len(KINDS), f"not all were seen: {list(found)}"
    return found


TOKEN = "x" * 120       # as long as a sealed one
AGENT = "Mozilla/5.0 " * 8
NOW = int(time.time())
ROWS = ("INSERT INTO twauth_account (id, twitter_id, username, screen_name, token, secret, token_kind, created_at,"
        f" signed_in_at) SELECT n, n, 'u' || n, 'u' || n, '{TOKEN}', '{TOKEN}', 'oauth1', {NOW}, {NOW} FROM numbers",
        "INSERT INTO twauth_username (name, twitter_id) SELECT 'u' || n, n FROM numbers",
        "INSERT INTO twauth_session (id, account_id, created_at, seen_at, expires_at, address, user_agent)"
        f" SELECT 's' || n, n, {NOW}, {NOW}, {NOW} + 600000 + n % 1000, '192.0.2.1', '{AGENT}' FROM numbers")


def fill(db, rows):
    """So many of each, and none besides."""
    db.clear()
    if db.kind == "pgsql":
        numbers = f"(SELECT generate_series(1, {rows}) AS n) AS numbers"
        db.execute("; ".join(["SET session_replication_role = replica",
                              *(sql.replace("FROM numbers", f"FROM {numbers}") for sql in ROWS),
                              f"SELECT setval(pg_get_serial_sequence('twauth_account', 'id'), {rows})"]))
        db.execute("VACUUM ANALYZE")        # as autovacuum does, which is off here
        return
    with contextlib.closing(db._connect()) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("BEGIN")
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for sql in ROWS:
            connection.execute("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
                               f" WHERE n < {rows}) {sql}")
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")


def pgbench(db, statements, rows, seconds=3, clients=1):
    """From what to (microseconds, times a second): the statements one after the other, by so many clients."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql", dir=db.server.folder) as script:
        script.write(f"\\set n random(1, {rows})\n\\set m random(1, 1000000000)\n")
        script.writelines(f"{sql};\n" for sql in statements.values())
        script.flush()
        Path(script.name).chmod(0o644)
        ran = subprocess.run([POSTGRES_BIN / "pgbench", "-n", "-r", "-M", "extended", "-T", str(seconds), "-c",
                              str(clients), "-j", "1", "-h", db.server.folder, "-U", db.server.USER, "-f", script.name,
                              db.name], capture_output=True, text=True, check=True)
    assert "failed transactions: 0 " in ran.stdout, ran.stdout + ran.stderr
    rate = float(re.search(r"tps = ([\d.]+)", ran.stdout)[1])
    # a line for each command in order, those that choose the numbers first
    times = re.findall(r"^\s+([\d.]+)\s+\d+  ", ran.stdout, re.M)[-len(statements):]
    return {kind: (1000 * float(ms), rate) for kind, ms in zip(statements, times, strict=True)}


def steps(db, statements, rows):
    """From each statement to the steps that SQLite takes for it, one after the other; nothing is left behind."""
    found = {}
    with contextlib.closing(db._connect()) as connection:
        connection.execute("BEGIN")
        for kind, sql in statements.items():
            counted = 0

            def count():
                nonlocal counted
                counted += 1

            connection.set_progress_handler(count, 1)
            connection.execute(sql, {"n": (rows + 1) // 2, "m": 1}).fetchall()
            connection.set_progress_handler(None, 0)
            found[kind] = counted
        connection.execute("ROLLBACK")
    return found


def scanned(db):
    """Rows that PostgreSQL has read by going through whole tables of ours, so far."""
    return int(db.value("SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE relname LIKE 'twauth%'"))
