/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/early.h"

#include <string.h>

#include "admin/condition.h"

typedef struct {
    tw_findings_t *findings;
    const tw_conftree_t *tree;
    const server_rec *server;
} check_t;

static int is_about_user(const char *text)
{
    return ap_strcasestr(text, "REMOTE_USER")
           || ap_strcasestr(text, "TWAUTH_")
           || ap_strcasestr(text, "X-Twauth-");
}

/* Where it stands, and not what: conditions may hold secrets. */
static tw_finding_t of(const check_t *c, const ap_directive_t *d)
{
    tw_finding_t finding = { c->server, d->directive, NULL, NULL, 0 };

    return finding;
}

/* ---- <If> ---------------------------------------------------------------- */

static int rules_access(const ap_directive_t *d)
{
    static const char *const names[] = {
        "Require", "AuthType", "AuthMerging", "Allow", "Deny", "Order",
        "Satisfy", "Redirect", "RedirectMatch", "RewriteRule",
        "TwAuthUnauthenticated", NULL
    };

    for (; d; d = d->next) {
        if (tw_conftree_one_of(d->directive, names)
            || rules_access(d->first_child)) {
            return 1;
        }
    }
    return 0;
}

static int is_else(const ap_directive_t *d)
{
    return d && (tw_conftree_is(d, "<ElseIf") || tw_conftree_is(d, "<Else"));
}

static void check_if(const check_t *c, const ap_directive_t *d)
{
    tw_finding_t finding = of(c, d);
    const ap_directive_t *other;
    int rules = rules_access(d->first_child);

    for (other = d->next; is_else(other); other = other->next) {
        rules |= rules_access(other->first_child);
    }
    if (!rules || !is_about_user(tw_condition_of(d, c->findings->pool))) {
        return;
    }
    finding.serious = 1;
    finding.advice = "use Require user, Require twitter-user or Require expr "
                     "in its place";
    tw_findings_add(c->findings, &finding, "%s> (%s:%d) is judged before "
                    "anybody is known: its rules never go by who is signed "
                    "in", d->directive, d->filename, d->line_num);
}

/* ---- Require ------------------------------------------------------------- */

static const char *why_never(const check_t *c, const ap_directive_t *d)
{
    const ap_directive_t *sibling = d->parent ? d->parent->first_child : NULL;

    if (ap_strcasestr(d->args, "X-Twauth-")) {
        return "request headers are set after rules are judged: use "
               "%{reqenv:TWAUTH_ID} and its like";
    }
    if (ap_strcasestr(d->args, "osenv")) {
        return "variables of a request are not in httpd's own environment: "
               "use %{reqenv:TWAUTH_ID} and its like";
    }
    for (; sibling; sibling = sibling->next) {
        if (tw_conftree_is(sibling, "TwAuthExport")
            && ap_strcasestr(d->args, "TWAUTH_")
            && !ap_strcasestr(sibling->args, "env")) {
            return "TwAuthExport has no env here: add it";
        }
    }
    return tw_conftree_mentions(c->tree, c->server, "AuthType", "Twitter")
                   || tw_conftree_mentions(c->tree,
                                           tw_conftree_base_server(c->tree),
                                           "AuthType", "Twitter")
               ? NULL
               : "there is no AuthType Twitter: say it beside";
}

/* The provider of a Require line; *not: it is negated. */
static const char *provider_of(const check_t *c, const ap_directive_t *d,
                               int *not)
{
    apr_array_header_t *words = tw_conftree_words(d, c->findings->pool);

    *not = !strcasecmp(tw_conftree_nth(words, 0), "not");
    return tw_conftree_nth(words, *not);
}

static void check_require(const check_t *c, const ap_directive_t *d)
{
    tw_finding_t finding = of(c, d);
    int not;
    const char *provider = provider_of(c, d, &not);

    if (!is_about_user(d->args)
        || (strcasecmp(provider, "expr") && strcasecmp(provider, "env"))) {
        return;
    }
    finding.advice = why_never(c, d);
    if (finding.advice) {
        tw_findings_add(c->findings, &finding, "Require %s%s (%s:%d) "
                        "never lets anybody in", not ? "not " : "", provider,
                        d->filename, d->line_num);
    }
}

/* ---- rules that only keep somebody out ----------------------------------- */

