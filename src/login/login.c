/* SPDX-License-Identifier: Apache-2.0 */
#include "login/login.h"

#include <string.h>

#include <apr_strings.h>
#include <http_protocol.h>
#include <scoreboard.h>

#include "base/codec.h"
#include "base/secret.h"
#include "config/start.h"
#include "login/asked.h"
#include "login/flow_cookies.h"
#include "login/limit.h"
#include "private.h"
#include "request/address.h"
#include "request/browser.h"
#include "request/call.h"
#include "request/line.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/report.h"
#include "request/visitor.h"

/* What stands in the place of an invitation. */
#define HIDDEN "invite=[...]"

/* ---- login: what is asked ------------------------------------------------ */

typedef struct {
    request_rec *r;
    tw_visitor_t *visitor;
    const tw_site_t *site;
    tw_asked_t asked;
    const char *person;             /* X's id of who is to sign in again */
    tw_browser_t browser;
    int known;                      /* the pre-session cookie was there */
} login_t;

/* ---- login: answers ------------------------------------------------------ */

static int redirect(request_rec *r, const char *url)
{
    tw_page_no_store(r);
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Location", url);
    return HTTP_MOVED_TEMPORARILY;
}

static int page(login_t *l, tw_page_t *p)
{
    p->next = l->asked.next;
    p->invite = l->asked.invite;
    /* the URL holds it, which no other program may see */
    p->always |= p->invite != NULL;
    return tw_page_answer(l->r, l->visitor, p);
}

static int page_of_kind(login_t *l, tw_page_kind_t kind, int retry_after)
{
    tw_page_t p = { 0 };

    p.kind = kind;
    p.retry_after = retry_after;
    return page(l, &p);
}

/* Here again, with a field more in the query. */
static int again(login_t *l, const char *name, const char *value)
{
    return redirect(l->r, tw_address_url(
        l->r, l->site, l->site->paths.login,
        tw_asked_again(&l->asked, l->r, l->site, name, value)));
}

/* ---- login: the steps ----------------------------------------------------
 * Each returns GO_ON, or what the handler returns.
 */
#define GO_ON (-100)

/* A link that was cut off is told before anybody goes to X in vain. */
static int refuse_bad_invite(login_t *l)
{
    return l->asked.bad_invite
           ? page_of_kind(l, TW_PAGE_INVITATION_UNKNOWN, 0) : GO_ON;
}

/* The sign-in happens at the own address.  What the page of ours that has
 * the link put into it goes along. */
static int go_home(login_t *l)
{
    return tw_address_is_elsewhere(l->r, l->site)
           ? again(l, "token", tw_asked_field(&l->asked, "token"))
           : GO_ON;
}

static int signed_in_already(login_t *l)
{
    /* the page that sent it here may ask the database more often: what it
     * knows to be over must not be good here, or the two would loop */
    switch (tw_visitor_authenticate(l->visitor, l->r, 0, 1)) {
    case TW_VISITOR_SIGNED_IN:
        if (l->asked.fresh) {
            l->person = l->visitor->session.twitter_id;
        }
        /* an invitation may have a role for whoever X names */
        return l->asked.switched || l->asked.fresh || l->asked.invite
               ? GO_ON : redirect(l->r, l->asked.next);
    case TW_VISITOR_UNVERIFIED:
        return page_of_kind(l, TW_PAGE_DATABASE, TW_RETRY_AFTER);
    default:
        return GO_ON;
    }
}

/*
 * A browser that keeps cookies brings its pre-session cookie.  One that came
 * by a plain link gets it now, and comes back with a mark; a mark without
 * the cookie is a browser that keeps none.
 */
