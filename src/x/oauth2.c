/* SPDX-License-Identifier: Apache-2.0 */
#include "x/oauth2.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "base/codec.h"
#include "base/id.h"
#include "base/json.h"
#include "base/secret.h"
#include "sealed/seal.h"
#include "x/oauth2_client.h"
#include "x/refusal.h"

#define TOO_NEW apr_time_from_msec(500)
#define RANDOM_BYTES 32         /* 43 characters, as RFC 7636 asks at least */

static const char *random_text(apr_pool_t *pool)
{
    unsigned char random[RANDOM_BYTES];
    char *text = apr_palloc(pool, TW_CODEC_BASE64_LEN(RANDOM_BYTES) + 1);

    tw_seal_random(random, sizeof(random));
    tw_codec_base64(text, random, sizeof(random));
    tw_seal_wipe(random, sizeof(random));
    return text;
}

static apr_status_t oauth2_child_init(apr_pool_t *pool, tw_err_t *err)
{
    (void)pool;
    (void)err;
    return APR_SUCCESS;
}

static apr_status_t oauth2_begin(tw_pending_t *pending, const char **location,
                                 const tw_client_t *client,
                                 tw_http_pool_t *http, apr_pool_t *pool,
                                 tw_err_t *err)
{
    (void)http;
    (void)err;
    pending->key = random_text(pool);
    pending->secret = random_text(pool);
    *location = apr_pstrcat(
        pool, client->browser, "/i/oauth2/authorize?response_type=code"
        "&client_id=", tw_codec_percent(pool, client->key),
        "&redirect_uri=", tw_codec_percent(pool, client->callback),
        "&scope=", tw_codec_percent(pool, client->scope),
        "&state=", pending->key,
        "&code_challenge=", tw_seal_challenge(pending->secret, pool),
        "&code_challenge_method=S256", NULL);
    return APR_SUCCESS;
}

static void oauth2_parse_response(tw_authz_response_t *authz,
                                  const tw_client_t *client,
                                  const apr_array_header_t *query)
{
    static const char *const foreign[] = {
        "oauth_token", "oauth_verifier", "denied", NULL
    };
    int codes, states, errors, issuers;
    const char *code = tw_codec_form_get(query, "code", &codes);
    const char *state = tw_codec_form_get(query, "state", &states);
    const char *error = tw_codec_form_get(query, "error", &errors);
    const char *issuer = tw_codec_form_get(query, "iss", &issuers);

    memset(authz, 0, sizeof(*authz));
    authz->kind = TW_AUTHZ_INVALID;
    /* a response of OAuth 1.0a, or of both at once, is none of X's */
    if (tw_codec_form_has_any(query, foreign)) {
        return;
    }
    if (states != 1 || !state || !*state || codes > 1 || errors > 1
        || issuers > 1) {
        return;
    }
    authz->key = state;
    /* another issuer's response is not this one's (RFC 9207 section 2.4) */
    if (issuers && (!issuer || strcmp(issuer, client->api))) {
        authz->error = "iss names another issuer";
        return;
    }
    if (errors) {
        authz->error = error ? error : "";
        if (error && !strcmp(error, "access_denied")) {
            authz->kind = TW_AUTHZ_CANCELLED;
        }
    }
    else if (tw_provider_token_ok(code, TW_STORED_MAX)) {
        authz->kind = TW_AUTHZ_GRANT;
        authz->grant = code;
    }
}

/* The answer of the token endpoint, to a code or to a refresh token, in a
 * form that is wiped. */
static apr_status_t get_tokens(tw_tokens_t *tokens, const tw_step_t *step,
                               const char *form, apr_pool_t *pool,
                               tw_err_t *err)
{
    const tw_client_t *client = step->client;
    tw_http_request_t request = { 0 };
    const tw_http_response_t *response;
    tw_json_token_t json;
    apr_status_t rv;

    request.method = "POST";
    request.url = apr_pstrcat(pool, client->api, "/2/oauth2/token", NULL);
    request.authorization = tw_oauth2_client_authorization(client, pool);
    request.body = client->secret
                   ? form
                   : apr_pstrcat(pool, form, "&client_id=",
                                 tw_codec_percent(pool, client->key), NULL);
    rv = tw_step_call(&response, step, &request, pool, err);
    tw_secret_wipe(request.authorization);
    tw_secret_wipe(request.body);
    tw_secret_wipe(form);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (tw_json_token(&json, response->body, response->body_len, pool)
        != APR_SUCCESS
        || strcasecmp(json.token_type, "bearer")
        || !tw_provider_token_ok(json.access_token, TW_STORED_MAX)
        || (json.refresh_token
            && !tw_provider_token_ok(json.refresh_token, TW_STORED_MAX))) {
        return tw_refusal_unusable(err, step->name, response,
                                   "bearer token", pool);
    }
    tokens->kind = TW_TOKEN_OAUTH2;
    tokens->token = json.access_token;
    tokens->secret = json.refresh_token;
    tokens->expires_at = apr_time_sec(apr_time_now()) + json.expires_in;
    return APR_SUCCESS;
}

