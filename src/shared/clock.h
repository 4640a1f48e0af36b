/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/clock: by how much another clock differs from this server's.
 *
 * X refuses what is signed with a time that is minutes away from its own, and
 * says what its own is in the Date of the refusal.  What is learned from one
 * counts for all processes, until another refusal says otherwise: when this
 * server's clock is set right, the next call is refused, and the difference
 * is learned to be none.  A difference of some seconds is one of the way that
 * an answer took, and none of the clocks.
 */
#ifndef TW_SHARED_CLOCK_H
#define TW_SHARED_CLOCK_H

#include <apr_time.h>

#include "shared/cell.h"

typedef struct tw_clock_t {
    tw_cell_t ahead;            /* seconds, and whether it is to be told */
} tw_clock_t;

/* By how many seconds the other clock is ahead of this one (negative: behind
 * it), by what is known; clock NULL: 0. */
apr_int64_t tw_clock_ahead(const tw_clock_t *clock);

/*
 * A time was refused that was taken for so many seconds ahead; it is `there`
 * (0: it did not say).  1 where that is more than some seconds wrong: then it
 * is known what is right, and the caller may try again.
 */
int tw_clock_learn(tw_clock_t *clock, apr_int64_t ahead, apr_time_t there,
                   apr_time_t now);

/* 1 for the first caller since something was learned: *ahead is by how many
 * seconds the other clock is ahead of this one (negative: behind it). */
int tw_clock_news(tw_clock_t *clock, apr_int64_t *ahead);

#endif
