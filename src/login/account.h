/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/account: the account location, where people look after their own.
 *
 * GET shows who is signed in, and where; POST ends a session, all others, what
 * X was allowed, or the account itself, when it is certain that this site's
 * own page sent it.  The database is asked each time: who is shut out does
 * nothing here any more.
 */
#ifndef TW_LOGIN_ACCOUNT_H
#define TW_LOGIN_ACCOUNT_H

#include <httpd.h>

#include "request/visitor.h"

int tw_account_get(request_rec *r, tw_visitor_t *visitor);
int tw_account_post(request_rec *r, tw_visitor_t *visitor);

/* TwAuthPath itself: leads to account. */
int tw_account_lead(request_rec *r, tw_visitor_t *visitor);

#endif
