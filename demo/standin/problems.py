# SPDX-License-Identifier: Apache-2.0
"""X's refusals in OAuth 2.0 and in version 2 of its API: by name, always in JSON.

Texts that begin with "Value passed" or "Missing" and the bodies of the API are those seen in the
wild, as are their statuses; the rest is what the documents and RFC 6749 lead to expect.
"""

import json

from .errors import Refused
from .server import Reply

TYPE = "https://api.twitter.com/2/problems/"
NOT_ENROLLED = ("When authenticating requests to the Twitter API v2 endpoints, you must use keys "
                "and tokens from a Twitter developer App that is attached to a Project. You can "
                "create a project via the developer portal.")
OAUTH1_PERMISSIONS = ("Your client app is not configured with the appropriate oauth1 app "
                      "permissions for this endpoint.")
APP_ONLY = ("Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  "
            "Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].")
RATE = [["x-rate-limit-limit", "75"], ["x-rate-limit-remaining", "0"]]


def token_error(status, error, description):
    """A refusal of the token endpoint (RFC 6749, 5.2)."""
    return status, {"error": error, "error_description": description}, []


def problem(status, title, detail, kind="about:blank", headers=(), **more):
    """A refusal of the API."""
    body = {"title": title, "type": kind, "detail": detail, **more}
    if kind == "about:blank":
        body["status"] = status
    return status, body, list(headers)


def invalid(what):
    """A parameter with a value of no use."""
    return token_error(400, "invalid_request", f"Value passed for the {what} was invalid.")


# name: (HTTP status, body, headers)
PROBLEMS = {
    # of the token endpoint
    "code": invalid("authorization code"),
    "token": invalid("token"),
    "client-id": invalid("client id"),
    "verifier": token_error(400, "invalid_request", "Value passed for the code verifier did not "
                                                    "match the code challenge."),
    "redirect-uri": token_error(400, "invalid_request", "Value passed for the redirect uri did not "
                                                        "match the uri of the authorization code."),
    "missing": token_error(400, "invalid_request", "Missing required parameter [{}]."),
    "repeated": token_error(400, "invalid_request", "Parameter [{}] was given more than once."),
    "authorization": token_error(401, "unauthorized_client", "Missing valid authorization header"),
    "invalid-client": token_error(401, "invalid_client", "Client authentication failed."),
    "invalid-grant": token_error(400, "invalid_grant", "The subject token is invalid."),
    "invalid-scope": token_error(400, "invalid_scope", "Value passed for the scope was invalid."),
    "grant-type": token_error(400, "unsupported_grant_type",
                              "Value passed for the grant type was invalid."),
    "rate-limited": token_error(429, "rate_limited", "Too many requests."),
    "unavailable": token_error(503, "temporarily_unavailable", "Try again later."),
    # of the API
    "unauthorized": problem(401, "Unauthorized", "Unauthorized"),
    "credits-depleted": problem(
        402, "CreditsDepleted", "Your enrolled account [1000000000000000001] does not have any "
        "credits to fulfill this request.", TYPE + "credits", account_id=1000000000000000001),
    "spend-cap": problem(
        403, "SpendCapReached", "Your enrolled account [1000000000000000001] has reached its "
        "billing cycle spend cap.", TYPE + "credits", account_id=1000000000000000001),
    "client-not-enrolled": problem(
        403, "Client Forbidden", NOT_ENROLLED, TYPE + "client-forbidden", client_id="1000001",
        reason="client-not-enrolled", required_enrollment="Appropriate Level of API Access",
        registration_url="https://developer.twitter.com/en/docs/projects/overview"),
    "oauth1-permissions": problem(403, "Forbidden", OAUTH1_PERMISSIONS,
                                  TYPE + "oauth1-permissions"),
    "app-only": problem(403, "Unsupported Authentication", APP_ONLY,
                        TYPE + "unsupported-authentication"),
    "client-forbidden": problem(403, "Client Forbidden", "This request must be made using an "
                                "approved developer account.", TYPE + "client-forbidden"),
    "user-suspended": problem(403, "Forbidden", "The user used for authentication is not in good "
                              "standing.", TYPE + "user-suspended"),
    "not-shown": problem(403, "Authorization Error", "Sorry, you are not authorized to see the "
                         "user.", TYPE + "not-authorized-for-resource"),
    "not-found": problem(404, "Not Found Error", "Could not find user with id: [1001].",
                         TYPE + "resource-not-found"),
    "usage-capped": problem(429, "UsageCapExceeded", "Usage cap exceeded: Monthly product cap",
                            TYPE + "usage-capped", RATE, period="Monthly", scope="Product"),
    "rate-limit-exceeded": problem(429, "Too Many Requests", "Too Many Requests",
                                   TYPE + "rate-limit-exceeded", RATE),
    "forbidden": problem(403, "Forbidden", "Forbidden"),
    "invalid-request": problem(400, "Invalid Request", "One or more parameters to your request "
                                                       "was invalid.", TYPE + "invalid-request"),
    "too-many-requests": problem(429, "Too Many Requests", "Too Many Requests", headers=RATE),
}


class Problem(Refused):
    """A call is answered with one of PROBLEMS, about that parameter where the text names one."""

    def __init__(self, name, parameter=""):
        status, body, self.headers = PROBLEMS[name]
        super().__init__(text=name, status=status)
        self.body = {key: value.replace("{}", parameter) if isinstance(value, str) else value
                     for key, value in body.items()}

    def reply(self, request):
        """The answer."""
        return Reply(self.status, json.dumps(self.body).encode(), "application/json;charset=utf-8",
                     list(self.headers))
