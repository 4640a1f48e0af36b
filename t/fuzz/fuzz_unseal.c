/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions, flows, and what a hub and its hosts say to each other: as texts,
 * which hardly ever get past the tag, and as what was sealed, which reaches
 * the parsers behind it.
 */

#include "fuzz.h"

#include "base/codec.h"
#include "base/roles.h"
#include "sealed/cache.h"
#include "sealed/flow.h"
#include "sealed/hub.h"
#include "sealed/seal.h"
#include "sealed/session.h"
#include "x/hub.h"

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
        HOLDS(tw_ring_count(ring) == 1 && tw_ring_same(ring, ring));
        tw_seal_lock(ring, tw_seal_keep(lasting, KEY));
    }
    return ring;
}

/* A profile and roles come out as they went in; half a profile, and what is no
 * list of roles, as none. */
static void try_fields(tw_session_t *session, apr_pool_t *pool)
{
    const char *roles = tw_session_roles(session), *kept;
    tw_profile_t profile, again;

    tw_session_profile(&profile, session);
    tw_profile_clean(&profile, pool);
    tw_session_set_profile(session, &profile);
    tw_session_profile(&again, session);
    HOLDS(profile.known == again.known
          && !strcmp(profile.known ? profile.name : "", again.name)
          && !strcmp(profile.known ? profile.email : "", again.email));
    tw_session_set_roles(session, roles ? roles : "");
    kept = tw_session_roles(session);
    HOLDS(roles && *roles && tw_roles_ok(roles) ? kept && !strcmp(kept, roles)
                                                : !kept);
}

/* Only what was tagged has its tag. */
static void try_tag(const uint8_t *data, const tw_ring_t *ring)
{
    const tw_sealer_t *sealer = SEALER(ring, TW_SEAL_SESSION, AUDIENCE);
    unsigned char tag[TW_TAG_LEN], other[TW_TAG_LEN];

    memcpy(other, data, sizeof(other));
    tw_seal_tag(tag, sealer, other, sizeof(other));
    HOLDS(tw_seal_tag_ok(tag, sealer, other, sizeof(other)));
    other[0] ^= 1;
    HOLDS(!tw_seal_tag_ok(tag, sealer, other, sizeof(other)));
}

/* The cache says what tw_unseal() says, the second time as the first. */
static void try_cache(const char *text, size_t size, const tw_ring_t *ring,
                      apr_pool_t *pool)
{
    static tw_cache_t *cache;
    static tw_sealer_t sealer;
    tw_plain_t straight, kept;
    apr_status_t rv;
    int i;

    if (!cache) {
        apr_pool_t *lasting;

        apr_pool_create(&lasting, NULL);
        sealer = *SEALER(ring, TW_SEAL_SESSION, AUDIENCE);
        cache = tw_cache_make(TW_CACHE_TEXT, lasting);
    }
    rv = tw_unseal(&straight, &sealer, text, size, pool);
    for (i = 0; i < 2; i++) {
        HOLDS(tw_cache_unseal(&kept, cache, &sealer, text, size, pool) == rv);
        HOLDS(rv != APR_SUCCESS
              || (kept.len == straight.len
                  && !memcmp(kept.data, straight.data, kept.len)));
    }
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
    try_fields(&session, pool);
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

#define ORIGIN "https://login.example.com"
#define CALLBACK "https://www.example.org/twauth/callback"

static void try_ask(const char *text, const tw_hub_seals_t *seals,
                    apr_pool_t *pool)
{
    tw_hub_ask_t ask, again;

    if (tw_hub_ask_open(&ask, seals, text, pool) != APR_SUCCESS) {
        HOLDS(!ask.state && !ask.callback);
        return;
    }
    text = tw_hub_ask_seal(&ask, seals, pool);
    HOLDS(tw_hub_ask_open(&again, seals, text, pool) == APR_SUCCESS);
    HOLDS(ask.at == again.at && ask.how == again.how
          && ask.since == again.since && !strcmp(ask.state, again.state)
          && !strcmp(ask.callback, again.callback));
}

/* What a host is handed, by its protocol: never another sign-in's. */
static void try_ticket(const char *text, const tw_hub_seals_t *seals,
                       apr_pool_t *pool)
{
    tw_client_t client = { 0 };
    tw_hub_ticket_t ticket;
    tw_pending_t pending;
    tw_identity_t identity = { 0 };
    const char *location;
    tw_err_t err = { 0 };

    client.browser = ORIGIN "/twauth/hub";
    client.callback = CALLBACK;
    client.hub = seals;
    HOLDS(tw_hub.begin(&pending, &location, &client, NULL, pool, &err)
          == APR_SUCCESS);
    HOLDS(tw_hub.finish(&identity, &client, NULL, &pending, text, pool, &err)
          != APR_SUCCESS && err.why);
    if (tw_hub_ticket_open(&ticket, seals, CALLBACK, text, pool)
        == APR_SUCCESS) {
        ticket.at = apr_time_now();
        ticket.state = pending.key;
        ticket.challenge = tw_seal_challenge(pending.secret, pool);
        text = tw_hub_ticket_seal(&ticket, seals, CALLBACK, pool);
        HOLDS(tw_hub.finish(&identity, &client, NULL, &pending, text, pool,
                            &err) == APR_SUCCESS);
        HOLDS(identity.ticket->account == ticket.account);
    }
}

static void try_hub(const char *text, size_t size, const tw_ring_t *ring,
                    apr_pool_t *pool)
{
    tw_hub_seals_t seals = tw_hub_seals(ring, ORIGIN, pool);
    const tw_sealer_t bound = tw_seal_bind(&seals.ticket, CALLBACK, pool);
    tw_authz_response_t got;
    apr_array_header_t *query;

    HOLDS(tw_hub.child_init(pool, NULL) == APR_SUCCESS);
    tw_codec_form(&query, text, size, 50, pool);
    tw_hub.parse_response(&got, NULL, query);
    HOLDS((got.kind == TW_AUTHZ_GRANT) == (got.grant != NULL));
    try_ask(tw_seal(&seals.ask, text, size, pool), &seals, pool);
    try_ticket(tw_seal(&bound, text, size, pool), &seals, pool);
    text = apr_pstrmemdup(pool, text, size);
    try_ask(text, &seals, pool);
    try_ticket(text, &seals, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const tw_ring_t *ring = ring_once();
    char *text;

    try_session((const char *)data, size, ring, pool);
    try_flow((const char *)data, size, ring, pool);
    try_cache((const char *)data, size, ring, pool);
    if (size >= TW_TAG_LEN) {
        try_tag(data, ring);
    }
    if (size <= 4000) {
        text = tw_seal(SEALER(ring, TW_SEAL_SESSION, AUDIENCE), data, size,
                       pool);
        try_session(text, strlen(text), ring, pool);
        try_cache(text, strlen(text), ring, pool);
        text = tw_seal(SEALER(ring, TW_SEAL_FLOW, AUDIENCE), data, size, pool);
        try_flow(text, strlen(text), ring, pool);
        try_hub((const char *)data, size, ring, pool);
    }
    fuzz_clear();
    return 0;
}
