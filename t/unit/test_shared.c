/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_shared: what all processes of a server know together.  The clock is
 * ours; threads and forked children are real.
 */

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "shared/segment.h"

#define SEC(n) apr_time_from_sec(n)
#define NOW SEC(1790000000)

/* So many ids can have their first bucket in common and no room elsewhere. */
#define BUCKET 8

static tw_shared_t *shared;
static void *memory;

/* A segment as httpd has it: zeroed, shared with children. */
static void prepare(void)
{
    memory = mmap(NULL, tw_shared_size(), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        exit(2);
    }
}

static void fresh(void)
{
    memset(memory, 0, tw_shared_size());
    shared = tw_shared_attach(memory, NOW);
}

/* The nth id of many different ones (splitmix64, so that they spread). */
static const unsigned char *id_of(unsigned char id[TW_ID_LEN], uint64_t n)
{
    int i;

    for (i = 0; i < 2; i++) {
        uint64_t x = (2 * n + (uint64_t)i + 1) * 0x9e3779b97f4a7c15ULL;

        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
        x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
        x ^= x >> 31;
        memcpy(id + 8 * i, &x, 8);
    }
    return id;
}

/*
 * The nth id of those that share a bucket, whatever its number: the tables
 * mix the two halves of an id's first eight bytes, so halves that differ in
 * the same bits fall together.
 */
static const unsigned char *crowd(unsigned char id[TW_ID_LEN], uint32_t n)
{
    uint32_t half[2];

    memset(id, 0, TW_ID_LEN);
    half[0] = n * 0x9e3779b9U + 0x12345678U;
    half[1] = half[0] ^ 0x2aaaaaaaU;
    memcpy(id, half, sizeof(half));
    return id;
}

/* ---- the segment --------------------------------------------------------- */

static void test_attach(void **state)
{
    unsigned char id[TW_ID_LEN];

    (void)state;
    assert_in_range(tw_shared_size(), 100 * 1024, 4 * 1024 * 1024);
    fresh();
    assert_true(tw_shared_revalidate_before(shared) == NOW);
    /* a graceful restart finds what there was */
    tw_shared_revoke(shared, id_of(id, 1), NOW + SEC(60), NOW);
    shared = tw_shared_attach(memory, NOW + SEC(5));
    assert_true(tw_shared_revalidate_before(shared) == NOW);
    assert_true(tw_shared_is_revoked(shared, id, NOW + SEC(5)));
    /* another layout: all afresh, and cookies from before are rechecked */
    memset(memory, 0xee, tw_shared_size());
    shared = tw_shared_attach(memory, NOW + SEC(9));
    assert_true(tw_shared_revalidate_before(shared) == NOW + SEC(9));
    assert_false(tw_shared_is_revoked(shared, id, NOW));
    assert_int_equal(tw_shared_use_once(shared, id, NOW + SEC(60), NOW), 1);
    assert_false(tw_shared_breaker_open(shared, 3));
}

/* ---- ended sessions ------------------------------------------------------ */

static void test_ended(void **state)
{
    static const struct {
        int second;
        int ended;
    } rows[] = { { -10, 1 }, { 0, 1 }, { 59, 1 }, { 60, 0 }, { 61, 0 } };
    unsigned char id[TW_ID_LEN], other[TW_ID_LEN];
    int i;

    (void)state;
    fresh();
    id_of(id, 1);
    id_of(other, 2);
    assert_false(tw_shared_is_revoked(shared, id, NOW));
    tw_shared_revoke(shared, id, NOW + SEC(60), NOW);
    for (i = 0; i < COUNT(rows); i++) {
        apr_time_t now = NOW + SEC(rows[i].second);

        CHECK(tw_shared_is_revoked(shared, id, now) == rows[i].ended, "%d s",
              rows[i].second);
        assert_false(tw_shared_is_revoked(shared, other, now));
    }
    assert_true(tw_shared_revalidate_before(shared) == NOW);
}

