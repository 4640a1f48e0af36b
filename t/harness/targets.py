# SPDX-License-Identifier: Apache-2.0
"""Return targets by the thousand: ways off a site as attackers spell them, and good ones that must come back unchanged.

    hostile(2)      a list: combinations with leads of up to two characters, and those made by hand
    every(3)        all short ones: "/" and up to three of the pieces that matter
    noise(n, seed)  n of chance, of the same pieces
    sample(n)       about n of them, some of each kind, and all that are made by hand
    good()          a list

A target is text; what it has beyond ASCII is UTF-8 on the wire.
"""

import itertools
import random

SITE = "site.test"
EVIL = "evil.example"

# What may stand before a host so that a browser takes it for one, or drops it, or that a checker decodes.
LEAD = ["/", "\\", "\t", "\n", "\r", " ", ".", ";", ":", "@", "?", "#", "%2f", "%5c", "%09", "%0d%0a", "%00", "%2e",
        "%20", "\x00", "\x01", "\x7f", "\u3002", "\uff0f", "\uff3c", "\u2044", "\u2215", "\u3033", "\ufeff", "\u00a0",
        "%25%32%66", "%c0%af", "%e3%80%82", "%ef%bc%8f", "*", "~", "+", "$2f", "&#x2f;", "\\x2f", "\\u002f", "%u002f",
        "\u202e", "%e2%80%ae"]
CORE = LEAD[:11] + ["%2f", "%5c", "%09", "%2e"]

HOSTS = [EVIL, f"{SITE}@{EVIL}", f"{SITE}:80@{EVIL}", f"{SITE}%40{EVIL}", f"{EVIL}#{SITE}", f"{EVIL}?{SITE}",
         f"{EVIL}\\{SITE}", f"{EVIL}%00.{SITE}", f"{EVIL}%2523.{SITE}", f"{EVIL};.{SITE}", f"{EVIL}&.{SITE}",
         f"{EVIL}/.{SITE}", f"{SITE}.{EVIL}", f"{SITE}{EVIL}", f"{EVIL}:{SITE}", f"x:y@{EVIL}", f"{SITE}\t.{EVIL}",
         f"{SITE}\\@{EVIL}", f"{SITE}%5c@{EVIL}", f"{SITE}#@{EVIL}", f"{SITE}%E2%80%AE@{EVIL}", "evil\u3002example",
         "evil%E3%80%82example", "evil\uff0eexample", "\uff45\uff56\uff49\uff4c.example",
         "\u24d4\u24e5\u24d8\u24db.example", "evi\u00adl.example", "ev\u200bil.example", "e%76il.example",
         "evil%2eexample", "EVIL.EXAMPLE", f"{EVIL}.", f".{EVIL}", f"-{EVIL}", "3221225985", "0xc0000201",
         "030000001001", "192.513", "0xc0.0.02.01", "[::ffff:192.0.2.1]", "[::1]", "127.1", "localhost", f"{EVIL}:80",
         f"{EVIL}:", f"[{EVIL}]", f"{SITE}%ff@{EVIL}", f"{SITE}+@{EVIL}", "\ufdfa.example", "xn--fiq228c.example",
         f"{EVIL}%0d%0a", f"{EVIL}\r\nSet-Cookie: x=1"]
TAILS = ["", "/", "//", "/..", "/%2f..", "/%2e%2e", "/%2f%2e%2e", "/../members/", f"/@{SITE}", f"%2f@{SITE}",
         f"/?@{SITE}", f"/#{SITE}/", ";/", "?", "#", "%23", "\\..\\", f"//{SITE}/", "/;@", "%00", "\t", " ",
         "/%252e%252e", f".{SITE}"]

SCHEMES = ["http:", "https:", "HTTPS:", "hTTp:", "\thttps:", " https:", "h\tttps:", "ht\ntp:", "\x00https:",
           "\x01https:", "https\t:", "https%3a", "http%3A", "%68ttps:", "https&colon;", "https\uff1a", "https\\:",
           "https;", "https.", "wss:", "ftp:", "file:", "gopher:", "blob:https:", "filesystem:https:",
           "view-source:https:", "feed:https:", "mailto:", "intent:", "x:", "a+b-c.1:", "//https:", "/https:",
           "/\\https:", "\\https:", "https:https:", "http:http:", ":", "//:", "://", ".://", "data:", "javascript:",
           "about:", "vbscript:", "tel:", "chrome:", "jar:", "livescript:"]
