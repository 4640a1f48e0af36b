/* SPDX-License-Identifier: Apache-2.0 */
#include "request/html.h"

#include <string.h>

#include <apr_strings.h>

#include "request/address.h"

/* What a page offers, in this order. */
#define OFFER_GO_ON 1           /* to next, as the thing to do */
#define OFFER_SIGN_IN 2
#define OFFER_RETRY 4           /* the sign-in again */
#define OFFER_SWITCH 8          /* another account */
#define OFFER_CONFIRM_SWITCH 16
#define OFFER_SIGN_OUT 32       /* the form */
#define OFFER_GO_BACK 64        /* to next, having done nothing */
#define OFFER_HOME 128

typedef struct {
    int status;
    const char *error;          /* TWAUTH_ERROR */
    int offers;
    const char *title;
    const char *text;           /* HTML */
} row_t;

static const row_t rows[TW_PAGE_KINDS] = {
    [TW_PAGE_SIGN_IN] = { 401, "sign-in", OFFER_SIGN_IN | OFFER_HOME,
      "Please sign in", "This page is for people who are signed in." },
    [TW_PAGE_NOT_TAKEN] = { 401, "sign-in", OFFER_SIGN_IN | OFFER_HOME,
      "Please sign in",
      "You are not signed in any more, so what you sent was not taken. Sign "
      "in, then send it again." },
    [TW_PAGE_CANCELLED] = { 403, "cancelled", OFFER_RETRY | OFFER_HOME,
      "You did not sign in",
      "You cancelled at X, and nothing was changed." },
    [TW_PAGE_UNCHANGED] = { 403, "cancelled", OFFER_GO_ON | OFFER_SWITCH,
      "Nothing was changed",
      "You cancelled at X, and are still signed in here." },
    [TW_PAGE_EXPIRED] = { 400, "expired", OFFER_RETRY | OFFER_HOME,
      "Please start again",
      "This sign-in is over, or it did not begin in this browser. Perhaps "
      "you began in another app or in a private window." },
    [TW_PAGE_SIGNED_IN] = { 400, "expired", OFFER_GO_ON,
      "You are signed in",
      "That sign-in had already ended; there is nothing more to do." },
    [TW_PAGE_NO_COOKIES] = { 400, "no-cookies", OFFER_RETRY | OFFER_HOME,
      "This site needs cookies",
      "Your browser did not keep a cookie, so you cannot be signed in. "
      "Allow cookies for this site, then try again." },
    [TW_PAGE_UNREACHABLE] = { 502, "provider-unreachable",
      OFFER_RETRY | OFFER_HOME, "X cannot be reached",
      "X did not answer as it should. Please try again in a moment." },
    [TW_PAGE_TIMEOUT] = { 504, "provider-unreachable", OFFER_RETRY | OFFER_HOME,
      "X is slow", "X did not answer in time. Please try again in a moment." },
    [TW_PAGE_REFUSED] = { 502, "provider-refused", OFFER_RETRY | OFFER_HOME,
      "Sign-in is out of order",
      "X does not accept this site at the moment. The people who run this "
      "site can find the reason in their log." },
    [TW_PAGE_USER_REFUSED] = { 403, "provider-refused",
      OFFER_SWITCH | OFFER_HOME, "X did not let you in",
      "X says that your account there is suspended or locked. Look at your "
      "account at X, or use another one." },
    [TW_PAGE_BUSY] = { 503, "busy", OFFER_RETRY | OFFER_HOME,
      "Please wait a moment",
      "Signing in is not possible right now. Please try again shortly." },
    [TW_PAGE_LIMIT_ALL] = { 503, "limit", OFFER_RETRY | OFFER_HOME,
      "Please wait a moment",
      "Many people are signing in right now. Please try again shortly." },
    [TW_PAGE_LIMIT] = { 429, "limit", OFFER_RETRY | OFFER_HOME,
      "Please wait a moment",
      "There were many sign-ins from your network. Please try again "
      "shortly." },
    [TW_PAGE_DATABASE] = { 503, "database", OFFER_HOME,
      "Please try again in a moment",
      "This site cannot look up who you are right now. You need not sign in "
      "again: just load this page again in a moment." },
    [TW_PAGE_NOT_STORED] = { 503, "database", OFFER_RETRY | OFFER_HOME,
      "Please try again in a moment",
      "X knows who you are, but this site could not store your sign-in." },
    [TW_PAGE_INACTIVE] = { 403, "inactive", OFFER_SWITCH | OFFER_HOME,
      "This account is closed",
      "Your account on this site is not active." },
    [TW_PAGE_NO_ACCOUNT] = { 403, "no-account", OFFER_SWITCH | OFFER_HOME,
      "You have no account here",
      "Only people who were invited can sign in on this site." },
    [TW_PAGE_FORBIDDEN] = { 403, "forbidden", OFFER_SWITCH | OFFER_HOME,
      "This page is not for you",
      "This account may not see this page." },
    [TW_PAGE_PLAIN_HTTP] = { 403, "forbidden", OFFER_HOME,
      "This page needs https", "Nobody can be signed in over plain http." },
    [TW_PAGE_CSRF] = { 403, "csrf", OFFER_SIGN_OUT | OFFER_HOME,
      "Please confirm",
      "It is not certain that this came from you. Use the button to sign "
      "out." },
    [TW_PAGE_INTERNAL] = { 500, "busy", OFFER_RETRY | OFFER_HOME,
      "Sign-in is out of order",
      "Something is wrong on this site. The people who run it can find the "
      "reason in their log." },
    [TW_PAGE_SWITCH] = { 200, "", OFFER_CONFIRM_SWITCH | OFFER_GO_BACK,
      "Use another account?",
      "You will be sent to X, where you can choose the account. You may have "
      "to sign out at X first." },
    [TW_PAGE_SIGN_OUT] = { 200, "", OFFER_SIGN_OUT | OFFER_GO_BACK,
      "Sign out?", "You will be signed out of this site." },
    [TW_PAGE_SIGNED_OUT] = { 200, "", OFFER_SIGN_IN | OFFER_HOME,
      "You are signed out here",
      "You are still signed in at X. On a shared computer, sign out there "
      "too." },
    [TW_PAGE_NOT_SIGNED_IN] = { 200, "", OFFER_SIGN_IN | OFFER_HOME,
      "You are not signed in", "There is nothing to sign out of." },
    [TW_PAGE_STILL_THERE] = { 503, "database", OFFER_HOME,
      "You are signed out in this browser",
      "This site cannot reach its database right now, so the session is "
      "refused here, and will be deleted everywhere as soon as that is "
      "possible again." },
    [TW_PAGE_NOT_FOUND] = { 404, "", OFFER_SIGN_IN | OFFER_HOME,
      "There is no such page",
      "This site's sign-in has no page by that address." },
    [TW_PAGE_METHOD] = { 405, "", OFFER_SIGN_IN | OFFER_HOME,
      "That does not work here",
      "This address of the site's sign-in does not take what was sent." },
    [TW_PAGE_FOR_SCRIPTS] = { 403, "", OFFER_HOME,
      "There is nothing to read here",
      "This address is for scripts of this site's own pages." },
};

