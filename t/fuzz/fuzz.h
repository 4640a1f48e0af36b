/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share.  A property that does not hold aborts. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(property)                                                    \
    do {                                                                   \
        if (!(property)) {                                                 \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__,        \
                    __LINE__, #property);                                  \
            abort();                                                       \
        }                                                                  \
    } while (0)

/* The pool for the input that is under way, and the end of it. */
apr_pool_t *fuzz_pool(void);
void fuzz_clear(void);

/* The input as a text, cut at its first NUL. */
static inline const char *fuzz_text(apr_pool_t *pool, const uint8_t *data,
                                    size_t size)
{
    return apr_pstrmemdup(pool, (const char *)data,
                          strnlen((const char *)data, size));
}

#endif
