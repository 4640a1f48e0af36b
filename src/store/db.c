/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_lib.h>
#include <apr_dbd.h>    /* before mod_dbd.h, which does not include it */
#include <apr_optional.h>
#include <apr_strings.h>
#include <ap_mpm.h>
#include <mod_dbd.h>

#include "base/db_failure.h"
#include "base/db_native.h"
#include "base/watchdog.h"
#include "private.h"
#include "store/gate.h"
#include "store/rights.h"

/* The breaker lets one in each pause try. */
#define PAUSE apr_time_from_sec(1)
/* While writes are refused, what is only nice to have is tried so often. */
#define REST apr_time_from_sec(10)
/* A connection that was not used for so long is tried first. */
#define IDLE_MAX apr_time_from_sec(2)
#define PROBE_MAX apr_time_from_sec(1)
#define CONNECT_MAX apr_time_from_sec(3)
/* A statement's second time, when it was not answered the first. */
#define AGAIN_MAX apr_time_from_sec(2)
#define OPEN_TRIES 4
/* Statements of SQLite that were given up stay until the connection goes. */
#define WORN 32

/* In the log's memory (tw_shared_note) of a database. */
enum { NOTE_AWAY, NOTE_FAILS, NOTE_SPARE, NOTE_REPLACED };
#define AWAY_AGAIN apr_time_from_sec(3600)
#define FAILS_AGAIN apr_time_from_sec(60)

/* Which file it is. */
typedef struct file_t {
    dev_t device;
    ino_t number;
} file_t;

/*
 * What is known of a connection of mod_dbd's; kept among its statements.
 * mod_dbd closes the handle that it finds there in the end.  Where there is
 * none of its own any more, that is `stopgap`: an empty database in memory.
 */
#define LINK "twauth_link"
typedef struct link_t {
    ap_dbd_t *dbd;
    apr_pool_t *pool;           /* of statements, and of a later handle */
    apr_pool_t *attempt;        /* of a statement that may not be prepared */
    apr_dbd_t *stopgap;
    apr_interval_time_t used_at;
    int given_up;               /* statements, since it was opened */
    int failed_to_prepare;
    tw_patience_t patience;
    file_t file, wal;           /* SQLite's */
} link_t;

struct tw_db_t {
    const tw_database_t *database;
    ap_dbd_t *dbd;
    link_t *link;
    tw_native_t native;
    apr_pool_t *pool;
    int alone;              /* not mod_dbd's */
    int proven;             /* it has answered since it was opened */
    int doubtful;
};

/* A failure as it was met. */
typedef struct failed_t {
    const tw_dbfail_t *what;
    const char *words;          /* printable, one line */
    char code[8];
} failed_t;

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
    if (!tw_native_find(tw_native_kind(database->driver), driver)) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_WARNING, 0,
                     database->server, TWLOGNO(0405)
                     "functions of the library of DBDriver %s are not to be "
                     "found: calls to the database have no limit of time, "
                     "and its failures cannot be told apart",
                     database->driver);
    }
}

/* ---- what the log says -------------------------------------------------- */

/*
 * Whoever asked is told by others; here it is said that the database does not
 * serve: when the breaker opens for a connection, and for each reason once
 * after each start.
 */
static void say(const tw_database_t *database, const failed_t *failed,
                const char *advice, int down, int opened)
{
    int own = failed->what->flags & TW_DBFAIL_SAID;
    char reason[64];
    int start = 0;

    ap_mpm_query(AP_MPMQ_GENERATION, &start);
    apr_snprintf(reason, sizeof(reason), "%d %s %s", start,
                 failed->what->name, failed->code);
    if (!tw_shared_note(database->shared, database->slot,
                        own ? NOTE_FAILS : NOTE_AWAY, reason,
                        own ? FAILS_AGAIN : AWAY_AGAIN, apr_time_now())
        && (own || !opened)) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, database->server,
                 TWLOGNO(0401) "%s: %s%s%s",
                 down ? "the database is away"
                      : "the database does not do what it is asked",
                 failed->words, advice ? ": " : "", advice ? advice : "");
}

/* Writes are refused, as the next one will be: what can wait rests. */
static void refuse_writes(const tw_database_t *database)
{
    tw_failure_t failure = { 0, 1, REST, apr_time_now() };

    tw_shared_breaker_bad(database->shared, database->writes, &failure,
                          failure.begun);
}

