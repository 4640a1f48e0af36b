/* SPDX-License-Identifier: Apache-2.0 */
/* tw_seal: handed out, and taken back unchanged or not at all. */

#include <stdio.h>

#include <apr_hash.h>

#include "sealed.h"

#define AUDIENCE "www.example.com"

static apr_status_t open_with(unsigned char **data, apr_size_t *len,
                              const tw_ring_t *ring, const char *text)
{
    return unseal_with(data, len, NULL, SEALER(ring, TW_SEAL_SESSION,
                       AUDIENCE), text, strlen(text), pool);
}

static void test_round_trip(void **state)
{
    tw_ring_t *ring = ring_of(KEY1, NULL, NULL);
    unsigned char plain[2000], *data;
    apr_size_t len, data_len;
    int stale;

    (void)state;
    tw_seal_random(plain, sizeof(plain));
    for (len = 0; len <= sizeof(plain); len += len < 100 ? 1 : 100) {
        char *text = tw_seal(SEALER(ring, TW_SEAL_FLOW, AUDIENCE), plain, len,
                             pool);

        assert_int_equal(strlen(text),
                         TW_CODEC_BASE64_LEN(1 + 3 + 24 + 16 + len));
        stale = -1;
        assert_int_equal(unseal_with(&data, &data_len, &stale, SEALER(ring,
                                     TW_SEAL_FLOW, AUDIENCE), text,
                                     strlen(text), pool), APR_SUCCESS);
        assert_int_equal(stale, 0);
        assert_int_equal(data_len, len);
        assert_memory_equal(data, plain, len);
        assert_int_equal(data[len], 0);
    }
}

/* Plain text does not show, in the text or in its bytes. */
static void test_nothing_shows(void **state)
{
    static const char plain[] = "canary-canary-canary-canary-canary";
    tw_ring_t *ring = ring_of(KEY1, NULL, NULL);
    char *text = tw_seal(SEALER(ring, TW_SEAL_FLOW, AUDIENCE), plain,
                         strlen(plain), pool);
    unsigned char raw[200];
    apr_size_t i, raw_len;

    (void)state;
    assert_null(strstr(text, "canary"));
    assert_int_equal(tw_codec_unbase64(raw, &raw_len, text, strlen(text)),
                     APR_SUCCESS);
    for (i = 0; i + 6 <= raw_len; i++) {
        assert_memory_not_equal(raw + i, "canary", 6);
    }
}

/* CR-1: the same content is never the same text, and no nonce comes twice. */
static void test_every_seal_is_new(void **state)
{
    enum { SEALS = 2000, NONCE = 24 };
    tw_ring_t *ring = ring_of(KEY1, NULL, NULL);
    apr_hash_t *texts = apr_hash_make(pool), *nonces = apr_hash_make(pool);
    int i;

    (void)state;
    for (i = 0; i < SEALS; i++) {
        char *text = tw_seal(SEALER(ring, TW_SEAL_FLOW, AUDIENCE), "same", 4,
                             pool);
        unsigned char *raw = apr_palloc(pool, 100);
        apr_size_t raw_len;

        tw_codec_unbase64(raw, &raw_len, text, strlen(text));
        apr_hash_set(texts, text, APR_HASH_KEY_STRING, text);
        apr_hash_set(nonces, raw + 4, NONCE, text);
    }
    assert_int_equal(apr_hash_count(texts), SEALS);
    assert_int_equal(apr_hash_count(nonces), SEALS);
}

static const tw_ring_t *spoiled_ring;

static apr_status_t open_spoiled(const char *text, apr_size_t len,
                                 apr_pool_t *sub)
{
    unsigned char *data = (unsigned char *)"unset";
    apr_size_t data_len = 99;
    apr_status_t rv = unseal_with(&data, &data_len, NULL, SEALER(spoiled_ring,
                                  TW_SEAL_STORED, AUDIENCE), text, len, sub);

    if (rv != APR_SUCCESS && (data || data_len)) {
        return APR_SUCCESS;     /* something came out nevertheless */
    }
    return rv;
}

