/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/section.h"

#include <string.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include "admin/path.h"

int tw_section_read(tw_section_t *section, const ap_directive_t *d,
                    apr_pool_t *pool)
{
    static const char *const names[] = {
        [TW_SECTION_DIRECTORY] = "<Directory", [TW_SECTION_FILES] = "<Files",
        [TW_SECTION_LOCATION] = "<Location", [TW_SECTION_PROXY] = "<Proxy"
    };
    apr_array_header_t *words;
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *end = d->directive + strlen(names[i]);

        if (strncasecmp(d->directive, names[i], strlen(names[i]))
            || (*end && strcasecmp(end, "Match"))) {
            continue;
        }
        words = tw_conftree_words(d, pool);
        section->kind = (tw_section_kind_t)i;
        section->regex = *end || words->nelts > 1;
        section->name = tw_conftree_nth(words, words->nelts - 1);
        section->wild = !section->regex && apr_fnmatch_test(section->name);
        return words->nelts > 0;
    }
    return 0;
}

int tw_section_is(tw_section_t *section, tw_section_kind_t kind,
                  const ap_directive_t *d, apr_pool_t *pool)
{
    return tw_section_read(section, d, pool) && section->kind == kind;
}

int tw_section_depth(const tw_section_t *section)
{
    const char *at;
    int n = 0;

    if (section->regex) {
        return -1;
    }
    for (at = section->name; *at; at++) {
        n += *at == '/' && at[1];
    }
    return n;
}

/* Wildcards match no slash: so many names of the path are to match. */
static const char *rest_of_folder(const tw_section_t *section,
                                  const tw_probe_t *p, const char *path)
{
    const char *name = section->name, *at = path;
    int depth = tw_section_depth(section);
    apr_size_t len = strlen(name);

    if (section->wild) {
        while (*at && depth-- >= 0) {
            at = at[1] ? at + 1 + strcspn(at + 1, "/") : at + 1;
        }
        return apr_fnmatch(name, apr_pstrmemdup(p->pool, path,
                                                (apr_size_t)(at - path)),
                           APR_FNM_PATHNAME) ? NULL : at;
    }
    while (len > 1 && name[len - 1] == '/') {
        len--;
    }
    return tw_path_below(path, apr_pstrmemdup(p->pool, name, len))
           ? path + len : NULL;
}

const char *tw_section_rest(const tw_section_t *section, const tw_probe_t *p,
                            const char *path)
{
    const char *name = section->name;
    int covers;

    if (section->regex) {
        return tw_probe_match(p, name, path, 0) ? path : NULL;
    }
    switch (section->kind) {
    case TW_SECTION_DIRECTORY:
        return rest_of_folder(section, p, path);
    case TW_SECTION_LOCATION:
        covers = section->wild ? !apr_fnmatch(name, path, APR_FNM_PATHNAME)
                               : tw_path_below(path, name);
        break;
    case TW_SECTION_PROXY:
        covers = !strncasecmp(name, path, strlen(name))
                 || !apr_fnmatch(name, path, 0);
        break;
    default:
        covers = !apr_fnmatch(name, path, 0);
        break;
    }
    return covers ? path : NULL;
}

int tw_section_has_url(const ap_directive_t *d, const tw_probe_t *p)
{
    tw_section_t section;

    return tw_section_is(&section, TW_SECTION_LOCATION, d, p->pool)
           && tw_section_rest(&section, p, p->url);
}
