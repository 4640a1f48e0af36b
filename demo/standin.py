#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for X: "Sign in with X" on this machine, for the tests and the demo.

It speaks X's OAuth 1.0a (request_token, authenticate, authorize, access_token, verify_credentials,
invalidate_token) and OAuth 2.0 with PKCE (authorize, token, revoke, users/me) with invented people
and no passwords.  Signatures and PKCE are verified by oauthlib.
The work is done in the package standin/ beside this file; here is the command line.

On start one line of JSON goes to stdout: {"http": port, "https": port, "pid": number}, a port
being null where there is no such listener.  SIGTERM and SIGINT end the program.
"""

import argparse
import json
import os
import signal
import ssl
import sys
import threading

from standin.app import App
from standin.server import Listener
from standin.state import DEFAULT_USERS, State


def user(text):
    """ID:HANDLE of the command line, as a pair."""
    number, colon, handle = text.partition(":")
    if not (number.isdecimal() and colon and handle):
        raise argparse.ArgumentTypeError(f"{text!r} is not ID:HANDLE, such as 1001:alice")
    return number, handle


def command_line():
    """The options, checked."""
    parser = argparse.ArgumentParser(
        description="A stand-in for X (Twitter): sign-in for tests and demonstrations.")
    option = parser.add_argument
    option("--bind", metavar="ADDRESS", default="127.0.0.1")
    option("--http-port", metavar="N", type=int, help="serve http there (0: any free port)")
    option("--https-port", metavar="N", type=int, help="serve https there (0: any free port)")
    option("--cert", metavar="FILE", help="certificate chain for https, PEM")
    option("--key", metavar="FILE", help="its private key, PEM")
    option("--consumer-key", metavar="K", default="")
    option("--consumer-secret", metavar="S", default="")
    option("--client-id", metavar="ID", default="")
    option("--client-secret", metavar="S", help="without it, a public client")
    option("--callback", metavar="URL", action="append", default=[],
           help="a registered callback URL (repeatable)")
    option("--user", metavar="ID:HANDLE", type=user, action="append",
           help="a person (repeatable; default: alice, bob, carol and dave)")
    option("--app-name", metavar="NAME", default="Example site")
    option("--no-control", action="store_true", help="do not serve /_control/")
    option("--quiet", action="store_true", help="no line on stderr for each request")
    options = parser.parse_args()
    if options.http_port is None and options.https_port is None:
        parser.error("nothing to serve: give --http-port or --https-port")
    if options.https_port is not None and not (options.cert and options.key):
        parser.error("--https-port needs --cert and --key")
    return options


def tls_context(options):
    """What https is served with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    return context


def main():
    """Listen, say where, and serve until told to end."""
    options = command_line()
    state = State(options.consumer_key, options.consumer_secret, options.callback,
                  options.user or DEFAULT_USERS, options.app_name)
    state.client_id, state.client_secret = options.client_id, options.client_secret
    app = App(state, not options.no_control, None if options.quiet else sys.stderr)
    listeners = {"http": None, "https": None}
    if options.http_port is not None:
        listeners["http"] = Listener(options.bind, options.http_port, app)
    if options.https_port is not None:
        listeners["https"] = Listener(options.bind, options.https_port, app, tls_context(options))

    # Blocked before any thread begins, so that the signal waits for sigwait() below.
    endings = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    for listener in filter(None, listeners.values()):
        threading.Thread(target=listener.serve_forever, daemon=True).start()
    ports = {scheme: listener and listener.port for scheme, listener in listeners.items()}
    print(json.dumps({**ports, "pid": os.getpid()}), flush=True)
    signal.sigwait(endings)


if __name__ == "__main__":
    main()
