/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the changes of a database have been read: what comes late, what was
 * missed, who reads, and whose clock it is.
 */

#include "shared.h"

static apr_pool_t *pool;

static tw_feed_t *fresh_feed(void)
{
    fresh();
    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    return tw_shared_feed(shared, 7);
}

/* ---- order -------------------------------------------------------------- */

/* PostgreSQL's snapshots: what is to be read next time. */
static void test_snapshots(void **state)
{
    static const struct {
        const char *text;
        int standby, good;
        apr_uint64_t begun, next;
        const char *open;
    } rows[] = {
        { "100:100:", 0, 1, 100, 100, "{}" },
        { "97:100:97", 0, 1, 100, 100, "{97}" },
        { "90:100:90,93,99", 0, 1, 100, 100, "{90,93,99}" },
        /* one that ended is not open, and not begun again */
        { "97:100:98", 0, 1, 100, 100, "{98}" },
        /* a standby does not say which */
        { "90:100:", 1, 1, 90, 100, "{}" },
        { "18446744073709551614:18446744073709551615:", 0, 1,
          18446744073709551615ULL, 18446744073709551615ULL, "{}" },
        { "", 0, 0, 0, 0, NULL },
        { "100", 0, 0, 0, 0, NULL },
        { "100:", 0, 0, 0, 0, NULL },
        { "a:b:", 0, 0, 0, 0, NULL },
        { "100:99:", 0, 0, 0, 0, NULL },
        { "90:100:89", 0, 0, 0, 0, NULL },
        { "90:100:100", 0, 0, 0, 0, NULL },
        { "90:100:91;92", 0, 0, 0, 0, NULL },
        { "-1:100:", 0, 0, 0, 0, NULL },
        { "1:18446744073709551616:", 0, 0, 0, 0, NULL },
    };
    int i;

    (void)state;
    fresh_feed();
    for (i = 0; i < COUNT(rows); i++) {
        tw_feed_place_t place = { 0 };

        assert_int_equal(tw_feed_snapshot(&place, rows[i].text,
                                          rows[i].standby), rows[i].good);
        if (rows[i].good) {
            assert_true(place.begun == rows[i].begun);
            assert_true(place.next == rows[i].next);
            assert_string_equal(tw_feed_open_text(&place, pool),
                                rows[i].open);
        }
    }
}

/* More transactions than are remembered: from the first of them on. */
static void test_many_open_transactions(void **state)
{
    int count;

    (void)state;
    fresh_feed();
    for (count = TW_FEED_OPEN - 1; count <= TW_FEED_OPEN + 100; count++) {
        const char *text = "1000:9000:";
        tw_feed_place_t place;
        int i;

        for (i = 0; i < count; i++) {
            text = apr_psprintf(pool, "%s%s%d", text, i ? "," : "",
                                1000 + 2 * i);
        }
        assert_true(tw_feed_snapshot(&place, text, 0));
        assert_true(place.next == 9000);
        assert_true(place.begun == (count > TW_FEED_OPEN ? 1000 : 9000));
        assert_in_range(place.count, 0, TW_FEED_OPEN);
    }
}

/* Transactions, by number: whether each has ended, and how often what it wrote
 * was read. */
#define STEPS 6000
static struct { int ended, read; } tx[STEPS];

/* PostgreSQL's text of those that have begun and not ended. */
static const char *snapshot(int oldest, int next)
{
    const char *text = apr_psprintf(pool, "%d:%d:", oldest, next);
    int i, any = 0;

    for (i = oldest; i < next; i++) {
        if (!tx[i].ended) {
            text = apr_psprintf(pool, "%s%s%d", text, any++ ? "," : "", i);
        }
    }
    return text;
}

/* Reads all that has come to be visible, as store/changes asks for it. */
static void read_visible(const tw_feed_place_t *place, int next)
{
    apr_uint64_t n;
    int i;

    for (i = 1; i < next; i++) {
        int wanted = (apr_uint64_t)i >= place->begun;

        for (n = 0; n < place->count; n++) {
            wanted |= place->open[n] == (apr_uint64_t)i;
        }
        tx[i].read += wanted && tx[i].ended;
        assert_true(!tx[i].ended || tx[i].read);
    }
}

