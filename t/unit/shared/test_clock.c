/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By how much X's clock differs: what is learned, and what is told.
 */

#include "shared.h"

static void test_what_is_learned(void **state)
{
    static const struct {
        int signed_ahead, there;    /* seconds ahead of this clock */
        int learned;
        int ahead, told;            /* afterwards */
    } rows[] = {
        { 0, 0, 0, 0, 0 },
        { 0, 15, 0, 0, 0 },         /* what an answer takes on its way */
        { 0, -15, 0, 0, 0 },
        { 0, 16, 1, 16, 1 },
        { 0, 600, 1, 600, 1 },
        { 0, 601, 1, 600, 0 },      /* signed before another one learned it */
        { 600, 600, 0, 600, 0 },    /* refused for something else, then */
        { 600, 0, 1, 0, 1 },        /* this clock was set right */
        { 0, -7200, 1, -7200, 1 },
        { -7200, -1, 1, 0, 1 },     /* but for a second that turned meanwhile */
        { 0, 400 * 86400, 1, 400 * 86400, 1 },
        { 400 * 86400, 15, 1, 0, 1 },
        { 0, -600, 1, -600, 1 },
        { -600, 16, 1, 16, 1 },
    };
    tw_clock_t *clock;
    apr_int64_t ahead;
    int i;

    (void)state;
    fresh();
    clock = tw_shared_clock(shared, 3);
    for (i = 0; i < COUNT(rows); i++) {
        assert_int_equal(tw_clock_learn(clock, rows[i].signed_ahead,
                                        NOW + SEC(rows[i].there), NOW),
                         rows[i].learned);
        assert_int_equal(tw_clock_ahead(clock), rows[i].ahead);
        assert_int_equal(tw_clock_news(clock, &ahead), rows[i].told);
        assert_int_equal(ahead, rows[i].ahead);
        assert_int_equal(tw_clock_news(clock, &ahead), 0);
    }
}

static void test_without_a_time_nothing_is_learned(void **state)
{
    apr_int64_t ahead;

    (void)state;
    fresh();
    assert_int_equal(tw_clock_learn(tw_shared_clock(shared, 3), 0, 0, NOW),
                     0);
    assert_int_equal(tw_clock_learn(NULL, 0, NOW + SEC(600), NOW), 0);
    assert_int_equal(tw_clock_ahead(NULL), 0);
    assert_int_equal(tw_clock_news(NULL, &ahead), 0);
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_what_is_learned),
          cmocka_unit_test(test_without_a_time_nothing_is_learned))
