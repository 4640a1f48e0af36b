/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed/flow: a sign-in in flight <-> the sealed text in its cookie.
 *
 * The browser that starts a sign-in carries it; the server keeps nothing,
 * so a flow may end on another server than it began on.  Each flow has a
 * cookie of its own, named after what X will bring back, so that several
 * tabs can sign in at once and a callback finds its own flow at once.
 */
#ifndef TW_SEALED_FLOW_H
#define TW_SEALED_FLOW_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/id.h"
#include "sealed/seal.h"

/* What a browser that was sent to X must bring along again, sealed. */
typedef struct tw_pending_t {
    const char *key;                /* names the sign-in in the callback:
                                       request token, or state */
    const char *secret;             /* proves it: token secret, or PKCE
                                       verifier */
} tw_pending_t;

typedef struct tw_flow_t {
    apr_time_t started_at;
    tw_pending_t pending;
    const char *next;           /* the accepted return target */
    int remembered;             /* the session is to outlive the browser */
    const char *person;         /* X's id of who has to come back, for it is
                                   somebody signed in who is asked again;
                                   NULL: anybody */
    const char *invite;         /* the secret of an invitation that was
                                   opened; NULL: none */
} tw_flow_t;

/* The end of a flow cookie's name: hex, from the pending key. */
#define TW_FLOW_NAME_LEN 12
void tw_flow_name(char name[TW_FLOW_NAME_LEN + 1], const char *key);

/* The id under which a flow is used. */
void tw_flow_id(tw_id_t *id, const tw_flow_t *flow);

/*
 * The sealed text.  The audience binds realm, protocol, provider and callback:
 * an answer of one never completes a flow of another (RFC 9700 section 4.4).
 * At most 3,520 characters, given the limits of tokens and targets.
 */
char *tw_flow_seal(const tw_flow_t *flow, const tw_sealer_t *sealer,
                   apr_pool_t *pool);

/* Opens it; APR_EINVAL or APR_ENOENT as tw_unseal() has it. */
apr_status_t tw_flow_open(tw_flow_t *flow, const tw_sealer_t *sealer,
                          const char *text, apr_size_t len,
                          apr_pool_t *pool);

#endif
