/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every unit test shares: cmocka's headers in the order that they need,
 * a pool for the whole program, and a main() that takes the name of one test
 * (or a pattern) as its argument.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* One row of a table: says which row it was. */
#define CHECK(good, ...)                                                   \
    do {                                                                   \
        if (!(good)) {                                                     \
            fail_msg(__VA_ARGS__);                                         \
        }                                                                  \
    } while (0)

static apr_pool_t *pool;

/* A pool for one row or one round, so that big tables stay small. */
static inline apr_pool_t *unit_subpool(void)
{
    apr_pool_t *sub;

    apr_pool_create(&sub, pool);
    return sub;
}

/* Equal, where NULL is a value like any other. */
static inline int unit_same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* For messages: NULL must not reach printf. */
static inline const char *unit_text(const char *text)
{
    return text ? text : "(null)";
}

#define UNIT_MAIN(prepare, ...)                                            \
    int main(int argc, char **argv)                                        \
    {                                                                      \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };                 \
        int status;                                                        \
                                                                           \
        apr_initialize();                                                  \
        apr_pool_create(&pool, NULL);                                      \
        prepare();                                                         \
        if (argc > 1) {                                                    \
            cmocka_set_test_filter(argv[1]);                               \
        }                                                                  \
        status = cmocka_run_group_tests(tests, NULL, NULL);                \
        apr_pool_destroy(pool);                                            \
        apr_terminate();                                                   \
        return status != 0;                                                \
    }

static inline void unit_nothing(void)
{
}

#endif
