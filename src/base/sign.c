/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sign.h"

#include <stddef.h>     /* before <oauth.h>, which does not include it */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <oauth.h>

#include "base/codec.h"
#include "base/secret.h"

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

static void add(apr_array_header_t *params, const char *name,
                const char *value)
{
    tw_pair_t *pair = apr_array_push(params);

    pair->name = name;
    pair->value = value;
}

/* The protocol's own parameters, and those of the call. */
static apr_array_header_t *all_params(const tw_sign_request_t *request,
                                      apr_pool_t *pool)
{
    apr_array_header_t *params = apr_array_make(pool, 10, sizeof(tw_pair_t));

    add(params, "oauth_consumer_key", request->consumer_key);
    add(params, "oauth_nonce", request->nonce);
    add(params, "oauth_signature_method", "HMAC-SHA1");
    add(params, "oauth_timestamp",
        apr_psprintf(pool, "%" APR_INT64_T_FMT, request->timestamp));
    if (request->token) {
        add(params, "oauth_token", request->token);
    }
    add(params, "oauth_version", "1.0");
    if (request->call.params) {
        apr_array_cat(params, request->call.params);
    }
    return params;
}

/* The signature in base64; NULL: the library failed. */
static const char *mac_of(const char *text, const tw_sign_request_t *request,
                          apr_pool_t *pool)
{
    char *secret = tw_codec_percent(pool, request->consumer_secret);
    char *token_secret = tw_codec_percent(
        pool, request->token_secret ? request->token_secret : "");
    char *key = apr_pstrcat(pool, secret, "&", token_secret, NULL);
    char *mac = oauth_sign_hmac_sha1(text, key);
    const char *copy = mac && *mac ? apr_pstrdup(pool, mac) : NULL;

    free(mac);
    tw_secret_wipe(key);
    tw_secret_wipe(secret);
    tw_secret_wipe(token_secret);
    return copy;
}

/* The header of a signature (RFC 5849 section 3.5.1). */
static const char *header_of(const apr_array_header_t *params,
                             const char *mac, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, "OAuth oauth_signature=\"",
                                   tw_codec_percent(pool, mac), "\"", NULL);
    int i;

    for (i = 0; i < params->nelts; i++) {
        const tw_pair_t *pair = &APR_ARRAY_IDX(params, i, tw_pair_t);

        if (!strncmp(pair->name, "oauth_", 6)) {
            text = apr_pstrcat(pool, text, ", ",
                               tw_codec_percent(pool, pair->name), "=\"",
                               tw_codec_percent(pool, pair->value), "\"",
                               NULL);
        }
    }
    return text;
}

apr_status_t tw_sign_header(const char **header,
                            const tw_sign_request_t *request,
                            apr_pool_t *pool, tw_err_t *err)
{
    apr_array_header_t *params;
    tw_base_string_t call = request->call;
    const char *text, *mac;

    *header = NULL;
    if (too_long(request->consumer_key) || too_long(request->token)) {
        return tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EINVAL,
                          "a key or token is longer than %d bytes",
                          TW_SIGN_VALUE_MAX);
    }
    call.params = params = all_params(request, pool);
    if (tw_base_string(&text, &call, pool) != APR_SUCCESS) {
        return tw_err_set(err, pool, TW_ERR_GARBAGE, APR_EINVAL,
                          "query or form is malformed");
    }
    mac = mac_of(text, request, pool);
    if (!mac) {
        return tw_err_set(err, pool, TW_ERR_INTERNAL, APR_EGENERAL,
                          "liboauth did not sign");
    }
    *header = header_of(params, mac, pool);
    return APR_SUCCESS;
}
