/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_db_failure: codes, and what follows from them, as a table.
 */

#include "unit.h"

#include "base/db_failure.h"

static void test_sqlstate_in_any_language(void **state)
{
    static const struct {
        const char *message;
        const char *code;               /* NULL: none */
    } rows[] = {
        { "ERROR:  23505: duplicate key value", "23505" },
        { "FEHLER:  25006: kann INSERT nicht", "25006" },
        { "\xd0\x9e\xd0\xa8\xd0\x98\xd0\x91\xd0\x9a\xd0\x90:  53100: x",
          "53100" },
        { "FATAL:  57P05: beende Verbindung\nserver closed the connection",
          "57P05" },
        { "connection to server on socket \"/x:  y\" failed: FATAL:  53300: "
          "too many", "53300" },
        { "ERROR:  duplicate key value", NULL },
        { "server closed the connection unexpectedly", NULL },
        { "ERROR:  2350: x", NULL },
        { "ERROR:  09AZ0: x", "09AZ0" },
        { "ERROR:  2/505: x", NULL }, { "ERROR:  2:505: x", NULL },
        { "ERROR:  2@505: x", NULL }, { "ERROR:  2[505: x", NULL },
        { "ERROR:  2a505: x", NULL }, { "ERROR:  2 505: x", NULL },
        { "ERROR:  23505", NULL },
        { "ERROR:  23505:x", NULL },
        { ":  ", NULL },
        { "", NULL },
        { NULL, NULL },
    };
    char code[TW_SQLSTATE_LEN + 1];
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        int found;

        memset(code, '#', sizeof(code));
        found = tw_db_failure_sqlstate(code, rows[i].message);

        CHECK(found == (rows[i].code != NULL)
              && (!found || !strcmp(code, rows[i].code)),
              "%s", unit_text(rows[i].message));
    }
}

/* B1, B2, B5, G5, G7, S5, X8, X19 */
static void test_postgresql(void **state)
{
    static const struct {
        const char *code;
        int connected;
        tw_db_failure_kind_t kind;
    } rows[] = {
        { "23505", 1, TW_DB_FAILURE_TAKEN },
        { "23514", 1, TW_DB_FAILURE_RULE },
        { "22P02", 1, TW_DB_FAILURE_RULE },
        { "P0001", 1, TW_DB_FAILURE_RULE },
        { "40P01", 1, TW_DB_FAILURE_AGAIN },
        { "40001", 1, TW_DB_FAILURE_AGAIN },
        { "55P03", 1, TW_DB_FAILURE_LOCKED },
        { "57014", 1, TW_DB_FAILURE_LOCKED },
        { "25006", 1, TW_DB_FAILURE_READ_ONLY },
        { "53100", 1, TW_DB_FAILURE_FULL },
        { "53300", 0, TW_DB_FAILURE_NO_ROOM },
        { "57P01", 0, TW_DB_FAILURE_LOST },
        { "57P02", 0, TW_DB_FAILURE_LOST },
        { "57P05", 0, TW_DB_FAILURE_LOST },
        { "57P03", 0, TW_DB_FAILURE_STARTING },
        { "08006", 0, TW_DB_FAILURE_LOST },
        { "42P01", 1, TW_DB_FAILURE_TABLES },
        { "42703", 1, TW_DB_FAILURE_COLUMNS },
        { "42501", 1, TW_DB_FAILURE_RIGHTS },
        { "42883", 1, TW_DB_FAILURE_OTHER },
        { "0A000", 1, TW_DB_FAILURE_STALE },
        { "26000", 1, TW_DB_FAILURE_STALE },
        { "28P01", 0, TW_DB_FAILURE_REFUSED },
        { "3D000", 0, TW_DB_FAILURE_REFUSED },
        { "XX001", 1, TW_DB_FAILURE_BROKEN },
        { "58030", 1, TW_DB_FAILURE_BROKEN },
        { NULL, 0, TW_DB_FAILURE_LOST },
        { NULL, 1, TW_DB_FAILURE_OTHER },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_db_failure_pgsql(rows[i].code, rows[i].connected)->kind
              == rows[i].kind, "%s", unit_text(rows[i].code));
    }
}

