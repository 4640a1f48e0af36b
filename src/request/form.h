/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/form: forms of our own pages, and of the site's.
 */
#ifndef TW_REQUEST_FORM_H
#define TW_REQUEST_FORM_H

#include <httpd.h>

#include "request/visitor.h"

#define TW_FORM_FIELDS_MAX 50

/* The posted form, of tw_pair_t; OK, or the status that says what is wrong
 * with it. */
int tw_form_read(apr_array_header_t **form, request_rec *r);

/*
 * Whether a page of this site sent it: the browser says so, or the origin,
 * or, where neither says anything, the token of our own page (its field
 * "token", see tw_browser_token() with the sealer for forms).
 */
int tw_form_is_from_here(request_rec *r, tw_visitor_t *visitor,
                         const apr_array_header_t *form);

#endif
