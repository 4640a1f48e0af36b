/* SPDX-License-Identifier: Apache-2.0 */
#include "login/account.h"

#include <string.h>

#include <apr_strings.h>

#include "config/start.h"
#include "login/account_page.h"
#include "login/logout.h"
#include "private.h"
#include "request/address.h"
#include "request/browser.h"
#include "request/call.h"
#include "request/form.h"
#include "request/line.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/report.h"
#include "request/revoke.h"
#include "store/self_service.h"
#include "store/token.h"

static int done(request_rec *r, const tw_site_t *site, const char *action)
{
    return tw_page_redirect(r, site, HTTP_SEE_OTHER, site->paths.account,
                            apr_pstrcat(r->pool, "done=", action, NULL));
}

/* A page about something else than the account. */
static int say(request_rec *r, tw_visitor_t *visitor, tw_page_kind_t kind)
{
    tw_page_t page = { 0 };

    page.kind = kind;
    if (kind == TW_PAGE_ACCOUNT_GUEST) {
        page.next = visitor->site->paths.account;
    }
    else if (visitor->state == TW_VISITOR_SIGNED_IN) {
        page.screen_name = visitor->session.screen_name;
    }
    if (kind == TW_PAGE_DATABASE) {
        page.retry_after = TW_RETRY_AFTER;
    }
    return tw_page_refuse(r, visitor, &page);
}

static int database_is_down(request_rec *r, tw_visitor_t *visitor,
                            const tw_err_t *err)
{
    tw_line_t line;
    const char *person = tw_line_person(r->pool, &visitor->session);

    tw_line_begin(&line, r, visitor->site, APLOG_NOTICE, "TW0461",
                  tw_line_cause(r->pool, err));
    visitor->page.reference = line.shown;
    ap_log_rerror(APLOG_MARK, line.level, err->rv, r, TWLOGNO(0461)
                  "nothing can be shown or done on the page of an account "
                  "(reference %s): %s: %s", line.reference, person, err->why);
    tw_report(r, visitor->site, TW_EVENT_DATABASE_FAILED, &visitor->session,
              line.shown, err->why);
    return say(r, visitor, TW_PAGE_DATABASE);
}

static const char *token_of(request_rec *r, tw_visitor_t *visitor)
{
    tw_browser_t browser;

    tw_browser_read(&browser, visitor);
    return tw_browser_token(r, &visitor->site->sealers.form, &browser,
                            &visitor->session);
}

int tw_account_lead(request_rec *r, tw_visitor_t *visitor)
{
    return tw_page_redirect(r, visitor->site, HTTP_MOVED_TEMPORARILY,
                            visitor->site->paths.account, "");
}

int tw_account_get(request_rec *r, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    apr_array_header_t *query;
    const char *action;
    tw_self_service_t view;
    tw_page_t page = { 0 };
    tw_err_t err = { 0 };

    tw_codec_query(&query, r->args, TW_FORM_FIELDS_MAX, r->pool);
    action = tw_codec_form_get(query, "done", NULL);
    if (tw_navigation_is(r) && tw_address_is_elsewhere(r, site)) {
        return tw_page_redirect(r, site, HTTP_MOVED_TEMPORARILY,
                                site->paths.account, "");
    }
    switch (tw_visitor_authenticate(visitor, r, 0, 0)) {
    case TW_VISITOR_UNVERIFIED:
        return say(r, visitor, TW_PAGE_DATABASE);
    case TW_VISITOR_SIGNED_IN:
        break;
    default:
        return say(r, visitor, action && !strcmp(action, "delete")
                   ? TW_PAGE_ACCOUNT_DELETED : TW_PAGE_ACCOUNT_GUEST);
    }
    if (!tw_navigation_is_read(r) && tw_navigation_is_denied(r)) {
        return HTTP_FORBIDDEN;      /* scripts have session */
    }
    if (tw_self_service_read(&view, &visitor->session, &site->store.database,
                             r->pool, &err) != APR_SUCCESS) {
        return database_is_down(r, visitor, &err);
    }
    page.kind = TW_PAGE_ACCOUNT;
    page.screen_name = visitor->session.screen_name;
    page.token = token_of(r, visitor);
    page.image = tw_account_page_picture(visitor);
    page.content = tw_account_page(r, visitor, &view, page.token, action);
    return tw_page_answer(r, visitor, &page);
}

/* ---- actions ------------------------------------------------------------ */

/* Refuses all copies of a session on this server; on others, when they ask. */
static void revoke_here(const tw_site_t *site, const tw_id_t *id)
{
    apr_time_t now = apr_time_now();

    tw_revoke_id(site, id, tw_revoke_copies_until(site, NULL, now), now);
}

