#include "tw_db.h"

#include <string.h>

#include <dlfcn.h>

#include <apr_lib.h>
#include <apr_dbd.h>    /* before mod_dbd.h, which does not include it */
#include <apr_optional.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <mod_dbd.h>

#include "tw_private.h"
#include "tw_rights.h"
#include "tw_watch.h"

#define WAIT_MAX apr_time_from_sec(2)
#define PAUSE apr_time_from_sec(1)
#define TRIES 3
/* Among a connection's statements: it is to none of ours, see reconnect(). */
#define STOPGAP "twauth_stopgap"

struct tw_db_t {
    const tw_database_t *database;
    ap_dbd_t *dbd;
    apr_pool_t *pool;
    int alone;              /* not mod_dbd's */
    int cut;                /* it did not answer in time */
};

static APR_OPTIONAL_FN_TYPE(ap_dbd_open) *dbd_open;
static APR_OPTIONAL_FN_TYPE(ap_dbd_close) *dbd_close;

/* libpq's, where mod_dbd has loaded it. */
static int (*pq_socket)(const void *connection);

/*
 * This process's connections to each database (by its slot), so that one
 * which stands still takes nothing from another; set up in child_init.
 */
static struct {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    struct {
        int used;
        int opening;
    } database[TW_SLOTS];
} gate;

int tw_db_find(void)
{
    dbd_open = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open);
    dbd_close = APR_RETRIEVE_OPTIONAL_FN(ap_dbd_close);
    return dbd_open && dbd_close;
}

apr_status_t tw_db_child_init(apr_pool_t *pool)
{
    apr_status_t rv = apr_thread_mutex_create(&gate.mutex,
                                              APR_THREAD_MUTEX_DEFAULT, pool);

    memset(gate.database, 0, sizeof(gate.database));
    *(void **)&pq_socket = dlsym(RTLD_DEFAULT, "PQsocket");
    return rv == APR_SUCCESS ? apr_thread_cond_create(&gate.changed, pool)
                             : rv;
}

/*
 * Lets one in to open a connection: one at a time, for mod_dbd has others
 * wait without a limit where opening takes long.  *waited: it took a while.
 */
static apr_status_t gate_enter(const tw_database_t *database, int *waited)
{
    apr_time_t until = apr_time_now() + WAIT_MAX;
    int *used = &gate.database[database->slot].used;
    int *opening = &gate.database[database->slot].opening;
    apr_status_t rv = APR_SUCCESS;

    *waited = 0;
    apr_thread_mutex_lock(gate.mutex);
    while ((*used >= database->calls || *opening) && rv == APR_SUCCESS) {
        apr_interval_time_t left = until - apr_time_now();

        *waited = 1;
        rv = left > 0 ? apr_thread_cond_timedwait(gate.changed, gate.mutex,
                                                  left)
                      : APR_TIMEUP;
    }
    if (*used < database->calls && !*opening) {
        ++*used;
        *opening = 1;
        rv = APR_SUCCESS;
    }
    apr_thread_mutex_unlock(gate.mutex);
    return rv;
}

/* It has a connection, or will have none. */
static void gate_opened(const tw_database_t *database)
{
    apr_thread_mutex_lock(gate.mutex);
    gate.database[database->slot].opening = 0;
    apr_thread_cond_broadcast(gate.changed);
    apr_thread_mutex_unlock(gate.mutex);
}

static void gate_leave(const tw_database_t *database)
{
    apr_thread_mutex_lock(gate.mutex);
    gate.database[database->slot].used--;
    apr_thread_cond_broadcast(gate.changed);
    apr_thread_mutex_unlock(gate.mutex);
}

/* The database did not serve: the breaker opens, and the log says so once. */
static apr_status_t away(const tw_database_t *database, apr_pool_t *pool,
                         tw_err_t *err, apr_status_t rv, const char *why,
                         const char *advice)
{
    tw_failure_t failure = { 0, 1, PAUSE, apr_time_now() };

    tw_err_set(err, pool, TW_ERR_DATABASE, rv, "%s", why);
    err->advice = advice;
    err->retry_after = TW_RETRY_AFTER;
    if (tw_shared_breaker_bad(database->shared, database->slot, &failure,
                              failure.begun)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, database->server,
                     TWLOGNO(0401) "the database is away: %s%s%s", why,
                     advice ? ": " : "", advice ? advice : "");
    }
    return rv == APR_SUCCESS ? APR_EGENERAL : rv;
}

