/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/layout.h"

#include <stddef.h>

/* What sizes and places do not show: raise it when a cell means another
 * thing than before. */
#define MEANING 11

int tw_shared_entries(apr_int64_t wanted)
{
    int entries = TW_SHARED_LEAST;

    while (entries < wanted && entries < TW_SHARED_MOST) {
        entries *= 2;
    }
    return entries;
}

/* The places of the three tables come after the rest. */
apr_size_t tw_shared_size(int entries)
{
    return sizeof(tw_shared_t)
           + sizeof(tw_cell_t)
             * (apr_size_t)(2 * entries + entries / 4);
}

void tw_shared_lay(tw_shared_t *shared, int entries)
{
    tw_cell_t *places = (tw_cell_t *)(shared + 1);

    tw_marks_lay(&shared->ended, places, entries);
    tw_marks_lay(&shared->used, places + entries, entries);
    tw_marks_lay(&shared->recheck, places + 2 * entries, entries / 4);
}

#define PLACE(type, member)                                                \
    offsetof(type, member), sizeof(((type *)0)->member)

apr_uint64_t tw_shared_layout(int entries)
{
    static const apr_size_t places[] = {
        MEANING, sizeof(tw_shared_t),
        PLACE(tw_shared_t, revalidate_before), PLACE(tw_shared_t, leases),
        PLACE(tw_shared_t, slot), PLACE(tw_shared_t, client),
        PLACE(tw_shared_t, known), PLACE(tw_shared_t, accounts),
        PLACE(tw_shared_t, ended), PLACE(tw_shared_t, last_ended),
        PLACE(tw_shared_t, used), PLACE(tw_shared_t, recheck),
        PLACE(tw_shared_t, deferred), PLACE(tw_shared_t, counters),
        sizeof(tw_shared_slot_t), PLACE(tw_shared_slot_t, starts),
        PLACE(tw_shared_slot_t, copies),
        PLACE(tw_shared_slot_t, session_max),
        PLACE(tw_shared_slot_t, breaker),
        PLACE(tw_shared_slot_t, logged), PLACE(tw_shared_slot_t, clock),
        PLACE(tw_shared_slot_t, feed),
        PLACE(tw_feed_t, fed), PLACE(tw_feed_t, ahead),
        PLACE(tw_feed_t, place), PLACE(tw_feed_place_t, open),
        PLACE(tw_leases_t, call), PLACE(tw_leases_t, waiting),
        PLACE(tw_counter_t, key), PLACE(tw_counter_t, window),
        PLACE(tw_breaker_t, retry_at), PLACE(tw_breaker_t, closed_at),
        PLACE(tw_breaker_t, failures),
        PLACE(tw_marks_t, moves), PLACE(tw_marks_t, lost),
        PLACE(tw_marks_t, mask), PLACE(tw_marks_t, offset),
        PLACE(tw_deferred_t, used),
        PLACE(tw_deferred_t, lost), PLACE(tw_deferred_t, cell),
        sizeof(tw_deferred_cell_t), PLACE(tw_deferred_cell_t, state),
        PLACE(tw_deferred_cell_t, slot), PLACE(tw_deferred_cell_t, whose),
        PLACE(tw_deferred_cell_t, what),
        PLACE(tw_deferred_delete_t, id), PLACE(tw_deferred_delete_t, account),
        PLACE(tw_deferred_delete_t, at), PLACE(tw_deferred_delete_t, whose),
        PLACE(tw_ended_t, half)
    };
    apr_uint64_t sum = tw_counters_layout() ^ (apr_uint64_t)entries;
    apr_size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        sum = (sum ^ places[i]) * 0x100000001b3ULL;
    }
    return sum;
}
