/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/route.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "admin/condition.h"
#include "admin/mount.h"
#include "admin/path.h"
#include "admin/section.h"

#define MAX_GROUPS 10

/* The target with $1 put in; NULL: no match. */
static const char *substitute(const tw_probe_t *p, const char *pattern,
                              const char *target, const char *path,
                              int nocase)
{
    ap_regex_t *regex = ap_pregcomp(p->pool, pattern, AP_REG_EXTENDED
                                    | (nocase ? AP_REG_ICASE : 0));
    ap_regmatch_t groups[MAX_GROUPS];
    const char *out = NULL;

    if (regex && !ap_regexec(regex, path, MAX_GROUPS, groups, 0)) {
        out = ap_pregsub(p->pool, target, path, MAX_GROUPS, groups);
        out = out ? out : target;
    }
    if (regex) {
        ap_pregfree(p->pool, regex);
    }
    return out;
}

static const char *mounted(const tw_probe_t *p, const tw_mount_t *mount)
{
    apr_size_t len;

    if (mount->pattern) {
        return substitute(p, mount->pattern, mount->target, p->url, 0);
    }
    if (!tw_path_below(p->url, mount->prefix)) {
        return NULL;
    }
    if (mount->exact) {
        return mount->target;
    }
    len = strlen(mount->prefix);
    if (tw_path_has_slash(mount->prefix) && mount->target[0]
        && !tw_path_has_slash(mount->target)) {
        len--;
    }
    return apr_pstrcat(p->pool, mount->target, p->url + len, NULL);
}

static int find_mount(tw_route_t *route, const tw_probe_t *p, int proxy)
{
    apr_array_header_t *mounts = tw_mounts(p->tree, p->server, p->pool);
    int i;

    for (i = 0; i < mounts->nelts; i++) {
        const tw_mount_t *mount = &APR_ARRAY_IDX(mounts, i, tw_mount_t);
        const char *target;

        if (mount->proxy != proxy || !(target = mounted(p, mount))) {
            continue;
        }
        if (proxy && !strcmp(mount->target, "!")) {
            return 0;
        }
        route->kind = proxy ? TW_ROUTE_BACKEND : TW_ROUTE_FILE;
        route->target = target;
        route->by = mount->by;
        return 1;
    }
    return 0;
}

/* ---- redirects ----------------------------------------------------------- */

/* Redirect, outside (path is the URL) or inside of a section (NULL). */
static int redirects(const tw_probe_t *p, const ap_directive_t *d,
                     const char *path)
{
    static const char *const names[] = {
        "Redirect", "RedirectMatch", "RedirectPermanent", "RedirectTemp", NULL
    };
    static const char *const statuses[] = {
        "permanent", "temp", "gone", "seeother", NULL
    };
    int match = tw_conftree_is(d, "RedirectMatch");
    apr_array_header_t *words;
    const char *first;
    int at;

    if (!tw_conftree_one_of(d->directive, names)) {
        return 0;
    }
    words = tw_conftree_words(d, p->pool);
    first = tw_conftree_nth(words, 0);
    at = (match || tw_conftree_is(d, "Redirect"))
         && (apr_isdigit(*first) || tw_conftree_one_of(first, statuses));
    if (!path) {
        if (words->nelts == at + 1) {
            return 1;                   /* all that is in the section */
        }
        path = p->url;
    }
    if (words->nelts <= at) {
        return 0;
    }
    return match ? tw_probe_match(p, tw_conftree_nth(words, at), path, 0)
                 : tw_path_below(path, tw_conftree_nth(words, at));
}

