/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pool for the process, whose every piece is memory of its own: a
 * sanitizer sees a byte too far, which in a pool's large blocks it would
 * not.  Our apr_palloc() is taken before libapr's, also by libapr.
 */

#include "fuzz.h"

typedef struct piece_t {
    struct piece_t *next;
    max_align_t memory[];
} piece_t;

static apr_pool_t *pool;
static piece_t *pieces, *lasting;

APR_DECLARE(void *) apr_palloc(apr_pool_t *p, apr_size_t size)
{
    piece_t *piece = malloc(sizeof(*piece) + size), **list;

    if (!piece) {
        abort();
    }
    /* what other pools have lasts as long as the process */
    list = p == pool ? &pieces : &lasting;
    piece->next = *list;
    *list = piece;
    return piece->memory;
}

apr_pool_t *fuzz_pool(void)
{
    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    return pool;
}

void fuzz_clear(void)
{
    apr_pool_clear(pool);
    while (pieces) {
        piece_t *piece = pieces;

        pieces = piece->next;
        free(piece);
    }
}
