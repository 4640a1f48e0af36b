/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/counters.h"

#include <string.h>

const apr_uint32_t tw_counters_bounds[TW_BUCKETS - 1] = TW_BOUNDS;

/* ---- the lists as tables ------------------------------------------------ */

typedef const char *const row_t[2];

#define ROW(number, first, second) { first, second },
#define EVENT_ROW(number, event, reason, when) { event, reason },

static row_t rows_EVENT[] = { TW_EVENTS(EVENT_ROW) };
static row_t rows_SENT[] = { TW_SENT(ROW) };
static row_t rows_ERROR[] = { TW_ERROR(ROW) };
static row_t rows_RECHECK[] = { TW_RECHECK(ROW) };
static row_t rows_ENDPOINT[] = { TW_ENDPOINT(ROW) };
static row_t rows_OUTCOME[] = { TW_OUTCOME(ROW) };
static row_t rows_STATEMENT[] = { TW_STATEMENT(ROW) };
static row_t rows_TABLE[] = { TW_TABLE(ROW) };
static row_t rows_ONE[] = { TW_ONE(ROW) };
static row_t rows_SITE[] = { { "", "" } };

static const tw_metric_info_t infos[] = {
#define INFO(number, kept, first, second, name, label, other, help)         \
    { TW_KIND_##kept, TW_PLACE_##number,                                    \
      (int)TW_##first##_ROWS * (int)TW_##second##_ROWS, name,               \
      { label, other }, help },
    TW_METRICS(INFO)
#undef INFO
};

static const struct { row_t *first, *second; int seconds; } labels[] = {
#define LABELS(number, kept, first, second, ...)                            \
    { rows_##first, rows_##second, (int)TW_##second##_ROWS },
    TW_METRICS(LABELS)
#undef LABELS
};

const tw_metric_info_t *tw_counters_info(tw_metric_t metric)
{
    return &infos[metric];
}

void tw_counters_values(const char *value[2], tw_metric_t metric, int row)
{
    int seconds = labels[metric].seconds;

    value[0] = labels[metric].first[row / seconds][0];
    value[1] = labels[metric].second[row % seconds][0];
    if (!*value[1]) {
        value[1] = labels[metric].first[row / seconds][1];
    }
}

apr_uint64_t tw_counters_layout(void)
{
    apr_uint64_t sum = sizeof(tw_counter_cell_t);
    int metric, row;

    for (metric = 0; metric < TW_METRIC_COUNT; metric++) {
        sum = sum * 0x100000001b3ULL ^ tw_cell_key(infos[metric].name);
        for (row = 0; row < infos[metric].rows; row++) {
            const char *value[2];

            tw_counters_values(value, (tw_metric_t)metric, row);
            sum = sum * 0x100000001b3ULL ^ tw_cell_key(value[0]);
            sum = sum * 0x100000001b3ULL ^ tw_cell_key(value[1]);
        }
    }
    return sum;
}

/* The row of a word; -1: there is none. */
static int row_of(row_t *rows, int count, const char *word)
{
    int i;

    for (i = 0; i < count; i++) {
        if (!strcmp(rows[i][0], word)) {
            return i;
        }
    }
    return -1;
}

/* ---- counting ----------------------------------------------------------- */

static void add(tw_counters_t *counters, int place, apr_uint64_t number)
{
    atomic_fetch_add_explicit(&counters->count[place].cell, number,
                              memory_order_relaxed);
}

void tw_counters_time(tw_counters_t *counters, int place, int row,
                      apr_interval_time_t took)
{
    int i = 0;

    if (!counters) {
        return;
    }
    /* a clock that was set back has measured nothing */
    took = took < 0 ? 0 : took;
    while (i < TW_BUCKETS - 1 && took > (apr_interval_time_t)
                                        tw_counters_bounds[i]) {
        i++;
    }
    place += row * TW_KEPT_HISTOGRAM;
    add(counters, place + i, 1);
    add(counters, place + TW_BUCKETS, (apr_uint64_t)took);
}

void tw_counters_error(tw_counters_t *counters, const char *error)
{
    int row = error ? row_of(rows_ERROR, TW_ERROR_ROWS, error) : -1;

    if (row >= 0) {
        tw_counters_add(counters, TW_PLACE_ANSWERS, row);
    }
}

void tw_counters_call(tw_counters_t *counters, const char *endpoint,
                      tw_outcome_t outcome, apr_interval_time_t took)
{
    int row = row_of(rows_ENDPOINT, TW_ENDPOINT_ROWS, endpoint);

    if (row >= 0) {
        tw_counters_add(counters, TW_PLACE_CALLS,
                        row * (int)TW_OUTCOME_ROWS + (int)outcome);
        tw_counters_time(counters, TW_PLACE_CALL_SECONDS, row, took);
    }
}

tw_outcome_t tw_counters_outcome(tw_err_kind_t kind)
{
    switch (kind) {
    case TW_ERR_NONE:
        return TW_OUTCOME_OK;
    case TW_ERR_UNREACHABLE:
        return TW_OUTCOME_UNREACHABLE;
    case TW_ERR_TIMEOUT:
        return TW_OUTCOME_TIMEOUT;
    case TW_ERR_GARBAGE:
        return TW_OUTCOME_UNUSABLE;
    case TW_ERR_REFUSED:
        return TW_OUTCOME_REFUSED;
    case TW_ERR_STALE:
        return TW_OUTCOME_STALE;
    case TW_ERR_LIMITED:
    case TW_ERR_USER_LIMITED:
        return TW_OUTCOME_LIMITED;
    case TW_ERR_USER:
        return TW_OUTCOME_USER;
    default:
        return TW_OUTCOME_INTERNAL;
    }
}

/* ---- reading ------------------------------------------------------------ */

apr_uint64_t tw_counters_get(const tw_counters_t *counters, int place,
                             int row)
{
    return tw_cell_get(&counters->count[place + row].cell);
}

void tw_counters_get_times(apr_uint64_t bucket[TW_BUCKETS], apr_uint64_t *sum,
                           const tw_counters_t *counters, int place, int row)
{
    int i;

    place += row * TW_KEPT_HISTOGRAM;
    for (i = 0; i < TW_BUCKETS; i++) {
        bucket[i] = tw_counters_get(counters, place, i)
                    + (i ? bucket[i - 1] : 0);
    }
    *sum = tw_counters_get(counters, place, TW_BUCKETS);
}
