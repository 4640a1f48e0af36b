# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the live tests; README.md teaches them. The work is done in harness/."""

import itertools
import sys

import pytest

from harness import process
from harness.backend import Backend
from harness.certs import Authority
from harness.chat import Chat
from harness.chromium import BROWSERS
from harness.database import Postgres, Sqlite
from harness.errorlog import NO_DATABASE
from harness.httpd import Httpd, VHost
from harness.paths import MODULE
from harness.site import Site
from harness.standin import StandIn

_count = itertools.count(1)


# Which MPM, which database

def pytest_addoption(parser):
    group = parser.getgroup("mod_twauth")
    group.addoption("--mpm", default="event", help="MPMs to test with, by commas (event, worker, prefork)")
    group.addoption("--protocol", default="oauth1", help="protocols to test with, by commas (oauth1, oauth2)")
    group.addoption("--db", default="sqlite", help="databases to test with, by commas (sqlite, pgsql)")
    group.addoption("--full", action="store_true", help="the large sizes, where a test has a small and a large one, and tests marked full")


def _choices(metafunc, fixture, marker, option):
    if fixture not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker(marker)
    values = list(mark.args) if mark else metafunc.config.getoption(option).split(",")
    values = [sys.intern(v) for v in values]        # pytest keeps a module's fixture only while this is the same object
    if mark or len(values) > 1:
        metafunc.parametrize(fixture, values, indirect=True, scope="module")


def pytest_generate_tests(metafunc):
    _choices(metafunc, "mpm", "mpms", "--mpm")
    _choices(metafunc, "db_kind", "databases", "--db")
    _choices(metafunc, "protocol", "protocols", "--protocol")


#: The files that take longest, begun first: side by side, no processor is idle while the last one ends.
LONGEST = ("test_database_failures", "test_fault_provider", "test_soak", "test_session_model", "test_database_trouble",
           "test_fault_httpd", "test_fault_database", "test_unit", "test_cost", "test_pgbouncer", "test_account_identity",
           "test_fault_breaker", "test_httpd_cache_parts", "test_targets", "test_session_grace")


def pytest_collection_modifyitems(config, items):
    """A parameter that is marked for one protocol is left out with another, and what is marked full without --full."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))
    default = config.getoption("--protocol")
    items[:] = [item for item in items if all(_params(item).get("protocol", default) in mark.args
                                              for mark in getattr(getattr(item, "callspec", None), "marks", ())
                                              if mark.name == "protocols")]
    if not config.getoption("--full"):
        large = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=large)
        items[:] = [item for item in items if item not in large]


def _params(item):
    return item.callspec.params if hasattr(item, "callspec") else {}


@pytest.fixture(scope="module")
def mpm(request):
    return getattr(request, "param", request.config.getoption("--mpm"))


@pytest.fixture(scope="module")
def db_kind(request):
    return getattr(request, "param", request.config.getoption("--db"))


@pytest.fixture(scope="module")
def protocol(request):
    """oauth1 or oauth2: how sites sign in."""
    return getattr(request, "param", request.config.getoption("--protocol"))


@pytest.fixture(scope="session")
def full(request):
    """full(small, large): the size for this run; the large one with --full."""
    chosen = request.config.getoption("--full")
    return lambda small, large: large if chosen else small


# What lasts as long as the test run

@pytest.fixture(scope="session")
def folder():
    """The folder everything of this run is in. TWAUTH_KEEP=1 leaves it there."""
    return process.folder()


@pytest.fixture(scope="session")
def authority(folder):
    (folder / "ca").mkdir(mode=0o755)
    return Authority(folder / "ca")


@pytest.fixture(scope="session")
def _standin(folder, authority):
    standin = StandIn(folder / "standin", authority)
    yield standin
    standin.stop()


@pytest.fixture(scope="session")
def postgres(folder):
    """The PostgreSQL server."""
    server = Postgres(folder / "pg").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _chromium(folder, authority):
    from harness.chromium import Chromium
    chromium = Chromium(folder / "chromium", authority)
    yield chromium
    chromium.stop()


@pytest.fixture(scope="session")
def _chromium_driver(_chromium):
    return _chromium.start()


@pytest.fixture(scope="session")
def _firefox(folder):
    from harness.firefox import Firefox
    firefox = Firefox(folder / "firefox")
    yield firefox
    firefox.stop()


@pytest.fixture(scope="session")
def _firefox_driver(_firefox):
    return _firefox.start()


@pytest.fixture(scope="session")
def _webkit(folder):
    from harness.webkit import WebKit
    webkit = WebKit(folder / "webkit")
    yield webkit
    webkit.stop()


# What a module has to itself

@pytest.fixture(scope="module")
def standin(_standin):
    """The stand-in for X, as if just started."""
    _standin.begin()
    return _standin


@pytest.fixture(scope="module")
def make_db(request, folder, db_kind):
    """make_db(schema=...): a fresh database of the kind under test; without a schema that of the module."""
    made = []

    def make(**schema):
        if db_kind == "pgsql":
            made.append(request.getfixturevalue("postgres").database(**schema))
        else:
            made.append(Sqlite(folder / f"db{next(_count)}", **schema))
        return made[-1]

    yield make
    for db in made:
        db.drop()


@pytest.fixture(scope="module")
def make_httpd(folder, authority, mpm):
    """make_httpd(VHost(...), ..., **parts of Httpd): an httpd, not started; stopped with the module."""
    made = []

    def make(*vhosts, **parts):
        parts = {"mpm": mpm, "twauth": False} | parts
        made.append(Httpd(folder / f"httpd{next(_count)}", authority, list(vhosts) or [VHost(tls=False)], **parts))
        return made[-1]

    yield make
    _end(made)


@pytest.fixture(scope="module")
def make_site(request, folder, authority, standin, make_db, mpm, protocol):
    """make_site(config="...", **parts of Site): a started site with a fresh database; start=False: not started."""
    made = []
    # A browser keeps a spare connection on which it asks nothing. httpd's children wait for it when they are to end, for
    # Timeout, and are killed after nine seconds.
    browsers = {"_chromium", "_firefox", "_webkit", "driver", "make_driver"}
    here = [item for item in request.session.items if item.module is request.module]
    timeout = 5 if any(browsers & set(item.fixturenames) for item in here) else 10

    def make(*, start=True, db=True, **parts):
        if not MODULE.exists():
            pytest.fail(f"{MODULE} is not there: run make first")
        db = make_db() if db is True else db
        site = Site(folder / f"site{next(_count)}", authority, standin, db or None,
                    **{"mpm": mpm, "protocol": protocol, "timeout": timeout} | parts)
        made.append(site.httpd)
        return site.start() if start else site

    yield make
    _end(made)


@pytest.fixture(scope="module")
def site(make_site):
    """A site with the defaults. A test module that wants another has a fixture `site` of its own."""
    return make_site()


@pytest.fixture(scope="module")
def echo():
    """ECHO, an HTTP server for mod_proxy to talk to: `echo.origin` is what a module's configuration needs."""
    backend = Backend()
    yield backend
    backend.stop()


