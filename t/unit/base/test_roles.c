/* SPDX-License-Identifier: Apache-2.0 */
/* tw_roles: what is a role, and a list of them. */
#include "unit.h"

#include "base/roles.h"

#define TEN "abcdefghi,"

static const char *times(int n, const char *text)
{
    const char *all = "";

    while (n--) {
        all = apr_pstrcat(pool, all, text, NULL);
    }
    return all;
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        int good;
    } rows[] = {
        { "a", 1 }, { "z09_-", 1 }, { "-", 1 }, { "", 0 }, { "A", 0 },
        { "a,b", 0 }, { "a b", 0 }, { "\xc3\xa4", 0 }, { "a\n", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_roles_name_ok(rows[i].name) == rows[i].good, "row %d", i);
    }
    assert_true(tw_roles_name_ok(times(64, "x")));
    assert_false(tw_roles_name_ok(times(65, "x")));
}

static void test_lists(void **state)
{
    static const struct {
        const char *list;
        int good;
    } rows[] = {
        { "", 1 }, { "a", 1 }, { "a,b-c,d_1", 1 }, { ",", 0 }, { "a,", 0 },
        { ",a", 0 }, { "a,,b", 0 }, { "a, b", 0 }, { "a;b", 0 },
        { "a\r\nX: y", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_roles_ok(rows[i].list) == rows[i].good, "row %d", i);
    }
    assert_true(tw_roles_ok(apr_pstrcat(pool, times(19, TEN), "abcdefghij",
                                        NULL)));
    assert_false(tw_roles_ok(apr_pstrcat(pool, times(19, TEN), "abcdefghijk",
                                         NULL)));
}

static void test_has(void **state)
{
    static const struct {
        const char *list, *name;
        int has;
    } rows[] = {
        { "a", "a", 1 }, { "a,bc,d", "a", 1 }, { "a,bc,d", "bc", 1 },
        { "a,bc,d", "d", 1 }, { "a,bc,d", "b", 0 }, { "a,bc,d", "c", 0 },
        { "a,bc,d", "bcd", 0 }, { "a,bc,d", "", 0 }, { "", "a", 0 },
        { NULL, "a", 0 }, { "abc", "ab", 0 }, { "ab", "abc", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_roles_has(rows[i].list, rows[i].name) == rows[i].has,
              "row %d", i);
    }
}

static void prepare(void)
{
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_names),
          cmocka_unit_test(test_lists),
          cmocka_unit_test(test_has))