/* The end of an attempt that failed. */
static apr_status_t fail(const tw_database_t *database, apr_pool_t *pool,
                         const failed_t *failed, tw_err_t *err)
{
    const char *advice = tw_dbfail_advice(failed->what, failed->words);
    int down = tw_dbfail_is_down(failed->what, failed->words), opened = 0;

    tw_err_set(err, pool, TW_ERR_DATABASE, APR_EGENERAL, "%s", failed->words);
    err->advice = advice;
    err->retry_after = TW_RETRY_AFTER;
    if (failed->what->flags & TW_DBFAIL_WRITES) {
        refuse_writes(database);
    }
    if (down) {
        tw_failure_t failure = { 0, 1, PAUSE, apr_time_now() };

        opened = tw_shared_breaker_bad(database->shared, database->slot,
                                       &failure, failure.begun);
    }
    if (tw_dbfail_is_said(failed->what, failed->words)) {
        say(database, failed, advice, down, opened);
    }
    return APR_EGENERAL;
}

/* The database did not serve, and said nothing itself. */
static apr_status_t away(const tw_database_t *database, apr_pool_t *pool,
                         tw_err_t *err, const char *why, const char *advice)
{
    tw_dbfail_t what = *tw_dbfail(TW_DBFAIL_LOST);
    failed_t failed = { &what, why, "" };

    what.name = why;
    what.advice = advice;
    return fail(database, pool, &failed, err);
}

/* Others have found out; this one need not. */
static apr_status_t known_away(apr_pool_t *pool, tw_err_t *err)
{
    tw_err_set(err, pool, TW_ERR_DATABASE, APR_EGENERAL,
               "the database is away");
    err->retry_after = TW_RETRY_AFTER;
    return APR_EGENERAL;
}

/* ---- what failed -------------------------------------------------------- */

static void *native(const tw_db_t *db)
{
    return apr_dbd_native_handle(db->dbd->driver, db->dbd->handle);
}

static int has_tables(const tw_db_t *db);

/* What the driver returned rc for. */
static void see(failed_t *failed, const tw_db_t *db, int rc, int preparing)
{
    const char *words = apr_dbd_error(db->dbd->driver, db->dbd->handle, rc);
    apr_size_t len;
    int code;

    words = words ? words : "";
    len = strcspn(words, "\n");     /* what follows may have values */
    while (len && apr_isspace(words[len - 1])) {
        len--;
    }
    failed->code[0] = '\0';
    switch (db->native) {
    case TW_NATIVE_PGSQL:
        failed->what = tw_dbfail_pgsql(
            tw_dbfail_sqlstate(failed->code, words) ? failed->code : NULL,
            tw_native_connected(native(db)));
        break;
    case TW_NATIVE_SQLITE:
        code = tw_native_code(native(db));
        code = code < 0 ? rc : code;
        apr_snprintf(failed->code, sizeof(failed->code), "%d", code);
        failed->words = tw_err_quote(db->pool, words, len, 200);
        failed->what = tw_dbfail_sqlite(code, preparing,
                                        preparing && code == 1
                                        && has_tables(db));
        return;
    default:
        failed->what = tw_dbfail(TW_DBFAIL_BROKEN);
    }
    failed->words = tw_err_quote(db->pool, words, len, 200);
}

/* ---- connections -------------------------------------------------------- */

/* Before mod_dbd closes what it finds: a later handle goes, and its pool. */
static apr_status_t close_later_handle(void *given)
{
    link_t *link = given;

    if (link->stopgap && link->dbd->handle != link->stopgap) {
        apr_dbd_close(link->dbd->driver, link->dbd->handle);
        link->dbd->handle = link->stopgap;
    }
    return APR_SUCCESS;
}

static link_t *link_of(ap_dbd_t *dbd)
{
    link_t *link = apr_hash_get(dbd->prepared, LINK, APR_HASH_KEY_STRING);

    if (!link) {
        link = apr_pcalloc(dbd->pool, sizeof(*link));
        link->dbd = dbd;
        apr_pool_create(&link->pool, dbd->pool);
        apr_pool_tag(link->pool, "twauth_link");
        link->used_at = tw_watch_clock();
        apr_hash_set(dbd->prepared, LINK, APR_HASH_KEY_STRING, link);
    }
    return link;
}

