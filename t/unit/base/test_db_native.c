/* SPDX-License-Identifier: Apache-2.0 */
/* tw_db_native: without the libraries, and then with SQLite as apr_dbd has
 * it. */

#include "unit.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <apr_dbd.h>
#include <apr_file_io.h>

#include "base/db_native.h"

#define TABLE "CREATE TABLE t (id INTEGER PRIMARY KEY)"
/* as sqlite3.h has them */
#define BUSY 5
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

/* A file has moved when its path has another one, or none. */
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

static apr_dbd_t *holder;
static int slept, let_go_at;        /* milliseconds; 0: never */

/* What is waited is counted instead, and then the lock goes. */
int usleep(useconds_t time)
{
    slept += time / 1000;
    if (let_go_at && slept >= let_go_at) {
        let_go_at = 0;
        run(holder, "COMMIT");
    }
    return 0;
}

/* By SQLite itself: apr_dbd would try again by itself. */
static int run_once(apr_dbd_t *waiter, const char *sql)
{
    Dl_info inside;
    void *library;
    int (*exec)(void *, const char *, void *, void *, char **);

    assert_true(dladdr(driver, &inside));
    library = dlopen(inside.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    *(void **)&exec = dlsym(library, "sqlite3_exec");
    assert_non_null(exec);
    dlclose(library);
    return exec(native(waiter), sql, NULL, NULL, NULL);
}

/* A lock that goes in time is waited for, and one that stays not for ever. */
static void test_patience(void **state)
{
    static const struct {
        tw_patience_kind_t kind;
        int let_go_at, code, slept;
    } rows[] = {
        { TW_PATIENCE_STEP, 20, 0, 20 },
        { TW_PATIENCE_STEP, 0, BUSY, 20 },
        { TW_PATIENCE_PREPARE, 2000, 0, 2000 },
        { TW_PATIENCE_PREPARE, 0, BUSY, 2000 },
        { TW_PATIENCE_NONE, 0, BUSY, 0 },
    };
    apr_dbd_t *waiter;
    tw_patience_t patience;
    int i, code;

    (void)state;
    holder = fresh();
    waiter = open_at(path);
    assert_true(tw_db_native_patience(&patience, native(waiter)));
    assert_int_equal(patience.kind, TW_PATIENCE_STEP);
    for (i = 0; i < COUNT(rows); i++) {
        slept = 0;
        let_go_at = rows[i].let_go_at;
        patience.kind = rows[i].kind;
        assert_int_equal(run(holder, "BEGIN IMMEDIATE"), 0);
        code = run_once(waiter, "DELETE FROM t");
        CHECK(code == rows[i].code && slept == rows[i].slept,
              "row %d: %d after %d ms", i, code, slept);
        if (!rows[i].let_go_at) {
            assert_int_equal(run(holder, "COMMIT"), 0);
        }
    }
    apr_dbd_close(driver, waiter);
    apr_dbd_close(driver, holder);
    tidy();
}

/* Where it is not worth it the driver does not try again either. */
static void test_no_patience(void **state)
{
    apr_dbd_t *waiter;
    tw_patience_t patience;

    (void)state;
    holder = fresh();
    waiter = open_at(path);
    assert_true(tw_db_native_patience(&patience, native(waiter)));
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
          cmocka_unit_test(test_patience),
          cmocka_unit_test(test_no_patience))
