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
    const char *const *name;

    for (; d; d = d->next) {
        for (name = names; *name; name++) {
            if (tw_conftree_is(d, *name)) {
                return 1;
            }
        }
        if (rules_access(d->first_child)) {
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
    const ap_directive_t *beside = d->parent ? d->parent->first_child : NULL;

    if (ap_strcasestr(d->args, "X-Twauth-")) {
        return "request headers are set after rules are judged: use "
               "%{reqenv:TWAUTH_ID} and its like";
    }
    if (ap_strcasestr(d->args, "osenv")) {
        return "variables of a request are not in httpd's own environment: "
               "use %{reqenv:TWAUTH_ID} and its like";
    }
    for (; beside; beside = beside->next) {
        if (tw_conftree_is(beside, "TwAuthExport")
            && ap_strcasestr(d->args, "TWAUTH_")
            && !ap_strcasestr(beside->args, "env")) {
            return "TwAuthExport has no env here: add it";
        }
    }
    return tw_conftree_mentions(c->tree, c->server, "AuthType", "Twitter")
                   || tw_conftree_mentions(c->tree, tw_conftree_main(c->tree),
                                           "AuthType", "Twitter")
               ? NULL
               : "there is no AuthType Twitter: say it beside";
}

static void check_require(const check_t *c, const ap_directive_t *d)
{
    tw_finding_t finding = of(c, d);
    apr_array_header_t *words = tw_conftree_words(d, c->findings->pool);
    const char *first = words->nelts ? APR_ARRAY_IDX(words, 0, const char *)
                                     : "";
    int not = !strcasecmp(first, "not");

    if (words->nelts < 2 || !is_about_user(d->args)) {
        return;
    }
    first = APR_ARRAY_IDX(words, not, const char *);
    if (strcasecmp(first, "expr") && strcasecmp(first, "env")) {
        return;
    }
    finding.advice = why_never(c, d);
    if (finding.advice) {
        tw_findings_add(c->findings, &finding, "Require %s%s (%s:%d) "
                        "never lets anybody in", not ? "not " : "", first,
                        d->filename, d->line_num);
    }
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

    for (s = tw_conftree_main(tree); s; s = s->next) {
        c.server = s;
        check_all(&c, tw_conftree_part(tree, s), 1);
    }
}
