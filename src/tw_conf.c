#include "tw_conf.h"

#include <stddef.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "tw_account.h"
#include "tw_private.h"
#include "tw_provider.h"
#include "tw_secret.h"
#include "tw_target.h"

#define YEARS apr_time_from_sec(10LL * 366 * 24 * 3600)

/* ---- settings: one row each, for parsing, merging and defaults ---------- */

typedef const char *(*check_text_t)(const char *text);

typedef struct {
    const char *text;
    apr_int64_t value;
} choice_t;

typedef enum { IS_TEXT, IS_TIME, IS_NUMBER, IS_CHOICE } kind_t;

typedef struct {
    const char *directive;
    kind_t kind;
    apr_size_t offset;
    apr_int64_t least, most;        /* times and numbers */
    const choice_t *choices;
    check_text_t check;             /* texts: NULL, or what would be right */
    const char *text_default;
    apr_int64_t number_default;
} setting_t;

static const choice_t on_off[] = { { "On", 1 }, { "Off", 0 }, { NULL, 0 } };
static const choice_t sign_in_with[] = {
    { "authenticate", 0 }, { "authorize", 1 }, { NULL, 0 }
};
static const choice_t access_types[] = {
    { "read", 0 }, { "write", 1 }, { NULL, 0 }
};
static const choice_t protocols[] = {
    { "oauth1", TW_OAUTH1 }, { "oauth2", TW_OAUTH2 }, { NULL, 0 }
};
static const choice_t same_site[] = {
    { "Lax", TW_SAMESITE_LAX }, { "None", TW_SAMESITE_NONE }, { NULL, 0 }
};
static const choice_t token_storage[] = {
    { "sealed", TW_TOKENS_SEALED }, { "plain", TW_TOKENS_PLAIN },
    { "none", TW_TOKENS_NONE }, { NULL, 0 }
};
static const choice_t unauthenticated[] = {
    { "login", TW_UNAUTH_LOGIN }, { "page", TW_UNAUTH_PAGE },
    { "401", TW_UNAUTH_401 }, { "pass", TW_UNAUTH_PASS }, { NULL, 0 }
};
static const choice_t remote_user[] = {
    { "username", TW_USER_USERNAME }, { "screen_name", TW_USER_SCREEN_NAME },
    { "id", TW_USER_ID }, { NULL, 0 }
};

static const char *check_key(const char *text)
{
    return tw_provider_token_ok(text, TW_TOKEN_MAX)
           ? NULL : "must be the key or id as X shows it, without blanks";
}

/* RFC 6749 section 3.3: words of visible characters, one blank between. */
static const char *check_scope(const char *text)
{
    const char *c;

    for (c = text; *c; c++) {
        if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\'
            || (*c == ' ' && (c == text || c[1] == ' ' || !c[1]))) {
            break;
        }
    }
    return c > text && !*c && c - text <= 300
           ? NULL : "must be scopes with one blank between, such as "
                    "\"tweet.read users.read\"";
}

static const char *check_secret(const char *text)
{
    const char *why = NULL;

    tw_secret_ok(&why, text);
    return why;
}

static const char *check_path(const char *text)
{
    apr_size_t len = strlen(text);
    apr_size_t plain = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789-._~/");

    return len >= 3 && len <= 100 && plain == len && text[0] == '/'
           && text[len - 1] == '/' && !strstr(text, "//")
           && tw_target_ok(text, NULL)
           ? NULL : "must begin and end with a slash, be more than \"/\", "
                    "and have only letters, digits, and - . _ ~";
}

static const char *check_realm(const char *text)
{
    const char *c;

    for (c = text; *c; c++) {
        if (*c < 0x21 || *c > 0x7e || *c == '"' || *c == '\\') {
            break;
        }
    }
    return c > text && !*c && c - text <= 100
           ? NULL : "must be 1 to 100 visible characters without quotes and "
                    "backslash";
}

/* http or https, a host, perhaps a port; nothing else that URLs can have. */
static int is_plain_url(const char *text)
{
    apr_uri_t uri;
    char copy[TW_TARGET_MAX + 100];
    apr_size_t i, len = strlen(text);
    apr_pool_t *pool;
    int good;

    if (len >= sizeof(copy)) {
        return 0;
    }
    for (i = 0; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e || strchr("\"<>\\", text[i])) {
            return 0;
        }
    }
    apr_pool_create(&pool, NULL);
    good = apr_uri_parse(pool, text, &uri) == APR_SUCCESS
           && uri.scheme && uri.hostname && *uri.hostname
           && (!strcmp(uri.scheme, "https") || !strcmp(uri.scheme, "http"))
           && !uri.user && !uri.password && !uri.query && !uri.fragment
           && (!uri.port_str || uri.port);
    if (good && uri.path) {
        apr_cpystrn(copy, uri.path, sizeof(copy));
        good = tw_target_ok(copy, NULL);
    }
    apr_pool_destroy(pool);
    return good;
}

