/* SPDX-License-Identifier: Apache-2.0 */
#include "store/token.h"

#include <string.h>

#include <apr_strings.h>

#include "store/column.h"

#define KIND_OAUTH1 "oauth1"
#define KIND_OAUTH2 "oauth2"

static const tw_statement_t tokens_read = {
    "twauth_tokens_read",
    "SELECT token, secret, token_kind, token_expires_at, token_refresh_at"
    " FROM twauth_account"
    " WHERE id = CAST(%s AS bigint) AND twitter_id = %s",
    2
};

/* One of all who see these tokens gets a row back. */
static const tw_statement_t refresh_claim = {
    "twauth_refresh_claim",
    "UPDATE twauth_account SET token_refresh_at = CAST(%s AS bigint)"
    " WHERE id = CAST(%s AS bigint) AND token = %s"
    " AND ABS(COALESCE(token_refresh_at, 0)) <= CAST(%s AS bigint)"
    " RETURNING id",
    4
};

/* Both only while the claim stands. */
static const tw_statement_t refresh_again = {
    "twauth_refresh_again",
    "UPDATE twauth_account SET token_refresh_at = CAST(%s AS bigint)"
    " WHERE id = CAST(%s AS bigint)"
    " AND token_refresh_at = CAST(%s AS bigint)",
    3
};

static const tw_statement_t refresh_done = {
    "twauth_refresh_done",
    "UPDATE twauth_account SET token = CAST(%s AS text),"
    " secret = CAST(%s AS text), token_expires_at = CAST(%s AS bigint),"
    " token_refresh_at = CAST(%s AS bigint)"
    " WHERE id = CAST(%s AS bigint)"
    " AND token_refresh_at = CAST(%s AS bigint) RETURNING id",
    6
};

static const tw_statement_t tokens_forget = {
    "twauth_tokens_forget",
    "UPDATE twauth_account SET token = '', secret = '', token_kind = '',"
    " token_expires_at = NULL, token_refresh_at = NULL"
    " WHERE id = CAST(%s AS bigint) AND token = %s RETURNING id",
    2
};

static const tw_statement_t exchange_next = {
    "twauth_exchange_next",
    "SELECT id, twitter_id, token, secret FROM twauth_account"
    " WHERE token_kind <> '" KIND_OAUTH2 "' AND token <> ''"
    " AND id > CAST(%s AS bigint) ORDER BY id LIMIT 50",
    1
};

static const tw_statement_t exchange_done = {
    "twauth_exchange_done",
    "UPDATE twauth_account SET token = CAST(%s AS text),"
    " secret = CAST(%s AS text), token_kind = '" KIND_OAUTH2 "',"
    " token_expires_at = CAST(%s AS bigint), token_refresh_at = NULL"
    " WHERE id = CAST(%s AS bigint) AND token = %s RETURNING id",
    5
};

/* Only what was read is replaced: a sign-in meanwhile is newer. */
static const tw_statement_t tokens_write = {
    "twauth_tokens_write",
    "UPDATE twauth_account SET token = CAST(%s AS text),"
    " secret = CAST(%s AS text)"
    " WHERE id = CAST(%s AS bigint) AND token = %s",
    4
};

/* What the column `secret` holds: bound to it as well, so that a refresh
 * token is never told to a program as the secret of OAuth 1.0a. */
static const char *secret_of(tw_token_kind_t kind)
{
    return kind == TW_TOKEN_OAUTH2 ? "refresh" : "secret";
}

/* A stored value is bound to its account and its column. */
static tw_sealer_t sealer_of(const tw_store_t *store, const char *twitter_id,
                             const char *field, apr_pool_t *pool)
{
    return tw_seal_bind(&store->sealer, apr_pstrcat(pool, twitter_id, "\n",
                                                    field, NULL), pool);
}

/* What stands in the column for value; NULL is "". */
static const char *column(const tw_store_t *store, const char *twitter_id,
                          const char *field, const char *value,
                          apr_pool_t *pool)
{
    tw_sealer_t sealer;

    if (!value) {
        return "";
    }
    switch (store->tokens) {
    case TW_TOKENS_PLAIN:
        return value;
    case TW_TOKENS_SEALED:
        sealer = sealer_of(store, twitter_id, field, pool);
        return tw_seal(&sealer, value, strlen(value), pool);
    default:
        return "";
    }
}

void tw_token_columns(tw_columns_t *columns, const tw_tokens_t *tokens,
                      const char *twitter_id, const tw_store_t *store,
                      apr_pool_t *pool)
{
    int none = store->tokens == TW_TOKENS_NONE;

    columns->token = column(store, twitter_id, "token", tokens->token, pool);
    columns->secret = column(store, twitter_id, secret_of(tokens->kind),
                             tokens->secret, pool);
    columns->kind = none ? "" : tokens->kind == TW_TOKEN_OAUTH2 ? KIND_OAUTH2
                                                                : KIND_OAUTH1;
    columns->expires = tw_column_number(none ? 0 : tokens->expires_at, pool);
}

