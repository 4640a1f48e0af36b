/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/places.h"

#include <glob.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include "admin/access.h"
#include "admin/condition.h"
#include "admin/require.h"
#include "admin/sample.h"

#define WORD(words, i) APR_ARRAY_IDX(words, i, const char *)
#define MAX_FOLDERS 20

typedef struct {
    const tw_conftree_t *tree;
    apr_pool_t *pool;
    apr_array_header_t *places;
} finder_t;

/* Of nobody in particular: the main server's. */
static tw_probe_t probe_of(const finder_t *f)
{
    tw_probe_t p = { f->tree, f->pool, tw_conftree_base_server(f->tree),
                     "localhost", "/" };

    return p;
}

/* Whether the section itself asks for a user, and not only one around it. */
static int asks(const finder_t *f, const ap_directive_t *d)
{
    const tw_probe_t p = probe_of(f);
    const ap_directive_t *limit;

    for (limit = d; limit; limit = limit->next) {
        if ((tw_conftree_is(limit, "<Limit")
             || tw_conftree_is(limit, "<LimitExcept"))
            && asks(f, limit->first_child)) {
            return 1;
        }
    }
    return tw_require(&p, d, 0) == TW_RULE_USER;
}

static int has_rules(const ap_directive_t *d)
{
    for (; d; d = d->next) {
        if (tw_conftree_is(d, "AuthType") || tw_conftree_is(d, "Require")
            || tw_conftree_is(d, "<RequireAll")
            || tw_conftree_is(d, "<RequireAny")
            || tw_conftree_is(d, "<RequireNone")
            || ((tw_conftree_is(d, "<Limit")
                 || tw_conftree_is(d, "<LimitExcept"))
                && has_rules(d->first_child))) {
            return 1;
        }
    }
    return 0;
}

static void find_places(finder_t *f, const ap_directive_t *d, tw_place_t in);

static void add_place(finder_t *f, const tw_place_t *place)
{
    if (place->url ? has_rules(place->section->first_child)
                   : asks(f, place->section->first_child)) {
        APR_ARRAY_PUSH(f->places, tw_place_t) = *place;
    }
    find_places(f, place->section->first_child, *place);
}

static void add_folders(finder_t *f, tw_place_t *place, const char *name,
                        int regex)
{
    const tw_probe_t p = probe_of(f);
    glob_t found;
    size_t i;

    if (regex || !apr_fnmatch_test(name)) {
        place->folder = regex ? tw_sample(&p, name, "/x") : name;
        if (place->folder && *place->folder == '/') {
            add_place(f, place);
        }
        return;
    }
    if (!glob(name, GLOB_ONLYDIR, NULL, &found)) {
        for (i = 0; i < found.gl_pathc && i < MAX_FOLDERS; i++) {
            place->folder = apr_pstrdup(f->pool, found.gl_pathv[i]);
            add_place(f, place);
        }
        globfree(&found);
    }
}

static void find_place(finder_t *f, const ap_directive_t *d, tw_place_t place)
{
    const tw_probe_t p = probe_of(f);
    apr_array_header_t *words = tw_conftree_words(d, f->pool);
    const char *name = words->nelts ? WORD(words, words->nelts - 1) : NULL;
    int regex = words->nelts > 1;

    place.section = d;
    if (!name) {
        return;
    }
    if (tw_conftree_is(d, "<Directory")
        || tw_conftree_is(d, "<DirectoryMatch")) {
        add_folders(f, &place, name,
                    regex || tw_conftree_is(d, "<DirectoryMatch"));
        return;
    }
    if (tw_conftree_is(d, "<Location")
        || tw_conftree_is(d, "<LocationMatch")) {
        regex |= tw_conftree_is(d, "<LocationMatch");
        place.url = regex ? tw_sample(&p, name, "/x")
                          : tw_sample_wildcard(name, f->pool);
        if (!place.url || *place.url != '/') {
            return;
        }
    }
    else if (tw_access_is_files(d, &place.file, f->pool)) {
        if (!place.file) {
            regex |= tw_conftree_is(d, "<FilesMatch");
            place.file = regex ? tw_sample(&p, name, "x")
                               : tw_sample_wildcard(name, f->pool);
        }
        if (!place.file) {
            return;
        }
    }
    else if (tw_conftree_is(d, "<If")) {
        if (!place.url && !place.folder && !place.file) {
            place.url = tw_sample_if(&p, tw_condition_of(d, f->pool));
        }
    }
    else {
        return;
    }
    add_place(f, &place);
}

static void find_places(finder_t *f, const ap_directive_t *d, tw_place_t in)
{
    for (; d; d = d->next) {
        if (d->first_child) {
            find_place(f, d, in);
        }
    }
}

apr_array_header_t *tw_places(const tw_conftree_t *tree, apr_pool_t *pool)
{
    finder_t f = { tree, pool, apr_array_make(pool, 8, sizeof(tw_place_t)) };
    tw_place_t none = { NULL, NULL, NULL, NULL, NULL };
    server_rec *s;

    for (s = tw_conftree_base_server(tree); s; s = s->next) {
        none.home = s->is_virtual ? s : NULL;
        find_places(&f, tw_conftree_part(tree, s), none);
    }
    return f.places;
}