/* Others have found out; this one need not. */
static apr_status_t known_away(apr_pool_t *pool, tw_err_t *err)
{
    tw_err_set(err, pool, TW_ERR_DATABASE, APR_EGENERAL,
               "the database is away");
    err->retry_after = TW_RETRY_AFTER;
    return APR_EGENERAL;
}

apr_status_t tw_db_open(tw_db_t **db, const tw_database_t *database,
                        apr_pool_t *pool, tw_err_t *err)
{
    tw_db_t *opened = apr_pcalloc(pool, sizeof(*opened));
    apr_status_t rv;
    int waited;

    *db = NULL;
    if (tw_shared_breaker_ask(database->shared, database->slot, PAUSE,
                              apr_time_now())) {
        return known_away(pool, err);
    }
    rv = gate_enter(database, &waited);
    if (rv != APR_SUCCESS) {
        return away(database, pool, err, rv,
                    "no connection came free in 2 seconds",
                    "the database is slow, or TwAuthDatabaseCalls and DBDMax "
                    "are small for this load");
    }
    if (waited && tw_shared_breaker_open(database->shared, database->slot)) {
        gate_opened(database);
        gate_leave(database);
        return known_away(pool, err);
    }
    opened->dbd = dbd_open(pool, database->server);
    gate_opened(database);
    if (!opened->dbd) {
        gate_leave(database);
        return away(database, pool, err, APR_EGENERAL,
                    "mod_dbd has no connection",
                    "see mod_dbd's own lines in this log, DBDriver and "
                    "DBDParams");
    }
    opened->database = database;
    opened->pool = pool;
    *db = opened;
    return APR_SUCCESS;
}

/* A new connection to it in dbd, which has the driver and the pool. */
static apr_status_t connect_to(const tw_database_t *database, ap_dbd_t *dbd,
                               const char **why)
{
    apr_dbd_t *handle;
    apr_status_t rv;
    int rows;

    *why = NULL;
    rv = apr_dbd_open_ex(dbd->driver, dbd->pool, database->params, &handle,
                         why);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (database->init) {
        apr_dbd_query(dbd->driver, handle, &rows, database->init);
    }
    dbd->handle = handle;
    dbd->prepared = apr_hash_make(dbd->pool);
    return APR_SUCCESS;
}

