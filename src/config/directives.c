/* SPDX-License-Identifier: Apache-2.0 */
#include "config/directives.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "config/values.h"
#include "private.h"
#include "store/store.h"
#include "x/protocol.h"

#define YEARS apr_time_from_sec(10LL * 366 * 24 * 3600)

/* ---- settings: one row each, see tw_settings -----------------------------
 */

static const tw_choice_t on_off[] = { { "On", 1 }, { "Off", 0 }, { NULL, 0 } };
static const tw_choice_t sign_in_with[] = {
    { "authenticate", 0 }, { "authorize", 1 }, { NULL, 0 }
};
static const tw_choice_t access_types[] = {
    { "read", 0 }, { "write", 1 }, { NULL, 0 }
};
static const tw_choice_t protocols[] = {
    { "oauth1", TW_OAUTH1 }, { "oauth2", TW_OAUTH2 }, { NULL, 0 }
};
static const tw_choice_t same_site[] = {
    { "Lax", TW_SAMESITE_LAX }, { "None", TW_SAMESITE_NONE }, { NULL, 0 }
};
static const tw_choice_t clear_site_data[] = {
    { "Off", 0 }, { "cache", TW_CLEAR_CACHE }, { "storage", TW_CLEAR_STORAGE },
    { NULL, 0 }
};
static const tw_choice_t token_storage[] = {
    { "sealed", TW_TOKENS_SEALED }, { "plain", TW_TOKENS_PLAIN },
    { "none", TW_TOKENS_NONE }, { NULL, 0 }
};
static const tw_choice_t unauthenticated[] = {
    { "login", TW_UNAUTH_LOGIN }, { "page", TW_UNAUTH_PAGE },
    { "401", TW_UNAUTH_401 }, { "pass", TW_UNAUTH_PASS }, { NULL, 0 }
};
static const tw_choice_t remote_user[] = {
    { "username", TW_USER_USERNAME }, { "screen_name", TW_USER_SCREEN_NAME },
    { "id", TW_USER_ID }, { NULL, 0 }
};

#define ROW(field, ...)                                                     \
    [TW_SETTINGS_ROW(CONF, field)] = { .offset = offsetof(CONF, field),      \
                                      __VA_ARGS__ }
#define TEXT(directive, field, good, value)                                 \
    ROW(field, .kind = TW_SETTINGS_TEXT, .check = (good),                    \
        .text_default = (value))
#define TIME(directive, field, low, high, value)                            \
    ROW(field, .kind = TW_SETTINGS_TIME, .least = (low), .most = (high),     \
        .number_default = (value))
#define NUMBER(directive, field, low, high, value)                          \
    ROW(field, .kind = TW_SETTINGS_NUMBER, .least = (low), .most = (high),   \
        .number_default = (value))
#define CHOICE(directive, field, list, value)                               \
    ROW(field, .kind = TW_SETTINGS_CHOICE, .choices = (list),                \
        .number_default = (value))

