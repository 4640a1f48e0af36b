/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x/oauth2_client: how an application shows X who it is (OAuth 2.0), and what
 * of such a call must not be in a log.
 */
#ifndef TW_X_OAUTH2_CLIENT_H
#define TW_X_OAUTH2_CLIENT_H

#include "x/protocol.h"

/* The value of Authorization: Basic where there is a secret (RFC 6749 section
 * 2.3.1), to be wiped; NULL for a public client, whose id is in the form. */
const char *tw_oauth2_client_authorization(const tw_client_t *client,
                                           apr_pool_t *pool);

/* An answer can repeat what it was asked with: out of what err says. */
void tw_oauth2_client_redact(tw_err_t *err, const char *secret,
                             apr_pool_t *pool);

#endif
