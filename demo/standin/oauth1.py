# SPDX-License-Identifier: Apache-2.0
"""The OAuth 1.0a calls of X's API."""

import json
from dataclasses import dataclass, field
from urllib.parse import quote

from . import profiles, signature
from .errors import Refused
from .server import Reply


@dataclass
class Verdict:
    """What was found in a call before anything was done about it."""

    call: signature.SignedCall = None
    token: object = None
    signature_ok: bool = False
    refused: Refused = None
    parameters: list = field(default_factory=list)
    oauth: dict = field(default_factory=dict)

    def recorded(self):
        """What a record of the call says of it."""
        return {"oauth": self.oauth, "params": self.parameters, "signature_ok": self.signature_ok}


def examine_with(find_token):
    """An examiner of calls that are signed with a token of this kind.

    `find_token` is (state, name) -> token or None, or None where only the consumer signs.
    """
    def examine(state, request):
        verdict = Verdict()
        try:
            verdict.call = signature.read(request)
            verdict.parameters = verdict.call.found
            verdict.oauth = verdict.call.oauth()
            verdict.call.check_form()
            verdict.token = find_token and named_token(state, verdict.call, find_token)
            verdict.signature_ok = is_signed(state, verdict)
            check(state, verdict)
        except signature.Malformed:
            verdict.refused = Refused(215)
        except Refused as refused:
            verdict.refused = refused
        return verdict
    return examine


def named_token(state, call, find_token):
    """The token a call names."""
    name = call.get("oauth_token")
    if not name:
        raise Refused(text="Reverse auth credentials are invalid")
    token = find_token(state, name)
    if token is None:
        raise Refused(89)
    return token


def is_signed(state, verdict):
    """Whether the registered application signed, with the token's secret if there is a token."""
    if not state.consumer_key or verdict.call.get("oauth_consumer_key") != state.consumer_key:
        return False
    return verdict.call.signed_with(state.consumer_secret,
                                    verdict.token.secret if verdict.token else "")


def check(state, verdict):
    """Refuse a wrong signature, a wrong time and a nonce seen before."""
    call = verdict.call
    if not verdict.signature_ok:
        raise Refused(32)
    timestamp = int(call.get("oauth_timestamp"))
    if not state.timely(timestamp):
        raise Refused(135)
    if not state.fresh(timestamp, call.get("oauth_nonce"), call.get("oauth_token")):
        raise Refused(32)


examine_consumer = examine_with(None)
examine_request_token = examine_with(lambda state, name: state.request_token(name))
examine_access_token = examine_with(lambda state, name: state.access_token(name))


def request_token(state, _request, verdict):
    """POST /oauth/request_token"""
    callback = verdict.call.get("oauth_callback")
    if not state.callbacks:
        raise Refused(417)
    if callback not in state.callbacks:
        raise Refused(415)
    access = verdict.call.get("x_auth_access_type") or "default"
    if access not in ("default", "read", "write"):
        raise Refused(32)
    issued = state.issue_request_token(callback, access)
    return form(oauth_token=issued.token, oauth_token_secret=issued.secret,
                oauth_callback_confirmed="true")


def access_token(state, _request, verdict):
    """POST /oauth/access_token"""
    pending = verdict.token
    if pending.status != "used" and state.expired(pending):
        raise Refused(89)
    if pending.verifier != verdict.call.get("oauth_verifier") or not pending.verifier:
        raise Refused(text="Error processing your OAuth request: "
                           "Invalid oauth_verifier parameter")
    handle = handle_of(state, pending.user_id)
    issued = state.exchange(pending)
    if issued is None:
        raise Refused(text="This feature is temporarily unavailable")
    return form(oauth_token=issued.token, oauth_token_secret=issued.secret,
                user_id=issued.user_id, screen_name=handle)


def verify_credentials(state, request, verdict):
    """GET /1.1/account/verify_credentials.json"""
    user_id = verdict.token.user_id
    handle = handle_of(state, user_id)
    known = profiles.of(handle, request)
    profile = {"id": int(user_id) if user_id.isdecimal() else 0, "id_str": user_id,
               "screen_name": handle, "name": known["name"],
               "verified": known["verified"], "protected": False,
               "profile_image_url_https": known["profile_image_url"]}
    if request.arguments().get("include_email") == "true":
        profile["email"] = known["confirmed_email"]
    return in_json(profile)


def invalidate_token(state, _request, verdict):
    """POST /1.1/oauth/invalidate_token.json"""
    state.invalidate(verdict.token.token)
    return in_json({"access_token": verdict.token.token})


def handle_of(state, user_id):
    """The handle of a user, who may have been taken off the list since."""
    if user_id not in state.users:
        raise Refused(64)
    return state.users[user_id]


def form(**fields):
    """A form-encoded answer under the label X gives it, which is Reply's default."""
    pairs = (f"{name}={quote(value, safe='')}" for name, value in fields.items())
    return Reply(body="&".join(pairs).encode())


def in_json(value):
    """An answer in JSON."""
    return Reply(body=json.dumps(value).encode(), content_type="application/json;charset=utf-8")
