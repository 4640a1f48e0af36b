/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/account: accounts in the database, and signing in.
 *
 * Their SQL is here and nowhere else (that of users' tokens in tw_token, of
 * sessions in tw_session_row), the same for SQLite and PostgreSQL.  An account
 * is keyed by X's numeric id and nothing else; who gets which username is in
 * the triggers of sql/, so that it holds for administrators with a SQL prompt
 * as well.
 *
 * A sign-in is two statements, and one more where it brings an invitation.
 * Failures are TW_ERR_DATABASE unless said otherwise; nothing is half done.
 */
#ifndef TW_STORE_ACCOUNT_H
#define TW_STORE_ACCOUNT_H

#include <apr_pools.h>

#include "sealed/seal.h"
#include "sealed/session.h"
#include "store/invitation.h"
#include "store/session_row.h"
#include "store/store.h"
#include "x/protocol.h"

/* What a sign-in brings. */
typedef struct tw_sign_in_t {
    const tw_identity_t *identity;
    tw_sign_up_t sign_up;
    int claim;                      /* of an account without a number, by the
                                       handle that it waits under */
    const char *invite;             /* the secret of an invitation; NULL */
    tw_session_from_t from;
    const tw_session_t *previous;   /* the session to end, or NULL */
} tw_sign_in_t;

typedef struct tw_signed_in_t {
    int created;                    /* the account is new */
    int name_was_taken;             /* the handle's name was not to be had */
    int claimed;                    /* it waited under the handle */
    int asks;                       /* it was made just now, and waits */
    tw_invitation_use_t invitation; /* what became of it */
} tw_signed_in_t;

/*
 * Finds or creates the account, writes a session row, ends the previous
 * session.  session comes with signed_in_at and expires_at and is completed:
 * a fresh id, account, names, roles, checked_at, last_seen.
 * TW_ERR_INACTIVE, TW_ERR_WAITING: the account may not sign in, or not yet
 * (whose it is, is filled in); TW_ERR_NO_ACCOUNT: none, and none is created.
 */
apr_status_t tw_account_sign_in(tw_session_t *session, tw_signed_in_t *result,
                                const tw_store_t *store,
                                const tw_sign_in_t *options, apr_pool_t *pool,
                                tw_err_t *err);

/* The profile in the row of a session's account, clean.  Not known: there is
 * no such row, or tables of an older version have none. */
apr_status_t tw_account_profile(tw_profile_t *profile,
                                const tw_session_t *session,
                                const tw_database_t *database,
                                apr_pool_t *pool, tw_err_t *err);

/* Whether a sign-in could be stored, for all that is known: no statement,
 * unless the database was down, or has refused a write of late. */
apr_status_t tw_account_ready(const tw_database_t *database, apr_pool_t *pool,
                              tw_err_t *err);

#endif
