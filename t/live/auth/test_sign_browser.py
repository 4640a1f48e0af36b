# SPDX-License-Identifier: Apache-2.0
"""A static page's script posts to X as its user, in a real browser; a page of another site does not."""

import pytest
from selenium.webdriver.common.by import By

from harness import signing
from harness.chromium import patience
from harness.httpd import VHost

pytestmark = [pytest.mark.protocols("oauth1", "oauth2"), pytest.mark.databases("sqlite")]
PAGE = """<!doctype html><html lang=en><title>Post</title><p id=said></p>
<button id=form>Form</button><button id=json>JSON</button><script>
const post = (body, type) => fetch("%s/x-api/2/echo/posted?a=%%2F+b", {method: "POST", body, credentials: "include",
    mode: "%s", headers: type ? {"Content-Type": type} : {}})
  .then(async answer => said.textContent = answer.status + " " + (await answer.text()))
  .catch(error => said.textContent = "failed " + error);
form.onclick = () => post(new URLSearchParams({status: "caf\\u00e9 & tea", empty: ""}));
json.onclick = () => post(JSON.stringify({text: "\\u2603"}), "application/json");
</script>"""


@pytest.fixture(scope="module")
def site(make_site, standin, authority):
    site = make_site(start=False, modules=signing.MODULES, config=signing.config(standin, authority))
    site.elsewhere = VHost("other.test", port=site.vhost.port)
    site.httpd.vhosts.append(site.elsewhere)
    site.httpd.put("members/post.html", PAGE % ("", "cors"))
    site.httpd.put("evil.html", PAGE % (site.vhost.origin, "no-cors"))
    return site.start()


def press(driver, button):
    driver.execute_script("said.textContent = ''")
    driver.find_element(By.ID, button).click()
    return patience(driver).until(lambda d: d.find_element(By.ID, "said").text)


def posted(site):
    return [c for c in site.standin.calls(kind="api") if c["path"] == "/2/echo/posted"]


def test_a_script_posts_as_its_user(site, chromium):
    browser = site.browser()
    browser.sign_in("alice")
    chromium.get(site.url("/"))
    for cookie in browser.cookies:
        chromium.add_cookie({"name": cookie.name, "value": cookie.value, "path": "/", "secure": True,
                             "httpOnly": True, "sameSite": "Lax"})
    chromium.get(site.url("/members/post.html"))
    assert press(chromium, "form").startswith('200 {"user": "1001", "method": "POST"')
    assert press(chromium, "json").startswith('200 {"user": "1001", "method": "POST"')
    form, json = posted(site)[-2:]
    assert form["body"] == "status=caf%C3%A9+%26+tea&empty=" and json["body"] == '{"text":"☃"}'
    for call in (form, json):
        assert call["query"] == "a=%2F+b" and not {"cookie", "origin", "referer", "sec-fetch-site"} & set(call["headers"])
    before = len(posted(site))
    chromium.get(site.elsewhere.url("/evil.html"))
    press(chromium, "form")
    assert len(posted(site)) == before

