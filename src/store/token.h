/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/token: users' own credentials at X, in the accounts' rows.
 *
 * They are sealed for their account and their column before they reach the
 * database (TwAuthTokens), and sealed anew by the first key when what an
 * older one sealed is read.  Failures are TW_ERR_DATABASE unless said
 * otherwise.
 */
#ifndef TW_STORE_TOKEN_H
#define TW_STORE_TOKEN_H

#include <apr_pools.h>

#include "sealed/session.h"
#include "store/store.h"
#include "x/protocol.h"

/* What stands in the columns: text, ready for a statement. */
typedef struct tw_columns_t {
    const char *token;
    const char *secret;
    const char *kind;
    const char *expires;            /* seconds; "0": it does not */
} tw_columns_t;

void tw_token_columns(tw_columns_t *columns, const tw_tokens_t *tokens,
                      const char *twitter_id, const tw_store_t *store,
                      apr_pool_t *pool);

/* A user's own credentials at X as they are kept. */
typedef struct tw_stored_t {
    apr_int64_t account;            /* whose they are, by both its ids */
    const char *twitter_id;
    tw_tokens_t tokens;             /* unsealed; token NULL: none are kept,
                                       or they do not open */
    apr_int64_t refresh_at;         /* no refresh before (seconds), for one
                                       has failed; negative: one is under way,
                                       and its claim ends then; 0: any time */
    const char *as;                 /* the token's column, to be named again */
} tw_stored_t;

/*
 * Reads and unseals them.  What an older key sealed is sealed again by the
 * first.
 */
apr_status_t tw_token_read(tw_stored_t *stored,
                           const tw_session_t *session,
                           const tw_store_t *store, apr_pool_t *pool,
                           tw_err_t *err);

/*
 * The next accounts with tokens of OAuth 1.0a whose id is above after, at
 * most 50, as an array of tw_stored_t in the pool of db, those that were
 * brought along and never sealed among them; and the new tokens
 * of one of them, put in their place if the old ones are still there (*done
 * says so).
 */
apr_status_t tw_token_list_oauth1(apr_array_header_t **list,
                                  apr_int64_t after, tw_db_t *db,
                                  const tw_store_t *store, tw_err_t *err);
apr_status_t tw_token_exchanged(int *done, const tw_stored_t *stored,
                                const tw_tokens_t *tokens, tw_db_t *db,
                                const tw_store_t *store, tw_err_t *err);

/*
 * A refresh token can be used once, so one of all requests of all servers
 * may: claim() gives it to one until then.  After that refreshed() puts the
 * new tokens in their place (*done says whether the claim still stood: a
 * sign-in meanwhile is newer), or again() says when the next may try.
 * stored->refresh_at is the claim from then on.
 */
apr_status_t tw_token_claim(int *claimed, tw_stored_t *stored,
                            apr_time_t until, const tw_store_t *store,
                            apr_pool_t *pool, tw_err_t *err);
apr_status_t tw_token_refreshed(int *done, const tw_stored_t *stored,
                                const tw_tokens_t *tokens,
                                const tw_store_t *store, apr_pool_t *pool,
                                tw_err_t *err);
/* Takes them out of the row, once: *done says whether it was this caller
 * who did.  Tokens that are newer stay. */
apr_status_t tw_token_forget(int *done, const tw_stored_t *stored,
                             const tw_store_t *store, apr_pool_t *pool,
                             tw_err_t *err);

apr_status_t tw_token_retry_at(const tw_stored_t *stored, apr_time_t at,
                               const tw_store_t *store, apr_pool_t *pool,
                               tw_err_t *err);

#endif
