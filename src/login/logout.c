/* SPDX-License-Identifier: Apache-2.0 */
#include "login/logout.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/target.h"
#include "private.h"
#include "request/address.h"
#include "request/browser.h"
#include "request/form.h"
#include "request/line.h"
#include "request/navigation.h"
#include "request/page.h"
#include "request/report.h"
#include "request/revoke.h"
#include "request/set_cookie.h"

static const char *next_of(const tw_site_t *site,
                           const apr_array_header_t *form)
{
    const char *next = tw_codec_form_get(form, "next", NULL);

    return tw_target_ok(next, &site->paths.own) ? next : NULL;
}

/* To the logout location, with a query: at the own address, where the
 * session's cookie is. */
static int go_to_page(request_rec *r, const tw_site_t *site, int status,
                      const char *query)
{
    return tw_page_redirect(r, site, status, site->paths.logout, query);
}

/* What the query of the page says of a sign-out that was posted. */
#define DONE_ALL "1"
#define DONE_HERE "here"        /* the row is to be deleted later */
#define REFERENCE_DIGITS (TW_REFERENCE_LEN - 1)

/* The reference in the log; NULL: there is none, or what stands there could
 * be none. */
static const char *reference_of(const apr_array_header_t *query)
{
    const char *text = tw_codec_form_get(query, "reference", NULL);

    return text && strlen(text) == REFERENCE_DIGITS
           && strspn(text, "0123456789abcdef") == REFERENCE_DIGITS
           ? text : NULL;
}

/* What there is to say to somebody who is not signed in. */
static void say_done(tw_page_t *page, const apr_array_header_t *query,
                     const tw_browser_t *browser)
{
    const char *done = tw_codec_form_get(query, "done", NULL);

    page->kind = TW_PAGE_NOT_SIGNED_IN;
    if (done && browser->left && !strcmp(done, DONE_HERE)) {
        page->kind = TW_PAGE_STILL_THERE;
        page->retry_after = TW_RETRY_AFTER;
        page->reference = reference_of(query);
    }
    else if (done && browser->left) {
        page->kind = TW_PAGE_SIGNED_OUT;
    }
}

/* The page with the button, of kind; or that it is done, or that there is
 * nothing to do. */
static int ask(request_rec *r, tw_visitor_t *visitor, tw_page_kind_t kind,
               const char *next, const apr_array_header_t *query)
{
    const tw_site_t *site = visitor->site;
    tw_browser_t browser;
    tw_page_t page = { 0 };

    page.kind = kind;
    page.next = next;
    tw_browser_read(&browser, visitor);
    if (tw_visitor_open(visitor) != TW_VISITOR_NOBODY
        || tw_visitor_is_refused(visitor)) {
        page.screen_name = visitor->session.screen_name;
        page.token = tw_browser_token(r, &site->sealers.form, &browser,
                                      &visitor->session);
    }
    else {
        say_done(&page, query, &browser);
    }
    return tw_page_answer(r, visitor, &page);
}

/* The query that brings next along. */
static const char *query_of(request_rec *r, const char *next)
{
    return next ? apr_pstrcat(r->pool, "next=",
                              tw_codec_percent(r->pool, next), NULL) : "";
}

int tw_logout_get(request_rec *r, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    apr_array_header_t *query;
    const char *next;

    tw_codec_query(&query, r->args, TW_FORM_FIELDS_MAX, r->pool);
    next = next_of(site, query);
    if (tw_navigation_is(r) && tw_address_is_elsewhere(r, site)) {
        return go_to_page(r, site, HTTP_MOVED_TEMPORARILY, query_of(r, next));
    }
    return ask(r, visitor, TW_PAGE_SIGN_OUT, next, query);
}

/* What the site wants browsers to drop, besides the cookies. */
static void clear_site_data(request_rec *r, const tw_site_t *site)
{
    static const char *const values[] = {
        NULL, "\"cache\"", "\"storage\"", "\"cache\", \"storage\""
    };
    const char *value = values[site->session.clear_site_data
                               & (TW_CLEAR_CACHE | TW_CLEAR_STORAGE)];

    if (value) {
        apr_table_setn(r->err_headers_out, "Clear-Site-Data", value);
    }
}

void tw_logout_leave(request_rec *r, tw_visitor_t *visitor, int forget)
{
    const tw_site_t *site = visitor->site;
    tw_browser_t browser;

    tw_browser_read(&browser, visitor);
    browser.left = 1;
    if (forget) {
        browser.before = 0;
    }
    tw_cookie_expire(r, site->cookies.session.text,
                     site->cookies.session_attributes);
    tw_browser_set(r, site, &browser);
    clear_site_data(r, site);
}

/* Ends the session; 0 when its row is still there.  Who is not let in now has
 * no say over other sessions. */
static int sign_out(request_rec *r, tw_visitor_t *visitor,
                    const apr_array_header_t *form)
{
    const char *everywhere = tw_codec_form_get(form, "everywhere", NULL);
    int all = !visitor->copy.refused && everywhere
              && !strcmp(everywhere, "1");
    int done = tw_revoke_session(&visitor->page.reference, r, visitor->site,
                                 &visitor->session, all);

    if (done) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0220)
                      "signed out: %s%s",
                      tw_line_person(r->pool, &visitor->session),
                      all ? ", everywhere" : "");
    }
    tw_report(r, visitor->site, !done ? TW_EVENT_SIGNED_OUT_LATER
              : all ? TW_EVENT_SIGNED_OUT_ALL : TW_EVENT_SIGNED_OUT,
              &visitor->session, done ? NULL : visitor->page.reference, NULL);
    tw_logout_leave(r, visitor, 0);
    return done;
}

int tw_logout_post(request_rec *r, tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    const char *next, *query = "";
    apr_array_header_t *form;
    int status = tw_form_read(&form, r);

    if (status != OK) {
        return status;
    }
    next = next_of(site, form);
    if (tw_address_is_elsewhere(r, site)) {
        return go_to_page(r, site, HTTP_SEE_OTHER, query_of(r, next));
    }
    if (tw_visitor_authenticate(visitor, r, site->session.recheck, 0)
        != TW_VISITOR_NOBODY || tw_visitor_is_refused(visitor)) {
        if (!tw_form_is_from_here(r, visitor, form)) {
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0222)
                          "a sign-out that did not come from this site is "
                          "refused: %s", tw_line_person(r->pool,
                                                        &visitor->session));
            tw_report(r, site, TW_EVENT_REFUSED_CSRF, &visitor->session, NULL,
                      NULL);
            return ask(r, visitor, TW_PAGE_CSRF, next, form);
        }
        query = "done=" DONE_ALL;
        if (!sign_out(r, visitor, form)) {
            const char *reference = visitor->page.reference;

            next = NULL;        /* it has to be said */
            query = apr_pstrcat(r->pool, "done=" DONE_HERE,
                                reference ? "&reference=" : "", reference,
                                NULL);
        }
    }
    /* always 303, and so a page that can be loaded again without posting
     * again */
    if (!next) {
        return go_to_page(r, site, HTTP_SEE_OTHER, query);
    }
    tw_page_no_store(r);
    apr_table_setn(r->headers_out, "Location", next);
    return HTTP_SEE_OTHER;
}
