/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/export.h"

#include <string.h>

#include <apr_strings.h>

#include "auth/refresh.h"
#include "base/identity_headers.h"
#include "base/table.h"

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
    "TWAUTH_ACCOUNT", "TWAUTH_SIGNED_IN_AT", NULL
};

/* Adds what names say to a table that has none of them. */
static void add_identity(apr_table_t *table, const char *const *names,
                         const request_rec *r, const tw_session_t *session)
{
    const char *const values[] = {
        r->user, session->username, session->screen_name,
        session->twitter_id,
        tw_id_account_text(session->account, r->pool),
        apr_off_t_toa(r->pool, apr_time_sec(session->signed_in_at))
    };
    int i;

    _Static_assert(sizeof(values) / sizeof(values[0])
                       == TW_IDENTITY_HEADERS_COUNT,
                   "a value for each header");
    for (i = 0; names[i]; i++) {
        apr_table_addn(table, names[i], values[i]);
    }
}

void tw_export_variables(request_rec *r, tw_visitor_t *visitor, int exports)
{
    tw_export_clean(r, exports);
    if (exports & TW_EXPORT_ENV) {
        add_identity(r->subprocess_env, variables, r, &visitor->session);
    }
    visitor->given.variables = r;
}

void tw_export_identity(request_rec *r, tw_visitor_t *visitor, int exports)
{
    if (visitor->given.variables != r) {
        tw_export_variables(r, visitor, exports);
    }
    if (exports & TW_EXPORT_HEADERS) {
        add_identity(r->headers_in, tw_identity_headers_names, r,
                     &visitor->session);
        visitor->given.headers = 1;
    }
    if (exports & TW_EXPORT_TOKENS) {
        export_tokens(r, visitor);
    }
}

void tw_export_withdraw(request_rec *r, int exports)
{
    const tw_visitor_t *visitor = tw_visitor_peek(r);

    if (!visitor) {
        return;
    }
    if (visitor->given.tokens && !(exports & TW_EXPORT_TOKENS)) {
        const variables_t tokens = { "TWAUTH_TOKEN", NULL };

        tw_table_remove(r->subprocess_env, is_variable, &tokens);
    }
    if (visitor->given.headers && !(exports & TW_EXPORT_HEADERS)) {
        tw_identity_headers_scrub(r->headers_in);
    }
}

void tw_export_clean(request_rec *r, int exports)
{
    const variables_t stale = {
        "TWAUTH_", exports & TW_EXPORT_TOKENS ? NULL : "TWAUTH_TOKEN"
    };

    tw_table_remove(r->subprocess_env, is_variable, &stale);
}
