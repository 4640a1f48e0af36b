/* SPDX-License-Identifier: Apache-2.0 */
#include "login/hub.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "config/hub.h"
#include "private.h"
#include "request/address.h"
#include "request/browser.h"
#include "request/line.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/report.h"
#include "store/session_row.h"

#define QUERY_FIELDS_MAX 50

/* One that asks, as far as it has come. */
typedef struct {
    request_rec *r;
    tw_visitor_t *visitor;
    const tw_site_t *site;
    const char *text;               /* as it came */
    tw_hub_ask_t ask;
} asked_t;

static int page(const asked_t *a, tw_page_kind_t kind, int retry_after)
{
    tw_page_t p = { 0 };

    p.kind = kind;
    p.always = 1;
    p.retry_after = retry_after;
    return tw_page_answer(a->r, a->visitor, &p);
}

static int refuse(const asked_t *a, const char *why)
{
    tw_line_t line;

    tw_line_begin(&line, a->r, a->site, APLOG_NOTICE, "TW0248", why);
    ap_log_rerror(APLOG_MARK, line.level, 0, a->r, TWLOGNO(0248)
                  "a host asks this hub, in vain: %s", why);
    return page(a, TW_PAGE_EXPIRED, 0);
}

/* What is wrong with what was asked; NULL: nothing. */
static const char *read_ask(asked_t *a)
{
    apr_time_t now = apr_time_now();
    apr_array_header_t *query;
    apr_status_t rv = APR_EINVAL;

    a->text = tw_codec_query(&query, a->r->args, QUERY_FIELDS_MAX, a->r->pool)
              == APR_SUCCESS ? tw_codec_form_get(query, "ask", NULL) : NULL;
    if (a->text) {
        rv = tw_hub_ask_open(&a->ask, a->site->sealers.hub, a->text,
                             a->r->pool);
    }
    if (rv == APR_ENOENT) {
        return "it seals with a key that this hub does not have (give both "
               "the same TwAuthKey)";
    }
    if (rv != APR_SUCCESS) {
        return "it is not the question of one of its hosts";
    }
    if (!tw_hub_serves(a->site, a->ask.callback)) {
        return apr_psprintf(a->r->pool, "TwAuthHubFor does not name the host "
                            "of %s", tw_err_quote(a->r->pool, a->ask.callback,
                                                  strlen(a->ask.callback),
                                                  200));
    }
    return a->ask.at > now + TW_HUB_LEEWAY
           || now > a->ask.at + a->site->sign_in.timeout
           ? "it asked too long ago (or the clocks differ)" : NULL;
}

/* The sign-in, from which the browser comes back here: with the time of this
 * server, by which it can be told whether that was a new one. */
static int sign_in_first(const asked_t *a, tw_login_t how)
{
    request_rec *r = a->r;
    tw_hub_ask_t ask = a->ask;
    const char *next;
    const char *url;
    tw_browser_t browser;

    ask.at = apr_time_now();
    if (ask.how != TW_HUB_ANYBODY) {
        ask.since = ask.at;
    }
    next = apr_pstrcat(r->pool, a->site->paths.hub, "?ask=", tw_hub_ask_seal(
        &ask, a->site->sealers.hub, r->pool), NULL);
    url = tw_address_login(r, a->site, next, how);
    /* whoever switches has said so at the host that asks */
    if (how == TW_LOGIN_SWITCH && tw_browser_read(&browser, a->visitor)) {
        url = apr_pstrcat(r->pool, url, "&token=", tw_browser_token(
            r, &a->site->sealers.account_switch, &browser,
            &a->visitor->session), NULL);
    }
    tw_page_no_store(r);
    apr_table_setn(r->headers_out, "Location", url);
    return HTTP_MOVED_TEMPORARILY;
}

/* Whether who is signed in has passed through X as late as is asked. */
static int is_new(const asked_t *a)
{
    return a->visitor->session.signed_in_at >= a->ask.since;
}

/* The waiting row of a session at the host that asks. */
static apr_status_t begin_session(tw_hub_ticket_t *ticket, const asked_t *a,
                                  tw_err_t *err)
{
    const tw_session_t *own = &a->visitor->session;
    const tw_database_t *database = &a->site->store.database;
    tw_session_from_t from = { 0 };
    tw_session_t session = { 0 };
    tw_db_t *db;
    apr_status_t rv = tw_db_open(&db, database, a->r->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    tw_report_from(&from, a->r, a->site);
    from.waits = 1;
    session.account = own->account;
    session.signed_in_at = ticket->at = apr_time_now();
    session.expires_at = ticket->at + TW_HUB_TICKET_TIME;
    rv = tw_session_row_begin(&session, db, &from, err);
    tw_db_close(db);
    ticket->state = a->ask.state;
    ticket->challenge = a->ask.challenge;
    ticket->session = session.id;
    ticket->account = own->account;
    ticket->twitter_id = own->twitter_id;
    ticket->signed_in_at = own->signed_in_at;
    return rv;
}

static int hand_over(const asked_t *a)
{
    request_rec *r = a->r;
    tw_hub_ticket_t ticket = { 0 };
    tw_err_t err = { 0 };
    tw_line_t line;

    if (begin_session(&ticket, a, &err) != APR_SUCCESS) {
        tw_line_begin(&line, r, a->site, APLOG_WARNING, "TW0249",
                      tw_line_cause(r->pool, &err));
        ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0249)
                      "nobody is handed over: %s", tw_err_text(r->pool, &err));
        return page(a, TW_PAGE_DATABASE, TW_RETRY_AFTER);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0250)
                  "handed over to %s: %s", a->ask.callback,
                  tw_line_person(r->pool, &a->visitor->session));
    tw_page_no_store(r);
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Location", apr_pstrcat(
        r->pool, a->ask.callback, "?state=", a->ask.state, "&ticket=",
        tw_hub_ticket_seal(&ticket, a->site->sealers.hub, a->ask.callback,
                           r->pool), NULL));
    return HTTP_MOVED_TEMPORARILY;
}

int tw_hub_get(request_rec *r, tw_visitor_t *visitor)
{
    asked_t a = { .r = r, .visitor = visitor, .site = visitor->site };
    const char *why;

    if (!tw_navigation_is(r)) {
        return tw_page_bare(r, visitor, HTTP_UNAUTHORIZED);
    }
    why = read_ask(&a);
    if (why) {
        return refuse(&a, why);
    }
    if (tw_address_is_elsewhere(r, a.site)) {
        return tw_page_redirect(r, a.site, HTTP_MOVED_TEMPORARILY,
                                a.site->paths.hub,
                                apr_pstrcat(r->pool, "ask=", a.text, NULL));
    }
    switch (tw_visitor_authenticate(visitor, r, 0, 1)) {
    case TW_VISITOR_UNVERIFIED:
        return page(&a, TW_PAGE_DATABASE, TW_RETRY_AFTER);
    case TW_VISITOR_SIGNED_IN:
        return is_new(&a) ? hand_over(&a)
               : sign_in_first(&a, a.ask.how == TW_HUB_SWITCH
                                   ? TW_LOGIN_SWITCH : TW_LOGIN_FRESH);
    default:
        return sign_in_first(&a, TW_LOGIN_PLAIN);
    }
}
