/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/session_row: the rows of sessions, which are the truth; a cookie has a
 * sealed copy (tw_session).
 *
 * Their SQL is here and nowhere else, the same for SQLite and PostgreSQL.  How
 * many sessions an account may have, and what is swept, is in the triggers of
 * sql/.
 *
 * A recheck is one statement.  Failures are TW_ERR_DATABASE unless said
 * otherwise; nothing is half done.
 */
#ifndef TW_STORE_SESSION_ROW_H
#define TW_STORE_SESSION_ROW_H

#include "sealed/session.h"
#include "store/db.h"

/* What an account may have where nothing else is said: as in sql/. */
#define TW_SESSIONS_PER_ACCOUNT 50

/* Of whom and where a session begins. */
typedef struct tw_session_from_t {
    const char *address;
    const char *user_agent;         /* any bytes or NULL; cleaned here */
    int keep;                       /* sessions that the account may have */
    int waits;                      /* the row waits for tw_session_row_take(),
                                       and no cookie has it yet */
} tw_session_from_t;

/*
 * Writes the row of a session that begins: with its account, signed_in_at and
 * expires_at, and gets a fresh id, roles, checked_at and last_seen.  The
 * oldest of the account go where there are more than it may have; for one that
 * waits none go but those that wait too.
 * TW_ERR_INACTIVE: the account went away, or waits.
 */
apr_status_t tw_session_row_begin(tw_session_t *session, tw_db_t *db,
                                  const tw_session_from_t *from,
                                  tw_err_t *err);

/*
 * Takes a session that waits (sealed/hub), with its id, account and
 * expires_at: once, whoever asks, on all servers.  From now on it counts, and
 * the oldest go.  tw_session_row_check() then says whose it is.
 * TW_ERR_REFUSED: it does not wait any more, or is over.
 */
apr_status_t tw_session_row_take(tw_session_t *session, tw_db_t *db,
                                 const tw_session_from_t *from,
                                 tw_err_t *err);

/* Deletes the row, now or as soon as the database does it. */
void tw_session_row_end_or_defer(const tw_session_t *session, tw_db_t *db);

/*
 * Deletes the rows of sessions that were revoked while the database was down;
 * tried alone, for whoever is here came for something else.
 * 1: some are gone; -1: one could not be deleted.
 */
int tw_session_row_run_deferred(tw_db_t *db);

typedef enum {
    TW_CHECK_GOOD,
    TW_CHECK_GONE,                  /* no such row: it stays so */
    TW_CHECK_REFUSED                /* the account is not active, waits, or is
                                       another */
} tw_check_t;

/*
 * Asks the database about a session: is the row there, not over, the
 * account active and let in, and still the one of both its ids?  A good
 * session then has the row's names and roles, the earlier end, and checked_at.
 * With idle > 0 the row's seen_at is written when it is older than a tenth
 * of idle; that may fail.
 */
apr_status_t tw_session_row_check(tw_check_t *check, tw_session_t *session,
                                  const tw_database_t *database,
                                  apr_interval_time_t idle, apr_pool_t *pool,
                                  tw_err_t *err);

/*
 * Deletes the session's row; everywhere: all rows of its account, of which
 * *ended (may be NULL) lists the ids (tw_id_t).
 */
apr_status_t tw_session_row_end(apr_array_header_t **ended,
                                const tw_session_t *session, int everywhere,
                                const tw_database_t *database,
                                apr_pool_t *pool, tw_err_t *err);

#endif
