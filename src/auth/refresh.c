/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/refresh.h"

#include <string.h>

#include <apr_strings.h>

#include "config/start.h"
#include "private.h"
#include "request/call.h"
#include "request/line.h"
#include "request/page.h"
#include "store/token.h"

/* A token that ends while the application uses it is of no use. */
#define LEAST_LIFE 30
/* Added to the claim's life: time to store the new tokens. */
#define CLAIM_SLACK apr_time_from_sec(15)
#define AGAIN_AFTER apr_time_from_sec(10)
#define AGAIN_AFTER_REFUSAL apr_time_from_sec(60)
#define AGAIN_NEVER apr_time_from_sec(10LL * 365 * 24 * 3600)
#define WAIT_STEP apr_time_from_msec(200)
#define WAIT_STEPS 15
/* In seconds: most refreshes take no longer. */
#define SOON 1
#define STORE_TRIES 5
#define STORE_STEP apr_time_from_msec(300)

static int is_over(const tw_tokens_t *tokens)
{
    return tokens->expires_at
           && tokens->expires_at
              <= apr_time_sec(apr_time_now()) + LEAST_LIFE;
}

/* How it stands with the tokens: they are good; there are none to be had, or
 * not now; somebody else is refreshing them, just now or for longer. */
typedef enum { GOOD, NONE, LATER, BUSY, BUSY_LONG } standing_t;

static standing_t read_tokens(tw_stored_t *stored, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    request_rec *r = visitor->initial;
    tw_err_t err = { 0 };
    int loud;

    if (tw_token_read(stored, &visitor->session, &site->store, r->pool,
                      &err) == APR_SUCCESS) {
        return stored->tokens.token ? GOOD : NONE;
    }
    loud = err.kind != TW_ERR_DATABASE
           && tw_line_is_due(site, TW_LINE_TOKENS);
    ap_log_rerror(APLOG_MARK, loud ? APLOG_ERR : APLOG_INFO, err.rv, r,
                  TWLOGNO(0309) "no tokens for %s: %s",
                  tw_line_person(r->pool, &visitor->session), err.why);
    return err.kind == TW_ERR_DATABASE ? LATER : NONE;
}

static void next_try(const tw_stored_t *stored, tw_visitor_t *visitor,
                     apr_interval_time_t wait)
{
    tw_err_t ignored = { 0 };

    tw_token_retry_at(stored, apr_time_now() + wait, &visitor->site->store,
                      visitor->initial->pool, &ignored);
}

/* The new pair is nowhere else: a database that is busy is asked again.  A
 * refresh token that is used up must not be used another time. */
static void keep(const tw_stored_t *stored, const tw_tokens_t *fresh,
                 tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    request_rec *r = visitor->initial;
    tw_err_t err = { 0 };
    int try, done;

    for (try = 0; try < STORE_TRIES; try++) {
        if (tw_token_refreshed(&done, stored, fresh, &site->store, r->pool,
                               &err) == APR_SUCCESS) {
            return;     /* or a sign-in meanwhile has stored newer ones */
        }
        apr_sleep(STORE_STEP);
    }
    next_try(stored, visitor, AGAIN_NEVER);
    ap_log_rerror(APLOG_MARK, APLOG_ERR, err.rv, r, TWLOGNO(0311)
                  "the new tokens of %s could not be stored: there are none "
                  "until the next sign-in: %s",
                  tw_line_person(r->pool, &visitor->session), err.why);
}

/* When to ask X again after a refresh that failed: not before it said. */
static apr_interval_time_t pause_after(const tw_err_t *err,
                                       const tw_page_t *page)
{
    apr_interval_time_t told = apr_time_from_sec(page->retry_after);
    apr_interval_time_t least = err->kind == TW_ERR_REFUSED
                                || err->kind == TW_ERR_USER
                                ? AGAIN_AFTER_REFUSAL : AGAIN_AFTER;

    return err->kind == TW_ERR_STALE ? AGAIN_NEVER
           : told > least ? told : least;
}

/* What X has revoked is of no use to anybody.  0: it is still there. */
static int forget(const tw_stored_t *stored, tw_visitor_t *visitor)
{
    request_rec *r = visitor->initial;
    const char *person = tw_line_person(r->pool, &visitor->session);
    tw_err_t err = { 0 };
    int done;

    if (tw_token_forget(&done, stored, &visitor->site->store, r->pool, &err)
        != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, err.rv, r, TWLOGNO(0421)
                      "X has revoked the tokens of %s, but they cannot be "
                      "taken out of the row: %s", person, err.why);
        return 0;
    }
    if (done) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, TWLOGNO(0420)
                      "X has revoked the tokens of %s: they are taken out, "
                      "and the next sign-in brings new ones", person);
    }
    return 1;
}

