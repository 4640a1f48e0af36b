/* SPDX-License-Identifier: Apache-2.0 */
#include "login/callback.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/secret.h"
#include "config/start.h"
#include "login/flow_cookies.h"
#include "private.h"
#include "request/browser.h"
#include "request/call.h"
#include "request/line.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/protection.h"
#include "request/revoke.h"
#include "request/set_cookie.h"
#include "store/account.h"

#define WAIT_FOR_LEASE apr_time_from_sec(2)
#define QUERY_FIELDS_MAX 50

/* Ends in a page: always our own, for the URL holds a verifier or code. */
static int page(request_rec *r, tw_visitor_t *visitor, tw_page_t *p)
{
    p->always = 1;
    return tw_page_answer(r, visitor, p);
}

/*
 * "Start again": or, for somebody who is signed in all the same (the back
 * button, a reload), the way on.
 */
static int start_again(request_rec *r, tw_visitor_t *visitor,
                       const char *next)
{
    apr_interval_time_t recheck = visitor->site->session.recheck;
    tw_page_t p = { 0 };

    p.kind = TW_PAGE_EXPIRED;
    p.next = next;
    if (tw_visitor_authenticate(visitor, r, recheck, 0)
        == TW_VISITOR_SIGNED_IN) {
        p.kind = TW_PAGE_SIGNED_IN;
        p.screen_name = visitor->session.screen_name;
    }
    return page(r, visitor, &p);
}

static int cancelled(request_rec *r, tw_visitor_t *visitor,
                     const tw_flow_t *flow)
{
    tw_browser_t browser;
    tw_page_t p = { 0 };

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0212)
                  "the user cancelled at X");
    p.kind = TW_PAGE_CANCELLED;
    p.next = flow->next;
    if (tw_visitor_open(visitor) == TW_VISITOR_SIGNED_IN) {
        /* it was another account that was not taken */
        p.kind = TW_PAGE_UNCHANGED;
        p.screen_name = visitor->session.screen_name;
    }
    else {
        tw_browser_read(&browser, visitor);
        browser.left = 1;
        tw_browser_set(r, visitor->site, &browser);
    }
    return page(r, visitor, &p);
}

/* Who signs in, with a colon; nothing where X has not been asked. */
static const char *identity_text(apr_pool_t *pool,
                                 const tw_identity_t *identity)
{
    return identity ? apr_psprintf(pool, "X id %s, @%s: ", identity->id,
                                   identity->screen_name)
                    : "";
}

/* The database failed: that it is down has been logged, this is the sign-in
 * that suffers. */
static int not_stored(request_rec *r, tw_visitor_t *visitor,
                      const tw_flow_t *flow, const tw_identity_t *identity,
                      const tw_err_t *err)
{
    const tw_site_t *site = visitor->site;
    tw_page_t p = { 0 };
    tw_line_t line;

    p.kind = TW_PAGE_NOT_STORED;
    p.next = flow->next;
    p.retry_after = err->retry_after ? err->retry_after : TW_RETRY_AFTER;
    /* the callback can be loaded again and again, as long as it is down */
    tw_line_begin(&line, r, site, APLOG_WARNING, "TW0215",
                  tw_line_cause(r->pool, err));
    p.reference = line.shown;
    ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0215)
                  "sign-in not stored (reference %s): %s%s%s%s",
                  line.reference, identity_text(r->pool, identity), err->why,
                  err->advice ? ": " : "", err->advice ? err->advice : "");
    return page(r, visitor, &p);
}

/* The account could not be had. */
static int no_sign_in(request_rec *r, tw_visitor_t *visitor,
                      const tw_flow_t *flow, const tw_identity_t *identity,
                      const tw_session_t *session, const tw_err_t *err)
{
    const tw_site_t *site = visitor->site;
    tw_page_t p = { 0 };
    tw_line_t line;

    p.next = flow->next;
    switch (err->kind) {
    case TW_ERR_INACTIVE:
        p.kind = TW_PAGE_INACTIVE;
        tw_line_begin(&line, r, site, APLOG_NOTICE, "TW0213", identity->id);
        ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0213)
                      "sign-in refused (reference %s): %s: %s",
                      line.reference, tw_line_person(r->pool, session),
                      err->why);
        break;
    case TW_ERR_NO_ACCOUNT:
        p.kind = TW_PAGE_NO_ACCOUNT;
        p.detail = identity->id;
        tw_line_begin(&line, r, site, APLOG_NOTICE, "TW0214", identity->id);
        ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0214)
                      "sign-in refused (reference %s): %s%s; to invite: "
                      "INSERT INTO twauth_account (twitter_id) VALUES ('%s')",
                      line.reference, identity_text(r->pool, identity),
                      err->why, identity->id);
        break;
    default:
        return not_stored(r, visitor, flow, identity, err);
    }
    p.reference = line.shown;
    return page(r, visitor, &p);
}

