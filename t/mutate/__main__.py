# SPDX-License-Identifier: Apache-2.0
"""Mutation of the core: small faults are put into its code, one at a time; the tests have to notice.

    make mutate                       # 400 mutants of src/{base,shared,sealed,x}, judged by t/unit and t/fuzz
    make mutate MUTANTS=50 SEED=7     # other ones
    make mutate MUTATE="--live --file base/secret.c"
    make mutate MUTATE="--again --live"     # those that survived the last time

Each mutant is one change of one file: `<` becomes `<=`, a call is left out, a condition is always true. The object is
compiled, the core linked anew as a shared library, and the programs of t/unit and the replayed corpora of t/fuzz run
until one fails, those that the source is linked into: the one with its name first, then its room, then the rest. A
mutant that compiles to the same code is no mutant. With --live the ones that nobody noticed also meet live tests (LIVE
says which). What survives is listed, as a line of a patch, in build/mutate/survivors, to be looked at: a test is
missing, or the change is none that anybody could see.
"""

import argparse
import concurrent.futures
import functools
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "t"))

from guard import code                                          # noqa: E402

#: Which live tests know most of a source; of one that is not here, those of its room.
LIVE = {
    "base/catalogue": ["request/test_pages.py", "request/test_pages_site.py"],
    "base/db_failure": ["store/test_database_failures.py", "store/test_database_trouble.py"],
    "base/db_native": ["store/test_database_failures.py", "store/test_database_trouble.py", "store/test_failover.py"],
    "base/http": ["login/test_flow_oauth1.py", "x/test_provider_libraries.py", "x/test_provider_descriptors.py",
                  "x/test_provider_tls.py", "x/test_provider_answers.py", "x/test_provider_slow.py", "x/test_provider_address.py"],
    "base/inherit": ["x/test_provider_descriptors.py"],
    "base/language": ["request/test_pages.py", "request/test_pages_site.py"],
    "base/redact": ["x/test_provider_refusals.py"],
    "base/secret": ["config/test_config_secrets.py", "config/test_keys.py"],
    "base/sentences": ["request/test_pages.py"],
    "base/vault": ["config/test_config_secrets.py"],
    "base/watchdog": ["store/test_database_failures.py"],
    "shared/deferred": ["sealed/test_session_end.py", "login/test_signout.py"],
    "x/hub": ["login/test_hub.py"],
    "x/oauth1": ["login/test_flow_oauth1.py", "login/test_profile.py", "login/test_account.py", "x/test_provider_refusals.py"],
    "x/oauth2": ["login/test_flow_oauth2.py", "login/test_profile.py", "login/test_account.py", "x/test_provider_refusals.py"],
    "x/oauth2_client": ["login/test_flow_oauth2.py"],
    "x/protocol": ["login/test_flow_oauth1.py", "x/test_provider_slow_exchange.py", "x/test_provider_libraries.py",
                   "x/test_provider_refusals.py", "login/test_profile.py"],
    "x/refusal": ["x/test_provider_refusals.py"],
    "x/refusal_table": ["x/test_provider_refusals.py"],
}
#: How long a file of live tests may take: the longest takes some minutes.
LIVE_SECONDS = 1800
ROOMS = ("base", "shared", "sealed", "x")
WORK = TOP / os.environ.get("TWAUTH_BUILD", "build") / "mutate"
#: A number here, one more, is memory that nobody asks for: no fault.
RESERVATION = re.compile(r"apr_p?calloc|apr_palloc|apr_array_make|^ +(?!return)[\w ]+ [^=(]*\w\[")
MORE = lambda m: str(int(m[0], 8 if m[0][0] == "0" else 10) + 1)            # noqa: E731
#: What changes: (what is looked for in code without comments and strings, what takes its place, or a function of the match).
OPERAND = r"(?<=[\w)\]])"
RULES = [
    (r" == ", " != "), (r" != ", " == "),
    (r" < ", " <= "), (r" < ", " >= "), (r" <= ", " < "), (r" > ", " >= "), (r" > ", " <= "), (r" >= ", " > "),
    (r" && ", " || "), (r" \|\| ", " && "), (r"\n +(&&|\|\|) ", lambda m: m[0].replace(m[1], "||" if m[1] == "&&" else "&&")),
    (OPERAND + r" \+ ", " - "), (OPERAND + r" - ", " + "), (OPERAND + r" \* ", " + "), (OPERAND + r" / ", " * "),
    (OPERAND + r" & ", " | "), (OPERAND + r" \| ", " & "), (OPERAND + r" << ", " >> "), (OPERAND + r" % ", " / "),
    (r" \+= ", " -= "), (r" -= ", " += "), (r" \|= ", " = "), (r"\+\+", "--"),
    (r"(?<=[(&| ])!(?=[\w(*])", ""),
    (r"(?<![\w.])\d+(?![\w.])", MORE),
    (r"(?<![\w.])[1-9]\d*(?![\w.])", lambda m: str(int(m[0]) - 1)),
    (r"(?m)^( +)(?!return|goto|break|continue|else|case|do\b)[\w>.\-\[\]]+\([^;{}]*\);$", lambda m: m[1] + ";"),
    (r"(?m)^( +)[\w>.\-\[\]*]+ [|+\-]?= [^;{}]*;$", lambda m: m[1] + ";"),
    (r"(?m)^( +)(break|continue);$", lambda m: m[1] + ";"),
    (r"\bif \((?=[^;{}]*\)[\s{])", "if (1 || "), (r"\bif \((?=[^;{}]*\)[\s{])", "if (0 && "),
    (r"(?m)^( +)return (?!0;|NULL;)[^;{}]+;$", lambda m: m[1] + "return 0;"),
]