/* Of each length modulo 3, because the last characters differ; and empty. */
static void test_any_change_is_void(void **state)
{
    static const char *const plains[] = { "", "a", "ab", "abc", "tokentoken" };
    int i;

    (void)state;
    spoiled_ring = ring_of(KEY1, KEY2, NULL);
    for (i = 0; i < COUNT(plains); i++) {
        apr_size_t len = strlen(plains[i]);

        sealed_spoil(open_spoiled,
                     tw_seal(SEALER(spoiled_ring, TW_SEAL_STORED, AUDIENCE),
                             plains[i], len, pool),
                     tw_seal(SEALER(spoiled_ring, TW_SEAL_STORED, AUDIENCE),
                             plains[i], len, pool));
    }
}

static void test_odd_texts(void **state)
{
    static const char *const rows[] = {
        "", "A", "AAAA", "=", "deleted", "null", "0",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "-----------------------------------------------------------",
    };
    char *large = apr_palloc(pool, 60000);
    int i;

    (void)state;
    spoiled_ring = ring_of(KEY1, NULL, NULL);
    for (i = 0; i < COUNT(rows); i++) {
        sealed_void(open_spoiled, rows[i], strlen(rows[i]), rows[i], 0);
    }
    memset(large, 'A', 60000);
    for (i = 60; i < 60000; i = i * 3 / 2) {
        sealed_void(open_spoiled, large, (apr_size_t)i, "A, so many", i);
    }
}

/* One failure is like another: all of them EINVAL, but for the key's name. */
static void test_failures_are_alike(void **state)
{
    tw_ring_t *ring = ring_of(KEY1, NULL, NULL);
    char *text = tw_seal(SEALER(ring, TW_SEAL_SESSION, AUDIENCE), "x", 1,
                         pool);
    unsigned char raw[100], *data;
    apr_size_t i, raw_len, len = strlen(text);
    char again[100];

    (void)state;
    tw_codec_unbase64(raw, &raw_len, text, len);
    for (i = 0; i < raw_len; i++) {
        apr_status_t rv;

        raw[i] ^= 1;
        tw_codec_base64(again, raw, raw_len);
        rv = open_with(&data, &len, ring, again);
        CHECK(rv == (i >= 1 && i <= 3 ? APR_ENOENT : APR_EINVAL), "byte %d",
              (int)i);
        raw[i] ^= 1;
    }
}

/* SE-10: every pair. */
static void test_purposes(void **state)
{
    tw_ring_t *ring = ring_of(KEY1, NULL, NULL);
    int made, taken;

    (void)state;
    for (made = 1; made <= TW_SEAL_PURPOSES; made++) {
        char *text = tw_seal(SEALER(ring, (tw_seal_purpose_t)made, AUDIENCE),
                             "x", 1, pool);

        for (taken = 1; taken <= TW_SEAL_PURPOSES; taken++) {
            unsigned char *data;
            apr_size_t len;

            CHECK(unseal_with(&data, &len, NULL, SEALER(ring,
                              (tw_seal_purpose_t)taken, AUDIENCE), text,
                              strlen(text), pool)
                  == (made == taken ? APR_SUCCESS : APR_EINVAL),
                  "%d as %d", made, taken);
        }
    }
}

static void test_audiences(void **state)
{
    static const char *const rows[] = {
        "", " ", "a", "A", "b", "ab", "a ", " a", "a\n", "a|b", "a b",
        "www.example.com", "www.example.com:443", "www.example.com.",
        "WWW.example.com", "example.com", "www.example.com|oauth1",
        "www.example.com|oauth2", "\xc3\xa9",
    };
    tw_ring_t *ring = ring_of(KEY1, NULL, NULL);
    int made, taken;

    (void)state;
    for (made = 0; made < COUNT(rows); made++) {
        char *text = tw_seal(SEALER(ring, TW_SEAL_FLOW, rows[made]), "x", 1,
                             pool);

        for (taken = 0; taken < COUNT(rows); taken++) {
            unsigned char *data;
            apr_size_t len;

            CHECK(unseal_with(&data, &len, NULL, SEALER(ring, TW_SEAL_FLOW,
                              rows[taken]), text, strlen(text), pool)
                  == (made == taken ? APR_SUCCESS : APR_EINVAL),
                  "\"%s\" as \"%s\"", rows[made], rows[taken]);
        }
    }
}

