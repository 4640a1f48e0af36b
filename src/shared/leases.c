/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/leases.h"

/* How many of cap a kind gets, and which is the one to be tried after so many
 * others. */
static int most_of(tw_call_kind_t kind, int cap)
{
    int part = kind == TW_CALL_SIGNED ? cap / 4
               : kind == TW_CALL_CALLBACK ? cap : cap / 2;

    return part ? part : cap ? 1 : 0;
}

static int number_of(tw_call_kind_t kind, int cap, int tried)
{
    switch (kind) {
    case TW_CALL_CALLBACK:
        /* begins at the end that starts cannot use */
        return cap - 1 - tried;
    case TW_CALL_SIGNED:
        /* of those that starts take last; where they may have but one, beside
         * it: a user's call lasts as long as the user wants */
        return cap == 2 || cap == 3 ? 1
                                    : most_of(TW_CALL_START, cap) - 1 - tried;
    default:
        return tried;
    }
}

int tw_leases_take(tw_leases_t *leases, tw_call_kind_t kind, int cap,
                   apr_time_t deadline, apr_time_t now)
{
    tw_cell_t *table = kind == TW_CALL_WAIT ? leases->waiting : leases->call;
    int i, most;

    cap = cap < TW_CALLS_MAX ? cap : TW_CALLS_MAX;
    most = most_of(kind, cap);
    for (i = 0; i < most; i++) {
        int number = number_of(kind, cap, i);
        apr_uint64_t taken = tw_cell_get(&table[number]);

        if (taken <= (apr_uint64_t)now
            && tw_cell_swap(&table[number], (apr_uint64_t)deadline, taken)) {
            return number;
        }
    }
    return -1;
}

int tw_leases_renew(tw_leases_t *leases, int number, apr_time_t deadline,
                    apr_time_t later)
{
    return tw_cell_swap(&leases->call[number], (apr_uint64_t)later,
                        (apr_uint64_t)deadline);
}

void tw_leases_release(tw_leases_t *leases, tw_call_kind_t kind, int number,
                       apr_time_t deadline)
{
    tw_cell_t *table = kind == TW_CALL_WAIT ? leases->waiting : leases->call;

    tw_cell_swap(&table[number], 0, (apr_uint64_t)deadline);
}

int tw_leases_taken(const tw_leases_t *leases, int of_waiting,
                    apr_time_t now)
{
    const tw_cell_t *table = of_waiting ? leases->waiting : leases->call;
    int i, taken = 0;

    for (i = 0; i < TW_CALLS_MAX; i++) {
        taken += tw_cell_get(&table[i]) > (apr_uint64_t)now;
    }
    return taken;
}
