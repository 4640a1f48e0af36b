/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls in flight, and who waits for one.
 */

#include "shared.h"

static void test_calls_cap(void **state)
{
    static const struct {
        int cap;
        int starts;             /* at most half, but never none */
    } rows[] = {
        { 1, 1 }, { 2, 1 }, { 3, 1 }, { 4, 2 }, { 5, 2 }, { 100, 50 },
        { 101, 50 }, { TW_CALLS_MAX, TW_CALLS_MAX / 2 },
    };
    int i, n;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        fresh();
        for (n = 0; n < rows[i].starts; n++) {
            CHECK(tw_shared_call_begin(shared, TW_CALL_START, rows[i].cap,
                                       NOW + SEC(5), NOW) >= 0,
                  "cap %d: start %d", rows[i].cap, n);
        }
        CHECK(tw_shared_call_begin(shared, TW_CALL_START, rows[i].cap,
                                   NOW + SEC(5), NOW) == -1,
              "cap %d: more than %d starts", rows[i].cap, n);
        for (; n < rows[i].cap; n++) {
            CHECK(tw_shared_call_begin(shared, TW_CALL_CALLBACK, rows[i].cap,
                                       NOW + SEC(5), NOW) >= 0,
                  "cap %d: call %d", rows[i].cap, n);
        }
        CHECK(tw_shared_call_begin(shared, TW_CALL_CALLBACK, rows[i].cap,
                                   NOW + SEC(5), NOW) == -1,
              "cap %d", rows[i].cap);
    }
}

/* Calls signed as users: at most a quarter, but never none, none that starts
 * take first, nor the only one that these may have; a lease that is renewed
 * outlives its deadline. */
static void test_signed_calls(void **state)
{
    static const struct {
        int cap, most, starts;      /* starts beside the most signed calls */
    } rows[] = {
        { 1, 1, 0 }, { 2, 1, 1 }, { 3, 1, 1 }, { 4, 1, 1 },
        { 8, 2, 2 }, { 37, 9, 9 },
        { TW_CALLS_MAX, TW_CALLS_MAX / 4, TW_CALLS_MAX / 4 },
    };
    int i, n, number = -1;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        fresh();
        for (n = 0; n < rows[i].most; n++) {
            number = tw_shared_call_begin(shared, TW_CALL_SIGNED, rows[i].cap,
                                          NOW + SEC(5), NOW);
            CHECK(number >= 0, "cap %d: %d", rows[i].cap, n);
        }
        CHECK(tw_shared_call_begin(shared, TW_CALL_SIGNED, rows[i].cap,
                                   NOW + SEC(5), NOW) == -1, "cap %d",
              rows[i].cap);
        for (n = 0; n < rows[i].starts; n++) {
            CHECK(tw_shared_call_begin(shared, TW_CALL_START, rows[i].cap,
                                       NOW + SEC(5), NOW) >= 0,
                  "cap %d: start %d", rows[i].cap, n);
        }
        for (n = rows[i].cap - rows[i].most - n; n > 0; n--) {
            CHECK(tw_shared_call_begin(shared, TW_CALL_CALLBACK, rows[i].cap,
                                       NOW + SEC(5), NOW) >= 0,
                  "cap %d: callback", rows[i].cap);
        }
        assert_true(tw_shared_call_renew(shared, number, NOW + SEC(5),
                                         NOW + SEC(9)));
        CHECK(rows[i].most > 1
              || tw_shared_call_begin(shared, TW_CALL_SIGNED, rows[i].cap,
                                      NOW + SEC(20), NOW + SEC(6)) == -1,
              "cap %d: renewed", rows[i].cap);
        /* it is over, and then another one's */
        assert_false(tw_shared_call_renew(shared, number, NOW + SEC(5),
                                          NOW + SEC(30)));
        tw_shared_call_end(shared, TW_CALL_SIGNED, number, NOW + SEC(5));
        assert_true(tw_shared_call_renew(shared, number, NOW + SEC(9),
                                         NOW + SEC(10)));
        tw_shared_call_end(shared, TW_CALL_SIGNED, number, NOW + SEC(10));
        assert_int_equal(tw_shared_call_begin(shared, TW_CALL_SIGNED,
                                              rows[i].cap, NOW + SEC(5), NOW),
                         number);
    }
}

