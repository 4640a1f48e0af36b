/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <string.h>

#include <apr_optional.h>
#include <apr_strings.h>

#include "base/redact.h"
#include "base/watchdog.h"
#include "private.h"
#include "store/alive.h"
#include "store/gate.h"
#include "store/outage.h"
#include "store/rights.h"

/* The time of a write that is only nice to have. */
#define SPARE_MAX apr_time_from_sec(1)
/* A statement's second time, when it was not answered the first. */
#define AGAIN_MAX apr_time_from_sec(2)
#define OPEN_TRIES 4

struct tw_db_t {
    tw_link_t link;
    int alone;              /* not mod_dbd's */
    int doubtful;
    apr_time_t begun;       /* the last try of a statement */
};

static APR_OPTIONAL_FN_TYPE(ap_dbd_open) *dbd_open;
static APR_OPTIONAL_FN_TYPE(ap_dbd_close) *dbd_close;

int tw_db_find(void)
{
    dbd_open = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open);
    dbd_close = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_close);
    return dbd_open && dbd_close;
}

apr_status_t tw_db_child_init(apr_pool_t *pool)
{
    return tw_gate_init(pool);
}

void tw_db_find_library(const tw_database_t *database, apr_pool_t *pool)
{
    const apr_dbd_driver_t *driver;

    if (!database->driver
        || apr_dbd_get_driver(pool, database->driver, &driver)
           != APR_SUCCESS) {
        return;     /* mod_dbd says so */
    }
    if (!tw_db_native_find(tw_db_native_kind(database->driver), driver)) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0,
                     database->server, TWLOGNO(0405)
                     "functions of the library of DBDriver %s are not to be "
                     "found: calls to the database have no limit of time, "
                     "and its failures cannot be told apart",
                     database->driver);
    }
}

/* From mod_dbd, which has none or makes none as long as there is no room. */
static ap_dbd_t *open_some(const tw_database_t *database, apr_pool_t *pool)
{
    int others = tw_gate_others(database->slot);
    ap_dbd_t *dbd;
    int try;

    for (try = 1; !(dbd = dbd_open(pool, database->server))
                  && others && try < OPEN_TRIES; try++) {
        others = tw_gate_others(database->slot);
        if (others) {
            tw_gate_wait(database->slot);
        }
    }
    return dbd;
}

apr_status_t tw_db_open(tw_db_t **db, const tw_database_t *database,
                        apr_pool_t *pool, tw_err_t *err)
{
    tw_failed_t failed;
    apr_status_t rv;
    ap_dbd_t *dbd;
    int waited, doubtful;

    *db = NULL;
    doubtful = tw_outage_may_refuse(database);
    if (!tw_outage_allow(database)) {
        return tw_outage_known(database, pool, err);
    }
    rv = tw_gate_enter(database->slot, database->calls, &waited);
    if (rv != APR_SUCCESS) {
        return tw_outage_begins(
            database, "busy", "no connection came free in 2 seconds",
            "the database is slow, or TwAuthDatabaseCalls and DBDMax "
            "are small for this load", pool, err);
    }
    if (waited && tw_outage_is_open(database)) {
        tw_gate_opened(database->slot);
        tw_gate_leave(database->slot);
        return tw_outage_known(database, pool, err);
    }
    dbd = open_some(database, pool);
    tw_gate_opened(database->slot);
    if (!dbd) {
        tw_gate_leave(database->slot);
        return tw_outage_begins(
            database, "unreachable", "mod_dbd has no connection",
            "see mod_dbd's own lines in this log, DBDriver and DBDParams",
            pool, err);
    }
    *db = apr_pcalloc(pool, sizeof(**db));
    tw_link_init(&(*db)->link, database, dbd, pool);
    (*db)->doubtful = doubtful;
    if (!tw_alive_ready(&(*db)->link, &failed)) {
        tw_db_close(*db);
        *db = NULL;
        return tw_outage_failed(database, &failed, pool, err);
    }
    if ((*db)->link.replaced) {
        tw_outage_replaced(database, (*db)->link.replaced);
    }
    return APR_SUCCESS;
}

