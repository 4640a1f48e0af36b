/* SPDX-License-Identifier: Apache-2.0 */
#include "store/account.h"

#include <string.h>

#include <apr_strings.h>

#include "store/column.h"
#include "store/session_row.h"
#include "store/stranger.h"
#include "store/token.h"

/*
 * What a sign-in brings, as a row; more is of the profile, where there is one.
 * Both databases would infer other types for bare parameters, hence the
 * casts; SQLite needs the WHERE to tell ON CONFLICT from a join's ON.
 */
#define BROUGHT(more)                                                       \
    "(SELECT CAST(%s AS text) AS twitter_id, CAST(%s AS text) AS name,"     \
    " CAST(%s AS text) AS screen_name, CAST(%s AS text) AS token,"          \
    " CAST(%s AS text) AS secret, CAST(%s AS text) AS kind,"                \
    " CAST(%s AS bigint) AS expires, CAST(%s AS bigint) AS moment" more     \
    ") AS i"
#define NEW_NAME                                                            \
    "CASE WHEN EXISTS (SELECT 1 FROM twauth_username n"                     \
    " WHERE n.name = i.name AND n.twitter_id <> i.twitter_id)"              \
    " THEN i.name || '.' || i.twitter_id ELSE i.name END"
#define ARGS 8

#define PROFILE_BROUGHT                                                     \
    ", CAST(%s AS text) AS shown, CAST(%s AS text) AS avatar,"              \
    " CAST(%s AS text) AS email, CAST(%s AS integer) AS verified"
#define PROFILE_COLUMNS ", name, avatar, email, verified"
#define PROFILE_VALUES ", i.shown, i.avatar, i.email, i.verified"
#define PROFILE_EXCLUDED                                                    \
    ", name = excluded.name, avatar = excluded.avatar,"                     \
    " email = excluded.email, verified = excluded.verified"
#define PROFILE_SET                                                         \
    ", name = i.shown, avatar = i.avatar, email = i.email,"                 \
    " verified = i.verified"
#define PROFILE_ARGS 4

#define FIND_OR_CREATE(columns, values, excluded, more)                     \
    "INSERT INTO twauth_account (twitter_id, username, screen_name, token," \
    " secret, token_kind, token_expires_at, created_at, signed_in_at"       \
    columns ") SELECT i.twitter_id, " NEW_NAME ", i.screen_name, i.token,"  \
    " i.secret, i.kind, NULLIF(i.expires, 0), i.moment, i.moment" values    \
    " FROM " BROUGHT(more) " WHERE true"                                    \
    " ON CONFLICT (twitter_id) DO UPDATE SET"                               \
    " username = COALESCE(NULLIF(twauth_account.username, ''),"             \
    " excluded.username), screen_name = excluded.screen_name,"              \
    " token = excluded.token, secret = excluded.secret,"                    \
    " token_kind = excluded.token_kind,"                                    \
    " token_expires_at = excluded.token_expires_at,"                        \
    " token_refresh_at = NULL, signed_in_at = excluded.signed_in_at"        \
    excluded " WHERE twauth_account.active = 1"                             \
    " RETURNING id, username, created_at"

static const tw_statement_t find_or_create = {
    "twauth_find_or_create",
    FIND_OR_CREATE("", "", "", ""),
    ARGS
};

static const tw_statement_t find_or_create_profile = {
    "twauth_find_or_create_profile",
    FIND_OR_CREATE(PROFILE_COLUMNS, PROFILE_VALUES, PROFILE_EXCLUDED,
                   PROFILE_BROUGHT),
    ARGS + PROFILE_ARGS
};

#define FIND_ONLY(set, more, which)                                         \
    "UPDATE twauth_account SET"                                             \
    " username = COALESCE(NULLIF(twauth_account.username, ''), " NEW_NAME   \
    "), screen_name = i.screen_name, token = i.token, secret = i.secret,"   \
    " token_kind = i.kind, token_expires_at = NULLIF(i.expires, 0),"        \
    " token_refresh_at = NULL, signed_in_at = i.moment" set                 \
    " FROM " BROUGHT(more)                                                  \
    " WHERE twauth_account.twitter_id = i.twitter_id"                       \
    " AND twauth_account.active = 1" which                                  \
    " RETURNING id, username, created_at"

