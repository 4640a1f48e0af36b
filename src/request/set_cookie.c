/* SPDX-License-Identifier: Apache-2.0 */
#include "request/set_cookie.h"

#include <string.h>

#include <apr_strings.h>

/* Withdraws a cookie that was about to be set: only one may go out. */
static void withdraw(request_rec *r, const char *name)
{
    const apr_array_header_t *list = apr_table_elts(r->err_headers_out);
    const apr_table_entry_t *entry = (const apr_table_entry_t *)list->elts;
    apr_array_header_t *others = NULL;
    apr_size_t len = strlen(name);
    int i, found = 0;

    for (i = 0; i < list->nelts; i++) {
        if (strcasecmp(entry[i].key, "Set-Cookie")) {
            continue;
        }
        if (!strncmp(entry[i].val, name, len) && entry[i].val[len] == '=') {
            found = 1;
        }
        else {
            if (!others) {
                others = apr_array_make(r->pool, 2, sizeof(const char *));
            }
            APR_ARRAY_PUSH(others, const char *) = entry[i].val;
        }
    }
    if (!found) {
        return;
    }
    apr_table_unset(r->err_headers_out, "Set-Cookie");
    for (i = 0; others && i < others->nelts; i++) {
        apr_table_addn(r->err_headers_out, "Set-Cookie",
                       APR_ARRAY_IDX(others, i, const char *));
    }
}

void tw_cookie_set(request_rec *r, const char *name, const char *value,
                   const char *attributes, int max_age)
{
    const char *age = max_age < 0 ? ""
                      : apr_psprintf(r->pool, "; Max-Age=%d", max_age);

    withdraw(r, name);
    /* err_headers_out: it has to survive redirects and error pages */
    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   apr_pstrcat(r->pool, name, "=", value, attributes, age,
                               NULL));
}

void tw_cookie_expire(request_rec *r, const char *name,
                      const char *attributes)
{
    withdraw(r, name);
    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   apr_pstrcat(r->pool, name, "=", attributes,
                               "; Max-Age=0; "
                               "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                               NULL));
}
