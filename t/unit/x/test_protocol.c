/* SPDX-License-Identifier: Apache-2.0 */
/* tw_provider: handles and tokens. */

#include <locale.h>

#include "unit.h"

#include "x/protocol.h"

/* ID-5 */
static void test_handles(void **state)
{
    static const struct {
        const char *handle;
        int good;
    } rows[] = {
        { "jack", 1 }, { "J", 1 }, { "_", 1 }, { "0", 1 }, { "A_1", 1 },
        { "abcdefghijklmno", 1 }, { "abcdefghijklmnopqrst", 1 },
        { "abcdefghijklmnopqrstu", 0 }, { NULL, 0 }, { "", 0 },
        { "@jack", 0 }, { "ja ck", 0 }, { " jack", 0 }, { "jack ", 0 },
        { "jack\n", 0 }, { "jack.12", 0 }, { "ja-ck", 0 }, { "jack;", 0 },
        { "jack\"", 0 }, { "<b>", 0 }, { "jac\xe2\x84\xaa", 0 },
        { "jac\xc5\xbf", 0 }, { "j\xc4\xb1" "ck", 0 },
        { "j\xc3\xa4" "ck", 0 },
        { "\xd0\xb0" "bc", 0 }, { "jack\x80", 0 }, { "..", 0 }, { "a/b", 0 },
    };
    static const char *const locales[] = {
        "C", "C.UTF-8", "tr_TR.UTF-8", "tr_TR", "de_DE.ISO-8859-1",
    };
    int i, l;

    (void)state;
    for (l = 0; l < COUNT(locales); l++) {
        /* one that is not installed changes nothing */
        setlocale(LC_ALL, locales[l]);
        for (i = 0; i < COUNT(rows); i++) {
            CHECK(tw_provider_handle_ok(rows[i].handle) == rows[i].good,
                  "%s in %s", unit_text(rows[i].handle), locales[l]);
        }
    }
    setlocale(LC_ALL, "C");
}

/* Every byte, alone and after others. */
static void test_alphabets(void **state)
{
    int c;

    (void)state;
    for (c = 1; c < 256; c++) {
        char one[2] = { (char)c, '\0' };
        char two[3] = { '1', (char)c, '\0' };
        int word = (c >= '0' && c <= '9') || c == '_'
                   || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        int visible = c > 0x20 && c < 0x7f;

        CHECK(tw_provider_handle_ok(one) == word, "%d", c);
        CHECK(tw_provider_handle_ok(two) == word, "%d", c);
        CHECK(tw_provider_token_ok(one, 9) == visible, "%d", c);
        CHECK(tw_provider_token_ok(two, 9) == visible, "%d", c);
    }
}

static void test_token_lengths(void **state)
{
    static const struct {
        const char *token;
        apr_size_t max;
        int good;
    } rows[] = {
        { NULL, 9, 0 }, { "", 9, 0 }, { "", 0, 0 }, { "a", 0, 0 },
        { "a", 1, 1 }, { "ab", 1, 0 }, { "abc", 3, 1 }, { "abcd", 3, 0 },
        { "12-x", 256, 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_provider_token_ok(rows[i].token, rows[i].max)
              == rows[i].good, "row %d", i);
    }
}

/* Without time there is no call, and of a call before it no answer. */
static void test_no_time_is_left(void **state)
{
    tw_client_t client = { 0 };
    tw_step_t step = { "user", &client, NULL, apr_time_now(), 0, NULL, NULL };
    tw_http_request_t request = { 0 };
    tw_http_response_t before = { 0 };
    const tw_http_response_t *response = &before;
    tw_err_t err = { 0 };

    (void)state;
    assert_int_not_equal(tw_step_call(&response, &step, &request, pool, &err),
                         APR_SUCCESS);
    assert_int_equal(err.kind, TW_ERR_TIMEOUT);
    assert_string_equal(err.step, "user");
    assert_null(response);
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_handles),
          cmocka_unit_test(test_alphabets),
          cmocka_unit_test(test_token_lengths),
          cmocka_unit_test(test_no_time_is_left))
