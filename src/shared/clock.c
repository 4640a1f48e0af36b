/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/clock.h"

/* What an answer takes on its way is no difference of clocks. */
#define SLACK 15
/* Beside the seconds, in the lowest bit: nobody has been told of them yet. */
#define NEWS 1

static apr_int64_t ahead_in(apr_uint64_t cell)
{
    return ((apr_int64_t)cell - (apr_int64_t)(cell & NEWS)) / 2;
}

apr_int64_t tw_clock_ahead(const tw_clock_t *clock)
{
    return clock ? ahead_in(tw_cell_get(&clock->ahead)) : 0;
}

static int is_about(apr_int64_t a, apr_int64_t b)
{
    return a - b >= -SLACK && a - b <= SLACK;
}

int tw_clock_learn(tw_clock_t *clock, apr_int64_t ahead, apr_time_t there,
                   apr_time_t now)
{
    apr_int64_t right = apr_time_sec(there) - apr_time_sec(now);

    if (is_about(0, right)) {
        right = 0;
    }
    if (!clock || !there || is_about(ahead, right)) {
        return 0;
    }
    /* another call may have learned it meanwhile */
    if (!is_about(tw_clock_ahead(clock), right)) {
        tw_cell_set(&clock->ahead, (apr_uint64_t)(right * 2) | NEWS);
    }
    return 1;
}

int tw_clock_news(tw_clock_t *clock, apr_int64_t *ahead)
{
    apr_uint64_t cell = clock ? tw_cell_get(&clock->ahead) : 0;

    *ahead = ahead_in(cell);
    return (cell & NEWS)
           && tw_cell_swap(&clock->ahead, cell - NEWS, cell);
}
