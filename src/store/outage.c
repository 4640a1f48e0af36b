/* SPDX-License-Identifier: Apache-2.0 */
#include "store/outage.h"

#include <apr_strings.h>
#include <ap_mpm.h>

#include "base/event.h"
#include "private.h"

/* The breaker lets one in each pause try. */
#define PAUSE apr_time_from_sec(1)
/* While writes are refused, what is only nice to have is tried so often. */
#define REST apr_time_from_sec(10)

/* In the log's memory (tw_shared_log_once) of a database. */
enum { TW_LOG_DOWN, TW_LOG_FAILS, TW_LOG_SPARE, TW_LOG_REPLACED,
       TW_LOG_OLDER, TW_LOG_FIRST };
_Static_assert(TW_LOG_FIRST < TW_OUTAGE_LOG_KINDS, "those of others follow");
#define DOWN_AGAIN apr_time_from_sec(3600)
#define FAILS_AGAIN apr_time_from_sec(60)
/* All connections of all processes have found out by then, as a rule. */
#define REPLACED_AGAIN apr_time_from_sec(600)

/* Whether the log is to have it now. */
static int once(const tw_database_t *database, int kind, const char *text,
                apr_interval_time_t interval)
{
    return database->shared
           && tw_shared_log_once(database->shared, database->slot, kind, text,
                                 interval, apr_time_now());
}

int tw_outage_is_open(const tw_database_t *database)
{
    return database->shared
           && tw_shared_breaker_open(database->shared, database->slot);
}

int tw_outage_may_refuse(const tw_database_t *database)
{
    return tw_outage_is_open(database)
           || (database->shared
               && tw_shared_breaker_open(database->shared, database->writes));
}

int tw_outage_allow(const tw_database_t *database)
{
    return !database->shared
           || !tw_shared_breaker_allow_after(database->shared, database->slot,
                                             PAUSE, apr_time_now());
}

int tw_outage_allow_spare(const tw_database_t *database)
{
    return !database->shared
           || !tw_shared_breaker_allow_after(database->shared,
                                             database->writes, REST,
                                             apr_time_now());
}

/* Of shared/counters. */
static void count(const tw_database_t *database, int row)
{
    tw_counters_add(tw_shared_counters(database->shared),
                    TW_PLACE_STATEMENTS, row);
}

/* That events cannot be written is said by those of requests. */
static void report(const tw_database_t *database, tw_event_kind_t kind,
                   const char *why, apr_pool_t *pool)
{
    tw_event_t event = { .kind = kind, .why = why };

    tw_counters_event(tw_shared_counters(database->shared), kind);
    tw_event_write(&event, database->events, pool);
}

/*
 * Whoever asked is told by others; here it is said that the database does not
 * serve: when the breaker opens for a connection, and for each reason once
 * after each start.
 */
static void say(const tw_database_t *database, const tw_failed_t *failed,
                const tw_err_t *err, int opened, apr_pool_t *pool)
{
    int own = failed->what->flags & TW_DB_FAILURE_SAID;
    char reason[64];
    int down = tw_db_failure_is_down(failed->what, failed->words);
    const char *advice = err->advice;
    int start = 0;

    ap_mpm_query(AP_MPMQ_GENERATION, &start);
    apr_snprintf(reason, sizeof(reason), "%d %s %s", start,
                 failed->what->name, failed->code);
    if (!once(database, own ? TW_LOG_FAILS : TW_LOG_DOWN, reason,
              own ? FAILS_AGAIN : DOWN_AGAIN) && (own || !opened)) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, database->server,
                 TWLOGNO(0401) "%s: %s%s%s",
                 down ? "the database is away"
                      : "the database does not do what it is asked",
                 failed->words, advice ? ": " : "", advice ? advice : "");
    report(database, TW_EVENT_DATABASE_DOWN, tw_err_text(pool, err), pool);
}

/* Writes are refused, as the next one will be: what can wait rests. */
static void refuse_writes(const tw_database_t *database)
{
    tw_failure_t failure = { 0, 1, REST, apr_time_now() };

    tw_shared_breaker_failure(database->shared, database->writes, &failure,
                              failure.begun);
}

