/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever X answers: the first two bytes choose the status, the rest is the
 * body.  Calls go to a stand-in for tw_http_send() here, which the linker
 * takes before the library's.
 */

#include "fuzz.h"

#include "base/codec.h"
#include "base/id.h"
#include "x/oauth1.h"
#include "x/oauth2.h"
#include "x/refusal.h"
#include "x/user_call.h"
#include "sealed/seal.h"

static tw_http_response_t answer;

apr_status_t tw_http_send(const tw_http_response_t **response,
                          tw_http_pool_t *http, const tw_http_conf_t *conf,
                          const tw_http_request_t *request, apr_pool_t *pool,
                          tw_err_t *err)
{
    (void)http;
    (void)conf;
    (void)request;
    (void)pool;
    (void)err;
    *response = &answer;
    return APR_SUCCESS;
}

static const tw_client_t client = {
    "https://api.x.com", "https://x.com", "https://www.example.com/cb",
    "key", "secret", "users.read", "authenticate", 0, "read", "verified",
    { NULL, NULL, 5000000 }, NULL,
    NULL, NULL, NULL
};

static void check_error(const tw_err_t *err)
{
    const char *c;

    HOLDS(err->kind != TW_ERR_NONE && err->why && strlen(err->why) < 500);
    for (c = err->why; *c; c++) {
        HOLDS(*c >= 0x20 && *c < 0x7f);
    }
    for (c = err->advice; c && *c; c++) {
        HOLDS(*c >= 0x20 && *c < 0x7f);
    }
}

static void try_dance(apr_pool_t *pool)
{
    static const tw_pending_t asked = { "token", "secret" };
    tw_pending_t pending;
    tw_identity_t identity;
    const char *location;
    tw_err_t err;

    memset(&err, 0, sizeof(err));
    if (tw_oauth1.begin(&pending, &location, &client, NULL, pool, &err)
        == APR_SUCCESS) {
        HOLDS(answer.status == 200);
        HOLDS(tw_provider_token_ok(pending.key, TW_TOKEN_MAX));
        HOLDS(tw_provider_token_ok(pending.secret, TW_TOKEN_MAX));
        HOLDS(!strncmp(location, "https://x.com/oauth/", 20));
        HOLDS(!strpbrk(location, "\r\n \"<>\\#"));
    }
    else {
        HOLDS(!location);
        check_error(&err);
    }
    memset(&err, 0, sizeof(err));
    if (tw_oauth1.finish(&identity, &client, NULL, &asked, "v", pool, &err)
        == APR_SUCCESS) {
        HOLDS(answer.status == 200);
        HOLDS(tw_id_twitter_ok(identity.id));
        HOLDS(tw_provider_handle_ok(identity.screen_name));
        HOLDS(tw_provider_token_ok(identity.tokens.token, TW_STORED_MAX));
        HOLDS(tw_provider_token_ok(identity.tokens.secret, TW_STORED_MAX));
    }
    else {
        check_error(&err);
    }
}

static void check_tokens(const tw_tokens_t *tokens)
{
    HOLDS(answer.status == 200 && tokens->kind == TW_TOKEN_OAUTH2);
    HOLDS(tw_provider_token_ok(tokens->token, TW_STORED_MAX));
    HOLDS(!tokens->secret
          || tw_provider_token_ok(tokens->secret, TW_STORED_MAX));
}

static void try_oauth2(apr_pool_t *pool)
{
    static const tw_tokens_t old = { TW_TOKEN_OAUTH1, "token", "secret", 0 };
    static const tw_tokens_t own = { TW_TOKEN_OAUTH2, "token", "refresh", 0 };
    tw_pending_t pending;
    tw_identity_t identity;
    tw_tokens_t tokens;
    const char *location;
    tw_err_t err = { 0 };

    HOLDS(tw_oauth2.begin(&pending, &location, &client, NULL, pool, &err)
          == APR_SUCCESS);
    if (tw_oauth2.finish(&identity, &client, NULL, &pending, "code", pool,
                         &err) == APR_SUCCESS) {
        HOLDS(tw_id_twitter_ok(identity.id));
        check_tokens(&identity.tokens);
    }
    else {
        check_error(&err);
    }
    if (tw_oauth2.refresh(&tokens, "refresh", &client, NULL, pool, &err)
        == APR_SUCCESS) {
        check_tokens(&tokens);
    }
    if (tw_oauth2_exchange(&tokens, &old, &client, NULL, pool, &err)
        == APR_SUCCESS) {
        check_tokens(&tokens);
    }
    HOLDS(tw_oauth2.revoke(&own, &client, NULL, pool, &err) == APR_SUCCESS
          || answer.status != 200);
    HOLDS(tw_oauth1.revoke(&old, &client, NULL, pool, &err) == APR_SUCCESS
          || answer.status != 200);
}

/* The same bytes as a form that is signed, and as an answer to it. */
static void try_call(apr_pool_t *pool)
{
    static const tw_tokens_t tokens[] = {
        { TW_TOKEN_OAUTH1, "token", "secret", 0 },
        { TW_TOKEN_OAUTH2, "token", NULL, 0 }
    };
    const tw_base_string_t call = {
        "POST", "https://api.x.com/2/tweets", NULL, { NULL, 0 },
        { answer.body, answer.body_len }
    };
    const char *header;
    tw_err_t err = { 0 };
    int i;

    for (i = 0; i < 2; i++) {
        if (tw_user_call_authorize(&header, &call, &tokens[i], &client, pool,
                                   &err) == APR_SUCCESS) {
            HOLDS(!strpbrk(header, "\r\n"));
        }
        tw_user_call_revoked(&answer, tokens[i].kind, pool);
    }
    HOLDS(tw_user_call_can(&tw_oauth1, &tokens[0])
          && !tw_user_call_can(&tw_oauth2, &tokens[0]));
}

/* The same bytes as the query of a callback. */
static void try_answer(const tw_protocol_t *protocol, apr_pool_t *pool)
{
    apr_array_header_t *query;
    tw_authz_response_t got;

    tw_codec_form(&query, answer.body, answer.body_len, 50, pool);
    protocol->parse_response(&got, &client, query);
    HOLDS((got.kind == TW_AUTHZ_GRANT) == (got.grant != NULL));
    HOLDS(got.kind == TW_AUTHZ_INVALID || (got.key && *got.key));
    HOLDS(!got.grant || *got.grant);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    apr_pool_t *pool = fuzz_pool();
    tw_err_t err;

    if (!ready) {
        HOLDS(tw_seal_init() == APR_SUCCESS);
        HOLDS(tw_oauth1.child_init(pool, &err) == APR_SUCCESS);
        HOLDS(tw_oauth2.child_init(pool, &err) == APR_SUCCESS);
        ready = 1;
    }
    if (size < 2) {
        return 0;
    }
    memset(&answer, 0, sizeof(answer));
    answer.body = apr_pstrmemdup(pool, (const char *)data + 2, size - 2);
    answer.body_len = size - 2;
    answer.status = 200;
    try_dance(pool);
    try_answer(&tw_oauth1, pool);
    try_answer(&tw_oauth2, pool);
    try_oauth2(pool);
    try_call(pool);
    answer.status = 100 + (data[0] << 8 | data[1]) % 500;
    try_dance(pool);
    try_oauth2(pool);
    try_call(pool);
    memset(&err, 0, sizeof(err));
    HOLDS(tw_refusal(&err, "step", &answer, client.callback, pool)
          == APR_EGENERAL);
    check_error(&err);
    fuzz_clear();
    return 0;
}
