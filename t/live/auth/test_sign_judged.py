# SPDX-License-Identifier: Apache-2.0
"""Calls signed as the user, judged: random requests through mod_proxy, by oauthlib at X's end and by Net::OAuth."""

import hashlib

import pytest

from harness import signing
from harness.standin import KEY, SECRET

pytestmark = [pytest.mark.protocols("oauth1"), pytest.mark.databases("sqlite")]
SEED = 20261126


@pytest.fixture(scope="module")
def site(make_site, standin, authority):
    return make_site(scheme="http", modules=signing.MODULES, twauth_loglevel="info",
                     config=signing.config(standin, authority, "http"))


@pytest.fixture(scope="module")
def asked(site, full):
    """1,000 random requests of alice's script, and what X's end made of each."""
    browser = site.browser(keep_alive=True)
    browser.sign_in("alice")
    answers = []
    for method, target, form in signing.requests(SEED, full(1000, 10_000)):
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        answers.append((method, target, form, signing.call(browser, method, "/x-api" + target, form, headers)))
    calls = [c for c in site.standin.calls(kind="api") if c["path"].startswith("/2/echo")]
    return answers, calls


def test_oauthlib_takes_each_signature(asked):
    answers, _ = asked
    refused = [(method, target, form, answer.status, answer.text) for method, target, form, answer in answers
               if answer.status != 200]
    assert not refused, refused[:3]
    assert len(answers) >= 1000


def test_X_sees_what_was_sent(asked):
    """Method, path, query and form are those of the script, byte by byte."""
    for method, target, form, answer in asked[0]:
        seen = answer.json()
        path, _, query = target.partition("?")
        assert (seen["method"], seen["path"], seen["query"]) == (method, path, query)
        assert seen["user"] == "1001"
        assert seen["sha256"] == hashlib.sha256((form or "").encode()).hexdigest()


def test_the_sample_has_something_of_everything(asked):
    answers, _ = asked
    texts = [signing.query_of(target) for _, target, _, _ in answers] + [form or "" for _, _, form, _ in answers]
    pairs = [signing.decoded(text) for text in texts]
    assert max(len(text) for text in texts) == 65536
    assert any("+" in text for text in texts) and any("%2F" in text for text in texts)
    assert any(not name for some in pairs for name, _ in some) and any(not value for some in pairs for _, value in some)
    assert any("☃" in value for some in pairs for _, value in some)
    assert any("=" in name for some in pairs for name, _ in some)
    assert any(len(some) > len({name for name, _ in some}) for some in pairs)


def test_net_oauth_makes_the_same_signatures(site, asked):
    _, calls = asked
    judged = [c for c in calls if signing.fits_the_second_judge(
        [(name, value) for where, name, value in c["params"] if where != "header"])]
    assert len(judged) > len(calls) // 5
    found = signing.signatures_by_perl(judged, (KEY, SECRET), site.standin.tokens()[-1])
    wrong = [(c["method"], c["path"], c["query"], c["body"][:200]) for c, signature in zip(judged, found, strict=True)
             if c["oauth"]["oauth_signature"] != signature]
    assert not wrong, wrong[:3]


def test_each_call_has_a_nonce_of_its_own(asked):
    _, calls = asked
    nonces = [c["oauth"]["oauth_nonce"] for c in calls]
    assert len(set(nonces)) == len(nonces) >= 1000
