# SPDX-License-Identifier: Apache-2.0
"""Callbacks put together at random: what the server makes of each is what the rules say, read by another reader."""

import random
import re

import pytest

from harness.checks import FLOW, SESSION

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

MOST = {"oauth1": 256, "oauth2": 512}       # bytes of a verifier and of a code
COUNTER = {"oauth1": "access_token", "oauth2": "token"}
THEIRS = {"oauth1": {"code", "state", "error"}, "oauth2": {"oauth_token", "oauth_verifier", "denied"}}


def unescaped(text):
    """As a form value; None where it is none."""
    if re.search(r"%(?![0-9A-Fa-f]{2})|%00", text):
        return None
    return re.sub(r"%(..)", lambda m: chr(int(m[1], 16)), text.replace("+", " "))


def meaning(site, query, token):
    """proof, cancel or nothing: what this query is for the sign-in of that token or state."""
    given = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        name = unescaped(name) if pair else None
        if name is not None:
            given.setdefault(name, []).append(unescaped(value))
    one = {name: values[0] for name, values in given.items() if len(values) == 1}
    if THEIRS[site.protocol] & set(given):
        return "nothing"
    key, proof = one.get(site.key_name), one.get(site.proof_name)
    usable = bool(proof) and len(proof) <= MOST[site.protocol] and all("!" <= c <= "~" for c in proof)
    if site.protocol == "oauth1":
        if "denied" in given:
            alone = not {site.key_name, site.proof_name} & set(given)
            return "cancel" if alone and one.get("denied") == token else "nothing"
        return "proof" if key == token and usable else "nothing"
    if key != token or any(len(given.get(name, "x")) > 1 and name not in one for name in ("code", "error", "iss")):
        return "nothing"
    if "iss" in given and one["iss"] != site.standin.api():
        return "nothing"
    if "error" in given:
        return "cancel" if one["error"] == "access_denied" else "nothing"
    return "proof" if usable else "nothing"


def at_random(chance, site, token, proof):
    """Some pairs, most of them good ones, in any order, written in several ways."""
    def written(text):
        return "".join(chance.choice((c, f"%{ord(c):02x}",
                                      f"%{ord(c):02X}")) if chance.random() < 0.1 else c for c in text)
    other = {"oauth1": "oauth2", "oauth2": "oauth1"}[site.protocol]
    good = [f"{written(site.key_name)}={written(token)}"] * 6 + [f"{written(site.proof_name)}={written(proof)}"] * 6
    cancel = {"oauth1": f"denied={token}", "oauth2": "error=access_denied"}[site.protocol]
    more = [cancel, cancel.upper(), "denied=", "error=", "error=server_error", f"iss={site.standin.api()}", "iss=",
            "iss=https://evil.example",
            f"{site.key_name}=", f"{site.proof_name}=", site.key_name, site.proof_name, f"{site.key_name}={token}x",
            f"{site.proof_name}={proof}%0a",
            f"{site.proof_name}={'v' * MOST[site.protocol]}", f"{site.proof_name}={'v' * (MOST[site.protocol] + 1)}",
            f"{site.proof_name}=%zz",
            f"{site.key_name}[]=x", f"{site.key_name.upper()}=x", f"%zz{site.key_name}=x", f"{site.key_name}%00=x",
            "x=y", "", "=", "&", "%", "a;b",
            f"x=1;{site.key_name}=x", f"{min(THEIRS[site.protocol])}=x", f"{max(THEIRS[site.protocol])}=",
            "next=//evil.example", "user=bob",
            f"{other}=1", "error_description=x", "oauth_callback_confirmed=false", "scope=x"]
    foreign = chance.choices(more, k=chance.choice((0, 0, 0, 1, 1, 2, 4)))
    if chance.random() < 0.15:
        return "&".join([cancel, *foreign, *(good[:1] if site.protocol == "oauth2" else [])])
    return "&".join(chance.choices(good, k=chance.randint(1, 2)) + foreign
                    + chance.choices(good + [cancel] * 2, k=chance.randint(0, 1)))


def begun(site, browser):
    """A new sign-in: its cookies as a header, its token or state, and the proof that X would send for it."""
    browser.cookies.clear()
    flow = browser.begin()
    url = flow.callback("alice")
    proof = dict(pair.split("=", 1) for pair in url.partition("?")[2].split("&"))[site.proof_name]
    return "; ".join(f"{c.name}={c.value}" for c in browser.cookies), flow.token, proof


def test_OA_4_OA_7_OA_14_O2_2_O2_4_O2_5_queries_made_at_random(site, full):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    site.allow_log("TW0204", "TW0223")          # X refuses a proof that is not its own
    browser = site.browser(keep_alive=True)
    cookies, token, proof = begun(site, browser)
    count = {"proof": 0, "cancel": 0, "nothing": 0}
    calls = site.standin.counters
    before = calls()[COUNTER[site.protocol]]
    for _ in range(full(300, 10000)):
        query = at_random(chance, site, token, proof)
        what = meaning(site, query, token)
        answer = browser.get(f"/twauth/callback?{query}", site="cross-site", headers={"Cookie": cookies}, cookies=False)
        case = (seed, query, what, answer)
        after = calls()[COUNTER[site.protocol]]
        assert after - before == (what == "proof"), case
        before = after
        signed_in = any(field.startswith(f"{SESSION}=") for field in answer.headers.all("Set-Cookie"))
        assert answer.status == {"proof": 302 if signed_in else 400, "cancel": 403, "nothing": 400}[what], case
        values = [unescaped(pair.partition("=")[2]) for pair in query.split("&")]
        assert not signed_in or what == "proof" and unescaped(proof) in values, case
        count[what] += 1
        if what != "nothing":
            assert FLOW in str(answer.headers), "the sign-in is over"
            cookies, token, proof = begun(site, browser)
    browser.close()
    assert min(count.values()) > 0, count
