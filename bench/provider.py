#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An OpenID provider for the benchmarks: what the other sides sign in at, as mod_twauth does at the stand-in for X.

    with Provider(folder, authority) as provider:       a program of its own, https on a free port
        provider.issuer                                 its metadata is at ISSUER/.well-known/openid-configuration
        provider.get("/count")                          {"connections": ..., "requests": ...} so far

The code flow of OpenID Connect, with PKCE where the client asks for it: /authorize asks nobody and sends the browser
back at once, as the user of the command line or of its own parameter `user`; /token gives an ID token signed with
RS256; /userinfo and /jwks are there. A code is good once. HTTP/1.1 with kept connections, so that a client is as fast
as it knows how to be.
"""

import argparse
import base64
import hashlib
import http.client
import json
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT_ID = "client-of-the-benchmark"
CLIENT_SECRET = "client-secret-of-the-benchmark"
TOKEN_LIFE = 3600


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number64(number):
    return base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


class Wrong(Exception):
    """A request that is refused, by OAuth's word for why."""


class Issuer:
    """What is signed and remembered."""

    def __init__(self, url, user):
        self.url, self.user = url, user
        self.codes, self.tokens = {}, {}
        self.connections = self.requests = 0
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self.key.public_key().public_numbers()
        self.jwk = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1",
                    "n": number64(public.n), "e": number64(public.e)}

    def signed(self, claims):
        """A JSON Web Token."""
        text = ".".join(base64url(json.dumps(part).encode())
                        for part in ({"alg": "RS256", "kid": "1", "typ": "JWT"}, claims))
        return f"{text}.{base64url(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def person(self, name):
        """What is told of a user."""
        return {"sub": hashlib.sha256(name.encode()).hexdigest()[:16], "preferred_username": name, "name": name.title(),
                "email": f"{name}@example.com"}

    def metadata(self, *_):
        return {"issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/jwks", "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "profile", "email"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"]}

    def jwks(self, *_):
        return {"keys": [self.jwk]}

    def count(self, *_):
        return {"connections": self.connections, "requests": self.requests}

    def authorize(self, query, _):
        """Where the browser is sent."""
        if query.get("client_id") != CLIENT_ID or query.get("response_type") != "code":
            raise Wrong("unauthorized_client")
        code = secrets.token_urlsafe(32)
        self.codes[code] = query
        back = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        joint = "&" if "?" in query["redirect_uri"] else "?"
        return f"{query['redirect_uri']}{joint}{urlencode(back)}"

    def token(self, form, authorization):
        """What a code is exchanged for."""
        if authorization.startswith("Basic "):
            name, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            client = unquote(name), unquote(secret)
        else:
            client = form.get("client_id"), form.get("client_secret")
        if client != (CLIENT_ID, CLIENT_SECRET):
            raise Wrong("invalid_client")
        asked = self.codes.pop(form.get("code"), None)
        if not asked or asked["redirect_uri"] != form.get("redirect_uri"):
            raise Wrong("invalid_grant")
        challenge = asked.get("code_challenge")
        verifier = form.get("code_verifier", "")
        if challenge and challenge != base64url(hashlib.sha256(verifier.encode()).digest()):
            raise Wrong("invalid_grant")
        person = self.person(asked.get("user", self.user))
        token, now = secrets.token_urlsafe(32), int(time.time())
        self.tokens[token] = person
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + TOKEN_LIFE, **person}
        if "nonce" in asked:
            claims["nonce"] = asked["nonce"]
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE,
                "scope": asked.get("scope", "openid"), "id_token": self.signed(claims)}

    def userinfo(self, _, authorization):
        if not authorization.startswith("Bearer ") or authorization[7:] not in self.tokens:
            raise Wrong("invalid_token")
        return self.tokens[authorization[7:]]


PLACES = {"/.well-known/openid-configuration": Issuer.metadata, "/jwks": Issuer.jwks, "/authorize": Issuer.authorize,
          "/token": Issuer.token, "/userinfo": Issuer.userinfo, "/count": Issuer.count}


class Handler(BaseHTTPRequestHandler):
    """One connection; an answer is one packet."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.do_handshake()
        super().setup()

    def do_GET(self):
        issuer = self.server.issuer
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        given = {name: values[0] for name, values in parse_qs(f"{parts.query}&{body}").items()}
        if parts.path != "/count":
            issuer.requests += 1
        place = PLACES.get(parts.path)
        try:
            said = place(issuer, given, self.headers.get("Authorization", "")) if place else None
            status = 404 if said is None else 200
        except Wrong as wrong:
            status, said = 400, {"error": str(wrong)}
        if isinstance(said, str):
            self.send(302, b"", Location=said)
        else:
            self.send(status, json.dumps(said).encode())

    do_POST = do_GET

    def send(self, status, body, **headers):
        headers |= {"Content-Type": "application/json", "Content-Length": len(body), "Cache-Control": "no-store"}
        head = [f"HTTP/1.1 {status} {http.client.responses[status]}", *(f"{n}: {v}" for n, v in headers.items())]
        self.wfile.write("\r\n".join([*head, "", ""]).encode() + body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def get_request(self):
        sock, address = super().get_request()
        self.issuer.connections += 1
        return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        """A client that left."""


def serve():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bind", metavar="ADDRESS", default="127.0.0.1")
    parser.add_argument("--port", metavar="N", type=int, default=0)
    parser.add_argument("--cert", metavar="FILE", required=True, help="certificate chain, PEM")
    parser.add_argument("--key", metavar="FILE", required=True, help="its private key, PEM")
    parser.add_argument("--user", metavar="NAME", default="alice")
    options = parser.parse_args()
    server = Server((options.bind, options.port), Handler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(options.cert, options.key)
    server.issuer = Issuer(f"https://{options.bind}:{server.server_address[1]}", options.user)
    endings = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)       # before any thread begins: it waits for sigwait()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.issuer.url, flush=True)
    signal.sigwait(endings)


class Provider:
    """The provider as a program of its own; certificate: one of the authority's for another address."""

    def __init__(self, folder, authority, address="127.0.0.1", certificate=None):
        from harness import process         # not where this file is a program
        from harness.paths import PYTHON
        folder.mkdir(parents=True, exist_ok=True)
        certificate = certificate or authority.server
        self._stderr = open(folder / "provider.log", "wb")
        self._authority = authority
        self._process = process.Process([PYTHON, "-B", Path(__file__).resolve(), "--bind", address, "--cert",
                                         certificate.cert, "--key", certificate.key], cwd="/",
                                        stdout=subprocess.PIPE, stderr=self._stderr)
        self.issuer = self._process.popen.stdout.readline().decode().strip()
        if not self.issuer:
            self.stop()
            raise AssertionError("the provider did not start:\n" + (folder / "provider.log").read_text())

    def get(self, path):
        """What it answers there, out of JSON."""
        parts = urlsplit(self.issuer)
        context = ssl.create_default_context(cafile=self._authority.ca)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=context)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def stop(self):
        self._process.stop()
        self._stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


if __name__ == "__main__":
    sys.exit(serve())
