/* SPDX-License-Identifier: Apache-2.0 */
#include "config/hub.h"

#include <string.h>

#include <apr_strings.h>

#include "base/host.h"
#include "config/values.h"
#include "x/hub.h"

int tw_hub_client(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    const tw_server_conf_t *conf = draft->conf;
    tw_client_t *client = &site->provider.client;
    const char *hub = tw_values_base_url(draft->pconf, conf->own.hub);

    if (conf->own.hub_for) {
        return tw_draft_refuse(draft, "TwAuthHub and TwAuthHubFor exclude "
                               "each other: a hub signs in at X itself");
    }
    if (conf->own.callback_url) {
        return tw_draft_refuse(draft, "TwAuthHub and TwAuthCallbackURL "
                               "exclude each other: X knows the hub's "
                               "callback URL alone, and this host's address "
                               "is its ServerName");
    }
    if (!strcmp(hub, site->address.origin)) {
        return tw_draft_refuse(draft, "TwAuthHub is this host itself: at the "
                               "hub, say TwAuthHubFor and which hosts it is "
                               "the hub of");
    }
    if (!strncmp(hub, "http:", 5) && !conf->own.allow_http) {
        return tw_draft_refuse(draft, "TwAuthHub must be https");
    }
    site->provider.protocol = &tw_hub;
    client->api = hub;
    client->browser = apr_pstrcat(draft->pconf, hub, conf->own.path, "hub",
                                  NULL);
    client->callback = apr_pstrcat(draft->pconf, site->address.origin,
                                   site->paths.callback, NULL);
    client->key = hub;
    client->force_login = (int)conf->sign_in.force_login;
    client->http.timeout = conf->provider.timeout;
    return 1;
}

void tw_hub_build(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    tw_hub_seals_t *seals;

    if (site->provider.protocol != &tw_hub && !draft->conf->own.hub_for) {
        return;
    }
    seals = apr_palloc(draft->pconf, sizeof(*seals));
    *seals = tw_hub_seals(site->sealers.ring, draft->conf->own.hub_for
                          ? site->address.origin : site->provider.client.api,
                          draft->pconf);
    seals->max = draft->conf->session.max;
    site->sealers.hub = seals;
    site->provider.client.hub = draft->conf->own.hub_for ? NULL : seals;
    site->sign_in.hub_for = draft->conf->own.hub_for;
}

/* The hub of a host, where it is on this server. */
static const tw_site_t *hub_of(const tw_draft_t *draft, const tw_site_t *site)
{
    server_rec *s;

    for (s = draft->base_server; s; s = s->next) {
        const tw_site_t *hub = tw_site(s);

        if (hub && !hub->off
            && !strcmp(hub->address.origin, site->provider.client.api)) {
            return hub;
        }
    }
    return NULL;
}

/* Whether what one of them seals the other can open. */
static int have_a_key(const tw_hub_seals_t *a, const tw_hub_seals_t *b,
                      apr_pool_t *pool)
{
    const char *text = tw_seal(&a->ask, "x", 1, pool);
    tw_plain_t plain;

    return tw_unseal(&plain, &b->ask, text, strlen(text), pool)
           == APR_SUCCESS;
}

int tw_hub_serves(const tw_site_t *hub, const char *callback)
{
    const apr_array_header_t *origins = hub->sign_in.hub_for;
    int i;

    for (i = 0; origins && i < origins->nelts; i++) {
        const char *origin = APR_ARRAY_IDX(origins, i, const char *);
        apr_size_t len = strlen(origin);

        if (!strncmp(callback, origin, len) && callback[len] == '/') {
            return 1;
        }
    }
    return 0;
}

/* Why a host and its hub do not fit; NULL: they do. */
static const char *misfit(const tw_site_t *site, const tw_site_t *hub,
                          apr_pool_t *pool)
{
    if (!tw_hub_serves(hub, site->provider.client.callback)) {
        return apr_psprintf(pool, "TwAuthHub names %s, whose TwAuthHubFor "
                            "does not name %s", hub->address.origin,
                            site->address.origin);
    }
    if (!have_a_key(site->sealers.hub, hub->sealers.hub, pool)
        || !have_a_key(hub->sealers.hub, site->sealers.hub, pool)) {
        return apr_psprintf(pool, "this host and its hub %s have no TwAuthKey "
                            "in common: what the one seals the other must be "
                            "able to open", hub->address.origin);
    }
    if (!tw_site_share_database(site, hub)) {
        return apr_psprintf(pool, "this host and its hub %s must have the "
                            "same database (DBDriver, DBDParams): a session "
                            "that the hub hands over is in it",
                            hub->address.origin);
    }
    if (site->sign_in.sign_up != hub->sign_in.sign_up) {
        return apr_psprintf(pool, "this host and its hub %s must have the "
                            "same TwAuthSignUp: whoever gets an account there "
                            "has one here", hub->address.origin);
    }
    return strcmp(site->paths.own.path, hub->paths.own.path)
           ? apr_psprintf(pool, "this host and its hub %s must have the same "
                          "TwAuthPath", hub->address.origin) : NULL;
}

int tw_hub_check(tw_draft_t *draft)
{
    server_rec *s;
    int good = 1;

    for (s = draft->base_server; s; s = s->next) {
        tw_site_t *site = tw_conf_server(s)->site;
        const tw_site_t *hub;
        const char *why = NULL;

        if (!site || site->off || site->provider.protocol != &tw_hub) {
            continue;
        }
        hub = hub_of(draft, site);
        if (hub) {
            why = misfit(site, hub, draft->ptemp);
        }
        if (why) {
            draft->site = site;
            draft->conf = tw_conf_server(s);
            good = tw_draft_refuse(draft, "%s", why);
        }
    }
    return good;
}
