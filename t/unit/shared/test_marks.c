/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is revoked, used or being rechecked: as tables of ids, alone and by
 * many at once.
 */

#include "shared.h"

/* So many ids can have their first bucket in common and no room elsewhere. */
#define BUCKET 8

/* ---- revoked sessions ---------------------------------------------------- */

static void test_revoked(void **state)
{
    static const struct {
        int second;
        int ended;
    } rows[] = { { -10, 1 }, { 0, 1 }, { 59, 1 }, { 60, 0 }, { 61, 0 } };
    tw_id_t id, other;
    int i;

    (void)state;
    fresh();
    id_of(&id, 1);
    id_of(&other, 2);
    assert_false(tw_shared_is_revoked(shared, &id, NOW));
    tw_shared_revoke(shared, &id, NOW + SEC(60), NOW);
    for (i = 0; i < COUNT(rows); i++) {
        apr_time_t now = NOW + SEC(rows[i].second);

        CHECK(tw_shared_is_revoked(shared, &id, now) == rows[i].ended, "%d s",
              rows[i].second);
        assert_false(tw_shared_is_revoked(shared, &other, now));
    }
    assert_true(tw_shared_revalidate_before(shared) == NOW);
}

/* What was only found to be over may have been refused for a while. */
static void test_what_was_found_is_not_for_good(void **state)
{
    tw_id_t id;

    (void)state;
    fresh();
    id_of(&id, 1);
    tw_shared_revoke_found(shared, &id, NOW + SEC(5), NOW);
    assert_true(tw_shared_is_revoked(shared, &id, NOW));
    assert_false(tw_shared_is_revoked_for_good(shared, &id, NOW));
    tw_shared_revoke(shared, &id, NOW + SEC(60), NOW);
    assert_true(tw_shared_is_revoked_for_good(shared, &id, NOW + SEC(59)));
    assert_false(tw_shared_is_revoked_for_good(shared, &id, NOW + SEC(60)));
}

/* Ended twice: the later end counts, whichever came first. */
static void test_revoked_twice(void **state)
{
    static const int ends[][2] = { { 60, 120 }, { 120, 60 } };
    tw_id_t id;
    int i;

    (void)state;
    for (i = 0; i < COUNT(ends); i++) {
        fresh();
        id_of(&id, 1);
        tw_shared_revoke(shared, &id, NOW + SEC(ends[i][0]), NOW);
        tw_shared_revoke(shared, &id, NOW + SEC(ends[i][1]), NOW + SEC(1));
        assert_true(tw_shared_is_revoked(shared, &id, NOW + SEC(119)));
        assert_false(tw_shared_is_revoked(shared, &id, NOW + SEC(120)));
    }
}

/* An id of zeros is an id like any other. */
static void test_id_of_zeros(void **state)
{
    static const tw_id_t zeros;

    (void)state;
    fresh();
    assert_false(tw_shared_is_revoked(shared, &zeros, NOW));
    assert_int_equal(tw_shared_use_once(shared, &zeros, NOW + SEC(9), NOW), 1);
    assert_int_equal(tw_shared_use_once(shared, &zeros, NOW + SEC(9), NOW), 0);
    tw_shared_revoke(shared, &zeros, NOW + SEC(9), NOW);
    assert_true(tw_shared_is_revoked(shared, &zeros, NOW));
}

/* 90 % of what the table holds. */
#define MOST (ENTRIES / 10 * 9)

/* A table that is full: one is given up, which is one of those that would end
 * first, and revalidate_before rises, so that its copies are asked about
 * again. */
static void test_revalidate_before_rises_when_full(void **state)
{
    tw_id_t id;
    apr_time_t later = NOW + SEC(10);
    int i, kept = 0, n = 0;

    (void)state;
    fresh();
    while (tw_shared_revalidate_before(shared) == NOW) {
        n++;
        tw_shared_revoke(shared, id_of(&id, (uint64_t)n), NOW + SEC(1000) + n,
                         later);
        CHECK(tw_shared_is_revoked(shared, &id, NOW), "%d", n);
    }
    assert_in_range(n, ENTRIES / 100 * 93, ENTRIES + 1);
    assert_true(tw_shared_revalidate_before(shared) == later);
    for (i = 1; i <= n; i++) {
        kept += tw_shared_is_revoked(shared, id_of(&id, (uint64_t)i), later);
    }
    assert_int_equal(kept, n - 1);
}

