/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x/oauth2: sign-in by OAuth 2.0 with PKCE (RFC 6749 section 4.1, RFC 7636,
 * and X's "OAuth 2.0 Authorization Code Flow with PKCE").
 *
 * Nothing is asked of X to begin.  The code that comes back lives 30 seconds
 * and is exchanged at once, with the verifier of its own flow; X has no
 * id_token, so a second call, on the same connection, asks who it is.
 */
#ifndef TW_X_OAUTH2_H
#define TW_X_OAUTH2_H

#include "x/protocol.h"

extern const tw_protocol_t tw_oauth2;

/*
 * New tokens for those of OAuth 1.0a, by X's token exchange (grant type
 * RFC 8693; X's page "OAuth 1.0a token exchange").  The old pair stays good,
 * and asking again is safe, but voids what came before.
 */
apr_status_t tw_oauth2_exchange(tw_tokens_t *tokens, const tw_tokens_t *old,
                                const tw_client_t *client,
                                tw_http_pool_t *http, apr_pool_t *pool,
                                tw_err_t *err);

#endif
