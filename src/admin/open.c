/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/open.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "admin/access.h"
#include "admin/host.h"
#include "admin/path.h"
#include "admin/places.h"
#include "config/values.h"

/* What is there: a file, a folder or what a backend has. */
typedef struct {
    int proxy;
    const char *target;
    const char *real;
    const tw_place_t *place;
    const tw_host_t *by;                /* which host protects it, and where */
    const char *url;
} content_t;

/* A way to have it. */
typedef struct {
    const tw_host_t *host;
    const tw_mount_t *mount;
    const char *url;
} way_t;

typedef struct {
    tw_findings_t *findings;
    apr_pool_t *pool;
    const apr_array_header_t *hosts;
    apr_array_header_t *contents;
    apr_hash_t *known;
} check_t;

/* ---- what is there ------------------------------------------------------- */

static int is_folder(const check_t *c, const char *path)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE, c->pool) == APR_SUCCESS
           && info.filetype == APR_DIR;
}

static int has_handler(const ap_directive_t *d)
{
    for (; d; d = d->next) {
        if (tw_conftree_is(d, "SetHandler") && strcasecmp(d->args, "none")) {
            return 1;
        }
    }
    return 0;
}

static void add_content(check_t *c, const content_t *content)
{
    const char *key = apr_psprintf(c->pool, "%d %s", content->proxy,
                                   content->real);

    if (!apr_hash_get(c->known, key, APR_HASH_KEY_STRING)) {
        apr_hash_set(c->known, key, APR_HASH_KEY_STRING, "");
        APR_ARRAY_PUSH(c->contents, content_t) = *content;
    }
}

/* What a path leads to at a host where it asks for a sign-in. */
static void add_at(check_t *c, const tw_place_t *place, const tw_host_t *host,
                   const char *url)
{
    tw_probe_t p = tw_host_probe(host, url);
    tw_route_t route = tw_route(&p);
    content_t content = { 0, NULL, NULL, place, host, url };
    apr_finfo_t info;

    if (route.kind == TW_ROUTE_AWAY
        || tw_access(&p, &route) != TW_ACCESS_SIGN_IN) {
        return;
    }
    content.proxy = route.kind == TW_ROUTE_BACKEND;
    content.target = content.real = route.target;
    if (!content.proxy) {
        content.real = tw_path_real(route.target, c->pool);
        /* what a handler makes of the path is no file of other hosts */
        if (has_handler(place->section->first_child)
            && apr_stat(&info, route.target, APR_FINFO_TYPE, c->pool)
               != APR_SUCCESS) {
            return;
        }
    }
    add_content(c, &content);
}

static void add_contents(check_t *c, const tw_place_t *place)
{
    content_t content = { 0, NULL, NULL, place, NULL, NULL };
    int i;

    if (place->folder) {
        content.target = place->file
                         ? apr_pstrcat(c->pool, place->folder, "/",
                                       place->file, NULL) : place->folder;
        content.real = tw_path_real(content.target, c->pool);
        add_content(c, &content);
        return;
    }
    for (i = 0; i < c->hosts->nelts; i++) {
        const tw_host_t *host = &APR_ARRAY_IDX(c->hosts, i, tw_host_t);

        if (tw_place_is_at(place, host->server)) {
            add_at(c, place, host, place->url ? place->url
                   : apr_pstrcat(c->pool, "/", place->file, NULL));
        }
    }
}

/* ---- who gets it --------------------------------------------------------- */

static tw_access_t access_by_name(const way_t *way, const char *name,
                                  const char *url)
{
    tw_probe_t p = tw_host_probe(way->host, url);
    tw_route_t route;

    p.name = name;
    route = tw_route(&p);
    return route.by == way->mount->by
           && (route.kind == TW_ROUTE_BACKEND) == way->mount->proxy
           ? tw_access(&p, &route) : TW_ACCESS_CLOSED;
}

