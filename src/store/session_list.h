/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/session_list: sessions as an administrator looks at them, and ends
 * them.
 *
 * Failures are TW_ERR_DATABASE.
 */
#ifndef TW_STORE_SESSION_LIST_H
#define TW_STORE_SESSION_LIST_H

#include "base/id.h"
#include "store/db.h"

/* A session that is not over, with its account's names; text as it stands in
 * the columns. */
enum {
    TW_SESSION_LIST_ID, TW_SESSION_LIST_ACCOUNT, TW_SESSION_LIST_USERNAME,
    TW_SESSION_LIST_HANDLE, TW_SESSION_LIST_CREATED, TW_SESSION_LIST_SEEN,
    TW_SESSION_LIST_EXPIRES, TW_SESSION_LIST_ADDRESS,
    TW_SESSION_LIST_BROWSER, TW_SESSION_LIST_COLUMNS
};

/*
 * The next that were seen before (seen, id) of the last one of before, newest
 * first, at most 500, as an array of const char ** with these columns: of one
 * account, or (0) of all.  Begin with last NULL.
 */
apr_status_t tw_session_list(apr_array_header_t **list, apr_int64_t account,
                             const char *const *last, tw_db_t *db,
                             tw_err_t *err);

/* Whose session it is; *account 0: there is none such. */
apr_status_t tw_session_list_owner(apr_int64_t *account, const tw_id_t *id,
                                   tw_db_t *db, tw_err_t *err);

/*
 * Ends one session (id not NULL), those of an account (not 0), or all, some
 * thousand at a time; *ended is how many there were.
 */
apr_status_t tw_session_list_end(apr_int64_t *ended, const tw_id_t *id,
                                 apr_int64_t account, tw_db_t *db,
                                 tw_err_t *err);

#endif
