"""How long a sign-in takes when X is 50 ms away, beside what the network alone takes.

    make bench                    prints it after the requests; or /usr/bin/python3 -B bench/signin.py [--count N]

httpd with each module in turn, PostgreSQL beside it, and X (or the OpenID provider) in a network namespace behind a
link of 25 ms each way (far.py). What is timed is what a visitor waits for in httpd: the answers of `login` and
`callback`, on a kept connection to it. mod_auth_openidc is Debian's, with its own settings but for the addresses and
credentials, and signs in at a provider of the benchmark's own (provider.py): it exchanges a code and asks for the user,
as mod_twauth does by OAuth 2.0, and opens a connection for each. All of it has real-time priority, so that a busy machine
is measured too. Needs root.
"""

import argparse
import http.client
import os
import pathlib
import ssl
import statistics
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "t"))

import far                                                           # noqa: E402
import provider as openid                                            # noqa: E402
from harness import process                                          # noqa: E402
from harness.browser import Browser                                  # noqa: E402
from harness.certs import Authority                                  # noqa: E402
from harness.database import Postgres                                # noqa: E402
from harness.httpd import Httpd, VHost                               # noqa: E402
from harness.site import Site                                        # noqa: E402
from harness.standin import StandIn                                  # noqa: E402

ONE_CHILD = "StartServers 1\nServerLimit 1\nThreadsPerChild 16\nMaxRequestWorkers 16\nMinSpareThreads 1\n" \
            "MaxSpareThreads 16"
QUIET = {"loglevel": "warn", "twauth_loglevel": "warn", "mpm": "event", "mpm_config": ONE_CHILD}


class FarStandIn(StandIn):
    """X, far away; its control is not."""

    def __init__(self, place, *arguments, **named):
        self._place = place
        with place.inside():
            super().__init__(*arguments, address=place.address, **named)

    def control(self, *arguments, **command):
        with self._place.inside():
            return super().control(*arguments, **command)


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


def ours(protocol, place, folder, authority, standin, database, count):
    """Median seconds of `login` and `callback`, warm; and those of the first sign-in."""
    standin.begin()
    site = Site(folder / protocol, authority, standin, database, protocol=protocol, **QUIET)
    try:
        site.start()
        first = our_sign_in(site)
        times = [our_sign_in(site) for _ in range(count)]
    finally:
        site.stop()
    return [statistics.median(part) for part in zip(*times)], first


OPENIDC = """
OIDCProviderMetadataURL {provider.issuer}/.well-known/openid-configuration
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


def consent(address, place, authority):
    """Where the provider sends the browser back to."""
    parts = urllib.parse.urlsplit(address)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30,
                                             context=ssl.create_default_context(cafile=authority.ca))
    with place.inside():
        connection.connect()
    connection.request("GET", f"{parts.path}?{parts.query}")
    where = connection.getresponse().getheader("Location")
    connection.close()
    return where


def openidc_sign_in(vhost, place, authority):
    browser = Browser(vhost.origin, authority.ca, keep_alive=True)
    to_provider = browser.get("/members/index.html")
    assert to_provider.status == 302, to_provider
    back = browser.get(consent(to_provider.location, place, authority), site="cross-site")
    assert back.status == 302, back
    assert browser.get("/members/index.html").status == 200
    browser.close()
    return to_provider.elapsed, back.elapsed


def openidc(place, folder, authority, certificate, count):
    """As `ours`, and how many connections and requests a sign-in made."""
    with place.inside():
        provider = openid.Provider(folder / "provider", authority, place.address, certificate)
    vhost = VHost("site.test", tls=True)
    vhost.config = OPENIDC.format(provider=provider, client=openid.CLIENT_ID, secret=openid.CLIENT_SECRET,
                                  origin=vhost.origin, ca=authority.ca)
    httpd = Httpd(folder / "openidc", authority, [vhost], modules=("auth_openidc",), twauth=False, mpm="event",
                  mpm_config=ONE_CHILD, loglevel="warn")
    httpd.put("members/index.html", "members")
    try:
        httpd.start()
        first = openidc_sign_in(vhost, place, authority)        # fetches metadata and keys as well
        before = provider.get("/count")
        times = [openidc_sign_in(vhost, place, authority) for _ in range(count)]
        after = provider.get("/count")
    finally:
        httpd.stop()
        provider.stop()
    # the browser's own visit to the provider, and this look at the count, are not httpd's
    connections = (after["connections"] - before["connections"] - 1) / count - 1
    requests = (after["requests"] - before["requests"]) / count - 1
    return [statistics.median(part) for part in zip(*times)], first, connections, requests


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="sign-ins a figure")
    count = parser.parse_args().count
    if not far.possible():
        sys.exit("bench/signin.py needs root and /dev/net/tun: it makes network namespaces. Try: sudo make bench")
    far.near()
    # a switch of processes must not wait for what else the machine is doing
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    folder = process.folder()
    (folder / "ca").mkdir(mode=0o755)
    authority = Authority(folder / "ca")
    certificate = authority.issue("far", (far.Far.address, "localhost", "127.0.0.1"))
    postgres = Postgres(folder / "pg").start()
    standin = None
    try:
        with far.Far(0.025) as place:
            standin = FarStandIn(place, folder / "standin", authority, certificate=certificate)
            trip = place.round_trip()
            print(f"a sign-in at an X that is {1000 * trip:.1f} ms away (measured), {count} of each, medians in ms")
            print(f"{'':<31}{'login':>7}{'callback':>10}{'both':>7}{'bare':>7}{'over':>6}{'the first':>11}")
            both = {}
            for protocol, trips in (("oauth1", (1, 1)), ("oauth2", (0, 2))):
                medians, first = ours(protocol, place, folder, authority, standin, postgres.database(), count)
                both[protocol] = sum(medians)
                show(f"mod_twauth, OAuth {'1.0a' if protocol == 'oauth1' else '2.0'}", medians, first,
                     sum(trips) * trip)
            medians, first, connections, requests = openidc(place, folder, authority, certificate, count)
            show("mod_auth_openidc, code flow", medians, first, requests * trip)
            print(f"mod_auth_openidc made {connections:.0f} connections and {requests:.0f} requests for each; "
                  f"mod_twauth takes {both['oauth2'] / sum(medians):.0%} of its time by OAuth 2.0, "
                  f"{both['oauth1'] / sum(medians):.0%} by OAuth 1.0a")
    finally:
        if standin:
            standin.stop()
        postgres.stop()


def show(what, medians, first, bare):
    login, callback = (1000 * m for m in medians)
    print(f"{what:<31}{login:>7.1f}{callback:>10.1f}{login + callback:>7.1f}{1000 * bare:>7.1f}"
          f"{login + callback - 1000 * bare:>+6.1f}{1000 * sum(first):>11.1f}")


if __name__ == "__main__":
    main()