/* New key last everywhere, then first everywhere, then the old one out. */
static void test_rotation(void **state)
{
    static const struct {
        const char *key[3];
        const char *by;         /* the one ring key that sealed */
        apr_status_t rv;
        int stale;
    } rows[] = {
        { { KEY1 }, KEY1, APR_SUCCESS, 0 },
        { { KEY1 }, KEY2, APR_ENOENT, -1 },
        { { KEY1, KEY2 }, KEY1, APR_SUCCESS, 0 },
        { { KEY1, KEY2 }, KEY2, APR_SUCCESS, 1 },
        { { KEY2, KEY1 }, KEY1, APR_SUCCESS, 1 },
        { { KEY2, KEY1 }, KEY2, APR_SUCCESS, 0 },
        { { KEY2 }, KEY1, APR_ENOENT, -1 },
        { { KEY3, KEY2, KEY1 }, KEY1, APR_SUCCESS, 1 },
        { { KEY3, KEY2 }, KEY1, APR_ENOENT, -1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_ring_t *ring = ring_of(rows[i].key[0], rows[i].key[1],
                                  rows[i].key[2]);
        char *text = tw_seal(SEALER(ring_of(rows[i].by, NULL, NULL),
                             TW_SEAL_SESSION, AUDIENCE), "x", 1, pool);
        unsigned char *data;
        apr_size_t len;
        int stale = -1;

        CHECK(unseal_with(&data, &len, &stale, SEALER(ring, TW_SEAL_SESSION,
                          AUDIENCE), text, strlen(text), pool)
          == rows[i].rv, "row %d", i);
        CHECK(stale == rows[i].stale, "row %d: stale %d", i, stale);
    }
}

static void test_first_key_seals(void **state)
{
    tw_ring_t *both = ring_of(KEY2, KEY1, NULL);
    char *text = tw_seal(SEALER(both, TW_SEAL_SESSION, AUDIENCE), "x", 1,
                         pool);
    unsigned char *data;
    apr_size_t len;

    (void)state;
    assert_int_equal(open_with(&data, &len, ring_of(KEY2, NULL, NULL), text),
                     APR_SUCCESS);
    assert_int_equal(open_with(&data, &len, ring_of(KEY1, NULL, NULL), text),
                     APR_ENOENT);
}

static void test_same_rings(void **state)
{
    tw_ring_t *one = ring_of(KEY1, NULL, NULL);
    tw_ring_t *two = ring_of(KEY1, KEY2, NULL);

    (void)state;
    assert_true(tw_ring_same(one, ring_of(KEY1, NULL, NULL)));
    assert_true(tw_ring_same(two, ring_of(KEY1, KEY3, NULL)));
    assert_false(tw_ring_same(one, two));
    assert_false(tw_ring_same(two, ring_of(KEY2, KEY1, NULL)));
    assert_int_equal(tw_ring_count(ring_of(KEY1, NULL, NULL)), 1);
    assert_int_equal(tw_ring_count(ring_of(KEY1, KEY2, KEY3)), 3);
}

/* CR-3 */
static void test_keys(void **state)
{
    static const struct {
        const char *text;
        const char *why;        /* NULL: a good key */
    } rows[] = {
        { KEY1, NULL },
        /* 32 bytes, the least */
        { "J3Xs0uU9mQv7Y1bKcW5fRz2hPaTgNdEoLi8xBjV6kSM=", NULL },
        { "", "short" },
        { "AAAA", "short" },
        { "J3Xs0uU9mQv7Y1bKcW5fRz2hPaTgNdEoLi8xBjV6kQ==", "short" }, /* 31 */
        { "hunter2", "base64" },
        { "change me", "base64" },
        { "not base64 at all, but quite a long sentence", "base64" },
        { KEY1 "\n", "base64" },
        { " " KEY1, "base64" },
        { KEY1 " " KEY2, "base64" },
        { KEY1 "=", "base64" },
        { KEY1 "A", "base64" },
        { "J3Xs0uU9mQv7Y1bKcW5fRz2hPaTgNdEoLi8xBjV6kSM", "base64" },
        { "J3Xs0uU9mQv7Y1bKcW5fRz2hPaTgNdEoLi8xBjV6kSN=", "base64" },
        { "J3Xs0uU9mQv7Y1bKcW5fRz2hPaTgNdEoLi8xBjV-_SM=", "base64" },
        { "\xc3\xa9", "base64" },
        /* of one byte, of few, of a pattern, of steps */
        { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "random" },
        { "////////////////////////////////////////////////////////////////",
          "random" },
        { "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=", "random" },
        { "YWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWI=", "random" },
        { "cGFzc3dvcmRwYXNzd29yZHBhc3N3b3JkcGFzc3dvcmQ=", "random" },
        { "Y2hhbmdlbWVjaGFuZ2VtZWNoYW5nZW1lY2hhbmdlbWU=", "random" },
        { "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "random" },
        { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "random" },
        { "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=", "random" },
        { "ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=", "random" },
        { "3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8=", "random" },
        { "changemechangemechangemechangemechangemechangeme", "random" },
        { "0000000000000000000000000000000000000000000000000000000000000000",
          "random" },
        { "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=", "random" },
        /* eleven bytes that differ, and twelve; 17 steps alike, and 16 */
        { "eUK98iEG8IR3YvOE8iHyYoRCvfLzQgZCBnfzhISE83c=", "random" },
        { "RLsxEkX9b4TfmtfF12+a14TXRW/Fu/3XxRJvmtfXMcU=", NULL },
        { "ChEYHyYtNDtCSVBXXmVsc3qBiIiRPyD29y2wItJNCpY=", "random" },
        { "ChEYHyYtNDtCSVBXXmVsc3qB1DwWF8GpjngSngMnNxA=", NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_ring_t *ring = tw_ring_make(pool);
        tw_err_t err = { 0 };
        apr_status_t rv = tw_ring_add(ring, rows[i].text, pool, &err);

        CHECK((rv == APR_SUCCESS) == !rows[i].why, "row %d: %s", i,
              unit_text(err.why));
        CHECK(tw_ring_count(ring) == !rows[i].why, "row %d", i);
        if (rows[i].why) {
            CHECK(strstr(err.why, rows[i].why), "row %d: %s", i, err.why);
            CHECK(err.advice && strstr(err.advice, "openssl rand"),
                  "row %d", i);
            /* the message must not hold the key */
            CHECK(strlen(rows[i].text) < 8
                  || !strstr(err.why, rows[i].text), "row %d", i);
        }
        assert_int_equal(tw_ring_add(tw_ring_make(pool), rows[i].text, pool,
                                     NULL) == APR_SUCCESS, !rows[i].why);
    }
}

static char *random_key(void)
{
    unsigned char raw[48];
    char *text = apr_palloc(pool, 65), *c;

    tw_seal_random(raw, sizeof(raw));
    tw_codec_base64(text, raw, sizeof(raw));
    for (c = text; *c; c++) {
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    }
    return text;
}

/* What a generator draws is never taken for worthless. */
static void test_random_keys_are_good(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 2000; i++) {
        apr_pool_t *sub = unit_subpool();
        const char *key = random_key();
        tw_err_t err;

        CHECK(tw_ring_add(tw_ring_make(sub), key, sub, &err) == APR_SUCCESS,
              "%s", key);
        apr_pool_destroy(sub);
    }
}

static void test_ring_limits(void **state)
{
    tw_ring_t *ring = ring_of(KEY1, KEY2, NULL);
    tw_err_t err;

    (void)state;
    assert_int_not_equal(tw_ring_add(ring, KEY1, pool, &err), APR_SUCCESS);
    assert_non_null(strstr(err.why, "twice"));
    assert_int_equal(tw_ring_count(ring), 2);
    while (tw_ring_count(ring) < TW_RING_MAX) {
        assert_int_equal(tw_ring_add(ring, random_key(), pool, &err),
                         APR_SUCCESS);
    }
    assert_int_not_equal(tw_ring_add(ring, random_key(), pool, &err),
                         APR_SUCCESS);
    assert_non_null(strstr(err.why, "8"));
    assert_int_equal(tw_ring_count(ring), TW_RING_MAX);
}

/* An id has three bytes; by it a key is found, and told from no other. */
static void test_two_keys_of_one_id(void **state)
{
    const char *one = "yfPewB5rNk5d0/VOYThMDGtiQVk8uV2IfOsiVN3eSbVP"
                      "+roqQrmkzC2/7BlF6xFS";
    const char *other = "Nt80UgDKNv0Hq/Ii2v1EoJOv4Mhwn4BbYVScjzAvNcWw"
                        "HhvFtuDuRL5zgiFHbfvo";
    tw_ring_t *ring = ring_of(one, other, NULL);
    tw_ring_t *first = ring_of(one, NULL, NULL);
    tw_ring_t *second = ring_of(other, NULL, NULL);
    const char *by_first = tw_seal(SEALER(first, TW_SEAL_FLOW, AUDIENCE),
                                   "one", 3, pool);
    const char *by_second = tw_seal(SEALER(second, TW_SEAL_FLOW, AUDIENCE),
                                    "two", 3, pool);
    tw_plain_t plain;

    (void)state;
    assert_memory_equal(by_first, by_second, 5);
    assert_false(tw_ring_same(first, second));
    assert_int_equal(tw_unseal(&plain, SEALER(ring, TW_SEAL_FLOW, AUDIENCE),
                               by_first, strlen(by_first), pool),
                     APR_SUCCESS);
    assert_string_equal(plain.data, "one");
    assert_false(plain.stale);
    assert_int_equal(tw_unseal(&plain, SEALER(ring, TW_SEAL_FLOW, AUDIENCE),
                               by_second, strlen(by_second), pool),
                     APR_SUCCESS);
    assert_string_equal(plain.data, "two");
    assert_true(plain.stale);
    assert_int_equal(tw_unseal(&plain, SEALER(first, TW_SEAL_FLOW, AUDIENCE),
                               by_second, strlen(by_second), pool),
                     APR_EINVAL);
}

static void test_equal(void **state)
{
    static const struct {
        const char *a, *b;
        int equal;
    } rows[] = {
        { "", "", 1 }, { "a", "a", 1 }, { "abc", "abc", 1 },
        { "a", "b", 0 }, { "a", "A", 0 }, { "a", "", 0 }, { "", "a", 0 },
        { "abc", "abcd", 0 }, { "abcd", "abc", 0 }, { "xbc", "abc", 0 },
        { NULL, NULL, 0 }, { NULL, "", 0 }, { "", NULL, 0 },
        { NULL, "a", 0 }, { "a", NULL, 0 }, { "\xff", "\xff", 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        char *a = rows[i].a ? apr_pstrdup(pool, rows[i].a) : NULL;

        CHECK(tw_seal_equal(a, rows[i].b) == rows[i].equal, "row %d", i);
    }
}

/* CR-8: t/cost/test_comparison counts its instructions.  A difference at the
 * begin, in the middle, at the end. */
static void test_equal_takes_as_long(void **state)
{
    enum { LEN = 1 << 14 };
    static const int places[] = { 0, LEN / 2, LEN - 1 };
    char *text = apr_palloc(pool, LEN + 1);
    int i;

    (void)state;
    memset(text, 'a', LEN);
    text[LEN] = '\0';
    for (i = 0; i < COUNT(places); i++) {
        char *other = apr_pstrmemdup(pool, text, LEN);

        other[places[i]] ^= 1;
        assert_false(tw_seal_equal(text, other));
    }
}

/* BLAKE2b with 16 bytes, as b2sum -l 128 prints it. */
static void test_digest(void **state)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        { "", "cae66941d9efbd404e4d88758ea67670" },
        { "abc", "cf4ab791c62b8d2b2109c90275287816" },
    };
    unsigned char digest[TW_DIGEST_LEN];
    char hex[2 * TW_DIGEST_LEN + 1];
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_seal_digest(digest, rows[i].text);
        tw_codec_hex(hex, digest, sizeof(digest));
        assert_string_equal(hex, rows[i].hex);
    }
}

