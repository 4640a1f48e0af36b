/* SPDX-License-Identifier: Apache-2.0 */
#include "store/changes.h"

#include <stdlib.h>

#include <apr_strings.h>
#include <ap_mpm.h>

#include "base/db_native.h"
#include "base/id.h"
#include "base/watchdog.h"
#include "private.h"
#include "store/again.h"
#include "store/column.h"

/* In the log's memory (tw_shared_log_once) of a database. */
enum { TW_LOG_FEED_OFF = TW_AGAIN_LOG_KINDS, TW_LOG_FEED_MISSED };
_Static_assert(TW_LOG_FEED_MISSED < TW_LOG_KINDS, "a word of memory for each");
#define OFF_AGAIN apr_time_from_sec(3600)
#define MISSED_AGAIN apr_time_from_sec(60)

/* A copy may pass for so much longer than it says: while another request
 * checks it, on its way, while a clock moves. */
#define SPARE apr_time_from_sec(65)

/* One more than is read one by one: then it is seen that there are more. */
#define MOST "4097"
_Static_assert(TW_FEED_MOST == 4096, "one less");

/* Whether there is a feed, and it may be read. */
static const tw_statement_t look_pgsql = {
    "twauth_change_look",
    "SELECT CASE WHEN to_regclass('twauth_change') IS NULL"
    " OR to_regproc('twauth_tables') IS NULL THEN 'none'"
    " WHEN has_table_privilege(to_regclass('twauth_change'), 'SELECT')"
    " THEN 'there' ELSE 'forbidden' END",
    0
};

static const tw_statement_t look_sqlite = {
    "twauth_change_look",
    "SELECT CASE WHEN count(*) THEN 'there' ELSE 'none' END"
    " FROM sqlite_master WHERE type = 'table' AND name = 'twauth_change'",
    0
};

/*
 * What came: rows of later versions, the one read last among them; of
 * transactions that had not begun then; of those that had not ended.  Each by
 * an index of its own.  What a dump brings of another server's numbers is of
 * none of its transactions.
 */
static const tw_statement_t read_pgsql = {
    "twauth_change_read",
    "SELECT f.tables, f.snapshot, f.standby, f.clock, c.version,"
    " c.session_id, c.account_id, c.changed_at, c.txid FROM ("
    "SELECT twauth_tables() AS tables,"
    " CAST(txid_current_snapshot() AS text) AS snapshot,"
    " txid_snapshot_xmax(txid_current_snapshot()) AS next,"
    " pg_is_in_recovery() AS standby,"
    " CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"
    " AS clock) AS f"
    " LEFT JOIN LATERAL ("
    "SELECT * FROM twauth_change WHERE version IN ("
    "(SELECT version FROM twauth_change WHERE version >= CAST(%s AS bigint)"
    " ORDER BY version DESC LIMIT " MOST ")"
    " UNION (SELECT version FROM twauth_change"
    " WHERE txid >= CAST(%s AS bigint) AND txid < f.next"
    " ORDER BY txid DESC LIMIT " MOST ")"
    " UNION (SELECT version FROM twauth_change"
    " WHERE txid = ANY (CAST(%s AS bigint[])) LIMIT " MOST ")"
    ")) AS c ON true",
    3
};

/* Here one writes after the other: later versions are all there is. */
static const tw_statement_t read_sqlite = {
    "twauth_change_read",
    "SELECT s.schema_version, '', '', '', c.version, c.session_id,"
    " c.account_id, c.changed_at, '' FROM pragma_schema_version AS s"
    " LEFT JOIN (SELECT version, session_id, account_id, changed_at"
    " FROM twauth_change WHERE version >= CAST(%s AS bigint)"
    " ORDER BY version DESC LIMIT " MOST ") AS c ON true",
    1
};

enum { TABLES, SNAPSHOT, STANDBY, CLOCK, VERSION, SESSION, ACCOUNT, AT, TXID };

/* A row that says nothing, to go on from. */
static const tw_statement_t mark = {
    "twauth_change_mark", "INSERT INTO twauth_change DEFAULT VALUES", 0
};

/* One reading. */
typedef struct {
    const tw_database_t *database;
    tw_db_t *db;
    apr_pool_t *pool;
    apr_time_t lease;
    tw_feed_clocks_t clocks;    /* when the rows were asked for */
    apr_time_t there;           /* by the database's, when all of it was read:
                                   as late as it may have been */
    tw_feed_place_t before, after;
    apr_array_header_t *rows;
} reading_t;

static tw_db_native_t kind_of(const tw_database_t *database)
{
    return tw_db_native_kind(database->driver);
}

int tw_changes_possible(const tw_database_t *database)
{
    return kind_of(database) != TW_DB_NATIVE_OTHER;
}

