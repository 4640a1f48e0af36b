/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/access.h"

#include <string.h>

#include "admin/condition.h"
#include "admin/require.h"
#include "admin/section.h"

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
        named |= !strcmp(tw_conftree_nth(words, i), "GET");
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

static void apply(state_t *st, const ap_directive_t *d, const char *path)
{
    apply_directives(st, d->first_child);
    st->leaves = st->leaves
                 || tw_route_leaves(st->probe, d->first_child, path);
}

/* ---- which sections count ------------------------------------------------ */

static void apply_files(state_t *st, const ap_directive_t *d)
{
    const char *slash = strrchr(st->route->target, '/');
    const char *name = slash ? slash + 1 : st->route->target;
    tw_section_t section;

    for (; d; d = d->next) {
        if (tw_section_is(&section, TW_SECTION_FILES, d, st->probe->pool)
            && tw_section_rest(&section, st->probe, name)) {
            apply(st, d, name);
        }
    }
}

/* All <Directory> of this depth; what is the deepest there is. */
static int apply_folders(state_t *st, const ap_directive_t *d, int depth)
{
    int deepest = -1;

    for (; d; d = d->next) {
        tw_section_t section;
        const char *rest;
        int of;

        if (!tw_section_is(&section, TW_SECTION_DIRECTORY, d,
                           st->probe->pool)) {
            continue;
        }
        of = tw_section_depth(&section);
        deepest = of > deepest ? of : deepest;
        rest = of == depth
               ? tw_section_rest(&section, st->probe, st->route->target)
               : NULL;
        if (rest) {
            apply(st, d, rest + (depth >= 0 && *rest == '/'));
            apply_files(st, d->first_child);
            apply_ifs(st, d->first_child);
        }
    }
    return deepest;
}

static void apply_proxies(state_t *st, const ap_directive_t *d)
{
    tw_section_t section;

    for (; d; d = d->next) {
        if (tw_section_is(&section, TW_SECTION_PROXY, d, st->probe->pool)
            && tw_section_rest(&section, st->probe, st->route->target)) {
            apply(st, d, st->route->target);
        }
    }
}

static void apply_locations(state_t *st, const ap_directive_t *d)
{
    for (; d; d = d->next) {
        if (d->first_child && tw_section_has_url(d, st->probe)) {
            apply(st, d, st->probe->url);
            apply_ifs(st, d->first_child);
        }
    }
}

/* What stands outside of all hosts counts first, then what the host has. */
static void apply_both(state_t *st,
                       void (*kind)(state_t *st, const ap_directive_t *d))
{
    const tw_probe_t *p = st->probe;

    if (p->server->is_virtual) {
        kind(st, tw_conftree_outside(p->tree));
    }
    kind(st, tw_conftree_part(p->tree, p->server));
}

/* From the least deep to the deepest, and regular expressions at the end. */
static void apply_all_folders(state_t *st)
{
    const tw_probe_t *p = st->probe;
    const ap_directive_t *own = tw_conftree_part(p->tree, p->server);
    const ap_directive_t *outside =
        p->server->is_virtual ? tw_conftree_outside(p->tree) : NULL;
    int depth, a, b;

    for (depth = 0, a = b = 0; depth <= a || depth <= b; depth++) {
        a = apply_folders(st, outside, depth);
        b = apply_folders(st, own, depth);
    }
    apply_folders(st, outside, -1);
    apply_folders(st, own, -1);
}

tw_access_t tw_access(const tw_probe_t *p, const tw_route_t *route)
{
    state_t st = { p, route, NULL, TW_RULE_NONE, 0, 0, 0 };

    if (route->kind == TW_ROUTE_AWAY) {
        return TW_ACCESS_CLOSED;
    }
    if (route->kind == TW_ROUTE_FILE) {
        apply_all_folders(&st);
        apply_both(&st, apply_files);
    }
    else {
        apply_both(&st, apply_proxies);
    }
    apply_both(&st, apply_locations);
    apply_both(&st, apply_ifs);
    if (st.leaves || (st.refused && !st.any) || st.rule == TW_RULE_DENIED) {
        return TW_ACCESS_CLOSED;
    }
    if (st.rule <= TW_RULE_GRANTED || (st.any && !st.refused)) {
        return TW_ACCESS_OPEN;
    }
    return st.type && !strcasecmp(st.type, "Twitter") ? TW_ACCESS_SIGN_IN
                                                      : TW_ACCESS_CLOSED;
}
