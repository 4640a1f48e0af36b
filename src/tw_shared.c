#include "tw_shared.h"

#include <string.h>

#include <apr_atomic.h>

/* Bump it with any change of the layout: an older segment is set up anew. */
#define LAYOUT 0x7477617574680007ULL

#define BUCKET 8
#define ENDED_SIZE 16384
#define SPENT_SIZE 16384
#define RECHECK_SIZE 4096
#define CLIENT_SIZE 8192
#define KNOWN_SIZE 1024
#define KNOWN_SHARE 16
#define OWED_SIZE 256
/* No pause is longer: a later time is that of a clock that was set back. */
#define BREAKER_MAX apr_time_from_sec(60)

typedef volatile apr_uint64_t cell_t;

/*
 * Half of an id (32 bits; the bucket stands for more of it) | the second
 * until which it counts (32).  Both in one word, so that they change in one
 * step.  0, and any second that has passed: free.
 */
typedef cell_t mark_t;

/* Starts in this window and the one before, packed into one cell. */
typedef struct {
    cell_t key;
    cell_t window;
} counter_t;

enum { OWED_FREE, OWED_BUSY, OWED_FULL };

typedef struct {
    volatile apr_uint32_t state;
    int slot;
    tw_owed_t what;
} owed_t;

typedef struct {
    cell_t name;
    cell_t starts;          /* a counter's window */
    cell_t retry_at;        /* a breaker: 0 closed */
    cell_t closed_at;       /* when it was closed last */
    volatile apr_uint32_t failures[2];  /* running; the second: limited */
    cell_t noted[TW_NOTES];
} slot_t;

struct tw_shared_t {
    cell_t layout;
    cell_t floor;
    volatile apr_uint32_t owed_count;
    owed_t owed[OWED_SIZE];
    cell_t call[TW_CALLS_MAX];
    cell_t waiting[TW_CALLS_MAX];
    slot_t slot[TW_SLOTS];
    counter_t client[CLIENT_SIZE];
    counter_t known[KNOWN_SIZE];
    mark_t recheck[RECHECK_SIZE];
    mark_t ended[ENDED_SIZE];
    mark_t spent[SPENT_SIZE];
};

static apr_uint64_t get(const cell_t *cell)
{
    /* APR's signature lacks the const */
    return apr_atomic_read64((cell_t *)cell);
}

static int swap(cell_t *cell, apr_uint64_t with, apr_uint64_t expected)
{
    return apr_atomic_cas64(cell, with, expected) == expected;
}

apr_size_t tw_shared_size(void)
{
    return sizeof(tw_shared_t);
}

tw_shared_t *tw_shared_attach(void *base, apr_time_t now)
{
    tw_shared_t *shared = base;

    if (get(&shared->layout) != LAYOUT) {
        memset(base, 0, sizeof(*shared));
        apr_atomic_set64(&shared->floor, (apr_uint64_t)now);
        apr_atomic_set64(&shared->layout, LAYOUT);
    }
    return shared;
}

/* Ids are random bytes already. */
static apr_uint64_t id_key(const unsigned char id[TW_ID_LEN])
{
    apr_uint64_t key;

    memcpy(&key, id, sizeof(key));
    return key;
}

/* FNV-1a: names and addresses, where nothing hangs on collisions. */
static apr_uint64_t text_key(const char *text)
{
    apr_uint64_t key = 0xcbf29ce484222325ULL;

    for (; *text; text++) {
        key = (key ^ (unsigned char)*text) * 0x100000001b3ULL;
    }
    return key ? key : 1;
}

static mark_t *bucket_of(mark_t *table, apr_size_t size, apr_uint64_t key)
{
    return &table[(key ^ key >> 32) & (size - 1) & ~(apr_uint64_t)(BUCKET - 1)];
}

static apr_uint64_t mark_of(apr_uint64_t key, apr_time_t until)
{
    apr_time_t second = apr_time_sec(until + APR_USEC_PER_SEC - 1);

    return key >> 32 << 32 | (apr_uint32_t)second;
}

static int same_key(apr_uint64_t mark, apr_uint64_t key)
{
    return mark >> 32 == key >> 32;
}

/* When it ends; 0 when it has. */
static apr_time_t mark_end(apr_uint64_t mark, apr_time_t now)
{
    apr_time_t end = apr_time_from_sec((apr_time_t)(mark & 0xffffffffU));

    return end > now ? end : 0;
}

/* How many in the bucket are key's and have not ended. */
static int mark_count(const mark_t *bucket, apr_uint64_t key, apr_time_t now)
{
    int i, n = 0;

    for (i = 0; i < BUCKET; i++) {
        apr_uint64_t mark = get(&bucket[i]);

        n += same_key(mark, key) && mark_end(mark, now);
    }
    return n;
}

