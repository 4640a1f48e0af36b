/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/link: one connection of mod_dbd's, the statements on it, and what
 * failed there.
 */
#ifndef TW_STORE_LINK_H
#define TW_STORE_LINK_H

#include <sys/types.h>

#include <httpd.h>

#include <apr_dbd.h>    /* before mod_dbd.h, which does not include it */
#include <mod_dbd.h>

#include "base/db_failure.h"
#include "base/db_native.h"
#include "shared/segment.h"

/* A site's database; read-only at run time. */
typedef struct tw_database_t {
    server_rec *server;         /* whose DBD* directives count */
    tw_shared_t *shared;        /* NULL: failures are the caller's alone */
    int slot;                   /* of the breaker */
    tw_feed_t *feed;            /* its changes; NULL: not followed */
    int writes;                 /* the slot of one for writes alone, which
                                   nobody waits for but what may rest */
    int calls;                  /* TwAuthDatabaseCalls */
    int profiles;               /* copies of sessions have a profile */
    const char *driver;         /* DBDriver */
    const char *params;         /* DBDParams */
    const struct tw_event_log_t *events;    /* NULL: none are told */
    apr_array_header_t *init;   /* all DBDInitSQL (const char *), in the order
                                   in which mod_dbd runs them */
} tw_database_t;

/* Which file it is. */
typedef struct tw_file_t {
    dev_t device;
    ino_t number;
} tw_file_t;

/*
 * What is known of a connection of mod_dbd's for as long as it lives; kept
 * among its statements.  mod_dbd closes the handle that it finds there in the
 * end.  Where there is none of its own any more, that is `stopgap`: an empty
 * database in memory.
 */
typedef struct tw_kept_t {
    ap_dbd_t *dbd;
    apr_pool_t *pool;           /* of statements, and of a later handle */
    apr_pool_t *attempt;        /* of a statement that may not be prepared */
    apr_dbd_t *stopgap;
    apr_interval_time_t used_at;
    int given_up;               /* statements, since it was opened */
    int failed_to_prepare;
    int unsure;                 /* an answer to a former statement may come */
    tw_patience_t patience;
    tw_file_t file, wal;        /* SQLite's */
} tw_kept_t;

/* A connection in use. */
typedef struct tw_link_t {
    const tw_database_t *database;
    ap_dbd_t *dbd;
    tw_kept_t *kept;
    tw_db_native_t native;
    apr_pool_t *pool;           /* of the caller */
    int proven;                 /* it has answered since it was made ready */
    const char *replaced;       /* SQLite's file, when it was opened anew */
} tw_link_t;

/* A failure as it was met. */
typedef struct tw_failed_t {
    const tw_db_failure_t *what;
    const char *words;          /* printable, one line, without values */
    char code[8];
} tw_failed_t;

void tw_link_init(tw_link_t *link, const tw_database_t *database,
                  ap_dbd_t *dbd, apr_pool_t *pool);

/* Readies an open connection that is not mod_dbd's: it is closed with pool. */
void tw_link_own(ap_dbd_t *dbd, apr_pool_t *pool);

/* Runs all of DBDInitSQL. */
void tw_link_set_up(const tw_link_t *link);

/* It goes back to mod_dbd, and lies idle from now on. */
void tw_link_rest(tw_link_t *link);

/*
 * The statement of this name on this connection, prepared when there is none;
 * what the driver returns.  After one that could not be, the next is tried in
 * a pool of its own: failing costs no memory for the life of the connection.
 */
int tw_link_prepare(apr_dbd_prepared_t **prepared, tw_link_t *link,
                    const char *name, const char *sql);
/* Gives it up, to be prepared anew; all of them, whose connection is gone. */
void tw_link_give_up(tw_link_t *link, const char *name);
void tw_link_forget(tw_link_t *link);

/* How long SQLite waits for a lock (see tw_db_native.h). */
void tw_link_patience(tw_link_t *link, tw_patience_kind_t kind);

/* The library's own, as base/db_native takes it. */
void *tw_link_native(const tw_link_t *link);

/* The socket that PostgreSQL answers on; -1: there is none. */
int tw_link_socket(const tw_link_t *link);

/*
 * What the driver returned rc for; preparing: the statement was not taken.
 * Where PostgreSQL did not say it, libpq did, and may believe the statement to
 * be over while its answer is still to come: it would be taken for that of the
 * next one, which may be another person's.  The connection is `unsure` then,
 * and no statement is run on it before tw_alive_renew().
 */
void tw_link_see(tw_failed_t *failed, const tw_link_t *link, int rc,
                 int preparing);

#endif
