# SPDX-License-Identifier: Apache-2.0
"""A great number of requests on kept connections, sent by wrk.

    counts = wrk(vhost, [request(vhost, "/members/", cookies=...), ...], 100_000)

Each connection goes through the requests over and over. `counts` says how often each status came, how many answers held
the protected page ("canary"), and how many connections failed ("failed").
"""

import json
import subprocess
import tempfile
from collections import Counter

from .load import ask
from .site import CANARY

SCRIPT = """
local requests, canary, threads = {%s}, "%s", {}
function setup(thread)
  thread:set("number", #threads * 5)
  table.insert(threads, thread)
end
function init()
  counts = {canary = 0}
end
function request()
  number = number + 1
  return requests[(number - 1) %% #requests + 1]
end
function response(status, headers, body)
  counts[status] = (counts[status] or 0) + 1
  if body:find(canary, 1, true) then counts.canary = counts.canary + 1 end
end
function done(summary)
  for _, thread in ipairs(threads) do
    for name, n in pairs(thread:get("counts")) do io.write("SEEN ", name, " ", n, "\\n") end
  end
  local e = summary.errors
  io.write("SEEN failed ", e.connect + e.read + e.write + e.timeout, "\\n")
end
"""


def request(vhost, target, *, headers=(), **more):
    """The bytes of a navigation that keeps its connection; see load.ask."""
    return ask(vhost, target, headers={"Connection": None} | dict(headers), **more)["text"]


def wrk(vhost, requests, number, *, connections=12):
    """Send at least so many, in turns of some seconds; the counts of all."""
    counts = Counter()
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(SCRIPT % (",".join(json.dumps(r) for r in requests), CANARY))
        file.flush()
        while sum(n for name, n in counts.items() if name.isdigit()) < number:
            ran = subprocess.run(["wrk", "-t2", f"-c{connections}", "-d2s", "--timeout", "20s", "-s", file.name,
                                  f"{vhost.scheme}://127.0.0.1:{vhost.port}/"], capture_output=True, text=True,
                                 timeout=60)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            for line in ran.stdout.splitlines():
                if line.startswith("SEEN "):
                    _, name, n = line.split()
                    counts[name] += int(n)
    return +counts
