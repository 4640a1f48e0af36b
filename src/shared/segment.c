/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/segment.h"

#include <string.h>

/* One account's part of what is kept for those who are known. */
#define KNOWN_SHARE 16

/* ---- the segment -------------------------------------------------------- */

tw_shared_t *tw_shared_attach(void *base, int entries, apr_time_t now)
{
    tw_shared_t *shared = base;
    apr_uint64_t layout = tw_cell_get(&shared->layout);

    if (layout != tw_shared_layout(entries)) {
        /* new memory is zero, and not touched before it is used */
        if (layout) {
            memset(base, 0, tw_shared_size(entries));
        }
        tw_shared_lay(shared, entries);
        tw_cell_set(&shared->revalidate_before, (apr_uint64_t)now);
        tw_cell_set(&shared->counters.since, (apr_uint64_t)now);
        tw_cell_set(&shared->layout, tw_shared_layout(entries));
    }
    return shared;
}

tw_shared_t *tw_shared_alone(apr_pool_t *pool, apr_time_t now)
{
    return tw_shared_attach(
        apr_pcalloc(pool, tw_shared_size(TW_SHARED_LEAST)), TW_SHARED_LEAST,
        now);
}

int tw_shared_slot(tw_shared_t *shared, const char *name)
{
    apr_uint64_t key = tw_cell_key(name);
    int i;

    for (i = 0; i < TW_SLOTS; i++) {
        tw_cell_t *cell = &shared->slot[i].name;

        if (tw_cell_get(cell) == key || tw_cell_swap(cell, key, 0)
            || tw_cell_get(cell) == key) {
            return i;
        }
    }
    return TW_SLOTS - 1;
}

/* ---- revoked sessions --------------------------------------------------- */

int tw_shared_revoke(tw_shared_t *shared, const tw_id_t *id,
                     apr_time_t until, apr_time_t now)
{
    if (!tw_marks_has_firm(&shared->ended, id, now)) {
        tw_ended_add(&shared->last_ended, id);
    }
    if (tw_marks_keep(&shared->ended, id, 1, until, now)) {
        return 1;
    }
    tw_cell_raise(&shared->revalidate_before, (apr_uint64_t)now);
    return 0;
}

void tw_shared_revoke_found(tw_shared_t *shared,
                            const tw_id_t *id,
                            apr_time_t until, apr_time_t now)
{
    tw_marks_keep(&shared->ended, id, 0, until, now);
}

int tw_shared_is_revoked(const tw_shared_t *shared,
                         const tw_id_t *id, apr_time_t now)
{
    return tw_marks_has(&shared->ended, id, now);
}

int tw_shared_is_revoked_for_good(const tw_shared_t *shared,
                                  const tw_id_t *id, apr_time_t now)
{
    return tw_marks_has_firm(&shared->ended, id, now);
}

const tw_ended_t *tw_shared_last_ended(const tw_shared_t *shared)
{
    return &shared->last_ended;
}

apr_time_t tw_shared_revalidate_before(const tw_shared_t *shared)
{
    return (apr_time_t)tw_cell_get(&shared->revalidate_before);
}

int tw_shared_defer_delete(tw_shared_t *shared, int slot,
                           const tw_deferred_delete_t *what, apr_time_t now)
{
    return tw_deferred_add(&shared->deferred, slot, what, now);
}

int tw_shared_take_deferred(tw_shared_t *shared, int slot,
                            tw_deferred_delete_t *what, apr_time_t now)
{
    return tw_deferred_take(&shared->deferred, slot, what, now);
}

void tw_shared_deferred_done(tw_shared_t *shared,
                             const tw_deferred_delete_t *what)
{
    tw_deferred_done(&shared->deferred, what);
}

void tw_shared_deferred_again(tw_shared_t *shared,
                              const tw_deferred_delete_t *what)
{
    tw_deferred_again(&shared->deferred, what);
}

