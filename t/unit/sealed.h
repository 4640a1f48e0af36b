/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of what is sealed: keys, rings, and every way to spoil a
 * sealed text.
 */
#ifndef SEALED_H
#define SEALED_H

#include "unit.h"

#include "base/codec.h"
#include "sealed/seal.h"

/* base64 of 48 random bytes, for tests only */
#define KEY1 "hCQJQ0+0OZxgvZ2a4Y8mJPoZYqBvK3nVb0oS7lDT1WcXrE9uHkMfGyi6wNzL5s+A"
#define KEY2 "T9xk1PzVbE4mWqY8aH0sRj6fUo3cGdL7vNiC2tBeX5KJwuhlQMrFpnSyAZg+/OI1"
#define KEY3 "b7WnYpR2ZsKdA0cX9mVtLqGhE3uJfNo+1iUyBxM5TlS8aQ/4wCkHrOg6DvPjzeIF"

/* What seals and opens, for one call. */
#define SEALER(ring, purpose, audience) \
    (&(const tw_sealer_t){ ring, purpose, audience })

static inline tw_ring_t *ring_of(const char *first, const char *second,
                                 const char *third)
{
    const char *const keys[] = { first, second, third };
    tw_ring_t *ring = tw_ring_make(pool);
    tw_err_t err;
    int i;

    assert_non_null(ring);
    for (i = 0; i < COUNT(keys) && keys[i]; i++) {
        if (tw_ring_add(ring, keys[i], pool, &err) != APR_SUCCESS) {
            fail_msg("%s", err.why);
        }
    }
    return ring;
}

static inline void sealed_prepare(void)
{
    if (tw_seal_init() != APR_SUCCESS) {
        exit(2);
    }
}

/* tw_unseal(), in three pieces; *stale (may be NULL) is left as it is by
 * what does not open. */
static inline apr_status_t unseal_with(unsigned char **data, apr_size_t *len,
                                       int *stale, const tw_sealer_t *sealer,
                                       const char *text, apr_size_t text_len,
                                       apr_pool_t *sub)
{
    tw_plain_t plain;
    apr_status_t rv = tw_unseal(&plain, sealer, text, text_len, sub);

    *data = plain.data;
    *len = plain.len;
    if (stale && rv == APR_SUCCESS) {
        *stale = plain.stale;
    }
    return rv;
}

/* Opens text of exactly len bytes, which is given in memory of that size. */
typedef apr_status_t (*opener_t)(const char *text, apr_size_t len,
                                 apr_pool_t *sub);

/* A text that must be void, in one way or the other. */
static inline void sealed_void(opener_t open, const char *text,
                               apr_size_t len, const char *how, int at)
{
    static apr_pool_t *sub;
    char *exact = malloc(len + !len);
    apr_status_t rv;

    if (!sub) {
        sub = unit_subpool();
    }
    memcpy(exact, text, len);
    rv = open(exact, len, sub);
    free(exact);
    apr_pool_clear(sub);
    CHECK(rv == APR_EINVAL || rv == APR_ENOENT, "%s at %d: status %d", how,
          at, rv);
}

/*
 * SE-7, SE-8: every bit of the bytes and of the text, every length, every
 * other character, every byte appended or put before, every splice of two
 * good texts, every other spelling.
 */
static inline void sealed_spoil(opener_t open, const char *text,
                                const char *other)
{
    apr_size_t len = strlen(text), other_len = strlen(other), raw_len, i;
    unsigned char *raw = apr_palloc(pool, len);
    char *copy = apr_palloc(pool, len + 8);
    int bit, c;

    assert_int_equal(open(text, len, pool), APR_SUCCESS);
    assert_int_equal(open(other, other_len, pool), APR_SUCCESS);
    assert_int_equal(tw_codec_unbase64(raw, &raw_len, text, len),
                     APR_SUCCESS);
    for (i = 0; i < raw_len; i++) {
        for (bit = 0; bit < 8; bit++) {
            raw[i] ^= (unsigned char)(1 << bit);
            tw_codec_base64(copy, raw, raw_len);
            sealed_void(open, copy, len, "bit flipped", (int)i * 8 + bit);
            raw[i] ^= (unsigned char)(1 << bit);
        }
    }
    memcpy(copy, text, len);
    for (i = 0; i < len; i++) {
        for (c = 0; c < 256; c++) {
            if ((char)c != text[i]) {
                copy[i] = (char)c;
                sealed_void(open, copy, len, "character changed", (int)i);
            }
        }
        copy[i] = text[i];
    }
    for (i = 0; i < len; i++) {
        sealed_void(open, text, i, "cut to", (int)i);
        if (i) {
            sealed_void(open, text + i, len - i, "cut before", (int)i);
        }
        memcpy(copy, text, i);
        memcpy(copy + i, text + i + 1, len - i - 1);
        sealed_void(open, copy, len - 1, "taken out", (int)i);
    }
    for (c = 0; c < 256; c++) {
        memcpy(copy, text, len);
        copy[len] = (char)c;
        sealed_void(open, copy, len + 1, "appended", c);
        memcpy(copy + 1, text, len);
        copy[0] = (char)c;
        sealed_void(open, copy, len + 1, "put before", c);
    }
    for (i = 1; i < len && i < other_len; i++) {
        const char *joined = apr_pstrcat(
            pool, apr_pstrmemdup(pool, text, i), other + i, NULL);

        /* until the nonce begins, two texts of one key are the same */
        if (strcmp(joined, text) && strcmp(joined, other)) {
            sealed_void(open, joined, strlen(joined), "spliced", (int)i);
        }
    }
    for (i = 1; i <= 4; i++) {
        memcpy(copy, text, len);
        memcpy(copy + len, "====", 4);
        sealed_void(open, copy, len + i, "padded", (int)i);
        memcpy(copy + len, "AAAA", 4);
        sealed_void(open, copy, len + i, "lengthened", (int)i);
    }
    copy = apr_pstrcat(pool, text, text, NULL);
    sealed_void(open, copy, 2 * len, "twice", 0);
    copy = apr_pstrcat(pool, text, ".", other, NULL);
    sealed_void(open, copy, strlen(copy), "joined", 0);
}

#endif
