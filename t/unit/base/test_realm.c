/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_realm: which hosts of one realm have one database (A10).
 */
#include "unit.h"

#include <apr_hash.h>

#include "base/realm.h"

/* Whether two hosts, one after the other, share their sessions. */
static int share(const char *driver, const char *a, const char *b)
{
    apr_hash_t *realms = apr_hash_make(pool);
    const char *first = tw_realm_audience(realms, "r", driver, a, pool);

    assert_string_equal(first, "r");
    return !strcmp(first, tw_realm_audience(realms, "r", driver, b, pool));
}

static void test_databases(void **state)
{
    static const struct {
        const char *driver, *a, *b;
        int same;
    } rows[] = {
        { "pgsql", "dbname=a", "dbname=a", 1 },
        { "pgsql", "dbname=a", "dbname=b", 0 },
        { "pgsql", "dbname=a host=x", "host=x  dbname=a", 1 },
        { "pgsql", "dbname=a host=x", "dbname=a host=y", 0 },
        { "pgsql", "dbname=a", "dbname=a host=/run/postgresql", 0 },
        { "pgsql", "dbname=a port=5432", "dbname=a port=6432", 0 },
        { "pgsql", "dbname=a", "dbname=a connect_timeout=3 user=u", 1 },
        { "pgsql", "dbname=a options='-c search_path=s'",
          "dbname=a options='-c search_path=t'", 0 },
        { "pgsql", "dbname=a options='-c search_path=s'",
          "options='-c search_path=s' dbname=a", 1 },
        { "pgsql", "dbname=b dbname=a", "dbname=a", 1 },
        { "pgsql", "hostaddr=1.2.3.4 dbname=a", "host=1.2.3.4 dbname=a", 0 },
        { "pgsql", "dbname='a", "dbname='a", 1 },
        /* the end of another word */
        { "pgsql", "dbname=a xhost=x", "dbname=a xhost=y", 1 },
        { "pgsql", "dbname=a\thost=x", "dbname=a\thost=y", 0 },
        { "pgsql", "postgresql://x/a", "postgresql://x/b", 0 },
        { "sqlite3", "/srv/a.db", "/srv/a.db", 1 },
        { "sqlite3", "/srv/a.db", "/srv/b.db", 0 },
        { "sqlite3", "/srv/host=a.db", "/srv/host=b.db", 0 },
        { NULL, "a", "a", 1 }, { NULL, "a", "b", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(share(rows[i].driver, rows[i].a, rows[i].b) == rows[i].same,
              "row %d", i);
        CHECK(share(rows[i].driver, rows[i].b, rows[i].a) == rows[i].same,
              "row %d, the other way", i);
    }
}

/* Realms know nothing of each other; the third host may be with the second. */
static void test_realms(void **state)
{
    apr_hash_t *realms = apr_hash_make(pool);
    const char *second, *third;

    (void)state;
    assert_string_equal(tw_realm_audience(realms, "a", "sqlite3", "/1", pool),
                        "a");
    assert_string_equal(tw_realm_audience(realms, "b", "sqlite3", "/2", pool),
                        "b");
    second = tw_realm_audience(realms, "a", "sqlite3", "/2", pool);
    third = tw_realm_audience(realms, "a", "sqlite3", "/2", pool);
    assert_string_equal(second, third);
    assert_string_not_equal(second, "a");
    assert_string_not_equal(second, tw_realm_audience(realms, "a", "sqlite3",
                                                      "/3", pool));
}

static void prepare(void)
{
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_databases),
          cmocka_unit_test(test_realms))