static const char *check_callback(const char *text)
{
    const char *path = strstr(text, "://");

    return is_plain_url(text) && path && strchr(path + 3, '/')
           && !strchr(text, '%')
           ? NULL : "must be the whole URL that is registered at X: "
                    "https://host/path, without query and percent signs";
}

static const char *check_provider(const char *text)
{
    return is_plain_url(text) && text[strlen(text) - 1] != '/'
           ? NULL : "must be a base URL without a slash at the end, such as "
                    "https://api.x.com";
}

static const char *check_proxy(const char *text)
{
    return is_plain_url(text)
           ? NULL : "must be the URL of the proxy, such as "
                    "http://proxy.example.com:3128";
}

static const char *check_file(const char *text)
{
    return text[0] == '/' ? NULL : "must be an absolute path";
}

static const char *check_cookie_name(const char *text)
{
    apr_size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz"
                                  "0123456789-_");

    return len >= 1 && len <= 32 && !text[len]
           ? NULL : "must be 1 to 32 letters, digits, - or _";
}

static const char *check_cookie_domain(const char *text)
{
    apr_size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");

    return len >= 3 && len <= 253 && !text[len] && strchr(text, '.')
           && text[0] != '.' && text[len - 1] != '.' && !strstr(text, "..")
           ? NULL : "must be a domain in lower case such as example.com";
}

#define AT(field) offsetof(tw_server_conf_t, field)
#define TEXT(name, field, check, value)                                     \
    { name, IS_TEXT, AT(field), 0, 0, NULL, check, value, 0 }
#define TIME(name, field, least, most, value)                               \
    { name, IS_TIME, AT(field), least, most, NULL, NULL, NULL, value }
#define NUMBER(name, field, least, most, value)                             \
    { name, IS_NUMBER, AT(field), least, most, NULL, NULL, NULL, value }
#define CHOICE(name, field, list, value)                                    \
    { name, IS_CHOICE, AT(field), 0, 0, list, NULL, NULL, value }

static const setting_t server_settings[] = {
    CHOICE("TwAuthEngine", engine, on_off, TW_UNSET),
    TEXT("TwAuthConsumerKey", consumer_key, check_key, NULL),
    TEXT("TwAuthConsumerSecret", consumer_secret, check_secret, NULL),
    TEXT("TwAuthClientID", client_id, check_key, NULL),
    TEXT("TwAuthClientSecret", client_secret, check_secret, NULL),
    TEXT("TwAuthScope", scope, check_scope, "tweet.read users.read"),
    CHOICE("TwAuthProtocol", protocol, protocols, TW_UNSET),
    TEXT("TwAuthPath", path, check_path, "/twauth/"),
    TEXT("TwAuthCallbackURL", callback_url, check_callback, NULL),
    TEXT("TwAuthRealm", realm, check_realm, NULL),
    TEXT("TwAuthProvider", provider_api, check_provider, NULL),
    TEXT(NULL, provider_browser, check_provider, NULL),
    TEXT("TwAuthProviderCAFile", provider_ca_file, check_file, NULL),
    TEXT("TwAuthProviderProxy", provider_proxy, check_proxy, NULL),
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
    TEXT("TwAuthCookieName", cookie_name, check_cookie_name, "twauth"),
    TEXT("TwAuthCookieDomain", cookie_domain, check_cookie_domain, NULL),
    CHOICE("TwAuthCookieSameSite", cookie_samesite, same_site,
           TW_SAMESITE_LAX),
    CHOICE("TwAuthTokens", tokens, token_storage, TW_TOKENS_SEALED),
    CHOICE("TwAuthSignUp", sign_up, on_off, 1),
    CHOICE("TwAuthAllowHTTP", allow_http, on_off, 0),
};
#define SERVER_SETTINGS                                                     \
    (sizeof(server_settings) / sizeof(server_settings[0]))

#undef AT
#define AT(field) offsetof(tw_dir_conf_t, field)

