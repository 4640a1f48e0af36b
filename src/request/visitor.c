/* SPDX-License-Identifier: Apache-2.0 */
#include "request/visitor.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/target.h"
#include "config/start.h"
#include "private.h"
#include "request/copy.h"
#include "request/front.h"
#include "request/line.h"
#include "request/protection.h"
#include "request/report.h"
#include "request/revoke.h"
#include "request/set_cookie.h"
#include "sealed/seal.h"
#include "store/session_row.h"

#define SEEN_MAX apr_time_from_sec(60)

/* The request that the client sent, of which r may be a part. */
static request_rec *initial_of(request_rec *r)
{
    while (r->main || r->prev) {
        r = r->main ? r->main : r->prev;
    }
    return r;
}

static tw_visitor_t *find(const request_rec *initial)
{
    return ap_get_module_config(initial->request_config, &twauth_module);
}

const char *tw_visitor_target(request_rec *r, const tw_site_t *site)
{
    const request_rec *initial = initial_of(r);
    const tw_visitor_t *visitor = find(initial);
    const char *target = visitor && visitor->given.to_front
                         ? tw_front_url(initial) : initial->unparsed_uri;

    /* the absolute form: its path and query alone */
    if (target && *target != '/') {
        target = strstr(target, "://");
        target = target ? strchr(target + 3, '/') : NULL;
    }
    return tw_target_asked(r->pool, target, &site->paths.own);
}

static tw_visitor_t *create(request_rec *initial, const tw_site_t *site)
{
    tw_visitor_t *visitor = apr_pcalloc(initial->pool, sizeof(*visitor));

    visitor->site = site;
    visitor->initial = initial;
    ap_set_module_config(initial->request_config, &twauth_module, visitor);
    return visitor;
}

tw_visitor_t *tw_visitor_peek(request_rec *r)
{
    return find(initial_of(r));
}

tw_visitor_t *tw_visitor_get(request_rec *r)
{
    request_rec *initial = initial_of(r);
    tw_visitor_t *visitor = find(initial);
    const tw_site_t *site;

    if (visitor) {
        return visitor;
    }
    site = tw_site(initial->server);
    return site && !site->off ? create(initial, site) : NULL;
}

void tw_visitor_insert_filter(tw_visitor_t *visitor, request_rec *r)
{
    tw_caching_insert_filter(&visitor->caching, r, visitor->session_cookies);
}

void tw_visitor_insert_error_filter(request_rec *r)
{
    tw_visitor_t *visitor = tw_visitor_peek(r);

    if (visitor) {
        tw_caching_insert_error_filter(&visitor->caching, r);
    }
}

int tw_visitor_cookie(tw_cookie_t *cookie, const char **at,
                      const tw_cookie_name_t *name, int prefix)
{
    while (tw_cookie_next(cookie, at)) {
        if (prefix ? tw_cookie_begins_with(cookie, name)
                   : tw_cookie_is_named(cookie, name)) {
            return 1;
        }
    }
    return 0;
}

/* ---- the session -------------------------------------------------------- */

static const tw_limits_t *limits_of(const tw_site_t *site,
                                    const tw_session_t *session)
{
    return &site->session.limits[session->remembered];
}

apr_time_t tw_visitor_end(const tw_site_t *site, const tw_session_t *session)
{
    apr_time_t end = session->signed_in_at + limits_of(site, session)->max;

    return end < session->expires_at ? end : session->expires_at;
}

/* Whether the times of a session that opened are good now. */
static int is_in_time(const tw_site_t *site, const tw_session_t *session,
                      apr_time_t now)
{
    return session->signed_in_at <= now + TW_LEEWAY
           && session->last_seen <= now + TW_LEEWAY
           && now < tw_visitor_end(site, session)
           && now < session->last_seen + limits_of(site, session)->idle;
}

/*
 * The one session that the cookies hold, and that is not revoked by what is
 * asked for that.  A sibling host can add a cookie of the same name: two
 * different sessions are none, a void one beside a good one does not count.
 */