/* A3: below 90 % none is given up, whatever the ids are. */
static void test_none_is_given_up_below_90_percent(void **state)
{
    tw_id_t id;
    int seed, i, first, least = ENTRIES;

    (void)state;
    for (seed = 0; seed < 40; seed++) {
        uint64_t from = (uint64_t)seed << 32;

        fresh();
        for (i = 0; i < MOST; i++) {
            tw_shared_revoke(shared, id_of(&id, from + (uint64_t)i),
                             NOW + SEC(660), NOW + 1);
        }
        CHECK(tw_shared_revalidate_before(shared) == NOW, "seed %d", seed);
        for (i = 0; i < MOST; i++) {
            CHECK(tw_shared_is_revoked(shared, id_of(&id, from + (uint64_t)i),
                                       NOW), "seed %d, %d", seed, i);
        }
        for (first = MOST; tw_shared_revalidate_before(shared) == NOW;
             first++) {
            tw_shared_revoke(shared, id_of(&id, from + (uint64_t)first),
                             NOW + SEC(660), NOW + 1);
        }
        least = first < least ? first : least;
    }
    print_message("the first was given up at %.1f %% or later\n",
                  100.0 * least / ENTRIES);
}

/*
 * A3: sign-outs at chance times (each second so many as Poisson has them) for
 * hours, each to be remembered for SIM_KEPT: by default, 10 min of recheck,
 * 10 min of grace, 65 s for the way.
 */
#define SIM_KEPT 1265
/* A flow: TwAuthFlowTimeout, and what clocks differ by; and a minute for an
 * account that is new. */
#define SIM_FLOW 900

static double chance(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)((*seed >> 11) + 1) / 9007199254740993.0;
}

/* How many a second: the gaps between them are exponential. */
static int at_chance(uint64_t *seed, double rate)
{
    double left;
    int n = 0;

    /* the product of chances against e^-1, for each one a second */
    for (; rate > 0; rate -= 1) {
        double part = rate < 1 ? rate : 1, e = 1, term = 1;
        int k;

        for (k = 1; k < 30; k++) {
            term *= -part / k;
            e += term;
        }
        for (left = 1; (left *= chance(seed)) > e; n++) { }
    }
    return n;
}

/* How many times one was given up in so many minutes. */
static int simulate(double rate, int minutes)
{
    tw_id_t id;
    uint64_t seed = 1, n = 0;
    apr_time_t before;
    int second, i, given_up = 0;

    fresh();
    for (second = 1; second <= minutes * 60; second++) {
        apr_time_t now = NOW + SEC(second);

        for (i = at_chance(&seed, rate); i > 0; i--) {
            before = tw_shared_revalidate_before(shared);
            tw_shared_use_once(shared, id_of(&id, n++), now + SEC(SIM_FLOW),
                               now);
            tw_shared_use_once(shared, id_of(&id, n++), now + SEC(60), now);
            tw_shared_revoke(shared, &id, now + SEC(SIM_KEPT), now + i);
            given_up += tw_shared_revalidate_before(shared) != before;
        }
    }
    return given_up + (int)tw_shared_room(shared, TW_TABLE_USED, NOW).lost;
}

/* What docs/scaling.md says of TwAuthSharedEntries: as many finish a sign-in
 * as end a session, and none is given up of either. */
static void test_sign_outs_a_second(void **state)
{
    static const struct {
        int entries, rate;
    } rows[] = {
        { 16384, 11 }, { USUAL, 180 }
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        int given_up;

        entries = rows[i].entries;
        given_up = simulate(rows[i].rate, 60);
        print_message("%d entries, %d sign-outs a second: %d given up in an "
                      "hour\n", entries, rows[i].rate, given_up);
        CHECK(!given_up, "%d a second: %d", rows[i].rate, given_up);
    }
    entries = USUAL;
    assert_true(simulate(260, 30) > 0);
    entries = ENTRIES;
}

/*
 * A3: what the database says is over is remembered while there is room.  It
 * does not raise revalidate_before and makes no sign-out forgotten, however
 * many there are, and sign-outs take its place.
 */
static void test_found_revoked_gives_up_none(void **state)
{
    enum { FLOOD = 3 * ENTRIES };
    tw_id_t id;
    int i, remembered = 0;

    (void)state;
    fresh();
    for (i = 0; i < MOST; i++) {
        if (i == MOST / 2) {
            int n;

            for (n = 0; n < FLOOD; n++) {
                tw_shared_revoke_found(shared,
                                       id_of(&id, 1000000 + (uint64_t)n),
                                       NOW + SEC(9999), NOW + 1);
                remembered += tw_shared_is_revoked(shared, &id, NOW);
            }
        }
        tw_shared_revoke(shared, id_of(&id, (uint64_t)i), NOW + SEC(660),
                         NOW + 1);
    }
    assert_in_range(remembered, ENTRIES / 3, ENTRIES);
    for (i = 0; i < MOST; i++) {
        CHECK(tw_shared_is_revoked(shared, id_of(&id, (uint64_t)i), NOW), "%d",
              i);
    }
    assert_true(tw_shared_revalidate_before(shared) == NOW);
}

