# SPDX-License-Identifier: Apache-2.0
"""Sizes that a reader can hold: of files, functions, lists of parameters, and structures."""

import re

import pytest

from guard import bare, sources

FILE, FUNCTION, PARAMETERS, FIELDS = 400, 60, 6, 15
#: Functions with more parameters than that, in the whole module.
MANY_PARAMETERS = 5


def parts(text, separators=","):
    """What stands between separators, those within brackets left alone; without what is empty."""
    found, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char in separators and depth == 0:
            found.append("")
        else:
            found[-1] += char
    return [" ".join(part.split()) for part in found if part.strip()]


def functions(text):
    """{name: (lines, parameters)} of the functions that C text defines."""
    lines = [line.rstrip() for line in bare(text).split("\n")]
    found = {}
    for opened, line in enumerate(lines):
        if line == "{" and lines[opened - 1].endswith(")"):
            start = opened
            while start and lines[start - 1] and lines[start - 1][0] not in "}#/" and lines[start - 1][-1] != ";":
                start -= 1
            name, arguments = re.fullmatch(r"[\w\s*]*?\b(\w+)\((.*)\)", " ".join(lines[start:opened])).groups()
            arguments = [] if arguments == "void" else parts(arguments)
            found[name] = (lines.index("}", opened) - start + 1, len(arguments))
    return found


def closed(text, start):
    """Where the bracket ends that opens at start."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place


def structs(text):
    """{name: fields}: a structure or union inside of another is one field where it has a name, else all of its own."""
    text = re.sub(r"^#(?:.*\\\n)*.*$", "", bare(text), flags=re.M)
    found = {}
    for opened in re.finditer(r"\b(?:struct|union)\b\s*(\w*)\s*\{", text):
        end = closed(text, opened.end() - 1)
        name = re.match(r"\s*(\w*)", text[end + 1:])[1] or opened[1]
        if name:
            found[name] = count(text[opened.end():end])
    return found


def count(body):
    fields = 0
    for field in parts(body, ";"):
        inside = re.match(r"(?:struct|union)\b\s*\w*\s*\{(.*)\}\s*$", field, re.S)
        fields += count(inside[1]) if inside else len(parts(field))
    return fields


def too_long_files(texts):
    return {name for name, text in texts.items() if text.count("\n") > FILE}


def each(texts, of):
    """{file: name: what} of all files."""
    return {f"{file}: {name}": size for file, text in texts.items() for name, size in of(text).items()}


def too_long_functions(texts):
    return {name for name, (lines, _) in each(texts, functions).items() if lines > FUNCTION}


def with_many_parameters(texts):
    return {name for name, (_, parameters) in each(texts, functions).items() if parameters > PARAMETERS}


def too_large_structs(texts):
    return {name for name, fields in each(texts, structs).items() if fields > FIELDS}


def test_files_are_short():
    assert not too_long_files(sources())


def test_functions_are_short():
    assert not too_long_functions(sources())


def test_functions_take_few_parameters():
    assert len(with_many_parameters(sources())) <= MANY_PARAMETERS


def test_structs_are_small_or_in_named_parts():
    assert not too_large_structs(sources())


# Whether these can fail

def test_everything_is_seen():
    texts = sources()
    assert len(each(texts, functions)) > 700 and len(each(texts, structs)) > 80
    # each pair of brackets in the first column, and each name of a type that ends in _t
    assert sum(len(functions(text)) for text in texts.values()) == \
        sum(len(re.findall(r"\)\n\{$", re.sub(r" +$", "", bare(text), flags=re.M), re.M)) for text in texts.values())
    types = {name for text in texts.values() for name in re.findall(r"^\} (tw_\w+_t);", text, re.M)}
    enums = {name for text in texts.values() for name in re.findall(r"enum[^{};]*\{[^}]*\} (tw_\w+_t);", bare(text))}
    assert len(types) > 40 and not types - enums - {name for text in texts.values() for name in structs(text)}


@pytest.mark.parametrize("lines, found", [(FILE, set()), (FILE + 1, {"x.c"})])
def test_a_long_file_is_found(lines, found):
    assert too_long_files({"x.c": "\n" * lines}) == found


@pytest.mark.parametrize("head", ["int f(void)", "static const char *f(int a,\n                     int b)",
                                  "void\nf(tw_t *t)", "apr_status_t f(void *data, int (*each)(void *, int))"])
def test_a_long_function_is_found(head):
    for before in ("", "/* what it does */\n", "int a;\n", "#define A 1\n", "}\n\n"):
        for lines, found in ((FUNCTION, set()), (FUNCTION + 1, {"x.c: f"})):
            made = f"{head}\n{{\n" + "    a = \"}\"; /* { */\n" * (lines - head.count("\n") - 3) + "}\n"
            assert made.count("\n") == lines
            assert too_long_functions({"x.c": f"{before}{made}\nint g(void)\n{{\n}}\n"}) == found


@pytest.mark.parametrize("last, found", [("", set()), (", void *g", {"x.c: f"}), (", int (*g)(int, int)", {"x.c: f"})])
def test_a_function_with_many_parameters_is_found(last, found):
    made = f"static int f(int a, const char *b, int c, int d,\n             int e, int (*each)(void *, int){last})\n{{\n}}\n"
    assert with_many_parameters({"x.c": made}) == found


@pytest.mark.parametrize("fields, found", [
    ("int a[2]; " * 15, set()), ("int a; " * 16, {"x.h: tw_x_t"}), ("int a, *b; " * 8, {"x.h: tw_x_t"}),
    ("int a; " * 14 + "struct { int b; int c; } part;", set()),
    ("int a; " * 14 + "struct { int b; int c; };", {"x.h: tw_x_t"}),
    ("int a; " * 15 + "struct { int b; } part;", {"x.h: tw_x_t"}),
    ("struct { " + "int b; " * 16 + "} part;", {"x.h: part"}),
    ("int (*a)(int, int); " * 15, set()), ("int (*a)(int, int); " * 16, {"x.h: tw_x_t"}),
])
def test_a_large_struct_is_found(fields, found):
    for form in ("typedef struct tw_x_t {%s} tw_x_t;", "struct tw_x_t {%s};", "typedef struct {\n%s\n} tw_x_t;"):
        assert too_large_structs({"x.h": form % fields}) == found