/* ---- used flows, rechecks ----------------------------------------------- */

int tw_shared_use_once(tw_shared_t *shared, const tw_id_t *id,
                       apr_time_t until, apr_time_t now)
{
    return tw_marks_claim(&shared->used, id, until, now);
}

int tw_shared_is_used(const tw_shared_t *shared,
                      const tw_id_t *id, apr_time_t now)
{
    return tw_marks_has(&shared->used, id, now);
}

int tw_shared_claim_recheck(tw_shared_t *shared,
                            const tw_id_t *id,
                            apr_time_t until, apr_time_t now)
{
    return tw_marks_claim(&shared->recheck, id, until, now);
}

/* ---- sign-ins started, calls in flight ---------------------------------- */

int tw_shared_rate_wait_client(tw_shared_t *shared, const char *client,
                               const tw_rate_t *rate, apr_time_t now)
{
    return tw_rate_count_name(shared->client, TW_SHARED_CLIENTS, client, rate,
                              now);
}

int tw_shared_rate_wait_all(tw_shared_t *shared, int slot,
                            const tw_rate_t *rate, const char *known,
                            apr_time_t now)
{
    tw_cell_t *starts = &shared->slot[slot].starts;
    int kept = rate->count / 4;
    int wait = tw_rate_count(starts, rate->count - kept, rate->period, now);
    tw_rate_t share = *rate;

    if (!wait || !known) {
        return wait;
    }
    /* one account's share of what is kept; never so little that a second
     * try would be too much */
    share.count = kept / KNOWN_SHARE < 2 ? 2 : kept / KNOWN_SHARE;
    wait = tw_rate_count_name(shared->known, TW_SHARED_KNOWN, known, &share,
                              now);
    return wait ? wait : tw_rate_count(starts, rate->count, rate->period,
                                       now);
}

int tw_shared_call_begin(tw_shared_t *shared, tw_call_kind_t kind, int cap,
                         apr_time_t deadline, apr_time_t now)
{
    return tw_leases_take(&shared->leases, kind, cap, deadline, now);
}

int tw_shared_call_renew(tw_shared_t *shared, int number,
                         apr_time_t deadline, apr_time_t later)
{
    return tw_leases_renew(&shared->leases, number, deadline, later);
}

void tw_shared_call_end(tw_shared_t *shared, tw_call_kind_t kind, int number,
                        apr_time_t deadline)
{
    tw_leases_release(&shared->leases, kind, number, deadline);
}

/* ---- breakers, the log -------------------------------------------------- */

int tw_shared_breaker_allow_after(tw_shared_t *shared, int slot,
                                  apr_interval_time_t pause, apr_time_t now)
{
    return tw_breaker_allow_after(&shared->slot[slot].breaker, pause, now);
}

int tw_shared_breaker_retry_after(const tw_shared_t *shared, int slot,
                                  apr_time_t now)
{
    return tw_breaker_retry_after(&shared->slot[slot].breaker, now);
}

int tw_shared_breaker_success(tw_shared_t *shared, int slot, apr_time_t now)
{
    return tw_breaker_success(&shared->slot[slot].breaker, now);
}

int tw_shared_breaker_failure(tw_shared_t *shared, int slot,
                              const tw_failure_t *failure, apr_time_t now)
{
    return tw_breaker_failure(&shared->slot[slot].breaker, failure, now);
}

void tw_shared_breaker_abandon(tw_shared_t *shared, int slot, apr_time_t now)
{
    tw_breaker_abandon(&shared->slot[slot].breaker, now);
}

int tw_shared_breaker_open(const tw_shared_t *shared, int slot)
{
    return tw_breaker_open(&shared->slot[slot].breaker);
}

int tw_shared_breaker_is_down(const tw_shared_t *shared, int slot,
                              apr_time_t now)
{
    return tw_breaker_is_down(&shared->slot[slot].breaker, now);
}

