/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/changes: what has changed in the tables, for all sessions at once.
 *
 * Triggers of sql/ write to twauth_change what ends a session, or makes the
 * copies of an account's sessions wrong, whoever it was that changed it.  One
 * request of a server reads what came since the last time (shared/feed), and
 * puts it into the shared memory: a session is revoked, an account's copies
 * are to be checked again.  Where something may have been missed, all copies
 * are.
 *
 * A database without that table has no feed: then each session is asked about
 * by itself, as often as without one.
 */
#ifndef TW_STORE_CHANGES_H
#define TW_STORE_CHANGES_H

#include "store/db.h"

/* Whether changes of such a database can be followed. */
int tw_changes_possible(const tw_database_t *database);

/*
 * Reads what has changed, where nobody did within the interval and nobody does
 * now.  1: it was read, and what the caller has looked up in shared memory may
 * be another thing now.
 */
int tw_changes_follow(const tw_database_t *database,
                      apr_interval_time_t interval, apr_pool_t *pool);

#endif
