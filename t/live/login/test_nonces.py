# SPDX-License-Identifier: Apache-2.0
"""What must never repeat does not, over children and restarts: nonces, states, challenges, seals, ids of sign-ins."""

import base64
import re

import pytest

from harness.checks import FLOW, PRE, SESSION, together

pytestmark = [pytest.mark.mpms("prefork"), pytest.mark.protocols("oauth1", "oauth2")]

CHILDREN = 8


@pytest.fixture(scope="module")
def site(make_site):
    """As many children as there are browsers at work, and none is ended for want of work."""
    return make_site(config=f"TwAuthProviderCalls {4 * CHILDREN}",
                     mpm_config=f"StartServers {CHILDREN}\nMinSpareServers {CHILDREN}\nMaxSpareServers {4 * CHILDREN}\n"
                                f"ServerLimit {4 * CHILDREN}\nMaxRequestWorkers {4 * CHILDREN}\n"
                                "MaxConnectionsPerChild 0")


def sealed(text):
    """A sealed text as bytes: version (1), key (3), nonce (24), ciphertext and tag."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def children_of(site):
    """The processes in which somebody signed in."""
    return set(re.findall(r"\[pid (\d+)[^\n]*TW0216", site.log.since()))


@pytest.fixture(scope="module")
def seen(site, full):
    """{what: its values, in the order in which they came}, of so many whole sign-ins with a restart in the middle."""
    seen = {"flow": [], "session": [], "pre": []}

    def sign_in(times):
        for _ in range(times):
            browser = site.browser()
            flow = browser.begin()
            seen["flow"].append(browser.cookies[browser.cookies.names(FLOW)[0]])
            flow.approve("alice")
            seen["session"].append(browser.cookies[SESSION])
            seen["pre"].append(browser.cookies[PRE])
            for name in ("state", "code_challenge"):
                if name in flow.query:
                    seen.setdefault(name, []).append(flow.query[name])
    site.standin.reset()
    for part in (0, 1):
        together(*[lambda: sign_in(full(6, 125)) for _ in range(CHILDREN)], patience=3600)
        if not part:
            site.graceful()
    for _ in range(50):         # a busy machine lets few children have all the work
        if len(children_of(site)) >= CHILDREN:
            break
        together(*[lambda: sign_in(1) for _ in range(CHILDREN)])
    for call in site.standin.calls(kind="api"):
        if "oauth_nonce" in (call["oauth"] or {}):
            seen.setdefault("nonce", []).append(call["oauth"]["oauth_nonce"])
        if "code_verifier" in (call["form"] or {}):
            seen.setdefault("verifier", []).append(call["form"]["code_verifier"])
    return seen


def test_many_children_took_part(site, seen):
    assert site.log.numbers().count("TW0216") == len(seen["session"])
    assert len(children_of(site)) >= CHILDREN


def apart(values):
    """All differ, and no two begin alike for longer than chance has it (48 bits; among thousands, 24 or so)."""
    begin = 6 if isinstance(values[0], bytes) else 12 if re.fullmatch("[0-9a-f]+", values[0]) else 8
    return len(values) > 90 and len({value[:begin] for value in values}) == len(values)


def test_OA_11_nonces_and_states(seen):
    random = {name: values for name, values in seen.items() if name in ("nonce", "state", "code_challenge", "verifier")}
    assert set(random) in ({"nonce"}, {"state", "code_challenge", "verifier"})
    for name, values in random.items():
        assert apart(values), name
        assert min(len(value) for value in values) >= 22, "128 bits at least"


def test_OA_11_nonces_are_spread_over_all_letters(seen):
    """Each letter of the alphabet comes about as often as the others: no part of them is fixed, counted or a time."""
    for name in {"nonce", "state", "verifier"} & set(seen):
        for place in (0, 5, 10, 15, 20):
            letters = [value[place] for value in seen[name]]
            assert len(set(letters)) >= 12, (name, place)
            assert max(letters.count(letter) for letter in set(letters)) < len(letters) / 4, (name, place)


@pytest.mark.parametrize("what", ["session", "flow"])
def test_CR_1_each_seal_has_a_nonce_of_its_own(seen, what):
    raw = [sealed(value) for value in seen[what]]
    assert apart([r[4:28] for r in raw]), "the nonce"
    assert apart([r[28:44] for r in raw]), "the ciphertext: like content is not sealed alike"
    assert len({r[:4] for r in raw}) == 1, "format and key"


def test_CR_1_no_nonce_is_shared_by_different_seals(seen):
    nonces = [sealed(value)[4:28] for what in ("session", "flow") for value in seen[what]]
    assert apart(nonces)


@pytest.mark.parametrize("path", [pytest.param("/2/oauth2/token", marks=pytest.mark.protocols("oauth2"))])
def test_O2_1_every_verifier_is_of_its_own_and_fits(site, seen, path):
    exchanges = site.standin.calls(path)
    assert all(call["pkce_ok"] for call in exchanges) and apart(seen["verifier"])
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) for verifier in seen["verifier"])
    assert not set(seen["verifier"]) & set(seen["code_challenge"]), "plain"


def test_OA_11_ids_of_browsers_are_random(seen):
    assert apart([sealed(value)[:16] for value in seen["pre"]])


def test_OA_11_ids_of_sessions_are_random(site, seen):
    ids = [row[0] for row in site.db.rows("SELECT id FROM twauth_session")]
    assert len(ids) == 50 == len({i[:8] for i in ids})
