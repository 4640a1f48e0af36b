# SPDX-License-Identifier: Apache-2.0
"""From a path to what answers it; recording, counting and faults on the way."""

import ipaddress
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Callable

from . import browser, control, oauth1, oauth2, profiles
from .errors import Refused
from .faults import Delivery, suffer


@dataclass
class Endpoint:
    """What is at a path.

    examine(state, request) looks at a call without answering it; its Verdict is recorded and
    passed on to answer(state, request, verdict), which returns a Reply or raises Refused.
    """

    kind: str  # "api": called by the application's server; "browser": by people
    methods: tuple
    counter: str
    answer: Callable
    examine: Callable = None


def api(method, counter, examine, answer):
    """An endpoint of the API."""
    return Endpoint("api", (method,), counter, answer, examine)


AUTHENTICATE = Endpoint("browser", ("GET", "POST"), "authenticate", browser.authenticate)
AUTHORIZE = Endpoint("browser", ("GET", "POST"), "authorize", browser.authorize)
AUTHORIZE2 = Endpoint("browser", ("GET", "POST"), "authorize2", browser.authorize2)

ENDPOINTS = {
    "/": Endpoint("browser", ("GET", "POST"), None, browser.front),
    "/oauth/request_token":
        api("POST", "request_token", oauth1.examine_consumer, oauth1.request_token),
    "/oauth/access_token":
        api("POST", "access_token", oauth1.examine_request_token, oauth1.access_token),
    "/1.1/account/verify_credentials.json":
        api("GET", "verify_credentials", oauth1.examine_access_token, oauth1.verify_credentials),
    "/1.1/oauth/invalidate_token.json":
        api("POST", "invalidate_token", oauth1.examine_access_token, oauth1.invalidate_token),
    "/oauth/authenticate": AUTHENTICATE,
    "/oauth/authorize": AUTHORIZE,
    "/i/oauth/authenticate": AUTHENTICATE,
    "/i/oauth/authorize": AUTHORIZE,
    **dict.fromkeys(oauth2.AUTHORIZE_PATHS, AUTHORIZE2),
    "/2/oauth2/token": api("POST", "token", oauth2.examine_client, oauth2.token),
    "/2/oauth2/revoke": api("POST", "revoke", oauth2.examine_client, oauth2.revoke),
    "/2/users/me": api("GET", "users_me", oauth2.examine_user, oauth2.users_me),
    "/2/tweets": api("POST", "users_call", oauth2.examine_user, oauth2.post),
}


def echo(_state, request, caller):
    """Calls in a user's name, whatever they are: what was understood of them."""
    return oauth1.in_json({"user": caller.user_id, "method": request.method, "path": request.path,
                           "query": request.query, "type": request.header("Content-Type"),
                           "length": len(request.body), "sha256": sha256(request.body).hexdigest()})


# What is below it takes any method, from whoever has a user's token.
ECHO = "/2/echo"
CALL = Endpoint("api", (), "users_call", echo, oauth2.examine_user)


def no_such_page(_state, _request, _verdict):
    """Any other path."""
    raise Refused(34)


NOWHERE = Endpoint("other", (), None, no_such_page)
PICTURE = Endpoint("browser", ("GET",), None, profiles.picture)


def endpoint_at(path):
    """What is at a path, by its whole or by what it is below."""
    below = {ECHO: CALL, profiles.PICTURES: PICTURE}
    return ENDPOINTS.get(path) or next((below[top] for top in below if path.startswith(top)), NOWHERE)


class App:
    """Answers requests.

    has_control: whether /_control/ is served; log: a stream for one line a request, or None.
    """

    def __init__(self, state, has_control, log):
        self.state = state
        self._has_control = has_control
        self._log = log

    def serve(self, request, wire, close):
        """Answer a request on its connection; close: this is the connection's last answer."""
        if self._has_control and request.path.startswith(control.PREFIX) and is_local(request):
            wire.send(control.answer(self.state, request), close=close)
            return
        endpoint = endpoint_at(request.path)
        record = new_record(request, endpoint.kind)
        if endpoint.kind == "api":
            self.state.enter(request.path, request.connection)
        delivery = Delivery(self.state, wire, request, record, close)
        try:
            self._answer(request, endpoint, record, delivery)
        finally:
            delivery.over()
            self._say(request, record)

    def _answer(self, request, endpoint, record, delivery):
        """Examine, record and answer, in this order, so that a call that hangs is seen too."""
        state = self.state
        verdict = endpoint.examine and endpoint.examine(state, request)
        if verdict:
            record.update(verdict.recorded())
        fault = state.take_fault(request, endpoint.kind == "api")
        record["fault"] = fault and fault["kind"]
        state.record(record)
        if endpoint.kind == "api" or (endpoint.counter and request.method == "GET"):
            state.count(endpoint.counter)
        delivery.decide = lambda: decide(state, request, endpoint, verdict)
        if fault:
            suffer(fault, delivery)
        else:
            delivery.send(delivery.proper())

    def _say(self, request, record):
        """One line for people; without the query, which holds tokens."""
        if self._log:
            fault = f" ({record['fault']})" if record["fault"] else ""
            self._log.write(f"{request.method} {request.path} {record['status']}{fault}\n")
            self._log.flush()


def decide(state, request, endpoint, verdict):
    """The proper answer, as X would give it."""
    try:
        if endpoint.methods and request.method not in endpoint.methods:
            raise Refused(34)
        if verdict and verdict.refused:
            raise verdict.refused
        return endpoint.answer(state, request, verdict)
    except Refused as refused:
        return refused.reply(request)


def is_local(request):
    """Whether a request comes from this machine."""
    return ipaddress.ip_address(request.client.partition("%")[0]).is_loopback


def new_record(request, kind):
    """What /_control/calls shows of a request."""
    return {
        "kind": kind, "method": request.method, "path": request.path, "query": request.query,
        "headers": {name.lower(): value for name, value in request.headers},
        "raw_headers": request.headers, "body": request.body.decode("utf-8", "backslashreplace"),
        "oauth": {}, "params": [], "signature_ok": None, "form": {}, "client_auth": None,
        "client_ok": None, "pkce_ok": None, "bearer_ok": None, "status": None, "fault": None,
        "time": time.time(), "connection": request.connection, "scheme": request.scheme,
    }
