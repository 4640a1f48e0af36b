/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as X's JSON: the answers with tokens and a user, and its errors. */

#include "fuzz.h"

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *body = (const char *)data;
    const char *id, *username;
    tw_json_token_t token;
    tw_json_error_t error;
    tw_profile_t profile;

    if (tw_json_token(&token, body, size, pool) == APR_SUCCESS) {
        HOLDS(token.token_type && token.access_token);
        HOLDS(token.expires_in >= 0 && token.expires_in <= 366 * 86400);
        HOLDS(strlen(token.access_token) < size);
    }
    else {
        HOLDS(!token.token_type && !token.access_token);
        HOLDS(!token.refresh_token && !token.expires_in);
    }
    if (tw_json_user(&id, &username, body, size, pool) == APR_SUCCESS) {
        HOLDS(id && username);
        HOLDS(strlen(id) < size && strlen(username) < size);
    }
    else {
        HOLDS(!id && !username);
    }
    tw_json_profile(&profile, body, size, pool);
    tw_profile_clean(&profile, pool);
    HOLDS(profile.known || !*profile.name);
    HOLDS(strlen(profile.name) <= TW_PROFILE_NAME_MAX);
    HOLDS(strlen(profile.avatar) <= TW_PROFILE_AVATAR_MAX);
    HOLDS(strlen(profile.email) <= TW_PROFILE_EMAIL_MAX);
    if (tw_json_error(&error, body, size, pool) == APR_SUCCESS) {
        HOLDS(error.code || error.message);
        HOLDS(error.code >= 0 && error.code <= 99999);
        HOLDS(!error.members);
    }
    else {
        HOLDS(!error.code && !error.message && !error.type);
    }
    fuzz_clear();
    return 0;
}
