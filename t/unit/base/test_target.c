/* SPDX-License-Identifier: Apache-2.0 */
/* tw_target: what a browser may be sent to, byte for byte, or not at all. */

#include <stdio.h>

#include "unit.h"

#include "base/target.h"

static const tw_own_t own = { "/twauth/", "/back from x", NULL, NULL };

/* What is there below own.path, and the callback. */
static const char *const locations[] = {
    "/twauth/login", "/twauth/callback", "/twauth/logout", "/twauth/session",
    "/twauth/", "/twauth/account", "/twauth/a/b/c", "/back from x", NULL
};

static int refused;             /* rows that a test has tried */

static void refuse(const char *target)
{
    CHECK(!tw_target_ok(target, &own), "accepted: %s", target);
    refused++;
}

static void refuse_all(const char *const *targets)
{
    for (; *targets; targets++) {
        refuse(*targets);
    }
}

static void accept_all(const char *const *targets)
{
    for (; *targets; targets++) {
        CHECK(tw_target_ok(*targets, &own), "refused: %s", *targets);
    }
}

/* RD-4: these come back as they are. */
static void test_good(void **state)
{
    static const char *const rows[] = {
        "/", "/?", "/#", "/a", "/a?", "/a/", "/a//b", "/a///", "/a/?b",
        "/search?q=a%20b+c", "/caf%C3%A9", "/caf%c3%a9", "/%41%7E", "/a%2Fb",
        "/a%2fb", "/a;v=1?b=c;d", "/;", "/a;", "/a/;x=1/b",
        "/r?u=https://other.example/", "/r?u=//other.example",
        "/r?u=http%3A%2F%2Fother.example", "/web/https://example.org/",
        "/https:example.org", "/@example.org", "/list?ids[]=1",
        "/q?x=%0D%0A", "/q?x=%00", "/q?x=%", "/q?x=%zz", "/q?../..",
        "/q?/../", "/q?//evil.example", "/?//evil.example", "/#//evil",
        "/q#/../%", "/100%25", "/%25", "/%2525", "/%252e%252e/", "/%255c",
        "/app#/inbox", "/a?b#c", "/a#b?c", "/a#b#c", "/a?b?c", "/a%3Fb",
        "/a%23b", "/a%3f../b", "/.a", "/..a", "/a.", "/a..", "/...",
        "/a/...", "/.../b", "/.well-known/x", "/a/.b/c", "/a.b/..c/d..",
        "/%2ea", "/%2e%2ea", "/a%2e%2e", "/a.;x", "/a..;x", "/...;x",
        "/!$&'()*+,;=:@", "/-._~", "/[]{}|^`", "/%22%3C%3E", "/%20", "/%80",
        "/%FF%FE", "/%E2%80%AE", "/javascript:alert(1)", "/data:,x",
        "/a:80", "/a@b:c", "/www.evil.example", "/a?next=/b", NULL
    };

    (void)state;
    accept_all(rows);
}

static void test_lengths(void **state)
{
    static const struct {
        int len;
        int good;
    } rows[] = {
        { 1, 1 }, { 2, 1 }, { 1990, 1 }, { 1999, 1 },
        { TW_TARGET_MAX, 1 }, { TW_TARGET_MAX + 1, 0 },
        { TW_TARGET_MAX + 2, 0 }, { 4096, 0 }, { 8000, 0 }, { 60000, 0 },
    };
    static const char *const fills = "a?#%";
    int i, fill;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        for (fill = 0; fill < 3; fill++) {
            /* exactly as long, so that a sanitizer sees a byte too far */
            char *target = malloc((size_t)rows[i].len + 1);
            int good;

            memset(target, fills[fill], (size_t)rows[i].len);
            target[0] = '/';
            target[rows[i].len] = '\0';
            good = tw_target_ok(target, &own);
            free(target);
            CHECK(good == rows[i].good, "%d of %c", rows[i].len, fills[fill]);
        }
    }
    assert_false(tw_target_ok(NULL, &own));
    assert_false(tw_target_ok("", &own));
    assert_true(tw_target_ok("/twauth/login", NULL));
    assert_true(tw_target_ok("/twauth/login", &(tw_own_t){ NULL, NULL, NULL,
                                                          NULL }));
}