tw_clock_t *tw_shared_clock(tw_shared_t *shared, int slot)
{
    return &shared->slot[slot].clock;
}

tw_feed_t *tw_shared_feed(tw_shared_t *shared, int slot)
{
    return &shared->slot[slot].feed;
}

tw_accounts_t *tw_shared_accounts(tw_shared_t *shared)
{
    return &shared->accounts;
}

int tw_shared_log_once(tw_shared_t *shared, int slot, int kind,
                       const char *text, apr_interval_time_t interval,
                       apr_time_t now)
{
    tw_cell_t *logged = &shared->slot[slot].logged[kind];
    /* what (24 bits) | how many in this interval (8) | since when (32) */
    apr_uint64_t what = text ? tw_cell_key(text) >> 40 << 40 : 0;
    apr_uint64_t at = tw_cell_get(logged), count = at >> 32 & 0xff;
    apr_time_t since = apr_time_from_sec((apr_time_t)(at & 0xffffffffU));

    if (!at || since > now || since + interval <= now) {
        count = 0;
        since = now;
    }
    else if (at >> 40 << 40 == what || count >= TW_LOG_MOST) {
        return 0;
    }
    return tw_cell_swap(logged, what | (count + 1) << 32
                               | (apr_uint32_t)apr_time_sec(since), at);
}

/* ---- realms ------------------------------------------------------------- */

void tw_shared_realm(tw_shared_t *shared, int slot,
                     apr_interval_time_t copies, apr_interval_time_t most,
                     apr_time_t now)
{
    tw_shared_slot_t *s = &shared->slot[slot];
    int known = tw_cell_get(&s->session_max) != 0;
    int longer = tw_cell_raise(&s->copies, (apr_uint64_t)copies);

    longer |= tw_cell_raise(&s->session_max, (apr_uint64_t)most);
    if (known && longer) {
        tw_cell_raise(&shared->revalidate_before, (apr_uint64_t)now);
    }
}

apr_interval_time_t tw_shared_realm_copies(const tw_shared_t *shared,
                                           int slot)
{
    return (apr_interval_time_t)tw_cell_get(&shared->slot[slot].copies);
}

apr_interval_time_t tw_shared_realm_max(const tw_shared_t *shared, int slot)
{
    return (apr_interval_time_t)tw_cell_get(&shared->slot[slot].session_max);
}

/* ---- what is counted ---------------------------------------------------- */

tw_counters_t *tw_shared_counters(tw_shared_t *shared)
{
    return shared ? &shared->counters : NULL;
}

static tw_room_t room_of_marks(const tw_marks_t *marks, apr_time_t now)
{
    tw_room_t room = { tw_marks_used(marks, now), tw_marks_room(marks),
                       tw_cell_get(&marks->lost) };

    return room;
}

static int slots_used(const tw_shared_t *shared)
{
    int used = 0;

    while (used < TW_SLOTS && tw_cell_get(&shared->slot[used].name)) {
        used++;
    }
    return used;
}

tw_room_t tw_shared_room(const tw_shared_t *shared, tw_table_t table,
                         apr_time_t now)
{
    tw_room_t room = { 0, TW_CALLS_MAX, 0 };

    switch (table) {
    case TW_TABLE_REVOKED:
        return room_of_marks(&shared->ended, now);
    case TW_TABLE_USED:
        return room_of_marks(&shared->used, now);
    case TW_TABLE_RECHECKS:
        return room_of_marks(&shared->recheck, now);
    case TW_TABLE_DEFERRED:
        room.used = tw_deferred_left(&shared->deferred, now);
        room.room = TW_DEFERRED;
        room.lost = tw_cell_get(&shared->deferred.lost);
        return room;
    case TW_TABLE_SLOTS:
        room.used = slots_used(shared);
        room.room = TW_SLOTS;
        return room;
    default:
        room.used = tw_leases_taken(&shared->leases,
                                    table == TW_TABLE_WAITING, now);
        return room;
    }
}