static void run_init(const tw_db_t *db)
{
    const apr_array_header_t *init = db->database->init;
    int rows, i;

    /* one that returns a row counts as failed with the driver: all are run */
    for (i = 0; init && i < init->nelts; i++) {
        apr_dbd_query(db->dbd->driver, db->dbd->handle, &rows,
                      APR_ARRAY_IDX(init, i, const char *));
    }
}

static file_t file_at(const char *path)
{
    struct stat found;
    file_t file = { 0, 0 };

    if (path && stat(path, &found) == 0) {
        file.device = found.st_dev;
        file.number = found.st_ino;
    }
    return file;
}

static int is_same(const file_t *a, const file_t *b)
{
    return a->number == b->number && a->device == b->device;
}

/* After it was opened: what to know of a file, and how long to wait. */
static void set_up_sqlite(tw_db_t *db)
{
    link_t *link = db->link;
    const char *path = tw_native_file(native(db));
    int rows;

    if (!tw_native_patience(&link->patience, native(db))) {
        apr_dbd_query(db->dbd->driver, db->dbd->handle, &rows,
                      "PRAGMA busy_timeout=20");
    }
    link->file = file_at(path);
    link->wal = file_at(path ? apr_pstrcat(db->pool, path, "-wal", NULL)
                             : NULL);
}

/* Whether statements of somebody else's are on it, so that it must stay. */
static int is_shared(const tw_db_t *db)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(db->pool, db->dbd->prepared); at;
         at = apr_hash_next(at)) {
        if (strncmp(apr_hash_this_key(at), "twauth_", 7)) {
            return 1;
        }
    }
    return 0;
}

/*
 * SQLite's connections of one process share what they know of a file: the old
 * one has to be closed before the new one is opened.  Meanwhile, and if there
 * is none to be had then, the stopgap stands there, for the handle must never
 * be a closed one.  Whatever the old one had in memory goes with it.
 */
static int open_again(tw_db_t *db, failed_t *failed)
{
    ap_dbd_t *dbd = db->dbd;
    link_t *link = db->link;
    apr_dbd_t *handle;
    const char *why = NULL;

    *failed = (failed_t){ tw_dbfail(TW_DBFAIL_FILE),
                          "it cannot be opened again", "again" };
    if (is_shared(db)) {
        return 0;
    }
    if (!link->stopgap) {
        if (apr_dbd_open_ex(dbd->driver, dbd->pool, ":memory:",
                            &link->stopgap, &why) != APR_SUCCESS) {
            link->stopgap = NULL;
            return 0;
        }
        apr_pool_pre_cleanup_register(dbd->pool, link, close_later_handle);
    }
    if (dbd->handle != link->stopgap) {
        apr_dbd_close(dbd->driver, dbd->handle);
        dbd->handle = link->stopgap;
    }
    apr_pool_clear(link->pool);
    link->attempt = NULL;
    link->given_up = link->failed_to_prepare = 0;
    dbd->prepared = apr_hash_make(link->pool);
    apr_hash_set(dbd->prepared, LINK, APR_HASH_KEY_STRING, link);
    if (apr_dbd_open_ex(dbd->driver, link->pool, db->database->params,
                        &handle, &why) != APR_SUCCESS) {
        return 0;
    }
    dbd->handle = handle;
    run_init(db);
    set_up_sqlite(db);
    return 1;
}

/* A new connection to PostgreSQL; where it has no room, a few times. */
static int connect_again(tw_db_t *db, failed_t *failed)
{
    int try;

    for (try = 1;; try++) {
        int done = tw_native_reset(native(db), CONNECT_MAX);

        if (done < 0) {
            done = apr_dbd_check_conn(db->dbd->driver, db->pool,
                                      db->dbd->handle) == APR_SUCCESS;
        }
        if (done) {
            run_init(db);
            return 1;
        }
        see(failed, db, 0, 0);
        if (!*failed->words) {
            failed->words = "no new connection in 3 seconds";
        }
        if (!*failed->code) {
            failed->what = tw_dbfail(TW_DBFAIL_UNREACHABLE);
        }
        if (try >= failed->what->tries || !failed->what->pause) {
            break;
        }
        apr_sleep(apr_time_from_msec(failed->what->pause * try));
    }
    if (!(failed->what->flags & TW_DBFAIL_DOWN)) {
        failed->what = tw_dbfail(TW_DBFAIL_LOST);
    }
    return 0;
}

