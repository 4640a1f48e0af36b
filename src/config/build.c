/* SPDX-License-Identifier: Apache-2.0 */
#include "config/build.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "base/host.h"
#include "base/realm.h"
#include "config/client.h"
#include "config/event_log.h"
#include "config/hub.h"
#include "config/phase.h"
#include "config/secrets.h"
#include "private.h"
#include "store/changes.h"

/* What TwAuthSessionRecheck is where nobody says it. */
#define RECHECK apr_time_from_sec(60)
#define RECHECK_WITH_FEED apr_time_from_sec(600)

/* The own address; 0 with site->off when there is none to be known. */
static int build_address(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    tw_site_address_t *own = &site->address;
    server_rec *s = site->server;
    apr_uri_t uri;

    if (draft->conf->own.callback_url) {
        apr_uri_parse(draft->pconf, draft->conf->own.callback_url, &uri);
        own->scheme = uri.scheme;
        own->host = tw_host_in_url(draft->pconf, uri.hostname);
        own->port = uri.port;
        site->paths.callback = uri.path;
    }
    else if (tw_conftree_args(draft->tree, s, "ServerName")) {
        own->scheme = s->server_scheme ? s->server_scheme
                      : tw_conftree_tls(draft->tree, s) ? "https" : "http";
        own->host = tw_host_in_url(draft->pconf, s->server_hostname);
        own->port = s->port;
    }
    else {
        site->off = "there is no ServerName of its own and no "
                    "TwAuthCallbackURL, so its address is not known";
        return 0;
    }
    own->secure = !strcmp(own->scheme, "https");
    if (!own->port) {
        own->port = own->secure ? 443 : 80;
    }
    own->origin = own->port == (own->secure ? 443 : 80)
                  ? apr_pstrcat(draft->pconf, own->scheme, "://", own->host,
                                NULL)
                  : apr_psprintf(draft->pconf, "%s://%s:%u", own->scheme,
                                 own->host, own->port);
    own->plain_http = !own->secure && !draft->conf->own.allow_http;
    return 1;
}

