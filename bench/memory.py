"""What a child process of httpd gains by the module, in kB of memory of its own, and the database's share of a sign-in.

    make bench prints it after the instructions.
"""

import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "t"))

from harness import process                                          # noqa: E402
from harness.certs import Authority                                  # noqa: E402
from harness.database import Postgres                                # noqa: E402
from harness.site import Site                                        # noqa: E402
from harness.standin import StandIn                                  # noqa: E402

SIGN_INS = 20


def own_memory(httpd):
    """Pss of the children, on average: memory of their own and their share of what is common."""
    sizes = []
    for child in httpd.children():
        text = pathlib.Path(f"/proc/{child}/smaps_rollup").read_text()
        sizes.append(int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]))
    return sum(sizes) / len(sizes)


def main():
    folder = process.folder()
    (folder / "ca").mkdir(mode=0o755)
    authority = Authority(folder / "ca")
    standin = StandIn(folder / "standin", authority)
    standin.begin()
    postgres = Postgres(folder / "pg").start()
    database = postgres.database()
    site = Site(folder / "site", authority, standin, database)
    try:
        site.start()
        time.sleep(0.5)
        fresh = own_memory(site.httpd)
        mark = database.mark()
        for _ in range(SIGN_INS):
            browser = site.browser()
            assert browser.sign_in("alice", next="/members/").status == 200
        statements = len(database.statements(mark))
        used = own_memory(site.httpd)
        site.stop()
        text = site.httpd.conf.read_text()
        bare = re.sub(r"(?m)^(TwAuth|DBD|AuthType Twitter|Require (valid-user|twitter-user)|"
                      r"LogLevel twauth|LoadModule (twauth|dbd)_module).*$", "", text)
        site.httpd.write = lambda: site.httpd.conf.write_text(bare)
        site.start()
        time.sleep(0.5)
        without = own_memory(site.httpd)
    finally:
        site.stop()
        postgres.stop()
        standin.stop()
    print(f"memory of a child, kB: {without:,.0f} without the module, {fresh - without:+,.0f} with it and mod_dbd, "
          f"{used - without:+,.0f} after {SIGN_INS} sign-ins")
    print(f"statements a sign-in (PostgreSQL): {statements / SIGN_INS:.1f}")


if __name__ == "__main__":
    main()
