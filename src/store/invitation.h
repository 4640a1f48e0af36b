/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/invitation: invitations in the database.
 *
 * An invitation is a link with a secret of 128 random bits; the row is found
 * by the secret's digest, so that whoever reads the table cannot use one.
 * It is used by the statement that writes who did: a trigger of sql/ makes
 * that person's account in the same moment, or lets it in, and gives it the
 * role.  So of all who come at once, to whichever server, one gets in; and
 * where the sign-in fails after it, the account is there all the same.
 */
#ifndef TW_STORE_INVITATION_H
#define TW_STORE_INVITATION_H

#include <apr_time.h>

#include "store/db.h"

typedef enum {
    TW_INVITATION_NONE,             /* there was none */
    TW_INVITATION_TAKEN,            /* used now: account and role are theirs */
    TW_INVITATION_THEIRS,           /* they had used it before, or need it
                                       not: it has nothing to give them */
    TW_INVITATION_USED,             /* somebody else did */
    TW_INVITATION_OVER,             /* its time is */
    TW_INVITATION_UNKNOWN
} tw_invitation_use_t;

/* Whether text can be the secret of an invitation: 22 to 32 of A-Z, a-z, 0-9,
 * _ and -. */
int tw_invitation_ok(const char *text);

/*
 * Uses the invitation for the person whose number at X is id.  Who is a member
 * uses it up where it has a role that they have not; who is not active uses
 * none.
 */
apr_status_t tw_invitation_use(tw_invitation_use_t *use, tw_db_t *db,
                               const char *secret, const char *id,
                               apr_time_t now, tw_err_t *err);

/* ---- for an administrator -------------------------------------------- */

/* A row, text as it stands in the columns; "" for what is not there. */
typedef struct tw_invitation_t {
    const char *id;
    const char *role;
    const char *note;
    const char *created_at;         /* seconds */
    const char *expires_at;         /* likewise */
    const char *used_by;            /* X's number of who did */
    const char *used_at;
} tw_invitation_t;

/* Makes one with role and note (may be "") that is good until then; *secret
 * is the link's, and is to be had this once. */
apr_status_t tw_invitation_make(const char **secret,
                                const tw_invitation_t *invitation,
                                apr_time_t until, tw_db_t *db, tw_err_t *err);

/* All, the newest first, of tw_invitation_t; not more than most. */
apr_status_t tw_invitation_list(apr_array_header_t **list, int most,
                                tw_db_t *db, tw_err_t *err);

/* Deletes those whose id begins so, where it is one; *count is how many there
 * are. */
apr_status_t tw_invitation_revoke(int *count, const char *begins, tw_db_t *db,
                                  tw_err_t *err);

#endif
