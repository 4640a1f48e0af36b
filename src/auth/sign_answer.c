/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/sign_answer.h"

#include <string.h>

#include <apr_strings.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "auth/refresh.h"
#include "base/json.h"
#include "base/table.h"
#include "private.h"
#include "request/page.h"
#include "x/user_call.h"

/* X's refusals are short; what is longer is none of them. */
#define REFUSAL_MAX 8192
#define LEAST_PATIENCE apr_time_from_sec(120)

static ap_filter_rec_t *filter;

/*
 * Of X's answer: what would set, or forget, something at this origin (which
 * is not X's), open it to others, or change what browsers do with it.  With a
 * '-' at the end, all that begins so.
 */
static const char *const dropped[] = {
    "Set-Cookie", "Set-Cookie2", "Clear-Site-Data",
    "Strict-Transport-Security", "Public-Key-Pins",
    "Public-Key-Pins-Report-Only", "Alt-Svc", "Access-Control-",
    "Cross-Origin-", "Content-Security-", "Service-Worker-Allowed",
    "Service-Worker-Navigation-Preload", "Refresh", "Nel", "Report-To",
    "Reporting-Endpoints", "Origin-Trial", "Origin-Agent-Cluster",
    "Permissions-Policy", "X-Frame-Options", "X-Content-Type-Options", NULL
};

static int is_dropped(const char *name, const void *nothing)
{
    (void)nothing;
    return tw_table_is_listed(name, dropped);
}

static void clean_headers(tw_signed_call_t *call)
{
    apr_table_t *headers = call->r->headers_out;
    int i;

    tw_table_remove(headers, is_dropped, NULL);
    /* mod_proxy has laid X's beside those that were there before */
    for (i = 0; i < call->cookies->nelts; i++) {
        apr_table_addn(headers, "Set-Cookie",
                       APR_ARRAY_IDX(call->cookies, i, const char *));
    }
}

static int add_cookie(void *cookies, const char *name, const char *value)
{
    (void)name;
    APR_ARRAY_PUSH((apr_array_header_t *)cookies, const char *) = value;
    return 1;
}

apr_interval_time_t tw_sign_answer_patience(const request_rec *r)
{
    apr_interval_time_t patience = 2 * r->server->timeout;

    return patience > LEAST_PATIENCE ? patience : LEAST_PATIENCE;
}

void tw_sign_answer_end(tw_signed_call_t *call)
{
    if (call->leased) {
        call->leased = 0;
        tw_call_drop(&call->lease);
    }
}

/* How the call ended, for what is counted. */
static tw_outcome_t outcome_of(int status)
{
    return status < 400 ? TW_OUTCOME_OK
           : status == HTTP_TOO_MANY_REQUESTS ? TW_OUTCOME_LIMITED
           : status < 500 ? TW_OUTCOME_REFUSED : TW_OUTCOME_UNREACHABLE;
}

/* Until the answer began; a call that had none was in vain. */
static void count(const tw_signed_call_t *call, tw_outcome_t outcome)
{
    tw_counters_call(tw_shared_counters(call->visitor->site->shared),
                     "signed", outcome, apr_time_now() - call->lease.begun);
}

/* The request is over; the visitor lives longer where it was a part of a
 * page. */
static apr_status_t end(void *data)
{
    tw_signed_call_t *call = data;

    if (call->leased && call->cookies) {
        count(call, TW_OUTCOME_UNREACHABLE);
    }
    tw_sign_answer_end(call);
    if (call->visitor->tokens.call == call) {
        call->visitor->tokens.call = NULL;
    }
    return APR_SUCCESS;
}

/* ---- whether the token is over ------------------------------------------- */

/* Keeps a copy of what passes, while it may be a refusal. */
static void keep_refusal(tw_signed_call_t *call, apr_bucket_brigade *brigade)
{
    apr_bucket *e;

    for (e = APR_BRIGADE_FIRST(brigade);
         call->refusal && e != APR_BRIGADE_SENTINEL(brigade);
         e = APR_BUCKET_NEXT(e)) {
        const char *data;
        apr_size_t len;

        if (APR_BUCKET_IS_METADATA(e)) {
            continue;
        }
        if (apr_bucket_read(e, &data, &len, APR_BLOCK_READ) != APR_SUCCESS
            || (call->refusal_len += (apr_off_t)len) > REFUSAL_MAX
            || apr_brigade_write(call->refusal, NULL, NULL, data, len)
               != APR_SUCCESS) {
            call->refusal = NULL;
        }
    }
}

