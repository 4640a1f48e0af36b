/* SPDX-License-Identifier: Apache-2.0 */
#include "x/user_call.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "x/oauth1.h"

/* X's number for "Invalid or expired token". */
#define OVER 89

int tw_user_call_can(const tw_protocol_t *protocol, const tw_tokens_t *tokens)
{
    return tokens->kind == TW_TOKEN_OAUTH2
           || (protocol == &tw_oauth1 && tokens->secret);
}

apr_status_t tw_user_call_authorize(const char **header,
                                    const tw_base_string_t *call,
                                    const tw_tokens_t *tokens,
                                    const tw_client_t *client,
                                    apr_pool_t *pool, tw_err_t *err)
{
    tw_sign_request_t sign = { 0 };

    *header = NULL;
    if (tokens->kind == TW_TOKEN_OAUTH2) {
        *header = apr_pstrcat(pool, "Bearer ", tokens->token, NULL);
        return APR_SUCCESS;
    }
    sign.call = *call;
    sign.token = tokens->token;
    sign.token_secret = tokens->secret;
    return tw_oauth1_sign(header, &sign, client, pool, err);
}

int tw_user_call_revoked(const tw_http_response_t *response,
                         tw_token_kind_t kind, apr_pool_t *pool)
{
    tw_json_error_t error;

    if ((response->status != 401 && response->status != 403)
        || tw_json_error(&error, response->body, response->body_len, pool)
           != APR_SUCCESS) {
        return 0;
    }
    if (error.code) {
        return error.code == OVER;
    }
    return kind == TW_TOKEN_OAUTH2 && response->status == 401 && !error.type
           && error.message
           && (!strcmp(error.message, "Unauthorized")
               || !strcmp(error.message, "Unauthorized: Unauthorized")
               || !strncmp(error.message, "invalid_token", 13));
}