/* Ended twice: the later end counts, whichever came first. */
static void test_ended_twice(void **state)
{
    static const int ends[][2] = { { 60, 120 }, { 120, 60 } };
    unsigned char id[TW_ID_LEN];
    int i;

    (void)state;
    for (i = 0; i < COUNT(ends); i++) {
        fresh();
        id_of(id, 1);
        tw_shared_revoke(shared, id, NOW + SEC(ends[i][0]), NOW);
        tw_shared_revoke(shared, id, NOW + SEC(ends[i][1]), NOW + SEC(1));
        assert_true(tw_shared_is_revoked(shared, id, NOW + SEC(119)));
        assert_false(tw_shared_is_revoked(shared, id, NOW + SEC(120)));
    }
}

/* An id of zeros is an id like any other. */
static void test_id_of_zeros(void **state)
{
    static const unsigned char zeros[TW_ID_LEN];

    (void)state;
    fresh();
    assert_false(tw_shared_is_revoked(shared, zeros, NOW));
    assert_int_equal(tw_shared_use_once(shared, zeros, NOW + SEC(9), NOW), 1);
    assert_int_equal(tw_shared_use_once(shared, zeros, NOW + SEC(9), NOW), 0);
    tw_shared_revoke(shared, zeros, NOW + SEC(9), NOW);
    assert_true(tw_shared_is_revoked(shared, zeros, NOW));
}

/* What the table holds is TW_MARKS; this is 90 % of it. */
#define MOST (TW_MARKS / 10 * 9)

/* A table that is full: one is given up, which is one of those that would end
 * first, and revalidate_before rises, so that its copies are asked about
 * again. */
static void test_floor_rises_when_full(void **state)
{
    unsigned char id[TW_ID_LEN];
    apr_time_t later = NOW + SEC(10);
    int i, kept = 0, n = 0;

    (void)state;
    fresh();
    while (tw_shared_revalidate_before(shared) == NOW) {
        n++;
        tw_shared_revoke(shared, id_of(id, (uint64_t)n), NOW + SEC(1000) + n,
                         later);
        CHECK(tw_shared_is_revoked(shared, id, NOW), "%d", n);
    }
    assert_in_range(n, TW_MARKS / 100 * 93, TW_MARKS + 1);
    assert_true(tw_shared_revalidate_before(shared) == later);
    for (i = 1; i <= n; i++) {
        kept += tw_shared_is_revoked(shared, id_of(id, (uint64_t)i), later);
    }
    assert_int_equal(kept, n - 1);
}

/* A3: below 90 % none is given up, whatever the ids are. */
static void test_none_is_given_up_below_90_percent(void **state)
{
    unsigned char id[TW_ID_LEN];
    int seed, i, first, least = TW_MARKS;

    (void)state;
    for (seed = 0; seed < 40; seed++) {
        uint64_t from = (uint64_t)seed << 32;

        fresh();
        for (i = 0; i < MOST; i++) {
            tw_shared_revoke(shared, id_of(id, from + (uint64_t)i),
                             NOW + SEC(660), NOW + 1);
        }
        CHECK(tw_shared_revalidate_before(shared) == NOW, "seed %d", seed);
        for (i = 0; i < MOST; i++) {
            CHECK(tw_shared_is_revoked(shared, id_of(id, from + (uint64_t)i),
                                       NOW), "seed %d, %d", seed, i);
        }
        for (first = MOST; tw_shared_revalidate_before(shared) == NOW;
             first++) {
            tw_shared_revoke(shared, id_of(id, from + (uint64_t)first),
                             NOW + SEC(660), NOW + 1);
        }
        least = first < least ? first : least;
    }
    print_message("the first was given up at %.1f %% or later\n",
                  100.0 * least / TW_MARKS);
}

/*
 * A3: sign-outs at chance times (each second so many as Poisson has them) for
 * six hours, each to be remembered for SIM_KEPT: by default, 60 s of recheck,
 * 10 min of grace, 65 s for the way.
 */
#define SIM_KEPT 725

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

/* How many times one was given up in so many hours. */
static int simulate(double rate, int hours)
{
    unsigned char id[TW_ID_LEN];
    uint64_t seed = 1, n = 0;
    apr_time_t floor_before;
    int second, i, given_up = 0;

    fresh();
    for (second = 1; second <= hours * 3600; second++) {
        apr_time_t now = NOW + SEC(second);

        for (i = at_chance(&seed, rate); i > 0; i--) {
            floor_before = tw_shared_revalidate_before(shared);
            tw_shared_revoke(shared, id_of(id, n++), now + SEC(SIM_KEPT),
                             now + i);
            given_up += tw_shared_revalidate_before(shared) != floor_before;
        }
    }
    return given_up;
}

