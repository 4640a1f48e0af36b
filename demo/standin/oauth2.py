# SPDX-License-Identifier: Apache-2.0
"""The OAuth 2.0 calls of X's API, and what a browser is sent to X with.

PKCE is verified by oauthlib.
"""

import base64
import binascii
import json
import re
import secrets
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

from . import oauth1, profiles
from .problems import Problem
from .state import Authorization

AUTHORIZE_PATHS = ("/i/oauth2/authorize", "/2/oauth2/authorize")
STATE_LIMIT = 500
SCOPES = {"tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "users.email",
          "offline.access", "follows.read", "follows.write", "space.read", "mute.read",
          "mute.write", "like.read", "like.write", "list.read", "list.write", "block.read",
          "block.write", "bookmark.read", "bookmark.write", "dm.read", "dm.write", "media.write"}
NEEDED_FOR_ME = {"tweet.read", "users.read"}
EXCHANGED_SCOPE = "tweet.read users.read offline.access"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
OAUTH1_TOKEN = "urn:x:params:oauth:token-type:oauth1_token"
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


# What the browser brings

class Unusable(Exception):
    """Nothing can be authorized with this; the text says why, which X does not."""


def read_authorization(state, pairs):
    """The Authorization that a browser's parameters ask for."""
    given = dict(reversed(pairs))
    repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    scopes = given.get("scope", "").split(" ")
    need(not repeated, f"{', '.join(repeated)} given more than once")
    need(given.get("response_type") == "code", "response_type is not code")
    clients = {state.client_id, state.public_client_id} - {""}
    need(given.get("client_id") in clients, "unknown client_id")
    need(given.get("redirect_uri") in state.callbacks, "redirect_uri is not registered exactly so")
    need(set(scopes) <= SCOPES and len(set(scopes)) == len(scopes), "scope unknown, empty or twice")
    need(given.get("state"), "no state")
    need(len(given["state"]) <= STATE_LIMIT, f"state longer than {STATE_LIMIT} characters")
    need(given.get("code_challenge_method") == "S256", "code_challenge_method is not S256")
    need(CHALLENGE.fullmatch(given.get("code_challenge", "")), "no code_challenge of S256")
    return Authorization(given["client_id"], given["state"], given["redirect_uri"],
                         " ".join(scopes), given["code_challenge"])


def need(condition, otherwise):
    """Go on only if so."""
    if not condition:
        raise Unusable(otherwise)


# Examining calls

@dataclass
class Verdict:
    """What was found in a call before anything was done about it."""

    form: dict = field(default_factory=dict)
    parameters: list = field(default_factory=list)
    client_auth: str = "none"
    client: str = ""
    code: object = None
    pkce_ok: bool = None
    refused: Problem = None

    def recorded(self):
        """What a record of the call says of it."""
        return {"params": self.parameters, "form": self.form, "client_auth": self.client_auth,
                "client_ok": bool(self.client), "pkce_ok": self.pkce_ok}


def examine_client(state, request):
    """A call by the application: who it says it is, and for a code whether PKCE holds."""
    verdict = Verdict()
    body = request.body.decode("latin-1") if request.has_form() else ""
    query, pairs = (parse_qsl(text, keep_blank_values=True) for text in (request.query, body))
    verdict.parameters = [("query", *pair) for pair in query] + [("body", *pair) for pair in pairs]
    verdict.form = form = dict(reversed(pairs))
    identify(state, request, verdict)
    verdict.code = state.code(form.get("code", ""))
    if verdict.code:
        verdict.code.verifier = form.get("code_verifier", "")
        verdict.pkce_ok = proven(verdict.code)
    repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    if repeated:
        verdict.refused = Problem("repeated", repeated[0])
    return verdict


def proven(code):
    """Whether the verifier presented is the one of the challenge (RFC 7636, 4.6)."""
    return bool(VERIFIER.fullmatch(code.verifier)
                and code_challenge_method_s256(code.verifier, code.challenge))


def identify(state, request, verdict):
    """Which application calls.  One with a secret says it in the header, one without must not."""
    header = request.header("Authorization")
    named = verdict.form.get("client_id")
    if header:
        verdict.client_auth = "basic"
        if basic(header) == (state.client_id, state.client_secret):
            verdict.client = state.client_id if named in (None, state.client_id) else ""
    elif named is not None:
        verdict.client_auth = "body"
        if named in public_clients(state) and "client_secret" not in verdict.form:
            verdict.client = named


def public_clients(state):
    """The ids of clients without a secret."""
    return {state.public_client_id} | ({state.client_id} if state.client_secret is None else set())


def basic(header):
    """Id and secret in an Authorization header (RFC 6749, 2.3.1), or None."""
    scheme, _, rest = header.partition(" ")
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    name, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        return None
    return unquote_plus(name), unquote_plus(secret)


@dataclass
class Caller:
    """What was found in a call made for a user."""

    user_id: str = ""
    scopes: set = None
    bearer_ok: bool = False
    refused: Problem = None
    signed: object = None

    def recorded(self):
        """What a record of the call says of it."""
        return {**(self.signed.recorded() if self.signed else {}), "bearer_ok": self.bearer_ok}


