#include "tw_call.h"

#include <apr_strings.h>

#include "tw_private.h"

/* So many failures running open the breaker, and for so long. */
#define FAILURES 5
#define REFUSALS 3
#define PAUSE apr_time_from_sec(2)
#define LIMITED_MAX 60
/* A call may end a little past its limit; then its place is free anyway. */
#define DEADLINE_SLACK apr_time_from_sec(2)
#define WAIT_STEP apr_time_from_msec(50)
#define LOG_INTERVAL apr_time_from_sec(60)

static int no_place(request_rec *r, const tw_site_t *site, tw_page_t *page,
                    apr_time_t now)
{
    if (tw_shared_note(site->shared, site->slot, NOTE_BUSY, NULL,
                       LOG_INTERVAL, now)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0201)
                      "all %d calls to X are in use (TwAuthProviderCalls): "
                      "sign-ins are put off", site->calls);
    }
    page->retry_after = 2;
    return 0;
}

int tw_call_begin(tw_permit_t *permit, request_rec *r, const tw_site_t *site,
                  tw_call_t kind, apr_interval_time_t wait, tw_page_t *page)
{
    apr_time_t now = apr_time_now(), until = now + wait;

    page->kind = TW_PAGE_BUSY;
    if (!tw_site_http()) {
        page->retry_after = 60;
        return 0;
    }
    for (;;) {
        permit->deadline = now + site->client.http.timeout + DEADLINE_SLACK;
        permit->place = tw_shared_call_begin(site->shared, kind, site->calls,
                                             permit->deadline, now);
        if (permit->place >= 0) {
            break;
        }
        if (now >= until) {
            return no_place(r, site, page, now);
        }
        apr_sleep(WAIT_STEP);
        now = apr_time_now();
    }
    /* asked last: an open breaker lets one through in a while, and that one
     * has to make its call */
    page->retry_after = tw_shared_breaker_ask(site->shared,
                                              site->provider_slot, PAUSE,
                                              now);
    if (page->retry_after) {
        tw_shared_call_end(site->shared, permit->place, permit->deadline);
        return 0;
    }
    return 1;
}

/* Moves the breaker by how a call ended, and logs when it opens or closes. */
static void move_breaker(request_rec *r, const tw_site_t *site,
                         apr_status_t rv, const tw_err_t *err)
{
    tw_err_kind_t kind = rv == APR_SUCCESS ? TW_ERR_NONE : err->kind;
    apr_interval_time_t pause = PAUSE;
    int limit = FAILURES;

    switch (kind) {
    case TW_ERR_LIMITED:
        limit = REFUSALS;
        pause = apr_time_from_sec(err->retry_after < 1 ? 10
                                  : err->retry_after > LIMITED_MAX
                                  ? LIMITED_MAX : err->retry_after);
        break;
    case TW_ERR_UNREACHABLE:
    case TW_ERR_TIMEOUT:
    case TW_ERR_GARBAGE:
        break;
    case TW_ERR_INTERNAL:
        return;         /* says nothing about X */
    default:
        if (tw_shared_breaker_good(site->shared, site->provider_slot)) {
            ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, TWLOGNO(0202)
                          "X answers again: sign-ins go on");
        }
        return;
    }
    if (tw_shared_breaker_bad(site->shared, site->provider_slot, limit, pause,
                              apr_time_now())) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0203)
                      "X has failed %d times running: sign-ins are answered "
                      "503, and X is tried every few seconds", limit);
    }
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

/* An error where an administrator must act, a warning where X is to blame,
 * and neither for what one visitor's own sign-in was about. */
static int level_of(tw_err_kind_t kind)
{
    switch (kind) {
    case TW_ERR_REFUSED:
    case TW_ERR_INTERNAL:
        return APLOG_ERR;
    case TW_ERR_STALE:
    case TW_ERR_USER:
        return APLOG_INFO;
    default:
        return APLOG_WARNING;
    }
}

int tw_call_end(const tw_permit_t *permit, request_rec *r,
                const tw_site_t *site, const char *what, apr_status_t rv,
                const tw_err_t *err, tw_page_t *page)
{
    int level;

    tw_shared_call_end(site->shared, permit->place, permit->deadline);
    move_breaker(r, site, rv, err);
    if (rv == APR_SUCCESS) {
        return 1;
    }
    page->kind = page_of(err->kind);
    page->reference = tw_visitor_reference(r);
    page->retry_after = page->kind == TW_PAGE_BUSY && !err->retry_after
                        ? 10 : err->retry_after;
    level = level_of(err->kind);
    /* a flood of one failure is one line a minute; the rest is at info */
    if (level < APLOG_INFO
        && !tw_shared_note(site->shared, site->provider_slot, NOTE_FAILED,
                           err->why, LOG_INTERVAL, apr_time_now())) {
        level = APLOG_INFO;
    }
    ap_log_rerror(APLOG_MARK, level, 0, r, TWLOGNO(0204)
                  "%s failed (reference %s): %s%s%s", what, page->reference,
                  err->why, err->advice ? ": " : "",
                  err->advice ? err->advice : "");
    return 0;
}