static void raise_to(cell_t *cell, apr_uint64_t value)
{
    apr_uint64_t old = get(cell);

    while (old < value && !swap(cell, value, old)) {
        old = get(cell);
    }
}

/*
 * Puts key into the bucket until then.  0: it is there already, and lives.
 * *evicted: another one that lived was given up for it.
 *
 * Of several callers with one key just one is told 1: they find the same
 * place, and it changes in one step.  In the one-in-a-billion case that
 * their clocks told them of different free places, the later one, or both,
 * are told 0: closed.
 */
static int mark_put(int *evicted, mark_t *bucket, apr_uint64_t key,
                    apr_time_t until, apr_time_t now)
{
    mark_t *best;
    apr_uint64_t old;
    apr_time_t first;
    int i;

    *evicted = 0;
    do {
        best = NULL;
        old = 0;
        first = 0;
        for (i = 0; i < BUCKET; i++) {
            apr_uint64_t mark = get(&bucket[i]);
            apr_time_t end = mark_end(mark, now);

            if (end && same_key(mark, key)) {
                return 0;
            }
            if (!best || end < first) {
                best = &bucket[i];
                old = mark;
                first = end;
            }
        }
    } while (!swap(best, mark_of(key, until), old));
    *evicted = first != 0;
    return mark_count(bucket, key, now) <= 1;
}

void tw_shared_end(tw_shared_t *shared, const unsigned char id[TW_ID_LEN],
                   apr_time_t until, apr_time_t now)
{
    apr_uint64_t key = id_key(id);
    mark_t *bucket = bucket_of(shared->ended, ENDED_SIZE, key);
    int evicted, i;

    mark_put(&evicted, bucket, key, until, now);
    if (evicted) {
        raise_to(&shared->floor, (apr_uint64_t)now);
    }
    for (i = 0; i < BUCKET; i++) {
        apr_uint64_t later = mark_of(key, until), mark = get(&bucket[i]);

        while (same_key(mark, key) && mark_end(mark, now) && mark < later
               && !swap(&bucket[i], later, mark)) {
            mark = get(&bucket[i]);
        }
    }
    /* another one took the place meanwhile */
    if (until > now && !mark_count(bucket, key, now)) {
        raise_to(&shared->floor, (apr_uint64_t)now);
    }
}

int tw_shared_ended(const tw_shared_t *shared,
                    const unsigned char id[TW_ID_LEN], apr_time_t now)
{
    apr_uint64_t key = id_key(id);

    return mark_count(bucket_of((mark_t *)shared->ended, ENDED_SIZE, key),
                      key, now) > 0;
}

apr_time_t tw_shared_floor(const tw_shared_t *shared)
{
    return (apr_time_t)get(&shared->floor);
}

int tw_shared_owe(tw_shared_t *shared, int slot, const tw_owed_t *what)
{
    int i;

    for (i = 0; i < OWED_SIZE; i++) {
        owed_t *owed = &shared->owed[i];

        if (apr_atomic_cas32(&owed->state, OWED_BUSY, OWED_FREE)
            == OWED_FREE) {
            owed->slot = slot;
            owed->what = *what;
            /* counted first: who dies in between leaves a count too high,
             * never an entry that nobody looks for */
            apr_atomic_inc32(&shared->owed_count);
            apr_atomic_set32(&owed->state, OWED_FULL);
            return 1;
        }
    }
    return 0;
}

int tw_shared_next_owed(tw_shared_t *shared, int slot, tw_owed_t *what)
{
    int i;

    if (!apr_atomic_read32(&shared->owed_count)) {
        return 0;
    }
    for (i = 0; i < OWED_SIZE; i++) {
        owed_t *owed = &shared->owed[i];

        if (apr_atomic_cas32(&owed->state, OWED_BUSY, OWED_FULL)
            != OWED_FULL) {
            continue;
        }
        if (owed->slot != slot) {
            apr_atomic_set32(&owed->state, OWED_FULL);
        }
        else {
            *what = owed->what;
            apr_atomic_set32(&owed->state, OWED_FREE);
            apr_atomic_dec32(&shared->owed_count);
            return 1;
        }
    }
    return 0;
}

int tw_shared_spend(tw_shared_t *shared, const unsigned char id[TW_ID_LEN],
                    apr_time_t until, apr_time_t now)
{
    apr_uint64_t key = id_key(id);
    int evicted;

    return mark_put(&evicted, bucket_of(shared->spent, SPENT_SIZE, key), key,
                    until, now);
}

