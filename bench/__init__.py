"""What mod_twauth costs, and what others cost: `make bench` and, in `make test`, the guard of the figures.

One idea a file:

    connection   one kept-alive connection, as lean as can be
    callgrind    instructions a request of an httpd
    paths        what the module adds to each kind of request
    memory       what the module adds to a child process
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "t"))      # the harness of the tests
