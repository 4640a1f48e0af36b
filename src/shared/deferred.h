/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/deferred: rows of sessions that were revoked while the database was
 * down, which are still to be deleted.
 *
 * An entry is leased to whoever deletes the row, and is gone only when that
 * is done: a child that is killed at any moment loses neither an entry nor
 * room for one.  One account has at most TW_DEFERRED_SHARE of the entries of
 * one database, so that nobody can fill the table for all others.
 */
#ifndef TW_SHARED_DEFERRED_H
#define TW_SHARED_DEFERRED_H

#include <apr_time.h>

#include "shared/marks.h"

#define TW_DEFERRED 4096
#define TW_DEFERRED_SHARE 32

typedef struct tw_deferred_delete_t {
    tw_id_t id;                     /* the session's */
    apr_int64_t account;            /* not 0: all of this account's ... */
    apr_time_t at;                  /* ... that had begun by then */
    apr_int64_t whose;              /* the session's account; 0: not known */
    int index;                      /* of one that was taken: its index, */
    apr_time_t lease;               /* and until when it is so */
} tw_deferred_delete_t;

typedef struct {
    tw_cell_t state;
    tw_cell_t slot;                 /* of the database */
    tw_cell_t whose;
    tw_deferred_delete_t what;
} tw_deferred_cell_t;

typedef struct {
    tw_cell_t used;
    tw_cell_t lost;                 /* for which there was no room */
    tw_deferred_cell_t cell[TW_DEFERRED];
} tw_deferred_t;

/* Adds one; 0 when there is no room, for all or for this account. */
int tw_deferred_add(tw_deferred_t *table, int slot,
                    const tw_deferred_delete_t *what, apr_time_t now);

/*
 * Takes one of the slot's, which is the caller's for a minute; 0 when there
 * is none.  Then one of: done(), the row is deleted; again(), it is not.
 */
int tw_deferred_take(tw_deferred_t *table, int slot,
                     tw_deferred_delete_t *what, apr_time_t now);
void tw_deferred_done(tw_deferred_t *table, const tw_deferred_delete_t *what);
void tw_deferred_again(tw_deferred_t *table, const tw_deferred_delete_t *what);

/* How many there are. */
int tw_deferred_left(const tw_deferred_t *table, apr_time_t now);

#endif
