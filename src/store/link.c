/* SPDX-License-Identifier: Apache-2.0 */
#include "store/link.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/err.h"
#include "base/watchdog.h"

/* A connection that was not used for so long is tried first. */
#define IDLE_MAX apr_time_from_sec(2)
#define PROBE_MAX apr_time_from_sec(1)
#define CONNECT_MAX apr_time_from_sec(3)
/* Statements of SQLite that were given up stay until the connection goes. */
#define WORN 32

/* Among the statements of a connection. */
#define KEPT "twauth_kept"

/* Which file it is. */
typedef struct file_t {
    dev_t device;
    ino_t number;
} file_t;

struct tw_kept_t {
    ap_dbd_t *dbd;
    apr_pool_t *pool;           /* of statements, and of a later handle */
    apr_pool_t *attempt;        /* of a statement that may not be prepared */
    apr_dbd_t *stopgap;
    apr_interval_time_t used_at;
    int given_up;               /* statements, since it was opened */
    int failed_to_prepare;
    tw_patience_t patience;
    file_t file, wal;           /* SQLite's */
};

/* ---- what failed -------------------------------------------------------- */

static void *native(const tw_link_t *link)
{
    return apr_dbd_native_handle(link->dbd->driver, link->dbd->handle);
}

/* Whether SQLite knows the tables at all: asked of SQLite itself. */
static int has_tables(const tw_link_t *link)
{
    apr_dbd_results_t *result = NULL;
    apr_pool_t *pool;
    int rc;

    apr_pool_create(&pool, link->pool);
    rc = apr_dbd_select(link->dbd->driver, pool, link->dbd->handle, &result,
                        "SELECT 1 FROM twauth_account, twauth_session, "
                        "twauth_username LIMIT 0", 1);
    apr_pool_destroy(pool);
    return rc == 0;
}

void tw_link_see(tw_failed_t *failed, const tw_link_t *link, int rc,
                 int preparing)
{
    const char *words = apr_dbd_error(link->dbd->driver, link->dbd->handle,
                                      rc);
    apr_size_t len;
    int code;

    words = words ? words : "";
    len = strcspn(words, "\n");     /* what follows may have values */
    while (len && apr_isspace(words[len - 1])) {
        len--;
    }
    failed->code[0] = '\0';
    switch (link->native) {
    case TW_DB_NATIVE_PGSQL:
        failed->what = tw_db_failure_pgsql(
            tw_db_failure_sqlstate(failed->code, words) ? failed->code : NULL,
            tw_db_native_connected(native(link)));
        break;
    case TW_DB_NATIVE_SQLITE:
        code = tw_db_native_code(native(link));
        code = code < 0 ? rc : code;
        apr_snprintf(failed->code, sizeof(failed->code), "%d", code);
        failed->words = tw_err_quote(link->pool, words, len, 200);
        failed->what = tw_db_failure_sqlite(code, preparing,
                                            preparing && code == 1
                                            && has_tables(link));
        return;
    default:
        failed->what = tw_db_failure(TW_DB_FAILURE_BROKEN);
    }
    failed->words = tw_err_quote(link->pool, words, len, 200);
}

/* ---- connections -------------------------------------------------------- */

/* Before mod_dbd closes what it finds: a later handle goes, and its pool. */
static apr_status_t close_later_handle(void *given)
{
    tw_kept_t *kept = given;

    if (kept->stopgap && kept->dbd->handle != kept->stopgap) {
        apr_dbd_close(kept->dbd->driver, kept->dbd->handle);
        kept->dbd->handle = kept->stopgap;
    }
    return APR_SUCCESS;
}

static tw_kept_t *kept_of(ap_dbd_t *dbd)
{
    tw_kept_t *kept = apr_hash_get(dbd->prepared, KEPT, APR_HASH_KEY_STRING);

    if (!kept) {
        kept = apr_pcalloc(dbd->pool, sizeof(*kept));
        kept->dbd = dbd;
        apr_pool_create(&kept->pool, dbd->pool);
        apr_pool_tag(kept->pool, "twauth_link");
        kept->used_at = tw_watchdog_clock();
        apr_hash_set(dbd->prepared, KEPT, APR_HASH_KEY_STRING, kept);
    }
    return kept;
}

