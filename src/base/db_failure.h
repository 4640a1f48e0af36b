/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/db_failure: what a failure of the database is, and what follows from
 * it.
 *
 * PostgreSQL says it by SQLSTATE, SQLite by its result code; never by words,
 * which PostgreSQL has in some twenty languages.  A failure belongs to the
 * statement (two who want one name, a deadlock, a lock, a missing right), and
 * then it is that visitor's alone; or to the connection, and then it is
 * everybody's.  One table says for each kind how often the statement is
 * tried, on which connection, and who is told.
 */
#ifndef TW_BASE_DB_FAILURE_H
#define TW_BASE_DB_FAILURE_H

typedef enum {
    TW_DB_FAILURE_LOST,     /* the connection ended */
    TW_DB_FAILURE_SILENT,   /* no answer in time */
    TW_DB_FAILURE_UNREACHABLE,  /* there is none to be had */
    TW_DB_FAILURE_NO_ROOM,  /* no more connections */
    TW_DB_FAILURE_STARTING, /* it starts, stops, or recovers */
    TW_DB_FAILURE_REFUSED,  /* it lets this user in no more */
    TW_DB_FAILURE_BROKEN,   /* the database itself is out of order */
    TW_DB_FAILURE_FILE,     /* SQLite's file cannot be read */
    TW_DB_FAILURE_AGAIN,    /* a deadlock, or two at once: try again */
    TW_DB_FAILURE_TAKEN,    /* a name or a number that somebody has */
    TW_DB_FAILURE_RULE,     /* another rule of the tables, or a value */
    TW_DB_FAILURE_LOCKED,   /* somebody holds a lock */
    TW_DB_FAILURE_READ_ONLY,    /* it takes nothing in */
    TW_DB_FAILURE_FULL,     /* there is no room to write */
    TW_DB_FAILURE_TABLES,   /* a table is missing */
    TW_DB_FAILURE_COLUMNS,  /* a column is missing */
    TW_DB_FAILURE_RIGHTS,   /* not allowed */
    TW_DB_FAILURE_STALE,    /* the statement was prepared for other tables */
    TW_DB_FAILURE_OTHER     /* any other failure of a statement */
} tw_db_failure_kind_t;

/* Flags of a kind. */
enum {
    TW_DB_FAILURE_NEW = 1,    /* the next try is on a new connection ... */
    TW_DB_FAILURE_SELDOM = 2, /* ... which may be no better: one a second */
    TW_DB_FAILURE_DOWN = 4,   /* everybody's: the breaker counts it */
    TW_DB_FAILURE_WRITES = 8, /* writes fail, and reading goes on: what is only
                             nice to have rests */
    TW_DB_FAILURE_SAID = 16   /* the log says so whoever asked */
};

typedef struct tw_db_failure_t {
    tw_db_failure_kind_t kind;
    const char *name;       /* tells kinds apart in the log's memory */
    int tries;              /* of the statement, in all */
    int pause;              /* milliseconds before the second, doubled for
                               each after it; 0: none */
    int flags;
    const char *advice;     /* what an administrator should do; may be NULL */
} tw_db_failure_t;

const tw_db_failure_t *tw_db_failure(tw_db_failure_kind_t kind);

/*
 * The SQLSTATE in a message of libpq's whose verbosity is VERBOSE: "SEVERITY:
 * SQLSTATE: words", with a severity of any language.  0: there is none.
 */
#define TW_SQLSTATE_LEN 5
int tw_db_failure_sqlstate(char code[TW_SQLSTATE_LEN + 1],
                           const char *message);

/* Of PostgreSQL; code NULL: it has none.  connected: the connection lives. */
const tw_db_failure_t *tw_db_failure_pgsql(const char *code, int connected);

/*
 * Of SQLite, by its extended result code.  preparing: the statement was not
 * taken at all.  SQLite has one code for all that it misses then, a table
 * or a column: has_tables says which.
 */
const tw_db_failure_t *tw_db_failure_sqlite(int code, int preparing,
                                            int has_tables);

/*
 * The advice of a kind, or a better one where the message names something of
 * ours (a column, a constraint); identifiers are the same in any language.
 */
const char *tw_db_failure_advice(const tw_db_failure_t *failure,
                                 const char *message);

/*
 * Whether it is everybody's, and whether the log says so whoever asked: as
 * the kind says, but for what only newcomers need (the table of names), and
 * for a column that tables of an older version lack.
 */
int tw_db_failure_is_down(const tw_db_failure_t *failure, const char *message);
int tw_db_failure_is_said(const tw_db_failure_t *failure, const char *message);

/* Milliseconds to wait after so many tries, at random below some. */
int tw_db_failure_pause(const tw_db_failure_t *failure, int tries,
                        unsigned random);

#endif
