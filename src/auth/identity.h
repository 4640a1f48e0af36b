/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/identity: who is signed in, for other modules (auth/mod_twauth).
 */
#ifndef TW_AUTH_IDENTITY_H
#define TW_AUTH_IDENTITY_H

/* Registers the optional function twauth_identity. */
void tw_identity_register(void);

#endif
