/* SPDX-License-Identifier: Apache-2.0 */
#include "base/db_failure.h"

#include <string.h>

#define NEW TW_DB_FAILURE_NEW
#define SELDOM TW_DB_FAILURE_SELDOM
#define DOWN TW_DB_FAILURE_DOWN
#define WRITES TW_DB_FAILURE_WRITES
#define SAID TW_DB_FAILURE_SAID

#define MAKE_TABLES                                                         \
    "make the tables with `twauthctl tables` (by hand: "                    \
    "/usr/share/mod_twauth/sqlite3.sql or pgsql.sql); if they are in a "    \
    "schema of their own, set search_path"

/* Locks are waited for by the database itself, or by the driver: whoever
 * failed for one has waited long enough. */
static const tw_db_failure_t kinds[] = {
    [TW_DB_FAILURE_LOST] = { TW_DB_FAILURE_LOST, "lost", 3, 0, NEW | DOWN,
                             "the log of PostgreSQL, or of the pooler before "
                             "it, says why it ended the connection" },
    [TW_DB_FAILURE_SILENT] = { TW_DB_FAILURE_SILENT, "silent", 2, 0,
                               NEW | DOWN,
                               "it stands still, or something holds a lock on "
                               "the twauth_ tables" },
    [TW_DB_FAILURE_UNREACHABLE] = { TW_DB_FAILURE_UNREACHABLE, "unreachable",
                                    1, 0, DOWN,
                                    "is PostgreSQL running, and does "
                                    "DBDParams name where?" },
    [TW_DB_FAILURE_NO_ROOM] = { TW_DB_FAILURE_NO_ROOM, "no room", 3, 100,
                                NEW | DOWN,
                                "it has no connection left: raise "
                                "max_connections, or lower DBDMax "
                                "and TwAuthDatabaseCalls, which count for "
                                "each process" },
    [TW_DB_FAILURE_STARTING] = { TW_DB_FAILURE_STARTING, "starting", 3, 100,
                                 NEW | DOWN,
                                 "it starts, stops or recovers: see "
                                 "PostgreSQL's log" },
    [TW_DB_FAILURE_REFUSED] = { TW_DB_FAILURE_REFUSED, "refused", 1, 0, DOWN,
                                "look at the user, the password and the "
                                "database in DBDParams, and "
                                "at PostgreSQL's pg_hba.conf" },
    [TW_DB_FAILURE_BROKEN] = { TW_DB_FAILURE_BROKEN, "broken", 1, 0, DOWN,
                               "see PostgreSQL's log, and the disk that it is "
                               "on" },
    [TW_DB_FAILURE_FILE] = { TW_DB_FAILURE_FILE, "file", 2, 0,
                             NEW | SELDOM | DOWN,
                             "the database file must be there and be whole, "
                             "and it and its folder "
                             "must belong to the server's user" },
    [TW_DB_FAILURE_AGAIN] = { TW_DB_FAILURE_AGAIN, "again", 9, 20, SAID,
                              "many write the same rows at once; look at "
                              "default_transaction_isolation and "
                              "deadlock_timeout" },
    [TW_DB_FAILURE_TAKEN] = { TW_DB_FAILURE_TAKEN, "taken", 3, 0, 0, NULL },
    [TW_DB_FAILURE_RULE] = { TW_DB_FAILURE_RULE, "rule", 1, 0, 0, NULL },
    [TW_DB_FAILURE_LOCKED] = { TW_DB_FAILURE_LOCKED, "locked", 1, 0,
                               WRITES | SAID,
                               "another program holds a lock on the database "
                               "or on the twauth_ "
                               "tables, or statements take very long" },
    [TW_DB_FAILURE_READ_ONLY] = { TW_DB_FAILURE_READ_ONLY, "read-only", 2, 0,
                                  NEW | SELDOM | WRITES,
                                  "the database is read-only: SQLite's file "
                                  "and its folder must belong "
                                  "to the server's user; PostgreSQL: a "
                                  "standby, or "
                                  "default_transaction_read_only" },
    [TW_DB_FAILURE_FULL] = { TW_DB_FAILURE_FULL, "full", 1, 0, WRITES,
                             "make room where the database is" },
    [TW_DB_FAILURE_TABLES] = { TW_DB_FAILURE_TABLES, "tables", 1, 0,
                               DOWN | SAID, MAKE_TABLES },
    [TW_DB_FAILURE_COLUMNS] = { TW_DB_FAILURE_COLUMNS, "columns", 1, 0, SAID,
                                "the twauth_ tables are not those of this "
                                "version: run `twauthctl tables`" },
    [TW_DB_FAILURE_RIGHTS] = { TW_DB_FAILURE_RIGHTS, "rights", 1, 0, SAID,
                               "grant the server's database user SELECT, "
                               "INSERT, UPDATE and DELETE "
                               "on the twauth_ tables" },
    [TW_DB_FAILURE_STALE] = { TW_DB_FAILURE_STALE, "stale", 4, 0, SAID,
                              "something changes the tables again and again" },
    [TW_DB_FAILURE_OTHER] = { TW_DB_FAILURE_OTHER, "other", 1, 0, SAID, NULL },
};