#define CONF tw_server_conf_t
static const tw_setting_t server_settings[] = {
    CHOICE("TwAuthEngine", engine, on_off, TW_UNSET),
    TEXT("TwAuthConsumerKey", consumer_key, tw_values_key, NULL),
    TEXT("TwAuthConsumerSecret", consumer_secret, tw_values_secret, NULL),
    TEXT("TwAuthClientID", client_id, tw_values_key, NULL),
    TEXT("TwAuthClientSecret", client_secret, tw_values_secret, NULL),
    TEXT("TwAuthScope", scope, tw_values_scope, "tweet.read users.read"),
    CHOICE("TwAuthProtocol", protocol, protocols, TW_UNSET),
    TEXT("TwAuthPath", path, tw_values_path, "/twauth/"),
    TEXT("TwAuthCallbackURL", callback_url, tw_values_callback, NULL),
    TEXT("TwAuthRealm", realm, tw_values_realm, NULL),
    TEXT("TwAuthProvider", provider_api, tw_values_provider, NULL),
    TEXT(NULL, provider_browser, tw_values_provider, NULL),
    TEXT("TwAuthProviderCAFile", provider_ca_file, tw_values_file, NULL),
    TEXT("TwAuthProviderProxy", provider_proxy, tw_values_proxy, NULL),
    TIME("TwAuthProviderTimeout", provider_timeout, apr_time_from_msec(100),
         apr_time_from_sec(60), apr_time_from_sec(5)),
    NUMBER("TwAuthProviderCalls", provider_calls, 1, TW_CALLS_MAX, 0),
    CHOICE("TwAuthSignInWith", sign_in_with, sign_in_with, 0),
    CHOICE("TwAuthForceLogin", force_login, on_off, 0),
    CHOICE("TwAuthAccess", access, access_types, 0),
    TIME("TwAuthFlowTimeout", flow_timeout, apr_time_from_sec(1),
         apr_time_from_sec(3600), apr_time_from_sec(600)),
    TIME("TwAuthSessionIdle", session_idle, apr_time_from_sec(1), YEARS,
         apr_time_from_sec(12 * 3600)),
    TIME("TwAuthSessionMax", session_max, apr_time_from_sec(1), YEARS,
         apr_time_from_sec(7 * 24 * 3600)),
    TIME("TwAuthSessionRecheck", session_recheck, 0,
         apr_time_from_sec(24 * 3600), apr_time_from_sec(60)),
    TIME("TwAuthSessionGrace", session_grace, 0,
         apr_time_from_sec(7 * 24 * 3600), apr_time_from_sec(600)),
    NUMBER("TwAuthDatabaseCalls", database_calls, 1, 1000, 8),
    TEXT("TwAuthCookieName", cookie_name, tw_values_cookie_name, "twauth"),
    TEXT("TwAuthCookieDomain", cookie_domain, tw_values_cookie_domain, NULL),
    CHOICE("TwAuthCookieSameSite", cookie_samesite, same_site,
           TW_SAMESITE_LAX),
    CHOICE("TwAuthClearSiteData", clear_site_data, clear_site_data,
           TW_CLEAR_CACHE),
    CHOICE("TwAuthTokens", tokens, token_storage, TW_TOKENS_SEALED),
    CHOICE("TwAuthSignUp", sign_up, on_off, 1),
    CHOICE("TwAuthAllowHTTP", allow_http, on_off, 0),
};
#define SERVER_SETTINGS                                                     \
    (sizeof(server_settings) / sizeof(server_settings[0]))

#undef CONF
#define CONF tw_dir_conf_t

static const tw_setting_t dir_settings[] = {
    CHOICE("TwAuthUnauthenticated", unauthenticated, unauthenticated,
           TW_UNAUTH_LOGIN),
    CHOICE("TwAuthRemoteUser", remote_user, remote_user, TW_USER_USERNAME),
    TIME("TwAuthSessionRecheck", recheck, 0, apr_time_from_sec(24 * 3600),
         TW_UNSET),
    NUMBER("TwAuthExport", exports, 0, 7, TW_EXPORT_ENV),
};
#define DIR_SETTINGS (sizeof(dir_settings) / sizeof(dir_settings[0]))

#undef CONF

#define SERVER_ROW(field)                                                   \
    ((void *)&server_settings[TW_SETTINGS_ROW(tw_server_conf_t, field)])
#define DIR_ROW(field)                                                      \
    ((void *)&dir_settings[TW_SETTINGS_ROW(tw_dir_conf_t, field)])

/* ---- values: the row is the command's ----------------------------------- */

static const char *set_server(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return tw_settings_set(cmd, tw_conf_server(cmd->server), cmd->info, text);
}

static const char *set_dir(cmd_parms *cmd, void *dir, const char *text)
{
    return tw_settings_set(cmd, dir, cmd->info, text);
}

static int in_htaccess(cmd_parms *cmd)
{
    return ap_check_cmd_context(cmd, NOT_IN_HTACCESS) != NULL;
}

/* ---- directives of a kind of their own ---------------------------------- */

/* In a directory it can only be shortened; see tw_conf_dir_merge(). */
static const char *set_recheck(cmd_parms *cmd, void *dir, const char *text)
{
    return cmd->path
           ? tw_settings_set(cmd, dir, DIR_ROW(recheck), text)
           : tw_settings_set(cmd, tw_conf_server(cmd->server),
                             SERVER_ROW(session_recheck), text);
}

