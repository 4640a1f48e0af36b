/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/refresh: the user's own token at X, fresh.
 *
 * An access token of OAuth 2.0 lives two hours.  Where a refresh token is
 * kept (offline.access in TwAuthScope) a token that is needed after its end
 * is exchanged for a new one: by one request of all, for X takes a refresh
 * token once; the others wait a little for what it stores.
 */
#ifndef TW_AUTH_REFRESH_H
#define TW_AUTH_REFRESH_H

#include <httpd.h>

#include "request/visitor.h"

/*
 * The tokens of the visitor's account into *tokens (visitor's pool).  0: none
 * are kept, or they are over and cannot be had anew; the log says why.
 */
int tw_refresh_tokens(tw_tokens_t *tokens, tw_visitor_t *visitor);

#endif
