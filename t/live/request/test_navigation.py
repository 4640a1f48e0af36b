# SPDX-License-Identifier: Apache-2.0
"""What a navigation is: browsers, WebViews, a page's worker; and what only looks like one."""

import pytest
from selenium.webdriver.common.by import By

from harness.chromium import arrive, patience
from harness.httpd import VHost
from harness.process import until
from harness.site import CANARY

both = pytest.mark.protocols("oauth1", "oauth2")
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
OLD = {"Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None, "Sec-Fetch-Site": None, "Sec-Fetch-User": None}
XHR = "XMLHttpRequest"


def says(mode=None, dest=None, **more):
    """The headers of a request with these Fetch metadata; None: without."""
    return {**OLD, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest, "Accept": HTML} | {
        name.replace("_", "-"): value for name, value in more.items()}


#: G1, G2: a person's, who is asked to sign in.
NAVIGATIONS = {
    "browser": says("navigate", "document"),
    "worker": says("navigate", "empty"),
    "Chromium 78": says("navigate"),
    "proxy that keeps Dest alone": says(None, "document"),
    "Android WebView": says("navigate", "document", X_Requested_With="com.twitter.android"),
    "Android WebView through a worker": says("navigate", "empty", X_Requested_With="com.example.app"),
    "WebView that hides its name": says("navigate", "document", X_Requested_With=XHR),
    "before Fetch metadata": says(),
    "old Android WebView": says(X_Requested_With="com.twitter.android"),
    "old WebView, empty name": says(X_Requested_With=""),
    "any Accept, with metadata": says("navigate", "document", Accept="*/*"),
}

#: Nobody's: 401, and nothing begins.
OTHERS = {
    "frame": says("navigate", "iframe"),
    "old frame": says("nested-navigate"),
    "object": says("navigate", "object"),
    "embed": says("navigate", "embed"),
    "fenced frame": says("navigate", "fencedframe"),
    "fetch": says("cors", "empty"),
    "fetch, same-origin": says("same-origin", "empty"),
    "fetch by a WebView": says("cors", "empty", X_Requested_With="com.twitter.android"),
    "image": says("no-cors", "image"),
    "empty alone": says(None, "empty"),
    "mode in other letters": says("Navigate", "document"),
    "prefetch": says("navigate", "document", Sec_Purpose="prefetch"),
    "prerender": says("navigate", "document", Sec_Purpose="prefetch;prerender"),
    "prefetch through a worker": says("navigate", "empty", Sec_Purpose="prefetch"),
    "old prefetch": says(Purpose="prefetch"),
    "preview": says(X_Purpose="preview"),
    "XHR": says(X_Requested_With=XHR),
    "xhr": says(X_Requested_With=XHR.lower()),
    "XHR twice": says(X_Requested_With=f"{XHR}, {XHR}"),
    "robot": says(Accept="*/*"),
}


@pytest.fixture(scope="module")
def known(site):
    """A browser with a pre-session cookie."""
    browser = site.browser(keep_alive=True)
    browser.get("/members/")
    yield browser
    browser.close()


@both
@pytest.mark.parametrize("headers", NAVIGATIONS.values(), ids=NAVIGATIONS)
def test_G1_G2_a_navigation_is_asked_to_sign_in(site, known, headers):
    assert known.get("/members/", headers=headers).location == site.url("/twauth/login?next=%2Fmembers%2F")
    assert site.standin.owns(known.get("/twauth/login", headers=headers).location)
    assert known.get("/twauth/logout", headers=headers).status == 200


@both
@pytest.mark.parametrize("headers", NAVIGATIONS.values(), ids=NAVIGATIONS)
def test_G1_G2_a_navigation_comes_back_from_X(site, headers):
    browser = site.browser()
    flow = browser.begin("/members/")
    answer = browser.get(flow.callback("alice"), headers=headers)
    assert answer.status == 302 and answer.target != "/members/" and answer.location == site.url("/members/")
    answer = browser.post("/twauth/logout", {"next": "/"}, headers=headers | {"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 303 and not browser.whoami()["signed_in"]


@both
@pytest.mark.parametrize("headers", OTHERS.values(), ids=OTHERS)
def test_G1_G2_nothing_else_begins_a_sign_in(site, known, headers):
    site.standin.reset()
    for url in ("/members/", "/twauth/login?next=%2Fmembers%2F"):
        answer = known.get(url, headers=headers)
        assert answer.status == 401 and not answer.location and not answer.set_cookies
        assert CANARY not in answer.text
    assert site.standin.count() == 0


# A real worker

HOME = """<!doctype html><title>Home</title><a id=in href="/members/">Members</a>
<form method="post" action="/twauth/logout"><input type=hidden name=next value="/home.html">
<button id=out>Sign out</button></form><p id=who></p>
<script>
navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then(() => {
    if (navigator.serviceWorker.controller) { document.title = "Controlled"; } else { location.reload(); }
});
fetch("/twauth/session").then(r => r.json()).then(s => who.textContent = s.username || "nobody");
</script>"""
WORKER = """
self.addEventListener("install", event => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => event.respondWith(fetch(event.request)));
"""


@pytest.fixture(scope="module")
def working(make_site):
    site = make_site(start=False, config="TwAuthSignInWith authorize",
                     main="AddType text/javascript .js\nLogFormat \"%m %U %>s mode=%{Sec-Fetch-Mode}i "
                          "dest=%{Sec-Fetch-Dest}i site=%{Sec-Fetch-Site}i origin=%{Origin}i\" common")
    site.httpd.put("home.html", HOME)
    site.httpd.put("worker.js", WORKER)
    site.elsewhere = VHost("other.test", port=site.vhost.port)
    site.httpd.vhosts.append(site.elsewhere)
    site.httpd.put("forge.html", f'<!doctype html><title>Forge</title><form method=post action='
                                 f'"{site.url("/twauth/logout")}"><button id=go>Go</button></form>')
    return site.start()


def click(driver, what, then):
    found = [e for e in driver.find_elements(By.CSS_SELECTOR, "a, button, input[type=submit]")
             if what in (e.text, e.get_attribute("id"), e.get_attribute("value"))]
    assert found, f"no {what} on:\n{driver.page_source}"
    found[0].click()
    arrive(driver, then)


def visited(site, path):
    """What the access log has of `path`."""
    return [line for line in site.httpd.access_log.read_text().splitlines() if f" {path} " in line]


@both
def test_G2_a_whole_visit_through_a_worker(working, chromium):
    site, driver = working, chromium
    driver.get(site.url("/home.html"))
    patience(driver).until(lambda d: d.title == "Controlled")
    click(driver, "in", site.standin.browser_url())
    for label in driver.find_elements(By.TAG_NAME, "label"):
        if "alice" in label.text:
            label.click()
    button = next(e for e in driver.find_elements(By.CSS_SELECTOR, "button, input[type=submit]")
                  if "uthori" in (e.text or e.get_attribute("value")) or "Allow" in (e.text or ""))
    button.click()
    arrive(driver, site.url("/members/"))
    assert CANARY in driver.page_source
    assert until(lambda: any("mode=navigate dest=empty" in line for line in visited(site, "/members/"))), visited(site, "/members/")
    driver.get(site.url("/home.html"))
    patience(driver).until(lambda d: d.find_element(By.ID, "who").text == "alice")
    click(driver, "out", "/home.html")
    patience(driver).until(lambda d: d.find_element(By.ID, "who").text == "nobody")
    driver.get(site.url("/members/"))
    assert CANARY not in driver.page_source and "Sign in with X" in driver.page_source


def test_G2_a_foreign_form_signs_nobody_out_through_a_worker(working, chromium):
    """What the browser says of the origin of a worker's request is believed with the Origin beside it."""
    site, driver = working, chromium
    driver.get(site.url("/home.html"))
    patience(driver).until(lambda d: d.title == "Controlled")
    browser = site.browser()
    browser.sign_in("alice")
    driver.add_cookie({"name": "__Host-twauth", "value": browser.cookies["__Host-twauth"], "secure": True,
                       "httpOnly": True, "path": "/", "sameSite": "None"})
    driver.get(site.elsewhere.url("/forge.html"))
    asked = len(visited(site, "/twauth/logout"))
    driver.find_element(By.ID, "go").click()
    arrive(driver, site.url("/twauth/logout"))
    assert until(lambda: any("POST" in line and "dest=empty" in line for line in visited(site, "/twauth/logout")[asked:]))
    assert browser.fetch("/twauth/session").json()["signed_in"]
    assert "Please confirm" in driver.page_source
