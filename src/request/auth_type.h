/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request/auth_type: AuthType Twitter, of a place.
 */
#ifndef TW_REQUEST_AUTH_TYPE_H
#define TW_REQUEST_AUTH_TYPE_H

#include <string.h>

#include <apr_cstr.h>
#include <httpd.h>
#include <http_core.h>

#define TW_AUTH_TYPE "Twitter"

/* Whether r's place has this module's AuthType. */
static inline int tw_auth_type_is_ours(request_rec *r)
{
    const char *type = ap_auth_type(r);

    /* asked of each request: as it is mostly written first */
    return type && (!strcmp(type, TW_AUTH_TYPE)
                    || !apr_cstr_casecmp(type, TW_AUTH_TYPE));
}

#endif
