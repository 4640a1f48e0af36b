/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many sign-ins are started: by a client, in all, by who is known.
 */

#include "shared.h"

static const tw_rate_t sixty = { 60, SEC(60) };

static void test_client_rate(void **state)
{
    static const tw_rate_t rates[] = {
        { 1, SEC(1) }, { 5, SEC(1) }, { 1, SEC(60) }, { 60, SEC(60) },
        { 600, SEC(3600) }, { TW_RATE_MAX, SEC(60) },
    };
    int r, i;

    (void)state;
    for (r = 0; r < COUNT(rates); r++) {
        fresh();
        for (i = 0; i < rates[r].count; i++) {
            CHECK(!tw_shared_rate_wait_client(shared, "192.0.2.1", &rates[r],
                                              NOW), "rate %d, start %d", r, i);
        }
        CHECK(tw_shared_rate_wait_client(shared, "192.0.2.1", &rates[r], NOW)
                  > 0,
              "rate %d", r);
        /* others are not touched by it */
        CHECK(!tw_shared_rate_wait_client(shared, "192.0.2.2", &rates[r], NOW),
              "rate %d", r);
        /* two periods later all is forgotten */
        CHECK(!tw_shared_rate_wait_client(shared, "192.0.2.1", &rates[r],
                                          NOW + 2 * rates[r].period),
              "rate %d", r);
    }
}

/* The count slides: no burst of twice the rate over the border of a period. */
static void test_rate_slides(void **state)
{
    apr_time_t start = NOW - NOW % SEC(60), last = start + SEC(59);
    int i, more = 0;

    (void)state;
    fresh();
    for (i = 0; i < 60; i++) {
        assert_int_equal(tw_shared_rate_wait_client(shared, "c", &sixty, last),
                         0);
    }
    assert_true(
        tw_shared_rate_wait_client(shared, "c", &sixty, start + SEC(60)) > 0);
    /* half a period on, half of them still count */
    for (i = 0; i < 60; i++) {
        more += !tw_shared_rate_wait_client(shared, "c", &sixty,
                                            start + SEC(90));
    }
    assert_int_equal(more, 30);
}

/* In any stretch of a period, never more than about the rate. */
static void test_rate_over_time(void **state)
{
    enum { STEPS = 6000 };      /* ten tries a second for ten minutes */
    static char went[STEPS];
    int i, j, in_window, most = 0, all = 0;

    (void)state;
    fresh();
    for (i = 0; i < STEPS; i++) {
        went[i] = !tw_shared_rate_wait_client(shared, "c", &sixty,
                                              NOW + i * SEC(1) / 10);
        all += went[i];
    }
    for (i = 0; i + 600 <= STEPS; i++) {
        for (j = 0, in_window = 0; j < 600; j++) {
            in_window += went[i + j];
        }
        most = in_window > most ? in_window : most;
    }
    /* the sliding count is an estimate: it may be off by a part, not by two */
    assert_in_range(most, 60, 80);
    assert_in_range(all, 540, 660);
}

/* Who waits as long as told may go on then, and not long before. */
static void test_rate_says_how_long(void **state)
{
    static const tw_rate_t rates[] = {
        { 1, SEC(1) }, { 1, SEC(60) }, { 2, SEC(60) }, { 3, SEC(60) },
        { 10, SEC(60) }, { 59, SEC(60) }, { 60, SEC(60) }, { 600, SEC(60) },
        { 1, SEC(3600) }, { 5, SEC(3600) }, { 100, SEC(3600) },
    };
    static const int into[] = { 0, 1, 10, 30, 59 };  /* 60ths of a period */
    int r, t, i;

    (void)state;
    for (r = 0; r < COUNT(rates); r++) {
        for (t = 0; t < COUNT(into); t++) {
            apr_time_t now = NOW - NOW % rates[r].period
                             + rates[r].period / 60 * into[t];
            int wait;

            fresh();
            for (i = 0; i < rates[r].count; i++) {
                tw_shared_rate_wait_client(shared, "c", &rates[r], now);
            }
            wait = tw_shared_rate_wait_client(shared, "c", &rates[r], now);
            CHECK(wait > 0, "rate %d, into %d", r, into[t]);
            CHECK(wait <= 2 * (int)apr_time_sec(rates[r].period) + 1,
                  "rate %d, into %d: %d s", r, into[t], wait);
            CHECK(wait < 3
                  || tw_shared_rate_wait_client(shared, "c", &rates[r],
                                                now + SEC(wait - 2)),
                  "rate %d, into %d: %d s is too long", r, into[t], wait);
            CHECK(!tw_shared_rate_wait_client(shared, "c", &rates[r],
                                              now + SEC(wait)),
                  "rate %d, into %d: %d s is too short", r, into[t], wait);
        }
    }
}

/* A clock that is set back does not shut anybody out. */
static void test_rate_when_the_clock_is_set_back(void **state)
{
    int i;

    (void)state;
    fresh();
    for (i = 0; i < 61; i++) {
        tw_shared_rate_wait_client(shared, "c", &sixty, NOW);
    }
    assert_int_equal(tw_shared_rate_wait_client(shared, "c", &sixty,
                                                NOW - SEC(3600)), 0);
}

/* So many clients that the table is full: one of them is still held. */
static void test_rate_among_many(void **state)
{
    int i, went = 0;

    (void)state;
    fresh();
    for (i = 0; i < 60; i++) {
        tw_shared_rate_wait_client(shared, "flooder", &sixty, NOW);
    }
    for (i = 0; i < 50000; i++) {
        char name[16];

        snprintf(name, sizeof(name), "c%d", i);
        tw_shared_rate_wait_client(shared, name, &sixty, NOW);
    }
    for (i = 0; i < 60; i++) {
        went += !tw_shared_rate_wait_client(shared, "flooder", &sixty, NOW);
    }
    assert_int_equal(went, 0);
}

