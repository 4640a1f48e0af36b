/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of many return targets are accepted: reads query strings, one a line,
 * and writes 1 or 0 for each, as the login location judges its "next".  For
 * tests that ask a browser what it makes of those (live/login/test_targets.py).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "base/codec.h"
#include "base/target.h"

static const tw_own_t own = { "/twauth/", "/twauth/callback", NULL, NULL };

int main(void)
{
    apr_pool_t *pool;
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    while ((len = getline(&line, &room, stdin)) > 0) {
        apr_array_header_t *query;
        int good = 0;

        len -= line[len - 1] == '\n';
        if (tw_codec_form(&query, line, (apr_size_t)len, 200, pool)
            == APR_SUCCESS) {
            good = tw_target_ok(tw_codec_form_get(query, "next", NULL), &own);
        }
        puts(good ? "1" : "0");
        apr_pool_clear(pool);
    }
    free(line);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