void tw_link_set_up(const tw_link_t *link)
{
    const apr_array_header_t *init = link->database->init;
    int rows, i;

    /* one that returns a row counts as failed with the driver: all are run */
    for (i = 0; init && i < init->nelts; i++) {
        apr_dbd_query(link->dbd->driver, link->dbd->handle, &rows,
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
static void set_up_sqlite(tw_link_t *link)
{
    tw_kept_t *kept = link->kept;
    const char *path = tw_db_native_file(native(link));
    int rows;

    if (!tw_db_native_patience(&kept->patience, native(link))) {
        apr_dbd_query(link->dbd->driver, link->dbd->handle, &rows,
                      "PRAGMA busy_timeout=20");
    }
    kept->file = file_at(path);
    kept->wal = file_at(path ? apr_pstrcat(link->pool, path, "-wal", NULL)
                             : NULL);
}

/* Whether statements of somebody else's are on it, so that it must stay. */
static int is_shared(const tw_link_t *link)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(link->pool, link->dbd->prepared); at;
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
static int open_again(tw_link_t *link, tw_failed_t *failed)
{
    ap_dbd_t *dbd = link->dbd;
    tw_kept_t *kept = link->kept;
    apr_dbd_t *handle;
    const char *why = NULL;

    *failed = (tw_failed_t){ tw_db_failure(TW_DB_FAILURE_FILE),
                          "it cannot be opened again", "again" };
    if (is_shared(link)) {
        return 0;
    }
    if (!kept->stopgap) {
        if (apr_dbd_open_ex(dbd->driver, dbd->pool, ":memory:",
                            &kept->stopgap, &why) != APR_SUCCESS) {
            kept->stopgap = NULL;
            return 0;
        }
        apr_pool_pre_cleanup_register(dbd->pool, kept, close_later_handle);
    }
    if (dbd->handle != kept->stopgap) {
        apr_dbd_close(dbd->driver, dbd->handle);
        dbd->handle = kept->stopgap;
    }
    apr_pool_clear(kept->pool);
    kept->attempt = NULL;
    kept->given_up = kept->failed_to_prepare = 0;
    dbd->prepared = apr_hash_make(kept->pool);
    apr_hash_set(dbd->prepared, KEPT, APR_HASH_KEY_STRING, kept);
    if (apr_dbd_open_ex(dbd->driver, kept->pool, link->database->params,
                        &handle, &why) != APR_SUCCESS) {
        return 0;
    }
    dbd->handle = handle;
    tw_link_set_up(link);
    set_up_sqlite(link);
    return 1;
}

/* A new connection to PostgreSQL; where it has no room, a few times. */
static int connect_again(tw_link_t *link, tw_failed_t *failed)
{
    int try;

    for (try = 1;; try++) {
        int done = tw_db_native_reset(native(link), CONNECT_MAX);

        if (done < 0) {
            done = apr_dbd_check_conn(link->dbd->driver, link->pool,
                                      link->dbd->handle) == APR_SUCCESS;
        }
        if (done) {
            tw_link_set_up(link);
            return 1;
        }
        tw_link_see(failed, link, 0, 0);
        if (!*failed->words) {
            failed->words = "no new connection in 3 seconds";
        }
        if (!*failed->code) {
            failed->what = tw_db_failure(TW_DB_FAILURE_UNREACHABLE);
        }
        if (try >= failed->what->tries || !failed->what->pause) {
            break;
        }
        apr_sleep(apr_time_from_msec(failed->what->pause * try));
    }
    if (!(failed->what->flags & TW_DB_FAILURE_DOWN)) {
        failed->what = tw_db_failure(TW_DB_FAILURE_LOST);
    }
    return 0;
}

int tw_link_renew(tw_link_t *link, tw_failed_t *failed)
{
    link->proven = 0;
    switch (link->native) {
    case TW_DB_NATIVE_SQLITE:
        return open_again(link, failed);
    case TW_DB_NATIVE_PGSQL:
        return connect_again(link, failed);
    default:
        return apr_dbd_check_conn(link->dbd->driver, link->pool,
                                  link->dbd->handle) == APR_SUCCESS;
    }
}

/* Whether a connection that lay idle still answers. */
static int answers(tw_link_t *link)
{
    tw_watchdog_t watch;
    int rows, rc;

    tw_watchdog_begin_for(&watch, tw_db_native_socket(native(link)),
                          PROBE_MAX);
    rc = apr_dbd_query(link->dbd->driver, link->dbd->handle, &rows, "");
    link->proven = !tw_watchdog_end(&watch) && rc == 0;
    return link->proven;
}

static int ready_pgsql(tw_link_t *link, tw_failed_t *failed)
{
    void *connection = native(link);

    tw_db_native_verbose(connection);
    return (tw_watchdog_clock() - link->kept->used_at < IDLE_MAX
            && !tw_db_native_unasked(connection))
           || tw_db_native_socket(connection) < 0
           || answers(link) || tw_link_renew(link, failed);
}

/*
 * The file was replaced: what stands beside it is the old one's log, and must
 * not be taken for the new one's.  Only the one that was there before goes.
 */
static void remove_old_log(const tw_link_t *link, const char *path)
{
    const char *wal = apr_pstrcat(link->pool, path, "-wal", NULL);
    file_t now = file_at(wal);

    if (now.number && is_same(&now, &link->kept->wal)) {
        unlink(wal);
        unlink(apr_pstrcat(link->pool, path, "-shm", NULL));
    }
}

/* SQLite's file is not the one that was opened. */
static int replace_file(tw_link_t *link, const char *path, tw_failed_t *failed)
{
    if (is_shared(link)) {
        failed->words = "the database file was replaced, and statements of "
                        "DBDPrepareSQL hold the old one: restart httpd";
        return 0;
    }
    remove_old_log(link, path);
    if (!open_again(link, failed)) {
        return 0;
    }
    link->replaced = apr_psprintf(link->pool, "%s (inode %" APR_UINT64_T_FMT
                                  ")", path,
                                  (apr_uint64_t)link->kept->file.number);
    return 1;
}

static int ready_sqlite(tw_link_t *link, tw_failed_t *failed)
{
    tw_kept_t *kept = link->kept;
    const char *path;
    file_t now;

    if (link->dbd->handle == kept->stopgap || kept->given_up >= WORN) {
        return open_again(link, failed);
    }
    path = tw_db_native_file(native(link));
    if (!path) {
        return 1;
    }
    path = apr_pstrdup(link->pool, path);
    if (!kept->file.number) {
        set_up_sqlite(link);
        if (tw_db_native_moved(native(link))) {
            /* since mod_dbd opened it: whose log that is cannot be told */
            kept->wal.number = 0;
        }
    }
    now = file_at(path);
    if (!now.number && (errno == ENOENT || errno == ENOTDIR)) {
        *failed = (tw_failed_t){ tw_db_failure(TW_DB_FAILURE_FILE),
                              "the database file is gone", "gone" };
        return 0;
    }
    if (now.number && (!is_same(&now, &kept->file)
                       || tw_db_native_moved(native(link)))) {
        *failed =
            (tw_failed_t){ tw_db_failure(TW_DB_FAILURE_FILE), "", "moved" };
        return replace_file(link, path, failed);
    }
    kept->wal = file_at(apr_pstrcat(link->pool, path, "-wal", NULL));
    return 1;
}

int tw_link_ready(tw_link_t *link, tw_failed_t *failed)
{
    return link->native == TW_DB_NATIVE_PGSQL    ? ready_pgsql(link, failed)
           : link->native == TW_DB_NATIVE_SQLITE ? ready_sqlite(link, failed)
                                                 : 1;
}

void tw_link_init(tw_link_t *link, const tw_database_t *database,
                  ap_dbd_t *dbd, apr_pool_t *pool)
{
    memset(link, 0, sizeof(*link));
    link->database = database;
    link->dbd = dbd;
    link->kept = kept_of(dbd);
    link->native = tw_db_native_kind(apr_dbd_name(dbd->driver));
    link->pool = pool;
}

void tw_link_rest(tw_link_t *link)
{
    link->kept->used_at = tw_watchdog_clock();
    link->kept->patience.kind = TW_PATIENCE_STEP;
}

void tw_link_patience(tw_link_t *link, tw_patience_kind_t kind)
{
    link->kept->patience.kind = kind;
}

int tw_link_socket(const tw_link_t *link)
{
    return link->native == TW_DB_NATIVE_PGSQL
               ? tw_db_native_socket(native(link))
               : -1;
}

void tw_link_give_up(tw_link_t *link, const char *name)
{
    apr_hash_set(link->dbd->prepared, name, APR_HASH_KEY_STRING, NULL);
    link->kept->given_up++;
}

int tw_link_prepare(apr_dbd_prepared_t **prepared, tw_link_t *link,
                    const char *name, const char *sql)
{
    tw_kept_t *kept = link->kept;
    apr_pool_t *pool = kept->pool;
    int rc;

    *prepared = apr_hash_get(link->dbd->prepared, name, APR_HASH_KEY_STRING);
    if (*prepared) {
        return 0;
    }
    if (kept->failed_to_prepare) {
        if (!kept->attempt) {
            apr_pool_create(&kept->attempt, kept->pool);
        }
        pool = kept->attempt;
    }
    if (kept->patience.kind == TW_PATIENCE_STEP) {
        kept->patience.kind = TW_PATIENCE_PREPARE;
    }
    /* no label: PostgreSQL then keeps nothing that a restart loses */
    rc = apr_dbd_prepare(link->dbd->driver, pool, link->dbd->handle, sql,
                         NULL, prepared);
    if (kept->patience.kind == TW_PATIENCE_PREPARE) {
        kept->patience.kind = TW_PATIENCE_STEP;
    }
    if (rc != 0) {
        if (kept->attempt) {
            apr_pool_clear(kept->attempt);
        }
        kept->failed_to_prepare = 1;
        return rc;
    }
    kept->attempt = NULL;       /* it has the statement now, if there was */
    kept->failed_to_prepare = 0;
    apr_hash_set(link->dbd->prepared, name, APR_HASH_KEY_STRING, *prepared);
    return 0;
}
