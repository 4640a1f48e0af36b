/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted: right under many processes, over restarts, and without a
 * word that is not in the list.
 */

#include "shared.h"

#define CHILDREN 8
#define EVENTS 10000
#define ROUNDS 500      /* so that processes do meet in a cell */

static tw_counters_t *counters;

static void anew(void)
{
    fresh();
    counters = tw_shared_counters(shared);
}

/* The nth of a mix of everything: an event, an answer, a call, a statement. */
static void happen(int n)
{
    static const char *const endpoints[] = { "user", "code", "signed" };

    switch (n % 4) {
    case 0:
        tw_counters_event(counters, (tw_event_kind_t)(n / 4 % TW_EVENT_KINDS));
        return;
    case 1:
        tw_counters_error(counters, n % 8 == 1 ? "sign-in" : "csrf");
        return;
    case 2:
        tw_counters_call(counters, endpoints[n / 4 % 3],
                         (tw_outcome_t)(n / 4 % TW_OUTCOME_ROWS), n * 100);
        return;
    default:
        tw_counters_add(counters, TW_PLACE_STATEMENTS, TW_STATEMENT_FAILED);
        tw_counters_time(counters, TW_PLACE_STATEMENT_SECONDS, 0, n);
    }
}

/* Everything that is kept, as one process or eight have counted it. */
static void read_all(apr_uint64_t *cells)
{
    int i;

    for (i = 0; i < TW_COUNTER_CELLS; i++) {
        cells[i] = tw_cell_get(&counters->count[i].cell);
    }
}

static void count_in_child(int child)
{
    int round, n;

    pthread_barrier_wait(line);
    for (round = 0; round < ROUNDS; round++) {
        /* a graceful restart finds the segment as it is */
        shared = tw_shared_attach(memory, entries, NOW + SEC(round));
        counters = tw_shared_counters(shared);
        for (n = child; n < EVENTS; n += CHILDREN) {
            happen(n);
        }
    }
    _exit(0);
}

static void test_eight_processes_count_exactly(void **state)
{
    static apr_uint64_t expected[TW_COUNTER_CELLS], found[TW_COUNTER_CELLS];
    pthread_barrierattr_t attr;
    apr_uint64_t sum = 0;
    int n, child, status;

    (void)state;
    anew();
    for (n = 0; n < ROUNDS * EVENTS; n++) {
        happen(n % EVENTS);
    }
    read_all(expected);
    race_begin();
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(line, &attr, CHILDREN);
    counters = tw_shared_counters(shared);
    for (child = 0; child < CHILDREN; child++) {
        if (!fork()) {
            count_in_child(child);
        }
    }
    for (child = 0; child < CHILDREN; child++) {
        assert_true(wait(&status) > 0 && status == 0);
    }
    read_all(found);
    assert_memory_equal(found, expected, sizeof(found));
    for (n = 0; n < TW_EVENT_KINDS; n++) {
        sum += tw_counters_get(counters, TW_PLACE_EVENTS, n);
    }
    assert_int_equal(sum, ROUNDS * EVENTS / 4);
}

/* Each error has a row of its own, the first and the last too. */
static void test_errors(void **state)
{
    static const char *const names[] = {
#define NAME(number, name, second) name,
        TW_ERROR(NAME)
    };
    int i, j;

    (void)state;
    assert_int_equal(COUNT(names), TW_ERROR_ROWS);
    for (i = 0; i < TW_ERROR_ROWS; i++) {
        anew();
        tw_counters_error(counters, names[i]);
        for (j = 0; j < TW_ERROR_ROWS; j++) {
            CHECK(tw_counters_get(counters, TW_PLACE_ANSWERS, j) == (i == j),
                  "%s, row %d", names[i], j);
        }
    }
}

/* What became of a call, by what went wrong. */
static void test_outcomes(void **state)
{
    static const struct {
        tw_err_kind_t kind;
        tw_outcome_t outcome;
    } rows[] = {
        { TW_ERR_NONE, TW_OUTCOME_OK },
        { TW_ERR_INTERNAL, TW_OUTCOME_INTERNAL },
        { TW_ERR_INPUT, TW_OUTCOME_INTERNAL },
        { TW_ERR_UNREACHABLE, TW_OUTCOME_UNREACHABLE },
        { TW_ERR_TIMEOUT, TW_OUTCOME_TIMEOUT },
        { TW_ERR_GARBAGE, TW_OUTCOME_UNUSABLE },
        { TW_ERR_REFUSED, TW_OUTCOME_REFUSED },
        { TW_ERR_STALE, TW_OUTCOME_STALE },
        { TW_ERR_LIMITED, TW_OUTCOME_LIMITED },
        { TW_ERR_USER_LIMITED, TW_OUTCOME_LIMITED },
        { TW_ERR_USER, TW_OUTCOME_USER },
        { TW_ERR_DATABASE, TW_OUTCOME_INTERNAL },
    };
    int i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        CHECK(tw_counters_outcome(rows[i].kind) == rows[i].outcome, "row %d",
              i);
    }
}

