/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/protection: whether a session comes from where it was begun.
 *
 * A sealed copy says which family of browsers signed in, and from which
 * network: the first 16 bits of an IPv4 address, 32 of an IPv6 one.  A request
 * that brings the copy is compared with that, which takes no query.  What is
 * not known is not held against anybody: a copy of an earlier version says
 * nothing, a system's media player names no browser.
 *
 * From IPv4 to IPv6 and back is another network: that they are one person's
 * cannot be told.
 */
#ifndef TW_REQUEST_PROTECTION_H
#define TW_REQUEST_PROTECTION_H

#include <httpd.h>

#include "config/site.h"
#include "sealed/session.h"

/* Has the session say where r comes from, if anything here asks for it. */
void tw_protection_mark(tw_session_t *session, request_rec *r,
                        const tw_site_t *site);

/* Whether r comes from where the session was begun, for all that is known. */
int tw_protection_same(const tw_session_t *session, const request_rec *r);

/* Ends a session that comes from elsewhere, where the site wants that; 0: it
 * goes on.  reference: as tw_revoke_session() has it. */
int tw_protection_ends(const char **reference, request_rec *r,
                       const tw_site_t *site, const tw_session_t *session);

#endif
