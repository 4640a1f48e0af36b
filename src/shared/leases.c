/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/leases.h"

int tw_leases_take(tw_leases_t *leases, tw_call_t kind, int cap,
                   apr_time_t deadline, apr_time_t now)
{
    tw_cell_t *table = kind == TW_CALL_WAIT ? leases->waiting : leases->call;
    int i, places;

    cap = cap < TW_CALLS_MAX ? cap : TW_CALLS_MAX;
    places = kind == TW_CALL_CALLBACK || cap < 2 ? cap : cap / 2;
    for (i = 0; i < places; i++) {
        /* callbacks begin at the end that starts cannot use */
        int place = kind == TW_CALL_CALLBACK ? cap - 1 - i : i;
        apr_uint64_t taken = tw_cell_get(&table[place]);

        if (taken <= (apr_uint64_t)now
            && tw_cell_swap(&table[place], (apr_uint64_t)deadline, taken)) {
            return place;
        }
    }
    return -1;
}

void tw_leases_give(tw_leases_t *leases, tw_call_t kind, int place,
                    apr_time_t deadline)
{
    tw_cell_t *table = kind == TW_CALL_WAIT ? leases->waiting : leases->call;

    tw_cell_swap(&table[place], 0, (apr_uint64_t)deadline);
}
