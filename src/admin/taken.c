/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/taken.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "admin/access.h"
#include "admin/host.h"
#include "admin/path.h"
#include "admin/places.h"
#include "admin/sample.h"
#include "config/site.h"

typedef struct {
    tw_findings_t *findings;
    apr_pool_t *pool;
    const apr_array_header_t *hosts;
} check_t;

/* Protected files of one host. */
typedef struct {
    const tw_place_t *place;
    const tw_host_t *host;
    const char *real;                   /* the file or folder */
    const char *url;                    /* where the host has it */
    int folder;
    int given;                          /* the files themselves, and not what
                                           an application makes of them */
} held_t;

/* ---- what takes it ------------------------------------------------------- */

/* A path of what is held that the mount is for; NULL: there is none. */
static const char *sample_of(const check_t *c, const held_t *h,
                             const tw_mount_t *mount)
{
    const tw_probe_t p = tw_host_probe(h->host, h->url);

    if (mount->pattern) {
        return h->folder ? tw_sample_below(&p, mount->pattern, h->url)
               : tw_probe_match(&p, mount->pattern, h->url, 0) ? h->url : NULL;
    }
    if (tw_path_below(h->url, mount->prefix)) {
        return h->folder ? apr_pstrcat(c->pool, h->url, "x", NULL) : h->url;
    }
    if (!h->folder || !tw_path_below(mount->prefix, h->url)) {
        return NULL;
    }
    return tw_path_join(mount->prefix, "/x", c->pool);
}

/* An alias for all hosts (/icons/) is no part of what one of them protects. */
static int is_of_all(const tw_mount_t *mount, const tw_conftree_t *tree)
{
    const ap_directive_t *d = tw_conftree_outside(tree);

    while (d && d != mount->by) {
        d = d->next;
    }
    return d != NULL;
}

static void check_mount(const check_t *c, const held_t *h,
                        const tw_mount_t *mount)
{
    tw_finding_t finding = { h->host->server, h->url, NULL, NULL, 1 };
    const char *sample = sample_of(c, h, mount);
    tw_probe_t p = tw_host_probe(h->host, sample);
    tw_route_t route;

    if (!sample) {
        return;
    }
    route = tw_route(&p);
    if (route.by != mount->by || route.kind == TW_ROUTE_AWAY
        || (route.kind == TW_ROUTE_FILE
            && tw_path_below(tw_path_real(route.target, c->pool),
                              h->real))
        || tw_access(&p, &route) != TW_ACCESS_OPEN) {
        return;
    }
    /* a warning, but not at each start */
    finding.serious = route.kind == TW_ROUTE_BACKEND
                      || !is_of_all(mount, h->host->tree);
    finding.advice = apr_psprintf(c->pool, "protect it by <Location \"%s\">",
                                  mount->prefix
                                  && tw_path_below(mount->prefix, h->url)
                                  ? mount->prefix : h->url);
    tw_findings_add(c->findings, &finding, "%s%s is protected by %s %s "
                    "(%s:%d), which is for files, but %s (%s:%d) takes %s "
                    "to %s: anybody gets that", h->host->origin, h->url,
                    h->place->section->directive, h->place->section->args,
                    h->place->section->filename, h->place->section->line_num,
                    mount->by->directive,
                    mount->by->filename, mount->by->line_num, sample,
                    route.kind == TW_ROUTE_FILE ? route.target
                                                : "an application");
}

/* A RewriteRule with [P] is as good as ProxyPassMatch. */
static void check_rules(const check_t *c, const held_t *h,
                        const ap_directive_t *d)
{
    for (; d; d = d->next) {
        apr_array_header_t *words;
        tw_mount_t mount = { NULL, NULL, NULL, 1, 0, d };

        if (!tw_conftree_is(d, "RewriteRule")) {
            continue;
        }
        words = tw_conftree_words(d, c->pool);
        if (words->nelts > 2) {
            mount.pattern = tw_conftree_nth(words, 0);
            check_mount(c, h, &mount);
        }
    }
}

static void check_held(const check_t *c, const held_t *h)
{
    int i;

    check_rules(c, h, tw_conftree_part(h->host->tree, h->host->server));
    check_rules(c, h, tw_conftree_outside(h->host->tree));
    for (i = 0; i < h->host->mounts->nelts; i++) {
        const tw_mount_t *mount = &APR_ARRAY_IDX(h->host->mounts, i,
                                                 tw_mount_t);

        if (mount->by && strcmp(mount->target, "!")) {
            check_mount(c, h, mount);
        }
    }
}

/* ---- what is held -------------------------------------------------------- */

/* Whether the host's i-th mount makes files of the place, protected, the
 * host's. */
