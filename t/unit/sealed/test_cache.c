/* SPDX-License-Identifier: Apache-2.0 */
/* tw_cache: what was unsealed a moment ago comes back, and nothing else. */

#include <stdio.h>

#include <apr_thread_proc.h>

#include "sealed.h"

#include "sealed/cache.h"

#define AUDIENCE "www.example.com"
#define PLAIN "what is in it"

static tw_sealer_t sealer = { NULL, TW_SEAL_SESSION, AUDIENCE };
static tw_cache_t *cache;

static void prepare(void)
{
    sealed_prepare();
    sealer.ring = ring_of(KEY1, KEY2, NULL);
    cache = tw_cache_make(TW_CACHE_TEXT, pool);
}

static char *seal(const char *plain)
{
    return tw_seal(&sealer, plain, strlen(plain), pool);
}

static apr_status_t unseal(tw_plain_t *plain, tw_cache_t *with,
                           const tw_sealer_t *by, const char *text)
{
    return tw_cache_unseal(plain, with, by, text, strlen(text), pool);
}

/*
 * Whether text comes from the cache: by a sealer that has become one of
 * another purpose, which opens nothing itself.
 */
static int is_remembered(tw_sealer_t *by, const char *text)
{
    tw_plain_t plain;
    apr_status_t rv;

    by->purpose = TW_SEAL_FLOW;
    rv = unseal(&plain, cache, by, text);
    by->purpose = TW_SEAL_SESSION;
    return rv == APR_SUCCESS;
}

static void test_remembers(void **state)
{
    char *text = seal(PLAIN);
    tw_plain_t first, second = { NULL, 0, -1 };

    (void)state;
    assert_non_null(cache);
    assert_false(is_remembered(&sealer, text));
    assert_int_equal(unseal(&first, cache, &sealer, text), APR_SUCCESS);
    assert_int_equal(first.stale, 0);
    assert_true(is_remembered(&sealer, text));

    /* a copy each time: who reads it may write into it */
    first.data[0] = 'X';
    assert_int_equal(unseal(&second, cache, &sealer, text), APR_SUCCESS);
    assert_int_equal(second.stale, 0);
    assert_int_equal(second.len, strlen(PLAIN));
    assert_string_equal(second.data, PLAIN);
}

static void test_stale_key(void **state)
{
    tw_sealer_t old = { ring_of(KEY2, NULL, NULL), TW_SEAL_SESSION, AUDIENCE };
    char *text = tw_seal(&old, PLAIN, strlen(PLAIN), pool);
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        tw_plain_t plain = { NULL, 0, -1 };

        assert_int_equal(unseal(&plain, cache, &sealer, text), APR_SUCCESS);
        assert_int_equal(plain.stale, 1);
    }
}

/* Another site's, although the text is the same: of other keys, of another
 * audience, and for another purpose. */
static void test_one_sealer_alone(void **state)
{
    tw_sealer_t stranger = { ring_of(KEY3, NULL, NULL), TW_SEAL_SESSION,
                             AUDIENCE };
    tw_sealer_t other = { sealer.ring, TW_SEAL_SESSION, "www.example.org" };
    tw_sealer_t flow = { sealer.ring, TW_SEAL_FLOW, AUDIENCE };
    char *text = seal(PLAIN);
    tw_plain_t plain;

    (void)state;
    assert_int_equal(unseal(&plain, cache, &sealer, text), APR_SUCCESS);
    assert_false(is_remembered(&stranger, text));
    assert_false(is_remembered(&other, text));
    assert_int_equal(unseal(&plain, cache, &other, text), APR_EINVAL);
    assert_int_equal(unseal(&plain, cache, &flow, text), APR_EINVAL);
    assert_int_equal(unseal(&plain, cache, &stranger, text), APR_ENOENT);
    assert_null(plain.data);
    assert_true(is_remembered(&sealer, text));
}

static apr_status_t open_spoiled(const char *text, apr_size_t len,
                                 apr_pool_t *sub)
{
    tw_plain_t plain;

    return tw_cache_unseal(&plain, cache, &sealer, text, len, sub);
}

/* SE-7, SE-8: a remembered text opens nothing that is nearly the same. */
static void test_any_change_is_void(void **state)
{
    static const char *const plain[] = { PLAIN, PLAIN "!", PLAIN "!!" };
    int i;

    (void)state;
    for (i = 0; i < COUNT(plain); i++) {
        sealed_spoil(open_spoiled, seal(plain[i]), seal(PLAIN));
    }
}

