# SPDX-License-Identifier: Apache-2.0
"""The house: ten rooms on eight floors. A file includes its own room and rooms on floors below, and no room has a circle."""

import re

import pytest

from guard import SRC, TREE, bare, every, includes, read, sources

FLOORS = {"base": 1, "shared": 2, "sealed": 2, "x": 3, "store": 4, "config": 5, "request": 6, "admin": 7, "auth": 8,
          "login": 8}
#: No header of httpd: what the module, the unit tests and the fuzzers link alike.
CORE = ["base", "shared", "sealed", "x"]
#: Known to every room above the core.
COMMON = "private.h"

HTTPD = re.compile(r"(httpd|http_\w+|ap_\w+|mod_\w+|util_\w+|scoreboard|mpm_common|unixd)\.h$")

#: The outside libraries, and the one file that may know each.
LIBRARIES = {
    r"oauth\.h": "base/sign.c",
    r"curl/.*": "base/http.c",
    r"sodium\.h|sodium/.*": "sealed/seal.c",
    r"jansson\.h": "base/json.c",
    r"apr_dbd\.h|mod_dbd\.h": "store/link.h",
}
FILES = [name for name in sources() if "/" in name]


def room(name):
    return name.split("/")[0]


def stem(name):
    return name.rsplit(".", 1)[0]


def test_every_file_stands_in_one_of_the_ten_rooms():
    assert {room(name) for name in FILES} == set(FLOORS)
    assert {name for name in sources() if "/" not in name} == {"mod_twauth.c", COMMON}
    assert len(FILES) > 80


@pytest.mark.parametrize("name", FILES)
def test_no_arrow_upwards(name):
    ours, _ = includes(name)
    assert name.endswith(".h") or ours, "a file without its own header"
    for other in ours:
        if other == COMMON:
            assert room(name) not in CORE, "the core knows nothing of httpd's module"
        else:
            assert other in sources(), f"{other}: includes name the room"
            assert room(other) == room(name) or FLOORS[room(other)] < FLOORS[room(name)], f"{name} includes {other}"


def circle_from(start, edges):
    """The way from a file back to itself, or None."""
    ways, seen = [[start]], set()
    while ways:
        way = ways.pop()
        for other in edges[way[-1]]:
            if other == start:
                return way + [start]
            if other not in seen:
                seen.add(other)
                ways.append(way + [other])
    return None


def test_no_circle():
    """A .c and its .h are one: neither reaches itself by what it includes."""
    edges = {stem(name): set() for name in sources()}
    for name in sources():
        edges[stem(name)] |= {stem(other) for other in includes(name)[0]} - {stem(name)}
    circles = [" -> ".join(way) for way in (circle_from(name, edges) for name in edges) if way]
    assert sum(map(len, edges.values())) > 100 and not circles, circles


@pytest.mark.parametrize("name", [name for name in FILES if room(name) in CORE])
def test_core_knows_no_httpd(name):
    _, others = includes(name)
    assert not [o for o in others if HTTPD.match(o)]


def test_the_others_do():
    assert {o for name in FILES if room(name) not in CORE for o in includes(name)[1] if HTTPD.match(o)} >= {
        "httpd.h", "http_config.h", "mod_auth.h"}


@pytest.mark.parametrize("name", [name for name in FILES if room(name) not in [*CORE, "store", "config", "admin"]])
def test_requests_read_sites_and_not_what_was_written(name):
    assert not re.search(r"\btw_server_conf_t\b|\btw_conf_server\b", bare(sources()[name]))


@pytest.mark.parametrize("library", LIBRARIES)
def test_one_library_one_file(library):
    users = {name for name in sources() if any(re.fullmatch(library, o) for o in includes(name)[1])}
    assert users == {LIBRARIES[library]}


def test_core_library_is_the_core():
    assert re.search(r"^CORE_ROOMS := (.*)$", read("Makefile"), re.M)[1].split() == CORE


def test_architecture_shows_the_rooms_in_their_order_with_all_their_files():
    rows = re.findall(r"^\| `(\w+)/` \| ([^|]+) \|", read("docs/architecture.md"), re.M)
    assert [name for name, _ in rows] == list(FLOORS)[::-1]
    for name, cells in rows:
        shown = re.findall(r"`(\w+)`", cells)
        assert sorted(shown) == sorted({file.stem for file in (SRC / name).glob("*.[ch]")}), name


def missing(page):
    """What a page names and the tree has not: files, those of src/ by room with or without their end, functions, types."""
    rooms, text = "|".join(FLOORS), "\n".join(map(bare, sources().values()))
    known = {stem(name) for name in sources()} | set(sources())
    files = every(rf"`((?:{rooms})/\w+(?:\.[ch])?)`", page, 40)
    paths = every(r"`((?:t|bench|conf|sql|docs|debian)/[\w/.-]*|Makefile|mod_twauth\.c)`", page, 6)
    names = every(r"`(tw_\w*[a-z0-9])(?:\(\))?`", page, 5)
    return ({file for file in files if file not in known} | {path for path in paths if not (TREE / path).exists()}
            | {name for name in names if not re.search(rf"\b{name}\b", text)})


def test_architecture_names_what_is_there():
    page = read("docs/architecture.md")
    assert not missing(page)
    assert missing(page + "`x/oauth3` `x/oauth2.h` `x/oauth3.c` `bench/nothing.py` `tw_oauth3_t`") == {
        "x/oauth3", "x/oauth3.c", "bench/nothing.py", "tw_oauth3_t"}


def test_live_tests_stand_in_folders_after_the_rooms():
    folders = {file.parent.name for file in (TREE / "t/live").rglob("test_*.py")}
    assert len(folders) > 8 and folders <= {*FLOORS, "faults"}


def test_unit_tests_stand_in_their_rooms_beside_what_they_test():
    """test_seal.c tests seal.c, and so may test_seal_old_keys.c; what several rooms share stands above them."""
    unit = TREE / "t/unit"
    tests = sorted(file.relative_to(unit) for file in unit.rglob("test_*.c"))
    assert len(tests) > 20 and {str(test.parent) for test in tests} == set(CORE)
    assert not [test for test in tests if not any(
        (test.stem + "_").startswith(f"test_{source.stem}_") for source in (SRC / test.parent).glob("*.c"))]