/* Puts a new connection in the place of this one; 0: there is none. */
static int renew(tw_db_t *db, failed_t *failed)
{
    db->proven = 0;
    switch (db->native) {
    case TW_NATIVE_SQLITE:
        return open_again(db, failed);
    case TW_NATIVE_PGSQL:
        return connect_again(db, failed);
    default:
        return apr_dbd_check_conn(db->dbd->driver, db->pool, db->dbd->handle)
               == APR_SUCCESS;
    }
}

/* Whether a connection that lay idle still answers. */
static int answers(tw_db_t *db)
{
    tw_watch_t watch;
    int rows, rc;

    tw_watch_begin_for(&watch, tw_native_socket(native(db)), PROBE_MAX);
    rc = apr_dbd_query(db->dbd->driver, db->dbd->handle, &rows, "");
    db->proven = !tw_watch_end(&watch) && rc == 0;
    return db->proven;
}

static int ready_pgsql(tw_db_t *db, failed_t *failed)
{
    void *connection = native(db);

    tw_native_verbose(connection);
    return (tw_watch_clock() - db->link->used_at < IDLE_MAX
            && !tw_native_unasked(connection))
           || tw_native_socket(connection) < 0
           || answers(db) || renew(db, failed);
}

/*
 * The file was replaced: what stands beside it is the old one's log, and must
 * not be taken for the new one's.  Only the one that was there before goes.
 */
static void remove_old_log(const tw_db_t *db, const char *path)
{
    const char *wal = apr_pstrcat(db->pool, path, "-wal", NULL);
    file_t now = file_at(wal);

    if (now.number && is_same(&now, &db->link->wal)) {
        unlink(wal);
        unlink(apr_pstrcat(db->pool, path, "-shm", NULL));
    }
}

/* SQLite's file is not the one that was opened. */
static int replace_file(tw_db_t *db, const char *path, failed_t *failed)
{
    const tw_database_t *database = db->database;
    char reason[64];

    if (is_shared(db)) {
        failed->words = "the database file was replaced, and statements of "
                        "DBDPrepareSQL hold the old one: restart httpd";
        return 0;
    }
    remove_old_log(db, path);
    if (!open_again(db, failed)) {
        return 0;
    }
    apr_snprintf(reason, sizeof(reason), "%" APR_UINT64_T_FMT,
                 (apr_uint64_t)db->link->file.number);
    if (tw_shared_note(database->shared, database->slot, NOTE_REPLACED,
                       reason, AWAY_AGAIN, apr_time_now())) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0404) "the database file was replaced while "
                     "httpd ran: %s is opened anew", path);
    }
    return 1;
}

static int ready_sqlite(tw_db_t *db, failed_t *failed)
{
    link_t *link = db->link;
    const char *path;
    file_t now;

    if (db->dbd->handle == link->stopgap || link->given_up >= WORN) {
        return open_again(db, failed);
    }
    path = tw_native_file(native(db));
    if (!path) {
        return 1;
    }
    path = apr_pstrdup(db->pool, path);
    if (!link->file.number) {
        set_up_sqlite(db);
        if (tw_native_moved(native(db))) {
            /* since mod_dbd opened it: whose log that is cannot be told */
            link->wal.number = 0;
        }
    }
    now = file_at(path);
    if (!now.number && (errno == ENOENT || errno == ENOTDIR)) {
        *failed = (failed_t){ tw_dbfail(TW_DBFAIL_FILE),
                              "the database file is gone", "gone" };
        return 0;
    }
    if (now.number && (!is_same(&now, &link->file)
                       || tw_native_moved(native(db)))) {
        *failed = (failed_t){ tw_dbfail(TW_DBFAIL_FILE), "", "moved" };
        return replace_file(db, path, failed);
    }
    link->wal = file_at(apr_pstrcat(db->pool, path, "-wal", NULL));
    return 1;
}

