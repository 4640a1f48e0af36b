/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_redact: what is left of foreign answers.
 */
#include "unit.h"

#include "base/redact.h"

#define A15 "abcdefghijklmno"
#define A31 A15 "P" A15

static void test_opaque(void **state)
{
    static const struct {
        const char *text, *left;
    } rows[] = {
        { "", "" }, { "Could not authenticate you.",
                      "Could not authenticate you." },
        /* 16 with a digit, 32 without one */
        { A15 "1", "[...]" }, { A15, A15 }, { "1" A15, "[...]" },
        { "abcdefghijklmn1", "abcdefghijklmn1" }, { A15 "p", A15 "p" },
        { A31, A31 }, { A31 "x", "[...]" }, { "1234567890123456", "[...]" },
        { "token=" A15 "1", "[...]" }, { "token: " A15 "1.", "token: [...]." },
        { A15 "1 and " A15 "2", "[...] and [...]" },
        { "abcdefg-_~+=%12345", "[...]" },
        /* one line */
        { "a \t\r\n\f\vb", "a b" }, { "a\nb\n", "a b " },
        { "a\\b", "a\\x5cb" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *left = tw_redact_quote(rows[i].text, 200, pool);

        CHECK(!strcmp(left, rows[i].left), "%s: %s", rows[i].text, left);
    }
    assert_string_equal(tw_redact_quote("abcdef", 3, pool), "abc...");
}

static void test_is_page(void **state)
{
    static const struct {
        const char *body;
        int is;
    } rows[] = {
        { "<!DOCTYPE html>", 1 }, { "<html>", 1 }, { "<HTML>", 1 },
        { "\xef\xbb\xbf <html>", 1 }, { " \r\n<head>", 1 },
        { "<!-- x --><title>", 1 }, { "<?xml?><html>", 1 },
        { "<p><body>", 1 }, { "<<html", 1 },
        { "", 0 }, { "<", 0 }, { "<htm", 0 }, { "text <html>", 0 },
        { "{\"a\":\"<html>\"}", 0 }, { "<error>no</error>", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_redact_is_page(rows[i].body) == rows[i].is, "%s",
              rows[i].body);
    }
}

static void test_page(void **state)
{
    static const struct {
        const char *body, *words;
    } rows[] = {
        { "", "" }, { "<html>", "" },
        { "<html><title>Over capacity</title><body>x", "Over capacity" },
        { "<TITLE lang=en>  Over \n capacity\t</TITLE>", "Over capacity" },
        /* a title with nothing in it, and one that does not end */
        { "<title></title><p>down", "down" }, { "<title>no end", "no end" },
        { "<title", "" }, { "<title>a<b>b", "a" },
        { "<p>a</p>\n<p>b</p>", "a b" }, { "a<br>b<br>", "a b" },
        { "<!-- a > b -->c", "c" }, { "<!-- c", "" }, { "a<", "a" },
        { "<script>a > b</script>c", "c" }, { "<SCRIPT>a</Script >c", "c" },
        { "<script>a", "" }, { "<style>p > a {}</style>c", "c" },
        { "<p>a &amp; b", "a &amp; b" },
    };
    char body[300];
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *words = tw_redact_page(rows[i].body, pool);

        CHECK(!strcmp(words, rows[i].words), "%s: %s", rows[i].body, words);
    }
    memset(body, 'x', 299);
    body[299] = '\0';
    assert_int_equal(strlen(tw_redact_page(body, pool)), 200);
}

/* libpq takes what follows a blank for another parameter, and names it. */
static void test_connection(void **state)
{
    static const struct {
        const char *why, *params;
        int told;
    } rows[] = {
        { "no password supplied", "host=db password=hidden", 1 },
        { "role \"web\" does not exist", "host=db user=web", 1 },
        { "missing \"=\" after \"words\"", "password=two words", 0 },
        { "missing \"=\" after \"two\"", "password=two words", 0 },
        { "failed for hidden", "host=db password=hidden", 0 },
        { "failed for hidden", "password=hidden host=db", 0 },
        { "at password=", "password=", 1 },
        { "failed for host=db", "host=db", 1 },
        { "failed", "", 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *text = tw_redact_connection(rows[i].why, rows[i].params,
                                                pool);

        CHECK((strcmp(text, rows[i].why) == 0) == rows[i].told, "%s: %s",
              rows[i].why, text);
        CHECK(rows[i].told || (!strstr(text, "hidden")
                               && strstr(text, "name=value")), "%s", text);
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_opaque),
          cmocka_unit_test(test_is_page),
          cmocka_unit_test(test_page),
          cmocka_unit_test(test_connection))
