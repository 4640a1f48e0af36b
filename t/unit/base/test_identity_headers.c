/* SPDX-License-Identifier: Apache-2.0 */
/* tw_identity_headers: which header names are ours, however they are written.
 */

#include <stdio.h>

#include "unit.h"

#include "base/identity_headers.h"

static apr_table_t *headers_of(const char *const *names)
{
    apr_table_t *headers = apr_table_make(pool, 4);

    for (; *names; names++) {
        apr_table_addn(headers, *names, "value");
    }
    return headers;
}

static const char *const ours[] = {
    "X-Twauth-User", "x-twauth-user", "X-TWAUTH-USER", "X_Twauth_User",
    "XTwauthUser", "X.Twauth.User", "X-Twauth", "-X-Twauth", "_x_twauth",
    "x--twauth", "X-Tw-Auth-User", "X-T-w-a-u-t-h", "x-twauthanything",
    "~X-Twauth-Id", "!x!t!w!a!u!t!h!", "X|Twauth", "^xTWAUTH", "`x`twauth`",
    "$X-Twauth", "X-Twauth-", "_-_x-twauth", NULL
};
static const char *const others[] = {
    "X-Twaut", "X-Tw", "X", "-", "_", "Twauth-User", "XX-Twauth", "0X-Twauth",
    "X-0Twauth", "X-Forwarded-For", "X-Auth-User", "Y-Twauth", "Cookie",
    "Connection", "XTWAUT-", "x-twau1th", "", NULL
};

/* HD-2: by letters and digits alone, without case. */
static void test_HD_2_names(void **state)
{
    int i;

    (void)state;
    for (i = 0; ours[i]; i++) {
        const char *one[] = { "Accept", ours[i], NULL };
        tw_identity_headers_t seen;

        tw_identity_headers_look(&seen, headers_of(one));
        CHECK(seen.lookalike && !strcmp(seen.lookalike, ours[i]), "%s",
              ours[i]);
    }
    for (i = 0; others[i]; i++) {
        const char *one[] = { "Accept", others[i], NULL };
        tw_identity_headers_t seen;

        tw_identity_headers_look(&seen, headers_of(one));
        CHECK(!seen.lookalike, "%s", others[i]);
    }
}

static void test_HD_1_scrub(void **state)
{
    apr_table_t *all = headers_of(ours);
    int i, kept = 0;

    (void)state;
    for (i = 0; others[i]; i++, kept++) {
        apr_table_addn(all, others[i], "kept");
        apr_table_addn(all, ours[i], "again");
    }
    tw_identity_headers_scrub(all);
    assert_int_equal(apr_table_elts(all)->nelts, kept);
    for (i = 0; others[i]; i++) {
        CHECK(apr_table_get(all, others[i]), "%s", others[i]);
    }
    tw_identity_headers_scrub(all);
    assert_int_equal(apr_table_elts(all)->nelts, kept);
    apr_table_clear(all);
    tw_identity_headers_scrub(all);
}

/* Every name that is given away would be taken out of what comes in. */
static void test_own_names(void **state)
{
    int i;

    (void)state;
    for (i = 0; tw_identity_headers_names[i]; i++) {
        const char *one[] = { tw_identity_headers_names[i], NULL };
        tw_identity_headers_t seen;

        tw_identity_headers_look(&seen, headers_of(one));
        assert_non_null(seen.lookalike);
    }
    assert_int_equal(i, TW_IDENTITY_HEADERS_COUNT);
}

/* HD-2: names of a site's own: what folds to one is taken for it, and nothing
 * else is. */
static void test_other_names(void **state)
{
    static const struct {
        const char *name;
        int is;
    } rows[] = {
        { "X-WEBAUTH-USER", 1 }, { "x_webauth_user", 1 }, { "XWebauthUser", 1 },
        { "-X.WEBAUTH--USER_", 1 }, { "Remote-Id", 1 }, { "REMOTE_ID", 1 },
        { "X-WEBAUTH-USERS", 0 }, { "X-WEBAUTH", 0 }, { "", 0 }, { "-", 0 },
        { "Remote-Idx", 0 }, { "Remote", 0 }, { "Cookie", 0 },
        { "X-Twauth-Id", 1 },
    };
    apr_array_header_t *also = apr_array_make(pool, 2, sizeof(const char *));
    tw_identity_headers_t seen;
    int i, round;

    (void)state;
    APR_ARRAY_PUSH(also, const char *) =
        tw_identity_headers_fold("X-WEBAUTH-USER", pool);
    APR_ARRAY_PUSH(also, const char *) =
        tw_identity_headers_fold("Remote_Id", pool);
    assert_string_equal(APR_ARRAY_IDX(also, 1, const char *), "remoteid");
    for (round = 0; round < 3; round++) {
        tw_identity_headers_also(round == 1 ? also : NULL);
        for (i = 0; i < COUNT(rows); i++) {
            int is = rows[i].is && (round == 1 || i == COUNT(rows) - 1);
            apr_table_t *headers = apr_table_make(pool, 3);

            apr_table_addn(headers, "Accept", "a");
            apr_table_addn(headers, rows[i].name, "v");
            apr_table_addn(headers, rows[i].name, "w");
            tw_identity_headers_look(&seen, headers);
            CHECK((seen.lookalike != NULL) == is, "row %d", i);
            CHECK(tw_identity_headers_drop_ours(rows[i].name) == is,
                  "row %d", i);
            tw_identity_headers_scrub(headers);
            CHECK(apr_table_elts(headers)->nelts == (is ? 1 : 3), "row %d", i);
        }
    }
}

static void test_cookie_and_connection(void **state)
{
    apr_table_t *headers = apr_table_make(pool, 4);
    tw_identity_headers_t seen;

    (void)state;
    tw_identity_headers_look(&seen, headers);
    assert_null(seen.cookie);
    assert_null(seen.connection);
    apr_table_addn(headers, "Cookies", "no");
    apr_table_addn(headers, "cOOKIE", "first");
    apr_table_addn(headers, "Cookie", "second");
    apr_table_addn(headers, "Connect", "no");
    apr_table_addn(headers, "CONNECTION", "close");
    tw_identity_headers_look(&seen, headers);
    assert_string_equal(seen.cookie, "first");
    assert_string_equal(seen.connection, "close");
    assert_null(seen.lookalike);
}

/* HD-3: a list that would have a proxy drop a genuine header. */
static void test_HD_3_connection(void **state)
{
    static const char *const drops[] = {
        "X-Twauth-User", "close, X-Twauth-User", "close,x_twauth_id",
        "close; X-Twauth-User", "close X-Twauth-User", "\tX-Twauth-User",
        ",,;X-Twauth-User", "keep-alive,\vX-Twauth", "a,\fx-twauth",
        NULL
    };
    static const char *const keeps[] = {
        "", "close", "keep-alive, Upgrade", ",", ";;; ,", "X-Twaut", "Twauth",
        NULL
    };
    int i;

    (void)state;
    for (i = 0; drops[i]; i++) {
        CHECK(tw_identity_headers_drop_ours(drops[i]), "%s", drops[i]);
    }
    for (i = 0; keeps[i]; i++) {
        CHECK(!tw_identity_headers_drop_ours(keeps[i]), "%s", keeps[i]);
    }
    assert_false(tw_identity_headers_drop_ours(NULL));
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_HD_2_names),
          cmocka_unit_test(test_HD_1_scrub),
          cmocka_unit_test(test_own_names),
          cmocka_unit_test(test_other_names),
          cmocka_unit_test(test_cookie_and_connection),
          cmocka_unit_test(test_HD_3_connection))