static const setting_t dir_settings[] = {
    CHOICE("TwAuthUnauthenticated", unauthenticated, unauthenticated,
           TW_UNAUTH_LOGIN),
    CHOICE("TwAuthRemoteUser", remote_user, remote_user, TW_USER_USERNAME),
    TIME("TwAuthSessionRecheck", recheck, 0, apr_time_from_sec(24 * 3600),
         TW_UNSET),
    NUMBER("TwAuthExport", exports, 0, 7, TW_EXPORT_ENV),
};
#define DIR_SETTINGS (sizeof(dir_settings) / sizeof(dir_settings[0]))

static const char **text_at(void *conf, const setting_t *setting)
{
    return (const char **)((char *)conf + setting->offset);
}

static apr_int64_t *number_at(void *conf, const setting_t *setting)
{
    return (apr_int64_t *)((char *)conf + setting->offset);
}

static void unset_all(void *conf, const setting_t *settings, apr_size_t n)
{
    apr_size_t i;

    for (i = 0; i < n; i++) {
        if (settings[i].kind != IS_TEXT) {
            *number_at(conf, &settings[i]) = TW_UNSET;
        }
    }
}

/* What add has not set comes from base. */
static void inherit_all(void *conf, void *base, const setting_t *settings,
                        apr_size_t n)
{
    apr_size_t i;

    for (i = 0; i < n; i++) {
        const setting_t *setting = &settings[i];

        if (setting->kind == IS_TEXT) {
            if (!*text_at(conf, setting)) {
                *text_at(conf, setting) = *text_at(base, setting);
            }
        }
        else if (*number_at(conf, setting) == TW_UNSET) {
            *number_at(conf, setting) = *number_at(base, setting);
        }
    }
}

/* ---- values ------------------------------------------------------------- */

static const char *wrong(cmd_parms *cmd, const char *text,
                         const char *sentence)
{
    return apr_psprintf(cmd->pool, "%s \"%s\" %s", cmd->cmd->name,
                        tw_err_quote(cmd->pool, text, strlen(text), 200),
                        sentence);
}

/* Digits, then an unit from the list; nothing before, between or after. */
static int parse_time(apr_int64_t *time, const char *text)
{
    static const struct {
        const char *unit;
        apr_int64_t length;
    } units[] = {
        { "ms", 1000 }, { "s", APR_USEC_PER_SEC },
        { "min", 60 * APR_USEC_PER_SEC },
        { "h", 3600 * (apr_int64_t)APR_USEC_PER_SEC },
        { "d", 24 * 3600 * (apr_int64_t)APR_USEC_PER_SEC },
        { "", APR_USEC_PER_SEC },
    };
    apr_size_t digits = strspn(text, "0123456789");
    apr_size_t i;

    if (!digits || digits > 9) {
        return 0;
    }
    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(text + digits, units[i].unit)) {
            *time = apr_atoi64(text);
            if (*time > APR_INT64_MAX / units[i].length) {
                return 0;
            }
            *time *= units[i].length;
            return 1;
        }
    }
    return 0;
}

static const char *time_text(apr_pool_t *pool, apr_int64_t time)
{
    return time % APR_USEC_PER_SEC
           ? apr_psprintf(pool, "%" APR_INT64_T_FMT "ms", time / 1000)
           : apr_psprintf(pool, "%" APR_INT64_T_FMT "s",
                          time / APR_USEC_PER_SEC);
}

static const char *set_choice(cmd_parms *cmd, void *conf,
                              const setting_t *setting, const char *text)
{
    const char *list = NULL;
    const choice_t *choice;

    for (choice = setting->choices; choice->text; choice++) {
        if (!strcasecmp(choice->text, text)) {
            *number_at(conf, setting) = choice->value;
            return NULL;
        }
        list = list ? apr_pstrcat(cmd->pool, list, ", ", choice->text, NULL)
                    : choice->text;
    }
    return wrong(cmd, text, apr_pstrcat(cmd->pool, "must be one of: ", list,
                                        NULL));
}