static const char *set_unauthenticated(cmd_parms *cmd, void *dir,
                                       const char *text)
{
    if (!strcasecmp(text, "pass") && in_htaccess(cmd)) {
        return "TwAuthUnauthenticated pass is not allowed in .htaccess: it "
               "opens a place, which is for the server configuration";
    }
    return set_dir(cmd, dir, text);
}

static const char *set_clear_site_data(cmd_parms *cmd, void *dir,
                                       const char *one, const char *two)
{
    apr_int64_t *clear = &tw_conf_server(cmd->server)->clear_site_data;
    apr_int64_t before;
    const char *why = set_server(cmd, dir, one);

    if (!why && two) {
        before = *clear;
        why = set_server(cmd, dir, two);
        if (!why && (!before || !*clear || before == *clear)) {
            return tw_settings_wrong(cmd, "must be Off, or one or both of: "
                                     "cache, storage");
        }
        *clear |= before;
    }
    return why;
}

static const char *add_key(cmd_parms *cmd, void *dir, const char *text)
{
    tw_server_conf_t *conf = tw_conf_server(cmd->server);
    const char *why;

    (void)dir;
    if (!tw_secret_ok(&why, text)) {
        return tw_settings_wrong(cmd, why);
    }
    if (!conf->keys) {
        conf->keys = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(conf->keys, const char *) = text;
    return NULL;
}

static const char *set_provider(cmd_parms *cmd, void *dir, const char *api,
                                const char *browser)
{
    tw_server_conf_t *conf = tw_conf_server(cmd->server);
    const char *why = tw_values_provider(api);

    (void)dir;
    if (why) {
        return tw_settings_wrong(cmd, why);
    }
    why = browser ? tw_values_provider(browser) : NULL;
    if (why) {
        return tw_settings_wrong(cmd, why);
    }
    conf->provider_api = tw_values_base_url(cmd->pool, api);
    conf->provider_browser = browser ? tw_values_base_url(cmd->pool, browser)
                                     : conf->provider_api;
    return NULL;
}

static const char *set_start_limit(cmd_parms *cmd, void *dir,
                                   const char *client, const char *all)
{
    static const char right[] =
        "must be a number of 1 to 65535 and one of /s, /min, /h, "
        "such as 60/min";
    tw_server_conf_t *conf = tw_conf_server(cmd->server);

    (void)dir;
    if (!tw_values_rate(&conf->start_client, client)) {
        return tw_settings_wrong(cmd, right);
    }
    if (all && !tw_values_rate(&conf->start_all, all)) {
        return tw_settings_wrong(cmd, right);
    }
    return NULL;
}

/* The whole list replaces what was inherited, hence RAW and not ITERATE. */
static const char *set_export(cmd_parms *cmd, void *dir, const char *args)
{
    tw_dir_conf_t *conf = dir;
    const char *word = ap_getword_conf(cmd->pool, &args);
    int exports = 0, none = 0;

    if (!*word) {
        return "TwAuthExport must have a list of: env, headers, tokens; or "
               "none";
    }
    for (; *word; word = ap_getword_conf(cmd->pool, &args)) {
        if (!strcasecmp(word, "env")) {
            exports |= TW_EXPORT_ENV;
        }
        else if (!strcasecmp(word, "headers")) {
            exports |= TW_EXPORT_HEADERS;
        }
        else if (!strcasecmp(word, "tokens")) {
            if (in_htaccess(cmd)) {
                return "TwAuthExport tokens is not allowed in .htaccess: "
                       "users' credentials are for the server configuration "
                       "to give away";
            }
            exports |= TW_EXPORT_TOKENS;
        }
        else if (!strcasecmp(word, "none")) {
            none = 1;
        }
        else {
            return tw_settings_wrong(cmd, "must be a list of: env, headers, "
                                     "tokens; or none");
        }
    }
    if (none && exports) {
        return "TwAuthExport none stands alone";
    }
    conf->exports = exports;
    return NULL;
}

/* Named in the interface, built later: refused, never ignored. */
static const char *not_yet(cmd_parms *cmd, void *dir, const char *args)
{
    (void)dir;
    (void)args;
    return apr_pstrcat(cmd->pool, cmd->cmd->name, " ",
                       (const char *)cmd->info, NULL);
}

static char no_fresh[] = "is step-up, which this version does not have: take "
                         "the line out";

#define SERVER(name, field, help)                                           \
    AP_INIT_TAKE1(name, set_server, SERVER_ROW(field), RSRC_CONF, help)
#define DIR(name, set, field, help)                                         \
    AP_INIT_TAKE1(name, set, DIR_ROW(field), RSRC_CONF | OR_AUTHCFG, help)
#define CLEAR_SITE_DATA SERVER_ROW(clear_site_data)
#define REMOTE_USER DIR_ROW(remote_user)

const command_rec tw_conf_commands[] = {
    SERVER("TwAuthEngine", engine, "On or Off"),
    SERVER("TwAuthConsumerKey", consumer_key,
           "the application's API key at X"),
    SERVER("TwAuthConsumerSecret", consumer_secret,
           "its secret: file:PATH or exec:COMMAND"),
    SERVER("TwAuthClientID", client_id,
           "the application's OAuth 2.0 client id at X"),
    SERVER("TwAuthClientSecret", client_secret,
           "its secret: file:PATH or exec:COMMAND"),
    SERVER("TwAuthScope", scope, "what OAuth 2.0 asks X for"),
    SERVER("TwAuthProtocol", protocol,
           "oauth1 or oauth2, where both have credentials"),
    AP_INIT_ITERATE("TwAuthKey", add_key, NULL, RSRC_CONF,
                    "sealing keys: file:PATH or exec:COMMAND; the first "
                    "seals, all open"),
    SERVER("TwAuthPath", path, "where the module's own locations are"),
    SERVER("TwAuthCallbackURL", callback_url,
           "the callback URL registered at X"),
    SERVER("TwAuthRealm", realm, "hosts of one realm share sessions"),
    AP_INIT_TAKE12("TwAuthProvider", set_provider, NULL, RSRC_CONF,
                   "base URL of X's API, and of its pages for the browser"),
    SERVER("TwAuthProviderCAFile", provider_ca_file,
           "certificates to trust in calls to X"),
    SERVER("TwAuthProviderProxy", provider_proxy, "proxy for the calls to X"),
    SERVER("TwAuthProviderTimeout", provider_timeout,
           "limit of one call to X, such as 5s"),
    SERVER("TwAuthProviderCalls", provider_calls,
           "calls to X at the same time"),
    AP_INIT_TAKE12("TwAuthStartLimit", set_start_limit, NULL, RSRC_CONF,
                   "sign-ins started per client, and in all: N/s, N/min or "
                   "N/h"),
    SERVER("TwAuthSignInWith", sign_in_with, "authenticate or authorize"),
    SERVER("TwAuthForceLogin", force_login, "On: X asks again who it is"),
    SERVER("TwAuthAccess", access, "read or write"),
    SERVER("TwAuthFlowTimeout", flow_timeout,
           "life of a pending sign-in, such as 10min"),
    SERVER("TwAuthSessionIdle", session_idle,
           "a session ends after so long unused, such "
           "as 12h"),
    SERVER("TwAuthSessionMax", session_max,
           "a session ends so long after its sign-in, "
           "such as 7d"),
    AP_INIT_TAKE1("TwAuthSessionRecheck", set_recheck, NULL,
                  RSRC_CONF | OR_AUTHCFG,
                  "how long a cookie is good without asking the "
                  "database, such as 60s"),
    SERVER("TwAuthSessionGrace", session_grace,
           "how much longer without the database, such "
           "as 10min"),
    SERVER("TwAuthDatabaseCalls", database_calls,
           "database connections per process"),
    SERVER("TwAuthCookieName", cookie_name, "name of the session cookie"),
    SERVER("TwAuthCookieDomain", cookie_domain,
           "domain of the session cookie"),
    SERVER("TwAuthCookieSameSite", cookie_samesite, "Lax or None"),
    AP_INIT_TAKE12("TwAuthClearSiteData", set_clear_site_data,
                   CLEAR_SITE_DATA, RSRC_CONF,
                   "what a browser drops at a sign-out: cache, storage, or "
                   "Off"),
    SERVER("TwAuthTokens", tokens,
           "how users' tokens are kept: sealed, plain, none"),
    SERVER("TwAuthSignUp", sign_up,
           "Off: only who has an account may sign in"),
    SERVER("TwAuthAllowHTTP", allow_http,
           "On: plain http, for development on loopback"),
    DIR("TwAuthUnauthenticated", set_unauthenticated, unauthenticated,
        "what a visitor without a session gets: login, page, 401 or pass"),
    AP_INIT_TAKE1("TwAuthRemoteUser", set_dir, REMOTE_USER,
                  RSRC_CONF | ACCESS_CONF, "username, screen_name or id"),
    AP_INIT_RAW_ARGS("TwAuthExport", set_export, NULL, RSRC_CONF | OR_AUTHCFG,
                     "what applications are told: env, headers, tokens, "
                     "none"),
    AP_INIT_RAW_ARGS("TwAuthFresh", not_yet, no_fresh, RSRC_CONF | OR_AUTHCFG,
                     "step-up, not in this version"),
    { .name = NULL }
};

/* ---- create, merge, look up --------------------------------------------- */

void *tw_conf_server_create(apr_pool_t *pool, server_rec *s)
{
    tw_server_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)s;
    tw_settings_unset(conf, server_settings, SERVER_SETTINGS);
    return conf;
}

