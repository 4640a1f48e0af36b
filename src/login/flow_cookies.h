/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/flow_cookies: the pending sign-ins of one browser.
 *
 * Each is a sealed cookie named after it, so that several tabs can sign in at
 * once.  A browser has a few of them at most, and all together stay far below
 * what a request may bring: the oldest go.
 */
#ifndef TW_LOGIN_FLOW_COOKIES_H
#define TW_LOGIN_FLOW_COOKIES_H

#include <httpd.h>

#include "request/visitor.h"
#include "sealed/flow.h"

/*
 * The pending sign-in that key names (NULL names none), and the name of its
 * cookie; 0 when this browser has none that opens.  Whether it is in time,
 * and not used, is checked elsewhere.
 */
int tw_flow_cookies_find(tw_flow_t *flow, const char **cookie_name,
                         const tw_visitor_t *visitor, const char *key);

/* Adds one that begins now. */
void tw_flow_cookies_add(request_rec *r, const tw_visitor_t *visitor,
                         const tw_flow_t *flow);

#endif
