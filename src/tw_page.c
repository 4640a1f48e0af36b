#include "tw_page.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <util_filter.h>

#include "tw_address.h"
#include "tw_codec.h"
#include "tw_private.h"
#include "tw_seal.h"

#define CONTENT_TYPE "text/html; charset=utf-8"

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
    tw_page_kind_t kind;
    int status;
    const char *error;          /* TWAUTH_ERROR */
    int offers;
    const char *title;
    const char *text;           /* HTML */
} row_t;

static const row_t rows[] = {
    { TW_PAGE_SIGN_IN, 401, "sign-in", OFFER_SIGN_IN | OFFER_HOME,
      "Please sign in", "This page is for people who are signed in." },
    { TW_PAGE_CANCELLED, 403, "cancelled", OFFER_RETRY | OFFER_HOME,
      "You did not sign in",
      "You cancelled at X, and nothing was changed." },
    { TW_PAGE_UNCHANGED, 403, "cancelled", OFFER_GO_ON | OFFER_SWITCH,
      "Nothing was changed",
      "You cancelled at X, and are still signed in here." },
    { TW_PAGE_EXPIRED, 400, "expired", OFFER_RETRY | OFFER_HOME,
      "Please start again",
      "This sign-in is over, or it did not begin in this browser. Perhaps "
      "you began in another app or in a private window." },
    { TW_PAGE_SIGNED_IN, 400, "expired", OFFER_GO_ON,
      "You are signed in",
      "That sign-in had already ended; there is nothing more to do." },
    { TW_PAGE_NO_COOKIES, 400, "no-cookies", OFFER_RETRY | OFFER_HOME,
      "This site needs cookies",
      "Your browser did not keep a cookie, so you cannot be signed in. "
      "Allow cookies for this site, then try again." },
    { TW_PAGE_UNREACHABLE, 502, "provider-unreachable",
      OFFER_RETRY | OFFER_HOME, "X cannot be reached",
      "X did not answer as it should. Please try again in a moment." },
    { TW_PAGE_TIMEOUT, 504, "provider-unreachable", OFFER_RETRY | OFFER_HOME,
      "X is slow", "X did not answer in time. Please try again in a moment." },
    { TW_PAGE_REFUSED, 502, "provider-refused", OFFER_RETRY | OFFER_HOME,
      "Sign-in is out of order",
      "X does not accept this site at the moment. The people who run this "
      "site can find the reason in their log." },
    { TW_PAGE_USER_REFUSED, 403, "provider-refused",
      OFFER_SWITCH | OFFER_HOME, "X did not let you in",
      "X says that your account there is suspended or locked. Look at your "
      "account at X, or use another one." },
    { TW_PAGE_BUSY, 503, "busy", OFFER_RETRY | OFFER_HOME,
      "Please wait a moment",
      "Signing in is not possible right now. Please try again shortly." },
    { TW_PAGE_LIMIT_ALL, 503, "limit", OFFER_RETRY | OFFER_HOME,
      "Please wait a moment",
      "Many people are signing in right now. Please try again shortly." },
    { TW_PAGE_LIMIT, 429, "limit", OFFER_RETRY | OFFER_HOME,
      "Please wait a moment",
      "There were many sign-ins from your network. Please try again "
      "shortly." },
    { TW_PAGE_DATABASE, 503, "database", OFFER_HOME,
      "Please try again in a moment",
      "This site cannot look up who you are right now. You need not sign in "
      "again: just load this page again in a moment." },
    { TW_PAGE_NOT_STORED, 503, "database", OFFER_RETRY | OFFER_HOME,
      "Please try again in a moment",
      "X knows who you are, but this site could not store your sign-in." },
    { TW_PAGE_INACTIVE, 403, "inactive", OFFER_SWITCH | OFFER_HOME,
      "This account is closed",
      "Your account on this site is not active." },
    { TW_PAGE_NO_ACCOUNT, 403, "no-account", OFFER_SWITCH | OFFER_HOME,
      "You have no account here",
      "Only people who were invited can sign in on this site." },
    { TW_PAGE_FORBIDDEN, 403, "forbidden", OFFER_SWITCH | OFFER_HOME,
      "This page is not for you",
      "This account may not see this page." },
    { TW_PAGE_PLAIN_HTTP, 403, "forbidden", OFFER_HOME,
      "This page needs https", "Nobody can be signed in over plain http." },
    { TW_PAGE_CSRF, 403, "csrf", OFFER_SIGN_OUT | OFFER_HOME,
      "Please confirm",
      "It is not certain that this came from you. Use the button to sign "
      "out." },
    { TW_PAGE_INTERNAL, 500, "busy", OFFER_RETRY | OFFER_HOME,
      "Sign-in is out of order",
      "Something is wrong on this site. The people who run it can find the "
      "reason in their log." },
    { TW_PAGE_SWITCH, 200, "", OFFER_CONFIRM_SWITCH | OFFER_GO_BACK,
      "Use another account?",
      "You will be sent to X, where you can choose the account. You may have "
      "to sign out at X first." },
    { TW_PAGE_SIGN_OUT, 200, "", OFFER_SIGN_OUT | OFFER_GO_BACK,
      "Sign out?", "You will be signed out of this site." },
    { TW_PAGE_SIGNED_OUT, 200, "", OFFER_SIGN_IN | OFFER_HOME,
      "You are signed out here",
      "You are still signed in at X. On a shared computer, sign out there "
      "too." },
    { TW_PAGE_NOT_SIGNED_IN, 200, "", OFFER_SIGN_IN | OFFER_HOME,
      "You are not signed in", "There is nothing to sign out of." },
    { TW_PAGE_STILL_THERE, 503, "database", OFFER_HOME,
      "You are signed out in this browser",
      "This site cannot reach its database right now, so the session is "
      "refused here, and will be deleted everywhere as soon as that is "
      "possible again." },
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

static const row_t *row_of(tw_page_kind_t kind)
{
    apr_size_t i;

    for (i = 0; rows[i].kind != kind; i++) {
    }
    return &rows[i];
}

void tw_page_no_store(request_rec *r)
{
    tw_visitor_t *visitor = tw_visitor(r);

    if (visitor) {
        tw_caching_no_store(&visitor->caching, r);
    }
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
}

/* The scheme and host of a URL, for a policy. */
static const char *origin_of(apr_pool_t *pool, const char *url)
{
    apr_uri_t uri;

    apr_uri_parse(pool, url, &uri);
    return apr_uri_unparse(pool, &uri, APR_URI_UNP_OMITPATHINFO);
}

static void set_headers(request_rec *r, const tw_site_t *site,
                        const row_t *row, const tw_page_t *page,
                        const char *nonce)
{
    apr_table_t *headers = r->err_headers_out;
    int form = (row->offers & OFFER_SIGN_OUT) != 0;

    tw_page_no_store(r);
    /* a browser that checks form-action on redirects too would stop a form
     * whose answer leads to X */
    apr_table_setn(headers, "Content-Security-Policy",
                   apr_pstrcat(r->pool, "default-src 'none'; base-uri 'none'; "
                               "frame-ancestors 'none'; style-src 'nonce-",
                               nonce, "'; form-action ",
                               form ? apr_pstrcat(
                                   r->pool, "'self' ",
                                   origin_of(r->pool, site->client.browser),
                                   NULL) : "'none'", NULL));
    apr_table_setn(headers, "X-Frame-Options", "DENY");
    /* no-referrer would make a form's Origin "null" */
    apr_table_setn(headers, "Referrer-Policy",
                   form ? "same-origin" : "no-referrer");
    apr_table_setn(headers, "Cross-Origin-Opener-Policy", "same-origin");
    if (page->retry_after) {
        apr_table_setn(headers, "Retry-After",
                       apr_itoa(r->pool, page->retry_after));
    }
}

/* Whether text can stand between quotes: AuthName can be an expression, of
 * what the client sent. */
static int is_quotable(const char *text)
{
    for (; *text; text++) {
        int escaped = *text == '\\';

        text += escaped;
        if (apr_iscntrl(*text) || (*text == '"' && !escaped)) {
            return 0;
        }
    }
    return 1;
}

static void set_challenge(request_rec *r, const tw_site_t *site)
{
    /* httpd gives AuthName with its quotes escaped; a realm has none */
    const char *name = ap_auth_name(r);

    if (!name || !is_quotable(name)) {
        name = site->realm;
    }
    apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                   apr_pstrcat(r->pool, "Twitter realm=\"", name, "\"", NULL));
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
        tw_address_url(r, site, site->logout, ""), "\">",
        page->token ? "<input type=\"hidden\" name=\"token\" value=\"" : "",
        page->token ? page->token : "", page->token ? "\">" : "",
        page->next ? "<input type=\"hidden\" name=\"next\" value=\"" : "",
        page->next ? ap_escape_html(pool, page->next) : "",
        page->next ? "\">" : "",
        "<button class=\"first\">Sign out</button></form>\n", NULL);
}

