# SPDX-License-Identifier: Apache-2.0
"""LG-1 to LG-3: what is logged, what never is, and that nobody writes lines of their own."""

import base64
import re
from urllib.parse import parse_qsl, quote

import pytest

from harness.standin import CLIENT_ID, CLIENT_SECRET, SECRET

both = pytest.mark.protocols("oauth1", "oauth2")
FOREIGN = ["x\r\n[evil:error] forged", "x\n[evil]", "x\x1b[31mred", "x%n%s%x", "%0d%0a[evil]", "x\x00y", "\x9b31m",
           "%s" * 200, "x" * 5000, "\u2028[evil]".encode().decode("latin-1"), "\x85[evil]", "\b\b\b\b[evil]", "\x0c[evil]",
           "\\n[evil]", "%%n%99999d", "${jndi:ldap://evil}", "\x7f", "\t[evil]", "]\n[twauth:error] TW0204: forged"]


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config="TwAuthStartLimit 6/min")


@pytest.fixture(scope="module")
def roomy(make_site):
    return make_site()


def logged(site, mark, number):
    """The one line with that number."""
    found = [line for line in site.log.lines(mark) if line.number == number]
    assert len(found) == 1, found
    return found[0]


@both
def test_LG_1_no_secret_at_any_level(make_site):
    """All that can happen, at trace8 (without httpd's own lines that hold each header); the judge searches."""
    site = make_site(loglevel="trace8 core:info http:info ssl:info")
    site.allow_log("TW02", "TW04", "AH01631")
    browser = site.browser()
    browser.sign_in("alice", next="/members/?q=1")
    browser.get("/admin/")
    for path in site.finish_paths:
        for fault in ({"kind": "status", "status": 401, "times": len(site.finish_paths)}, {"kind": "status", "status": 500}, {"kind": "garbage"}):
            flow = site.browser().begin("/members/")
            url = flow.callback("bob")
            site.standin.fault(path, **fault)
            assert flow.arrive(url).status == 502
            site.browser().sign_in("dave")          # so that no failures add up
    site.browser().begin("/members/").deny()
    replay = site.browser()
    flow = replay.begin("/members/")
    url = flow.callback("bob")
    copy = replay.clone()
    flow.arrive(url)
    copy.get(url, site="cross-site")
    copy.get(url.replace(f"{site.proof_name}=", f"{site.proof_name}=x"), site="cross-site")
    with site.db.away():
        site.browser().begin("/members/").approve("carol")
    browser.post("/twauth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    browser.sign_out(everywhere="1")
    assert "twauth:" in site.log.since() and len(site.log.since()) > 10_000
    # httpd's own lines have the callback's query in them, as docs/security.md says; no other has a secret
    lines = [line for line in site.httpd.access_log.read_text().splitlines() if "GET /twauth/callback?" not in line]
    assert len(lines) > 20 and site.canaries.find("\n".join(lines)) == []
    site.stop()


@both
@pytest.mark.parametrize("dress", ["{}", "<html><p>{}</p>", '{{"errors":[{{"code":89,"message":"no {}"}}]}}',
                                   '{{"error":"invalid_grant","error_description":"{}"}}', "x={}&y={}", "{}{}"])
def test_LG_1_answers_that_repeat_what_they_were_asked(roomy, dress):
    """A proxy's page may quote the request: the proof, and the client's secret."""
    def basic(proof):
        return "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET} {proof}".encode()).decode()
    for spell in (str, lambda proof: quote(proof, safe=""), basic, lambda proof: f"{SECRET}&{proof}"):
        flow = roomy.browser().begin("/members/")
        url = flow.callback("alice")
        said = spell(dict(parse_qsl(url.partition("?")[2]))[roomy.proof_name])
        roomy.standin.fault(roomy.exchange_path, "status", status=401, body=dress.format(said, said))
        roomy.allow_log("TW0204")
        assert flow.arrive(url).status in (400, 502)


@both
@pytest.mark.parametrize("text", FOREIGN, ids=range(len(FOREIGN)))
def test_LG_2_nobody_writes_lines_of_their_own(site, text):
    browser = site.browser()
    mark = site.log.mark()
    field = text.replace("\r", "").replace("\n", "").replace("\0", "")
    encoded = "".join(f"%{b:02x}" if b < 33 or b > 126 or b == 37 else chr(b) for b in text.encode("latin-1"))
    for path in (f"/twauth/login?next={encoded}", f"/twauth/callback?oauth_token={encoded}&denied={encoded}",
                 f"/members/?{encoded}", f"/twauth/logout?next={encoded}",
                 f"/twauth/callback?state={encoded}&error={encoded}&error_description={encoded}", f"/twauth/{encoded}"):
        browser.get(path, headers={"User-Agent": field, "Referer": field, "Cookie": f"__Host-twauth={field}"})
    raw = site.log.path.read_bytes()[mark:]
    lines = raw.split(b"\n")[:-1]
    assert all(line.startswith(b"[") and re.match(rb"\[\w{3} \w{3} \d\d ", line) for line in lines)
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f-\x9f]", raw.replace(b"\n", b""))
    assert all(len(line) < 9000 for line in lines)


@both
def test_LG_2_what_X_says_is_one_line(site):
    site.standin.fault(site.exchange_path, "status", status=500)
    site.expect_log("TW0204")
    mark = site.log.mark()
    assert site.browser().sign_in("alice").status == 502
    assert len(str(logged(site, mark, "TW0204"))) < 1500


# LG-3: one line each, with account or address and reason

@both
def test_LG_3_sign_in_and_sign_out(site):
    mark = site.log.mark()
    browser = site.browser()
    browser.sign_in("alice")
    line = logged(site, mark, "TW0216")
    assert line.level == "info" and "(alice), X id 1001" in line.text and "client 127.0.0.1" in line.text
    browser.sign_out()
    assert "(alice)" in logged(site, mark, "TW0220").text


@both
def test_LG_3_cancel(site):
    mark = site.log.mark()
    site.browser().begin().deny()
    assert logged(site, mark, "TW0212").level == "info"


def test_LG_3_callback_without_a_flow(site):
    mark = site.log.mark()
    site.browser().get("/twauth/callback?oauth_token=a&oauth_verifier=b", site="cross-site")
    assert logged(site, mark, "TW0210").level == "info"


def test_LG_3_denied_revoked_csrf_seal(site):
    site.allow_log("AH01631")
    site.restart()
    browser = site.browser()
    browser.sign_in("bob")
    mark = site.log.mark()
    browser.get("/admin/")
    assert "(bob)" in logged(site, mark, "TW0310").text
    browser.post("/twauth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert logged(site, mark, "TW0222").level == "info"
    site.browser().fetch("/members/", headers={"Cookie": "__Host-twauth=AAAA"})
    assert "void" in logged(site, mark, "TW0303").text
    site.db.execute("DELETE FROM twauth_session")
    site.restart()
    browser.fetch("/members/")
    assert "ended" in logged(site, mark, "TW0305").text


def test_LG_3_limit(site):
    site.restart()
    mark = site.log.mark()
    for _ in range(7):
        answer = site.browser().get("/members/", follow=2)
    assert answer.status == 429
    assert logged(site, mark, "TW0231").level == "info"