/* PostgreSQL's: whole codes first, then classes. */
static const struct {
    const char *code;
    tw_db_failure_kind_t kind;
} states[] = {
    { "25006", TW_DB_FAILURE_READ_ONLY },   /* read_only_sql_transaction */
    { "25P03", TW_DB_FAILURE_LOST },    /* idle_in_transaction_... */
    { "53100", TW_DB_FAILURE_FULL },    /* disk_full */
    { "53300", TW_DB_FAILURE_NO_ROOM }, /* too_many_connections */
    { "53", TW_DB_FAILURE_OTHER },      /* insufficient resources */
    { "57014", TW_DB_FAILURE_LOCKED },  /* query_canceled: statement_timeout */
    { "57P03", TW_DB_FAILURE_STARTING },    /* cannot_connect_now */
    { "57P0", TW_DB_FAILURE_LOST },     /* shutdown, crash, idle session */
    { "57", TW_DB_FAILURE_OTHER },
    { "55P03", TW_DB_FAILURE_LOCKED },  /* lock_not_available: lock_timeout */
    { "40", TW_DB_FAILURE_AGAIN },      /* serialization, deadlock */
    { "23505", TW_DB_FAILURE_TAKEN },   /* unique_violation */
    { "23", TW_DB_FAILURE_RULE },
    { "22", TW_DB_FAILURE_RULE },
    { "P0", TW_DB_FAILURE_RULE },       /* somebody's own trigger */
    { "42P01", TW_DB_FAILURE_TABLES },  /* undefined_table */
    { "3F", TW_DB_FAILURE_TABLES },     /* invalid schema name */
    { "42703", TW_DB_FAILURE_COLUMNS }, /* undefined_column */
    { "42501", TW_DB_FAILURE_RIGHTS },  /* insufficient_privilege */
    { "0A000", TW_DB_FAILURE_STALE },   /* cached plan must not change ... */
    { "26", TW_DB_FAILURE_STALE },      /* invalid_sql_statement_name */
    { "28", TW_DB_FAILURE_REFUSED },    /* invalid authorization */
    { "3D", TW_DB_FAILURE_REFUSED },    /* invalid catalog name */
    { "08", TW_DB_FAILURE_LOST },       /* connection exception */
    { "58", TW_DB_FAILURE_BROKEN },     /* system error */
    { "F0", TW_DB_FAILURE_BROKEN },     /* configuration file error */
    { "XX", TW_DB_FAILURE_BROKEN },     /* internal error */
};

