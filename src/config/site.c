/* SPDX-License-Identifier: Apache-2.0 */
#include "config/site.h"

#include <arpa/inet.h>
#include <string.h>

#include <arpa/inet.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <http_core.h>

#include "base/secret.h"
#include "config/conftree.h"
#include "base/realm.h"
#include "private.h"
#include "x/oauth1.h"
#include "x/oauth2.h"

#define DEFAULT_API "https://api.x.com"
#define DEFAULT_BROWSER2 "https://x.com"

/* ---- where we are in httpd's life --------------------------------------- */

int tw_site_is_test(void)
{
    return ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL;
}

int tw_site_is_trial(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

static int is_restart(void)
{
    return ap_state_query(AP_SQ_CONFIG_GEN) > 1;
}

/* ---- building a site ---------------------------------------------------- */

struct tw_build_t {
    apr_pool_t *pconf;
    apr_pool_t *ptemp;
    server_rec *base_server;
    tw_conftree_t *tree;
    tw_vault_t *vault;
    apr_hash_t *secrets;                /* of the hosts before, by origin */
    apr_hash_t *rings;
    apr_hash_t *realms;
    tw_site_t *site;
    tw_server_conf_t *conf;
};

/* Refuses the configuration of one host, for its administrator to read. */
static int refuse(const tw_build_t *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(const tw_build_t *b, const char *fmt, ...)
{
    const server_rec *s = b->site->server;
    va_list ap;
    const char *text;

    va_start(ap, fmt);
    text = apr_pvsprintf(b->ptemp, fmt, ap);
    va_end(ap);
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s, TWLOGNO(0101)
                 "%s (%s:%u): %s",
                 s->server_hostname ? s->server_hostname : "main server",
                 s->defn_name ? s->defn_name : "httpd.conf",
                 s->defn_line_number, text);
    return 0;
}

/* Whether text can be a sealing key. */
static apr_status_t try_key(const char *text, apr_pool_t *pool, tw_err_t *err)
{
    tw_ring_t *ring = tw_ring_make(pool);

    return ring ? tw_ring_add(ring, text, pool, err)
                : tw_err_set(err, pool, TW_ERR_INTERNAL, APR_ENOMEM,
                             "no locked memory for keys (ulimit -l)");
}

typedef apr_status_t (*try_t)(const char *text, apr_pool_t *pool,
                              tw_err_t *err);

/*
 * Reads a secret into memory that is locked.  At a restart a secret that
 * cannot be read, or does not do, is the one of before: the rotation of a log
 * must not end a site.
 */
static const char *read_anew(const tw_build_t *b, const char *directive,
                             const char *from, try_t try)
{
    tw_vault_t *vault = b->vault;
    tw_err_t err = { 0 };
    char *text;
    const char *kept;

    if (tw_secret_read(&text, from, b->ptemp, &err) != APR_SUCCESS
        || (try && try(text, b->ptemp, &err) != APR_SUCCESS)) {
        if (text) {
            err.why = apr_pstrcat(b->ptemp, tw_secret_name(b->ptemp, from),
                                  ": ", err.why, NULL);
        }
        text = vault && is_restart() ? tw_vault_get(vault, from, b->ptemp)
                                     : NULL;
        if (!text) {
            refuse(b, "%s %s%s%s", directive, err.why,
                   err.advice ? ": " : "", err.advice ? err.advice : "");
            return NULL;
        }
        ap_log_error(APLOG_MARK, APLOG_CRIT, err.rv, b->site->server,
                     TWLOGNO(0102) "%s %s: the value of before stays in use "
                     "until the next stop", directive, err.why);
    }
    else if (vault && !tw_site_is_test()) {
        tw_vault_put(vault, from, text);
    }
    /* a key is needed until the rings are made, other secrets for good */
    kept = tw_seal_keep(try ? b->ptemp : b->pconf, text);
    tw_seal_wipe(text, strlen(text));
    if (!kept) {
        refuse(b, "no locked memory for secrets (ulimit -l)");
    }
    return kept;
}

/* A secret, read once for all hosts that say the same. */
static const char *read_secret(const tw_build_t *b, const char *directive,
                               const char *from, try_t try)
{
    const char *origin, *secret;

    if (tw_secret_is_command(from)
        && (tw_site_is_test() || tw_site_is_trial())) {
        b->site->incomplete = 1;
        return "";      /* commands run once, at the real start */
    }
    origin = apr_pstrcat(b->ptemp, directive, " ", from, NULL);
    secret = apr_hash_get(b->secrets, origin, APR_HASH_KEY_STRING);
    if (!secret) {
        secret = read_anew(b, directive, from, try);
        apr_hash_set(b->secrets, origin, APR_HASH_KEY_STRING, secret);
    }
    return secret;
}

/* Of a name or an address, an IPv6 one with or without its brackets. */
static int is_loopback(const char *host)
{
    apr_size_t len = strlen(host);
    char inner[INET6_ADDRSTRLEN];
    struct in6_addr address;

    apr_cpystrn(inner, host[0] == '[' ? host + 1 : host, sizeof(inner));
    inner[strcspn(inner, "]")] = '\0';
    return !strcmp(host, "localhost")
           || (!strncmp(host, "127.", 4) && !host[strspn(host, "0123456789.")])
           || (inet_pton(AF_INET6, inner, &address) == 1
               && IN6_IS_ADDR_LOOPBACK(&address))
           || (len > 10 && !strcmp(host + len - 10, ".localhost"));
}

static char *lower(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrdup(pool, text);

    ap_str_tolower(copy);
    return copy;
}

/* An IPv6 address as browsers write it: they say so in Origin and Referer,
 * however it is spelt in the callback URL. */
static const char *ipv6_host(apr_pool_t *pool, const char *host)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, host, &address) == 1
        && inet_ntop(AF_INET6, &address, text, sizeof(text))) {
        host = text;
    }
    return apr_pstrcat(pool, "[", host, "]", NULL);
}

