/* SPDX-License-Identifier: Apache-2.0 */
/* tw_id: ours, accounts', X's. */

#include "unit.h"

#include "base/id.h"

/* ID-4 */
static void test_of_x(void **state)
{
    static const struct {
        const char *id;
        int good;
    } rows[] = {
        { "1", 1 }, { "12", 1 }, { "6253282", 1 }, { "2147483648", 1 },
        { "9007199254740993", 1 }, { "9223372036854775807", 1 },
        { "18446744073709551615", 1 }, { "18446744073709551616", 1 },
        { "99999999999999999999", 1 }, { "100000000000000000000", 0 },
        { NULL, 0 }, { "", 0 }, { "0", 0 }, { "00", 0 }, { "01", 0 },
        { "-1", 0 }, { "+1", 0 }, { " 1", 0 }, { "1 ", 0 }, { "1\n", 0 },
        { "1.0", 0 }, { "1e3", 0 }, { "0x1", 0 }, { "1,000", 0 },
        { "1_000", 0 }, { "a", 0 }, { "1a", 0 }, { "\xd9\xa1", 0 },
        { "\xef\xbc\x91", 0 }, { "1'", 0 }, { "null", 0 }, { "NaN", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_id_twitter_ok(rows[i].id) == rows[i].good, "%s",
              unit_text(rows[i].id));
    }
}

/* Every byte, alone and after another. */
static void test_alphabet_of_x(void **state)
{
    int c;

    (void)state;
    for (c = 1; c < 256; c++) {
        char one[2] = { (char)c, '\0' };
        char two[3] = { '1', (char)c, '\0' };
        int digit = c >= '0' && c <= '9';

        CHECK(tw_id_twitter_ok(one) == (digit && c != '0'), "%d", c);
        CHECK(tw_id_twitter_ok(two) == digit, "%d", c);
    }
}

static void test_text(void **state)
{
    static const tw_id_t ids[] = {
        { { 0 } }, { { 1 } }, { "0123456789abcde" },
        { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
            255, 255, 255 } },
        { { [15] = 1 } },
    };
    int i, j;

    (void)state;
    assert_string_equal(tw_id_text(&ids[3], pool),
                        "_____________________w");
    for (i = 0; i < COUNT(ids); i++) {
        const char *text = tw_id_text(&ids[i], pool);
        tw_id_t read;

        assert_int_equal(strlen(text), TW_ID_TEXT_LEN);
        assert_int_equal(tw_id_read(&read, text), 1);
        for (j = 0; j < COUNT(ids); j++) {
            CHECK(tw_id_equal(&read, &ids[j]) == (i == j), "%d, %d", i, j);
        }
    }
}

/* One spelling an id; what is none leaves nothing behind. */
static void test_not_an_id(void **state)
{
    static const char *const rows[] = {
        "", "A", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAA=A",
        "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAA+AAAAAAAAAA",
        "AAAAAAAAAA AAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA\n",
        "AAAAAAAAAAAAAAAAAAAAA\xc3",
    };
    static const tw_id_t zeros;
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_id_t id = { "left from before" };

        CHECK(!tw_id_read(&id, rows[i]), "%s", unit_text(rows[i]));
        CHECK(tw_id_equal(&id, &zeros), "%s", unit_text(rows[i]));
    }
}

static void test_accounts(void **state)
{
    static const struct {
        apr_int64_t account;
        const char *text;
    } rows[] = {
        { 0, "0" }, { 1, "1" }, { 4294967296LL, "4294967296" }, { -1, "-1" },
        { 9223372036854775807LL, "9223372036854775807" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_string_equal(tw_id_account_text(rows[i].account, pool),
                            rows[i].text);
        CHECK(tw_id_account_read(rows[i].text) == rows[i].account, "%s",
              rows[i].text);
    }
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_of_x),
          cmocka_unit_test(test_alphabet_of_x),
          cmocka_unit_test(test_text),
          cmocka_unit_test(test_not_an_id),
          cmocka_unit_test(test_accounts))
