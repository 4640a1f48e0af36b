/* SPDX-License-Identifier: Apache-2.0 */
#include "config/directives.h"

#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "config/values.h"
#include "private.h"
#include "store/store.h"

#define SERVER_ROW(field)                                                   \
    ((void *)&tw_server_settings[TW_SETTINGS_ROW(tw_server_conf_t, field)])
#define DIR_ROW(field)                                                      \
    ((void *)&tw_dir_settings[TW_SETTINGS_ROW(tw_dir_conf_t, field)])

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
