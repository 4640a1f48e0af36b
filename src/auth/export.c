/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/export.h"

#include <string.h>

#include <apr_strings.h>

#include "auth/refresh.h"
#include "base/codec.h"
#include "base/identity_headers.h"
#include "base/table.h"
#include "request/profile.h"

/* Variables, by how their names begin as they are, and in their REDIRECT_
 * copies (NULL: none of these). */
typedef struct {
    const char *plain, *copy;
} variables_t;

/* Tables of variables are looked up without regard to case, and so are ours
 * told from others'. */
static int begins_so(const char *name, const char *prefix)
{
    while (!strncasecmp(name, "REDIRECT_", 9)) {
        name += 9;
    }
    return !strncasecmp(name, prefix, strlen(prefix));
}

/* Most names are told apart by their first letter. */
static inline int is_variable(const char *name, const void *what)
{
    const variables_t *which = what;

    switch (name[0] | 0x20) {
    case 't':
        return begins_so(name, which->plain);
    case 'r':
        return which->copy && begins_so(name, which->copy);
    default:
        return 0;
    }
}

static void export_tokens(request_rec *r, tw_visitor_t *visitor)
{
    const tw_tokens_t *tokens = &visitor->tokens.own;

    if (tw_refresh_own(visitor) != TW_REFRESH_GOOD
        || (tokens->kind == TW_TOKEN_OAUTH1 && !tokens->secret)) {
        return;
    }
    visitor->given.tokens = 1;
    apr_table_setn(r->subprocess_env, "TWAUTH_TOKEN", tokens->token);
    /* that of OAuth 2.0 would be the refresh token: nobody else's business */
    if (tokens->kind == TW_TOKEN_OAUTH1) {
        apr_table_setn(r->subprocess_env, "TWAUTH_TOKEN_SECRET",
                       tokens->secret);
    }
}

/* In the order of tw_identity_headers_names, and as many. */
static const char *const variables[TW_IDENTITY_HEADERS_COUNT + 1] = {
    "TWAUTH_USER", "TWAUTH_USERNAME", "TWAUTH_SCREEN_NAME", "TWAUTH_ID",
    "TWAUTH_ACCOUNT", "TWAUTH_SIGNED_IN_AT",
    "TWAUTH_NAME", "TWAUTH_AVATAR", "TWAUTH_EMAIL", "TWAUTH_VERIFIED",
    "TWAUTH_ROLES", NULL
};

_Static_assert(TW_IDENTITY_HEADERS_PROFILE == TW_TOLD_NAME
                   && TW_IDENTITY_HEADERS_ROLES == TW_TOLD_ROLES
                   && TW_IDENTITY_HEADERS_COUNT == TW_TOLD_NOTHING,
               "the same order");

/* The session's numbers as text, which is made once. */
static const tw_numbers_t *numbers(tw_visitor_t *visitor)
{
    apr_pool_t *pool = visitor->initial->pool;  /* r may be a part of it */
    tw_numbers_t *told = &visitor->given.numbers;

    if (!told->account) {
        const tw_session_t *session = &visitor->session;

        told->account = tw_id_account_text(session->account, pool);
        told->signed_in_at =
            apr_off_t_toa(pool, apr_time_sec(session->signed_in_at));
    }
    return told;
}

/* Adds what names say to a table that has none of them. */
static void add_identity(apr_table_t *table, const char *const *names,
                         const request_rec *r, tw_visitor_t *visitor)
{
    const tw_session_t *session = &visitor->session;
    const tw_numbers_t *number = numbers(visitor);
    const char *const values[] = {
        r->user, session->username, session->screen_name,
        session->twitter_id, number->account, number->signed_in_at
    };
    int i;

    _Static_assert(sizeof(values) / sizeof(values[0])
                       == TW_IDENTITY_HEADERS_PROFILE,
                   "a value for each header");
    for (i = 0; i < TW_IDENTITY_HEADERS_PROFILE; i++) {
        apr_table_addn(table, names[i], values[i]);
    }
    if (tw_session_roles(session)) {
        apr_table_addn(table, names[TW_IDENTITY_HEADERS_ROLES],
                       tw_session_roles(session));
    }
}

