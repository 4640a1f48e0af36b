/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_db_native: without the libraries, which no unit test loads.
 */

#include "unit.h"

#include "base/db_native.h"

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

UNIT_MAIN(unit_nothing, cmocka_unit_test(test_what_is_missing_is_said))
