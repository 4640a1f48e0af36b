/* SPDX-License-Identifier: Apache-2.0 */
#include "store/role.h"

#include "base/id.h"

static const tw_statement_t role_list = {
    "twauth_role_list",
    "SELECT roles FROM twauth_account WHERE id = CAST(%s AS bigint)",
    1
};

static const tw_statement_t role_give = {
    "twauth_role_give",
    "INSERT INTO twauth_role (account_id, role)"
    " VALUES (CAST(%s AS bigint), CAST(%s AS text))"
    " ON CONFLICT DO NOTHING RETURNING role",
    2
};

static const tw_statement_t role_take = {
    "twauth_role_take",
    "DELETE FROM twauth_role WHERE account_id = CAST(%s AS bigint)"
    " AND role = CAST(%s AS text) RETURNING role",
    2
};

apr_status_t tw_role_list(const char **roles, apr_int64_t account,
                          tw_db_t *db, tw_err_t *err)
{
    const char *arg = tw_id_account_text(account, tw_db_pool(db));
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, &role_list, &arg, err);

    *roles = rv == APR_SUCCESS && rows->nelts
             ? APR_ARRAY_IDX(rows, 0, const char **)[0] : "";
    return rv;
}

static apr_status_t change(int *done, const tw_statement_t *statement,
                           apr_int64_t account, const char *role, tw_db_t *db,
                           tw_err_t *err)
{
    const char *args[2] = { tw_id_account_text(account, tw_db_pool(db)),
                            role };
    apr_array_header_t *rows;
    apr_status_t rv = tw_db_run(&rows, db, statement, args, err);

    *done = rv == APR_SUCCESS && rows->nelts;
    return rv;
}

apr_status_t tw_role_give(int *done, apr_int64_t account, const char *role,
                          tw_db_t *db, tw_err_t *err)
{
    return change(done, &role_give, account, role, db, err);
}

apr_status_t tw_role_take(int *done, apr_int64_t account, const char *role,
                          tw_db_t *db, tw_err_t *err)
{
    return change(done, &role_take, account, role, db, err);
}
