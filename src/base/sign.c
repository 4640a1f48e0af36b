/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sign.h"

#include <stddef.h>     /* before <oauth.h>, which does not include it */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <oauth.h>

#include "base/codec.h"

#define SIGNATURE "oauth_signature="
#define SERIALIZE_HEADER 6      /* only oauth_* fields, values in quotes */

apr_status_t tw_sign_selftest(apr_pool_t *pool, tw_err_t *err)
{
    char *mac = oauth_sign_hmac_sha1("m", "k");
    int good = mac && !strcmp(mac, "dytxyKKZfnaL4B2XEeSk80ok7zM=");

    free(mac);
    if (good) {
        return APR_SUCCESS;
    }
    tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
               "liboauth cannot sign in this process");
    if (err) {
        err->advice = "NSS did not start: in a chroot it needs libsoftokn3 "
                      "and libfreebl3; another module must not initialise "
                      "NSS before this one";
    }
    return APR_EGENERAL;
}

static int too_long(const char *value)
{
    return value && strlen(value) > TW_SIGN_VALUE_MAX;
}

apr_status_t tw_sign_header(const char **header,
                            const tw_sign_request_t *request,
                            apr_pool_t *pool, tw_err_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    char **fields = NULL;
    char *serialized = NULL;
    char separator[] = ", ";
    const char *last;
    int i, n = 0;

    *header = NULL;
    if (too_long(request->consumer_key) || too_long(request->token)) {
        return tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EINVAL,
                          "a key or token is longer than %d bytes",
                          TW_SIGN_VALUE_MAX);
    }
    oauth_add_param_to_array(&n, &fields, request->url);
    oauth_add_param_to_array(&n, &fields,
                             apr_psprintf(pool, "oauth_nonce=%s",
                                          request->nonce));
    oauth_add_param_to_array(&n, &fields,
                             apr_psprintf(pool, "oauth_timestamp=%"
                                          APR_INT64_T_FMT,
                                          request->timestamp));
    for (i = 0; request->params && i < request->params->nelts; i++) {
        const tw_pair_t *pair = &APR_ARRAY_IDX(request->params, i, tw_pair_t);

        oauth_add_param_to_array(&n, &fields,
                                 apr_pstrcat(pool, pair->name, "=",
                                             pair->value, NULL));
    }
    oauth_sign_array2_process(&n, &fields, NULL, OA_HMAC, request->method,
                              request->consumer_key, request->consumer_secret,
                              request->token, request->token_secret);
    /* a failed MAC is printed as "(null)", and no error is returned */
    last = fields[n - 1];
    if (strncmp(last, SIGNATURE, strlen(SIGNATURE))
        || !strcmp(last + strlen(SIGNATURE), "(null)")) {
        rv = tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
                        "liboauth did not sign");
        goto done;
    }
    serialized = oauth_serialize_url_sep(n, 1, fields, separator,
                                         SERIALIZE_HEADER);
    *header = apr_pstrcat(pool, "OAuth ", serialized, NULL);

done:
    free(serialized);
    oauth_free_array(&n, &fields);
    return rv;
}