apr_status_t tw_db_open_alone(tw_db_t **db, const tw_database_t *database,
                              apr_pool_t *pool, tw_err_t *err)
{
    ap_dbd_t *dbd = apr_pcalloc(pool, sizeof(*dbd));
    const char *why = NULL;
    tw_failed_t failed;
    apr_status_t rv;

    *db = NULL;
    rv = tw_rights_drop(database->server, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_dbd_init(pool);
    tw_db_find_library(database, pool);
    rv = apr_dbd_get_driver(pool, database->driver, &dbd->driver);
    if (rv == APR_SUCCESS) {
        rv = apr_dbd_open_ex(dbd->driver, pool, database->params,
                             &dbd->handle, &why);
    }
    if (rv != APR_SUCCESS) {
        return tw_err_set(err, pool, TW_ERR_DATABASE, rv,
                          "the database cannot be opened: %s",
                          tw_redact_connection(why ? why : database->driver,
                                               database->params, pool));
    }
    tw_link_own(dbd, pool);
    *db = apr_pcalloc(pool, sizeof(**db));
    tw_link_init(&(*db)->link, database, dbd, pool);
    (*db)->alone = 1;
    tw_link_set_up(&(*db)->link);
    tw_alive_ready(&(*db)->link, &failed);
    return APR_SUCCESS;
}

void tw_db_use_pool(tw_db_t *db, apr_pool_t *pool)
{
    db->link.pool = pool;
}

apr_pool_t *tw_db_pool(const tw_db_t *db)
{
    return db->link.pool;
}

const tw_database_t *tw_db_database(const tw_db_t *db)
{
    return db->link.database;
}

const tw_link_t *tw_db_link(const tw_db_t *db)
{
    return &db->link;
}

int tw_db_is_doubtful(const tw_db_t *db)
{
    return db->doubtful;
}

void tw_db_close(tw_db_t *db)
{
    if (db && !db->alone) {
        tw_link_rest(&db->link);
        dbd_close(db->link.database->server, db->link.dbd);
        tw_gate_leave(db->link.database->slot);
    }
}

/* ---- statements --------------------------------------------------------- */

/* Copies what a query returned into the caller's pool. */
static apr_status_t copy_rows(apr_array_header_t **rows, tw_db_t *db,
                              apr_dbd_results_t *result, apr_pool_t *pool)
{
    const apr_dbd_driver_t *driver = db->link.dbd->driver;
    apr_dbd_row_t *row = NULL;      /* the driver counts in it: kept */
    int columns = result ? apr_dbd_num_cols(driver, result) : 0;
    int rc, i;

    *rows = apr_array_make(db->link.pool, 1, sizeof(const char **));
    while (result
           && (rc = apr_dbd_get_row(driver, pool, result, &row, -1)) != -1) {
        const char **copy = apr_palloc(db->link.pool,
                                       (apr_size_t)columns * sizeof(*copy));

        if (rc != 0) {
            return APR_EGENERAL;
        }
        for (i = 0; i < columns; i++) {
            const char *text = apr_dbd_get_entry(driver, row, i);

            copy[i] = text ? apr_pstrdup(db->link.pool, text) : "";
        }
        APR_ARRAY_PUSH(*rows, const char **) = copy;
    }
    return APR_SUCCESS;
}

/* One try: 1, or what failed. */
static int run_once(apr_array_header_t **rows, tw_db_t *db,
                    const tw_statement_t *statement, const char *const *args,
                    apr_interval_time_t limit, tw_failed_t *failed)
{
    const apr_dbd_driver_t *driver = db->link.dbd->driver;
    apr_dbd_prepared_t *prepared = NULL;
    apr_dbd_results_t *result = NULL;
    apr_pool_t *pool;
    tw_watchdog_t watch;
    int rc, cut;

    db->begun = apr_time_now();
    if (db->link.kept->unsure && !tw_alive_renew(&db->link, failed)) {
        return 0;
    }
    if ((rc = tw_link_prepare(&prepared, &db->link, statement->name,
                              statement->sql)) != 0) {
        tw_link_see(failed, &db->link, rc, 1);
        return 0;
    }
    apr_pool_create(&pool, db->link.pool);
    apr_pool_tag(pool, "twauth_db");
    /* random access: without it an empty answer costs 100 ms on PostgreSQL,
     * and errors come out only with the first row */
    tw_watchdog_begin_for(&watch, tw_link_socket(&db->link), limit);
    rc = apr_dbd_pselect(driver, pool, db->link.dbd->handle, &result,
                         prepared, 1, statement->args, (const char **)args);
    cut = tw_watchdog_end(&watch);
    if (rc == 0 && copy_rows(rows, db, result, pool) != APR_SUCCESS) {
        rc = 1;
    }
    if (rc != 0) {
        tw_link_see(failed, &db->link, rc, 0);
        if (cut) {
            *failed = (tw_failed_t){ tw_db_failure(TW_DB_FAILURE_SILENT),
                                  "it did not answer in time", "" };
        }
        if (failed->what->kind == TW_DB_FAILURE_STALE) {
            tw_link_give_up(&db->link, statement->name);
        }
    }
    apr_pool_destroy(pool);
    return rc == 0;
}

/* It was answered as it should be. */
static void note_success(tw_db_t *db, const tw_statement_t *statement,
                         int renewed)
{
    const tw_database_t *database = db->link.database;
    int written = strncmp(statement->sql, "SELECT", 6) != 0;

    db->link.proven = 1;
    if (written && renewed) {
        tw_gate_better(database->slot);
    }
    tw_outage_ends(database, written, db->begun, db->link.pool);
}

/* Makes ready for another try; 0: there is to be none. */
static int again(tw_db_t *db, tw_failed_t *failed, int tries, int proven)
{
    const tw_db_failure_t *what = failed->what;
    apr_time_t now = apr_time_now();

    /* who has answered a moment ago was not lost meanwhile: it is slow */
    if (tries >= what->tries
        || (what->kind == TW_DB_FAILURE_SILENT && proven)) {
        return 0;
    }
    if (what->pause && !(what->flags & TW_DB_FAILURE_NEW)) {
        apr_sleep(apr_time_from_msec(tw_db_failure_pause(what, tries,
                                                         (unsigned)now)));
    }
    return !(what->flags & TW_DB_FAILURE_NEW)
           || ((!(what->flags & TW_DB_FAILURE_SELDOM)
                || tw_gate_try_new(db->link.database->slot))
               && tw_alive_renew(&db->link, failed));
}

/* As often as it is worth: 1, or what failed at last. */
static int run(apr_array_header_t **rows, tw_db_t *db,
               const tw_statement_t *statement, const char *const *args,
               tw_failed_t *failed)
{
    apr_interval_time_t limit = TW_WATCHDOG_MAX;
    apr_array_header_t *ignored;
    int try, renewed = 0;

    for (try = 1;; try++) {
        int proven = db->link.proven;

        if (run_once(rows ? rows : &ignored, db, statement, args, limit,
                     failed)) {
            note_success(db, statement, renewed);
            return 1;
        }
        if (!again(db, failed, try, proven)) {
            break;
        }
        renewed |= failed->what->flags & TW_DB_FAILURE_NEW;
        limit = failed->what->kind == TW_DB_FAILURE_SILENT ? AGAIN_MAX : limit;
    }
    failed->words = apr_pstrcat(db->link.pool, statement->name, ": ",
                                failed->words, NULL);
    return 0;
}

apr_status_t tw_db_run(apr_array_header_t **rows, tw_db_t *db,
                       const tw_statement_t *statement,
                       const char *const *args, tw_err_t *err)
{
    tw_failed_t failed;

    return run(rows, db, statement, args, &failed)
           ? APR_SUCCESS
           : tw_outage_failed(db->link.database, &failed, db->link.pool, err);
}

apr_status_t tw_db_run_newest(apr_array_header_t **rows, tw_db_t *db,
                              const tw_statement_t *const *statements,
                              const char *const *args, tw_err_t *err)
{
    const tw_statement_t *const *at = statements;
    tw_failed_t failed, first = { 0 };

    while (!run(rows, db, *at, args, &failed)) {
        if (failed.what->kind != TW_DB_FAILURE_COLUMNS || !at[1]) {
            return tw_outage_failed(db->link.database, &failed, db->link.pool,
                                    err);
        }
        if (at++ == statements) {
            first = failed;
        }
    }
    if (at != statements) {
        tw_outage_older(db->link.database, (*statements)->name, &first);
    }
    return APR_SUCCESS;
}

int tw_db_try(tw_db_t *db, const tw_statement_t *statement,
              const char *const *args)
{
    const tw_database_t *database = db->link.database;
    apr_array_header_t *ignored;
    tw_failed_t failed;
    int done;

    if (!tw_gate_begin_spare(database->slot)) {
        return 0;
    }
    if (!tw_outage_allow_spare(database)) {
        tw_gate_end_spare(database->slot);
        return 0;
    }
    tw_link_patience(&db->link, TW_PATIENCE_NONE);
    done = run_once(&ignored, db, statement, args, SPARE_MAX, &failed);
    /* tables that were changed say nothing of whether it can be done */
    if (!done && failed.what->kind == TW_DB_FAILURE_STALE) {
        done = run_once(&ignored, db, statement, args, SPARE_MAX, &failed);
    }
    tw_link_patience(&db->link, TW_PATIENCE_STEP);
    tw_gate_end_spare(database->slot);
    if (done) {
        note_success(db, statement, 0);
    }
    else {
        tw_outage_spare_failed(database, statement->name, &failed);
    }
    return done;
}
