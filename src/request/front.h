/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/front: what a server in front asks: may this one pass?
 *
 * nginx (auth_request), Traefik (ForwardAuth), Caddy (forward_auth) and their
 * like send a request to the own location `auth`, or below it, for each that
 * they got.  Which rule counts they say by the path of theirs.  What the
 * visitor asked them for is in a header that the visitor may have written: it
 * is a return target, checked as any, and nothing else.
 */
#ifndef TW_REQUEST_FRONT_H
#define TW_REQUEST_FRONT_H

#include <httpd.h>

#include "config/site.h"

/* Whether r asks for the own location auth, or one below it. */
int tw_front_asks(const request_rec *r, const tw_site_t *site);

/* What the visitor asked the server in front for: of X-Forwarded-Uri,
 * X-Original-URL and X-Original-URI the first that is there; a path and
 * query, or a URL, not checked yet.  NULL: it does not say. */
const char *tw_front_url(const request_rec *r);

/* Whether it passes redirects on to the visitor ("?redirect=1"): nginx takes
 * them for a fault. */
int tw_front_redirects(const request_rec *r);

#endif
