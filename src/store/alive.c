/* SPDX-License-Identifier: Apache-2.0 */
#include "store/alive.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/watchdog.h"

/* A connection that was not used for so long is tried first. */
#define IDLE_MAX apr_time_from_sec(2)
#define PROBE_MAX apr_time_from_sec(1)
#define CONNECT_MAX apr_time_from_sec(3)
/* Statements of SQLite that were given up stay until the connection goes. */
#define WORN 32

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

static tw_file_t file_at(const char *path)
{
    struct stat found;
    tw_file_t file = { 0, 0 };

    if (path && stat(path, &found) == 0) {
        file.device = found.st_dev;
        file.number = found.st_ino;
    }
    return file;
}

static int is_same(const tw_file_t *a, const tw_file_t *b)
{
    return a->number == b->number && a->device == b->device;
}

/* After it was opened: what to know of a file, and how long to wait. */
static void set_up_sqlite(tw_link_t *link)
{
    tw_kept_t *kept = link->kept;
    const char *path = tw_db_native_file(tw_link_native(link));
    int rows;

    if (!tw_db_native_patience(&kept->patience, tw_link_native(link))) {
        apr_dbd_query(link->dbd->driver, link->dbd->handle, &rows,
                      "PRAGMA busy_timeout=20");
    }
    kept->file = file_at(path);
    kept->wal = file_at(path ? apr_pstrcat(link->pool, path, "-wal", NULL)
                             : NULL);
    if (tw_db_native_moved(tw_link_native(link))) {
        /* since it was opened: what is there now is none of ours, and whose
         * log that is cannot be told */
        kept->file.number = kept->wal.number = 0;
    }
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
    tw_link_forget(link);
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
        int done = tw_db_native_reset(tw_link_native(link), CONNECT_MAX);

        if (done < 0) {
            done = apr_dbd_check_conn(link->dbd->driver, link->pool,
                                      link->dbd->handle) == APR_SUCCESS;
        }
        if (done) {
            link->kept->unsure = 0;
            tw_link_set_up(link);
            if (!link->kept->unsure) {
                return 1;
            }
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

int tw_alive_renew(tw_link_t *link, tw_failed_t *failed)
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

    tw_watchdog_begin_for(&watch, tw_db_native_socket(tw_link_native(link)),
                          PROBE_MAX);
    rc = apr_dbd_query(link->dbd->driver, link->dbd->handle, &rows, "");
    link->proven = !tw_watchdog_end(&watch) && rc == 0;
    return link->proven;
}

static int ready_pgsql(tw_link_t *link, tw_failed_t *failed)
{
    void *connection = tw_link_native(link);

    tw_db_native_verbose(connection);
    if (link->kept->unsure) {
        return tw_alive_renew(link, failed);
    }
    return (tw_watchdog_clock() - link->kept->used_at < IDLE_MAX
            && !tw_db_native_unasked(connection))
           || tw_db_native_socket(connection) < 0
           || answers(link) || tw_alive_renew(link, failed);
}

/*
 * The file was replaced: what stands beside it is the old one's log, and must
 * not be taken for the new one's.  Only the one that was there before goes.
 */
static void remove_old_log(const tw_link_t *link, const char *path)
{
    const char *wal = apr_pstrcat(link->pool, path, "-wal", NULL);
    tw_file_t now = file_at(wal);

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
    tw_file_t now;

    if (link->dbd->handle == kept->stopgap || kept->given_up >= WORN) {
        return open_again(link, failed);
    }
    path = tw_db_native_file(tw_link_native(link));
    if (!path) {
        return 1;
    }
    if (!kept->file.number) {
        set_up_sqlite(link);
    }
    now = file_at(path);
    if (!now.number && (errno == ENOENT || errno == ENOTDIR)) {
        *failed = (tw_failed_t){ tw_db_failure(TW_DB_FAILURE_FILE),
                              "the database file is gone", "gone" };
        return 0;
    }
    if (now.number && !is_same(&now, &kept->file)) {
        *failed =
            (tw_failed_t){ tw_db_failure(TW_DB_FAILURE_FILE), "", "moved" };
        return replace_file(link, apr_pstrdup(link->pool, path), failed);
    }
    kept->wal = file_at(apr_pstrcat(link->pool, path, "-wal", NULL));
    return 1;
}

int tw_alive_ready(tw_link_t *link, tw_failed_t *failed)
{
    return link->native == TW_DB_NATIVE_PGSQL    ? ready_pgsql(link, failed)
           : link->native == TW_DB_NATIVE_SQLITE ? ready_sqlite(link, failed)
                                                 : 1;
}