int tw_shared_is_spent(const tw_shared_t *shared,
                       const unsigned char id[TW_ID_LEN], apr_time_t now)
{
    apr_uint64_t key = id_key(id);

    return mark_count(bucket_of((mark_t *)shared->spent, SPENT_SIZE, key),
                      key, now) > 0;
}

int tw_shared_claim_recheck(tw_shared_t *shared,
                            const unsigned char id[TW_ID_LEN],
                            apr_time_t until, apr_time_t now)
{
    apr_uint64_t key = id_key(id);
    int evicted;

    return mark_put(&evicted, bucket_of(shared->recheck, RECHECK_SIZE, key),
                    key, until, now);
}

/* window number (32 bits) | count before (16) | count in it (16) */
#define WINDOW(number, before, count)                                      \
    ((apr_uint64_t)(apr_uint32_t)(number) << 32                            \
     | (apr_uint64_t)(before) << 16 | (apr_uint64_t)(count))

/*
 * Counts one in the cell unless that would be more than limit in any
 * period, the part of the window before that still counts included.
 */
static int window_count(cell_t *cell, int limit, apr_interval_time_t period,
                        apr_time_t now)
{
    for (;;) {
        apr_uint64_t old = get(cell);
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
        if (swap(cell, WINDOW(number, before, count + 1), old)) {
            return 0;
        }
    }
}

/* Counts one of name in a table of counters. */
static int name_count(counter_t *table, apr_size_t size, const char *name,
                      const tw_rate_t *rate, apr_time_t now)
{
    apr_uint64_t key = text_key(name);
    counter_t *bucket = &table[(key ^ key >> 32) & (size - 1)
                               & ~(apr_uint64_t)(BUCKET - 1)];
    apr_uint32_t number = (apr_uint32_t)(now / rate->period);
    counter_t *least = &bucket[0];
    apr_uint64_t least_key = 0;
    apr_uint32_t least_count = ~0U;
    int i;

    for (i = 0; i < BUCKET; i++) {
        apr_uint64_t k = get(&bucket[i].key);
        apr_uint64_t w = get(&bucket[i].window);
        apr_uint32_t count = (apr_uint32_t)(w >> 32) + 1 < number
                             ? 0 : (apr_uint32_t)(w & 0xffff) + 1;

        if (k == key) {
            return window_count(&bucket[i].window, rate->count, rate->period,
                                now);
        }
        if (count < least_count) {
            least = &bucket[i];
            least_key = k;
            least_count = count;
        }
    }
    /* when the place goes to another client meanwhile, this one start is
     * counted there: a place too few, not too many */
    if (swap(&least->key, key, least_key)) {
        apr_atomic_set64(&least->window, 0);
    }
    return window_count(&least->window, rate->count, rate->period, now);
}

int tw_shared_start_client(tw_shared_t *shared, const char *client,
                           const tw_rate_t *rate, apr_time_t now)
{
    return name_count(shared->client, CLIENT_SIZE, client, rate, now);
}

int tw_shared_start_all(tw_shared_t *shared, int slot, const tw_rate_t *rate,
                        const char *known, apr_time_t now)
{
    cell_t *starts = &shared->slot[slot].starts;
    int kept = rate->count / 4;
    int wait = window_count(starts, rate->count - kept, rate->period, now);
    tw_rate_t share = *rate;

    if (!wait || !known) {
        return wait;
    }
    /* one account's share of what is kept; never so little that a second
     * try would be too much.  In a table of its own, for clients by the
     * thousand would push accounts out of theirs */
    share.count = kept / KNOWN_SHARE < 2 ? 2 : kept / KNOWN_SHARE;
    wait = name_count(shared->known, KNOWN_SIZE, known, &share, now);
    return wait ? wait : window_count(starts, rate->count, rate->period, now);
}

int tw_shared_call_begin(tw_shared_t *shared, tw_call_t kind, int cap,
                         apr_time_t deadline, apr_time_t now)
{
    cell_t *table = kind == TW_CALL_WAIT ? shared->waiting : shared->call;
    int i, places;

    cap = cap < TW_CALLS_MAX ? cap : TW_CALLS_MAX;
    places = kind == TW_CALL_CALLBACK || cap < 2 ? cap : cap / 2;
    for (i = 0; i < places; i++) {
        /* callbacks begin at the end that starts cannot use */
        int place = kind == TW_CALL_CALLBACK ? cap - 1 - i : i;
        apr_uint64_t taken = get(&table[place]);

        if (taken <= (apr_uint64_t)now
            && swap(&table[place], (apr_uint64_t)deadline, taken)) {
            return place;
        }
    }
    return -1;
}

void tw_shared_call_end(tw_shared_t *shared, tw_call_t kind, int place,
                        apr_time_t deadline)
{
    cell_t *table = kind == TW_CALL_WAIT ? shared->waiting : shared->call;

    swap(&table[place], 0, (apr_uint64_t)deadline);
}