/* One account's columns while they are opened. */
typedef struct {
    const tw_store_t *store;
    const char *twitter_id;
    apr_pool_t *pool;
    int stale;                      /* they should be sealed again */
} opening_t;

/*
 * Opens a stored value; "" is NULL.
 * A value that was sealed and does not open is never taken for plain text:
 * whoever can write to the table but has no key would choose it.
 */
static apr_status_t unstore(const char **value, opening_t *o,
                            const char *stored, const char *field,
                            tw_err_t *err)
{
    tw_storage_t how = o->store->tokens;
    tw_sealer_t sealer;
    tw_plain_t plain;

    *value = NULL;
    if (!stored[0] || how == TW_TOKENS_NONE) {
        return APR_SUCCESS;
    }
    sealer = sealer_of(o->store, o->twitter_id, field, o->pool);
    if (tw_unseal(&plain, &sealer, stored, strlen(stored), o->pool)
        != APR_SUCCESS) {
        if (how == TW_TOKENS_PLAIN) {
            *value = stored;
            return APR_SUCCESS;
        }
        return tw_err_set(err, o->pool, TW_ERR_INTERNAL, APR_EGENERAL,
                          "the stored %s of X id %s does not open", field,
                          o->twitter_id);
    }
    o->stale |= plain.stale;
    *value = (const char *)plain.data;
    return APR_SUCCESS;
}

/* What was opened with an old key is sealed with the first one, if nobody has
 * written anything else since. */
static void seal_again(tw_stored_t *stored, tw_db_t *db,
                       const tw_store_t *store, apr_pool_t *pool)
{
    tw_columns_t again;
    tw_err_t ignored = { 0 };
    const char *args[4];

    tw_token_columns(&again, &stored->tokens, stored->twitter_id, store, pool);
    args[0] = again.token;
    args[1] = again.secret;
    args[2] = tw_id_account_text(stored->account, pool);
    args[3] = stored->as;
    if (tw_db_run(NULL, db, &tokens_write, args, &ignored) == APR_SUCCESS) {
        stored->as = again.token;
    }
}