/* A profile that X did not give stops nobody; whoever asks for one is told
 * once in a while. */
static void log_no_profile(request_rec *r, const tw_site_t *site,
                           const tw_identity_t *identity)
{
    if (identity->no_profile && tw_line_is_due(site, TW_LINE_PROFILE)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0481)
                      "signed in without a profile: %s (TwAuthProfile Off "
                      "asks for none; an address needs \"Request email from "
                      "users\" in X's developer console)",
                      identity->no_profile);
    }
}

static void log_sign_in(request_rec *r, const tw_session_t *session,
                        const tw_signed_in_t *result,
                        const tw_session_t *previous)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0216)
                  "signed in: %s%s", tw_line_person(r->pool, session),
                  result->created ? ", a new account" : "");
    if (result->claimed) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, TWLOGNO(0482)
                      "an account that waited under this handle is theirs "
                      "from now on (TwAuthClaimByHandle): %s",
                      tw_line_person(r->pool, session));
    }
    if (result->name_was_taken) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0217)
                      "called by another name than its handle's, which is "
                      "taken or reserved: %s",
                      tw_line_person(r->pool, session));
    }
    if (previous && previous->account != session->account) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0218)
                      "it takes the place of a session of %s",
                      tw_line_person(r->pool, previous));
    }
}

/* X has said who it is: account, session, cookies, and on to next. */
static int sign_in(request_rec *r, tw_visitor_t *visitor,
                   const tw_flow_t *flow, const tw_identity_t *identity)
{
    const tw_site_t *site = visitor->site;
    const tw_session_t *previous;
    tw_sign_in_t options = { 0 };
    tw_session_t session = { 0 };
    tw_signed_in_t result;
    tw_browser_t browser;
    tw_err_t err = { 0 };

    previous = tw_visitor_open(visitor) == TW_VISITOR_SIGNED_IN
             ? &visitor->session : NULL;
    options.identity = identity;
    options.sign_up = site->sign_in.sign_up;
    options.claim = site->sign_in.claim;
    options.from.address = r->useragent_ip;
    options.from.user_agent = apr_table_get(r->headers_in, "User-Agent");
    options.from.keep = site->session.per_account;
    options.previous = previous;
    session.signed_in_at = session.expires_at = apr_time_now();
    session.remembered = flow->remembered
                         && site->session.remember != TW_REMEMBER_OFF;
    session.confirmed = flow->person != NULL;
    session.expires_at += site->session.limits[session.remembered].max;
    tw_protection_mark(&session, r, site);
    if (tw_account_sign_in(&session, &result, &site->store, &options, r->pool,
                           &err) != APR_SUCCESS) {
        return no_sign_in(r, visitor, flow, identity, &session, &err);
    }
    if (previous) {
        tw_revoke_here(site, previous, session.signed_in_at);
    }
    if (!tw_visitor_set_session(r, site, &session)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    tw_browser_read(&browser, visitor);
    browser.before = session.account;
    browser.left = 0;
    tw_browser_set(r, site, &browser);
    log_sign_in(r, &session, &result, previous);
    log_no_profile(r, site, identity);
    tw_page_no_store(r);
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Location", flow->next);
    return HTTP_MOVED_TEMPORARILY;
}

/* Somebody who was signed in was to say so again at X, and it was another who
 * came back: nothing changes. */
static int other_person(request_rec *r, tw_visitor_t *visitor,
                        const tw_flow_t *flow, const tw_identity_t *identity)
{
    tw_page_t p = { 0 };

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0441)
                  "%srefused, for X id %s was asked to sign in again "
                  "(TwAuthFresh)", identity_text(r->pool, identity),
                  flow->person);
    p.kind = TW_PAGE_OTHER_PERSON;
    p.next = flow->next;
    if (tw_visitor_open(visitor) == TW_VISITOR_SIGNED_IN) {
        p.screen_name = visitor->session.screen_name;
    }
    return page(r, visitor, &p);
}

static int used_before(request_rec *r, tw_visitor_t *visitor,
                       const tw_flow_t *flow, const char *cookie_name)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0219)
                  "this pending sign-in has been used before");
    tw_cookie_expire(r, cookie_name, visitor->site->cookies.other_attributes);
    return start_again(r, visitor, flow->next);
}