/* The one exchange; stores what it gives, or when to try again. */
static standing_t refresh(tw_stored_t *stored, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    request_rec *r = visitor->initial;
    tw_err_t err = { 0 };
    tw_lease_t lease;
    const char *what;
    tw_tokens_t fresh;
    tw_page_t page = { 0 };
    apr_status_t rv;

    if (!tw_call_begin(&lease, r, site, TW_CALL_REFRESH, 0, &page)) {
        next_try(stored, visitor, pause_after(&err, &page));
        return LATER;
    }
    rv = site->provider.protocol->refresh(&fresh, stored->tokens.secret,
                                          &site->provider.client,
                                          tw_start_http(site), r->pool, &err);
    what = apr_pstrcat(r->pool, "the refresh of the token of ",
                       tw_line_person(r->pool, &visitor->session), NULL);
    if (!tw_call_end(&lease, r, what, rv, &err, &page)) {
        if (err.kind == TW_ERR_STALE && forget(stored, visitor)) {
            return NONE;
        }
        next_try(stored, visitor, pause_after(&err, &page));
        return err.kind == TW_ERR_STALE ? NONE : LATER;
    }
    keep(stored, &fresh, visitor);
    stored->tokens = fresh;
    return GOOD;
}

/* Reads them, and refreshes them unless somebody else is at it. */
static standing_t try_tokens(tw_tokens_t *tokens, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    apr_interval_time_t claim =
        site->provider.client.http.timeout + CLAIM_SLACK;
    apr_time_t now = apr_time_now();
    tw_stored_t stored;
    standing_t standing = read_tokens(&stored, visitor);
    tw_err_t err = { 0 };
    int claimed;

    if (standing != GOOD) {
        return standing;
    }
    *tokens = stored.tokens;
    if (!is_over(tokens)) {
        return GOOD;
    }
    if (tokens->kind != TW_TOKEN_OAUTH2 || !tokens->secret
        || !site->provider.protocol->refresh) {
        return NONE;
    }
    if (stored.refresh_at > apr_time_sec(now)) {
        return stored.refresh_at > apr_time_sec(now + AGAIN_NEVER / 2)
               ? NONE : LATER;
    }
    if (stored.refresh_at < -apr_time_sec(now)) {
        return stored.refresh_at <= SOON - apr_time_sec(now + claim)
               ? BUSY : BUSY_LONG;
    }
    if (tw_token_claim(&claimed, &stored, now + claim, &site->store,
                       visitor->initial->pool, &err) != APR_SUCCESS) {
        return LATER;
    }
    if (!claimed) {
        return BUSY;
    }
    standing = refresh(&stored, visitor);
    *tokens = stored.tokens;
    return standing;
}

static standing_t wait_for_tokens(tw_tokens_t *tokens, tw_visitor_t *visitor)
{
    standing_t standing = try_tokens(tokens, visitor);
    tw_lease_t waiting;
    int is_waiting = 0, step;

    for (step = 0; standing >= BUSY && step < WAIT_STEPS; step++) {
        /* when it takes long, X hangs, and one user's requests, of which
         * there can be many at once, must not hold all workers */
        if (standing == BUSY_LONG && !is_waiting
            && !(is_waiting = tw_call_wait(&waiting, visitor->site,
                                           WAIT_STEP * WAIT_STEPS))) {
            break;
        }
        apr_sleep(WAIT_STEP);
        standing = try_tokens(tokens, visitor);
    }
    if (is_waiting) {
        tw_call_drop(&waiting);
    }
    return standing;
}

tw_refresh_t tw_refresh_own(tw_visitor_t *visitor)
{
    if (!visitor->tokens.read) {
        standing_t standing = wait_for_tokens(&visitor->tokens.own, visitor);

        visitor->tokens.read = 1;
        visitor->tokens.found = standing == GOOD ? TW_REFRESH_GOOD
                                : standing == NONE ? TW_REFRESH_NONE
                                                   : TW_REFRESH_LATER;
    }
    return (tw_refresh_t)visitor->tokens.found;
}

void tw_refresh_revoked(const tw_tokens_t *tokens, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    apr_time_t now = apr_time_now();
    apr_time_t until = now + site->provider.client.http.timeout + CLAIM_SLACK;
    tw_err_t err = { 0 };
    tw_stored_t stored;
    int claimed;

    /* somebody else may have been told the same, and have done it */
    if (read_tokens(&stored, visitor) != GOOD
        || strcmp(stored.tokens.token, tokens->token)) {
        return;
    }
    if (tokens->kind != TW_TOKEN_OAUTH2 || !stored.tokens.secret
        || !site->provider.protocol->refresh) {
        forget(&stored, visitor);
        return;
    }
    /* what is said of the access token need not be so of what it came of */
    if (tw_token_claim(&claimed, &stored, until, &site->store,
                       visitor->initial->pool, &err) == APR_SUCCESS
        && claimed) {
        refresh(&stored, visitor);
    }
}