/* The own address; 0 with site->off when there is none to be known. */
static int build_address(tw_build_t *b)
{
    tw_site_t *site = b->site;
    server_rec *s = site->server;
    apr_uri_t uri;

    if (b->conf->own.callback_url) {
        apr_uri_parse(b->pconf, b->conf->own.callback_url, &uri);
        site->scheme = uri.scheme;
        site->host = lower(b->pconf, uri.hostname);
        if (strchr(site->host, ':')) {
            site->host = ipv6_host(b->pconf, site->host);
        }
        site->port = uri.port;
        site->callback = uri.path;
    }
    else if (tw_conftree_args(b->tree, s, "ServerName")) {
        site->scheme = s->server_scheme ? s->server_scheme
                       : tw_conftree_tls(b->tree, s) ? "https" : "http";
        site->host = lower(b->pconf, s->server_hostname);
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
                   ? apr_pstrcat(b->pconf, site->scheme, "://", site->host,
                                 NULL)
                   : apr_psprintf(b->pconf, "%s://%s:%u", site->scheme,
                                  site->host, site->port);
    site->plain_http = !site->secure && !b->conf->own.allow_http;
    return 1;
}

static int build_locations(tw_build_t *b)
{
    tw_site_t *site = b->site;
    const char *path = b->conf->own.path;

    site->path_len = strlen(path);
    site->login = apr_pstrcat(b->pconf, path, "login", NULL);
    site->logout = apr_pstrcat(b->pconf, path, "logout", NULL);
    site->session = apr_pstrcat(b->pconf, path, "session", NULL);
    if (!site->callback) {
        site->callback = apr_pstrcat(b->pconf, path, "callback", NULL);
    }
    if (!strcmp(site->callback, site->login)
        || !strcmp(site->callback, site->logout)
        || !strcmp(site->callback, site->session)) {
        return refuse(b, "TwAuthCallbackURL must not be the login, logout or "
                      "session location");
    }
    site->callback_apart = strncmp(site->callback, path, site->path_len) != 0;
    site->own.path = path;
    site->own.callback = site->callback;
    return 1;
}

static void set_name(const tw_build_t *b, tw_cookie_name_t *name,
                     const char *before, const char *after)
{
    name->text = apr_pstrcat(b->pconf, before, b->conf->cookie.name, after,
                             NULL);
    name->len = strlen(name->text);
}

static int build_cookies(tw_build_t *b)
{
    tw_site_t *site = b->site;
    const tw_server_conf_t *conf = b->conf;
    const char *domain = conf->cookie.domain;
    const char *host = site->secure ? "__Host-" : "";
    const char *wide = domain ? site->secure ? "__Secure-" : "" : host;

    if (domain) {
        apr_size_t host_len = strlen(site->host), len = strlen(domain);

        if (host_len < len || strcmp(site->host + host_len - len, domain)
            || (host_len > len && site->host[host_len - len - 1] != '.')) {
            return refuse(b, "TwAuthCookieDomain is not a domain of %s",
                          site->host);
        }
    }
    if (conf->cookie.samesite == TW_SAMESITE_NONE && !site->secure
        && !site->plain_http) {
        return refuse(b, "TwAuthCookieSameSite None needs https");
    }
    set_name(b, &site->session_cookie, wide, "");
    set_name(b, &site->pre_cookie, host, "_pre");
    set_name(b, &site->flow_cookie, host, "_flow_");
    site->other_attributes = site->secure
                             ? "; Path=/; Secure; HttpOnly; SameSite=Lax"
                             : "; Path=/; HttpOnly; SameSite=Lax";
    site->session_attributes = apr_pstrcat(
        b->pconf, domain ? "; Domain=" : "", domain ? domain : "",
        "; Path=/", site->secure ? "; Secure" : "", "; HttpOnly; SameSite=",
        conf->cookie.samesite == TW_SAMESITE_NONE ? "None" : "Lax", NULL);
    return 1;
}

static int is_http_url(const char *url)
{
    return !strncmp(url, "http:", 5);
}

/* Which protocol: by the credentials, or, with both, by the directive. */
static int build_protocol(tw_build_t *b)
{
    const tw_server_conf_t *conf = b->conf;
    int one = conf->consumer.key || conf->consumer.secret;
    int two = conf->client.id || conf->client.secret;
    apr_int64_t choice = conf->protocol != TW_UNSET ? conf->protocol
                         : two ? TW_OAUTH2 : TW_OAUTH1;

    if (one && two && conf->protocol == TW_UNSET) {
        return refuse(b, "there are credentials of OAuth 1.0a and of OAuth "
                      "2.0: say TwAuthProtocol oauth1 or oauth2");
    }
    if (choice == TW_OAUTH2) {
        b->site->protocol = &tw_oauth2;
        return conf->client.id
               ? 1 : refuse(b, "TwAuthClientID is missing for OAuth 2.0");
    }
    b->site->protocol = &tw_oauth1;
    return conf->consumer.key && conf->consumer.secret
           ? 1 : refuse(b, "TwAuthConsumerKey and TwAuthConsumerSecret belong "
                        "together: %s%s missing",
                        !one ? "both" : conf->consumer.key
                        ? "TwAuthConsumerSecret" : "TwAuthConsumerKey",
                        !one ? " are" : " is");
}

/* The key or id, and the secret; NULL where a client is public. */
static int build_credentials(tw_build_t *b)
{
    const tw_server_conf_t *conf = b->conf;
    tw_client_t *client = &b->site->client;

    if (b->site->protocol == &tw_oauth1) {
        client->key = conf->consumer.key;
        client->secret = read_secret(b, "TwAuthConsumerSecret",
                                     conf->consumer.secret, NULL);
        return client->secret != NULL;
    }
    client->key = conf->client.id;
    client->scope = conf->client.scope;
    if (conf->client.secret) {
        client->secret = read_secret(b, "TwAuthClientSecret",
                                     conf->client.secret, NULL);
        return client->secret != NULL;
    }
    return 1;
}

/* Whether X may be spoken to at url: http is for a stand-in alone. */
static int is_provider_ok(const tw_build_t *b, const char *url)
{
    apr_uri_t uri;

    apr_uri_parse(b->ptemp, url, &uri);
    return !is_http_url(url)
           || (b->conf->own.allow_http && is_loopback(uri.hostname));
}

static int build_client(tw_build_t *b)
{
    tw_site_t *site = b->site;
    const tw_server_conf_t *conf = b->conf;
    tw_client_t *client = &site->client;

    if (!build_protocol(b)) {
        return 0;
    }
    client->api = conf->provider.api ? conf->provider.api : DEFAULT_API;
    client->browser = conf->provider.browser ? conf->provider.browser
                      : site->protocol == &tw_oauth2 ? DEFAULT_BROWSER2
                                                     : DEFAULT_API;
    if (!is_provider_ok(b, client->api)
        || !is_provider_ok(b, client->browser)) {
        return refuse(b, "TwAuthProvider %s %s must be https (http is for a "
                      "stand-in on a loopback address, with TwAuthAllowHTTP "
                      "On)", client->api, client->browser);
    }
    client->callback = conf->own.callback_url
                       ? conf->own.callback_url
                       : apr_pstrcat(b->pconf, site->origin, site->callback,
                                     NULL);
    client->sign_in_with = conf->sign_in.with ? "authorize" : "authenticate";
    client->force_login = (int)conf->sign_in.force_login;
    client->access = conf->sign_in.access ? "write" : "read";
    client->http.ca_file = conf->provider.ca_file;
    client->http.proxy = conf->provider.proxy;
    client->http.timeout = conf->provider.timeout;
    if (conf->provider.ca_file) {
        apr_finfo_t info;
        apr_status_t rv = apr_stat(&info, conf->provider.ca_file,
                                   APR_FINFO_TYPE, b->ptemp);

        if (rv != APR_SUCCESS || info.filetype != APR_REG) {
            char reason[120] = "it is not a regular file";

            if (rv != APR_SUCCESS) {
                apr_strerror(rv, reason, sizeof(reason));
            }
            return refuse(b, "TwAuthProviderCAFile %s cannot be read (%s)",
                          tw_secret_path(b->ptemp, conf->provider.ca_file),
                          reason);
        }
    }
    return build_credentials(b);
}

static int build_ring(tw_build_t *b)
{
    const apr_array_header_t *keys = b->conf->keys;
    const char *origin;
    int i;

    if (!keys) {
        return refuse(b, "TwAuthKey is missing: make a key with `openssl rand "
                      "-base64 48`, in a file of mode 0600, and say TwAuthKey "
                      "file:/path");
    }
    origin = apr_array_pstrcat(b->ptemp, keys, '\n');
    b->site->ring = apr_hash_get(b->rings, origin, APR_HASH_KEY_STRING);
    if (b->site->ring) {
        return 1;
    }
    b->site->ring = tw_ring_make(b->pconf);
    if (!b->site->ring) {
        return refuse(b, "no locked memory for keys (ulimit -l)");
    }
    for (i = 0; i < keys->nelts; i++) {
        const char *from = APR_ARRAY_IDX(keys, i, const char *);
        const char *text = read_secret(b, "TwAuthKey", from, try_key);
        tw_err_t err = { 0 };

        if (!text) {
            return 0;
        }
        if (*text && tw_ring_add(b->site->ring, text, b->ptemp, &err)
                     != APR_SUCCESS) {
            return refuse(b, "TwAuthKey %s: %s%s%s",
                          tw_secret_name(b->ptemp, from), err.why,
                          err.advice ? ": " : "",
                          err.advice ? err.advice : "");
        }
    }
    if (!b->site->incomplete) {
        apr_hash_set(b->rings, origin, APR_HASH_KEY_STRING, b->site->ring);
    }
    return 1;
}

/* A directive of mod_dbd that counts for this host; NULL: there is none. */
static const char *dbd_word(const tw_build_t *b, const char *directive)
{
    return tw_conftree_word(b->pconf,
                            tw_conftree_inherited(b->tree, b->site->server,
                                                  directive));
}

static int build_database(tw_build_t *b)
{
    tw_site_t *site = b->site;
    tw_database_t *database = &site->store.database;

    if (!tw_db_find()) {
        return refuse(b, "the module dbd is not loaded, where accounts and "
                      "sessions are kept: a2enmod dbd, and set DBDriver and "
                      "DBDParams");
    }
    if (!tw_conftree_mentions(b->tree, site->server, "DBDriver", NULL)
        && !tw_conftree_mentions(b->tree, b->base_server, "DBDriver", NULL)) {
        return refuse(b, "there is no DBDriver: set DBDriver and DBDParams "
                      "(mod_dbd) to the database of accounts and sessions");
    }
    database->server = site->server;
    database->calls = (int)b->conf->database.calls;
    database->driver = dbd_word(b, "DBDriver");
    database->params = dbd_word(b, "DBDParams");
    if (!database->params) {
        database->params = "";
    }
    database->init = tw_conftree_every(b->tree, site->server, "DBDInitSQL",
                                       b->pconf);
    return 1;
}

static tw_sealer_t sealer_for(const tw_site_t *site,
                              tw_seal_purpose_t purpose)
{
    tw_sealer_t sealer = { site->ring, purpose, site->audience };

    return sealer;
}

static void build_sealers(tw_build_t *b)
{
    tw_site_t *site = b->site;
    tw_sealer_t flow = sealer_for(site, TW_SEAL_FLOW);
    tw_sealer_t asked = sealer_for(site, TW_SEAL_ASKED);

    site->sealers.session = sealer_for(site, TW_SEAL_SESSION);
    site->sealers.flow = tw_seal_bind(&flow, apr_pstrcat(
        b->ptemp, site->protocol->name, "\n", site->client.api, "\n",
        site->client.callback, "\n", site->client.key, NULL), b->pconf);
    site->sealers.pre = sealer_for(site, TW_SEAL_PRE);
    site->sealers.mark = sealer_for(site, TW_SEAL_BOUNCE);
    site->sealers.form = sealer_for(site, TW_SEAL_FORM);
    site->sealers.account_switch = sealer_for(site, TW_SEAL_SWITCH);
    site->sealers.asked = tw_seal_bind(&asked, "asked", b->pconf);
    /* rows are the database's, whichever realms it serves */
    site->store.sealer = sealer_for(site, TW_SEAL_STORED);
    site->store.sealer.audience = "account";
    site->store.tokens = (tw_storage_t)b->conf->database.tokens;
}

/* 0: the configuration is refused. */
static int build(tw_build_t *b)
{
    tw_site_t *site = b->site;
    tw_server_conf_t *conf = b->conf;

    if (!tw_conf_has_credentials(conf)) {
        return refuse(b, "TwAuthEngine is On, but there is neither a "
                      "TwAuthConsumerKey nor a TwAuthClientID");
    }
    if (!build_address(b)) {
        return 1;       /* off, which tw_start says when there is a log */
    }
    if (conf->own.allow_http && !is_loopback(site->host)) {
        return refuse(b, "TwAuthAllowHTTP On is for development on a "
                      "loopback address: %s is none", site->host);
    }
    if (!build_locations(b) || !build_cookies(b) || !build_client(b)
        || !build_ring(b) || !build_database(b)) {
        return 0;
    }
    site->realm = conf->realm ? conf->realm
                  : apr_psprintf(b->pconf, "%s:%u", site->host, site->port);
    site->audience = tw_realm_audience(b->realms, site->realm,
                                       site->store.database.driver,
                                       site->store.database.params, b->pconf);
    build_sealers(b);
    return 1;
}

tw_build_t *tw_site_begin(server_rec *base_server, tw_vault_t *vault,
                          apr_pool_t *pconf, apr_pool_t *ptemp)
{
    tw_build_t *b = apr_pcalloc(ptemp, sizeof(*b));

    b->pconf = pconf;
    b->ptemp = ptemp;
    b->base_server = base_server;
    b->tree = tw_conftree_read(base_server, ptemp);
    b->vault = vault;
    b->secrets = apr_hash_make(ptemp);
    b->rings = apr_hash_make(ptemp);
    b->realms = apr_hash_make(ptemp);
    return b;
}

tw_site_t *tw_site_build(tw_build_t *b, server_rec *s)
{
    b->conf = tw_conf_server(s);
    b->site = apr_pcalloc(b->pconf, sizeof(*b->site));
    b->site->server = s;
    b->site->conf = b->conf;
    return build(b) ? b->site : NULL;
}
