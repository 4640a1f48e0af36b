/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/authn.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "auth/export.h"
#include "auth/fresh.h"
#include "private.h"
#include "request/address.h"
#include "request/auth_type.h"
#include "request/browser.h"
#include "request/front.h"
#include "request/line.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/report.h"

/* r->ap_auth_type points here when, and only when, the user is ours. */
static char auth_type[] = TW_AUTH_TYPE;

#define LOOP_TIME apr_time_from_sec(10)

/* A directory can only ask for it more often than the server does. */
static apr_interval_time_t recheck_of(const tw_site_t *site,
                                      const tw_dir_conf_t *dir)
{
    apr_int64_t recheck = site->session.recheck;

    return dir->recheck != TW_UNSET && dir->recheck < recheck ? dir->recheck
                                                              : recheck;
}

tw_visitor_t *tw_authn_visitor(request_rec *r)
{
    return r->user && r->ap_auth_type == auth_type ? tw_visitor_peek(r)
                                                   : NULL;
}

/* Makes the session's user the request's; 0 when it has no such name. */
static int set_user(request_rec *r, const tw_visitor_t *visitor,
                    const tw_dir_conf_t *dir)
{
    const tw_session_t *session = &visitor->session;
    const char *user = session->username;

    if (dir->remote_user == TW_USER_SCREEN_NAME) {
        user = session->screen_name;
    }
    else if (dir->remote_user == TW_USER_ID) {
        user = session->twitter_id;
    }
    if (!*user) {
        return 0;
    }
    r->user = (char *)user;
    r->ap_auth_type = auth_type;
    return 1;
}

/* ---- without a session -------------------------------------------------- */

static const char *login_url(request_rec *r, const tw_visitor_t *visitor,
                             tw_login_t how)
{
    return tw_address_login(r, visitor->site, visitor->page.next,
                            visitor->page.fresh ? TW_LOGIN_FRESH : how);
}

static int redirect_to_login(request_rec *r, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    const char *url = login_url(r, visitor, TW_LOGIN_PLAIN);
    tw_browser_t browser;

    tw_counters_add(tw_shared_counters(site->shared), TW_PLACE_SENT,
                    TW_SENT_LOGIN);
    /* at the own address it is a path, and the cookie is for there */
    if (*url == '/' && !tw_browser_read(&browser, visitor)) {
        tw_browser_set(r, site, &browser);
    }
    tw_page_no_store(r);
    apr_table_setn(r->headers_out, "Location", url);
    return HTTP_MOVED_TEMPORARILY;
}

/* What a person reads who is not sent to the sign-in, by what the site
 * chose: a page of its own, or ours.  Ours it must be where the site chose
 * none: a document for all its 401s would have no way on. */
static int ask_to_sign_in(request_rec *r, tw_visitor_t *visitor,
                          apr_int64_t mode)
{
    tw_page_t page = { 0 };
    tw_browser_t browser;

    if (visitor->page.fresh) {
        page.kind = r->method_number == M_GET ? TW_PAGE_FRESH
                                              : TW_PAGE_FRESH_NOT_TAKEN;
        page.screen_name = visitor->session.screen_name;
    }
    else {
        page.kind = r->method_number == M_GET ? TW_PAGE_SIGN_IN
                                              : TW_PAGE_NOT_TAKEN;
        page.remember = visitor->site->session.remember
                        == TW_REMEMBER_ASK;
    }
    page.next = visitor->page.next;
    if (tw_browser_read(&browser, visitor) && browser.left) {
        page.token = tw_browser_token(r,
                                      &visitor->site->sealers.account_switch,
                                      &browser, NULL);
    }
    page.always = mode == TW_UNAUTH_LOGIN
                  || (mode != TW_UNAUTH_401
                      && !tw_page_has_document_here(r, HTTP_UNAUTHORIZED));
    return tw_page_answer(r, visitor, &page);
}

/* What a server in front is told with each 401. */
static void tell_front(request_rec *r, const tw_visitor_t *visitor)
{
    apr_table_setn(r->err_headers_out, "X-Twauth-Login",
                   login_url(r, visitor, TW_LOGIN_PLAIN));
}

/*
 * Its visitor should be led to the sign-in, which asks first who has just
 * left: by a header, or by a redirect to a whole URL, for a path would be
 * taken for one of the server that was asked.
 */
