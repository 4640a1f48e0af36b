/* SPDX-License-Identifier: Apache-2.0 */
/* tw_db_native: without the libraries, and then with SQLite as apr_dbd has
 * it. */

#include "unit.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <apr_dbd.h>
#include <apr_file_io.h>

#include "base/db_native.h"

#define TABLE "CREATE TABLE t (id INTEGER PRIMARY KEY)"
/* as sqlite3.h has them */
#define INTERRUPTED 9
#define CONSTRAINT_PRIMARYKEY 1555

static const apr_dbd_driver_t *driver;
static char *path;

/* B12: it is said, and whatever is asked is answered by what says least. */
static void test_what_is_missing_is_said(void **state)
{
    tw_patience_t patience;
    char connection[] = "none";

    (void)state;
    assert_int_equal(tw_db_native_kind("pgsql"), TW_DB_NATIVE_PGSQL);
    assert_int_equal(tw_db_native_kind("sqlite3"), TW_DB_NATIVE_SQLITE);
    assert_int_equal(tw_db_native_kind("odbc"), TW_DB_NATIVE_OTHER);
    assert_true(tw_db_native_find(TW_DB_NATIVE_OTHER, connection));
    assert_false(tw_db_native_find(TW_DB_NATIVE_PGSQL, connection));
    tw_db_native_verbose(connection);
    assert_int_equal(tw_db_native_socket(connection), -1);
    assert_true(tw_db_native_connected(connection));
    assert_false(tw_db_native_unasked(connection));
    assert_int_equal(tw_db_native_reset(connection, 0), -1);
    assert_false(tw_db_native_patience(&patience, connection));
    assert_int_equal(tw_db_native_code(connection), -1);
    assert_null(tw_db_native_file(connection));
    assert_false(tw_db_native_moved(connection));
}

/* ---- SQLite -------------------------------------------------------------- */

static apr_dbd_t *open_at(const char *at)
{
    apr_dbd_t *handle = NULL;

    assert_int_equal(apr_dbd_open(driver, pool, at, &handle), APR_SUCCESS);
    return handle;
}

static void *native(apr_dbd_t *handle)
{
    return apr_dbd_native_handle(driver, handle);
}

static int run(apr_dbd_t *handle, const char *sql)
{
    int rows;

    return apr_dbd_query(driver, handle, &rows, sql);
}

/* A file of its own with one table, and a connection to it. */
static apr_dbd_t *fresh(void)
{
    const char *folder;
    apr_dbd_t *handle;

    assert_int_equal(apr_dbd_init(pool), APR_SUCCESS);
    assert_int_equal(apr_dbd_get_driver(pool, "sqlite3", &driver),
                     APR_SUCCESS);
    assert_true(tw_db_native_find(TW_DB_NATIVE_SQLITE, driver));
    assert_int_equal(apr_temp_dir_get(&folder, pool), APR_SUCCESS);
    path = apr_pstrcat(pool, folder, "/twauth-unit-XXXXXX", NULL);
    assert_non_null(mkdtemp(path));
    path = apr_pstrcat(pool, path, "/db", NULL);
    handle = open_at(path);
    assert_int_equal(run(handle, TABLE), 0);
    return handle;
}

static void tidy(void)
{
    remove(path);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
}

/* Whether another one may stand at its path, or none. */
static void test_a_file_that_is_exchanged(void **state)
{
    apr_dbd_t *handle = fresh(), *second;
    const char *other = apr_pstrcat(pool, path, "-2", NULL);
    char whole[PATH_MAX];

    (void)state;
    assert_string_equal(tw_db_native_file(native(handle)),
                        realpath(path, whole));
    assert_false(tw_db_native_moved(native(handle)));
    assert_int_equal(rename(path, other), 0);
    assert_true(tw_db_native_moved(native(handle)));
    second = open_at(path);
    assert_int_equal(run(second, TABLE), 0);
    assert_true(tw_db_native_moved(native(handle)));
    assert_false(tw_db_native_moved(native(second)));
    apr_dbd_close(driver, second);
    assert_int_equal(rename(other, path), 0);
    assert_false(tw_db_native_moved(native(handle)));
    apr_dbd_close(driver, handle);
    tidy();
    handle = open_at(":memory:");
    assert_null(tw_db_native_file(native(handle)));
    assert_false(tw_db_native_moved(native(handle)));
    apr_dbd_close(driver, handle);
}

static void test_codes_are_the_extended_ones(void **state)
{
    apr_dbd_t *handle = fresh();

    (void)state;
    assert_int_equal(run(handle, "INSERT INTO t VALUES (1)"), 0);
    assert_int_not_equal(run(handle, "INSERT INTO t VALUES (1)"), 0);
    assert_int_equal(tw_db_native_code(native(handle)), CONSTRAINT_PRIMARYKEY);
    apr_dbd_close(driver, handle);
    tidy();
}

static void *unlock_late(void *holder)
{
    usleep(100000);
    run(holder, "COMMIT");
    return NULL;
}

/* A lock that goes in time is waited for, but where it is not worth it. */
static void test_patience(void **state)
{
    apr_dbd_t *holder = fresh(), *waiter = open_at(path);
    tw_patience_t patience;
    pthread_t thread;

    (void)state;
    assert_true(tw_db_native_patience(&patience, native(waiter)));
    assert_int_equal(patience.kind, TW_PATIENCE_STEP);
    assert_int_equal(run(holder, "BEGIN IMMEDIATE"), 0);
    assert_int_equal(pthread_create(&thread, NULL, unlock_late, holder), 0);
    assert_int_equal(run(waiter, "DELETE FROM t"), 0);
    pthread_join(thread, NULL);
    patience.kind = TW_PATIENCE_NONE;
    assert_int_equal(run(holder, "BEGIN IMMEDIATE"), 0);
    assert_int_not_equal(run(waiter, "DELETE FROM t"), 0);
    assert_int_equal(tw_db_native_code(native(waiter)), INTERRUPTED);
    assert_int_equal(run(holder, "COMMIT"), 0);
    assert_int_equal(run(waiter, "DELETE FROM t"), 0);
    apr_dbd_close(driver, waiter);
    apr_dbd_close(driver, holder);
    tidy();
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_what_is_missing_is_said),
          cmocka_unit_test(test_a_file_that_is_exchanged),
          cmocka_unit_test(test_codes_are_the_extended_ones),
          cmocka_unit_test(test_patience))