/* Whether X refuses the token: in its own words, or in none. */
static int refuses_token(const tw_http_response_t *response,
                         apr_pool_t *pool)
{
    tw_json_error_t error;

    return response && response->status == 401
           && (tw_json_error(&error, response->body, response->body_len, pool)
               == APR_SUCCESS || !error.members);
}

/*
 * Whether X may have refused what of a profile was asked for: a field that it
 * does not give to this application (403), or does not know (400).  A refusal
 * that is known (see x/refusal_table) is about something else.
 */
static int may_be_fields(const tw_http_response_t *response,
                         const tw_err_t *err)
{
    return response && (response->status == 400 || response->status == 403)
           && err->kind != TW_ERR_USER && !err->code;
}

/*
 * Asks who the token's user is.  X is known to refuse a token for a moment
 * that it has just given, in bursts; so a 401 here is asked about once more,
 * a little later, and within the time of this sign-in.  No second 401 is:
 * then X means it, or will not be better in time.
 * Nor does a profile that X does not give keep anybody out: then it is asked
 * for no more than who it is, and *why says so.
 */
static apr_status_t get_user(const tw_http_response_t **response,
                             const char **why, const tw_step_t *step,
                             const char *token, apr_pool_t *pool,
                             tw_err_t *err)
{
    const tw_client_t *client = step->client;
    tw_http_request_t request = { 0 };
    apr_status_t rv;

    request.method = "GET";
    request.url = tw_provider_me(client, client->fields, pool);
    request.authorization = apr_pstrcat(pool, "Bearer ", token, NULL);
    rv = tw_step_call(response, step, &request, pool, err);
    if (refuses_token(*response, pool)
        && step->until - apr_time_now() >= TOO_NEW + TW_HTTP_LEAST_TIME) {
        apr_sleep(TOO_NEW);
        memset(err, 0, sizeof(*err));
        rv = tw_step_call(response, step, &request, pool, err);
    }
    if (client->fields && may_be_fields(*response, err)) {
        tw_oauth2_client_redact(err, token, pool);
        *why = tw_err_text(pool, err);
        memset(err, 0, sizeof(*err));
        request.url = tw_provider_me(client, NULL, pool);
        rv = tw_step_call(response, step, &request, pool, err);
    }
    tw_secret_wipe(request.authorization);
    if (rv == APR_SUCCESS) {
        return rv;
    }
    tw_oauth2_client_redact(err, token, pool);
    /* X counts this call for each user, so that one who signs in too often
     * must not look like an X that has had enough of us */
    if (err->kind == TW_ERR_LIMITED) {
        err->kind = TW_ERR_USER_LIMITED;
    }
    /* the application has just been believed, and so has the user: it is X
     * that is out of order, and the visitor may try again */
    if (refuses_token(*response, pool) && err->kind == TW_ERR_REFUSED
        && !err->code) {
        err->kind = TW_ERR_GARBAGE;
        err->advice = "X refuses the token that it has just given: mostly "
                      "this passes; if not, look at X's status "
                      "(developer.x.com/status) and at the application in "
                      "X's developer console";
    }
    return rv;
}

/* Who it is, from a success, which in X's version 2 may hold an error all
 * the same: a suspended user is one that is not shown, say. */
static apr_status_t read_user(tw_identity_t *identity,
                              const tw_http_response_t *response,
                              const tw_step_t *step, apr_pool_t *pool,
                              tw_err_t *err)
{
    tw_json_user(&identity->id, &identity->screen_name, response->body,
                 response->body_len, pool);
    if (tw_id_twitter_ok(identity->id)
        && tw_provider_handle_ok(identity->screen_name)) {
        return APR_SUCCESS;
    }
    if (!identity->id) {
        tw_refusal(err, step->name, response, step->client->callback, pool);
        if (err->kind == TW_ERR_USER || err->kind == TW_ERR_REFUSED) {
            return APR_EGENERAL;
        }
    }
    return tw_refusal_unusable(err, step->name, response, "id and username",
                               pool);
}

static apr_status_t oauth2_finish(tw_identity_t *identity,
                                  const tw_client_t *client,
                                  tw_http_pool_t *http,
                                  const tw_pending_t *pending,
                                  const char *grant, apr_pool_t *pool,
                                  tw_err_t *err)
{
    tw_step_t step = { "code", client, http,
                       apr_time_now() + client->http.timeout, 0, NULL, NULL };
    const tw_http_response_t *response;
    const char *form;
    apr_status_t rv;

    memset(identity, 0, sizeof(*identity));
    form = apr_pstrcat(pool, "grant_type=authorization_code&code=",
                       tw_codec_percent(pool, grant), "&redirect_uri=",
                       tw_codec_percent(pool, client->callback),
                       "&code_verifier=", pending->secret, NULL);
    rv = get_tokens(&identity->tokens, &step, form, pool, err);
    if (rv != APR_SUCCESS) {
        tw_oauth2_client_redact(err, grant, pool);
        tw_oauth2_client_redact(err, pending->secret, pool);
        return rv;
    }
    step.name = "user";
    rv = get_user(&response, &identity->no_profile, &step,
                  identity->tokens.token, pool, err);
    if (rv == APR_SUCCESS) {
        rv = read_user(identity, response, &step, pool, err);
    }
    if (rv == APR_SUCCESS && client->fields && !identity->no_profile) {
        tw_provider_profile(identity, client, response, pool);
    }
    return rv;
}

