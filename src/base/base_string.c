/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base_string.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"

/* One parameter, both encoded in the strict form. */
typedef struct {
    const char *name, *value;
} param_t;

/* Adds the parameters of a query or form. */
static apr_status_t add_text(apr_array_header_t *params,
                             const tw_signed_text_t *from, apr_pool_t *pool)
{
    const char *text = from->text, *end = text ? text + from->len : NULL;

    while (text < end) {
        const char *amp = memchr(text, '&', (apr_size_t)(end - text));
        const char *stop = amp ? amp : end;
        const char *eq = memchr(text, '=', (apr_size_t)(stop - text));

        if (stop > text) {
            param_t *param = apr_array_push(params);
            const char *name_end = eq ? eq : stop;
            const char *value = eq ? eq + 1 : stop;

            param->name = tw_codec_respell(pool, text,
                                           (apr_size_t)(name_end - text));
            param->value = tw_codec_respell(pool, value,
                                            (apr_size_t)(stop - value));
            if (!param->name || !param->value) {
                return APR_EINVAL;
            }
        }
        text = stop + 1;
    }
    return APR_SUCCESS;
}

static int by_name_and_value(const void *a, const void *b)
{
    const param_t *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->value, y->value);
}

/* Section 3.4.1.3.2. */
static const char *normalize(const apr_array_header_t *params,
                             apr_pool_t *pool)
{
    const param_t *param = (const param_t *)params->elts;
    const param_t *end = param + params->nelts;
    apr_size_t len = 1;
    char *out, *o;

    qsort(params->elts, (apr_size_t)params->nelts, sizeof(param_t),
          by_name_and_value);
    for (; param < end; param++) {
        len += strlen(param->name) + strlen(param->value) + 2;
    }
    out = o = apr_palloc(pool, len);
    for (param = (const param_t *)params->elts; param < end; param++) {
        if (o > out) {
            *o++ = '&';
        }
        o = apr_cpystrn(o, param->name, len);
        *o++ = '=';
        o = apr_cpystrn(o, param->value, len);
    }
    *o = '\0';
    return out;
}

static const char *upper(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text), *at;

    for (at = copy; *at; at++) {
        if (*at >= 'a' && *at <= 'z') {
            *at &= ~0x20;
        }
    }
    return copy;
}

apr_status_t tw_base_string(const char **text, const tw_base_string_t *call,
                            apr_pool_t *pool)
{
    apr_array_header_t *params = apr_array_make(pool, 16, sizeof(param_t));
    int i;

    *text = NULL;
    for (i = 0; call->params && i < call->params->nelts; i++) {
        const tw_pair_t *pair = &APR_ARRAY_IDX(call->params, i, tw_pair_t);
        param_t *param = apr_array_push(params);

        param->name = tw_codec_percent(pool, pair->name);
        param->value = tw_codec_percent(pool, pair->value);
    }
    if (add_text(params, &call->query, pool) != APR_SUCCESS
        || add_text(params, &call->form, pool) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    *text = apr_pstrcat(pool, upper(call->method, pool), "&",
                        tw_codec_percent(pool, call->url), "&",
                        tw_codec_percent(pool, normalize(params, pool)),
                        NULL);
    return APR_SUCCESS;
}

int tw_base_string_has(const tw_signed_text_t *text, const char *prefix,
                       apr_pool_t *pool)
{
    apr_array_header_t *params = apr_array_make(pool, 16, sizeof(param_t));
    int i;

    if (add_text(params, text, pool) != APR_SUCCESS) {
        return 1;
    }
    for (i = 0; i < params->nelts; i++) {
        if (!strncmp(APR_ARRAY_IDX(params, i, param_t).name, prefix,
                     strlen(prefix))) {
            return 1;
        }
    }
    return 0;
}
