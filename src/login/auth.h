/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/auth: the own location auth, for those who pass.
 *
 * Unlike at the other own locations httpd's rules count here: <Location>,
 * AuthType and Require have let the request in when this is called.  Who it
 * is stands in the answer's headers already (auth/export).
 */
#ifndef TW_LOGIN_AUTH_H
#define TW_LOGIN_AUTH_H

#include <httpd.h>

#include "request/visitor.h"

/* 204; 500 where there is no rule, for nobody may pass by a slip. */
int tw_auth_answer(request_rec *r, tw_visitor_t *visitor);

#endif
