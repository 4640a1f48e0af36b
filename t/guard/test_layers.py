"""A file includes headers of strictly lower rows only; docs/architecture.md shows the same rows."""

import re

import pytest

from guard import includes, read, sources

ROWS = """
 0  tw_err tw_codec tw_target tw_headers tw_cell tw_reply tw_dbfail
 1  tw_seal tw_sign tw_http tw_json tw_redact tw_watch tw_marks tw_rate tw_breaker tw_leases
 2  tw_memo tw_recent tw_provider tw_refusal tw_deferred tw_native
 3  tw_oauth1 tw_oauth2 tw_flow tw_session tw_shared
 4  tw_private tw_realm tw_rights tw_tree tw_secret tw_vault tw_cookie tw_caching tw_navigation tw_gate
 5  tw_db tw_value tw_probe tw_findings
 6  tw_token tw_setting tw_condition tw_mount tw_sample
 7  tw_account tw_route tw_host tw_require tw_early
 8  tw_conf tw_access
 9  tw_site tw_places
10  tw_start tw_line tw_limit tw_address tw_open tw_taken
11  tw_visitor tw_html tw_check tw_exchange
12  tw_browser tw_page tw_flows tw_dump
13  tw_call tw_logout tw_whoami
14  tw_refresh tw_callback
15  tw_export tw_login
16  tw_authn tw_locations
17  tw_authz
18  mod_twauth
"""
LAST_OF_CORE = 3        # no header of httpd up to here

ROW = {name: int(line.split()[0]) for line in ROWS.split("\n") if line for name in line.split()[1:]}
HTTPD = re.compile(r"(httpd|http_\w+|ap_\w+|mod_\w+|util_\w+|scoreboard|mpm_common|unixd)\.h$")

#: The outside libraries, and the one file that may know each.
LIBRARIES = {
    r"oauth\.h": "tw_sign.c",
    r"curl/.*": "tw_http.c",
    r"sodium\.h|sodium/.*": "tw_seal.c",
    r"jansson\.h": "tw_json.c",
    r"apr_dbd\.h|mod_dbd\.h": "tw_db.c",
}


def stem(name):
    return name.rsplit(".", 1)[0]


def test_every_file_has_a_row_and_every_row_its_files():
    assert {stem(name) for name in sources()} == set(ROW)


@pytest.mark.parametrize("name", sources())
def test_includes_lower_rows_only(name):
    ours, _ = includes(name)
    wrong = [f"{o} (row {ROW.get(stem(o))})" for o in ours
             if stem(o) != stem(name) and not ROW.get(stem(o), 99) < ROW[stem(name)]]
    assert not wrong, f"{name} is in row {ROW[stem(name)]} and includes {', '.join(wrong)}"


@pytest.mark.parametrize("name", [n for n in sources() if ROW.get(stem(n), 99) <= LAST_OF_CORE])
def test_core_knows_no_httpd(name):
    _, others = includes(name)
    assert not [o for o in others if HTTPD.match(o)]


@pytest.mark.parametrize("library", LIBRARIES)
def test_one_library_one_file(library):
    users = {name for name in sources() if any(re.fullmatch(library, o) for o in includes(name)[1])}
    assert users == {LIBRARIES[library]}


def test_core_library_is_the_core():
    text = read("Makefile").replace("\\\n", " ")
    core = re.search(r"^CORE := (.*)$", text, re.M)[1].split()
    assert {f"tw_{name}" for name in core} == {name for name, row in ROW.items()
                                               if row <= LAST_OF_CORE and f"{name}.c" in sources()}


def test_architecture_shows_the_same_rows():
    shown = {}
    for row, cells in re.findall(r"^\| (\d+) \| ([^|]+) \|", read("docs/architecture.md"), re.M):
        shown.update({name.removesuffix(".c"): int(row) for name in re.findall(r"`(\w+(?:\.c)?)`", cells)})
    assert shown == ROW


def test_architecture_says_where_the_core_ends():
    assert f"Rows 0 to {LAST_OF_CORE} are **the core**" in read("docs/architecture.md")
