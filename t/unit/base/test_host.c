/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_host: names and IPv6 addresses, however they are spelt.
 */
#include "unit.h"

#include "base/host.h"

#define LONG_NAME "0123456789012345678901234567890123456789012345678901234567"

static void test_addresses(void **state)
{
    static const struct {
        const char *host;
        int is;
    } rows[] = {
        { "::1", 1 }, { "[::1]", 1 }, { "::", 1 }, { "2001:DB8::1", 1 },
        { "::ffff:127.0.0.1", 1 },
        { "", 0 }, { "[", 0 }, { "]", 0 }, { "[]", 0 }, { "[::1", 0 },
        { "::1]", 0 }, { "[[::1]]", 0 }, { "127.0.0.1", 0 }, { "host", 0 },
        { "::1%lo", 0 }, { "::1::", 0 }, { LONG_NAME, 0 },
        { "[" LONG_NAME "]", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_host_is_ipv6(rows[i].host) == rows[i].is, "%s",
              rows[i].host);
    }
}

static void test_loopback(void **state)
{
    static const struct {
        const char *host;
        int is;
    } rows[] = {
        { "localhost", 1 }, { "LocalHost", 1 }, { "a.localhost", 1 },
        { "a.b.localhost", 1 }, { "127.0.0.1", 1 }, { "127.8.9.1", 1 },
        { "::1", 1 }, { "[::1]", 1 }, { "0:0:0:0:0:0:0:1", 1 },
        { "", 0 }, { ".localhost", 0 }, { "notlocalhost", 0 },
        { "localhost.example", 0 }, { "127.example.org", 0 },
        { "127.0.0.1.example", 0 }, { "128.0.0.1", 0 }, { "::2", 0 },
        { "[::2]", 0 }, { "::ffff:127.0.0.1", 0 }, { "[::1].example", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_host_is_loopback(rows[i].host) == rows[i].is, "%s",
              rows[i].host);
    }
}

static void test_same(void **state)
{
    static const struct {
        const char *a, *b;
        int same;
    } rows[] = {
        { "host", "HOST", 1 }, { "[::1]", "::1", 1 },
        { "[::1]", "0:0:0:0:0:0:0:1", 1 }, { "2001:DB8::1", "2001:db8::1", 1 },
        { "host", "host.", 0 }, { "host", "::1", 0 }, { "::1", "::2", 0 },
        { "::x", "::y", 0 }, { "127.0.0.1", "::ffff:127.0.0.1", 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_host_same(rows[i].a, rows[i].b) == rows[i].same, "%s %s",
              rows[i].a, rows[i].b);
        CHECK(tw_host_same(rows[i].b, rows[i].a) == rows[i].same, "%s %s",
              rows[i].b, rows[i].a);
    }
}

static void test_in_url(void **state)
{
    static const char *const rows[][2] = {
        { "host", "host" }, { "Host.Example", "host.example" },
        { "127.0.0.1", "127.0.0.1" }, { "::1", "[::1]" },
        { "[::1]", "[::1]" }, { "2001:DB8:0::1", "[2001:db8::1]" },
        { "a:X", "[a:x]" }, { "", "" },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_string_equal(tw_host_in_url(pool, rows[i][0]), rows[i][1]);
    }
}

static void prepare(void)
{
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_addresses),
          cmocka_unit_test(test_loopback),
          cmocka_unit_test(test_same),
          cmocka_unit_test(test_in_url))
