# SPDX-License-Identifier: Apache-2.0
"""Debian's package of this tree: what is in it, and a site that runs from it. Its life on a machine is proved by
`make test-package` (debian/tests/life)."""

import shutil
import subprocess
from fnmatch import fnmatch

import pytest
import yaml

from guard import TREE, every, files, read
from harness import httpd, process
from harness.paths import MODULE, PYTHON

NAME = "libapache2-mod-twauth"
BUILD = TREE / "build"


@pytest.fixture(scope="module")
def package(folder):
    """The package of the tree as it is, made of what `make` has compiled already."""
    tree = folder / "package/tree"
    for name in files():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TREE / name, tree / name)
    shutil.copytree(BUILD / "src", tree / "build/src")
    for name in ("mod_twauth.o", "mod_twauth.d", "libtwauth-core.a", "mod_twauth.so"):
        shutil.copy2(BUILD / name, tree / "build" / name)
    ran = subprocess.run(["debian/rules", "binary"], cwd=tree, env=process.environment(DEB_RULES_REQUIRES_ROOT="no"), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return next(path for path in tree.parent.glob(f"{NAME}_*.deb"))


@pytest.fixture(scope="module")
def root(package):
    """What it unpacks to."""
    root = package.parent / "root"
    subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    root.chmod(0o755)
    package.parent.chmod(0o755)
    return root


def test_all_that_an_administrator_needs_is_in_it(root):
    share = root / "usr/share/mod_twauth"
    for folder, there in (("sql", share), ("conf/pages", share / "pages")):
        named = {name.name for name in files() if str(name.parent) == folder}
        assert named and named <= {path.name for path in there.iterdir()}
    documents = root / "usr/share/doc" / NAME
    assert {name.name for name in files() if str(name.parent) == "docs" and name.suffix == ".md"} <= {
        path.name.removesuffix(".gz") for path in documents.iterdir()}
    for name in ("twauth.load", "twauth.conf"):
        assert (root / "etc/apache2/mods-available" / name).read_text() == (TREE / "conf" / name).read_text()


def test_nothing_else_is_in_it(root):
    """No file of the tree that only builds or proves; no place where Debian's package would not write."""
    below = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}
    allowed = ("etc/apache2/mods-available/twauth.", "usr/lib/apache2/modules/mod_twauth.so", "usr/include/apache2/mod_twauth.h",
               "usr/sbin/twauthctl", "usr/share/bash-completion/completions/twauthctl", "usr/share/man/man8/twauthctl.8",
               "usr/share/mod_twauth/", f"usr/share/doc/{NAME}/", "usr/share/lintian/overrides/")
    assert not [name for name in below if not name.startswith(allowed)]


def test_documents_name_it(package):
    """What somebody types to install it is what it is called."""
    for document in ("README.md", "docs/administration.md"):
        for pattern in every(r"apt install \S*/([\w*.-]+\.deb)", read(document)):
            assert fnmatch(package.name, pattern), document


def test_its_scripts_are_whole(package):
    """dpkg runs them with -e and without a terminal."""
    control = package.parent / "control"
    subprocess.run(["dpkg-deb", "-e", package, control], check=True)
    for name in ("postinst", "prerm", "postrm"):
        text = (control / name).read_text()
        assert "set -e" in text and "apache2_invoke" in text and "#DEBHELPER#" not in text
        assert subprocess.run(["sh", "-n", control / name]).returncode == 0
    assert (control / "conffiles").read_text().split() == [
        "/etc/apache2/mods-available/twauth.conf", "/etc/apache2/mods-available/twauth.load"]


@pytest.mark.databases("sqlite")
def test_a_site_runs_from_it(root, make_db, make_site, monkeypatch):
    """Its module, tables and pages; the rest of the machine has none of them."""
    module = root / "usr/lib/apache2/modules" / MODULE.name
    monkeypatch.setattr(httpd, "MODULE", module)
    share = root / "usr/share/mod_twauth"
    site = make_site(db=make_db(schema=share / "sqlite3.sql"), config=f"TwAuthPages {share}/pages")
    assert str(module) in site.httpd.conf.read_text()
    german = site.browser()
    german.language = "de"
    assert 'lang="de"' in german.begin("/members/").deny().text
    assert site.browser().sign_in("alice", next="/members/").status == 200


def container(package, *what):
    """docker/Dockerfile and its compose files, done and tried on a copy of this machine."""
    if not process.ROOT or subprocess.run(["debian/testbed", "true"], cwd=TREE).returncode != 0:
        pytest.skip("no copy of this machine can be made: not root, or no namespaces and overlays here")
    ran = subprocess.run(["debian/testbed", PYTHON, "-B", "t/package/container.py", "-", *what], cwd=TREE,
                         stdin=package.open("rb"), capture_output=True, text=True, timeout=1500)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    return ran.stdout


@pytest.mark.parametrize("database, user", [("sqlite", "root"), ("pgsql", "www-data")])
def test_a_container_of_it(package, database, user):
    """As the compose files have it, and without root: healthy, protected, signed in at, ended; and quiet."""
    said = container(package, database, user)
    assert f"{user}, {database}: healthy, signed in, ended, and quiet" in said


def test_compose_files_fit_together(package):
    """Everything that the site's configuration and the start ask for is given; nothing secret is in the environment."""
    www, db = (yaml.safe_load(read(f"docker/{name}"))["services"] for name in ("compose.yaml", "compose.pgsql.yaml"))
    asked = set(every(r"\$\{?(TWAUTH_[A-Z]+)", read("docker/site.conf") + read("docker/start"), 6))
    built = set(every(r"(TWAUTH_[A-Z]+)=", read("docker/Dockerfile")))
    assert asked <= set(www["www"]["environment"]) | built
    secrets = set(every(r"/run/secrets/(\w+)", read("docker/site.conf") + read("docker/start"), 3))
    assert secrets == set(www["www"]["secrets"]) | set(db["www"]["secrets"])
    assert not [name for service in (www["www"], db["www"], db["db"]) for name in service.get("environment", {})
                if "SECRET" in name or name.endswith("PASSWORD")]
