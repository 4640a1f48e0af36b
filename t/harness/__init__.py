# SPDX-License-Identifier: Apache-2.0
"""What a live test stands on: real servers in a folder of their own, and clients that behave like browsers.

One idea a file:

    paths      where the tree, the module under test and its schema are
    process    start a program, stop it, and leave nothing behind (janitor: even when the tests are killed)
    ports      free loopback ports that no other test run takes
    certs      the test CA and its server certificates
    errorlog   httpd's error log: read, expect, complain
    canaries   secrets that must not appear in it, in any spelling
    clock      httpd's wall clock, moved from a test
    httpd      Apache httpd with a configuration made of parts
    database   SQLite and PostgreSQL, alike to a test
    standin    the stand-in for X and its control
    wire       the network between a site and it, to be broken in any place
    resolver   a resolver that stalls
    site       an httpd with the module configured, ready to sign in at
    cookies    a browser's cookie jar
    urls       addresses as a browser resolves them
    browser    an HTTP client with a browser's manners
    load       requests in numbers, from a process of their own
    signin     the walk through a sign-in, step by step
    backend    an HTTP server that tells what it was asked
    chromium   the real thing
"""
