/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every plain text of the session cookie's fixed part and LEN bytes: as though
 * whoever wrote it had the key.
 */
#include "src/sealed/session.c"

#include "analysis/analysis.h"

#define PLAIN (FIXED_LEN + LEN)

static unsigned char bytes[PLAIN];

apr_status_t tw_cache_unseal(tw_plain_t *plain, tw_cache_t *cache,
                             const tw_sealer_t *sealer, const char *text,
                             apr_size_t len, apr_pool_t *pool)
{
    (void)cache, (void)sealer, (void)text, (void)len, (void)pool;
    any_bytes((char *)bytes, PLAIN);
    plain->data = bytes;
    plain->len = PLAIN;
    plain->stale = Frama_C_interval(0, 1);
    return APR_SUCCESS;
}

char *tw_seal(const tw_sealer_t *sealer, const void *data, apr_size_t len,
              apr_pool_t *pool)
{
    apr_size_t i;

    (void)sealer;
    for (i = 0; i < len; i++) {
        (void)((const unsigned char *)data)[i];
    }
    return apr_palloc(pool, len);
}

int main(void)
{
    tw_session_t session;

    if (tw_session_open(&session, NULL, NULL, "", 0, NULL) == APR_SUCCESS) {
        tw_session_seal(&session, NULL, NULL);
    }
    return 0;
}