static int read_session(tw_visitor_t *visitor,
                        int (*is_revoked)(const tw_shared_t *shared,
                                          const tw_id_t *id, apr_time_t now),
                        apr_time_t now)
{
    const tw_site_t *site = visitor->site;
    tw_cookie_t cookie = visitor->session_cookie;
    const char *at = cookie.value + cookie.value_len;
    int left = visitor->session_cookies, found = 0;
    tw_session_t other, *opened = &visitor->session;

    do {
        if (tw_session_open(opened, tw_start_cache(), &site->sealers.session,
                            cookie.value, cookie.value_len,
                            visitor->initial->pool) != APR_SUCCESS
            || !is_in_time(site, opened, now)
            || is_revoked(site->shared, &opened->id, now)) {
            continue;
        }
        tw_copy_opened(site, opened);
        if (found && !tw_id_equal(&opened->id, &visitor->session.id)) {
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, visitor->initial,
                          TWLOGNO(0302) "two different session cookies: "
                          "taken for none");
            return 0;
        }
        if (found && opened->checked_at > visitor->session.checked_at) {
            visitor->session = *opened;
        }
        found = 1;
        opened = &other;
    } while (--left && tw_visitor_cookie(&cookie, &at,
                                       &site->cookies.session, 0));
    if (!found) {
        memset(&visitor->session, 0, sizeof(visitor->session));
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, visitor->initial,
                      TWLOGNO(0303) "the session cookie is void, over, or "
                      "of another key");
    }
    return found;
}

static void count(const tw_site_t *site, tw_recheck_t outcome)
{
    tw_counters_add(tw_shared_counters(site->shared), TW_PLACE_RECHECKS,
                    (int)outcome);
}

/* Asks the database; the state that follows. */
static tw_visitor_state_t recheck_session(tw_visitor_t *visitor,
                                          apr_interval_time_t recheck,
                                          int activity, int *renew,
                                          apr_time_t now)
{
    const tw_site_t *site = visitor->site;
    tw_session_t *session = &visitor->session;
    request_rec *r = visitor->initial;
    tw_err_t err = { 0 };
    tw_check_t check;
    tw_line_t line;

    visitor->copy.asked = 1;
    if (tw_session_row_check(&check, session, &site->store.database,
                             activity ? limits_of(site, session)->idle
                                              : 0, r->pool,
                             &err) != APR_SUCCESS) {
        if (tw_copy_is_in_grace(site, session, recheck, now)) {
            visitor->copy.by_grace = 1;
            count(site, TW_RECHECK_GRACE);
            return TW_VISITOR_SIGNED_IN;
        }
        count(site, TW_RECHECK_FAILED);
        tw_line_begin(&line, r, site, APLOG_NOTICE, "TW0304",
                      tw_line_cause(r->pool, &err));
        visitor->page.reference = line.shown;
        ap_log_rerror(APLOG_MARK, line.level, err.rv, r, TWLOGNO(0304)
                      "a session cannot be checked (reference %s): %s: %s",
                      line.reference, tw_line_person(r->pool, session),
                      err.why);
        tw_report(r, site, TW_EVENT_DATABASE_FAILED, session, line.shown,
                  err.why);
        return TW_VISITOR_UNVERIFIED;
    }
    visitor->copy.refused = check == TW_CHECK_REFUSED;
    if (check != TW_CHECK_GOOD) {
        /* concurrent requests must not pass as if nothing had been found; who
         * is only not active now may be so again */
        tw_shared_revoke_found(site->shared, &session->id,
                               check == TW_CHECK_GONE
                               ? tw_revoke_copies_until(site, session, now)
                               : now + TW_RECHECK_OVERLAP, now);
    }
    /* it may have been revoked here while the database answered */
    if (check != TW_CHECK_GOOD
        || tw_shared_is_revoked(site->shared, &session->id, now)) {
        count(site, TW_RECHECK_ENDED);
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0305)
                      "a session has been ended: %s",
                      tw_line_person(r->pool, session));
        tw_report(r, site, TW_EVENT_ENDED_GONE, session, NULL, NULL);
        return TW_VISITOR_NOBODY;
    }
    count(site, TW_RECHECK_GOOD);
    *renew = 1;
    return TW_VISITOR_SIGNED_IN;
}

/* Where the site wants that of one that another browser or network has got
 * hold of; 0: it goes on. */
static int end_elsewhere(tw_visitor_t *visitor)
{
    visitor->copy.ended_elsewhere =
        tw_protection_ends(&visitor->page.reference, visitor->initial,
                           visitor->site, &visitor->session);
    return visitor->copy.ended_elsewhere;
}

static tw_visitor_state_t open_session(tw_visitor_t *visitor, apr_time_t now)
{
    if (visitor->state == TW_VISITOR_UNKNOWN) {
        visitor->state = visitor->session_cookies
                         && read_session(visitor, tw_shared_is_revoked, now)
                         && !end_elsewhere(visitor)
                         ? TW_VISITOR_SIGNED_IN : TW_VISITOR_NOBODY;
    }
    return visitor->state;
}