/* ---- the log ------------------------------------------------------------ */

static int log_once(const tw_database_t *database, int kind, const char *text,
                    apr_interval_time_t interval)
{
    int start = 0;
    char reason[64];

    ap_mpm_query(AP_MPMQ_GENERATION, &start);
    apr_snprintf(reason, sizeof(reason), "%d %s", start, text);
    return tw_shared_log_once(database->shared, database->slot, kind, reason,
                              interval, apr_time_now());
}

static void say_off(const tw_database_t *database, const char *found)
{
    if (!log_once(database, TW_LOG_FEED_OFF, found, OFF_AGAIN)) {
        return;
    }
    if (*found == 'f') {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0582) "changes of the database are not followed "
                     "(TwAuthSessionFeed), and each session is asked about by "
                     "itself: grant the server's database user SELECT, INSERT "
                     "and DELETE on twauth_change");
    }
    else {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->server,
                     TWLOGNO(0580) "changes of the database are not followed "
                     "(TwAuthSessionFeed), and each session is asked about by "
                     "itself, for there is no table twauth_change: run "
                     "`twauthctl tables`, or set TwAuthSessionFeed Off");
    }
}

/* It is read all the same: it knows of most, and of all when its primary is
 * gone. */
static void say_standby(const tw_database_t *database)
{
    if (log_once(database, TW_LOG_FEED_OFF, "standby", OFF_AGAIN)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0590) "the database is a standby: nobody can "
                     "sign in, and what is ended counts when it has heard of "
                     "it, however late: name the primary in DBDParams, or "
                     "all hosts with target_session_attrs=read-write");
    }
}

static void say_missed(const tw_database_t *database, const char *when,
                       const char *why)
{
    if (log_once(database, TW_LOG_FEED_MISSED, why, MISSED_AGAIN)) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->server,
                     TWLOGNO(0581) "changes of the database may have been "
                     "missed, so each session is asked about %s: %s", when,
                     why);
    }
}

/* ---- reading ------------------------------------------------------------ */

/* 1: there is a feed; 0: there is none, or that could not be asked. */
static int look(reading_t *reading)
{
    const tw_database_t *database = reading->database;
    tw_err_t ignored = { 0 };
    const char *found;

    if (tw_db_run(&reading->rows, reading->db,
                  kind_of(database) == TW_DB_NATIVE_PGSQL ? &look_pgsql
                                                          : &look_sqlite,
                  NULL, &ignored) != APR_SUCCESS || !reading->rows->nelts) {
        tw_feed_failed(database->feed, reading->lease, apr_time_now());
        return 0;
    }
    found = APR_ARRAY_IDX(reading->rows, 0, const char **)[0];
    if (*found == 't') {
        return 1;
    }
    say_off(database, found);
    tw_feed_off(database->feed, reading->lease, apr_time_now());
    return 0;
}

static apr_status_t read_rows(reading_t *reading)
{
    const tw_feed_place_t *before = &reading->before;
    tw_err_t ignored = { 0 };
    const char *args[3];

    args[0] = apr_psprintf(reading->pool, "%" APR_UINT64_T_FMT,
                           before->version);
    args[1] = apr_psprintf(reading->pool, "%" APR_UINT64_T_FMT, before->begun);
    args[2] = tw_feed_open_text(before, reading->pool);
    reading->clocks.begun = apr_time_now();
    reading->clocks.true_begun = tw_watchdog_clock();
    return tw_db_run(&reading->rows, reading->db,
                     kind_of(reading->database) == TW_DB_NATIVE_PGSQL
                     ? &read_pgsql : &read_sqlite, args, &ignored);
}

static const char **row_at(const reading_t *reading, int i)
{
    return APR_ARRAY_IDX(reading->rows, i, const char **);
}

static int is_standby(const reading_t *reading)
{
    return *row_at(reading, 0)[STANDBY] == 't';
}

static apr_uint64_t version_of(const char *const *row)
{
    return strtoull(row[VERSION], NULL, 10);
}

static apr_uint64_t row_of(const reading_t *reading, const char *const *row)
{
    return tw_cell_key(apr_pstrcat(reading->pool, row[SESSION], " ",
                                   row[ACCOUNT], " ", row[AT], " ", row[TXID],
                                   NULL));
}

/* Where this reading has come to; 0: what the database says of it is not to
 * be understood. */