static const char *set_value(cmd_parms *cmd, void *conf,
                             const setting_t *setting, const char *text)
{
    const char *why;
    apr_int64_t number;

    if (!setting) {
        return "is not in the table of settings";
    }
    switch (setting->kind) {
    case IS_TEXT:
        why = setting->check(text);
        if (why) {
            return wrong(cmd, text, why);
        }
        *text_at(conf, setting) = text;
        return NULL;
    case IS_CHOICE:
        return set_choice(cmd, conf, setting, text);
    case IS_TIME:
        if (!parse_time(&number, text) || number < setting->least
            || number > setting->most) {
            return wrong(cmd, text, apr_psprintf(
                cmd->pool, "must be a time of %s to %s: digits and one of ms, "
                "s, min, h, d", time_text(cmd->pool, setting->least),
                time_text(cmd->pool, setting->most)));
        }
        break;
    default:
        number = apr_atoi64(text);
        if (!*text || text[strspn(text, "0123456789")] || strlen(text) > 9
            || number < setting->least || number > setting->most) {
            return wrong(cmd, text, apr_psprintf(
                cmd->pool, "must be a whole number of %" APR_INT64_T_FMT
                " to %" APR_INT64_T_FMT, setting->least, setting->most));
        }
    }
    *number_at(conf, setting) = number;
    return NULL;
}

static const setting_t *find_setting(const setting_t *settings, apr_size_t n,
                                     const char *directive)
{
    apr_size_t i;

    for (i = 0; i < n; i++) {
        if (settings[i].directive
            && !strcasecmp(settings[i].directive, directive)) {
            return &settings[i];
        }
    }
    return NULL;
}

static const char *set_server(cmd_parms *cmd, void *dir, const char *text)
{
    const setting_t *setting = find_setting(server_settings, SERVER_SETTINGS,
                                            cmd->cmd->name);

    (void)dir;
    return set_value(cmd, tw_conf_server(cmd->server), setting, text);
}

static const char *set_dir(cmd_parms *cmd, void *dir, const char *text)
{
    const setting_t *setting = find_setting(dir_settings, DIR_SETTINGS,
                                            cmd->cmd->name);

    return set_value(cmd, dir, setting, text);
}

static int in_htaccess(cmd_parms *cmd)
{
    return ap_check_cmd_context(cmd, NOT_IN_HTACCESS) != NULL;
}

/* ---- directives of a kind of their own ---------------------------------- */

