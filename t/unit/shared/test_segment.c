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
    assert_in_range(tw_shared_size(USUAL), 4 << 20, 7 << 20);
    fresh();
    assert_true(tw_shared_revalidate_before(shared) == NOW);
    /* a graceful restart finds what there was */
    tw_shared_revoke(shared, id_of(&id, 1), NOW + SEC(60), NOW);
    shared = tw_shared_attach(memory, entries, NOW + SEC(5));
    assert_true(tw_shared_revalidate_before(shared) == NOW);
    assert_true(tw_shared_is_revoked(shared, &id, NOW + SEC(5)));
    /* another layout: all afresh, and cookies from before are rechecked */
    memset(memory, 0xee, tw_shared_size(entries));
    shared = tw_shared_attach(memory, entries, NOW + SEC(9));
    assert_true(tw_shared_revalidate_before(shared) == NOW + SEC(9));
    assert_false(tw_shared_is_revoked(shared, &id, NOW));
    assert_int_equal(tw_shared_use_once(shared, &id, NOW + SEC(60), NOW), 1);
    assert_false(tw_shared_breaker_open(shared, 3));
}

static void test_entries(void **state)
{
    static const struct {
        apr_int64_t wanted;
        int entries;
    } rows[] = {
        { 0, 64 }, { 64, 64 }, { 65, 128 }, { 131072, 131072 },
        { 131073, 262144 }, { 16777215, 16777216 }, { 16777216, 16777216 },
        { 99999999, 16777216 }
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        int n = tw_shared_entries(rows[i].wanted);

        assert_int_equal(n, rows[i].entries);
        assert_true(tw_shared_size(n) > 18U * (unsigned)n);
        assert_true(!i || n == rows[i - 1].entries
                    || tw_shared_layout(n)
                       != tw_shared_layout(rows[i - 1].entries));
    }
}

/* Tables of each size are apart, and all their places are used. */
static void test_tables_of_each_size(void **state)
{
    static const tw_table_t tables[] = {
        TW_TABLE_REVOKED, TW_TABLE_USED, TW_TABLE_RECHECKS
    };
    tw_id_t id;
    int i;

    (void)state;
    for (entries = TW_SHARED_LEAST; entries <= 4096; entries *= 2) {
        unsigned char *end = (unsigned char *)memory + tw_shared_size(entries);

        memset(end, 0xa5, 64);
        fresh();
        for (i = 0; i < 20 * entries; i++) {
            tw_shared_revoke(shared, id_of(&id, (uint64_t)i), NOW + SEC(9),
                             NOW);
            assert_true(tw_shared_is_revoked(shared, &id, NOW));
            tw_shared_use_once(shared, &id, NOW + SEC(9), NOW);
            assert_true(tw_shared_is_used(shared, &id, NOW));
            tw_shared_claim_recheck(shared, &id, NOW + SEC(9), NOW);
        }
        for (i = 0; i < COUNT(tables); i++) {
            tw_room_t room = tw_shared_room(shared, tables[i], NOW);

            assert_int_equal(room.room, i == 2 ? entries / 4 : entries);
            assert_int_equal(room.used, room.room);
            assert_int_equal(room.lost, 20 * entries - room.room);
        }
        for (i = 0; i < 64; i++) {
            assert_int_equal(end[i], 0xa5);
        }
    }
    entries = ENTRIES;
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
    assert_int_equal(tw_shared_room(shared, TW_TABLE_SLOTS, NOW).used,
                     TW_SLOTS);
    first = tw_shared_slot(shared, "name 7");
    assert_int_equal(tw_shared_slot(shared, "name 7"), first);
    shared = tw_shared_attach(memory, entries, NOW + SEC(1));
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
    /* on a machine whose clock begins in 1970 */
    assert_true(tw_shared_log_once(shared, 2, 0, NULL, SEC(60), SEC(1)));
    assert_false(tw_shared_log_once(shared, 2, 0, NULL, SEC(60), SEC(2)));
}

/* Copies that are good for longer than was known: of the sessions that ended
 * before, some marks may be gone that are needed now. */
static void test_realm_of_a_longer_time(void **state)
{
    apr_time_t before;

    (void)state;
    fresh();
    tw_shared_realm(shared, 0, SEC(60), SEC(3600), NOW + SEC(1));
    before = tw_shared_revalidate_before(shared);
    assert_true(before <= NOW);
    tw_shared_realm(shared, 0, SEC(60), SEC(3600), NOW + SEC(2));
    tw_shared_realm(shared, 0, SEC(30), SEC(1800), NOW + SEC(3));
    assert_true(tw_shared_revalidate_before(shared) == before);
    tw_shared_realm(shared, 0, SEC(61), SEC(3600), NOW + SEC(4));
    assert_true(tw_shared_revalidate_before(shared) == NOW + SEC(4));
    tw_shared_realm(shared, 0, SEC(61), SEC(3601), NOW + SEC(5));
    assert_true(tw_shared_revalidate_before(shared) == NOW + SEC(5));
    assert_true(tw_shared_realm_copies(shared, 0) == SEC(61));
    assert_true(tw_shared_realm_max(shared, 0) == SEC(3601));
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
          cmocka_unit_test(test_entries),
          cmocka_unit_test(test_tables_of_each_size),
          cmocka_unit_test(test_slots),
          cmocka_unit_test(test_log_once),
          cmocka_unit_test(test_realm_of_a_longer_time),
          cmocka_unit_test(test_log_once_of_many_kinds))