/* mod_md redirects the domains that it manages. */
static int md_redirects(const tw_probe_t *p)
{
    static const char *const names[] = {
        "MDomain", "MDomainSet", "<MDomain", "<MDomainSet", NULL
    };
    const char *must = tw_conftree_inherited(p->tree, p->server,
                                             "MDRequireHttps");
    const ap_directive_t *d;

    if (!must || !strcasecmp(must, "off")
        || tw_conftree_tls(p->tree, p->server)) {
        return 0;
    }
    for (d = tw_conftree_outside(p->tree); d; d = d->next) {
        apr_array_header_t *words;
        int i;

        if (!tw_conftree_one_of(d->directive, names)) {
            continue;
        }
        words = tw_conftree_words(d, p->pool);
        for (i = 0; i < words->nelts; i++) {
            if (!strcasecmp(tw_conftree_nth(words, i), p->name)) {
                return 1;
            }
        }
    }
    return 0;
}

/* ---- rewrite rules ------------------------------------------------------- */

typedef struct {
    int conds;                          /* what those before say together */
    int any;                            /* of an [OR] that has gone on */
    int in_or;
    const char *path;
    int changed;
    tw_route_t *route;
} rewrite_t;

static int is_flag(const char *text, const char *flag)
{
    apr_size_t len = strlen(flag);

    return !strncasecmp(text, flag, len) && strchr(",]= |", text[len]);
}

/* Whether a flag is there, by one of its two names. */
static int has_flag(const char *flags, const char *brief, const char *name)
{
    for (; *flags; flags++) {
        if (strchr("[, ", *flags)
            && (is_flag(flags + 1, brief) || is_flag(flags + 1, name))) {
            return 1;
        }
    }
    return 0;
}

static void add_cond(rewrite_t *w, const tw_probe_t *p,
                     const ap_directive_t *d)
{
    apr_array_header_t *words = tw_conftree_words(d, p->pool);
    const char *flags = tw_conftree_nth(words, 2);
    int yes = words->nelts > 1
              && tw_condition_rewrite(p, tw_conftree_nth(words, 0),
                                      tw_conftree_nth(words, 1),
                                      has_flag(flags, "NC", "nocase")) == 1;

    w->any = w->in_or ? w->any || yes : yes;
    w->in_or = has_flag(flags, "OR", "ornext");
    if (!w->in_or) {
        w->conds = w->conds && w->any;
    }
}

/* What one rule says; 1: it is the last word. */
static int apply_rule(rewrite_t *w, const tw_probe_t *p,
                      const ap_directive_t *d)
{
    apr_array_header_t *words = tw_conftree_words(d, p->pool);
    const char *flags = tw_conftree_nth(words, 2);
    const char *pattern = tw_conftree_nth(words, 0);
    const char *to = tw_conftree_nth(words, 1);
    int nocase = has_flag(flags, "NC", "nocase");

    if (words->nelts < 2 || !w->conds) {
        return 0;
    }
    if (*pattern == '!') {
        if (tw_probe_match(p, pattern + 1, w->path, nocase)) {
            return 0;
        }
    }
    else if (!(to = substitute(p, pattern, to, w->path, nocase))) {
        return 0;
    }
    if (has_flag(flags, "P", "proxy")) {
        w->route->kind = TW_ROUTE_BACKEND;
        w->route->target = to;
        w->route->by = d;
        return 1;
    }
    if (has_flag(flags, "R", "redirect") || has_flag(flags, "F", "forbidden")
        || has_flag(flags, "G", "gone") || strstr(to, "://")) {
        w->route->kind = TW_ROUTE_AWAY;
        w->route->by = d;
        return 1;
    }
    if (strcmp(to, "-")) {
        w->path = apr_pstrmemdup(p->pool, to, strcspn(to, "?"));
        w->changed = 1;
        w->route->by = d;
    }
    return has_flag(flags, "L", "last") || has_flag(flags, "END", "END")
           || has_flag(flags, "PT", "passthrough");
}

