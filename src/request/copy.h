/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/copy: how long a session's copy, its cookie, is believed.
 *
 * A copy is fresh when it was checked within the recheck interval, its account
 * has not been changed since, and all changes are known that were committed up
 * to a moment ago (TwAuthSessionFeed).  Then nobody is asked.
 *
 * While the database is down a copy counts for the grace longer than it would
 * have: from when it was last known to be good, by a check or by the feed.
 */
#ifndef TW_REQUEST_COPY_H
#define TW_REQUEST_COPY_H

#include <httpd.h>

#include "config/site.h"
#include "sealed/session.h"

/* As of now, which may be a moment ago. */
int tw_copy_is_fresh(const tw_site_t *site, const tw_session_t *session,
                     apr_interval_time_t recheck, apr_time_t now);

/* Whether it may still pass when the database is down. */
int tw_copy_is_in_grace(const tw_site_t *site, const tw_session_t *session,
                        apr_interval_time_t recheck, apr_time_t now);

/*
 * Whether the database has to be asked about one that is not fresh by this
 * very request.  One in a while is; concurrent ones pass on the old copy,
 * unless the interval is so short that it would not be kept, or the database
 * has not answered lately.
 */
int tw_copy_must_ask(const tw_site_t *site, const tw_session_t *session,
                     apr_interval_time_t recheck, apr_time_t now);

/*
 * Learns what has changed in the database, where it is time to and nobody else
 * does.  0: the session was revoked by that.
 */
int tw_copy_follow(const tw_site_t *site, const tw_session_t *session,
                   apr_interval_time_t recheck, apr_time_t now,
                   apr_pool_t *pool);

/*
 * The same before the first session of a server is checked or begun: from then
 * on it is known what changes, and how its clock differs.
 */
void tw_copy_begin(const tw_site_t *site, apr_pool_t *pool);

/* The copy's times, from those that were sealed, and as they are to be. */
void tw_copy_opened(const tw_site_t *site, tw_session_t *session);
void tw_copy_to_seal(const tw_site_t *site, tw_session_t *session);

#endif