/*
 * The most that the host gives away of it, by any of its names; open_url is
 * where.  Of a folder one path in it counts too: a rule may be for the folder
 * alone.
 */
static tw_access_t access_by(const check_t *c, const way_t *way, int folder,
                             const char **open_url)
{
    const char *urls[2] = { way->url, NULL };
    tw_access_t best = TW_ACCESS_CLOSED;
    const char *const *name;
    int i;

    if (folder) {
        urls[0] = tw_path_join(way->url, "/", c->pool);
        urls[1] = apr_pstrcat(c->pool, urls[0], "x", NULL);
    }
    for (name = way->host->names; *name; name++) {
        for (i = 0; i < 2 && urls[i]; i++) {
            tw_access_t access = access_by_name(way, *name, urls[i]);

            if (access == TW_ACCESS_OPEN) {
                *open_url = urls[0];
                return access;
            }
            best = access == TW_ACCESS_SIGN_IN ? access : best;
        }
    }
    return best;
}

static void tell_open(const check_t *c, const content_t *content,
                      const way_t *way, const char *url)
{
    tw_finding_t finding = { content->by->server, url, NULL, NULL, 1 };
    const char *host = tw_findings_host(way->host->server, c->pool);

    if (content->proxy) {
        finding.advice = "redirect that host, or protect by the same "
                         "<Location> there";
        tw_findings_add(c->findings, &finding, "%s passes requests on to the "
                        "same application unprotected: it protects nothing of "
                        "%s at %s%s, for which %s%s asks for a sign-in", host,
                        tw_values_shown_url(c->pool, content->target),
                        way->host->origin, url,
                        content->by->origin, content->url);
        return;
    }
    finding.advice = "redirect that host, or protect the folder in "
                     "<Directory> outside of all hosts";
    tw_findings_add(c->findings, &finding, "%s serves the same files "
                    "unprotected: it protects nothing of %s at %s%s, for which "
                    "%s%s asks for a sign-in", host, content->target,
                    way->host->origin, url, content->by->origin,
                    content->url);
}

static void check_content(const check_t *c, content_t *content)
{
    apr_array_header_t *ways = apr_array_make(c->pool, 4, sizeof(way_t));
    int folder = !content->proxy && is_folder(c, content->target), i, j;
    const char *url = NULL;

    for (i = 0; i < c->hosts->nelts; i++) {
        const tw_host_t *host = &APR_ARRAY_IDX(c->hosts, i, tw_host_t);

        for (j = 0; j < host->mounts->nelts; j++) {
            way_t way = { host, &APR_ARRAY_IDX(host->mounts, j, tw_mount_t),
                          NULL };
            tw_access_t access;

            way.url = way.mount->proxy == content->proxy
                      ? tw_host_url(host, j, content->real) : NULL;
            if (!way.url) {
                continue;
            }
            access = access_by(c, &way, folder, &url);
            if (access == TW_ACCESS_OPEN) {
                way.url = url;
                APR_ARRAY_PUSH(ways, way_t) = way;
            }
            else if (access == TW_ACCESS_SIGN_IN && !content->by) {
                content->by = host;
                content->url = way.url;
            }
        }
    }
    for (i = 0; content->by && i < ways->nelts; i++) {
        const way_t *way = &APR_ARRAY_IDX(ways, i, way_t);

        tell_open(c, content, way, way->url);
    }
}

void tw_open_check(tw_findings_t *findings,
                   const apr_array_header_t *hosts,
                   const apr_array_header_t *places)
{
    check_t c = { findings, findings->pool, hosts, NULL, NULL };
    int i;

    c.contents = apr_array_make(c.pool, 8, sizeof(content_t));
    c.known = apr_hash_make(c.pool);
    for (i = 0; i < places->nelts; i++) {
        add_contents(&c, &APR_ARRAY_IDX(places, i, tw_place_t));
    }
    for (i = 0; i < c.contents->nelts; i++) {
        check_content(&c, &APR_ARRAY_IDX(c.contents, i, content_t));
    }
}