apr_status_t tw_outage_failed(const tw_database_t *database,
                              const tw_failed_t *failed, apr_pool_t *pool,
                              tw_err_t *err)
{
    const char *advice = tw_db_failure_advice(failed->what, failed->words);
    int down = tw_db_failure_is_down(failed->what, failed->words), opened = 0;

    count(database, TW_STATEMENT_FAILED);
    tw_err_set(err, pool, TW_ERR_DATABASE, APR_EGENERAL, "%s", failed->words);
    err->advice = advice;
    err->retry_after = TW_RETRY_AFTER;
    if (!database->shared) {
        return APR_EGENERAL;
    }
    if (failed->what->flags & TW_DB_FAILURE_WRITES) {
        refuse_writes(database);
    }
    if (down) {
        tw_failure_t failure = { 0, 1, PAUSE, apr_time_now() };

        opened = tw_shared_breaker_failure(database->shared, database->slot,
                                           &failure, failure.begun);
    }
    if (tw_db_failure_is_said(failed->what, failed->words)) {
        say(database, failed, err, opened, pool);
    }
    return APR_EGENERAL;
}

apr_status_t tw_outage_begins(const tw_database_t *database,
                              const char *reason, const char *why,
                              const char *advice, apr_pool_t *pool,
                              tw_err_t *err)
{
    tw_db_failure_t what = *tw_db_failure(TW_DB_FAILURE_UNREACHABLE);
    tw_failed_t failed = { &what, why, "" };

    what.name = reason;
    what.advice = advice;
    return tw_outage_failed(database, &failed, pool, err);
}

apr_status_t tw_outage_known(const tw_database_t *database, apr_pool_t *pool,
                             tw_err_t *err)
{
    count(database, TW_STATEMENT_NOT_ASKED);
    tw_err_set(err, pool, TW_ERR_DATABASE, APR_EGENERAL,
               "the database is away");
    err->retry_after = TW_RETRY_AFTER;
    return APR_EGENERAL;
}

void tw_outage_ends(const tw_database_t *database, int written,
                    apr_time_t begun, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();

    if (!database->shared) {
        return;
    }
    count(database, TW_STATEMENT_OK);
    tw_counters_time(tw_shared_counters(database->shared),
                     TW_PLACE_STATEMENT_SECONDS, TW_ONE_ROW, now - begun);
    if (written) {
        tw_shared_breaker_success(database->shared, database->writes, now);
    }
    if (tw_shared_breaker_success(database->shared, database->slot, now)) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->server,
                     TWLOGNO(0402) "the database is back");
        report(database, TW_EVENT_DATABASE_UP, NULL, pool);
    }
}

void tw_outage_spare_failed(const tw_database_t *database, const char *name,
                            const tw_failed_t *failed)
{
    const char *advice;

    count(database, TW_STATEMENT_FAILED);
    if (database->shared && failed->what->kind != TW_DB_FAILURE_LOST) {
        refuse_writes(database);
    }
    if (!once(database, TW_LOG_SPARE, NULL, FAILS_AGAIN)) {
        return;
    }
    advice = tw_db_failure_advice(failed->what, failed->words);
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                 TWLOGNO(0403) "%s failed, which nobody waits for: %s%s%s",
                 name, failed->words, advice ? ": " : "",
                 advice ? advice : "");
}

int tw_outage_first(const tw_database_t *database)
{
    char text[16];
    int start = 0;

    ap_mpm_query(AP_MPMQ_GENERATION, &start);
    apr_snprintf(text, sizeof(text), "%d", start);
    return once(database, TW_LOG_FIRST, text, DOWN_AGAIN);
}

void tw_outage_older(const tw_database_t *database, const char *name,
                     const tw_failed_t *failed)
{
    if (once(database, TW_LOG_OLDER, name, DOWN_AGAIN)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0480) "%s is done without what is new, for the "
                     "tables are of an older version: run `twauthctl tables` "
                     "(%s)", name, failed->words);
    }
}

void tw_outage_replaced(const tw_database_t *database, const char *file)
{
    if (once(database, TW_LOG_REPLACED, file, REPLACED_AGAIN)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0404) "the database file was replaced while "
                     "httpd ran: %s is opened anew", file);
    }
}
