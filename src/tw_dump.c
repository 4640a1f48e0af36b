#include "tw_dump.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_core.h>

#include "tw_private.h"
#include "tw_site.h"
#include "tw_tree.h"

typedef struct {
    apr_pool_t *pool;
    apr_file_t *out;
    server_rec *main;
    tw_tree_t *tree;
} dump_t;

static const char *where(const dump_t *d, const server_rec *s)
{
    return s->is_virtual ? apr_psprintf(d->pool, "%s:%u", s->defn_name,
                                        s->defn_line_number)
                         : "main server";
}

static const char *time_text(const dump_t *d, apr_int64_t time)
{
    apr_int64_t s = time / APR_USEC_PER_SEC;
    apr_int64_t n = !s ? time / 1000 : s % 86400 == 0 ? s / 86400
                    : s % 3600 == 0 ? s / 3600 : s % 60 == 0 ? s / 60 : s;
    const char *unit = !time ? "" : !s ? "ms" : s % 86400 == 0 ? "d"
                       : s % 3600 == 0 ? "h" : s % 60 == 0 ? "min" : "s";

    return apr_psprintf(d->pool, "%" APR_INT64_T_FMT "%s", n, unit);
}

static void warn(const dump_t *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void warn(const dump_t *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    apr_file_printf(d->out, "  WARNING: %s\n",
                    apr_pvsprintf(d->pool, fmt, ap));
    va_end(ap);
}

static const char *document_root(const server_rec *s)
{
    const core_server_config *core =
        ap_get_core_module_config(s->module_config);

    return core->ap_document_root;
}

/* ---- warnings ------------------------------------------------------------ */

static void warn_http(const dump_t *d, const tw_site_t *site)
{
    if (site->plain_http) {
        warn(d, "plain http: nobody can sign in here, and protected pages "
             "are refused; redirect this host to https, or say ServerName "
             "https://%s behind a proxy that ends TLS", site->host);
    }
    else if (!site->secure) {
        warn(d, "plain http (TwAuthAllowHTTP): for development only");
    }
}

static void warn_port(const dump_t *d, const tw_site_t *site)
{
    const server_addr_rec *addr;

    if (site->conf->callback_url || site->server->server_scheme
        || site->server->port) {
        return;
    }
    for (addr = site->server->addrs; addr; addr = addr->next) {
        if (!addr->host_port || addr->host_port == site->port) {
            return;
        }
    }
    if (site->server->addrs) {
        warn(d, "the host listens on port %u, but its own address has port "
             "%u: say ServerName %s:PORT if browsers use another one",
             site->server->addrs->host_port, site->port, site->host);
    }
}

/* The same files by another host, without this module. */
static void warn_unprotected(const dump_t *d, const tw_site_t *site)
{
    const char *root = document_root(site->server);
    const server_rec *s;

    /* AuthType outside of all hosts protects in all of them */
    if (!root || tw_tree_mentions(d->tree, d->main, "AuthType", "Twitter")) {
        return;
    }
    for (s = d->main; s; s = s->next) {
        const char *other = document_root(s);

        if (s != site->server && other && !strcmp(root, other)
            && !tw_tree_mentions(d->tree, s, "AuthType", "Twitter")
            && (s->is_virtual || s->addrs || s->port)) {
            warn(d, "%s serves the same DocumentRoot %s and protects nothing "
                 "of it (AuthType Twitter stands in another host only): "
                 "redirect that host, or protect in <Directory> outside of "
                 "all hosts", where(d, s), root);
        }
    }
}

static void warn_realm(const dump_t *d, const tw_site_t *site)
{
    const server_rec *s;

    for (s = d->main; s; s = s->next) {
        const tw_site_t *other = tw_site(s);

        if (!other || other->off || other == site
            || strcmp(other->realm, site->realm)) {
            continue;
        }
        if (!other->ring || !site->ring
            || tw_ring_count(other->ring) != tw_ring_count(site->ring)
            || (tw_ring_count(site->ring)
                && strcmp(tw_ring_id(other->ring, d->pool),
                          tw_ring_id(site->ring, d->pool)))) {
            warn(d, "%s has the same realm %s but other keys: sessions are "
                 "not shared", where(d, s), site->realm);
        }
        if (strcmp(tw_tree_inherited(d->tree, s, "DBDParams")
                   ? tw_tree_inherited(d->tree, s, "DBDParams") : "",
                   tw_tree_inherited(d->tree, site->server, "DBDParams")
                   ? tw_tree_inherited(d->tree, site->server, "DBDParams")
                   : "")) {
            warn(d, "%s has the same realm %s but another database: sessions "
                 "are not shared", where(d, s), site->realm);
        }
        if (strcmp(other->conf->cookie_name, site->conf->cookie_name)) {
            warn(d, "%s has the same realm %s but another TwAuthCookieName",
                 where(d, s), site->realm);
        }
    }
}

static int is_below(const char *file, const char *folder)
{
    apr_size_t len = strlen(folder);

    while (len && folder[len - 1] == '/') {
        len--;
    }
    return !strncmp(file, folder, len) && file[len] == '/';
}

static void warn_database(const dump_t *d, const tw_site_t *site)
{
    const char *driver = tw_tree_inherited(d->tree, site->server, "DBDriver");
    const char *params = tw_tree_inherited(d->tree, site->server,
                                           "DBDParams");
    const char *max = tw_tree_inherited(d->tree, site->server, "DBDMax");
    const server_rec *s;

    for (s = d->main; driver && params && !strcasecmp(driver, "sqlite3") && s;
         s = s->next) {
        const char *root = document_root(s);
        const char *file = params;

        file = ap_getword_conf(d->pool, &file);
        if (root && is_below(file, root)) {
            warn(d, "the database %s is inside the DocumentRoot %s: anybody "
                 "could download it", file, root);
            break;
        }
    }
    if (driver && params && !strcasecmp(driver, "pgsql")
        && !strstr(params, "connect_timeout")) {
        warn(d, "DBDParams has no connect_timeout: requests would wait long "
             "for a database that cannot be reached");
    }
    if (site->conf->database_calls >= (max ? apr_atoi64(max) : 10)) {
        warn(d, "TwAuthDatabaseCalls %" APR_INT64_T_FMT " should be below "
             "DBDMax (%s)", site->conf->database_calls, max ? max : "10");
    }
}

/* ---- the page ------------------------------------------------------------ */

static void dump_site(const dump_t *d, const tw_site_t *site)
{
    const tw_server_conf_t *conf = site->conf;
    const char *driver = tw_tree_inherited(d->tree, site->server, "DBDriver");
    const char *key = site->client.key;
    apr_size_t len = strlen(key);

    apr_file_printf(d->out, "%s (%s)\n", site->origin, where(d, site->server));
    apr_file_printf(d->out, "  Callback URL:  %s   (register exactly this "
                    "at X)\n", site->client.callback);
    apr_file_printf(d->out, "  Protocol:      %s, %s\n", site->protocol->name,
                    site->client.scope ? site->client.scope
                                       : site->client.sign_in_with);
    apr_file_printf(d->out, "  %s  ...%s%s\n",
                    site->client.scope ? "Client id:   " : "Consumer key:",
                    len > 8 ? key + len - 4 : "",
                    site->client.secret ? "" : ", a public client");
    apr_file_printf(d->out, "  Provider:      %s, for the browser %s\n",
                    site->client.api, site->client.browser);
    apr_file_printf(d->out, "  Realm:         %s\n", site->realm);
    apr_file_printf(d->out, "  Own locations: %s %s %s %s\n", site->login,
                    site->callback, site->logout, site->session);
    apr_file_printf(d->out, "  Database:      %s\n",
                    driver ? driver : "no DBDriver here");
    apr_file_printf(d->out, "  Session:       idle %s, at most %s, checked "
                    "every %s, grace %s\n", time_text(d, conf->session_idle),
                    time_text(d, conf->session_max),
                    time_text(d, conf->session_recheck),
                    time_text(d, conf->session_grace));
    apr_file_printf(d->out, "  Cookie:        %s%s\n",
                    site->session_cookie.text, site->session_attributes);
    warn_http(d, site);
    warn_port(d, site);
    warn_unprotected(d, site);
    warn_realm(d, site);
    warn_database(d, site);
    if (conf->cookie_domain) {
        warn(d, "TwAuthCookieDomain: every host of %s gets the session "
             "cookie and is trusted like this one", conf->cookie_domain);
    }
}

void tw_dump(apr_pool_t *pconf, server_rec *main)
{
    dump_t d;
    server_rec *s;
    int n = 0;

    if (!ap_exists_config_define("DUMP_TWAUTH")) {
        return;
    }
    d.pool = pconf;
    d.main = main;
    d.tree = tw_tree_read(main, pconf);
    apr_file_open_stdout(&d.out, pconf);
    apr_file_printf(d.out, "mod_twauth:\n");
    for (s = main; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (site && site->off) {
            apr_file_printf(d.out, "%s\n", where(&d, s));
            warn(&d, "off: %s", site->off);
        }
        else if (site) {
            dump_site(&d, site);
        }
        n += site != NULL;
    }
    if (!n) {
        apr_file_printf(d.out, "off everywhere: no host has "
                        "credentials and TwAuthEngine On\n");
    }
}