static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:1.0625rem/1.55 system-ui,sans-serif;max-width:32rem;"
    "margin:12vh auto 2rem;padding:0 1.25rem}"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}"
    "p{margin:0 0 1rem}"
    ".go{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.75rem}"
    "form{margin:0}"
    "a.button,button{font:inherit;font-weight:600;display:inline-block;"
    "padding:.6rem 1.1rem;border-radius:999px;border:1px solid currentColor;"
    "text-decoration:none;color:inherit;background:none;cursor:pointer}"
    ".first{background:#0f1419!important;color:#fff!important;"
    "border-color:#0f1419!important}"
    "@media(prefers-color-scheme:dark){.first{background:#eff3f4!important;"
    "color:#0f1419!important}}"
    "a:focus-visible,button:focus-visible{outline:3px solid #1d9bf0;"
    "outline-offset:2px}"
    "small{display:block;margin-top:2.5rem;opacity:.7}";

int tw_html_status(tw_page_kind_t kind)
{
    return rows[kind].status;
}

const char *tw_html_error(tw_page_kind_t kind)
{
    return *rows[kind].error ? rows[kind].error : NULL;
}

int tw_html_has_form(tw_page_kind_t kind)
{
    return (rows[kind].offers & OFFER_SIGN_OUT) != 0;
}

/* The ways on, as they are put together: the first one stands out. */
typedef struct {
    apr_pool_t *pool;
    const char *html;
} ways_t;

