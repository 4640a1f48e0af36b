# SPDX-License-Identifier: Apache-2.0
"""docs/recipes.md, each recipe as it stands there."""

import re
from pathlib import Path

import pytest

from harness import documents
from harness.paths import TREE
from harness.site import CANARY

DOCUMENT = "docs/recipes.md"
MODULES = ("rewrite", "headers", "negotiation", "alias")


def blocks(title):
    """The recipe's lines for httpd."""
    return "\n".join(b for b in documents.blocks(DOCUMENT, title) if "addEventListener" not in b)


@pytest.fixture(scope="module")
def recipe(make_site):
    """recipe(title, **pages): a site with that recipe alone; the document's folder is the site's own."""
    def make(*titles, change=lambda text: text, **more):
        site = make_site(start=False, modules=MODULES, protected="", **more)
        text = change("\n".join(map(blocks, titles)))
        site.vhost.config += "\n" + text.replace("/var/www/html", str(site.httpd.htdocs)).replace("/var/www", str(site.folder))
        for page in ("index.html", "members/index.html", "drafts/index.html", "admin/index.html", "fonts/a.woff2", "fonts/a.woff2.bak",
                     "favicon.ico", "robots.txt", "site.webmanifest", ".well-known/acme-challenge/token", "healthz", "metrics",
                     "api/data", "members/feed.xml", "open/page.html", "maintenance.html", "reports/index.html", "club/index.html",
                     "sw.js"):
            site.httpd.put(page, f"{page} {CANARY}")
        site.httpd.put("errors/401.html.en", "Please sign in")
        site.httpd.put("errors/401.html.fr", "Connectez-vous")
        assert site.httpd.check(), site.httpd.check().stderr
        return site.start()
    return make


def signed_in(site, name):
    browser = site.browser()
    browser.sign_in(name, next="/twauth/login?next=%2F")
    return browser


def statuses(browser, *paths):
    return [browser.fetch(path).status for path in paths]


def give(site, name, role):
    site.db.execute(f"INSERT INTO twauth_role (account_id, role) SELECT id, '{role}' FROM twauth_account WHERE username = '{name}'")


def test_several_rules(recipe):
    site = recipe("Several rules on one site", change=lambda text: text.replace("twitter-id 12", "twitter-id 1001"))
    site.allow_log("AH01631")
    places = "/", "/members/", "/drafts/", "/admin/"
    assert statuses(site.browser(), *places) == [200, 401, 401, 401]
    bob = signed_in(site, "bob")
    assert statuses(bob, *places) == [200, 200, 403, 403]
    give(site, "bob", "editor")
    bob = signed_in(site, "bob")
    assert statuses(bob, *places) == [200, 200, 200, 403]
    assert statuses(signed_in(site, "alice"), *places) == [200, 200, 403, 200]


def test_all_but_a_few_places(recipe):
    site = recipe("All but a few places")
    nobody = site.browser()
    assert statuses(nobody, "/favicon.ico", "/robots.txt", "/site.webmanifest", "/fonts/a.woff2",
                    "/.well-known/acme-challenge/token") == [200] * 5
    assert statuses(nobody, "/", "/members/", "/fonts/a.woff2.bak", "/fonts/", "/favicon.ico/x", "/fonts/../members/", "/sw.js",
                    "/.well-known/", "/.well-known/acme-challenge/..;/members/", "/fonts/..;a.woff2") == [401] * 10
    assert signed_in(site, "alice").get("/members/").status == 200


def test_health_checks(recipe):
    def here(text):
        return text.replace("127.0.0.1 10.0.0.0/8", "127.0.0.1").replace("10.0.0.5", "192.0.2.5")
    site = recipe("Health checks and Prometheus", change=here)
    site.allow_log("AH01631")
    nobody = site.browser()
    assert statuses(nobody, "/healthz", "/metrics") == [200, 401]
    assert nobody.get("/metrics", headers={"User-Agent": "Prometheus/2.42"}).status == 302
    bob = signed_in(site, "bob")
    assert bob.fetch("/metrics").status == 403
    give(site, "bob", "admin")
    assert signed_in(site, "bob").fetch("/metrics").status == 200
    site = recipe("Health checks and Prometheus", change=lambda text: text.replace("10.0.0.5", "127.0.0.1"))
    assert statuses(site.browser(), "/metrics") == [200]