/* What a profile says; NULL: nothing. */
static const char *profile_value(const tw_profile_t *profile, tw_told_t told)
{
    const char *value = told == TW_TOLD_NAME ? profile->name
                        : told == TW_TOLD_AVATAR ? profile->avatar
                        : told == TW_TOLD_EMAIL ? profile->email
                        : profile->verified ? "1" : "";

    return profile->known && *value ? value : NULL;
}

/* As it can stand in a header: names are of any language. */
static const char *profile_header(const request_rec *r,
                                  const tw_profile_t *profile, tw_told_t told)
{
    const char *value = profile_value(profile, told);

    return value && told == TW_TOLD_NAME ? tw_codec_percent(r->pool, value)
                                         : value;
}

static void add_profile_variables(const request_rec *r, tw_visitor_t *visitor)
{
    const tw_profile_t *profile = tw_profile_of(visitor);
    int i;

    for (i = TW_TOLD_NAME; i < TW_TOLD_ROLES; i++) {
        const char *value = profile_value(profile, (tw_told_t)i);

        if (value) {
            apr_table_addn(r->subprocess_env, variables[i], value);
        }
    }
}

/* The headers of everybody, as bits; the others are a profile's. */
#define IDENTITY                                                            \
    ((1 << TW_IDENTITY_HEADERS_PROFILE) - 1                                 \
     + (1 << TW_IDENTITY_HEADERS_ROLES))

/* Where it is kept what is given in r's headers. */
static tw_given_t *given_in(const request_rec *r, tw_visitor_t *visitor)
{
    tw_given_t *given =
        tw_given_find(visitor->given.headers, r->headers_in);

    if (!given) {
        /* r may be a part of it */
        given = apr_pcalloc(visitor->initial->pool, sizeof(*given));
        given->table = r->headers_in;
        given->next = visitor->given.headers;
        visitor->given.headers = given;
    }
    return given;
}

/* Adds them to a table; which they are, a bit for each. */
static int add_profile_headers(apr_table_t *table, const request_rec *r,
                               tw_visitor_t *visitor)
{
    const tw_profile_t *profile = tw_profile_of(visitor);
    int i, added = 0;

    for (i = TW_TOLD_NAME; i < TW_TOLD_ROLES; i++) {
        const char *value = profile_header(r, profile, (tw_told_t)i);

        if (value) {
            apr_table_addn(table, tw_identity_headers_names[i], value);
            added |= 1 << i;
        }
    }
    return added;
}

/* One value for a header of another name; NULL: there is none. */
static const char *told(const request_rec *r, tw_visitor_t *visitor,
                        tw_told_t what)
{
    const tw_session_t *session = &visitor->session;

    switch (what) {
    case TW_TOLD_USER:
        return r->user;
    case TW_TOLD_USERNAME:
        return session->username;
    case TW_TOLD_SCREEN_NAME:
        return *session->screen_name ? session->screen_name : NULL;
    case TW_TOLD_ID:
        return session->twitter_id;
    case TW_TOLD_ACCOUNT:
        return numbers(visitor)->account;
    case TW_TOLD_SIGNED_IN_AT:
        return numbers(visitor)->signed_in_at;
    case TW_TOLD_ROLES:
        return tw_session_roles(session);
    case TW_TOLD_NOTHING:
        return NULL;
    default:
        return profile_header(r, tw_profile_of(visitor), what);
    }
}

/* What TwAuthHeader says for a place, in a table; and in kept, to be known
 * again (NULL: it need not be). */
static void set_own_headers(apr_table_t *table, apr_table_t *kept,
                            const request_rec *r, tw_visitor_t *visitor,
                            const apr_array_header_t *headers)
{
    int i;

    for (i = 0; i < headers->nelts; i++) {
        const tw_header_t *header = &APR_ARRAY_IDX(headers, i, tw_header_t);
        const char *value = told(r, visitor, header->told);

        if (value) {
            apr_table_setn(table, header->name, value);
            if (kept) {
                apr_table_set(kept, header->name, value);
            }
        }
    }
}