/* A name that makes an account. */
static const char *account(int n)
{
    static char name[32];

    snprintf(name, sizeof(name), "site.test\n%d", n);
    return name;
}

/* A quarter of the rate in all is kept for those who are known. */
static void test_rate_of_all(void **state)
{
    static const struct {
        int count;
        int unknown;            /* so many get through */
    } rows[] = {
        { 1, 1 }, { 2, 2 }, { 3, 3 }, { 4, 3 }, { 8, 6 }, { 600, 450 },
        { TW_RATE_MAX, TW_RATE_MAX - TW_RATE_MAX / 4 },
    };
    int i, n;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_rate_t rate = { rows[i].count, SEC(60) };

        fresh();
        for (n = 0; n < rows[i].unknown; n++) {
            CHECK(!tw_shared_rate_wait_all(shared, 1, &rate, NULL, NOW),
                  "row %d, %d", i, n);
        }
        CHECK(tw_shared_rate_wait_all(shared, 1, &rate, NULL, NOW) > 0,
              "row %d", i);
        for (; n < rows[i].count; n++) {
            CHECK(!tw_shared_rate_wait_all(shared, 1, &rate, account(n % 20),
                                           NOW),
                  "row %d, %d", i, n);
        }
        CHECK(tw_shared_rate_wait_all(shared, 1, &rate, account(21), NOW) > 0,
              "row %d", i);
        CHECK(!tw_shared_rate_wait_all(shared, 2, &rate, NULL, NOW), "row %d",
              i);
    }
}

/* Of what is kept one account has its share and no more, whatever else goes
 * on; what it uses while all is free does not count. */
static void test_rate_of_one_account(void **state)
{
    static const struct {
        int count, share;
    } rows[] = {
        { 4, 1 }, { 8, 2 }, { 100, 2 }, { 600, 9 }, { 6000, 93 },
    };
    int i, n, got;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_rate_t rate = { rows[i].count, SEC(60) };

        fresh();
        for (n = 0; n < rate.count - rate.count / 4; n++) {
            CHECK(!tw_shared_rate_wait_all(shared, 1, &rate, account(1), NOW),
                  "row %d, %d", i, n);
        }
        for (n = got = 0; n < rate.count; n++) {
            got += !tw_shared_rate_wait_all(shared, 1, &rate, account(1), NOW);
        }
        CHECK(got == rows[i].share, "row %d: %d", i, got);
        if (rate.count > 4) {
            /* clients by the thousand push no account out of its place */
            for (n = 0; n < 50000; n++) {
                char name[16];

                snprintf(name, sizeof(name), "c%d", n);
                tw_shared_rate_wait_client(shared, name, &sixty, NOW);
            }
            CHECK(tw_shared_rate_wait_all(shared, 1, &rate, account(1), NOW)
                      > 0,
                  "row %d", i);
            CHECK(rows[i].count == 8
                      || !tw_shared_rate_wait_all(shared, 1, &rate, account(2),
                                                  NOW),
                  "row %d", i);
        }
        /* a period later it has its share again */
        CHECK(!tw_shared_rate_wait_all(shared, 1, &rate, account(1),
                                       NOW + SEC(180)), "row %d", i);
    }
}

/* Whoever may choose names cannot have another one limited: 100,000 clients
 * at their limits, each in turn with a stranger who has not begun yet. */
static void test_rate_of_an_innocent(void **state)
{
    static const tw_rate_t two = { 2, SEC(60) };
    int i, refused = 0;

    (void)state;
    fresh();
    for (i = 0; i < 100000; i++) {
        char name[32];
        int n;

        snprintf(name, sizeof(name), "site.test\n2001db8%09x", i);
        for (n = 0; n < 4; n++) {
            tw_shared_rate_wait_client(shared, name, &two, NOW);
        }
        snprintf(name, sizeof(name), "site.test\n192.0.%d.%d", i / 256,
                 i % 256);
        refused += tw_shared_rate_wait_client(shared, name, &two, NOW) != 0;
    }
    assert_int_equal(refused, 0);
}

/* Counted by all at once, the limit is kept exactly. */
static void *start_many(void *arg)
{
    static const tw_rate_t rate = { 1000, SEC(60) };
    int i;

    (void)arg;
    pthread_barrier_wait(line);
    for (i = 0; i < 500; i++) {
        if (!tw_shared_rate_wait_all(shared, 0, &rate, NULL, NOW)) {
            __atomic_add_fetch(&wins[0], 1, __ATOMIC_SEQ_CST);
        }
        if (!tw_shared_rate_wait_client(shared, "c", &rate, NOW)) {
            __atomic_add_fetch(&wins[1], 1, __ATOMIC_SEQ_CST);
        }
    }
    return NULL;
}

static void test_rate_by_threads(void **state)
{
    pthread_t thread[RACERS];
    int i;

    (void)state;
    race_begin();
    /* so that the client has its place */
    tw_shared_rate_wait_client(shared, "c", &sixty, NOW - SEC(600));
    for (i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, start_many, NULL),
                         0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(wins[0], 750);
    assert_int_equal(wins[1], 1000);
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_client_rate),
          cmocka_unit_test(test_rate_slides),
          cmocka_unit_test(test_rate_over_time),
          cmocka_unit_test(test_rate_says_how_long),
          cmocka_unit_test(test_rate_when_the_clock_is_set_back),
          cmocka_unit_test(test_rate_among_many),
          cmocka_unit_test(test_rate_of_all),
          cmocka_unit_test(test_rate_of_one_account),
          cmocka_unit_test(test_rate_of_an_innocent),
          cmocka_unit_test(test_rate_by_threads))