def examine_user(state, request):
    """A call with a user's token: a bearer token, or signed as OAuth 1.0a has it."""
    scheme, _, token = request.header("Authorization").partition(" ")
    if scheme.lower() == "oauth":
        signed = oauth1.examine_access_token(state, request)
        if signed.refused:
            return Caller(refused=Problem("unauthorized"), signed=signed)
        return Caller(signed.token.user_id, NEEDED_FOR_ME, signed=signed)
    found = state.bearer_token(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        return Caller(refused=Problem("unauthorized"))
    return Caller(found.grant.user_id, set(found.grant.scope.split()), bearer_ok=True)


# Answering them

def token(state, _request, verdict):
    """POST /2/oauth2/token"""
    kind = required(verdict, "grant_type")
    grant = GRANTS.get(kind)
    if grant is None:
        raise Problem("grant-type")
    check_client(state, verdict)
    return granted(*grant(state, verdict))


def check_client(state, verdict):
    """Refuse another application, and this one if it says so in the wrong way."""
    if not verdict.client:
        unknown = verdict.client_auth == "body" and verdict.form["client_id"] != state.client_id
        raise Problem("client-id" if unknown else "authorization")


def by_code(state, verdict):
    """A code for tokens."""
    given, uri, _ = (required(verdict, name) for name in ("code", "redirect_uri", "code_verifier"))
    code = verdict.code
    if code is None or code.client_id != verdict.client or code.used or state.now() >= code.expires:
        raise Problem("code")
    if uri != code.redirect_uri:
        raise Problem("redirect-uri")
    if not verdict.pkce_ok:
        raise Problem("verifier")
    return state.redeem(given) or refuse("code")


def by_refresh_token(state, verdict):
    """A refresh token for new tokens."""
    return state.refresh(required(verdict, "refresh_token"), verdict.client) or refuse("token")


def by_oauth1_token(state, verdict):
    """A token of OAuth 1.0a for tokens."""
    name, kind, secret = (required(verdict, name) for name in (
        "subject_token", "subject_token_type", "oauth_token_secret"))
    scopes = verdict.form.get("scope", EXCHANGED_SCOPE).split(" ")
    subject = state.access_token(name)
    if kind != OAUTH1_TOKEN:
        raise Problem("missing", "subject_token_type")
    if not set(scopes) <= SCOPES:
        raise Problem("invalid-scope")
    if subject is None or subject.secret != secret or subject.user_id not in state.users:
        raise Problem("invalid-grant")
    if "offline.access" not in scopes:
        scopes.append("offline.access")
    return state.carry_over(subject, verdict.client, " ".join(scopes))


def refuse(name, parameter=""):
    """Raise that Problem."""
    raise Problem(name, parameter)


GRANTS = {"authorization_code": by_code, "refresh_token": by_refresh_token,
          EXCHANGE: by_oauth1_token}


def granted(bearer, refresh, seconds):
    """The answer with tokens."""
    fields = {"token_type": "bearer", "expires_in": seconds, "access_token": bearer.token,
              "scope": bearer.grant.scope}
    if refresh:
        fields["refresh_token"] = refresh.token
    return not_kept(oauth1.in_json(fields))


def revoke(state, _request, verdict):
    """POST /2/oauth2/revoke"""
    name = required(verdict, "token")
    check_client(state, verdict)
    state.revoke_token(name)
    return not_kept(oauth1.in_json({"revoked": True}))


def users_me(state, request, caller):
    """GET /2/users/me"""
    if not NEEDED_FOR_ME <= caller.scopes:
        raise Problem("forbidden")
    handle = state.users.get(caller.user_id)
    if handle is None:
        raise Problem("user-suspended")
    known = profiles.of(handle, request)
    wanted = request.arguments().get("user.fields", "")
    names = set(wanted.split(",")) - {"", "id", "name", "username"}
    if not names <= set(known):
        raise Problem("invalid-request")
    if "users.email" not in caller.scopes:
        names.discard("confirmed_email")
    data = {"id": caller.user_id, "name": known["name"], "username": handle}
    return oauth1.in_json({"data": data | {name: known[name] for name in sorted(names)}})


def post(_state, request, caller):
    """POST /2/tweets: taken, and forgotten."""
    if caller.bearer_ok and "tweet.write" not in caller.scopes:
        raise Problem("forbidden")
    try:
        text = json.loads(request.body)["text"]
    except (ValueError, KeyError, TypeError):
        text = None
    if not (isinstance(text, str) and 0 < len(text) <= 280):
        raise Problem("invalid-request")
    reply = oauth1.in_json({"data": {"id": str(secrets.randbits(60)), "text": text, "edit_history_tweet_ids": []}})
    reply.status = 201
    return reply


def required(verdict, name):
    """A form field that must be there."""
    return verdict.form.get(name) or refuse("missing", name)


def not_kept(reply):
    """The answer, not to be kept (RFC 6749, 5.1)."""
    reply.headers.append(["Cache-Control", "no-store"])
    return reply
