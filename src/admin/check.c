/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/check.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <http_core.h>

#include "admin/alike.h"
#include "admin/early.h"
#include "admin/host.h"
#include "admin/open.h"
#include "admin/path.h"
#include "admin/places.h"
#include "admin/probe.h"
#include "admin/reading.h"
#include "admin/status_open.h"
#include "admin/taken.h"
#include "config/phase.h"
#include "config/site.h"
#include "private.h"

/* A start logs so many findings, and how many more there are. */
#define MAX_LOGGED 8

typedef struct {
    tw_findings_t *findings;
    const tw_conftree_t *tree;
    apr_pool_t *pool;
    apr_hash_t *alike;                  /* see admin/alike */
    apr_hash_t *files;                  /* of SQLite, that were looked at */
} check_t;

static tw_finding_t of_site(const tw_site_t *site, const char *place)
{
    tw_finding_t finding = { site->server, place, NULL, NULL, 0 };

    return finding;
}

static void check_http(const check_t *c, const tw_site_t *site)
{
    tw_finding_t finding = of_site(site, site->address.origin);

    if (site->address.plain_http) {
        finding.advice = apr_psprintf(c->pool, "redirect this host to https, "
            "or say ServerName https://%s behind a proxy that ends TLS",
            site->address.host);
        tw_findings_add(c->findings, &finding, "plain http: nobody can sign "
                        "in here, and protected pages are refused");
    }
    else if (!site->address.secure) {
        finding.advice = "take TwAuthAllowHTTP out, and have TLS, before "
                         "people sign in here";
        tw_findings_add(c->findings, &finding, "plain http (TwAuthAllowHTTP): "
                        "for development only");
    }
}

static void check_profile(const check_t *c, const tw_site_t *site)
{
    tw_finding_t finding = of_site(site, "TwAuthProfile");

    if (site->store.database.profiles && !site->provider.client.fields) {
        finding.advice = "say TwAuthProfile On, or take profile out of "
                         "TwAuthExport and its fields out of TwAuthHeader";
        tw_findings_add(c->findings, &finding, "applications are told a "
                        "profile, but X is asked for none");
    }
}

static void check_port(const check_t *c, const tw_site_t *site)
{
    tw_finding_t finding = of_site(site, "ServerName");
    const server_addr_rec *addr;

    if (tw_conf_server(site->server)->own.callback_url
        || site->server->server_scheme || site->server->port) {
        return;
    }
    for (addr = site->server->addrs; addr; addr = addr->next) {
        if (!addr->host_port || addr->host_port == site->address.port) {
            return;
        }
    }
    if (site->server->addrs) {
        finding.advice = apr_psprintf(c->pool, "say ServerName %s:PORT if "
                                      "browsers use another one",
                                      site->address.host);
        tw_findings_add(c->findings, &finding, "the host listens on port %u, "
                        "but its own address has port %u",
                        site->server->addrs->host_port, site->address.port);
    }
}

static void check_names(const check_t *c, const tw_site_t *site)
{
    const apr_array_header_t *wild = site->server->wild_names;
    tw_finding_t finding = of_site(site, "ServerAlias");

    if (!wild || !wild->nelts) {
        return;
    }
    finding.advice = "give a name whose own pages are protected a virtual "
                     "host of its own";
    tw_findings_add(c->findings, &finding, "ServerAlias %s: who signs in by "
                    "such a name is sent to %s, and stays there",
                    APR_ARRAY_IDX(wild, 0, const char *),
                    site->address.origin);
}

/* ---- the database -------------------------------------------------------- */

static void check_sqlite(const check_t *c, const tw_site_t *site,
                         const char *file)
{
    tw_finding_t finding = of_site(site, file);
    const server_rec *s;

    if (apr_hash_get(c->files, file, APR_HASH_KEY_STRING)) {
        return;
    }
    apr_hash_set(c->files, file, APR_HASH_KEY_STRING, site);
    finding.serious = 1;
    finding.advice = "move it out of there, as to /var/lib/twauth";
    for (s = tw_conftree_base_server(c->tree); s; s = s->next) {
        const char *root = tw_probe_root(s);

        if (root && tw_path_below(file, root)) {
            tw_findings_add(c->findings, &finding, "the database %s is inside "
                            "the DocumentRoot %s: anybody could download it",
                            file, root);
            return;
        }
    }
}

/* Whether params name more than one server: host=a,b, hostaddr=..., or in a
 * URI before its path, behind a user's name and password. */
static int has_hosts(const char *params)
{
    const char *host = strstr(params, "://"), *at;

    if (host) {
        host += strlen("://");
        at = memchr(host, '@', strcspn(host, "/?"));
        return memchr(at ? at : host, ',', strcspn(at ? at : host, "/?"))
               != NULL;
    }
    for (host = strstr(params, "host"); host
         && host > params && !strchr(" \t'\"", host[-1]);
         host = strstr(host + 1, "host")) { }
    return host && memchr(host, ',', strcspn(host, " \t"));
}

static void check_pgsql(const check_t *c, const tw_site_t *site,
                        const char *params)
{
    tw_finding_t finding = of_site(site, "DBDParams");

    if (!strstr(params, "connect_timeout")) {
        finding.advice = "add connect_timeout=3 to it";
        tw_findings_add(c->findings, &finding, "DBDParams has no "
                        "connect_timeout: requests would wait long for a "
                        "database that cannot be reached");
    }
    if (has_hosts(params) && !strstr(params, "target_session_attrs")) {
        finding.advice = "add target_session_attrs=read-write to it, or =any "
                         "if each of them may be written to";
        tw_findings_add(c->findings, &finding, "DBDParams names several "
                        "servers: one that is a standby may be taken, and "
                        "nobody could sign in");
    }
}

