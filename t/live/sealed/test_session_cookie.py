# SPDX-License-Identifier: Apache-2.0
"""The session cookie: what it looks like, and that nothing but the very text the server gave is taken for it."""

import time

import pytest

from harness.canaries import spellings
from harness.checks import ALPHABET, FLOW, PRE, SESSION, SLACK, is_refused, typical, user, wrong_at
from harness.site import CANARY

pytestmark = pytest.mark.protocols("oauth1", "oauth2")


@pytest.fixture(scope="module")
def alice(site):
    """A browser in which alice is signed in; clone it."""
    browser = site.browser()
    browser.sign_in("alice")
    return browser


@pytest.fixture(scope="module")
def sealed(alice):
    return alice.cookies[SESSION]


def sent(alice, cookies, path="/members/"):
    """What comes back for this Cookie header."""
    return alice.clone().get(path, headers={"Cookie": cookies})


def signed_in(answer):
    return answer.status == 200 and CANARY in answer.text


def test_SE_1_attributes(site, browser):
    flow = browser.begin()
    arrived = flow.approve()
    out = browser.sign_out()
    given = [c for r in [*flow.steps, *arrived.history, arrived, out] for c in r.set_cookies]
    assert {SESSION, PRE} <= {c.name for c in given} and any(c.name.startswith(FLOW) for c in given)
    for cookie in given:
        assert cookie.name.startswith("__Host-twauth")
        assert cookie.has("Secure") and cookie.has("HttpOnly") and not cookie.has("Domain")
        assert cookie.get("SameSite") == "Lax" and cookie.get("Path") == "/"


def test_the_session_cookie_goes_with_the_browser_window(browser):
    arrived = browser.begin().arrive(browser.begin().callback(), follow=False)
    cookie = arrived.cookie(SESSION)
    assert not cookie.has("Max-Age") and not cookie.has("Expires")


def test_SE_1_nothing_over_plain_http(make_site):
    site = make_site(start=False)
    site.vhost.tls = False
    site.vhost.server_name = f"http://site.test:{site.vhost.port}"
    site.start()
    site.expect_log("TW0306")
    site.allow_log("AH01873")
    browser = site.browser()
    for path in ("/members/", "/twauth/login?next=%2F", "/twauth/session", "/"):
        answer = browser.get(path)
        assert "Set-Cookie" not in answer.headers and CANARY not in answer.text
    assert browser.get("/members/").status == 403
    assert len(browser.cookies) == 0
    site.stop()


def test_SE_2_longest_of_everything_fits(site, standin, browser):
    standin.people(**{"A" * 20: "18446744073709551615"}, alice="1001", bob="1002")
    standin.set(token_lengths={"request_token": 250, "request_secret": 250})
    target = "/members/env.cgi?" + "x" * (2000 - len("/members/env.cgi?"))
    flow = browser.begin(target)
    answer = flow.approve("18446744073709551615")
    assert answer.status == 200 and answer.target == target
    given = [c for r in [*flow.steps, *answer.history, answer] for c in r.set_cookies]
    assert max(len(c.name) + len(c.value) for c in given) <= 4096
    assert not any("_chunk" in c.name or c.name.endswith(("_0", "_1")) for c in given)


# SE-7, SE-8: any change makes it void

@pytest.fixture(scope="module")
def stranger(site):
    """A browser that is not signed in, with connections that stay open: for many requests."""
    browser = site.browser(keep_alive=True)
    browser.get("/members/")
    yield browser
    browser.close()


def with_session(stranger, value):
    return stranger.get("/members/", headers={"Cookie": f"{SESSION}={value}; {PRE}={stranger.cookies[PRE]}"})


def test_SE_7_every_position_counts(stranger, sealed):
    assert with_session(stranger, sealed).status == 200
    for i in range(len(sealed)):
        assert is_refused(with_session(stranger, wrong_at(sealed, i))), i


def test_SE_7_every_length_counts(stranger, sealed):
    for length in range(len(sealed)):
        assert is_refused(with_session(stranger, sealed[:length])), length
    for more in ("A", "AAAA", "=", "==", "%3D", "\"", ".", "-" * 300, "A" * 5000):
        assert is_refused(with_session(stranger, sealed + more)), more


