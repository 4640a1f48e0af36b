# SPDX-License-Identifier: Apache-2.0
"""uWSGI and Prometheus behind the gate, and Prometheus past it, by the lines of docs/applications.md."""

import json
import urllib.request

import pytest

from harness import ports, process
from harness.applications import NAMES, Program, block, folder_of, signed_in, spoofed
from harness.backend import Backend
from harness.paths import TREE

pytestmark = pytest.mark.full
#: Debian's; make build/apps/prometheus.
PROMETHEUS = TREE / "build/apps/prometheus/usr/bin/prometheus"


# uWSGI

@pytest.fixture(scope="module")
def uwsgi(make_site):
    site = make_site(start=False, protected="", modules=("proxy", "proxy_uwsgi"))
    folder = folder_of(site, "notes")
    (folder / "app.py").write_text(block("uWSGI", "def application"))
    command = block("uWSGI", "--plugin").replace("/run/notes", str(folder)).split()
    site.vhost.config += "\n" + block("uWSGI", "ProxyPass").replace("/run/notes", str(folder))
    with Program(folder, [f"/usr/bin/{command[0]}", *command[1:], "--die-on-term"], ready=(folder / "uwsgi.sock").exists):
        yield site.start()


def test_uwsgi(uwsgi):
    alice = signed_in(uwsgi, next="/notes/7?x=1")
    assert alice.get("/notes/7").text == "alice is 1001"
    assert {answer.text for _, answer in spoofed(alice, "/notes/7")} == {"alice is 1001"}
    assert [answer.status for _, answer in spoofed(uwsgi.browser(), "/notes/7")] == [302] * len(NAMES)
    assert uwsgi.browser().fetch("/notes/7").status == 401
    assert not (uwsgi.folder / "notes/uwsgi.sock").stat().st_mode & 0o007


# Prometheus

@pytest.fixture(scope="module")
def metrics():
    """A program with metrics."""
    backend = Backend()
    backend.answers["/metrics"] = (200, {"Content-Type": "text/plain; version=0.0.4"}, b"machine_is_there 42\n")
    yield backend
    backend.stop()


@pytest.fixture(scope="module")
def watched(make_site, metrics):
    site = make_site(start=False, protected="", modules=("proxy", "proxy_http"))
    folder, port = folder_of(site, "prometheus"), ports.free()
    site.port, site.metrics = port, metrics
    lines = block("Prometheus", "127.0.0.1:9100") + block("Prometheus", "ProxyPass \"http://127.0.0.1:9090")
    for place, own in {"10.0.0.5": "127.0.0.1", ":9100": f":{metrics.port}", ":9090": f":{port}"}.items():
        lines = lines.replace(place, own)
    site.vhost.config += "\n" + lines
    (folder / "prometheus.yml").write_text(
        "global:\n  scrape_interval: 1s\n"
        + block("Prometheus", "scrape_configs").replace("www.example.com:443", f"127.0.0.1:{site.vhost.port}")
        + f"    tls_config:\n      ca_file: {site.authority.ca}\n      server_name: site.test\n")
    command = block("Prometheus", "--config.file").replace(":9090", f":{port}").replace("https://www.example.com", site.vhost.origin)
    site.start()
    argv = [PROMETHEUS, *command.split()[1:], f"--storage.tsdb.path={folder}/data"]
    with Program(folder, argv, ready=lambda: is_ready(f"http://127.0.0.1:{port}/prometheus/-/ready")):
        yield site


def is_ready(url):
    try:
        return urllib.request.urlopen(url).status == 200
    except OSError:
        return False


def test_prometheus_passes_by_its_address(watched):
    """What it has read, it read past the gate; nobody at another address does."""
    asked = f"http://127.0.0.1:{watched.port}/prometheus/api/v1/query?query=machine_is_there"
    found = process.until(lambda: json.load(urllib.request.urlopen(asked))["data"]["result"], every=0.1)
    assert found and found[0]["value"][1] == "42"
    keep = watched.vhost.config
    watched.vhost.config = keep.replace("Require ip 127.0.0.1", "Require ip 192.0.2.5")
    watched.graceful()
    assert watched.browser().get("/metrics").status == 302
    assert watched.browser().get("/metrics", headers={"X-Forwarded-For": "192.0.2.5", "User-Agent": "Prometheus/2.42.0"}).status == 302
    assert watched.browser().fetch("/metrics").status == 401
    watched.vhost.config = keep
    watched.graceful()


def test_prometheus_has_its_pages_behind_the_gate(watched):
    watched.allow_log("AH01631")
    assert watched.browser().get("/prometheus/graph").status == 302
    assert watched.browser().fetch("/prometheus/api/v1/query?query=up").status == 401
    bob = signed_in(watched, "bob")
    assert bob.get("/prometheus/graph").status == 403
    assert watched.ctl("role", "@bob", "+operator")
    bob = signed_in(watched, "bob")
    assert bob.get("/prometheus/-/ready").text == "Prometheus Server is Ready.\n"
    assert bob.get("/prometheus/").location == watched.url("/prometheus/classic/graph")
    assert bob.fetch("/prometheus/api/v1/query?query=up").json()["status"] == "success"
