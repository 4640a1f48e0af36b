/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/admit: who may have an account, as an administrator says.
 *
 * An account that is not active may not sign in, and its sessions are refused;
 * made before anybody has signed in with its number, it keeps that person out
 * or, where TwAuthSignUp is Off, lets them in.  Failures are TW_ERR_DATABASE.
 */
#ifndef TW_STORE_ADMIT_H
#define TW_STORE_ADMIT_H

#include "store/db.h"

/*
 * Makes an account for somebody who has none; twitter_id is X's number, or
 * handle: and a handle in lower case.  *account is 0 where one was made
 * meanwhile.
 */
apr_status_t tw_admit_new(apr_int64_t *account, const char *twitter_id,
                          int active, tw_db_t *db, tw_err_t *err);

/* *done is 0 where there is no such account. */
apr_status_t tw_admit_set(int *done, apr_int64_t account, int active,
                          tw_db_t *db, tw_err_t *err);

/* The same, and it waits no more (twauth_account.waiting_since): whether they
 * may come in is decided. */
apr_status_t tw_admit_decide(int *done, apr_int64_t account, int active,
                            tw_db_t *db, tw_err_t *err);

#endif
