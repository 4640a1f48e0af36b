/* SPDX-License-Identifier: Apache-2.0 */
/* tw_err: texts that fit one line of a log. */

#include "unit.h"

#include "base/err.h"

static void test_set_fills_every_field(void **state)
{
    tw_err_t err = { TW_ERR_USER, 7, "old", "old", 9, "old", 8, 5,
                     TW_WAY_NAME };

    (void)state;
    assert_int_equal(tw_err_set(&err, pool, TW_ERR_TIMEOUT, APR_TIMEUP,
                                "%s after %d s", "X", 5), APR_TIMEUP);
    assert_int_equal(err.kind, TW_ERR_TIMEOUT);
    assert_int_equal(err.rv, APR_TIMEUP);
    assert_string_equal(err.why, "X after 5 s");
    assert_null(err.advice);
    assert_int_equal(err.retry_after, 0);
    assert_null(err.step);
    assert_int_equal(err.status, 0);
    assert_int_equal(err.code, 0);
}

static void test_text(void **state)
{
    tw_err_t err;

    (void)state;
    tw_err_set(&err, pool, TW_ERR_TIMEOUT, APR_TIMEUP, "too slow");
    assert_string_equal(tw_err_text(pool, &err), "too slow");
    err.step = "user";
    assert_string_equal(tw_err_text(pool, &err), "user: too slow");
    err.advice = "wait";
    assert_string_equal(tw_err_text(pool, &err), "user: too slow: wait");
}

static void test_set_never_returns_success(void **state)
{
    tw_err_t err;

    (void)state;
    assert_int_equal(tw_err_set(&err, pool, TW_ERR_INPUT, APR_SUCCESS, "x"),
                     APR_EGENERAL);
    assert_int_equal(tw_err_set(NULL, pool, TW_ERR_INPUT, APR_SUCCESS, "x"),
                     APR_EGENERAL);
    assert_int_equal(tw_err_set(NULL, pool, TW_ERR_INPUT, APR_EINVAL, "x"),
                     APR_EINVAL);
}

static void test_set_cuts_long_text(void **state)
{
    static const apr_size_t lengths[] = { 0, 1, 498, 499, 500, 501, 9000 };
    int i;

    (void)state;
    for (i = 0; i < COUNT(lengths); i++) {
        char *text = apr_palloc(pool, lengths[i] + 1);
        tw_err_t err;

        memset(text, 'x', lengths[i]);
        text[lengths[i]] = '\0';
        tw_err_set(&err, pool, TW_ERR_INPUT, APR_EINVAL, "%s", text);
        CHECK(strlen(err.why) == (lengths[i] < 500 ? lengths[i] : 499),
              "%d: %d bytes", (int)lengths[i], (int)strlen(err.why));
    }
}

static void test_quote(void **state)
{
    static const struct {
        const char *text;
        apr_size_t len, max;
        const char *quoted;
    } rows[] = {
        { "", 0, 10, "" },
        { "plain text", 10, 10, "plain text" },
        { "plain text", 10, 9, "plain tex..." },
        { "plain text", 10, 0, "..." },
        { "", 0, 0, "" },
        { "a\\b", 3, 10, "a\\x5cb" },
        { "\\x41", 4, 10, "\\x5cx41" },
        { "a\nb\r\tc", 6, 10, "a\\x0ab\\x0d\\x09c" },
        { "\0\x01\x1f", 3, 10, "\\x00\\x01\\x1f" },
        { " ~\x7f", 3, 10, " ~\\x7f" },
        { "\x80\xff", 2, 10, "\\x80\\xff" },
        { "\xe2\x80\xae", 3, 10, "\\xe2\\x80\\xae" },
        { "\x1b[31m", 5, 10, "\\x1b[31m" },
        { "%s%n<>\"'&", 9, 20, "%s%n<>\"'&" },
        { "\xff\xff\xff", 3, 2, "\\xff\\xff..." },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *got = tw_err_quote(pool, rows[i].text, rows[i].len,
                                       rows[i].max);

        CHECK(!strcmp(got, rows[i].quoted), "row %d: %s", i, got);
    }
}

/* Whatever the byte is, the quoted one is printable and can be told apart. */
static void test_quote_every_byte(void **state)
{
    char seen[256][8];
    int i, j;

    (void)state;
    for (i = 0; i < 256; i++) {
        char byte = (char)i;
        const char *got = tw_err_quote(pool, &byte, 1, 1);
        const char *c;

        for (c = got; *c; c++) {
            CHECK(*c >= 0x20 && *c < 0x7f, "byte %d", i);
        }
        apr_cpystrn(seen[i], got, sizeof(seen[i]));
        for (j = 0; j < i; j++) {
            CHECK(strcmp(seen[i], seen[j]), "bytes %d and %d", i, j);
        }
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_set_fills_every_field),
          cmocka_unit_test(test_text),
          cmocka_unit_test(test_set_never_returns_success),
          cmocka_unit_test(test_set_cuts_long_text),
          cmocka_unit_test(test_quote),
          cmocka_unit_test(test_quote_every_byte))
