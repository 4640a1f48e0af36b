# SPDX-License-Identifier: Apache-2.0
"""Calls to X signed as the user: a site that has them, what a script sends, and a second judge of signatures."""

import json
import random
import subprocess
from urllib.parse import parse_qsl, quote, urlsplit

#: TLS to the stand-in, as it has to be to X.
TLS = """
SSLProxyEngine On
SSLProxyVerify require
SSLProxyCACertificateFile "{ca}"
"""
PLACE = """
<Location "/x-api/">
AuthType Twitter
Require valid-user
TwAuthSign On
ProxyPass "{api}/" {options}
{lines}
</Location>
"""
MODULES = ("proxy", "proxy_http")


def api(standin, scheme="https"):
    """X by a name: mod_ssl compares no addresses."""
    return f"{scheme}://localhost:{standin.ports[scheme]}"


def config(standin, authority, scheme="https", options="", lines=""):
    """The configuration of a place whose calls are signed."""
    x = api(standin, scheme)
    text = f"TwAuthProvider {x} {standin.browser_url(scheme)}\n" + PLACE.format(api=x, options=options, lines=lines)
    return (TLS.format(ca=authority.ca) if scheme == "https" else "") + text


#: Where a script's request comes from.
SCRIPT = {"mode": "cors", "dest": "empty", "accept": "application/json"}


def call(browser, method, target, body=None, headers=(), **more):
    """What fetch() of a page of the site sends."""
    fields = dict(headers)
    if method not in ("GET", "HEAD"):
        fields.setdefault("Origin", browser.base)
    return browser.request(method, target, body=body, headers=fields, **{"site": "same-origin", **SCRIPT, **more})


def post_form(browser, target, body, **more):
    return call(browser, "POST", target, body, {"Content-Type": "application/x-www-form-urlencoded"}, **more)


# Random requests

WORDS = ["", " ", "a", "A", "b c", "+", "%", "%2F", "/", "&", "=", "a=b&c=d", "~", "*", "'", "(!)", ";", "?", "#", "é",
         "☃", "😀", "ü ö", "\u0000", "\r\n", "[]", "a[b]", ":@", "$,", "\"", "<>", "\\", "|", "^`{}", "%C3%A9", "0"]
NAMES = WORDS + ["status", "media_ids", "user.fields", "x_y-z", "include_email", "count"]


def spell(rng, text):
    """A value as some client would send it: what need not be escaped may be, and blanks have two spellings."""
    kind = rng.randrange(4)
    if kind == 0:
        return quote(text, safe="")
    if kind == 1:
        return quote(text, safe="-._~!*'();:@,/?$").replace("%20", "+")
    if kind == 2:
        return quote(text, safe="").replace("%20", "+")
    return "".join(f"%{byte:02{rng.choice('xX')}}" for byte in text.encode())


def some_fields(rng, most):
    pairs = [(rng.choice(NAMES), "".join(rng.choices(WORDS, k=rng.randrange(4)))) for _ in range(rng.randrange(most))]
    pairs += rng.choices(pairs, k=rng.randrange(3)) if pairs else []        # the same once more
    pieces = []
    for name, value in pairs:
        piece = spell(rng, name) + ("=" + spell(rng, value) if value or rng.random() < .7 else "")
        pieces.append(piece)
    if rng.random() < .1:
        pieces.insert(rng.randrange(len(pieces) + 1), "")                   # &&
    return "&".join(pieces)


def some_path(rng):
    pieces = [rng.choice(["tweets", "users", "1001", "a~b", "a-b_c.d", "a%20b", "caf%C3%A9", "a:b@c", "(x)", "a,b;c=d"])
              for _ in range(rng.randrange(1, 4))]
    return "/2/echo/" + "/".join(pieces)


def requests(seed, number, most=65536):
    """(method, path with query, form or None) of random requests; every hundredth form is as long as it may be."""
    rng = random.Random(seed)
    for n in range(number):
        method = rng.choice(["GET", "POST", "POST", "PUT", "PATCH", "DELETE"])
        query = some_fields(rng, 5)
        form = some_fields(rng, 8) if method in ("POST", "PUT", "PATCH") else None
        if form is not None and n % 100 == 0:
            form += "&" * bool(form) + "long="
            form += "x%2F" * ((most - len(form)) // 4)
            form += "y" * (most - len(form))
        yield method, some_path(rng) + ("?" + query if query or rng.random() < .1 else ""), form


# The second judge: Net::OAuth, which keeps parameters in a hash and sorts names and values together

PERL = r"""
use strict; use warnings; use JSON::PP; use Net::OAuth; use URI; use Encode;
$Net::OAuth::PROTOCOL_VERSION = Net::OAuth::PROTOCOL_VERSION_1_0;
while (my $line = <STDIN>) {
    my $c = decode_json($line);
    my $request = Net::OAuth->request("protected resource")->new(
        request_url => $c->{url}, request_method => $c->{method}, signature_method => "HMAC-SHA1",
        consumer_key => $c->{consumer_key}, consumer_secret => $c->{consumer_secret},
        token => $c->{token}, token_secret => $c->{token_secret},
        timestamp => $c->{timestamp}, nonce => $c->{nonce}, version => "1.0",
        extra_params => $c->{params});
    $request->sign;
    print $request->signature, "\n";
}
"""


def fits_the_second_judge(pairs):
    """Whether these parameters are such that Net::OAuth can sign them."""
    names = [name for name, _ in pairs]
    encoded = [(quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs]
    return len(set(names)) == len(names) and sorted(encoded) == sorted(encoded, key=lambda p: f"{p[0]}={p[1]}")


def signatures_by_perl(calls, consumer, tokens):
    """What Net::OAuth signs of calls that the stand-in recorded; consumer and tokens are (key, secret)."""
    lines = []
    for recorded in calls:
        oauth = recorded["oauth"]
        params = dict((name, value) for where, name, value in recorded["params"] if where != "header")
        url = f"{recorded['scheme']}://{recorded['headers']['host']}{recorded['path']}"
        lines.append(json.dumps({
            "url": url, "method": recorded["method"], "params": params, "consumer_key": consumer[0],
            "consumer_secret": consumer[1], "token": tokens[0], "token_secret": tokens[1],
            "timestamp": oauth["oauth_timestamp"], "nonce": oauth["oauth_nonce"]}))
    ran = subprocess.run(["perl", "-CO", "-e", PERL], input="\n".join(lines) + "\n", capture_output=True, text=True,
                         timeout=300, check=True)
    return ran.stdout.split("\n")[:-1]


def decoded(text):
    return parse_qsl(text or "", keep_blank_values=True)


def query_of(target):
    return urlsplit(target).query