/* Found first and signed out then, or the other way: a sign-out it is. */
static void test_found_revoked_and_signed_out(void **state)
{
    tw_id_t id, other;
    int order, i;

    (void)state;
    for (order = 0; order < 2; order++) {
        fresh();
        id_of(&id, 1);
        for (i = 0; i < 2; i++) {
            if (i == order) {
                tw_shared_revoke_found(shared, &id, NOW + SEC(60), NOW);
            }
            else {
                tw_shared_revoke(shared, &id, NOW + SEC(30), NOW);
            }
        }
        assert_true(tw_shared_is_revoked(shared, &id, NOW + SEC(59)));
        for (i = 0; i < 2 * ENTRIES; i++) {
            tw_shared_revoke(shared, id_of(&other, 2 + (uint64_t)i),
                             NOW + SEC(59), NOW);
        }
        assert_true(tw_shared_is_revoked(shared, &id, NOW));
    }
}

/* Places of the past are free: revalidate_before does not rise, however many
 * there were. */
static void test_passed_places_are_free(void **state)
{
    tw_id_t id;
    int i;

    (void)state;
    fresh();
    for (i = 0; i < 100; i++) {
        apr_time_t now = NOW + SEC(10 * i);

        tw_shared_revoke(shared, crowd(&id, (uint32_t)i), now + SEC(60), now);
        assert_true(tw_shared_is_revoked(shared, &id, now));
    }
    assert_true(tw_shared_revalidate_before(shared) == NOW);
}

/*
 * Whatever is revoked is either refused, or older than revalidate_before: also
 * under a flood far beyond the table's size.
 */
static void test_revoked_or_to_be_revalidated(void **state)
{
    enum { FLOOD = 3 * ENTRIES };
    tw_id_t id;
    int i;

    (void)state;
    fresh();
    for (i = 0; i < FLOOD; i++) {
        tw_shared_revoke(shared, id_of(&id, (uint64_t)i), NOW + SEC(660),
                         NOW + i);
        CHECK(tw_shared_is_revoked(shared, &id, NOW + i), "%d", i);
    }
    for (i = 0; i < FLOOD; i++) {
        CHECK(tw_shared_is_revoked(shared, id_of(&id, (uint64_t)i), NOW + FLOOD)
              || tw_shared_revalidate_before(shared) >= NOW + i, "%d", i);
    }
}

/* ---- used flows, rechecks ------------------------------------------------
 */

typedef int (*claim_t)(tw_shared_t *, const tw_id_t *, apr_time_t,
                       apr_time_t);

static void test_use_once(void **state)
{
    static const claim_t claims[] = {
        tw_shared_use_once, tw_shared_claim_recheck
    };
    static const struct {
        int second;             /* of the call; until is a minute later */
        int won;
    } rows[] = {
        { 0, 1 }, { 0, 0 }, { 1, 0 }, { 59, 0 }, { 60, 1 }, { 60, 0 },
        { 119, 0 }, { 120, 1 }, { 500, 1 },
    };
    tw_id_t id;
    int c, i;

    (void)state;
    for (c = 0; c < COUNT(claims); c++) {
        fresh();
        for (i = 0; i < COUNT(rows); i++) {
            apr_time_t now = NOW + SEC(rows[i].second);

            CHECK(claims[c](shared, id_of(&id, 1), now + SEC(60), now)
                  == rows[i].won, "claim %d, row %d", c, i);
        }
        assert_int_equal(claims[c](shared, id_of(&id, 2), NOW + SEC(60), NOW),
                         1);
    }
}

/* The tables know nothing of each other. */
static void test_tables_are_apart(void **state)
{
    tw_id_t id;

    (void)state;
    fresh();
    id_of(&id, 1);
    assert_int_equal(tw_shared_use_once(shared, &id, NOW + SEC(9), NOW), 1);
    assert_int_equal(tw_shared_claim_recheck(shared, &id, NOW + SEC(9), NOW),
                     1);
    assert_false(tw_shared_is_revoked(shared, &id, NOW));
    tw_shared_revoke(shared, &id, NOW + SEC(9), NOW);
    assert_int_equal(tw_shared_use_once(shared, &id, NOW + SEC(9), NOW), 0);
}

