/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/hub: the own location hub, at a host where people of others sign in
 * (TwAuthHubFor).
 *
 * It is there for whoever is signed in, as a protected page is, and a return
 * target: others are sent to the sign-in first, and come back.  Then a
 * session of the same account begins for the host that asked, waits in the
 * database, and the browser brings that host the ticket for it.
 */
#ifndef TW_LOGIN_HUB_H
#define TW_LOGIN_HUB_H

#include <httpd.h>

#include "request/visitor.h"

int tw_hub_get(request_rec *r, tw_visitor_t *visitor);

#endif
