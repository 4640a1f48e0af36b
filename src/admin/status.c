/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/status.h"

#include <string.h>

#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>

#include "admin/metrics.h"
#include "admin/status_text.h"
#include "private.h"
#include "request/style.h"

/* What is asked for again and again is not asked for sooner. */
#define RETRY_AFTER "5"

typedef struct {
    const char *query;              /* "": none */
    const char *type;
    tw_status_text_t *text;         /* NULL: ?ready */
} form_t;

static const form_t forms[] = {
    { "", "text/html; charset=utf-8", tw_status_text_html },
    { "auto", "text/plain; charset=utf-8", tw_status_text_auto },
    { "json", "application/json", tw_status_text_json },
    { "prometheus", "text/plain; version=0.0.4; charset=utf-8",
      tw_status_text_prometheus },
    { "ready", "text/plain; charset=utf-8", NULL },
};

static const form_t *form_of(const request_rec *r)
{
    const char *query = r->args ? r->args : "";
    apr_size_t len = strlen(query), i;

    /* Prometheus and others write a parameter without a value so */
    len -= len && query[len - 1] == '=';
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strlen(forms[i].query) == len
            && !strncmp(query, forms[i].query, len)) {
            return &forms[i];
        }
    }
    return NULL;
}

static void set_headers(request_rec *r, const char *type)
{
    ap_set_content_type(r, type);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "X-Frame-Options", "DENY");
    apr_table_setn(r->headers_out, "Content-Security-Policy", apr_pstrcat(
        r->pool, "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; style-src ", tw_style_source(r->pool),
        NULL));
}

/* A few words as the whole answer, whatever ErrorDocument says: programs read
 * them. */
static int answer(request_rec *r, int status, const char *words)
{
    set_headers(r, "text/plain; charset=utf-8");
    r->status = status;
    ap_rputs(words, r);
    return OK;
}

static int ready(request_rec *r)
{
    int own = tw_site_is_on(r->server);
    const server_rec *s = own ? r->server : ap_server_conf;
    const char *down = NULL;

    for (; s && !down; s = own ? NULL : s->next) {
        down = tw_site_is_on(s) ? tw_metrics_down(tw_site(s)) : NULL;
    }
    if (!down) {
        return answer(r, HTTP_OK, "ready\n");
    }
    apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
    return answer(r, HTTP_SERVICE_UNAVAILABLE, apr_pstrcat(
        r->pool, down, " is down\n", NULL));
}

int tw_status_handler(request_rec *r)
{
    const tw_site_t *site;
    const form_t *form;

    if (!r->handler || strcmp(r->handler, TW_STATUS_HANDLER)) {
        return DECLINED;
    }
    if (r->method_number != M_GET) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    form = form_of(r);
    if (!form) {
        return answer(r, HTTP_BAD_REQUEST, "This page knows ?auto, ?json, "
                      "?prometheus and ?ready, and no query at all.\n");
    }
    site = tw_metrics_any_site(ap_server_conf);
    if (!site) {
        return answer(r, HTTP_NOT_FOUND,
                      "mod_twauth is on for no host of this server.\n");
    }
    if (!form->text) {
        return ready(r);
    }
    set_headers(r, form->type);
    form->text(r, tw_metrics_read(ap_server_conf, site->shared, r->pool));
    return OK;
}

/* ---- mod_status --------------------------------------------------------- */

static int status_block(request_rec *r, int flags)
{
    const tw_site_t *site = tw_metrics_any_site(ap_server_conf);
    const apr_array_header_t *families;

    if (!site) {
        return DECLINED;
    }
    families = tw_metrics_read(ap_server_conf, site->shared, r->pool);
    if (flags & AP_STATUS_SHORT) {
        tw_status_text_auto(r, families);
        return OK;
    }
    ap_rputs("<hr />\n<h2>mod_twauth</h2>\n<pre>\n", r);
    tw_status_text_brief(r, families);
    ap_rputs("</pre>\n", r);
    return OK;
}

void tw_status_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, status_block, NULL, NULL,
                      APR_HOOK_MIDDLE);
}