static void test_sign_outs_a_second(void **state)
{
    static const int rates[] = { 8, 14, 25, 40 };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rates); i++) {
        int given_up = simulate(rates[i], 2);

        print_message("%d sign-outs a second: %d given up in two hours\n",
                      rates[i], given_up);
        CHECK(!given_up, "%d a second: %d", rates[i], given_up);
    }
    assert_true(simulate(60, 1) > 0);
}

/*
 * A3: what the database says is over is remembered while there is room.  It
 * does not raise revalidate_before and makes no sign-out forgotten, however
 * many there are, and sign-outs take its place.
 */
static void test_found_ended_gives_up_none(void **state)
{
    enum { FLOOD = 3 * TW_MARKS };
    unsigned char id[TW_ID_LEN];
    int i, remembered = 0;

    (void)state;
    fresh();
    for (i = 0; i < MOST; i++) {
        if (i == MOST / 2) {
            int n;

            for (n = 0; n < FLOOD; n++) {
                tw_shared_revoke_found(shared,
                                       id_of(id, 1000000 + (uint64_t)n),
                                       NOW + SEC(9999), NOW + 1);
                remembered += tw_shared_is_revoked(shared, id, NOW);
            }
        }
        tw_shared_revoke(shared, id_of(id, (uint64_t)i), NOW + SEC(660),
                         NOW + 1);
    }
    assert_in_range(remembered, TW_MARKS / 3, TW_MARKS);
    for (i = 0; i < MOST; i++) {
        CHECK(tw_shared_is_revoked(shared, id_of(id, (uint64_t)i), NOW), "%d",
              i);
    }
    assert_true(tw_shared_revalidate_before(shared) == NOW);
}

/* Found first and signed out then, or the other way: a sign-out it is. */
static void test_found_ended_and_signed_out(void **state)
{
    unsigned char id[TW_ID_LEN], other[TW_ID_LEN];
    int order, i;

    (void)state;
    for (order = 0; order < 2; order++) {
        fresh();
        id_of(id, 1);
        for (i = 0; i < 2; i++) {
            if (i == order) {
                tw_shared_revoke_found(shared, id, NOW + SEC(60), NOW);
            }
            else {
                tw_shared_revoke(shared, id, NOW + SEC(30), NOW);
            }
        }
        assert_true(tw_shared_is_revoked(shared, id, NOW + SEC(59)));
        for (i = 0; i < 2 * TW_MARKS; i++) {
            tw_shared_revoke(shared, id_of(other, 2 + (uint64_t)i),
                             NOW + SEC(59), NOW);
        }
        assert_true(tw_shared_is_revoked(shared, id, NOW));
    }
}

/* Places of the past are free: revalidate_before does not rise, however many
 * there were. */
static void test_passed_places_are_free(void **state)
{
    unsigned char id[TW_ID_LEN];
    int i;

    (void)state;
    fresh();
    for (i = 0; i < 100; i++) {
        apr_time_t now = NOW + SEC(10 * i);

        tw_shared_revoke(shared, crowd(id, (uint32_t)i), now + SEC(60), now);
        assert_true(tw_shared_is_revoked(shared, id, now));
    }
    assert_true(tw_shared_revalidate_before(shared) == NOW);
}

/*
 * Whatever is revoked is either refused, or older than revalidate_before: also
 * under a flood far beyond the table's size.
 */
static void test_ended_or_below_the_floor(void **state)
{
    enum { FLOOD = 3 * TW_MARKS };
    unsigned char id[TW_ID_LEN];
    int i;

    (void)state;
    fresh();
    for (i = 0; i < FLOOD; i++) {
        tw_shared_revoke(shared, id_of(id, (uint64_t)i), NOW + SEC(660),
                         NOW + i);
        CHECK(tw_shared_is_revoked(shared, id, NOW + i), "%d", i);
    }
    for (i = 0; i < FLOOD; i++) {
        CHECK(tw_shared_is_revoked(shared, id_of(id, (uint64_t)i), NOW + FLOOD)
              || tw_shared_revalidate_before(shared) >= NOW + i, "%d", i);
    }
}

