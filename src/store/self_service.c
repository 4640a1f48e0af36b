/* SPDX-License-Identifier: Apache-2.0 */
#include "store/self_service.h"

#include <apr_strings.h>

#include "store/column.h"

static const tw_statement_t account_view = {
    "twauth_account_view",
    "SELECT a.created_at,"
    " CASE WHEN COALESCE(a.token, '') = '' THEN '' ELSE a.token_kind END,"
    " s.id, s.created_at, s.seen_at, s.address, s.user_agent"
    " FROM twauth_account a JOIN twauth_session s ON s.account_id = a.id"
    " WHERE a.id = CAST(%s AS bigint) AND a.twitter_id = %s"
    " AND s.expires_at > CAST(%s AS bigint) AND s.seen_at > 0"
    " ORDER BY CASE WHEN s.id = %s THEN 0 ELSE 1 END, s.seen_at DESC, s.id"
    " LIMIT 200",
    4
};

static const tw_statement_t end_one = {
    "twauth_account_end_one",
    "DELETE FROM twauth_session WHERE account_id = CAST(%s AS bigint)"
    " AND id = %s RETURNING id",
    2
};

static const tw_statement_t end_others = {
    "twauth_account_end_others",
    "DELETE FROM twauth_session WHERE account_id = CAST(%s AS bigint)"
    " AND id <> %s RETURNING id",
    2
};

static const tw_statement_t account_delete = {
    "twauth_account_delete",
    "DELETE FROM twauth_account WHERE id = CAST(%s AS bigint)"
    " AND twitter_id = %s AND active = 1 RETURNING id",
    2
};

static const tw_statement_t account_there = {
    "twauth_account_there",
    "SELECT id FROM twauth_account WHERE id = CAST(%s AS bigint)",
    1
};

static apr_status_t run(apr_array_header_t **rows,
                        const tw_statement_t *statement,
                        const char *const *args,
                        const tw_database_t *database, apr_pool_t *pool,
                        tw_err_t *err)
{
    tw_db_t *db;
    apr_status_t rv = tw_db_open(&db, database, pool, err);

    if (rv == APR_SUCCESS) {
        rv = tw_db_run(rows, db, statement, args, err);
        tw_db_close(db);
    }
    return rv;
}

apr_status_t tw_self_service_read(tw_self_service_t *view,
                                  const tw_session_t *session,
                                  const tw_database_t *database,
                                  apr_pool_t *pool, tw_err_t *err)
{
    apr_array_header_t *rows;
    const char *args[4];
    apr_status_t rv;
    int i;

    view->since = 0;
    view->token_kind = "";
    view->sessions = apr_array_make(pool, 8, sizeof(tw_session_seen_t));
    args[0] = tw_id_account_text(session->account, pool);
    args[1] = session->twitter_id;
    args[2] = tw_column_seconds(apr_time_now(), pool);
    args[3] = tw_id_text(&session->id, pool);
    rv = run(&rows, &account_view, args, database, pool, err);
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        const char **row = APR_ARRAY_IDX(rows, i, const char **);
        tw_session_seen_t seen;

        view->since = tw_column_time(row[0]);
        view->token_kind = row[1];
        if (!tw_id_read(&seen.id, row[2])) {
            continue;
        }
        seen.signed_in_at = tw_column_time(row[3]);
        seen.seen_at = tw_column_time(row[4]);
        seen.address = row[5];
        seen.user_agent = row[6];
        APR_ARRAY_PUSH(view->sessions, tw_session_seen_t) = seen;
    }
    return rv;
}

apr_status_t tw_self_service_end(apr_array_header_t **ended,
                                 const tw_session_t *session,
                                 const tw_id_t *id,
                                 const tw_database_t *database,
                                 apr_pool_t *pool, tw_err_t *err)
{
    apr_array_header_t *rows;
    const char *args[2];
    apr_status_t rv;
    int i;

    *ended = apr_array_make(pool, 4, sizeof(tw_id_t));
    args[0] = tw_id_account_text(session->account, pool);
    args[1] = tw_id_text(id ? id : &session->id, pool);
    rv = run(&rows, id ? &end_one : &end_others, args, database, pool, err);
    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        tw_id_t gone;

        if (tw_id_read(&gone, APR_ARRAY_IDX(rows, i, const char **)[0])) {
            APR_ARRAY_PUSH(*ended, tw_id_t) = gone;
        }
    }
    return rv;
}

apr_status_t tw_self_service_delete(int *done, const tw_session_t *session,
                                    const tw_database_t *database,
                                    apr_pool_t *pool, tw_err_t *err)
{
    apr_array_header_t *rows = NULL;
    const char *args[2];
    apr_status_t rv;

    args[0] = tw_id_account_text(session->account, pool);
    args[1] = session->twitter_id;
    rv = run(&rows, &account_delete, args, database, pool, err);
    if (rv == APR_SUCCESS && rows->nelts) {
        *done = 1;
        return rv;
    }
    if (rv == APR_SUCCESS) {
        rv = run(&rows, &account_there, args, database, pool, err);
    }
    *done = rv == APR_SUCCESS && !rows->nelts;
    return rv;
}
