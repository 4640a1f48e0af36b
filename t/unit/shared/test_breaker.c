/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A breaker: open after failures, tried by one, closed by a success.
 */

#include "shared.h"

typedef enum { ASK, GOOD, BAD, LIMITED, UNKNOWN } step_t;

static int bad(int slot, int limit, int pause, apr_time_t now)
{
    tw_failure_t failure = { 0, limit, SEC(pause), now };

    return tw_shared_breaker_failure(shared, slot, &failure, now);
}

static int step(step_t what, apr_time_t begun, apr_time_t now)
{
    tw_failure_t failure = { what == LIMITED, 3, SEC(10), begun };

    switch (what) {
    case ASK:
        return tw_shared_breaker_allow_after(shared, 4, SEC(10), now);
    case GOOD:
        return tw_shared_breaker_success(shared, 4, now);
    case UNKNOWN:
        tw_shared_breaker_abandon(shared, 4, now);
        return 0;
    default:
        return tw_shared_breaker_failure(shared, 4, &failure, now);
    }
}

static void test_breaker(void **state)
{
    /* limit 3, pause 10 s */
    static const struct {
        step_t step;
        int second;
        int answer;
        int open;               /* afterwards */
    } rows[] = {
        { ASK, 0, 0, 0 },
        { BAD, 0, 0, 0 },
        { BAD, 0, 0, 0 },
        { GOOD, 0, 0, 0 },      /* a good one between: it begins again */
        { BAD, 1, 0, 0 },
        { BAD, 1, 0, 0 },
        { ASK, 1, 0, 0 },
        { BAD, 2, 1, 1 },       /* the third in a row opens it */
        { BAD, 2, 0, 1 },       /* and is told once */
        { ASK, 2, 11, 1 },
        { ASK, 7, 6, 1 },
        { ASK, 11, 2, 1 },
        { ASK, 12, 0, 1 },      /* one is let through */
        { ASK, 12, 11, 1 },     /* but not two */
        { BAD, 13, 0, 1 },      /* it failed: all begins again */
        { ASK, 14, 10, 1 },
        { ASK, 23, 0, 1 },
        { GOOD, 24, 1, 0 },     /* it answered: closed, told once */
        { GOOD, 24, 0, 0 },
        { ASK, 24, 0, 0 },
        { ASK, 24, 0, 0 },
        { BAD, 25, 0, 0 },      /* and failures are counted from one */
        { BAD, 25, 0, 0 },
        { BAD, 25, 1, 1 },
        { UNKNOWN, 26, 0, 1 },  /* nothing was learned: the next one goes */
        { ASK, 26, 0, 1 },
        { ASK, 26, 11, 1 },
        { ASK, -7200, 0, 1 },   /* the clock was set back: not for ever */
        { ASK, -7200, 11, 1 },
        { GOOD, 40, 1, 0 },
        { UNKNOWN, 40, 0, 0 },  /* nor does it open a closed one */
        { ASK, 40, 0, 0 },
        { BAD, 41, 0, 0 },      /* failures and limits are not added up */
        { BAD, 41, 0, 0 },
        { LIMITED, 41, 0, 0 },
        { LIMITED, 41, 0, 0 },
        { BAD, 41, 0, 0 },      /* X was there: counted from one */
        { BAD, 41, 0, 0 },
        { LIMITED, 42, 1, 1 },
        { LIMITED, 42, 0, 1 },
    };
    int i;

    (void)state;
    fresh();
    for (i = 0; i < COUNT(rows); i++) {
        apr_time_t now = NOW + SEC(rows[i].second);
        int wait = tw_shared_breaker_retry_after(shared, 4, now);
        int got = step(rows[i].step, now, now);

        CHECK(rows[i].step != ASK || rows[i].answer <= 1
              || wait == rows[i].answer, "row %d: wait %d", i, wait);
        CHECK(got == rows[i].answer, "row %d: %d", i, got);
        CHECK(tw_shared_breaker_open(shared, 4) == rows[i].open, "row %d", i);
        CHECK(!tw_shared_breaker_open(shared, 5)
                  && !tw_shared_breaker_allow_after(shared, 5, SEC(10), now),
              "row %d", i);
    }
}

