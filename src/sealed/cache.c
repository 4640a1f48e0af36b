/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/cache.h"

#include <stdatomic.h>
#include <string.h>

#define ENTRIES_BITS 8
#define ALIGNED(n) (((n) + 15) & ~(apr_size_t)15)
/* So many characters are compared at a time. */
#define STEP 16

typedef struct {
    atomic_flag used;               /* by a thread, at the moment */
    unsigned char stale;
    unsigned short text_len;        /* 0: nothing remembered */
    unsigned short data_len;
    const tw_sealer_t *sealer;
    char text[];                    /* and behind the room for the longest
                                       what was in it */
} entry_t;

struct tw_cache_t {
    apr_size_t text_max;
    apr_size_t size;                /* of an entry */
    _Alignas(16) char entries[];
};

static entry_t *entry_at(tw_cache_t *cache, apr_size_t i)
{
    return (entry_t *)(void *)(cache->entries + i * cache->size);
}

tw_cache_t *tw_cache_make(apr_size_t text_max, apr_pool_t *pool)
{
    apr_size_t size = ALIGNED(sizeof(entry_t) + text_max + text_max * 3 / 4);
    apr_size_t all = sizeof(tw_cache_t) + (size << ENTRIES_BITS);
    tw_cache_t *cache = tw_seal_alloc(pool, all);
    apr_size_t i;

    if (cache) {
        memset(cache, 0, all);
        cache->text_max = text_max;
        cache->size = size;
        for (i = 0; i < 1U << ENTRIES_BITS; i++) {
            atomic_flag_clear(&entry_at(cache, i)->used);
        }
    }
    return cache;
}

/* Sealed texts end in a tag, which is as good as random. */
static entry_t *entry_of(tw_cache_t *cache, const char *text, apr_size_t len)
{
    apr_uint64_t end;

    memcpy(&end, text + len - sizeof(end), sizeof(end));
    return entry_at(cache, end * 0x9e3779b97f4a7c15ULL
                           >> (64 - ENTRIES_BITS));
}

/* How sixteen characters differ. */
static apr_uint64_t difference_at(const char *a, const char *b)
{
    apr_uint64_t x[2], y[2];

    memcpy(x, a, sizeof(x));
    memcpy(y, b, sizeof(y));
    return (x[0] ^ y[0]) | (x[1] ^ y[1]);
}

/* In a time that tells nothing of where they differ: one of the two is
 * somebody's cookie, the other may be a guess.  The last characters are looked
 * at again where they are no step of their own. */
static int same_text(const char *a, const char *b, apr_size_t len)
{
    apr_uint64_t difference = 0;
    apr_size_t at;

    for (at = 0; at + STEP <= len; at += STEP) {
        difference |= difference_at(a + at, b + at);
    }
    at = len - STEP;
    return !(difference | difference_at(a + at, b + at));
}

static int take(entry_t *entry)
{
    return !atomic_flag_test_and_set_explicit(&entry->used,
                                              memory_order_acquire);
}

static void release(entry_t *entry)
{
    atomic_flag_clear_explicit(&entry->used, memory_order_release);
}

/* What is looked for. */
typedef struct {
    const tw_sealer_t *sealer;
    const char *text;
    apr_size_t len;
} sealed_t;

/* What is remembered, in a copy; 0 when nothing is. */
static int find(tw_plain_t *plain, entry_t *entry, const sealed_t *key,
                apr_size_t text_max, apr_pool_t *pool)
{
    int found = 0;

    if (!take(entry)) {
        return 0;
    }
    if (entry->text_len == key->len && entry->sealer == key->sealer
        && same_text(entry->text, key->text, key->len)) {
        plain->data = apr_palloc(pool, entry->data_len + 1U);
        plain->len = entry->data_len;
        plain->stale = entry->stale;
        memcpy(plain->data, entry->text + text_max, entry->data_len);
        plain->data[entry->data_len] = '\0';
        found = 1;
    }
    release(entry);
    return found;
}

static void keep(entry_t *entry, const sealed_t *key, apr_size_t text_max,
                 const tw_plain_t *plain)
{
    if (!take(entry)) {
        return;
    }
    entry->stale = (unsigned char)plain->stale;
    entry->text_len = (unsigned short)key->len;
    entry->data_len = (unsigned short)plain->len;
    entry->sealer = key->sealer;
    memcpy(entry->text, key->text, key->len);
    memcpy(entry->text + text_max, plain->data, plain->len);
    release(entry);
}

apr_status_t tw_cache_unseal(tw_plain_t *plain, tw_cache_t *cache,
                             const tw_sealer_t *sealer, const char *text,
                             apr_size_t len, apr_pool_t *pool)
{
    entry_t *entry = cache && len >= STEP && len <= cache->text_max
                     ? entry_of(cache, text, len) : NULL;
    const sealed_t key = { sealer, text, len };
    apr_status_t rv;

    if (entry && find(plain, entry, &key, cache->text_max, pool)) {
        return APR_SUCCESS;
    }
    rv = tw_unseal(plain, sealer, text, len, pool);
    if (rv == APR_SUCCESS && entry) {
        keep(entry, &key, cache->text_max, plain);
    }
    return rv;
}
