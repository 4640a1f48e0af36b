/* SPDX-License-Identifier: Apache-2.0 */
#include "request/call.h"

#include <string.h>

#include <apr_strings.h>

#include "config/start.h"
#include "private.h"
#include "request/line.h"
#include "request/report.h"

/* Consecutive failures that open the breaker, and how long it stays open. */
#define FAILURES 5
#define REFUSALS 3
#define PAUSE apr_time_from_sec(2)
/* In seconds: X's limits are of a quarter of an hour, and asking before they
 * end is in vain; but what stands before X, and asks for patience, may not
 * keep people out for long. */
#define LIMITED_MAX TW_HTTP_RETRY_MAX
#define LIMITED_DEFAULT 10
#define DOWN_MAX 60
/* A call may end a little past its limit; then its lease is free anyway. */
#define DEADLINE_SLACK apr_time_from_sec(2)
#define WAIT_STEP apr_time_from_msec(50)

static int no_lease(request_rec *r, const tw_site_t *site, tw_page_t *page)
{
    if (tw_line_is_due(site, TW_LINE_BUSY)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0201)
                      "all %d calls to X are in use (TwAuthProviderCalls): "
                      "sign-ins are put off", site->provider.calls);
    }
    tw_report(r, site, TW_EVENT_LIMIT_CALLS, NULL, NULL, NULL);
    page->retry_after = 2;
    return 0;
}

static int take_lease(tw_lease_t *lease, apr_time_t now)
{
    lease->number = tw_shared_call_begin(lease->site->shared, lease->kind,
                                         lease->site->provider.calls,
                                         lease->deadline, now);
    return lease->number >= 0;
}

int tw_call_wait(tw_lease_t *waiting, const tw_site_t *site,
                 apr_interval_time_t most)
{
    waiting->site = site;
    waiting->kind = TW_CALL_WAIT;
    waiting->asked = waiting->begun = apr_time_now();
    waiting->deadline = waiting->asked + most + DEADLINE_SLACK;
    return take_lease(waiting, waiting->asked);
}

static void release(const tw_lease_t *lease)
{
    tw_shared_call_end(lease->site->shared, lease->kind, lease->number,
                       lease->deadline);
}

/* Waits so long for a lease, unless too many wait already. */
static int wait_for_lease(tw_lease_t *lease, apr_interval_time_t wait)
{
    const tw_site_t *site = lease->site;
    tw_lease_t waiting;
    int found = 0;

    if (wait < WAIT_STEP || !tw_call_wait(&waiting, site, wait)) {
        return 0;
    }
    /* what those who hold a lease find out ends the waiting, too; counted in
     * steps, for the clock could be set back */
    for (; !found && wait >= WAIT_STEP
           && !tw_shared_breaker_open(site->shared, site->provider.slot);
         wait -= WAIT_STEP) {
        apr_sleep(WAIT_STEP);
        found = take_lease(lease, apr_time_now());
    }
    release(&waiting);
    return found;
}

int tw_call_begin(tw_lease_t *lease, request_rec *r, const tw_site_t *site,
                  tw_call_kind_t kind, apr_interval_time_t wait,
                  tw_page_t *page)
{
    apr_interval_time_t timeout = site->provider.client.http.timeout;
    apr_time_t now = apr_time_now();

    page->kind = TW_PAGE_BUSY;
    if (!tw_start_http(site)) {
        page->retry_after = 60;
        return 0;
    }
    page->retry_after =
        tw_shared_breaker_retry_after(site->shared, site->provider.slot, now);
    if (page->retry_after) {
        return 0;
    }
    lease->site = site;
    lease->kind = kind;
    lease->asked = now;
    lease->deadline = now + timeout + DEADLINE_SLACK;
    if (wait > timeout / 2) {
        wait = timeout / 2;
    }
    if (!take_lease(lease, now) && !wait_for_lease(lease, wait)) {
        return no_lease(r, site, page);
    }
    /* asked last: an open breaker lets one through in a while, and that one
     * has to make its call */
    lease->begun = apr_time_now();
    page->retry_after =
        tw_shared_breaker_allow_after(site->shared, site->provider.slot, PAUSE,
                                      lease->begun);
    if (page->retry_after) {
        release(lease);
        return 0;
    }
    return 1;
}

