# SPDX-License-Identifier: Apache-2.0
"""/_control/: how a test, on this machine, looks inside and arranges things.

JSON in, JSON out.  What is wrong with a request is answered with 400 and {"error": text}.
"""

import json
from dataclasses import asdict
from urllib.parse import parse_qsl, urlsplit

from . import oauth2
from .faults import fault_from
from .server import Reply
from .state import TOKEN_LENGTHS

PREFIX = "/_control/"


def show_state(state, _wanted):
    """GET state: people, application, settings, counters."""
    with state.lock:
        trial = state.trial
        return {
            "users": [{"id": key, "screen_name": name} for key, name in trial.users.items()],
            "default_user": trial.auto_approve_user or next(iter(trial.users), None),
            "auto_approve_user": trial.auto_approve_user,
            "consumer_key": state.consumer_key,
            "client_id": state.client_id,
            "public_client": state.client_secret is None,
            "public_client_id": state.public_client_id,
            "callbacks": state.callbacks,
            "app_name": state.app_name,
            "request_token_ttl": trial.request_token_ttl,
            "code_ttl": trial.code_ttl,
            "access_token_ttl": trial.access_token_ttl,
            "refresh_token_ttl": trial.refresh_token_ttl,
            "clock_offset": trial.clock_offset,
            "token_lengths": trial.token_lengths,
            "tls_stall": trial.tls_stall,
            "faults": trial.faults,
            "approvals": sorted(trial.approvals),
            "access_tokens": [asdict(token) for token in trial.access_tokens.values()],
            "codes": [asdict(code) for code in trial.codes.values()],
            "bearer_tokens": [asdict(token) for token in trial.bearer_tokens.values()],
            "refresh_tokens": [asdict(token) for token in trial.refresh_tokens.values()],
            "most_in_flight": trial.most_in_flight,
            "counters": {**trial.counters, "connections": len(trial.api_connections),
                         "in_flight": state.in_flight, "max_in_flight": trial.max_in_flight},
        }


def show_calls(state, _wanted):
    """GET calls: the requests recorded, oldest first."""
    with state.lock:
        return list(state.trial.calls)


def reset(state, _wanted):
    """POST reset: begin anew, see State.reset()."""
    state.reset()
    return {}


def change(state, wanted):
    """POST set: change settings; all or nothing."""
    settings = {name: SETTINGS[name](value) if name in SETTINGS else unknown(name)
                for name, value in wanted.items()}
    with state.lock:
        for name, value in settings.items():
            setattr(state if name in APPLICATION else state.trial, name, value)
    return {}


def approve(state, wanted):
    """POST approve: as if the user had pressed "Authorize app"."""
    kind, pending = decided_on(state, wanted)
    person = str(wanted["user_id"])
    return location(state.approve2(pending, person) if kind == "oauth2"
                    else state.approve(pending, person))


def deny(state, wanted):
    """POST deny: as if the user had pressed "Cancel" and followed the link back."""
    kind, pending = decided_on(state, wanted)
    return location(state.deny2(pending) if kind == "oauth2" else state.deny(pending))


def decided_on(state, wanted):
    """What the user decides on: ("oauth1", request token) or ("oauth2", Authorization).

    It is named by oauth_token, by the state of a page that was visited, or, of either protocol, by
    authorize_url, the address the application sent the browser to.
    """
    if "oauth_token" in wanted:
        return "oauth1", wanted["oauth_token"]
    if "state" in wanted:
        if wanted["state"] not in state.trial.authorizations:
            raise ValueError("no browser came here with that state")
        return "oauth2", state.trial.authorizations[wanted["state"]]
    address = urlsplit(wanted["authorize_url"])
    pairs = parse_qsl(address.query, keep_blank_values=True)
    if address.path not in oauth2.AUTHORIZE_PATHS:
        return "oauth1", dict(pairs)["oauth_token"]
    try:
        return "oauth2", oauth2.read_authorization(state, pairs)
    except oauth2.Unusable as reason:
        raise ValueError(f"Something went wrong: {reason}") from None


def location(url):
    """Where a decision led."""
    if url is None:
        raise ValueError("no such user, or the request token is unknown, used or expired")
    return {"location": url}


def revoke(state, wanted):
    """POST revoke: a user takes back what they allowed, as in X's settings."""
    state.revoke(str(wanted["user_id"]))
    return {}


def add_fault(state, wanted):
    """POST fault: one more fault, after those there are."""
    fault = fault_from(wanted)
    with state.lock:
        state.trial.faults.append(fault)
    return {}


def clear_faults(state, _wanted):
    """POST faults/clear: no fault for requests to come."""
    with state.lock:
        state.trial.faults.clear()
    return {}


def listen(state, wanted):
    """POST listen: let new https connections wait before the handshake, or no longer."""
    state.trial.tls_stall = bool(wanted["tls_stall"])
    return {}


def unknown(name):
    """A setting that there is not."""
    raise ValueError(f"{name} is not one of {', '.join(SETTINGS)}")


def users(value):
    """People, as a dictionary id -> handle."""
    return {str(person["id"]): person["screen_name"] for person in value}


def token_lengths(value):
    """Lengths of what is issued, those not given being the usual ones."""
    if not set(value) <= set(TOKEN_LENGTHS):
        raise ValueError(f"token_lengths has {', '.join(TOKEN_LENGTHS)}")
    return TOKEN_LENGTHS | value


# What can be set, and how the JSON becomes the value kept: of the application, which a reset leaves
# alone, and of the trial, which a reset begins anew.
APPLICATION = {
    "consumer_key": str,
    "consumer_secret": str,
    "client_id": str,
    "client_secret": lambda value: None if value is None else str(value),
    "public_client_id": str,
    "callbacks": list,
    "app_name": str,
}
TRIAL = {
    "users": users,
    "request_token_ttl": float,
    "code_ttl": float,
    "access_token_ttl": float,
    "refresh_token_ttl": float,
    "clock_offset": float,
    "auto_approve_user": lambda value: None if value is None else str(value),
    "token_lengths": token_lengths,
    "next_tokens": dict,
}
SETTINGS = APPLICATION | TRIAL

ACTIONS = {
    ("GET", "state"): show_state,
    ("GET", "calls"): show_calls,
    ("POST", "reset"): reset,
    ("POST", "set"): change,
    ("POST", "approve"): approve,
    ("POST", "deny"): deny,
    ("POST", "revoke"): revoke,
    ("POST", "fault"): add_fault,
    ("POST", "faults/clear"): clear_faults,
    ("POST", "listen"): listen,
}


def answer(state, request):
    """The Reply to a request below PREFIX."""
    action = ACTIONS.get((request.method, request.path.removeprefix(PREFIX)))
    if request.header("Origin"):
        return in_json(403, {"error": "not for web pages"})
    if action is None:
        return in_json(404, {"error": "no such action"})
    try:
        return in_json(200, action(state, json.loads(request.body or b"{}")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return in_json(400, {"error": f"{type(error).__name__}: {error}"})


def in_json(status, value):
    """A Reply in JSON."""
    return Reply(status, json.dumps(value).encode(), "application/json")
