/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define WHY_MAX 500

apr_status_t tw_err_set(tw_err_t *err, apr_pool_t *pool, tw_err_kind_t kind,
                        apr_status_t rv, const char *fmt, ...)
{
    if (err) {
        char text[WHY_MAX];
        va_list ap;

        va_start(ap, fmt);
        apr_vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        err->kind = kind;
        err->rv = rv;
        err->why = apr_pstrdup(pool, text);
        err->advice = NULL;
        err->retry_after = 0;
        err->step = NULL;
        err->status = 0;
        err->code = 0;
    }
    return rv == APR_SUCCESS ? APR_EGENERAL : rv;
}

const char *tw_err_text(apr_pool_t *pool, const tw_err_t *err)
{
    return apr_pstrcat(pool, err->step ? err->step : "", err->step ? ": " : "",
                       err->why, err->advice ? ": " : "",
                       err->advice ? err->advice : "", NULL);
}

const char *tw_err_quote(apr_pool_t *pool, const char *text, apr_size_t len,
                         apr_size_t max)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t n = len > max ? max : len;
    char *out = apr_palloc(pool, n * 4 + 4);
    char *o = out;
    apr_size_t i;

    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x20 && c < 0x7f && c != '\\') {
            *o++ = (char)c;
        }
        else {
            *o++ = '\\';
            *o++ = 'x';
            *o++ = hex[c >> 4];
            *o++ = hex[c & 15];
        }
    }
    if (n < len) {
        *o++ = '.';
        *o++ = '.';
        *o++ = '.';
    }
    *o = '\0';
    return out;
}
