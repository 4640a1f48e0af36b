/* SPDX-License-Identifier: Apache-2.0 */
#include "login/callback.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/secret.h"
#include "config/start.h"
#include "login/error_answer.h"
#include "login/flow_cookies.h"
#include "login/refused.h"
#include "login/signed_in.h"
#include "private.h"
#include "request/browser.h"
#include "request/call.h"
#include "request/copy.h"
#include "request/line.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/protection.h"
#include "request/report.h"
#include "request/revoke.h"
#include "request/set_cookie.h"
#include "store/account.h"

#define WAIT_FOR_LEASE apr_time_from_sec(2)
#define QUERY_FIELDS_MAX 50

/* One callback, as far as it has come. */
typedef struct {
    request_rec *r;
    tw_visitor_t *visitor;
    const tw_site_t *site;
    tw_authz_response_t authz;
    tw_flow_t flow;                 /* all zero: none was found */
    const char *cookie_name;        /* of the flow */
    tw_identity_t identity;         /* id NULL: X has not said who it is */
} callback_t;

/* Tells the event log, with as much as is known of who it is. */
static void report(const callback_t *c, tw_event_kind_t kind,
                   const char *reference, const char *why)
{
    tw_session_t whom = { .twitter_id = c->identity.id,
                          .screen_name = c->identity.screen_name };

    tw_report(c->r, c->site, kind, &whom, reference, why);
}

/* Whether the page says that there is nothing to be had by the invitation. */
static int is_about_invitation(const tw_page_t *p)
{
    return p->kind >= TW_PAGE_WAITING && p->kind <= TW_PAGE_INVITATION_UNKNOWN;
}

/* Ends in a page: always our own, for the URL holds a verifier or code. */
static int page(const callback_t *c, tw_page_t *p)
{
    p->always = 1;
    p->next = c->flow.next;
    p->invite = is_about_invitation(p) ? NULL : c->flow.invite;
    return tw_page_answer(c->r, c->visitor, p);
}

/* The browser's cookie of this flow has done its work. */
static void drop_cookie(const callback_t *c)
{
    tw_cookie_expire(c->r, c->cookie_name, c->site->cookies.other_attributes);
}

/* 0: it has been used before. */
static int use_up_flow(const callback_t *c)
{
    tw_id_t id;

    tw_flow_id(&id, &c->flow);
    return tw_shared_use_once(c->site->shared, &id, c->flow.started_at
                              + c->site->sign_in.timeout + TW_LEEWAY,
                              apr_time_now());
}

/*
 * "Start again": or, for somebody who is signed in all the same (the back
 * button, a reload), the way on.
 */
static int start_again(const callback_t *c)
{
    tw_page_t p = { 0 };

    p.kind = TW_PAGE_EXPIRED;
    if (tw_visitor_authenticate(c->visitor, c->r, c->site->session.recheck, 0)
        == TW_VISITOR_SIGNED_IN) {
        p.kind = TW_PAGE_SIGNED_IN;
        p.screen_name = c->visitor->session.screen_name;
    }
    else {
        report(c, TW_EVENT_REFUSED_EXPIRED, NULL, NULL);
    }
    return page(c, &p);
}

static int cancelled(const callback_t *c)
{
    tw_browser_t browser;
    tw_page_t p = { 0 };

    use_up_flow(c);
    drop_cookie(c);
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, c->r, TWLOGNO(0212)
                  "the user cancelled at X");
    report(c, TW_EVENT_CANCELLED, NULL, NULL);
    p.kind = TW_PAGE_CANCELLED;
    if (tw_visitor_open(c->visitor) == TW_VISITOR_SIGNED_IN) {
        /* it was another account that was not taken */
        p.kind = TW_PAGE_UNCHANGED;
        p.screen_name = c->visitor->session.screen_name;
    }
    else {
        tw_browser_read(&browser, c->visitor);
        browser.left = 1;
        tw_browser_set(c->r, c->site, &browser);
    }
    return page(c, &p);
}

/* Who signs in, with a colon; nothing where X has not been asked. */
static const char *identity_text(const callback_t *c)
{
    return c->identity.id ? apr_psprintf(c->r->pool, "X id %s, @%s: ",
                                         c->identity.id,
                                         c->identity.screen_name)
                          : "";
}

/* The database failed: that it is down has been logged, this is the sign-in
 * that suffers. */