/* Makes sure that there is somebody at the other end. */
static int ready(tw_db_t *db, failed_t *failed)
{
    return db->native == TW_NATIVE_PGSQL ? ready_pgsql(db, failed)
           : db->native == TW_NATIVE_SQLITE ? ready_sqlite(db, failed) : 1;
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

static tw_db_t *make(const tw_database_t *database, ap_dbd_t *dbd,
                     apr_pool_t *pool)
{
    tw_db_t *db = apr_pcalloc(pool, sizeof(*db));

    db->database = database;
    db->dbd = dbd;
    db->link = link_of(dbd);
    db->native = tw_native_kind(apr_dbd_name(dbd->driver));
    db->pool = pool;
    return db;
}

apr_status_t tw_db_open(tw_db_t **db, const tw_database_t *database,
                        apr_pool_t *pool, tw_err_t *err)
{
    failed_t failed;
    apr_status_t rv;
    ap_dbd_t *dbd;
    int waited, doubtful;

    *db = NULL;
    doubtful = tw_shared_breaker_open(database->shared, database->slot)
               || tw_shared_breaker_open(database->shared,
                                         database->writes);
    if (tw_shared_breaker_ask(database->shared, database->slot, PAUSE,
                              apr_time_now())) {
        return known_away(pool, err);
    }
    rv = tw_gate_enter(database->slot, database->calls, &waited);
    if (rv != APR_SUCCESS) {
        return away(database, pool, err,
                    "no connection came free in 2 seconds",
                    "the database is slow, or TwAuthDatabaseCalls and DBDMax "
                    "are small for this load");
    }
    if (waited && tw_shared_breaker_open(database->shared, database->slot)) {
        tw_gate_opened(database->slot);
        tw_gate_leave(database->slot);
        return known_away(pool, err);
    }
    dbd = open_some(database, pool);
    tw_gate_opened(database->slot);
    if (!dbd) {
        tw_gate_leave(database->slot);
        return away(database, pool, err, "mod_dbd has no connection",
                    "see mod_dbd's own lines in this log, DBDriver and "
                    "DBDParams");
    }
    *db = make(database, dbd, pool);
    (*db)->doubtful = doubtful;
    if (!ready(*db, &failed)) {
        tw_db_close(*db);
        *db = NULL;
        return fail(database, pool, &failed, err);
    }
    return APR_SUCCESS;
}

apr_status_t tw_db_open_alone(tw_db_t **db, const tw_database_t *database,
                              apr_pool_t *pool, tw_err_t *err)
{
    ap_dbd_t *dbd = apr_pcalloc(pool, sizeof(*dbd));
    const char *why = NULL;
    failed_t failed;
    apr_status_t rv;

    *db = NULL;
    rv = tw_rights_drop(database->server, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    dbd->pool = pool;
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
                          why ? tw_err_quote(pool, why, strlen(why), 200)
                              : database->driver);
    }
    dbd->prepared = apr_hash_make(pool);
    *db = make(database, dbd, pool);
    (*db)->alone = 1;
    run_init(*db);
    ready(*db, &failed);
    return APR_SUCCESS;
}

void tw_db_use_pool(tw_db_t *db, apr_pool_t *pool)
{
    db->pool = pool;
}

int tw_db_is_doubtful(const tw_db_t *db)
{
    return db->doubtful;
}

void tw_db_close(tw_db_t *db)
{
    if (db && !db->alone) {
        db->link->used_at = tw_watch_clock();
        db->link->patience.kind = TW_PATIENCE_STEP;
        dbd_close(db->database->server, db->dbd);
        tw_gate_leave(db->database->slot);
    }
}

/* ---- statements --------------------------------------------------------- */

