/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The return-target rule: whatever is accepted stays on the site, as a
 * second, plainer reading of the rule has it.
 */

#include "fuzz.h"

#include "base/codec.h"
#include "base/target.h"

static const tw_own_t own = { "/twauth/", "/back from x", NULL, NULL };

/* The path without parameters, and runs of '/' as one. */
static const char *plain_path(apr_pool_t *pool, const char *path)
{
    const char *plain = "";

    while (*path == '/') {
        apr_size_t len = strcspn(++path, "/");
        char *segment = apr_pstrmemdup(pool, path, len);

        segment[strcspn(segment, ";")] = '\0';
        HOLDS(strcmp(segment, ".") && strcmp(segment, ".."));
        path += len;
        /* an empty one counts at the end alone: "/a/" is not "/a" */
        if (*segment || !*path) {
            plain = apr_pstrcat(pool, plain, "/", segment, NULL);
        }
    }
    return plain;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *target = fuzz_text(pool, data, size), *c;

    if (tw_target_ok(target, &own)) {
        size_t path_len = strcspn(target, "?#");
        const char *plain;
        char *path;

        HOLDS(strlen(target) >= 1 && strlen(target) <= TW_TARGET_MAX);
        HOLDS(target[0] == '/' && target[1] != '/');
        for (c = target; *c; c++) {
            HOLDS(*c > 0x20 && *c < 0x7f && !strchr("\"<>\\", *c));
        }
        HOLDS(tw_codec_unpercent(&path, target, path_len, 0, pool)
              == APR_SUCCESS);
        HOLDS(path[0] == '/' && path[1] != '/' && !strchr(path, '\\'));
        for (c = path; *c; c++) {
            HOLDS((unsigned char)*c >= 0x20 && *c != 0x7f);
        }
        HOLDS(tw_target_ok(target, NULL));
        plain = plain_path(pool, path);
        HOLDS(strncmp(plain, own.path, strlen(own.path))
              && strcmp(plain, own.callback));
    }
    target = tw_target_asked(pool, target, &own);
    HOLDS(tw_target_is_asked(target, &own));
    HOLDS(target[0] == '/' && target[1] != '/');
    for (c = target; *c; c++) {
        HOLDS(*c > 0x20 && *c < 0x7f && !strchr("\"<>\\", *c));
    }
    fuzz_clear();
    return 0;
}