static int holds(const check_t *c, held_t *h, int i)
{
    const tw_mount_t *mount = &APR_ARRAY_IDX(h->host->mounts, i, tw_mount_t);
    const char *root = h->host->real[i];
    tw_route_t route = { TW_ROUTE_FILE, NULL, mount->by };
    int inside = tw_path_below(h->real, root);
    tw_probe_t p;

    if (mount->proxy || mount->exact || (!inside && !h->folder)) {
        return 0;
    }
    h->url = tw_host_url(h->host, i, h->real);
    if (!h->url) {
        return 0;
    }
    if (h->folder) {
        h->url = tw_path_join(h->url, "/", c->pool);
    }
    /* as httpd spells it: <Directory> knows no symbolic links */
    route.target = apr_pstrcat(c->pool, mount->target, "/",
                               inside ? h->real + strlen(root) : "", NULL);
    ap_no2slash((char *)route.target);
    p = tw_host_probe(h->host, h->url);
    return tw_access(&p, &route) == TW_ACCESS_SIGN_IN;
}

/* Whether the host gives the files themselves, and not an application's. */
static int gives(const held_t *h, const tw_mount_t *mount)
{
    tw_probe_t p = tw_host_probe(h->host, h->url);
    tw_route_t route = tw_route(&p);

    return route.kind == TW_ROUTE_FILE && route.by == mount->by;
}

/* Adds what a host holds of the place, a held_t for each of its ways there. */
static void add_held(const check_t *c, apr_array_header_t *held,
                     const tw_place_t *place, const tw_host_t *host)
{
    const char *folder = place->folder ? place->folder
                         : tw_probe_root(host->server);
    held_t h = { place, host, NULL, NULL, !place->file, 0 };
    int i;

    if (!folder) {
        return;
    }
    h.real = tw_path_real(!place->file ? folder
        : apr_pstrcat(c->pool, folder, "/", place->file, NULL), c->pool);
    for (i = 0; i < host->mounts->nelts; i++) {
        if (holds(c, &h, i)) {
            h.given = gives(&h, &APR_ARRAY_IDX(host->mounts, i, tw_mount_t));
            APR_ARRAY_PUSH(held, held_t) = h;
        }
    }
}

/* Those that give the files are checked, or, where none does, those sites
 * that would. */
static void check_files(const check_t *c, const tw_place_t *place)
{
    apr_array_header_t *held = apr_array_make(c->pool, 4, sizeof(held_t));
    int i, given = 0;

    for (i = 0; i < c->hosts->nelts; i++) {
        const tw_host_t *host = &APR_ARRAY_IDX(c->hosts, i, tw_host_t);

        if (!place->home || place->home == host->server) {
            add_held(c, held, place, host);
        }
    }
    for (i = 0; i < held->nelts; i++) {
        given |= APR_ARRAY_IDX(held, i, held_t).given;
    }
    for (i = 0; i < held->nelts; i++) {
        const held_t *h = &APR_ARRAY_IDX(held, i, held_t);

        if (h->given || place->home
            || (!given && tw_site_is_on(h->host->server))) {
            check_held(c, h);
        }
    }
}

/* ---- <Location "/app/"> -------------------------------------------------- */

static void check_slash(const check_t *c, const tw_place_t *place,
                        const tw_host_t *host)
{
    tw_finding_t finding = { host->server, place->url, NULL, NULL, 1 };
    apr_size_t len = strlen(place->url);
    const char *bare = apr_pstrmemdup(c->pool, place->url, len - 1);
    tw_probe_t with = tw_host_probe(host, place->url);
    tw_probe_t without = tw_host_probe(host, bare);
    tw_route_t route = tw_route(&with);
    apr_finfo_t info;

    if (tw_access(&with, &route) != TW_ACCESS_SIGN_IN) {
        return;
    }
    /* httpd itself answers for a folder by adding the slash */
    route = tw_route(&without);
    if (route.kind == TW_ROUTE_FILE
        && (apr_stat(&info, route.target, APR_FINFO_TYPE, c->pool)
            != APR_SUCCESS || info.filetype != APR_REG)) {
        return;
    }
    if (tw_access(&without, &route) == TW_ACCESS_OPEN) {
        finding.advice = apr_psprintf(c->pool, "say <Location \"%s\">, which "
                                      "is for both", bare);
        tw_findings_add(c->findings, &finding, "<Location \"%s\"> does not "
                        "cover %s, which is open at %s%s", place->url, bare,
                        host->origin, bare);
    }
}

static void check_location(const check_t *c, const tw_place_t *place)
{
    int i;

    if (!tw_path_has_slash(place->url) || !place->url[1]) {
        return;
    }
    for (i = 0; i < c->hosts->nelts; i++) {
        const tw_host_t *host = &APR_ARRAY_IDX(c->hosts, i, tw_host_t);

        if (tw_place_is_at(place, host->server)) {
            check_slash(c, place, host);
        }
    }
}

void tw_taken_check(tw_findings_t *findings,
                    const apr_array_header_t *hosts,
                    const apr_array_header_t *places)
{
    check_t c = { findings, findings->pool, hosts };
    int i;

    for (i = 0; i < places->nelts; i++) {
        const tw_place_t *place = &APR_ARRAY_IDX(places, i, tw_place_t);

        if (place->url) {
            check_location(&c, place);
        }
        else {
            check_files(&c, place);
        }
    }
}