/* Copies what a query returned into the caller's pool. */
static apr_status_t copy_rows(apr_array_header_t **rows, tw_db_t *db,
                              apr_dbd_results_t *result, apr_pool_t *pool)
{
    const apr_dbd_driver_t *driver = db->dbd->driver;
    apr_dbd_row_t *row = NULL;      /* the driver counts in it: kept */
    int columns = result ? apr_dbd_num_cols(driver, result) : 0;
    int rc, i;

    *rows = apr_array_make(db->pool, 1, sizeof(const char **));
    while (result
           && (rc = apr_dbd_get_row(driver, pool, result, &row, -1)) != -1) {
        const char **copy = apr_palloc(db->pool,
                                       (apr_size_t)columns * sizeof(*copy));

        if (rc != 0) {
            return APR_EGENERAL;
        }
        for (i = 0; i < columns; i++) {
            const char *text = apr_dbd_get_entry(driver, row, i);

            copy[i] = text ? apr_pstrdup(db->pool, text) : "";
        }
        APR_ARRAY_PUSH(*rows, const char **) = copy;
    }
    return APR_SUCCESS;
}

/* Whether SQLite knows the tables at all: asked of SQLite itself. */
static int has_tables(const tw_db_t *db)
{
    apr_dbd_results_t *result = NULL;
    apr_pool_t *pool;
    int rc;

    apr_pool_create(&pool, db->pool);
    rc = apr_dbd_select(db->dbd->driver, pool, db->dbd->handle, &result,
                        "SELECT 1 FROM twauth_account, twauth_session, "
                        "twauth_username LIMIT 0", 1);
    apr_pool_destroy(pool);
    return rc == 0;
}

/*
 * The statement on this connection, prepared when there is none.  After one
 * that could not be, the next is tried in a pool of its own: failing costs
 * no memory for the life of the connection.
 */
static int prepare(apr_dbd_prepared_t **prepared, tw_db_t *db,
                   const tw_statement_t *statement)
{
    link_t *link = db->link;
    apr_pool_t *pool = link->pool;
    int rc;

    *prepared = apr_hash_get(db->dbd->prepared, statement->name,
                             APR_HASH_KEY_STRING);
    if (*prepared) {
        return 0;
    }
    if (link->failed_to_prepare) {
        if (!link->attempt) {
            apr_pool_create(&link->attempt, link->pool);
        }
        pool = link->attempt;
    }
    if (link->patience.kind == TW_PATIENCE_STEP) {
        link->patience.kind = TW_PATIENCE_PREPARE;
    }
    /* no label: PostgreSQL then keeps nothing that a restart loses */
    rc = apr_dbd_prepare(db->dbd->driver, pool, db->dbd->handle,
                         statement->sql, NULL, prepared);
    if (link->patience.kind == TW_PATIENCE_PREPARE) {
        link->patience.kind = TW_PATIENCE_STEP;
    }
    if (rc != 0) {
        if (link->attempt) {
            apr_pool_clear(link->attempt);
        }
        link->failed_to_prepare = 1;
        return rc;
    }
    link->attempt = NULL;       /* it has the statement now, if there was */
    link->failed_to_prepare = 0;
    apr_hash_set(db->dbd->prepared, statement->name, APR_HASH_KEY_STRING,
                 *prepared);
    return 0;
}

/* One try: 1, or what failed. */
static int run_once(apr_array_header_t **rows, tw_db_t *db,
                    const tw_statement_t *statement, const char *const *args,
                    apr_interval_time_t limit, failed_t *failed)
{
    const apr_dbd_driver_t *driver = db->dbd->driver;
    apr_dbd_prepared_t *prepared = NULL;
    apr_dbd_results_t *result = NULL;
    apr_pool_t *pool;
    tw_watch_t watch;
    int rc, cut;

    rc = prepare(&prepared, db, statement);
    if (rc != 0) {
        see(failed, db, rc, 1);
        return 0;
    }
    apr_pool_create(&pool, db->pool);
    apr_pool_tag(pool, "twauth_db");
    /* random access: without it an empty answer costs 100 ms on PostgreSQL,
     * and errors come out only with the first row */
    tw_watch_begin_for(&watch, db->native == TW_NATIVE_PGSQL
                               ? tw_native_socket(native(db)) : -1, limit);
    rc = apr_dbd_pselect(driver, pool, db->dbd->handle, &result, prepared, 1,
                         statement->args, (const char **)args);
    cut = tw_watch_end(&watch);
    if (rc == 0 && copy_rows(rows, db, result, pool) != APR_SUCCESS) {
        rc = 1;
    }
    if (rc != 0) {
        see(failed, db, rc, 0);
        if (cut) {
            *failed = (failed_t){ tw_dbfail(TW_DBFAIL_SILENT),
                                  "it did not answer in time", "" };
        }
        if (failed->what->kind == TW_DBFAIL_STALE) {
            apr_hash_set(db->dbd->prepared, statement->name,
                         APR_HASH_KEY_STRING, NULL);
            db->link->given_up++;
        }
    }
    apr_pool_destroy(pool);
    return rc == 0;
}

