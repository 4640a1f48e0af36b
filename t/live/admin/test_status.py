# SPDX-License-Identifier: Apache-2.0
"""SetHandler twauth-status: what is counted, in each of its forms, and whether the server is ready."""

import re
import shutil
import subprocess
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from harness.load import Load, ask
from harness.paths import TREE
from harness.process import until
from harness.site import PROTECTED

BOTH = pytest.mark.protocols("oauth1", "oauth2")
PLACES = PROTECTED + """\
<Location "/status">
SetHandler twauth-status
Require ip 127.0.0.1
</Location>
<Location "/closed">
SetHandler twauth-status
Require ip 192.0.2.1
</Location>
<Location "/for-alice">
SetHandler twauth-status
AuthType Twitter
Require twitter-user alice
</Location>
<Location "/server-status">
SetHandler server-status
Require ip 127.0.0.1
</Location>
"""
#: Debian's, of its package prometheus; make build/promtool.
PROMTOOL = shutil.which("promtool") or TREE / "build/promtool"
SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="[^"\\\n]*",?)+)\})? ([0-9.]+)')


class Metrics(dict):
    """{(name, value of a label, ...): number} of Prometheus' text; what is asked for and not there fails."""

    def __init__(self, text):
        super().__init__()
        assert text.endswith("\n")
        for line in text.splitlines():
            if not line.startswith("# "):
                name, labels, number = SAMPLE.fullmatch(line).groups()
                key = (name, *re.findall(r'="(.*?)"', labels or ""))
                assert key not in self, "twice"
                self[key] = float(number)

    def since(self, before):
        """What became more, or less; without times."""
        return {key: self[key] - before[key] for key in self
                if self[key] != before[key] and "_seconds" not in key[0] and "table" not in key[0]}


def read(site):
    answer = site.browser().get("/status?prometheus")
    assert answer.status == 200 and answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Metrics(answer.text)


