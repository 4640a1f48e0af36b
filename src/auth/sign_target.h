/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth/sign_target: what of X mod_proxy is about to call.
 *
 * Read from where mod_proxy itself takes it when it sends the request, after
 * all that makes a URL of it (ProxyPass, nocanon, patterns, RewriteRule): so
 * what is signed is what X sees.
 */
#ifndef TW_AUTH_SIGN_TARGET_H
#define TW_AUTH_SIGN_TARGET_H

#include <httpd.h>

#include "base/base_string.h"
#include "config/site.h"

typedef enum {
    TW_SIGN_TARGET_X,
    TW_SIGN_TARGET_ELSEWHERE,       /* not TwAuthProvider's host, or in a way
                                       that is not known here */
    TW_SIGN_TARGET_MALFORMED,       /* nothing that can be signed */
    TW_SIGN_TARGET_CREDENTIALS      /* X's own /oauth/ and the like: tokens
                                       would be in the answers */
} tw_sign_target_kind_t;

typedef struct tw_sign_target_t {
    const char *url;                /* as tw_base_string_t has it */
    const char *authority;          /* for Host */
    tw_signed_text_t query;
} tw_sign_target_t;

/* *target is filled in for TW_SIGN_TARGET_X alone. */
tw_sign_target_kind_t tw_sign_target_read(tw_sign_target_t *target,
                                          const request_rec *r,
                                          const tw_site_t *site);

#endif