static int build_paths(tw_draft_t *draft)
{
    tw_site_paths_t *paths = &draft->site->paths;
    const char *path = draft->conf->own.path;

    paths->login = apr_pstrcat(draft->pconf, path, "login", NULL);
    paths->logout = apr_pstrcat(draft->pconf, path, "logout", NULL);
    paths->session = apr_pstrcat(draft->pconf, path, "session", NULL);
    paths->account = apr_pstrcat(draft->pconf, path, "account", NULL);
    paths->auth = apr_pstrcat(draft->pconf, path, "auth", NULL);
    if (!paths->callback) {
        paths->callback = apr_pstrcat(draft->pconf, path, "callback", NULL);
    }
    if (!strcmp(paths->callback, paths->login)
        || !strcmp(paths->callback, paths->logout)
        || !strcmp(paths->callback, paths->session)
        || !strcmp(paths->callback, paths->account)
        || !strcmp(paths->callback, apr_pstrcat(draft->ptemp, path, "hub",
                                                NULL))
        || tw_site_path_is_at(paths->callback, paths->auth)) {
        return tw_draft_refuse(draft, "TwAuthCallbackURL must not be the "
                               "login, logout, session, account, hub or auth "
                               "location");
    }
    paths->own.path = path;
    paths->own.callback = paths->callback;
    paths->own.account = paths->account;
    if (draft->conf->own.hub_for) {
        paths->hub = apr_pstrcat(draft->pconf, path, "hub", NULL);
        paths->own.hub = paths->hub;
    }
    paths->own_len = strlen(path);
    paths->callback_apart =
        strncmp(paths->callback, path, paths->own_len) != 0;
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
    const tw_site_address_t *own = &draft->site->address;
    tw_site_cookies_t *cookies = &draft->site->cookies;
    const tw_server_conf_t *conf = draft->conf;
    const char *domain = conf->cookie.domain;
    const char *host = own->secure ? "__Host-" : "";
    const char *wide = domain ? own->secure ? "__Secure-" : "" : host;

    if (domain) {
        apr_size_t host_len = strlen(own->host), len = strlen(domain);

        if (host_len < len || strcmp(own->host + host_len - len, domain)
            || (host_len > len && own->host[host_len - len - 1] != '.')) {
            return tw_draft_refuse(draft, "TwAuthCookieDomain is not a domain "
                                   "of %s", own->host);
        }
    }
    if (conf->cookie.samesite == TW_SAMESITE_NONE && !own->secure
        && !own->plain_http) {
        return tw_draft_refuse(draft, "TwAuthCookieSameSite None needs https");
    }
    cookies->name = conf->cookie.name;
    set_name(draft, &cookies->session, wide, "");
    set_name(draft, &cookies->pre, host, "_pre");
    set_name(draft, &cookies->flow, host, "_flow_");
    cookies->other_attributes = own->secure
                                ? "; Path=/; Secure; HttpOnly; SameSite=Lax"
                                : "; Path=/; HttpOnly; SameSite=Lax";
    cookies->session_attributes = apr_pstrcat(
        draft->pconf, domain ? "; Domain=" : "", domain ? domain : "",
        "; Path=/", own->secure ? "; Secure" : "", "; HttpOnly; SameSite=",
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
    database->profiles = draft->conf->tells.profile;
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
    tw_sealer_t sealer = { site->sealers.ring, purpose, site->realm.audience };

    return sealer;
}

static void build_sealers(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    const tw_client_t *client = &site->provider.client;
    tw_sealer_t flow = sealer_for(site, TW_SEAL_FLOW);
    tw_sealer_t asked = sealer_for(site, TW_SEAL_ASKED);

    site->sealers.session = sealer_for(site, TW_SEAL_SESSION);
    site->sealers.flow = tw_seal_bind(&flow, apr_pstrcat(
        draft->ptemp, site->provider.protocol->name, "\n", client->api, "\n",
        client->callback, "\n", client->key, NULL), draft->pconf);
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

/* How often a session is asked about: seldom where changes are followed. */
static void build_rechecks(tw_draft_t *draft)
{
    const tw_server_conf_t *conf = draft->conf;
    tw_site_t *site = draft->site;
    apr_int64_t said = conf->session.recheck;

    site->session.feed = tw_changes_possible(&site->store.database)
                         ? conf->session.feed : 0;
    site->session.recheck_alone = said != TW_UNSET ? said : RECHECK;
    site->session.recheck = said != TW_UNSET ? said
                            : site->session.feed ? RECHECK_WITH_FEED : RECHECK;
}

static void build_sessions(tw_draft_t *draft)
{
    const tw_server_conf_t *conf = draft->conf;
    tw_site_t *site = draft->site;
    tw_limits_t *limits = site->session.limits;

    limits[0].idle = conf->session.idle;
    limits[0].max = conf->session.max;
    limits[1] = limits[0];
    if (conf->session.remember != TW_REMEMBER_OFF) {
        limits[1].idle = limits[1].max = conf->session.remember_for;
    }
    build_rechecks(draft);
    site->session.grace = conf->session.grace;
    site->session.remember = (tw_remember_t)conf->session.remember;
    site->session.protection =
        (tw_protection_level_t)conf->session.protection;
    site->session.says_from = draft->compares && site->session.protection
                                                 != TW_PROTECTION_OFF;
    site->session.per_account = (int)conf->session.per_account;
    site->session.clear_site_data = (int)conf->session.clear_site_data;
}

/* What is as it was written. */
static void copy_limits(tw_draft_t *draft)
{
    const tw_server_conf_t *conf = draft->conf;
    tw_site_t *site = draft->site;

    site->sign_in.limit_client = conf->sign_in.limit_client;
    site->sign_in.limit_all = conf->sign_in.limit_all;
    site->sign_in.timeout = conf->sign_in.timeout;
    site->sign_in.sign_up = (tw_sign_up_t)conf->sign_in.sign_up;
    site->sign_in.claim = conf->sign_in.claim != 0;
    site->pages.name = conf->pages.site_name ? conf->pages.site_name
                                             : site->address.host;
    site->pages.logo = conf->pages.site_logo;
    site->pages.style = conf->pages.style;
    site->pages.privacy_url = conf->pages.privacy_url;
    site->pages.terms_url = conf->pages.terms_url;
    site->pages.account_delete = conf->pages.account_delete != 0;
}

/* The languages of pages, read once for all hosts of one folder. */
static int build_pages(tw_draft_t *draft)
{
    const char *folder = draft->conf->pages.folder;
    const char *key = folder ? folder : "";
    tw_pages_t *pages = apr_hash_get(draft->pages, key, APR_HASH_KEY_STRING);
    const char *wrong;

    if (!pages) {
        pages = apr_palloc(draft->pconf, sizeof(*pages));
        wrong = tw_pages_read(pages, folder, draft->pconf, draft->ptemp);
        if (wrong) {
            return tw_draft_refuse(draft, "TwAuthPages: %s", wrong);
        }
        if (pages->left_out && !tw_phase_is_trial()) {
            ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, draft->base_server,
                         TWLOGNO(0460) "the pages' sentences of another "
                         "version are not used, install those of this one: "
                         "%s", pages->left_out);
        }
        apr_hash_set(draft->pages, key, APR_HASH_KEY_STRING, pages);
    }
    draft->site->pages.languages = pages;
    return 1;
}

static int build_events(tw_draft_t *draft)
{
    const char *to = draft->conf->tells.events;
    tw_site_t *site = draft->site;
    const char *wrong;

    site->log.events.host = site->address.host;
    site->log.events.addresses = (int)draft->conf->tells.addresses;
    if (!to || !strcasecmp(to, "Off")) {
        return 1;
    }
    wrong = tw_event_log_wrong(to, draft->ptemp);
    if (wrong) {
        return tw_draft_refuse(draft, "TwAuthEventLog %s", wrong);
    }
    site->log.events_to = to;
    site->store.database.events = &site->log.events;
    return 1;
}

/* 0: the configuration is refused. */
static int build(tw_draft_t *draft)
{
    tw_site_t *site = draft->site;
    tw_server_conf_t *conf = draft->conf;

    if (!tw_conf_has_credentials(conf)) {
        return tw_draft_refuse(draft, "TwAuthEngine is On, but there is "
                               "neither a TwAuthConsumerKey nor a "
                               "TwAuthClientID nor a TwAuthHub");
    }
    if (!build_address(draft)) {
        return 1;       /* off, which config/notices says */
    }
    if (conf->own.allow_http && !tw_host_is_loopback(site->address.host)) {
        return tw_draft_refuse(draft, "TwAuthAllowHTTP On is for development "
                               "on a loopback address: %s is none",
                               site->address.host);
    }
    if (!build_paths(draft) || !build_cookies(draft)
        || !tw_client_build(draft) || !tw_secrets_make_ring(draft)
        || !build_database(draft) || !build_pages(draft)
        || !build_events(draft)) {
        return 0;
    }
    site->realm.name = conf->realm ? conf->realm
                       : apr_psprintf(draft->pconf, "%s:%u",
                                      site->address.host, site->address.port);
    site->realm.audience = tw_realm_audience(draft->realms, site->realm.name,
                                             site->store.database.driver,
                                             site->store.database.params,
                                             draft->pconf);
    build_sealers(draft);
    tw_hub_build(draft);
    build_sessions(draft);
    copy_limits(draft);
    return 1;
}

tw_site_t *tw_build_site(tw_draft_t *draft, server_rec *s)
{
    draft->conf = tw_conf_server(s);
    draft->site = apr_pcalloc(draft->pconf, sizeof(*draft->site));
    draft->site->server = s;
    return build(draft) ? draft->site : NULL;
}
