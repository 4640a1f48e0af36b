/* SPDX-License-Identifier: Apache-2.0 */
#include "request/strip.h"

#include <string.h>

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "base/identity_headers.h"
#include "config/start.h"
#include "private.h"
#include "request/visitor.h"

static ap_filter_rec_t *trailer_filter;

/*
 * At the end of the body trailers may have joined the headers, behind ours:
 * the first of each name is genuine when we have given any, the rest goes.
 */
static apr_status_t clean_trailers(ap_filter_t *f,
                                   apr_bucket_brigade *brigade,
                                   ap_input_mode_t mode,
                                   apr_read_type_e block, apr_off_t bytes)
{
    request_rec *r = f->r;
    const tw_visitor_t *visitor = tw_visitor_peek(r);
    apr_status_t rv = ap_get_brigade(f->next, brigade, mode, block, bytes);
    const tw_given_t *given =
        visitor ? tw_given_find(visitor->given.headers, r->headers_in) : NULL;
    const char *value[TW_IDENTITY_HEADERS_COUNT] = { NULL };
    int i;

    if (rv != APR_SUCCESS || APR_BRIGADE_EMPTY(brigade)
        || !APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade))) {
        return rv;
    }
    for (i = 0; tw_identity_headers_names[i]; i++) {
        value[i] = given && given->headers & 1 << i
                   ? apr_table_get(r->headers_in, tw_identity_headers_names[i])
                   : NULL;
    }
    tw_identity_headers_scrub(r->headers_in);
    for (i = 0; tw_identity_headers_names[i]; i++) {
        if (value[i]) {
            apr_table_setn(r->headers_in, tw_identity_headers_names[i],
                           value[i]);
        }
    }
    if (given && given->own) {
        apr_table_overlap(r->headers_in, given->own,
                          APR_OVERLAP_TABLES_SET);
    }
    return rv;
}

void tw_strip_register_filter(void)
{
    trailer_filter = ap_register_input_filter("TW_TRAILERS",
                                              clean_trailers, NULL,
                                              AP_FTYPE_CONTENT_SET);
}

static int merges_trailers(const request_rec *r)
{
    const core_server_config *core =
        ap_get_core_module_config(r->server->module_config);

    return core->merge_trailers == AP_MERGE_TRAILERS_ENABLE;
}

static int is_own(const tw_site_t *site, const tw_cookie_t *cookie)
{
    return tw_cookie_is_named(cookie, &site->cookies.session)
           || tw_cookie_is_named(cookie, &site->cookies.pre)
           || tw_cookie_begins_with(cookie, &site->cookies.flow);
}

/*
 * How much of a foreign cookie applications may see.  httpd joins several
 * Cookie fields by ", ", so an own cookie can hide behind somebody else's
 * value: it is cut off, but never read, for any host of the domain could
 * write such a value.
 */
static apr_size_t foreign_len(const tw_site_t *site, const char *text,
                              apr_size_t len)
{
    const char *end = text + len;
    const char *comma = text;
    tw_cookie_t hidden;

    while ((comma = memchr(comma, ',', (apr_size_t)(end - comma))) != NULL) {
        const char *name = comma + 1;
        apr_size_t name_len;

        while (name < end && (*name == ' ' || *name == '\t')) {
            name++;
        }
        name_len = strcspn(name, "=,;");
        hidden.name = name;
        hidden.name_len = name[name_len] == '=' ? name_len : 0;
        if (is_own(site, &hidden)) {
            return (apr_size_t)(comma - text);
        }
        comma++;
    }
    return len;
}

/*
 * The cookies without the own ones, of which those of sessions are
 * remembered; NULL when there are no others.
 */
static const char *take_own(tw_visitor_t *visitor, const char *cookies)
{
    const tw_site_t *site = visitor->site;
    const char *at = cookies;
    char *rest = NULL, *end = NULL;
    tw_cookie_t cookie;

    visitor->cookies = cookies;
    while (tw_cookie_next(&cookie, &at)) {
        apr_size_t len = (apr_size_t)(cookie.value + cookie.value_len
                                      - cookie.name);

        if (is_own(site, &cookie)) {
            if (tw_cookie_is_named(&cookie, &site->cookies.session)
                && !visitor->session_cookies++) {
                visitor->session_cookie = cookie;
            }
        }
        else if ((len = foreign_len(site, cookie.name, len)) > 0) {
            if (!rest) {
                /* many small pieces become longer: ";a" is "; a" */
                rest = end = apr_palloc(visitor->initial->pool,
                                        2 * strlen(cookie.name) + 1);
            }
            else {
                *end++ = ';';
                *end++ = ' ';
            }
            memcpy(end, cookie.name, len);
            end += len;
        }
    }
    if (rest) {
        *end = '\0';
    }
    return rest;
}

/* Whether there may be an own cookie: most requests have none. */
static int may_have_own(const tw_site_t *site, const char *cookies)
{
    /* all own names have it in them; an own cookie is often the first */
    return cookies
           && (!strncmp(cookies, site->cookies.session.text,
                        site->cookies.session.len)
               || strstr(cookies, site->cookies.name));
}

/* Whether headers that look like ours are: an internal redirect has those that
 * were given before it. */
static int is_ours(const tw_visitor_t *visitor, const apr_table_t *headers)
{
    const tw_given_t *given =
        visitor ? tw_given_find(visitor->given.headers, headers) : NULL;

    return given && (given->headers || given->own);
}

int tw_strip_post_read_request(request_rec *r)
{
    tw_visitor_t *visitor = tw_visitor_peek(r);
    const tw_site_t *site;
    tw_identity_headers_t seen;

    /* Parts of a request have been cleaned with the whole; but the error
     * document of one that was refused while it was read comes here first. */
    if (!tw_start_any() || r->main) {
        return DECLINED;
    }
    tw_identity_headers_look(&seen, r->headers_in);
    if (seen.lookalike && !is_ours(visitor, r->headers_in)) {
        tw_identity_headers_scrub(r->headers_in);
    }
    if (!r->prev && tw_identity_headers_drop_ours(seen.connection)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0301)
                      "refused: the Connection header names an identity "
                      "header");
        return HTTP_BAD_REQUEST;
    }
    if (!r->prev && merges_trailers(r)) {
        ap_add_input_filter_handle(trailer_filter, NULL, r, r->connection);
    }
    site = tw_site(r->server);
    if (!site || site->off) {
        return DECLINED;
    }
    if (!(visitor && visitor->cookies) && may_have_own(site, seen.cookie)) {
        const char *rest = take_own(tw_visitor_get(r), seen.cookie);

        if (rest) {
            apr_table_setn(r->headers_in, "Cookie", rest);
        }
        else {
            apr_table_unset(r->headers_in, "Cookie");
        }
    }
    return DECLINED;
}
