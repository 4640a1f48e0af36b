/* SPDX-License-Identifier: Apache-2.0 */
#include "config/conf.h"

#include <stddef.h>

#include <apr_strings.h>

#include "config/values.h"
#include "private.h"
#include "store/token.h"
#include "x/protocol.h"

/* ---- settings: one row each, see tw_setting ----------------------------- */

#define YEARS apr_time_from_sec(10LL * 366 * 24 * 3600)

static const tw_choice_t on_off[] = { { "On", 1 }, { "Off", 0 }, { NULL, 0 } };
static const tw_choice_t sign_up[] = {
    { "On", TW_SIGN_UP_ON }, { "Off", TW_SIGN_UP_OFF },
    { "Ask", TW_SIGN_UP_ASK }, { "Invite", TW_SIGN_UP_INVITE }, { NULL, 0 }
};
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
static const tw_choice_t remember[] = {
    { "Off", TW_REMEMBER_OFF }, { "On", TW_REMEMBER_ON },
    { "Ask", TW_REMEMBER_ASK }, { NULL, 0 }
};
static const tw_choice_t protection[] = {
    { "Off", TW_PROTECTION_OFF }, { "Basic", TW_PROTECTION_BASIC },
    { "Strong", TW_PROTECTION_STRONG }, { NULL, 0 }
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
#define SIZE(directive, field, low, high, value)                            \
    ROW(field, .kind = TW_SETTINGS_SIZE, .least = (low), .most = (high),     \
        .number_default = (value))
#define CHOICE(directive, field, list, value)                               \
    ROW(field, .kind = TW_SETTINGS_CHOICE, .choices = (list),                \
        .number_default = (value))

#define CONF tw_server_conf_t
const tw_setting_t tw_server_settings[] = {
    CHOICE("TwAuthEngine", engine, on_off, TW_UNSET),
    TEXT("TwAuthConsumerKey", consumer.key, tw_values_key, NULL),
    TEXT("TwAuthConsumerSecret", consumer.secret, tw_values_secret, NULL),
    TEXT("TwAuthClientID", client.id, tw_values_key, NULL),
    TEXT("TwAuthClientSecret", client.secret, tw_values_secret, NULL),
    TEXT("TwAuthScope", client.scope, tw_values_scope,
         "tweet.read users.read"),
    CHOICE("TwAuthProtocol", protocol, protocols, TW_UNSET),
    TEXT("TwAuthPath", own.path, tw_values_path, "/twauth/"),
    TEXT("TwAuthCallbackURL", own.callback_url, tw_values_callback, NULL),
    TEXT("TwAuthHub", own.hub, tw_values_origin, NULL),
    TEXT("TwAuthRealm", realm, tw_values_realm, NULL),
    TEXT("TwAuthProvider", provider.api, tw_values_provider, NULL),
    TEXT(NULL, provider.browser, tw_values_provider, NULL),
    TEXT("TwAuthProviderCAFile", provider.ca_file, tw_values_file, NULL),
    TEXT("TwAuthProviderProxy", provider.proxy, tw_values_proxy, NULL),
    TIME("TwAuthProviderTimeout", provider.timeout, apr_time_from_msec(100),
         apr_time_from_sec(60), apr_time_from_sec(5)),
    NUMBER("TwAuthProviderCalls", provider.calls, 1, TW_CALLS_MAX, 0),
    CHOICE("TwAuthSignInWith", sign_in.with, sign_in_with, 0),
    CHOICE("TwAuthForceLogin", sign_in.force_login, on_off, 0),
    CHOICE("TwAuthAccess", sign_in.access, access_types, 0),
    TIME("TwAuthFlowTimeout", sign_in.timeout, apr_time_from_sec(1),
         apr_time_from_sec(3600), apr_time_from_sec(600)),
    TIME("TwAuthSessionIdle", session.idle, apr_time_from_sec(1), YEARS,
         apr_time_from_sec(12 * 3600)),
    TIME("TwAuthSessionMax", session.max, apr_time_from_sec(1), YEARS,
         apr_time_from_sec(7 * 24 * 3600)),
    TIME("TwAuthSessionRecheck", session.recheck, 0,
         apr_time_from_sec(24 * 3600), TW_UNSET),
    TIME("TwAuthSessionFeed", session.feed, apr_time_from_sec(1),
         apr_time_from_sec(600), apr_time_from_sec(2)),
    TIME("TwAuthSessionGrace", session.grace, 0,
         apr_time_from_sec(7 * 24 * 3600), apr_time_from_sec(600)),
    CHOICE("TwAuthRemember", session.remember, remember, TW_REMEMBER_OFF),
    TIME("TwAuthRememberFor", session.remember_for, apr_time_from_sec(1),
         YEARS, apr_time_from_sec(30 * 24 * 3600)),
    CHOICE("TwAuthSessionProtection", session.protection, protection,
           TW_PROTECTION_BASIC),
    NUMBER("TwAuthSessionsPerAccount", session.per_account, 1, 10000, 50),
    NUMBER("TwAuthSharedEntries", session.entries, TW_SHARED_LEAST,
           TW_SHARED_MOST, 262144),
    NUMBER("TwAuthDatabaseCalls", database.calls, 1, 1000, 8),
    TEXT("TwAuthCookieName", cookie.name, tw_values_cookie_name, "twauth"),
    TEXT("TwAuthCookieDomain", cookie.domain, tw_values_cookie_domain, NULL),
    CHOICE("TwAuthCookieSameSite", cookie.samesite, same_site,
           TW_SAMESITE_LAX),
    CHOICE("TwAuthClearSiteData", session.clear_site_data, clear_site_data,
           TW_CLEAR_CACHE),
    CHOICE("TwAuthTokens", database.tokens, token_storage, TW_TOKENS_SEALED),
    CHOICE("TwAuthSignUp", sign_in.sign_up, sign_up, TW_SIGN_UP_ON),
    CHOICE("TwAuthProfile", sign_in.profile, on_off, TW_UNSET),
    CHOICE("TwAuthClaimByHandle", sign_in.claim, on_off, 0),
    CHOICE("TwAuthAllowHTTP", own.allow_http, on_off, 0),
    TEXT("TwAuthSiteName", pages.site_name, tw_values_name, NULL),
    TEXT("TwAuthSiteLogo", pages.site_logo, tw_values_resource, NULL),
    TEXT("TwAuthPageStyle", pages.style, tw_values_resource, NULL),
    TEXT("TwAuthPrivacyURL", pages.privacy_url, tw_values_link, NULL),
    TEXT("TwAuthTermsURL", pages.terms_url, tw_values_link, NULL),
    TEXT("TwAuthPages", pages.folder, tw_values_file, NULL),
    CHOICE("TwAuthAccountDelete", pages.account_delete, on_off, 0),
    TEXT("TwAuthEventLog", tells.events, tw_values_events, NULL),
    CHOICE("TwAuthLogAddress", tells.addresses, on_off, 1),
};
#define SERVER_SETTINGS                                                     \
    (sizeof(tw_server_settings) / sizeof(tw_server_settings[0]))

#undef CONF
#define CONF tw_dir_conf_t

const tw_setting_t tw_dir_settings[] = {
    CHOICE("TwAuthUnauthenticated", unauthenticated, unauthenticated,
           TW_UNAUTH_LOGIN),
    CHOICE("TwAuthRemoteUser", remote_user, remote_user, TW_USER_USERNAME),
    TIME("TwAuthSessionRecheck", recheck, 0, apr_time_from_sec(24 * 3600),
         TW_UNSET),
    CHOICE("TwAuthSign", sign, on_off, 0),
    SIZE("TwAuthSignBody", sign_body, 1024, 1024 * 1024, 64 * 1024),
    NUMBER("TwAuthExport", exports, 0, 15, TW_EXPORT_ENV),
};
#define DIR_SETTINGS (sizeof(tw_dir_settings) / sizeof(tw_dir_settings[0]))

#undef CONF

/* ---- create, merge, look up --------------------------------------------- */

void *tw_conf_server_create(apr_pool_t *pool, server_rec *s)
{
    tw_server_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)s;
    tw_settings_unset(conf, tw_server_settings, SERVER_SETTINGS);
    return conf;
}

