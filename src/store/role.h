/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/role: the roles of accounts, as an administrator gives and takes them.
 *
 * Failures are TW_ERR_DATABASE.  That an account's roles are not too many is
 * in the triggers of sql/.
 */
#ifndef TW_STORE_ROLE_H
#define TW_STORE_ROLE_H

#include "store/db.h"

/* What the account has, in order with commas between (see base/roles). */
apr_status_t tw_role_list(const char **roles, apr_int64_t account,
                          tw_db_t *db, tw_err_t *err);

/* *done is 0 where the account has the role already, or has it not. */
apr_status_t tw_role_give(int *done, apr_int64_t account, const char *role,
                          tw_db_t *db, tw_err_t *err);
apr_status_t tw_role_take(int *done, apr_int64_t account, const char *role,
                          tw_db_t *db, tw_err_t *err);

#endif
