/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/db: statements through mod_dbd that survive what databases do.
 *
 * A PostgreSQL that was restarted has forgotten the prepared statements of
 * a connection; a SQLite whose schema changed refuses them for ever.  So
 * statements are prepared here, on the connection that uses them and without
 * a label, and are prepared anew where that is what failed.  What a failure
 * is and what follows from it is a table (tw_db_failure).
 *
 * A connection is held for the statements alone, never for a whole request; a
 * gate bounds how many a process uses (tw_gate); a breaker keeps all but one
 * request a second from waiting for a database that is down (tw_outage).  That
 * there is somebody at the other end of a connection is tw_alive's.
 *
 * This file knows apr_dbd; it knows no SQL (tw_account, tw_session_row and
 * tw_token do).
 */
#ifndef TW_STORE_DB_H
#define TW_STORE_DB_H

#include <httpd.h>

#include <apr_tables.h>

#include "base/err.h"
#include "store/outage.h"

/* A statement: %s for each text argument, as apr_dbd_prepare() has it. */
typedef struct tw_statement_t {
    const char *name;
    const char *sql;
    int args;
} tw_statement_t;

typedef struct tw_db_t tw_db_t;

/*
 * Looks mod_dbd's functions up, in post_config or at the configuration
 * test.  0: mod_dbd is not loaded.
 */
int tw_db_find(void);

/*
 * Finds what is needed of the driver's library, once mod_dbd has loaded it,
 * and says so in the log where something is missing.
 */
void tw_db_find_library(const tw_database_t *database, apr_pool_t *pool);

/* Readies the gate of a child. */
apr_status_t tw_db_child_init(apr_pool_t *pool);

/*
 * A connection of its own, outside of mod_dbd and its pools, for a command
 * that an administrator runs at the configuration test.  It is closed with
 * pool.  From here on the process is root no more (tw_rights).
 */
apr_status_t tw_db_open_alone(tw_db_t **db, const tw_database_t *database,
                              apr_pool_t *pool, tw_err_t *err);

/* What is read goes into pool from now on, not into that of open(). */
void tw_db_use_pool(tw_db_t *db, apr_pool_t *pool);
apr_pool_t *tw_db_pool(const tw_db_t *db);
const tw_database_t *tw_db_database(const tw_db_t *db);

/*
 * A connection for a few statements, to be closed soon.  Waits 2 seconds at
 * most for a free one.  Failure is TW_ERR_DATABASE with retry_after.
 */
apr_status_t tw_db_open(tw_db_t **db, const tw_database_t *database,
                        apr_pool_t *pool, tw_err_t *err);
void tw_db_close(tw_db_t *db);

/* What it is a connection to: where PostgreSQL is, which file SQLite has. */
const tw_link_t *tw_db_link(const tw_db_t *db);

/*
 * Whether it is not certain that a write will be taken: the database was down,
 * or has refused one of late.  Asked after open().
 */
int tw_db_is_doubtful(const tw_db_t *db);

/*
 * Runs a statement.  *rows (may be NULL) is an array of const char **: the
 * columns of each row as text in the pool of open(), "" for NULL.  A
 * statement that fails is tried again, so it must be one that can be.
 * Failure is TW_ERR_DATABASE; its text has no values of the statement.
 */
apr_status_t tw_db_run(apr_array_header_t **rows, tw_db_t *db,
                       const tw_statement_t *statement,
                       const char *const *args, tw_err_t *err);

/*
 * The same, where tables of an older version may lack a column: the first of
 * the statements (NULL ends) whose columns are all there.  The arguments of
 * each are the first of args.
 */
apr_status_t tw_db_run_newest(apr_array_header_t **rows, tw_db_t *db,
                              const tw_statement_t *const *statements,
                              const char *const *args, tw_err_t *err);

/*
 * Runs a write that is only nice to have: once, without waiting for a lock
 * where that can be told, and not at all while writes are refused.  Its
 * failure is nobody's but the log's, once a minute.  0: not done.
 */
int tw_db_try(tw_db_t *db, const tw_statement_t *statement,
              const char *const *args);

#endif
