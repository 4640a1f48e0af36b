# SPDX-License-Identifier: Apache-2.0
"""Secrets of a test run, and the search for them in any of their spellings."""

import base64
from urllib.parse import quote


def spellings(secret):
    """The secret as text that may stand in a log: plain, percent-encoded, in base64 at any offset, in hex."""
    raw = secret.encode("utf-8", "surrogateescape")
    percent = quote(secret, safe="")
    found = {secret, percent, percent.lower(), raw.hex()}
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw).decode()
        whole = text[(0, 2, 3)[shift]:len(text.rstrip("=")) - (1 if text.endswith("=") else 0)]
        if len(whole) >= 8:
            found |= {whole, whole.replace("+", "-").replace("/", "_")}
    return found


class Canaries:
    """`add` what must stay secret; `find` names what shows up in a text."""

    SHORTEST = 8

    def __init__(self):
        self._secrets, self._known = set(), {}

    def add(self, what, secret):
        if secret and len(secret) >= self.SHORTEST and secret not in self._secrets:
            self._secrets.add(secret)
            for text in spellings(secret):
                self._known.setdefault(text, what)

    def find(self, text):
        """What of the secrets occurs in `text`, by name."""
        return sorted({what for spelling, what in list(self._known.items()) if spelling in text}) if text else []
