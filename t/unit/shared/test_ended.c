/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sessions were ended last: as many as there is room for, the newest.
 */

#include "shared.h"

static int is_there(const tw_id_t *id)
{
    tw_id_t at;
    int i, n = 0;

    for (i = 0; i < TW_ENDED; i++) {
        n += tw_ended_at(&at, tw_shared_last_ended(shared), i)
             && tw_id_equal(&at, id);
    }
    return n;
}

static void test_kept_unless_found(void **state)
{
    tw_id_t revoked, found;

    (void)state;
    fresh();
    /* kept, and none was given up for it */
    assert_true(tw_shared_revoke(shared, id_of(&revoked, 1), NOW + SEC(60),
                                 NOW));
    tw_shared_revoke_found(shared, id_of(&found, 2), NOW + SEC(60), NOW);
    assert_int_equal(is_there(&revoked), 1);
    assert_int_equal(is_there(&found), 0);
    /* longer than its copies could be good */
    assert_false(tw_shared_is_revoked(shared, &revoked, NOW + SEC(90)));
    assert_int_equal(is_there(&revoked), 1);
}

static void test_the_oldest_go(void **state)
{
    tw_id_t id;
    int i;

    (void)state;
    fresh();
    for (i = 1; i <= TW_ENDED + 10; i++) {
        tw_shared_revoke(shared, id_of(&id, i), NOW + SEC(60), NOW);
    }
    assert_int_equal(is_there(id_of(&id, 10)), 0);
    assert_int_equal(is_there(id_of(&id, 11)), 1);
    assert_int_equal(is_there(id_of(&id, TW_ENDED + 10)), 1);
}

/* Somebody who ends one session again and again pushes nobody else's out. */
static void test_one_is_kept_once(void **state)
{
    tw_id_t other, again;
    int i;

    (void)state;
    fresh();
    tw_shared_revoke(shared, id_of(&other, 1), NOW + SEC(60), NOW);
    /* that it was found to be over before does not matter */
    tw_shared_revoke_found(shared, id_of(&again, 2), NOW + SEC(60), NOW);
    for (i = 0; i < TW_ENDED; i++) {
        tw_shared_revoke(shared, &again, NOW + SEC(60 + i), NOW + SEC(i));
    }
    assert_int_equal(is_there(&other), 1);
    assert_int_equal(is_there(&again), 1);
}

/* One half of an id may be zero by chance. */
static void test_half_of_an_id(void **state)
{
    tw_id_t id;
    int half;

    (void)state;
    for (half = 0; half < 2; half++) {
        fresh();
        id_of(&id, 1);
        memset(id.bytes + half * TW_ID_LEN / 2, 0, TW_ID_LEN / 2);
        tw_shared_revoke(shared, &id, NOW + SEC(60), NOW);
        assert_int_equal(is_there(&id), 1);
    }
}

UNIT_MAIN(prepare, cmocka_unit_test(test_kept_unless_found),
          cmocka_unit_test(test_the_oldest_go),
          cmocka_unit_test(test_one_is_kept_once),
          cmocka_unit_test(test_half_of_an_id))