/* Half as many more may wait, and take no call's lease by that. */
static void test_who_waits(void **state)
{
    static const struct {
        int cap, waiting;
    } rows[] = {
        { 1, 1 }, { 2, 1 }, { 4, 2 }, { 37, 18 },
        { TW_CALLS_MAX, TW_CALLS_MAX / 2 }, { 9999, TW_CALLS_MAX / 2 },
    };
    int i, n, chair = -1;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        fresh();
        for (n = 0; n < rows[i].waiting; n++) {
            chair = tw_shared_call_begin(shared, TW_CALL_WAIT, rows[i].cap,
                                         NOW + SEC(4), NOW);
            CHECK(chair >= 0, "row %d, %d", i, n);
        }
        CHECK(tw_shared_call_begin(shared, TW_CALL_WAIT, rows[i].cap,
                                   NOW + SEC(4), NOW) == -1, "row %d", i);
        CHECK(tw_shared_call_begin(shared, TW_CALL_CALLBACK, rows[i].cap,
                                   NOW + SEC(5), NOW) >= 0, "row %d", i);
        tw_shared_call_end(shared, TW_CALL_WAIT, chair, NOW + SEC(4));
        CHECK(tw_shared_call_begin(shared, TW_CALL_WAIT, rows[i].cap,
                                   NOW + SEC(4), NOW) == chair, "row %d", i);
        /* who died waiting does not wait for ever */
        CHECK(tw_shared_call_begin(shared, TW_CALL_WAIT, rows[i].cap,
                                   NOW + SEC(9), NOW + SEC(4)) >= 0,
              "row %d", i);
    }
}

/* Callbacks may take every lease; then there is none for a start. */
static void test_callbacks_take_all(void **state)
{
    int leases[10], i, j;

    (void)state;
    fresh();
    for (i = 0; i < 10; i++) {
        leases[i] = tw_shared_call_begin(shared, TW_CALL_CALLBACK, 10,
                                         NOW + SEC(5), NOW);
        assert_in_range(leases[i], 0, 9);
        for (j = 0; j < i; j++) {
            assert_int_not_equal(leases[i], leases[j]);
        }
    }
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_CALLBACK, 10,
                                          NOW + SEC(5), NOW), -1);
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_START, 10,
                                          NOW + SEC(5), NOW), -1);
    tw_shared_call_end(shared, TW_CALL_CALLBACK, leases[9],
                       NOW + SEC(5));
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_CALLBACK, 10,
                                          NOW + SEC(5), NOW), leases[9]);
}

/* A process that died frees its lease when its deadline has passed ... */
static void test_dead_calls(void **state)
{
    int lease, again;

    (void)state;
    fresh();
    lease = tw_shared_call_begin(shared, TW_CALL_START, 1, NOW + SEC(5), NOW);
    assert_int_equal(lease, 0);
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_START, 1,
                                          NOW + SEC(9), NOW + SEC(4)), -1);
    again = tw_shared_call_begin(shared, TW_CALL_START, 1, NOW + SEC(10),
                                 NOW + SEC(5));
    assert_int_equal(again, 0);
    /* ... and, should it live after all, does not free its successor's */
    tw_shared_call_end(shared, TW_CALL_START, lease, NOW + SEC(5));
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_START, 1,
                                          NOW + SEC(12), NOW + SEC(6)), -1);
    tw_shared_call_end(shared, TW_CALL_START, again, NOW + SEC(10));
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_START, 1,
                                          NOW + SEC(12), NOW + SEC(6)), 0);
}

/* More than there are leases in the segment is no more than there are. */
static void test_calls_beyond_the_segment(void **state)
{
    int i, lease, most = -1;

    (void)state;
    fresh();
    for (i = 0; i < 2 * TW_CALLS_MAX; i++) {
        lease = tw_shared_call_begin(shared, TW_CALL_CALLBACK,
                                     TW_CALLS_MAX + 10, NOW + SEC(5), NOW);
        most = lease > most ? lease : most;
    }
    assert_int_equal(most, TW_CALLS_MAX - 1);
}

static void *call_often(void *arg)
{
    tw_call_kind_t kind = (intptr_t)arg % 2 ? TW_CALL_START : TW_CALL_CALLBACK;
    apr_time_t deadline = NOW + SEC(5) + (intptr_t)arg;
    int i;

    pthread_barrier_wait(line);
    for (i = 0; i < 5000; i++) {
        int lease = tw_shared_call_begin(shared, kind, 6, deadline, NOW);

        if (lease >= 0) {
            int in = __atomic_add_fetch(&wins[lease], 1, __ATOMIC_SEQ_CST);

            if (in != 1 || lease > 5) {
                *failed = 1;
            }
            __atomic_sub_fetch(&wins[lease], 1, __ATOMIC_SEQ_CST);
            tw_shared_call_end(shared, kind, lease, deadline);
        }
    }
    return NULL;
}

/* No lease is ever held by two. */
static void test_calls_by_threads(void **state)
{
    pthread_t thread[RACERS];
    int i;

    (void)state;
    race_begin();
    for (i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, call_often,
                                        (void *)(intptr_t)i), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_false(*failed);
    for (i = 0; i < 6; i++) {
        assert_true(tw_shared_call_begin(shared, TW_CALL_CALLBACK, 6,
                                         NOW + SEC(5), NOW) >= 0);
    }
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_calls_cap),
          cmocka_unit_test(test_signed_calls),
          cmocka_unit_test(test_who_waits),
          cmocka_unit_test(test_callbacks_take_all),
          cmocka_unit_test(test_dead_calls),
          cmocka_unit_test(test_calls_beyond_the_segment),
          cmocka_unit_test(test_calls_by_threads))
