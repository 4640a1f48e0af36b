/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/reply: an answer of X's over HTTP, while it is read and when it is
 * whole.
 *
 * Sizes that are announced lie, so the limits are kept while reading.  What
 * an interim answer or a proxy said in headers counts no longer when another
 * answer begins.
 */
#ifndef TW_BASE_REPLY_H
#define TW_BASE_REPLY_H

#include <apr_pools.h>
#include <apr_time.h>

#define TW_HTTP_BODY_MAX (64 * 1024)

typedef struct tw_http_response_t {
    int status;
    const char *body;               /* NUL-terminated; never NULL */
    apr_size_t body_len;
    int retry_after;                /* seconds, see below; 0: not said */
    apr_time_t date;                /* the provider's clock; 0: not said */
    const char *content_type;       /* foreign; NULL: not said */
} tw_http_response_t;

/*
 * retry_after is what Retry-After says (seconds or a date); in a 429 without
 * it, when X's window ends (x-rate-limit-reset, against X's own clock).
 * Never more than this: X's windows are of a quarter of an hour.
 */
#define TW_HTTP_RETRY_MAX 900

/* All of it is the file's own but pool, which is set, and too_large. */
typedef struct tw_reply_t {
    apr_pool_t *pool;
    int too_large;                  /* it is over the limits */
    char *body;
    apr_size_t len;
    apr_size_t size;
    apr_size_t headers;             /* bytes of them */
    const char *retry_after;        /* these as they came; NULL: not said */
    const char *reset;
    const char *content_type;
    apr_time_t date;
} tw_reply_t;

/* A part of the body, or a line of the head (the status line is one), as it
 * comes.  0: no more of it will be taken. */
int tw_reply_body(tw_reply_t *reply, const char *data, apr_size_t len);
int tw_reply_header(tw_reply_t *reply, const char *line, apr_size_t len);

/* The whole answer, in the pool. */
const tw_http_response_t *tw_reply_done(const tw_reply_t *reply, int status);

#endif
