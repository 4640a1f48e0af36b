/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/browser: what ties requests to one browser, before and beside a
 * session.
 *
 * The pre-session cookie tells a browser from a robot that keeps no cookies,
 * and carries two marks: who signed in here before, and that somebody has
 * just left (so that nobody is signed in again unasked).  The
 * bounce mark and the token of forms are bound to it.
 */
#ifndef TW_REQUEST_BROWSER_H
#define TW_REQUEST_BROWSER_H

#include <httpd.h>

#include "request/visitor.h"

typedef struct tw_browser_t {
    tw_id_t id;
    apr_int64_t before;     /* the account that signed in here last; 0: none */
    int left;               /* signed out or cancelled since */
} tw_browser_t;

/* Reads the pre-session cookie; 0 when there is none that opens. */
int tw_browser_read(tw_browser_t *browser, const tw_visitor_t *visitor);

/* Sets it, with a new id when browser has none yet (all zero). */
void tw_browser_set(request_rec *r, const tw_site_t *site,
                    tw_browser_t *browser);

/*
 * A token for the bounce or a form, by the site's sealer for it, good for
 * this browser and session (NULL: none) for an hour; and whether text is one.
 */
const char *tw_browser_token(request_rec *r, const tw_sealer_t *sealer,
                             const tw_browser_t *browser,
                             const tw_session_t *session);
int tw_browser_token_ok(request_rec *r, const tw_sealer_t *sealer,
                        const tw_browser_t *browser,
                        const tw_session_t *session, const char *text);

#endif
