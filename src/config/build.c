/* SPDX-License-Identifier: Apache-2.0 */
#include "config/build.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "base/host.h"
#include "base/realm.h"
#include "config/client.h"
#include "config/secrets.h"

/* The own address; 0 with site->off when there is none to be known. */
static int build_address(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    server_rec *s = site->server;
    apr_uri_t uri;

    if (draft->conf->own.callback_url) {
        apr_uri_parse(draft->pconf, draft->conf->own.callback_url, &uri);
        site->scheme = uri.scheme;
        site->host = tw_host_in_url(draft->pconf, uri.hostname);
        site->port = uri.port;
        site->callback = uri.path;
    }
    else if (tw_conftree_args(draft->tree, s, "ServerName")) {
        site->scheme = s->server_scheme ? s->server_scheme
                       : tw_conftree_tls(draft->tree, s) ? "https" : "http";
        site->host = tw_host_in_url(draft->pconf, s->server_hostname);
        site->port = s->port;
    }
    else {
        site->off = "there is no ServerName of its own and no "
                    "TwAuthCallbackURL, so its address is not known";
        return 0;
    }
    site->secure = !strcmp(site->scheme, "https");
    if (!site->port) {
        site->port = site->secure ? 443 : 80;
    }
    site->origin = site->port == (site->secure ? 443 : 80)
                   ? apr_pstrcat(draft->pconf, site->scheme, "://", site->host,
                                 NULL)
                   : apr_psprintf(draft->pconf, "%s://%s:%u", site->scheme,
                                  site->host, site->port);
    site->plain_http = !site->secure && !draft->conf->own.allow_http;
    return 1;
}

static int build_locations(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    const char *path = draft->conf->own.path;

    site->path_len = strlen(path);
    site->login = apr_pstrcat(draft->pconf, path, "login", NULL);
    site->logout = apr_pstrcat(draft->pconf, path, "logout", NULL);
    site->session = apr_pstrcat(draft->pconf, path, "session", NULL);
    if (!site->callback) {
        site->callback = apr_pstrcat(draft->pconf, path, "callback", NULL);
    }
    if (!strcmp(site->callback, site->login)
        || !strcmp(site->callback, site->logout)
        || !strcmp(site->callback, site->session)) {
        return tw_draft_refuse(draft, "TwAuthCallbackURL must not be the "
                               "login, logout or session location");
    }
    site->callback_apart = strncmp(site->callback, path, site->path_len) != 0;
    site->own.path = path;
    site->own.callback = site->callback;
    return 1;
}

static void set_name(const tw_draft_t *draft, tw_cookie_name_t *name,
                     const char *before, const char *after)
{
    name->text = apr_pstrcat(draft->pconf, before, draft->conf->cookie.name,
                             after, NULL);
    name->len = strlen(name->text);
}

static int build_cookies(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    const tw_server_conf_t *conf = draft->conf;
    const char *domain = conf->cookie.domain;
    const char *host = site->secure ? "__Host-" : "";
    const char *wide = domain ? site->secure ? "__Secure-" : "" : host;

    if (domain) {
        apr_size_t host_len = strlen(site->host), len = strlen(domain);

        if (host_len < len || strcmp(site->host + host_len - len, domain)
            || (host_len > len && site->host[host_len - len - 1] != '.')) {
            return tw_draft_refuse(draft, "TwAuthCookieDomain is not a domain "
                                   "of %s", site->host);
        }
    }
    if (conf->cookie.samesite == TW_SAMESITE_NONE && !site->secure
        && !site->plain_http) {
        return tw_draft_refuse(draft, "TwAuthCookieSameSite None needs https");
    }
    set_name(draft, &site->session_cookie, wide, "");
    set_name(draft, &site->pre_cookie, host, "_pre");
    set_name(draft, &site->flow_cookie, host, "_flow_");
    site->other_attributes = site->secure
                             ? "; Path=/; Secure; HttpOnly; SameSite=Lax"
                             : "; Path=/; HttpOnly; SameSite=Lax";
    site->session_attributes = apr_pstrcat(
        draft->pconf, domain ? "; Domain=" : "", domain ? domain : "",
        "; Path=/", site->secure ? "; Secure" : "", "; HttpOnly; SameSite=",
        conf->cookie.samesite == TW_SAMESITE_NONE ? "None" : "Lax", NULL);
    return 1;
}