/* RD-1, as it has been tried against others. */
static void test_hostile(void **state)
{
    static const char *const rows[] = {
        "evil", "evil.example", ".evil.example", "@evil.example",
        ":80", "?", "?next=/", "#", "#/", "a/b", "./", "../", ".", "..",
        "./a", "../a", "..;/a", "*", "%2F", "%2Fa", "%2f%2fevil.example",
        "//", "///", "////", "//evil.example", "///evil.example",
        "////evil.example", "//evil.example/..", "//evil%2Eexample",
        "//evil.example:80", "//user@evil.example", "//site@evil.example",
        "//[::1]", "//127.0.0.1", "//2130706433", "//0x7f000001",
        "//localhost", "//site.test", "//site.test@evil.example",
        "//\xe3\x80\x82" "evil", "//google%E3%80%82com", "//%0D%0A",
        "/\\", "/\\evil.example", "\\/evil.example", "\\\\evil.example",
        "\\evil.example", "/\\/evil.example", "/\\\\evil.example",
        "/a\\b", "/a?\\", "/a#\\", "/./\\evil.example",
        "/%5c", "/%5cevil.example", "/%5Cevil.example", "/%5c%5cevil",
        "/%5c/evil", "/a%5cb", "/a/%5C..%5C", "/.%5c", "/%2e%5c",
        "/%2Fevil.example", "/%2fevil.example", "/%2F%2Fevil.example",
        "/%2F", "/%2f", "/%2F/evil", "/%2F?a", "/%2F#a", "/%2Fa%3Fb",
        "/\tevil", "/\t/evil.example", "\t//evil.example", "/\n/evil",
        "/\r/evil", "/\v/evil", "/\f/evil", "/ /evil", " /evil", "/a b",
        "/a ", " ", "\t", "\n", "/a\n", "/a\r\nSet-Cookie: x=1",
        "/%09/evil.example", "/%0a/evil", "/%0d/evil", "/%0d%0aSet-Cookie:x",
        "/%00", "/%00/evil", "/a%00b", "/%01", "/%1f", "/%1F", "/%7f",
        "/%7F", "/a%0Ab", "/a/%0D", "/a\x7f", "/a\x01",
        "https:evil.example", "https:/evil.example", "https://evil.example",
        "http://evil.example", "http:///evil.example", "http:\\\\evil",
        "https://site.test@evil.example", "https://site.test.evil.example",
        "https://site.test/", "HTTPS://site.test/", "//site.test/",
        "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:x",
        "data:,x", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
        "ftp://evil.example", "mailto:a@b", "blob:x", "about:blank",
        "view-source:x", "x:", "intent://x", "wss://x",
        "/a\"b", "/a?\"", "/<script>", "/a?<", "/a?>", "/a#<", "/a>b",
        "/caf\xc3\xa9", "/\xc3", "/\xff", "/\x80", "/a?\xe2\x80\xa8",
        "/\xe2\x81\x84/evil", "/\xef\xbc\x8f" "evil", "\xef\xbb\xbf/a",
        "/%", "/%4", "/%g1", "/%1g", "/a%", "/a%2", "/%%41", "/%u002f",
        "/a%/b", "/%?41", "/%4?1", "/%4#1", "/%#41", "/%x41", "/%-1",
        "/%+1", "/% 1", "/%0", "/%\xff\xff",
        "/.", "/..", "/./", "/../", "/./a", "/../a", "/a/.", "/a/..",
        "/a/./b", "/a/../b", "/a/../../b", "/..?a", "/.#a", "/a/..?b",
        "/a/..#b", "/.//evil.example", "/..//evil.example",
        "/a/..//evil.example", "/a/.././/evil", "/%2e", "/%2E", "/%2e%2e",
        "/.%2e", "/%2e.", "/%2E%2e/", "/a/%2e/b", "/a/%2e%2e/b",
        "/%2e/%2Fevil", "/%2e%2e//evil", "/a%2F..%2Fb", "/a%2f.%2fb",
        "/a%2F..", "/a%2F%2e%2e", "/a/..%2Fb", "/..%2F", "/.%2F",
        "/..;/a", "/..;x=1/a", "/a/..;", "/.;/a", "/a/.;x", "/..%3b/a",
        "/%2e%2e;/a", "/%2e%2e%3Bx/a", "/.;x", "/a//../b", "/a//./b", NULL
    };

    (void)state;
    refused = 0;
    refuse_all(rows);
    assert_true(refused > 200);
}

