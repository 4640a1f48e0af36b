/* SPDX-License-Identifier: Apache-2.0 */
#include "x/protocol.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/json.h"
#include "x/refusal.h"

int tw_provider_handle_ok(const char *handle)
{
    apr_size_t len = handle
                     ? strspn(handle, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz"
                                      "0123456789_")
                     : 0;

    return len >= 1 && len <= 20 && !handle[len];
}

int tw_provider_token_ok(const char *token, apr_size_t max)
{
    apr_size_t len;

    for (len = 0; token && token[len]; len++) {
        if (token[len] < 0x21 || token[len] > 0x7e || len >= max) {
            return 0;
        }
    }
    return token && len > 0;
}

const char *tw_provider_me(const tw_client_t *client, const char *fields,
                           apr_pool_t *pool)
{
    return apr_pstrcat(pool, client->api, "/2/users/me",
                       fields ? "?user.fields=" : "",
                       fields ? tw_codec_percent(pool, fields) : "", NULL);
}

void tw_provider_profile(tw_identity_t *identity, const tw_client_t *client,
                         const tw_http_response_t *response, apr_pool_t *pool)
{
    tw_profile_t *profile = &identity->profile;

    tw_json_profile(profile, response->body, response->body_len, pool);
    tw_profile_clean(profile, pool);
    if (!tw_profile_is_image(profile->avatar, client->api)
        && !tw_profile_is_image(profile->avatar, client->browser)) {
        profile->avatar = "";
    }
    if (!profile->known) {
        identity->no_profile = "X's answer has none";
    }
}

static apr_status_t send_in_time(const tw_http_response_t **response,
                                 const tw_step_t *step,
                                 tw_http_request_t *request, apr_pool_t *pool,
                                 tw_err_t *err)
{
    tw_http_conf_t conf = step->client->http;
    apr_status_t rv = step->sign
                      ? step->sign(request, step->what, step->client, pool,
                                   err)
                      : APR_SUCCESS;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    conf.timeout = step->until - apr_time_now();
    if (conf.timeout < TW_HTTP_LEAST_TIME) {
        return tw_err_set(err, pool, TW_ERR_TIMEOUT, APR_TIMEUP,
                          "no time is left for this call");
    }
    return tw_http_send(response, step->http, &conf, request, pool, err);
}

/* The call, and whether it succeeded. */
static apr_status_t ask(const tw_http_response_t **response,
                        const tw_step_t *step, tw_http_request_t *request,
                        apr_pool_t *pool, tw_err_t *err)
{
    apr_status_t rv;

    *response = NULL;
    rv = send_in_time(response, step, request, pool, err);
    if (rv == APR_ECONNRESET && !step->once) {
        rv = send_in_time(response, step, request, pool, err);
    }
    if (rv != APR_SUCCESS || !*response) {
        err->step = step->name;
        return rv == APR_SUCCESS ? APR_EGENERAL : rv;
    }
    return (*response)->status == 200
           ? APR_SUCCESS
           : tw_refusal(err, step->name, *response, step->client->callback,
                        pool);
}

/* The same, counted. */
static apr_status_t try(const tw_http_response_t **response,
                        const tw_step_t *step, tw_http_request_t *request,
                        apr_pool_t *pool, tw_err_t *err)
{
    apr_time_t begun = apr_time_now();
    apr_status_t rv = ask(response, step, request, pool, err);

    tw_counters_call(step->client->counters, step->name,
                     tw_counters_outcome(rv == APR_SUCCESS ? TW_ERR_NONE
                                                           : err->kind),
                     apr_time_now() - begun);
    return rv;
}

apr_status_t tw_step_call(const tw_http_response_t **response,
                          const tw_step_t *step, tw_http_request_t *request,
                          apr_pool_t *pool, tw_err_t *err)
{
    tw_clock_t *clock = step->client->clock;
    apr_int64_t ahead = tw_clock_ahead(clock);
    apr_status_t rv = try(response, step, request, pool, err);

    if (rv != APR_SUCCESS && *response && step->sign
        && err->code == TW_REFUSAL_TIME
        && tw_clock_learn(clock, ahead, (*response)->date, apr_time_now())) {
        memset(err, 0, sizeof(*err));
        rv = try(response, step, request, pool, err);
    }
    return rv;
}
