/*
 * tw_shared: what all processes of a server know together.
 *
 * One segment of shared memory, of a fixed size, with atomics and no mutex:
 * a child that is killed in the middle of anything leaves nothing locked.
 * The segment lives as long as the server does, graceful restarts included.
 *
 * Tables are hash tables of small buckets.  An entry is one word: a part of
 * the key and the second until which it counts (up to a second more than was
 * asked for); a passed time is a free place.  A full bucket gives up the
 * entry that would end first, so memory is bounded whatever anybody does;
 * where giving up an entry would weaken something, the `floor` rises instead
 * (see tw_shared_end).
 *
 * All times are apr_time_t (microseconds), passed in by the caller.
 */
#ifndef TW_SHARED_H
#define TW_SHARED_H

#include <apr_pools.h>
#include <apr_time.h>

typedef struct tw_shared_t tw_shared_t;

/* Session ids and flow ids have this length. */
#define TW_ID_LEN 16

/* The size of the segment. */
apr_size_t tw_shared_size(void);

/*
 * The tables in size bytes of memory at base (zeroed when new).  A segment
 * of another layout, or a new one, is set up afresh with floor now.
 */
tw_shared_t *tw_shared_attach(void *base, apr_time_t now);

/* ---- ended sessions ---------------------------------------------------- */

/*
 * Refuses copies of the session's cookie on this server until then.  When
 * the bucket is full of others, the one that ends first is given up and the
 * floor rises to now.
 */
void tw_shared_end(tw_shared_t *shared, const unsigned char id[TW_ID_LEN],
                   apr_time_t until, apr_time_t now);

/* Whether the session has been ended on this server. */
int tw_shared_ended(const tw_shared_t *shared,
                    const unsigned char id[TW_ID_LEN], apr_time_t now);

/* Cookies that were checked at or before the floor must be checked again. */
apr_time_t tw_shared_floor(const tw_shared_t *shared);

/*
 * Sessions that ended while the database (its slot, see below) was away:
 * their rows are still to be deleted.
 */
typedef struct tw_owed_t {
    unsigned char id[TW_ID_LEN];    /* the session's, unless ... */
    apr_int64_t account;            /* ... not 0: all of this account's ... */
    apr_time_t at;                  /* ... that had begun by then */
} tw_owed_t;

/* owe() notes one (0 when there is no room), next_owed() takes one out (0
 * when there is none): whoever fails to delete it owes it again. */
int tw_shared_owe(tw_shared_t *shared, int slot, const tw_owed_t *what);
int tw_shared_next_owed(tw_shared_t *shared, int slot, tw_owed_t *what);

/* ---- spent flows, rechecks --------------------------------------------- */

/*
 * 1 for the first caller with this id, 0 for all others until then: a
 * pending sign-in is finished once.
 */
int tw_shared_spend(tw_shared_t *shared, const unsigned char id[TW_ID_LEN],
                    apr_time_t until, apr_time_t now);

/* Whether it has been spent, without spending it. */
int tw_shared_is_spent(const tw_shared_t *shared,
                       const unsigned char id[TW_ID_LEN], apr_time_t now);

/* The same for the one request that asks the database about a session. */
int tw_shared_claim_recheck(tw_shared_t *shared,
                            const unsigned char id[TW_ID_LEN],
                            apr_time_t until, apr_time_t now);

/* ---- sign-ins started --------------------------------------------------- */

/* So many in a period; the count slides with time. */
typedef struct tw_rate_t {
    int count;                      /* 1 to TW_RATE_MAX */
    apr_interval_time_t period;     /* a second, a minute or an hour */
} tw_rate_t;
#define TW_RATE_MAX 65535

/*
 * Counts one start by client (any text, such as an address) within rate.
 * Returns 0 when it may go on, else after how many seconds it may.
 */
int tw_shared_start_client(tw_shared_t *shared, const char *client,
                           const tw_rate_t *rate, apr_time_t now);

/*
 * Counts one start of the site (a slot, see below) in all.  A quarter of the
 * rate is kept for browsers whose user is known here (any text that names
 * the account; NULL: nobody); of that quarter one account gets at most a
 * sixteenth, so that who has an account cannot use it up for all the others.
 * As above.
 */
int tw_shared_start_all(tw_shared_t *shared, int slot, const tw_rate_t *rate,
                        const char *known, apr_time_t now);

/* ---- calls in flight ---------------------------------------------------- */

typedef enum {
    TW_CALL_START, TW_CALL_CALLBACK, TW_CALL_REFRESH, TW_CALL_WAIT
} tw_call_t;

/*
 * Takes one of cap places for a call that ends by deadline at the latest (a
 * place whose deadline has passed belonged to a process that died).  All but
 * callbacks get at most half of the places.  Who waits, for a place or for
 * what another one's call will bring, holds a worker as well: TW_CALL_WAIT is
 * a place to wait in, of which there are half as many more.  Returns the
 * place, -1 when all are taken.
 */
#define TW_CALLS_MAX 1024
int tw_shared_call_begin(tw_shared_t *shared, tw_call_t kind, int cap,
                         apr_time_t deadline, apr_time_t now);
void tw_shared_call_end(tw_shared_t *shared, tw_call_t kind, int place,
                        apr_time_t deadline);

/* ---- slots and breakers ------------------------------------------------- */

/*
 * The slot for a name (a site, a provider, a database), the same in all
 * processes and over restarts.  With more than TW_SLOTS names the last slot
 * is shared.
 */
#define TW_SLOTS 1024
int tw_shared_slot(tw_shared_t *shared, const char *name);

/*
 * A breaker keeps many from waiting for what is known to be away.  ask():
 * 0 go on; otherwise after how many seconds to come back.  While it is open
 * one caller in each `pause` is let through, to find out.  wait(): the same
 * answer, where 0 means no more than that it is worth asking.
 */
int tw_shared_breaker_ask(tw_shared_t *shared, int slot,
                          apr_interval_time_t pause, apr_time_t now);
int tw_shared_breaker_wait(const tw_shared_t *shared, int slot,
                           apr_time_t now);

/* It answered.  1 when that closed the breaker: worth a line in the log. */
int tw_shared_breaker_good(tw_shared_t *shared, int slot, apr_time_t now);

typedef struct tw_failure_t {
    int limited;                    /* it answers, but not now: counted for
                                       itself */
    int limit;                      /* this many running open the breaker */
    apr_interval_time_t pause;      /* for so long */
    apr_time_t begun;               /* when the attempt began */
} tw_failure_t;

/*
 * It did not.  1 when that opened the breaker.  An attempt that began before
 * the breaker was closed last says nothing of now, and is not counted.
 */
int tw_shared_breaker_bad(tw_shared_t *shared, int slot,
                          const tw_failure_t *failure, apr_time_t now);

/* Nothing was learned: while it is open the next caller is let through. */
void tw_shared_breaker_unknown(tw_shared_t *shared, int slot,
                               apr_time_t now);

/* Whether the breaker is open, without asking to be let through. */
int tw_shared_breaker_open(const tw_shared_t *shared, int slot);

/*
 * 1 when an event of this slot and kind (0 to TW_NOTES - 1) was not noted
 * for an interval, or was another one (text tells them apart; NULL: there is
 * but one): so that a flood of one event is one line in the log, and a flood
 * of different ones TW_NOTES_MOST in an interval.
 */
#define TW_NOTES 8
#define TW_NOTES_MOST 8
int tw_shared_note(tw_shared_t *shared, int slot, int kind, const char *text,
                   apr_interval_time_t interval, apr_time_t now);

#endif