/* Every way to begin a name of another host, with every way to end it. */
static void test_other_hosts(void **state)
{
    static const char *const before[] = {
        "//", "///", "////", "/\\", "\\/", "\\\\", "\\", "/\\/", "/\\\\",
        "/%2F", "/%2f", "/%5C", "/%5c", "/%2f%2f", "/%5C%5C", "/%2F%5c",
        "/\t/", "/\n/", "/\r/", "/\r\n/", "/ /", "/%09/", "/%0A/", "/%0D/",
        "/%00/", "/./", "/.//", "/..//", "/./\\", "/%2e//", "/%2E%2E//",
        "/.%2e//", "/a/..//", "/a/%2e%2e//", "/.;//", "/..;//", " //",
        "\t//", "\n//", "\x01//", "http:", "http:/", "http://", "http:///",
        "https:", "https:/", "https://", "https:///", "https:\\\\",
        "HtTpS://", "ftp://", "javascript://%0a", "//\\", "\\//", "/\xc2\xa0",
        "/\xe2\x80\xa8", "//%00", "//%09", "//;@", "//?@", "//#@", "",
        "@", ".", ":", "//.", "///\\;@", "//site.test@", "//site.test:x@",
        "//site.test\\@", "//site.test%2f@", "//site.test#@",
    };
    static const char *const hosts[] = {
        "evil.example", "EVIL.EXAMPLE", "evil%2Eexample", "evil.example:443",
        "2130706433", "[::1]", "127.1", "evil.example.",
    };
    static const char *const after[] = {
        "", "/", "/a", "/..", "?a", "#a", "/%2e%2e", "//", "\\", "%00",
    };
    int b, h, a;

    (void)state;
    refused = 0;
    for (b = 0; b < COUNT(before); b++) {
        for (h = 0; h < COUNT(hosts); h++) {
            for (a = 0; a < COUNT(after); a++) {
                refuse(apr_pstrcat(pool, before[b], hosts[h], after[a],
                                   NULL));
            }
        }
    }
    assert_true(refused > 4000);
}

/* Rule 2: one byte that is not allowed, anywhere. */
static void test_every_byte(void **state)
{
    static const char *const frames[] = {
        "/%cb", "/a%c", "/a%cb", "/a/%c/b", "/a?%cb", "/a?b%c", "/a#%cb",
        "/a#b%c",
    };
    int i, c;

    (void)state;
    for (i = 0; i < COUNT(frames); i++) {
        for (c = 1; c < 256; c++) {
            const char *target = apr_psprintf(pool, frames[i], c);
            int in_path = !strpbrk(frames[i], "?#");
            int good = c > 0x20 && c < 0x7f && !strchr("\"<>\\", c);

            /* at its place the byte may mean something of its own */
            if (in_path && c == '%') {
                good = 0;       /* "%b" or "%/" is no escape */
            }
            if (i == 0 && c == '/') {
                good = 0;
            }
            if (i == 3 && c == '.') {
                good = 0;
            }
            CHECK(tw_target_ok(target, &own) == good, "%s (byte %d)", target,
                  c);
        }
    }
}