static int lead_from_front(request_rec *r, tw_visitor_t *visitor)
{
    const char *url = login_url(r, visitor, TW_LOGIN_MOVED);

    if (!tw_front_redirects(r)) {
        tell_front(r, visitor);
        apr_table_setn(r->err_headers_out, "X-Twauth-Redirect", url);
        return ask_to_sign_in(r, visitor, TW_UNAUTH_LOGIN);
    }
    tw_page_no_store(r);
    apr_table_setn(r->headers_out, "Location", *url == '/' ? apr_pstrcat(
        r->pool, visitor->site->address.origin, url, NULL) : url);
    return HTTP_MOVED_TEMPORARILY;
}

/*
 * Whether a redirect could go round for ever: who has just come from X is
 * not good enough here all the same, as where each request comes from another
 * network.  Then it takes a hand to go on.
 */
static int could_loop(const tw_visitor_t *visitor)
{
    return (visitor->copy.ended_elsewhere
            || (visitor->page.fresh && visitor->session.confirmed))
           && apr_time_now() < visitor->session.signed_in_at + LOOP_TIME;
}

/* Nobody is signed in, or (page.fresh) somebody not recently enough. */
static int unauthenticated(request_rec *r, tw_visitor_t *visitor,
                           const tw_dir_conf_t *dir)
{
    apr_int64_t mode = dir->unauthenticated;
    int navigates = tw_navigation_is(r) && r->proxyreq != PROXYREQ_PROXY;
    tw_browser_t browser;

    /* of a GET both are the same question */
    if (!navigates && (r->method_number == M_GET
                       || !tw_navigation_is_read(r))) {
        /* scripts and robots come in numbers, and nobody asks where to */
        if (visitor->given.to_front
            || tw_page_has_document(r, HTTP_UNAUTHORIZED)) {
            visitor->page.next = tw_visitor_target(r, visitor->site);
        }
        if (visitor->given.to_front) {
            tell_front(r, visitor);
        }
        return tw_page_bare(r, visitor, HTTP_UNAUTHORIZED);
    }
    visitor->page.next = tw_visitor_target(r, visitor->site);
    if (navigates && mode == TW_UNAUTH_LOGIN && !could_loop(visitor)) {
        if (visitor->given.to_front) {
            return lead_from_front(r, visitor);
        }
        /* who has just left is not signed in again without being asked */
        if (!(tw_browser_read(&browser, visitor) && browser.left)) {
            return redirect_to_login(r, visitor);
        }
    }
    if (visitor->given.to_front) {
        tell_front(r, visitor);
    }
    return ask_to_sign_in(r, visitor, mode);
}

static int not_fresh(request_rec *r, tw_visitor_t *visitor,
                     const tw_dir_conf_t *dir)
{
    int status;

    visitor->page.fresh = 1;
    status = unauthenticated(r, visitor, dir);
    if (r->main) {
        visitor->page.fresh = 0;    /* a part's refusal is not the page's */
    }
    return status;
}

static int database_down(request_rec *r, tw_visitor_t *visitor)
{
    tw_page_t page = { 0 };

    page.kind = TW_PAGE_DATABASE;
    page.retry_after = TW_RETRY_AFTER;
    return tw_page_refuse(r, visitor, &page);
}

static int plain_http(request_rec *r, tw_visitor_t *visitor)
{
    tw_page_t page = { 0 };

    if (tw_line_is_due(visitor->site, TW_LINE_PLAIN_HTTP)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, TWLOGNO(0306)
                      "a protected page over plain http: refused; nobody can "
                      "be signed in here (use https, or TwAuthAllowHTTP On on "
                      "a loopback address)");
    }
    page.kind = TW_PAGE_PLAIN_HTTP;
    return tw_page_refuse(r, visitor, &page);
}

static int no_name(request_rec *r, tw_visitor_t *visitor)
{
    tw_page_t page = { 0 };
    const char *person = tw_line_person(r->pool, &visitor->session);
    tw_line_t line;

    tw_line_begin(&line, r, visitor->site, APLOG_NOTICE, "TW0307", person);
    ap_log_rerror(APLOG_MARK, line.level, 0, r, TWLOGNO(0307)
                  "the handle has passed to another account, and "
                  "TwAuthRemoteUser is screen_name: %s", person);
    tw_report(r, visitor->site, TW_EVENT_REFUSED_NO_NAME, &visitor->session,
              NULL, NULL);
    page.kind = TW_PAGE_FORBIDDEN;
    page.screen_name = "";
    return tw_page_answer(r, visitor, &page);
}