/* ---- deferred rows -------------------------------------------------------
 */

static int take(int slot, tw_deferred_delete_t *got, int second)
{
    return tw_shared_take_deferred(shared, slot, got, NOW + SEC(second));
}

static void test_owed(void **state)
{
    tw_deferred_delete_t deferred = { .at = NOW }, got;
    unsigned char id[TW_ID_LEN];
    static char seen[TW_DEFERRED + 1];
    int j, room, taken = 0;

    (void)state;
    fresh();
    memset(seen, 0, sizeof(seen));
    assert_int_equal(take(0, &got, 0), 0);
    for (room = 0; room < COUNT(seen); room++) {
        id_of(deferred.id, (uint64_t)room);
        deferred.at = NOW + room;
        if (!tw_shared_defer_delete(shared, 0, &deferred, NOW)) {
            break;
        }
    }
    assert_int_equal(room, TW_DEFERRED);
    while (take(0, &got, 0)) {
        j = (int)(got.at - NOW);
        assert_in_range(j, 0, room - 1);
        assert_memory_equal(got.id, id_of(id, (uint64_t)j), TW_ID_LEN);
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
    assert_memory_equal(got.id, deferred.id, TW_ID_LEN);
    assert_int_equal(got.account, 7);
    assert_true(got.at == deferred.at);
    assert_int_equal(take(0, &got, 0), 0);
}

/* A10: whoever takes one has it for a minute; then, or at once when it could
 * not be paid, it is another one's. */
static void test_owed_is_leased(void **state)
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
static void test_owed_by_one_account(void **state)
{
    tw_deferred_delete_t deferred = { .whose = 7, .at = NOW }, got;
    int i, logged = 0, of_others = 0;

    (void)state;
    fresh();
    for (i = 0; i < 2 * TW_DEFERRED; i++) {
        id_of(deferred.id, (uint64_t)i);
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
    /* what is paid counts no more */
    while (take(0, &got, 0)) {
        tw_shared_deferred_done(shared, &got);
    }
    deferred.whose = 7;
    assert_int_equal(tw_shared_defer_delete(shared, 0, &deferred, NOW), 1);
}

static void owe_for_ever(void)
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
static void test_owed_and_killed_children(void **state)
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
            owe_for_ever();
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

/* ---- used flows, rechecks ------------------------------------------------
 */

typedef int (*claim_t)(tw_shared_t *, const unsigned char *, apr_time_t,
                       apr_time_t);

static void test_spend(void **state)
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
    unsigned char id[TW_ID_LEN];
    int c, i;

    (void)state;
    for (c = 0; c < COUNT(claims); c++) {
        fresh();
        for (i = 0; i < COUNT(rows); i++) {
            apr_time_t now = NOW + SEC(rows[i].second);

            CHECK(claims[c](shared, id_of(id, 1), now + SEC(60), now)
                  == rows[i].won, "claim %d, row %d", c, i);
        }
        assert_int_equal(claims[c](shared, id_of(id, 2), NOW + SEC(60), NOW),
                         1);
    }
}

/* The tables know nothing of each other. */
static void test_tables_are_apart(void **state)
{
    unsigned char id[TW_ID_LEN];

    (void)state;
    fresh();
    id_of(id, 1);
    assert_int_equal(tw_shared_use_once(shared, id, NOW + SEC(9), NOW), 1);
    assert_int_equal(tw_shared_claim_recheck(shared, id, NOW + SEC(9), NOW),
                     1);
    assert_false(tw_shared_is_revoked(shared, id, NOW));
    tw_shared_revoke(shared, id, NOW + SEC(9), NOW);
    assert_int_equal(tw_shared_use_once(shared, id, NOW + SEC(9), NOW), 0);
}

/* Below 90 % all stay used; a full table gives up the first to end. */
static void test_spend_when_full(void **state)
{
    unsigned char id[TW_ID_LEN];
    int i, again = 0;

    (void)state;
    fresh();
    for (i = 0; i < MOST; i++) {
        CHECK(tw_shared_use_once(shared, id_of(id, (uint64_t)i),
                                 NOW + SEC(600), NOW),
              "%d", i);
    }
    for (i = 0; i < MOST; i++) {
        CHECK(!tw_shared_use_once(shared, id_of(id, (uint64_t)i),
                                  NOW + SEC(600), NOW), "%d again", i);
    }
    for (; i < 2 * TW_MARKS; i++) {
        CHECK(tw_shared_use_once(shared, id_of(id, (uint64_t)i),
                                 NOW + SEC(700), NOW),
              "%d", i);
    }
    for (i = 2 * TW_MARKS - 1000; i < 2 * TW_MARKS; i++) {
        again += tw_shared_use_once(shared, id_of(id, (uint64_t)i),
                                    NOW + SEC(700), NOW);
    }
    assert_in_range(again, 0, 60);
}

/* ---- races --------------------------------------------------------------- */

#define RACERS 16
#define BATCH 64                /* fewer than would fill a bucket by chance */

/* What a race is about. */
typedef struct {
    void (*name)(unsigned char id[TW_ID_LEN], int round, int n);
    int ids;                    /* of a round */
    int rounds;
    int stale;                  /* the ids are there already, and passed */
} race_t;

static const race_t *race;
static pthread_barrier_t *line;
static volatile int *wins;      /* of each id, in memory that children share */
static volatile int *failed;

static void name_spread(unsigned char id[TW_ID_LEN], int round, int n)
{
    id_of(id, (uint64_t)round * BATCH + (uint64_t)n);
}

static void name_crowd(unsigned char id[TW_ID_LEN], int round, int n)
{
    crowd(id, (uint32_t)(round * BUCKET + n));
}

/* Clears the board, and lays what is stale. */
static void race_prepare(int round)
{
    unsigned char id[TW_ID_LEN];
    int i;

    fresh();
    for (i = 0; i < race->ids; i++) {
        wins[i] = 0;
        if (race->stale) {
            race->name(id, round, i);
            tw_shared_use_once(shared, id, NOW - SEC(1), NOW - SEC(60));
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

/* One of the racers: all spend all ids, each beginning at another one. */
static void race_run(int me)
{
    unsigned char id[TW_ID_LEN];
    int round, i;

    for (round = 0; round < race->rounds; round++) {
        if (me == 0) {
            race_prepare(round);
        }
        pthread_barrier_wait(line);
        for (i = 0; i < race->ids; i++) {
            int n = (i + (round & 1) * me) % race->ids;

            race->name(id, round, n);
            if (tw_shared_use_once(shared, id, NOW + SEC(600 + me % 2), NOW)) {
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

/* Memory for the race itself, also for children. */
static void race_begin(const race_t *about)
{
    pthread_barrierattr_t attr;
    char *board = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(board != MAP_FAILED);
    race = about;
    line = (pthread_barrier_t *)board;
    failed = (volatile int *)(board + 1024);
    wins = (volatile int *)(board + 2048);
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(line, &attr, RACERS);
    pthread_barrierattr_destroy(&attr);
    fresh();
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

static void test_spend_by_threads(void **state)
{
    int r, i;

    (void)state;
    for (r = 0; r < COUNT(races); r++) {
        pthread_t thread[RACERS];

        race_begin(&races[r]);
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

static void test_spend_by_processes(void **state)
{
    int r, i;

    (void)state;
    for (r = 0; r < COUNT(races); r++) {
        pid_t child[RACERS];

        race_begin(&races[r]);
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

static void *end_many(void *arg)
{
    unsigned char id[TW_ID_LEN];
    int i, me = (int)(intptr_t)arg;

    pthread_barrier_wait(line);
    for (i = 0; i < ENDS; i++) {
        int n = i * RACERS + me;

        tw_shared_revoke(shared, i % 4 ? id_of(id, (uint64_t)n)
                                       : crowd(id, (uint32_t)n),
                         NOW + SEC(600), NOW + 1);
    }
    return NULL;
}

static void test_end_by_threads(void **state)
{
    pthread_t thread[RACERS];
    unsigned char id[TW_ID_LEN];
    int i;

    (void)state;
    race_begin(&races[0]);
    for (i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, end_many,
                                        (void *)(intptr_t)i), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(thread[i], NULL);
    }
    for (i = 0; i < ENDS * RACERS; i++) {
        CHECK(tw_shared_is_revoked(shared, i / RACERS % 4
                                           ? id_of(id, (uint64_t)i)
                                           : crowd(id, (uint32_t)i), NOW + 1)
              || tw_shared_revalidate_before(shared) > NOW, "id %d", i);
    }
}

/* A3: nobody who signed out is missed while their mark moves to its other
 * bucket: readers look at marks that stay, while others come and pass. */
#define STAYING (TW_MARKS / 100 * 80)

static void *come_and_pass(void *arg)
{
    unsigned char id[TW_ID_LEN];
    int round, i;

    (void)arg;
    pthread_barrier_wait(line);
    for (round = 0; round < 60; round++) {
        apr_time_t now = NOW + SEC(2 * round);

        for (i = 0; i < TW_MARKS / 100 * 13; i++) {
            tw_shared_revoke(shared, id_of(id, (uint64_t)(round + 1) << 20
                                               | (uint64_t)i),
                             now + SEC(1), now);
        }
    }
    return NULL;
}

static void *look_at_all(void *arg)
{
    unsigned char id[TW_ID_LEN];
    int round, i, me = (int)(intptr_t)arg;

    pthread_barrier_wait(line);
    for (round = 0; round < 20; round++) {
        for (i = 0; i < STAYING; i++) {
            int n = (i + me * 977) % STAYING;

            if (!tw_shared_is_revoked(shared, id_of(id, (uint64_t)n), NOW)) {
                *failed = 1;
            }
        }
    }
    return NULL;
}

static void test_ended_while_marks_move(void **state)
{
    pthread_t thread[RACERS];
    unsigned char id[TW_ID_LEN];
    int i;

    (void)state;
    race_begin(&races[0]);
    for (i = 0; i < STAYING; i++) {
        tw_shared_revoke(shared, id_of(id, (uint64_t)i), NOW + SEC(9999), NOW);
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
        CHECK(tw_shared_is_revoked(shared, id_of(id, (uint64_t)i), NOW), "%d",
              i);
    }
}

/* ---- sign-ins started ---------------------------------------------------- */

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
    race_begin(&races[0]);
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

/* ---- calls in flight ----------------------------------------------------- */

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

/* Half as many more may wait, and take no call's place by that. */
static void test_waiting_places(void **state)
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

/* Callbacks may take every place; then there is none for a start. */
static void test_callbacks_take_all(void **state)
{
    int places[10], i, j;

    (void)state;
    fresh();
    for (i = 0; i < 10; i++) {
        places[i] = tw_shared_call_begin(shared, TW_CALL_CALLBACK, 10,
                                         NOW + SEC(5), NOW);
        assert_in_range(places[i], 0, 9);
        for (j = 0; j < i; j++) {
            assert_int_not_equal(places[i], places[j]);
        }
    }
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_CALLBACK, 10,
                                          NOW + SEC(5), NOW), -1);
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_START, 10,
                                          NOW + SEC(5), NOW), -1);
    tw_shared_call_end(shared, TW_CALL_CALLBACK, places[9],
                       NOW + SEC(5));
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_CALLBACK, 10,
                                          NOW + SEC(5), NOW), places[9]);
}

/* A process that died frees its place when its deadline has passed ... */
static void test_dead_calls(void **state)
{
    int place, again;

    (void)state;
    fresh();
    place = tw_shared_call_begin(shared, TW_CALL_START, 1, NOW + SEC(5), NOW);
    assert_int_equal(place, 0);
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_START, 1,
                                          NOW + SEC(9), NOW + SEC(4)), -1);
    again = tw_shared_call_begin(shared, TW_CALL_START, 1, NOW + SEC(10),
                                 NOW + SEC(5));
    assert_int_equal(again, 0);
    /* ... and, should it live after all, does not free its successor's */
    tw_shared_call_end(shared, TW_CALL_START, place, NOW + SEC(5));
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_START, 1,
                                          NOW + SEC(12), NOW + SEC(6)), -1);
    tw_shared_call_end(shared, TW_CALL_START, again, NOW + SEC(10));
    assert_int_equal(tw_shared_call_begin(shared, TW_CALL_START, 1,
                                          NOW + SEC(12), NOW + SEC(6)), 0);
}

/* More than there are places in the segment is no more than there are. */
static void test_calls_beyond_the_segment(void **state)
{
    int i, place, most = -1;

    (void)state;
    fresh();
    for (i = 0; i < 2 * TW_CALLS_MAX; i++) {
        place = tw_shared_call_begin(shared, TW_CALL_CALLBACK,
                                     TW_CALLS_MAX + 10, NOW + SEC(5), NOW);
        most = place > most ? place : most;
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
        int place = tw_shared_call_begin(shared, kind, 6, deadline, NOW);

        if (place >= 0) {
            int in = __atomic_add_fetch(&wins[place], 1, __ATOMIC_SEQ_CST);

            if (in != 1 || place > 5) {
                *failed = 1;
            }
            __atomic_sub_fetch(&wins[place], 1, __ATOMIC_SEQ_CST);
            tw_shared_call_end(shared, kind, place, deadline);
        }
    }
    return NULL;
}

/* No place is ever held by two. */
static void test_calls_by_threads(void **state)
{
    pthread_t thread[RACERS];
    int i;

    (void)state;
    race_begin(&races[0]);
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

/* ---- slots --------------------------------------------------------------- */

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

/* ---- breakers ------------------------------------------------------------ */

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
    race_begin(&races[0]);
    bad(0, 1, 10, NOW);
    for (i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, ask_once, NULL), 0);
    }
    for (i = 0; i < RACERS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(wins[0] + wins[1] + wins[2] + wins[3], 500);
}

/* ---- notes --------------------------------------------------------------- */

static void test_notes(void **state)
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
static void test_notes_of_many_kinds(void **state)
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
          cmocka_unit_test(test_ended),
          cmocka_unit_test(test_ended_twice),
          cmocka_unit_test(test_id_of_zeros),
          cmocka_unit_test(test_floor_rises_when_full),
          cmocka_unit_test(test_none_is_given_up_below_90_percent),
          cmocka_unit_test(test_sign_outs_a_second),
          cmocka_unit_test(test_found_ended_gives_up_none),
          cmocka_unit_test(test_found_ended_and_signed_out),
          cmocka_unit_test(test_passed_places_are_free),
          cmocka_unit_test(test_ended_or_below_the_floor),
          cmocka_unit_test(test_owed),
          cmocka_unit_test(test_owed_is_leased),
          cmocka_unit_test(test_owed_by_one_account),
          cmocka_unit_test(test_owed_and_killed_children),
          cmocka_unit_test(test_spend),
          cmocka_unit_test(test_tables_are_apart),
          cmocka_unit_test(test_spend_when_full),
          cmocka_unit_test(test_spend_by_threads),
          cmocka_unit_test(test_spend_by_processes),
          cmocka_unit_test(test_end_by_threads),
          cmocka_unit_test(test_ended_while_marks_move),
          cmocka_unit_test(test_client_rate),
          cmocka_unit_test(test_rate_slides),
          cmocka_unit_test(test_rate_over_time),
          cmocka_unit_test(test_rate_says_how_long),
          cmocka_unit_test(test_rate_when_the_clock_is_set_back),
          cmocka_unit_test(test_rate_among_many),
          cmocka_unit_test(test_rate_of_all),
          cmocka_unit_test(test_rate_of_one_account),
          cmocka_unit_test(test_rate_of_an_innocent),
          cmocka_unit_test(test_rate_by_threads),
          cmocka_unit_test(test_calls_cap),
          cmocka_unit_test(test_waiting_places),
          cmocka_unit_test(test_callbacks_take_all),
          cmocka_unit_test(test_dead_calls),
          cmocka_unit_test(test_calls_beyond_the_segment),
          cmocka_unit_test(test_calls_by_threads),
          cmocka_unit_test(test_slots),
          cmocka_unit_test(test_breaker),
          cmocka_unit_test(test_breaker_and_late_failures),
          cmocka_unit_test(test_breaker_of_a_limit),
          cmocka_unit_test(test_breaker_of_one),
          cmocka_unit_test(test_breaker_by_threads),
          cmocka_unit_test(test_notes),
          cmocka_unit_test(test_notes_of_many_kinds))