/* Below 90 % all stay used; a full table gives up the first to end. */
static void test_use_once_when_full(void **state)
{
    tw_id_t id;
    int i, again = 0;

    (void)state;
    fresh();
    for (i = 0; i < MOST; i++) {
        CHECK(tw_shared_use_once(shared, id_of(&id, (uint64_t)i),
                                 NOW + SEC(600), NOW),
              "%d", i);
    }
    for (i = 0; i < MOST; i++) {
        CHECK(!tw_shared_use_once(shared, id_of(&id, (uint64_t)i),
                                  NOW + SEC(600), NOW), "%d again", i);
    }
    for (; i < 2 * ENTRIES; i++) {
        CHECK(tw_shared_use_once(shared, id_of(&id, (uint64_t)i),
                                 NOW + SEC(700), NOW),
              "%d", i);
    }
    for (i = 2 * ENTRIES - 1000; i < 2 * ENTRIES; i++) {
        again += tw_shared_use_once(shared, id_of(&id, (uint64_t)i),
                                    NOW + SEC(700), NOW);
    }
    assert_in_range(again, 0, 60);
}

/* ---- races --------------------------------------------------------------- */

#define BATCH 64                /* fewer than would fill a bucket by chance */

/* What a race is about. */
typedef struct {
    void (*name)(tw_id_t *id, int round, int n);
    int ids;                    /* of a round */
    int rounds;
    int stale;                  /* the ids are there already, and passed */
} race_t;

static const race_t *race;

static void name_spread(tw_id_t *id, int round, int n)
{
    id_of(id, (uint64_t)round * BATCH + (uint64_t)n);
}

static void name_crowd(tw_id_t *id, int round, int n)
{
    crowd(id, (uint32_t)(round * BUCKET + n));
}

/* Clears the board, and lays what is stale. */
static void race_prepare(int round)
{
    tw_id_t id;
    int i;

    fresh();
    for (i = 0; i < race->ids; i++) {
        wins[i] = 0;
        if (race->stale) {
            race->name(&id, round, i);
            tw_shared_use_once(shared, &id, NOW - SEC(1), NOW - SEC(60));
        }
    }
}

static void race_judge(int round)
{
    int i;

    for (i = 0; i < race->ids; i++) {
        if (wins[i] != 1 && !*failed) {
            *failed = 1;
            fprintf(stderr, "round %d, id %d: %d winners\n", round, i,
                    wins[i]);
        }
    }
}

/* One of the racers: all use all ids, each beginning at another one. */
static void race_run(int me)
{
    tw_id_t id;
    int round, i;

    for (round = 0; round < race->rounds; round++) {
        if (me == 0) {
            race_prepare(round);
        }
        pthread_barrier_wait(line);
        for (i = 0; i < race->ids; i++) {
            int n = (i + (round & 1) * me) % race->ids;

            race->name(&id, round, n);
            if (tw_shared_use_once(shared, &id, NOW + SEC(600 + me % 2), NOW)) {
                __atomic_add_fetch(&wins[n], 1, __ATOMIC_SEQ_CST);
            }
        }
        pthread_barrier_wait(line);
        if (me == 0) {
            race_judge(round);
        }
    }
}

static void *race_thread(void *arg)
{
    race_run((int)(intptr_t)arg);
    return NULL;
}

static const race_t races[] = {
    { name_spread, BATCH, 400, 0 },
    { name_spread, BATCH, 400, 1 },
    { name_crowd, 1, 1500, 0 },
    { name_crowd, 1, 1500, 1 },
    { name_crowd, 4, 1500, 0 },
    { name_crowd, 4, 1500, 1 },
    { name_crowd, BUCKET, 1500, 0 },
    { name_crowd, BUCKET, 1500, 1 },
};

static void test_use_once_by_threads(void **state)
{
    int r, i;

    (void)state;
    for (r = 0; r < COUNT(races); r++) {
        pthread_t thread[RACERS];

        race = &races[r];
        race_begin();
        for (i = 0; i < RACERS; i++) {
            assert_int_equal(pthread_create(&thread[i], NULL, race_thread,
                                            (void *)(intptr_t)i), 0);
        }
        for (i = 0; i < RACERS; i++) {
            pthread_join(thread[i], NULL);
        }
        CHECK(!*failed, "race %d", r);
    }
}