static void test_times_stand_in_their_buckets(void **state)
{
    static const struct {
        apr_interval_time_t took;
        int first;
    } rows[] = {
        { -5, 0 }, { 0, 0 }, { 1000, 0 }, { 1001, 1 }, { 5000, 1 },
        { 49999, 3 }, { 1000000, 7 }, { 9999999, 10 }, { 10000000, 10 },
        { 10000001, 11 }, { 900000000, 11 }, { SEC(86400), 11 }
    };
    apr_uint64_t bucket[TW_BUCKETS], sum;
    int i, j;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        anew();
        tw_counters_time(counters, TW_PLACE_CALL_SECONDS, TW_ENDPOINT_USER,
                         rows[i].took);
        tw_counters_get_times(bucket, &sum, counters, TW_PLACE_CALL_SECONDS,
                              TW_ENDPOINT_USER);
        for (j = 0; j < TW_BUCKETS; j++) {
            CHECK(bucket[j] == (apr_uint64_t)(j >= rows[i].first),
                  "%d ms, bucket %d", (int)(rows[i].took / 1000), j);
        }
        assert_true(sum == (apr_uint64_t)(rows[i].took < 0 ? 0
                                          : rows[i].took));
        tw_counters_get_times(bucket, &sum, counters, TW_PLACE_CALL_SECONDS,
                              TW_ENDPOINT_CODE);
        assert_int_equal(bucket[TW_BUCKETS - 1] + sum, 0);
    }
}

static void test_each_place_is_one_metric_s(void **state)
{
    int metric, end = 0;

    (void)state;
    for (metric = 0; metric < TW_METRIC_COUNT; metric++) {
        const tw_metric_info_t *info = tw_counters_info((tw_metric_t)metric);
        int kept = info->kind == TW_KIND_COUNTER ? 1
                   : info->kind == TW_KIND_HISTOGRAM ? TW_KEPT_HISTOGRAM : 0;

        assert_int_equal(info->place, end);
        end += kept * info->rows;
    }
    assert_int_equal(end, TW_COUNTER_CELLS);
    assert_true(sizeof(tw_counter_cell_t) == 64);
}

static void test_no_two_rows_have_the_same_labels(void **state)
{
    int metric, i, j;

    (void)state;
    for (metric = 0; metric < TW_METRIC_COUNT; metric++) {
        int rows = tw_counters_info((tw_metric_t)metric)->rows;

        for (i = 0; i < rows; i++) {
            for (j = 0; j < i; j++) {
                const char *a[2], *b[2];

                tw_counters_values(a, (tw_metric_t)metric, i);
                tw_counters_values(b, (tw_metric_t)metric, j);
                CHECK(strcmp(a[0], b[0]) || strcmp(a[1], b[1]),
                      "%d: %s %s", metric, a[0], a[1]);
            }
        }
    }
}

static void test_labels_say_what_was_counted(void **state)
{
    const char *value[2];

    (void)state;
    tw_counters_values(value, TW_METRIC_EVENTS, TW_EVENT_REFUSED_CSRF);
    assert_string_equal(value[0], "refused");
    assert_string_equal(value[1], "csrf");
    tw_counters_values(value, TW_METRIC_CALLS,
                       TW_ENDPOINT_CODE * TW_OUTCOME_ROWS + TW_OUTCOME_STALE);
    assert_string_equal(value[0], "code");
    assert_string_equal(value[1], "stale");
    tw_counters_values(value, TW_METRIC_SINCE, 0);
    assert_string_equal(value[0], "");
    assert_string_equal(value[1], "");
}

