/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/call: a call to X, within what the server allows itself.
 *
 * A breaker that is open, or no free lease among TwAuthProviderCalls, is an
 * answer at once instead of one more worker that waits.  How the call ended
 * moves the breaker, and is logged once, with what to do about it.
 *
 * What opens the breaker is what X does to everybody.  An answer that makes
 * no sense is that only where nothing of the visitor's was in the question:
 * otherwise whoever finds words that X stumbles over could keep all others
 * out.
 */
#ifndef TW_REQUEST_CALL_H
#define TW_REQUEST_CALL_H

#include <httpd.h>

#include "request/page.h"
#include "shared/segment.h"

typedef struct tw_lease_t {
    const tw_site_t *site;
    tw_call_kind_t kind;
    int number;
    apr_time_t asked, begun, deadline;
} tw_lease_t;

/*
 * Asks for a call, waiting at most wait, and half of TwAuthProviderTimeout,
 * for a lease. 0 with page filled in: not now.
 */
int tw_call_begin(tw_lease_t *lease, request_rec *r, const tw_site_t *site,
                  tw_call_kind_t kind, apr_interval_time_t wait,
                  tw_page_t *page);

/*
 * Leases a call that mod_proxy will make, signed as a user, for at most so
 * long after its last sign of life (tw_call_alive()); tw_call_drop() ends it.
 * What becomes of it moves no breaker: it is about one user's request.
 * Returns 0, or after how many seconds to come back.
 */
int tw_call_carry_retry_after(tw_lease_t *lease, request_rec *r,
                              const tw_site_t *site,
                              apr_interval_time_t most);
void tw_call_alive(tw_lease_t *lease, apr_interval_time_t most);

/* What is left of TwAuthProviderTimeout for the call after the waiting. */
apr_interval_time_t tw_call_time(const tw_lease_t *lease);

/*
 * Leases the right to wait, for so long at most, for what another one's call
 * will bring; tw_call_drop() gives it back.  0: too many wait already.
 */
int tw_call_wait(tw_lease_t *waiting, const tw_site_t *site,
                 apr_interval_time_t most);

/* Gives back the lease of one that waits, or of a call that was not made after
 * all, and with it the turn at an open breaker. */
void tw_call_drop(const tw_lease_t *lease);

/*
 * Gives the lease back after a call that returned rv.  0 with page filled
 * in: it failed, and what (a few words) has been logged.
 */
int tw_call_end(const tw_lease_t *lease, request_rec *r, const char *what,
                apr_status_t rv, const tw_err_t *err, tw_page_t *page);

#endif
