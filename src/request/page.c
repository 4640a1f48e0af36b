/* SPDX-License-Identifier: Apache-2.0 */
#include "request/page.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <util_filter.h>

#include "private.h"
#include "request/address.h"
#include "request/navigation.h"
#include "request/style.h"

#define CONTENT_TYPE "text/html; charset=utf-8"

void tw_page_no_store(request_rec *r)
{
    tw_visitor_t *visitor = tw_visitor_get(r);

    if (visitor) {
        tw_caching_no_store(&visitor->caching, r);
    }
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
}

int tw_page_redirect(request_rec *r, const tw_site_t *site, int status,
                     const char *location, const char *query)
{
    tw_page_no_store(r);
    apr_table_setn(r->headers_out, "Location",
                   tw_address_url(r, site, location, query));
    return status;
}

/* The scheme and host of a URL, for a policy. */
static const char *origin_of(apr_pool_t *pool, const char *url)
{
    apr_uri_t uri;

    apr_uri_parse(pool, url, &uri);
    return apr_uri_unparse(pool, &uri, APR_URI_UNP_OMITPATHINFO);
}

/* A path on this site, as a policy has it: without a query. */
static const char *source_of(apr_pool_t *pool, const tw_site_t *site,
                             const char *path)
{
    return apr_pstrcat(pool, " ", site->address.origin, apr_pstrmemdup(
        pool, path, strcspn(path, "?")), NULL);
}

/* A browser that checks form-action on redirects too would stop a form whose
 * answer leads to X; by way of a hub there are more hosts on the way. */
static const char *form_targets(request_rec *r, const tw_site_t *site)
{
    return apr_pstrcat(r->pool, "'self' ", tw_address_is_own(r, site) ? ""
                       : apr_pstrcat(r->pool, site->address.origin, " ", NULL),
                       origin_of(r->pool, site->provider.client.browser),
                       !site->sealers.hub ? ""
                       : site->address.secure ? " https:" : " http: https:",
                       NULL);
}

/* What the page may do and load: no script, nothing from elsewhere. */
static const char *policy(request_rec *r, const tw_site_t *site,
                          const tw_page_t *page)
{
    const char *logo = site->pages.logo;
    const char *style = site->pages.style;
    const char *image = page->image;

    return apr_pstrcat(r->pool, "default-src 'none'; base-uri 'none'; "
                       "frame-ancestors 'none'; style-src ",
                       tw_style_source(r->pool),
                       style ? source_of(r->pool, site, style) : "",
                       logo || image ? "; img-src" : "",
                       logo ? source_of(r->pool, site, logo) : "",
                       image ? " " : "",
                       image ? origin_of(r->pool, image) : "",
                       "; form-action ", tw_html_has_form(page)
                       ? form_targets(r, site) : "'none'", NULL);
}

static void set_headers(request_rec *r, const tw_site_t *site,
                        const tw_page_t *page, const tw_words_t *words)
{
    apr_table_t *headers = r->err_headers_out;
    int form = tw_html_has_form(page);

    tw_page_no_store(r);
    apr_table_setn(headers, "Content-Security-Policy", policy(r, site, page));
    apr_table_setn(headers, "Content-Language", words->catalogue->language);
    if (words->several) {
        apr_table_mergen(headers, "Vary", "Accept-Language");
    }
    apr_table_setn(headers, "X-Frame-Options", "DENY");
    /* no-referrer would make a form's Origin "null"; but an invitation is in
     * the page's own URL, and a form that has it goes by its token */
    apr_table_setn(headers, "Referrer-Policy",
                   form && !page->invite ? "same-origin" : "no-referrer");
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

void tw_page_challenge(request_rec *r, const tw_site_t *site)
{
    /* httpd gives AuthName with its quotes escaped; a realm has none */
    const char *name = ap_auth_name(r);

    if (!name || !is_quotable(name)) {
        name = site->realm.name;
    }
    apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                   apr_pstrcat(r->pool, "Twitter realm=\"", name, "\"", NULL));
}

int tw_page_has_document(request_rec *r, int status)
{
    return ap_response_code_string(r, ap_index_of_response(status)) != NULL;
}

/* What ErrorDocument has set for the status in a directory's configuration;
 * NULL: nothing. */
