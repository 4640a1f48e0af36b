/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/page: answers that are pages of the module's own.
 *
 * Where the administrator has set an ErrorDocument for the status, httpd
 * serves that instead, and the environment tells it why (TWAUTH_ERROR and two
 * ready links).
 */
#ifndef TW_REQUEST_PAGE_H
#define TW_REQUEST_PAGE_H

#include <httpd.h>

#include "request/html.h"
#include "request/visitor.h"

/*
 * Answers r with a page.  What it returns is for a hook or handler to
 * return.
 */
int tw_page_answer(request_rec *r, tw_visitor_t *visitor,
                   const tw_page_t *page);

/*
 * httpd labels its error answers as ISO 8859-1; ours say UTF-8 in their
 * text: a filter, put in by the hook insert_error_filter, mends the label.
 */
void tw_page_register_filter(void);
void tw_page_insert_error_filter(request_rec *r);

/* A bare status with what every refusal has: for scripts, images, HEAD. */
int tw_page_bare(request_rec *r, tw_visitor_t *visitor, int status);

/* The page where a person reads it, its bare status where a script does. */
int tw_page_refuse(request_rec *r, tw_visitor_t *visitor,
                   const tw_page_t *page);

/* A redirect to an own location (one of site's paths), at the own address,
 * with a query, which may be empty; returns status. */
int tw_page_redirect(request_rec *r, const tw_site_t *site, int status,
                     const char *location, const char *query);

/* Headers of every answer of the module's own: no-store. */
void tw_page_no_store(request_rec *r);

/* Whether the administrator has set an ErrorDocument for the status; and
 * whether for this place, not for the server or host as a whole. */
int tw_page_has_document(request_rec *r, int status);
int tw_page_has_document_here(request_rec *r, int status);

/* TWAUTH_ERROR and the two links in r's environment, when there is an error
 * to tell: for error documents. */
void tw_page_environment(request_rec *r, const tw_visitor_t *visitor);

/* The challenge of a 401. */
void tw_page_challenge(request_rec *r, const tw_site_t *site);

#endif
