# SPDX-License-Identifier: Apache-2.0
"""twauthctl: its list of subcommands (admin/control_table.h), the script that is made of it, and the sources agree."""

import re
import subprocess

import pytest

from guard import TREE, read, sources
from harness.paths import CONTROL

HEADER = "admin/control_table.h"


def rows(kind):
    """The texts of each row of that kind."""
    text = sources()[HEADER]
    text = text[text.index("#define TW_CONTROL_COMMANDS"):].replace("\\\n", "")
    found = re.findall(rf"\b{kind}\(((?:[^()\"]|\"[^\"]*\")*)\)", text)
    texts = [re.sub(r'"\s+"', "", row) for row in found]
    return [re.findall(r'"([^"]*)"', row) for row in texts if '"' in row]


def subcommands():
    """name: (arguments, help, example), in order of kind."""
    return {name: rest for name, *rest in rows("COMMAND") + rows("SCRIPT")}


def test_the_list_is_read():
    text = sources()[HEADER]
    assert len(subcommands()) == len(re.findall(r"^    (?:COMMAND|SCRIPT)\(", text, re.M)) >= 1
    assert len(rows("OPTION")) == len(re.findall(r"^    OPTION\(", text, re.M)) >= 1
    assert {name for name, *_ in rows("OPTION")} <= set(subcommands())


def test_texts_are_fit_for_a_shell():
    assert not [row for kind in ("COMMAND", "SCRIPT", "OPTION") for row in rows(kind) if re.search(r"[$`\\]", " ".join(row))]


def test_an_example_is_of_its_subcommand():
    for name, (_, sentence, example) in subcommands().items():
        assert not example or re.match(rf"twauthctl {name}\b", example), name
        assert sentence and not sentence.endswith("."), name


def test_the_script_shows_all():
    said = subprocess.run([CONTROL, "--help"], capture_output=True, text=True, check=True).stdout
    assert not re.search(r" $", said, re.M)
    for name, (arguments, sentence, example) in subcommands().items():
        assert (f"  {name} {arguments}".rstrip() in said) == bool(example), name
        lines = subprocess.run([CONTROL, name, "--help"], capture_output=True, text=True, check=True).stdout.splitlines()
        assert max(map(len, lines)) < 80 and not [line for line in lines if line.endswith(" ")], name
        one = " ".join(" ".join(lines).split())
        assert f"twauthctl {name} {arguments}".rstrip() in one and sentence in one and example in one
        for _, option, value, meaning in (row for row in rows("OPTION") if row[0] == name):
            assert f"--{option} {value}".rstrip() in one and meaning in one


def test_the_manual_has_all():
    """docs/twauthctl.8: a section a subcommand, in the order of help, with its options and its example."""
    page = read("docs/twauthctl.8").replace("\\-", "-")
    part = page[page.index(".SH SUBCOMMANDS"):page.index(".SH OPTIONS")]
    sections = dict(re.findall(r"(?ms)^\.SS \"?(.*?)\"?\n(.*?)(?=^\.SS|\Z)", part))
    text = sources()[HEADER]
    shown = sorted((name for name, (_, _, example) in subcommands().items() if example),
                   key=lambda name: re.search(rf'^    (COMMAND\(\w+, |SCRIPT\()"{name}"', text, re.M).start())
    assert list(sections) == [f"{name} {subcommands()[name][0]}".rstrip() for name in shown]
    for name, said in zip(shown, sections.values()):
        assert f"\n.EX\n{subcommands()[name][2]}\n" in said, name
        assert not [row[1] for row in rows("OPTION") if row[0] == name and f"--{row[1]}" not in said], name


def test_what_a_shell_completes():
    def words(*of):
        return subprocess.run([CONTROL, "--words", *of], capture_output=True, text=True, check=True).stdout.split()
    assert set(words()) == {name for name, row in subcommands().items() if row[2]} | {"--host", "--json", "--help"}
    assert {f"--{row[1]}" for row in rows("OPTION") if row[0] == "accounts"} < set(words("accounts"))
    script = (TREE / "src/admin/twauthctl.completion").read_text()
    typed = "COMP_WORDS=(twauthctl acc) COMP_CWORD=1; _twauthctl; echo ${COMPREPLY[@]}"
    path = f'PATH={CONTROL.parent}:$PATH\n'
    assert subprocess.run(["bash", "-c", path + script + typed], capture_output=True, text=True).stdout == "accounts\n"


def test_each_has_its_file():
    """One that the module does: control_NAME.c, or a file that has another command as well."""
    functions = re.findall(r"^    COMMAND\((\w+)", sources()[HEADER], re.M)
    for function in functions:
        assert [name for name in sources() if re.search(rf"^int tw_control_{function}\(", sources()[name], re.M)], function


def test_each_of_the_script_has_its_file():
    """NAME.sh, which make puts into the script."""
    names = {name.replace("-", "_") for name in re.findall(r'^    SCRIPT\("([\w-]+)"', sources()[HEADER], re.M)}
    assert names and {file.stem for file in (TREE / "src/admin").glob("*.sh")} == names
    for name in names:
        assert re.search(rf"^{name}\(\) {{", read(f"src/admin/{name}.sh"), re.M), name


FILES = ["twauthctl", *(file.name for file in sorted((TREE / "src/admin").glob("*.sh")))]


@pytest.mark.parametrize("file", FILES)
def test_no_shell_but_posix(file):
    script = read(f"src/admin/{file}")
    assert not re.search(r"\[\[(?!:)|\bfunction \w|\blocal\b|<\(|\bsource\b", script)
    assert script.startswith("#!/bin/sh\n") == (file == "twauthctl")


@pytest.mark.parametrize("file", FILES)
def test_a_file_has_one_idea(file):
    """More lines than this, and it has two: setup is the longest."""
    assert read(f"src/admin/{file}").count("\n") <= 430
