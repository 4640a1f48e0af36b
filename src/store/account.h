/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/account: accounts and their sessions in the database.
 *
 * Their SQL is here and nowhere else (that of users' tokens in tw_token), the
 * same for SQLite and PostgreSQL.  An account is keyed by X's numeric id and
 * nothing else; who gets which username, how many sessions there may be, and
 * what is swept is in the triggers of sql/, so that it holds for
 * administrators with a SQL prompt as well.
 *
 * A sign-in is two statements, a recheck is one.  Failures are
 * TW_ERR_DATABASE unless said otherwise; nothing is half done.
 */
#ifndef TW_STORE_ACCOUNT_H
#define TW_STORE_ACCOUNT_H

#include <apr_pools.h>

#include "sealed/seal.h"
#include "sealed/session.h"
#include "store/store.h"
#include "x/protocol.h"

/* What a sign-in brings. */
typedef struct tw_sign_in_t {
    const tw_identity_t *identity;
    int sign_up;                    /* create accounts */
    const char *address;
    const char *user_agent;         /* any bytes or NULL; cleaned here */
    const tw_session_t *previous;   /* the session to end, or NULL */
} tw_sign_in_t;

typedef struct tw_signed_in_t {
    int created;                    /* the account is new */
    int name_was_taken;             /* the handle's name was not to be had */
} tw_signed_in_t;

/*
 * Finds or creates the account, writes a session row, ends the previous
 * session.  session comes with signed_in_at and expires_at and is completed:
 * a fresh id, account, names, checked_at, last_seen.  TW_ERR_INACTIVE: the
 * account may not sign in (whose it is, is filled in); TW_ERR_NO_ACCOUNT:
 * none, and none is created.
 */
apr_status_t tw_account_sign_in(tw_session_t *session, tw_signed_in_t *result,
                                const tw_store_t *store,
                                const tw_sign_in_t *options, apr_pool_t *pool,
                                tw_err_t *err);

/* Whether a sign-in could be stored, for all that is known: no statement,
 * unless the database was down, or has refused a write of late. */
apr_status_t tw_account_ready(const tw_database_t *database, apr_pool_t *pool,
                              tw_err_t *err);

typedef enum {
    TW_CHECK_GOOD,
    TW_CHECK_GONE,                  /* no such row: it stays so */
    TW_CHECK_REFUSED                /* the account is not active, or another */
} tw_check_t;

/*
 * Asks the database about a session: is the row there, not over, the
 * account active, and still the one of both its ids?  A good session then
 * has the row's names, the earlier end, and checked_at.
 * With idle > 0 the row's seen_at is written when it is older than a tenth
 * of idle; that may fail.
 */
apr_status_t tw_account_check(tw_check_t *check, tw_session_t *session,
                              const tw_database_t *database,
                              apr_interval_time_t idle, apr_pool_t *pool,
                              tw_err_t *err);

/*
 * Deletes the session's row; everywhere: all rows of its account, of which
 * *ended (may be NULL) lists the ids (arrays of TW_ID_LEN bytes).
 */
apr_status_t tw_account_end(apr_array_header_t **ended,
                            const tw_session_t *session, int everywhere,
                            const tw_database_t *database, apr_pool_t *pool,
                            tw_err_t *err);

#endif
