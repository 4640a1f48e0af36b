/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/account_page: what stands on the page of one's account.
 *
 * A session is named on it by its id sealed for the session that asks, so that
 * what can be read from the page is of no use anywhere else.
 */
#ifndef TW_LOGIN_ACCOUNT_PAGE_H
#define TW_LOGIN_ACCOUNT_PAGE_H

#include "request/visitor.h"
#include "store/self_service.h"

/* The address of the picture of who is signed in; NULL: there is none that is
 * X's. */
const char *tw_account_page_picture(tw_visitor_t *visitor);

/* The HTML; token is for its forms, done the action (or NULL) that has just
 * been done. */
const char *tw_account_page(request_rec *r, tw_visitor_t *visitor,
                            const tw_self_service_t *view, const char *token,
                            const char *done);

/* Which session a form of the page names; 0: none. */
int tw_account_page_session(tw_id_t *id, const tw_visitor_t *visitor,
                            const char *text, apr_pool_t *pool);

#endif