/*
 * A host with credentials of one protocol uses that one, whatever the main
 * server has, and no hub; and a client id without a secret is a public
 * client.
 */
static void keep_own_credentials(tw_server_conf_t *conf,
                                 const tw_server_conf_t *own)
{
    int one = own->consumer.key || own->consumer.secret;
    int two = own->client.id || own->client.secret;

    if (one || two || own->own.hub_for) {
        conf->own.hub = own->own.hub;
    }
    if (one != two) {
        conf->protocol = own->protocol;
    }
    if (one && !two) {
        conf->client.id = conf->client.secret = NULL;
    }
    if (two && !one) {
        conf->consumer.key = conf->consumer.secret = NULL;
    }
    if (own->client.id) {
        conf->client.secret = own->client.secret;
    }
}

void *tw_conf_server_merge(apr_pool_t *pool, void *base, void *add)
{
    tw_server_conf_t *conf = apr_pmemdup(pool, add, sizeof(*conf));
    tw_server_conf_t *from = base;

    tw_settings_inherit(conf, from, tw_server_settings, SERVER_SETTINGS);
    keep_own_credentials(conf, add);
    /* the URL contains this host's address, so it is not inherited */
    conf->own.callback_url = ((tw_server_conf_t *)add)->own.callback_url;
    if (!conf->keys) {
        conf->keys = from->keys;
    }
    if (!conf->sign_in.limit_client.count) {
        conf->sign_in.limit_client = from->sign_in.limit_client;
    }
    if (!conf->sign_in.limit_all.count) {
        conf->sign_in.limit_all = from->sign_in.limit_all;
    }
    conf->tells.profile |= from->tells.profile;
    conf->site = NULL;
    return conf;
}

