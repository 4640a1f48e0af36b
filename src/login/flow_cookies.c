/* SPDX-License-Identifier: Apache-2.0 */
#include "login/flow_cookies.h"

#include <string.h>

#include <apr_strings.h>

#include "base/cookie.h"
#include "request/set_cookie.h"
#include "sealed/seal.h"

#define FLOWS_MAX 5
#define BYTES_MAX 3500
#define SEEN_MAX 20
/* The cookie outlives the flow by this, so that a late callback still knows
 * where to return. */
#define COOKIE_SLACK 3600

static const char *name_of(const tw_visitor_t *visitor, const char *key)
{
    char end[TW_FLOW_NAME_LEN + 1];

    tw_flow_name(end, key);
    return apr_pstrcat(visitor->initial->pool,
                       visitor->site->cookies.flow.text, end, NULL);
}

int tw_flow_cookies_find(tw_flow_t *flow, const char **cookie_name,
                         const tw_visitor_t *visitor, const char *key)
{
    const tw_site_t *site = visitor->site;
    apr_pool_t *pool = visitor->initial->pool;
    const char *at = visitor->cookies;
    tw_cookie_name_t name;
    tw_cookie_t cookie;

    if (!key) {
        return 0;
    }
    name.text = name_of(visitor, key);
    name.len = strlen(name.text);
    *cookie_name = name.text;
    while (tw_visitor_cookie(&cookie, &at, &name, 0)) {
        if (tw_flow_open(flow, &site->sealers.flow, cookie.value,
                         cookie.value_len, pool) == APR_SUCCESS
            && tw_seal_equal(flow->pending.key, key)) {
            return 1;
        }
    }
    return 0;
}

typedef struct {
    const char *name;
    apr_size_t size;
    apr_time_t started_at;
} flow_cookie_t;

/* This browser's flow cookies; one that does not open is the oldest. */
static apr_array_header_t *flow_cookies(const tw_visitor_t *visitor)
{
    const tw_site_t *site = visitor->site;
    apr_pool_t *pool = visitor->initial->pool;
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(flow_cookie_t));
    const char *at = visitor->cookies;
    tw_cookie_t cookie;
    tw_flow_t flow;

    while (list->nelts < SEEN_MAX
           && tw_visitor_cookie(&cookie, &at, &site->cookies.flow, 1)) {
        flow_cookie_t *seen = apr_array_push(list);

        seen->name = apr_pstrmemdup(pool, cookie.name, cookie.name_len);
        seen->size = cookie.name_len + 1 + cookie.value_len;
        seen->started_at = 0;
        if (tw_flow_open(&flow, &site->sealers.flow,
                         cookie.value, cookie.value_len, pool)
            == APR_SUCCESS) {
            seen->started_at = flow.started_at;
        }
    }
    return list;
}

/* Whether text can stand as a cookie's name: a browser could send others. */
static int is_token(const char *text)
{
    return !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz"
                              "0123456789-_")];
}

/* Makes room for size bytes more: the oldest go. */
static void make_room(request_rec *r, const tw_visitor_t *visitor,
                      apr_size_t size)
{
    apr_array_header_t *list = flow_cookies(visitor);
    flow_cookie_t *flows = (flow_cookie_t *)list->elts;
    apr_size_t total = size;
    int i, left = list->nelts;

    for (i = 0; i < list->nelts; i++) {
        total += flows[i].size;
    }
    while (left && (left >= FLOWS_MAX || total > BYTES_MAX)) {
        int oldest = -1;

        for (i = 0; i < list->nelts; i++) {
            if (flows[i].name
                && (oldest < 0
                    || flows[i].started_at < flows[oldest].started_at)) {
                oldest = i;
            }
        }
        if (oldest < 0) {
            return;
        }
        if (is_token(flows[oldest].name)) {
            tw_cookie_expire(r, flows[oldest].name,
                             visitor->site->cookies.other_attributes);
        }
        total -= flows[oldest].size;
        flows[oldest].name = NULL;
        left--;
    }
}

void tw_flow_cookies_add(request_rec *r, const tw_visitor_t *visitor,
                         const tw_flow_t *flow)
{
    const tw_site_t *site = visitor->site;
    const char *name = name_of(visitor, flow->pending.key);
    const char *text = tw_flow_seal(flow, &site->sealers.flow, r->pool);

    make_room(r, visitor, strlen(name) + 1 + strlen(text));
    tw_cookie_set(r, name, text, site->cookies.other_attributes,
                  (int)apr_time_sec(site->sign_in.timeout)
                  + COOKIE_SLACK);
}
