/* SPDX-License-Identifier: Apache-2.0 */
/* tw_cache: what was unsealed a moment ago comes back, and nothing else. */

#include <stdio.h>

#include <apr_thread_proc.h>

#include "sealed.h"

#include "sealed/cache.h"

#define AUDIENCE "www.example.com"
#define PLAIN "what is in it"

static tw_ring_t *ring;
static tw_cache_t *cache;

static void prepare(void)
{
    sealed_prepare();
    ring = ring_of(KEY1, KEY2, NULL);
    cache = tw_cache_make(pool);
}

static char *seal(const tw_ring_t *with, const char *plain)
{
    return tw_seal(with, TW_SEAL_SESSION, AUDIENCE, plain, strlen(plain),
                   pool);
}

static apr_status_t unseal(unsigned char **data, apr_size_t *len, int *stale,
                           tw_cache_t *with, const tw_ring_t *keys,
                           const char *audience, const char *text)
{
    return tw_cache_unseal(data, len, stale, with, keys, TW_SEAL_SESSION,
                           audience, text, strlen(text), pool);
}

/*
 * Whether text comes from the cache: opened for another purpose than it was
 * sealed for, which fails without one.
 */
static int is_remembered(const tw_ring_t *keys, const char *audience,
                         const char *text)
{
    unsigned char *data;
    apr_size_t len;

    return tw_cache_unseal(&data, &len, NULL, cache, keys, TW_SEAL_FLOW,
                           audience, text, strlen(text), pool) == APR_SUCCESS;
}

static void test_remembers(void **state)
{
    char *text = seal(ring, PLAIN);
    unsigned char *first, *second;
    apr_size_t len;
    int stale = -1;

    (void)state;
    assert_non_null(cache);
    assert_false(is_remembered(ring, AUDIENCE, text));
    assert_int_equal(unseal(&first, &len, &stale, cache, ring, AUDIENCE, text),
                     APR_SUCCESS);
    assert_int_equal(stale, 0);
    assert_true(is_remembered(ring, AUDIENCE, text));

    /* a copy each time: who reads it may write into it */
    first[0] = 'X';
    stale = -1;
    assert_int_equal(unseal(&second, &len, &stale, cache, ring, AUDIENCE,
                            text), APR_SUCCESS);
    assert_int_equal(stale, 0);
    assert_int_equal(len, strlen(PLAIN));
    assert_string_equal(second, PLAIN);
    assert_int_equal(unseal(&second, &len, NULL, cache, ring, AUDIENCE, text),
                     APR_SUCCESS);
}

static void test_stale_key(void **state)
{
    char *text = seal(ring_of(KEY2, NULL, NULL), PLAIN);
    unsigned char *data;
    apr_size_t len;
    int i, stale;

    (void)state;
    for (i = 0; i < 3; i++) {
        stale = -1;
        assert_int_equal(unseal(&data, &len, &stale, cache, ring, AUDIENCE,
                                text), APR_SUCCESS);
        assert_int_equal(stale, 1);
    }
}

/* Another site's, although the text is the same. */
static void test_ring_and_audience(void **state)
{
    static const char other[] = "www.example.org";
    char *text = seal(ring, PLAIN);
    tw_ring_t *stranger = ring_of(KEY3, NULL, NULL);
    unsigned char *data;
    apr_size_t len;

    (void)state;
    assert_int_equal(unseal(&data, &len, NULL, cache, ring, AUDIENCE, text),
                     APR_SUCCESS);
    assert_false(is_remembered(stranger, AUDIENCE, text));
    assert_false(is_remembered(ring, other, text));
    assert_int_equal(unseal(&data, &len, NULL, cache, ring, other, text),
                     APR_EINVAL);
    assert_int_equal(unseal(&data, &len, NULL, cache, stranger, AUDIENCE,
                            text), APR_ENOENT);
    assert_true(is_remembered(ring, AUDIENCE, text));
}

static apr_status_t open_spoiled(const char *text, apr_size_t len,
                                 apr_pool_t *sub)
{
    unsigned char *data;
    apr_size_t data_len;

    return tw_cache_unseal(&data, &data_len, NULL, cache, ring,
                           TW_SEAL_SESSION, AUDIENCE, text, len, sub);
}

