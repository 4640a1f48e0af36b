/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/segment: what all processes of a server know together.
 *
 * One segment of shared memory, of a size that a start says, with atomics and
 * no mutex: a child that is killed in the middle of anything leaves nothing
 * locked.  The segment lives as long as the server does, graceful restarts
 * included.
 *
 * Each kind of table is a file of its own, whose header says how it works:
 * tw_marks, tw_deferred, tw_rate, tw_leases, tw_breaker, tw_clock,
 * tw_counters, tw_feed, tw_accounts, tw_ended.  Memory is bounded whatever
 * anybody does; where giving up an entry would weaken something,
 * `revalidate_before` rises instead (see tw_shared_revoke).
 *
 * All times are apr_time_t (microseconds), passed in by the caller.
 */
#ifndef TW_SHARED_SEGMENT_H
#define TW_SHARED_SEGMENT_H

#include <apr_pools.h>
#include <apr_time.h>

#include "shared/layout.h"

/*
 * The tables in tw_shared_size(entries) bytes of memory at base (zeroed when
 * new).  A segment of another layout, or a new one, is set up afresh, with
 * revalidate_before now.
 */
tw_shared_t *tw_shared_attach(void *base, int entries, apr_time_t now);

/* One for a program that is alone, with the least room. */
tw_shared_t *tw_shared_alone(apr_pool_t *pool, apr_time_t now);

/* ---- revoked sessions -------------------------------------------------- */

/*
 * Refuses copies of the session's cookie on this server until then.  Where
 * the table is full, the one that ends first is given up and revalidate_before
 * rises to now: 0.
 */
int tw_shared_revoke(tw_shared_t *shared, const tw_id_t *id,
                      apr_time_t until, apr_time_t now);

/*
 * The same for a session of which the database has said that it is over:
 * remembered while there is room.  So whoever sends old cookies by the
 * thousand, each of which is found to be over, makes nobody's sign-out
 * forgotten and does not raise revalidate_before.
 */
void tw_shared_revoke_found(tw_shared_t *shared,
                            const tw_id_t *id,
                            apr_time_t until, apr_time_t now);

/* Whether the session has been revoked on this server. */
int tw_shared_is_revoked(const tw_shared_t *shared,
                         const tw_id_t *id, apr_time_t now);

/* The same, but for what was only found: that may have been one who is not
 * let in now, and will be again. */
int tw_shared_is_revoked_for_good(const tw_shared_t *shared,
                                  const tw_id_t *id, apr_time_t now);

/* Those that were revoked last, found ones left out.  Each is there once,
 * however often it is revoked while its copies are refused: so nobody pushes
 * out others' by ending one of their own again and again. */
const tw_ended_t *tw_shared_last_ended(const tw_shared_t *shared);

/* Cookies that were checked at or before revalidate_before must be checked
 * again. */
apr_time_t tw_shared_revalidate_before(const tw_shared_t *shared);

/*
 * Sessions that were revoked while the database (its slot, see below) was
 * down: their rows are still to be deleted.
 *
 * defer_delete() adds one (0 when there is no room, for all or for this
 * account); take_deferred() leases one for a minute (0 when there is none),
 * and then it is either done or to be done again: see shared/deferred.h.
 */
int tw_shared_defer_delete(tw_shared_t *shared, int slot,
                           const tw_deferred_delete_t *what, apr_time_t now);
int tw_shared_take_deferred(tw_shared_t *shared, int slot,
                            tw_deferred_delete_t *what, apr_time_t now);
void tw_shared_deferred_done(tw_shared_t *shared,
                             const tw_deferred_delete_t *what);
void tw_shared_deferred_again(tw_shared_t *shared,
                              const tw_deferred_delete_t *what);

/* ---- used flows, rechecks ---------------------------------------------- */

/*
 * 1 for the first caller with this id, 0 for all others until then: a
 * pending sign-in is finished once.
 */
int tw_shared_use_once(tw_shared_t *shared, const tw_id_t *id,
                       apr_time_t until, apr_time_t now);

/* Whether it has been used, without using it. */
int tw_shared_is_used(const tw_shared_t *shared,
                      const tw_id_t *id, apr_time_t now);

/* The same for the one request that asks the database about a session. */
int tw_shared_claim_recheck(tw_shared_t *shared,
                            const tw_id_t *id,
                            apr_time_t until, apr_time_t now);

/* ---- sign-ins started --------------------------------------------------- */

