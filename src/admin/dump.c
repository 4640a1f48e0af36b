/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/dump.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_core.h>

#include "admin/check.h"
#include "admin/shown.h"
#include "config/conftree.h"
#include "config/site.h"
#include "config/start.h"
#include "config/values.h"

typedef struct {
    apr_pool_t *pool;
    apr_file_t *out;
    tw_conftree_t *tree;
    const tw_findings_t *findings;
} dump_t;

static void warn(const dump_t *d, const char *sentence, const char *advice)
{
    apr_file_printf(d->out, "  WARNING: %s%s%s\n", sentence,
                    advice ? ": " : "", advice ? advice : "");
}

static void warn_of(const dump_t *d, const server_rec *s)
{
    int i;

    for (i = 0; i < d->findings->list->nelts; i++) {
        const tw_finding_t *f = &APR_ARRAY_IDX(d->findings->list, i,
                                               tw_finding_t);

        if (f->server == s) {
            warn(d, f->sentence, f->advice);
        }
    }
}

static int has_findings(const dump_t *d, const server_rec *s)
{
    int i;

    for (i = 0; i < d->findings->list->nelts; i++) {
        if (APR_ARRAY_IDX(d->findings->list, i, tw_finding_t).server == s) {
            return 1;
        }
    }
    return 0;
}

static void dump_sessions(const dump_t *d, const tw_site_t *site)
{
    static const char *const protections[] = { "off", "basic", "strong" };
    const tw_limits_t *limits = site->session.limits;

    apr_file_printf(d->out, "  Session:       idle %s, at most %s, checked "
                    "every %s, grace %s\n",
                    tw_values_time_text(d->pool, limits[0].idle),
                    tw_values_time_text(d->pool, limits[0].max),
                    tw_values_time_text(d->pool, site->session.recheck),
                    tw_values_time_text(d->pool, site->session.grace));
    if (site->session.feed) {
        apr_file_printf(d->out, "                 what changes is read every "
                        "%s\n",
                        tw_values_time_text(d->pool, site->session.feed));
    }
    apr_file_printf(d->out, "                 %s protection, %d an account\n",
                    protections[site->session.protection],
                    site->session.per_account);
    if (site->session.remember != TW_REMEMBER_OFF) {
        apr_file_printf(d->out, "                 remembered%s for %s\n",
                        site->session.remember == TW_REMEMBER_ASK
                        ? ", where people say so," : "",
                        tw_values_time_text(d->pool, limits[1].max));
    }
}

/* A command may have a password in it. */
static void dump_events(const dump_t *d, const tw_site_t *site)
{
    const char *to = site->log.events_to;
    int tells = site->log.events.addresses;

    if (to || !tells) {
        apr_file_printf(d->out, "  Events:        %s%s\n",
                        !to ? "none" : *to == '|' ? "to a program"
                        : ap_server_root_relative(d->pool, to),
                        tells ? "" : "; addresses and browsers are kept "
                                     "nowhere (TwAuthLogAddress)");
    }
}

/* What the site is at X, or whom it asks instead. */
static void dump_provider(const dump_t *d, const tw_site_t *site)
{
    const tw_client_t *client = &site->provider.client;
    apr_size_t len = strlen(client->key);
    int i;

    if (client->hub) {
        apr_file_printf(d->out, "  Hub:           %s (TwAuthHub)\n",
                        client->api);
        return;
    }
    apr_file_printf(d->out, "  Callback URL:  %s   (register exactly this "
                    "at X)\n", client->callback);
    apr_file_printf(d->out, "  Protocol:      %s, %s\n",
                    site->provider.protocol->name,
                    client->scope ? client->scope : client->sign_in_with);
    apr_file_printf(d->out, "  %s  ...%s%s\n",
                    client->scope ? "Client id:   " : "Consumer key:",
                    len > 8 ? client->key + len - 4 : "",
                    client->secret ? "" : ", a public client");
    apr_file_printf(d->out, "  Provider:      %s, for the browser %s\n",
                    client->api, client->browser);
    apr_file_printf(d->out, "  Profile:       %s%s\n",
                    client->fields ? "name," : "not asked for",
                    client->fields ? client->fields : "");
    for (i = 0; site->sign_in.hub_for && i < site->sign_in.hub_for->nelts;
         i++) {
        apr_file_printf(d->out, "  Hub for:       %s\n",
                        APR_ARRAY_IDX(site->sign_in.hub_for, i, const char *));
    }
}

static void dump_site(const dump_t *d, const tw_site_t *site)
{
    const char *driver =
        tw_conftree_inherited(d->tree, site->server, "DBDriver");

    apr_file_printf(d->out, "%s (%s)\n", site->address.origin,
                    tw_findings_host(site->server, d->pool));
    dump_provider(d, site);
    if (site->sign_in.claim) {
        apr_file_printf(d->out, "  Accounts:      without a number they go to "
                        "their handle (TwAuthClaimByHandle)\n");
    }
    apr_file_printf(d->out, "  Realm:         %s\n", site->realm.name);
    apr_file_printf(d->out, "  Own locations: %s %s %s %s %s %s\n",
                    site->paths.login, site->paths.callback,
                    site->paths.logout, site->paths.session,
                    site->paths.account, site->paths.auth);
    apr_file_printf(d->out, "  Database:      %s\n",
                    driver ? driver : "no DBDriver here");
    dump_sessions(d, site);
    apr_file_printf(d->out, "  Cookie:        %s%s\n",
                    site->cookies.session.text,
                    site->cookies.session_attributes);
    dump_events(d, site);
    tw_shown_settings(d->out, site->server, d->pool);
    if (site->server->is_virtual) {
        tw_shown_places(d->out, tw_conftree_part(d->tree, site->server), "",
                        d->pool);
    }
    warn_of(d, site->server);
}

/* What all hosts have in common. */
static void dump_shared(const dump_t *d, const server_rec *base_server)
{
    apr_file_printf(d->out, "Shared memory: room for %d ended sessions\n",
                    tw_start_entries(base_server));
}

void tw_dump(apr_pool_t *pconf, server_rec *base_server)
{
    dump_t d;
    server_rec *s;
    int n = 0;

    if (!ap_exists_config_define("DUMP_TWAUTH")) {
        return;
    }
    d.pool = pconf;
    d.tree = tw_conftree_read(base_server, pconf);
    d.findings = tw_check(d.tree, pconf);
    apr_file_open_stdout(&d.out, pconf);
    apr_file_printf(d.out, "mod_twauth:\n");
    tw_shown_defaults(d.out, pconf);
    if (tw_start_any()) {
        dump_shared(&d, base_server);
    }
    tw_shown_places(d.out, tw_conftree_outside(d.tree),
                    "Outside of all hosts:\n", pconf);
    for (s = base_server; s; s = s->next) {
        const tw_site_t *site = tw_site(s);

        if (site && site->off) {
            apr_file_printf(d.out, "%s\n", tw_findings_host(s, pconf));
            warn(&d, apr_pstrcat(pconf, "off: ", site->off, NULL), NULL);
            warn_of(&d, s);
        }
        else if (site) {
            dump_site(&d, site);
        }
        else if (has_findings(&d, s)) {
            apr_file_printf(d.out, "%s (off)\n", tw_findings_host(s, pconf));
            warn_of(&d, s);
        }
        n += site != NULL;
    }
    if (!n) {
        apr_file_printf(d.out, "off everywhere: no host has "
                        "credentials and TwAuthEngine On\n");
    }
}
