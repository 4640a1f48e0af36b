/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/db_native: what apr_dbd does not offer of libpq and of SQLite.
 *
 * Both libraries are there when their drivers are, and only then; so their
 * functions are looked up where the drivers find them, and nothing is linked.
 * A connection is the library's own, as apr_dbd_native_handle() gives it.
 * Where a function is missing the answer is the one that says least.
 */
#ifndef TW_BASE_DB_NATIVE_H
#define TW_BASE_DB_NATIVE_H

#include <sys/types.h>

#include <apr_time.h>

typedef enum {
    TW_DB_NATIVE_OTHER, TW_DB_NATIVE_PGSQL, TW_DB_NATIVE_SQLITE
} tw_db_native_t;

/* Which library a driver of apr_dbd is for, by its name. */
tw_db_native_t tw_db_native_kind(const char *driver);

/*
 * Looks its functions up; inside is an address inside of the driver.  0: one
 * at least was not found.
 */
int tw_db_native_find(tw_db_native_t kind, const void *inside);

/* ---- PostgreSQL --------------------------------------------------------- */

/* Its messages name the SQLSTATE from now on. */
void tw_db_native_verbose(void *connection);

/* Where it answers; -1: unknown. */
int tw_db_native_socket(void *connection);

/* At which host: a folder with its socket, a name or an address; "":
 * unknown. */
const char *tw_db_native_host(void *connection);

/* Whether the connection lives, for all that is known. */
int tw_db_native_connected(void *connection);

/* Whether the server has said something unasked: mostly that it ends. */
int tw_db_native_unasked(void *connection);

/*
 * A new connection in the place of the old one, in so much time at most (but
 * for the name service).  Where libpq was given several hosts, each has the
 * connect_timeout that it was given with them.  1: done; -1: not known how.
 */
int tw_db_native_reset(void *connection, apr_interval_time_t limit);

/* ---- SQLite ------------------------------------------------------------- */

/*
 * How long to wait for a lock.  The driver asks sixteen times, a tenth of a
 * second apart, and lets other connections of the process run meanwhile: a
 * step is short.  What it prepares it asks for once.
 */
typedef enum {
    TW_PATIENCE_STEP,           /* two seconds in all, with the driver's */
    TW_PATIENCE_PREPARE,        /* two seconds */
    TW_PATIENCE_NONE            /* it is not worth waiting */
} tw_patience_kind_t;

typedef struct tw_patience_t {
    void *connection;
    tw_patience_kind_t kind;
} tw_patience_t;

/* Sets it up: patience lives as long as the connection, and may change. */
int tw_db_native_patience(tw_patience_t *patience, void *connection);

/* The extended code of what failed last; -1: unknown. */
int tw_db_native_code(void *connection);

/* The path of its file; NULL: it has none, or it is unknown. */
const char *tw_db_native_file(void *connection);

/* Whether that file is no longer at its path. */
int tw_db_native_moved(void *connection);

#endif
