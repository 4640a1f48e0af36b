"""What a child process of httpd gains by the module, in kB of memory of its own, and the database's share of a sign-in."""

import re
import time
from pathlib import Path

SIGN_INS = 20


def own_memory(httpd):
    """Pss of the children, on average: memory of their own and their share of what is common."""
    time.sleep(0.5)
    sizes = []
    for child in httpd.children():
        text = Path(f"/proc/{child}/smaps_rollup").read_text()
        sizes.append(int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]))
    return sum(sizes) / len(sizes)


def measure(world):
    """kB of a child `without` the module, `fresh` with it and mod_dbd, `used` after sign-ins; `statements` a sign-in."""
    database = world.postgres.database()
    site = world.make_site(db=database)
    fresh = own_memory(site.httpd)
    mark = database.mark()
    for _ in range(SIGN_INS):
        assert site.browser().sign_in("alice", next="/members/").status == 200
    statements = len(database.statements(mark))
    used = own_memory(site.httpd)
    site.stop()
    site.httpd.twauth, site.httpd.modules, site.httpd.main, site.vhost.config = False, (), "", ""
    site.start()
    without = own_memory(site.httpd)
    site.stop()
    return {"without": without, "fresh": fresh, "used": used, "statements": statements / SIGN_INS}


def show(world):
    found = measure(world)
    print(f"memory of a child, kB: {found['without']:,.0f} without the module, "
          f"{found['fresh'] - found['without']:+,.0f} with it and mod_dbd, "
          f"{found['used'] - found['without']:+,.0f} after {SIGN_INS} sign-ins")
    print(f"statements a sign-in (PostgreSQL): {found['statements']:.1f}")
