# SPDX-License-Identifier: Apache-2.0
"""What figures were measured on: no names of machines or places."""

import os
import platform
import re
import subprocess
from pathlib import Path

from harness.paths import HTTPD

PACKAGES = {"mod_auth_openidc": "libapache2-mod-auth-openidc", "PostgreSQL": "postgresql-15", "Flask": "python3-flask",
            "Flask-Login": "python3-flask-login", "SQLAlchemy": "python3-sqlalchemy", "gunicorn": "gunicorn",
            "libsodium": "libsodium23", "C library": "libc6"}


def _said(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout


def _version(text):
    found = re.search(r"\d+(?:\.\d+)+", text)
    return found[0] if found else "unknown"


def describe():
    """{"processor": ..., "httpd": ..., ...}"""
    processor = re.search(r"(?m)^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text())
    found = {"processor": processor[1] if processor else platform.machine(), "cores": str(os.cpu_count()),
             "kernel": "Linux " + _version(platform.release()), "httpd": _version(_said(HTTPD, "-v")),
             "OpenSSL": _version(_said("openssl", "version")), "Python": platform.python_version(),
             "gcc": _version(_said("gcc", "-dumpfullversion"))}
    for name, package in PACKAGES.items():
        found[name] = _version(_said("dpkg-query", "-W", "-f", "${Version}", package))
    return found
