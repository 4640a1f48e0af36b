# SPDX-License-Identifier: Apache-2.0
"""Rules of the C sources."""

import re
import shlex
import subprocess
from functools import cache

import pytest

from guard import MODULE, SRC, TREE, bare, files, includes, sources
from guard.test_layers import CORE, room

HEADERS = [name for name in sources() if name.endswith(".h")]
BANNED = "strcpy strcat sprintf vsprintf atoi atol atof strtok sscanf rand srand gets system popen alloca"
WIDTH = 80


@cache
def flags(httpd):
    def ask(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    found = ask("apr-1-config", "--cppflags", "--includes") + ask("apu-1-config", "--includes")
    return found + (["-I" + ask("apxs", "-q", "INCLUDEDIR")[0]] if httpd else [])


@pytest.mark.parametrize("name", HEADERS)
def test_header_compiles_alone(name):
    httpd = room(name) not in CORE
    command = ["cc", "-std=gnu11", "-Wall", "-Werror", "-fsyntax-only", f"-I{SRC}", *flags(httpd), "-x", "c", "-"]
    ran = subprocess.run(command, input=f'#include "{name}"\n#include "{name}"\n', capture_output=True, text=True)
    assert ran.returncode == 0, shlex.join(command) + "\n" + ran.stderr


@pytest.mark.parametrize("name", HEADERS)
def test_include_guard(name):
    guard = "TW_" + re.sub(r"[./]", "_", name).upper()
    lines = [line for line in bare(sources()[name]).split("\n") if line.strip()]
    assert lines[:2] == [f"#ifndef {guard}", f"#define {guard}"]
    assert lines[-1] == "#endif"


@pytest.mark.parametrize("name", [n for n in sources() if "/" in n and n.endswith(".c")])
def test_own_header_first(name):
    # a subcommand of twauthctl is declared by its row
    header = re.sub(r"^admin/control_\w+", "admin/control", name).replace(".c", ".h")
    assert re.search(r'^#include [<"](.*)[>"]', sources()[name], re.M)[1] == header
    assert includes(name)[0][0] == header


@pytest.mark.parametrize("name", [n for n in sources() if n.endswith(".h")])
def test_header_begins_with_its_manual(name):
    stem = name.removesuffix(".h")
    assert re.match(rf"/\* SPDX[^\n]*\*/\n/\*\n \* {stem}: [\w`]", sources()[name])


@pytest.mark.parametrize("name", sources())
def test_banned_functions(name):
    found = re.findall(rf"\b({BANNED.replace(' ', '|')})\s*\(", bare(sources()[name]))
    assert not found


def test_banned_functions_can_be_found():
    for function in BANNED.split():
        assert re.search(rf"\b({BANNED.replace(' ', '|')})\s*\(", bare(f"    n = {function} (a, \"b\");"))


def c_files():
    return [file for place in ("mod_twauth.c", "src/**/*.[ch]", "t/unit/**/*.[ch]", "t/fuzz/*.[ch]")
            for file in sorted(TREE.glob(place))]


@pytest.mark.parametrize("file", c_files(), ids=lambda file: file.name)
def test_lines(file):
    lines = file.read_text().split("\n")
    assert not [f"{n}: {len(line)} columns" for n, line in enumerate(lines, 1) if len(line) > WIDTH]
    assert not [f"{n}: tab or blank at the end" for n, line in enumerate(lines, 1)
                if "\t" in line or line != line.rstrip()]
    assert lines[-1] == "", "no line end at the end"


# Words of this module's own where httpd or the RFCs have one: what to say instead.  Words that are plain English in
# another sense are here only in the forms that were the module's own.
WORDS = {
    r"W(floor|floors)": "revalidate_before",
    r"W(owes?|owed|owing|pays?|paying|paid)": "defer_delete, run_deferred",
    r"W(spends?|spending|spent)": "use_once, used",
    r"W(permits?|seats?|seated)|\w*(take|free|no|wait_for)_place|WAIT_FOR_PLACE": "lease",
    r"tw_shared_end(ed|_found)?": "revoke, is_revoked",
    r"tw_(shared_)?breaker_(good|bad|unknown)": "success, failure, abandon",
    r"tw_shared_note|(TW_)?NOTES?_[A-Z]\w+|TW_NOTES": "log_once, TW_LOG_*",
    r"tw_visitor_look|\w*UNCERTAIN|BESIDE": "authenticate, UNVERIFIED, RECHECK_OVERLAP",
    r"first_of|visitor->first|request_rec \*first": "initial",
    r"server_rec \*main|(tree|b|build)->main|\w+_main(?!\.h)": "base_server",
    r"tw_visitor(?=\()|tw_visitor_known": "tw_visitor_get, tw_visitor_peek",
    r"W(take_back|give_tokens)|takes? (it|them|what|a cookie) back": "export_identity, withdraw",
    r"tw_answer\w*|TW_ANSWER\w*|oauth[12]_answer|W(proofs?)": "authz_response, grant",
    r"W(judges?|judged|judging)": "authorize, check",
    r"W(likeness|likenesses)": "fingerprint",
    r"W(demands?|demanded|demanding)": "require",
    r"blank(?=\()|BLANK_\w+|blank(s|ed) out": "redact",
    r"away(?=\()|\w+_away|AWAY_\w+|(is|was|be|been|are|were) away": "down, database_down",
    r"tw_memo\w*": "tw_cache", r"tw_watch(_\w+)?": "tw_watchdog", r"tw_tree\w*": "tw_conftree",
    r"tw_value(_\w+)?": "tw_values", r"tw_flows\w*": "tw_flow_cookies", r"tw_headers\w*": "tw_identity_headers",
    r"tw_dbfail\w*|TW_DBFAIL\w*": "tw_db_failure", r"tw_native\w*|TW_NATIVE\w*": "tw_db_native",
    r"tw_setting_(?!t\b)\w+|TW_SETTING_\w+": "tw_settings",
}
# W(...): as a word, and as a part of a name.
FORMS = [(re.compile(r"(?<!\w)(?:" + re.sub(r"W\((.*?)\)", r"(?:\\w+_)?(?:\1)(?:_\\w+)?", form) + r")(?!\w)"), word)
         for form, word in WORDS.items()]
STRINGS = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def own_words(text):
    """Own words in names and comments; what stands in strings is for administrators and X."""
    text = STRINGS.sub(lambda m: m[0] if m[0].startswith("/*") else '""', text)
    text = re.sub(r"\s*\n[ ]*\*?[ ]*", " ", text)
    return [f"{m[0]}: say {word}" for form, word in FORMS for m in form.finditer(text)]


@pytest.mark.parametrize("name", sources())
def test_words(name):
    assert not own_words(sources()[name])


def test_words_can_fail():
    """Each form once: in a name, in a comment, over a line's end; and what is no fault."""
    faults = ["tw_shared_floor(x);", "/* the\n * floor */", "/* a seat\n * is free */", "int owed;", "NOTE_BUSY", "x->proof",
              "tw_visitor(r)", "/* while X is\n * away */", "tw_memo_t *memo;", "blank(err)", "server_rec *main",
              "/* its times are judged */", "first_of(r)", "tw_watch_begin(x)", "take_back(r)", "tw_setting_set(x)",
              "&shared->spent", "tw_shared_ended(x)", "tw_breaker_good(b)", "tw_visitor_look(v)", "tw_browser_t likeness",
              "demand_cookies", "tw_tree_t", "tw_value_time", "tw_flows_add", "tw_headers_t", "tw_dbfail_t", "tw_native_t"]
    assert not [text for text in faults if not own_words(text)]
    assert all(any(form.search(text.replace("\n *", "")) for text in faults) for form, _ in FORMS)
    for text in ('"the database is away"', "tw_visitor_get(r)", "r->main", "/* one blank, the first of all */", "tw_setting_t",
                 "tw_values_time", "tw_watchdog_begin()", "tw_visitor_t", "/* thrown away */", "tw_headers"[:3]):
        assert not own_words(text), text


def test_module_exports_one_symbol():
    if not MODULE.exists():
        pytest.fail(f"{MODULE.name} is not there: run make first")
    ran = subprocess.run(["nm", "-D", "--defined-only", MODULE], capture_output=True, text=True, check=True)
    names = [line.split()[-1] for line in ran.stdout.splitlines()]
    assert [n for n in names if not n.startswith(("__asan", "__odr_asan"))] == ["twauth_module"]


def test_licence():
    """Each file that is written says under which licence; LICENSE has its text."""
    written = [f for f in files() if f.suffix in (".c", ".h", ".py", ".sql", ".mk") or f.name in ("Makefile", "run")]
    assert len(written) > 250 and "Version 2.0, January 2004" in (TREE / "LICENSE").read_text()
    assert not [str(f) for f in written
                if "SPDX-License-Identifier: Apache-2.0" not in (TREE / f).read_text()[:200] and (TREE / f).stat().st_size]


def test_version_of_the_tables_is_that_of_the_newest_file():
    """In the module, in the files for new tables, and in the two upgrades."""
    files = {kind: {int(name.stem.partition("-")[2]) for name in TREE.glob(f"sql/{kind}-*.sql")} for kind in ("sqlite3", "pgsql")}
    last = int(re.search(r"#define TW_VERSION (\d+)", sources()["store/version.h"])[1])
    for kind, numbers in files.items():
        assert numbers == set(range(2, last + 1))
        text = (TREE / f"sql/{kind}.sql").read_text()
        assert re.findall(r"INSERT INTO twauth_schema \(version\) VALUES \((\d+)\)", text) == [str(last)]
        for number in range(5, last + 1):
            text = (TREE / f"sql/{kind}-{number}.sql").read_text()
            assert len(re.findall(rf"INSERT INTO twauth_schema \(version\)\s+(?:VALUES \(|SELECT ){number}\b", text)) == 1
