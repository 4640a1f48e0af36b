/* SPDX-License-Identifier: Apache-2.0 */
#include "config/protocols.h"

#include <pthread.h>
#include <stdatomic.h>

#include <http_core.h>
#include <http_log.h>

#include "private.h"
#include "x/hub.h"
#include "x/oauth1.h"
#include "x/oauth2.h"

#define AGAIN apr_time_from_sec(10)

static const tw_protocol_t *const protocols[] = { &tw_oauth1, &tw_oauth2,
                                                  &tw_hub };
#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

/* Of this child. */
static struct {
    server_rec *base_server;
    int most_calls;
    pthread_mutex_t trying;         /* who holds it may change what follows */
    apr_pool_t *tries;              /* cleared after each */
    apr_pool_t *kept;               /* of http, which takes from it under a
                                       lock of its own */
    apr_time_t last;
    int libcurl;
    tw_http_pool_t *http;
    atomic_int ready[PROTOCOLS];    /* whoever sees it set may use http */
} child = { .trying = PTHREAD_MUTEX_INITIALIZER };

static int is_used_at(const server_rec *s, const tw_protocol_t *protocol)
{
    return tw_site_is_on(s) && tw_site(s)->provider.protocol == protocol;
}

static int is_used(const tw_protocol_t *protocol)
{
    const server_rec *s = child.base_server;

    while (s && !is_used_at(s, protocol)) {
        s = s->next;
    }
    return s != NULL;
}

/* In the log of each of its hosts: when it does not work at first, and when
 * it does at last. */
static void say(const tw_protocol_t *protocol, int works, const tw_err_t *err)
{
    server_rec *s;

    for (s = child.base_server; s; s = s->next) {
        if (!is_used_at(s, protocol)) {
            continue;
        }
        if (works) {
            ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s, TWLOGNO(0613)
                         "sign-ins at %s can work in this process now",
                         tw_site(s)->address.origin);
        }
        else {
            ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s, TWLOGNO(0106)
                         "no sign-in at %s can work in this process: %s",
                         tw_site(s)->address.origin,
                         tw_err_text(child.tries, err));
        }
    }
}

/* What those need that call X; late: while other threads run. */
static apr_status_t start_libcurl(int late, tw_err_t *err)
{
    apr_status_t rv;

    if (!child.libcurl && (!late || tw_http_init_may_be_late())) {
        child.libcurl = tw_http_init() == APR_SUCCESS;
    }
    if (!child.libcurl) {
        return tw_err_set(err, child.tries, TW_ERR_INTERNAL, APR_EGENERAL,
                          "libcurl did not start");
    }
    if (child.http) {
        return APR_SUCCESS;
    }
    rv = tw_http_pool_make(&child.http, child.most_calls, child.kept);
    if (rv == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    apr_pool_clear(child.kept);
    return tw_err_set(err, child.tries, TW_ERR_INTERNAL, rv,
                      "no place for libcurl's handles");
}

static int start(const tw_protocol_t *protocol, int late, tw_err_t *err)
{
    int calls = protocol->begin_calls || protocol->finish_calls;

    return (!calls || start_libcurl(late, err) == APR_SUCCESS)
           && protocol->child_init(child.tries, err) == APR_SUCCESS;
}

/* By whoever holds the lock, or is alone. */
static void try_all(int late)
{
    apr_size_t i;

    for (i = 0; i < PROTOCOLS; i++) {
        tw_err_t err = { 0 };
        int works;

        if (!is_used(protocols[i]) || atomic_load(&child.ready[i])) {
            continue;
        }
        works = start(protocols[i], late, &err);
        if (works == late) {
            say(protocols[i], works, &err);
        }
        atomic_store(&child.ready[i], works);
    }
    apr_pool_clear(child.tries);
}

/* A pool that a thread may take from while another takes from any other: it
 * shares no allocator with them. */
static apr_pool_t *make_pool(apr_pool_t *parent)
{
    apr_allocator_t *allocator = NULL;
    apr_pool_t *pool = NULL;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&pool, parent, NULL, allocator);
    if (allocator && pool) {
        apr_allocator_owner_set(allocator, pool);
        apr_pool_tag(pool, "twauth_protocols");
    }
    return pool;
}

void tw_protocols_child_init(apr_pool_t *pchild, server_rec *base_server,
                             int most_calls)
{
    child.base_server = base_server;
    child.most_calls = most_calls;
    child.tries = make_pool(pchild);
    child.kept = make_pool(pchild);
    try_all(0);
}

/* One at a time, and not all the time. */
static void try_again(void)
{
    apr_time_t now = apr_time_now();

    if (pthread_mutex_trylock(&child.trying) != 0) {
        return;
    }
    if (child.tries && (now >= child.last + AGAIN || now < child.last)) {
        child.last = now;
        try_all(1);
    }
    pthread_mutex_unlock(&child.trying);
}

tw_http_pool_t *tw_protocols_http(const tw_protocol_t *protocol)
{
    apr_size_t i = 0;

    while (i < PROTOCOLS && protocols[i] != protocol) {
        i++;
    }
    if (i < PROTOCOLS && !atomic_load(&child.ready[i])) {
        try_again();
    }
    return i < PROTOCOLS && atomic_load(&child.ready[i]) ? child.http : NULL;
}
