/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/access.h"

#include <string.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include "admin/condition.h"
#include "admin/require.h"

#define WORD(words, i) APR_ARRAY_IDX(words, i, const char *)

/* What the sections so far say. */
typedef struct {
    const tw_probe_t *probe;
    const tw_route_t *route;
    const char *type;                   /* AuthType */
    int rule;
    int refused;                        /* by mod_access_compat, mod_ssl */
    int any;                            /* Satisfy Any */
    int leaves;                         /* a rewrite rule takes it away */
} state_t;

/* <Limit> and <LimitExcept>: do they count for a GET? */
static int is_of_get(const state_t *st, const ap_directive_t *d)
{
    apr_array_header_t *words = tw_conftree_words(d, st->probe->pool);
    int named = 0, i;

    for (i = 0; i < words->nelts; i++) {
        named |= !strcmp(WORD(words, i), "GET");
    }
    return tw_conftree_is(d, "<Limit") ? named
           : tw_conftree_is(d, "<LimitExcept") && !named;
}

/* ---- one section --------------------------------------------------------- */

static void apply_compat(state_t *st, const ap_directive_t *section)
{
    const ap_directive_t *d;
    int order = 0, allow = 0, deny = 0, any = 0, allow_first = 0;

    for (d = section; d; d = d->next) {
        if (tw_conftree_is(d, "Order")) {
            order = 1;
            allow_first = !strncasecmp(d->args, "allow", 5);
        }
        allow |=
            tw_conftree_is(d, "Allow") && !strcasecmp(d->args, "from all");
        deny |= tw_conftree_is(d, "Deny") && !strcasecmp(d->args, "from all");
        any |= tw_conftree_is(d, "Allow") || tw_conftree_is(d, "Deny");
        if (tw_conftree_is(d, "Satisfy")) {
            st->any = !strcasecmp(d->args, "any");
        }
        if (tw_conftree_is(d, "SSLRequireSSL")
            && !tw_conftree_tls(st->probe->tree, st->probe->server)) {
            st->refused = 1;
        }
    }
    if (order || any) {
        st->refused = allow_first ? deny || !allow : deny && !allow;
    }
}

static void apply_directives(state_t *st, const ap_directive_t *section)
{
    const ap_directive_t *d;
    int rule = tw_require(st->probe, section, 0), merging = 0;

    for (d = section; d; d = d->next) {
        if (tw_conftree_is(d, "AuthType")) {
            st->type = tw_conftree_word(st->probe->pool, d->args);
        }
        else if (tw_conftree_is(d, "AuthMerging")) {
            merging = !strcasecmp(d->args, "And") ? 1
                      : !strcasecmp(d->args, "Or") ? 2 : 0;
        }
        else if (is_of_get(st, d)) {
            rule = tw_require_combine(rule, tw_require(st->probe,
                                                       d->first_child, 0), 0);
            apply_compat(st, d->first_child);
        }
    }
    if (rule != TW_RULE_NONE) {
        st->rule = !merging ? rule
                   : tw_require_combine(st->rule, rule, merging == 1);
    }
    apply_compat(st, section);
}

/*
 * An <If> whose condition is not known counts where it protects, and not
 * where it opens: no false alarm.
 */
static void apply_if(state_t *st, const ap_directive_t *d, int yes)
{
    state_t with = *st;

    if (!yes) {
        return;
    }
    apply_directives(&with, d->first_child);
    if (yes == 1 && tw_route_leaves(st->probe, d->first_child,
                                    st->probe->url)) {
        with.leaves = 1;
    }
    if (yes == 1 || with.rule > st->rule || with.refused) {
        *st = with;
    }
}

static void apply_ifs(state_t *st, const ap_directive_t *d)
{
    int last = 0;

    for (; d; d = d->next) {
        const ap_directive_t *inner = d->first_child;
        int is_if = tw_conftree_is(d, "<If"),
            is_else = tw_conftree_is(d, "<Else");
        int yes;

        if (!is_if && !is_else && !tw_conftree_is(d, "<ElseIf")) {
            continue;
        }
        yes = is_else ? 1
              : tw_condition_if(st->probe,
                                tw_condition_of(d, st->probe->pool));
        if (!is_if) {
            yes = last == 1 ? 0 : last == TW_UNKNOWN ? TW_UNKNOWN : yes;
        }
        apply_if(st, d, yes);
        if (yes) {
            apply_ifs(st, inner);
        }
        last = is_if ? yes : last == 1 || yes == 1 ? 1
               : last == TW_UNKNOWN || yes == TW_UNKNOWN ? TW_UNKNOWN : 0;
    }
}

static const char *rest_below(const char *path, const char *folder)
{
    const char *rest = path + strlen(folder);

    return *rest == '/' ? rest + 1 : rest;
}

static void apply(state_t *st, const ap_directive_t *d, const char *path)
{
    apply_directives(st, d->first_child);
    st->leaves = st->leaves
                 || tw_route_leaves(st->probe, d->first_child, path);
}

/* ---- which sections count ------------------------------------------------ */

int tw_access_is_files(const ap_directive_t *d, const char **name,
                       apr_pool_t *pool)
{
    apr_array_header_t *words;

    *name = NULL;
    if (tw_conftree_is(d, "<FilesMatch")) {
        return 1;
    }
    if (!tw_conftree_is(d, "<Files")) {
        return 0;
    }
    words = tw_conftree_words(d, pool);
    if (words->nelts == 1 && !apr_fnmatch_test(WORD(words, 0))) {
        *name = WORD(words, 0);
    }
    return 1;
}