static void test_sqlite(void **state)
{
    static const struct {
        int code;
        int preparing;
        int has_tables;
        tw_db_failure_kind_t kind;
    } rows[] = {
        { 5, 0, 0, TW_DB_FAILURE_LOCKED },
        { 261, 0, 0, TW_DB_FAILURE_LOCKED },
        { 517, 0, 0, TW_DB_FAILURE_LOCKED },
        { 5, 1, 0, TW_DB_FAILURE_LOCKED },
        { 6, 0, 0, TW_DB_FAILURE_LOCKED },
        { 9, 0, 0, TW_DB_FAILURE_LOCKED },
        { 8, 0, 0, TW_DB_FAILURE_READ_ONLY },
        { 776, 0, 0, TW_DB_FAILURE_READ_ONLY },
        { 1032, 0, 0, TW_DB_FAILURE_FILE },
        { 13, 0, 0, TW_DB_FAILURE_FULL },
        { 778, 0, 0, TW_DB_FAILURE_FULL },
        { 10, 0, 0, TW_DB_FAILURE_FILE },
        { 266, 0, 0, TW_DB_FAILURE_FILE },
        { 11, 0, 0, TW_DB_FAILURE_FILE },
        { 14, 0, 0, TW_DB_FAILURE_FILE },
        { 26, 1, 0, TW_DB_FAILURE_FILE },
        { 17, 0, 0, TW_DB_FAILURE_STALE },
        { 0, 0, 0, TW_DB_FAILURE_STALE },
        { 2067, 0, 0, TW_DB_FAILURE_TAKEN },
        { 1555, 0, 0, TW_DB_FAILURE_TAKEN },
        { 1811, 0, 0, TW_DB_FAILURE_TAKEN },
        { 275, 0, 0, TW_DB_FAILURE_RULE },
        { 1299, 0, 0, TW_DB_FAILURE_RULE },
        { 1, 1, 0, TW_DB_FAILURE_TABLES },
        { 1, 1, 1, TW_DB_FAILURE_COLUMNS },
        { 1, 0, 0, TW_DB_FAILURE_OTHER },
        { 99, 1, 0, TW_DB_FAILURE_OTHER },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_db_failure_sqlite(rows[i].code, rows[i].preparing,
                                   rows[i].has_tables)->kind == rows[i].kind,
              "%d", rows[i].code);
    }
}

/* X8, A7: what one visitor's statement meets is no outage. */
static void test_whose_it_is(void **state)
{
    static const tw_db_failure_kind_t own[] = {
        TW_DB_FAILURE_AGAIN,   TW_DB_FAILURE_TAKEN,     TW_DB_FAILURE_RULE,
        TW_DB_FAILURE_LOCKED,  TW_DB_FAILURE_READ_ONLY, TW_DB_FAILURE_FULL,
        TW_DB_FAILURE_COLUMNS, TW_DB_FAILURE_RIGHTS,    TW_DB_FAILURE_STALE,
        TW_DB_FAILURE_OTHER
    };
    static const tw_db_failure_kind_t all[] = {
        TW_DB_FAILURE_LOST, TW_DB_FAILURE_SILENT, TW_DB_FAILURE_UNREACHABLE,
        TW_DB_FAILURE_NO_ROOM, TW_DB_FAILURE_STARTING, TW_DB_FAILURE_REFUSED,
        TW_DB_FAILURE_BROKEN, TW_DB_FAILURE_FILE, TW_DB_FAILURE_TABLES
    };
    const tw_db_failure_t *tables = tw_db_failure(TW_DB_FAILURE_TABLES);
    const tw_db_failure_t *columns = tw_db_failure(TW_DB_FAILURE_COLUMNS);
    int i;

    (void)state;
    for (i = 0; i < COUNT(own); i++) {
        CHECK(tw_db_failure(own[i])->kind == own[i]
                  && !tw_db_failure_is_down(tw_db_failure(own[i]), ""),
              "%d", own[i]);
    }
    for (i = 0; i < COUNT(all); i++) {
        CHECK(tw_db_failure(all[i])->kind == all[i]
              && tw_db_failure_is_down(tw_db_failure(all[i]), "")
              && tw_db_failure(all[i])->advice, "%d", all[i]);
    }
    assert_false(tw_db_failure_is_down(tables, "no such table: "
                                               "main.twauth_username"));
    assert_false(tw_db_failure_is_said(columns, "no column token_kind"));
    assert_true(tw_db_failure_is_said(columns, "no column signed_in_at"));
    assert_non_null(strstr(tw_db_failure_advice(columns, "x \"token_kind\" y"),
                           "twauthctl tables"));
    assert_non_null(
        strstr(tw_db_failure_advice(tw_db_failure(TW_DB_FAILURE_TAKEN),
                                    "\"twauth_account_pkey\""),
               "setval"));
    assert_null(tw_db_failure_advice(tw_db_failure(TW_DB_FAILURE_TAKEN),
                                     "\"twauth_account_username_key\""));
}

static void test_pauses_grow_and_end(void **state)
{
    const tw_db_failure_t *what = tw_db_failure(TW_DB_FAILURE_AGAIN);
    int tries, most = 0;
    unsigned random;

    (void)state;
    for (tries = 1; tries < 20; tries++) {
        for (random = 0; random < 500; random++) {
            int pause = tw_db_failure_pause(what, tries, random);

            CHECK(pause > 0 && pause < 260, "%d", pause);
            most = pause > most ? pause : most;
        }
    }
    assert_true(most > 150);
    assert_int_equal(tw_db_failure_pause(tw_db_failure(TW_DB_FAILURE_TAKEN), 1,
                                         5),
                     0);
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_sqlstate_in_any_language),
          cmocka_unit_test(test_postgresql),
          cmocka_unit_test(test_sqlite),
          cmocka_unit_test(test_whose_it_is),
          cmocka_unit_test(test_pauses_grow_and_end))