/*
 * A host with credentials of one protocol uses that one, whatever the main
 * server has; and a client id without a secret is a public client.
 */
static void keep_own_credentials(tw_server_conf_t *conf,
                                 const tw_server_conf_t *own)
{
    int one = own->consumer_key || own->consumer_secret;
    int two = own->client_id || own->client_secret;

    if (one != two) {
        conf->protocol = own->protocol;
    }
    if (one && !two) {
        conf->client_id = conf->client_secret = NULL;
    }
    if (two && !one) {
        conf->consumer_key = conf->consumer_secret = NULL;
    }
    if (own->client_id) {
        conf->client_secret = own->client_secret;
    }
}

void *tw_conf_server_merge(apr_pool_t *pool, void *base, void *add)
{
    tw_server_conf_t *conf = apr_pmemdup(pool, add, sizeof(*conf));
    tw_server_conf_t *from = base;

    tw_settings_inherit(conf, from, server_settings, SERVER_SETTINGS);
    keep_own_credentials(conf, add);
    /* the URL contains this host's address, so it is not inherited */
    conf->callback_url = ((tw_server_conf_t *)add)->callback_url;
    if (!conf->keys) {
        conf->keys = from->keys;
    }
    if (!conf->start_client.count) {
        conf->start_client = from->start_client;
    }
    if (!conf->start_all.count) {
        conf->start_all = from->start_all;
    }
    conf->site = NULL;
    return conf;
}

