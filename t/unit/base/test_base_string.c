/* SPDX-License-Identifier: Apache-2.0 */
/* base/base_string: over request targets of every kind (RFC 5849 section
 * 3.4.1). */

#include "unit.h"

#include "base/base_string.h"
#include "base/codec.h"

/* What stands behind the path, a form, and the parameters signed. */
typedef struct {
    const char *query, *form, *normalized;      /* NULL: malformed */
} row_t;

static const row_t rows[] = {
    { NULL, NULL, "" },
    { "", "", "" },
    { "a=1", NULL, "a=1" },
    { NULL, "a=1", "a=1" },
    { "b=2&a=1", "c=3", "a=1&b=2&c=3" },
    /* the same name in both, and twice in one */
    { "a=2&a=1", "a=0&a=2", "a=0&a=1&a=2&a=2" },
    /* nothing, and almost nothing */
    { "&&", "&", "" },
    { "a", NULL, "a=" },
    { "a&b", "c", "a=&b=&c=" },
    { "=", NULL, "=" },
    { "=x&y=", NULL, "=x&y=" },
    { "a==b", NULL, "a=%3Db" },
    { "a=b=c", NULL, "a=b%3Dc" },
    /* a name with what separates in it */
    { "a%3Db=c", NULL, "a%3Db=c" },
    { "a%26b=c%26d", NULL, "a%26b=c%26d" },
    { "a;b=c;d", NULL, "a%3Bb=c%3Bd" },
    /* blanks have three spellings */
    { "a=x+y", "b=x%20y", "a=x%20y&b=x%20y" },
    { "a=x%2By", NULL, "a=x%2By" },
    { "a+b=c", NULL, "a%20b=c" },
    /* all spellings of a byte are one */
    { "a=%7e%7E~", NULL, "a=~~~" },
    { "%61=%4a%4A", NULL, "a=JJ" },
    { "a=%2f%2F/", NULL, "a=%2F%2F%2F" },
    { "a=!*'()", NULL, "a=%21%2A%27%28%29" },
    { "a=b?c/d:@", NULL, "a=b%3Fc%2Fd%3A%40" },
    { "a=%25", NULL, "a=%25" },
    { "a=%2525", NULL, "a=%2525" },
    /* UTF-8, escaped and as it is; what is no text; a NUL */
    { "%C3%A9=%e2%98%83", NULL, "%C3%A9=%E2%98%83" },
    { "\xc3\xa9=\xe2\x98\x83", NULL, "%C3%A9=%E2%98%83" },
    { "a=%FF%fe", NULL, "a=%FF%FE" },
    { "a=x%00y", NULL, "a=x%00y" },
    { "a=1%0D%0Ab", NULL, "a=1%0D%0Ab" },
    /* sorted as encoded bytes, names before values */
    { "a%20b=1&a=2&a-b=3&aB=4&ab=5", NULL,
      "a=2&a%20b=1&a-b=3&aB=4&ab=5" },
    { "a=%7B&a=z&a=-", NULL, "a=%7B&a=-&a=z" },
    { "ab=0&a=b", NULL, "a=b&ab=0" },
    /* malformed: nobody knows how the other end decodes it */
    { "a=%", NULL, NULL },
    { "a=%4", NULL, NULL },
    { "a=%zz", NULL, NULL },
    { "%=a", NULL, NULL },
    { "a=1", "b=%G0", NULL },
    { "a=%4&b=1", NULL, NULL },
};

static tw_signed_text_t text_of(const char *text)
{
    tw_signed_text_t out = { text, text ? strlen(text) : 0 };

    return out;
}

static void test_targets(void **state)
{
    static const char url[] = "https://api.x.com/2/a%2Fb;c/~d";
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_base_string_t call = { "POST", url, NULL, text_of(rows[i].query),
                                  text_of(rows[i].form) };
        const char *text, *want = NULL;

        if (rows[i].normalized) {
            want = apr_pstrcat(
                pool, "POST&https%3A%2F%2Fapi.x.com%2F2%2Fa%252Fb%3Bc%2F~d&",
                tw_codec_percent(pool, rows[i].normalized), NULL);
        }
        CHECK(tw_base_string(&text, &call, pool)
                  == (want ? APR_SUCCESS : APR_EINVAL),
              "row %d", i);
        CHECK(unit_same(text, want), "row %d: %s instead of %s", i,
              unit_text(text), unit_text(want));
    }
}

static void test_length_counts_not_the_nul(void **state)
{
    tw_base_string_t call = { "get", "http://h/", NULL, { "a=1&b=2", 3 },
                              { "x\0y=z", 5 } };
    const char *text;

    (void)state;
    assert_int_equal(tw_base_string(&text, &call, pool), APR_SUCCESS);
    assert_string_equal(text, "GET&http%3A%2F%2Fh%2F&a%3D1%26x%2500y%3Dz");
    call.method = "m-search";
    assert_int_equal(tw_base_string(&text, &call, pool), APR_SUCCESS);
    assert_memory_equal(text, "M-SEARCH&", 9);
}

/* As many as fit into the longest form. */
static void test_many(void **state)
{
    apr_size_t len = 65536, i;
    char *form = apr_palloc(pool, len);
    tw_base_string_t call = { "POST", "https://h/", NULL, { NULL, 0 },
                              { form, len } };
    const char *text;

    (void)state;
    for (i = 0; i < len; i++) {
        form[i] = i % 2 ? '&' : (char)('a' + i / 2 % 26);
    }
    assert_int_equal(tw_base_string(&text, &call, pool), APR_SUCCESS);
    assert_int_equal(strlen(text), strlen("POST&https%3A%2F%2Fh%2F&")
                                       + 32768 * 7 - 3);
}

static void test_has(void **state)
{
    static const struct {
        const char *text;
        int has;
    } names[] = {
        { NULL, 0 }, { "", 0 }, { "a=oauth_token", 0 }, { "oauth", 0 },
        { "xoauth_token=1", 0 }, { "oauth_token=1", 1 }, { "a=1&oauth_", 1 },
        { "%6fauth%5Ftoken", 1 }, { "oauth+token", 0 }, { "a=%", 1 },
        { "OAUTH_TOKEN=1", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(names); i++) {
        tw_signed_text_t text = text_of(names[i].text);

        CHECK(tw_base_string_has(&text, "oauth_", pool) == names[i].has,
              "%s", unit_text(names[i].text));
    }
}

UNIT_MAIN(unit_nothing, cmocka_unit_test(test_targets),
          cmocka_unit_test(test_length_counts_not_the_nul),
          cmocka_unit_test(test_many), cmocka_unit_test(test_has))
