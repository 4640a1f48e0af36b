# SPDX-License-Identifier: Apache-2.0
"""What a child of httpd weighs more with the module, in kB, and the database's share of a sign-in.

What is a child's own, and its share of what several have; without mapped files, of which that share is by what else
the machine runs. It is compared like with like: a server without the module and mod_dbd that has done nothing either,
or that has answered as many requests.
"""

import statistics
import time

from harness import process
from harness.load import Load, ask

from .crowd import Crowd
from .quickx import QuickX

SIGN_INS = 20
AT_ONCE = 16
REQUESTS = 5            # of a sign-in: page, login twice, callback, page


def own_memory(httpd):
    """kB of the children, on average."""
    time.sleep(0.5)
    return statistics.mean(sum(process.proportional(child)) for child in httpd.children())


def make_bare(site):
    """The same server without the module and mod_dbd."""
    httpd = site.httpd
    httpd.twauth, httpd.modules, httpd.main = False, (), ""
    for vhost in httpd.vhosts:
        vhost.config = ""


def weigh(world):
    """{state: (with the module, without)} in kB, and statements a sign-in."""
    site = world.make_site(db=world.postgres.database(), start=False)
    with QuickX(world.folder / "memory-x", world.authority, 0.02) as x:
        site.start()
        fresh = [own_memory(site.httpd)]
        mark = site.db.mark()
        for _ in range(SIGN_INS):
            assert site.browser().sign_in("alice", next="/members/").status == 200
        statements = len(site.db.statements(mark)) / SIGN_INS
        used = [own_memory(site.httpd)]
        site.stop()
        site.vhost.config = site.vhost.config.replace(world.standin.api(), x.url)
        site.start()
        with Crowd(site, AT_ONCE, 4) as crowd:
            pass
        storm = [own_memory(site.httpd)]
        site.stop()
    make_bare(site)
    page = ask(site.vhost, "/index.html", ca=site.authority.ca)
    for found, count, at_once in ((fresh, 0, 1), (used, SIGN_INS * REQUESTS, 1),
                                  (storm, crowd.said["done"] * 2, AT_ONCE)):
        site.start()
        if count:
            Load([page] * count, workers=at_once).run()
        found.append(own_memory(site.httpd))
        site.stop()
    return {"at rest": fresh, f"after {SIGN_INS} sign-ins": used,
            f"after {crowd.said['done']} sign-ins, {AT_ONCE} at a time": storm}, statements