static int not_stored(const callback_t *c, const tw_err_t *err)
{
    request_rec *r = c->r;
    tw_page_t p = { 0 };
    tw_line_t line;

    p.kind = TW_PAGE_NOT_STORED;
    p.retry_after = err->retry_after ? err->retry_after : TW_RETRY_AFTER;
    /* the callback can be loaded again and again, as long as it is down */
    tw_line_begin(&line, r, c->site, APLOG_WARNING, "TW0215",
                  tw_line_cause(r->pool, err));
    p.reference = line.shown;
    ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0215)
                  "sign-in not stored (reference %s): %s%s", line.reference,
                  identity_text(c), tw_err_text(r->pool, err));
    report(c, TW_EVENT_REFUSED_NOT_STORED, p.reference, err->why);
    return page(c, &p);
}

/* Without a call there is nothing to fail at X: what failed is here. */
static int not_taken(const callback_t *c, const tw_err_t *err)
{
    tw_line_t line;

    tw_line_begin(&line, c->r, c->site, APLOG_NOTICE, "TW0247", err->why);
    ap_log_rerror(APLOG_MARK, line.level, 0, c->r, TWLOGNO(0247)
                  "the hub's answer is not taken: %s", err->why);
    return start_again(c);
}

/* The account could not be had. */
static int no_sign_in(const callback_t *c, const tw_session_t *session,
                      const tw_signed_in_t *result, const tw_err_t *err)
{
    tw_page_t p = { 0 };

    if (err->kind == TW_ERR_REFUSED) {
        return not_taken(c, err);
    }
    return tw_refused(&p, c->r, c->site, session, result, err)
           ? page(c, &p) : not_stored(c, err);
}

/* X has said who it is: account, session, cookies, and on to next. */
static int sign_in(const callback_t *c)
{
    request_rec *r = c->r;
    const tw_site_t *site = c->site;
    const tw_session_t *previous;
    tw_sign_in_t options = { 0 };
    tw_session_t session = { 0 };
    tw_signed_in_t result;
    tw_browser_t browser;
    tw_err_t err = { 0 };

    previous = tw_visitor_open(c->visitor) == TW_VISITOR_SIGNED_IN
               ? &c->visitor->session : NULL;
    options.identity = &c->identity;
    options.sign_up = site->sign_in.sign_up;
    options.claim = site->sign_in.claim;
    options.invite = site->sign_in.sign_up == TW_SIGN_UP_OFF
                     ? NULL : c->flow.invite;
    tw_report_from(&options.from, r, site);
    options.from.keep = site->session.per_account;
    options.previous = previous;
    tw_copy_begin(site, r->pool);
    session.signed_in_at = session.expires_at =
        c->identity.ticket ? c->identity.ticket->signed_in_at
                           : apr_time_now();
    session.remembered = c->flow.remembered
                         && site->session.remember != TW_REMEMBER_OFF;
    session.confirmed = c->flow.person != NULL;
    session.expires_at += site->session.limits[session.remembered].max;
    tw_protection_mark(&session, r, site);
    if (tw_account_sign_in(&session, &result, &site->store, &options, r->pool,
                           &err) != APR_SUCCESS) {
        return no_sign_in(c, &session, &result, &err);
    }
    if (previous) {
        tw_revoke_here(site, previous, session.signed_in_at);
    }
    if (!tw_visitor_set_session(r, site, &session)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    tw_browser_read(&browser, c->visitor);
    browser.before = session.account;
    browser.left = 0;
    tw_browser_set(r, site, &browser);
    tw_signed_in_tell(r, site, &session, &result, previous, &c->identity);
    tw_page_no_store(r);
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Location", c->flow.next);
    return HTTP_MOVED_TEMPORARILY;
}

/* Somebody who was signed in was to say so again at X, and it was another who
 * came back: nothing changes. */
static int other_person(const callback_t *c)
{
    tw_page_t p = { 0 };

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, c->r, TWLOGNO(0441)
                  "%srefused, for X id %s was asked to sign in again "
                  "(TwAuthFresh)", identity_text(c), c->flow.person);
    report(c, TW_EVENT_REFUSED_OTHER, NULL, NULL);
    p.kind = TW_PAGE_OTHER_PERSON;
    if (tw_visitor_open(c->visitor) == TW_VISITOR_SIGNED_IN) {
        p.screen_name = c->visitor->session.screen_name;
    }
    return page(c, &p);
}

