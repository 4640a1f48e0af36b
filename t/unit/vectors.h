/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth1-vectors.json: published facts about OAuth 1.0a.  Found by
 * TWAUTH_VECTORS, else beside this file as the compiler was told its name
 * (relative to the top of the tree, where `make` runs).
 */
#ifndef VECTORS_H
#define VECTORS_H

#include <jansson.h>

#include "unit.h"

static json_t *vectors;

static inline void vectors_load(void)
{
    const char *path = getenv("TWAUTH_VECTORS");
    json_error_t error;

    if (!path) {
        const char *slash = strrchr(__FILE__, '/');
        apr_size_t len = slash ? (apr_size_t)(slash + 1 - __FILE__) : 0;

        path = apr_pstrcat(pool, apr_pstrmemdup(pool, __FILE__, len),
                           "oauth1-vectors.json", NULL);
    }
    vectors = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!vectors) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        exit(2);
    }
}

static inline const char *vector_text(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    if (!text) {
        fail_msg("a vector without %s", name);
    }
    return text;
}

#endif
