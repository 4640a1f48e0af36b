/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions and flows: as texts, which hardly ever get past the tag, and as
 * what was sealed, which reaches the parsers behind it.
 */

#include "fuzz.h"

#include "sealed/flow.h"
#include "sealed/seal.h"
#include "sealed/session.h"

#define KEY "hCQJQ0+0OZxgvZ2a4Y8mJPoZYqBvK3nVb0oS7lDT1WcXrE9uHkMfGyi6wNzL5s+A"
#define AUDIENCE "www.example.com"

#define SEALER(ring, purpose, audience) \
    (&(const tw_sealer_t){ ring, purpose, audience })

static const tw_ring_t *ring_once(void)
{
    static apr_pool_t *lasting;
    static tw_ring_t *ring;

    if (!ring) {
        apr_pool_create(&lasting, NULL);
        HOLDS(tw_seal_init() == APR_SUCCESS);
        ring = tw_ring_make(lasting);
        HOLDS(ring && tw_ring_add(ring, KEY, lasting, NULL) == APR_SUCCESS);
    }
    return ring;
}

/* What opens can be sealed and opened again, and is the same. */
static void try_session(const char *text, size_t size, const tw_ring_t *ring,
                        apr_pool_t *pool)
{
    tw_session_t session, again;
    char *sealed;

    if (tw_session_open(&session, NULL, SEALER(ring, TW_SEAL_SESSION,
                        AUDIENCE), text, size, pool) != APR_SUCCESS) {
        HOLDS(!session.twitter_id && !session.username
              && !session.screen_name && !session.account);
        return;
    }
    sealed = tw_session_seal(&session, SEALER(ring, TW_SEAL_SESSION, AUDIENCE),
                             pool);
    if (!sealed) {
        HOLDS(strlen(session.twitter_id) > TW_USERNAME_MAX
              || strlen(session.username) > TW_USERNAME_MAX
              || strlen(session.screen_name) > TW_USERNAME_MAX);
        return;
    }
    HOLDS(strlen(sealed) <= TW_SESSION_TEXT_MAX);
    HOLDS(tw_session_open(&again, NULL, SEALER(ring, TW_SEAL_SESSION,
                          AUDIENCE), sealed, strlen(sealed), pool)
          == APR_SUCCESS);
    HOLDS(tw_id_equal(&session.id, &again.id)
          && session.account == again.account
          && !strcmp(session.twitter_id, again.twitter_id)
          && !strcmp(session.username, again.username)
          && !strcmp(session.screen_name, again.screen_name)
          && session.signed_in_at == again.signed_in_at
          && session.expires_at == again.expires_at
          && session.checked_at == again.checked_at
          && session.last_seen == again.last_seen);
}

static void try_flow(const char *text, size_t size, const tw_ring_t *ring,
                     apr_pool_t *pool)
{
    char name[TW_FLOW_NAME_LEN + 1];
    tw_flow_t flow;

    if (tw_flow_open(&flow, SEALER(ring, TW_SEAL_FLOW, AUDIENCE), text, size,
                     pool)
        != APR_SUCCESS) {
        HOLDS(!flow.pending.key && !flow.pending.secret && !flow.next);
        return;
    }
    HOLDS(flow.pending.key && flow.pending.secret && flow.next);
    tw_flow_name(name, flow.pending.key);
    HOLDS(strlen(name) == TW_FLOW_NAME_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const tw_ring_t *ring = ring_once();
    char *text;

    try_session((const char *)data, size, ring, pool);
    try_flow((const char *)data, size, ring, pool);
    if (size <= 4000) {
        text = tw_seal(SEALER(ring, TW_SEAL_SESSION, AUDIENCE), data, size,
                       pool);
        try_session(text, strlen(text), ring, pool);
        text = tw_seal(SEALER(ring, TW_SEAL_FLOW, AUDIENCE), data, size, pool);
        try_flow(text, strlen(text), ring, pool);
    }
    fuzz_clear();
    return 0;
}
