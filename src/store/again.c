/* SPDX-License-Identifier: Apache-2.0 */
#include "store/again.h"

#include <apr_strings.h>

#include "private.h"

static const tw_statement_t end_pgsql = {
    "twauth_session_end_again",
    "DELETE FROM twauth_session WHERE id = ANY (CAST(%s AS text[]))"
    " RETURNING id",
    1
};

static const tw_statement_t end_sqlite = {
    "twauth_session_end_again",
    "DELETE FROM twauth_session WHERE id IN (SELECT value FROM json_each(%s))"
    " RETURNING id",
    1
};

/* All that are known, each in quotes, by commas; "": none is. */
static const char *list_of(const tw_ended_t *ended, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 64, sizeof(const char *));
    tw_id_t id;
    int i;

    for (i = 0; i < TW_ENDED; i++) {
        if (tw_ended_at(&id, ended, i)) {
            APR_ARRAY_PUSH(list, const char *) =
                apr_pstrcat(pool, "\"", tw_id_text(&id, pool), "\"", NULL);
        }
    }
    return apr_array_pstrcat(pool, list, ',');
}

void tw_again_end(tw_db_t *db)
{
    const tw_database_t *database = tw_db_database(db);
    int pgsql = tw_db_native_kind(database->driver) == TW_DB_NATIVE_PGSQL;
    apr_pool_t *pool = tw_db_pool(db);
    const char *list = list_of(tw_shared_last_ended(database->shared), pool);
    apr_array_header_t *rows;
    tw_err_t err = { 0 };

    if (!*list) {
        return;
    }
    list = apr_pstrcat(pool, pgsql ? "{" : "[", list, pgsql ? "}" : "]", NULL);
    if (tw_db_run(&rows, db, pgsql ? &end_pgsql : &end_sqlite, &list, &err)
        != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0592) "the database is older than it was, and "
                     "sessions that had ended since could not be ended again "
                     "(%s): end all, by `twauthctl end --all`", err.why);
    }
    else if (rows->nelts) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->server,
                     TWLOGNO(0591) "the database is older than it was: "
                     "sessions that had ended since are ended again: %d",
                     rows->nelts);
    }
}