static int is_by_user(const ap_directive_t *d, const char *provider)
{
    static const char *const names[] = {
        "user", "valid-user", "twitter-user", "twitter-id", "twitter-role",
        "group", "dbm-group", "dbd-group", NULL
    };

    return !strcasecmp(provider, "expr") || !strcasecmp(provider, "env")
           ? is_about_user(d->args) : tw_conftree_one_of(provider, names);
}

/* Whether it may hold for whoever is not somebody, and so for nobody: there is
 * a "not" in it, other than "not empty". */
static int is_denial(const ap_directive_t *d, const char *provider)
{
    const char *at = strcasecmp(provider, "expr") ? NULL
                     : strchr(d->args, '!');

    for (; at; at = strchr(at + 1, '!')) {
        const char *value = at + 1 + strspn(at + 1, "= \\");

        if (at[1] != '='
            || (strncmp(value, "''", 2) && strncmp(value, "\"\"", 2)
                && strncmp(value, "\"\\\"", 3))) {
            return 1;
        }
    }
    return 0;
}

typedef struct {
    int asks;                           /* a rule needs a user */
    int opens;                          /* a rule lets everybody in */
    const ap_directive_t *against;      /* the first that keeps a user out */
    int alone;                          /* and lets the others in itself */
} rules_t;

static void read_rules(rules_t *rules, const check_t *c,
                       const ap_directive_t *d, int not)
{
    for (; d; d = d->next) {
        int negated, denial;
        const char *provider;

        if (!strncasecmp(d->directive, "<Require", 8)) {
            read_rules(rules, c, d->first_child,
                       not || tw_conftree_is(d, "<RequireNone"));
        }
        if (!tw_conftree_is(d, "Require")) {
            continue;
        }
        provider = provider_of(c, d, &negated);
        denial = is_denial(d, provider);
        if (!is_by_user(d, provider)) {
            /* an address is an address, whoever is there */
            rules->opens |= !not && !negated && !strcasecmp(provider, "all");
            rules->asks |= !not && !negated && strcasecmp(provider, "all");
        }
        else if (not || negated || denial) {
            rules->against = rules->against ? rules->against : d;
            rules->alone |= denial && !not && !negated;
        }
        else {
            rules->asks = 1;
        }
    }
}

/* Nobody is asked who they are where a rule only says who may not come in:
 * those it is about come in like everybody else. */
static void check_denials(const check_t *c, const ap_directive_t *d)
{
    rules_t rules = { 0, 0, NULL, 0 };
    tw_finding_t finding;

    read_rules(&rules, c, d->first_child, 0);
    if (!rules.against || rules.asks || !(rules.opens || rules.alone)) {
        return;
    }
    finding = of(c, rules.against);
    finding.serious = 1;
    finding.advice = "put it into <RequireAll> with Require valid-user";
    tw_findings_add(c->findings, &finding, "Require (%s:%d) keeps a user out "
                    "where nobody is asked to sign in: everybody gets in",
                    rules.against->filename, rules.against->line_num);
}

/* ---- all ----------------------------------------------------------------- */

static void check_all(const check_t *c, const ap_directive_t *d, int outside)
{
    for (; d; d = d->next) {
        if (tw_conftree_is(d, "<If") || tw_conftree_is(d, "<ElseIf")) {
            check_if(c, d);
        }
        else if (tw_conftree_is(d, "Require")) {
            check_require(c, d);
        }
        else if (*d->directive == '<'
                 && strncasecmp(d->directive, "<Require", 8)) {
            check_denials(c, d);
        }
        else if (outside && tw_conftree_is(d, "RewriteCond")
                 && is_about_user(d->args) && !strstr(d->args, "LA-U:")) {
            tw_finding_t finding = of(c, d);

            finding.advice = "put the rule into <Directory>, or protect by "
                             "Require";
            tw_findings_add(c->findings, &finding, "RewriteCond (%s:%d) is "
                            "judged before anybody is known, outside of "
                            "<Directory>: it never goes by who is signed in",
                            d->filename, d->line_num);
        }
        check_all(c, d->first_child, 0);
    }
}

void tw_early_check(tw_findings_t *findings, const tw_conftree_t *tree)
{
    check_t c = { findings, tree, NULL };
    const server_rec *s;

    for (s = tw_conftree_base_server(tree); s; s = s->next) {
        c.server = s;
        check_all(&c, tw_conftree_part(tree, s), 1);
    }
}
