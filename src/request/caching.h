/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/caching: what caches may keep of an answer.
 *
 * An answer is one, however many subrequests and internal redirects httpd
 * makes of it: what one of its parts depended on, all of it depends on.  So
 * it is the answer that is marked, whichever part asks: private when
 * something was looked up for a session, whoever was or was not signed in;
 * no-store when it is the module's own.  A mark is there before the first
 * byte leaves, or the part that needs it gets no session.
 *
 * The mark is a Cache-Control header among those that errors, CGI and
 * proxies do not replace; the variable "no-cache", which mod_cache obeys
 * whatever CacheStorePrivate and its like say; and a filter that has the
 * last word when mod_headers, mod_expires or an application say something
 * else.
 */
#ifndef TW_REQUEST_CACHING_H
#define TW_REQUEST_CACHING_H

#include <httpd.h>

typedef enum {
    TW_CACHING_ANY,
    TW_CACHING_PRIVATE,
    TW_CACHING_NO_STORE
} tw_caching_t;

void tw_caching_register_filter(void);

/* child_init: which of mod_cache, mod_headers and mod_include are there. */
void tw_caching_child_init(apr_pool_t *pchild, server_rec *base_server);

/*
 * *caching is the mark of one answer, zero at first; it lives as long as the
 * answer.
 *
 * The answer that r is, or is a part of, depends on the session.  0: its
 * headers have left unmarked, so nothing that is anybody's own may follow.
 */
int tw_caching_private(tw_caching_t *caching, request_rec *r);

/* The answer is the module's own: nobody keeps it. */
void tw_caching_no_store(tw_caching_t *caching, const request_rec *r);

/*
 * For the hooks insert_filter and insert_error_filter, last of all, and for a
 * handler that marks its answer after they have run.  With
 * has_session the request brought a session cookie: then mod_include's pages
 * are private from the start, for it looks their parts up when the beginning
 * may have left.
 */
void tw_caching_insert_filter(tw_caching_t *caching, request_rec *r,
                              int has_session);
void tw_caching_insert_error_filter(tw_caching_t *caching, request_rec *r);

#endif