def promtool(*arguments, text=""):
    if not Path(PROMTOOL).exists():
        pytest.skip("make build/promtool")
    return subprocess.run([PROMTOOL, *arguments], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(protected=PLACES, modules=("status",), main="ExtendedStatus On",
                     config="TwAuthSessionRecheck 0\nTwAuthSessionGrace 0")


@pytest.fixture
def before(site):
    site.db.clear()
    return read(site)


def calls_of_a_sign_in(site):
    return ({"request token": 1, "access token": 1} if site.protocol == "oauth1" else {"code": 1, "user": 1})


@BOTH
def test_a_sign_in(site, before):
    browser = site.browser()
    browser.sign_in("bob", next="/members/")
    found = read(site).since(before)
    assert found.pop(("twauth_database_statements_total", "ok")) >= 3
    assert found == {
        ("twauth_events_total", "account-created", "new"): 1, ("twauth_events_total", "signed-in"): 1,
        ("twauth_sent_to_sign_in_total", "login"): 1, ("twauth_sent_to_sign_in_total", "x"): 1,
        ("twauth_rechecks_total", "good"): 1,
        **{("twauth_provider_calls_total", step, "ok"): n for step, n in calls_of_a_sign_in(site).items()}}


@BOTH
def test_times_of_calls(site, before):
    site.browser().sign_in("bob")
    after = read(site)
    for step in calls_of_a_sign_in(site):
        key = ("twauth_provider_call_seconds", step)
        count, total = (after[key[0] + end, step] - before[key[0] + end, step] for end in ("_count", "_sum"))
        assert count == 1 and total > 0
        buckets = [after[at] - before[at] for at in after if at[:2] == (key[0] + "_bucket", step)]
        assert len(buckets) == 12 and buckets == sorted(buckets) and buckets[-1] == 1
    assert after["twauth_database_statement_seconds_count",] == sum(
        n for key, n in after.items() if key == ("twauth_database_statements_total", "ok"))


@BOTH
def test_refusals_and_ends(site, before):
    site.allow_log("TW0310", "AH01631")
    browser = site.browser()
    assert browser.fetch("/members/").status == 401
    site.browser().begin("/members/").deny()
    browser.sign_in("bob")
    assert browser.get("/admin/").status == 403
    site.db.execute("DELETE FROM twauth_session")
    assert browser.fetch("/members/").status == 401
    found = read(site).since(before)
    assert found.items() >= {
        ("twauth_answers_total", "sign-in"): 2, ("twauth_answers_total", "cancelled"): 1,
        ("twauth_answers_total", "forbidden"): 1, ("twauth_events_total", "cancelled"): 1,
        ("twauth_events_total", "refused", "forbidden"): 1, ("twauth_events_total", "session-ended", "ended"): 1,
        ("twauth_rechecks_total", "ended"): 1}.items()


@BOTH
def test_x_refuses_and_is_slow(site, before):
    site.expect_log("TW0204")
    site.standin.fault(site.exchange_path, "status", status=503)
    site.browser().begin("/members/").approve("bob")
    assert read(site).since(before).items() >= {
        ("twauth_events_total", "provider", "failed"): 1, ("twauth_answers_total", "provider-unreachable"): 1,
        ("twauth_provider_calls_total", "access token" if site.protocol == "oauth1" else "code", "unreachable"): 1}.items()


def test_events_and_restarts_at_full_speed(site, before, full):
    """A mix, by all children at once, counted to the last one; a graceful restart in the middle forgets none."""
    rounds, per = 2, full(150, 2500)
    browser = site.browser()
    browser.sign_in("bob")
    site.allow_log("TW0310", "AH01631")
    begun = read(site)
    script = [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
    asks = [ask(site.vhost, "/members/", ca=site.authority.ca),
            ask(site.vhost, "/members/", headers=script, ca=site.authority.ca),
            ask(site.vhost, "/admin/", cookies=browser, ca=site.authority.ca),
            ask(site.vhost, "/members/", cookies=browser, ca=site.authority.ca)]
    answered = Counter()
    for _ in range(rounds):
        load = Load(asks * (per // len(asks)), workers=8).start()
        site.graceful()
        for answer in load.stop():
            answered[answer.status] += 1
    found = read(site).since(begun)
    lost = answered.pop(0, 0)       # httpd's own: a connection that came while a child went, and may have been heard
    assert set(answered) == {302, 401, 403, 200} and lost <= rounds * 8
    assert found.pop(("twauth_events_total", "admin", "restarted")) == rounds
    assert found.pop(("twauth_database_statements_total", "ok")) >= answered[200] + answered[403]
    wanted = {
        ("twauth_sent_to_sign_in_total", "login"): answered[302], ("twauth_answers_total", "sign-in"): answered[401],
        ("twauth_answers_total", "forbidden"): answered[403], ("twauth_events_total", "refused", "forbidden"): answered[403],
        ("twauth_rechecks_total", "good"): answered[200] + answered[403]}
    assert set(found) == set(wanted) and all(wanted[key] <= found[key] <= wanted[key] + lost for key in wanted), (found, wanted)


# ---- forms -------------------------------------------------------------------


def test_prometheus_is_what_promtool_takes(site):
    site.browser().sign_in("bob")
    done = promtool("check", "metrics", text=site.browser().get("/status?prometheus").text)
    assert done.returncode == 0 and not done.stdout, done.stdout
    assert promtool("check", "metrics", text="twauth_x{a=1} 1\n").returncode != 0


def test_alerts_are_what_promtool_takes(tmp_path):
    text = (TREE / "docs/status.md").read_text()
    rules = re.search(r"^    groups:\n(?:    .*\n)+", text, re.M)[0]
    (tmp_path / "rules.yml").write_text(textwrap.dedent(rules))
    done = promtool("check", "rules", tmp_path / "rules.yml")
    assert done.returncode == 0 and f"{rules.count('- alert:')} rules found" in done.stdout, done.stdout
    assert rules.count("- alert:") > 10


def test_all_forms_have_the_same(site):
    browser = site.browser()
    browser.sign_in("bob")
    numbers = read(site)
    answer = browser.get("/status?json")
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    lines = dict(line.split(": ") for line in browser.get("/status?auto").text.splitlines())
    some = ("twauth_events_total", "signed-in")
    for family, samples in found.items():
        for sample in samples:
            labels = [value for key, value in sample.items() if key not in ("value", "count", "sum", "buckets") and value]
            said = f"[{','.join(labels)}]" if labels else ""
            if family == "twauth_table_entries":        # they go by themselves when their time is over
                assert family + said in lines and (family, *labels) in numbers
            elif "value" in sample:
                assert float(lines[family + said]) == sample["value"] == numbers[(family, *labels)]
            else:
                assert float(lines[f"{family}_count{said}"]) >= sample["count"] >= numbers[(f"{family}_count", *labels)]
                assert len(sample["buckets"]) == 11
    assert numbers[some] > 0
    assert numbers["twauth_provider_up", site.url("/")[:-1]] == 1 == numbers["twauth_database_up", site.url("/")[:-1]]


def test_the_page(site, chromium):
    site.browser().sign_in("bob")
    answer = site.browser().get("/status")
    assert answer.status == 200 and "<h2>twauth_events_total</h2>" in answer.text
    assert re.search(r"<span>signed-in</span> <b>\d+</b>", answer.text)
    assert answer.headers["cache-control"] == "no-store"
    chromium.get(site.url("/status"))
    colour = chromium.execute_script("return getComputedStyle(document.querySelector('main')).borderTopLeftRadius")
    assert colour != "0px", "the policy lets the sheet pass"


def test_mod_status_has_a_block(site):
    site.browser().sign_in("bob")
    page = site.browser().get("/server-status").text
    assert "<h2>mod_twauth</h2>" in page and re.search(r"^twauth_events_total\[signed-in\]: \d+$", page, re.M)
    assert page.index("mod_twauth</h2>") < page.index("</body>")
    assert re.search(r"^twauth_events_total\[signed-in\]: \d+$", site.browser().get("/server-status?auto").text, re.M)


@pytest.mark.parametrize("query", ["", "?auto", "?json", "?prometheus", "?prometheus=", "?ready"])
def test_head(site, query):
    answer = site.browser().request("HEAD", "/status" + query)
    assert answer.status == 200 and not answer.text


def test_wrong_questions(site):
    browser = site.browser()
    for query in ("?prometheus=1", "?PROMETHEUS", "?ready&auto", "?x"):
        answer = browser.get("/status" + query)
        assert (answer.status, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
        assert "?prometheus" in answer.text
    answer = browser.post("/status", {})
    assert answer.status == 405 and "GET" in answer.headers["allow"]


def test_it_is_for_whom_require_says(site):
    site.allow_log("AH01630", "AH01631", "TW0310")
    probe = {"User-Agent": "ELB-HealthChecker/2.0"}
    for query in ("", "?ready", "?prometheus"):
        assert site.browser().get("/closed" + query, headers=probe).status == 403
        browser = site.browser()
        assert browser.fetch("/for-alice" + query).status == 401
    browser.sign_in("bob")
    assert browser.get("/for-alice").status == 403
    browser = site.browser()
    browser.sign_in("alice")
    assert browser.get("/for-alice?json").status == 200


def test_a_page_that_is_open_is_told(make_site):
    site = make_site(start=False, protected=PLACES, config="\n".join(
        f'<Location "/{name}">\nSetHandler {handler}\n{rule}\n</Location>' for name, handler, rule in (
            ("open", "twauth-status", ""), ("granted", '"twauth-status"', "Require all granted"),
            ("none", "None", ""), ("local", "twauth-status", "Require local"))))
    folder = site.httpd.folder / "htdocs/stats"
    folder.mkdir()
    site.vhost.config += f'\n<Directory "{folder}">\nSetHandler twauth-status\n</Directory>'
    check = site.httpd.check("-D", "DUMP_TWAUTH")
    text = check.stdout + check.stderr
    told = re.findall(r"the status page \S+:\d+(/\S+) is open to everybody", text)
    assert set(told) == {"/open", "/granted", "/stats"}, text


# ---- whether it is ready -----------------------------------------------------


def test_ready_until_x_is_down(site, before):
    browser = site.browser()
    assert (browser.get("/status?ready").status, browser.get("/status?ready").text) == (200, "ready\n")
    site.allow_log("TW0203", "TW0204")
    site.standin.fault(site.start_path or site.exchange_path, "status", times=None, status=503)
    for _ in range(6):
        if site.start_path:
            site.browser().get("/members/", follow=True)
        else:
            site.browser().begin("/members/").approve("bob")
        if browser.get("/status?ready").status == 503:
            break
    answer = browser.get("/status?ready")
    assert (answer.status, answer.text, answer.headers["retry-after"]) == (503, "X is down\n", "5")
    assert [n for key, n in read(site).items() if key[0] == "twauth_provider_up"] == [0]
    assert read(site).since(before)["twauth_events_total", "provider", "down"] == 1


@pytest.mark.databases("sqlite", "pgsql")
def test_ready_until_the_database_is_down(make_site):
    site = make_site(protected=PLACES, config="TwAuthSessionRecheck 0\nTwAuthSessionGrace 0")
    browser = site.browser()
    browser.sign_in("bob")
    site.allow_log("TW04", "TW0304", "AH", r"\[dbd:")
    with site.db.away():
        assert browser.fetch("/members/").status == 503
        answer = browser.get("/status?ready")
        assert (answer.status, answer.text) == (503, "the database is down\n")
        metrics = read(site)
        assert metrics["twauth_rechecks_total", "failed"] == 1 and metrics["twauth_database_statements_total", "failed"] > 0
    assert until(lambda: browser.fetch("/members/").status == 200)
    assert browser.get("/status?ready").status == 200
    assert read(site)["twauth_events_total", "database", "up"] == 1
