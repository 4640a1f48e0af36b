# SPDX-License-Identifier: Apache-2.0
"""G3: own locations x the ways in which a host is spelt on its way here, or changed by a proxy in front."""

import re

import pytest

from harness import urls
from harness.browser import Browser
from harness.site import CANARY

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
OLD = {"Sec-Fetch-Site": None, "Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None, "Sec-Fetch-User": None, "Origin": None}

#: name -> the Host header that httpd gets, of the own one.
HOSTS = {
    "as it is": "{host}:{port}",
    "capitals": "SITE.Test:{port}",
    "final dot": "{host}.:{port}",
    "nginx's plain proxy_pass": "127.0.0.1:8080",
    "name of the backend": "backend_1",
    "without the port": "{host}",
    "another port": "{host}:8443",
    "the default port": "{host}:443",
    "IPv6": "[::1]:8080",
}


class Behind(Browser):
    """What it asks of the site reaches httpd with another Host."""

    host, metadata = "", True

    def _once(self, method, url, site, mode, dest, accept, headers, body, cookies, timeout):
        if urls.parse(url).origin == urls.parse(self.base).origin:
            headers = [*(headers.items() if isinstance(headers, dict) else headers), ("Host", self.host)]
            if not self.metadata:
                headers = [*(h for h in headers if h[0] not in OLD), *OLD.items()]
        return super()._once(method, url, site, mode, dest, accept, headers, body, cookies, timeout)


@pytest.fixture(scope="module")
def named(make_site):
    """A site that is known by its name."""
    return make_site()


@pytest.fixture(params=HOSTS)
def host(request, named):
    return HOSTS[request.param].format(host="site.test", port=named.vhost.port)


@pytest.fixture(params=["metadata", "none"])
def behind(request, named, host):
    return behind_of(named, host, request.param == "metadata")


def behind_of(site, host, metadata=True):
    browser = Behind(site.vhost.origin, site.authority.ca, site.standin, site.canaries)
    browser.host, browser.metadata = host, metadata
    return browser


def form_of(page):
    """Where the form of a page goes, and what it holds."""
    action = re.search(r'<form method="post" action="([^"]*)"', page.text)[1].replace("&amp;", "&")
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
    return urls.resolve(page.url, action), dict(fields)


def link_of(page, label):
    url = re.search(rf'href="([^"]*)">(?:<svg.*?</svg>\s*)?{label}', page.text)[1].replace("&amp;", "&")
    return urls.resolve(page.url, url)


def test_G3_sign_in(named, behind):
    assert CANARY in behind.sign_in("alice", next="/members/?a=1").text
    answer = behind.fetch("/twauth/session")
    assert answer.json()["username"] == "alice"


def test_G3_sign_out_by_the_page(named, behind):
    behind.sign_in("alice")
    page = behind.get("/twauth/logout?next=%2Fmembers%2F%3Fq", follow=2)
    assert page.status == 200 and "Sign out?" in page.text
    url, fields = form_of(page)
    assert urls.parse(url).origin == urls.parse(named.url("/")).origin and fields["next"] == "/members/?q"
    answer = behind.post(url, fields)
    assert answer.status == 303 and answer.location == named.url("/members/?q")
    assert not behind.fetch("/twauth/session").json()["signed_in"]


def test_G3_sign_out_by_a_form_of_the_site(named, behind):
    behind.sign_in("alice")
    answer = behind.post("/twauth/logout", {"next": "/index.html"})
    if answer.location != named.url("/index.html"):     # not certain where it came from: a page asks, once
        url, fields = form_of(behind.get(answer.location) if answer.location else answer)
        answer = behind.post(url, fields)
    assert answer.status == 303 and answer.location == named.url("/index.html")
    assert not behind.fetch("/twauth/session").json()["signed_in"]


def test_G3_sign_out_by_a_form_of_the_site_needs_no_second_click(named, host):
    browser = behind_of(named, host)
    browser.sign_in("alice")
    assert browser.post("/twauth/logout", {"next": "/index.html"}).location == named.url("/index.html")
    assert not browser.fetch("/twauth/session").json()["signed_in"]


def test_G3_another_account(named, behind):
    behind.sign_in("alice")
    page = behind.get("/twauth/login?switch=1&next=%2Fmembers%2Fenv.cgi", site="cross-site", follow=2)
    assert page.status == 200 and "@alice" in page.text
    flow = behind.begin(link_of(page, "Go to X"))
    assert flow.approve("bob").json()["REMOTE_USER"] == "bob"


def test_G3_a_page_s_links_lead_to_the_own_address(named, behind):
    behind.sign_in("alice")
    named.standin.fault(named.exchange_path, "status", status=503)
    named.allow_log("TW0204")
    browser = behind_of(named, behind.host, behind.metadata)
    failed = browser.begin("/members/").approve("alice")
    assert failed.status >= 500
    named.standin.clear_faults()
    assert CANARY in browser.begin(link_of(failed, "Try again")).approve("alice").text


# By another name of the host, which browsers know

def test_G3_by_another_name_all_is_at_the_own_address(named):
    www = named.vhost.origin.replace("site.test", "www.site.test")
    browser = named.browser()
    assert browser.sign_in("alice", next=www + "/members/").url == named.url("/members/")
    page = browser.get(www + "/twauth/logout?next=%2Findex.html", follow=True)
    assert page.url.startswith(named.url("/twauth/logout")) and "@alice" in page.text
    answer = browser.post(www + "/twauth/logout", {"next": "/index.html"}, site="same-origin")
    assert answer.status == 303 and answer.location.startswith(named.url("/twauth/logout?"))
    url, fields = form_of(browser.get(answer.location))
    assert browser.post(url, fields).location == named.url("/index.html")


def test_G3_by_another_name_the_button_is_the_own_address_s(make_site):
    site = make_site(config="TwAuthUnauthenticated page")
    page = site.browser().get(site.vhost.origin.replace("site.test", "www.site.test") + "/members/")
    assert page.status == 401
    assert link_of(page, "Sign in with X").startswith(site.url("/twauth/login?next=%2Fmembers%2F"))
    site.stop()


# An IPv6 address

@pytest.fixture(scope="module", params=["[::1]", "[0:0:0:0:0:0:0:1]"])
def numbered(request, make_site):
    """A site whose own address is an IPv6 one."""
    site = make_site(start=False)
    callback = f"https://{request.param}:{site.vhost.port}/twauth/callback"
    site.vhost.config += f"\nTwAuthCallbackURL {callback}"
    site.standin.register(callback)
    return site.start()


class Numbered(Behind):
    """A browser that is at an IPv6 address, with a certificate for another name. It writes the address in one way."""

    def _once(self, method, url, *more):
        return super()._once(method, re.sub(r"\[[0:]+1\]", "[::1]", url), *more)

    def _exchange(self, address, method, headers, body, timeout):
        if self._own(address):
            address = urls.parse(str(address).replace("[::1]", "site.test"))
        return Browser._exchange(self, address, method, headers, body, timeout)


@pytest.mark.parametrize("spelt", ["[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]", "127.0.0.1"])
@pytest.mark.parametrize("metadata", [True, False])
def test_G3_an_IPv6_address(numbered, spelt, metadata):
    site = numbered
    own = f"https://[::1]:{site.vhost.port}"
    browser = Numbered(own, site.authority.ca, site.standin, site.canaries)
    browser.host, browser.metadata = f"{spelt}:{site.vhost.port}", metadata
    answer = browser.get("/members/")
    moved = spelt == "127.0.0.1"
    assert answer.headers["Location"] == ((own if moved else "") + "/twauth/login?next=%2Fmembers%2F"
                                          + ("&moved=1" if moved else ""))
    assert CANARY in browser.sign_in("alice").text
    url, fields = form_of(browser.get("/twauth/logout", follow=2))
    assert browser.post(url, fields | {"next": "/"}).location == own + "/"
    assert not browser.fetch("/twauth/session").json()["signed_in"]


def test_G3_an_IPv6_address_in_Origin_and_Referer(numbered):
    """As browsers write it, whatever the callback URL says."""
    site = numbered
    own = f"https://[::1]:{site.vhost.port}"
    browser = Numbered(own, site.authority.ca, site.standin, site.canaries)
    browser.host = f"[::1]:{site.vhost.port}"
    browser.sign_in("alice")
    old = {"Sec-Fetch-Site": None, "Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None}
    assert browser.get("/twauth/login", headers={"Referer": own + "/members/?a"}).headers["Location"] == "/members/?a"
    assert browser.post("/twauth/logout", {"next": "/"}, headers=old | {"Origin": own}).status == 303
