# SPDX-License-Identifier: Apache-2.0
"""The figures of a whole run, as kept in results.json: what the tables and the plot are made of.

    {"machine": {...}, "paths": {key: row}, "sides": {key: row}, "memory": {...}}

A row of `paths`: `instructions` [median, least, most] and `more`, over what it is compared with. A row of `sides`: the
same over an open page (None where there is no httpd); `cpu`, microseconds a request, `ratio` to the open page and
`times`, to mod_twauth, each [median, least, most] of the rounds. `memory`: kB of a child by what it has done, and
`statements` to PostgreSQL that a sign-in is.
"""

import json
from pathlib import Path
from statistics import median

from . import load, machine, memory, paths
from .callgrind import Callgrind, spread
from .sides import files, openidc, ours, recipe

FILE = Path(__file__).with_name("results.json")
SIDES = (files.Open, files.Basic, files.BasicCache, ours.Twauth, ours.Headers, ours.Recheck, openidc.ServerCache,
         openidc.ClientCookie, recipe.Flask, files.Form)
TWAUTH = ours.Twauth.key
#: How often httpd is started anew for a figure in instructions: hash tables are in another order in each process.
RUNS = 3
#: What is aimed at: instructions over what a path is compared with; a key is that path's own figure.
AIMS = {"open-module": 1500, "env": 11000, "headers": 13000, "login": 10000, "refused": 10000,
        "forged-cookie": "good-cookie", "idle-cookie": "good-cookie", "rekeyed-cookie": "good-cookie",
        "open-forged": "open-good"}
#: How many times cheaper than the Flask recipe a whole request is to be.
FLASK_AIM = 15


def of_paths(world, count):
    runs = [paths.measure(world.make_site, count) for _ in range(RUNS)]
    found = {key: [mean for run in runs for mean in run[key]] for key in runs[0]}
    more = paths.over(found, median)
    return {r.key: {"instructions": _whole(spread(found[r.key])), "more": more.get(r.key)} for r in paths.PATHS}


def of_sides(world, count, rounds):
    """Instructions of each side in turn, then the CPU time of all."""
    rows = {}
    for kind in SIDES:
        rows[kind.key] = {"instructions": None, "more": None}
        if kind.on_httpd:
            means = [mean for _ in range(1 if kind.slow else RUNS) for mean in _instructions(kind(world), count)]
            rows[kind.key]["instructions"] = _whole(spread(means))
            rows[kind.key]["more"] = round(median(means)) - rows[files.Open.key]["instructions"][0]
    cpu = load.rounds([kind(world) for kind in SIDES], rounds)
    for key, times in cpu.items():
        rows[key]["cpu"] = _short(spread(times))
        rows[key]["ratio"] = _short(spread([a / b for a, b in zip(times, cpu[files.Open.key])]))
        rows[key]["times"] = _short(spread([a / b for a, b in zip(times, cpu[TWAUTH])]))
    return rows


def _instructions(side, count):
    with Callgrind(side.httpd) as grind:
        return grind.cost(side.url, side.visit().headers(), 200, max(4, count // 20) if side.slow else count)


def of_memory(world):
    states, statements = memory.weigh(world)
    return {"states": {state: {"with": round(ours), "without": round(bare)} for state, (ours, bare) in states.items()},
            "statements": round(statements, 1)}


def _whole(numbers):
    return [round(n) for n in numbers]


def _short(numbers):
    return [round(n, 2) for n in numbers]


def measure(world, count, rounds):
    return {"machine": machine.describe(), "paths": of_paths(world, count), "sides": of_sides(world, count, rounds),
            "memory": of_memory(world)}


def load_file():
    return json.loads(FILE.read_text())


def save(results):
    FILE.write_text(json.dumps(results, indent=1) + "\n")
