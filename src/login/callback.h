/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/callback: the callback location, where X sends the browser back to.
 *
 * The pending sign-in must be in this browser, match, be in time, and not be
 * used; then there is one exchange with X, whatever its result, the account
 * is found or made, and a session begins.
 */
#ifndef TW_LOGIN_CALLBACK_H
#define TW_LOGIN_CALLBACK_H

#include <httpd.h>

#include "request/visitor.h"

/* Answers GET. */
int tw_callback_get(request_rec *r, tw_visitor_t *visitor);

#endif
