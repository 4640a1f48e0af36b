# SPDX-License-Identifier: Apache-2.0
"""What many tests ask of an answer, and several requests at the same moment."""

import os
import threading
import time

import pytest

from . import process
from .httpd import environment_of
from .site import CANARY

#: Seconds that a machine may take for anything while it is busy with something else.
SLACK = 10
#: A sanitizer keeps what is freed for a while, and gives memory out itself.
SANITIZED = bool(os.environ.get("TWAUTH_PRELOAD"))
#: What takes files of other users.
as_root = pytest.mark.skipif(not process.ROOT, reason="only root can give files away")
SESSION = "__Host-twauth"
PRE = "__Host-twauth_pre"
FLOW = "__Host-twauth_flow_"
#: base64url's (RFC 4648, section 5), in order.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def wrong_at(text, place):
    """A base64url text with another letter there: other bits for sure, whatever it says, and also in a last letter of which
    some stand for nothing."""
    place %= len(text)
    return text[:place] + ALPHABET[ALPHABET.index(text[place]) ^ 32] + text[place + 1:]


def user(browser, path="/members/env.cgi"):
    """REMOTE_USER behind `path` as this browser is seen there; None where it is refused as a stranger."""
    answer = browser.get(path)
    if answer.status == 200:
        return environment_of(answer)["REMOTE_USER"]
    assert is_refused(answer), answer
    return None


def is_refused(answer):
    """The answer to somebody without a session: to the sign-in or 401, and nothing of the page."""
    if CANARY.encode() in answer.body or SESSION in (c.name for c in answer.set_cookies if not c.deletes):
        return False
    return answer.status == 401 or answer.status == 302 and "/twauth/login?next=" in answer.location


def typical(times):
    """The middle one of some times: what one of them was held up by counts for nothing."""
    return sorted(times)[len(times) // 2]


def away_from_the_hours_end():
    """Limits by the hour begin anew when the clock's hour does: not within the next minute."""
    left = 3600 - time.time() % 3600
    if left < 60:
        time.sleep(left)


def together(*actions, patience=60):
    """Run them in threads that begin at the same moment; their results, in order. The first failure is raised.

    patience: seconds for all of them.
    """
    results, failures = [None] * len(actions), []
    barrier = threading.Barrier(len(actions))

    def run(number, action):
        barrier.wait()
        try:
            results[number] = action()
        except BaseException as failure:        # noqa: BLE001 - handed to the caller
            failures.append(failure)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads), "not ended in time"
    return results
