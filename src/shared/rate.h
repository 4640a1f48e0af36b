/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/rate: so many in a period.
 *
 * The count slides with time: beside the current window the one before
 * counts, the less the longer the current one lasts.
 */
#ifndef TW_SHARED_RATE_H
#define TW_SHARED_RATE_H

#include <apr_time.h>

#include "shared/cell.h"

typedef struct tw_rate_t {
    int count;                      /* 1 to TW_RATE_MAX */
    apr_interval_time_t period;     /* a second, a minute or an hour */
} tw_rate_t;
#define TW_RATE_MAX 65535

/* This window and the one before, packed into one cell, of one name. */
typedef struct {
    tw_cell_t key;
    tw_cell_t window;
} tw_counter_t;

/*
 * Counts one in the cell, unless that would be more than limit in any period,
 * the part of the window before that still counts included.  Returns 0 when
 * it was counted, else after how many seconds it may be.
 */
int tw_rate_count(tw_cell_t *cell, int limit, apr_interval_time_t period,
                  apr_time_t now);

/* The same for one of name in a table of size (a power of two) counters: of
 * the few that share a bucket the one that counted least is given up. */
int tw_rate_count_name(tw_counter_t *table, apr_size_t size, const char *name,
                       const tw_rate_t *rate, apr_time_t now);

#endif