static int require_cookies(login_t *l)
{
    tw_browser_t fingerprint = { 0 };
    const char *token;
    tw_line_t line;

    l->known = tw_browser_read(&l->browser, l->visitor);
    if (l->known) {
        return GO_ON;
    }
    /* without a cookie there is but this to know a browser by: enough to
     * tell a link that was copied from another one's */
    tw_seal_digest(fingerprint.id.bytes, apr_pstrcat(
        l->r->pool, l->r->useragent_ip, "\n",
        apr_table_get(l->r->headers_in, "User-Agent"), NULL));
    tw_browser_set(l->r, l->site, &l->browser);
    if (tw_browser_token_ok(l->r, &l->site->sealers.mark, &fingerprint, NULL,
                            tw_asked_field(&l->asked, "mark"))) {
        tw_line_begin(&line, l->r, l->site, APLOG_NOTICE, "TW0230",
                      l->r->useragent_ip);
        ap_log_rerror(APLOG_MARK, line.level, 0, l->r, TWLOGNO(0230)
                      "no sign-in for a browser that keeps no cookies");
        tw_report(l->r, l->site, TW_EVENT_NO_COOKIES, NULL, NULL, NULL);
        return page_of_kind(l, TW_PAGE_NO_COOKIES, 0);
    }
    token = tw_browser_token(l->r, &l->site->sealers.mark, &fingerprint, NULL);
    return again(l, "mark", token);
}

/* Whether a page of ours has put the link there, by its token. */
static int has_token(login_t *l, const tw_session_t *session)
{
    return tw_browser_token_ok(l->r, &l->site->sealers.account_switch,
                               &l->browser, session,
                               tw_asked_field(&l->asked, "token"));
}

/* Whether the page has the box "stay signed in". */
static int asks(const login_t *l)
{
    return l->site->session.remember == TW_REMEMBER_ASK;
}

static const tw_session_t *session_of(const login_t *l)
{
    return l->visitor->state == TW_VISITOR_SIGNED_IN ? &l->visitor->session
                                                     : NULL;
}

/*
 * Whether what is asked is asked by a person's own hand, or by a link of this
 * site: a page anywhere else could have written it.  Who was sent here from
 * another name of the host asked for a page there.
 */
static int is_their_own(login_t *l)
{
    static const char *const moved[] = { "moved", NULL };
    tw_from_t from = tw_navigation_from(l->r);

    return from == TW_FROM_HERE
           || (from == TW_FROM_USER
               && !tw_codec_form_has_any(l->asked.query, moved))
           || (from == TW_FROM_UNKNOWN && tw_address_referer(l->r, l->site))
           || has_token(l, session_of(l));
}

/* Who has just left is not signed in again unseen, to X and back. */
static int confirm_return(login_t *l)
{
    tw_page_t p = { 0 };

    if (!l->browser.left || l->asked.switched || l->person
        || is_their_own(l)) {
        return GO_ON;
    }
    p.kind = TW_PAGE_SIGN_IN;
    p.always = 1;
    p.remember = asks(l);
    p.token = tw_browser_token(l->r, &l->site->sealers.account_switch,
                               &l->browser, NULL);
    return page(l, &p);
}

/* Another account: asked first, unless this site's own page asks. */
static int confirm_switch(login_t *l)
{
    const tw_session_t *session = session_of(l);
    tw_page_t p = { 0 };

    if (!l->asked.switched || tw_navigation_from(l->r) == TW_FROM_HERE
        || has_token(l, session)) {
        return GO_ON;
    }
    p.kind = TW_PAGE_SWITCH;
    p.remember = asks(l);
    p.screen_name = session ? session->screen_name : NULL;
    p.token = tw_browser_token(l->r, &l->site->sealers.account_switch,
                               &l->browser, session);
    return page(l, &p);
}

/* Where people are to say whether they stay signed in, they are asked before
 * they go to X; not those who have an answer with them.  That they do must be
 * their own: whose computer it is a page elsewhere does not know. */
static int ask_to_remember(login_t *l)
{
    tw_page_t p = { 0 };

    if (!asks(l) || l->person || l->asked.remember == TW_ASKED_FORGET
        || (l->asked.remember == TW_ASKED_REMEMBER && is_their_own(l))) {
        return GO_ON;
    }
    p.kind = l->asked.switched ? TW_PAGE_SWITCH : TW_PAGE_SIGN_IN;
    p.always = 1;
    p.remember = 1;
    p.token = tw_browser_token(l->r, &l->site->sealers.account_switch,
                               &l->browser, session_of(l));
    return page(l, &p);
}

/* The pending sign-in, but for what X says. */
static void fill_flow(tw_flow_t *flow, const login_t *l)
{
    tw_remember_t remember = l->site->session.remember;

    flow->started_at = apr_time_now();
    flow->next = l->asked.next;
    flow->person = l->person;
    flow->invite = l->asked.invite;
    flow->remembered = remember == TW_REMEMBER_ON
                       || (remember == TW_REMEMBER_ASK
                           && (l->person ? l->visitor->session.remembered
                                         : l->asked.remember
                                           == TW_ASKED_REMEMBER));
}

