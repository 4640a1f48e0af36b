/* SPDX-License-Identifier: Apache-2.0 */
#include "base/identity_headers.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>

#include "base/table.h"

#define PREFIX "xtwauth"

const char *const tw_identity_headers_names[] = {
    "X-Twauth-User", "X-Twauth-Username", "X-Twauth-Screen-Name",
    "X-Twauth-Id", "X-Twauth-Account", "X-Twauth-Signed-In-At",
    "X-Twauth-Name", "X-Twauth-Avatar", "X-Twauth-Email", "X-Twauth-Verified",
    "X-Twauth-Roles", NULL
};

_Static_assert(sizeof(tw_identity_headers_names)
                       / sizeof(tw_identity_headers_names[0])
                   == TW_IDENTITY_HEADERS_COUNT + 1,
               "TW_IDENTITY_HEADERS_COUNT is of the names");

/* Whether name is x-twauth-..., by letters and digits alone, as gateways
 * that turn header names into variables would read it. */
static int looks_like_ours(const char *name, apr_size_t len)
{
    const char *want = PREFIX;
    const char *end = name + len;

    for (; *want; name++) {
        while (name < end && !apr_isalnum(*name)) {
            name++;
        }
        if (name >= end || apr_tolower(*name) != *want++) {
            return 0;
        }
    }
    return 1;
}

static const apr_array_header_t *also;
static apr_uint32_t first_letters;      /* of these: a bit for each */

void tw_identity_headers_also(const apr_array_header_t *folded)
{
    int i;

    also = folded;
    first_letters = 0;
    for (i = 0; folded && i < folded->nelts; i++) {
        first_letters |= 1U << (*APR_ARRAY_IDX(folded, i, const char *) & 31);
    }
}

const char *tw_identity_headers_fold(const char *name, apr_pool_t *pool)
{
    char *folded = apr_palloc(pool, strlen(name) + 1), *end = folded;

    for (; *name; name++) {
        if (apr_isalnum(*name)) {
            *end++ = (char)apr_tolower(*name);
        }
    }
    *end = '\0';
    return folded;
}

/* Whether name, folded, is that. */
static int folds_to(const char *name, apr_size_t len, const char *folded)
{
    const char *end = name + len;

    for (; name < end; name++) {
        if (apr_isalnum(*name) && apr_tolower(*name) != *folded++) {
            return 0;
        }
    }
    return !*folded;
}

static int is_also(const char *name, apr_size_t len)
{
    int i;

    for (i = 0; i < also->nelts; i++) {
        if (folds_to(name, len, APR_ARRAY_IDX(also, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

/* One of ours, or of those that have another name. */
static int is_told(const char *name, apr_size_t len)
{
    return looks_like_ours(name, len) || (also && is_also(name, len));
}

static void look_also(tw_identity_headers_t *seen,
                      const apr_array_header_t *list)
{
    const apr_table_entry_t *entry = (const apr_table_entry_t *)list->elts;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const char *name = entry[i].key;

        /* most names are told apart by their first letter */
        if (apr_isalnum(*name) && !(first_letters & 1U << (*name & 31))) {
            continue;
        }
        if (is_also(name, strlen(name))) {
            seen->lookalike = name;
            return;
        }
    }
}

void tw_identity_headers_look(tw_identity_headers_t *seen,
                              const apr_table_t *headers)
{
    const apr_array_header_t *list = apr_table_elts(headers);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)list->elts;
    const apr_table_entry_t *end = entry + list->nelts;

    memset(seen, 0, sizeof(*seen));
    for (; entry < end; entry++) {
        const char *name = entry->key;
        char letter = (char)(*name | 0x20);

        /* most names are told apart by their first letter */
        if (letter == 'c') {
            if (!seen->cookie && !apr_cstr_casecmp(name, "Cookie")) {
                seen->cookie = entry->val;
            }
            else if (!seen->connection
                     && !apr_cstr_casecmp(name, "Connection")) {
                seen->connection = entry->val;
            }
        }
        else if ((letter == 'x' || letter < 'a' || letter > 'z')
                 && looks_like_ours(name, strlen(name))) {
            seen->lookalike = name;
        }
    }
    if (also && !seen->lookalike) {
        look_also(seen, list);
    }
}

static int is_ours(const char *name, const void *what)
{
    (void)what;
    return is_told(name, strlen(name));
}

void tw_identity_headers_scrub(apr_table_t *headers)
{
    tw_table_remove(headers, is_ours, NULL);
}

int tw_identity_headers_drop_ours(const char *connection)
{
    static const char ends[] = ",; \t\v\f";
    const char *at = connection;

    while (at && *at) {
        apr_size_t len;

        at += strspn(at, ends);
        len = strcspn(at, ends);
        if (is_told(at, len)) {
            return 1;
        }
        at += len;
    }
    return 0;
}