static void test_use_once_by_processes(void **state)
{
    int r, i;

    (void)state;
    for (r = 0; r < COUNT(races); r++) {
        pid_t child[RACERS];

        race = &races[r];
        race_begin();
        for (i = 0; i < RACERS; i++) {
            child[i] = fork();
            assert_true(child[i] >= 0);
            if (child[i] == 0) {
                race_run(i);
                _exit(0);
            }
        }
        for (i = 0; i < RACERS; i++) {
            int status;

            assert_int_equal(waitpid(child[i], &status, 0), child[i]);
            assert_int_equal(status, 0);
        }
        CHECK(!*failed, "race %d", r);
    }
}

/* Ends by many at once: none is lost without revalidate_before having risen.
 */
#define ENDS 2000

static void *revoke_many(void *arg)
{
    tw_id_t id;
    int i, me = (int)(intptr_t)arg;

    pthread_barrier_wait(line);
    for (i = 0; i < ENDS; i++) {
        int n = i * RACERS + me;

        tw_shared_revoke(shared, i % 4 ? id_of(&id, (uint64_t)n)
                                       : crowd(&id, (uint32_t)n),
                         NOW + SEC(600), NOW + 1);
    }
    return NULL;
}

static void test_revoke_by_threads(void **state)
{
    pthread_t thread[RACERS];
    tw_id_t id;
    int i;

    (void)state;
    race_begin();
    for (i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, revoke_many,
                                        (void *)(intptr_t)i), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(thread[i], NULL);
    }
    for (i = 0; i < ENDS * RACERS; i++) {
        CHECK(tw_shared_is_revoked(shared, i / RACERS % 4
                                           ? id_of(&id, (uint64_t)i)
                                           : crowd(&id, (uint32_t)i), NOW + 1)
              || tw_shared_revalidate_before(shared) > NOW, "id %d", i);
    }
}

/* A3: nobody who signed out is missed while their mark moves to its other
 * bucket: readers look at marks that stay, while others come and pass. */
#define STAYING (ENTRIES / 100 * 80)

static void *come_and_pass(void *arg)
{
    tw_id_t id;
    int round, i;

    (void)arg;
    pthread_barrier_wait(line);
    for (round = 0; round < 60; round++) {
        apr_time_t now = NOW + SEC(2 * round);

        for (i = 0; i < ENTRIES / 100 * 13; i++) {
            tw_shared_revoke(shared, id_of(&id, (uint64_t)(round + 1) << 20
                                               | (uint64_t)i),
                             now + SEC(1), now);
        }
    }
    return NULL;
}

static void *look_at_all(void *arg)
{
    tw_id_t id;
    int round, i, me = (int)(intptr_t)arg;

    pthread_barrier_wait(line);
    for (round = 0; round < 20; round++) {
        for (i = 0; i < STAYING; i++) {
            int n = (i + me * 977) % STAYING;

            if (!tw_shared_is_revoked(shared, id_of(&id, (uint64_t)n), NOW)) {
                *failed = 1;
            }
        }
    }
    return NULL;
}

static void test_revoked_while_marks_move(void **state)
{
    pthread_t thread[RACERS];
    tw_id_t id;
    int i;

    (void)state;
    race_begin();
    for (i = 0; i < STAYING; i++) {
        tw_shared_revoke(shared, id_of(&id, (uint64_t)i), NOW + SEC(9999), NOW);
    }
    for (i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL,
                                        i ? look_at_all : come_and_pass,
                                        (void *)(intptr_t)i), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_false(*failed);
    for (i = 0; i < STAYING; i++) {
        CHECK(tw_shared_is_revoked(shared, id_of(&id, (uint64_t)i), NOW), "%d",
              i);
    }
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_revoked),
          cmocka_unit_test(test_what_was_found_is_not_for_good),
          cmocka_unit_test(test_revoked_twice),
          cmocka_unit_test(test_id_of_zeros),
          cmocka_unit_test(test_revalidate_before_rises_when_full),
          cmocka_unit_test(test_none_is_given_up_below_90_percent),
          cmocka_unit_test(test_sign_outs_a_second),
          cmocka_unit_test(test_found_revoked_gives_up_none),
          cmocka_unit_test(test_found_revoked_and_signed_out),
          cmocka_unit_test(test_passed_places_are_free),
          cmocka_unit_test(test_revoked_or_to_be_revalidated),
          cmocka_unit_test(test_use_once),
          cmocka_unit_test(test_tables_are_apart),
          cmocka_unit_test(test_use_once_when_full),
          cmocka_unit_test(test_use_once_by_threads),
          cmocka_unit_test(test_use_once_by_processes),
          cmocka_unit_test(test_revoke_by_threads),
          cmocka_unit_test(test_revoked_while_marks_move))
