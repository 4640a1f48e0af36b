# SPDX-License-Identifier: Apache-2.0
"""The directives of the sources, of conf/twauth.conf and of docs/directives.md are the same, with the same defaults."""

import re
import subprocess
from pathlib import Path

import pytest

from guard import MODULE, TREE, code, every, read, sources

COMMAND_TABLE = "config/directives.c"
CONF = "config/conf.c"
MODULES = Path("/usr/lib/apache2/modules")
SECOND = 1000 * 1000
UNITS = {"ms": 1000, "s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND, "d": 24 * 3600 * SECOND, "": SECOND}

SERVER = "server config, virtual host"
DIRECTORY = SERVER + ", directory"
HTACCESS = DIRECTORY + ", .htaccess"


# What the sources say

def commands():
    """{directive: the context where it may stand} of the command table."""
    text = code(sources()[COMMAND_TABLE])
    text = text[text.index("const command_rec tw_directives[]"):]
    text = text[:text.index("\n};")]
    found = {}
    for macro, rest in re.findall(r"\b(SERVER|DIR|AP_INIT_\w+)\(((?:\"(?:[^\"\\]|\\.)*\"|[^()\"])*)\)", text):
        name = re.match(r'"(\w+)"', rest)[1]
        assert name not in found
        found[name] = (HTACCESS if macro == "DIR" or re.search("IN_HTACCESS|OR_AUTHCFG", rest)
                       else DIRECTORY if re.search("IN_PLACES|ACCESS_CONF", rest) else SERVER)
    assert len(found) == len(every(r"\b(?:SERVER|DIR|AP_INIT_\w+)\(", text, 35))
    return found


def number(text):
    """The value of an expression such as apr_time_from_sec(12 * 3600)."""
    text = text.strip()
    found = re.fullmatch(r"apr_time_from_(m?)sec\((.*)\)", text)
    factor = 1 if not found else 1000 if found[1] else SECOND
    product = found[2] if found else text
    assert re.fullmatch(r"[\d *]+", product), text
    value = factor
    for part in product.split("*"):
        value *= int(part)
    return value


def choices():
    """{list: {value: word}} of the words that directives take."""
    found = {name: {value: word for word, value in every(r'\{ "([\w-]+)", (\w+) \}', body, 2)}
             for name, body in every(r"(?s)choice_t (\w+)\[\] = \{(.*?)\};", code(sources()[CONF]), 9)}
    assert sum(map(len, found.values())) == len(every(r'\{ "[^"]*",', code(sources()[CONF]), 20))
    return found


def defaults():
    """{directive: default} as an administrator writes it; times are microseconds. What is not here has none."""
    text = code(sources()[CONF])
    found = {}
    for kind, name, rest in re.findall(r'^    (TEXT|TIME|NUMBER|CHOICE)\("(\w+)", (.*?)\),(?=\n    [A-Z]|\n\};)', text,
                                       re.M | re.S):
        parts = [part.strip() for part in re.split(r",(?![^(]*\))", rest)]
        last = parts[-1]
        if kind == "TEXT" and last != "NULL":
            found[name] = last.strip('"')
        elif kind == "CHOICE" and last != "TW_UNSET":
            found[name] = choices()[parts[1]][last]
        elif kind == "TIME" and last != "TW_UNSET":
            found[name] = number(last)
        elif kind == "NUMBER" and last.isdigit() and int(last):
            found[name] = last
    assert len(found) > 15
    found["TwAuthExport"] = re.search(r'NUMBER\("TwAuthExport".*TW_EXPORT_(\w+)\)', text)[1].lower()
    rates = [re.search(rf"conf->sign_in\.limit_{who}\.count = (\d+);\s*"
                       rf"conf->sign_in\.limit_{who}\.period = apr_time_from_sec\(60\)", text)[1]
             for who in ("client", "all")]
    found["TwAuthStartLimit"] = " ".join(rate + "/min" for rate in rates)
    found |= {name: kilobytes + "k" for name, kilobytes in re.findall(r'SIZE\("(\w+)", [^"]*, (\d+) \* 1024\)', text)}
    found["TwAuthProvider"] = re.search(r'#define DEFAULT_API "(.*)"', sources()["config/client.c"])[1]
    return found


def same(default, written):
    """Whether what is written somewhere is this default."""
    if isinstance(default, int):
        time = re.fullmatch(r"(\d+)(ms|s|min|h|d|)", written)
        return bool(time) and int(time[1]) * UNITS[time[2]] == default
    return default == written


# What the others say

def configured():
    """{directive: (active, arguments)} of conf/twauth.conf; the first line of each."""
    found = {}
    for hash_, name, args in re.findall(r"^(#?)(TwAuth\w+) +(.*)$", read("conf/twauth.conf"), re.M):
        assert name not in found, f"{name} stands there twice"
        found[name] = (not hash_, args.strip())
    return found


def documented():
    """{directive: {field: text}} of docs/directives.md."""
    found = {}
    text = read("docs/directives.md")
    for name, body in re.findall(r"^### (TwAuth\w+)\n(.*?)(?=^##|\Z)", text, re.M | re.S):
        assert name not in found
        found[name] = dict(re.findall(r"^\| (\w+): \| (.*?) \|$", body, re.M))
    return found


COMMANDS, DEFAULTS, CONFIGURED, DOCUMENTED = commands(), defaults(), configured(), documented()


def test_the_three_have_the_same_directives():
    assert set(CONFIGURED) == set(COMMANDS)
    assert set(DOCUMENTED) == set(COMMANDS)


@pytest.mark.parametrize("name", DEFAULTS)
def test_configuration_has_the_default(name):
    _, args = CONFIGURED[name]
    assert same(DEFAULTS[name], args.strip('"')), f"{name} {args}: the default is {DEFAULTS[name]}"


def test_N9_nothing_is_active():
    """A version of before could not read a default that it does not know: a rollback must start."""
    assert not [line for line in read("conf/twauth.conf").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("name", COMMANDS)
def test_reference_has_all_fields(name):
    fields = DOCUMENTED[name]
    wanted = ["Description", "Syntax", "Default", "Context"] + (["Override"] if COMMANDS[name] == HTACCESS else [])
    assert list(fields) == wanted
    assert f"`{name} " in fields["Syntax"]


@pytest.mark.parametrize("name", COMMANDS)
def test_reference_has_the_context(name):
    context = re.sub(r" \(not `\w+`\)|; not inherited", "", DOCUMENTED[name]["Context"])
    assert context == COMMANDS[name]
    assert DOCUMENTED[name].get("Override", "AuthConfig") == "AuthConfig"


@pytest.mark.parametrize("name", COMMANDS)
def test_reference_has_the_default(name):
    written = DOCUMENTED[name]["Default"]
    if name in DEFAULTS:
        assert re.fullmatch(r"`[^`]+`", written) and same(DEFAULTS[name], written.strip("`"))
    else:
        assert not re.fullmatch(r"`[^`]+`", written), "the sources have no such default"


@pytest.mark.parametrize("word", sorted({word for words in choices().values() for word in words.values()}))
def test_every_word_is_explained(word):
    assert f"`{word}`" in read("docs/directives.md") or f" {word}`" in read("docs/directives.md")


def test_no_document_names_a_directive_that_is_none():
    documents = ("README.md", *TREE.glob("docs/*.md"), "conf/twauth.conf", "CHANGES")
    text = "\n".join(read(document) for document in documents)
    assert not set(every(r"\bTwAuth[A-Z]\w*", text, 200)) - set(COMMANDS)


def test_require_providers_and_locations_are_documented():
    text = read("docs/directives.md")
    for provider in every(r'AUTHZ_PROVIDER_GROUP, "([\w-]+)"', sources()["auth/authz.c"]):
        assert f"Require {provider} " in text
    for location in every(r'apr_pstrcat\(draft->pconf, path, "(\w+)", NULL\)', sources()["config/build.c"], 4):
        assert f"| `{location}` |" in text


def test_variables_and_headers_are_documented():
    text = read("docs/directives.md")
    told = code("".join(source for name, source in sources().items() if not name.startswith("admin/")))
    for name in every(r'"(TWAUTH_[A-Z_]*[A-Z]|X-Twauth-[\w-]*\w)"', told, 15):
        assert f"`{name}`" in text, name


def test_errors_are_documented():
    text = read("docs/directives.md")
    for error in every(r'\bPAGE\(\w+, \d+, "([\w-]+)"', code(sources()["request/html.c"]), 15):
        assert f"| `{error}` |" in text, error


# httpd itself

@pytest.fixture
def check(tmp_path):
    """check(text): the configuration test of a server with the module, with this text added."""
    if not MODULE.exists():
        pytest.fail(f"{MODULE.name} is not there: run make first")
    load = read("conf/twauth.load")
    names = re.search(r"^# Depends:\s+(.*?)\s*$", load, re.M)[1].split()
    path = re.search(r"^LoadModule twauth_module (\S+)$", load, re.M)[1]
    lines = [f'LoadModule {name}_module "{MODULES}/mod_{name}.so"' for name in ("mpm_event", *names)]
    lines += [f'ServerRoot "{tmp_path}"', "ServerName localhost", "Listen 127.0.0.1:1", 'PidFile "pid"',
              'DefaultRuntimeDir "."', 'ErrorLog "error.log"', load.replace(path, f'"{MODULE}"')]

    def run(text):
        conf = tmp_path / "httpd.conf"
        conf.write_text("\n".join(lines) + "\n" + text)
        return subprocess.run(["/usr/sbin/apache2", "-t", "-f", conf, "-D", "DUMP_TWAUTH"], capture_output=True,
                              text=True)
    return run


@pytest.fixture(autouse=True)
def _sanitizer(monkeypatch):
    import os
    if os.environ.get("TWAUTH_PRELOAD"):
        monkeypatch.setenv("LD_PRELOAD", os.environ["TWAUTH_PRELOAD"])
        monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0")


def test_configuration_loads_as_it_stands(check):
    ran = check(f'Include "{TREE}/conf/twauth.conf"\n')
    assert ran.returncode == 0, ran.stderr
    assert "Syntax OK" in ran.stderr and "TW0" not in ran.stderr
    assert "off everywhere" in ran.stdout


@pytest.mark.parametrize("name", [name for name in COMMANDS])
def test_examples_in_the_configuration_are_accepted(check, name, tmp_path):
    """Also the lines that are commented out, each by itself."""
    ran = check(f"{name} {CONFIGURED[name][1]}\n")
    if "not in this version" in DOCUMENTED[name]["Description"]:
        assert ran.returncode != 0 and "this version does not have" in ran.stderr
    elif name in ("TwAuthEngine", "TwAuthHub", "TwAuthConsumerKey", "TwAuthConsumerSecret", "TwAuthClientID", "TwAuthClientSecret"):
        assert ran.returncode != 0 and "TW0101" in ran.stderr     # they want more lines beside them
    else:
        assert ran.returncode == 0, ran.stderr


def test_load_file_is_debians(check):
    lines = read("conf/twauth.load").splitlines()
    assert re.fullmatch(r"# Depends:( [a-z_]+)+", lines[0])
    assert lines[1:] == ["LoadModule twauth_module /usr/lib/apache2/modules/mod_twauth.so"]
