/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/refused: what is told of a person whom X names and the site does not
 * let in: to the logs, and on a page.
 */
#ifndef TW_LOGIN_REFUSED_H
#define TW_LOGIN_REFUSED_H

#include <httpd.h>

#include "config/site.h"
#include "request/html.h"
#include "store/account.h"

/* Fills in the page; session and result as tw_account_sign_in() left them.
 * 0: err is about something else, and nothing is told. */
int tw_refused(tw_page_t *page, request_rec *r, const tw_site_t *site,
               const tw_session_t *session, const tw_signed_in_t *result,
               const tw_err_t *err);

#endif