SLASHES = ["", "/", "//", "///", "\\", "\\\\", "/\\", "\\/", "%2f%2f", "%5c%5c", "/\t/", "/\n/", "\t//", "//\t",
           "/%09/", "/./", "/ /", ".//", "///\\;", "//;", "//@", "//:@", "//\u3000", "/%2f", "//%00"]

# Segments that a browser or a server resolves away, so that what follows becomes the beginning.
DOTS = ["/.", "/..", "/x/..", "/x/../..", "/%2e", "/%2e%2e", "/.%2e", "/%2e.", "/..;", "/.;x", "/..;/..;", "/;",
        "/;/..", "/x;/..", "/.\t", "/\t.", "/.\r", "/..%00", "/..%2f", "/%2e%2e%2f", "/..%5c", "/%252e%252e", "/./.",
        "/...", "/. .", "/..\\", "/\\..", "/x//..", "/x/%2e%2e", "//..", "/%2f..", "/../..", "/%c0%ae%c0%ae",
        "/%u002e%u002e", "/\uff0e\uff0e"]

ODD = [*map(chr, range(0x21)), *"%\\/:@?#;.<>\"'`^{|}~\x7f\x85\xa0\xad\u200b\u2028\u3000\ufeff"]

ENDS = ["", "/", "//evil.example", "/\\evil.example", "/%2fevil.example", "\\evil.example", "/../..//evil.example",
        "/x", "?//evil.example", "#//evil.example"]

SCRIPTS = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
           "java\r\nscript:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)", "\x00javascript:alert(1)",
           "javascript\t:alert(1)", "javascript\n:alert(1)", "javascript://%0aalert(1)",
           "javascript://site.test/%0aalert(1)", "javascript:/*x*/alert(1)", "javascript%3aalert(1)",
           "javascript:%61lert(1)", "&#106;avascript:alert(1)", "jav&#x09;ascript:alert(1)",
           "javascript&colon;alert(1)", "\\x6aavascript:alert(1)", "\\u006aavascript:alert(1)", "j%61vascript:alert(1)",
           "vbscript:msgbox(1)", "livescript:x", "data:text/html,<script>alert(1)</script>",
           "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:,x", "dAtA:,x", "da\tta:,x",
           "blob:https://evil.example/x", "filesystem:https://evil.example/temporary/x", "about:blank", "about:srcdoc",
           "file:///etc/passwd", "file:\\\\evil\\share", "\\\\evil\\share", "//evil/share", "mailto:a@evil.example",
           "view-source:https://evil.example", "intent://evil.example#Intent;scheme=https;end", "ms-settings:", "tel:1",
           "jar:https://evil.example!/x", "wyciwyg://0/", "res://x", "chrome://settings",
           "javascripT://x/%250aalert(1)"]