/* ---- hooks -------------------------------------------------------------- */

int tw_authn_check(request_rec *r)
{
    const tw_dir_conf_t *dir;
    tw_visitor_t *visitor;

    if (!tw_auth_type_is_ours(r)) {
        return DECLINED;
    }
    visitor = tw_visitor_get(r);
    if (!visitor) {
        const tw_site_t *site = tw_site(r->server);

        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0308)
                      "AuthType Twitter, but mod_twauth is off for this "
                      "host: %s", site && site->off ? site->off
                      : "it has no credentials, or TwAuthEngine is Off");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (visitor->site->address.plain_http) {
        return plain_http(r, visitor);
    }
    dir = tw_conf_dir(r);
    switch (tw_visitor_authenticate(visitor, r, recheck_of(visitor->site, dir),
                                    1)) {
    case TW_VISITOR_SIGNED_IN:
        if (!tw_fresh_is(visitor, r, dir)) {
            return not_fresh(r, visitor, dir);
        }
        if (!set_user(r, visitor, dir)) {
            return no_name(r, visitor);
        }
        /* now, not with the rest in fixups: rules may be about them */
        tw_export_variables(r, visitor, (int)dir->exports);
        return OK;
    case TW_VISITOR_UNVERIFIED:
        return database_down(r, visitor);
    default:
        return unauthenticated(r, visitor, dir);
    }
}

void tw_authn_insert_filter(request_rec *r)
{
    tw_visitor_t *visitor = tw_visitor_peek(r);

    if (!visitor) {
        return;
    }
    tw_export_withdraw(r, visitor, tw_conf_dir(r), 0);
    /* a fast internal redirect has no user, but the AuthType of its target */
    if (visitor->copy.renewal_due && tw_auth_type_is_ours(r)) {
        tw_visitor_renew(visitor, r);
    }
    tw_visitor_insert_filter(visitor, r);
}

/* Who is signed in at a place that asks nobody to; NULL: nobody that counts
 * there. */
static tw_visitor_t *passing(request_rec *r, const tw_dir_conf_t *dir)
{
    tw_visitor_t *visitor = tw_visitor_get(r);

    if (!visitor || visitor->site->address.plain_http
        || tw_visitor_authenticate(visitor, r, recheck_of(visitor->site, dir),
                                   1) != TW_VISITOR_SIGNED_IN) {
        return NULL;
    }
    if (!tw_fresh_is(visitor, r, dir)) {
        if (!r->main) {
            visitor->page.fresh = 1;
            visitor->page.error = "fresh";
            visitor->page.next = tw_visitor_target(r, visitor->site);
        }
        return NULL;
    }
    return set_user(r, visitor, dir) ? visitor : NULL;
}

int tw_authn_fixups(request_rec *r)
{
    const tw_dir_conf_t *dir;
    tw_visitor_t *visitor, *anybody;
    int exports, passes = 0;

    if (!tw_site(r->server)) {
        return DECLINED;
    }
    dir = tw_conf_dir(r);
    exports = (int)dir->exports;
    visitor = tw_authn_visitor(r);
    if (!visitor && dir->unauthenticated == TW_UNAUTH_PASS
        && tw_auth_type_is_ours(r)) {
        visitor = passing(r, dir);
        passes = !visitor && tw_conf_fresh(dir);
    }
    anybody = tw_visitor_peek(r);
    if (anybody) {
        tw_export_withdraw(r, anybody, dir, 1);
    }
    if (visitor && visitor->state == TW_VISITOR_SIGNED_IN) {
        tw_export_identity(r, visitor, dir);
        if (visitor->given.to_front && r == visitor->initial) {
            tw_export_answer(r, visitor, dir);
        }
    }
    else {
        tw_export_clean(r, exports);
    }
    if (anybody && (r->prev || passes)) {
        tw_page_environment(r, anybody);
    }
    return DECLINED;
}
