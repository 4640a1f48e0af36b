# SPDX-License-Identifier: Apache-2.0
"""AC-12: the path that was judged is the path that is served, whatever is behind httpd and however it is asked.

Each of thousands of spellings of one protected path goes through httpd to each backend, by each way. /whole/ is protected
as docs/set-up.md says; so is /safe/, of which a part is open, as it says; of /part/ the protected part is named alone,
which it warns of. A part of it with nginx and gunicorn in `make test`, all with `--full`.
"""

import re
from urllib.parse import unquote

import pytest

from harness import behind
from harness.httpd import VHost
from harness.paths import TREE
from harness.pipeline import ask
from harness.spellings import spellings

FORMS = "|".join(behind.FORMS)
SIGN_IN = "AuthType Twitter\nRequire valid-user\n"
OPEN = "AuthType None\nRequire all granted\n"
PLACES = {
    "whole": f'<Location "/whole">\n{SIGN_IN}</Location>\n',
    "part": f'<Location "/part/admin">\n{SIGN_IN}</Location>\n',
    "safe": f'<Location "/safe">\n{SIGN_IN}</Location>\n'
            f'<LocationMatch "^/safe/open/[A-Za-z0-9_./-]*$">\n{OPEN}</LocationMatch>\n',
}
TOLD = '<Location "/">\nTwAuthExport headers\nTwAuthHeader X-WEBAUTH-USER username\n</Location>\n'


def each(origin, more=""):
    return "".join(f'ProxyPass "/{form}/" "{origin}/{form}/" {more}\n' for form in behind.FORMS)


def matching(origin, end=".*"):
    return f'ProxyPassMatch "^/({FORMS})/({end})$" "{origin}/$1/$2"\n'


def rewritten(origin, end=".*", flags="P"):
    return f'RewriteEngine On\nRewriteRule "^/({FORMS})/({end})$" "{origin}/$1/$2" [{flags}]\n'


def handled(origin):
    """For files: the backend is told the path of one that is there."""
    return (f'<LocationMatch "^/({FORMS})/">\nSetHandler "proxy:{origin}"\n</LocationMatch>\n')


#: How httpd can be told to ask a backend that speaks HTTP; the first ones as people do.
PLAIN = {"ProxyPass": each, "ProxyPassMatch": matching, "RewriteRule": rewritten, "SetHandler": handled}
VARIANTS = {
    "encoded slashes": lambda origin: "AllowEncodedSlashes On\n" + each(origin),
    "unmerged": lambda origin: "MergeSlashes Off\n" + each(origin),
    "rewritten B": lambda origin: "AllowEncodedSlashes On\n" + rewritten(origin, flags="P,B"),
    "nocanon": lambda origin: "AllowEncodedSlashes NoDecode\n" + each(origin, "nocanon"),
    "mapping=encoded": lambda origin: each(origin, "mapping=encoded"),
    "mapping=servlet": lambda origin: each(origin, "mapping=servlet"),
    "rewritten NE": lambda origin: "AllowEncodedSlashes On\n" + rewritten(origin, flags="P,NE"),
}
SCRIPT = r".*\.php(/.*)?"
HTTP = [*PLAIN, *VARIANTS]
#: Backend, and way, of the small run and of the large one.
SMALL = [(name, way) for name in ("nginx", "gunicorn") for way in HTTP]
LARGE = [*SMALL, *((name, way) for name in ("node", "tomcat", "tomcat-loose") for way in HTTP), ("tomcat", "ajp"),
         *(("php-fpm", way) for way in PLAIN)]
#: What is in a spelling by which a part of an application can be walked round: of a backend, and of a way.
READS = {"nginx": None, "gunicorn": None, "node": r"(?-i:(?!admin)(?i:admin))|\\|%5c", "tomcat": ";|%3b",
         "tomcat-loose": r";|%3b|\\|%5c", "php-fpm": r"front\.php"}
PASSES = {"nocanon": "%2f|%5c", "mapping=encoded": "%2f|%5c", "mapping=servlet": "%2f|%5c", "rewritten NE": "%25|%23|%3f"}
KINDS = {"nginx": behind.Nginx, "gunicorn": behind.Gunicorn, "node": behind.Node, "php-fpm": behind.PhpFpm,
         "tomcat": behind.Tomcat}

#: The ways that pass on what came: nothing that is open is safe there but a whole application (DUMP_TWAUTH warns).
RAW = {"nocanon"}

