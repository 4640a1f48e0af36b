# SPDX-License-Identifier: Apache-2.0
"""Where things are. `TWAUTH_MODULE` names another build of the module (sanitizers, coverage)."""

import os
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
MODULE = Path(os.environ.get("TWAUTH_MODULE", TREE / "build" / "mod_twauth.so")).resolve()
CONTROL = MODULE.with_name("twauthctl")
STANDIN = TREE / "demo" / "standin.py"
SCHEMA = {"sqlite": TREE / "sql" / "sqlite3.sql", "pgsql": TREE / "sql" / "pgsql.sql"}
SHOTS = Path(os.environ.get("TWAUTH_SHOTS", TREE / "build" / "shots"))

HTTPD = "/usr/sbin/apache2"
HTTPD_MODULES = Path("/usr/lib/apache2/modules")
POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
PYTHON = "/usr/bin/python3"
