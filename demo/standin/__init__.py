# SPDX-License-Identifier: Apache-2.0
"""The stand-in for X, in small files.

    server     sockets, TLS, HTTP/1.1: bytes to Request, Reply to bytes
    state      everything it knows: people, the application, tokens, nonces, calls, counters
    errors     X's error codes, texts and body shapes
    problems   the same for OAuth 2.0 and version 2 of the API
    signature  reading a signed call; oauthlib judges the signature
    oauth1     the OAuth 1.0a calls of the API
    oauth2     the OAuth 2.0 calls of the API; oauthlib judges PKCE
    browser    the pages people see at "X", of both protocols
    pages      their HTML
    faults     misbehaviour on demand
    control    /_control/: how a test looks inside and asks for faults
    app        path -> endpoint, recording, faults

A further protocol is a further file with its own table of endpoints, listed in app.
"""
