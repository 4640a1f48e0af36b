/* SPDX-License-Identifier: Apache-2.0 */
#include "x/hub.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "base/codec.h"
#include "sealed/hub.h"

static apr_status_t hub_child_init(apr_pool_t *pool, tw_err_t *err)
{
    (void)pool;
    (void)err;
    return APR_SUCCESS;
}

static const char *random_text(apr_pool_t *pool)
{
    tw_id_t id;

    tw_seal_random(id.bytes, sizeof(id.bytes));
    return tw_id_text(&id, pool);
}

static apr_status_t hub_begin(tw_pending_t *pending, const char **location,
                              const tw_client_t *client, tw_http_pool_t *http,
                              apr_pool_t *pool, tw_err_t *err)
{
    tw_hub_ask_t ask = { 0 };

    (void)http;
    (void)err;
    pending->key = random_text(pool);
    pending->secret = random_text(pool);
    ask.at = apr_time_now();
    ask.how = !client->force_login ? TW_HUB_ANYBODY
              : client->screen_name ? TW_HUB_FRESH : TW_HUB_SWITCH;
    ask.since = client->force_login ? ask.at : ask.at - client->hub->max;
    ask.state = pending->key;
    ask.challenge = tw_seal_challenge(pending->secret, pool);
    ask.callback = client->callback;
    *location = apr_pstrcat(pool, client->browser, "?ask=",
                            tw_hub_ask_seal(&ask, client->hub, pool), NULL);
    return APR_SUCCESS;
}

static void hub_parse_response(tw_authz_response_t *authz,
                               const tw_client_t *client,
                               const apr_array_header_t *query)
{
    int states, tickets;
    const char *state = tw_codec_form_get(query, "state", &states);
    const char *ticket = tw_codec_form_get(query, "ticket", &tickets);

    (void)client;
    memset(authz, 0, sizeof(*authz));
    if (states != 1 || !state || !*state) {
        return;
    }
    authz->key = state;
    if (tickets == 1 && ticket && *ticket) {
        authz->kind = TW_AUTHZ_GRANT;
        authz->grant = ticket;
    }
}

/* Why a ticket is not good for this flow; NULL: it is. */
static const char *wrong(const tw_hub_ticket_t *ticket,
                         const tw_pending_t *pending, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();

    if (!tw_seal_equal(ticket->state, pending->key)
        || !tw_seal_equal(ticket->challenge,
                          tw_seal_challenge(pending->secret, pool))) {
        return "the hub's ticket is another sign-in's";
    }
    return ticket->at > now + TW_HUB_LEEWAY
           || now > ticket->at + TW_HUB_TICKET_TIME
           ? "the hub's ticket is out of time (do the clocks differ?)" : NULL;
}

static apr_status_t hub_finish(tw_identity_t *identity,
                               const tw_client_t *client,
                               tw_http_pool_t *http,
                               const tw_pending_t *pending, const char *grant,
                               apr_pool_t *pool, tw_err_t *err)
{
    tw_hub_ticket_t *ticket = apr_palloc(pool, sizeof(*ticket));
    apr_status_t rv = tw_hub_ticket_open(ticket, client->hub,
                                         client->callback, grant, pool);
    const char *why;

    (void)http;
    if (rv != APR_SUCCESS) {
        return tw_err_set(err, pool, TW_ERR_REFUSED, rv, "%s",
                          rv == APR_ENOENT
                          ? "the hub seals with a key that this host does "
                            "not have: give both the same TwAuthKey"
                          : "it is no ticket of the hub's for this host");
    }
    why = wrong(ticket, pending, pool);
    if (why) {
        return tw_err_set(err, pool, TW_ERR_REFUSED, APR_EGENERAL, "%s", why);
    }
    identity->id = ticket->twitter_id;
    identity->screen_name = "";
    identity->ticket = ticket;
    return APR_SUCCESS;
}

const tw_protocol_t tw_hub = {
    "hub", 0, 0, hub_child_init, hub_begin, hub_parse_response, hub_finish,
    NULL, NULL
};
