/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/http: calls to X, by libcurl.
 *
 * Handles are kept in a pool for the whole process, so that connections and
 * TLS sessions are used again, up to a hard maximum that keeps an outage of
 * X from eating all workers.  A call has one limit for its whole time, name
 * look-up included; an answer has one for its size; redirects are never
 * followed; nothing is read from the environment.
 */
#ifndef TW_BASE_HTTP_H
#define TW_BASE_HTTP_H

#include <apr_pools.h>
#include <apr_time.h>

#include "base/err.h"
#include "base/reply.h"

/* With less than that left, another call is not worth its while. */
#define TW_HTTP_LEAST_TIME apr_time_from_msec(50)

typedef struct tw_http_pool_t tw_http_pool_t;

/* How to reach one provider; read-only at run time. */
typedef struct tw_http_conf_t {
    const char *ca_file;            /* NULL: the system's CA directory */
    const char *proxy;              /* NULL: none, whatever the environment
                                       says */
    apr_interval_time_t timeout;    /* of a whole call, microseconds */
} tw_http_conf_t;

typedef struct tw_http_request_t {
    const char *method;             /* "GET" or "POST" */
    const char *url;
    const char *authorization;      /* NULL: no such header */
    const char *body;               /* form; NULL: none */
} tw_http_request_t;

/*
 * Readies libcurl, once in each process: before it has threads, or where
 * tw_http_init_may_be_late().  Where that failed it may be tried again.
 */
apr_status_t tw_http_init(void);

/*
 * Whether that is safe while other threads run: this libcurl says of itself
 * that it is (CURL_VERSION_THREADSAFE, see curl_global_init(3)), and the
 * environment is not to be changed meanwhile, as it is where it has
 * SSLKEYLOGFILE.
 */
int tw_http_init_may_be_late(void);

/*
 * A pool of at most max handles, closed with pool.  Programs that this process
 * starts inherit none of its descriptors.
 */
apr_status_t tw_http_pool_make(tw_http_pool_t **http, int max,
                               apr_pool_t *pool);

/*
 * Sends a request and reads the answer, whatever its status: *response
 * lives in pool, NULL on failure.  Failures are TW_ERR_UNREACHABLE,
 * TW_ERR_TIMEOUT, or TW_ERR_GARBAGE for an answer over the limits or not in
 * HTTP.  A request is sent once: where a kept connection turns out to be dead
 * the status is APR_ECONNRESET, and the caller may send another one.
 * Only https is spoken, but for URLs that begin with "http:" (the
 * configuration allows those on a loopback address only).
 */
apr_status_t tw_http_send(const tw_http_response_t **response,
                          tw_http_pool_t *http, const tw_http_conf_t *conf,
                          const tw_http_request_t *request, apr_pool_t *pool,
                          tw_err_t *err);

#endif
