/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/login: the login location.
 *
 * Where a sign-in begins: a walk through steps, each of which answers or
 * lets the next one see.
 */
#ifndef TW_LOGIN_LOGIN_H
#define TW_LOGIN_LOGIN_H

#include <httpd.h>

#include "request/visitor.h"

int tw_login_get(request_rec *r, tw_visitor_t *visitor);

#endif