static void check_database(const check_t *c, const tw_site_t *site)
{
    const char *driver =
        tw_conftree_inherited(c->tree, site->server, "DBDriver");
    const char *params = tw_conftree_inherited(c->tree, site->server,
                                               "DBDParams");
    const char *max = tw_conftree_inherited(c->tree, site->server, "DBDMax");
    tw_finding_t finding = of_site(site, "DBDParams");

    if (driver && params && !strcasecmp(driver, "sqlite3")) {
        check_sqlite(c, site, tw_conftree_word(c->pool, params));
    }
    if (driver && params && !strcasecmp(driver, "pgsql")) {
        check_pgsql(c, site, params);
    }
    if (site->store.database.calls >= (max ? apr_atoi64(max) : 10)) {
        finding.place = "TwAuthDatabaseCalls";
        finding.advice = "raise DBDMax, or lower TwAuthDatabaseCalls";
        tw_findings_add(c->findings, &finding, "TwAuthDatabaseCalls %d "
                        "should be below DBDMax (%s)",
                        site->store.database.calls, max ? max : "10");
    }
}

/* ---- places -------------------------------------------------------------- */

/* Scripts of other sites ask by OPTIONS first, without cookies. */
static void check_preflight(const check_t *c, const tw_place_t *place)
{
    tw_finding_t finding = { place->home ? place->home
                             : tw_conftree_base_server(c->tree),
                             place->section->args, NULL,
                             "put what is required into <LimitExcept OPTIONS>",
                             0 };
    const ap_directive_t *d;
    int allows = 0, requires = 0;

    for (d = place->section->first_child; d; d = d->next) {
        allows |= tw_conftree_is(d, "Header")
                  && ap_strcasestr(d->args, "Access-Control-Allow-") != NULL;
        requires |= tw_conftree_is(d, "Require")
                    || tw_conftree_is(d, "<RequireAny")
                    || tw_conftree_is(d, "<RequireAll");
    }
    if (allows && requires) {
        tw_findings_add(c->findings, &finding, "%s %s (%s:%d) allows scripts "
                        "of other sites, but their preflight by OPTIONS has no "
                        "cookie and gets 401", place->section->directive,
                        place->section->args, place->section->filename,
                        place->section->line_num);
    }
}

static void check_places(const check_t *c)
{
    const apr_array_header_t *hosts = tw_hosts(c->tree, c->pool);
    const apr_array_header_t *places = tw_places(c->tree, c->pool);
    int i;

    tw_open_check(c->findings, hosts, places);
    tw_taken_check(c->findings, hosts, places);
    tw_reading_check(c->findings, hosts, places);
    tw_early_check(c->findings, c->tree);
    tw_status_open_check(c->findings, hosts, c->tree);
    for (i = 0; i < places->nelts; i++) {
        check_preflight(c, &APR_ARRAY_IDX(places, i, tw_place_t));
    }
}

/* ---- all of it ----------------------------------------------------------- */

static void check_site(const check_t *c, const tw_site_t *site)
{
    const char *domain = tw_conf_server(site->server)->cookie.domain;

    check_http(c, site);
    check_profile(c, site);
    check_port(c, site);
    tw_alike_check(c->findings, c->alike, site);
    check_names(c, site);
    check_database(c, site);
    if (domain) {
        tw_finding_t finding = of_site(site, "TwAuthCookieDomain");

        finding.advice = "leave it out, unless you trust all of them";
        tw_findings_add(c->findings, &finding, "TwAuthCookieDomain: every host "
                        "of %s gets the session cookie and is trusted like "
                        "this one", domain);
    }
}

tw_findings_t *tw_check(const tw_conftree_t *tree, apr_pool_t *pool)
{
    check_t c = { tw_findings_make(pool), tree, pool, apr_hash_make(pool),
                  apr_hash_make(pool) };
    const server_rec *s;
    int any = 0;

    for (s = tw_conftree_base_server(tree); s; s = s->next) {
        if (tw_site_is_on(s)) {
            check_site(&c, tw_site(s));
            any = 1;
        }
    }
    if (any) {
        check_places(&c);
    }
    return c.findings;
}

int tw_check_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                   server_rec *base_server)
{
    const tw_findings_t *findings;
    int i, serious = 0;

    (void)pconf;
    (void)plog;
    if (tw_phase_is_trial()) {
        return OK;
    }
    findings = tw_check(tw_conftree_read(base_server, ptemp), ptemp);
    for (i = 0; i < findings->list->nelts; i++) {
        const tw_finding_t *f = &APR_ARRAY_IDX(findings->list, i,
                                               tw_finding_t);

        if (f->serious && ++serious <= MAX_LOGGED) {
            ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_NOTICE, 0,
                         f->server, TWLOGNO(0116) "%s%s%s", f->sentence,
                         f->advice ? ": " : "", f->advice ? f->advice : "");
        }
    }
    if (serious > MAX_LOGGED) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_NOTICE, 0, base_server,
                     TWLOGNO(0117) "%d more of this kind: see all of them by "
                     "apache2ctl -t -D DUMP_TWAUTH", serious - MAX_LOGGED);
    }
    return OK;
}