/* It is known who it is. */
static int admit(const callback_t *c)
{
    return c->flow.person && strcmp(c->flow.person, c->identity.id)
           ? other_person(c) : sign_in(c);
}

static int used_before(const callback_t *c)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, c->r, TWLOGNO(0219)
                  "this pending sign-in has been used before");
    drop_cookie(c);
    return start_again(c);
}

/* What the hub (TwAuthHub) says: its ticket, and what follows. */
static int take(callback_t *c)
{
    const tw_site_t *site = c->site;
    tw_err_t err = { 0 };
    apr_status_t rv;

    if (!use_up_flow(c)) {
        return used_before(c);
    }
    drop_cookie(c);
    rv = site->provider.protocol->finish(&c->identity, &site->provider.client,
                                         NULL, &c->flow.pending,
                                         c->authz.grant, c->r->pool, &err);
    tw_secret_wipe(c->flow.pending.secret);
    return rv != APR_SUCCESS ? not_taken(c, &err) : admit(c);
}

/* A grant for a flow of this browser: the one exchange, and what follows. */
static int exchange(callback_t *c)
{
    const tw_site_t *site = c->site;
    tw_client_t client = site->provider.client;
    tw_id_t id;
    tw_lease_t lease;
    tw_page_t p = { 0 };
    tw_err_t err = { 0 };
    apr_status_t rv;

    /* looked at first: a callback that is loaded again must not use up a
     * breaker's one try in a while */
    tw_flow_id(&id, &c->flow);
    if (tw_shared_is_used(site->shared, &id, apr_time_now())) {
        return used_before(c);
    }
    if (!site->provider.protocol->finish_calls) {
        return take(c);
    }
    /* what X gives can be had once: not before it can be kept */
    if (tw_account_ready(&site->store.database, c->r->pool, &err)
        != APR_SUCCESS) {
        return not_stored(c, &err);
    }
    if (!tw_call_begin(&lease, c->r, site, TW_CALL_CALLBACK, WAIT_FOR_LEASE,
                       &p)) {
        return page(c, &p);
    }
    if (!use_up_flow(c)) {
        tw_call_drop(&lease);
        return used_before(c);
    }
    drop_cookie(c);
    client.http.timeout = tw_call_time(&lease);
    rv = site->provider.protocol->finish(&c->identity, &client,
                                         tw_start_http(site),
                                         &c->flow.pending, c->authz.grant,
                                         c->r->pool, &err);
    tw_secret_wipe(c->flow.pending.secret);
    if (!tw_call_end(&lease, c->r, "the sign-in", rv, &err, &p)) {
        return page(c, &p);
    }
    return admit(c);
}

/* Whether the flow's time is not over, nor yet to come. */
static int is_in_time(const callback_t *c)
{
    apr_time_t now = apr_time_now();

    return c->flow.started_at <= now + TW_LEEWAY
           && now - c->flow.started_at < c->site->sign_in.timeout;
}

int tw_callback_get(request_rec *r, tw_visitor_t *visitor)
{
    callback_t c = { .r = r, .visitor = visitor, .site = visitor->site };
    const tw_authz_response_t *authz = &c.authz;
    apr_array_header_t *query;

    /* a link checker or a prefetch must not use a sign-in up */
    if (tw_navigation_is_denied(r)) {
        return tw_page_bare(r, visitor, HTTP_UNAUTHORIZED);
    }
    if (tw_codec_query(&query, r->args, QUERY_FIELDS_MAX, r->pool)
        != APR_SUCCESS) {
        return start_again(&c);
    }
    c.site->provider.protocol->parse_response(
        &c.authz, &c.site->provider.client, query);
    if (!tw_flow_cookies_find(&c.flow, &c.cookie_name, visitor, authz->key)) {
        memset(&c.flow, 0, sizeof(c.flow));
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0210)
                      "callback without a pending sign-in of this browser");
        return start_again(&c);
    }
    if (authz->error && authz->kind != TW_AUTHZ_CANCELLED) {
        tw_error_answer_log(r, visitor->site, authz->error);
    }
    if (authz->kind == TW_AUTHZ_INVALID || !is_in_time(&c)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0211)
                      "callback for a sign-in that %s",
                      authz->kind == TW_AUTHZ_INVALID ? "lacks its proof"
                                                      : "is out of time");
        drop_cookie(&c);
        return start_again(&c);
    }
    return authz->kind == TW_AUTHZ_CANCELLED ? cancelled(&c) : exchange(&c);
}
