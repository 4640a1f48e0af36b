/* SPDX-License-Identifier: Apache-2.0 */
#include "x/oauth1.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "base/codec.h"
#include "base/id.h"
#include "base/json.h"
#include "sealed/seal.h"
#include "x/refusal.h"

#define NONCE_BYTES 16
#define REPLY_FIELDS_MAX 50

static void add(apr_array_header_t *params, const char *name,
                const char *value)
{
    tw_pair_t *pair = apr_array_push(params);

    pair->name = name;
    pair->value = value;
}

/* One call to make: what is signed, and what becomes of it. */
typedef struct {
    const char *step;               /* for the log */
    const char *path;
    const apr_array_header_t *params;
    const char *body;               /* NULL: none */
    const char *token;              /* NULL: none yet */
    const char *token_secret;
    const char *url;                /* without its query; NULL: it has none */
} call_t;

apr_status_t tw_oauth1_sign(const char **header,
                            const tw_sign_request_t *request,
                            const tw_client_t *client, apr_pool_t *pool,
                            tw_err_t *err)
{
    tw_sign_request_t sign = *request;
    unsigned char random[NONCE_BYTES];
    char nonce[2 * NONCE_BYTES + 1];

    tw_seal_random(random, sizeof(random));
    tw_codec_hex(nonce, random, sizeof(random));
    sign.consumer_key = client->key;
    sign.consumer_secret = client->secret;
    sign.nonce = nonce;
    sign.timestamp = apr_time_sec(apr_time_now())
                     + tw_clock_ahead(client->clock);
    return tw_sign_header(header, &sign, pool, err);
}

static apr_status_t sign_call(tw_http_request_t *request, const void *what,
                              const tw_client_t *client, apr_pool_t *pool,
                              tw_err_t *err)
{
    const call_t *c = what;
    tw_sign_request_t sign = { 0 };

    sign.call.method = request->method;
    sign.call.url = c->url ? c->url : request->url;
    sign.call.params = c->params;
    sign.token = c->token;
    sign.token_secret = c->token_secret;
    return tw_oauth1_sign(&request->authorization, &sign, client, pool, err);
}

/* The answer to a call that succeeded. */
typedef struct {
    const char *step;
    const tw_http_response_t *response;
    apr_array_header_t *fields;     /* of tw_pair_t */
} reply_t;

/* A form has no line end, but what sends one may write it as a line. */
static apr_size_t without_line_end(const tw_http_response_t *response)
{
    apr_size_t len = response->body_len;

    while (len && (response->body[len - 1] == '\n'
                   || response->body[len - 1] == '\r')) {
        len--;
    }
    return len;
}

/*
 * One call, tried once more, with a nonce of its own, where a kept connection
 * had been closed.  Success is status 200 and a form.
 */