static int find_place(reading_t *reading)
{
    const char **row = row_at(reading, 0);
    tw_feed_place_t *after = &reading->after;
    int i;

    if (*row[SNAPSHOT]
        && !tw_feed_snapshot(after, row[SNAPSHOT], is_standby(reading))) {
        return 0;
    }
    after->tables = tw_cell_key(apr_psprintf(
        reading->pool, "%s %" APR_UINT64_T_FMT, row[TABLES],
        (apr_uint64_t)tw_db_link(reading->db)->kept->file.number));
    for (i = 0; i < reading->rows->nelts; i++) {
        row = row_at(reading, i);
        if (version_of(row) > after->version) {
            after->version = version_of(row);
            after->row = row_of(reading, row);
        }
    }
    return 1;
}

/* Whether the row that was read last time is among them. */
static int has_last(const reading_t *reading)
{
    int i;

    for (i = 0; i < reading->rows->nelts; i++) {
        const char **row = row_at(reading, i);

        if (version_of(row) == reading->before.version) {
            return row_of(reading, row) == reading->before.row;
        }
    }
    return 0;
}

/* What a row says.  NULL, or why all copies are to be checked again. */
static const char *apply_row(const reading_t *reading,
                             const char *const *row, apr_time_t now)
{
    const tw_database_t *database = reading->database;
    apr_interval_time_t copies = tw_shared_realm_copies(database->shared,
                                                        database->slot);
    tw_id_t id;

    if (tw_id_read(&id, row[SESSION])
        && !tw_shared_revoke(database->shared, &id, now + copies + SPARE,
                             now)) {
        return "more were ended than can be remembered: raise "
               "TwAuthSharedEntries";
    }
    if (*row[ACCOUNT]) {
        tw_accounts_change(tw_shared_accounts(database->shared),
                           database->slot, tw_id_account_read(row[ACCOUNT]),
                           reading->there);
    }
    return *row[SESSION] || *row[ACCOUNT] ? NULL : "a table was emptied";
}

static void apply(const reading_t *reading)
{
    const tw_feed_place_t *before = &reading->before;
    const tw_database_t *database = reading->database;
    const char *missed = tw_feed_missed(before, &reading->after,
                                        has_last(reading),
                                        reading->rows->nelts);
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; !missed && i < reading->rows->nelts; i++) {
        const char **row = row_at(reading, i);

        if (version_of(row) != before->version) {
            missed = apply_row(reading, row, now);
        }
    }
    if (missed) {
        tw_cell_raise(&database->feed->revalidate_before,
                      (apr_uint64_t)reading->there);
        if (tw_cell_get(&database->feed->fed)) {
            say_missed(database, "once", missed);
        }
        if (before->tables) {
            tw_cell_set(&database->feed->again_at, 1);
        }
    }
    if (!reading->after.version && !is_standby(reading)) {
        tw_db_try(reading->db, &mark, NULL);
    }
}

/* What was checked later has seen all of this reading. */
static void see_clock(reading_t *reading)
{
    const char *clock = row_at(reading, 0)[CLOCK];
    tw_feed_clocks_t *clocks = &reading->clocks;

    clocks->now = apr_time_now();
    clocks->true_now = tw_watchdog_clock();
    clocks->there = *clock ? (apr_time_t)apr_atoi64(clock) : clocks->now;
    reading->there = clocks->there;
    reading->after.at = (apr_uint64_t)clocks->there;
    if (*clock && tw_feed_learn_clock(reading->database->feed, clocks,
                                      &reading->there)) {
        say_missed(reading->database,
                   "each time, until the database's clock is as late again",
                   "it was set back, or is another machine's");
    }
}

static int read_all(reading_t *reading)
{
    tw_feed_t *feed = reading->database->feed;

    if (tw_feed_is_doubtful(feed) && !look(reading)) {
        return 0;
    }
    tw_feed_place(&reading->before, feed);
    if (read_rows(reading) != APR_SUCCESS || !reading->rows->nelts
        || !find_place(reading)) {
        tw_feed_failed(feed, reading->lease, apr_time_now());
        return 0;
    }
    if (is_standby(reading)) {
        say_standby(reading->database);
    }
    see_clock(reading);
    apply(reading);
    tw_feed_done(feed, &reading->after, reading->clocks.begun, reading->lease);
    if (!is_standby(reading)) {
        tw_again_end(reading->db);
    }
    return 1;
}

int tw_changes_follow(const tw_database_t *database,
                      apr_interval_time_t interval, apr_pool_t *pool)
{
    reading_t reading = { .database = database, .pool = pool };
    apr_time_t now = apr_time_now();
    tw_err_t ignored = { 0 };
    int done;

    if (tw_feed_covers(database->feed, interval, now)
        || !tw_feed_claim(database->feed, &reading.lease, now)) {
        return 0;
    }
    if (tw_db_open(&reading.db, database, pool, &ignored) != APR_SUCCESS) {
        tw_feed_failed(database->feed, reading.lease, apr_time_now());
        return 0;
    }
    done = read_all(&reading);
    tw_db_close(reading.db);
    return done;
}
