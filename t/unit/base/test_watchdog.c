/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tw_watchdog: sockets that nobody writes to, and others beside them.
 */

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#include "base/watchdog.h"

static int pair[5][2];

static void make_pairs(void)
{
    int i;

    for (i = 0; i < COUNT(pair); i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]), 0);
    }
}

static void close_pairs(void)
{
    int i;

    for (i = 0; i < COUNT(pair); i++) {
        close(pair[i][0]);
        close(pair[i][1]);
    }
}

/* Waits for an answer: whether it was cut, and after how long. */
static void *wait_for_answer(void *socket)
{
    apr_time_t begin = apr_time_now();
    tw_watchdog_t watch;
    ssize_t got;
    char byte;

    tw_watchdog_begin(&watch, *(int *)socket);
    got = read(*(int *)socket, &byte, 1);
    CHECK(got == 0, "%d bytes came", (int)got);
    CHECK(tw_watchdog_end(&watch), "it ended by itself");
    begin = apr_time_now() - begin;
    CHECK(begin > TW_WATCHDOG_MAX - apr_time_from_sec(1)
          && begin < 3 * TW_WATCHDOG_MAX, "after %d s",
          (int)apr_time_sec(begin));
    return NULL;
}

/* The first of all, with which the thread begins. */
static void test_the_first(void **state)
{
    tw_watchdog_t watch;
    char byte;

    (void)state;
    make_pairs();
    tw_watchdog_begin_for(&watch, pair[0][0], apr_time_from_msec(1));
    assert_true(watch.socket >= 0);
    assert_int_equal(read(pair[0][0], &byte, 1), 0);
    assert_true(tw_watchdog_end(&watch));
    close_pairs();
}

/*
 * Two that wait, the second half a second behind the first; one that had its
 * answer; and one whose driver closed the socket, so that another connection
 * has its number.
 */
static void test_who_waits_too_long_is_cut_and_nobody_else(void **state)
{
    tw_watchdog_t answered, closed;
    pthread_t first;
    int number, innocent;
    char byte;

    (void)state;
    make_pairs();
    pthread_create(&first, NULL, wait_for_answer, &pair[0][0]);
    tw_watchdog_begin(&answered, pair[2][0]);
    assert_int_equal(write(pair[2][1], "x", 1), 1);
    assert_int_equal(read(pair[2][0], &byte, 1), 1);
    assert_false(tw_watchdog_end(&answered));
    number = pair[3][0];
    innocent = pair[4][0];
    tw_watchdog_begin(&closed, number);
    assert_int_equal(dup2(innocent, number), number);
    apr_sleep(apr_time_from_msec(500));
    wait_for_answer(&pair[1][0]);
    pthread_join(first, NULL);
    assert_true(tw_watchdog_end(&closed));
    assert_int_equal(write(number, "x", 1), 1);
    assert_int_equal(write(pair[2][1], "y", 1), 1);
    close_pairs();
}

static void test_no_socket_is_not_watched(void **state)
{
    tw_watchdog_t watch;

    (void)state;
    tw_watchdog_begin(&watch, -1);
    assert_false(tw_watchdog_end(&watch));
    tw_watchdog_begin(&watch, 1 << 20);
    assert_false(tw_watchdog_end(&watch));
}

static void *answered_at_once(void *unused)
{
    int i, sockets[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    for (i = 0; i < 5000; i++) {
        tw_watchdog_t watch;

        tw_watchdog_begin(&watch, sockets[0]);
        CHECK(!tw_watchdog_end(&watch), "round %d was cut", i);
    }
    close(sockets[0]);
    close(sockets[1]);
    return unused;
}

static void test_many_from_many_threads(void **state)
{
    pthread_t thread[8];
    int i;

    (void)state;
    for (i = 0; i < COUNT(thread); i++) {
        pthread_create(&thread[i], NULL, answered_at_once, NULL);
    }
    for (i = 0; i < COUNT(thread); i++) {
        pthread_join(thread[i], NULL);
    }
}

/* One of a second, while the thread sleeps for one of five that has ended,
 * and beside another that has not. */
static void test_a_shorter_time(void **state)
{
    apr_time_t begin;
    tw_watchdog_t ended, waits, hurry;
    char byte;

    (void)state;
    make_pairs();
    tw_watchdog_begin(&ended, pair[0][0]);
    assert_false(tw_watchdog_end(&ended));
    tw_watchdog_begin(&waits, pair[1][0]);
    begin = apr_time_now();
    tw_watchdog_begin_for(&hurry, pair[2][0], apr_time_from_msec(500));
    assert_int_equal(read(pair[2][0], &byte, 1), 0);
    assert_true(tw_watchdog_end(&hurry));
    assert_true(apr_time_now() - begin < apr_time_from_sec(3));
    assert_false(tw_watchdog_end(&waits));
    close_pairs();
}

UNIT_MAIN(unit_nothing,
          cmocka_unit_test(test_the_first),
          cmocka_unit_test(test_a_shorter_time),
          cmocka_unit_test(test_who_waits_too_long_is_cut_and_nobody_else),
          cmocka_unit_test(test_no_socket_is_not_watched),
          cmocka_unit_test(test_many_from_many_threads))
