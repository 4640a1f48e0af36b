/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/places.h"

#include <glob.h>

#include <apr_strings.h>

#include "admin/condition.h"
#include "admin/require.h"
#include "admin/sample.h"
#include "admin/section.h"
#include "config/site.h"

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

static const char *const limits[] = { "<Limit", "<LimitExcept", NULL };

/* Whether the section itself asks for a user, and not only one around it. */
static int asks(const finder_t *f, const ap_directive_t *d)
{
    const tw_probe_t p = probe_of(f);
    const ap_directive_t *limit;

    for (limit = d; limit; limit = limit->next) {
        if (tw_conftree_one_of(limit->directive, limits)
            && asks(f, limit->first_child)) {
            return 1;
        }
    }
    return tw_require(&p, d, 0) == TW_RULE_USER;
}

static int has_rules(const ap_directive_t *d)
{
    static const char *const rules[] = {
        "AuthType", "Require", "<RequireAll", "<RequireAny", "<RequireNone",
        NULL
    };

    for (; d; d = d->next) {
        if (tw_conftree_one_of(d->directive, rules)
            || (tw_conftree_one_of(d->directive, limits)
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

/* A path that the section is for; NULL: none was found. */
static const char *sample_of(const finder_t *f, const tw_section_t *section,
                             const char *lead)
{
    const tw_probe_t p = probe_of(f);

    return section->regex ? tw_sample(&p, section->name, lead)
                          : tw_sample_wildcard(section->name, f->pool);
}

static void add_folders(finder_t *f, tw_place_t *place,
                        const tw_section_t *section)
{
    glob_t found;
    size_t i;

    if (!section->wild) {
        place->folder = sample_of(f, section, "/x");
        if (place->folder && *place->folder == '/') {
            add_place(f, place);
        }
        return;
    }
    if (!glob(section->name, GLOB_ONLYDIR, NULL, &found)) {
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
    tw_section_t section;

    place.section = d;
    if (tw_conftree_is(d, "<If")) {
        if (!place.url && !place.folder && !place.file) {
            place.url = tw_sample_if(&p, tw_condition_of(d, f->pool));
        }
        add_place(f, &place);
        return;
    }
    if (!tw_section_read(&section, d, f->pool)) {
        return;
    }
    switch (section.kind) {
    case TW_SECTION_DIRECTORY:
        add_folders(f, &place, &section);
        return;
    case TW_SECTION_LOCATION:
        place.url = sample_of(f, &section, "/x");
        if (!place.url || *place.url != '/') {
            return;
        }
        break;
    case TW_SECTION_FILES:
        place.file = sample_of(f, &section, "x");
        if (!place.file) {
            return;
        }
        break;
    default:
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

int tw_place_is_at(const tw_place_t *place, const server_rec *s)
{
    return place->home ? place->home == s : tw_site_is_on(s);
}