/* What began before X was back fails late, and says nothing of now. */
static void test_breaker_and_late_failures(void **state)
{
    int i;

    (void)state;
    fresh();
    for (i = 0; i < 3; i++) {
        step(BAD, NOW, NOW + SEC(5));
    }
    assert_true(tw_shared_breaker_open(shared, 4));
    assert_int_equal(step(GOOD, NOW + SEC(7), NOW + SEC(8)), 1);
    for (i = 0; i < 10; i++) {
        assert_int_equal(step(BAD, NOW + SEC(6), NOW + SEC(9)), 0);
    }
    assert_false(tw_shared_breaker_open(shared, 4));
    assert_int_equal(step(BAD, NOW + SEC(8), NOW + SEC(9)), 0);
    assert_int_equal(step(BAD, NOW + SEC(8), NOW + SEC(9)), 0);
    assert_int_equal(step(BAD, NOW + SEC(8), NOW + SEC(9)), 1);
    /* the clock was set back after it was closed: they count all the same */
    assert_int_equal(step(GOOD, NOW + SEC(9), NOW + SEC(9)), 1);
    for (i = 0; i < 3; i++) {
        step(BAD, NOW - SEC(3600), NOW - SEC(3600));
    }
    assert_true(tw_shared_breaker_open(shared, 4));
}

/* X12: what a limit says may be long; a clock that is set back ends it, too. */
static void test_breaker_of_a_limit(void **state)
{
    tw_failure_t failure = { 1, 1, SEC(840), NOW };

    (void)state;
    fresh();
    assert_int_equal(tw_shared_breaker_failure(shared, 4, &failure, NOW), 1);
    assert_int_equal(tw_shared_breaker_allow_after(shared, 4, SEC(2), NOW),
                     841);
    assert_int_equal(tw_shared_breaker_retry_after(shared, 4, NOW + SEC(839)),
                     2);
    assert_int_equal(tw_shared_breaker_allow_after(shared, 4, SEC(2),
                                                   NOW - SEC(61)),
                     0);
    fresh();
    failure.pause = SEC(5000);
    tw_shared_breaker_failure(shared, 4, &failure, NOW);
    assert_int_equal(tw_shared_breaker_allow_after(shared, 4, SEC(2), NOW),
                     901);
    fresh();
    failure.limited = 0;
    tw_shared_breaker_failure(shared, 4, &failure, NOW);
    assert_int_equal(tw_shared_breaker_allow_after(shared, 4, SEC(2), NOW),
                     61);
}

static void test_breaker_of_one(void **state)
{
    (void)state;
    fresh();
    assert_int_equal(bad(0, 1, 1, NOW), 1);
    assert_int_equal(tw_shared_breaker_allow_after(shared, 0, SEC(1), NOW), 2);
    assert_int_equal(tw_shared_breaker_allow_after(shared, 0, SEC(1),
                                                   NOW + SEC(1)),
                     0);
}

static void *ask_once(void *arg)
{
    int round;

    (void)arg;
    for (round = 0; round < 500; round++) {
        apr_time_t now = NOW + SEC(10) * (round + 1);

        pthread_barrier_wait(line);
        if (!tw_shared_breaker_allow_after(shared, 0, SEC(10), now)) {
            __atomic_add_fetch(&wins[round % 4], 1, __ATOMIC_SEQ_CST);
        }
    }
    return NULL;
}

/* Of all that ask at once, one goes. */
static void test_breaker_by_threads(void **state)
{
    pthread_t thread[RACERS];
    int i;

    (void)state;
    race_begin();
    bad(0, 1, 10, NOW);
    for (i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, ask_once, NULL), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(wins[0] + wins[1] + wins[2] + wins[3], 500);
}

static void test_known_to_be_down(void **state)
{
    /* opened at 0 for 10 s; nobody comes: it is known for half a minute more */
    static const struct { int second, down; } rows[] = {
        { 0, 1 }, { 10, 1 }, { 39, 1 }, { 40, 0 }, { 3600, 0 },
        { -3600, 0 }            /* a clock that was set back */
    };
    int i;

    (void)state;
    fresh();
    assert_int_equal(tw_shared_breaker_is_down(shared, 0, NOW), 0);
    bad(0, 1, 10, NOW);
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_shared_breaker_is_down(shared, 0, NOW + SEC(rows[i].second))
              == rows[i].down, "%d s", rows[i].second);
    }
    tw_shared_breaker_allow_after(shared, 0, SEC(10), NOW + SEC(100));
    assert_int_equal(tw_shared_breaker_is_down(shared, 0, NOW + SEC(101)), 1);
    tw_shared_breaker_success(shared, 0, NOW + SEC(102));
    assert_int_equal(tw_shared_breaker_is_down(shared, 0, NOW + SEC(102)), 0);
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_breaker),
          cmocka_unit_test(test_breaker_and_late_failures),
          cmocka_unit_test(test_breaker_of_a_limit),
          cmocka_unit_test(test_breaker_of_one),
          cmocka_unit_test(test_breaker_by_threads),
          cmocka_unit_test(test_known_to_be_down))