class Mutant:
    def __init__(self, path, text, start, end, new):
        self.path, self.text = path, text[:start] + new + text[end:]
        line = text.count("\n", 0, start) + 1 + (text[start] == "\n")
        first, last = text.rfind("\n", 0, start + (text[start] == "\n")) + 1, text.find("\n", end)
        old = text[first:last]
        self.name = f"src/{path}:{line}"
        self.patch = f"{self.name}\n- {old.strip()}\n+ {self.text[first:last + len(self.text) - len(text)].strip()}"
        self.order = hashlib.sha256(f"{path}:{start}:{new}".encode()).digest()
        self.fate = None


def mutants(path):
    """All mutants of one file."""
    text = (TOP / "src" / path).read_text()
    # the strings back to their lengths, so that places agree
    seen = re.sub(r'"(?:[^"\\\n]|\\.)*"', lambda m: '"' + "_" * (len(m[0]) - 2) + '"', code(text))
    body = seen.find("\n{")                 # what is before the first function is declarations, and tables
    for pattern, new in RULES:
        for match in re.finditer(pattern, seen):
            line = seen[seen.rfind("\n", 0, match.start() + 1) + 1:match.end()]
            if match.start() < body or line.startswith("#") or "static const" in line \
                    or (new is MORE and RESERVATION.search(line)):
                continue
            put = new(match) if callable(new) else new
            yield Mutant(path, text, match.start(), match.end(), put)


def choose(paths, count, seed):
    """So many of all, each file by its share and at least three."""
    pools = {path: list(mutants(path)) for path in paths}
    total = sum(map(len, pools.values()))
    chosen = []
    for path, pool in pools.items():
        share = min(len(pool), max(3, round(count * len(pool) / total)))
        chosen += random.Random(f"{seed} {path}").sample(sorted(pool, key=lambda m: m.order), share)
    return chosen, total


def symbols(path):
    """What an object or a program defines for others, and what it wants of them."""
    defined, wanted = set(), set()
    for line in subprocess.run(["nm", "-P", path], text=True, check=True, stdout=subprocess.PIPE).stdout.splitlines():
        name, kind = line.split()[:2]
        (wanted if kind == "U" else defined).add(name)
    return defined, wanted


def make(*arguments):
    subprocess.run(["make", "-s", f"BUILD={WORK.relative_to(TOP)}", *arguments], cwd=TOP, check=True)