int tw_call_carry_retry_after(tw_lease_t *lease, request_rec *r,
                              const tw_site_t *site,
                              apr_interval_time_t most)
{
    apr_time_t now = apr_time_now();
    int wait = tw_shared_breaker_retry_after(site->shared,
                                             site->provider.slot, now);

    if (wait) {
        return wait;
    }
    lease->site = site;
    lease->kind = TW_CALL_SIGNED;
    lease->asked = lease->begun = now;
    lease->deadline = now + most;
    if (take_lease(lease, now)) {
        return 0;
    }
    if (tw_line_is_due(site, TW_LINE_SIGNED)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0424)
                      "all calls that may be signed at a time are in use, a "
                      "quarter of %d (TwAuthProviderCalls): some are put off",
                      site->provider.calls);
    }
    return TW_RETRY_AFTER;
}

void tw_call_alive(tw_lease_t *lease, apr_interval_time_t most)
{
    apr_time_t later = apr_time_now() + most;

    /* once in a while is enough */
    if (later - lease->deadline > most / 4
        && tw_shared_call_renew(lease->site->shared, lease->number,
                                lease->deadline, later)) {
        lease->deadline = later;
    }
}

apr_interval_time_t tw_call_time(const tw_lease_t *lease)
{
    apr_interval_time_t timeout = lease->site->provider.client.http.timeout;
    apr_interval_time_t waited = lease->begun - lease->asked;

    /* never less than half: the clock could have been set */
    return waited < 0 || waited > timeout / 2 ? timeout / 2
                                              : timeout - waited;
}

/*
 * After how many seconds to come back, by what X said, bounded; 0: that is
 * not known.  The browser is told so, and a breaker that opens stays open for
 * as long: who comes back when told is not too early.
 */
static int retry_after(const tw_err_t *err)
{
    int limited = err->kind == TW_ERR_LIMITED
                  || err->kind == TW_ERR_USER_LIMITED;
    int most = limited ? LIMITED_MAX : DOWN_MAX;

    return err->retry_after < 1 ? limited ? LIMITED_DEFAULT : 0
           : err->retry_after > most ? most : err->retry_after;
}

static void x_answered(request_rec *r, const tw_site_t *site)
{
    if (tw_shared_breaker_success(site->shared, site->provider.slot,
                                  apr_time_now())) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, TWLOGNO(0202)
                      "X answers again: sign-ins go on");
        tw_report(r, site, TW_EVENT_PROVIDER_UP, NULL, NULL, NULL);
    }
}

static void x_failed(request_rec *r, const tw_lease_t *lease,
                     const tw_err_t *err)
{
    const tw_site_t *site = lease->site;
    apr_interval_time_t pause = apr_time_from_sec(retry_after(err));
    tw_failure_t failure = { 0, FAILURES, pause > PAUSE ? pause : PAUSE,
                             lease->begun };

    if (tw_shared_breaker_failure(site->shared, site->provider.slot, &failure,
                                  apr_time_now())) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0203)
                      "X has failed %d times running: sign-ins are answered "
                      "503, and X is tried again in %d seconds", FAILURES,
                      (int)apr_time_sec(failure.pause));
        tw_report(r, site, TW_EVENT_PROVIDER_DOWN, NULL, NULL,
                  tw_err_text(r->pool, err));
    }
}

static void x_limits(request_rec *r, const tw_lease_t *lease,
                     const tw_err_t *err)
{
    const tw_site_t *site = lease->site;
    int pause = retry_after(err);
    tw_failure_t failure = { 1, REFUSALS, apr_time_from_sec(pause),
                             lease->begun };

    if (tw_shared_breaker_failure(site->shared, site->provider.slot, &failure,
                                  apr_time_now())) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0205)
                      "X's rate limit has been reached %d times running: "
                      "sign-ins are answered 503 for %d seconds", REFUSALS,
                      pause);
        tw_report(r, site, TW_EVENT_PROVIDER_DOWN, NULL, NULL,
                  tw_err_text(r->pool, err));
    }
}