static apr_status_t call(reply_t *reply, const call_t *c,
                         const tw_client_t *client, tw_http_pool_t *http,
                         apr_pool_t *pool, tw_err_t *err)
{
    const tw_http_response_t *response;
    tw_step_t step = { c->step, client, http,
                       apr_time_now() + client->http.timeout, 0, sign_call,
                       c };
    tw_http_request_t request = { 0 };
    apr_status_t rv;

    request.method = "POST";
    request.url = apr_pstrcat(pool, client->api, c->path, NULL);
    request.body = c->body;
    rv = tw_step_call(&response, &step, &request, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    reply->step = c->step;
    reply->response = response;
    if (tw_codec_form(&reply->fields, response->body,
                      without_line_end(response), REPLY_FIELDS_MAX, pool)
        != APR_SUCCESS) {
        tw_err_set(err, pool, TW_ERR_GARBAGE, APR_EGENERAL,
                   "X answered more than %d fields", REPLY_FIELDS_MAX);
        err->step = c->step;
        err->status = response->status;
        return APR_EGENERAL;
    }
    return APR_SUCCESS;
}

static apr_status_t unusable(const reply_t *reply, const char *what,
                             apr_pool_t *pool, tw_err_t *err)
{
    return tw_refusal_unusable(err, reply->step, reply->response, what, pool);
}

/* A token field of a reply: there once, visible ASCII, not too long. */
static apr_status_t token_field(const char **value, const char *name,
                                const reply_t *reply, apr_size_t max,
                                apr_pool_t *pool, tw_err_t *err)
{
    *value = tw_codec_form_get(reply->fields, name, NULL);
    if (tw_provider_token_ok(*value, max)) {
        return APR_SUCCESS;
    }
    *value = NULL;
    return unusable(reply, name, pool, err);
}

static apr_status_t oauth1_child_init(apr_pool_t *pool, tw_err_t *err)
{
    return tw_sign_selftest(pool, err);
}

static apr_status_t oauth1_begin(tw_pending_t *pending, const char **location,
                                 const tw_client_t *client,
                                 tw_http_pool_t *http, apr_pool_t *pool,
                                 tw_err_t *err)
{
    apr_array_header_t *params = apr_array_make(pool, 2, sizeof(tw_pair_t));
    reply_t reply;
    call_t c = { "request token", "/oauth/request_token", params, NULL, NULL,
                 NULL, NULL };
    const char *confirmed;
    apr_status_t rv;

    memset(pending, 0, sizeof(*pending));
    *location = NULL;
    add(params, "oauth_callback", client->callback);
    add(params, "x_auth_access_type", client->access);
    c.body = apr_pstrcat(pool, "x_auth_access_type=", client->access, NULL);
    rv = call(&reply, &c, client, http, pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* an answer without it is OAuth 1.0, whose callback an attacker could
     * have chosen (advisory 2009.1) */
    confirmed = tw_codec_form_get(reply.fields, "oauth_callback_confirmed",
                                  NULL);
    if (!confirmed || strcmp(confirmed, "true")) {
        return unusable(&reply, "oauth_callback_confirmed=true", pool, err);
    }
    rv = token_field(&pending->key, "oauth_token", &reply, TW_TOKEN_MAX, pool,
                     err);
    if (rv == APR_SUCCESS) {
        rv = token_field(&pending->secret, "oauth_token_secret", &reply,
                         TW_TOKEN_MAX, pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *location = apr_pstrcat(pool, client->browser, "/oauth/",
                            client->sign_in_with, "?oauth_token=",
                            tw_codec_percent(pool, pending->key),
                            client->force_login ? "&force_login=true" : "",
                            client->screen_name ? "&screen_name=" : "",
                            client->screen_name
                            ? tw_codec_percent(pool, client->screen_name)
                            : "", NULL);
    return APR_SUCCESS;
}

static void oauth1_parse_response(tw_authz_response_t *authz,
                                  const tw_client_t *client,
                                  const apr_array_header_t *query)
{
    static const char *const foreign[] = { "code", "state", "error", NULL };
    int tokens, verifiers, denials;
    const char *token = tw_codec_form_get(query, "oauth_token", &tokens);
    const char *verifier = tw_codec_form_get(query, "oauth_verifier",
                                             &verifiers);
    const char *denied = tw_codec_form_get(query, "denied", &denials);

    (void)client;
    memset(authz, 0, sizeof(*authz));
    authz->kind = TW_AUTHZ_INVALID;
    /* a response of OAuth 2.0, or of both at once, is none of X's */
    if (tw_codec_form_has_any(query, foreign)) {
        return;
    }
    /* one of each at most, and never a success and a cancel together */
    if (denials == 1 && !verifiers && !tokens && denied && *denied) {
        authz->kind = TW_AUTHZ_CANCELLED;
        authz->key = denied;
    }
    else if (tokens == 1 && !denials && token && *token) {
        authz->key = token;
        if (verifiers == 1 && tw_provider_token_ok(verifier, TW_TOKEN_MAX)) {
            authz->kind = TW_AUTHZ_GRANT;
            authz->grant = verifier;
        }
    }
}

/* X's access tokens begin with the user's id: two sources, one user. */
static int token_agrees(const char *token, const char *id)
{
    apr_size_t digits = strspn(token, "0123456789");

    return !digits || token[digits] != '-'
           || (digits == strlen(id) && !strncmp(token, id, digits));
}

/*
 * The profile, by one call more with the user's own token.  Who it is is
 * known: whatever becomes of this call, nobody is kept out by it.
 */
static void get_profile(tw_identity_t *identity, const tw_client_t *client,
                        tw_http_pool_t *http, apr_time_t until,
                        apr_pool_t *pool)
{
    apr_array_header_t *params = apr_array_make(pool, 1, sizeof(tw_pair_t));
    call_t c = { "profile", NULL, params, NULL, identity->tokens.token,
                 identity->tokens.secret, tw_provider_me(client, NULL, pool) };
    tw_step_t step = { c.step, client, http, until, 0, sign_call, &c };
    tw_http_request_t request = { 0 };
    const tw_http_response_t *response;
    const char *id, *screen_name;
    tw_err_t err = { 0 };

    add(params, "user.fields", client->fields);
    request.method = "GET";
    request.url = tw_provider_me(client, client->fields, pool);
    if (tw_step_call(&response, &step, &request, pool, &err) != APR_SUCCESS) {
        identity->no_profile = tw_err_text(pool, &err);
        return;
    }
    tw_json_user(&id, &screen_name, response->body, response->body_len, pool);
    if (!id || strcmp(id, identity->id) != 0) {
        identity->no_profile = "X's answer is about somebody else";
        return;
    }
    tw_provider_profile(identity, client, response, pool);
}

static apr_status_t oauth1_finish(tw_identity_t *identity,
                                  const tw_client_t *client,
                                  tw_http_pool_t *http,
                                  const tw_pending_t *pending,
                                  const char *grant, apr_pool_t *pool,
                                  tw_err_t *err)
{
    apr_array_header_t *params = apr_array_make(pool, 1, sizeof(tw_pair_t));
    reply_t reply;
    call_t c = { "access token", "/oauth/access_token", params, NULL,
                 pending->key, pending->secret, NULL };
    apr_time_t until = apr_time_now() + client->http.timeout;
    apr_status_t rv;

    memset(identity, 0, sizeof(*identity));
    add(params, "oauth_verifier", grant);
    rv = call(&reply, &c, client, http, pool, err);
    if (rv == APR_SUCCESS) {
        rv = token_field(&identity->tokens.token, "oauth_token", &reply,
                         TW_STORED_MAX, pool, err);
    }
    if (rv == APR_SUCCESS) {
        rv = token_field(&identity->tokens.secret, "oauth_token_secret",
                         &reply, TW_STORED_MAX, pool, err);
    }
    if (rv != APR_SUCCESS || !identity->tokens.token) {
        return rv;
    }
    identity->tokens.kind = TW_TOKEN_OAUTH1;
    identity->id = tw_codec_form_get(reply.fields, "user_id", NULL);
    identity->screen_name = tw_codec_form_get(reply.fields, "screen_name",
                                              NULL);
    if (!tw_id_twitter_ok(identity->id)) {
        return unusable(&reply, "user_id", pool, err);
    }
    if (!tw_provider_handle_ok(identity->screen_name)) {
        return unusable(&reply, "screen_name", pool, err);
    }
    if (!token_agrees(identity->tokens.token, identity->id)) {
        tw_err_set(err, pool, TW_ERR_GARBAGE, APR_EGENERAL,
                   "user_id and oauth_token name different users");
        err->step = c.step;
        err->status = reply.response->status;
        return APR_EGENERAL;
    }
    if (client->fields) {
        get_profile(identity, client, http, until, pool);
    }
    return APR_SUCCESS;
}

/* X's number for "Invalid or expired token". */
#define OVER 89

static int is_over(const tw_http_response_t *response, apr_pool_t *pool)
{
    tw_json_error_t error;

    return response && response->status >= 400
           && tw_json_error(&error, response->body, response->body_len, pool)
              == APR_SUCCESS
           && error.code == OVER;
}

static apr_status_t oauth1_revoke(const tw_tokens_t *tokens,
                                  const tw_client_t *client,
                                  tw_http_pool_t *http, apr_pool_t *pool,
                                  tw_err_t *err)
{
    apr_array_header_t *params = apr_array_make(pool, 1, sizeof(tw_pair_t));
    call_t c = { "revocation", NULL, params, NULL, tokens->token,
                 tokens->secret, NULL };
    tw_step_t step = { c.step, client, http,
                       apr_time_now() + client->http.timeout, 0, sign_call,
                       &c };
    const tw_http_response_t *response;
    tw_http_request_t request = { 0 };
    apr_status_t rv;

    request.method = "POST";
    request.url = apr_pstrcat(pool, client->api,
                              "/1.1/oauth/invalidate_token.json", NULL);
    rv = tw_step_call(&response, &step, &request, pool, err);
    return is_over(response, pool) ? APR_SUCCESS : rv;
}

const tw_protocol_t tw_oauth1 = {
    "oauth1",
    1,
    1,
    oauth1_child_init,
    oauth1_begin,
    oauth1_parse_response,
    oauth1_finish,
    NULL,
    oauth1_revoke
};