static const char *offers(request_rec *r, const tw_site_t *site,
                          const row_t *row, const tw_page_t *page)
{
    apr_pool_t *pool = r->pool;
    const char *next = page->next ? page->next : "/";
    const char *another = tw_address_login(r, site, page->next, 1);
    ways_t ways = { pool, "" };

    if (row->offers & OFFER_GO_ON) {
        add_link(&ways, next, "Continue");
    }
    if (row->offers & OFFER_SIGN_IN) {
        add_link(&ways, tw_address_login(r, site, page->next, 0),
                 "Sign in with X");
    }
    if (row->offers & OFFER_RETRY) {
        add_link(&ways, tw_address_login(r, site, next, 0),
                 row->kind == TW_PAGE_EXPIRED ? "Start again" : "Try again");
    }
    if (row->offers & OFFER_SWITCH) {
        add_link(&ways, another, "Use another account");
    }
    if (row->offers & OFFER_CONFIRM_SWITCH) {
        add_link(&ways, apr_pstrcat(pool, another, "&token=", page->token,
                                    NULL), "Go to X");
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

static const char *html_of(request_rec *r, const tw_visitor_t *visitor,
                           const row_t *row, const tw_page_t *page,
                           const char *nonce)
{
    apr_pool_t *pool = r->pool;
    const char *number = page->reference ? page->reference
                                         : visitor->reference;
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
    if (number) {
        reference = apr_pstrcat(pool, "<small>Reference: ", number,
                                "</small>\n", NULL);
    }
    return apr_pstrcat(
        pool, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
        row->title, "</title>\n<style nonce=\"", nonce, "\">", style,
        "</style>\n</head>\n<body>\n<main>\n<h1>", row->title, "</h1>\n", who,
        "<p>", row->text, "</p>\n", more, "<div class=\"go\">\n",
        offers(r, visitor->site, row, page), "</div>\n", reference,
        "</main>\n</body>\n</html>\n", NULL);
}

int tw_page_has_document(request_rec *r, int status)
{
    return ap_response_code_string(r, ap_index_of_response(status)) != NULL;
}

void tw_page_environment(request_rec *r, const tw_visitor_t *visitor)
{
    if (!visitor->error) {
        return;
    }
    apr_table_setn(r->subprocess_env, "TWAUTH_ERROR", visitor->error);
    apr_table_setn(r->subprocess_env, "TWAUTH_LOGIN_URL",
                   tw_address_login(r, visitor->site, visitor->next, 0));
    apr_table_setn(r->subprocess_env, "TWAUTH_SWITCH_URL",
                   tw_address_login(r, visitor->site, visitor->next, 1));
}

static ap_filter_rec_t *label_filter;

static apr_status_t label(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    ap_set_content_type(f->r, CONTENT_TYPE);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void tw_page_register_filter(void)
{
    label_filter = ap_register_output_filter("TW_LABEL", label, NULL,
                                             AP_FTYPE_CONTENT_SET);
}

void tw_page_insert_error_filter(request_rec *r)
{
    const tw_visitor_t *visitor = tw_visitor_known(r);

    if (visitor && visitor->page) {
        ap_add_output_filter_handle(label_filter, NULL, r, r->connection);
    }
}

int tw_page_bare(request_rec *r, tw_visitor_t *visitor, int status)
{
    tw_page_no_store(r);
    if (status == HTTP_UNAUTHORIZED) {
        set_challenge(r, visitor->site);
    }
    /* a subrequest's refusal is not the page's */
    if (!r->main) {
        visitor->error = status == HTTP_UNAUTHORIZED ? "sign-in"
                         : status == HTTP_FORBIDDEN ? "forbidden"
                         : "database";
        if (tw_page_has_document(r, status)) {
            tw_page_environment(r, visitor);
        }
        else {
            apr_table_setn(r->subprocess_env, "TWAUTH_ERROR",
                           visitor->error);
        }
    }
    return status;
}

int tw_page_answer(request_rec *r, tw_visitor_t *visitor,
                   const tw_page_t *page)
{
    const tw_site_t *site = visitor->site;
    const row_t *row = row_of(page->kind);
    unsigned char random[16];
    char nonce[2 * sizeof(random) + 1];
    const char *html;

    tw_seal_random(random, sizeof(random));
    tw_codec_hex(nonce, random, sizeof(random));
    visitor->error = *row->error ? row->error : NULL;
    visitor->next = page->next;
    set_headers(r, site, row, page, nonce);
    if (row->status == HTTP_UNAUTHORIZED) {
        set_challenge(r, site);
    }
    tw_page_environment(r, visitor);
    if (row->status != HTTP_OK && !page->always
        && tw_page_has_document(r, row->status)) {
        /* the administrator's document has a policy of its own */
        apr_table_unset(r->err_headers_out, "Content-Security-Policy");
        return row->status;
    }
    html = html_of(r, visitor, row, page, nonce);
    if (row->status != HTTP_OK) {
        visitor->page = 1;
        ap_custom_response(r, row->status, html);
        return row->status;
    }
    ap_set_content_type(r, CONTENT_TYPE);
    ap_set_content_length(r, (apr_off_t)strlen(html));
    ap_rputs(html, r);
    return OK;
}
