/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/cache.h"

#include <stdatomic.h>
#include <string.h>

/* Longer texts are not remembered: names are seldom so long. */
#define TEXT_MAX 256
#define DATA_MAX (TEXT_MAX * 3 / 4)
#define ENTRIES_BITS 8

typedef struct {
    atomic_flag used;               /* by a thread, at the moment */
    unsigned char stale;
    unsigned short text_len;        /* 0: nothing remembered */
    unsigned short data_len;
    const tw_sealer_t *sealer;
    char text[TEXT_MAX];
    unsigned char data[DATA_MAX];
} entry_t;

struct tw_cache_t {
    entry_t entry[1 << ENTRIES_BITS];
};

tw_cache_t *tw_cache_make(apr_pool_t *pool)
{
    tw_cache_t *cache = tw_seal_alloc(pool, sizeof(*cache));
    int i;

    if (cache) {
        memset(cache, 0, sizeof(*cache));
        for (i = 0; i < 1 << ENTRIES_BITS; i++) {
            atomic_flag_clear(&cache->entry[i].used);
        }
    }
    return cache;
}

/* Sealed texts end in a tag, which is as good as random. */
static entry_t *entry_of(tw_cache_t *cache, const char *text, apr_size_t len)
{
    apr_uint64_t end;

    memcpy(&end, text + len - sizeof(end), sizeof(end));
    return &cache->entry[end * 0x9e3779b97f4a7c15ULL >> (64 - ENTRIES_BITS)];
}

/* How eight characters differ. */
static apr_uint64_t difference_at(const char *a, const char *b)
{
    apr_uint64_t x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return x ^ y;
}

/* In a time that tells nothing of where they differ: one of the two is
 * somebody's cookie, the other may be a guess.  Eight characters at least;
 * the last eight are looked at again where they are no step of their own. */
static int same_text(const char *a, const char *b, apr_size_t len)
{
    apr_uint64_t difference = 0;
    apr_size_t at;

    for (at = 0; at + sizeof(difference) <= len; at += sizeof(difference)) {
        difference |= difference_at(a + at, b + at);
    }
    at = len - sizeof(difference);
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

/* What is remembered, in a copy; 0 when nothing is. */
static int find(tw_plain_t *plain, entry_t *entry, const tw_sealer_t *sealer,
                const char *text, apr_size_t len, apr_pool_t *pool)
{
    int found = 0;

    if (!take(entry)) {
        return 0;
    }
    if (entry->text_len == len && entry->sealer == sealer
        && same_text(entry->text, text, len)) {
        plain->data = apr_palloc(pool, DATA_MAX + 1U);
        plain->len = entry->data_len;
        plain->stale = entry->stale;
        memcpy(plain->data, entry->data, entry->data_len);
        plain->data[entry->data_len] = '\0';
        found = 1;
    }
    release(entry);
    return found;
}

static void keep(entry_t *entry, const tw_sealer_t *sealer, const char *text,
                 apr_size_t len, const tw_plain_t *plain)
{
    if (!take(entry)) {
        return;
    }
    entry->stale = (unsigned char)plain->stale;
    entry->text_len = (unsigned short)len;
    entry->data_len = (unsigned short)plain->len;
    entry->sealer = sealer;
    memcpy(entry->text, text, len);
    memcpy(entry->data, plain->data, plain->len);
    release(entry);
}

apr_status_t tw_cache_unseal(tw_plain_t *plain, tw_cache_t *cache,
                             const tw_sealer_t *sealer, const char *text,
                             apr_size_t len, apr_pool_t *pool)
{
    entry_t *entry = cache && len >= sizeof(apr_uint64_t) && len <= TEXT_MAX
                     ? entry_of(cache, text, len) : NULL;
    apr_status_t rv;

    if (entry && find(plain, entry, sealer, text, len, pool)) {
        return APR_SUCCESS;
    }
    rv = tw_unseal(plain, sealer, text, len, pool);
    if (rv == APR_SUCCESS && entry) {
        keep(entry, sealer, text, len, plain);
    }
    return rv;
}
