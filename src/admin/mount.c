/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/mount.h"

#include <string.h>

#include "admin/probe.h"
#include "admin/section.h"

/* An Alias in a <Location> forgets what follows, unless it is told not to. */
static int preserves_path(const ap_directive_t *d)
{
    for (d = d->parent ? d->parent->first_child : NULL; d; d = d->next) {
        if (tw_conftree_is(d, "AliasPreservePath")) {
            return !strcasecmp(d->args, "on");
        }
    }
    return 0;
}

/* in: the <Location> in which it stands, and has no path of its own; NULL: it
 * stands in none. */
static void add_mount(apr_array_header_t *mounts, const ap_directive_t *d,
                      const tw_section_t *in, apr_pool_t *pool)
{
    static const struct { const char *name; int proxy, match; } kinds[] = {
        { "ProxyPass", 1, 0 }, { "ProxyPassMatch", 1, 1 }, { "Alias", 0, 0 },
        { "ScriptAlias", 0, 0 }, { "AliasMatch", 0, 1 },
        { "ScriptAliasMatch", 0, 1 }, { "WSGIScriptAlias", 0, 0 },
        { "WSGIScriptAliasMatch", 0, 1 }
    };
    apr_array_header_t *words;
    tw_mount_t *mount;
    const char *path;
    apr_size_t i = 0;
    int match;

    while (!tw_conftree_is(d, kinds[i].name)) {
        if (++i == sizeof(kinds) / sizeof(*kinds)) {
            return;
        }
    }
    words = tw_conftree_words(d, pool);
    if (words->nelts < (in ? 1 : 2)) {
        return;
    }
    path = in ? in->name : tw_conftree_nth(words, 0);
    match = kinds[i].match || (in && in->regex);
    mount = apr_array_push(mounts);
    mount->prefix = match ? NULL : path;
    mount->pattern = match ? path : NULL;
    mount->target = tw_conftree_nth(words, in ? 0 : 1);
    mount->proxy = kinds[i].proxy;
    mount->exact = in && !kinds[i].proxy && !preserves_path(d);
    mount->by = d;
}

static void add_in_locations(apr_array_header_t *mounts,
                             const ap_directive_t *part, apr_pool_t *pool)
{
    const ap_directive_t *d, *inner;
    tw_section_t section;

    for (d = part; d; d = d->next) {
        if (tw_section_is(&section, TW_SECTION_LOCATION, d, pool)) {
            for (inner = d->first_child; inner; inner = inner->next) {
                add_mount(mounts, inner, &section, pool);
            }
        }
    }
}

static void add_kind(apr_array_header_t *to, const apr_array_header_t *from,
                     int proxy)
{
    int i;

    for (i = 0; i < from->nelts; i++) {
        if (APR_ARRAY_IDX(from, i, tw_mount_t).proxy == proxy) {
            APR_ARRAY_PUSH(to, tw_mount_t) = APR_ARRAY_IDX(from, i,
                                                           tw_mount_t);
        }
    }
}

apr_array_header_t *tw_mounts(const tw_conftree_t *tree, const server_rec *s,
                              apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(tw_mount_t));
    apr_array_header_t *mounts = apr_array_make(pool, 8, sizeof(tw_mount_t));
    const ap_directive_t *own = tw_conftree_part(tree, s), *d;
    const ap_directive_t *outside = tw_conftree_outside(tree);
    tw_mount_t root = { "/", NULL, tw_probe_root(s), 0, 0, NULL };

    add_in_locations(found, own, pool);
    if (s->is_virtual) {
        add_in_locations(found, outside, pool);
    }
    for (d = own; d; d = d->next) {
        add_mount(found, d, NULL, pool);
    }
    for (d = s->is_virtual ? outside : NULL; d; d = d->next) {
        add_mount(found, d, NULL, pool);
    }
    add_kind(mounts, found, 1);
    add_kind(mounts, found, 0);
    if (root.target) {
        APR_ARRAY_PUSH(mounts, tw_mount_t) = root;
    }
    return mounts;
}