def test_SE_7_halves_of_two_are_none(site, stranger, sealed):
    other = site.browser()
    other.sign_in("bob")
    other = other.cookies[SESSION]
    for cut in range(16, min(len(sealed), len(other)), 7):       # their first five letters are the same
        assert is_refused(with_session(stranger, sealed[:cut] + other[cut:]))
        assert is_refused(with_session(stranger, other[:cut] + sealed[cut:]))


def test_SE_7_void_is_answered_like_none(site, stranger, sealed):
    def shape(answer):
        return answer.status, answer.body, [(k, v) for k, v in answer.headers if k not in ("Date", "Set-Cookie", "Connection", "Keep-Alive")]

    def ask(value):
        cookies = f"{PRE}={stranger.cookies[PRE]}" + (f"; {SESSION}={value}" if value is not None else "")
        return shape(stranger.get("/members/", headers={"Cookie": cookies}))
    nothing = ask(None)
    for value in ("", "x", sealed[:-1], wrong_at(sealed, -3), "A" * len(sealed), wrong_at(sealed, 0), wrong_at(sealed, 4)):
        assert ask(value) == nothing, value


def test_SE_8_one_spelling(stranger, sealed):
    last = ALPHABET.index(sealed[-1])
    spare = {0: 0, 2: 4, 3: 2}[len(sealed) % 4]                 # bits of the last letter that stand for nothing
    others = [sealed[:-1] + ALPHABET[last ^ bits] for bits in range(1, 1 << spare)]
    padding = "=" * (-len(sealed) % 4)
    others += [sealed + "=" * n for n in range(1, 4)] + [sealed.replace("-", "+").replace("_", "/") + padding]
    others += [sealed.replace("-", "+").replace("_", "/"), f'"{sealed}"', sealed + "%00", sealed.replace("-", "%2D"),
               sealed[:9] + " " + sealed[9:], sealed[:9] + "\t" + sealed[9:], sealed[:9] + "," + sealed[9:]]
    for other in {o for o in others if o != sealed}:
        assert is_refused(with_session(stranger, other)), other
    for same in (sealed, f" {sealed}", f"{sealed} ", f"\t{sealed}\t"):
        answer = stranger.get("/members/", headers={"Cookie": f"{SESSION}={same.strip()}"})
        assert signed_in(answer)


def test_SE_10_no_sealed_thing_for_another(site, standin, browser, alice):
    flow = browser.begin()
    page = alice.get("/twauth/logout").text
    things = {"pre": browser.cookies[PRE], "flow": browser.cookies[browser.cookies.names("_flow_")[0]],
              "session": alice.cookies[SESSION],
              "form": page.split('name="token" value="')[1].split('"')[0]}
    stranger = site.browser()
    things["mark"] = stranger.get("/twauth/login").location.split("mark=")[1].split("&")[0]
    assert len(set(things.values())) == 5
    url = flow.callback()
    name = browser.cookies.names("_flow_")[0]
    for what, value in things.items():
        if what != "session":
            assert is_refused(sent(alice, f"{SESSION}={value}")), what
        if what != "pre":
            answer = stranger.get("/twauth/login", headers={"Cookie": f"{PRE}={value}"})
            assert "mark=" in answer.location, what                         # no sign-in begins
        if what != "flow":
            answer = stranger.get(url, headers={"Cookie": f"{name}={value}"}, site="cross-site")
            assert answer.status == 400 and answer.cookie(SESSION) is None, what
        if what != "form":
            answer = alice.clone().post("/twauth/logout", {"token": value},
                                        headers={"Sec-Fetch-Site": None, "Origin": None})
            assert answer.status == 403, what
    assert user(alice) == "alice"
    assert flow.arrive(url).status == 200


# SE-11: odd headers

HOSTILE = ["", ";", ";;;;", "=", "=;=", "name", SESSION, f"{SESSION}=", f"={SESSION}", f"{SESSION}={SESSION}=",
           "; ".join(f"n{i}=v" for i in range(4000))[:8000], f"{SESSION}={'A' * 8000}", f"{SESSION}_chunks=99999999",
           "".join(f"{SESSION}=x;" for _ in range(500)), f"{FLOW}{'x' * 4000}=y; {FLOW}=; {PRE}=",
           bytes(range(0x80, 0x100)), SESSION.encode() + b"=" + bytes(range(0x80, 0x100)), b"\t;\t=\t;\t"]