class Builder:
    """The core as a shared library, so that a mutant costs one compilation and one link."""

    def __init__(self):
        make("-j2", "all")
        self.objects = sorted(str(path) for room in ROOMS for path in (WORK / "src" / room).glob("*.o"))
        self.glue = sorted({str(path) for path in [*WORK.glob("*.o"), *(WORK / "src").rglob("*.o")]} - set(self.objects))
        self.libraries = self._of("LIBS")
        self.library = WORK / "core" / "libcore.so"
        self.library.parent.mkdir(exist_ok=True)
        self.link(self.objects, self.library)
        # the programs, linked with it in place of the archive
        make("-j2", f"CORE_LIB={self.library.relative_to(TOP)}", "-o", str(self.library.relative_to(TOP)), "tests")
        found = subprocess.run(["make", "-s", "-n", "-B", "V=1", f"BUILD={WORK.relative_to(TOP)}",
                                f"{WORK.relative_to(TOP)}/src/base/codec.o"], cwd=TOP, text=True, check=True, stdout=subprocess.PIPE)
        command = next(line for line in found.stdout.splitlines() if "codec.c" in line and " -c " in line)
        self.flags = [word for word in command.split()[:-4] if word not in ("-MMD", "-MP", "-g")]

        self.symbols = {path: symbols(path) for path in self.objects}

    @functools.cache
    def uses(self, program):
        """The sources that are in a program: what it wants, what that wants, and so on."""
        open_, found = symbols(program)[1], set()
        while open_:
            more = {path for path in self.objects if path not in found and self.symbols[path][0] & open_}
            found |= more
            open_ = set().union(*(self.symbols[path][1] for path in more))
        return {path.split("/src/")[1][:-1] + "c" for path in found}

    def _of(self, variable):
        show = f"show:\n\t@echo $({variable})\n"
        return subprocess.run(["make", "-s", "-f", "Makefile", "-f", "-", "show"], input=show, cwd=TOP, text=True, check=True,
                              stdout=subprocess.PIPE).stdout.split()

    def link(self, objects, out, *flags):
        subprocess.run(["cc", "-shared", f"-Wl,-soname,{Path(out).name}", "-o", str(out), *flags, *objects, *self.libraries], cwd=TOP, check=True)

    def compile(self, source, out):
        return subprocess.run([*self.flags, "-w", "-c", "-o", str(out), str(source)], cwd=TOP, stderr=subprocess.PIPE).returncode == 0


class Judge:
    """One place to work in: its folder has the mutant's library and module."""

    def __init__(self, builder, folder):
        self.builder, self.folder = builder, folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def run(self, program, *arguments, seconds):
        environment = {**os.environ, "LD_LIBRARY_PATH": str(self.folder), "TWAUTH_VECTORS": str(TOP / "t/unit/oauth1-vectors.json")}
        try:
            return subprocess.run([program, *arguments], cwd=TOP, env=environment, timeout=seconds, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def build(self, mutant):
        """Whether there is a mutant to judge: one that compiles, and to other code."""
        source, out = self.folder / Path(mutant.path).name, self.folder / "mutant.o"
        source.write_text(f'#line 1 "src/{mutant.path}"\n' + mutant.text)
        original = self.folder / "original.o"
        if not self.builder.compile(source, out):
            return "does not compile"
        source.write_text(f'#line 1 "src/{mutant.path}"\n' + (TOP / "src" / mutant.path).read_text())
        self.builder.compile(source, original)
        if out.read_bytes() == original.read_bytes():
            return "the same code"
        self.objects = [str(out) if path.endswith("/src/" + mutant.path[:-1] + "o") else path for path in self.builder.objects]
        self.builder.link(self.objects, self.folder / "libcore.so")
        return None

    def unit(self, mutant, programs):
        room, name = mutant.path[:-2].split("/")
        def nearness(program):
            return (program.name != f"test_{name}", program.parent.name != room, programs[program])
        for program in sorted((each for each in programs if mutant.path in self.builder.uses(each)), key=nearness):
            corpus = [f"t/fuzz/corpus/{program.name[5:]}"] if program.name.startswith("fuzz_") else []
            if not self.run(program, *corpus, seconds=20 + 5 * programs[program]):
                return f"killed by {program.relative_to(WORK)}"
        return None

    def live(self, mutant, files):
        """A test that fails with the mutant, twice, and not without it; or a file of tests that does not end with it."""
        def fails(objects, tests):
            """The test that fails with these objects; `tests` where not all of them end."""
            module = self.folder / "mod_twauth.so"
            self.builder.link(self.builder.glue + objects, module, "-Wl,--version-script=src/twauth.map")
            shutil.copy2(WORK / "twauthctl", self.folder)       # tests look for it beside the module
            command = ["/usr/bin/python3", "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-c", "t/pytest.ini",
                       "--protocol", "oauth1,oauth2", tests]
            try:
                done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      timeout=LIVE_SECONDS, env={**os.environ, "TWAUTH_MODULE": str(module)})
            except subprocess.TimeoutExpired:
                return tests
            failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.M)
            assert done.returncode == 0 or done.returncode == 1 and failed, done.stdout     # else pytest itself did not run
            return failed and failed[1]

        for file in files:
            failed = fails(self.objects, file)
            if failed and not fails(self.builder.objects, failed) and fails(self.objects, failed):
                return f"killed by {failed}"
            if failed:
                print(f"{mutant.name}: {failed} fails without a mutant too, or passes with it: {file} proves nothing", flush=True)
        return None


