/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/mod_twauth: who is signed in, for other modules of httpd.  This header
 * is installed beside httpd's own.
 *
 *     #include "mod_twauth.h"
 *
 *     APR_OPTIONAL_FN_TYPE(twauth_identity) *identity =
 *         APR_RETRIEVE_OPTIONAL_FN(twauth_identity);
 *     const twauth_identity_t *who = identity ? identity(r) : NULL;
 *
 * The function is there from the end of the configuration on (ask for it in
 * a hook such as optional_fn_retrieve or post_config), and not at all where
 * mod_twauth is not loaded.  This structure only ever grows, at its end.
 */
#ifndef TW_AUTH_MOD_TWAUTH_H
#define TW_AUTH_MOD_TWAUTH_H

#include <apr_optional.h>
#include <httpd.h>

typedef struct twauth_identity_t {
    apr_size_t size;                /* of this structure, as mod_twauth knows
                                       it */
    apr_int64_t account;            /* the number of the account's row */
    const char *username;           /* given once, for good */
    const char *twitter_id;         /* X's number, in digits */
    const char *screen_name;        /* the handle at the last sign-in; "" where
                                       it has passed to somebody else */
    apr_time_t signed_in_at;        /* when this session began */
    const char *roles;              /* of the account, in order with commas
                                       between; "": none */
} twauth_identity_t;

/*
 * Who is signed in, where AuthType Twitter has authenticated the request (so
 * not before the phase of authentication is over); else NULL.  What is
 * returned lives as long as the request that the client sent.
 */
APR_DECLARE_OPTIONAL_FN(const twauth_identity_t *, twauth_identity,
                        (request_rec *r));

#endif