static void add_html(ways_t *ways, const char *html)
{
    ways->html = apr_pstrcat(ways->pool, ways->html, html, NULL);
}

static void add_link(ways_t *ways, const char *url, const char *label)
{
    add_html(ways, apr_pstrcat(ways->pool, "<a class=\"button",
                               *ways->html ? "" : " first", "\" href=\"",
                               ap_escape_html(ways->pool, url), "\">", label,
                               "</a>\n", NULL));
}

static const char *sign_out_form(request_rec *r, const tw_site_t *site,
                                 const tw_page_t *page)
{
    apr_pool_t *pool = r->pool;

    return apr_pstrcat(
        pool, "<form method=\"post\" action=\"",
        tw_address_url(r, site, site->paths.logout, ""), "\">",
        page->token ? "<input type=\"hidden\" name=\"token\" value=\"" : "",
        page->token ? page->token : "", page->token ? "\">" : "",
        page->next ? "<input type=\"hidden\" name=\"next\" value=\"" : "",
        page->next ? ap_escape_html(pool, page->next) : "",
        page->next ? "\">" : "",
        "<button class=\"first\">Sign out</button></form>\n", NULL);
}

/* A link to login that acts at once, where page has a token for it. */
static const char *login_url(request_rec *r, const tw_site_t *site,
                             const tw_page_t *page, int switched)
{
    const char *url = tw_address_login(r, site, page->next, switched);

    return page->token ? apr_pstrcat(r->pool, url, strchr(url, '?') ? "&"
                                     : "?", "token=", page->token, NULL)
                       : url;
}

static const char *offers(request_rec *r, const tw_site_t *site,
                          const row_t *row, const tw_page_t *page)
{
    const char *next = page->next ? page->next : "/";
    ways_t ways = { r->pool, "" };

    if (row->offers & OFFER_GO_ON) {
        add_link(&ways, next, "Continue");
    }
    if (row->offers & OFFER_SIGN_IN) {
        add_link(&ways, login_url(r, site, page, 0), "Sign in with X");
    }
    if (row->offers & OFFER_RETRY) {
        add_link(&ways, tw_address_login(r, site, next, 0),
                 page->kind == TW_PAGE_EXPIRED ? "Start again" : "Try again");
    }
    if (row->offers & OFFER_SWITCH) {
        add_link(&ways, tw_address_login(r, site, page->next, 1),
                 "Use another account");
    }
    if (row->offers & OFFER_CONFIRM_SWITCH) {
        add_link(&ways, login_url(r, site, page, 1), "Go to X");
    }
    if (row->offers & OFFER_SIGN_OUT) {
        add_html(&ways, sign_out_form(r, site, page));
    }
    if (row->offers & OFFER_GO_BACK) {
        add_link(&ways, next, "Go back");
    }
    if (row->offers & OFFER_HOME) {
        add_link(&ways, "/", "Front page");
    }
    return ways.html;
}

const char *tw_html(request_rec *r, const tw_site_t *site,
                    const tw_page_t *page, const char *nonce)
{
    const row_t *row = &rows[page->kind];
    apr_pool_t *pool = r->pool;
    const char *who = "", *more = "", *reference = "";

    if (page->screen_name) {
        who = apr_pstrcat(pool, "<p>You are signed in",
                          *page->screen_name ? " as <b>@" : "",
                          ap_escape_html(pool, page->screen_name),
                          *page->screen_name ? "</b>" : "", ".</p>\n", NULL);
    }
    if (page->detail) {
        more = apr_pstrcat(pool, "<p>Your number at X is <b>",
                           ap_escape_html(pool, page->detail),
                           "</b>: give it to the people who run this site."
                           "</p>\n", NULL);
    }
    if (page->reference) {
        reference = apr_pstrcat(pool, "<small>Reference: ",
                                page->reference,
                                "</small>\n", NULL);
    }
    return apr_pstrcat(
        pool, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
        row->title, "</title>\n<style nonce=\"", nonce, "\">", style,
        "</style>\n</head>\n<body>\n<main>\n<h1>", row->title, "</h1>\n", who,
        "<p>", row->text, "</p>\n", more, "<div class=\"go\">\n",
        offers(r, site, row, page), "</div>\n", reference,
        "</main>\n</body>\n</html>\n", NULL);
}
