/* SPDX-License-Identifier: Apache-2.0 */
/* Every decoder: what it takes, it takes in one spelling or can spell again. */

#include "fuzz.h"

#include "base/base_string.h"
#include "base/codec.h"
#include "base/err.h"

static void try_percent(const char *text, size_t size, apr_pool_t *pool)
{
    int plus;

    for (plus = 0; plus < 2; plus++) {
        char *out, *again;

        if (tw_codec_unpercent(&out, text, size, plus, pool)
            != APR_SUCCESS) {
            HOLDS(!out);
            continue;
        }
        HOLDS(strlen(out) <= size);
        text = tw_codec_percent(pool, out);
        HOLDS(tw_codec_unpercent(&again, text, strlen(text), plus, pool)
              == APR_SUCCESS);
        HOLDS(!strcmp(again, out));
        size = strlen(text);
    }
}

static void try_form(const char *text, size_t size, apr_pool_t *pool)
{
    apr_array_header_t *pairs;
    int i, count;

    if (tw_codec_form(&pairs, text, size, 50, pool) != APR_SUCCESS) {
        HOLDS(!pairs);
        return;
    }
    HOLDS(pairs->nelts <= 50);
    for (i = 0; i < pairs->nelts; i++) {
        tw_pair_t *pair = &APR_ARRAY_IDX(pairs, i, tw_pair_t);
        const char *value = tw_codec_form_get(pairs, pair->name, &count);

        HOLDS(count >= 1);
        HOLDS(count == 1 ? value == pair->value : !value);
    }
}

/* A query has one base string, however it is spelt: its own parameters, in
 * the one form of a signature, have the same. */
static void try_base_string(const char *text, size_t size, apr_pool_t *pool)
{
    tw_base_string_t call = { "GET", "https://x/", NULL, { text, size },
                              { NULL, 0 } };
    const char *first, *again;
    char *params;

    if (tw_base_string(&first, &call, pool) != APR_SUCCESS) {
        HOLDS(!first && tw_base_string_has(&call.query, "", pool));
        return;
    }
    HOLDS(!strncmp(first, "GET&https%3A%2F%2Fx%2F&", 23));
    HOLDS(tw_codec_unpercent(&params, first + 23, strlen(first + 23), 0, pool)
          == APR_SUCCESS);
    call.query.text = params;
    call.query.len = strlen(params);
    HOLDS(tw_base_string(&again, &call, pool) == APR_SUCCESS);
    HOLDS(!strcmp(first, again));
}

static void try_base64(const char *text, size_t size, apr_pool_t *pool)
{
    unsigned char *out = malloc(size * 3 / 4 + !size);
    apr_size_t len;

    if (tw_codec_unbase64(out, &len, text, size) == APR_SUCCESS) {
        char *again = apr_palloc(pool, TW_CODEC_BASE64_LEN(len) + 1);

        HOLDS(len <= size * 3 / 4);
        tw_codec_base64(again, out, len);
        HOLDS(strlen(again) == size && !memcmp(again, text, size));
    }
    else {
        HOLDS(len == 0);
    }
    free(out);
}

static void try_quote(const char *text, size_t size, apr_pool_t *pool)
{
    const char *c = tw_err_quote(pool, text, size, 100);

    HOLDS(strlen(c) <= 4 * 100 + 3);
    for (; *c; c++) {
        HOLDS(*c >= 0x20 && *c < 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();

    try_percent((const char *)data, size, pool);
    try_form((const char *)data, size, pool);
    try_base_string((const char *)data, size, pool);
    try_base64((const char *)data, size, pool);
    try_quote((const char *)data, size, pool);
    fuzz_clear();
    return 0;
}