/* A grant for a flow of this browser: the one exchange, and what follows. */
static int exchange(request_rec *r, tw_visitor_t *visitor, tw_flow_t *flow,
                    const char *cookie_name, const char *grant)
{
    const tw_site_t *site = visitor->site;
    tw_client_t client = site->provider.client;
    tw_id_t id;
    tw_identity_t identity;
    tw_lease_t lease;
    tw_page_t p = { 0 };
    tw_err_t err = { 0 };
    apr_status_t rv;

    p.next = flow->next;
    tw_flow_id(&id, flow);
    /* looked at first: a callback that is loaded again must not use up a
     * breaker's one try in a while */
    if (tw_shared_is_used(site->shared, &id, apr_time_now())) {
        return used_before(r, visitor, flow, cookie_name);
    }
    /* what X gives can be had once: not before it can be kept */
    if (tw_account_ready(&site->store.database, r->pool, &err) != APR_SUCCESS) {
        return not_stored(r, visitor, flow, NULL, &err);
    }
    if (!tw_call_begin(&lease, r, site, TW_CALL_CALLBACK, WAIT_FOR_LEASE,
                       &p)) {
        return page(r, visitor, &p);
    }
    if (!tw_shared_use_once(site->shared, &id, flow->started_at
                            + site->sign_in.timeout + TW_LEEWAY,
                            apr_time_now())) {
        tw_call_drop(&lease);
        return used_before(r, visitor, flow, cookie_name);
    }
    tw_cookie_expire(r, cookie_name, site->cookies.other_attributes);
    client.http.timeout = tw_call_time(&lease);
    rv = site->provider.protocol->finish(&identity, &client,
                                         tw_start_http(site), &flow->pending,
                                         grant, r->pool, &err);
    tw_secret_wipe(flow->pending.secret);
    if (!tw_call_end(&lease, r, "the sign-in", rv, &err, &p)) {
        return page(r, visitor, &p);
    }
    if (flow->person && strcmp(flow->person, identity.id)) {
        return other_person(r, visitor, flow, &identity);
    }
    return sign_in(r, visitor, flow, &identity);
}

/*
 * X refused before there was anything to exchange.  Some of RFC 6749's words
 * (section 4.1.2.1) blame the application, and its administrator has to
 * know; but anybody can write such an answer to a sign-in of their own.
 */
static void log_error_answer(request_rec *r, const tw_site_t *site,
                             const char *error)
{
    static const char *const blames[] = {
        "invalid_scope", "invalid_request", "unauthorized_client",
        "unsupported_response_type"
    };
    int level = APLOG_INFO;
    apr_size_t i;

    for (i = 0; i < sizeof(blames) / sizeof(blames[0]); i++) {
        if (!strcmp(error, blames[i])
            && tw_line_is_due(site, TW_LINE_ANSWER)) {
            level = APLOG_ERR;
        }
    }
    ap_log_rerror(APLOG_MARK, level, 0, r, TWLOGNO(0223)
                  "X sent the browser back with \"%s\": look at TwAuthScope, "
                  "and at the application's settings at X",
                  tw_err_quote(r->pool, error, strlen(error), 100));
}

int tw_callback_get(request_rec *r, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    apr_array_header_t *query;
    const char *cookie_name;
    tw_authz_response_t authz;
    tw_flow_t flow;
    apr_time_t now = apr_time_now();
    tw_id_t id;

    /* a link checker or a prefetch must not use a sign-in up */
    if (tw_navigation_is_denied(r)) {
        return tw_page_bare(r, visitor, HTTP_UNAUTHORIZED);
    }
    if (tw_codec_form(&query, r->args, r->args ? strlen(r->args) : 0,
                      QUERY_FIELDS_MAX, r->pool) != APR_SUCCESS) {
        return start_again(r, visitor, NULL);
    }
    site->provider.protocol->parse_response(&authz, &site->provider.client,
                                            query);

    if (!tw_flow_cookies_find(&flow, &cookie_name, visitor, authz.key)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0210)
                      "callback without a pending sign-in of this browser");
        return start_again(r, visitor, NULL);
    }
    if (authz.error && authz.kind != TW_AUTHZ_CANCELLED) {
        log_error_answer(r, site, authz.error);
    }
    if (flow.started_at > now + TW_LEEWAY
        || now - flow.started_at >= site->sign_in.timeout
        || authz.kind == TW_AUTHZ_INVALID) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0211)
                      "callback for a sign-in that %s",
                      authz.kind == TW_AUTHZ_INVALID ? "lacks its proof"
                                                       : "is out of time");
        tw_cookie_expire(r, cookie_name, site->cookies.other_attributes);
        return start_again(r, visitor, flow.next);
    }
    if (authz.kind == TW_AUTHZ_CANCELLED) {
        tw_flow_id(&id, &flow);
        tw_shared_use_once(site->shared, &id,
                           flow.started_at + site->sign_in.timeout
                               + TW_LEEWAY,
                           now);
        tw_cookie_expire(r, cookie_name, site->cookies.other_attributes);
        return cancelled(r, visitor, &flow);
    }
    return exchange(r, visitor, &flow, cookie_name, authz.grant);
}
