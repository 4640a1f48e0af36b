/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/member: accounts as an administrator looks at them.
 *
 * Failures are TW_ERR_DATABASE.
 */
#ifndef TW_STORE_MEMBER_H
#define TW_STORE_MEMBER_H

#include "store/db.h"

/* Text as it stands in the columns; "" for what is not there. */
typedef struct tw_member_t {
    apr_int64_t account;
    const char *twitter_id;         /* X's number, or handle:jack */
    const char *username;
    const char *screen_name;        /* the handle at the last sign-in */
    const char *active;             /* "0": it may not sign in */
    const char *sessions;           /* that are not over */
    const char *created_at;         /* seconds */
    const char *signed_in_at;       /* likewise */
    const char *roles;              /* see base/roles */
    const char *waiting_since;      /* seconds; "": it does not wait */
} tw_member_t;

/*
 * The next accounts whose number is above after, at most 500, as an array of
 * tw_member_t in the pool of db: all, or (like not NULL) those whose username,
 * handle or number at X has that in it, in upper or lower case, or whose number
 * it is.
 */
apr_status_t tw_member_list(apr_array_header_t **list, apr_int64_t after,
                            const char *like, tw_db_t *db, tw_err_t *err);

/* The next of those who wait to be let in, likewise. */
apr_status_t tw_member_waiting(apr_array_header_t **list, apr_int64_t after,
                               tw_db_t *db, tw_err_t *err);

/*
 * Those who exactly this names, two at most: a username or handle; @handle; the
 * number of an account or at X, account:12 or id:2244994945 if only the one
 * is meant.
 */
apr_status_t tw_member_find(apr_array_header_t **list, const char *who,
                            tw_db_t *db, tw_err_t *err);

#endif
