/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/whoami: the session location.
 *
 * Who is signed in, as JSON, for scripts of this site's own pages.
 */
#ifndef TW_LOGIN_WHOAMI_H
#define TW_LOGIN_WHOAMI_H

#include <httpd.h>

#include "request/visitor.h"

int tw_whoami_get(request_rec *r, tw_visitor_t *visitor);

#endif