/* The account that signed in from this browser before, NULL for none: its
 * number was sealed by a site of this realm. */
static const char *known_of(const login_t *l)
{
    return l->browser.before
           ? apr_psprintf(l->r->pool, "%s\n%" APR_INT64_T_FMT,
                          l->site->realm.audience, l->browser.before)
           : NULL;
}

/*
 * With a lease for the call, where there is one to make.  Counted is what has
 * a lease: who tries in vain while X is down or busy, again and again, does
 * not use up what everybody will want when X is back.
 */
static int may_begin(login_t *l, tw_lease_t *lease)
{
    int calls = l->site->provider.protocol->begin_calls;
    tw_page_t p = { 0 };

    if (calls
        && !tw_call_begin(lease, l->r, l->site, TW_CALL_START, 0, &p)) {
        return page(l, &p);
    }
    if (tw_limit_allows(l->r, l->site, known_of(l), &p)) {
        return GO_ON;
    }
    if (calls) {
        tw_call_drop(lease);
    }
    return page(l, &p);
}

static int begin(login_t *l)
{
    const tw_site_t *site = l->site;
    tw_client_t client = site->provider.client;
    tw_flow_t flow = { 0 };
    tw_lease_t lease;
    const char *location;
    tw_page_t p = { 0 };
    tw_err_t err = { 0 };
    apr_status_t rv;
    int status;

    /* X would pass the user of its own session through without a word */
    client.force_login |= l->asked.switched || l->person;
    if (l->person && *l->visitor->session.screen_name) {
        client.screen_name = l->visitor->session.screen_name;
    }
    status = may_begin(l, &lease);
    if (status != GO_ON) {
        return status;
    }
    rv = site->provider.protocol->begin(&flow.pending, &location, &client,
                                        tw_start_http(site), l->r->pool, &err);
    if (site->provider.protocol->begin_calls
        && !tw_call_end(&lease, l->r, "the start of a sign-in", rv, &err,
                        &p)) {
        return page(l, &p);
    }
    fill_flow(&flow, l);
    tw_flow_cookies_add(l->r, l->visitor, &flow);
    tw_secret_wipe(flow.pending.secret);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, l->r, TWLOGNO(0233)
                  "a sign-in begins");
    tw_counters_add(tw_shared_counters(site->shared), TW_PLACE_SENT, TW_SENT_X);
    /* the empty fragment keeps the page's own from travelling to X; from a
     * hub it may come back */
    return redirect(l->r, client.hub ? location
                          : apr_pstrcat(l->r->pool, location, "#", NULL));
}

/* An invitation may be good for days: what shows what was asked, as mod_status
 * does from now on, must not give it away. */
static void hide_invite(request_rec *r)
{
    if (r->args && strstr(r->args, "invite=")) {
        r->the_request = apr_pstrcat(r->pool, r->method, " ", r->uri,
                                     "?" HIDDEN " ", r->protocol, NULL);
        ap_update_child_status(r->connection->sbh, SERVER_BUSY_WRITE, r);
    }
}

/* The same for CustomLog, when all has been read. */
static void forget_invite(request_rec *r)
{
    if (r->args && strstr(r->args, "invite=")) {
        r->args = apr_pstrdup(r->pool, HIDDEN);
    }
}

int tw_login_get(request_rec *r, tw_visitor_t *visitor)
{
    static int (*const steps[])(login_t *) = {
        refuse_bad_invite, go_home, signed_in_already, require_cookies,
        confirm_return, confirm_switch, ask_to_remember, begin
    };
    login_t l = { 0 };
    apr_size_t i;
    int status = GO_ON;

    hide_invite(r);
    if (!tw_navigation_is(r)) {
        forget_invite(r);
        return tw_page_bare(r, visitor, HTTP_UNAUTHORIZED);
    }
    l.r = r;
    l.visitor = visitor;
    l.site = visitor->site;
    tw_asked_read(&l.asked, r, l.site);
    /* the last step always answers */
    for (i = 0; status == GO_ON && i < sizeof(steps) / sizeof(steps[0]);
         i++) {
        status = steps[i](&l);
    }
    forget_invite(r);
    return status;
}
