/* SPDX-License-Identifier: Apache-2.0 */
#include "store/stranger.h"

#include <string.h>

#include "store/column.h"

#define STATE(waiting)                                                      \
    "SELECT id, username, active, " waiting                                 \
    " FROM twauth_account WHERE twitter_id = %s"

static const tw_statement_t account_state = {
    "twauth_account_state", STATE("waiting_since"), 1
};
static const tw_statement_t account_state_4 = {
    "twauth_account_state_4", STATE("''"), 1
};
static const tw_statement_t *const states[] = { &account_state,
                                                &account_state_4, NULL };

static const tw_statement_t ask = {
    "twauth_ask",
    "INSERT INTO twauth_account (twitter_id, screen_name, created_at,"
    " waiting_since, name, avatar, email, verified)"
    " SELECT i.twitter_id, i.screen_name, i.moment, i.moment, i.shown,"
    " i.avatar, i.email, i.verified FROM (SELECT CAST(%s AS text)"
    " AS twitter_id, CAST(%s AS text) AS screen_name,"
    " CAST(%s AS bigint) AS moment, CAST(%s AS text) AS shown,"
    " CAST(%s AS text) AS avatar, CAST(%s AS text) AS email,"
    " CAST(%s AS integer) AS verified) AS i WHERE true"
    " ON CONFLICT (twitter_id) DO NOTHING RETURNING id",
    7
};

static apr_status_t waits(tw_err_t *err, apr_pool_t *pool)
{
    return tw_err_set(err, pool, TW_ERR_WAITING, APR_EGENERAL,
                      "the account waits to be let in");
}

static apr_status_t ask_to_be_let_in(tw_session_t *session, int *asks,
                                     tw_db_t *db,
                                     const tw_identity_t *identity,
                                     tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    apr_array_header_t *rows;
    const char *args[7];
    apr_status_t rv;

    args[0] = identity->id;
    args[1] = identity->screen_name;
    args[2] = tw_column_seconds(session->signed_in_at, pool);
    tw_column_profile_args(args + 3, &identity->profile, pool);
    rv = tw_db_run(&rows, db, &ask, args, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *asks = rows->nelts > 0;
    if (*asks) {
        session->account =
            tw_id_account_read(APR_ARRAY_IDX(rows, 0, const char **)[0]);
    }
    return waits(err, pool);
}

apr_status_t tw_stranger_refuse(tw_session_t *session, int *asks, tw_db_t *db,
                                const tw_identity_t *identity, int may_ask,
                                tw_err_t *err)
{
    apr_pool_t *pool = tw_db_pool(db);
    apr_array_header_t *rows;
    const char **row;
    apr_status_t rv = tw_db_run_newest(&rows, db, states, &identity->id, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rows->nelts) {
        return may_ask
               ? ask_to_be_let_in(session, asks, db, identity, err)
               : tw_err_set(err, pool, TW_ERR_NO_ACCOUNT, APR_EGENERAL,
                            "there is no account of that number here");
    }
    row = APR_ARRAY_IDX(rows, 0, const char **);
    session->account = tw_id_account_read(row[0]);
    session->username = tw_column_is_name(row[1]) ? row[1] : "";
    return *row[3] && !strcmp(row[2], "1")
           ? waits(err, pool)
           : tw_err_set(err, pool, TW_ERR_INACTIVE, APR_EGENERAL,
                        "the account is not active");
}