static void check_refusal(tw_signed_call_t *call)
{
    tw_http_response_t response = { 0 };
    char *body;

    if (!call->refusal) {
        return;
    }
    if (apr_brigade_pflatten(call->refusal, &body, &response.body_len,
                             call->r->pool) == APR_SUCCESS) {
        response.status = call->r->status;
        response.body = apr_pstrmemdup(call->r->pool, body,
                                       response.body_len);
        if (tw_user_call_revoked(&response, call->tokens->kind,
                                 call->r->pool)) {
            tw_refresh_revoked(call->tokens, call->visitor);
        }
    }
    call->refusal = NULL;
}

/* ---- the filter ---------------------------------------------------------- */

static void begin(tw_signed_call_t *call)
{
    int status = call->r->status;

    clean_headers(call);
    if (status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN) {
        call->refusal = apr_brigade_create(call->r->pool,
                                           call->r->connection->bucket_alloc);
    }
}

static int is_last(const apr_bucket_brigade *brigade)
{
    return !APR_BRIGADE_EMPTY(brigade)
           && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
}

static apr_status_t pass(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    tw_signed_call_t *call = f->ctx;
    ap_filter_t *next = f->next;
    int last = is_last(brigade);
    apr_status_t rv;

    if (call->cookies) {
        begin(call);
        if (call->leased) {
            count(call, outcome_of(call->r->status));
        }
        call->cookies = NULL;
    }
    if (call->leased) {
        tw_call_alive(&call->lease, tw_sign_answer_patience(call->r));
    }
    keep_refusal(call, brigade);
    if (last) {
        ap_remove_output_filter(f);
        tw_sign_answer_end(call);
    }
    rv = ap_pass_brigade(next, brigade);
    if (last) {
        check_refusal(call);
    }
    return rv;
}

void tw_sign_answer_register_filter(void)
{
    filter = ap_register_output_filter("TW_SIGN_ANSWER", pass, NULL,
                                       AP_FTYPE_RESOURCE);
}

void tw_sign_answer_watch(tw_signed_call_t *call)
{
    request_rec *r = call->r;

    call->cookies = apr_array_make(r->pool, 2, sizeof(const char *));
    apr_table_do(add_cookie, call->cookies, r->headers_out, "Set-Cookie",
                 NULL);
    ap_add_output_filter_handle(filter, call, r, r->connection);
    apr_pool_cleanup_register(r->pool, call, end, apr_pool_cleanup_null);
}

void tw_sign_answer_mark(request_rec *r, tw_visitor_t *visitor)
{
    apr_table_t *headers = r->err_headers_out;

    tw_page_no_store(r);
    tw_visitor_insert_filter(visitor, r);
    /* an error page of whatever stands before X is no page of this site */
    apr_table_setn(headers, "Content-Security-Policy",
                   "default-src 'none'; frame-ancestors 'none'; sandbox");
    apr_table_setn(headers, "Cross-Origin-Resource-Policy", "same-origin");
}

int tw_sign_answer_refuse(request_rec *r, tw_visitor_t *visitor,
                          const tw_sign_refusal_t *refusal)
{
    const tw_json_member_t members[] = {
        { "title", refusal->title, 0, 0 },
        { "status", NULL, refusal->status, 0 },
        { "detail", refusal->detail, 0, 0 },
        { "login", refusal->login, 0, 0 },
    };
    const char *json = tw_json_object(members, refusal->login ? 4 : 3,
                                      r->pool);

    if (!json) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, TWLOGNO(0606)
                      "a call to X cannot be answered: %s: the system is out "
                      "of memory", refusal->detail);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    tw_sign_answer_mark(r, visitor);
    if (refusal->status == HTTP_UNAUTHORIZED) {
        tw_page_challenge(r, visitor->site);
    }
    if (refusal->retry_after) {
        apr_table_setn(r->err_headers_out, "Retry-After",
                       apr_itoa(r->pool, refusal->retry_after));
    }
    if (ap_status_drops_connection(refusal->status)) {
        r->connection->keepalive = AP_CONN_CLOSE;
    }
    r->status = refusal->status;
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, (apr_off_t)strlen(json));
    ap_rputs(json, r);
    return OK;
}
