# SPDX-License-Identifier: Apache-2.0
"""A Node application behind the gate, by the lines of docs/applications.md: pages, server-sent events, a WebSocket."""

import socket

import pytest
from selenium.webdriver.common.by import By

from harness import applications
from harness.applications import Program, block, folder_of, signed_in, spoofed
from harness.chromium import patience

pytestmark = pytest.mark.full

#: A page with both, and one that says what came.
VIEWS = """
app.get("/page", (request, response) => response.send(`<!doctype html><p id=events></p><p id=live></p><script>
    new EventSource("/events").onmessage = (e) => { events.textContent = e.data; };
    const live_socket = new WebSocket(location.origin.replace("http", "ws") + "/live");
    live_socket.onmessage = (e) => { live.textContent = e.data; };
    </script>`));
app.get("/headers", (request, response) => response.json({ user: who(request), all: request.rawHeaders, url: request.originalUrl }));
"""


@pytest.fixture(scope="module")
def node(make_site):
    site = make_site(start=False, protected="", modules=("headers", "proxy", "proxy_http"))
    folder = folder_of(site, "chat")
    application = block("Node: express, WebSockets, server-sent events", "WebSocketServer").replace("/run/chat", str(folder))
    (folder / "app.js").write_text(application.replace("process.umask", VIEWS + "\nprocess.umask"))
    site.vhost.config += "\n" + block("Node: express, WebSockets, server-sent events", "AuthType Twitter").replace("/run/chat", str(folder))
    with Program(folder, ["/usr/bin/node", folder / "app.js"], ready=(folder / "app.sock").exists, env={"NODE_PATH": "/usr/share/nodejs"}):
        yield site.start()
        site.allow_log("AH01110")       # of streams that are open when the application ends


def test_node_a_deep_link_and_back(node):
    told = node.browser().sign_in("alice", next="/headers?x=1&y=%20z").json()
    assert told["user"] == "alice" and told["url"] == "/headers?x=1&y=%20z" and "twauth=" not in str(told["all"])


def test_node_what_a_visitor_claims_changes_nothing(node):
    for name, answer in spoofed(signed_in(node), "/headers"):
        assert answer.json()["user"] == "alice", name
    assert [answer.status for _, answer in spoofed(node.browser(), "/headers")] == [302] * len(applications.NAMES)


def test_node_its_socket_is_for_httpd_alone(node):
    assert not (node.folder / "chat/app.sock").stat().st_mode & 0o007


def opened(node, browser, path, more=""):
    """A connection on which the answer has begun: the stream, and the status."""
    connection = browser._tls.wrap_socket(socket.create_connection(("127.0.0.1", node.vhost.port), 30), server_hostname="site.test")
    cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
    connection.sendall((f"GET {path} HTTP/1.1\r\nHost: site.test:{node.vhost.port}\r\nSec-Fetch-Mode: cors\r\nCookie: {cookies}\r\n"
                        f"{more}\r\n").encode())
    stream = connection.makefile("rb")
    return connection, stream, int(stream.readline().split()[1])


def read_to(stream, end):
    """What comes until then, while the connection stays open."""
    text = b""
    while not text.endswith(end):
        more = stream.read(1)
        assert more, text
        text += more
    return text


UPGRADE = ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "X-Twauth-Username: mallory\r\nX_Twauth_Username: mallory\r\n")


def test_node_an_event_comes_when_it_is_sent(node):
    connection, stream, status = opened(node, signed_in(node), "/events", "X-Twauth-Username: mallory\r\n")
    assert status == 200 and b"data: hello alice\n\n" in read_to(stream, b"hello alice\n\n")
    connection.close()


def test_node_a_web_socket(node):
    connection, stream, status = opened(node, signed_in(node), "/live", UPGRADE)
    assert status == 101 and read_to(stream, b"hello alice").endswith(b"\x81\x0bhello alice")
    connection.close()


def test_node_nobody_gets_a_connection(node):
    for path, more in ("/events", ""), ("/live", UPGRADE):
        connection, _, status = opened(node, node.browser(), path, more)
        assert status == 401
        connection.close()


def test_node_in_a_real_browser(node, driver):
    driver.get(node.url("/page"))
    for label in driver.find_elements(By.TAG_NAME, "label"):
        if "alice" in label.text:
            label.click()
    next(b for b in driver.find_elements(By.CSS_SELECTOR, "button, input[type=submit]") if "uthori" in b.text + (b.get_attribute("value") or "")
         or "Sign" in b.text + (b.get_attribute("value") or "")).click()
    patience(driver).until(lambda d: [d.find_element(By.ID, name).text for name in ("events", "live")] == ["hello alice"] * 2)
    driver.get("about:blank")
