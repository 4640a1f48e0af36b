/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/leases.h"

int tw_leases_take(tw_leases_t *leases, tw_call_kind_t kind, int cap,
                   apr_time_t deadline, apr_time_t now)
{
    tw_cell_t *table = kind == TW_CALL_WAIT ? leases->waiting : leases->call;
    int i, most;

    cap = cap < TW_CALLS_MAX ? cap : TW_CALLS_MAX;
    most = kind == TW_CALL_CALLBACK || cap < 2 ? cap : cap / 2;
    for (i = 0; i < most; i++) {
        /* callbacks begin at the end that starts cannot use */
        int number = kind == TW_CALL_CALLBACK ? cap - 1 - i : i;
        apr_uint64_t taken = tw_cell_get(&table[number]);

        if (taken <= (apr_uint64_t)now
            && tw_cell_swap(&table[number], (apr_uint64_t)deadline, taken)) {
            return number;
        }
    }
    return -1;
}

void tw_leases_release(tw_leases_t *leases, tw_call_kind_t kind, int number,
                       apr_time_t deadline)
{
    tw_cell_t *table = kind == TW_CALL_WAIT ? leases->waiting : leases->call;

    tw_cell_swap(&table[number], 0, (apr_uint64_t)deadline);
}
