/* SPDX-License-Identifier: Apache-2.0 */
#include "x/oauth2_client.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/secret.h"

#define REDACT_LEAST 8

const char *tw_oauth2_client_authorization(const tw_client_t *client,
                                           apr_pool_t *pool)
{
    const char *secret, *both, *coded, *header;

    if (!client->secret) {
        return NULL;
    }
    secret = tw_codec_percent(pool, client->secret);
    both = apr_pstrcat(pool, tw_codec_percent(pool, client->key), ":",
                       secret, NULL);
    coded = tw_codec_base64_padded(pool, both);
    header = apr_pstrcat(pool, "Basic ", coded, NULL);
    tw_secret_wipe(secret);
    tw_secret_wipe(both);
    tw_secret_wipe(coded);
    return header;
}

void tw_oauth2_client_redact(tw_err_t *err, const char *secret,
                             apr_pool_t *pool)
{
    const char *found;

    /* a short one is no secret, and would tear the words apart */
    while (secret && strlen(secret) >= REDACT_LEAST && err->why
           && (found = strstr(err->why, secret)) != NULL) {
        err->why = apr_pstrcat(pool, apr_pstrmemdup(
            pool, err->why, (apr_size_t)(found - err->why)), "...",
            found + strlen(secret), NULL);
    }
}
