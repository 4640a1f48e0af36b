/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/strip: what applications do not see of a request.
 *
 * The module's own cookies, which are remembered for the visitor, and
 * headers that look like those which tell a backend who it is.
 */
#ifndef TW_REQUEST_STRIP_H
#define TW_REQUEST_STRIP_H

#include <httpd.h>

/* The hook post_read_request, first of all. */
int tw_strip_post_read_request(request_rec *r);

/*
 * With MergeTrailers On, what follows a chunked body becomes headers while a
 * handler reads it: registers the filter that cleans them again.
 */
void tw_strip_register_filter(void);

#endif