static int end_sessions(request_rec *r, tw_visitor_t *visitor,
                        const tw_id_t *id, const char *action)
{
    const tw_site_t *site = visitor->site;
    apr_array_header_t *ended;
    tw_err_t err = { 0 };

    if (tw_self_service_end(&ended, &visitor->session, id,
                            &site->store.database, r->pool, &err)
        != APR_SUCCESS) {
        return database_is_down(r, visitor, &err);
    }
    if (id) {
        /* whoever did it: perhaps a statement whose answer was lost */
        revoke_here(site, id);
    }
    else {
        tw_revoke_ended(site, ended, visitor->session.account);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0462)
                  "%d of their own sessions ended, from another one: %s",
                  ended->nelts, tw_line_person(r->pool, &visitor->session));
    if (ended->nelts) {
        tw_report(r, site, TW_EVENT_ENDED_BY_OWNER, &visitor->session, NULL,
                  apr_psprintf(r->pool, "%d of their sessions",
                               ended->nelts));
    }
    return done(r, site, action);
}

/* It names nothing that can be done: this site's page never made it for this
 * session; or it did, and what it offers is over (the permission has ended in
 * another tab) or was switched off since (TwAuthAccountDelete). */
static int bad_form(request_rec *r, tw_visitor_t *visitor)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0614)
                  "a form for an account says nothing that can be done: %s",
                  tw_line_person(r->pool, &visitor->session));
    return say(r, visitor, TW_PAGE_ACCOUNT_BAD);
}

static int end_one(request_rec *r, tw_visitor_t *visitor,
                   const apr_array_header_t *form)
{
    const char *text = tw_codec_form_get(form, "session", NULL);
    tw_id_t id;

    if (!tw_account_page_session(&id, visitor, text, r->pool)) {
        return bad_form(r, visitor);
    }
    if (tw_id_equal(&id, &visitor->session.id)) {
        return tw_page_redirect(r, visitor->site, HTTP_SEE_OTHER,
                                visitor->site->paths.logout, "");
    }
    return end_sessions(r, visitor, &id, "end");
}

static int end_others(request_rec *r, tw_visitor_t *visitor,
                      const apr_array_header_t *form)
{
    (void)form;
    return end_sessions(r, visitor, NULL, "end-others");
}

#define GO_ON (-100)

/* X is asked first: what it does not end is not forgotten here.  GO_ON, or the
 * answer that says why not. */
static int revoke_at_x(int *forgotten, request_rec *r, tw_visitor_t *visitor,
                       const tw_stored_t *stored)
{
    const tw_site_t *site = visitor->site;
    tw_lease_t lease;
    tw_page_t page = { 0 };
    tw_err_t err = { 0 };
    apr_status_t rv;

    if (!tw_call_begin(&lease, r, site, TW_CALL_REVOKE, 0, &page)) {
        page.kind = TW_PAGE_ACCOUNT_KEPT;
        return tw_page_refuse(r, visitor, &page);
    }
    rv = site->provider.protocol->revoke(&stored->tokens,
                                         &site->provider.client,
                                         tw_start_http(site), r->pool, &err);
    if (!tw_call_end(&lease, r, apr_pstrcat(
            r->pool, "ending what X was allowed for ",
            tw_line_person(r->pool, &visitor->session), NULL), rv, &err,
                     &page)) {
        page.kind = TW_PAGE_ACCOUNT_KEPT;
        return tw_page_refuse(r, visitor, &page);
    }
    return tw_token_forget(forgotten, stored, &site->store, r->pool, &err)
           == APR_SUCCESS ? GO_ON : database_is_down(r, visitor, &err);
}

/* A host of a hub has tokens of neither kind: they are the hub's. */
static int is_of_client(const tw_stored_t *stored, const tw_site_t *site)
{
    return stored->tokens.token && site->provider.protocol->revoke
           && (stored->tokens.kind == TW_TOKEN_OAUTH2)
              == !strcmp(site->provider.protocol->name, "oauth2");
}

/* What a refresh or another sign-in puts in the place of tokens while X is
 * asked is to go as well. */
#define ROUNDS 3

static int end_permission(request_rec *r, tw_visitor_t *visitor,
                          const apr_array_header_t *form)
{
    const tw_site_t *site = visitor->site;
    int forgotten = 0, round, status;
    tw_stored_t stored;

    (void)form;
    for (round = 0; !forgotten && round < ROUNDS; round++) {
        tw_err_t err = { 0 };

        if (tw_token_read(&stored, &visitor->session, &site->store, r->pool,
                          &err) != APR_SUCCESS
            && err.kind == TW_ERR_DATABASE) {
            return database_is_down(r, visitor, &err);
        }
        if (!is_of_client(&stored, site)) {
            if (!round) {
                return bad_form(r, visitor);
            }
            break;              /* somebody else has taken them out */
        }
        status = revoke_at_x(&forgotten, r, visitor, &stored);
        if (status != GO_ON) {
            return status;
        }
    }
    if (round == ROUNDS && !forgotten) {
        return say(r, visitor, TW_PAGE_ACCOUNT_KEPT);
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0463)
                  "what X was allowed has been ended by its user: %s",
                  tw_line_person(r->pool, &visitor->session));
    tw_report(r, site, TW_EVENT_PROVIDER_REVOKED, &visitor->session, NULL,
              NULL);
    return done(r, site, "revoke");
}

