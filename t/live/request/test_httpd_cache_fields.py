# SPDX-License-Identifier: Apache-2.0
"""OU-1, OU-2 (S1): no field that some cache obeys opens an answer that is one visitor's own, whoever adds it and in whatever way."""

import itertools

import pytest

pytestmark = pytest.mark.databases("sqlite")

FIELDS = ["Cache-Control", "CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Surrogate-Control", "Edge-Control",
          "X-Accel-Expires", "X-LiteSpeed-Cache-Control", "Vercel-CDN-Cache-Control"]
ACTIONS = ["set", "add", "append", "merge", "setifempty", "always set", "always add", "always append", "always merge",
           "always setifempty"]
VALUE = "public, max-age=600"


def key(field, action):
    return f"{field}:{action}".replace(" ", "-")


@pytest.fixture(scope="module")
def site(make_site):
    conditions = "\n".join(f'Header {action} {field} "{VALUE}" "expr=%{{QUERY_STRING}} == \'{key(field, action)}\'"'
                           for field, action in itertools.product(FIELDS, ACTIONS))
    return make_site(modules=("headers",), config=conditions)


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser


@pytest.mark.parametrize("path", ["/members/", "/members/missing", "/members/env.cgi", "/twauth/session", "/twauth/logout"])
@pytest.mark.parametrize("field", FIELDS)
def test_S1_nobody_opens_what_is_private(site, alice, path, field):
    for action in ACTIONS:
        url = f"{path}?{key(field, action)}"
        for answer in (alice.get(url), site.browser().get(url)):
            said = [value for name, value in answer.headers
                    if name.lower().endswith("control") or name.lower() == "x-accel-expires"]
            assert len(said) == 1 and "public" not in said[0], (url, answer.status, said)