static const void *document_of(ap_conf_vector_t *per_dir_config, int status)
{
    const core_dir_config *core = ap_get_core_module_config(per_dir_config);
    int index = ap_index_of_response(status);

    return core->response_code_exprs
           ? apr_hash_get(core->response_code_exprs, &index, sizeof(index))
           : NULL;
}

int tw_page_has_document_here(request_rec *r, int status)
{
    return tw_page_has_document(r, status)
           && document_of(r->per_dir_config, status)
              != document_of(r->server->lookup_defaults, status);
}

void tw_page_environment(request_rec *r, const tw_visitor_t *visitor)
{
    if (!visitor->page.error) {
        return;
    }
    apr_table_setn(r->subprocess_env, "TWAUTH_ERROR", visitor->page.error);
    apr_table_setn(r->subprocess_env, "TWAUTH_LOGIN_URL",
                   tw_address_login(r, visitor->site, visitor->page.next,
                                    visitor->page.fresh ? TW_LOGIN_FRESH
                                                        : TW_LOGIN_PLAIN));
    apr_table_setn(r->subprocess_env, "TWAUTH_SWITCH_URL",
                   tw_address_login(r, visitor->site, visitor->page.next,
                                    TW_LOGIN_SWITCH));
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
    const tw_visitor_t *visitor = tw_visitor_peek(r);

    if (visitor && visitor->page.own) {
        ap_add_output_filter_handle(label_filter, NULL, r, r->connection);
    }
}

int tw_page_bare(request_rec *r, tw_visitor_t *visitor, int status)
{
    tw_page_no_store(r);
    if (status == HTTP_UNAUTHORIZED) {
        tw_page_challenge(r, visitor->site);
    }
    /* a subrequest's refusal is not the page's */
    if (!r->main) {
        visitor->page.error = status == HTTP_UNAUTHORIZED
                         ? visitor->page.fresh ? "fresh" : "sign-in"
                         : status == HTTP_FORBIDDEN ? "forbidden"
                         : "database";
        tw_counters_error(tw_shared_counters(visitor->site->shared),
                           visitor->page.error);
        if (tw_page_has_document(r, status)) {
            tw_page_environment(r, visitor);
        }
        else {
            apr_table_setn(r->subprocess_env, "TWAUTH_ERROR",
                           visitor->page.error);
        }
    }
    return status;
}

int tw_page_refuse(request_rec *r, tw_visitor_t *visitor,
                   const tw_page_t *page)
{
    int status = tw_html_status(page->kind);

    if (tw_navigation_is_read(r) || !tw_navigation_is_denied(r)) {
        return tw_page_answer(r, visitor, page);
    }
    if (page->retry_after) {
        apr_table_setn(r->err_headers_out, "Retry-After",
                       apr_itoa(r->pool, page->retry_after));
    }
    visitor->page.next = page->next;
    return tw_page_bare(r, visitor, status);
}

int tw_page_answer(request_rec *r, tw_visitor_t *visitor,
                   const tw_page_t *given)
{
    const tw_site_t *site = visitor->site;
    tw_page_t page = *given;
    int status = tw_html_status(page.kind);
    tw_words_t words;
    const char *html;

    tw_words_choose(&words, r, site);
    if (!page.reference) {
        page.reference = visitor->page.reference;
    }
    visitor->page.error = tw_html_error(page.kind);
    tw_counters_error(tw_shared_counters(site->shared), visitor->page.error);
    visitor->page.next = page.next;
    set_headers(r, site, &page, &words);
    if (status == HTTP_UNAUTHORIZED) {
        tw_page_challenge(r, site);
    }
    tw_page_environment(r, visitor);
    if (status != HTTP_OK && !page.always && tw_page_has_document(r, status)) {
        /* the administrator's document has a policy and language of its own */
        apr_table_unset(r->err_headers_out, "Content-Security-Policy");
        apr_table_unset(r->err_headers_out, "Content-Language");
        return status;
    }
    html = tw_html(r, site, &page, &words);
    if (status != HTTP_OK) {
        visitor->page.own = 1;
        ap_custom_response(r, status, html);
        return status;
    }
    ap_set_content_type(r, CONTENT_TYPE);
    ap_set_content_length(r, (apr_off_t)strlen(html));
    ap_rputs(html, r);
    return OK;
}
