/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x/user_call: a call to X's API in the name of a user, which somebody else
 * carries: what has to stand in its Authorization, and what an answer says of
 * the user's token.
 */
#ifndef TW_X_USER_CALL_H
#define TW_X_USER_CALL_H

#include "base/base_string.h"
#include "x/protocol.h"

/*
 * The value of the Authorization header: a signature over the call with
 * OAuth 1.0a, made with a nonce of its own each time; the bearer token with
 * OAuth 2.0.  APR_EINVAL: query or form is malformed, or the tokens are none
 * of this client's kind.
 */
apr_status_t tw_user_call_authorize(const char **header,
                                    const tw_base_string_t *call,
                                    const tw_tokens_t *tokens,
                                    const tw_client_t *client,
                                    apr_pool_t *pool, tw_err_t *err);

/* Whether a client of this protocol can use such tokens. */
int tw_user_call_can(const tw_protocol_t *protocol,
                     const tw_tokens_t *tokens);

/*
 * Whether X says in so many words that the user's token counts no longer:
 * code 89 of either kind of token, and of a bearer token the answer that X
 * has for one it does not know.  A signature, a clock, a scope or an outage
 * is something else.
 */
int tw_user_call_revoked(const tw_http_response_t *response,
                         tw_token_kind_t kind, apr_pool_t *pool);

#endif