/*
 * Counts one start by client (any text, such as an address) within rate.
 * Returns 0 when it may go on, else after how many seconds it may.
 */
int tw_shared_rate_wait_client(tw_shared_t *shared, const char *client,
                               const tw_rate_t *rate, apr_time_t now);

/*
 * Counts one start of the site (a slot, see below) in all.  A quarter of the
 * rate is kept for browsers whose user is known here (any text that names
 * the account; NULL: nobody); of that quarter one account gets at most a
 * sixteenth, so that who has an account cannot use it up for all the others.
 * As above.
 */
int tw_shared_rate_wait_all(tw_shared_t *shared, int slot,
                            const tw_rate_t *rate, const char *known,
                            apr_time_t now);

/* ---- calls in flight ---------------------------------------------------- */

/* As tw_leases_take(), _renew() and _release(). */
int tw_shared_call_begin(tw_shared_t *shared, tw_call_kind_t kind, int cap,
                         apr_time_t deadline, apr_time_t now);
int tw_shared_call_renew(tw_shared_t *shared, int number,
                         apr_time_t deadline, apr_time_t later);
void tw_shared_call_end(tw_shared_t *shared, tw_call_kind_t kind, int number,
                        apr_time_t deadline);

/* ---- slots and breakers ------------------------------------------------- */

/*
 * The slot for a name (a site, a provider, a database), the same in all
 * processes and over restarts.  With more than TW_SLOTS names the last slot
 * is shared.
 */
int tw_shared_slot(tw_shared_t *shared, const char *name);

/* Of the slot; as in shared/breaker.h. */
int tw_shared_breaker_allow_after(tw_shared_t *shared, int slot,
                                  apr_interval_time_t pause, apr_time_t now);
int tw_shared_breaker_retry_after(const tw_shared_t *shared, int slot,
                                  apr_time_t now);
int tw_shared_breaker_success(tw_shared_t *shared, int slot, apr_time_t now);
int tw_shared_breaker_failure(tw_shared_t *shared, int slot,
                              const tw_failure_t *failure, apr_time_t now);
void tw_shared_breaker_abandon(tw_shared_t *shared, int slot,
                               apr_time_t now);
int tw_shared_breaker_open(const tw_shared_t *shared, int slot);
int tw_shared_breaker_is_down(const tw_shared_t *shared, int slot,
                              apr_time_t now);

/* The clock of a provider; how far a database's changes have been read; which
 * accounts were changed. */
tw_clock_t *tw_shared_clock(tw_shared_t *shared, int slot);
tw_feed_t *tw_shared_feed(tw_shared_t *shared, int slot);
tw_accounts_t *tw_shared_accounts(tw_shared_t *shared);

/*
 * 1 when an event of this slot and kind (0 to TW_LOG_KINDS - 1) was not logged
 * for an interval, or was another one (text tells them apart; NULL: there is
 * but one): so that a flood of one event is one line in the log, and a flood
 * of different ones TW_LOG_MOST in an interval.
 */
#define TW_LOG_MOST 8
int tw_shared_log_once(tw_shared_t *shared, int slot, int kind,
                       const char *text, apr_interval_time_t interval,
                       apr_time_t now);

/* ---- realms ------------------------------------------------------------- */

/*
 * Hosts of one realm (a slot) share sessions, whatever each says of their
 * times: for how long copies of a session's cookie may pass on the host that
 * lets them pass longest, and the longest life of a session.  Where that is
 * longer than before a restart, revalidate_before rises to now: what was
 * revoked then is not remembered for so long.
 */
void tw_shared_realm(tw_shared_t *shared, int slot,
                     apr_interval_time_t copies, apr_interval_time_t most,
                     apr_time_t now);
apr_interval_time_t tw_shared_realm_copies(const tw_shared_t *shared,
                                           int slot);
apr_interval_time_t tw_shared_realm_max(const tw_shared_t *shared, int slot);

/* ---- what is counted ----------------------------------------------------- */

/* NULL for NULL. */
tw_counters_t *tw_shared_counters(tw_shared_t *shared);

/* How full a table is: it is looked at as a whole.  room for calls is
 * TW_CALLS_MAX: what a site may have is less. */
typedef struct tw_room_t {
    int used, room;
    apr_uint64_t lost;              /* see TW_METRICS */
} tw_room_t;

tw_room_t tw_shared_room(const tw_shared_t *shared, tw_table_t table,
                         apr_time_t now);

#endif
