/* SPDX-License-Identifier: Apache-2.0 */
#include "store/session_list.h"

#include "store/column.h"

#define SELECTED                                                            \
    "SELECT s.id, s.account_id, a.username, a.screen_name, s.created_at,"   \
    " s.seen_at, s.expires_at, s.address, s.user_agent"                     \
    " FROM twauth_session s JOIN twauth_account a ON a.id = s.account_id"   \
    " WHERE s.expires_at > CAST(%s AS bigint)"                              \
    " AND (s.seen_at < CAST(%s AS bigint)"                                  \
    " OR (s.seen_at = CAST(%s AS bigint) AND s.id > %s))"
#define ORDERED " ORDER BY s.seen_at DESC, s.id LIMIT 500"
/* There is no later one, whoever wrote it. */
#define LATEST "9223372036854775807"

static const tw_statement_t all = {
    "twauth_session_list_all", SELECTED ORDERED, 4
};

static const tw_statement_t of_account = {
    "twauth_session_list_of",
    SELECTED " AND s.account_id = CAST(%s AS bigint)" ORDERED, 5
};

static const tw_statement_t owner = {
    "twauth_session_list_owner",
    "SELECT account_id FROM twauth_session WHERE id = %s", 1
};

static const tw_statement_t end_one = {
    "twauth_session_list_end",
    "DELETE FROM twauth_session WHERE id = %s RETURNING id", 1
};

static const tw_statement_t end_of = {
    "twauth_session_list_end_of",
    "DELETE FROM twauth_session WHERE id IN (SELECT id FROM twauth_session"
    " WHERE account_id = CAST(%s AS bigint) LIMIT 2000) RETURNING id",
    1
};

static const tw_statement_t end_all = {
    "twauth_session_list_end_all",
    "DELETE FROM twauth_session WHERE id IN (SELECT id FROM twauth_session"
    " LIMIT 2000) RETURNING id",
    0
};

apr_status_t tw_session_list(apr_array_header_t **list, apr_int64_t account,
                             const char *const *last, tw_db_t *db,
                             tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    const char *args[5];

    args[0] = tw_column_seconds(apr_time_now(), pool);
    args[1] = args[2] = last ? last[TW_SESSION_LIST_SEEN] : LATEST;
    args[3] = last ? last[TW_SESSION_LIST_ID] : "";
    args[4] = tw_id_account_text(account, pool);
    return tw_db_run(list, db, account ? &of_account : &all, args, err);
}

apr_status_t tw_session_list_owner(apr_int64_t *account, const tw_id_t *id,
                                   tw_db_t *db, tw_err_t *err)
{
    const char *args[] = { tw_id_text(id, tw_db_pool(db)) };
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, &owner, args, err);

    *account = rv == APR_SUCCESS && rows->nelts
                   ? tw_id_account_read(APR_ARRAY_IDX(rows, 0,
                                                      const char **)[0])
                   : 0;
    return rv;
}

apr_status_t tw_session_list_end(apr_int64_t *ended, const tw_id_t *id,
                                 apr_int64_t account, tw_db_t *db,
                                 tw_err_t *err)
{
    const tw_statement_t *statement = id        ? &end_one
                                      : account ? &end_of : &end_all;
    apr_pool_t *pool = tw_db_pool(db), *round;
    apr_array_header_t *rows;
    apr_status_t rv;
    const char *args[1];
    int some;

    args[0] = id ? tw_id_text(id, pool) : tw_id_account_text(account, pool);
    *ended = 0;
    do {
        apr_pool_create(&round, pool);
        tw_db_use_pool(db, round);
        rv = tw_db_run(&rows, db, statement, args, err);
        some = rv == APR_SUCCESS && rows->nelts;
        *ended += some ? rows->nelts : 0;
        tw_db_use_pool(db, pool);
        if (rv == APR_SUCCESS) {
            apr_pool_destroy(round);    /* of a failure, the words are there */
        }
    } while (some && !id);
    return rv;
}
