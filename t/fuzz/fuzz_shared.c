/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that all processes share: each byte of the input is something
 * that is done, at a time that goes on by what the next byte says.
 */

#include "fuzz.h"

#include "shared/segment.h"

#define BEGIN apr_time_from_sec(1700000000)
#define CAP 4
#define SLOT 1

typedef struct steps_t {
    tw_shared_t *shared;
    apr_time_t now;
    unsigned char arg;
    tw_deferred_delete_t taken;     /* index -1: none is */
    apr_time_t lease;               /* of the feed; 0: none */
    int call[CAP];                  /* the numbers of leases, -1: none */
    apr_time_t until[CAP];
} steps_t;

static tw_id_t id_of(unsigned char n)
{
    tw_id_t id = { { 0 } };

    id.bytes[0] = n;
    id.bytes[9] = (unsigned char)(n * 37);
    return id;
}

static void sessions(steps_t *s)
{
    tw_id_t id = id_of(s->arg);
    apr_time_t until = s->now + apr_time_from_sec(s->arg);

    tw_shared_revoke_found(s->shared, &id, until, s->now);
    tw_shared_revoke(s->shared, &id, until, s->now);
    HOLDS(!s->arg || tw_shared_is_revoked(s->shared, &id, s->now));
    HOLDS(tw_shared_revalidate_before(s->shared) <= s->now);
}

static void flows(steps_t *s)
{
    tw_id_t id = id_of(s->arg);
    apr_time_t until = s->now + apr_time_from_sec(10);
    int used = tw_shared_is_used(s->shared, &id, s->now);

    HOLDS(tw_shared_use_once(s->shared, &id, until, s->now) == !used);
    HOLDS(!tw_shared_use_once(s->shared, &id, until, s->now));
    tw_shared_claim_recheck(s->shared, &id, until, s->now);
    HOLDS(!tw_shared_claim_recheck(s->shared, &id, until, s->now));
}

static void defer(steps_t *s)
{
    tw_deferred_delete_t what = { 0 };
    int left = tw_shared_room(s->shared, TW_TABLE_DEFERRED, s->now).used;

    what.id = id_of(s->arg);
    what.whose = s->arg & 3;
    if (tw_shared_defer_delete(s->shared, SLOT, &what, s->now)) {
        HOLDS(tw_shared_room(s->shared, TW_TABLE_DEFERRED, s->now).used
              == left + 1);
    }
}

static void undefer(steps_t *s)
{
    if (s->taken.index >= 0) {
        if (s->arg & 2) {       /* else whoever took it has died */
            (s->arg & 1 ? tw_shared_deferred_done
                        : tw_shared_deferred_again)(s->shared, &s->taken);
        }
        s->taken.index = -1;
    }
    else if (!tw_shared_take_deferred(s->shared, SLOT, &s->taken, s->now)) {
        s->taken.index = -1;
    }
}

static void rates(steps_t *s)
{
    const tw_rate_t rate = { 1 + s->arg % 20, apr_time_from_sec(60) };
    char client[2] = { (char)s->arg, '\0' };

    HOLDS(tw_shared_rate_wait_client(s->shared, client, &rate, s->now) >= 0);
    HOLDS(tw_shared_rate_wait_all(s->shared, SLOT, &rate,
                                  s->arg & 1 ? client : NULL, s->now) >= 0);
}

static void leases(steps_t *s)
{
    int i = s->arg % CAP;
    tw_call_kind_t kind = TW_CALL_CALLBACK;

    if (s->call[i] >= 0) {
        if (s->arg & 0x80) {
            apr_time_t later = s->now + apr_time_from_sec(20);

            if (tw_shared_call_renew(s->shared, s->call[i], s->until[i],
                                     later)) {
                s->until[i] = later;
            }
            return;
        }
        tw_shared_call_end(s->shared, kind, s->call[i], s->until[i]);
        s->call[i] = -1;
        return;
    }
    s->until[i] = s->now + apr_time_from_sec(1 + s->arg % 10);
    s->call[i] = tw_shared_call_begin(s->shared, kind, CAP, s->until[i],
                                      s->now);
    HOLDS(s->call[i] < CAP);
    HOLDS(tw_shared_room(s->shared, TW_TABLE_CALLS, s->now).used <= CAP);
}

static void breaker(steps_t *s)
{
    const tw_failure_t failure = {
        s->arg & 1, 3, apr_time_from_sec(s->arg), s->now
    };
    int slot = tw_shared_slot(s->shared, "provider");

    HOLDS(tw_shared_breaker_allow_after(s->shared, slot, apr_time_from_sec(2),
                                        s->now) >= 0);
    if (s->arg & 0x40) {
        tw_shared_breaker_failure(s->shared, slot, &failure, s->now);
    }
    else if (s->arg & 0x20) {
        tw_shared_breaker_success(s->shared, slot, s->now);
        HOLDS(!tw_shared_breaker_open(s->shared, slot));
    }
    else {
        tw_shared_breaker_abandon(s->shared, slot, s->now);
    }
    HOLDS(!tw_shared_breaker_is_down(s->shared, slot, s->now)
          || tw_shared_breaker_open(s->shared, slot));
    HOLDS(tw_shared_breaker_retry_after(s->shared, slot, s->now) >= 0);
}

