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
    apr_pool_t *pool;
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
                         err->why ? tw_err_text(child.pool, err)
                                  : "a library did not start");
        }
    }
}

/* What all of them need; late: beside other threads. */
static int start_libcurl(int late)
{
    if (!child.libcurl && (!late || tw_http_init_may_be_late())) {
        child.libcurl = tw_http_init() == APR_SUCCESS;
    }
    return child.libcurl
           && (child.http
               || tw_http_pool_make(&child.http, child.most_calls, child.pool)
                  == APR_SUCCESS);
}

/* By whoever holds the lock, or is alone. */
static void try_all(int late)
{
    int libcurl = start_libcurl(late);
    apr_size_t i;

    for (i = 0; i < PROTOCOLS; i++) {
        tw_err_t err = { 0 };
        int works;

        if (!is_used(protocols[i]) || atomic_load(&child.ready[i])) {
            continue;
        }
        works = libcurl && protocols[i]->child_init(child.pool, &err)
                           == APR_SUCCESS;
        if (works == late) {
            say(protocols[i], works, &err);
        }
        atomic_store(&child.ready[i], works);
    }
}

void tw_protocols_child_init(apr_pool_t *pchild, server_rec *base_server,
                             int most_calls)
{
    child.base_server = base_server;
    child.most_calls = most_calls;
    apr_pool_create(&child.pool, pchild);
    apr_pool_tag(child.pool, "twauth_protocols");
    try_all(0);
}

/* One at a time, and not all the time. */
static void try_again(void)
{
    apr_time_t now = apr_time_now();

    if (pthread_mutex_trylock(&child.trying) != 0) {
        return;
    }
    if (child.pool && (now >= child.last + AGAIN || now < child.last)) {
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