/* SE-7, SE-8: a remembered text opens nothing that is nearly the same. */
static void test_any_change_is_void(void **state)
{
    static const char *const plain[] = { PLAIN, PLAIN "!", PLAIN "!!" };
    int i;

    (void)state;
    for (i = 0; i < COUNT(plain); i++) {
        sealed_spoil(open_spoiled, seal(ring, plain[i]), seal(ring, PLAIN));
    }
}

static void test_what_fails_is_not_kept(void **state)
{
    char *text = tw_seal(ring, TW_SEAL_FLOW, AUDIENCE, PLAIN, strlen(PLAIN),
                         pool);
    unsigned char *data;
    apr_size_t len;

    (void)state;
    assert_int_equal(unseal(&data, &len, NULL, cache, ring, AUDIENCE, text),
                     APR_EINVAL);
    assert_int_equal(unseal(&data, &len, NULL, cache, ring, AUDIENCE, text),
                     APR_EINVAL);
}

static void test_long_texts_go_straight(void **state)
{
    char plain[1000];
    int len;

    (void)state;
    memset(plain, 'a', sizeof(plain));
    for (len = 0; len < (int)sizeof(plain); len += len < 300 ? 1 : 100) {
        char *text = tw_seal(ring, TW_SEAL_SESSION, AUDIENCE, plain,
                             (apr_size_t)len, pool);
        unsigned char *data;
        apr_size_t data_len;
        int i;

        for (i = 0; i < 2; i++) {
            assert_int_equal(unseal(&data, &data_len, NULL, cache, ring,
                                    AUDIENCE, text), APR_SUCCESS);
            assert_int_equal(data_len, len);
            assert_memory_equal(data, plain, len);
            assert_int_equal(data[len], 0);
        }
        CHECK(is_remembered(ring, AUDIENCE, text) == (strlen(text) <= 256),
              "%d characters", (int)strlen(text));
    }
}

static void test_without_a_memo(void **state)
{
    char *text = seal(ring, PLAIN);
    unsigned char *data;
    apr_size_t len;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_int_equal(unseal(&data, &len, NULL, NULL, ring, AUDIENCE,
                                text), APR_SUCCESS);
        assert_string_equal(data, PLAIN);
    }
    assert_false(is_remembered(ring, AUDIENCE, text));
}

/* More than there is room for: the older ones go, none is taken for another. */
static void test_many(void **state)
{
    enum { MANY = 2000 };
    static char *text[MANY];
    int i, round, kept = 0;

    (void)state;
    for (i = 0; i < MANY; i++) {
        text[i] = seal(ring, apr_itoa(pool, i));
    }
    for (round = 0; round < 2; round++) {
        for (i = 0; i < MANY; i++) {
            unsigned char *data;
            apr_size_t len;

            assert_int_equal(unseal(&data, &len, NULL, cache, ring, AUDIENCE,
                                    text[i]), APR_SUCCESS);
            assert_string_equal(data, apr_itoa(pool, i));
        }
    }
    for (i = 0; i < MANY; i++) {
        kept += is_remembered(ring, AUDIENCE, text[i]);
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
        unsigned char *data;
        apr_size_t len;

        wrong += tw_cache_unseal(&data, &len, NULL, cache, ring,
                                 TW_SEAL_SESSION, AUDIENCE, threads_text[at],
                                 strlen(threads_text[at]), sub) != APR_SUCCESS
                 || strcmp((char *)data, apr_itoa(sub, at));
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
        threads_text[i] = seal(ring, apr_itoa(pool, i));
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
          cmocka_unit_test(test_ring_and_audience),
          cmocka_unit_test(test_any_change_is_void),
          cmocka_unit_test(test_what_fails_is_not_kept),
          cmocka_unit_test(test_long_texts_go_straight),
          cmocka_unit_test(test_without_a_memo),
          cmocka_unit_test(test_many),
          cmocka_unit_test(test_threads))
