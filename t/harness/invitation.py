# SPDX-License-Identifier: Apache-2.0
"""Invitations, as docs/administration.md makes them by SQL."""

import hashlib
import secrets
import time


def row_id(secret):
    return hashlib.blake2b(secret.encode(), digest_size=16).hexdigest()


def make(db, secret=None, *, role="", seconds=600, note="", now=None):
    """A new one; its secret."""
    secret = secret or secrets.token_hex(16)
    db.execute("INSERT INTO twauth_invitation (id, role, note, expires_at) VALUES (?, ?, ?, ?)",
               row_id(secret), role, note, int(now or time.time()) + seconds)
    return secret


def path(secret, next="/members/env.cgi"):
    return f"/twauth/login?invite={secret}&next={next.replace('/', '%2F')}"
