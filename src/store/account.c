/* SPDX-License-Identifier: Apache-2.0 */
#include "store/account.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "store/token.h"

#define USER_AGENT_MAX 255

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

/* From the account, not beside it: no session without one.  It may be run
 * again after a connection was lost, hence ON CONFLICT. */
static const tw_statement_t session_begin = {
    "twauth_session_begin",
    "INSERT INTO twauth_session (id, account_id, created_at, seen_at,"
    " expires_at, address, user_agent)"
    " SELECT CAST(%s AS text), a.id, CAST(%s AS bigint), CAST(%s AS bigint),"
    " CAST(%s AS bigint), CAST(%s AS text), CAST(%s AS text)"
    " FROM twauth_account a"
    " WHERE a.id = CAST(%s AS bigint) AND a.active = 1"
    " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at"
    " RETURNING id",
    7
};

static const tw_statement_t session_check = {
    "twauth_session_check",
    "SELECT a.id, a.twitter_id, a.username, a.screen_name, a.active,"
    " s.expires_at, s.seen_at"
    " FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id"
    " WHERE s.id = %s",
    1
};

/* It changes nothing, and shows whether a write would be taken. */
static const tw_statement_t write_probe = {
    "twauth_write_probe",
    "UPDATE twauth_session SET seen_at = seen_at"
    " WHERE id = (SELECT min(id) FROM twauth_session)",
    0
};

static const tw_statement_t session_seen = {
    "twauth_session_seen",
    "UPDATE twauth_session SET seen_at = CAST(%s AS bigint) WHERE id = %s",
    2
};

static const tw_statement_t session_end = {
    "twauth_session_end",
    "DELETE FROM twauth_session WHERE id = %s",
    1
};

static const tw_statement_t session_end_all = {
    "twauth_session_end_all",
    "DELETE FROM twauth_session WHERE account_id = CAST(%s AS bigint)"
    " RETURNING id",
    1
};

/*
 * Sessions that began later are not those that were meant.  Nor has a session
 * that was ended meanwhile, by an administrator or from elsewhere, anything
 * to say any more: its own row must still be there.
 */
static const tw_statement_t session_end_deferred = {
    "twauth_session_end_deferred",
    "DELETE FROM twauth_session WHERE account_id = CAST(%s AS bigint)"
    " AND created_at <= CAST(%s AS bigint)"
    " AND EXISTS (SELECT 1 FROM twauth_session o WHERE o.id = %s"
    " AND o.account_id = twauth_session.account_id)",
    3
};

static const char *number(apr_pool_t *pool, apr_int64_t n)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, n);
}

static const char *seconds(apr_pool_t *pool, apr_time_t t)
{
    return number(pool, apr_time_sec(t));
}

static const char *id_text(apr_pool_t *pool, const unsigned char *id)
{
    char *text = apr_palloc(pool, TW_ID_TEXT_LEN + 1);

    tw_codec_base64(text, id, TW_ID_LEN);
    return text;
}

/*
 * Whether a name that stands in the database, where others may have put it,
 * can stand in a header and in a variable.
 */
static int is_name(const char *name)
{
    const char *c = name;

    while (*c && !apr_iscntrl(*c)) {
        c++;
    }
    return !*c && c - name <= TW_USERNAME_MAX;
}

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

static const char *clean_user_agent(apr_pool_t *pool, const char *text)
{
    char *clean = apr_pstrndup(pool, text ? text : "", USER_AGENT_MAX);
    char *c;

    for (c = clean; *c; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            *c = '?';
        }
    }
    return clean;
}

/* Deletes the rows of sessions that were revoked while the database was down;
 * tried alone, for whoever is here came for something else. */
static void run_deferred(tw_db_t *db, const tw_database_t *database,
                         apr_pool_t *pool)
{
    tw_deferred_delete_t deferred;

    while (tw_shared_take_deferred(database->shared, database->slot, &deferred,
                                   apr_time_now())) {
        const char *args[3];

        args[2] = id_text(pool, deferred.id);
        args[0] = deferred.account ? number(pool, deferred.account) : args[2];
        args[1] = seconds(pool, deferred.at);
        if (!tw_db_try(db,
                       deferred.account ? &session_end_deferred : &session_end,
                       args)) {
            tw_shared_deferred_again(database->shared, &deferred);
            return;
        }
        tw_shared_deferred_done(database->shared, &deferred);
    }
}

/* Why no row came back: not active (whose the session is then says which
 * account), or not there. */
static apr_status_t no_account(tw_session_t *session, tw_db_t *db,
                               const tw_identity_t *identity,
                               apr_pool_t *pool, tw_err_t *err)
{
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
    session->account = apr_atoi64(row[0]);
    session->username = row[1] && is_name(row[1]) ? row[1] : "";
    return tw_err_set(err, pool, TW_ERR_INACTIVE, APR_EGENERAL,
                      "the account is not active");
}

static apr_status_t find_account(tw_session_t *session,
                                 tw_signed_in_t *result, tw_db_t *db,
                                 const tw_store_t *store,
                                 const tw_sign_in_t *options, apr_pool_t *pool,
                                 tw_err_t *err)
{
    const tw_identity_t *identity = options->identity;
    const char *now = seconds(pool, session->signed_in_at);
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
        return no_account(session, db, identity, pool, err);
    }
    row = APR_ARRAY_IDX(rows, 0, const char **);
    session->account = apr_atoi64(row[0]);
    session->username = row[1];
    result->created = !strcmp(row[2], now);
    result->name_was_taken = result->created
                         && !strcmp(row[1], apr_pstrcat(pool, name, ".",
                                                        identity->id, NULL));
    return is_name(row[1])
           ? APR_SUCCESS
           : tw_err_set(err, pool, TW_ERR_DATABASE, APR_EGENERAL,
                        "the username of account %s is longer than %d bytes "
                        "or has control characters", row[0],
                        TW_USERNAME_MAX);
}