/* So many at once begin, and end in any order: nothing is missed; nor read
 * twice where all that are open are known. */
static void run_transactions(int at_once)
{
    tw_feed_place_t place = { 0 };
    uint64_t random = 88172645463325252ULL;
    int next = 1, oldest = 1, open = 0, step, i;

    memset(tx, 0, sizeof(tx));
    assert_true(tw_feed_snapshot(&place, "1:1:", 0));
    for (step = 1; step < STEPS; step++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        if (random % 2 && open < at_once) {
            open++;
            next++;
        }
        else if (open) {
            for (i = oldest + (int)(random % 1000) % (next - oldest);
                 tx[i].ended; i = i + 1 < next ? i + 1 : oldest) {
            }
            tx[i].ended = 1;
            open--;
        }
        while (oldest < next && tx[oldest].ended) {
            oldest++;
        }
        if (random % 7 == 0) {
            read_visible(&place, next);
            assert_true(tw_feed_snapshot(&place, snapshot(oldest, next), 0));
            apr_pool_clear(pool);
        }
    }
    for (i = 1; i < next && at_once <= TW_FEED_OPEN; i++) {
        assert_in_range(tx[i].read, 0, 1);
    }
}

static void test_every_row_is_read(void **state)
{
    (void)state;
    fresh_feed();
    run_transactions(1);
    run_transactions(12);
    run_transactions(TW_FEED_OPEN);
    run_transactions(3 * TW_FEED_OPEN);
}