@pytest.fixture(scope="module")
def chat():
    """CHAT, a server that agrees to every WebSocket; `chat.heard` is what it was asked."""
    server = Chat()
    yield server
    server.shutdown()
    server.server_close()


# What a test has to itself

@pytest.fixture
def browser(site):
    browser = site.browser()
    yield browser
    browser.close()


@pytest.fixture
def backend(echo):
    """ECHO, with nothing recorded yet."""
    echo.clear()
    return echo


@pytest.fixture
def chromium(_chromium_driver):
    """Selenium's driver for a Chromium without cookies."""
    from harness.chromium import forget
    forget(_chromium_driver)
    return _chromium_driver


@pytest.fixture
def firefox(_firefox_driver):
    """Selenium's driver for a Firefox without cookies; only in tests marked full."""
    from harness.firefox import forget
    forget(_firefox_driver)
    return _firefox_driver


@pytest.fixture
def webkit(make_webkit):
    """Selenium's driver for a WebKit; only in tests marked full."""
    return make_webkit()


@pytest.fixture
def make_chromium(_chromium):
    """make_chromium(block_cookies=True, ...): another Chromium, see harness.chromium."""
    yield from _more(_chromium)


@pytest.fixture
def make_firefox(_firefox):
    """make_firefox(block_cookies=True, ...): another Firefox, see harness.firefox."""
    yield from _more(_firefox)


@pytest.fixture
def make_webkit(_webkit):
    """make_webkit(block_cookies=True, ...): another WebKit, see harness.webkit."""
    yield from _more(_webkit)


def _more(browser):
    made = []

    def make(**options):
        made.append(browser.start(**options))
        return made[-1]

    yield make
    for driver in made:
        browser.quit(driver)


@pytest.fixture(params=BROWSERS)
def driver(request):
    """A browser's driver, without cookies."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=BROWSERS)
def make_driver(request):
    """make_driver(block_cookies=True, ...): another one of the same."""
    return request.getfixturevalue(f"make_{request.param}")


# The judge

def _judge(httpds, standin=None):
    """What is wrong with these servers since they were last looked at."""
    if Postgres.was_away:
        for httpd in httpds:
            httpd.allow_log(*NO_DATABASE)
    known = [httpd.canaries for httpd in httpds if httpd.canaries]
    for secret in standin.secrets() if standin and known else ():
        for canaries in known:
            canaries.add("a secret of the stand-in", secret)
    return [complaint for httpd in httpds for complaint in httpd.complaints()]


def _end(httpds):
    """Stop servers for good; their last words are judged too."""
    for httpd in httpds:
        httpd.stop()
    complaints = _judge(httpds)
    Httpd.live[:] = [h for h in Httpd.live if h not in httpds]
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.fixture(autouse=True)
def _quiet(request):
    """After each test: nothing loud, no sanitizer report, no dead child, no secret in any error log."""
    standin = request.getfixturevalue("standin") if "standin" in request.fixturenames else None
    yield
    complaints = _judge(Httpd.live, standin)
    Postgres.was_away = False
    if standin:
        standin.clear_faults()
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what the servers logged during it, the module's small talk left out."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for httpd in Httpd.live:
            lines = [str(line) for line in httpd.log.unjudged() if line.level not in ("info", "trace8")][-60:]
            if lines:
                report.sections.append((f"error log of {httpd.folder}", "\n".join(lines)))
