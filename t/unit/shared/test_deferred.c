/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows to delete when the database is back.
 */

#include "shared.h"

static int take(int slot, tw_deferred_delete_t *got, int second)
{
    return tw_shared_take_deferred(shared, slot, got, NOW + SEC(second));
}

static void test_deferred(void **state)
{
    tw_deferred_delete_t deferred = { .at = NOW }, got;
    tw_id_t id;
    static char seen[TW_DEFERRED + 1];
    int j, room, taken = 0;

    (void)state;
    fresh();
    memset(seen, 0, sizeof(seen));
    assert_int_equal(take(0, &got, 0), 0);
    for (room = 0; room < COUNT(seen); room++) {
        id_of(&deferred.id, (uint64_t)room);
        deferred.at = NOW + room;
        if (!tw_shared_defer_delete(shared, 0, &deferred, NOW)) {
            break;
        }
    }
    assert_int_equal(room, TW_DEFERRED);
    while (take(0, &got, 0)) {
        j = (int)(got.at - NOW);
        assert_in_range(j, 0, room - 1);
        assert_true(tw_id_equal(&got.id, id_of(&id, (uint64_t)j)));
        assert_true(!seen[j]);
        seen[j] = 1;
        taken++;
        tw_shared_deferred_done(shared, &got);
    }
    assert_int_equal(taken, room);
    /* and there is room again */
    deferred.account = deferred.whose = 7;
    assert_int_equal(tw_shared_defer_delete(shared, 0, &deferred, NOW), 1);
    /* each database has its own */
    assert_int_equal(take(1, &got, 0), 0);
    assert_int_equal(take(0, &got, 0), 1);
    assert_true(tw_id_equal(&got.id, &deferred.id));
    assert_int_equal(got.account, 7);
    assert_true(got.at == deferred.at);
    assert_int_equal(take(0, &got, 0), 0);
}

/* A10: whoever takes one has it for a minute; then, or at once when it could
 * not be deleted, it is another one's. */
static void test_deferred_is_leased(void **state)
{
    tw_deferred_delete_t deferred = { .whose = 7, .at = NOW }, first, second;

    (void)state;
    fresh();
    assert_int_equal(tw_shared_defer_delete(shared, 3, &deferred, NOW), 1);
    assert_int_equal(take(3, &first, 0), 1);
    assert_int_equal(take(3, &second, 59), 0);
    assert_int_equal(take(3, &second, 60), 1);
    /* who comes back from the dead takes nothing away */
    tw_shared_deferred_done(shared, &first);
    tw_shared_deferred_again(shared, &first);
    assert_int_equal(take(3, &first, 61), 0);
    tw_shared_deferred_again(shared, &second);
    assert_int_equal(take(3, &first, 61), 1);
    tw_shared_deferred_done(shared, &first);
    assert_int_equal(take(3, &first, 9999), 0);
    /* a clock that was set back keeps nothing for ever */
    assert_int_equal(tw_shared_defer_delete(shared, 3, &deferred, NOW), 1);
    assert_int_equal(take(3, &first, 0), 1);
    assert_int_equal(take(3, &second, -7200), 1);
}

/* A10: one account's do not take the place of the others'. */
static void test_deferred_by_one_account(void **state)
{
    tw_deferred_delete_t deferred = { .whose = 7, .at = NOW }, got;
    int i, logged = 0, of_others = 0;

    (void)state;
    fresh();
    for (i = 0; i < 2 * TW_DEFERRED; i++) {
        id_of(&deferred.id, (uint64_t)i);
        logged += tw_shared_defer_delete(shared, 0, &deferred, NOW);
    }
    assert_int_equal(logged, TW_DEFERRED_SHARE);
    /* at another database it has a share again */
    assert_int_equal(tw_shared_defer_delete(shared, 1, &deferred, NOW), 1);
    for (i = 0; i < 100; i++) {
        deferred.whose = 1000 + i;
        of_others += tw_shared_defer_delete(shared, 0, &deferred, NOW);
    }
    assert_int_equal(of_others, 100);
    /* what is deleted counts no more */
    while (take(0, &got, 0)) {
        tw_shared_deferred_done(shared, &got);
    }
    deferred.whose = 7;
    assert_int_equal(tw_shared_defer_delete(shared, 0, &deferred, NOW), 1);
}

static void defer_for_ever(void)
{
    tw_deferred_delete_t deferred = { .at = NOW }, got;

    for (;;) {
        tw_shared_defer_delete(shared, 0, &deferred, NOW);
        if (take(0, &got, 0)) {
            tw_shared_deferred_again(shared, &got);
        }
        while (take(0, &got, 0)) {
            tw_shared_deferred_done(shared, &got);
        }
    }
}

/* A10: children that are killed at any moment lose no place for good, and
 * what is there is found, however they died. */
static void test_deferred_and_killed_children(void **state)
{
    tw_deferred_delete_t deferred = { .at = NOW }, got;
    int i, n;

    (void)state;
    for (i = 0; i < 300; i++) {
        pid_t child;
        int status;

        if (i % 30 == 0) {
            fresh();
        }
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            defer_for_ever();
        }
        usleep(100 + (useconds_t)(i * 37 % 400));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (i % 30 == 29) {
            deferred.account = 5;
            assert_int_equal(tw_shared_defer_delete(shared, 0, &deferred, NOW),
                             1);
            for (n = 0; take(0, &got, 9999); n += got.account == 5) {
                tw_shared_deferred_done(shared, &got);
            }
            assert_int_equal(n, 1);
            deferred.account = 0;
            for (n = 0; tw_shared_defer_delete(shared, 0, &deferred,
                                               NOW + SEC(9999));) {
                n++;
            }
            assert_int_equal(n, TW_DEFERRED);
        }
    }
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_deferred),
          cmocka_unit_test(test_deferred_is_leased),
          cmocka_unit_test(test_deferred_by_one_account),
          cmocka_unit_test(test_deferred_and_killed_children))
