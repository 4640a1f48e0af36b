/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/person.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/roles.h"

typedef enum { ANY, ALL, NONE } container_t;

static int is_username(const tw_member_t *member, const char *word)
{
    return *member->username && !strcmp(member->username, word);
}

static int is_handle(const tw_member_t *member, const char *word)
{
    return *member->screen_name
           && !apr_cstr_casecmp(member->screen_name, word);
}

static int has_role(const tw_member_t *member, const char *word)
{
    return tw_roles_has(member->roles, word);
}

static int is_id(const tw_member_t *member, const char *word)
{
    return !strcmp(member->twitter_id, word);
}

/* Rules that name people, and whom they mean.  By username, as TwAuthRemoteUser
 * has it where nobody says otherwise. */
static const struct {
    const char *provider;
    int (*means)(const tw_member_t *member, const char *word);
} rules[] = {
    { "user", is_username }, { "twitter-user", is_handle },
    { "twitter-id", is_id }, { "twitter-role", has_role }
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static tw_person_t by_name(const tw_member_t *member,
                           const apr_array_header_t *words, int i)
{
    const char *provider = tw_conftree_nth(words, i);
    apr_size_t k;

    for (k = 0; k < RULES; k++) {
        if (!strcasecmp(provider, rules[k].provider)) {
            for (i++; i < words->nelts; i++) {
                if (rules[k].means(member, tw_conftree_nth(words, i))) {
                    return TW_PERSON_ADMITTED;
                }
            }
            return TW_PERSON_KEPT_OUT;
        }
    }
    return TW_PERSON_UNKNOWN;
}

static tw_person_t rule(const tw_member_t *member, const ap_directive_t *d,
                        apr_pool_t *pool)
{
    const apr_array_header_t *words = tw_conftree_words(d, pool);
    int not = !strcasecmp(tw_conftree_nth(words, 0), "not");
    const char *provider = tw_conftree_nth(words, not);
    tw_person_t says;

    if (!strcasecmp(provider, "valid-user")) {
        says = TW_PERSON_ADMITTED;
    }
    else if (!strcasecmp(provider, "all")) {
        says = !strcasecmp(tw_conftree_nth(words, words->nelts - 1), "granted")
               ? TW_PERSON_ADMITTED : TW_PERSON_KEPT_OUT;
    }
    else {
        says = by_name(member, words, not);
    }
    /* a negated rule keeps out or says nothing, and never lets in */
    return !not ? says : says == TW_PERSON_ADMITTED ? TW_PERSON_KEPT_OUT
           : says == TW_PERSON_KEPT_OUT ? TW_PERSON_NOTHING : says;
}

/* Two that stand in one container. */
static tw_person_t combine(tw_person_t a, tw_person_t b, container_t how)
{
    tw_person_t decides = how == ALL ? TW_PERSON_KEPT_OUT : TW_PERSON_ADMITTED;

    if (a == TW_PERSON_NOTHING || b == TW_PERSON_NOTHING) {
        return a == TW_PERSON_NOTHING ? b : a;
    }
    return a == decides || b == decides ? decides
           : a == TW_PERSON_UNKNOWN ? a : b;
}

static int container_of(container_t *how, const ap_directive_t *d)
{
    static const char *const any[] = {
        "<RequireAny", "<Limit", "<LimitExcept", NULL
    };

    *how = tw_conftree_is(d, "<RequireAll") ? ALL
           : tw_conftree_is(d, "<RequireNone") ? NONE : ANY;
    return *how != ANY || tw_conftree_one_of(d->directive, any);
}

static tw_person_t contained(const tw_member_t *member,
                             const ap_directive_t *d, container_t how,
                             apr_pool_t *pool)
{
    tw_person_t says = TW_PERSON_NOTHING;
    container_t inner;

    for (; d; d = d->next) {
        if (tw_conftree_is(d, "Require")) {
            says = combine(says, rule(member, d, pool), how);
        }
        else if (container_of(&inner, d)) {
            says = combine(says, contained(member, d->first_child, inner,
                                           pool), how);
        }
    }
    return how != NONE ? says : says == TW_PERSON_ADMITTED
           ? TW_PERSON_KEPT_OUT : says == TW_PERSON_KEPT_OUT
           ? TW_PERSON_NOTHING : says;
}

tw_person_t tw_person_rules(const tw_member_t *member, const ap_directive_t *d,
                            apr_pool_t *pool)
{
    return contained(member, d, ANY, pool);
}
