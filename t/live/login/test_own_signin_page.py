# SPDX-License-Identifier: Apache-2.0
"""G14: a sign-in page of the site's own, as docs/set-up.md has it, leads back whatever Referrer-Policy the site sets."""

import re

import pytest
from selenium.webdriver.common.by import By

from harness.chromium import arrive, patience
from harness.paths import TREE

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
RECIPE = re.search(r"^## A sign-in page of your own\n(.*?)(?:^## |\Z)", (TREE / "docs/set-up.md").read_text(), re.M | re.S)[1]
STATIC, SSI = re.findall(r"^    (<a href=.*</a>)$", RECIPE, re.M)
FILES = re.search(r"^    <Files.*?</Files>\n", RECIPE, re.M | re.S)[0]
PAGE = "<!doctype html><title>Sign in</title>{}"


AREA = """<Directory "{root}/{name}">
AuthType Twitter
Require valid-user
TwAuthUnauthenticated 401
ErrorDocument 401 /{page}
</Directory>
"""


@pytest.fixture(scope="module", params=["no-referrer", "origin"])
def site(request, make_site):
    site = make_site(start=False, modules=("include", "headers"), protected="", config=f"""
        TwAuthSignInWith authorize
        Header always set Referrer-Policy {request.param}
        {FILES}""")
    root = site.httpd.htdocs
    site.vhost.config += (AREA.format(root=root, name="members", page="signin.html")
                          + AREA.format(root=root, name="deep", page="signin.shtml"))
    site.httpd.put("signin.html", PAGE.format(STATIC))
    site.httpd.put("signin.shtml", PAGE.format(SSI))
    site.httpd.put("deep/page.html", "<!doctype html><title>Deep</title>deep inside")
    return site.start()


@pytest.mark.parametrize("asked, landed", [("/members/index.html?x=1&y=2", "/members/"),
                                           ("/deep/page.html?x=1&y=2", "/deep/page.html?x=1&y=2")])
def test_G14_the_recipe_of_the_documents(site, chromium, asked, landed):
    chromium.get(site.url(asked))
    link, = chromium.find_elements(By.TAG_NAME, "a")
    assert link.text == "Sign in with X"
    link.click()
    arrive(chromium, site.standin.browser_url())
    for label in chromium.find_elements(By.TAG_NAME, "label"):
        if "alice" in label.text:
            label.click()
    button = next(e for e in chromium.find_elements(By.CSS_SELECTOR, "button, input[type=submit]")
                  if "uthori" in (e.text or e.get_attribute("value")) or "Allow" in (e.text or ""))
    button.click()
    patience(chromium).until(lambda d: d.current_url == site.url(landed))
