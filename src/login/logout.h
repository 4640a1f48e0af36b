/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/logout: the logout location.
 *
 * GET shows a page with a button; POST ends the session, when it is certain
 * that this site's own page sent it.
 */
#ifndef TW_LOGIN_LOGOUT_H
#define TW_LOGIN_LOGOUT_H

#include <httpd.h>

#include "request/visitor.h"

int tw_logout_get(request_rec *r, tw_visitor_t *visitor);
int tw_logout_post(request_rec *r, tw_visitor_t *visitor);

/* What a browser is told when its session has been ended: cookies, and what
 * the site wants dropped.  forget: nor is it known who signed in here. */
void tw_logout_leave(request_rec *r, tw_visitor_t *visitor, int forget);

#endif
