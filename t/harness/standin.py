# SPDX-License-Identifier: Apache-2.0
"""The stand-in for X, as a program of its own, and its control.

It is one for the test run; `reset` begins anew for a test module. Sites register their callback URLs. The application's
server calls `api`, the browser is sent to `browser_url`: two names, as with the real one.
"""

import http.client
import json
import subprocess

from . import process
from .paths import PYTHON, STANDIN

KEY = "consumer-key-of-the-tests"
SECRET = "consumer-secret-canary-4f1c9a"
CLIENT_ID = "client-id-of-the-tests"
CLIENT_SECRET = "client-secret-canary-a07d31"
PUBLIC_CLIENT_ID = "public-client-id-of-the-tests"
USERS = {"alice": "1001", "bob": "1002", "carol": "1003", "dave": "1004"}


class StandInError(AssertionError):
    """The stand-in's control refused a command."""


class StandIn:
    def __init__(self, folder, authority, address="127.0.0.1", certificate=None):
        """address: where the application's server finds it, by a certificate of the authority's."""
        folder.mkdir(parents=True, exist_ok=True)
        self.address = address
        self._stderr = open(folder / "standin.log", "wb")
        self.log = folder / "standin.log"
        server = certificate or authority.server
        argv = [PYTHON, STANDIN, "--http-port", "0", "--https-port", "0", "--cert", server.cert, "--key", server.key,
                "--bind", "127.0.0.1" if address == "127.0.0.1" else "0.0.0.0",
                "--consumer-key", KEY, "--consumer-secret", SECRET,
                "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET]
        argv += [a for handle, number in USERS.items() for a in ("--user", f"{number}:{handle}")]
        self._process = process.Process(argv, cwd="/", stdout=subprocess.PIPE, stderr=self._stderr)
        said = self._process.popen.stdout.readline()
        if not said:
            self.stop()
            raise StandInError("the stand-in did not start:\n" + self.log.read_text())
        self.ports = json.loads(said)
        self.callbacks = []
        self._planted = set()

    def stop(self):
        self._process.stop()
        self._stderr.close()

    # addresses

    def api(self, scheme="https"):
        return f"{scheme}://{self.address}:{self.ports[scheme]}"

    def browser_url(self, scheme="https"):
        return f"{scheme}://{'x.test' if scheme == 'https' else 'localhost'}:{self.ports[scheme]}"

    def owns(self, url):
        """Whether an address is the stand-in's."""
        return url.startswith(tuple(f"{address(s)}/" for s in ("http", "https")
                                    for address in (self.api, self.browser_url)))

    # control

    def control(self, method, what, **command):
        """One command below /_control/; returns what it answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=30)
        try:
            body = json.dumps(command) if method == "POST" else None
            connection.request(method, f"/_control/{what}", body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise StandInError(f"{method} {what} {command}: {answer.status} {text.decode('utf-8', 'replace')}")
        return json.loads(text) if text else None

    def state(self):
        return self.control("GET", "state")

    def calls(self, path=None, kind=None):
        """What was asked of it, oldest first; only those of a path or kind ("api", "browser")."""
        said = self.control("GET", "calls")
        said = said["calls"] if isinstance(said, dict) else said
        return [c for c in said if path in (None, c["path"]) and kind in (None, c["kind"])]

    def count(self, path=None):
        """How many calls the application's server made."""
        return len(self.calls(path, "api"))

    def counters(self):
        """Numbers by name: request_token, access_token, token, users_me, connections, max_in_flight, ..."""
        return self.state()["counters"]

    def reset(self):
        """Nothing happened yet; the application and its callbacks stay registered."""
        self.control("POST", "reset")

    def begin(self):
        """As just started: the first application, no callbacks."""
        self.callbacks, self._planted = [], set()
        self.reset()
        self.set(consumer_key=KEY, consumer_secret=SECRET, client_id=CLIENT_ID, client_secret=CLIENT_SECRET,
                 public_client_id=PUBLIC_CLIENT_ID, callbacks=[])

    def set(self, **settings):
        self.control("POST", "set", **settings)

    def register(self, *callbacks):
        """Callback URLs of the application, in addition."""
        self.callbacks += callbacks
        self.set(callbacks=self.callbacks)

    def people(self, **handles):
        """Who there is at X now: people(alice="1001", Bob="1002")."""
        self.set(users=[{"id": number, "screen_name": handle} for handle, number in handles.items()])

    def plant(self, kind, token, secret=""):
        """The next token of that kind (only the kind planted last) and its secret.

        OAuth 1.0a has request and access; OAuth 2.0 code, access and refresh, without secrets.
        """
        self._planted |= {secret} if kind == "request" else {token, secret}
        self.set(next_tokens={kind: {"token": token, "secret": secret}})

    def stall_tls(self, on=True):
        """Let new https connections wait before the handshake."""
        self.control("POST", "listen", tls_stall=on)

    def fault(self, path, kind, times=1, **options):
        """Misbehave at `path` ("*": at each call of the API) for so many requests (None: for ever)."""
        self.control("POST", "fault", path=path, kind=kind, times=times, **options)

    def clear_faults(self):
        self.control("POST", "faults/clear")

    def approve(self, what=None, user="alice", *, state=None):
        """The user says yes; returns where the browser is sent.

        what: the address at X the browser was sent to, or a request token; state: of a page at X that was visited.
        """
        return self.control("POST", "approve", user_id=USERS.get(user, user), **_decision(what, state))["location"]

    def deny(self, what=None, *, state=None):
        """The user says no; returns where the browser is sent."""
        return self.control("POST", "deny", **_decision(what, state))["location"]

    def revoke(self, user="alice"):
        """The user takes back what they allowed."""
        self.control("POST", "revoke", user_id=USERS.get(user, user))

    def tokens(self):
        """The users' tokens as (token, secret), of OAuth 2.0 as (access token, ""), oldest first."""
        state = self.state()
        return [(token["token"], token.get("secret", "")) for token in state["access_tokens"] + state["bearer_tokens"]]

    def secrets(self):
        """The secrets it gave out or was shown, as far as it tells: planted ones, users' tokens, codes, verifiers."""
        state = self.state()
        issued = {token[part] for token in state["access_tokens"] for part in ("token", "secret")}
        issued |= {token["token"] for token in state["bearer_tokens"] + state["refresh_tokens"]}
        issued |= {code[part] for code in state["codes"] for part in ("code", "verifier")}
        return self._planted | issued


def _decision(what, state):
    """What the user decides on, as the control names it."""
    if state is not None:
        return {"state": state}
    return {"authorize_url" if "://" in what else "oauth_token": what}
