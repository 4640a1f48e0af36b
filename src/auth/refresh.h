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

typedef enum {
    TW_REFRESH_NONE,            /* none are kept, or they are over and cannot
                                   be had anew: a sign-in brings new ones */
    TW_REFRESH_LATER,           /* not now: the database or X is down, or
                                   somebody else is at it for long */
    TW_REFRESH_GOOD
} tw_refresh_t;

/*
 * The tokens of the visitor's account, in visitor->tokens.own; asked for once
 * for each request that a client sent, however many parts it has.  Where
 * there are none the log says why.
 */
tw_refresh_t tw_refresh_own(tw_visitor_t *visitor);

/*
 * X has said that the access token in these tokens counts no longer.  Where
 * there is a refresh token it is asked for a new one; if that is refused, or
 * there is none, the tokens are taken out of the row, which is logged by
 * whoever did it.
 */
void tw_refresh_revoked(const tw_tokens_t *tokens, tw_visitor_t *visitor);

#endif
