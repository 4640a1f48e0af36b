# SPDX-License-Identifier: Apache-2.0
"""How long a sign-in takes when X is 50 ms away, beside what the network alone takes.

    make bench-scale              among the rest; or /usr/bin/python3 -B -m bench.signin [--count N]

httpd with each module in turn, PostgreSQL beside it, and X (or the OpenID provider) in a network namespace behind a
link of 25 ms each way (far.py). What is timed is what a visitor waits for in httpd: the answers of `login` and
`callback`, on a kept connection to it. mod_auth_openidc is Debian's, with its own settings but for the addresses and
credentials, and signs in at a provider of the benchmark's own (provider.py): it exchanges a code and asks for the user,
as mod_twauth does by OAuth 2.0, and opens a connection for each. Needs root.
"""

import argparse
import http.client
import ssl
import statistics
import urllib.parse
from functools import cached_property

from harness.browser import Browser
from harness.httpd import ONE_CHILD, VHost
from harness.standin import StandIn

from . import far, provider
from .world import World, undisturbed

QUIET = {"loglevel": "warn", "mpm": "event", "mpm_config": ONE_CHILD}


class FarStandIn(StandIn):
    """X, far away; its control is not."""

    def __init__(self, place, *arguments, **named):
        self._place = place
        with place.inside():
            super().__init__(*arguments, address=place.address, **named)

    def control(self, *arguments, **command):
        with self._place.inside():
            return super().control(*arguments, **command)


class FarWorld(World):
    """X and the provider are far away; httpd and the database are here."""

    def __init__(self, delay):
        super().__init__()
        self.far = self.enter_context(far.Far(delay))

    @cached_property
    def certificate(self):
        return self.authority.issue("far", (self.far.address,))

    @cached_property
    def standin(self):
        standin = FarStandIn(self.far, self.folder / "standin", self.authority, certificate=self.certificate)
        self.callback(standin.stop)
        return standin

    @cached_property
    def provider(self):
        with self.far.inside():
            made = provider.Provider(self.folder / "provider", self.authority, self.far.address, self.certificate)
        self.callback(made.stop)
        return made


def our_sign_in(site):
    """Seconds of `login` and of `callback`, for one visitor."""
    browser = Browser(site.vhost.origin, site.authority.ca, site.standin, keep_alive=True)
    to_login = browser.get("/members/")
    to_x = browser.get(to_login.location)
    assert to_x.status == 302 and site.standin.owns(to_x.location), to_x
    back = browser.get(site.standin.approve(to_x.location, "alice"), site="cross-site")
    assert back.status == 302 and back.target.startswith("/twauth/callback"), back
    assert browser.get("/members/index.html").status == 200
    browser.close()
    return to_x.elapsed, back.elapsed


def ours(world, protocol, count):
    """Median seconds of `login` and `callback`, warm; and those of the first sign-in."""
    world.standin.begin()
    site = world.make_site(db=world.postgres.database(), protocol=protocol, twauth_loglevel="warn", **QUIET)
    first = our_sign_in(site)
    times = [our_sign_in(site) for _ in range(count)]
    site.stop()
    return [statistics.median(part) for part in zip(*times)], first


OPENIDC = """
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client}
OIDCClientSecret {secret}
OIDCRedirectURI {origin}/members/redirect_uri
OIDCCryptoPassphrase passphrase-of-the-benchmark
OIDCCABundlePath {ca}
OIDCRemoteUserClaim preferred_username
OIDCScope "openid profile"
OIDCPKCEMethod S256
<Location "/members/">
AuthType openid-connect
Require valid-user
</Location>
"""


def consent(world, address):
    """Where the provider sends the browser back to."""
    parts = urllib.parse.urlsplit(address)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30,
                                             context=ssl.create_default_context(cafile=world.authority.ca))
    connection.request("GET", f"{parts.path}?{parts.query}")
    where = connection.getresponse().getheader("Location")
    connection.close()
    return where


def openidc_sign_in(world, vhost):
    browser = Browser(vhost.origin, world.authority.ca, keep_alive=True)
    to_provider = browser.get("/members/index.html")
    assert to_provider.status == 302, to_provider
    back = browser.get(consent(world, to_provider.location), site="cross-site")
    assert back.status == 302, back
    assert browser.get("/members/index.html").status == 200
    browser.close()
    return to_provider.elapsed, back.elapsed


def openidc(world, count):
    """As `ours`, and how many connections and requests a sign-in made."""
    vhost = VHost("site.test", tls=True)
    vhost.config = OPENIDC.format(issuer=world.provider.issuer, client=provider.CLIENT_ID,
                                  secret=provider.CLIENT_SECRET, origin=vhost.origin, ca=world.authority.ca)
    httpd = world.make_httpd(vhost, modules=("auth_openidc",), **QUIET)
    httpd.put("members/index.html", "members")
    httpd.start()
    first = openidc_sign_in(world, vhost)       # fetches metadata and keys as well
    before = world.provider.get("/count")
    times = [openidc_sign_in(world, vhost) for _ in range(count)]
    after = world.provider.get("/count")
    httpd.stop()
    # the browser's own visit to the provider, and this look at the count, are not httpd's
    connections = (after["connections"] - before["connections"] - 1) / count - 1
    requests = (after["requests"] - before["requests"]) / count - 1
    return [statistics.median(part) for part in zip(*times)], first, connections, requests


def show(what, medians, first, bare):
    login, callback = (1000 * m for m in medians)
    print(f"{what:<31}{login:>7.1f}{callback:>10.1f}{login + callback:>7.1f}{1000 * bare:>7.1f}"
          f"{login + callback - 1000 * bare:>+6.1f}{1000 * sum(first):>11.1f}")


def main():
    parser = argparse.ArgumentParser(prog="bench.signin", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="sign-ins a figure")
    count = parser.parse_args().count
    if not far.possible():
        print("a sign-in over the network is left out: it needs root and /dev/net/tun (sudo make bench-scale)\n")
        return
    far.near()
    undisturbed()
    with FarWorld(0.025) as world:
        trip = world.far.round_trip()
        print(f"a sign-in at an X that is {1000 * trip:.1f} ms away (measured), {count} of each, medians in ms")
        print(f"{'':<31}{'login':>7}{'callback':>10}{'both':>7}{'bare':>7}{'over':>6}{'the first':>11}")
        both = {}
        for protocol, name in (("oauth1", "1.0a"), ("oauth2", "2.0")):
            medians, first = ours(world, protocol, count)
            both[name] = sum(medians)
            show(f"mod_twauth, OAuth {name}", medians, first, 2 * trip)
        medians, first, connections, requests = openidc(world, count)
        show("mod_auth_openidc, code flow", medians, first, requests * trip)
        print(f"mod_auth_openidc made {connections:.0f} connections and {requests:.0f} requests for each; of its time "
              f"mod_twauth takes {both['1.0a'] / sum(medians):.0%} by OAuth 1.0a, "
              f"{both['2.0'] / sum(medians):.0%} by OAuth 2.0\n")


if __name__ == "__main__":
    main()