static void test_what_is_not_listed_is_not_counted(void **state)
{
    static apr_uint64_t cells[TW_COUNTER_CELLS];
    int i;

    (void)state;
    anew();
    tw_counters_error(counters, NULL);
    tw_counters_error(counters, "nothing");
    tw_counters_call(counters, "exchange", TW_OUTCOME_OK, 1);
    tw_counters_event(NULL, TW_EVENT_SIGNED_IN);
    tw_counters_error(NULL, "sign-in");
    tw_counters_call(NULL, "user", TW_OUTCOME_OK, 1);
    read_all(cells);
    for (i = 0; i < TW_COUNTER_CELLS; i++) {
        assert_int_equal(cells[i], 0);
    }
    assert_null(tw_shared_counters(NULL));
}

static void test_since_when(void **state)
{
    (void)state;
    anew();
    tw_shared_attach(memory, entries, NOW + SEC(5));
    assert_int_equal(tw_cell_get(&counters->since), NOW);
}

/* ---- how full the tables are --------------------------------------------- */

static int used(tw_table_t table, apr_time_t now)
{
    return tw_shared_room(shared, table, now).used;
}

static void test_room(void **state)
{
    tw_deferred_delete_t what = { .account = 1, .whose = 7 };
    tw_id_t id;
    int i;

    (void)state;
    anew();
    tw_shared_revoke(shared, id_of(&id, 1), NOW + SEC(10), NOW);
    tw_shared_use_once(shared, &id, NOW + SEC(20), NOW);
    tw_shared_use_once(shared, id_of(&id, 2), NOW + SEC(20), NOW);
    tw_shared_claim_recheck(shared, &id, NOW + SEC(5), NOW);
    tw_shared_call_begin(shared, TW_CALL_START, 8, NOW + SEC(5), NOW);
    tw_shared_call_begin(shared, TW_CALL_WAIT, 8, NOW + SEC(5), NOW);
    tw_shared_call_begin(shared, TW_CALL_WAIT, 8, NOW + SEC(5), NOW);
    tw_shared_slot(shared, "one");
    assert_int_equal(used(TW_TABLE_REVOKED, NOW), 1);
    assert_int_equal(used(TW_TABLE_REVOKED, NOW + SEC(11)), 0);
    assert_int_equal(used(TW_TABLE_USED, NOW), 2);
    assert_int_equal(used(TW_TABLE_RECHECKS, NOW), 1);
    assert_int_equal(used(TW_TABLE_CALLS, NOW), 1);
    assert_int_equal(used(TW_TABLE_WAITING, NOW), 2);
    assert_int_equal(used(TW_TABLE_WAITING, NOW + SEC(6)), 0);
    assert_int_equal(used(TW_TABLE_SLOTS, NOW), 1);
    for (i = 0; i < TW_DEFERRED_SHARE + 3; i++) {
        tw_shared_defer_delete(shared, 0, &what, NOW);
    }
    assert_int_equal(used(TW_TABLE_DEFERRED, NOW), TW_DEFERRED_SHARE);
    assert_int_equal(tw_shared_room(shared, TW_TABLE_DEFERRED, NOW).lost, 3);
}

static void test_what_was_given_up_is_counted(void **state)
{
    tw_id_t id;
    uint32_t n;

    (void)state;
    anew();
    /* weak marks give way and find none: nobody loses anything */
    for (n = 0; n < 64; n++) {
        tw_shared_revoke_found(shared, crowd(&id, n), NOW + SEC(100), NOW);
    }
    assert_int_equal(tw_shared_room(shared, TW_TABLE_REVOKED, NOW).lost, 0);
    for (n = 0; n < 2 * ENTRIES; n++) {
        tw_shared_revoke(shared, id_of(&id, n), NOW + SEC(100), NOW);
    }
    assert_int_equal(used(TW_TABLE_REVOKED, NOW)
                     + (int)tw_shared_room(shared, TW_TABLE_REVOKED, NOW).lost,
                     2 * ENTRIES);
}

UNIT_MAIN(prepare,
          cmocka_unit_test(test_eight_processes_count_exactly),
          cmocka_unit_test(test_errors), cmocka_unit_test(test_outcomes),
          cmocka_unit_test(test_times_stand_in_their_buckets),
          cmocka_unit_test(test_each_place_is_one_metric_s),
          cmocka_unit_test(test_no_two_rows_have_the_same_labels),
          cmocka_unit_test(test_labels_say_what_was_counted),
          cmocka_unit_test(test_what_is_not_listed_is_not_counted),
          cmocka_unit_test(test_since_when),
          cmocka_unit_test(test_room),
          cmocka_unit_test(test_what_was_given_up_is_counted))