apr_status_t tw_token_read(tw_stored_t *stored,
                           const tw_session_t *session,
                           const tw_store_t *store, apr_pool_t *pool,
                           tw_err_t *err)
{
    const char *id = session->twitter_id;
    opening_t opening = { store, id, pool, 0 };
    tw_tokens_t *tokens = &stored->tokens;
    const char *args[2];
    apr_array_header_t *rows;
    const char **row;
    tw_db_t *db;
    apr_status_t rv;

    memset(stored, 0, sizeof(*stored));
    stored->account = session->account;
    stored->twitter_id = id;
    rv = tw_db_open(&db, &store->database, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    args[0] = tw_id_account_text(session->account, pool);
    args[1] = id;
    rv = tw_db_run(&rows, db, &tokens_read, args, err);
    if (rv != APR_SUCCESS || !rows->nelts) {
        goto done;
    }
    row = APR_ARRAY_IDX(rows, 0, const char **);
    tokens->kind = !strcmp(row[2], KIND_OAUTH2) ? TW_TOKEN_OAUTH2
                                                : TW_TOKEN_OAUTH1;
    rv = unstore(&tokens->token, &opening, row[0], "token", err);
    if (rv == APR_SUCCESS) {
        rv = unstore(&tokens->secret, &opening, row[1],
                     secret_of(tokens->kind), err);
    }
    if (rv != APR_SUCCESS) {
        memset(tokens, 0, sizeof(*tokens));
        goto done;
    }
    tokens->expires_at = apr_atoi64(row[3]);
    stored->refresh_at = apr_atoi64(row[4]);
    stored->as = row[0];
    if (opening.stale && tokens->token) {
        seal_again(stored, db, store, pool);
    }

done:
    tw_db_close(db);
    return rv;
}

/* One statement on a connection of its own. */
static apr_status_t run_alone(apr_array_header_t **rows,
                              const tw_statement_t *statement,
                              const char *const *args,
                              const tw_store_t *store, apr_pool_t *pool,
                              tw_err_t *err)
{
    tw_db_t *db;
    apr_status_t rv = tw_db_open(&db, &store->database, pool, err);

    if (rv == APR_SUCCESS) {
        rv = tw_db_run(rows, db, statement, args, err);
        tw_db_close(db);
    }
    return rv;
}

apr_status_t tw_token_claim(int *claimed, tw_stored_t *stored,
                            apr_time_t until, const tw_store_t *store,
                            apr_pool_t *pool, tw_err_t *err)
{
    apr_array_header_t *rows = NULL;
    const char *args[4];
    apr_status_t rv;

    args[0] = tw_column_number(-apr_time_sec(until), pool);
    args[1] = tw_id_account_text(stored->account, pool);
    args[2] = stored->as;
    args[3] = tw_column_seconds(apr_time_now(), pool);
    rv = run_alone(&rows, &refresh_claim, args, store, pool, err);
    *claimed = rv == APR_SUCCESS && rows->nelts > 0;
    if (*claimed) {
        stored->refresh_at = -apr_time_sec(until);
    }
    return rv;
}

apr_status_t tw_token_forget(int *done, const tw_stored_t *stored,
                             const tw_store_t *store, apr_pool_t *pool,
                             tw_err_t *err)
{
    apr_array_header_t *rows = NULL;
    const char *args[2];
    apr_status_t rv;

    args[0] = tw_column_number(stored->account, pool);
    args[1] = stored->as;
    rv = run_alone(&rows, &tokens_forget, args, store, pool, err);
    *done = rv == APR_SUCCESS && rows->nelts > 0;
    return rv;
}

apr_status_t tw_token_retry_at(const tw_stored_t *stored,
                               apr_time_t at, const tw_store_t *store,
                               apr_pool_t *pool, tw_err_t *err)
{
    const char *args[3];

    args[0] = tw_column_seconds(at, pool);
    args[1] = tw_id_account_text(stored->account, pool);
    args[2] = tw_column_number(stored->refresh_at, pool);
    return run_alone(NULL, &refresh_again, args, store, pool, err);
}

/* A token that ends at once must not be refreshed at each request. */
#define REFRESH_PAUSE apr_time_from_sec(10)

apr_status_t tw_token_refreshed(int *done, const tw_stored_t *stored,
                                const tw_tokens_t *tokens,
                                const tw_store_t *store, apr_pool_t *pool,
                                tw_err_t *err)
{
    apr_array_header_t *rows = NULL;
    tw_columns_t fresh;
    const char *args[6];
    apr_status_t rv;

    tw_token_columns(&fresh, tokens, stored->twitter_id, store, pool);
    args[0] = fresh.token;
    args[1] = fresh.secret;
    args[2] = fresh.expires;
    args[3] = tw_column_seconds(apr_time_now() + REFRESH_PAUSE, pool);
    args[4] = tw_id_account_text(stored->account, pool);
    args[5] = tw_column_number(stored->refresh_at, pool);
    rv = run_alone(&rows, &refresh_done, args, store, pool, err);
    *done = rv == APR_SUCCESS && rows->nelts > 0;
    return rv;
}

/* Whether a pair that nobody sealed was brought along from another program:
 * X's tokens of OAuth 1.0a begin with their user's number. */
static int is_brought(const char *const *row)
{
    apr_size_t len = strlen(row[1]);

    return !strncmp(row[2], row[1], len) && row[2][len] == '-'
           && tw_provider_token_ok(row[2], TW_STORED_MAX)
           && tw_provider_token_ok(row[3], TW_STORED_MAX);
}

apr_status_t tw_token_list_oauth1(apr_array_header_t **list,
                                  apr_int64_t after, tw_db_t *db,
                                  const tw_store_t *store, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    const char *arg = tw_id_account_text(after, pool);
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, &exchange_next, &arg, err);
    int i;

    *list = apr_array_make(pool, 50, sizeof(tw_stored_t));
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        const char **row = APR_ARRAY_IDX(rows, i, const char **);
        opening_t opening = { store, row[1], pool, 0 };
        tw_stored_t *stored = apr_array_push(*list);
        tw_tokens_t *tokens = &stored->tokens;
        tw_err_t ignored = { 0 };

        memset(stored, 0, sizeof(*stored));
        stored->account = tw_id_account_read(row[0]);
        stored->twitter_id = row[1];
        stored->as = row[2];
        if (unstore(&tokens->token, &opening, row[2], "token", &ignored)
            != APR_SUCCESS
            || unstore(&tokens->secret, &opening, row[3],
                       secret_of(TW_TOKEN_OAUTH1), &ignored) != APR_SUCCESS
            || !tokens->secret) {
            tokens->token = is_brought(row) ? row[2] : NULL;
            tokens->secret = row[3];
        }
    }
    return rv;
}

apr_status_t tw_token_exchanged(int *done, const tw_stored_t *stored,
                                const tw_tokens_t *tokens, tw_db_t *db,
                                const tw_store_t *store, tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    apr_array_header_t *rows = NULL;
    tw_columns_t fresh;
    const char *args[5];
    apr_status_t rv;

    tw_token_columns(&fresh, tokens, stored->twitter_id, store, pool);
    args[0] = fresh.token;
    args[1] = fresh.secret;
    args[2] = fresh.expires;
    args[3] = tw_id_account_text(stored->account, pool);
    args[4] = stored->as;
    rv = tw_db_run(&rows, db, &exchange_done, args, err);
    *done = rv == APR_SUCCESS && rows->nelts > 0;
    return rv;
}
