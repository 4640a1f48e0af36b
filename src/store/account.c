/* SPDX-License-Identifier: Apache-2.0 */
#include "store/account.h"

#include <string.h>

#include <apr_strings.h>

#include "store/column.h"
#include "store/session_row.h"
#include "store/token.h"

/*
 * Both databases would infer other types for bare parameters, hence the
 * casts; SQLite needs the WHERE to tell ON CONFLICT from a join's ON.
 */
#define NEW_ACCOUNT                                                         \
    "(SELECT CAST(%s AS text) AS twitter_id, CAST(%s AS text) AS name,"     \
    " CAST(%s AS text) AS screen_name, CAST(%s AS text) AS token,"          \
    " CAST(%s AS text) AS secret, CAST(%s AS text) AS kind,"                \
    " CAST(%s AS bigint) AS expires, CAST(%s AS bigint) AS moment) AS i"
#define NEW_NAME                                                            \
    "CASE WHEN EXISTS (SELECT 1 FROM twauth_username n"                     \
    " WHERE n.name = i.name AND n.twitter_id <> i.twitter_id)"              \
    " THEN i.name || '.' || i.twitter_id ELSE i.name END"

static const tw_statement_t find_or_create = {
    "twauth_find_or_create",
    "INSERT INTO twauth_account (twitter_id, username, screen_name, token,"
    " secret, token_kind, token_expires_at, created_at, signed_in_at)"
    " SELECT i.twitter_id, " NEW_NAME ", i.screen_name, i.token, i.secret,"
    " i.kind, NULLIF(i.expires, 0), i.moment, i.moment FROM " NEW_ACCOUNT
    " WHERE true"
    " ON CONFLICT (twitter_id) DO UPDATE SET"
    " username = COALESCE(NULLIF(twauth_account.username, ''),"
    " excluded.username), screen_name = excluded.screen_name,"
    " token = excluded.token, secret = excluded.secret,"
    " token_kind = excluded.token_kind,"
    " token_expires_at = excluded.token_expires_at,"
    " token_refresh_at = NULL, signed_in_at = excluded.signed_in_at"
    " WHERE twauth_account.active = 1"
    " RETURNING id, username, created_at",
    8
};

static const tw_statement_t find_only = {
    "twauth_find_only",
    "UPDATE twauth_account SET"
    " username = COALESCE(NULLIF(twauth_account.username, ''),"
    " (SELECT " NEW_NAME " FROM " NEW_ACCOUNT ")),"
    " screen_name = CAST(%s AS text), token = CAST(%s AS text),"
    " secret = CAST(%s AS text), token_kind = CAST(%s AS text),"
    " token_expires_at = NULLIF(CAST(%s AS bigint), 0),"
    " token_refresh_at = NULL, signed_in_at = CAST(%s AS bigint)"
    " WHERE twitter_id = %s AND active = 1"
    " RETURNING id, username, created_at",
    15
};

static const tw_statement_t account_state = {
    "twauth_account_state",
    "SELECT id, username FROM twauth_account WHERE twitter_id = %s",
    1
};

/* It changes nothing, and shows whether a write would be taken. */
static const tw_statement_t write_probe = {
    "twauth_write_probe",
    "UPDATE twauth_session SET seen_at = seen_at"
    " WHERE id = (SELECT min(id) FROM twauth_session)",
    0
};

/* The default username: the handle in lower case, in ASCII alone. */
static const char *name_of(apr_pool_t *pool, const char *handle)
{
    char *name = apr_pstrdup(pool, handle);
    char *c;

    for (c = name; *c; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c = (char)(*c - 'A' + 'a');
        }
    }
    return name;
}

/* Why no row came back: not active (whose the session is then says which
 * account), or not there. */