static const tw_statement_t find_only = {
    "twauth_find_only",
    FIND_ONLY("", "", ""),
    ARGS
};

static const tw_statement_t find_only_profile = {
    "twauth_find_only_profile",
    FIND_ONLY(PROFILE_SET, PROFILE_BROUGHT, ""),
    ARGS + PROFILE_ARGS
};

/* Where accounts wait, those that do get no name and bring no tokens. */
#define IS_IN " AND twauth_account.waiting_since IS NULL"

static const tw_statement_t find_member = {
    "twauth_find_member",
    FIND_ONLY("", "", IS_IN),
    ARGS
};

static const tw_statement_t find_member_profile = {
    "twauth_find_member_profile",
    FIND_ONLY(PROFILE_SET, PROFILE_BROUGHT, IS_IN),
    ARGS + PROFILE_ARGS
};

/* By what the sign-in may do, and whether it brings a profile: the first for
 * which the tables have room. */
#define FINDS { &find_only, NULL }, { &find_only_profile, &find_only, NULL }
#define CREATES                                                             \
    { &find_or_create, NULL },                                              \
    { &find_or_create_profile, &find_or_create, NULL }
#define ADMITS                                                              \
    { &find_member, &find_only, NULL },                                     \
    { &find_member_profile, &find_only_profile, &find_only, NULL }

static const tw_statement_t *const statements[][2][4] = {
    [TW_SIGN_UP_OFF] = { FINDS }, [TW_SIGN_UP_ON] = { CREATES },
    [TW_SIGN_UP_ASK] = { ADMITS }, [TW_SIGN_UP_INVITE] = { ADMITS }
};

/* One of all who come at once gets it: the others find it has a number. */
static const tw_statement_t claim = {
    "twauth_claim",
    "UPDATE twauth_account SET twitter_id = CAST(%s AS text)"
    " WHERE twitter_id = CAST(%s AS text)"
    " AND NOT EXISTS (SELECT 1 FROM twauth_account o"
    " WHERE o.twitter_id = CAST(%s AS text)) RETURNING id",
    3
};

static const tw_statement_t profile_read = {
    "twauth_profile_read",
    "SELECT name, avatar, email, verified FROM twauth_account"
    " WHERE id = CAST(%s AS bigint) AND twitter_id = %s",
    2
};

