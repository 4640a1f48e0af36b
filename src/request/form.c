/* SPDX-License-Identifier: Apache-2.0 */
#include "request/form.h"

#include <string.h>

#include <http_log.h>
#include <http_protocol.h>

#include "base/codec.h"
#include "private.h"
#include "request/browser.h"
#include "request/navigation.h"

#define BODY_MAX 8192
#define FORM_TYPE "application/x-www-form-urlencoded"

int tw_form_read(apr_array_header_t **form, request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    char *body = apr_palloc(r->pool, BODY_MAX + 1);
    apr_size_t len = 0;
    long n;
    int status = ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK);

    if (status != OK) {
        return status;
    }
    if (ap_should_client_block(r)) {
        if (r->remaining > BODY_MAX) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
        do {
            n = ap_get_client_block(r, body + len, BODY_MAX + 1 - len);
            len += n > 0 ? (apr_size_t)n : 0;
        } while (n > 0 && len <= BODY_MAX);
        if (n < 0) {
            ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, TWLOGNO(0615)
                          "the form of a request did not come: its connection "
                          "broke, or was too slow");
            return HTTP_BAD_REQUEST;
        }
        if (len > BODY_MAX) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
    }
    if (len && (!type || strncasecmp(type, FORM_TYPE, strlen(FORM_TYPE))
                || !strchr("; \t", type[strlen(FORM_TYPE)]))) {
        return HTTP_UNSUPPORTED_MEDIA_TYPE;
    }
    return tw_codec_form(form, body, len, TW_FORM_FIELDS_MAX, r->pool)
           == APR_SUCCESS ? OK : HTTP_BAD_REQUEST;
}

int tw_form_is_from_here(request_rec *r, tw_visitor_t *visitor,
                         const apr_array_header_t *form)
{
    const tw_site_t *site = visitor->site;
    const char *origin = apr_table_get(r->headers_in, "Origin");
    tw_from_t from = tw_navigation_from(r);
    tw_browser_t browser;

    if (from != TW_FROM_UNKNOWN) {
        return from == TW_FROM_HERE;
    }
    if (origin && strcmp(origin, "null")) {
        return !strcmp(origin, site->address.origin);
    }
    tw_browser_read(&browser, visitor);
    return tw_browser_token_ok(r, &site->sealers.form, &browser,
                               &visitor->session,
                               tw_codec_form_get(form, "token", NULL));
}
