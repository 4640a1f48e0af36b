/* SPDX-License-Identifier: Apache-2.0 */
#include "store/invitation.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/id.h"
#include "sealed/seal.h"
#include "store/column.h"

#define SECRET_MIN 22
#define SECRET_MAX 32

/*
 * The lock of the row is what makes it one: whoever waited for it finds it
 * used.  The trigger acts on the first use alone, so that it may be run again
 * after a connection was lost, and gives nothing back that was taken from
 * somebody meanwhile.
 */
static const tw_statement_t invitation_use = {
    "twauth_invitation_use",
    "UPDATE twauth_invitation SET used_by = i.person,"
    " used_at = COALESCE(twauth_invitation.used_at, i.moment)"
    " FROM (SELECT CAST(%s AS text) AS id, CAST(%s AS text) AS person,"
    " CAST(%s AS bigint) AS moment) AS i"
    " WHERE twauth_invitation.id = i.id"
    " AND twauth_invitation.used_by IS NULL"
    " AND twauth_invitation.expires_at > i.moment"
    " AND NOT EXISTS (SELECT 1 FROM twauth_account a"
    " WHERE a.twitter_id = i.person AND (a.active <> 1"
    " OR (a.waiting_since IS NULL AND (twauth_invitation.role = ''"
    " OR EXISTS (SELECT 1 FROM twauth_role r WHERE r.account_id = a.id"
    " AND r.role = twauth_invitation.role)))))"
    " RETURNING role",
    3
};

static const tw_statement_t invitation_state = {
    "twauth_invitation_state",
    "SELECT used_by, expires_at FROM twauth_invitation WHERE id = %s",
    1
};

static const tw_statement_t invitation_make = {
    "twauth_invitation_make",
    "INSERT INTO twauth_invitation (id, role, note, created_at, expires_at)"
    " VALUES (CAST(%s AS text), CAST(%s AS text), CAST(%s AS text),"
    " CAST(%s AS bigint), CAST(%s AS bigint)) ON CONFLICT DO NOTHING",
    5
};

static const tw_statement_t invitation_list = {
    "twauth_invitation_list",
    "SELECT id, role, note, created_at, expires_at, used_by, used_at"
    " FROM twauth_invitation ORDER BY created_at DESC, id"
    " LIMIT CAST(%s AS integer)",
    1
};

#define BEGINS_SO                                                           \
    " WHERE substr(id, 1, length(CAST(%s AS text))) = CAST(%s AS text)"

static const tw_statement_t invitation_count = {
    "twauth_invitation_count",
    "SELECT count(*) FROM twauth_invitation" BEGINS_SO,
    2
};

static const tw_statement_t invitation_revoke = {
    "twauth_invitation_revoke",
    "DELETE FROM twauth_invitation" BEGINS_SO,
    2
};

int tw_invitation_ok(const char *text)
{
    apr_size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-_");

    return !text[len] && len >= SECRET_MIN && len <= SECRET_MAX;
}

/* The id of the row. */
static const char *invitation_id(const char *secret, apr_pool_t *pool)
{
    unsigned char digest[TW_DIGEST_LEN];
    char *id = apr_palloc(pool, 2 * TW_DIGEST_LEN + 1);

    tw_seal_digest(digest, secret);
    tw_codec_hex(id, digest, TW_DIGEST_LEN);
    return id;
}

/* Why it was not used, as far as it says so itself. */
static tw_invitation_use_t why_not(const apr_array_header_t *rows,
                                   const char *person, apr_time_t now)
{
    const char **row;

    if (!rows->nelts) {
        return TW_INVITATION_UNKNOWN;
    }
    row = APR_ARRAY_IDX(rows, 0, const char **);
    if (*row[0]) {
        return strcmp(row[0], person) ? TW_INVITATION_USED
                                      : TW_INVITATION_THEIRS;
    }
    return apr_atoi64(row[1]) <= apr_time_sec(now) ? TW_INVITATION_OVER
                                                   : TW_INVITATION_THEIRS;
}

apr_status_t tw_invitation_use(tw_invitation_use_t *use, tw_db_t *db,
                               const char *secret, const char *id,
                               apr_time_t now, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    apr_array_header_t *rows;
    const char *args[3];
    apr_status_t rv;

    args[0] = invitation_id(secret, pool);
    args[1] = id;
    args[2] = tw_column_seconds(now, pool);
    rv = tw_db_run(&rows, db, &invitation_use, args, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (rows->nelts) {
        *use = TW_INVITATION_TAKEN;
        return APR_SUCCESS;
    }
    rv = tw_db_run(&rows, db, &invitation_state, args, err);
    if (rv == APR_SUCCESS) {
        *use = why_not(rows, id, now);
    }
    return rv;
}

apr_status_t tw_invitation_make(const char **secret,
                                const tw_invitation_t *invitation,
                                apr_time_t until, tw_db_t *db, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    const char *args[5];
    tw_id_t random;

    tw_seal_random(&random, sizeof(random));
    *secret = tw_id_text(&random, pool);
    args[0] = invitation_id(*secret, pool);
    args[1] = invitation->role;
    args[2] = invitation->note;
    args[3] = tw_column_seconds(apr_time_now(), pool);
    args[4] = tw_column_seconds(until, pool);
    return tw_db_run(NULL, db, &invitation_make, args, err);
}

apr_status_t tw_invitation_list(apr_array_header_t **list, int most,
                                tw_db_t *db, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    const char *arg = tw_column_number(most, pool);
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, &invitation_list, &arg, err);
    int i;

    *list = apr_array_make(pool, 16, sizeof(tw_invitation_t));
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        const char **row = APR_ARRAY_IDX(rows, i, const char **);
        tw_invitation_t *invitation = apr_array_push(*list);

        invitation->id = row[0];
        invitation->role = row[1];
        invitation->note = row[2];
        invitation->created_at = row[3];
        invitation->expires_at = row[4];
        invitation->used_by = row[5];
        invitation->used_at = row[6];
    }
    return rv;
}

apr_status_t tw_invitation_revoke(int *count, const char *begins, tw_db_t *db,
                                  tw_err_t *err)
{
    const char *args[2] = { begins, begins };
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, &invitation_count, args, err);

    *count = rv == APR_SUCCESS
             ? (int)apr_atoi64(APR_ARRAY_IDX(rows, 0, const char **)[0]) : 0;
    return *count == 1 ? tw_db_run(NULL, db, &invitation_revoke, args, err)
                       : rv;
}
