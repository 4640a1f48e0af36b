/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/mount.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/probe.h"

#define WORD(words, i) APR_ARRAY_IDX(words, i, const char *)

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

static void add_mount(apr_array_header_t *mounts, const ap_directive_t *d,
                      const char *location, apr_pool_t *pool)
{
    static const struct { const char *name; int proxy, match; } kinds[] = {
        { "ProxyPass", 1, 0 }, { "ProxyPassMatch", 1, 1 }, { "Alias", 0, 0 },
        { "ScriptAlias", 0, 0 }, { "AliasMatch", 0, 1 },
        { "ScriptAliasMatch", 0, 1 }, { "WSGIScriptAlias", 0, 0 },
        { "WSGIScriptAliasMatch", 0, 1 }
    };
    apr_array_header_t *words;
    tw_mount_t *mount;
    apr_size_t i;
    int at;

    for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (tw_conftree_is(d, kinds[i].name)) {
            break;
        }
    }
    if (i == sizeof(kinds) / sizeof(*kinds)) {
        return;
    }
    words = tw_conftree_words(d, pool);
    at = location ? 0 : 1;
    if (words->nelts <= at) {
        return;
    }
    mount = apr_array_push(mounts);
    mount->prefix = kinds[i].match ? NULL : location ? location
                                                     : WORD(words, 0);
    mount->pattern = kinds[i].match ? location ? location : WORD(words, 0)
                                    : NULL;
    mount->target = WORD(words, at);
    mount->proxy = kinds[i].proxy;
    mount->exact = location && !kinds[i].proxy && !preserves_path(d);
    mount->by = d;
}

/* In a <Location> these directives have no path of their own. */
static void add_in_locations(apr_array_header_t *mounts,
                             const ap_directive_t *part, apr_pool_t *pool)
{
    const ap_directive_t *d, *inner;

    for (d = part; d; d = d->next) {
        if (tw_conftree_is(d, "<Location")
            || tw_conftree_is(d, "<LocationMatch")) {
            apr_array_header_t *words = tw_conftree_words(d, pool);
            int match =
                tw_conftree_is(d, "<LocationMatch") || words->nelts > 1;

            for (inner = d->first_child; inner && words->nelts;
                 inner = inner->next) {
                int before = mounts->nelts;

                add_mount(mounts, inner, WORD(words, words->nelts - 1), pool);
                if (mounts->nelts > before && match) {
                    tw_mount_t *mount = &APR_ARRAY_IDX(mounts, before,
                                                       tw_mount_t);

                    mount->pattern = WORD(words, words->nelts - 1);
                    mount->prefix = NULL;
                }
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

apr_array_header_t *tw_mounts(const tw_conftree_t *tree,
                                    const server_rec *s, apr_pool_t *pool)
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