#: What a client may send to be taken for somebody.
CLAIMS = [
    "X-Twauth-User: mallory\r\nX_Twauth_Id: mallory\r\nX-WEBAUTH-USER: mallory\r\n",
    "X.Twauth.User: mallory\r\nx-twauth-anything: mallory\r\nX_WEBAUTH_USER: mallory\r\nX-Web.Auth_User: mallory\r\n",
    "Connection: X-Twauth-User, X-WEBAUTH-USER, X-Twauth-Id\r\nX-Twauth-User: mallory\r\n",
    "X-Twauth-User: mallory\r\nX-Twauth-User: mallory\r\nX-WEBAUTH-USER: mallory\r\nX-WEBAUTH-USER: \r\n",
    "Connection: keep-alive, Authorization\r\nXTWAUTHUSER: mallory\r\n-X-Twauth-User: mallory\r\nX--Twauth--Id: mallory\r\n",
]


def pytest_generate_tests(metafunc):
    if "behind_by" in metafunc.fixturenames:
        metafunc.parametrize("behind_by", LARGE if metafunc.config.getoption("--full") else SMALL, ids=" ".join)


def ways(running):
    """(backend, way), its part of the configuration and its DocumentRoot."""
    for name, server in running.items():
        if name == "php-fpm":
            origin = server.origin
            yield (name, "ProxyPass"), each(origin + str(server.root)), None
            yield (name, "ProxyPassMatch"), matching(origin + str(server.root), SCRIPT), None
            yield (name, "RewriteRule"), rewritten(origin + str(server.root), SCRIPT), None
            yield (name, "SetHandler"), f'<FilesMatch "\\.php$">\nSetHandler "proxy:{origin}"\n</FilesMatch>\n', server.root
            continue
        readers = {"tomcat": server.port, "tomcat-loose": server.loose} if name == "tomcat" else {name: server.port}
        for reader, port in readers.items():
            for way, config in (PLAIN | VARIANTS).items():
                yield (reader, way), config(f"http://127.0.0.1:{port}"), None
        if name == "tomcat":
            yield (name, "ajp"), each(f"ajp://127.0.0.1:{server.ajp}"), None


@pytest.fixture(scope="module")
def running(folder, full):
    made = {}
    try:
        for name in full(("nginx", "gunicorn"), tuple(KINDS)):
            made[name] = KINDS[name](folder / f"behind-{name}").start()
        yield made
    finally:
        for server in made.values():
            server.stop()


@pytest.fixture(scope="module")
def site(make_site, running):
    site = make_site(start=False, scheme="http", config=TOLD + "TwAuthRealm one", log_access=False, loglevel="crit",
                     twauth_loglevel="warn", main="MaxKeepAliveRequests 0",
                     modules=("proxy", "proxy_http", "proxy_fcgi", "proxy_ajp", "rewrite"))
    tree = site.httpd.folder / "tree"
    for form in behind.FORMS:
        for file in ("admin/x", "admin/x.php", "admin/index.php", "open/x"):
            (tree / form / file).parent.mkdir(parents=True, exist_ok=True)
            (tree / form / file).write_text("never served: the backend is asked")
    base, places = site.vhost.config, "".join(PLACES.values())
    site.ways = {}
    for way, config, root in ways(running):
        vhost = VHost("127.0.0.1", tls=False, root=root or (tree if way[1] == "SetHandler" else None))
        folder = f'<Directory "{vhost.root}">\nRequire all granted\n</Directory>\n' if vhost.root else ""
        vhost.config = "\n".join((base, folder, config, places))
        site.httpd.vhosts.append(vhost)
        site.ways[way] = vhost
    return site.start()


@pytest.fixture(scope="module")
def alice(site):
    """Her cookies, as a header."""
    browser = site.browser()
    browser.sign_in("alice", next="/members/")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    browser.close()
    return f"Cookie: {cookies}\r\n"


def every(full, way, of=1):
    """Every how many-th spelling is asked."""
    return full(97, 1 if way in PLAIN else 7) * of


def ask_all(vhost, form, every, more=""):
    """Each spelling, and what its answer says: the part and the path that were served (None: no backend's), who was told."""
    asked = spellings(form, every)
    requests = [one.bytes(more + CLAIMS[i % len(CLAIMS)]) for i, one in enumerate(asked)]
    for spelling, (_, answer) in zip(asked, ask(vhost.port, requests), strict=True):
        if answer is None:
            continue
        part = answer.headers.get("x-part")
        said, _, path = answer.body.decode("latin-1").partition(" ")
        if answer.status == 0 and said in ("admin", "open"):        # no headers, as of HTTP/0.9
            part = said
        yield spelling, part, unquote(path) if part else None, answer.headers.get("x-told", "")


def test_as_many_spellings_as_the_document_says():
    assert f" {len(spellings('part')):,} spellings" in (TREE / "docs/set-up.md").read_text()


def is_below(path, form):
    return re.match(f"(/.*/tree)?/{form}(/|$)", path, re.S)