BY_HAND = SCRIPTS + [
    "", " ", "\t", "\n", "\x00", "/\x00", "\x00/", "//", "///", "////", "/\\", "\\", "\\\\", "/.", "/..", ".", "..",
    "...", "?", "#", "*", "%", "/%", "/%2", "/%zz", "/%g0", "/%%32%66", "/a%", "/a%2", "/%u0041", "/a%00", "/%00a",
    "/a b", "/a\tb", "/a\"b", "/a'\"><b", "/<a>", "/a<", "/a>", "/\x7f", "/a\x80", "/caf\u00e9", "/\u202e", "/\ufffe",
    "/\ud7ff", "/\U0001f600", "evil", "evil.example", "@evil.example", ":80", ":@evil.example", ".evil.example",
    "-evil.example", "a/b", "./a", "../a", "..\\a", "?next=//evil.example", "#//evil.example", ";//evil.example", ";/a",
    ":/a", "&/a", "=/a", "next=/a", "/a\r\nX-Injected: 1", "/a%0d%0aX-Injected: 1", "/\r\n\r\n<script>",
    "/a\nLocation: https://evil.example", "/%0d%0a%20x", "/\u560d\u560aX: 1", "/%E5%98%8D%E5%98%8AX:1",
    "//evil.example\r\nX: 1", "/a/%2e%2e/b", "/a/.%2E/b", "/a/..;/b", "/%2e%2e;/b", "/a/./b", "/a/.;/b", "/;/../b",
    "/a\\..\\b", "/%5c..", "/..%5c", "/%2fevil.example", "/%2Fevil.example", "/%2f/evil.example", "/%2f%2fevil.example",
    "/%2F%5cevil.example", "/%5cevil.example", "/%5C%5Cevil.example", "/.%2fevil.example", "/%2e/evil.example",
    "/%09/evil.example", "/%0a/evil.example", "/%20/evil.example ", "/ /evil.example", "/\u00a0/evil.example",
    "/\u3000evil.example", "/\uff0fevil.example", "\uff0f\uff0fevil.example", "\u3033evil.example",
    "\u2571\u2571evil.example", "/\u2215evil.example", "//evil\u3002example", "https://site.test", "https://site.test/",
    "http://site.test/", "//site.test/", "HTTPS://SITE.TEST/", "https:/site.test/", "https://site.test:443/members/",
    "https://www.site.test/", "https://site.test\\.evil.example/", "https://site.test\t.evil.example",
    "https://evil.example\\.site.test/", "https://evil.example%23.site.test/", "https://evil.example%2f.site.test/",
    "https://evil.example\uff0f.site.test/", "https://site.test&@evil.example#@site.test/",
    "https://[site.test]@evil.example/", "http://evil.c\u2100.site.test", "https://site.test%252f@evil.example",
    "https://@site.test@evil.example", "https://evil.example:x@site.test", "https:evil.example", "https:/evil.example",
    "https:\\evil.example", "https:///evil.example", "https:\t//evil.example", "http:evil.example@site.test",
    "/https:evil.example/", "/http:/evil.example\\", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
    "\t//evil.example", "\x00//evil.example", "\x1f//evil.example", "/\t\\evil.example", "/\\\tevil.example",
    "///\\;@evil.example", "////;@evil.example", "/////evil.example", "/////evil.example/", "//;@evil.example",
    "//;evil.example", "//%5cevil.example", "//\\evil.example", "\\//evil.example", "\\/\\/evil.example/",
    "/\\/evil.example/", "/./\\evil.example", "/.\\/evil.example", "/..\\evil.example", "/x/..\\..\\\\evil.example",
    "/./%2fevil.example", "/../%2fevil.example", "/..//evil.example", "/.//evil.example", "/x/../..//evil.example",
    "/%2e%2e//evil.example", "/%2e//evil.example", "/;/../..//evil.example", "//evil.example/%2e%2e",
    "//evil.example/%2f..", "//evil.example/..;/css", "//evil.example%2f%2e%2e", "//x:y@evil.example/%2f%2e%2e",
    "//[::1]/", "//[::ffff:127.0.0.1]/", "//2130706433/", "//0x7f.1/", "//127.1", "//017700000001",
    "//\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", "/\\[::1]", "//.", "//..", "//%2e%2e/", "//?", "//#", "//:80", "//@",
    "//site.test@", "//@evil.example", "/\\@evil.example", "$2f%2fevil.example", "%2f%2fevil.example",
    "%2f\\evil.example", "%5c%5cevil.example", "%252f%252fevil.example", "%25%32%66%25%32%66evil.example",
    "%c0%af%c0%afevil.example", "%u2215%u2215evil.example", "&#47;&#47;evil.example", "&sol;&sol;evil.example",
    "\\x2f\\x2fevil.example", "\\u002f\\u002fevil.example", "\\057\\057evil.example", "+/evil.example",
    "<>//evil.example", "<//evil.example", ">//evil.example", "\"//evil.example", "'//evil.example", "(//evil.example",
    "{//evil.example", "|//evil.example", "^//evil.example", "`//evil.example", "0//evil.example",
    "0;url=https://evil.example", "0;javascript:alert(1)", "/a;url=https://evil.example ", "null", "undefined", "None",
    "true", "[object Object]", "/\u0000evil", "/" + "a" * 2000, "/" + "a" * 8000, "//" + "a" * 8000, "/" + "../" * 700,
    "/" + "%2f" * 667, "/" + "%25" * 667 + "%", "/" + "\\" * 2000, "/?" + "a" * 2000, "/#" + "a" * 2000]


