/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/reading.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/access.h"
#include "admin/host.h"
#include "admin/path.h"
#include "admin/places.h"

typedef struct {
    tw_findings_t *findings;
    apr_pool_t *pool;
    const tw_host_t *host;
    const apr_array_header_t *places;
} check_t;

/* What of a URL says which backend it is. */
static apr_size_t backend_len(const char *target)
{
    const char *at = strstr(target, "://");

    return at ? (apr_size_t)(at - target) + 3 + strcspn(at + 3, "/?")
              : strlen(target);
}

static int is_same_backend(const char *a, const char *b)
{
    apr_size_t len = backend_len(a);

    return len == backend_len(b) && !strncasecmp(a, b, len);
}

/* Whether the route, by ProxyPass, hands on a path as it came. */
static int is_raw(const check_t *c, const tw_route_t *route)
{
    const apr_array_header_t *words = tw_conftree_words(route->by, c->pool);
    int i;

    for (i = 0; i < words->nelts; i++) {
        if (!strcasecmp(tw_conftree_nth(words, i), "nocanon")) {
            return 1;
        }
    }
    return 0;
}

/* Whether a path leads to a backend, for those whom access is for. */
static int is_passed_on(const check_t *c, const char *url, tw_access_t access,
                        tw_route_t *route)
{
    tw_probe_t p = tw_host_probe(c->host, url);

    *route = tw_route(&p);
    return route->kind == TW_ROUTE_BACKEND && tw_access(&p, route) == access;
}

/* The same, for what is below it where it is not for itself: ProxyPass /a/ in
 * a place /a. */
static int is_passed_on_below(const check_t *c, const char *url,
                              tw_access_t access, tw_route_t *route)
{
    return is_passed_on(c, url, access, route)
           || is_passed_on(c, tw_path_join(url, "/x", c->pool), access, route);
}

/*
 * Whether the backend of target can be asked for another path by one at base
 * or below it that is open: if that may be spelt oddly, or whatever it is
 * where the spelling is passed on that httpd has not looked at.
 */
static int leads(const check_t *c, const char *base, const char *target)
{
    const char *odd = tw_path_join(base, "/..;/x", c->pool);
    tw_route_t route;

    if (is_passed_on(c, odd, TW_ACCESS_OPEN, &route)
        && is_same_backend(route.target, target)) {
        return 1;
    }
    return is_passed_on_below(c, base, TW_ACCESS_OPEN, &route)
           && is_same_backend(route.target, target) && is_raw(c, &route);
}

/* The first such path; NULL: there is none. */
static const char *way_to(const check_t *c, const char *url,
                          const char *target)
{
    char *base = apr_pstrdup(c->pool, url);
    int i;

    for (i = 0; i < c->places->nelts; i++) {
        const tw_place_t *place = &APR_ARRAY_IDX(c->places, i, tw_place_t);

        if (place->url && tw_place_is_at(place, c->host->server)
            && leads(c, place->url, target)) {
            return place->url;
        }
    }
    for (i = 0; i < c->host->mounts->nelts; i++) {
        const tw_mount_t *mount = &APR_ARRAY_IDX(c->host->mounts, i,
                                                 tw_mount_t);

        if (mount->proxy && mount->prefix && leads(c, mount->prefix, target)) {
            return mount->prefix;
        }
    }
    while (base[1]) {
        char *slash = strrchr(base, '/');

        slash[slash == base] = '\0';
        if (leads(c, base, target)) {
            return base;
        }
    }
    return NULL;
}

static void check_place(const check_t *c, const tw_place_t *place)
{
    tw_finding_t finding = { c->host->server, place->url, NULL, NULL, 0 };
    const char *open;
    tw_route_t route;

    if (!place->url || *place->url != '/'
        || !tw_place_is_at(place, c->host->server)
        || !is_passed_on_below(c, place->url, TW_ACCESS_SIGN_IN, &route)
        || !(open = way_to(c, place->url, route.target))) {
        return;
    }
    finding.advice = is_raw(c, &route)
                     ? "take nocanon out, or protect all that is passed on to "
                       "it (docs/set-up.md, Protect the whole of what is "
                       "proxied)"
                     : "protect all that is passed on to it, and open parts "
                       "of that by a <LocationMatch> of plain names "
                       "(docs/set-up.md, Protect the whole of what is "
                       "proxied)";
    tw_findings_add(c->findings, &finding, "%s %s (%s:%d) protects a part of "
                    "an application whose path %s is open: where it reads a "
                    "path otherwise than httpd (..;, %%2f, \\, upper case), it "
                    "can be asked for that part without a sign-in",
                    place->section->directive, place->section->args,
                    place->section->filename, place->section->line_num, open);
}

void tw_reading_check(tw_findings_t *findings,
                      const apr_array_header_t *hosts,
                      const apr_array_header_t *places)
{
    int i, j;

    for (i = 0; i < hosts->nelts; i++) {
        const check_t c = { findings, findings->pool,
                            &APR_ARRAY_IDX(hosts, i, tw_host_t), places };

        for (j = 0; j < places->nelts; j++) {
            check_place(&c, &APR_ARRAY_IDX(places, j, tw_place_t));
        }
    }
}
