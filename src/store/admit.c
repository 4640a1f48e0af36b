/* SPDX-License-Identifier: Apache-2.0 */
#include "store/admit.h"

#include "base/id.h"

static const tw_statement_t make = {
    "twauth_admit_new",
    "INSERT INTO twauth_account (twitter_id, active)"
    " VALUES (%s, CAST(%s AS integer)) ON CONFLICT (twitter_id) DO NOTHING"
    " RETURNING id",
    2
};

static const tw_statement_t set = {
    "twauth_admit_set",
    "UPDATE twauth_account SET active = CAST(%s AS integer)"
    " WHERE id = CAST(%s AS bigint) RETURNING id",
    2
};

static const tw_statement_t decide = {
    "twauth_admit_decide",
    "UPDATE twauth_account SET active = CAST(%s AS integer),"
    " waiting_since = NULL WHERE id = CAST(%s AS bigint) RETURNING id",
    2
};

apr_status_t tw_admit_new(apr_int64_t *account, const char *twitter_id,
                          int active, tw_db_t *db, tw_err_t *err)
{
    const char *args[] = { twitter_id, active ? "1" : "0" };
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, &make, args, err);

    *account = rv == APR_SUCCESS && rows->nelts
                   ? tw_id_account_read(APR_ARRAY_IDX(rows, 0,
                                                      const char **)[0])
                   : 0;
    return rv;
}

static apr_status_t change(int *done, const tw_statement_t *const *newest,
                           apr_int64_t account, int active, tw_db_t *db,
                           tw_err_t *err)
{
    const char *args[] = {
        active ? "1" : "0", tw_id_account_text(account, tw_db_pool(db))
    };
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run_newest(&rows, db, newest, args, err);

    *done = rv == APR_SUCCESS && rows->nelts;
    return rv;
}

apr_status_t tw_admit_set(int *done, apr_int64_t account, int active,
                          tw_db_t *db, tw_err_t *err)
{
    static const tw_statement_t *const newest[] = { &set, NULL };

    return change(done, newest, account, active, db, err);
}

apr_status_t tw_admit_decide(int *done, apr_int64_t account, int active,
                            tw_db_t *db, tw_err_t *err)
{
    /* tables of before have nobody who waits */
    static const tw_statement_t *const newest[] = { &decide, &set, NULL };

    return change(done, newest, account, active, db, err);
}
