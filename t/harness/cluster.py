# SPDX-License-Identifier: Apache-2.0
"""Several httpd with one key and one database, behind a balancer that sends each request to the next of them.

The balancer ends TLS and is site.test for the browsers; the nodes speak plain http, and say in `X-Node` who answered.
"""

import signal

from . import process
from .httpd import VHost

FRONT = """
ProxyPreserveHost On
<Proxy balancer://nodes>
%s
ProxySet lbmethod=byrequests
</Proxy>
ProxyPass "/" "balancer://nodes/"
"""

NODE = """
Header always set X-Node {number}
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
"""


class Cluster:
    """`nodes` are sites, `balancer` is an httpd without the module. make_site, make_httpd: the fixtures.

    named_by: what tells a node the site's address, ServerName or TwAuthCallbackURL.
    """

    def __init__(self, make_site, make_httpd, size, *, config="", named_by="ServerName", **parts):
        self.front = VHost("site.test", tls=True)
        modules = ("headers", "remoteip", *parts.pop("modules", ()))
        self.nodes = []
        for number in range(size):
            db = {"db": self.nodes[0].db} if self.nodes else {}
            node = make_site(start=False, clock=True, modules=modules, config=NODE.format(number=number) + config,
                             **db, **parts)
            node.vhost.tls = False
            node.vhost.server_name = self.front.origin
            if named_by == "TwAuthCallbackURL":
                node.vhost.server_name = f"http://node{number}.test:{node.vhost.port}"
                node.vhost.config += f"\nTwAuthCallbackURL {self.front.url('/twauth/callback')}"
            self.nodes.append(node)
        self.first = self.nodes[0]
        self.db, self.standin, self.clock = self.first.db, self.first.standin, self.first.clock
        self.use_keys(self.first.key)
        self.clock.followers += [node.clock.set for node in self.nodes[1:]]
        self.standin.register(self.front.url("/twauth/callback"))
        # no reuse: a kept connection can end in the moment in which the balancer uses it, which is not our subject
        members = "\n".join(f"BalancerMember http://127.0.0.1:{node.vhost.port} retry=1 disablereuse=On"
                            for node in self.nodes)
        self.front.config = FRONT % members
        self.balancer = make_httpd(self.front, modules=("proxy", "proxy_http", "slotmem_shm", "proxy_balancer",
                                                        "lbmethod_byrequests"))

    def start(self):
        self.clock.set(0)
        for node in self.nodes:
            node.start()
        self.balancer.start()
        return self

    def stop(self):
        for httpd in (self.balancer, *(node.httpd for node in self.nodes)):
            httpd.stop()

    def use_keys(self, *files, nodes=None):
        """TwAuthKey of these nodes (all), in this order; takes effect with graceful()."""
        lines = "\n".join(f'TwAuthKey "file:{file}"' for file in files)
        for node in nodes or self.nodes:
            rest = [line for line in node.vhost.config.splitlines() if not line.startswith("TwAuthKey")]
            node.vhost.config = "\n".join([lines, *rest])

    # talking to it

    def browser(self):
        browser = self.first.browser()
        browser.base = self.front.origin
        return browser

    def turn_to(self, node):
        """Ask for the open page until it is this node's turn."""
        browser = self.browser()
        before = str((node - 1) % len(self.nodes))
        assert process.until(lambda: browser.get("/").headers["X-Node"] == before, every=0)

    def at(self, node, ask):
        """The answer that `ask` has of this node; asked again, a turn later, when the balancer meant another."""
        answers, browser = [], self.browser()
        for late in range(100):
            self.turn_to(node)
            for _ in range(late % (2 * len(self.nodes) + 1)):
                browser.get("/")
            answers.append(ask())
            if where(answers[-1]) == node:
                return answers[-1]
        raise AssertionError(f"node {node} did not answer, but {[where(a) for a in answers]}")

    def kill(self, node):
        """The whole node dies in this moment."""
        httpd = self.nodes[node].httpd
        httpd.signal_all(signal.SIGKILL)
        httpd.stop()


def where(answer):
    """Which node answered; of an answer after redirects the last one's."""
    return int(answer.headers["X-Node"])
