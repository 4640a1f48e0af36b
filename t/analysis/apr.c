/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the core calls of APR, as far as an analyzer has to know it: pools are
 * memory that is always there, of just the size that was asked for.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <apr_base64.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "analysis/analysis.h"

/*
 * One place in the code for each size, since a block that is now longer and now
 * shorter is one block to the analyzer, of which it knows only the least.
 */
#define SIZE(n) case n: return malloc(n);
#define SIZES4(n) SIZE(n) SIZE((n) + 1) SIZE((n) + 2) SIZE((n) + 3)
#define SIZES16(n) SIZES4(n) SIZES4((n) + 4) SIZES4((n) + 8) SIZES4((n) + 12)
#define SIZES64(n) SIZES16(n) SIZES16((n) + 16) SIZES16((n) + 32)            \
                   SIZES16((n) + 48)

void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    (void)pool;
    switch (size) {
    SIZES64(0)
    SIZES64(64)
    default:
        return malloc(size);
    }
}

char *apr_pstrmemdup(apr_pool_t *pool, const char *text, apr_size_t len)
{
    char *copy = apr_palloc(pool, len + 1);

    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *apr_pstrdup(apr_pool_t *pool, const char *text)
{
    return text ? apr_pstrmemdup(pool, text, strlen(text)) : NULL;
}

/* An array that has room for what is put into it: as many as PAIRS. */
apr_array_header_t *apr_array_make(apr_pool_t *pool, int count, int size)
{
    apr_array_header_t *array = apr_palloc(pool, sizeof(*array));

    (void)count;
    array->pool = pool;
    array->elt_size = size;
    array->nelts = 0;
    array->nalloc = PAIRS;
    array->elts = apr_palloc(pool, (apr_size_t)(PAIRS * size));
    memset(array->elts, 0, (apr_size_t)(PAIRS * size));
    return array;
}

void *apr_array_push(apr_array_header_t *array)
{
    if (array->nelts == array->nalloc) {
        exit(1);
    }
    array->nelts++;
    return array->elts + array->elt_size * (array->nelts - 1);
}