/* Rule 4: each escape, at the start, inside, at the end, and in a query. */
static void test_every_escape(void **state)
{
    static const char *const frames[] = {
        "/%%%02xb", "/%%%02Xb", "/a%%%02xb", "/a%%%02x", "/a/%%%02xb",
        "/a?%%%02x", "/a#%%%02x",
    };
    int i, c;

    (void)state;
    for (i = 0; i < COUNT(frames); i++) {
        for (c = 0; c < 256; c++) {
            const char *target = apr_psprintf(pool, frames[i], c);
            int good = (c >= 0x20 && c != 0x7f && c != '\\'
                        && !(i < 2 && c == '/')) || i >= 5;

            CHECK(tw_target_ok(target, &own) == good, "%s", target);
        }
    }
}

/* Rule 5: a dot segment in every spelling, at every place. */
static void test_dot_segments(void **state)
{
    static const char *const dots[] = {
        ".", "%2e", "%2E", "..", ".%2e", "%2e.", "%2E%2E", "%2e%2E", ".;",
        "..;", ".;x=1", "..;x", "%2e;x", "%2e%2e;x", "..%3b", ".%3Bx",
    };
    static const char *const frames[] = {
        "/%s", "/%s/", "/%s/a", "/a/%s", "/a/%s/", "/a/%s/b", "/a/b/%s",
        "/a//%s", "/a//%s//b", "/%s?q", "/%s#f", "/a/%s?q", "/a/%s/b?q#f",
        "/a%%2F%s", "/a%%2f%s%%2Fb", "/a;x/%s/b", "/%%41/%s", "/%s//evil",
    };
    int d, f;

    (void)state;
    refused = 0;
    for (d = 0; d < COUNT(dots); d++) {
        for (f = 0; f < COUNT(frames); f++) {
            refuse(apr_psprintf(pool, frames[f], dots[d]));
        }
    }
    assert_int_equal(refused, COUNT(dots) * COUNT(frames));
}

/* RD-8: an own location, each character written in each way. */
static void test_own_locations_escaped(void **state)
{
    static const char *const tails[] = {
        "", "?", "?next=/", "#", "#x", "?a#b", ";", ";x", ";x=1;y",
        ";x?a", "%3Bx", "%3b",
    };
    int o, t;
    const char *c;

    (void)state;
    refused = 0;
    for (o = 0; locations[o]; o++) {
        for (t = 0; t < COUNT(tails); t++) {
            const char *all = "/";

            for (c = locations[o] + 1; *c; c++) {
                const char *head = apr_pstrmemdup(
                    pool, locations[o], (apr_size_t)(c - locations[o]));

                if (strchr(head, ' ') || strchr(c + 1, ' ')) {
                    continue;   /* one that can only be written escaped */
                }
                refuse(apr_psprintf(pool, "%s%%%02x%s%s", head, *c, c + 1,
                                    tails[t]));
                refuse(apr_psprintf(pool, "%s%%%02X%s%s", head, *c, c + 1,
                                    tails[t]));
            }
            for (c = locations[o] + 1; *c; c++) {
                all = apr_psprintf(pool, "%s%%%02x", all, *c);
            }
            refuse(apr_pstrcat(pool, all, tails[t], NULL));
            if (!strchr(locations[o], ' ')) {
                refuse(apr_pstrcat(pool, locations[o], tails[t], NULL));
            }
        }
    }
    assert_true(refused > 1000);
}

static void test_own_locations_spelled(void **state)
{
    static const char *const rows[] = {
        "/twauth//login", "/twauth///login", "/twauth%2Flogin",
        "/twauth%2flogin", "/twauth/%2Flogin", "/twauth%2F/login",
        "/twauth%2F%2Flogin", "/twauth;/login", "/twauth;x/login",
        "/twauth;x=1;y/login", "/twauth;x/login;y", "/twauth;x//login",
        "/twauth%3B/login", "/twauth;a%2Flogin", "/twauth;%2e/login",
        "/twauth;x/session?/login/..", "/twauth//session?x",
        "/back%20from%20x", "/back%20from%20x?", "/back%20from%20x;y#z",
        NULL
    };

    (void)state;
    refuse_all(rows);
}

