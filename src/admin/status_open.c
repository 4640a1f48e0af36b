/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/status_open.h"

#include <string.h>

#include "admin/access.h"
#include "admin/host.h"
#include "admin/path.h"
#include "admin/section.h"
#include "admin/status.h"

/* Whether a section says SetHandler twauth-status. */
static int has_status(const ap_directive_t *section, apr_pool_t *pool)
{
    const ap_directive_t *d;
    int has = 0;

    for (d = section->first_child; d; d = d->next) {
        if (tw_conftree_is(d, "SetHandler")) {
            has = !strcmp(tw_conftree_word(pool, d->args), TW_STATUS_HANDLER);
        }
    }
    return has;
}

/* Whether nobody but this machine itself can reach the host. */
static int is_local(const server_rec *s)
{
    const server_addr_rec *addr;
    int local = s->is_virtual && s->addrs;

    for (addr = s->addrs; addr; addr = addr->next) {
        local = local && (!strncmp(addr->virthost, "127.", 4)
                          || !strcmp(addr->virthost, "[::1]")
                          || !strcmp(addr->virthost, "::1")
                          || !strcmp(addr->virthost, "localhost"));
    }
    return local;
}

static void check_url(tw_findings_t *findings, const tw_host_t *host,
                      const ap_directive_t *d, const char *url)
{
    tw_probe_t probe = tw_host_probe(host, url);
    tw_route_t route = tw_route(&probe);
    tw_finding_t finding = { host->server, url, NULL,
                             "add a Require there, such as Require local", 1 };

    if (route.kind != TW_ROUTE_AWAY
        && tw_access(&probe, &route) == TW_ACCESS_OPEN) {
        tw_findings_add(findings, &finding, "the status page %s%s is open to "
                        "everybody (%s:%d)", host->origin, url, d->filename,
                        d->line_num);
    }
}

/* A folder, by each way that leads there. */
static void check_folder(tw_findings_t *findings, const tw_host_t *host,
                         const ap_directive_t *d, const char *folder)
{
    const char *real = tw_path_real(folder, findings->pool);
    int i;

    for (i = 0; i < host->mounts->nelts; i++) {
        const char *url = tw_host_url(host, i, real);

        if (url) {
            check_url(findings, host, d, url);
        }
    }
}

static void check_part(tw_findings_t *findings, const tw_host_t *host,
                       const ap_directive_t *d)
{
    for (; d; d = d->next) {
        tw_section_t section;

        if (!d->first_child || !has_status(d, findings->pool)
            || !tw_section_read(&section, d, findings->pool) || section.regex
            || section.wild) {
            continue;
        }
        if (section.kind == TW_SECTION_LOCATION) {
            check_url(findings, host, d, section.name);
        }
        else if (section.kind == TW_SECTION_DIRECTORY) {
            check_folder(findings, host, d, section.name);
        }
    }
}

void tw_status_open_check(tw_findings_t *findings,
                          const apr_array_header_t *hosts,
                          const tw_conftree_t *tree)
{
    int i;

    for (i = 0; i < hosts->nelts; i++) {
        const tw_host_t *host = &APR_ARRAY_IDX(hosts, i, tw_host_t);

        if (is_local(host->server)) {
            continue;
        }
        check_part(findings, host, tw_conftree_part(tree, host->server));
        if (host->server->is_virtual) {
            check_part(findings, host, tw_conftree_outside(tree));
        }
    }
}
