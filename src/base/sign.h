/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/sign: OAuth 1.0a signatures (RFC 5849 section 3.4).
 *
 * The base string is ours (base/base_string), HMAC-SHA1 is liboauth's, which
 * is used for nothing else: its HTTP functions start shells and know no
 * limits, its splitter is not a form parser and takes a name with a '=' in it
 * apart, its nonces are the same in every child of a fork.  Nonce and
 * timestamp are given by the caller, and the URL is signed as it stands.
 *
 * The library behind it (NSS) is initialised at the first call, and must be
 * in each child and in one thread alone: tw_sign_selftest() in child_init.
 */
#ifndef TW_BASE_SIGN_H
#define TW_BASE_SIGN_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/base_string.h"
#include "base/err.h"

/* No key or token is as long as that. */
#define TW_SIGN_VALUE_MAX 1000

typedef struct tw_sign_request_t {
    tw_base_string_t call;          /* the call; of its params the oauth_*
                                       ones go into the header, the others are
                                       only signed */
    const char *consumer_key;
    const char *consumer_secret;
    const char *token;              /* NULL: none yet */
    const char *token_secret;       /* NULL: none yet */
    const char *nonce;              /* unique for the timestamp */
    apr_int64_t timestamp;          /* seconds since 1970 */
} tw_sign_request_t;

/*
 * Signs a known text and compares.  Call it once in each child, before there
 * are threads; when it fails, no sign-in can work in this process.
 */
apr_status_t tw_sign_selftest(apr_pool_t *pool, tw_err_t *err);

/*
 * The value of the Authorization header ("OAuth oauth_...=\"...\", ...") for
 * the request, in pool.  APR_EINVAL: query or form is malformed.
 */
apr_status_t tw_sign_header(const char **header,
                            const tw_sign_request_t *request,
                            apr_pool_t *pool, tw_err_t *err);

#endif
