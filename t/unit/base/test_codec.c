/* SPDX-License-Identifier: Apache-2.0 */
/* tw_codec: percent, forms, base64url; every decoder strict. */

#include <stdio.h>

#include "vectors.h"

#include "base/codec.h"

static void test_percent_vectors(void **state)
{
    const json_t *row;
    size_t i, ran = 0;

    (void)state;
    json_array_foreach(json_object_get(vectors, "encoding"), i, row) {
        const char *input = vector_text(row, "input");
        const char *encoded = vector_text(row, "encoded");
        char *back;

        assert_string_equal(tw_codec_percent(pool, input), encoded);
        assert_int_equal(tw_codec_unpercent(&back, encoded, strlen(encoded),
                                            0, pool), APR_SUCCESS);
        assert_string_equal(back, input);
        ran++;
    }
    assert_int_equal(ran, 21);
}

/* RFC 5849 section 3.6: 66 bytes stand for themselves, the rest is %XX. */
static void test_percent_every_byte(void **state)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789-._~";
    int i, plus;

    (void)state;
    for (i = 1; i < 256; i++) {
        char text[2] = { (char)i, '\0' };
        char want[4], *back;
        const char *got = tw_codec_percent(pool, text);

        snprintf(want, sizeof(want), strchr(unreserved, i) ? "%c" : "%%%02X",
                 i);
        assert_string_equal(got, want);
        for (plus = 0; plus < 2; plus++) {
            assert_int_equal(tw_codec_unpercent(&back, got, strlen(got),
                                                plus, pool), APR_SUCCESS);
            assert_string_equal(back, text);
        }
    }
}

static void test_unpercent(void **state)
{
    static const struct {
        const char *text;
        int len;                /* -1: up to the NUL */
        int plus;
        const char *decoded;    /* NULL: refused */
    } rows[] = {
        { "", -1, 0, "" },
        { "abc", -1, 0, "abc" },
        { "abc", 2, 0, "ab" },
        { "a+b", -1, 0, "a+b" },
        { "a+b", -1, 1, "a b" },
        { "a%2Bb", -1, 1, "a+b" },
        { "a%20b", -1, 0, "a b" },
        { "%41%5a%7E", -1, 0, "AZ~" },
        { "%c3%A9", -1, 0, "\xc3\xa9" },
        { "%ff", -1, 0, "\xff" },
        { "\xff\x01", -1, 0, "\xff\x01" },
        { "%2541", -1, 0, "%41" },      /* once, not twice */
        { "%25", -1, 0, "%" },
        { "%252525", -1, 0, "%2525" },
        { "%", -1, 0, NULL },
        { "%4", -1, 0, NULL },
        { "a%", -1, 0, NULL },
        { "a%4", -1, 0, NULL },
        { "%41", 2, 0, NULL },          /* the length counts, not the NUL */
        { "%41", 1, 0, NULL },
        { "%g1", -1, 0, NULL },
        { "%1g", -1, 0, NULL },
        { "%/1", -1, 0, NULL },
        { "%:1", -1, 0, NULL },
        { "%@1", -1, 0, NULL },
        { "%`1", -1, 0, NULL },
        { "% 1", -1, 0, NULL },
        { "%+1", -1, 1, NULL },
        { "%-1", -1, 0, NULL },
        { "%0x1", -1, 0, NULL },
        { "%%41", -1, 0, NULL },
        { "%u0041", -1, 0, NULL },
        { "%00", -1, 0, NULL },
        { "a%00b", -1, 0, NULL },
        { "a\0b", 3, 0, NULL },
        { "\0", 1, 0, NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_size_t len = rows[i].len < 0 ? strlen(rows[i].text)
                                         : (apr_size_t)rows[i].len;
        /* of exactly this size, so that a sanitizer sees a byte too far */
        char *text = malloc(len + !len);
        char *out = (char *)"unset";
        apr_status_t rv;

        memcpy(text, rows[i].text, len);
        rv = tw_codec_unpercent(&out, text, len, rows[i].plus, pool);
        free(text);
        CHECK(rv == (rows[i].decoded ? APR_SUCCESS : APR_EINVAL)
              && unit_same(out, rows[i].decoded),
              "row %d: \"%s\" -> %s", i, rows[i].text, unit_text(out));
    }
}

/* Every pair of bytes after '%'. */
static void test_unpercent_every_pair(void **state)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    apr_pool_t *sub = unit_subpool();
    int hi, lo, good = 0;

    (void)state;
    for (hi = 0; hi < 256; hi++) {
        for (lo = 0; lo < 256; lo++) {
            char text[3] = { '%', (char)hi, (char)lo };
            int ok = hi && lo && strchr(digits, hi) && strchr(digits, lo)
                     && !(hi == '0' && lo == '0');
            char *out;

            CHECK((tw_codec_unpercent(&out, text, 3, 1, sub) == APR_SUCCESS)
                  == ok, "%%, %d, %d", hi, lo);
            good += ok;
        }
        apr_pool_clear(sub);
    }
    assert_int_equal(good, 22 * 22 - 1);
}