void *tw_conf_dir_create(apr_pool_t *pool, char *dir)
{
    tw_dir_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)dir;
    tw_settings_unset(conf, tw_dir_settings, DIR_SETTINGS);
    return conf;
}

void *tw_conf_dir_merge(apr_pool_t *pool, void *base, void *add)
{
    tw_dir_conf_t *conf = apr_pmemdup(pool, add, sizeof(*conf));
    const tw_dir_conf_t *from = base;

    tw_settings_inherit(conf, base, tw_dir_settings, DIR_SETTINGS);
    if (from->recheck != TW_UNSET && conf->recheck > from->recheck) {
        conf->recheck = from->recheck;
    }
    if (!conf->fresh.configured) {
        conf->fresh.configured = from->fresh.configured;
    }
    if (!conf->fresh.htaccess
        || (from->fresh.htaccess
            && from->fresh.htaccess < conf->fresh.htaccess)) {
        conf->fresh.htaccess = from->fresh.htaccess;
    }
    if (from->headers) {
        conf->headers = tw_told_merge(from->headers, conf->headers, pool);
    }
    return conf;
}

void tw_conf_dir_fill(tw_dir_conf_t *conf)
{
    tw_settings_defaults(conf, tw_dir_settings, DIR_SETTINGS);
}

/* Sections are merged among themselves first, and must not bring defaults with
 * them; but whatever is found for a request is merged over these. */
void tw_conf_dir_defaults(const server_rec *s)
{
    tw_conf_dir_fill(ap_get_module_config(s->lookup_defaults,
                                          &twauth_module));
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
    tw_settings_defaults(conf, tw_server_settings, SERVER_SETTINGS);
    if (!conf->sign_in.limit_client.count) {
        conf->sign_in.limit_client.count = 60;
        conf->sign_in.limit_client.period = apr_time_from_sec(60);
    }
    if (!conf->sign_in.limit_all.count) {
        conf->sign_in.limit_all.count = 600;
        conf->sign_in.limit_all.period = apr_time_from_sec(60);
    }
}

int tw_conf_has_credentials(const tw_server_conf_t *conf)
{
    return conf->consumer.key || conf->consumer.secret || conf->client.id
           || conf->client.secret || conf->own.hub;
}