static void test_wipe(void **state)
{
    char secret[] = "secret";

    (void)state;
    tw_seal_wipe(secret + 1, 4);
    assert_memory_equal(secret, "s\0\0\0\0t", 6);
}

static void test_random(void **state)
{
    unsigned char a[32] = { 0 }, b[32] = { 0 };

    (void)state;
    tw_seal_random(a, sizeof(a));
    tw_seal_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_keep(void **state)
{
    static const char *const rows[] = { "", "a", "secret", KEY1 };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        apr_pool_t *sub = unit_subpool();

        assert_string_equal(tw_seal_keep(sub, rows[i]), rows[i]);
        apr_pool_destroy(sub);
    }
}

/* What may be read and not be changed: any key of the ring, one purpose, one
 * audience, every byte. */
static void test_tags(void **state)
{
    static const unsigned char data[17] = "0123456789abcdef";
    tw_ring_t *first = ring_of(KEY1, KEY2, NULL);
    tw_ring_t *turned = ring_of(KEY2, KEY1, NULL);
    tw_ring_t *without = ring_of(KEY2, KEY3, NULL);
    unsigned char tag[TW_TAG_LEN], again[TW_TAG_LEN];
    unsigned char copy[sizeof(data)];
    int i;

    (void)state;
    tw_seal_tag(tag, SEALER(first, TW_SEAL_PRE, AUDIENCE), data, sizeof(data));
    tw_seal_tag(again, SEALER(turned, TW_SEAL_PRE, AUDIENCE), data,
                sizeof(data));
    assert_memory_not_equal(tag, again, TW_TAG_LEN);
    assert_true(tw_seal_tag_ok(tag, SEALER(first, TW_SEAL_PRE, AUDIENCE), data,
                               sizeof(data)));
    assert_true(tw_seal_tag_ok(tag, SEALER(turned, TW_SEAL_PRE, AUDIENCE),
                               data, sizeof(data)));
    assert_false(tw_seal_tag_ok(tag, SEALER(without, TW_SEAL_PRE, AUDIENCE),
                                data, sizeof(data)));
    assert_false(tw_seal_tag_ok(tag, SEALER(first, TW_SEAL_FORM, AUDIENCE),
                                data, sizeof(data)));
    assert_false(tw_seal_tag_ok(tag, SEALER(first, TW_SEAL_PRE,
                                "www.example.org"), data, sizeof(data)));
    assert_false(tw_seal_tag_ok(tag, SEALER(first, TW_SEAL_PRE, AUDIENCE),
                                data, sizeof(data) - 1));
    for (i = 0; i < 8 * (int)sizeof(data); i++) {
        memcpy(copy, data, sizeof(data));
        copy[i / 8] ^= (unsigned char)(1 << i % 8);
        CHECK(!tw_seal_tag_ok(tag, SEALER(first, TW_SEAL_PRE, AUDIENCE), copy,
                              sizeof(copy)), "bit %d", i);
    }
    for (i = 0; i < 8 * TW_TAG_LEN; i++) {
        memcpy(again, tag, TW_TAG_LEN);
        again[i / 8] ^= (unsigned char)(1 << i % 8);
        CHECK(!tw_seal_tag_ok(again, SEALER(first, TW_SEAL_PRE, AUDIENCE),
                              data, sizeof(data)), "bit %d of the tag", i);
    }
}

UNIT_MAIN(sealed_prepare,
          cmocka_unit_test(test_round_trip),
          cmocka_unit_test(test_nothing_shows),
          cmocka_unit_test(test_every_seal_is_new),
          cmocka_unit_test(test_any_change_is_void),
          cmocka_unit_test(test_odd_texts),
          cmocka_unit_test(test_failures_are_alike),
          cmocka_unit_test(test_purposes),
          cmocka_unit_test(test_audiences),
          cmocka_unit_test(test_rotation),
          cmocka_unit_test(test_first_key_seals),
          cmocka_unit_test(test_same_rings),
          cmocka_unit_test(test_keys),
          cmocka_unit_test(test_random_keys_are_good),
          cmocka_unit_test(test_ring_limits),
          cmocka_unit_test(test_two_keys_of_one_id),
          cmocka_unit_test(test_equal),
          cmocka_unit_test(test_equal_takes_as_long),
          cmocka_unit_test(test_digest),
          cmocka_unit_test(test_wipe),
          cmocka_unit_test(test_random),
          cmocka_unit_test(test_keep),
          cmocka_unit_test(test_tags))