static apr_status_t begin_session(tw_session_t *session, tw_db_t *db,
                                  const tw_sign_in_t *options,
                                  apr_pool_t *pool, tw_err_t *err)
{
    const char *args[7];
    apr_array_header_t *rows;
    apr_status_t rv;

    tw_seal_random(session->id, TW_ID_LEN);
    args[0] = id_text(pool, session->id);
    args[1] = args[2] = seconds(pool, session->signed_in_at);
    args[3] = seconds(pool, session->expires_at);
    args[4] = options->address;
    args[5] = clean_user_agent(pool, options->user_agent);
    args[6] = number(pool, session->account);
    rv = tw_db_run(&rows, db, &session_begin, args, err);
    if (rv == APR_SUCCESS && !rows->nelts) {
        return tw_err_set(err, pool, TW_ERR_INACTIVE, APR_EGENERAL,
                          "account %s went away during the sign-in", args[6]);
    }
    return rv;
}

apr_status_t tw_account_sign_in(tw_session_t *session, tw_signed_in_t *result,
                                const tw_store_t *store,
                                const tw_sign_in_t *options, apr_pool_t *pool,
                                tw_err_t *err)
{
    const tw_database_t *database = &store->database;
    tw_db_t *db;
    apr_status_t rv = tw_db_open(&db, database, pool, err);

    memset(result, 0, sizeof(*result));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = find_account(session, result, db, store, options, pool, err);
    if (rv == APR_SUCCESS) {
        /* before there is a new row: the deletes of all this account's
         * sessions may be deferred */
        run_deferred(db, database, pool);
        session->checked_at = session->last_seen = session->signed_in_at;
        rv = begin_session(session, db, options, pool, err);
    }
    if (rv == APR_SUCCESS && options->previous) {
        const char *previous = id_text(pool, options->previous->id);
        tw_err_t ignored = { 0 };
        tw_deferred_delete_t deferred = { .whose =
                                              options->previous->account };

        /* refused here at once all the same; elsewhere when it ends */
        if (tw_db_run(NULL, db, &session_end, &previous, &ignored)
            != APR_SUCCESS) {
            memcpy(deferred.id, options->previous->id, TW_ID_LEN);
            tw_shared_defer_delete(database->shared, database->slot, &deferred,
                                   apr_time_now());
        }
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

apr_status_t tw_account_check(tw_check_t *check, tw_session_t *session,
                              const tw_database_t *database,
                              apr_interval_time_t idle, apr_pool_t *pool,
                              tw_err_t *err)
{
    apr_time_t now = apr_time_now();
    const char *args[2];
    apr_array_header_t *rows;
    const char **row;
    tw_db_t *db;
    apr_status_t rv;

    *check = TW_CHECK_GONE;
    rv = tw_db_open(&db, database, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    args[0] = id_text(pool, session->id);
    rv = tw_db_run(&rows, db, &session_check, args, err);
    if (rv != APR_SUCCESS || !rows->nelts) {
        goto done;
    }
    *check = TW_CHECK_REFUSED;
    row = APR_ARRAY_IDX(rows, 0, const char **);
    if (apr_atoi64(row[0]) != session->account
        || strcmp(row[1], session->twitter_id) || strcmp(row[4], "1")
        || apr_atoi64(row[5]) <= apr_time_sec(now)
        || !row[2][0] || !is_name(row[2]) || !is_name(row[3])) {
        goto done;
    }
    *check = TW_CHECK_GOOD;
    session->username = row[2];
    session->screen_name = row[3];
    if (apr_atoi64(row[5]) < apr_time_sec(session->expires_at)) {
        session->expires_at = apr_time_from_sec(apr_atoi64(row[5]));
    }
    session->checked_at = now;
    run_deferred(db, database, pool);
    if (idle > 0 && apr_time_from_sec(apr_atoi64(row[6])) < now - idle / 10) {
        args[1] = args[0];
        args[0] = seconds(pool, now);
        tw_db_try(db, &session_seen, args);
    }

done:
    tw_db_close(db);
    return rv;
}

apr_status_t tw_account_end(apr_array_header_t **ended,
                            const tw_session_t *session, int everywhere,
                            const tw_database_t *database, apr_pool_t *pool,
                            tw_err_t *err)
{
    const char *arg = everywhere ? number(pool, session->account)
                                 : id_text(pool, session->id);
    apr_array_header_t *rows;
    tw_db_t *db;
    apr_status_t rv;
    int i;

    if (ended) {
        *ended = apr_array_make(pool, 4, TW_ID_LEN);
    }
    rv = tw_db_open(&db, database, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = tw_db_run(&rows, db, everywhere ? &session_end_all : &session_end,
                   &arg, err);
    if (rv == APR_SUCCESS) {
        run_deferred(db, database, pool);
    }
    tw_db_close(db);
    for (i = 0; rv == APR_SUCCESS && everywhere && ended && i < rows->nelts;
         i++) {
        const char *text = APR_ARRAY_IDX(rows, i, const char **)[0];
        unsigned char id[TW_ID_LEN + 2];
        apr_size_t len;

        if (strlen(text) == TW_ID_TEXT_LEN
            && tw_codec_unbase64(id, &len, text, TW_ID_TEXT_LEN)
               == APR_SUCCESS) {
            memcpy(apr_array_push(*ended), id, TW_ID_LEN);
        }
    }
    return rv;
}