static int rewrite(rewrite_t *w, const tw_probe_t *p, const ap_directive_t *d)
{
    w->conds = 1;
    w->in_or = 0;
    for (; d; d = d->next) {
        if (tw_conftree_is(d, "RewriteCond")) {
            add_cond(w, p, d);
        }
        else if (tw_conftree_is(d, "RewriteRule")) {
            if (apply_rule(w, p, d)) {
                return 1;
            }
            w->conds = 1;
            w->in_or = 0;
        }
    }
    return 0;
}

static int is_on(const ap_directive_t *d)
{
    int on = 0;

    for (; d; d = d->next) {
        if (tw_conftree_is(d, "RewriteEngine")) {
            on = !strcasecmp(d->args, "on");
        }
    }
    return on;
}

int tw_route_leaves(const tw_probe_t *p, const ap_directive_t *d,
                    const char *path)
{
    tw_route_t route = { TW_ROUTE_FILE, NULL, NULL };
    rewrite_t w = { 1, 0, 0, path, 0, &route };
    const ap_directive_t *at;

    for (at = d; at; at = at->next) {
        if (redirects(p, at, NULL)) {
            return 1;
        }
    }
    return is_on(d) && rewrite(&w, p, d) && route.kind == TW_ROUTE_AWAY;
}

/* The host's own rules, with the main server's where it inherits them. */
static int rewrite_host(rewrite_t *w, const tw_probe_t *p)
{
    const ap_directive_t *own = tw_conftree_part(p->tree, p->server);
    const char *options =
        tw_conftree_args(p->tree, p->server, "RewriteOptions");
    const char *down =
        tw_conftree_args(p->tree, tw_conftree_base_server(p->tree),
                         "RewriteOptions");
    int before = p->server->is_virtual
                 && ((options && ap_strcasestr(options, "InheritBefore"))
                     || (down && ap_strcasestr(down, "InheritDownBefore")));
    int inherits = before
                   || (p->server->is_virtual
                       && ((options && ap_strcasestr(options, "Inherit"))
                           || (down && ap_strcasestr(down, "InheritDown"))));

    if (!is_on(own) && !(inherits && is_on(tw_conftree_outside(p->tree)))) {
        return 0;
    }
    if (before && rewrite(w, p, tw_conftree_outside(p->tree))) {
        return 1;
    }
    return rewrite(w, p, own)
           || (inherits && !before
               && rewrite(w, p, tw_conftree_outside(p->tree)));
}

/* Redirect in a <Location> is tried before those of the host. */
static int redirects_any(const tw_probe_t *p, const ap_directive_t *part)
{
    const ap_directive_t *d, *inner;

    for (d = part; d; d = d->next) {
        if (redirects(p, d, p->url)) {
            return 1;
        }
        if (!d->first_child || !tw_section_has_url(d, p)) {
            continue;
        }
        for (inner = d->first_child; inner; inner = inner->next) {
            if (redirects(p, inner, NULL)) {
                return 1;
            }
        }
    }
    return 0;
}

tw_route_t tw_route(const tw_probe_t *probe)
{
    tw_route_t route = { TW_ROUTE_FILE, NULL, NULL };
    rewrite_t w = { 1, 0, 0, probe->url, 0, &route };
    tw_probe_t p = *probe;

    if (md_redirects(&p)) {
        route.kind = TW_ROUTE_AWAY;
        return route;
    }
    rewrite_host(&w, &p);
    if (route.kind != TW_ROUTE_FILE) {
        return route;
    }
    if (w.changed) {
        p.url = w.path;
        if (*p.url != '/') {
            p.url = apr_pstrcat(p.pool, "/", p.url, NULL);
        }
    }
    if (find_mount(&route, &p, 1)) {
        return route;
    }
    if (redirects_any(&p, tw_conftree_part(p.tree, p.server))
        || (p.server->is_virtual
            && redirects_any(&p, tw_conftree_outside(p.tree)))) {
        route.kind = TW_ROUTE_AWAY;
        return route;
    }
    if (!find_mount(&route, &p, 0)) {
        route.kind = TW_ROUTE_AWAY;
    }
    return route;
}
