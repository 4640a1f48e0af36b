/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segment: attached and found again, its slots, and what is logged once in
 * a while.
 */

#include "shared.h"

static void test_attach(void **state)
{
    tw_id_t id;

    (void)state;
    assert_in_range(tw_shared_size(), 100 * 1024, 8 * 1024 * 1024);
    fresh();
    assert_true(tw_shared_revalidate_before(shared) == NOW);
    /* a graceful restart finds what there was */
    tw_shared_revoke(shared, id_of(&id, 1), NOW + SEC(60), NOW);
    shared = tw_shared_attach(memory, NOW + SEC(5));
    assert_true(tw_shared_revalidate_before(shared) == NOW);
    assert_true(tw_shared_is_revoked(shared, &id, NOW + SEC(5)));
    /* another layout: all afresh, and cookies from before are rechecked */
    memset(memory, 0xee, tw_shared_size());
    shared = tw_shared_attach(memory, NOW + SEC(9));
    assert_true(tw_shared_revalidate_before(shared) == NOW + SEC(9));
    assert_false(tw_shared_is_revoked(shared, &id, NOW));
    assert_int_equal(tw_shared_use_once(shared, &id, NOW + SEC(60), NOW), 1);
    assert_false(tw_shared_breaker_open(shared, 3));
}

static void test_slots(void **state)
{
    char seen[TW_SLOTS] = { 0 };
    int i, first;

    (void)state;
    fresh();
    for (i = 0; i < TW_SLOTS; i++) {
        int slot = tw_shared_slot(shared, apr_psprintf(pool, "name %d", i));

        assert_in_range(slot, 0, TW_SLOTS - 1);
        assert_false(seen[slot]);
        seen[slot] = 1;
    }
    first = tw_shared_slot(shared, "name 7");
    assert_int_equal(tw_shared_slot(shared, "name 7"), first);
    shared = tw_shared_attach(memory, NOW + SEC(1));
    assert_int_equal(tw_shared_slot(shared, "name 7"), first);
    assert_int_equal(tw_shared_slot(shared, "one more"), TW_SLOTS - 1);
    assert_int_equal(tw_shared_slot(shared, "another"), TW_SLOTS - 1);
    assert_int_equal(tw_shared_slot(shared, "name 7"), first);
}

static void test_log_once(void **state)
{
    static const struct {
        int slot, kind, second, logged;
    } rows[] = {
        { 0, 0, 0, 1 },
        { 0, 0, 0, 0 },
        { 0, 0, 59, 0 },
        { 0, 1, 0, 1 },
        { 1, 0, 0, 1 },
        { 0, 0, 60, 1 },
        { 0, 0, 61, 0 },
        { 0, 0, 119, 0 },
        { 0, 0, 120, 1 },
        { 0, 0, 9999, 1 },
        { 0, 0, 0, 1 }, /* the clock was set back */
        { 0, TW_LOG_KINDS - 1, 0, 1 },
        { TW_SLOTS - 1, TW_LOG_KINDS - 1, 0, 1 },
        { TW_SLOTS - 1, TW_LOG_KINDS - 1, 1, 0 },
    };
    int i;

    (void)state;
    fresh();
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_shared_log_once(shared, rows[i].slot, rows[i].kind, NULL,
                                 SEC(60), NOW + SEC(rows[i].second))
                  == rows[i].logged,
              "row %d", i);
    }
}

/* Told apart by a text: each is a line, but not more than a few of them. */
static void test_log_once_of_many_kinds(void **state)
{
    int i, logged = 0;

    (void)state;
    fresh();
    for (i = 0; i < 1000; i++) {
        char text[16];

        snprintf(text, sizeof(text), "why %d", i % 2 ? i : 0);
        logged +=
            tw_shared_log_once(shared, 0, 0, text, SEC(60), NOW + SEC(i / 20));
    }
    assert_int_equal(logged, TW_LOG_MOST);
    assert_int_equal(tw_shared_log_once(shared, 0, 0, "why 0", SEC(60),
                                        NOW + SEC(60)), 1);
    assert_int_equal(tw_shared_log_once(shared, 0, 0, "why 1", SEC(60),
                                        NOW + SEC(60)), 1);
    assert_int_equal(tw_shared_log_once(shared, 0, 0, "why 1", SEC(60),
                                        NOW + SEC(61)), 0);
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_attach),
          cmocka_unit_test(test_slots),
          cmocka_unit_test(test_log_once),
          cmocka_unit_test(test_log_once_of_many_kinds))