/* Asked twice: by the button, and by the page behind it. */
static int ask_to_delete(request_rec *r, tw_visitor_t *visitor)
{
    tw_page_t page = { 0 };
    tw_words_t words;

    tw_words_choose(&words, r, visitor->site);
    page.kind = TW_PAGE_ACCOUNT_DELETE;
    page.screen_name = visitor->session.screen_name;
    page.token = token_of(r, visitor);
    if (visitor->site->sign_in.sign_up != TW_SIGN_UP_ON) {
        page.content = apr_pstrcat(r->pool, "<p>", tw_words_say(
            &words, TW_SAY_ACCOUNT_DELETE_CLOSED), "</p>\n", NULL);
    }
    return tw_page_answer(r, visitor, &page);
}

/* The sessions (tw_id_t) that end with the account. */
static apr_array_header_t *all_of(const tw_visitor_t *visitor,
                                  const tw_self_service_t *view,
                                  apr_pool_t *pool)
{
    apr_array_header_t *ids = apr_array_make(pool, 8, sizeof(tw_id_t));
    int i;

    /* the view has none where another request was faster */
    APR_ARRAY_PUSH(ids, tw_id_t) = visitor->session.id;
    for (i = 0; i < view->sessions->nelts; i++) {
        APR_ARRAY_PUSH(ids, tw_id_t) =
            APR_ARRAY_IDX(view->sessions, i, tw_session_seen_t).id;
    }
    return ids;
}

static int delete_account(request_rec *r, tw_visitor_t *visitor,
                          const apr_array_header_t *form)
{
    const tw_site_t *site = visitor->site;
    const char *sure = tw_codec_form_get(form, "sure", NULL);
    tw_self_service_t view;
    tw_err_t err = { 0 };
    int deleted;

    if (!site->pages.account_delete) {
        return bad_form(r, visitor);
    }
    if (!sure || strcmp(sure, "1")) {
        return ask_to_delete(r, visitor);
    }
    if (tw_self_service_read(&view, &visitor->session, &site->store.database,
                             r->pool, &err) != APR_SUCCESS
        || tw_self_service_delete(&deleted, &visitor->session,
                                  &site->store.database, r->pool, &err)
           != APR_SUCCESS) {
        return database_is_down(r, visitor, &err);
    }
    if (!deleted) {
        return say(r, visitor, TW_PAGE_INACTIVE);
    }
    tw_revoke_ended(site, all_of(visitor, &view, r->pool),
                    visitor->session.account);
    tw_logout_leave(r, visitor, 1);
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, TWLOGNO(0464)
                  "an account has been deleted by its user: %s",
                  tw_line_person(r->pool, &visitor->session));
    tw_report(r, site, TW_EVENT_SIGNED_OUT_DELETED, &visitor->session, NULL,
              NULL);
    return done(r, site, "delete");
}

static const struct {
    const char *name;
    int (*act)(request_rec *r, tw_visitor_t *visitor,
               const apr_array_header_t *form);
} actions[] = {
    { "end", end_one },
    { "end-others", end_others },
    { "revoke", end_permission },
    { "delete", delete_account },
};

int tw_account_post(request_rec *r, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    apr_array_header_t *form;
    const char *action;
    apr_size_t i;
    int status = tw_form_read(&form, r);

    if (status != OK) {
        return status;
    }
    if (tw_address_is_elsewhere(r, site)) {
        return tw_page_redirect(r, site, HTTP_SEE_OTHER, site->paths.account,
                                "");
    }
    switch (tw_visitor_authenticate(visitor, r, 0, 0)) {
    case TW_VISITOR_UNVERIFIED:
        return say(r, visitor, TW_PAGE_DATABASE);
    case TW_VISITOR_SIGNED_IN:
        break;
    default:
        return say(r, visitor, TW_PAGE_ACCOUNT_GUEST);
    }
    if (!tw_form_is_from_here(r, visitor, form)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0465)
                      "a form for an account that did not come from this site "
                      "is refused: %s", tw_line_person(r->pool,
                                                       &visitor->session));
        tw_report(r, site, TW_EVENT_REFUSED_CSRF, &visitor->session, NULL,
                  NULL);
        return say(r, visitor, TW_PAGE_ACCOUNT_UNSURE);
    }
    action = tw_codec_form_get(form, "action", NULL);
    for (i = 0; action && i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (!strcmp(action, actions[i].name)) {
            return actions[i].act(r, visitor, form);
        }
    }
    return bad_form(r, visitor);
}