@pytest.mark.parametrize("form", ["whole", "safe"])
def test_AC_12_what_is_protected_as_documented_is_not_served(site, behind_by, full, form):
    """Whatever the backend reads into a path: nothing of it without a session but what is open by a plain name."""
    found, told = [], []
    for spelling, part, path, who in ask_all(site.ways[behind_by], form, every(full, behind_by[1])):
        if part and (part == "admin" or form == "whole") and is_below(path, form):
            found.append((str(spelling), path))
        if who:
            told.append((str(spelling), who))
    if form == "safe" and behind_by[1] in RAW and READS[behind_by[0]]:
        found = [one for one in found if not re.search(READS[behind_by[0]], one[0], re.I)]
    assert found == []
    assert told == []


def test_AC_12_a_part_of_an_application(site, behind_by, full):
    """What a backend serves of the part that is named alone, is spelt as DUMP_TWAUTH and docs/set-up.md warn."""
    backend, way = behind_by
    warned = "|".join(filter(None, (READS[backend], PASSES.get(way))))
    found, served = 0, 0
    for spelling, part, path, who in ask_all(site.ways[behind_by], "part", every(full, way)):
        served += part == "open"
        if part == "admin":
            found += 1
            target = spelling.target + " " + unquote(spelling.target)
            assert warned and re.search(warned, target, re.I), (str(spelling), path)
        assert not who, (str(spelling), who)
    assert served
    if warned and full(False, True) and way in ("ProxyPass", "nocanon", "rewritten NE"):
        assert found


def test_HD_1_nobody_is_told_but_by_the_module(site, behind_by, full, alice):
    """With a session, and whatever the client says of itself and of its connection."""
    heard = 0
    for spelling, part, path, who in ask_all(site.ways[behind_by], "whole", every(full, behind_by[1], 7), alice):
        assert "mallory" not in who, (str(spelling), who)
        if part and is_below(path, "whole"):
            heard += 1
            assert "alice" in who, (str(spelling), who)
    assert heard or behind_by[0] == "php-fpm"


# What the administrator is told

@pytest.fixture
def warned(make_site):
    site = make_site(start=False, protected="", modules=("proxy", "proxy_http", "proxy_fcgi", "proxy_ajp", "rewrite"))
    base = site.vhost.config

    def warned(config):
        site.vhost.config = f"{base}\n{config}"
        return [line for line in site.httpd.dump().splitlines() if "WARNING" in line and "otherwise than httpd" in line]
    return warned


ORIGIN = "http://127.0.0.1:3000"
AT = '<Location "{}">\n' + SIGN_IN + "</Location>\n"


@pytest.mark.parametrize("way", [each, matching, rewritten, lambda _: each("balancer://farm"), lambda _: each("ajp://127.0.0.1:1"),
                                 lambda origin: f'ProxyPass "/" "{origin}/"\n'])
def test_AC_12_warns_of_a_part(warned, way):
    assert len(warned(way(ORIGIN) + PLACES["part"])) == 1
    assert warned(way(ORIGIN) + AT.format("/")) == []


def test_AC_12_does_not_warn_of_the_documented_forms(warned):
    passes = each(ORIGIN)
    assert warned(passes + PLACES["whole"] + PLACES["safe"] + AT.format("/part")) == []
    assert warned(f'<Location "/app/">\n{SIGN_IN}ProxyPass "{ORIGIN}/"\n</Location>') == []


def test_AC_12_warns_of_an_open_part_by_prefix(warned):
    said = warned(f'ProxyPass "/" "{ORIGIN}/"\n' + AT.format("/") + f'<Location "/static/">\n{OPEN}</Location>')
    assert len(said) == 1 and "/static/ is open" in said[0]


def test_AC_12_warns_of_another_way_to_the_same_backend(warned):
    """`..;` leads from one of its applications to the other."""
    one = f'ProxyPass "/one/" "{ORIGIN}/one/"\n' + AT.format("/one/")
    assert len(warned(one + f'ProxyPass "/two/" "{ORIGIN}/two/"\n')) == 1
    assert warned(one + 'ProxyPass "/two/" "http://127.0.0.1:4000/two/"\n') == []


def test_AC_12_warns_of_nocanon_beside_anything_open(warned):
    """What the pattern was asked of is not what is passed on."""
    passes = f'ProxyPass "/safe/" "{ORIGIN}/safe/" nocanon\n'
    said = warned(passes + PLACES["safe"])
    assert len(said) == 1 and "take nocanon out" in said[0]
    assert warned(passes + AT.format("/safe")) == []


def test_AC_12_does_not_warn_of_files(warned):
    assert warned(AT.format("/admin")) == []
    assert warned(matching("fcgi://127.0.0.1:9000/srv", SCRIPT) + AT.format("/part/admin")) == []
