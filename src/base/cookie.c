/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cookie.h"

#include <string.h>

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

int tw_cookie_next(tw_cookie_t *cookie, const char **at)
{
    const char *p = *at, *end, *eq;

    if (!p) {
        return 0;
    }
    end = strchr(p, ';');
    end = end ? end : p + strlen(p);
    *at = *end ? end + 1 : NULL;
    while (p < end && is_blank(*p)) {
        p++;
    }
    while (end > p && is_blank(end[-1])) {
        end--;
    }
    eq = memchr(p, '=', (apr_size_t)(end - p));
    cookie->name = p;
    cookie->name_len = eq ? (apr_size_t)(eq - p) : 0;
    cookie->value = eq ? eq + 1 : p;
    cookie->value_len = (apr_size_t)(end - cookie->value);
    return 1;
}
