/* SPDX-License-Identifier: Apache-2.0 */
#include "base/identity_headers.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>

#include "base/table.h"

#define PREFIX "xtwauth"

const char *const tw_identity_headers_names[] = {
    "X-Twauth-User", "X-Twauth-Username", "X-Twauth-Screen-Name",
    "X-Twauth-Id", "X-Twauth-Account", "X-Twauth-Signed-In-At", NULL
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
}

static int is_ours(const char *name, const void *what)
{
    (void)what;
    return looks_like_ours(name, strlen(name));
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
        if (looks_like_ours(at, len)) {
            return 1;
        }
        at += len;
    }
    return 0;
}