static void test_what_is_missed(void **state)
{
    static const struct {
        tw_feed_place_t before, after;
        int found, rows;
        const char *missed;
    } rows[] = {
        { { .tables = 5, .version = 9, .next = 100 },
          { .tables = 5, .version = 9, .next = 100 }, 1, 1, NULL },
        { { .tables = 5, .version = 9, .next = 100 },
          { .tables = 5, .version = 20, .next = 130 }, 1, 12, NULL },
        { { .tables = 5, .version = 9 }, { .tables = 5, .version = 9 },
          1, TW_FEED_MOST, NULL },
        { { .tables = 0 }, { .tables = 5, .version = 9 }, 0, 1, "not known" },
        { { .tables = 5, .version = 9 }, { .tables = 6, .version = 9 }, 1, 1,
          "other ones" },
        { { .tables = 5, .version = 0 }, { .tables = 5, .version = 3 }, 0, 3,
          "no row" },
        { { .tables = 5, .version = 9 }, { .tables = 5, .version = 0 }, 0, 1,
          "not there" },
        { { .tables = 5, .version = 9 }, { .tables = 5, .version = 12 }, 0, 3,
          "not there" },
        { { .tables = 5, .version = 9, .next = 100 },
          { .tables = 5, .version = 9, .next = 99 }, 1, 1, "lower" },
        { { .tables = 5, .version = 9 }, { .tables = 5, .version = 9999 },
          0, TW_FEED_MOST + 1, "too many" },
        /* rows of the time between may have gone, and that one not yet */
        { { .tables = 5, .version = 9, .at = NOW },
          { .tables = 5, .version = 9, .at = NOW + TW_FEED_KEPT }, 1, 1,
          NULL },
        { { .tables = 5, .version = 9, .at = NOW },
          { .tables = 5, .version = 9, .at = NOW + TW_FEED_KEPT + 1 }, 1, 1,
          "as long as changes are kept" },
        /* a clock that was set back is seen by itself */
        { { .tables = 5, .version = 9, .at = NOW },
          { .tables = 5, .version = 9, .at = NOW - SEC(9) }, 1, 1, NULL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        const char *missed = tw_feed_missed(&rows[i].before, &rows[i].after,
                                            rows[i].found, rows[i].rows);

        if (rows[i].missed) {
            assert_non_null(missed);
            assert_non_null(strstr(missed, rows[i].missed));
        }
        else {
            assert_null(missed);
        }
    }
}

/* ---- who reads ---------------------------------------------------------- */

static void test_one_reads_and_others_do_not(void **state)
{
    tw_feed_t *feed = fresh_feed();
    tw_feed_place_t place = { .tables = 5, .version = 9, .row = 3 }, found;
    apr_time_t lease, other;

    (void)state;
    assert_false(tw_feed_covers(feed, SEC(2), NOW));
    assert_true(tw_feed_is_doubtful(feed));
    tw_feed_place(&found, feed);
    assert_true(!found.tables && !found.version);
    assert_true(tw_feed_claim(feed, &lease, NOW));
    assert_false(tw_feed_claim(feed, &other, NOW));
    assert_false(tw_feed_claim(feed, &other, NOW + SEC(14)));
    tw_feed_done(feed, &place, NOW + 1, lease);
    assert_true(tw_feed_covers(feed, SEC(2), NOW + SEC(2)));
    assert_false(tw_feed_covers(feed, SEC(2), NOW + SEC(2) + 1));
    assert_false(tw_feed_is_doubtful(feed));
    tw_feed_place(&found, feed);
    assert_memory_equal(&found, &place, sizeof(place));
    assert_true(tw_feed_claim(feed, &lease, NOW + SEC(3)));
}

/* One that died, was late, or whose database failed. */
static void test_one_that_fails(void **state)
{
    tw_feed_t *feed = fresh_feed();
    tw_feed_place_t place = { .tables = 5, .version = 9 };
    apr_time_t dead, lease, other;

    (void)state;
    assert_true(tw_feed_claim(feed, &dead, NOW));
    assert_true(tw_feed_claim(feed, &lease, NOW + SEC(15)));
    /* the dead one lives: the lease is not its own */
    tw_feed_done(feed, &place, NOW, dead);
    assert_false(tw_feed_claim(feed, &other, NOW + SEC(16)));
    tw_feed_failed(feed, lease, NOW + SEC(16));
    assert_true(tw_feed_is_doubtful(feed));
    assert_false(tw_feed_claim(feed, &other, NOW + SEC(16)));
    assert_true(tw_feed_claim(feed, &other, NOW + SEC(17)));
    tw_feed_done(feed, &place, NOW + SEC(17), other);
    assert_false(tw_feed_is_doubtful(feed));
}

static void test_off(void **state)
{
    tw_feed_t *feed = fresh_feed();
    tw_feed_place_t place = { .tables = 5, .version = 9 };
    apr_time_t lease;

    (void)state;
    assert_false(tw_feed_is_off(feed, NOW));
    assert_true(tw_feed_claim(feed, &lease, NOW));
    tw_feed_off(feed, lease, NOW);
    assert_true(tw_feed_is_off(feed, NOW + SEC(59)));
    assert_false(tw_feed_claim(feed, &lease, NOW + SEC(59)));
    assert_false(tw_feed_is_off(feed, NOW + SEC(60)));
    assert_true(tw_feed_claim(feed, &lease, NOW + SEC(60)));
    tw_feed_done(feed, &place, NOW + SEC(60), lease);
    assert_false(tw_feed_is_off(feed, NOW + SEC(61)));
}

/* What two wrote at once, of which one has not finished: it is none. */
static void test_half_a_place_is_none(void **state)
{
    tw_feed_t *feed = fresh_feed();
    tw_feed_place_t place = { .tables = 5, .version = 9, .count = 2 }, found;
    apr_time_t lease;
    size_t i;

    (void)state;
    for (i = 0; i < TW_FEED_WORDS; i++) {
        assert_true(tw_feed_claim(feed, &lease, NOW + SEC(20 * (int)i)));
        tw_feed_done(feed, &place, NOW, lease);
        tw_cell_set(&feed->place[i], tw_cell_get(&feed->place[i]) + 1);
        tw_feed_place(&found, feed);
        assert_true(!found.tables && !found.version && !found.count);
    }
}

/* ---- clocks ------------------------------------------------------------- */

/* How late is to be taken what was read with the last answer. */
static apr_time_t latest;

/* An answer that took so long, of a clock that shows `there`. */
static int learn(tw_feed_t *feed, apr_time_t there, apr_time_t begun,
                 apr_time_t true_begun, apr_time_t took)
{
    tw_feed_clocks_t clocks = { .begun = begun, .now = begun + took,
                                .true_begun = true_begun,
                                .true_now = true_begun + took,
                                .there = there };

    return tw_feed_learn_clock(feed, &clocks, &latest);
}

/* A time that one server seals is no later for another than it was, nor by the
 * database's clock. */
static void test_clocks_of_two_servers(void **state)
{
    static const int ahead[] = { 0, 1, -1, 250, -250, 86400 };
    tw_feed_t here, there;
    int i, j;

    (void)state;
    for (i = 0; i < COUNT(ahead); i++) {
        for (j = 0; j < COUNT(ahead); j++) {
            apr_time_t sealed, read;

            memset(&here, 0, sizeof(here));
            memset(&there, 0, sizeof(there));
            /* each asked for 3 ms, and the database answered after one */
            learn(&here, NOW + 1000, NOW + SEC(ahead[i]), 1, 3000);
            learn(&there, NOW + 1000, NOW + SEC(ahead[j]), 1, 3000);
            sealed = tw_feed_there(&here, NOW + SEC(ahead[i]));
            read = tw_feed_here(&there, sealed) - SEC(ahead[j]);
            assert_in_range(NOW - read, 0, 6000);
            assert_in_range(NOW - sealed, 0, 3000);
        }
    }
}

/* The database's clock is set, or another server's takes its place. */
static void test_clock_of_the_database_is_set(void **state)
{
    static const struct {
        int later, shows;       /* seconds: truly, and what it shows more */
        int set_back;
    } rows[] = {
        { 0, 0, 0 }, { 2, 2, 0 }, { 3600, 3600, 0 }, { 2, 100, 0 },
        { 2, 1, 1 }, { 2, -100, 1 }, { 3600, 0, 1 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_feed_t feed = { 0 };
        apr_time_t before;

        assert_false(learn(&feed, NOW, NOW, SEC(5), 0));
        before = tw_feed_there(&feed, NOW + SEC(rows[i].later));
        assert_int_equal(learn(&feed, NOW + SEC(rows[i].shows),
                               NOW + SEC(rows[i].later),
                               SEC(5 + rows[i].later), 0),
                         rows[i].set_back);
        assert_int_equal(tw_cell_get(&feed.revalidate_before) != 0,
                         rows[i].set_back);
        assert_true(!rows[i].set_back
                    || (apr_time_t)tw_cell_get(&feed.revalidate_before)
                       >= before);
    }
}

/* A database that answers late, or is asked late, shows no other clock by that;
 * but a clock that was set back meanwhile is no good excuse for what was read:
 * that counts as if it had not been, and the next quick answer tells. */
static void test_slow_answers(void **state)
{
    static const struct {
        int late, by;           /* ms: shown so late, and read so late */
        int back;               /* ms that the clock was set back */
        int slow, quick;        /* set back is known after this answer, after
                                   another one */
    } rows[] = {
        { 0, 0, 0, 0, 0 }, { 0, 900, 0, 0, 0 }, { 900, 0, 0, 0, 0 },
        { 900, 900, 0, 0, 0 }, { 0, 900, 500, 1, 1 }, { 900, 0, 500, 0, 1 },
        { 0, 900, 5000, 1, 1 }, { 900, 900, 5000, 1, 1 },
        { 0, 0, 500, 1, 1 }, { 0, 900, 50, 0, 0 },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        tw_feed_t feed = { 0 };
        apr_time_t at = NOW + SEC(2), shown;
        apr_time_t late = apr_time_from_msec(rows[i].late);
        apr_time_t by = apr_time_from_msec(rows[i].by);
        apr_time_t back = apr_time_from_msec(rows[i].back);

        learn(&feed, NOW, NOW, SEC(5), 1000);
        shown = at + late - back;
        assert_int_equal(learn(&feed, shown, at, SEC(7), late + by),
                         rows[i].slow);
        assert_int_equal(tw_cell_get(&feed.revalidate_before) != 0,
                         rows[i].slow);
        /* what was checked by the clock of before does not pass for later */
        assert_true(latest >= shown);
        assert_true(rows[i].slow || rows[i].back < 100
                    || latest >= at + late);
        at += SEC(2);
        learn(&feed, at - back, at, SEC(9), 1000);
        assert_int_equal(tw_cell_get(&feed.revalidate_before) != 0,
                         rows[i].quick);
    }
}

/* This server's clock is set: that changes nothing there. */
static void test_clock_of_the_server_is_set(void **state)
{
    static const int steps[] = { 100, -100, 3600, -86400 };
    int i;

    (void)state;
    for (i = 0; i < COUNT(steps); i++) {
        tw_feed_t feed = { 0 };
        apr_time_t check;

        learn(&feed, NOW, NOW, SEC(5), 0);
        check = tw_feed_there(&feed, NOW);
        assert_false(learn(&feed, NOW + SEC(2), NOW + SEC(2 + steps[i]),
                           SEC(7), 0));
        assert_true(!tw_cell_get(&feed.revalidate_before));
        assert_true(check == NOW);
        check = tw_feed_there(&feed, NOW + SEC(2 + steps[i]));
        assert_true(check == NOW + SEC(2));
    }
}

static void test_clock_that_is_set_back(void **state)
{
    tw_feed_t *feed = fresh_feed();
    tw_feed_place_t place = { .tables = 5, .version = 9 };
    apr_time_t lease;

    (void)state;
    assert_true(tw_feed_claim(feed, &lease, NOW));
    tw_feed_done(feed, &place, NOW, lease);
    assert_true(tw_feed_covers(feed, SEC(2), NOW - 10000));
    assert_false(tw_feed_covers(feed, SEC(2), NOW - SEC(100)));
    assert_true(tw_feed_claim(feed, &lease, NOW));
    assert_true(tw_feed_claim(feed, &lease, NOW - SEC(100)));
}

/* ---- accounts ----------------------------------------------------------- */

static void test_accounts_that_were_changed(void **state)
{
    enum { ACCOUNTS = 1000 };
    int i, fell_together = 0;
    tw_accounts_t *accounts;

    (void)state;
    fresh();
    accounts = tw_shared_accounts(shared);
    for (i = 1; i <= ACCOUNTS; i++) {
        fell_together += tw_accounts_changed_at(accounts, 2, i) != 0;
        tw_accounts_change(accounts, 2, i, NOW + SEC(i));
        assert_true(tw_accounts_changed_at(accounts, 2, i)
                    >= NOW + SEC(i));
    }
    assert_in_range(fell_together, 0, ACCOUNTS / 20);
    /* an earlier time changes nothing; another database has its own */
    tw_accounts_change(accounts, 2, 5, NOW);
    assert_true(tw_accounts_changed_at(accounts, 2, 5) >= NOW + SEC(5));
    assert_true(!tw_accounts_changed_at(accounts, 3, 5)
                || !tw_accounts_changed_at(accounts, 3, 6));
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_snapshots),
          cmocka_unit_test(test_many_open_transactions),
          cmocka_unit_test(test_every_row_is_read),
          cmocka_unit_test(test_what_is_missed),
          cmocka_unit_test(test_one_reads_and_others_do_not),
          cmocka_unit_test(test_one_that_fails),
          cmocka_unit_test(test_off),
          cmocka_unit_test(test_half_a_place_is_none),
          cmocka_unit_test(test_clocks_of_two_servers),
          cmocka_unit_test(test_clock_of_the_database_is_set),
        cmocka_unit_test(test_slow_answers),
          cmocka_unit_test(test_clock_of_the_server_is_set),
          cmocka_unit_test(test_clock_that_is_set_back),
          cmocka_unit_test(test_accounts_that_were_changed))
