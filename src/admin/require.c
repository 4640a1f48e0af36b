/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/require.h"

#include <string.h>

#include "admin/condition.h"

int tw_require_combine(int a, int b, int all)
{
    if (a == TW_RULE_NONE || b == TW_RULE_NONE) {
        return a == TW_RULE_NONE ? b : a;
    }
    return (a > b) == all ? a : b;
}

static int require_line(const tw_probe_t *p, const ap_directive_t *d)
{
    apr_array_header_t *words = tw_conftree_words(d, p->pool);
    int not = !strcasecmp(tw_conftree_nth(words, 0), "not"), yes;
    const char *word = tw_conftree_nth(words, not);

    if (!strcasecmp(word, "all")) {
        yes = !strcasecmp(tw_conftree_nth(words, words->nelts - 1), "granted");
        return yes != not ? TW_RULE_GRANTED : TW_RULE_DENIED;
    }
    if (!strcasecmp(word, "expr")) {
        const char *expr = ap_strcasestr(d->args, "expr") + 4;

        expr = words->nelts == 2 + not ? tw_conftree_nth(words, 1 + not) : expr;
        yes = tw_condition_if(p, expr);
        return not ? yes == 1 ? TW_RULE_DENIED : TW_RULE_NONE
               : ap_strcasestr(expr, "TWAUTH_")
                 || ap_strcasestr(expr, "REMOTE_USER") ? TW_RULE_USER
               : yes == 1 ? TW_RULE_GRANTED : TW_RULE_DENIED;
    }
    if (not) {
        return TW_RULE_NONE;
    }
    if (!strcasecmp(word, "env") && ap_strcasestr(d->args, "TWAUTH_")) {
        return TW_RULE_USER;
    }
    if (!strcasecmp(word, "ssl")) {
        return tw_conftree_tls(p->tree, p->server) ? TW_RULE_GRANTED
                                               : TW_RULE_DENIED;
    }
    if (!strcasecmp(word, "method")) {
        return ap_strcasestr(d->args, "GET") ? TW_RULE_GRANTED : TW_RULE_DENIED;
    }
    return !strcasecmp(word, "ip") || !strcasecmp(word, "host")
           || !strcasecmp(word, "local") || !strcasecmp(word, "env")
           || !strcasecmp(word, "forward-dns") ? TW_RULE_DENIED : TW_RULE_USER;
}

/* The rules among the directives from d on: all of them, or any. */
int tw_require(const tw_probe_t *p, const ap_directive_t *d, int all)
{
    int rule = TW_RULE_NONE;

    for (; d; d = d->next) {
        if (tw_conftree_is(d, "Require")) {
            rule = tw_require_combine(rule, require_line(p, d), all);
        }
        else if (tw_conftree_is(d, "<RequireAll")) {
            rule = tw_require_combine(rule, tw_require(p, d->first_child, 1),
                                      all);
        }
        else if (tw_conftree_is(d, "<RequireAny")) {
            rule = tw_require_combine(rule, tw_require(p, d->first_child, 0),
                                      all);
        }
        else if (tw_conftree_is(d, "<RequireNone")
                 && tw_require(p, d->first_child, 0) == TW_RULE_GRANTED) {
            rule = tw_require_combine(rule, TW_RULE_DENIED, all);
        }
    }
    return rule;
}
