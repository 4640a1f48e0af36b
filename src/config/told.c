/* SPDX-License-Identifier: Apache-2.0 */
#include "config/told.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/identity_headers.h"

#define NAME_MAX_LEN 64

/* In the order of tw_told_t. */
static const char *const fields[] = {
    "user", "username", "screen_name", "id", "account", "signed_in_at",
    "name", "avatar", "email", "verified", "roles", "none"
};
_Static_assert(sizeof(fields) / sizeof(fields[0]) == TW_TOLD_NOTHING + 1,
               "a word for each");

/* All names of the server, folded; gone with its configuration. */
static apr_array_header_t *names;

static apr_status_t forget_names(void *nothing)
{
    (void)nothing;
    names = NULL;
    tw_identity_headers_also(NULL);
    return APR_SUCCESS;
}

static void know_name(const char *folded, apr_pool_t *pool)
{
    int i;

    if (!names) {
        names = apr_array_make(pool, 4, sizeof(const char *));
        apr_pool_cleanup_register(pool, NULL, forget_names,
                                  apr_pool_cleanup_null);
    }
    for (i = 0; i < names->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(names, i, const char *), folded)) {
            return;
        }
    }
    APR_ARRAY_PUSH(names, const char *) = folded;
    tw_identity_headers_also(names);
}

/*
 * Names that httpd, browsers and what is between them have a use for, folded:
 * taken out of each request they would be missed, and given they would say
 * something else than who it is.  What ends in a star begins so.
 */
static const char *why_not(const char *folded)
{
    static const char *const taken[] = {
        "accept*", "accesscontrol*", "age", "allow", "alt*", "authorization",
        "cachecontrol", "clientip", "close", "connection", "content*",
        "cookie*", "date", "depth", "destination", "dnt", "dpop", "etag",
        "expect*", "expires", "forwarded*", "from", "host", "http*", "if*",
        "keepalive", "lastmodified", "location", "maxforwards", "mime*",
        "origin*", "overwrite", "pragma", "priority", "proxy*", "range",
        "referer", "remoteaddr", "remotehost", "scriptname", "sec*",
        "servername", "setcookie*", "te", "timeout", "traceparent",
        "tracestate", "trailer*", "transferencoding", "upgrade*", "useragent",
        "vary", "via", "warning", "wwwauthenticate", "xclientip",
        "xforwardedby", "xforwardedfor", "xforwardedhost", "xforwardedmethod",
        "xforwardedpath", "xforwardedport", "xforwardedprefix",
        "xforwardedproto*", "xforwardedscheme", "xforwardedserver",
        "xforwardedssl", "xforwardeduri", "xhttpmethod*", "xmethodoverride",
        "xoriginal*", "xrealip", "xrequestedwith", "xrewrite*"
    };
    apr_size_t i;

    if (!strncmp(folded, "xtwauth", 7)) {
        return "must be a name that is not the module's own: TwAuthExport "
               "headers gives those";
    }
    for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        apr_size_t len = strlen(taken[i]);

        if (taken[i][len - 1] == '*' ? !strncmp(folded, taken[i], len - 1)
                                     : !strcmp(folded, taken[i])) {
            return "must be a name that nothing else has a use for, such as "
                   "X-WEBAUTH-USER or Remote-User: it is removed from what "
                   "clients send, on every host";
        }
    }
    return NULL;
}

static int is_name(const char *name)
{
    apr_size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-_");

    return len >= 3 && len <= NAME_MAX_LEN && !name[len]
           && strspn(name, "0123456789-_") == 0;
}

/* The header of that name; NULL: there is none. */
static tw_header_t *find(const apr_array_header_t *headers, const char *name)
{
    int i;

    for (i = 0; i < headers->nelts; i++) {
        tw_header_t *header = &APR_ARRAY_IDX(headers, i, tw_header_t);

        if (!apr_cstr_casecmp(header->name, name)) {
            return header;
        }
    }
    return NULL;
}

const char *tw_told_wrong_name(const char *name, apr_pool_t *pool)
{
    return is_name(name)
           ? why_not(tw_identity_headers_fold(name, pool))
           : "must have the name of a header: 3 to 64 letters, digits, - or "
             "_, a letter first";
}

tw_told_t tw_told_field(const char *word)
{
    int told = 0;

    while (told <= TW_TOLD_NOTHING && strcasecmp(fields[told], word) != 0) {
        told++;
    }
    return (tw_told_t)told;
}

const char *tw_told_word(tw_told_t told)
{
    return fields[told];
}

void tw_told_add(apr_array_header_t **headers, const char *name,
                 tw_told_t told, apr_pool_t *pool)
{
    tw_header_t *header;

    if (!*headers) {
        *headers = apr_array_make(pool, 2, sizeof(tw_header_t));
    }
    header = find(*headers, name);
    if (!header) {
        header = apr_array_push(*headers);
    }
    header->name = name;
    header->told = told;
    know_name(tw_identity_headers_fold(name, pool), pool);
}

apr_array_header_t *tw_told_merge(apr_array_header_t *base,
                                  apr_array_header_t *add, apr_pool_t *pool)
{
    apr_array_header_t *merged;
    int i;

    if (!add) {
        return base;
    }
    merged = apr_array_copy(pool, add);
    for (i = 0; i < base->nelts; i++) {
        const tw_header_t *header = &APR_ARRAY_IDX(base, i, tw_header_t);

        if (!find(add, header->name)) {
            *(tw_header_t *)apr_array_push(merged) = *header;
        }
    }
    return merged;
}

int tw_told_same(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i;

    if (a == b) {
        return 1;
    }
    if (!a || !b || a->nelts != b->nelts) {
        return 0;
    }
    for (i = 0; i < a->nelts; i++) {
        const tw_header_t *x = &APR_ARRAY_IDX(a, i, tw_header_t);
        const tw_header_t *y = &APR_ARRAY_IDX(b, i, tw_header_t);

        if (x->told != y->told || strcmp(x->name, y->name) != 0) {
            return 0;
        }
    }
    return 1;
}
