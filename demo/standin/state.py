# SPDX-License-Identifier: Apache-2.0
"""Everything the stand-in knows.

One State is shared by all threads; its methods take the lock, so each of them is one step.
Two kinds of things are kept apart: what describes the application registered at X (consumer
key and secret, client id and secret, callbacks, name), which a reset leaves alone, and all the
rest, which it does not.
"""

import secrets
import string
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from urllib.parse import quote

DEFAULT_USERS = (("1001", "alice"), ("1002", "bob"), ("1003", "carol"), ("1004", "dave"))
COUNTERS = ("request_token", "access_token", "authenticate", "authorize", "verify_credentials",
            "invalidate_token", "users_call", "authorize2", "token", "users_me", "revoke",
            "accepted_http", "accepted_https", "tls_failed", "tls_resumed")
TOKEN_LENGTHS = {"request_token": 27, "request_secret": 32, "verifier": 32,
                 "access_token": 40, "access_secret": 45,
                 "code": 91, "bearer_token": 91, "refresh_token": 91}
REQUEST_TOKEN_TTL = 900
CODE_TTL = 30
ACCESS_TOKEN_TTL = 7200
REFRESH_TOKEN_TTL = 183 * 86400
WINDOW = 300  # seconds by which a timestamp may differ from the time here
CALLS_KEPT = 50_000
ALPHABET = string.ascii_letters + string.digits


@dataclass
class RequestToken:
    """A sign-in under way.  status: new, approved, denied, used."""

    token: str
    secret: str
    callback: str
    access: str
    expires: float
    status: str = "new"
    user_id: str = ""
    verifier: str = ""


@dataclass
class AccessToken:
    """A user's token."""

    token: str
    secret: str
    user_id: str
    access: str


@dataclass
class Authorization:
    """What a browser was sent to X with in OAuth 2.0."""

    client_id: str
    state: str
    redirect_uri: str
    scope: str
    challenge: str


@dataclass
class Code:
    """A user's consent, to be redeemed once.  verifier: the last one presented with it."""

    code: str
    user_id: str
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str
    expires: float
    used: bool = False
    verifier: str = ""


@dataclass
class Grant:
    """What came of a code: tokens that descend from each other, and end together."""

    user_id: str
    client_id: str
    scope: str
    alive: bool = True


@dataclass
class BearerToken:
    """An access or refresh token of OAuth 2.0; of the latter, used: it has been replaced."""

    token: str
    grant: Grant
    expires: float
    used: bool = False


@dataclass
class Trial:
    """What a test has arranged, and what has come of it: the part a reset begins anew."""

    users: dict
    request_token_ttl: float = REQUEST_TOKEN_TTL
    code_ttl: float = CODE_TTL
    access_token_ttl: float = ACCESS_TOKEN_TTL
    refresh_token_ttl: float = REFRESH_TOKEN_TTL
    clock_offset: float = 0
    auto_approve_user: str = None
    tls_stall: bool = False
    token_lengths: dict = field(default_factory=lambda: dict(TOKEN_LENGTHS))
    next_tokens: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)
    request_tokens: dict = field(default_factory=dict)
    access_tokens: dict = field(default_factory=dict)
    approvals: set = field(default_factory=set)
    authorizations: dict = field(default_factory=dict)
    codes: dict = field(default_factory=dict)
    bearer_tokens: dict = field(default_factory=dict)
    refresh_tokens: dict = field(default_factory=dict)
    carried_over: dict = field(default_factory=dict)
    nonces: dict = field(default_factory=dict)
    counters: dict = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    api_connections: set = field(default_factory=set)
    max_in_flight: int = 0
    most_in_flight: Counter = field(default_factory=Counter)  # by path
    calls: deque = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))


