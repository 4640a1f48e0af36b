/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/breaker: keeps many from waiting for what is known to be down.
 */
#ifndef TW_SHARED_BREAKER_H
#define TW_SHARED_BREAKER_H

#include <apr_time.h>

#include "shared/cell.h"

typedef struct {
    tw_cell_t retry_at;         /* 0: closed */
    tw_cell_t closed_at;        /* when it was closed last */
    tw_cell32_t failures[2];    /* running; the second: limited */
} tw_breaker_t;

/*
 * 0 go on; otherwise after how many seconds to come back.  While it is open
 * one caller in each `pause` is let through, to find out.  retry_after(): the
 * same answer, where 0 means no more than that it is worth asking.
 */
int tw_breaker_allow_after(tw_breaker_t *breaker, apr_interval_time_t pause,
                           apr_time_t now);
int tw_breaker_retry_after(const tw_breaker_t *breaker, apr_time_t now);

/* It answered.  1 when that closed the breaker: worth a line in the log. */
int tw_breaker_success(tw_breaker_t *breaker, apr_time_t now);

typedef struct tw_failure_t {
    int limited;                    /* it answers, but not now: counted for
                                       itself */
    int limit;                      /* this many running open the breaker */
    apr_interval_time_t pause;      /* for so long; at most a minute, of a
                                       limit a quarter of an hour */
    apr_time_t begun;               /* when the attempt began */
} tw_failure_t;

/*
 * It did not.  1 when that opened the breaker.  An attempt that began before
 * the breaker was closed last says nothing of now, and is not counted.
 */
int tw_breaker_failure(tw_breaker_t *breaker, const tw_failure_t *failure,
                       apr_time_t now);

/* Nothing was learned: while it is open the next caller is let through. */
void tw_breaker_abandon(tw_breaker_t *breaker, apr_time_t now);

/*
 * Whether it is known to be down: the breaker is open, and somebody would have
 * been let through of late.  Where nobody comes, nothing is known after half
 * a minute: who waits for it to be up must not wait for ever.
 */
int tw_breaker_is_down(const tw_breaker_t *breaker, apr_time_t now);

/* Whether the breaker is open, without asking to be let through. */
int tw_breaker_open(const tw_breaker_t *breaker);

#endif
