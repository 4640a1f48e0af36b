/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login/signed_in: what is told of a sign-in that worked, to the error log
 * and to the event log.
 */
#ifndef TW_LOGIN_SIGNED_IN_H
#define TW_LOGIN_SIGNED_IN_H

#include <httpd.h>

#include "config/site.h"
#include "store/account.h"

/* previous: the session whose place it takes, or NULL. */
void tw_signed_in_tell(request_rec *r, const tw_site_t *site,
                       const tw_session_t *session,
                       const tw_signed_in_t *result,
                       const tw_session_t *previous,
                       const tw_identity_t *identity);

#endif
