/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/marks: a table of ids, each of which counts until a time.
 *
 * Every id has two buckets of a few places.  Where both are full, a mark
 * there moves to the other bucket of its own (cuckoo hashing), so that none
 * is given up before the table is some 95 % full, whatever the ids are.
 * A mark is one word: part of the id, whether it is firm, and the second until
 * which it counts (up to a second more than was asked for).  A time that has
 * passed is a free place.
 *
 * A mark that is not firm is remembered while there is room: firm ones take
 * its place, and it takes that of none.
 *
 * How many places a table has is said once, by tw_marks_lay(), before anybody
 * looks at it.
 */
#ifndef TW_SHARED_MARKS_H
#define TW_SHARED_MARKS_H

#include <apr_time.h>

#include "base/id.h"
#include "shared/cell.h"

typedef struct {
    tw_cell_t moves;            /* changes whenever a mark moves */
    tw_cell_t lost;             /* how many that were firm were given up */
    apr_uint64_t mask;          /* of buckets: their number less one */
    apr_uint64_t offset;        /* bytes from here to the first place */
} tw_marks_t;

/* A table of so many places (a power of two, from 8 on), which are zero and
 * come after it in the same memory. */
void tw_marks_lay(tw_marks_t *marks, tw_cell_t *places, int room);

/* How many places it has. */
int tw_marks_room(const tw_marks_t *marks);

/* Whether the id is marked. */
int tw_marks_has(const tw_marks_t *marks, const tw_id_t *id,
                 apr_time_t now);

/* The same by a mark that is firm. */
int tw_marks_has_firm(const tw_marks_t *marks, const tw_id_t *id,
                      apr_time_t now);

/*
 * 1 for the first caller with this id, 0 for all others until then.  In a
 * full table the mark that would end first is given up.
 */
int tw_marks_claim(tw_marks_t *marks, const tw_id_t *id,
                   apr_time_t until, apr_time_t now);

/*
 * Marks the id until then, or for longer where it is so marked already.  0
 * when a firm mark was given up for it, which is the one that would have
 * ended first: the table was full.
 */
int tw_marks_keep(tw_marks_t *marks, const tw_id_t *id,
                  int firm, apr_time_t until, apr_time_t now);

/* How many count now: it looks at the whole table. */
int tw_marks_used(const tw_marks_t *marks, apr_time_t now);

#endif
