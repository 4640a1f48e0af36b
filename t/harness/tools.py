# SPDX-License-Identifier: Apache-2.0
"""The databases' own programs, as an administrator calls them."""

import os
import re
import subprocess

from . import process
from .paths import POSTGRES_BIN


def run(argv, text="", check=True, **more):
    """Run a program with `text` on its standard input; returns what it printed."""
    ran = subprocess.run([str(a) for a in argv], input=text, capture_output=True, text=True, cwd="/",
                         env=process.environment(), timeout=300, **more)
    assert not check or ran.returncode == 0, f"{argv}: {ran.stderr or ran.stdout}"
    return ran.stdout if check else ran.stdout + ran.stderr


def _postgres(program, db, *more):
    return [POSTGRES_BIN / program, "-h", db.server.folder, "-U", db.server.USER, "-d", db.name, *more]


def psql(db, text, *more, stop=True):
    """What psql makes of a script; without `stop` it goes on after an error, as psql does by itself."""
    stop = ["-v", "ON_ERROR_STOP=1"] if stop else []
    return run(_postgres("psql", db, "-q", "-X", *stop, *more), text, check=bool(stop))


def pg_dump(db, *more):
    return run(_postgres("pg_dump", db, *more))


def pg_restore(db, file, *more):
    return run(_postgres("pg_restore", db, *more, file))


def sqlite3(file, text, bail=True):
    """What sqlite3 makes of a script; without `bail` it goes on after an error, as sqlite3 does by itself."""
    owner = {"user": "www-data", "group": "www-data"} if process.ROOT else {}
    return run(["/usr/bin/sqlite3", *(["-bail"] if bail else []), file], text, check=bail, **owner)


def script(db, text, **more):
    """A file of sql/, or text, through the program of either database."""
    text = text.read_text() if isinstance(text, os.PathLike) else text
    return psql(db, text, **more) if db.kind == "pgsql" else sqlite3(db.file, text, **more)


_RULES = """
    SELECT 'column', attrelid::regclass::text, attname, format_type(atttypid, atttypmod) || attnotnull
        || COALESCE(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid::regclass::text LIKE 'twauth%' AND attnum > 0
    UNION ALL SELECT 'identity', relname, '', relreplident::text FROM pg_class WHERE relname LIKE 'twauth%'
    UNION ALL SELECT 'check', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text LIKE 'twauth%'
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'twauth%'
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal
    UNION ALL SELECT 'function', '', proname, pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'twauth%'
    ORDER BY 1, 2, 3"""


def rules(db):
    """Columns, indexes, checks, triggers as the database knows them: to compare one way of making them with another."""
    if db.kind == "pgsql":
        return db.rows(_RULES)
    columns = db.rows("SELECT m.name, c.name, c.type, c.dflt_value FROM sqlite_master m, pragma_table_info(m.name) c"
                      " WHERE m.type = 'table' ORDER BY 1, 2")
    return columns + sorted((re.sub(r"\s+", " ", sql),) for sql, in db.rows(
        "SELECT sql FROM sqlite_master WHERE type <> 'table' AND sql <> ''"))
