/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/limit: how many sign-ins may start (TwAuthStartLimit).
 *
 * An IPv4 address is a client.  An IPv6 address is nothing: who has one has
 * 2^64 of them, and networks of 64 bits come by the thousand.  So a start
 * counts for its network of 64 bits, of 56 (what a home is given) and of 48
 * (what an organisation is given) together, and the larger ones may have
 * somewhat more than the smallest, but far less than all that are in them.
 */
#ifndef TW_LOGIN_LIMIT_H
#define TW_LOGIN_LIMIT_H

#include <httpd.h>

#include "request/page.h"

/*
 * Counts a start by r's client, and one of all.  0: not now, and *page says
 * so, and when to come back.  known: an account that signed in from this
 * browser before, for which a part of all is kept; or NULL.
 */
int tw_limit_allows(request_rec *r, const tw_site_t *site, const char *known,
                    tw_page_t *page);

#endif