/* The fields as [name=value], a malformed value as [name!]. */
static const char *show(const apr_array_header_t *pairs)
{
    const char *text = "";
    int i;

    for (i = 0; i < pairs->nelts; i++) {
        const tw_pair_t *pair = &APR_ARRAY_IDX(pairs, i, tw_pair_t);

        text = apr_pstrcat(pool, text, "[", pair->name,
                           pair->value ? "=" : "!",
                           pair->value ? pair->value : "", "]", NULL);
    }
    return text;
}

static void test_form(void **state)
{
    static const struct {
        const char *text, *fields;
    } rows[] = {
        { "", "" },
        { "a", "[a=]" },
        { "a=", "[a=]" },
        { "=", "[=]" },
        { "=b", "[=b]" },
        { "a=b", "[a=b]" },
        { "a=b=c", "[a=b=c]" },
        { "a==", "[a==]" },
        { "a=b&c=d", "[a=b][c=d]" },
        { "&", "" },
        { "&&&", "" },
        { "&a=b", "[a=b]" },
        { "a=b&", "[a=b]" },
        { "a=b&&c=d", "[a=b][c=d]" },
        { "a=1&a=2", "[a=1][a=2]" },
        { "a=b;c=d", "[a=b;c=d]" },     /* ';' does not separate */
        { "a=b%26c=d", "[a=b&c=d]" },
        { "a%3Db=c", "[a=b=c]" },
        { "a+b=c+d", "[a b=c d]" },
        { "a%2Bb=c%2Bd", "[a+b=c+d]" },
        { "a=%2541", "[a=%41]" },
        { "a=%", "[a!]" },
        { "a=%00", "[a!]" },
        { "a=%4&b=1", "[a!][b=1]" },
        { "%=1&b=2", "[b=2]" },         /* a malformed name is left out */
        { "a%00=1&b=2", "[b=2]" },
        { "a=%&26", "[a!][26=]" },      /* split first, decode after */
        { "oauth_token=%c3%a9", "[oauth_token=\xc3\xa9]" },
        { " a = b ", "[ a = b ]" },
        { "a=b\r\n", "[a=b\r\n]" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_array_header_t *pairs;

        assert_int_equal(tw_codec_form(&pairs, rows[i].text,
                                       strlen(rows[i].text), 50, pool),
                         APR_SUCCESS);
        CHECK(!strcmp(show(pairs), rows[i].fields), "row %d: %s", i,
              show(pairs));
    }
}

static void test_form_of_nothing(void **state)
{
    apr_array_header_t *pairs;

    (void)state;
    assert_int_equal(tw_codec_form(&pairs, NULL, 0, 5, pool), APR_SUCCESS);
    assert_int_equal(pairs->nelts, 0);
    assert_null(tw_codec_form_get(pairs, "a", NULL));
    assert_null(tw_codec_form_get(NULL, "a", NULL));
}

static void test_form_limit(void **state)
{
    static const struct {
        const char *text;
        int max;
        int fields;             /* -1: too many */
    } rows[] = {
        { "", 0, 0 },
        { "&&", 0, 0 },
        { "a", 0, -1 },
        { "a&b", 2, 2 },
        { "a&b&", 2, 2 },
        { "a&&b", 2, 2 },
        { "a&b&c", 2, -1 },
        { "a=%&b&c", 2, -1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_array_header_t *pairs = NULL;
        apr_status_t rv = tw_codec_form(&pairs, rows[i].text,
                                        strlen(rows[i].text), rows[i].max,
                                        pool);

        CHECK(rows[i].fields < 0 ? rv == APR_ENOSPC && !pairs
                                 : rv == APR_SUCCESS
                                   && pairs->nelts == rows[i].fields,
              "row %d", i);
    }
}

static void test_form_get(void **state)
{
    static const struct {
        const char *text, *value;
        int count;
    } rows[] = {
        { "", NULL, 0 },
        { "b=1", NULL, 0 },
        { "a=1", "1", 1 },
        { "a", "", 1 },
        { "a=", "", 1 },
        { "b=1&a=2", "2", 1 },
        { "%61=2", "2", 1 },
        { "a=1&a=1", NULL, 2 },
        { "a=1&b&a=2", NULL, 2 },
        { "a=1&%61=2", NULL, 2 },
        { "a&a&a", NULL, 3 },
        { "a=%", NULL, 1 },             /* malformed, but there */
        { "a=%&a=1", NULL, 2 },
        { "A=1", NULL, 0 },
        { "a =1", NULL, 0 },
        { "a%00=1", NULL, 0 },
        { "a[]=1", NULL, 0 },
        { "a.x=1", NULL, 0 },
    };
    int i, count;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_array_header_t *pairs;
        const char *value;

        tw_codec_form(&pairs, rows[i].text, strlen(rows[i].text), 9, pool);
        value = tw_codec_form_get(pairs, "a", &count);
        CHECK(unit_same(value, rows[i].value) && count == rows[i].count,
              "row %d: %s, %d", i, unit_text(value), count);
        assert_true(unit_same(tw_codec_form_get(pairs, "a", NULL),
                              rows[i].value));
    }
}

/* RFC 4648 section 10, in the URL alphabet and without padding. */
static void test_base64(void **state)
{
    static const struct {
        const char *data, *text;
    } rows[] = {
        { "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
        { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy" }, { "\xff\xff\xff", "____" },
        { "\xfb\xef\xbe", "----" }, { "\xff", "_w" }, { "\xff\xff", "__8" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        char text[16];
        unsigned char data[16];
        apr_size_t len;

        tw_codec_base64(text, (const unsigned char *)rows[i].data,
                        strlen(rows[i].data));
        assert_string_equal(text, rows[i].text);
        assert_int_equal(strlen(text),
                         TW_CODEC_BASE64_LEN(strlen(rows[i].data)));
        assert_int_equal(tw_codec_unbase64(data, &len, text, strlen(text)),
                         APR_SUCCESS);
        assert_int_equal(len, strlen(rows[i].data));
        assert_memory_equal(data, rows[i].data, len);
    }
}

/* All texts of one to three characters: what opens is what would be made. */
static void test_base64_has_one_spelling(void **state)
{
    int i, good[4] = { 0 };
    apr_size_t len;

    (void)state;
    for (i = 0; i < 1 << 24; i++) {
        char text[3] = { (char)i, (char)(i >> 8), (char)(i >> 16) };
        apr_size_t text_len = i < 1 << 8 ? 1 : i < 1 << 16 ? 2 : 3;
        unsigned char data[3];
        char again[5];

        if (tw_codec_unbase64(data, &len, text, text_len) != APR_SUCCESS) {
            continue;
        }
        tw_codec_base64(again, data, len);
        CHECK(strlen(again) == text_len && !memcmp(again, text, text_len),
              "text %06x", i);
        good[text_len]++;
    }
    /* one character is never a byte; then one text for each value */
    assert_int_equal(good[1], 0);
    assert_int_equal(good[2], 256);
    assert_int_equal(good[3], 65536);
}

/* Each byte at each place of a group of four. */
static void test_base64_every_byte(void **state)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int place, c;

    (void)state;
    for (place = 0; place < 4; place++) {
        for (c = 0; c < 256; c++) {
            char text[] = "AAAA", again[5];
            unsigned char data[3];
            apr_size_t len = 99;
            int ok = c && strchr(digits, c);

            text[place] = (char)c;
            CHECK((tw_codec_unbase64(data, &len, text, 4) == APR_SUCCESS)
                  == ok, "byte %d at %d", c, place);
            CHECK(len == (ok ? 3 : 0), "byte %d at %d", c, place);
            if (ok) {
                tw_codec_base64(again, data, len);
                assert_string_equal(again, text);
            }
        }
    }
}

static void test_base64_refuses(void **state)
{
    static const char *const rows[] = {
        "A", "AAAAA", "Zg==", "Zm8=", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm 9v",
        "Zm9v\n", "\nZm9v", "Zm9v=", "====", "=", "Zm.v", "Zm9vZg==", "Zm9!",
        "Zm9vYh", "Zm9vYmF", "%5A%67",
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        unsigned char data[16];
        apr_size_t len;

        CHECK(tw_codec_unbase64(data, &len, rows[i], strlen(rows[i]))
              == APR_EINVAL && len == 0, "row %d: %s", i, rows[i]);
    }
}

static void test_hex(void **state)
{
    static const unsigned char data[] = { 0x00, 0x01, 0x9a, 0xbc, 0xff };
    char text[11];

    (void)state;
    tw_codec_hex(text, data, sizeof(data));
    assert_string_equal(text, "00019abcff");
    tw_codec_hex(text, data, 0);
    assert_string_equal(text, "");
}

UNIT_MAIN(vectors_load,
          cmocka_unit_test(test_percent_vectors),
          cmocka_unit_test(test_percent_every_byte),
          cmocka_unit_test(test_unpercent),
          cmocka_unit_test(test_unpercent_every_pair),
          cmocka_unit_test(test_form),
          cmocka_unit_test(test_form_of_nothing),
          cmocka_unit_test(test_form_limit),
          cmocka_unit_test(test_form_get),
          cmocka_unit_test(test_base64),
          cmocka_unit_test(test_base64_has_one_spelling),
          cmocka_unit_test(test_base64_every_byte),
          cmocka_unit_test(test_base64_refuses),
          cmocka_unit_test(test_hex))
