/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed/cache: what was unsealed a moment ago.
 *
 * A page brings a dozen requests with one and the same cookie.  To open it
 * is most of what a session costs, so the process remembers the last few
 * texts and what was in them.  What is found is what tw_unseal() would have
 * returned, and no more: times, revoked sessions and all else are checked anew
 * at each request.
 *
 * A table of fixed size in locked memory that is not in core dumps.  Whoever
 * finds an entry in use goes the long way: nobody waits.
 */
#ifndef TW_SEALED_CACHE_H
#define TW_SEALED_CACHE_H

#include <apr_pools.h>

#include "sealed/seal.h"

typedef struct tw_cache_t tw_cache_t;

/* The longest text of a copy without a profile, and with one, that is worth
 * its place; longer ones go the long way. */
#define TW_CACHE_TEXT 256
#define TW_CACHE_TEXT_PROFILE 768

/* An empty cache for texts of so many characters, gone with pool; NULL when
 * the system gives no memory. */
tw_cache_t *tw_cache_make(apr_size_t text_max, apr_pool_t *pool);

/*
 * As tw_unseal(), through the cache (NULL: straight).  The sealer is known by
 * its address: it must live as long as the cache, and not change.
 */
apr_status_t tw_cache_unseal(tw_plain_t *plain, tw_cache_t *cache,
                             const tw_sealer_t *sealer, const char *text,
                             apr_size_t len, apr_pool_t *pool);

#endif
