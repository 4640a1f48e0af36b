/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed/hub: what hosts of other domains and their hub say to each other,
 * by way of the browser.
 *
 * A host asks (tw_hub_ask_t): hand over who is signed in with you.  The hub
 * answers (tw_hub_ticket_t): a session that is in the database already, and
 * waits for this host to take it.  Both are sealed with the key that all of
 * them have, and bound to the hub's origin; a ticket is bound to the host's
 * callback besides.  state and challenge tie a ticket to the flow cookie
 * of the one browser that asked, as in RFC 7636; that it is taken once is
 * the database's matter (store/session_row).
 */
#ifndef TW_SEALED_HUB_H
#define TW_SEALED_HUB_H

#include <apr_time.h>

#include "base/id.h"
#include "sealed/seal.h"

/* How long a ticket is good. */
#define TW_HUB_TICKET_TIME apr_time_from_sec(30)

/* Clocks of two servers may differ so much. */
#define TW_HUB_LEEWAY apr_time_from_sec(5)

typedef enum {
    TW_HUB_ANYBODY,             /* whoever is signed in there */
    TW_HUB_FRESH,               /* the same person, through X once more */
    TW_HUB_SWITCH               /* likewise, as another account */
} tw_hub_how_t;

typedef struct tw_hub_ask_t {
    apr_time_t at;
    tw_hub_how_t how;
    apr_time_t since;           /* who passed through X before is to do so
                                   once more */
    const char *state;
    const char *challenge;      /* of the secret in the host's flow */
    const char *callback;       /* the host's: where to */
} tw_hub_ask_t;

typedef struct tw_hub_ticket_t {
    apr_time_t at;
    const char *state, *challenge;
    tw_id_t session;
    apr_int64_t account;
    const char *twitter_id;
    apr_time_t signed_in_at;    /* through X */
} tw_hub_ticket_t;

/* The two ends of it; origin is the hub's. */
typedef struct tw_hub_seals_t {
    tw_sealer_t ask;
    tw_sealer_t ticket;         /* not bound to a callback yet */
    apr_interval_time_t max;    /* how old a sign-in the host takes */
} tw_hub_seals_t;

tw_hub_seals_t tw_hub_seals(const tw_ring_t *ring, const char *origin,
                            apr_pool_t *pool);

/*
 * Sealing and opening; times in milliseconds, as in a session's cookie.
 * Opening returns APR_ENOENT where another key sealed it, APR_EINVAL where it
 * is anything else.  Times are not checked.
 */
char *tw_hub_ask_seal(const tw_hub_ask_t *ask, const tw_hub_seals_t *seals,
                      apr_pool_t *pool);
apr_status_t tw_hub_ask_open(tw_hub_ask_t *ask, const tw_hub_seals_t *seals,
                             const char *text, apr_pool_t *pool);
char *tw_hub_ticket_seal(const tw_hub_ticket_t *ticket,
                         const tw_hub_seals_t *seals, const char *callback,
                         apr_pool_t *pool);
apr_status_t tw_hub_ticket_open(tw_hub_ticket_t *ticket,
                                const tw_hub_seals_t *seals,
                                const char *callback, const char *text,
                                apr_pool_t *pool);

#endif