@pytest.mark.parametrize("header", HOSTILE, ids=range(len(HOSTILE)))
def test_SE_11_hostile_cookie_headers(site, stranger, header):
    before = site.httpd.children()
    answers = [stranger.get(path, headers={"Cookie": header}) for path in ("/members/", "/", "/twauth/session")]
    assert typical([answer.elapsed for answer in answers]) < SLACK
    assert is_refused(answers[0]) and answers[1].status == 200 and answers[2].json() == {"signed_in": False}
    assert set(before) <= set(site.httpd.children())


def test_SE_11_the_session_beside_much_else(alice, sealed):
    assert signed_in(sent(alice, f";;; =; name; {SESSION}={sealed};; a=b;"))
    assert signed_in(sent(alice, "; ".join(f"n{i}=v" for i in range(700)) + f"; {SESSION}={sealed}"))


# SE-12: two of them

@pytest.mark.parametrize("order, name", [
    ("void alice", "alice"), ("alice void", "alice"), ("void void alice", "alice"), ("alice alice", "alice"),
    ("void alice void alice", "alice"), ("alice bob", None), ("bob alice", None), ("alice void bob", None),
    ("void bob alice", None), ("void void void void alice", "alice"), ("bob void", "bob"),
    # S2: void ones between two good ones do not choose
    ("alice void void void bob", None), ("bob " + "void " * 20 + "alice", None), ("void " * 25 + "alice", "alice"),
])
def test_SE_12_several_session_cookies(site, alice, sealed, order, name):
    if not hasattr(site, "bob"):
        site.bob = site.browser()
        site.bob.sign_in("bob")
    values = {"alice": sealed, "bob": site.bob.cookies[SESSION], "void": sealed[:-5] + "AAAAA"}
    browser = alice.clone()
    answer = browser.get("/members/env.cgi", headers={"Cookie": "; ".join(f"{SESSION}={values[w]}"
                                                                          for w in order.split())})
    if name:
        assert answer.json()["REMOTE_USER"] == name and "HTTP_COOKIE" not in answer.json()
    else:
        assert is_refused(answer)


# SE-13: names that are not quite it

NEAR = ["__host-twauth={}", "__HOST-TWAUTH={}", "__Host-TWAUTH={}", "__Host-twauth ={}", "__Host-twauth\t={}",
        "__Host-twautH={}", "twauth={}", "__Secure-twauth={}", "__Host-twauth%3D{}", "__Host%2Dtwauth={}",
        "_Host-twauth={}", "__Host-twauth.={}", "__Host-twauthx={}", "x__Host-twauth={}", "$__Host-twauth={}",
        "=__Host-twauth={}", "\xa0__Host-twauth={}", "a=1, __Host-twauth={}",
        '$Version=1, __Host-twauth={}; $Path="/"', "a=\"b; c=__Host-twauth={}", "\"__Host-twauth\"={}",
        "__Host-twauth=\"{}\"", "__Host-twauth=={}", "__Host-twauth:{}", "__Host-twauth={},x=1", "__Host[twauth={}"]


@pytest.mark.parametrize("header", NEAR)
def test_SE_13_only_the_exact_name(alice, sealed, header):
    assert is_refused(sent(alice, header.format(sealed)))


@pytest.mark.parametrize("header", ["__Host-twauth={}", " \t__Host-twauth={}\t ", "a=\"b; __Host-twauth={}; c=d\"",
                                    "$Version=1; __Host-twauth={}; $Path=/", "__Host-twauth={};__Host-twauthx=1"])
def test_SE_13_the_exact_name(alice, sealed, header):
    assert signed_in(sent(alice, header.format(sealed).strip()))


# SE-19: nowhere but in Set-Cookie

def test_SE_19_session_and_flow_stay_in_their_cookies(site, standin, browser):
    flow = browser.begin("/members/env.cgi")
    pending = browser.cookies[browser.cookies.names("_flow_")[0]]
    visited = flow.visit()
    arrived = flow.approve()
    session = browser.cookies[SESSION]
    pages = [*flow.steps, visited, *arrived.history, arrived, browser.get("/twauth/logout"),
             browser.fetch("/twauth/session"), browser.get("/twauth/callback"), browser.sign_out()]
    seen = "".join(str(c) for c in standin.calls()) + site.httpd.access_log.read_text() + site.log.since()
    seen += "".join(r.url + r.text + "".join(f"{k}: {v}\n" for k, v in r.headers if k != "Set-Cookie") for r in pages)
    for value in (pending, session):
        assert len(value) > 100 and not [s for s in spellings(value) if s in seen]
