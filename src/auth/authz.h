/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/authz: Require twitter-user, twitter-id and twitter-role, and 403
 * instead of 401 for who is signed in but not allowed (a 401 would only send
 * them round).
 * mod_authz_core's own Require expr and Require env ask for a sign-in where
 * they are about the user.
 */
#ifndef TW_AUTH_AUTHZ_H
#define TW_AUTH_AUTHZ_H

#include <httpd.h>

/* Registers the Require providers. */
void tw_authz_register(apr_pool_t *pool);

/* The hook pre_config, when all modules have their providers. */
int tw_authz_pre_config(apr_pool_t *pool, apr_pool_t *plog,
                        apr_pool_t *ptemp);

/* The hook auth_checker, before mod_authz_core's. */
int tw_authz_check(request_rec *r);

#endif