class State:
    """See the module's text."""

    def __init__(self, consumer_key, consumer_secret, callbacks, users, app_name):
        self.lock = threading.RLock()
        self.consumer_key = consumer_key
        self.consumer_secret = consumer_secret
        self.callbacks = list(callbacks)
        self.app_name = app_name
        self.client_id = ""
        self.client_secret = None  # none: a public client
        self.public_client_id = ""  # a second client of the application, always public
        self.in_flight = 0
        self.in_flight_at = Counter()
        self.last_connection = 0
        self._first_users = dict(users)
        self.trial = Trial(dict(users))

    def reset(self):
        """Begin anew.  Calls still being delayed are cut off, see Delivery.wait()."""
        with self.lock:
            self.trial = Trial(dict(self._first_users), max_in_flight=self.in_flight,
                               most_in_flight=+self.in_flight_at)

    def now(self):
        """The time, as the stand-in believes it to be."""
        return time.time() + self.trial.clock_offset

    @property
    def users(self):
        """The people: id -> handle."""
        return self.trial.users

    @property
    def tls_stall(self):
        """Whether new https connections are left waiting before the handshake."""
        return self.trial.tls_stall

    # Counting and recording

    def connected(self, scheme):
        """A connection was accepted: its number."""
        with self.lock:
            self.last_connection += 1
            self.count(f"accepted_{scheme}")
            return self.last_connection

    def count(self, name):
        """One more of these."""
        with self.lock:
            self.trial.counters[name] += 1

    def record(self, call):
        """Keep what is known of a request."""
        with self.lock:
            self.trial.calls.append(call)

    def enter(self, path, connection):
        """A call of the API at that path begins on that connection."""
        with self.lock:
            self.in_flight += 1
            self.in_flight_at[path] += 1
            self.trial.max_in_flight = max(self.trial.max_in_flight, self.in_flight)
            self.trial.most_in_flight |= Counter({path: self.in_flight_at[path]})
            self.trial.api_connections.add(connection)

    def leave(self, path):
        """A call of the API is over."""
        with self.lock:
            self.in_flight -= 1
            self.in_flight_at[path] -= 1

    def take_fault(self, request, is_api):
        """The fault which this request is to suffer, or None."""
        said = request.header("Authorization") + request.body.decode("latin-1")
        with self.lock:
            for fault in self.trial.faults:
                where = fault["path"] == request.path or (fault["path"] == "*" and is_api)
                if where and fault["when"] in said:
                    if fault["times"] is not None:
                        fault["times"] -= 1
                        if fault["times"] <= 0:
                            self.trial.faults.remove(fault)
                    return fault
        return None

    # Nonces

    def timely(self, timestamp):
        """Whether a timestamp is near enough."""
        return abs(timestamp - self.now()) <= WINDOW

    def fresh(self, timestamp, nonce, token):
        """Whether this nonce was not seen before at that time; it is from now on."""
        with self.lock:
            seen = self.trial.nonces.get(timestamp)
            if seen is None:
                oldest = self.now() - WINDOW
                for old in [kept for kept in self.trial.nonces if kept < oldest]:
                    del self.trial.nonces[old]
                seen = self.trial.nonces[timestamp] = set()
            known = (nonce, token) in seen
            seen.add((nonce, token))
            return not known

    # Tokens

    def issue_request_token(self, callback, access):
        """A new request token."""
        with self.lock:
            token, secret = self._new_pair("request")
            issued = RequestToken(token, secret, callback, access,
                                  self.now() + self.trial.request_token_ttl)
            self.trial.request_tokens[token] = issued
            return issued

    def request_token(self, token):
        """A request token by its name, or None."""
        return self.trial.request_tokens.get(token)

    def access_token(self, token):
        """An access token by its name, or None."""
        return self.trial.access_tokens.get(token)

    def expired(self, request_token):
        """Whether it is too late for this request token."""
        return self.now() >= request_token.expires

    def pending(self, token):
        """A request token on which the user may still decide, or None."""
        found = self.request_token(token)
        usable = found and found.status == "new" and not self.expired(found)
        return found if usable else None

    def approve(self, token, user_id):
        """The user lets the application in: where the browser goes, or None if too late."""
        with self.lock:
            pending = self.pending(token)
            if not pending or user_id not in self.users:
                return None
            pending.status = "approved"
            pending.user_id = user_id
            pending.verifier = self._random("verifier")
            self.trial.approvals.add((user_id, pending.access))
            return with_query(pending.callback, oauth_token=token,
                              oauth_verifier=pending.verifier)

    def deny(self, token):
        """The user does not: where the link back to the application leads, or None if too late."""
        with self.lock:
            pending = self.pending(token)
            if not pending:
                return None
            pending.status = "denied"
            return with_query(pending.callback, denied=token)

    def approved_before(self, user_id, access):
        """Whether this user let the application in before, with this access."""
        return (user_id, access) in self.trial.approvals

    def revoke(self, user_id):
        """The user takes the approvals back: the application's tokens end too."""
        with self.lock:
            trial = self.trial
            trial.approvals = {pair for pair in trial.approvals if pair[0] != user_id}
            trial.access_tokens = {name: token for name, token in trial.access_tokens.items()
                                   if token.user_id != user_id}
            for token in (*trial.bearer_tokens.values(), *trial.refresh_tokens.values()):
                token.grant.alive = token.grant.alive and token.grant.user_id != user_id

    def exchange(self, request_token):
        """The access token for an approved request token, None if that was used already."""
        with self.lock:
            if request_token.status != "approved":
                return None
            request_token.status = "used"
            token, secret = self._new_pair("access", f"{request_token.user_id}-")
            issued = AccessToken(token, secret, request_token.user_id, request_token.access)
            self.trial.access_tokens[token] = issued
            return issued

    def invalidate(self, token):
        """End an access token."""
        with self.lock:
            self.trial.access_tokens.pop(token, None)

    # OAuth 2.0

    def asked_for(self, wanted):
        """Remember an Authorization by its state, for decisions without a browser."""
        self.trial.authorizations[wanted.state] = wanted

    def approve2(self, wanted, user_id):
        """The user lets the application in: where the browser goes, None if nobody is that."""
        with self.lock:
            if user_id not in self.users:
                return None
            code = Code(self._new_token("code", "code"), user_id, wanted.client_id,
                        wanted.redirect_uri, wanted.scope, wanted.challenge,
                        self.now() + self.trial.code_ttl)
            self.trial.codes[code.code] = code
            self.trial.approvals.add((user_id, wanted.scope))
            return with_query(wanted.redirect_uri, state=wanted.state, code=code.code)

    @staticmethod
    def deny2(wanted):
        """The user does not: where the browser goes."""
        return with_query(wanted.redirect_uri, error="access_denied", state=wanted.state)

    def approved_scope(self, user_id, scope):
        """Whether this user let the application in before, with at least this scope."""
        wanted = set(scope.split())
        return any(key == user_id and wanted <= set(given.split())
                   for key, given in self.trial.approvals)

    def code(self, name):
        """A code by its name, or None."""
        return self.trial.codes.get(name)

    def redeem(self, name):
        """The tokens for a code as (access, refresh or None, seconds), None if that was used."""
        with self.lock:
            code = self.trial.codes[name]
            if code.used:
                return None
            code.used = True
            return self._new_tokens(Grant(code.user_id, code.client_id, code.scope))

    def refresh(self, name, client_id):
        """New tokens for a refresh token, None if it is of no use; used twice, it ends them all."""
        with self.lock:
            old = self.trial.refresh_tokens.get(name)
            if old is None or old.grant.client_id != client_id:
                return None
            if not old.grant.alive or self.now() >= old.expires:
                return None
            if old.used:
                old.grant.alive = False
                return None
            old.used = True
            return self._new_tokens(old.grant)

    def carry_over(self, subject, client_id, scope):
        """Tokens for one of OAuth 1.0a, which stays; those issued for it before end."""
        with self.lock:
            before = self.trial.carried_over.get(subject.token)
            if before:
                before.alive = False
            grant = Grant(subject.user_id, client_id, scope)
            self.trial.carried_over[subject.token] = grant
            return self._new_tokens(grant)

    def bearer_token(self, name):
        """An access token of OAuth 2.0 by its name, None if it is of no use."""
        found = self.trial.bearer_tokens.get(name)
        usable = found and found.grant.alive and self.now() < found.expires
        return found if usable else None

    def revoke_token(self, name):
        """End an access token, or with a refresh token all that it belongs to."""
        with self.lock:
            self.trial.bearer_tokens.pop(name, None)
            refresh = self.trial.refresh_tokens.get(name)
            if refresh:
                refresh.grant.alive = False

    def _new_tokens(self, grant):
        """Tokens under a grant."""
        seconds = self.trial.access_token_ttl
        bearer = BearerToken(self._new_token("access", "bearer_token"), grant, self.now() + seconds)
        self.trial.bearer_tokens[bearer.token] = bearer
        refresh = None
        if "offline.access" in grant.scope.split():
            refresh = BearerToken(self._new_token("refresh", "refresh_token"), grant,
                                  self.now() + self.trial.refresh_token_ttl)
            self.trial.refresh_tokens[refresh.token] = refresh
        return bearer, refresh, int(seconds)

    def _new_token(self, kind, what):
        """The token planted for the next of this kind, else a random one."""
        return self.trial.next_tokens.pop(kind, {}).get("token") or self._random(what)

    # What they are made of

    def _new_pair(self, kind, prefix=""):
        """Token and secret: those planted for the next of this kind, else random ones."""
        planted = self.trial.next_tokens.pop(kind, {})
        token = planted.get("token", prefix + self._random(f"{kind}_token"))
        secret = planted.get("secret", self._random(f"{kind}_secret"))
        return token, secret

    def _random(self, what):
        return "".join(secrets.choice(ALPHABET) for _ in range(self.trial.token_lengths[what]))


def with_query(url, **parameters):
    """The URL with these parameters added to its query."""
    pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return f"{url}{'&' if '?' in url else '?'}{pairs}"
