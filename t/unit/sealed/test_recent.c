/* SPDX-License-Identifier: Apache-2.0 */
/* tw_recent: a flood is a few lines, and what is said is said once. */

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "sealed/recent.h"
#include "sealed/seal.h"

#define AT(seconds) apr_time_from_sec(1700000000 + (seconds))

static tw_recent_t *recent;

/* A table of which the salt, its first word, is there already: with this one
 * no two of the lines and groups of these tests look alike. */
static tw_recent_t *attach(void *base)
{
    *(apr_uint64_t *)base = 1;
    return tw_recent_attach(base);
}

static void begin(void **state)
{
    (void)state;
    recent = attach(apr_pcalloc(pool, tw_recent_size()));
}

static void prepare(void)
{
    assert_int_equal(tw_seal_init(), APR_SUCCESS);
}

static tw_recent_say_t say(char *reference, const char *group, int what,
                           int seconds)
{
    char ignored[TW_REFERENCE_LEN];

    return tw_recent_say(recent, reference ? reference : ignored, group,
                         apr_itoa(pool, what), AT(seconds), pool);
}

static void test_once_a_minute(void **state)
{
    char first[TW_REFERENCE_LEN], again[TW_REFERENCE_LEN];

    begin(state);
    assert_int_equal(say(first, "a", 1, 0), TW_RECENT_FIRST);
    assert_int_equal(strlen(first), TW_REFERENCE_LEN - 1);
    assert_int_equal(say(again, "a", 1, 1), TW_RECENT_AGAIN);
    assert_string_equal(first, again);
    assert_int_equal(say(again, "a", 1, 59), TW_RECENT_AGAIN);
    assert_string_equal(first, again);
    assert_int_equal(say(again, "a", 1, 60), TW_RECENT_FIRST);
    assert_string_not_equal(first, again);
}

static void test_a_few_of_a_group(void **state)
{
    int i;

    begin(state);
    for (i = 0; i < TW_RECENT_MOST; i++) {
        assert_int_equal(say(NULL, "a", i, i), TW_RECENT_FIRST);
    }
    assert_int_equal(say(NULL, "a", 100, 10), TW_RECENT_LAST);
    for (i = 101; i < 200; i++) {
        assert_int_equal(say(NULL, "a", i, 20), TW_RECENT_NEVER);
    }
    assert_int_equal(say(NULL, "a", 0, 20), TW_RECENT_AGAIN);
    assert_int_equal(say(NULL, "b", 0, 20), TW_RECENT_FIRST);
    assert_int_equal(say(NULL, "a", 100, 69), TW_RECENT_NEVER);
    assert_int_equal(say(NULL, "a", 100, 70), TW_RECENT_FIRST);
}

static void test_more_groups_than_there_is_room_for(void **state)
{
    int i, j, lines = 0;

    begin(state);
    for (i = 0; i < 500; i++) {
        for (j = 0; j < 20; j++) {
            lines += say(NULL, apr_itoa(pool, i), j, 0) <= TW_RECENT_FIRST;
        }
    }
    assert_in_range(lines, 300, 512);
    assert_int_equal(say(NULL, "0", 1, 61), TW_RECENT_FIRST);
}

static void test_a_salt_that_stays(void **state)
{
    apr_uint64_t *one = apr_pcalloc(pool, tw_recent_size());
    apr_uint64_t *other = apr_pcalloc(pool, tw_recent_size());
    apr_uint64_t salt;

    (void)state;
    tw_recent_attach(one);
    tw_recent_attach(other);
    salt = *one;
    assert_true(salt && salt != *other);
    tw_recent_attach(one);
    assert_true(*one == salt);
}

static void test_a_clock_that_was_set_back(void **state)
{
    begin(state);
    assert_int_equal(say(NULL, "a", 1, 1000), TW_RECENT_FIRST);
    assert_int_equal(say(NULL, "a", 1, 0), TW_RECENT_FIRST);
}

static void test_processes_say_it_once_between_them(void **state)
{
    void *base = mmap(NULL, tw_recent_size(), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int i, status, first = 0;

    begin(state);
    assert_ptr_not_equal(base, MAP_FAILED);
    attach(base);
    for (i = 0; i < 4; i++) {
        if (!fork()) {
            int said = 0, what;

            recent = tw_recent_attach(base);
            for (what = 0; what < 240; what++) {
                said += say(NULL, apr_itoa(pool, what / 3), what, 0)
                        == TW_RECENT_FIRST;
            }
            _exit(said);
        }
    }
    while (wait(&status) > 0) {
        assert_true(WIFEXITED(status));
        first += WEXITSTATUS(status);
    }
    assert_int_equal(first, 240);
    munmap(base, tw_recent_size());
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_once_a_minute),
          cmocka_unit_test(test_a_few_of_a_group),
          cmocka_unit_test(test_more_groups_than_there_is_room_for),
          cmocka_unit_test(test_a_salt_that_stays),
          cmocka_unit_test(test_a_clock_that_was_set_back),
          cmocka_unit_test(test_processes_say_it_once_between_them))
