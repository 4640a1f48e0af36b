/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_vault: the last good secrets, each by where it came from.
 */
#include "unit.h"

#include "base/vault.h"

static void holds(const tw_vault_t *vault, const char *from, const char *text)
{
    const char *found = tw_vault_get(vault, from, pool);

    CHECK(unit_same(found, text), "%s: %s", from, unit_text(found));
}

static void test_put(void **state)
{
    tw_vault_t *vault = tw_vault_make();

    (void)state;
    holds(vault, "a", NULL);
    tw_vault_put(vault, "a", "one");
    tw_vault_put(vault, "bb", "two");
    tw_vault_put(vault, "c", "");
    tw_vault_put(vault, "d", "bb");
    holds(vault, "a", "one");
    holds(vault, "bb", "two");
    holds(vault, "c", "");
    holds(vault, "d", "bb");
    /* a secret is no name, and a part of a name is none */
    holds(vault, "one", NULL);
    holds(vault, "b", NULL);
    /* the same, another, shorter and longer */
    tw_vault_put(vault, "bb", "two");
    tw_vault_put(vault, "a", "1");
    holds(vault, "a", "1");
    tw_vault_put(vault, "bb", "a longer one");
    tw_vault_put(vault, "d", "four");
    holds(vault, "a", "1");
    holds(vault, "bb", "a longer one");
    holds(vault, "c", "");
    holds(vault, "d", "four");
}

/* The newcomer that has no room is forgotten, to the byte. */
static void test_full(void **state)
{
    apr_size_t size = tw_vault_size();
    tw_vault_t *vault = tw_vault_make();
    char *large = apr_palloc(pool, size);

    (void)state;
    memset(large, 'x', size);
    large[size - 4] = '\0';
    /* a name, both NUL and that of the end, and one byte more */
    tw_vault_put(vault, "a", large);
    holds(vault, "a", NULL);
    large[size - 5] = '\0';
    tw_vault_put(vault, "a", large);
    holds(vault, "a", large);
    tw_vault_put(vault, "b", "two");
    holds(vault, "b", NULL);
    /* where an old one goes, there is room for others */
    tw_vault_put(vault, "a", "one");
    tw_vault_put(vault, "b", "two");
    holds(vault, "a", "one");
    holds(vault, "b", "two");
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_put),
          cmocka_unit_test(test_full))
