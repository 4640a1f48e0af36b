# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/scaling.md that are computed are what the model says: `python3 -m bench.model`."""

import re

import pytest

from bench import model
from guard import read


def table(name):
    return re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- end -->", read("docs/scaling.md"), re.S)[1]


@pytest.mark.parametrize("name", model.TABLES)
def test_table(name):
    assert table(name) == model.TABLES[name]


def test_more_of_anything_is_never_cheaper():
    """Each load that grows makes what is needed grow, or leaves it."""
    usual = model.plan(model.Site())
    for name in ("users", "requests", "minutes", "sign_ins", "busiest"):
        more = model.plan(model.replace(model.Site(), **{name: 2 * getattr(model.Site(), name)}))
        assert more.httpd >= usual.httpd and more.database >= usual.database and more.nodes >= usual.nodes, name
    assert model.plan(model.Site(recheck=0)).rechecks == usual.requests


def test_a_plan_keeps_to_what_directives_take():
    for users in (1, 10**3, 10**6, 10**8, 10**9):
        found = model.plan(model.Site(users=users))
        assert 8 <= found.provider_calls <= 1024
        number, unit = model.limit(found.start_limit).split("/")
        assert int(number) <= 65535 and unit in ("s", "min")


def test_one_node_may_fail():
    for site in model.SITES:
        found = model.plan(site)
        assert found.httpd <= (found.nodes - 1) * site.processors * site.used
