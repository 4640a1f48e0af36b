# SPDX-License-Identifier: Apache-2.0
"""What mod_twauth costs, and what others cost: `make bench` and, in `make test`, the guard of the figures.

One idea a file:

    connection   one kept-alive connection, as lean as can be
    callgrind    instructions a request of an httpd
    world        what they run in: the servers of the live tests, without pytest
    paths        what the module adds to each kind of request; figures.json: what t/cost holds it to
    memory       what the module adds to a child process
    sides        the same page behind each way to sign in
    load         CPU time a request, with the sides taking turns
    results      all figures of a run, kept in results.json; of which machine
    report       the tables of docs/performance.md; plot: docs/performance.svg

    signin       a sign-in at an X that is far away; with far (a link with a delay) and provider (an OpenID provider)
    many         many sign-ins at once, and a page beside them; with quickx (an X for a crowd) and crowd
    start        how much longer httpd takes to start
    capacity     what a request costs the processors of httpd and PostgreSQL
    sessions     queries by how many sessions are in use, which replay.c has; ended: from a sign-out here to its refusal there
    tables       how full the shared memory becomes
    model        what a site needs, on paper: the tables of docs/scaling.md
    growth       requests with many accounts, sessions, virtual hosts, sections; with rows (a database that has them)
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "t"))      # the harness of the tests
