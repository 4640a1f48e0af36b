# SPDX-License-Identifier: Apache-2.0
"""Reading a signed call (RFC 5849, 3.1 to 3.5) and having oauthlib judge it.

Parameters are gathered here rather than by oauthlib's collect_parameters(), which loses a
repeated header parameter and decodes oauth_ values of query and body twice.  Everything that
decides, from escaping to the comparison, is oauthlib's.
"""

from collections import Counter
from dataclasses import dataclass

from oauthlib.common import urldecode
from oauthlib.oauth1.rfc5849.signature import verify_hmac_sha1
from oauthlib.oauth1.rfc5849.utils import parse_http_list, unescape

REQUIRED = ("oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method",
            "oauth_timestamp")


class Malformed(Exception):
    """The call is not signed, or not in a way that can be read."""


@dataclass
class SignedCall:
    """A call and its parameters as (where, name, value), decoded.

    http_method, uri, params and signature are what oauthlib wants to see.
    """

    http_method: str
    uri: str
    found: list

    @property
    def params(self):
        """The parameters that are signed."""
        return [(name, value) for where, name, value in self.found
                if name != "oauth_signature" and (where, name) != ("header", "realm")]

    @property
    def signature(self):
        """The signature sent."""
        return self.get("oauth_signature")

    def get(self, name):
        """The parameter of that name, or an empty string."""
        return next((value for _, key, value in self.found if key == name), "")

    def oauth(self):
        """The protocol's own parameters, from wherever they came."""
        return {name: value for _, name, value in self.found
                if name.startswith(("oauth_", "x_auth_"))}

    def signed_with(self, consumer_secret, token_secret):
        """Whether these two secrets made the signature."""
        return bool(verify_hmac_sha1(self, consumer_secret, token_secret))

    def check_form(self):
        """Refuse what no secret could put right: missing, repeated or unfit parameters."""
        names = Counter(name for _, name, _ in self.found if name.startswith("oauth_"))
        missing = [name for name in REQUIRED if not self.get(name)]
        repeated = [name for name, times in names.items() if times > 1]
        if missing or repeated:
            raise Malformed(f"missing {missing}, repeated {repeated}")
        if self.get("oauth_signature_method") != "HMAC-SHA1":
            raise Malformed("signature method")
        if self.get("oauth_version") not in ("", "1.0"):
            raise Malformed("version")
        if not self.get("oauth_nonce").isascii() or not self.get("oauth_timestamp").isdecimal():
            raise Malformed("nonce or timestamp")


def read(request):
    """The SignedCall in a request, its URL being the one the client called."""
    try:
        found = [("header", *pair) for pair in header_parameters(request.header("Authorization"))]
        found += [("query", *pair) for pair in urldecode(request.query)]
        if request.has_form():
            found += [("body", *pair) for pair in urldecode(request.body.decode("latin-1"))]
    except ValueError as error:
        raise Malformed(str(error)) from None
    return SignedCall(request.method, f"{request.scheme}://{request.host}{request.path}", found)


def header_parameters(header):
    """Names and values of an Authorization header of the scheme OAuth."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        raise ValueError("no Authorization header of scheme OAuth")
    pairs = []
    for item in parse_http_list(rest):
        name, equals, value = item.partition("=")
        if not (equals and len(value) >= 2 and value[0] == value[-1] == '"'):
            raise ValueError("malformed Authorization header")
        pairs.append((unescape(name.strip()), unescape(value[1:-1])))
    return pairs
