# SPDX-License-Identifier: Apache-2.0
"""X's refusals: codes, statuses, texts, and the shapes in which they are sent.

The texts are those seen in the wild; the pairing of code and status is X's as far as known.
"""

import json
from html import escape

from .server import Reply

SUBSET = ("You currently have access to a subset of X API V2 endpoints and limited v1.1 endpoints "
          "(e.g. media post, oauth) only. If you need access to this endpoint, you may need a "
          "different access level.")
LOCKED = ("To protect our users from spam and other malicious activity, this account is "
          "temporarily locked. Please log in to https://x.com to unlock your account.")

# code: (HTTP status, text)
CODES = {
    32: (401, "Could not authenticate you."),
    34: (404, "Sorry, that page does not exist."),
    50: (404, "User not found."),
    63: (403, "User has been suspended."),
    64: (403, "Your account is suspended and is not permitted to access this feature."),
    87: (403, "Client is not permitted to perform this action."),
    88: (429, "Rate limit exceeded"),
    89: (401, "Invalid or expired token."),
    99: (403, "Unable to verify your credentials"),
    135: (401, "Timestamp out of bounds."),
    215: (400, "Bad Authentication data."),
    220: (403, "Your credentials do not allow access to this resource."),
    261: (403, "Application cannot perform write actions."),
    326: (403, LOCKED),
    415: (403, "Callback URL not approved for this client application. Approved callback URLs can "
               "be adjusted in your application settings"),
    416: (401, "Invalid / suspended application"),
    417: (401, "Desktop applications only support the oauth_callback value 'oob'"),
    453: (403, SUBSET),
}

# Members some errors carry beside code and message in JSON, and headers some come with.
MEMBERS = {99: {"label": "authenticity_token_error"},
           326: {"bounce_location": "https://x.com/account/access"}}
HEADERS = {88: [["x-rate-limit-limit", "75"], ["x-rate-limit-remaining", "0"]]}

FORMATS = ("auto", "json", "xml", "hash", "plain")


class Refused(Exception):
    """A call is answered with an error of X's: by code, or with a plain text and a status."""

    def __init__(self, code=None, text=None, status=None, shape="auto"):
        super().__init__(code or text)
        known_status, known_text = CODES.get(code, (401, ""))
        self.code = code
        self.text = text or known_text
        self.status = status or known_status
        self.shape = shape if code else "plain"

    def reply(self, request):
        """The answer, for a request that accepts JSON or does not say so."""
        shape = self.shape
        if shape == "auto":
            shape = "json" if "application/json" in request.header("Accept") else "xml"
        media_type, body = getattr(self, f"_{shape}")(request)
        headers = list(HEADERS.get(self.code, ()))
        if self.status == 401:
            headers.append(["www-authenticate", 'OAuth realm="https://api.twitter.com"'])
        return Reply(self.status, body.encode(), f"{media_type};charset=utf-8", headers)

    def _json(self, _request):
        error = {"code": self.code, "message": self.text, **MEMBERS.get(self.code, {})}
        return "application/json", json.dumps({"errors": [error]})

    def _xml(self, _request):
        return "application/xml", ("<?xml version='1.0' encoding='UTF-8'?><errors>"
                                   f'<error code="{self.code}">{escape(self.text)}</error>'
                                   "</errors>")

    def _hash(self, request):
        return "application/xml", ('<?xml version="1.0" encoding="UTF-8"?>\n<hash>\n'
                                   f"  <error>{escape(self.text)}</error>\n"
                                   f"  <request>{escape(request.path)}</request>\n</hash>\n")

    def _plain(self, _request):
        return "text/plain", self.text