static apr_status_t oauth2_refresh(tw_tokens_t *tokens, const char *refresh,
                                   const tw_client_t *client,
                                   tw_http_pool_t *http, apr_pool_t *pool,
                                   tw_err_t *err)
{
    /* once: X may have taken the token before the connection was lost */
    tw_step_t step = { "refresh", client, http,
                       apr_time_now() + client->http.timeout, 1, NULL, NULL };
    const char *form = apr_pstrcat(pool, "grant_type=refresh_token"
                                   "&refresh_token=",
                                   tw_codec_percent(pool, refresh), NULL);
    apr_status_t rv;

    memset(tokens, 0, sizeof(*tokens));
    rv = get_tokens(tokens, &step, form, pool, err);
    if (rv != APR_SUCCESS) {
        tw_oauth2_client_redact(err, refresh, pool);
    }
    /* RFC 6749 section 6: an answer without a new one leaves the old */
    if (rv == APR_SUCCESS && !tokens->secret) {
        tokens->secret = refresh;
    }
    return rv;
}

apr_status_t tw_oauth2_exchange(tw_tokens_t *tokens, const tw_tokens_t *old,
                                const tw_client_t *client,
                                tw_http_pool_t *http, apr_pool_t *pool,
                                tw_err_t *err)
{
    tw_step_t step = { "exchange", client, http,
                       apr_time_now() + client->http.timeout, 0, NULL, NULL };
    apr_status_t rv;
    const char *form = apr_pstrcat(
        pool, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A"
        "token-exchange&subject_token_type=urn%3Ax%3Aparams%3Aoauth%3A"
        "token-type%3Aoauth1_token&subject_token=",
        tw_codec_percent(pool, old->token), "&oauth_token_secret=",
        tw_codec_percent(pool, old->secret), "&scope=",
        tw_codec_percent(pool, client->scope), NULL);

    memset(tokens, 0, sizeof(*tokens));
    rv = get_tokens(tokens, &step, form, pool, err);
    if (rv != APR_SUCCESS) {
        tw_oauth2_client_redact(err, old->token, pool);
        tw_oauth2_client_redact(err, old->secret, pool);
    }
    return rv;
}

/* RFC 7009 section 2.1. */
static apr_status_t revoke_one(const char *token, const char *hint,
                               const tw_step_t *step, apr_pool_t *pool,
                               tw_err_t *err)
{
    const tw_client_t *client = step->client;
    tw_http_request_t request = { 0 };
    const tw_http_response_t *response;
    apr_status_t rv;

    request.method = "POST";
    request.url = apr_pstrcat(pool, client->api, "/2/oauth2/revoke", NULL);
    request.authorization = tw_oauth2_client_authorization(client, pool);
    request.body = apr_pstrcat(
        pool, "token=", tw_codec_percent(pool, token), "&token_type_hint=",
        hint, client->secret ? "" : "&client_id=",
        client->secret ? "" : tw_codec_percent(pool, client->key), NULL);
    rv = tw_step_call(&response, step, &request, pool, err);
    tw_secret_wipe(request.authorization);
    tw_secret_wipe(request.body);
    if (rv != APR_SUCCESS) {
        tw_oauth2_client_redact(err, token, pool);
    }
    return rv;
}

/* The refresh token first: with it goes all that was made of it. */
static apr_status_t oauth2_revoke(const tw_tokens_t *tokens,
                                  const tw_client_t *client,
                                  tw_http_pool_t *http, apr_pool_t *pool,
                                  tw_err_t *err)
{
    tw_step_t step = { "revocation", client, http,
                       apr_time_now() + client->http.timeout, 0, NULL, NULL };
    apr_status_t rv = APR_SUCCESS;

    if (tokens->secret) {
        rv = revoke_one(tokens->secret, "refresh_token", &step, pool, err);
    }
    return rv == APR_SUCCESS ? revoke_one(tokens->token, "access_token", &step,
                                          pool, err)
                             : rv;
}

const tw_protocol_t tw_oauth2 = {
    "oauth2",
    0,
    1,
    oauth2_child_init,
    oauth2_begin,
    oauth2_parse_response,
    oauth2_finish,
    oauth2_refresh,
    oauth2_revoke
};