static void test_what_fails_is_not_kept(void **state)
{
    char *text = tw_seal(SEALER(sealer.ring, TW_SEAL_FLOW, AUDIENCE), PLAIN,
                         strlen(PLAIN), pool);
    tw_plain_t plain;

    (void)state;
    assert_int_equal(unseal(&plain, cache, &sealer, text), APR_EINVAL);
    assert_int_equal(unseal(&plain, cache, &sealer, text), APR_EINVAL);
}

static void test_long_texts_go_straight(void **state)
{
    char data[1000];
    int len;

    (void)state;
    memset(data, 'a', sizeof(data));
    for (len = 0; len < (int)sizeof(data); len += len < 300 ? 1 : 100) {
        char *text = tw_seal(&sealer, data, (apr_size_t)len, pool);
        tw_plain_t plain;
        int i;

        for (i = 0; i < 2; i++) {
            assert_int_equal(unseal(&plain, cache, &sealer, text),
                             APR_SUCCESS);
            assert_int_equal(plain.len, len);
            assert_memory_equal(plain.data, data, len);
            assert_int_equal(plain.data[len], 0);
        }
        CHECK(is_remembered(&sealer, text) == (strlen(text) <= 256),
              "%d characters", (int)strlen(text));
    }
}

static void test_without_a_memo(void **state)
{
    char *text = seal(PLAIN);
    tw_plain_t plain;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_int_equal(unseal(&plain, NULL, &sealer, text), APR_SUCCESS);
        assert_string_equal(plain.data, PLAIN);
    }
    assert_false(is_remembered(&sealer, text));
}

/* More than there is room for: the older ones go, none is taken for another. */
static void test_many(void **state)
{
    enum { MANY = 2000 };
    static char *text[MANY];
    int i, round, kept = 0;

    (void)state;
    for (i = 0; i < MANY; i++) {
        text[i] = seal(apr_itoa(pool, i));
    }
    for (round = 0; round < 2; round++) {
        for (i = 0; i < MANY; i++) {
            tw_plain_t plain;

            assert_int_equal(unseal(&plain, cache, &sealer, text[i]),
                             APR_SUCCESS);
            assert_string_equal(plain.data, apr_itoa(pool, i));
        }
    }
    for (i = 0; i < MANY; i++) {
        kept += is_remembered(&sealer, text[i]);
    }
    CHECK(kept > 100 && kept <= 256, "%d kept", kept);
}

enum { THREADS = 8, TEXTS = 40, ROUNDS = 20000 };
static char *threads_text[TEXTS];

static void *APR_THREAD_FUNC hammer(apr_thread_t *thread, void *arg)
{
    apr_pool_t *sub;
    long i, wrong = 0, seed = (long)(apr_size_t)arg;

    apr_pool_create(&sub, NULL);
    for (i = 0; i < ROUNDS; i++) {
        int at = (int)((i * 7 + seed * 13 + i / 50) % TEXTS);
        tw_plain_t plain;

        wrong += tw_cache_unseal(&plain, cache, &sealer, threads_text[at],
                                strlen(threads_text[at]), sub) != APR_SUCCESS
                 || strcmp((char *)plain.data, apr_itoa(sub, at));
        apr_pool_clear(sub);
    }
    apr_pool_destroy(sub);
    apr_thread_exit(thread, wrong ? APR_EGENERAL : APR_SUCCESS);
    return NULL;
}

/* CF-3: whoever asks at the same moment gets his own. */
static void test_threads(void **state)
{
    apr_thread_t *thread[THREADS];
    int i;

    (void)state;
    for (i = 0; i < TEXTS; i++) {
        threads_text[i] = seal(apr_itoa(pool, i));
    }
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(apr_thread_create(&thread[i], NULL, hammer,
                                           (void *)(apr_size_t)i, pool),
                         APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, thread[i]);
        assert_int_equal(rv, APR_SUCCESS);
    }
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_remembers),
          cmocka_unit_test(test_stale_key),
          cmocka_unit_test(test_one_sealer_alone),
          cmocka_unit_test(test_any_change_is_void),
          cmocka_unit_test(test_what_fails_is_not_kept),
          cmocka_unit_test(test_long_texts_go_straight),
          cmocka_unit_test(test_without_a_memo),
          cmocka_unit_test(test_many),
          cmocka_unit_test(test_threads))