def _combined(depth):
    """Kinds of targets, each an iterable."""
    leads = ["".join(p) for n in range(1, depth + 1) for p in itertools.product(CORE if n > 2 else LEAD, repeat=n)]
    yield (lead + EVIL for lead in leads)
    yield (lead + host for lead in ("//", "/\\", "/\t/", "/%2f", "https://", "https:", "/.//", "///") for host in HOSTS)
    yield (f"{lead}{host}{tail}" for lead in ("//", "/\\", "https://", "") for host in HOSTS for tail in TAILS)
    yield (scheme + slashes + EVIL for scheme in SCHEMES for slashes in SLASHES)
    yield (dots + end for dots in DOTS for end in ENDS)
    yield (one + two + "//evil.example" for one in DOTS for two in DOTS)
    yield (f"/members{dots}{lead}{EVIL}" for dots in DOTS for lead in ("/", "//", "/\\", "\\"))
    # the same spelled in the ways that a checker could decode once more
    for spell in (lambda t: t.replace("/", "%2f"), lambda t: t.replace("/", "%252f"), lambda t: t.replace("/", "%5c"),
                  lambda t: t.replace("/", "\\"), lambda t: "/" + t, lambda t: "/" + t[1:].replace("/", "%2F"),
                  lambda t: t.replace(":", "%3a"), lambda t: "/.." + t, lambda t: f"/a/..{t}",
                  lambda t: f"{t}\x00/members/"):
        yield (spell(text) for text in BY_HAND if len(text) < 200)
    # one odd character at each place of a short way out
    for way in ("//evil.example", "/\\evil.example", "https://evil.example", "/members/"):
        yield (way[:at] + odd + way[at:] for at in range(len(way) + 1) for odd in ODD)


def hostile(depth):
    return list(dict.fromkeys(itertools.chain(BY_HAND, *_combined(depth))))


PIECES = ["/", "\\", ".", "%2f", "%5c", "%2e", "%09", "\t", ";", "@", ":", "?", "#", "a", "evil.example", "twauth",
          "login"]


def every(length):
    return ["/" + "".join(pieces) for n in range(length + 1) for pieces in itertools.product(PIECES, repeat=n)]


def noise(count, seed):
    chance = random.Random(seed)
    pieces = PIECES + LEAD + HOSTS + SCHEMES[:3]
    return ["/" + "".join(chance.choices(pieces, k=chance.randint(1, 9))) for _ in range(count)]


def sample(count):
    """All of BY_HAND, and as many of each kind of the rest."""
    kinds = [list(kind) for kind in _combined(2)]
    each = max(1, (count - len(BY_HAND)) // len(kinds))
    picked = (kind[:: max(1, len(kind) // each)] for kind in kinds)
    return list(dict.fromkeys(itertools.chain(BY_HAND, *picked)))


PATHS = ["/", "/a", "/a/", "/a//b", "/a///", "/caf%C3%A9", "/caf%c3%a9", "/%41%7E", "/a%2Fb", "/a%2fb", "/a;v=1", "/a;",
         "/;", "/a/;x=1/b", "/web/https://example.org/", "/https:example.org", "/@evil.example", "/a@b:c", "/a:80",
         "/100%25", "/%2525", "/%252e%252e/", "/%255c", "/%252f%252fevil.example", "/.a", "/..a", "/a.", "/a..", "/...",
         "/a/...", "/.../b", "/.well-known/x", "/a/.b/c", "/a.b/..c/d..", "/%2ea", "/%2e%2ea", "/a%2e%2e", "/a.;x",
         "/a..;x", "/!$&'()*+,;=:@", "/-._~", "/a%3Fb", "/a%23b", "/%80", "/%FF%FE", "/%E2%80%AE", "/%22%3C%3E", "/%20",
         "/javascript:alert(1)", "/data:,x", "/www.evil.example", "/evil.example", "/login", "/twauthx/login",
         "/a/twauth/login", "/Twauth/login", "/twauth-login", "/twauthx", "/xtwauth/x", "/twauth", "/[]{}|^`",
         "/a&b=c", "/a=b", "/a+b", "/~user/", "/a,b", "/*", "/members/env.cgi", "/%7Euser"]
QUERIES = ["", "?", "?a", "?a=b&c=d", "?q=a%20b+c", "?u=https://other.example/", "?u=//other.example",
           "?//evil.example", "?/../x", "?../..", "?ids[]=1", "?x=%0D%0A", "?x=%00", "?x=%", "?x=%zz",
           "?next=/twauth/login", "?a?b??c", "?b=c;d", "?'", "?{}|^`", "?a@b:80", "?%2e%2e%2f", "?&&&", "?=",
           "?next=/a&next=/b"]
FRAGMENTS = ["", "#", "#/inbox", "#a?b#c", "#//evil.example", "#%", "#!x=1&y", "#/twauth/login", "#{}|^`'"]


def good():
    parts = itertools.chain(itertools.product(PATHS, QUERIES, FRAGMENTS[:2]),
                            itertools.product(PATHS, QUERIES[:3], FRAGMENTS))
    long = ["/" + "a" * 1999, "/?" + "%" * 1998, "/#" + "a" * 1998]
    return list(dict.fromkeys("".join(part) for part in parts)) + long
