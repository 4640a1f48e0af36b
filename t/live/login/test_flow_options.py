# SPDX-License-Identifier: Apache-2.0
"""What the directives change in the way to X."""

import pytest

from harness import urls

oauth1 = pytest.mark.protocols("oauth1")
both = pytest.mark.protocols("oauth1", "oauth2")


def start(site):
    return urls.parse(site.browser().begin().authorize_url).target.partition("#")[0]


def call(site):
    return site.standin.calls("/oauth/request_token")[-1]


@pytest.fixture(scope="module")
def other(make_site):
    return make_site(config="TwAuthSignInWith authorize\nTwAuthForceLogin On\nTwAuthAccess write")


@oauth1
def test_default_page_is_authenticate(site):
    flow = site.browser().begin()
    assert urls.parse(flow.authorize_url).target == f"/oauth/authenticate?oauth_token={flow.token}"


@oauth1
def test_authorize_and_force_login(other):
    flow = other.browser().begin()
    assert urls.parse(flow.authorize_url).target == f"/oauth/authorize?oauth_token={flow.token}&force_login=true"


@oauth1
@pytest.mark.parametrize("name, access", [("site", "read"), ("other", "write")])
def test_access_is_asked_for_inside_the_signature(request, name, access):
    site = request.getfixturevalue(name)
    start(site)
    said = call(site)
    assert said["signature_ok"] and said["method"] == "POST" and said["query"] == ""
    assert said["body"] == f"x_auth_access_type={access}"
    assert ["body", "x_auth_access_type", access] in said["params"]


@oauth1
def test_callback_is_sent_inside_the_signed_header(site):
    start(site)
    assert call(site)["oauth"]["oauth_callback"] == site.url("/twauth/callback")
    assert call(site)["headers"]["authorization"].startswith("OAuth ")


@both
def test_callback_url_of_another_path(make_site):
    site = make_site()
    site.vhost.config += f"\nTwAuthCallbackURL {site.url('/x/back')}"
    site.standin.register(site.url("/x/back"))
    site.graceful()
    browser = site.browser()
    flow = browser.begin()
    url = flow.callback("alice")
    assert url.startswith(site.url("/x/back?"))
    assert flow.arrive(url).status == 200 and browser.whoami()["username"] == "alice"


@both
def test_locations_follow_TwAuthPath(make_site):
    site = make_site(config="TwAuthPath /auth/x/")
    site.standin.register(site.url("/auth/x/callback"))
    assert site.browser().sign_in("alice").status == 200
    first = site.browser().get("/members/")
    assert urls.parse(first.location).target == "/auth/x/login?next=%2Fmembers%2F"
    assert site.browser().get("/twauth/login").status == 404