/* In a directory it can only be shortened; see tw_conf_dir_merge(). */
static const char *set_recheck(cmd_parms *cmd, void *dir, const char *text)
{
    return cmd->path ? set_dir(cmd, dir, text) : set_server(cmd, dir, text);
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

static const char *add_key(cmd_parms *cmd, void *dir, const char *text)
{
    tw_server_conf_t *conf = tw_conf_server(cmd->server);
    const char *why;

    (void)dir;
    if (!tw_secret_ok(&why, text)) {
        return wrong(cmd, text, why);
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
    const char *why = check_provider(api);

    (void)dir;
    if (why) {
        return wrong(cmd, api, why);
    }
    why = browser ? check_provider(browser) : NULL;
    if (why) {
        return wrong(cmd, browser, why);
    }
    conf->provider_api = api;
    conf->provider_browser = browser ? browser : api;
    return NULL;
}

static int parse_rate(tw_rate_t *rate, const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;

    if (!digits || digits > 5) {
        return 0;
    }
    rate->count = (int)apr_atoi64(text);
    rate->period = !strcmp(unit, "/s") ? apr_time_from_sec(1)
                   : !strcmp(unit, "/min") ? apr_time_from_sec(60)
                   : !strcmp(unit, "/h") ? apr_time_from_sec(3600) : 0;
    return rate->period && rate->count >= 1 && rate->count <= TW_RATE_MAX;
}

static const char *set_start_limit(cmd_parms *cmd, void *dir,
                                   const char *client, const char *all)
{
    static const char right[] =
        "must be a number of 1 to 65535 and one of /s, /min, /h, "
        "such as 60/min";
    tw_server_conf_t *conf = tw_conf_server(cmd->server);

    (void)dir;
    if (!parse_rate(&conf->start_client, client)) {
        return wrong(cmd, client, right);
    }
    if (all && !parse_rate(&conf->start_all, all)) {
        return wrong(cmd, all, right);
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
            return wrong(cmd, word, "must be one of: env, headers, tokens, "
                                    "none");
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

#define SERVER(name, help)                                                  \
    AP_INIT_TAKE1(name, set_server, NULL, RSRC_CONF, help)
#define DIR(name, set, help)                                                \
    AP_INIT_TAKE1(name, set, NULL, RSRC_CONF | OR_AUTHCFG, help)

const command_rec tw_conf_commands[] = {
    SERVER("TwAuthEngine", "On or Off"),
    SERVER("TwAuthConsumerKey", "the application's API key at X"),
    SERVER("TwAuthConsumerSecret", "its secret: file:PATH or exec:COMMAND"),
    SERVER("TwAuthClientID", "the application's OAuth 2.0 client id at X"),
    SERVER("TwAuthClientSecret", "its secret: file:PATH or exec:COMMAND"),
    SERVER("TwAuthScope", "what OAuth 2.0 asks X for"),
    SERVER("TwAuthProtocol", "oauth1 or oauth2, where both have credentials"),
    AP_INIT_ITERATE("TwAuthKey", add_key, NULL, RSRC_CONF,
                    "sealing keys: file:PATH or exec:COMMAND; the first "
                    "seals, all open"),
    SERVER("TwAuthPath", "where the module's own locations are"),
    SERVER("TwAuthCallbackURL", "the callback URL registered at X"),
    SERVER("TwAuthRealm", "hosts of one realm share sessions"),
    AP_INIT_TAKE12("TwAuthProvider", set_provider, NULL, RSRC_CONF,
                   "base URL of X's API, and of its pages for the browser"),
    SERVER("TwAuthProviderCAFile", "certificates to trust in calls to X"),
    SERVER("TwAuthProviderProxy", "proxy for the calls to X"),
    SERVER("TwAuthProviderTimeout", "limit of one call to X, such as 5s"),
    SERVER("TwAuthProviderCalls", "calls to X at the same time"),
    AP_INIT_TAKE12("TwAuthStartLimit", set_start_limit, NULL, RSRC_CONF,
                   "sign-ins started per client, and in all: N/s, N/min or "
                   "N/h"),
    SERVER("TwAuthSignInWith", "authenticate or authorize"),
    SERVER("TwAuthForceLogin", "On: X asks again who it is"),
    SERVER("TwAuthAccess", "read or write"),
    SERVER("TwAuthFlowTimeout", "life of a pending sign-in, such as 10min"),
    SERVER("TwAuthSessionIdle", "a session ends after so long unused, such "
           "as 12h"),
    SERVER("TwAuthSessionMax", "a session ends so long after its sign-in, "
           "such as 7d"),
    AP_INIT_TAKE1("TwAuthSessionRecheck", set_recheck, NULL,
                  RSRC_CONF | OR_AUTHCFG,
                  "how long a cookie is good without asking the "
                  "database, such as 60s"),
    SERVER("TwAuthSessionGrace", "how much longer without the database, such "
           "as 10min"),
    SERVER("TwAuthDatabaseCalls", "database connections per process"),
    SERVER("TwAuthCookieName", "name of the session cookie"),
    SERVER("TwAuthCookieDomain", "domain of the session cookie"),
    SERVER("TwAuthCookieSameSite", "Lax or None"),
    SERVER("TwAuthTokens", "how users' tokens are kept: sealed, plain, none"),
    SERVER("TwAuthSignUp", "Off: only who has an account may sign in"),
    SERVER("TwAuthAllowHTTP", "On: plain http, for development on loopback"),
    DIR("TwAuthUnauthenticated", set_unauthenticated,
        "what a visitor without a session gets: login, page, 401 or pass"),
    AP_INIT_TAKE1("TwAuthRemoteUser", set_dir, NULL, RSRC_CONF | ACCESS_CONF,
                  "username, screen_name or id"),
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
    unset_all(conf, server_settings, SERVER_SETTINGS);
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

    inherit_all(conf, from, server_settings, SERVER_SETTINGS);
    keep_own_credentials(conf, add);
    /* names one host's own address: never another's */
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
    unset_all(conf, dir_settings, DIR_SETTINGS);
    return conf;
}

void *tw_conf_dir_merge(apr_pool_t *pool, void *base, void *add)
{
    tw_dir_conf_t *conf = apr_pmemdup(pool, add, sizeof(*conf));
    const tw_dir_conf_t *from = base;

    inherit_all(conf, base, dir_settings, DIR_SETTINGS);
    if (from->recheck != TW_UNSET && conf->recheck > from->recheck) {
        conf->recheck = from->recheck;
    }
    return conf;
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
    apr_size_t i;

    for (i = 0; i < SERVER_SETTINGS; i++) {
        const setting_t *setting = &server_settings[i];

        if (setting->kind == IS_TEXT) {
            if (!*text_at(conf, setting)) {
                *text_at(conf, setting) = setting->text_default;
            }
        }
        else if (*number_at(conf, setting) == TW_UNSET) {
            *number_at(conf, setting) = setting->number_default;
        }
    }
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
