/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/sign_call: TwAuthSign, calls to X's API in the name of the user.
 *
 * mod_proxy carries the request.  Before it, whoever may not is refused; a
 * form is read, for it is signed too; the call gets a lease, and the user's
 * tokens are read.  The signature is made at the last moment, when mod_proxy
 * has its URL and headers ready: over that very URL, and anew each time that
 * it tries.  Of what the client sent only what belongs to such a call goes
 * along.
 *
 * Where no place has TwAuthSign On none of the hooks is there.
 */
#ifndef TW_AUTH_SIGN_CALL_H
#define TW_AUTH_SIGN_CALL_H

#include <httpd.h>

/* The hook check_config, last of all: refuses what cannot work, and hooks
 * itself in where it is wanted. */
int tw_sign_call_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                              apr_pool_t *ptemp, server_rec *base_server);

#endif