static const tw_statement_t profile_none = {
    "twauth_profile_none", "SELECT 1 WHERE 1 = 0", 0
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

/* An account that waits under the handle is this person's from now on, unless
 * they have one. */
static apr_status_t claim_account(int *claimed, tw_db_t *db,
                                  const tw_identity_t *identity, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    apr_array_header_t *rows = NULL;
    const char *args[3];
    apr_status_t rv;

    args[0] = args[2] = identity->id;
    args[1] = apr_pstrcat(pool, "handle:",
                          name_of(pool, identity->screen_name), NULL);
    rv = tw_db_run(&rows, db, &claim, args, err);
    *claimed = rv == APR_SUCCESS && rows->nelts > 0;
    return rv;
}

/* Who comes by an invitation that is none is told that first. */
static apr_status_t no_sign_in(tw_session_t *session, tw_signed_in_t *result,
                               tw_db_t *db, const tw_sign_in_t *options,
                               tw_err_t *err)
{
    return tw_stranger_refuse(session, &result->asks, db, options->identity,
                              options->sign_up == TW_SIGN_UP_ASK
                              && !options->invite, err);
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
    const tw_profile_t *profile = &identity->profile;
    const char *args[ARGS + PROFILE_ARGS];
    tw_columns_t kept;
    apr_array_header_t *rows;
    const char **row;
    apr_status_t rv;

    tw_token_columns(&kept, &identity->tokens, identity->id, store,
                     pool);
    args[0] = identity->id;
    args[1] = name;
    args[2] = identity->screen_name;
    args[3] = kept.token;
    args[4] = kept.secret;
    args[5] = kept.kind;
    args[6] = kept.expires;
    args[7] = now;
    tw_column_profile_args(args + ARGS, profile, pool);
    session->twitter_id = identity->id;
    session->screen_name = identity->screen_name;
    rv = tw_db_run_newest(&rows, db,
                          statements[options->sign_up][profile->known != 0],
                          args, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rows->nelts) {
        return no_sign_in(session, result, db, options, err);
    }
    row = APR_ARRAY_IDX(rows, 0, const char **);
    session->account = tw_id_account_read(row[0]);
    session->username = row[1];
    if (store->database.profiles) {
        tw_session_set_profile(session, profile);
    }
    result->created = !strcmp(row[2], now)
                      && (options->sign_up == TW_SIGN_UP_ON
                          || result->invitation == TW_INVITATION_TAKEN);
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

/* The account has signed in at the hub, and stays as it is: its session
 * waits. */
static apr_status_t take_session(tw_session_t *session, tw_db_t *db,
                                 const tw_sign_in_t *options, tw_err_t *err)
{
    const tw_hub_ticket_t *ticket = options->identity->ticket;

    session->id = ticket->session;
    session->account = ticket->account;
    session->twitter_id = ticket->twitter_id;
    return tw_session_row_take(session, db, &options->from, err);
}

/* Who it is whose session was taken. */
static apr_status_t read_taken(tw_session_t *session, const tw_store_t *store,
                               apr_pool_t *pool, tw_err_t *err)
{
    tw_check_t check;
    apr_status_t rv = tw_session_row_check(&check, session, &store->database,
                                           0, pool, err);

    return rv != APR_SUCCESS || check == TW_CHECK_GOOD
           ? rv : tw_err_set(err, pool, TW_ERR_INACTIVE, APR_EGENERAL,
                             "the account is not active");
}

/* The account, and a new row for a session of it. */
static apr_status_t make_session(tw_session_t *session,
                                 tw_signed_in_t *result, tw_db_t *db,
                                 const tw_store_t *store,
                                 const tw_sign_in_t *options, tw_err_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (options->claim) {
        rv = claim_account(&result->claimed, db, options->identity, err);
    }
    if (rv == APR_SUCCESS && options->invite) {
        rv = tw_invitation_use(&result->invitation, db, options->invite,
                               options->identity->id, session->signed_in_at,
                               err);
    }
    if (rv == APR_SUCCESS) {
        rv = find_account(session, result, db, store, options, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* before there is a new row: the deletes of all this account's sessions
     * may be deferred */
    tw_session_row_run_deferred(db);
    rv = tw_session_row_begin(session, db, &options->from, err);
    return rv != APR_SUCCESS && err->kind == TW_ERR_INACTIVE
           ? no_sign_in(session, result, db, options, err) : rv;
}

apr_status_t tw_account_sign_in(tw_session_t *session, tw_signed_in_t *result,
                                const tw_store_t *store,
                                const tw_sign_in_t *options, apr_pool_t *pool,
                                tw_err_t *err)
{
    int waits = options->identity->ticket != NULL;
    tw_db_t *db;
    apr_status_t rv = tw_db_open(&db, &store->database, pool, err);

    memset(result, 0, sizeof(*result));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = waits ? take_session(session, db, options, err)
               : make_session(session, result, db, store, options, err);
    if (rv == APR_SUCCESS && options->previous) {
        /* refused here at once all the same; elsewhere when it ends */
        tw_session_row_end_or_defer(options->previous, db);
    }
    tw_db_close(db);
    return rv == APR_SUCCESS && waits ? read_taken(session, store, pool, err)
                                      : rv;
}

apr_status_t tw_account_profile(tw_profile_t *profile,
                                const tw_session_t *session,
                                const tw_database_t *database,
                                apr_pool_t *pool, tw_err_t *err)
{
    static const tw_statement_t *const read[] = { &profile_read, &profile_none,
                                                  NULL };
    static const tw_profile_t none = TW_PROFILE_NONE;
    apr_array_header_t *rows;
    const char *args[2];
    tw_db_t *db;
    apr_status_t rv = tw_db_open(&db, database, pool, err);

    *profile = none;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    args[0] = tw_column_number(session->account, pool);
    args[1] = session->twitter_id;
    rv = tw_db_run_newest(&rows, db, read, args, err);
    if (rv == APR_SUCCESS && rows->nelts) {
        tw_column_profile(profile, APR_ARRAY_IDX(rows, 0, const char **),
                          pool);
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
