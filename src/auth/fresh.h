/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/fresh: whether somebody has signed in recently enough (TwAuthFresh).
 *
 * What counts is the sign-in at X, and nothing that came after it: neither
 * activity nor a renewed cookie nor a look into the database makes a session
 * fresh again.  With TwAuthSessionProtection it is fresh only for the browser
 * and network that it was begun in.
 */
#ifndef TW_AUTH_FRESH_H
#define TW_AUTH_FRESH_H

#include <httpd.h>

#include "request/visitor.h"

/* Whether the visitor, who is signed in, is so recently enough for dir. */
int tw_fresh_is(const tw_visitor_t *visitor, const request_rec *r,
                const tw_dir_conf_t *dir);

#endif