static int is_write(const tw_statement_t *statement)
{
    return strncmp(statement->sql, "SELECT", 6) != 0;
}

/* It was answered as it should be. */
static void note_success(tw_db_t *db, const tw_statement_t *statement,
                         int renewed)
{
    const tw_database_t *database = db->database;

    db->proven = 1;
    if (is_write(statement)) {
        tw_shared_breaker_good(database->shared, database->writes,
                               apr_time_now());
        if (renewed) {
            tw_gate_better(database->slot);
        }
    }
    if (tw_shared_breaker_good(database->shared, database->slot,
                               apr_time_now())) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->server,
                     TWLOGNO(0402) "the database is back");
    }
}

/* Makes ready for another try; 0: there is to be none. */
static int again(tw_db_t *db, failed_t *failed, int tries, int proven)
{
    const tw_dbfail_t *what = failed->what;
    apr_time_t now = apr_time_now();

    /* who has answered a moment ago was not lost meanwhile: it is slow */
    if (tries >= what->tries
        || (what->kind == TW_DBFAIL_SILENT && proven)) {
        return 0;
    }
    if (what->pause && !(what->flags & TW_DBFAIL_NEW)) {
        apr_sleep(apr_time_from_msec(tw_dbfail_pause(what, tries,
                                                     (unsigned)now)));
    }
    if (!(what->flags & TW_DBFAIL_NEW)) {
        return 1;
    }
    return (!(what->flags & TW_DBFAIL_SELDOM)
            || tw_gate_try_new(db->database->slot))
           && renew(db, failed);
}

apr_status_t tw_db_run(apr_array_header_t **rows, tw_db_t *db,
                       const tw_statement_t *statement,
                       const char *const *args, tw_err_t *err)
{
    apr_interval_time_t limit = TW_WATCH_MAX;
    apr_array_header_t *ignored;
    failed_t failed;
    int try, renewed = 0;

    for (try = 1;; try++) {
        int proven = db->proven;

        if (run_once(rows ? rows : &ignored, db, statement, args, limit,
                     &failed)) {
            note_success(db, statement, renewed);
            return APR_SUCCESS;
        }
        if (!again(db, &failed, try, proven)) {
            break;
        }
        renewed |= failed.what->flags & TW_DBFAIL_NEW;
        limit = failed.what->kind == TW_DBFAIL_SILENT ? AGAIN_MAX : limit;
    }
    failed.words = apr_pstrcat(db->pool, statement->name, ": ", failed.words,
                               NULL);
    return fail(db->database, db->pool, &failed, err);
}

int tw_db_try(tw_db_t *db, const tw_statement_t *statement,
              const char *const *args)
{
    const tw_database_t *database = db->database;
    apr_array_header_t *ignored;
    const char *advice;
    failed_t failed;
    int done;

    if (!tw_gate_begin_spare(database->slot)) {
        return 0;
    }
    if (tw_shared_breaker_ask(database->shared, database->writes, REST,
                              apr_time_now())) {
        tw_gate_end_spare(database->slot);
        return 0;
    }
    db->link->patience.kind = TW_PATIENCE_NONE;
    done = run_once(&ignored, db, statement, args, PROBE_MAX, &failed);
    db->link->patience.kind = TW_PATIENCE_STEP;
    tw_gate_end_spare(database->slot);
    if (done) {
        note_success(db, statement, 0);
    }
    else if (failed.what->kind != TW_DBFAIL_LOST) {
        refuse_writes(database);
    }
    if (!done && tw_shared_note(database->shared, database->slot, NOTE_SPARE,
                                NULL, FAILS_AGAIN, apr_time_now())) {
        advice = tw_dbfail_advice(failed.what, failed.words);
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, database->server,
                     TWLOGNO(0403) "%s failed, which nobody waits for: %s%s%s",
                     statement->name, failed.words, advice ? ": " : "",
                     advice ? advice : "");
    }
    return done;
}