def live_tests(path):
    room = path.split("/")[0] if (TOP / "t/live" / path.split("/")[0]).is_dir() else "login"
    of_room = sorted(f"{room}/{file.name}" for file in (TOP / "t/live" / room).glob("test_*.py"))
    return [f"t/live/{name}" for name in LIVE.get(path[:-2], of_room)]


def programs_of(builder):
    """{program: seconds}: those of t/unit and t/fuzz, each of which passes as things are."""
    judge = Judge(builder, WORK / "judge-plain")
    builder.link(builder.objects, judge.folder / "libcore.so")
    found = {}
    for program in sorted((WORK / "t").rglob("*")):
        if program.is_file() and os.access(program, os.X_OK) and program.name.startswith(("test_", "fuzz_", "targets")) \
                and program.suffix == "":
            if program.name == "targets":
                continue                    # a helper of a test in Python, no test of its own
            began = time.monotonic()
            corpus = [f"t/fuzz/corpus/{program.name[5:]}"] if program.name.startswith("fuzz_") else []
            assert judge.run(program, *corpus, seconds=600), f"{program} fails without a mutant"
            found[program] = time.monotonic() - began
    return found


def main():
    options = argparse.ArgumentParser(prog="make mutate", description=__doc__.split("\n")[0])
    options.add_argument("--mutants", type=int, default=400)
    options.add_argument("--seed", default="1")
    options.add_argument("--file", action="append", help="base/codec.c; else the whole core")
    options.add_argument("--again", action="store_true", help="the mutants of build/mutate/survivors, and no others")
    options.add_argument("--live", nargs="*", help="survivors meet these live tests too; without names those of the room")
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    said = options.parse_args()
    paths = said.file or sorted(f"{room}/{path.name}" for room in ROOMS for path in (TOP / "src" / room).glob("*.c"))
    if said.again:
        again = set((WORK / "survivors").read_text().strip().split("\n\n"))
        pool = [mutant for path in paths for mutant in mutants(path)]
        chosen, total = [mutant for mutant in pool if mutant.patch in again], len(pool)
    else:
        chosen, total = choose(paths, said.mutants, said.seed)
    builder = Builder()
    programs = programs_of(builder)
    places = [Judge(builder, WORK / f"judge-{number}") for number in range(said.jobs)]

    def judge(mutant):
        place = places.pop()
        try:
            mutant.fate = place.build(mutant) or place.unit(mutant, programs)
            if mutant.fate is None and said.live is not None:
                mutant.fate = place.live(mutant, said.live or live_tests(mutant.path))
        finally:
            places.append(place)
        print(f"{mutant.name}: {mutant.fate}" if mutant.fate else f"SURVIVED {mutant.patch}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(said.jobs) as pool:
        for done in [pool.submit(judge, mutant) for mutant in chosen]:
            done.result()
    counted = [mutant for mutant in chosen if mutant.fate not in ("does not compile", "the same code")]
    survivors = [mutant for mutant in counted if mutant.fate is None]
    (WORK / "survivors").write_text("\n\n".join(mutant.patch for mutant in survivors) + "\n")
    print(f"{len(chosen)} of {total} mutants; {len(chosen) - len(counted)} are none (they do not compile, or to the same code)\n"
          f"{len(counted) - len(survivors)} of {len(counted)} killed ({100 * (len(counted) - len(survivors)) / len(counted):.1f} %), "
          f"{len(survivors)} survived: build/mutate/survivors")


if __name__ == "__main__":
    main()