tw_visitor_state_t tw_visitor_open(tw_visitor_t *visitor)
{
    return open_session(visitor, apr_time_now());
}

/* Whether the copy should say that it has been used since. */
static int is_unseen(const tw_visitor_t *visitor, apr_time_t now)
{
    apr_interval_time_t most = limits_of(visitor->site,
                                         &visitor->session)->idle / 10;

    return visitor->session.last_seen
           < now - (most < SEEN_MAX ? most : SEEN_MAX);
}

/* The session as it is for r, once it has been opened. */
static tw_visitor_state_t authenticate_session(tw_visitor_t *visitor,
                                               apr_interval_time_t recheck,
                                               int activity, apr_time_t now)
{
    const tw_site_t *site = visitor->site;
    tw_session_t *session = &visitor->session;
    int renew = 0;

    if (visitor->copy.asked) {
        /* what the grace allowed in one place need not be enough here */
        return !visitor->copy.by_grace
               || tw_copy_is_in_grace(site, session, recheck, now)
               ? visitor->state : TW_VISITOR_UNVERIFIED;
    }
    if (!tw_copy_follow(site, session, recheck, now, visitor->initial->pool)) {
        visitor->state = TW_VISITOR_NOBODY;
        return visitor->state;
    }
    if (!tw_copy_is_fresh(site, session, recheck, now)) {
        if (tw_copy_must_ask(site, session, recheck, now)) {
            visitor->state = recheck_session(visitor, recheck, activity,
                                             &renew, now);
        }
    }
    else if (visitor->session.stale || (activity && is_unseen(visitor, now))) {
        renew = 1;
    }
    if (visitor->state == TW_VISITOR_SIGNED_IN && renew) {
        if (activity) {
            session->last_seen = now;
        }
        session->expires_at = tw_visitor_end(site, session);
        visitor->session.stale = 0;
        visitor->copy.renewal_due = 1;
    }
    return visitor->state;
}

int tw_visitor_is_refused(tw_visitor_t *visitor)
{
    tw_err_t ignored = { 0 };
    tw_check_t check;

    /* a request a moment ago may have found it refused, or gone: which of the
     * two is not remembered, but has been reported */
    if (visitor->state == TW_VISITOR_NOBODY && !visitor->copy.asked
        && visitor->session_cookies
        && read_session(visitor, tw_shared_is_revoked_for_good,
                        apr_time_now())) {
        visitor->copy.asked = 1;
        visitor->copy.refused =
            tw_session_row_check(&check, &visitor->session,
                                 &visitor->site->store.database, 0,
                                 visitor->initial->pool, &ignored)
            != APR_SUCCESS || check != TW_CHECK_GONE;
    }
    return visitor->copy.refused;
}

void tw_visitor_renew(tw_visitor_t *visitor, request_rec *r)
{
    if (visitor->copy.renewal_due && !r->main) {
        visitor->copy.renewal_due = 0;
        tw_visitor_set_session(r, visitor->site, &visitor->session);
    }
}

tw_visitor_state_t tw_visitor_authenticate(tw_visitor_t *visitor,
                                           request_rec *r,
                                           apr_interval_time_t recheck,
                                           int activity)
{
    int is_marked = tw_caching_private(&visitor->caching, r);
    apr_time_t now = apr_time_now();
    tw_visitor_state_t state;

    if (open_session(visitor, now) != TW_VISITOR_SIGNED_IN) {
        return visitor->state;
    }
    if (!is_marked) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0316)
                      "a protected part of an open page whose beginning has "
                      "been sent: refused, for a cache may keep the page; "
                      "protect the page too");
        return TW_VISITOR_NOBODY;
    }
    state = authenticate_session(visitor, recheck, activity, now);
    if (state == TW_VISITOR_SIGNED_IN) {
        tw_visitor_renew(visitor, r);
    }
    return state;
}

int tw_visitor_set_session(request_rec *r, const tw_site_t *site,
                           const tw_session_t *session)
{
    tw_session_t copy = *session;
    char *text;
    int max_age = -1;

    tw_copy_to_seal(site, &copy);
    text = tw_session_seal(&copy, &site->sealers.session, r->pool);
    if (!text || strlen(text) > TW_SESSION_TEXT_MAX) {
        return 0;
    }
    if (session->remembered && site->session.remember != TW_REMEMBER_OFF) {
        max_age = (int)apr_time_sec(tw_visitor_end(site, session)
                                    - apr_time_now());
    }
    tw_cookie_set(r, site->cookies.session.text, text,
                  site->cookies.session_attributes, max_age);
    return 1;
}
