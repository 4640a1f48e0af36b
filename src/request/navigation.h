/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/navigation: what a request says of itself: is it a person who goes
 * to a page, and who sent that person?
 *
 * Browsers say it in Fetch metadata (Sec-Fetch-...), which no script can
 * write: where these are there, they decide.  Of a browser that sends none,
 * old signs are read: text/html in Accept, and the X-Requested-With of
 * scripts.
 *
 *   browser or WebView        mode navigate, dest document
 *   through a page's worker   mode navigate, dest empty: fetch(event.request)
 *                             keeps the mode, which scripts cannot choose
 *   Chromium 76 to 79         mode navigate, no dest
 *   frames, objects           mode navigate, dest iframe, object ...: none
 *   scripts, images, styles   other modes: none
 *   before Fetch metadata     Accept has text/html.  X-Requested-With is a
 *                             script's with XMLHttpRequest alone: Android's
 *                             WebViews put the application's name there
 *   prefetch, prerender       none, whatever else they say
 */
#ifndef TW_REQUEST_NAVIGATION_H
#define TW_REQUEST_NAVIGATION_H

#include <httpd.h>

/* Whether r is a navigation: the only kind of request that may be redirected
 * to a sign-in. */
int tw_navigation_is(const request_rec *r);

/* Whether r says that it is none.  What says nothing at all is neither. */
int tw_navigation_is_denied(const request_rec *r);

/* Whether a person will read the answer: a navigation by any method. */
int tw_navigation_is_read(const request_rec *r);

/* Whose page, or whose hand, a request comes from. */
typedef enum {
    TW_FROM_UNKNOWN,            /* nothing says it */
    TW_FROM_HERE,               /* a page of the same origin */
    TW_FROM_USER,               /* typed in, a bookmark, another program */
    TW_FROM_ELSEWHERE           /* a page of any other origin */
} tw_from_t;

tw_from_t tw_navigation_from(const request_rec *r);

#endif