static void add_own_headers(const request_rec *r, tw_visitor_t *visitor,
                            tw_given_t *given,
                            const apr_array_header_t *headers)
{
    apr_pool_t *pool = visitor->initial->pool;  /* r may be a part of it */

    given->asked = apr_array_copy(pool, headers);
    given->own = apr_table_make(pool, headers->nelts);
    set_own_headers(r->headers_in, given->own, r, visitor, headers);
}

static void export_headers(const request_rec *r, tw_visitor_t *visitor,
                           const tw_dir_conf_t *dir)
{
    tw_given_t *given;

    if (!(dir->exports & TW_EXPORT_HEADERS) && !dir->headers) {
        return;
    }
    given = given_in(r, visitor);
    if (dir->exports & TW_EXPORT_HEADERS) {
        add_identity(r->headers_in, tw_identity_headers_names, r, visitor);
        given->headers = IDENTITY;
        if (dir->exports & TW_EXPORT_PROFILE) {
            given->headers |= add_profile_headers(r->headers_in, r, visitor);
        }
    }
    if (dir->headers) {
        add_own_headers(r, visitor, given, dir->headers);
    }
}

void tw_export_variables(request_rec *r, tw_visitor_t *visitor, int exports)
{
    tw_export_clean(r, exports);
    if (exports & TW_EXPORT_ENV) {
        add_identity(r->subprocess_env, variables, r, visitor);
        if (exports & TW_EXPORT_PROFILE) {
            add_profile_variables(r, visitor);
        }
    }
    visitor->given.variables = r;
}

void tw_export_identity(request_rec *r, tw_visitor_t *visitor,
                        const tw_dir_conf_t *dir)
{
    if (visitor->given.variables != r) {
        tw_export_variables(r, visitor, (int)dir->exports);
    }
    export_headers(r, visitor, dir);
    if (dir->exports & TW_EXPORT_TOKENS) {
        export_tokens(r, visitor);
    }
}

void tw_export_answer(request_rec *r, tw_visitor_t *visitor,
                      const tw_dir_conf_t *dir)
{
    add_identity(r->headers_out, tw_identity_headers_names, r, visitor);
    if (dir->exports & TW_EXPORT_PROFILE) {
        add_profile_headers(r->headers_out, r, visitor);
    }
    if (dir->headers) {
        set_own_headers(r->headers_out, NULL, r, visitor, dir->headers);
    }
}

/* Whether headers that were given are not those of this place. */
static int has_other_headers(const tw_given_t *given,
                             const tw_dir_conf_t *dir)
{
    int profile = given->headers & ~IDENTITY;

    return (given->headers && !(dir->exports & TW_EXPORT_HEADERS))
           || (profile && !(dir->exports & TW_EXPORT_PROFILE))
           || (given->own && !tw_told_same(given->asked, dir->headers));
}

void tw_export_withdraw(request_rec *r, tw_visitor_t *visitor,
                        const tw_dir_conf_t *dir, int anew)
{
    tw_given_t *given;

    if (visitor->given.tokens && !(dir->exports & TW_EXPORT_TOKENS)) {
        const variables_t tokens = { "TWAUTH_TOKEN", NULL };

        tw_table_remove(r->subprocess_env, is_variable, &tokens);
    }
    if (!visitor->given.headers) {
        return;
    }
    /* nothing is known of a part's table that is a copy of the whole's */
    given = tw_given_find(visitor->given.headers, r->headers_in);
    if (anew || !given || has_other_headers(given, dir)) {
        tw_identity_headers_scrub(r->headers_in);
        if (given) {
            given->headers = 0;
            given->asked = NULL;
            given->own = NULL;
        }
    }
}

void tw_export_clean(request_rec *r, int exports)
{
    const variables_t stale = {
        "TWAUTH_", exports & TW_EXPORT_TOKENS ? NULL : "TWAUTH_TOKEN"
    };

    tw_table_remove(r->subprocess_env, is_variable, &stale);
}
