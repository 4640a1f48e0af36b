/* SPDX-License-Identifier: Apache-2.0 */
#include "request/html.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "request/address.h"
#include "request/style.h"

/* What a page offers, in this order. */
#define OFFER_GO_ON 1           /* to next, as the thing to do */
#define OFFER_SIGN_IN 2
#define OFFER_RETRY 4           /* the sign-in again */
#define OFFER_SWITCH 8          /* another account */
#define OFFER_CONFIRM_SWITCH 16
#define OFFER_SIGN_OUT 32       /* the form */
#define OFFER_GO_BACK 64        /* to next, having done nothing */
#define OFFER_HOME 128
#define OFFER_FRESH 256         /* the same person once more */
#define OFFER_ACCOUNT 512       /* the page of one's account */
#define OFFER_DELETE 1024       /* the form that deletes it */

#define FIELDS_MAX 8            /* in a URL of our own */

typedef struct {
    int status;
    const char *error;          /* TWAUTH_ERROR */
    int offers;
    tw_say_t title;
    tw_say_t text;
} row_t;

#define PAGE(kind, status, error, offers)                                   \
    [TW_PAGE_##kind] = { status, error, offers, TW_SAY_##kind##_TITLE,       \
                         TW_SAY_##kind##_TEXT }

static const row_t rows[TW_PAGE_KINDS] = {
    PAGE(SIGN_IN, 401, "sign-in", OFFER_SIGN_IN | OFFER_HOME),
    PAGE(NOT_TAKEN, 401, "sign-in", OFFER_SIGN_IN | OFFER_HOME),
    PAGE(CANCELLED, 403, "cancelled", OFFER_RETRY | OFFER_HOME),
    PAGE(UNCHANGED, 403, "cancelled",
         OFFER_GO_ON | OFFER_SWITCH | OFFER_ACCOUNT),
    PAGE(EXPIRED, 400, "expired", OFFER_RETRY | OFFER_HOME),
    PAGE(SIGNED_IN, 400, "expired", OFFER_GO_ON | OFFER_ACCOUNT),
    PAGE(NO_COOKIES, 400, "no-cookies", OFFER_RETRY | OFFER_HOME),
    PAGE(UNREACHABLE, 502, "provider-unreachable", OFFER_RETRY | OFFER_HOME),
    PAGE(TIMEOUT, 504, "provider-unreachable", OFFER_RETRY | OFFER_HOME),
    PAGE(REFUSED, 502, "provider-refused", OFFER_RETRY | OFFER_HOME),
    PAGE(USER_REFUSED, 403, "provider-refused", OFFER_SWITCH | OFFER_HOME),
    PAGE(BUSY, 503, "busy", OFFER_RETRY | OFFER_HOME),
    PAGE(LIMIT_ALL, 503, "limit", OFFER_RETRY | OFFER_HOME),
    PAGE(LIMIT, 429, "limit", OFFER_RETRY | OFFER_HOME),
    PAGE(DATABASE, 503, "database", OFFER_HOME),
    PAGE(NOT_STORED, 503, "database", OFFER_RETRY | OFFER_HOME),
    PAGE(INACTIVE, 403, "inactive", OFFER_SWITCH | OFFER_HOME),
    PAGE(NO_ACCOUNT, 403, "no-account", OFFER_SWITCH | OFFER_HOME),
    PAGE(WAITING, 403, "waiting", OFFER_SWITCH | OFFER_HOME),
    PAGE(INVITATION_USED, 403, "invitation",
         OFFER_SIGN_IN | OFFER_SWITCH | OFFER_HOME),
    PAGE(INVITATION_OVER, 403, "invitation",
         OFFER_SIGN_IN | OFFER_SWITCH | OFFER_HOME),
    PAGE(INVITATION_UNKNOWN, 403, "invitation",
         OFFER_SIGN_IN | OFFER_SWITCH | OFFER_HOME),
    PAGE(FORBIDDEN, 403, "forbidden", OFFER_SWITCH | OFFER_HOME),
    PAGE(PLAIN_HTTP, 403, "forbidden", OFFER_HOME),
    PAGE(CSRF, 403, "csrf", OFFER_SIGN_OUT | OFFER_HOME),
    PAGE(INTERNAL, 500, "busy", OFFER_RETRY | OFFER_HOME),
    PAGE(SWITCH, 200, "", OFFER_CONFIRM_SWITCH | OFFER_GO_BACK),
    PAGE(SIGN_OUT, 200, "", OFFER_SIGN_OUT | OFFER_GO_BACK | OFFER_ACCOUNT),
    PAGE(SIGNED_OUT, 200, "", OFFER_SIGN_IN | OFFER_HOME),
    PAGE(NOT_SIGNED_IN, 200, "", OFFER_SIGN_IN | OFFER_HOME),
    PAGE(STILL_THERE, 503, "database", OFFER_HOME),
    PAGE(NOT_FOUND, 404, "", OFFER_SIGN_IN | OFFER_HOME),
    PAGE(METHOD, 405, "", OFFER_SIGN_IN | OFFER_HOME),
    PAGE(FOR_SCRIPTS, 403, "", OFFER_HOME),
    PAGE(FRESH, 401, "fresh", OFFER_FRESH | OFFER_HOME),
    PAGE(FRESH_NOT_TAKEN, 401, "fresh", OFFER_FRESH | OFFER_HOME),
    PAGE(OTHER_PERSON, 403, "other-person",
         OFFER_FRESH | OFFER_SWITCH | OFFER_HOME),
    PAGE(ACCOUNT, 200, "", OFFER_SIGN_OUT | OFFER_HOME),
    PAGE(ACCOUNT_GUEST, 401, "sign-in", OFFER_SIGN_IN | OFFER_HOME),
    PAGE(ACCOUNT_DELETE, 200, "", OFFER_DELETE | OFFER_ACCOUNT),
    PAGE(ACCOUNT_DELETED, 200, "", OFFER_HOME),
    PAGE(ACCOUNT_UNSURE, 403, "csrf", OFFER_ACCOUNT | OFFER_HOME),
    PAGE(ACCOUNT_BAD, 400, "", OFFER_ACCOUNT | OFFER_HOME),
    PAGE(ACCOUNT_KEPT, 502, "provider-unreachable",
         OFFER_ACCOUNT | OFFER_HOME),
};

int tw_html_status(tw_page_kind_t kind)
{
    return rows[kind].status;
}

const char *tw_html_error(tw_page_kind_t kind)
{
    return *rows[kind].error ? rows[kind].error : NULL;
}

int tw_html_has_form(const tw_page_t *page)
{
    return (rows[page->kind].offers & (OFFER_SIGN_OUT | OFFER_DELETE))
           || page->remember;
}

/* A page as it is put together. */
typedef struct {
    request_rec *r;
    apr_pool_t *pool;
    const tw_site_t *site;
    const tw_page_t *page;
    const row_t *row;
    const tw_words_t *words;
    const char *ways;           /* on: the first one stands out */
} making_t;

/* What a button says; X's mark stands on those that lead there. */
static const char *label(const making_t *m, tw_say_t say)
{
    int leads_to_x = say == TW_SAY_SIGN_IN || say == TW_SAY_SIGN_IN_AGAIN
                     || say == TW_SAY_GO_TO_X;

    return apr_pstrcat(m->pool, leads_to_x ? tw_style_mark : "",
                       tw_words_say(m->words, say), NULL);
}

static void add_way(making_t *m, const char *html)
{
    m->ways = apr_pstrcat(m->pool, m->ways, html, NULL);
}

static void add_link(making_t *m, const char *url, tw_say_t say)
{
    add_way(m, apr_pstrcat(m->pool, "<a class=\"button",
                           *m->ways ? "" : " first", "\" href=\"",
                           ap_escape_html(m->pool, url), "\">",
                           label(m, say), "</a>\n", NULL));
}

static const char *hidden(apr_pool_t *pool, const char *name,
                          const char *value)
{
    return value ? apr_pstrcat(pool, "<input type=\"hidden\" name=\"", name,
                               "\" value=\"", ap_escape_html(pool, value),
                               "\">", NULL) : "";
}

static const char *sign_out_form(const making_t *m)
{
    return apr_pstrcat(
        m->pool, "<form method=\"post\" action=\"",
        tw_address_url(m->r, m->site, m->site->paths.logout, ""), "\">",
        hidden(m->pool, "token", m->page->token),
        hidden(m->pool, "next", m->page->next), "<button class=\"button",
        *m->ways ? "" : " first", "\">", label(m, TW_SAY_SIGN_OUT),
        "</button></form>\n", NULL);
}

static const char *delete_form(const making_t *m)
{
    return apr_pstrcat(
        m->pool, "<form method=\"post\" action=\"",
        tw_address_url(m->r, m->site, m->site->paths.account, ""), "\">",
        hidden(m->pool, "action", "delete"), hidden(m->pool, "sure", "1"),
        hidden(m->pool, "token", m->page->token),
        "<button class=\"button first\">", label(m, TW_SAY_DELETE),
        "</button></form>\n", NULL);
}

static const char *with_field(const making_t *m, const char *url,
                              const char *name, const char *value)
{
    return value ? apr_pstrcat(m->pool, url, strchr(url, '?') ? "&" : "?",
                               name, value, NULL)
                 : url;
}

/* A link to login, with the invitation that somebody came by. */
static const char *login_to(const making_t *m, const char *next,
                            tw_login_t how)
{
    return with_field(m, tw_address_login(m->r, m->site, next, how),
                      "invite=", m->page->invite);
}

/* One that acts at once, where page has a token for it. */
static const char *login_url(const making_t *m, tw_login_t how)
{
    return with_field(m, login_to(m, m->page->next, how), "token=",
                      m->page->token);
}

/* The same as a form with the box: the fields of its query are the form's. */
static const char *login_form(const making_t *m, const char *url, tw_say_t say)
{
    const char *query = strchr(url, '?');
    const char *fields = hidden(m->pool, TW_PAGE_BOX, "1");
    apr_array_header_t *list;
    int i;

    query = query ? query + 1 : "";
    tw_codec_query(&list, query, FIELDS_MAX, m->pool);
    for (i = 0; i < list->nelts; i++) {
        const tw_pair_t *pair = &APR_ARRAY_IDX(list, i, tw_pair_t);

        fields = apr_pstrcat(m->pool, fields,
                             hidden(m->pool, pair->name, pair->value), NULL);
    }
    return apr_pstrcat(
        m->pool, "<form action=\"",
        apr_pstrmemdup(m->pool, url, strcspn(url, "?")), "\">", fields,
        "<label><input type=\"checkbox\" name=\"remember\" value=\"1\">",
        tw_words_say(m->words, TW_SAY_REMEMBER), "</label>"
        "<button class=\"button", *m->ways ? "" : " first", "\">",
        label(m, say), "</button></form>\n", NULL);
}

/* A way to sign in, by a link; where people are asked whether they stay
 * signed in, by the form. */
static void add_login(making_t *m, tw_login_t how, tw_say_t say)
{
    const char *url = login_url(m, how);

    if (m->page->remember) {
        add_way(m, login_form(m, url, say));
    }
    else {
        add_link(m, url, say);
    }
}

static const char *offers(making_t *m)
{
    const tw_page_t *page = m->page;
    const char *next = page->next ? page->next : "/";
    int offered = m->row->offers;

    if (offered & OFFER_GO_ON) {
        add_link(m, next, TW_SAY_GO_ON);
    }
    if (offered & OFFER_SIGN_IN) {
        add_login(m, TW_LOGIN_PLAIN, TW_SAY_SIGN_IN);
    }
    if (offered & OFFER_FRESH) {
        add_link(m, tw_address_login(m->r, m->site, next, TW_LOGIN_FRESH),
                 TW_SAY_SIGN_IN_AGAIN);
    }
    if (offered & OFFER_RETRY) {
        add_link(m, login_to(m, next, TW_LOGIN_PLAIN),
                 page->kind == TW_PAGE_EXPIRED ? TW_SAY_ANEW : TW_SAY_AGAIN);
    }
    if (offered & OFFER_SWITCH) {
        add_link(m, login_to(m, page->next, TW_LOGIN_SWITCH), TW_SAY_SWITCH);
    }
    if (offered & OFFER_CONFIRM_SWITCH) {
        add_login(m, TW_LOGIN_SWITCH, TW_SAY_GO_TO_X);
    }
    if (offered & OFFER_SIGN_OUT) {
        add_way(m, sign_out_form(m));
    }
    if (offered & OFFER_GO_BACK) {
        add_link(m, next, TW_SAY_GO_BACK);
    }
    if (offered & OFFER_DELETE) {
        add_way(m, delete_form(m));
    }
    if (offered & OFFER_ACCOUNT) {
        add_link(m, tw_address_url(m->r, m->site, m->site->paths.account, ""),
                 TW_SAY_YOUR_ACCOUNT);
    }
    if (offered & OFFER_HOME) {
        add_link(m, "/", TW_SAY_HOME);
    }
    return m->ways;
}

/* Who is signed in: a handle stands by itself, whatever the direction of the
 * text around it is. */
static const char *who(const making_t *m)
{
    const char *handle = m->page->screen_name;

    if (!handle) {
        return "";
    }
    return apr_pstrcat(
        m->pool, "<p class=\"who\">", *handle
        ? tw_words_with(m->words, TW_SAY_WHO, "handle", apr_pstrcat(
            m->pool, "<span class=\"handle\">", tw_style_mark, " <bdi><b>@",
            ap_escape_html(m->pool, handle), "</b></bdi></span>", NULL))
        : tw_words_say(m->words, TW_SAY_WHO_UNNAMED), "</p>\n", NULL);
}

static const char *details(const making_t *m)
{
    const tw_page_t *page = m->page;
    const char *html = page->content ? page->content : "";

    if (page->detail) {
        html = apr_pstrcat(m->pool, html, "<p>", tw_words_with(
            m->words, TW_SAY_NUMBER, "number", apr_pstrcat(
                m->pool, "<b>", ap_escape_html(m->pool, page->detail), "</b>",
                NULL)), "</p>\n", NULL);
    }
    return html;
}

static const char *reference(const making_t *m)
{
    return m->page->reference
           ? apr_pstrcat(m->pool, "<p class=\"reference\">", tw_words_with(
               m->words, TW_SAY_REFERENCE, "reference", m->page->reference),
                         "</p>\n", NULL) : "";
}

/* The site's name and logo, which lead to its front page. */
static const char *masthead(const making_t *m)
{
    const char *logo = m->site->pages.logo;

    return apr_pstrcat(
        m->pool, "<header><a href=\"/\">", logo ? "<img alt=\"\" src=\"" : "",
        logo ? ap_escape_html(m->pool, tw_html_resource(m->r, m->site, logo))
             : "", logo ? "\">" : "", "<span>", m->words->site,
        "</span></a></header>\n", NULL);
}

static const char *small_link(const making_t *m, const char *url, tw_say_t say)
{
    return url ? apr_pstrcat(m->pool, "<a href=\"", ap_escape_html(
        m->pool, url), "\">", tw_words_say(m->words, say), "</a>\n", NULL)
               : "";
}

static const char *small_links(const making_t *m)
{
    const char *privacy = m->site->pages.privacy_url;
    const char *terms = m->site->pages.terms_url;

    return privacy || terms
           ? apr_pstrcat(m->pool, "<footer>\n",
                         small_link(m, privacy, TW_SAY_PRIVACY),
                         small_link(m, terms, TW_SAY_TERMS), "</footer>\n",
                         NULL) : "";
}

const char *tw_html_resource(request_rec *r, const tw_site_t *site,
                             const char *path)
{
    return tw_address_is_own(r, site)
           ? path : apr_pstrcat(r->pool, site->address.origin, path, NULL);
}

const char *tw_html(request_rec *r, const tw_site_t *site,
                    const tw_page_t *page, const tw_words_t *words)
{
    const row_t *row = &rows[page->kind];
    making_t m = { r, r->pool, site, page, row, words, "" };
    const char *title = tw_words_say(words, row->title);
    const char *style = site->pages.style;

    return apr_pstrcat(
        r->pool, "<!DOCTYPE html>\n<html lang=\"", words->catalogue->language,
        "\" dir=\"", words->catalogue->direction, "\">\n<head>\n"
        "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n<title>", title,
        " - ", words->site, "</title>\n<style>", tw_style, "</style>\n",
        style ? "<link rel=\"stylesheet\" href=\"" : "",
        style ? ap_escape_html(r->pool, tw_html_resource(r, site, style)) : "",
        style ? "\">\n" : "", "</head>\n<body>\n", masthead(&m),
        "<main>\n<h1>", title, "</h1>\n", who(&m), "<p>",
        tw_words_say(words, row->text), "</p>\n", details(&m),
        "<div class=\"go\">\n", offers(&m), "</div>\n", reference(&m),
        "</main>\n", small_links(&m), "</body>\n</html>\n", NULL);
}