/* A directive of mod_dbd that counts for this host; NULL: there is none. */
static const char *dbd_word(const tw_draft_t *draft, const char *directive)
{
    const char *args = tw_conftree_inherited(draft->tree, draft->site->server,
                                             directive);

    return tw_conftree_word(draft->pconf, args);
}

static int build_database(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    tw_database_t *database = &site->store.database;

    if (!tw_db_find()) {
        return tw_draft_refuse(draft, "the module dbd is not loaded, where "
                               "accounts and sessions are kept: a2enmod dbd, "
                               "and set DBDriver and DBDParams");
    }
    if (!tw_conftree_mentions(draft->tree, site->server, "DBDriver", NULL)
        && !tw_conftree_mentions(draft->tree, draft->base_server, "DBDriver",
                                 NULL)) {
        return tw_draft_refuse(draft, "there is no DBDriver: set DBDriver and "
                               "DBDParams (mod_dbd) to the database of "
                               "accounts and sessions");
    }
    database->server = site->server;
    database->calls = (int)draft->conf->database.calls;
    database->driver = dbd_word(draft, "DBDriver");
    database->params = dbd_word(draft, "DBDParams");
    if (!database->params) {
        database->params = "";
    }
    database->init = tw_conftree_every(draft->tree, site->server, "DBDInitSQL",
                                       draft->pconf);
    return 1;
}

static tw_sealer_t sealer_for(const tw_site_t *site,
                              tw_seal_purpose_t purpose)
{
    tw_sealer_t sealer = { site->ring, purpose, site->audience };

    return sealer;
}

static void build_sealers(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    tw_sealer_t flow = sealer_for(site, TW_SEAL_FLOW);
    tw_sealer_t asked = sealer_for(site, TW_SEAL_ASKED);

    site->sealers.session = sealer_for(site, TW_SEAL_SESSION);
    site->sealers.flow = tw_seal_bind(&flow, apr_pstrcat(
        draft->ptemp, site->protocol->name, "\n", site->client.api, "\n",
        site->client.callback, "\n", site->client.key, NULL), draft->pconf);
    site->sealers.pre = sealer_for(site, TW_SEAL_PRE);
    site->sealers.mark = sealer_for(site, TW_SEAL_BOUNCE);
    site->sealers.form = sealer_for(site, TW_SEAL_FORM);
    site->sealers.account_switch = sealer_for(site, TW_SEAL_SWITCH);
    site->sealers.asked = tw_seal_bind(&asked, "asked", draft->pconf);
    /* rows are the database's, whichever realms it serves */
    site->store.sealer = sealer_for(site, TW_SEAL_STORED);
    site->store.sealer.audience = "account";
    site->store.tokens = (tw_storage_t)draft->conf->database.tokens;
}

/* 0: the configuration is refused. */
static int build(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    tw_server_conf_t *conf = draft->conf;

    if (!tw_conf_has_credentials(conf)) {
        return tw_draft_refuse(draft, "TwAuthEngine is On, but there is "
                               "neither a TwAuthConsumerKey nor a "
                               "TwAuthClientID");
    }
    if (!build_address(draft)) {
        return 1;       /* off, which config/notices says */
    }
    if (conf->own.allow_http && !tw_host_is_loopback(site->host)) {
        return tw_draft_refuse(draft, "TwAuthAllowHTTP On is for development "
                               "on a loopback address: %s is none",
                               site->host);
    }
    if (!build_locations(draft) || !build_cookies(draft)
        || !tw_client_build(draft) || !tw_secrets_make_ring(draft)
        || !build_database(draft)) {
        return 0;
    }
    site->realm = conf->realm ? conf->realm
                  : apr_psprintf(draft->pconf, "%s:%u", site->host,
                                 site->port);
    site->audience = tw_realm_audience(draft->realms, site->realm,
                                       site->store.database.driver,
                                       site->store.database.params,
                                       draft->pconf);
    build_sealers(draft);
    return 1;
}

tw_site_t *tw_build_site(tw_draft_t *draft, server_rec *s)
{
    draft->conf = tw_conf_server(s);
    draft->site = apr_pcalloc(draft->pconf, sizeof(*draft->site));
    draft->site->server = s;
    draft->site->conf = draft->conf;
    return build(draft) ? draft->site : NULL;
}
