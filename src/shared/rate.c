/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/rate.h"

#define BUCKET 8

/* window number (32 bits) | count before (16) | count in it (16) */
#define WINDOW(number, before, count)                                      \
    ((apr_uint64_t)(apr_uint32_t)(number) << 32                            \
     | (apr_uint64_t)(before) << 16 | (apr_uint64_t)(count))

int tw_rate_count(tw_cell_t *cell, int limit, apr_interval_time_t period,
                  apr_time_t now)
{
    for (;;) {
        apr_uint64_t old = tw_cell_get(cell);
        apr_uint32_t number = (apr_uint32_t)(now / period);
        apr_uint32_t old_number = (apr_uint32_t)(old >> 32);
        apr_uint32_t before = 0, count = 0;
        apr_interval_time_t into = now % period;
        double used;

        if (old_number == number) {
            before = old >> 16 & 0xffff;
            count = old & 0xffff;
        }
        else if (old_number + 1 == number) {
            before = old & 0xffff;
        }
        used = count + before * (double)(period - into) / (double)period;
        if (used + 1 > limit) {
            double wait;

            /* until enough of the window before has faded; where this one is
             * full, until it is over and enough of it has faded in the next */
            if (count < (apr_uint32_t)limit) {
                wait = (used + 1 - limit) * (double)period / before;
            }
            else {
                wait = (double)(period - into)
                       + (count + 1.0 - limit) * (double)period / count;
            }
            return (int)(wait / APR_USEC_PER_SEC) + 1;
        }
        if (tw_cell_swap(cell, WINDOW(number, before, count + 1), old)) {
            return 0;
        }
    }
}

int tw_rate_count_name(tw_counter_t *table, apr_size_t size, const char *name,
                       const tw_rate_t *rate, apr_time_t now)
{
    apr_uint64_t key = tw_cell_key(name);
    tw_counter_t *bucket =
        &table[(key ^ key >> 32) & (size - 1)
               & ~(apr_uint64_t)(BUCKET - 1)];
    apr_uint32_t number = (apr_uint32_t)(now / rate->period);
    tw_counter_t *least = &bucket[0];
    apr_uint64_t least_key = 0;
    apr_uint32_t least_count = ~0U;
    int i;

    for (i = 0; i < BUCKET; i++) {
        apr_uint64_t k = tw_cell_get(&bucket[i].key);
        apr_uint64_t w = tw_cell_get(&bucket[i].window);
        apr_uint32_t count = (apr_uint32_t)(w >> 32) + 1 < number
                             ? 0 : (apr_uint32_t)(w & 0xffff) + 1;

        if (k == key) {
            return tw_rate_count(&bucket[i].window, rate->count,
                                 rate->period, now);
        }
        if (count < least_count) {
            least = &bucket[i];
            least_key = k;
            least_count = count;
        }
    }
    /* when the place goes to another client meanwhile, this one start is
     * counted there: a place too few, not too many */
    if (tw_cell_swap(&least->key, key, least_key)) {
        tw_cell_set(&least->window, 0);
    }
    return tw_rate_count(&least->window, rate->count, rate->period, now);
}