static void clocks(steps_t *s)
{
    tw_clock_t *clock = tw_shared_clock(s->shared, SLOT);
    apr_time_t there = s->now + apr_time_from_sec(s->arg - 128);
    apr_int64_t ahead = tw_clock_ahead(clock), news;

    if (tw_clock_learn(clock, ahead, there, s->now)) {
        /* what an answer takes on its way is no difference */
        int known = s->arg >= 128 - 15 && s->arg <= 128 + 15
                    ? 0 : s->arg - 128;

        HOLDS(tw_clock_ahead(clock) == known);
        HOLDS(!tw_clock_news(clock, &news) || news == known);
    }
}

static void feed(steps_t *s)
{
    tw_feed_t *feed = tw_shared_feed(s->shared, SLOT);
    tw_feed_place_t place;
    tw_feed_clocks_t clocks = {
        .begun = s->now, .now = s->now, .true_begun = s->now,
        .true_now = s->now, .there = s->now - apr_time_from_sec(s->arg)
    };
    apr_time_t latest;

    tw_feed_learn_clock(feed, &clocks, &latest);
    tw_feed_place(&place, feed);
    if (!s->lease && tw_feed_claim(feed, &s->lease, s->now)) {
        HOLDS(s->lease > s->now);
        return;
    }
    if (!s->lease) {
        return;
    }
    place.version = s->arg;
    switch (s->arg & 3) {
    case 0:
        tw_feed_failed(feed, s->lease, s->now);
        HOLDS(tw_feed_is_doubtful(feed));
        break;
    case 1:
        tw_feed_off(feed, s->lease, s->now);
        HOLDS(tw_feed_is_off(feed, s->now));
        break;
    default:
        tw_feed_done(feed, &place, s->now, s->lease);
        HOLDS(tw_feed_covers(feed, apr_time_from_sec(1), s->now));
        tw_feed_place(&place, feed);
        HOLDS(place.version == s->arg);
    }
    s->lease = 0;
}

static void accounts(steps_t *s)
{
    tw_feed_t *feed = tw_shared_feed(s->shared, SLOT);
    tw_accounts_t *accounts = tw_shared_accounts(s->shared);
    apr_time_t there = tw_feed_there(feed, s->now);

    tw_accounts_change(accounts, SLOT, s->arg, there);
    HOLDS(tw_accounts_changed_at(accounts, SLOT, s->arg) >= there);
    HOLDS(tw_feed_here(feed, there) <= s->now);
    tw_feed_revalidate(feed, s->now);
}

static void rest(steps_t *s)
{
    char text[2] = { (char)s->arg, '\0' };

    tw_shared_log_once(s->shared, SLOT, s->arg % TW_LOG_KINDS, text,
                       apr_time_from_sec(60), s->now);
    HOLDS(!tw_shared_log_once(s->shared, SLOT, s->arg % TW_LOG_KINDS, text,
                              apr_time_from_sec(60), s->now));
    tw_counters_event(tw_shared_counters(s->shared),
                      (tw_event_kind_t)(s->arg % TW_EVENT_KINDS));
    tw_counters_add(tw_shared_counters(s->shared), TW_PLACE_SENT, TW_SENT_X);
    tw_counters_error(tw_shared_counters(s->shared), text);
    tw_counters_call(tw_shared_counters(s->shared), "signed",
                     (tw_outcome_t)(s->arg % 2),
                     apr_time_from_msec(s->arg * 40));
    tw_shared_realm(s->shared, SLOT, apr_time_from_sec(s->arg),
                    apr_time_from_sec(s->arg + 1), s->now);
    HOLDS(tw_shared_realm_copies(s->shared, SLOT)
          >= apr_time_from_sec(s->arg));
    HOLDS(tw_shared_realm_max(s->shared, SLOT)
          >= apr_time_from_sec(s->arg + 1));
}

/* What the status page reads. */
static void read_all(const steps_t *s)
{
    const tw_counters_t *counters = tw_shared_counters(s->shared);
    apr_uint64_t bucket[TW_BUCKETS], sum;
    const char *value[2];
    int i;

    for (i = 0; i < TW_TABLE_ROWS; i++) {
        tw_room_t room = tw_shared_room(s->shared, (tw_table_t)i, s->now);

        HOLDS(room.used >= 0 && room.used <= room.room);
    }
    HOLDS(tw_counters_info((tw_metric_t)0)->help);
    tw_counters_values(value, (tw_metric_t)0, 0);
    HOLDS(value[0] && value[1]);
    tw_counters_get(counters, TW_PLACE_SENT, TW_SENT_X);
    tw_counters_get_times(bucket, &sum, counters, TW_PLACE_CALL_SECONDS, 0);
    HOLDS(bucket[0] <= bucket[TW_BUCKETS - 1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const step[])(steps_t *) = {
        sessions, flows, defer, undefer, rates, leases, breaker, clocks,
        feed, accounts, rest
    };
    static void *memory;
    steps_t s = {
        .now = BEGIN, .taken.index = -1, .call = { -1, -1, -1, -1 }
    };
    size_t i;

    if (!memory) {
        fuzz_pool();
        memory = malloc(tw_shared_size(TW_SHARED_LEAST));
        HOLDS(memory && tw_shared_layout(TW_SHARED_LEAST));
    }
    memset(memory, 0, tw_shared_size(TW_SHARED_LEAST));
    s.shared = tw_shared_attach(memory, TW_SHARED_LEAST, s.now);
    for (i = 0; i + 2 < size && i < 300; i += 3) {
        s.now += apr_time_from_msec(data[i + 2] * 40);
        s.arg = data[i + 1];
        step[data[i] % (sizeof(step) / sizeof(step[0]))](&s);
    }
    read_all(&s);
    fuzz_clear();
    return 0;
}
