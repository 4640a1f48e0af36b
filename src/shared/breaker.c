/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/breaker.h"

/* No pause is longer, nor one that a limit asks for: a later time is that of
 * a clock that was set back. */
#define BREAKER_MAX apr_time_from_sec(60)
#define LIMITED_MAX apr_time_from_sec(900)
/* What was found out is known for so long after the next one could have found
 * out otherwise. */
#define KNOWN apr_time_from_sec(30)

/* Past the pause one is let through; a clock that was set back must not keep
 * the breaker open for ever. */
static int is_past(const tw_breaker_t *breaker, apr_uint64_t retry_at,
                   apr_time_t now)
{
    apr_interval_time_t most = atomic_load(&breaker->failures[1])
                               ? LIMITED_MAX : BREAKER_MAX;

    return retry_at <= (apr_uint64_t)now
           || retry_at > (apr_uint64_t)(now + most);
}

int tw_breaker_retry_after(const tw_breaker_t *breaker, apr_time_t now)
{
    apr_uint64_t at = tw_cell_get(&breaker->retry_at);

    return is_past(breaker, at, now) ? 0
           : (int)apr_time_sec((apr_time_t)at - now) + 1;
}

int tw_breaker_allow_after(tw_breaker_t *breaker, apr_interval_time_t pause,
                           apr_time_t now)
{
    tw_cell_t *retry_at = &breaker->retry_at;
    apr_uint64_t at = tw_cell_get(retry_at);

    /* the pause begins again with the one that is let through */
    if (!at || (is_past(breaker, at, now)
                && tw_cell_swap(retry_at, (apr_uint64_t)(now + pause),
                                at))) {
        return 0;
    }
    at = tw_cell_get(retry_at);
    if (!at) {
        return 0;
    }
    return at > (apr_uint64_t)now
           ? (int)apr_time_sec((apr_time_t)at - now) + 1 : 1;
}

/* Looked at before it is written: the usual case costs no traffic between
 * processors. */
static void forget(tw_cell32_t *count)
{
    if (atomic_load(count)) {
        atomic_store(count, 0);
    }
}

int tw_breaker_success(tw_breaker_t *breaker, apr_time_t now)
{
    apr_uint64_t at = tw_cell_get(&breaker->retry_at);

    forget(&breaker->failures[0]);
    forget(&breaker->failures[1]);
    if (!at) {
        return 0;
    }
    tw_cell_set(&breaker->closed_at, (apr_uint64_t)now);
    return tw_cell_swap(&breaker->retry_at, 0, at);
}

int tw_breaker_failure(tw_breaker_t *breaker, const tw_failure_t *failure,
                       apr_time_t now)
{
    apr_uint64_t at = tw_cell_get(&breaker->retry_at);
    apr_uint64_t closed_at = tw_cell_get(&breaker->closed_at);
    apr_interval_time_t most = failure->limited ? LIMITED_MAX : BREAKER_MAX;
    apr_interval_time_t pause = failure->pause < most ? failure->pause : most;

    /* a time of closing that lies ahead is that of a clock since set back */
    if ((apr_uint64_t)failure->begun < closed_at
        && closed_at <= (apr_uint64_t)now) {
        return 0;
    }
    if (failure->limited) {
        forget(&breaker->failures[0]);
    }
    if (atomic_fetch_add(&breaker->failures[failure->limited != 0], 1) + 1
        < (apr_uint32_t)failure->limit) {
        return 0;
    }
    return tw_cell_swap(&breaker->retry_at, (apr_uint64_t)(now + pause), at)
           && !at;
}

void tw_breaker_abandon(tw_breaker_t *breaker, apr_time_t now)
{
    tw_cell_t *retry_at = &breaker->retry_at;
    apr_uint64_t at = tw_cell_get(retry_at);

    if (at) {
        tw_cell_swap(retry_at, (apr_uint64_t)now, at);
    }
}

int tw_breaker_open(const tw_breaker_t *breaker)
{
    return tw_cell_get(&breaker->retry_at) != 0;
}

int tw_breaker_is_down(const tw_breaker_t *breaker, apr_time_t now)
{
    apr_uint64_t at = tw_cell_get(&breaker->retry_at);

    return at && (!is_past(breaker, at, now)
                  || (apr_uint64_t)now - at < (apr_uint64_t)KNOWN);
}
