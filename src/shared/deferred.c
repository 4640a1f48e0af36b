/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/deferred.h"

/* How long one has for a row, and for writing an entry: then the process is
 * taken for dead. */
#define LEASE apr_time_from_sec(60)
#define WRITE apr_time_from_sec(10)

/* The state of an entry: what it is (2 bits), and until when (62). */
enum { IS_FREE, IS_WRITTEN, IS_FULL, IS_LEASED };
#define STATE(what, until) ((apr_uint64_t)(until) << 2 | (what))

static int what_of(apr_uint64_t state)
{
    return (int)(state & 3);
}

/* Whether a time has passed that lay at most so far ahead; a later one is
 * that of a clock that was set back. */
static int is_over(apr_uint64_t state, apr_interval_time_t most,
                   apr_time_t now)
{
    apr_time_t until = (apr_time_t)(state >> 2);

    return until <= now || until > now + most;
}

static int is_free(apr_uint64_t state, apr_time_t now)
{
    return what_of(state) == IS_FREE
           || (what_of(state) == IS_WRITTEN && is_over(state, WRITE, now));
}

/*
 * How many cells may be in use (16 bits) | how often that was said (48).
 * Said before an entry is there and again when it is, so that whoever finds
 * none meanwhile does not lower it again.
 */
static void use(tw_deferred_t *table, int count)
{
    apr_uint64_t old = tw_cell_get(&table->used), with;

    do {
        apr_uint64_t most = old & 0xffff;

        if (most < (apr_uint64_t)count) {
            most = (apr_uint64_t)count;
        }
        with = ((old >> 16) + 1) << 16 | most;
    } while (!atomic_compare_exchange_strong(&table->used, &old, with));
}

static int has_share(const tw_deferred_t *table, int slot, apr_int64_t whose)
{
    int count = (int)(tw_cell_get(&table->used) & 0xffff), i, n = 0;

    for (i = 0; whose && i < count; i++) {
        const tw_deferred_cell_t *cell = &table->cell[i];

        n += what_of(tw_cell_get(&cell->state)) >= IS_FULL
             && tw_cell_get(&cell->slot) == (apr_uint64_t)slot
             && tw_cell_get(&cell->whose) == (apr_uint64_t)whose;
    }
    return n < TW_DEFERRED_SHARE;
}

int tw_deferred_add(tw_deferred_t *table, int slot,
                    const tw_deferred_delete_t *what, apr_time_t now)
{
    int i;

    if (!has_share(table, slot, what->whose)) {
        atomic_fetch_add(&table->lost, 1);
        return 0;
    }
    for (i = 0; i < TW_DEFERRED; i++) {
        tw_deferred_cell_t *cell = &table->cell[i];
        apr_uint64_t state = tw_cell_get(&cell->state);
        apr_uint64_t mine = STATE(IS_WRITTEN, now + WRITE);

        if (is_free(state, now) && tw_cell_swap(&cell->state, mine, state)) {
            use(table, i + 1);
            tw_cell_set(&cell->slot, (apr_uint64_t)slot);
            tw_cell_set(&cell->whose, (apr_uint64_t)what->whose);
            cell->what = *what;
            if (tw_cell_swap(&cell->state, STATE(IS_FULL, 0), mine)) {
                use(table, i + 1);
                return 1;
            }
        }
    }
    atomic_fetch_add(&table->lost, 1);
    return 0;
}

int tw_deferred_left(const tw_deferred_t *table, apr_time_t now)
{
    int i, left = 0;

    for (i = 0; i < TW_DEFERRED; i++) {
        left += !is_free(tw_cell_get(&table->cell[i].state), now);
    }
    return left;
}

int tw_deferred_take(tw_deferred_t *table, int slot,
                     tw_deferred_delete_t *what, apr_time_t now)
{
    apr_uint64_t used = tw_cell_get(&table->used);
    int count = (int)(used & 0xffff), i, empty = 1;

    for (i = 0; i < count; i++) {
        tw_deferred_cell_t *cell = &table->cell[i];
        apr_uint64_t state = tw_cell_get(&cell->state);

        if (is_free(state, now)) {
            continue;
        }
        empty = 0;
        if (tw_cell_get(&cell->slot) == (apr_uint64_t)slot
            && (what_of(state) == IS_FULL
                || (what_of(state) == IS_LEASED && is_over(state, LEASE, now)))
            && tw_cell_swap(&cell->state, STATE(IS_LEASED, now + LEASE),
                            state)) {
            *what = cell->what;
            what->index = i;
            what->lease = now + LEASE;
            if (tw_cell_get(&cell->slot) == (apr_uint64_t)slot) {
                return 1;
            }
            /* another entry had come into the cell meanwhile */
            tw_deferred_again(table, what);
        }
    }
    if (empty && count) {
        tw_cell_swap(&table->used, used & ~0xffffULL, used);
    }
    return 0;
}

/* A lease that was taken over by another one meanwhile is that one's. */
void tw_deferred_done(tw_deferred_t *table, const tw_deferred_delete_t *what)
{
    tw_cell_swap(&table->cell[what->index].state, STATE(IS_FREE, 0),
                 STATE(IS_LEASED, what->lease));
}

void tw_deferred_again(tw_deferred_t *table, const tw_deferred_delete_t *what)
{
    tw_cell_swap(&table->cell[what->index].state, STATE(IS_FULL, 0),
                 STATE(IS_LEASED, what->lease));
}