static void apply_files(state_t *st, const ap_directive_t *d)
{
    const char *name = strrchr(st->route->target, '/');

    name = name ? name + 1 : st->route->target;
    for (; d; d = d->next) {
        const char *plain;
        apr_array_header_t *words;

        if (!tw_access_is_files(d, &plain, st->probe->pool)) {
            continue;
        }
        words = tw_conftree_words(d, st->probe->pool);
        if (words->nelts
            && (tw_conftree_is(d, "<FilesMatch") || words->nelts > 1
                ? tw_probe_match(st->probe, WORD(words, words->nelts - 1),
                                 name, 0)
                : !apr_fnmatch(WORD(words, 0), name, 0))) {
            apply(st, d, name);
        }
    }
}

/* How deep the folder is, as <Directory> sorts them; -1: it is a pattern. */
static int depth_of(const ap_directive_t *d, const apr_array_header_t *words)
{
    const char *at;
    int n = 0;

    if (tw_conftree_is(d, "<DirectoryMatch") || words->nelts > 1) {
        return -1;
    }
    for (at = WORD(words, 0); *at; at++) {
        n += *at == '/' && at[1];
    }
    return n;
}

static int in_folder(const state_t *st, const apr_array_header_t *words,
                     int depth)
{
    const char *file = st->route->target, *at = file;
    const char *name = WORD(words, words->nelts - 1);
    apr_size_t len;

    if (depth < 0) {
        return tw_probe_match(st->probe, name, file, 0);
    }
    if (!apr_fnmatch_test(name)) {
        len = strlen(name);
        while (len > 1 && name[len - 1] == '/') {
            len--;
        }
        return tw_route_below(file, apr_pstrmemdup(st->probe->pool, name,
                                                   len));
    }
    while (*at && depth >= 0) {
        at = at[1] ? at + 1 + strcspn(at + 1, "/") : at + 1;
        depth--;
    }
    return !apr_fnmatch(name, apr_pstrmemdup(st->probe->pool, file,
                                             (apr_size_t)(at - file)),
                        APR_FNM_PATHNAME);
}

/* All <Directory> of this depth; what is the deepest there is. */
static int apply_folders(state_t *st, const ap_directive_t *d, int depth)
{
    int deepest = -1;

    for (; d; d = d->next) {
        apr_array_header_t *words;
        int of;

        if (!tw_conftree_is(d, "<Directory")
            && !tw_conftree_is(d, "<DirectoryMatch")) {
            continue;
        }
        words = tw_conftree_words(d, st->probe->pool);
        if (!words->nelts) {
            continue;
        }
        of = depth_of(d, words);
        deepest = of > deepest ? of : deepest;
        if (of == depth && in_folder(st, words, depth)) {
            apply(st, d, depth < 0 ? st->route->target
                  : rest_below(st->route->target, WORD(words, 0)));
            apply_files(st, d->first_child);
            apply_ifs(st, d->first_child);
        }
    }
    return deepest;
}

static void apply_proxies(state_t *st, const ap_directive_t *d)
{
    for (; d; d = d->next) {
        int match = tw_conftree_is(d, "<ProxyMatch");
        apr_array_header_t *words;

        if (!match && !tw_conftree_is(d, "<Proxy")) {
            continue;
        }
        words = tw_conftree_words(d, st->probe->pool);
        if (words->nelts
            && (match ? tw_probe_match(st->probe, WORD(words, 0),
                                       st->route->target, 0)
                : !strncasecmp(WORD(words, 0), st->route->target,
                               strlen(WORD(words, 0)))
                  || !apr_fnmatch(WORD(words, 0), st->route->target, 0))) {
            apply(st, d, st->route->target);
        }
    }
}

static void apply_locations(state_t *st, const ap_directive_t *d)
{
    for (; d; d = d->next) {
        if (d->first_child && tw_route_in_location(st->probe, d)) {
            apply(st, d, st->probe->url);
            apply_ifs(st, d->first_child);
        }
    }
}

tw_access_t tw_access(const tw_probe_t *p, const tw_route_t *route)
{
    state_t st = { p, route, NULL, TW_RULE_NONE, 0, 0, 0 };
    const ap_directive_t *own = tw_conftree_part(p->tree, p->server);
    const ap_directive_t *outside = p->server->is_virtual
        ? tw_conftree_outside(p->tree) : NULL;
    int depth, a, b;

    if (route->kind == TW_ROUTE_AWAY) {
        return TW_ACCESS_CLOSED;
    }
    if (route->kind == TW_ROUTE_FILE) {
        for (depth = 0; ; depth++) {
            a = apply_folders(&st, outside, depth);
            b = apply_folders(&st, own, depth);
            if (depth > a && depth > b) {
                break;
            }
        }
        apply_folders(&st, outside, -1);
        apply_folders(&st, own, -1);
        apply_files(&st, outside);
        apply_files(&st, own);
    }
    else {
        apply_proxies(&st, outside);
        apply_proxies(&st, own);
    }
    apply_locations(&st, outside);
    apply_locations(&st, own);
    apply_ifs(&st, outside);
    apply_ifs(&st, own);
    if (st.leaves || (st.refused && !st.any) || st.rule == TW_RULE_DENIED) {
        return TW_ACCESS_CLOSED;
    }
    if (st.rule <= TW_RULE_GRANTED || (st.any && !st.refused)) {
        return TW_ACCESS_OPEN;
    }
    return st.type && !strcasecmp(st.type, "Twitter") ? TW_ACCESS_SIGN_IN
                                                      : TW_ACCESS_CLOSED;
}