/* S4: whatever is below the path, there or not. */
static void test_below_the_own_path(void **state)
{
    static const char *const rows[] = {
        "/twauth/", "/twauth//", "/twauth/;x", "/twauth;x/", "/twauth%2F",
        "/twauth/?login", "/twauth/#x", "/twauth/logi", "/twauth/loginx",
        "/twauth/login-help", "/twauth/login/", "/twauth/login/x",
        "/twauth/login//", "/twauth/login%2F", "/twauth/login;/",
        "/twauth/login.html", "/twauth/xlogin", "/twauth/Login",
        "/twauth/a/login", "/twauth/lo/gin", "/twauth/login%20",
        "/twauth/%20login", "/twauth/login%2520", "/twauth/%256cogin",
        "/twauth/login,x", "/twauth/x;login", "/;y/twauth/x",
        "/%74w%61uth/anything", "/twauth/account", "/twauth/...",
        "/twauth/%C3%A9", "/twauth;a;b//;c/x/y?z", NULL
    };

    (void)state;
    refuse_all(rows);
}

/*
 * Without its parameter a segment may be empty, and empty segments are runs
 * of '/': these name the own locations too.
 */
static void test_own_locations_behind_empty_segments(void **state)
{
    static const char *const rows[] = {
        "/;/twauth/login", "/;x/twauth/login", "/twauth/;/login",
        "/twauth/;x/login", "/twauth/;x/;y/login", "/twauth/;x//login",
        "/twauth//;x/login", "/;a/;b/twauth/;c/login;d", "/%3B/twauth/login",
        "/twauth/%3bx%2Flogin", "/;x//twauth/login", NULL
    };

    (void)state;
    refuse_all(rows);
}

static void test_near_own_locations(void **state)
{
    static const char *const rows[] = {
        "/twauth", "/twauth;x", "/twauth?/login", "/twauth#/login",
        "/twauthlogin", "/login", "/TWAUTH/login", "/Twauth/Login",
        "/a/twauth/login", "/a//twauth/login", "/twauth%252Flogin",
        "/twauth%20/login", "/twauth./login", "/twauth,/login",
        "/?/twauth/login", "/#/twauth/login", "/a?next=/twauth/login",
        "/back", "/back+from+x", "/back%20from%20", "/back%20%20from%20x",
        "/back%2520from%2520x", "/back%20from%20x/", "/back%20from%20x/y",
        "/twauth.login", "/x;/twauth/login", "/x/;y/twauth/login", NULL
    };

    (void)state;
    accept_all(rows);
}

/* Own locations that end in '/', or have several. */
static void test_odd_own_locations(void **state)
{
    static const struct {
        tw_own_t own;
        const char *target;
        int good;
    } rows[] = {
        { { "/a/", NULL, NULL, NULL }, "/a/", 0 },
        { { "/a/", NULL, NULL, NULL }, "/a//", 0 },
        { { "/a/", NULL, NULL, NULL }, "/a", 1 },
        { { "/a/", NULL, NULL, NULL }, "/a/b", 0 },
        { { "/a/", NULL, NULL, NULL }, "/a/;x", 0 },
        { { "/a/b/", NULL, NULL, NULL }, "/a/", 1 },
        { { "/a//b/", NULL, NULL, NULL }, "/a/b/c", 0 },
        { { "/a/b/", NULL, NULL, NULL }, "/a/bc", 1 },
        { { NULL, "/a/", NULL, NULL }, "/a/", 0 },
        { { NULL, "/a/", NULL, NULL }, "/a/b", 1 },
        { { NULL, "/a/", NULL, NULL }, "/a//", 0 },
        { { NULL, "/a/", NULL, NULL }, "/a", 1 },
        { { NULL, "/a/", NULL, NULL }, "/a/;x", 0 },
        { { NULL, "/a//b", NULL, NULL }, "/a///b", 0 },
        { { NULL, "/a", NULL, NULL }, "/a/", 1 },
        { { NULL, "/a", NULL, NULL }, "/a;b", 0 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/me", 1 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/me?x=1#y", 1 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/m%65", 1 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/me/", 0 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/me/x", 0 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/mex", 0 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/m", 0 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/", 0 },
        { { "/a/", NULL, "/a/me", NULL }, "/a/other/../me", 0 },
        { { "/a/", "/b", "/a/me", NULL }, "/b", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_target_ok(rows[i].target, &rows[i].own) == rows[i].good,
              "%d: %s", i, rows[i].target);
    }
}

