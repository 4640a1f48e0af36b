#include "tw_cookie.h"

#include <string.h>

#include <apr_strings.h>

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
    end = p + strcspn(p, ";");
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

void tw_cookie_set(request_rec *r, const char *name, const char *value,
                   const char *attributes, int max_age)
{
    const char *age = max_age < 0 ? ""
                      : apr_psprintf(r->pool, "; Max-Age=%d", max_age);

    /* err_headers_out: it has to survive redirects and error pages */
    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   apr_pstrcat(r->pool, name, "=", value, attributes, age,
                               NULL));
}

void tw_cookie_expire(request_rec *r, const char *name,
                      const char *attributes)
{
    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   apr_pstrcat(r->pool, name, "=", attributes,
                               "; Max-Age=0; "
                               "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                               NULL));
}
