# SPDX-License-Identifier: Apache-2.0
"""G24: what asks for a protected page besides a person: preflights, frames, manifests, forms, another name of the host."""

import pytest

SECTION = """
<Location "/members/">
AuthType Twitter
<LimitExcept OPTIONS>
Require valid-user
</LimitExcept>
</Location>
<Location "/admin/">
AuthType Twitter
Require valid-user
</Location>
"""


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(protected=SECTION, aliases=("*.site.test",))


def test_G24_a_preflight_passes_where_it_is_left_out_and_nothing_else_does(site, browser):
    assert browser.fetch("/members/index.html", "OPTIONS", site="cross-site").status == 200
    assert browser.fetch("/admin/index.html", "OPTIONS", site="cross-site").status == 401
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert browser.fetch("/members/index.html", method, site="cross-site").status == 401


@pytest.mark.parametrize("dest, mode", [("iframe", "navigate"), ("manifest", "cors"), ("serviceworker", "same-origin"),
                                        ("empty", "websocket")])
def test_G24_what_does_not_navigate_is_not_sent_to_X(site, browser, dest, mode):
    asked = {"Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode}
    assert browser.get("/members/index.html", headers=asked).status == 401
    browser.sign_in("alice", next="/members/index.html")
    assert browser.get("/members/index.html", headers=asked).status == 200


def test_G24_a_posted_form_without_a_session(site, browser):
    assert browser.post("/members/index.html", {"text": "long"}).status == 401


def test_G24_by_a_name_of_a_wildcard_one_is_sent_to_the_own_address(site):
    other = site.browser()
    answer = other.get(f"https://more.site.test:{site.vhost.port}/members/index.html", follow=True)
    assert any(r.headers.get("Location", "").startswith(site.url("/twauth/login")) for r in (*answer.history, answer))