apr_status_t tw_db_open_alone(tw_db_t **db, const tw_database_t *database,
                              apr_pool_t *pool, tw_err_t *err)
{
    tw_db_t *opened = apr_pcalloc(pool, sizeof(*opened));
    ap_dbd_t *dbd = apr_pcalloc(pool, sizeof(*dbd));
    const char *why = NULL;
    apr_status_t rv;

    *db = NULL;
    rv = tw_rights_drop(database->server, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    dbd->pool = pool;
    apr_dbd_init(pool);
    rv = apr_dbd_get_driver(pool, database->driver, &dbd->driver);
    if (rv == APR_SUCCESS) {
        rv = connect_to(database, dbd, &why);
    }
    if (rv != APR_SUCCESS) {
        return tw_err_set(err, pool, TW_ERR_DATABASE, rv,
                          "the database cannot be opened: %s",
                          why ? tw_err_quote(pool, why, strlen(why), 200)
                              : database->driver);
    }
    opened->dbd = dbd;
    opened->database = database;
    opened->pool = pool;
    opened->alone = 1;
    *db = opened;
    return APR_SUCCESS;
}

void tw_db_use_pool(tw_db_t *db, apr_pool_t *pool)
{
    db->pool = pool;
}

/*
 * Puts a new connection in the place of one that will never do again.
 * SQLite, where it could not open a file for writing, opens it for reading,
 * and stays so when the reason is long gone; mod_dbd keeps it for as long as
 * the process lives.  0: not done, for there is no other, or statements of
 * somebody else's are prepared on this one.
 *
 * SQLite's connections of one process share what they know of a file: the
 * old one has to be closed before the new one is opened.  Meanwhile, and if
 * there is none to be had then, an empty database stands in, for the handle
 * must never be a closed one.
 */
static int reconnect(tw_db_t *db)
{
    ap_dbd_t *dbd = db->dbd;
    apr_dbd_t *old = dbd->handle, *stopgap = NULL;
    apr_hash_index_t *at;
    const char *why;
    int done;

    for (at = apr_hash_first(db->pool, dbd->prepared); at;
         at = apr_hash_next(at)) {
        if (strncmp(apr_hash_this_key(at), "twauth_", 7)) {
            return 0;
        }
    }
    if (!strcmp(db->database->driver, "sqlite3")) {
        if (apr_dbd_open_ex(dbd->driver, dbd->pool, ":memory:", &stopgap,
                            &why) != APR_SUCCESS) {
            return 0;
        }
        apr_dbd_close(dbd->driver, old);
        dbd->handle = old = stopgap;
        dbd->prepared = apr_hash_make(dbd->pool);
    }
    done = connect_to(db->database, dbd, &why) == APR_SUCCESS;
    if (done) {
        apr_dbd_close(dbd->driver, old);
    }
    else if (stopgap) {
        apr_hash_set(dbd->prepared, STOPGAP, APR_HASH_KEY_STRING, stopgap);
    }
    return done;
}

void tw_db_close(tw_db_t *db)
{
    if (db && !db->alone) {
        dbd_close(db->database->server, db->dbd);
        gate_leave(db->database);
    }
}

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

/* The socket on which the database answers; -1: it does so without one. */
static int socket_of(const tw_db_t *db)
{
    return pq_socket && !strcmp(apr_dbd_name(db->dbd->driver), "pgsql")
           ? pq_socket(apr_dbd_native_handle(db->dbd->driver,
                                             db->dbd->handle))
           : -1;
}

/* One try: 0, or the driver's code with its words in *message. */
static int run_once(apr_array_header_t **rows, tw_db_t *db,
                    const tw_statement_t *statement, const char *const *args,
                    const char **message)
{
    const apr_dbd_driver_t *driver = db->dbd->driver;
    apr_dbd_t *handle = db->dbd->handle;
    apr_dbd_prepared_t *prepared;
    apr_dbd_results_t *result = NULL;
    tw_watch_t watch;
    apr_pool_t *pool;
    int rc;

    prepared = apr_hash_get(db->dbd->prepared, statement->name,
                            APR_HASH_KEY_STRING);
    apr_pool_create(&pool, db->pool);
    apr_pool_tag(pool, "twauth_db");
    if (!prepared) {
        /* no label: PostgreSQL then keeps nothing that a restart loses */
        rc = apr_dbd_prepare(driver, db->dbd->pool, handle, statement->sql,
                             NULL, &prepared);
        if (rc != 0) {
            goto done;
        }
        apr_hash_set(db->dbd->prepared, statement->name, APR_HASH_KEY_STRING,
                     prepared);
    }
    /* random access: without it an empty answer costs 100 ms on PostgreSQL,
     * and errors come out only with the first row */
    tw_watch_begin(&watch, socket_of(db));
    rc = apr_dbd_pselect(driver, pool, handle, &result, prepared, 1,
                         statement->args, (const char **)args);
    db->cut = tw_watch_end(&watch);
    if (rc == 0 && copy_rows(rows, db, result, pool) != APR_SUCCESS) {
        rc = 1;
    }

done:
    if (rc != 0) {
        const char *words = apr_dbd_error(driver, handle, rc);
        apr_size_t len = words ? strlen(words) : 0;

        while (len && apr_isspace(words[len - 1])) {
            len--;
        }
        *message = tw_err_quote(db->pool, words, len, 200);
        apr_hash_set(db->dbd->prepared, statement->name, APR_HASH_KEY_STRING,
                     NULL);
    }
    apr_pool_destroy(pool);
    return rc;
}

/* Whether a column is missing that the tables of the first version lack, in
 * the words of either database. */
static int is_older_version(const char *message)
{
    return strstr(message, "column \"token_")
           || strstr(message, "column: token_")
           || strstr(message, "column named token_");
}

/* Whether it was opened, or has become, for reading alone. */
static int is_read_only(const char *message)
{
    return strstr(message, "readonly database")
           || strstr(message, "read-only transaction");
}

/* Whether it serves, and takes nothing in. */
static int refuses_writes(const char *message)
{
    return strstr(message, "disk is full") || strstr(message, "disk full")
           || strstr(message, "No space left") || is_read_only(message);
}

/*
 * Whether this is no outage: two who want one name at the same moment, a
 * column that some statements need, a full disk.  Whoever is signed in goes
 * on; who asked says what failed.
 */
static int serves_others(const char *message)
{
    return strcasestr(message, "unique")
           || strstr(message, "belongs to another account")
           || is_older_version(message) || refuses_writes(message);
}

static const char *advice_for(const char *message)
{
    if (is_older_version(message)) {
        return "the tables are of an older version: run "
               "/usr/share/mod_twauth/sqlite3-2.sql or pgsql-2.sql";
    }
    if (strstr(message, "no such table") || strstr(message, "does not exist")
        || strstr(message, "no such column")
        || strstr(message, "no column named")) {
        return "make the tables with /usr/share/mod_twauth/sqlite3.sql "
               "(sqlite3 FILE < sqlite3.sql) or "
               "/usr/share/mod_twauth/pgsql.sql (psql -d NAME -f pgsql.sql)";
    }
    if (strstr(message, "did not answer") || strstr(message, "timeout")) {
        return "it stands still, or something holds a lock on the twauth_ "
               "tables";
    }
    if (strstr(message, "locked")) {
        return "another program holds SQLite's lock; keep busy_timeout in "
               "DBDInitSQL near 200, for the driver tries 16 times";
    }
    if (strstr(message, " full") || strstr(message, "No space left")) {
        return "make room where the database is";
    }
    if (strstr(message, "readonly") || strstr(message, "unable to open")) {
        return "the database file and its folder must belong to the "
               "server's user";
    }
    if (strstr(message, "permission denied")) {
        return "grant the server's database user SELECT, INSERT, UPDATE and "
               "DELETE on the twauth_ tables";
    }
    return NULL;
}

apr_status_t tw_db_run(apr_array_header_t **rows, tw_db_t *db,
                       const tw_statement_t *statement,
                       const char *const *args, tw_err_t *err)
{
    const tw_database_t *database = db->database;
    apr_array_header_t *ignored;
    const char *message = "";
    int try;

    if (apr_hash_get(db->dbd->prepared, STOPGAP, APR_HASH_KEY_STRING)
        && !reconnect(db)) {
        return away(database, db->pool, err, APR_EGENERAL,
                    "it cannot be opened again", NULL);
    }
    for (try = 0; try < TRIES; try++) {
        if (run_once(rows ? rows : &ignored, db, statement, args, &message)
            == 0) {
            if (tw_shared_breaker_good(database->shared, database->slot,
                                       apr_time_now())) {
                ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, database->server,
                             TWLOGNO(0402) "the database is back");
            }
            return APR_SUCCESS;
        }
        if (db->cut) {
            message = "it did not answer in time";
            break;
        }
        /* it has waited long enough, for a lock as a rule */
        if (strstr(message, "locked") || strstr(message, "timeout")) {
            break;
        }
        if (is_read_only(message) && (try || !reconnect(db))) {
            break;
        }
        /* for PostgreSQL this is also what reconnects */
        if (apr_dbd_check_conn(db->dbd->driver, db->pool, db->dbd->handle)
            != APR_SUCCESS) {
            break;
        }
    }
    message = apr_pstrcat(db->pool, statement->name, ": ", message, NULL);
    if (serves_others(message)) {
        tw_err_set(err, db->pool, TW_ERR_DATABASE, APR_EGENERAL, "%s",
                   message);
        err->advice = advice_for(message);
        err->retry_after = TW_RETRY_AFTER;
        return APR_EGENERAL;
    }
    return away(database, db->pool, err, APR_EGENERAL, message,
                advice_for(message));
}