/* G11: what was asked for, as a browser would send it again. */
static void test_asked(void **state)
{
    static const struct {
        const char *url, *target;
    } rows[] = {
        { "/members/", "/members/" }, { "/a?b=%22", "/a?b=%22" },
        { "//members/x", "/members/x" }, { "///members//x", "/members//x" },
        { "//evil.example", "/evil.example" }, { "//", "/" },
        { "//evil.example/\"?\"", "/evil.example/%22?%22" },
        { "/a\"b", "/a%22b" }, { "/a?\"", "/a?%22" },
        { "/a?b=\\", "/a?b=%5C" }, { "/a<b>?<>", "/a%3Cb%3E?%3C%3E" },
        { "/caf\xc3\xa9?\xe9", "/caf%C3%A9?%E9" }, { "/a b", "/a%20b" },
        { "/\x7f?\x7f", "/%7F?%7F" },
        { "//twauth/login", "/" }, { "//\"/..", "/" }, { "/a\"/../b", "/" },
        { "/%\"", "/" }, { "/%zz", "/" }, { "/a%00b", "/" },
        { "//%2Fevil", "/%2Fevil" }, { "//%5Cevil", "/%5Cevil" },
        { "/a\\b", "/a%5Cb" }, { "/a%5Cb?\\", "/a%5Cb?%5C" },
        { "/\\evil.example", "/%5Cevil.example" }, { "/a%0Ab", "/a%0Ab" },
        { "/\\/../x", "/" }, { "/a/%2e%2e/b", "/" },
        { "/%2Ftwauth/login", "/" }, { "//;x/twauth/\\", "/" },
        { NULL, "/" }, { "", "/" }, { "evil", "/" }, { "\\/evil", "/" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *target = tw_target_asked(pool, rows[i].url, &own);

        CHECK(!strcmp(target, rows[i].target), "%s: %s", rows[i].url, target);
        CHECK(tw_target_is_asked(target, &own), "%s", target);
    }
}

/* Where each byte becomes three, there is room for all of them. */
static void test_asked_and_all_escaped(void **state)
{
    char quotes[100], *after;
    const char *target;
    int i;

    (void)state;
    memset(quotes, '"', sizeof(quotes));
    quotes[0] = '/';
    quotes[sizeof(quotes) - 1] = '\0';
    target = tw_target_asked(pool, quotes, &own);
    after = apr_palloc(pool, 256);
    memset(after, 'x', 256);
    assert_int_equal(strlen(target), 1 + 3 * (sizeof(quotes) - 2));
    for (i = 1; target[i]; i += 3) {
        assert_memory_equal(target + i, "%22", 3);
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_good),
          cmocka_unit_test(test_lengths),
          cmocka_unit_test(test_hostile),
          cmocka_unit_test(test_other_hosts),
          cmocka_unit_test(test_every_byte),
          cmocka_unit_test(test_every_escape),
          cmocka_unit_test(test_dot_segments),
          cmocka_unit_test(test_own_locations_escaped),
          cmocka_unit_test(test_own_locations_spelled),
          cmocka_unit_test(test_own_locations_behind_empty_segments),
          cmocka_unit_test(test_below_the_own_path),
          cmocka_unit_test(test_near_own_locations),
          cmocka_unit_test(test_asked),
          cmocka_unit_test(test_asked_and_all_escaped),
          cmocka_unit_test(test_odd_own_locations))
