/* SPDX-License-Identifier: Apache-2.0 */
#include "store/again.h"

#include <apr_strings.h>

#include "private.h"
#include "store/session_row.h"

enum { LOG = TW_OUTAGE_LOG_KINDS };
#define AGAIN apr_time_from_sec(60)

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

static void say(const tw_database_t *database, const tw_err_t *err)
{
    if (tw_shared_log_once(database->shared, database->slot, LOG, err->why,
                           AGAIN, apr_time_now())) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0592) "the database is older than it was, and "
                     "sessions that had ended since could not be ended again, "
                     "which is tried again (%s): where no TW0591 follows, end "
                     "all, by `twauthctl end --all`", err->why);
    }
}

/* A time that is further ahead was that of a clock that was set back. */
static int is_due(const tw_feed_t *feed, apr_time_t now)
{
    apr_time_t at = (apr_time_t)tw_cell_get(&feed->again_at);

    return at && (at <= now || at > now + AGAIN);
}

void tw_again_end(tw_db_t *db)
{
    const tw_database_t *database = tw_db_database(db);
    int pgsql = tw_db_native_kind(database->driver) == TW_DB_NATIVE_PGSQL;
    apr_pool_t *pool = tw_db_pool(db);
    apr_array_header_t *rows = NULL;
    const char *list, *array;
    tw_err_t err = { 0 };

    /* deferred deletes come first: that of a sign-out everywhere goes by the
     * row of its own session, which is to be ended again as well */
    if (!is_due(database->feed, apr_time_now())
        || tw_session_row_run_deferred(db) < 0) {
        return;
    }
    list = list_of(tw_shared_last_ended(database->shared), pool);
    array = apr_pstrcat(pool, pgsql ? "{" : "[", list, pgsql ? "}" : "]",
                        NULL);
    if (*list && tw_db_run(&rows, db, pgsql ? &end_pgsql : &end_sqlite, &array,
                           &err) != APR_SUCCESS) {
        tw_cell_set(&database->feed->again_at,
                    (apr_uint64_t)(apr_time_now() + AGAIN));
        say(database, &err);
        return;
    }
    tw_cell_set(&database->feed->again_at, 0);
    if (rows && rows->nelts) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->server,
                     TWLOGNO(0591) "the database is older than it was: "
                     "sessions that had ended since are ended again: %d",
                     rows->nelts);
    }
}
