# SPDX-License-Identifier: Apache-2.0
"""What is given away is of one version, and the same each time."""

import os
import subprocess

import pytest

from guard import TREE, every, read
from harness import process

GIT = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t.example", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t.example"}


def test_one_version():
    """CHANGES has it; the packages' own files must not be behind."""
    version = every(r"^([0-9.]+) \(", read("CHANGES"))[0]
    assert every(r"^mod-twauth \((.*?)\)", read("debian/changelog"))[0] == version
    assert every(r"^Version: +(.*)$", read("rpm/mod_twauth.spec")) == [version]
    assert every(r"^\* .* - (.*)-1$", read("rpm/mod_twauth.spec"))[0] == version


@pytest.fixture
def clone(folder, tmp_path):
    """clone(name, **environment): a clone of this repository, and how to run something in it."""
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=TREE, capture_output=True).returncode != 0:
        pytest.skip("not a clone of one's own: a tarball has no history to be packed of")

    # whoever the tree belongs to
    (tmp_path / ".gitconfig").write_text("[safe]\n\tdirectory = *\n")

    def make(name):
        path = tmp_path / name
        subprocess.run(["git", "clone", "-q", TREE, path], check=True, env=process.environment(HOME=str(tmp_path)))
        return path
    return make


def run(path, *command, umask=0o022, **environment):
    return subprocess.run(command, cwd=path, umask=umask, text=True, capture_output=True,
                          env=process.environment(HOME=str(path), **GIT, **environment))


def tarball(path, **more):
    ran = run(path, "make", "-s", "dist", **more)
    assert ran.returncode == 0, ran.stderr
    file, = (path / "build/dist").glob("*.tar.gz")
    return file.name, file.read_bytes()


def test_a_tarball_is_the_same_each_time(clone):
    """Whoever makes it, wherever and whenever."""
    one, other = clone("one"), clone("other")
    for name, value in (("core.abbrev", "20"), ("tar.umask", "0077"), ("core.autocrlf", "true")):
        assert run(other, "git", "config", name, value).returncode == 0
    first = tarball(one)
    os.utime(other / "CHANGES", (0, 0))
    assert tarball(other, umask=0o077, TZ="Asia/Tokyo", LANG="C") == first


def test_what_is_not_fit_to_be_a_release_is_told(clone):
    path = clone("one")

    def check(*edits):
        for name, before, after in edits:
            file = path / name
            assert before in file.read_text()
            file.write_text(file.read_text().replace(before, after, 1))
        assert run(path, "git", "commit", "-qam", "edit").returncode in (0, 1)
        ran = run(path, "make", "-s", "release-check")
        return ran.returncode == 0, ran.stdout

    heading = next(line for line in read("CHANGES").split("\n") if line[:1].isdigit())
    version = heading.split()[0]
    fit, said = check(("CHANGES", heading, f"{version} (2026-13-26)"))
    assert not fit and f'not with "{version} (YEAR-MONTH-DAY)"' in said and said.count("wrong:") == 1
    fit, said = check(("CHANGES", "2026-13-26", "2026-11-26"))
    assert fit and f"git tag -s v{version}" in said
    fit, said = check(("debian/changelog", f"({version})", "(0.0.9)"), ("rpm/mod_twauth.spec", f" - {version}-1", " - 0.0.9-1"))
    assert not fit and said.count("wrong:") == 2 and "debian/changelog" in said and "%changelog" in said
    (path / "README.md").write_text("")
    assert "not committed" in run(path, "make", "-s", "release-check").stdout