static apr_status_t no_account(tw_session_t *session, tw_db_t *db,
                               const tw_identity_t *identity, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    apr_array_header_t *rows;
    const char **row;
    apr_status_t rv = tw_db_run(&rows, db, &account_state, &identity->id,
                                err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rows->nelts) {
        return tw_err_set(err, pool, TW_ERR_NO_ACCOUNT, APR_EGENERAL,
                          "there is no account of that number here");
    }
    row = APR_ARRAY_IDX(rows, 0, const char **);
    session->account = tw_id_account_read(row[0]);
    session->username = row[1] && tw_column_is_name(row[1]) ? row[1] : "";
    return tw_err_set(err, pool, TW_ERR_INACTIVE, APR_EGENERAL,
                      "the account is not active");
}

static apr_status_t find_account(tw_session_t *session,
                                 tw_signed_in_t *result, tw_db_t *db,
                                 const tw_store_t *store,
                                 const tw_sign_in_t *options, tw_err_t *err)
{
    const tw_identity_t *identity = options->identity;
    apr_pool_t *pool = tw_db_pool(db);
    const char *now = tw_column_seconds(session->signed_in_at, pool);
    const char *name = name_of(pool, identity->screen_name);
    const char *args[15];
    tw_columns_t kept;
    apr_array_header_t *rows;
    const char **row;
    apr_status_t rv;

    tw_token_columns(&kept, &identity->tokens, identity->id, store,
                     pool);
    args[0] = identity->id;
    args[1] = name;
    args[2] = args[8] = identity->screen_name;
    args[3] = args[9] = kept.token;
    args[4] = args[10] = kept.secret;
    args[5] = args[11] = kept.kind;
    args[6] = args[12] = kept.expires;
    args[7] = args[13] = now;
    args[14] = identity->id;
    session->twitter_id = identity->id;
    session->screen_name = identity->screen_name;
    rv = tw_db_run(&rows, db, options->sign_up ? &find_or_create : &find_only,
                   args, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rows->nelts) {
        return no_account(session, db, identity, err);
    }
    row = APR_ARRAY_IDX(rows, 0, const char **);
    session->account = tw_id_account_read(row[0]);
    session->username = row[1];
    result->created = !strcmp(row[2], now);
    result->name_was_taken = result->created
                         && !strcmp(row[1], apr_pstrcat(pool, name, ".",
                                                        identity->id, NULL));
    return tw_column_is_name(row[1])
           ? APR_SUCCESS
           : tw_err_set(err, pool, TW_ERR_DATABASE, APR_EGENERAL,
                        "the username of account %s is longer than %d bytes "
                        "or has control characters", row[0],
                        TW_USERNAME_MAX);
}

apr_status_t tw_account_sign_in(tw_session_t *session, tw_signed_in_t *result,
                                const tw_store_t *store,
                                const tw_sign_in_t *options, apr_pool_t *pool,
                                tw_err_t *err)
{
    tw_db_t *db;
    apr_status_t rv = tw_db_open(&db, &store->database, pool, err);

    memset(result, 0, sizeof(*result));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = find_account(session, result, db, store, options, err);
    if (rv == APR_SUCCESS) {
        /* before there is a new row: the deletes of all this account's
         * sessions may be deferred */
        tw_session_row_run_deferred(db);
        rv = tw_session_row_begin(session, db, options->address,
                                  options->user_agent, err);
    }
    if (rv == APR_SUCCESS && options->previous) {
        /* refused here at once all the same; elsewhere when it ends */
        tw_session_row_end_or_defer(options->previous, db);
    }
    tw_db_close(db);
    return rv;
}

apr_status_t tw_account_ready(const tw_database_t *database, apr_pool_t *pool,
                              tw_err_t *err)
{
    tw_db_t *db;
    apr_status_t rv = tw_db_open(&db, database, pool, err);

    if (rv == APR_SUCCESS) {
        if (tw_db_is_doubtful(db)) {
            rv = tw_db_run(NULL, db, &write_probe, NULL, err);
        }
        tw_db_close(db);
    }
    return rv;
}