/* SQLite's: the lower byte is the class, all of it the code. */
static const struct {
    int code;
    tw_db_failure_kind_t kind;
} codes[] = {
    { 0, TW_DB_FAILURE_STALE },         /* it has forgotten why */
    { 3, TW_DB_FAILURE_RIGHTS },        /* SQLITE_PERM */
    { 5, TW_DB_FAILURE_LOCKED },        /* SQLITE_BUSY */
    { 6, TW_DB_FAILURE_LOCKED },        /* SQLITE_LOCKED */
    { 8 | 4 << 8, TW_DB_FAILURE_FILE }, /* SQLITE_READONLY_DBMOVED */
    { 8, TW_DB_FAILURE_READ_ONLY },     /* SQLITE_READONLY */
    { 9, TW_DB_FAILURE_LOCKED }, /* SQLITE_INTERRUPT: see tw_db_native */
    { 10 | 3 << 8, TW_DB_FAILURE_FULL },   /* SQLITE_IOERR_WRITE: a quota */
    { 10 | 19 << 8, TW_DB_FAILURE_FULL },  /* SQLITE_IOERR_SHMSIZE */
    { 10, TW_DB_FAILURE_FILE },            /* SQLITE_IOERR */
    { 11, TW_DB_FAILURE_FILE },            /* SQLITE_CORRUPT */
    { 13, TW_DB_FAILURE_FULL },            /* SQLITE_FULL */
    { 14, TW_DB_FAILURE_FILE },            /* SQLITE_CANTOPEN */
    { 15, TW_DB_FAILURE_LOCKED },          /* SQLITE_PROTOCOL: WAL's locks */
    { 17, TW_DB_FAILURE_STALE },           /* SQLITE_SCHEMA */
    { 19 | 6 << 8, TW_DB_FAILURE_TAKEN },  /* SQLITE_CONSTRAINT_PRIMARYKEY */
    { 19 | 7 << 8, TW_DB_FAILURE_TAKEN },  /* SQLITE_CONSTRAINT_TRIGGER */
    { 19 | 8 << 8, TW_DB_FAILURE_TAKEN },  /* SQLITE_CONSTRAINT_UNIQUE */
    { 19 | 10 << 8, TW_DB_FAILURE_TAKEN }, /* SQLITE_CONSTRAINT_ROWID */
    { 19, TW_DB_FAILURE_RULE },            /* SQLITE_CONSTRAINT */
    { 23, TW_DB_FAILURE_RIGHTS },          /* SQLITE_AUTH */
    { 26, TW_DB_FAILURE_FILE },            /* SQLITE_NOTADB */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const tw_db_failure_t *tw_db_failure(tw_db_failure_kind_t kind)
{
    return &kinds[kind];
}

static int is_code(const char *text)
{
    int i;

    for (i = 0; i < TW_SQLSTATE_LEN; i++) {
        if (!((text[i] >= '0' && text[i] <= '9')
              || (text[i] >= 'A' && text[i] <= 'Z'))) {
            return 0;
        }
    }
    return text[i] == ':' && text[i + 1] == ' ';
}

int tw_db_failure_sqlstate(char code[TW_SQLSTATE_LEN + 1], const char *message)
{
    const char *at = message;

    while (at && (at = strstr(at, ":  ")) != NULL) {
        at += 3;
        if (is_code(at)) {
            memcpy(code, at, TW_SQLSTATE_LEN);
            code[TW_SQLSTATE_LEN] = '\0';
            return 1;
        }
    }
    return 0;
}

const tw_db_failure_t *tw_db_failure_pgsql(const char *code, int connected)
{
    unsigned i;

    for (i = 0; code && i < COUNT(states); i++) {
        if (!strncmp(code, states[i].code, strlen(states[i].code))) {
            return &kinds[states[i].kind];
        }
    }
    return &kinds[connected ? TW_DB_FAILURE_OTHER : TW_DB_FAILURE_LOST];
}

const tw_db_failure_t *tw_db_failure_sqlite(int code, int preparing,
                                            int has_tables)
{
    unsigned i;

    for (i = 0; i < COUNT(codes); i++) {
        if (codes[i].code == code || codes[i].code == (code & 0xff)) {
            return &kinds[codes[i].kind];
        }
    }
    /* SQLITE_ERROR: what we prepare is good but for what it is about */
    return &kinds[!preparing || code != 1 ? TW_DB_FAILURE_OTHER
                  : has_tables ? TW_DB_FAILURE_COLUMNS : TW_DB_FAILURE_TABLES];
}

static int is_older(const tw_db_failure_t *failure, const char *message)
{
    return failure->kind == TW_DB_FAILURE_COLUMNS && strstr(message, "token_");
}

int tw_db_failure_is_down(const tw_db_failure_t *failure, const char *message)
{
    return failure->flags & DOWN
           && !(failure->kind == TW_DB_FAILURE_TABLES
                && strstr(message, "twauth_username"));
}

int tw_db_failure_is_said(const tw_db_failure_t *failure, const char *message)
{
    return failure->flags & (DOWN | SAID) && !is_older(failure, message);
}

const char *tw_db_failure_advice(const tw_db_failure_t *failure,
                                 const char *message)
{
    if (failure->kind == TW_DB_FAILURE_TAKEN
        && strstr(message, "twauth_account_pkey")) {
        return "the sequence of twauth_account is behind its rows, as after "
               "an import: SELECT setval(pg_get_serial_sequence("
               "'twauth_account', 'id'), (SELECT max(id) FROM "
               "twauth_account))";
    }
    return failure->advice;
}

#define PAUSE_MAX 200

int tw_db_failure_pause(const tw_db_failure_t *failure, int tries,
                        unsigned random)
{
    int most = failure->pause;

    while (--tries > 0 && most < PAUSE_MAX) {
        most *= 2;
    }
    if (most > PAUSE_MAX) {
        most = PAUSE_MAX;
    }
    return most ? most / 4 + (int)(random % (unsigned)most) : 0;
}