int tw_shared_slot(tw_shared_t *shared, const char *name)
{
    apr_uint64_t key = text_key(name);
    int i;

    for (i = 0; i < TW_SLOTS; i++) {
        cell_t *cell = &shared->slot[i].name;

        if (get(cell) == key || swap(cell, key, 0) || get(cell) == key) {
            return i;
        }
    }
    return TW_SLOTS - 1;
}

/* Past the pause one is let through; a clock that was set back must not keep
 * the breaker open for ever. */
static int is_past(apr_uint64_t retry_at, apr_time_t now)
{
    return retry_at <= (apr_uint64_t)now
           || retry_at > (apr_uint64_t)(now + BREAKER_MAX);
}

int tw_shared_breaker_wait(const tw_shared_t *shared, int slot,
                           apr_time_t now)
{
    apr_uint64_t at = get(&shared->slot[slot].retry_at);

    return is_past(at, now) ? 0
                            : (int)apr_time_sec((apr_time_t)at - now) + 1;
}

int tw_shared_breaker_ask(tw_shared_t *shared, int slot,
                          apr_interval_time_t pause, apr_time_t now)
{
    cell_t *retry_at = &shared->slot[slot].retry_at;
    apr_uint64_t at = get(retry_at);

    /* the pause begins again with the one that is let through */
    if (!at || (is_past(at, now)
                && swap(retry_at, (apr_uint64_t)(now + pause), at))) {
        return 0;
    }
    at = get(retry_at);
    if (!at) {
        return 0;
    }
    return at > (apr_uint64_t)now
           ? (int)apr_time_sec((apr_time_t)at - now) + 1 : 1;
}

/* Looked at before it is written: the good case costs no traffic between
 * processors. */
static void forget(volatile apr_uint32_t *count)
{
    if (apr_atomic_read32(count)) {
        apr_atomic_set32(count, 0);
    }
}

int tw_shared_breaker_good(tw_shared_t *shared, int slot, apr_time_t now)
{
    slot_t *s = &shared->slot[slot];
    apr_uint64_t at = get(&s->retry_at);

    forget(&s->failures[0]);
    forget(&s->failures[1]);
    if (!at) {
        return 0;
    }
    apr_atomic_set64(&s->closed_at, (apr_uint64_t)now);
    return swap(&s->retry_at, 0, at);
}

int tw_shared_breaker_bad(tw_shared_t *shared, int slot,
                          const tw_failure_t *failure, apr_time_t now)
{
    slot_t *s = &shared->slot[slot];
    apr_uint64_t at = get(&s->retry_at), closed_at = get(&s->closed_at);
    apr_interval_time_t pause = failure->pause < BREAKER_MAX
                                ? failure->pause : BREAKER_MAX;

    /* a time of closing that lies ahead is that of a clock since set back */
    if ((apr_uint64_t)failure->begun < closed_at
        && closed_at <= (apr_uint64_t)now) {
        return 0;
    }
    if (failure->limited) {
        forget(&s->failures[0]);
    }
    if (apr_atomic_inc32(&s->failures[failure->limited != 0]) + 1
        < (apr_uint32_t)failure->limit) {
        return 0;
    }
    return swap(&s->retry_at, (apr_uint64_t)(now + pause), at) && !at;
}

void tw_shared_breaker_unknown(tw_shared_t *shared, int slot, apr_time_t now)
{
    cell_t *retry_at = &shared->slot[slot].retry_at;
    apr_uint64_t at = get(retry_at);

    if (at) {
        swap(retry_at, (apr_uint64_t)now, at);
    }
}

int tw_shared_breaker_open(const tw_shared_t *shared, int slot)
{
    return get(&shared->slot[slot].retry_at) != 0;
}

int tw_shared_note(tw_shared_t *shared, int slot, int kind, const char *text,
                   apr_interval_time_t interval, apr_time_t now)
{
    cell_t *noted = &shared->slot[slot].noted[kind];
    /* what (24 bits) | how many in this interval (8) | since when (32) */
    apr_uint64_t what = text ? text_key(text) >> 40 << 40 : 0;
    apr_uint64_t at = get(noted), count = at >> 32 & 0xff;
    apr_time_t since = apr_time_from_sec((apr_time_t)(at & 0xffffffffU));

    if (!at || since > now || since + interval <= now) {
        count = 0;
        since = now;
    }
    else if (at >> 40 << 40 == what || count >= TW_NOTES_MOST) {
        return 0;
    }
    return swap(noted, what | (count + 1) << 32
                       | (apr_uint32_t)apr_time_sec(since), at);
}