/* Moves the breaker by how a call ended, and logs when it opens or closes. */
static void move_breaker(request_rec *r, const tw_lease_t *lease,
                         apr_status_t rv, const tw_err_t *err)
{
    /* how a call ends that no sign-in needs, and anybody may ask for again
     * and again, says nothing of sign-ins */
    switch (rv == APR_SUCCESS ? TW_ERR_NONE
            : lease->kind == TW_CALL_REVOKE ? TW_ERR_INTERNAL : err->kind) {
    case TW_ERR_LIMITED:
        x_limits(r, lease, err);
        return;
    case TW_ERR_UNREACHABLE:
    case TW_ERR_TIMEOUT:
        x_failed(r, lease, err);
        return;
    case TW_ERR_GARBAGE:
        /* what begins a sign-in is the same for everybody */
        if (lease->kind == TW_CALL_START) {
            x_failed(r, lease, err);
            return;
        }
        break;
    case TW_ERR_INTERNAL:
        break;
    default:
        x_answered(r, lease->site);
        return;
    }
    tw_shared_breaker_abandon(lease->site->shared, lease->site->provider.slot,
                              apr_time_now());
}

static tw_page_kind_t page_of(tw_err_kind_t kind)
{
    switch (kind) {
    case TW_ERR_UNREACHABLE:
    case TW_ERR_GARBAGE:
        return TW_PAGE_UNREACHABLE;
    case TW_ERR_TIMEOUT:
        return TW_PAGE_TIMEOUT;
    case TW_ERR_REFUSED:
        return TW_PAGE_REFUSED;
    case TW_ERR_STALE:
        return TW_PAGE_EXPIRED;
    case TW_ERR_LIMITED:
    case TW_ERR_USER_LIMITED:
        return TW_PAGE_BUSY;
    case TW_ERR_USER:
        return TW_PAGE_USER_REFUSED;
    default:
        return TW_PAGE_INTERNAL;
    }
}

/*
 * An error where an administrator must act, a warning where X is to blame,
 * and neither for what one visitor's own sign-in was about.  Where nobody
 * knows, and something of a visitor's was in the question, the application
 * is not blamed.
 */
static int level_of(const tw_lease_t *lease, const tw_err_t *err)
{
    switch (err->kind) {
    case TW_ERR_REFUSED:
        return err->code || lease->kind == TW_CALL_START ? APLOG_ERR
                                                          : APLOG_WARNING;
    case TW_ERR_INTERNAL:
        return APLOG_ERR;
    case TW_ERR_STALE:
    case TW_ERR_USER:
        return APLOG_NOTICE;
    default:
        return APLOG_WARNING;
    }
}

void tw_call_drop(const tw_lease_t *lease)
{
    const tw_site_t *site = lease->site;

    release(lease);
    if (lease->kind != TW_CALL_WAIT && lease->kind != TW_CALL_SIGNED) {
        tw_shared_breaker_abandon(site->shared, site->provider.slot,
                                  apr_time_now());
    }
}

/*
 * What tells one failure from another in the log: the step, and what X
 * answered by its numbers; not what it said, which can be another text each
 * time, and of a visitor's making, nor how long a connection took.
 */
static const char *what_failed(const request_rec *r, const tw_err_t *err)
{
    return apr_psprintf(r->pool, "%d %s %d %d", (int)err->kind,
                        err->step ? err->step : err->why, err->status,
                        err->code);
}

static void log_clock(request_rec *r, const tw_site_t *site)
{
    apr_int64_t ahead;

    if (!tw_clock_news(site->provider.client.clock, &ahead)) {
        return;
    }
    if (ahead) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0206)
                      "this server's clock is %" APR_INT64_T_FMT " seconds "
                      "%s X's: calls are signed with X's time until it is "
                      "set right", ahead < 0 ? -ahead : ahead,
                      ahead < 0 ? "ahead of" : "behind");
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, TWLOGNO(0207)
                      "this server's clock agrees with X's again");
    }
}

int tw_call_end(const tw_lease_t *lease, request_rec *r, const char *what,
                apr_status_t rv, const tw_err_t *err, tw_page_t *page)
{
    tw_line_t line;

    release(lease);
    move_breaker(r, lease, rv, err);
    log_clock(r, lease->site);
    if (rv == APR_SUCCESS) {
        return 1;
    }
    page->kind = page_of(err->kind);
    page->retry_after = retry_after(err);
    tw_line_begin(&line, r, lease->site, level_of(lease, err), "TW0204",
                  what_failed(r, err));
    page->reference = line.shown;
    ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0204)
                  "%s failed (reference %s): %s", what, line.reference,
                  tw_err_text(r->pool, err));
    tw_report(r, lease->site, err->kind == TW_ERR_USER
                              || err->kind == TW_ERR_STALE
                              ? TW_EVENT_REFUSED_BY_X
                              : TW_EVENT_PROVIDER_FAILED, NULL, line.shown,
              tw_err_text(r->pool, err));
    return 0;
}