def test_preflights(recipe):
    site = recipe("Scripts of another origin (CORS)")
    nobody = site.browser()
    asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"}
    answer = nobody.fetch("/api/data", "OPTIONS", headers=asked, cookies=False, site="cross-site")
    assert answer.status == 204 and answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true" and not answer.body
    answer = nobody.fetch("/api/data", headers={"Origin": "https://app.example.com"}, site="same-site")
    assert answer.status == 401 and answer.headers["Access-Control-Allow-Origin"]          # else the script cannot read it
    assert signed_in(site, "alice").fetch("/api/data", site="same-site").status == 200


def test_service_worker(recipe):
    """Protected, its script is 401 and never sent to X; open by the line of the places that are."""
    site = recipe("All but a few places", change=lambda text: text.replace("robots", "sw\\.js|robots"))
    answer = site.browser().fetch("/sw.js", dest="serviceworker", mode="same-origin")
    assert answer.status == 200
    answer = site.browser().fetch("/members/", dest="serviceworker", mode="same-origin")
    assert answer.status == 401 and not answer.location
    worker, = (b for b in documents.blocks(DOCUMENT, "Service workers") if "addEventListener" in b)
    assert '"navigate"' in worker and '"/twauth/"' in worker


def test_feeds(recipe):
    site = recipe("All but a few places", "Feeds")
    nobody = site.browser()
    assert statuses(nobody, "/feeds/3f9c2a71d85e4b06a1c7e9d24b68f035.xml", "/members/feed.xml", "/feeds/", "/feeds/0.xml") == [
        200, 401, 401, 401]


def test_robots(recipe):
    site = recipe("Robots")
    assert site.browser().get("/open/page.html").headers["X-Robots-Tag"] == "noindex"


def test_maintenance(recipe):
    site = recipe("All but a few places", "Maintenance")
    alice = signed_in(site, "alice")
    flag = site.folder / "maintenance"
    flag.touch()
    for browser in alice, site.browser():
        answer = browser.get("/members/")
        assert answer.status == 503 and "maintenance.html" in answer.text and not answer.location
    assert alice.whoami()["username"] == "alice"
    flag.unlink()
    assert alice.get("/members/").status == 200


def test_rules_about_people(recipe):
    def here(text):
        return text.replace("internal.example.com", "internal.invalid").replace("-ge 8", "-ge 0").replace("'jack'", "'alice'")
    site = recipe("Rules about people", change=here)
    site.allow_log("AH01629|AH0163[01]")       # httpd says the first of an expression about a user
    assert site.browser().fetch("/reports/").status == 401
    assert signed_in(site, "alice").fetch("/reports/").status == 200
    bob = signed_in(site, "bob")
    assert bob.fetch("/reports/").status == 403
    give(site, "bob", "auditor")
    assert signed_in(site, "bob").fetch("/reports/").status == 200
    assert site.browser().get("/").status == 200
    assert site.browser().fetch("/", headers={"Host": "internal.invalid"}).status == 401


def test_languages(recipe):
    site = recipe("Your own words, in the visitor's language")
    for language, word in {"fr-CA,fr;q=0.9": "Connectez-vous", "en": "Please sign in", "ja": "Please sign in"}.items():
        browser = site.browser()
        browser.language = language
        answer = browser.get("/club/")
        assert answer.status == 401 and word in answer.text, answer


def test_every_recipe_is_tried():
    titles = re.findall(r"(?m)^## (.*)$", (TREE / DOCUMENT).read_text())
    tried = Path(__file__).read_text()
    assert len(titles) >= 10 and not [title for title in titles if f'"{title}"' not in tried]
