/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x/oauth1: sign-in by OAuth 1.0a (RFC 5849 section 2, and X's own guide
 * "Log in with X"): a request token with a signed callback, the user's visit
 * to X, an access token whose answer names the user.  No other call is needed:
 * the identity is X's id and handle from the access token's answer itself.
 * A profile, where one is asked for, is one call more, and only that.
 */
#ifndef TW_X_OAUTH1_H
#define TW_X_OAUTH1_H

#include "base/sign.h"
#include "x/protocol.h"

extern const tw_protocol_t tw_oauth1;

/* The Authorization header of a call, which brings all but the client's key
 * and secret, nonce and timestamp: a nonce of its own each time. */
apr_status_t tw_oauth1_sign(const char **header,
                            const tw_sign_request_t *request,
                            const tw_client_t *client, apr_pool_t *pool,
                            tw_err_t *err);

#endif