void *tw_conf_dir_create(apr_pool_t *pool, char *dir)
{
    tw_dir_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)dir;
    tw_settings_unset(conf, dir_settings, DIR_SETTINGS);
    return conf;
}

void *tw_conf_dir_merge(apr_pool_t *pool, void *base, void *add)
{
    tw_dir_conf_t *conf = apr_pmemdup(pool, add, sizeof(*conf));
    const tw_dir_conf_t *from = base;

    tw_settings_inherit(conf, base, dir_settings, DIR_SETTINGS);
    if (from->recheck != TW_UNSET && conf->recheck > from->recheck) {
        conf->recheck = from->recheck;
    }
    return conf;
}

/* Sections are merged among themselves first, and must not bring defaults with
 * them; but whatever is found for a request is merged over these. */
void tw_conf_dir_defaults(const server_rec *s)
{
    tw_settings_defaults(ap_get_module_config(s->lookup_defaults,
                                              &twauth_module),
                         dir_settings, DIR_SETTINGS);
}

tw_server_conf_t *tw_conf_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &twauth_module);
}

const tw_dir_conf_t *tw_conf_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &twauth_module);
}

void tw_conf_defaults(tw_server_conf_t *conf)
{
    tw_settings_defaults(conf, server_settings, SERVER_SETTINGS);
    if (!conf->start_client.count) {
        conf->start_client.count = 60;
        conf->start_client.period = apr_time_from_sec(60);
    }
    if (!conf->start_all.count) {
        conf->start_all.count = 600;
        conf->start_all.period = apr_time_from_sec(60);
    }
}

int tw_conf_has_credentials(const tw_server_conf_t *conf)
{
    return conf->consumer_key || conf->consumer_secret || conf->client_id
           || conf->client_secret;
}
