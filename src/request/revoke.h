/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/revoke: the end of a session, before its time.
 *
 * Its row goes, and its copies are refused on this server from that moment
 * on, for as long as one could still be good somewhere.  Where the database is
 * down the row goes later, and until then the copies are refused here.
 */
#ifndef TW_REQUEST_REVOKE_H
#define TW_REQUEST_REVOKE_H

#include <httpd.h>

#include "config/site.h"
#include "sealed/session.h"

/* While one request revalidates a session, concurrent ones may use the old
 * copy for this long. */
#define TW_RECHECK_OVERLAP apr_time_from_sec(5)

/*
 * How long copies of a session's cookie could still be good on some host of
 * the realm, where the database can be asked, or is down for no longer than
 * the grace; of any session's, when session is NULL.
 */
apr_time_t tw_revoke_copies_until(const tw_site_t *site,
                                  const tw_session_t *session,
                                  apr_time_t now);

/* As tw_shared_revoke(); where another one had to be given up for it, and
 * changes are followed, that counts by the database's clock too. */
void tw_revoke_id(const tw_site_t *site, const tw_id_t *id, apr_time_t until,
                  apr_time_t now);

/*
 * Refuses the copies of sessions of an account that the database has just
 * ended (tw_id_t): on this server; on others, when they ask.  All others of
 * the account are asked about where changes are followed, for an answer that
 * was lost names no session.
 */
void tw_revoke_ended(const tw_site_t *site, const apr_array_header_t *ended,
                     apr_int64_t account);

/* Refuses the copies of a session here, whatever becomes of its row. */
void tw_revoke_here(const tw_site_t *site, const tw_session_t *session,
                    apr_time_t now);

/*
 * Ends a session; everywhere: all of its account.  0: the rows are still
 * there, which is in the log by *reference (see request/line).  Until they go
 * the session is refused here, and the others of its account are asked about:
 * where changes are followed they get no grace.
 */
int tw_revoke_session(const char **reference, request_rec *r,
                      const tw_site_t *site, const tw_session_t *session,
                      int everywhere);

#endif
