/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/layout: where everything is in the shared memory.  What is in it is
 * for shared/segment alone to touch.
 *
 * Tables of ids have as many places as a start says; these come after all that
 * is of one size.
 */
#ifndef TW_SHARED_LAYOUT_H
#define TW_SHARED_LAYOUT_H

#include "shared/accounts.h"
#include "shared/breaker.h"
#include "shared/clock.h"
#include "shared/counters.h"
#include "shared/deferred.h"
#include "shared/ended.h"
#include "shared/feed.h"
#include "shared/leases.h"
#include "shared/marks.h"
#include "shared/rate.h"

/* What sites, providers and databases have of their own; how many kinds of
 * events each of them remembers to have logged. */
#define TW_SLOTS 1024
#define TW_LOG_KINDS 9

/* Counters: of clients, and of accounts in a table of their own, for clients
 * by the thousand would push accounts out of theirs. */
#define TW_SHARED_CLIENTS 8192
#define TW_SHARED_KNOWN 1024

typedef struct {
    tw_cell_t name;
    tw_cell_t starts;           /* a counter's window */
    tw_cell_t copies;           /* see tw_shared_realm() */
    tw_cell_t session_max;
    tw_breaker_t breaker;
    tw_cell_t logged[TW_LOG_KINDS];
    tw_clock_t clock;
    tw_feed_t feed;
} tw_shared_slot_t;

typedef struct tw_shared_t {
    tw_cell_t layout;
    tw_cell_t revalidate_before;
    tw_leases_t leases;
    tw_shared_slot_t slot[TW_SLOTS];
    tw_counter_t client[TW_SHARED_CLIENTS];
    tw_counter_t known[TW_SHARED_KNOWN];
    tw_accounts_t accounts;
    tw_marks_t ended;
    tw_ended_t last_ended;
    tw_marks_t used;
    tw_marks_t recheck;
    tw_deferred_t deferred;
    tw_counters_t counters;
} tw_shared_t;

/*
 * How many revoked sessions there is room for: `entries`, a power of two from
 * the least to the most.  For as many used flows, and for a quarter of
 * rechecks, which are remembered for seconds.
 */
#define TW_SHARED_LEAST 64
#define TW_SHARED_MOST 16777216

/* The next power of two. */
int tw_shared_entries(apr_int64_t wanted);

/* The size of the segment, and a number for where things are in it: another
 * version of the module may have another one. */
apr_size_t tw_shared_size(int entries);
apr_uint64_t tw_shared_layout(int entries);

/* Tells the tables of ids where their places are. */
void tw_shared_lay(tw_shared_t *shared, int entries);

#endif
