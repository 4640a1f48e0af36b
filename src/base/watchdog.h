/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/watchdog: a limit for calls that have none.
 *
 * A driver that waits for its server without a limit holds a worker for as
 * long as the server stands still: a PostgreSQL that is stopped, or behind a
 * network that lost it, is not dead, and nothing tells the driver.  Whoever
 * makes such a call has its socket watched meanwhile: when the time is up
 * the connection is shut down, and the driver sees that it has ended.
 *
 * One thread for each process that needs it, begun with the first call and
 * asleep unless a call is late.
 */
#ifndef TW_BASE_WATCHDOG_H
#define TW_BASE_WATCHDOG_H

#include <apr_ring.h>
#include <apr_time.h>

/* A call that is watched; lives where the call is made. */
typedef struct tw_watchdog_t {
    APR_RING_ENTRY(tw_watchdog_t) link;
    int socket;                 /* a duplicate, so that it can never become
                                   somebody else's; -1: not watched */
    apr_interval_time_t until;  /* by the monotonic clock */
    int cut;
} tw_watchdog_t;

/* The time that a call has. */
#define TW_WATCHDOG_MAX apr_time_from_sec(5)

/*
 * Begins to watch a call on socket (negative: it has none).  Where that is
 * not possible the call goes on unwatched.
 */
void tw_watchdog_begin(tw_watchdog_t *watch, int socket);

/* The same with another time. */
void tw_watchdog_begin_for(tw_watchdog_t *watch, int socket,
                           apr_interval_time_t limit);

/* Ends it, before anything else is done.  1: it was too late, and is shut. */
int tw_watchdog_end(tw_watchdog_t *watch);

/* The clock that nobody sets. */
apr_interval_time_t tw_watchdog_clock(void);

#endif
