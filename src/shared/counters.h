/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/counters: how often what has happened, on the whole server.
 *
 * TW_METRICS is the list of all that is counted or can be read: its number
 * here, how it is kept, the lists of its labels' values, its name, its
 * labels, and what it says.  The status page writes each of them, and
 * docs/status.md has the same table, which a guard compares.  What the event
 * log tells is counted where it is told: the labels of twauth_events_total are
 * TW_EVENTS.
 *
 * A count is one atomic addition, in a line of the processor's cache of its
 * own, so that no two processors wait for each other over different ones.  It
 * goes on over restarts, with the segment.
 */
#ifndef TW_SHARED_COUNTERS_H
#define TW_SHARED_COUNTERS_H

#include <apr_time.h>

#include "base/err.h"
#include "base/event.h"
#include "shared/cell.h"

/* ---- the values of labels ----------------------------------------------- */

#define TW_ROW_FIRST(number, first, second) number,

/* Where a browser was sent that was to sign in. */
#define TW_SENT(X)                                                          \
    X(TW_SENT_LOGIN, "login", "")                                           \
    X(TW_SENT_X, "x", "")

/* TWAUTH_ERROR of answers of the module's own. */
#define TW_ERROR(X)                                                        \
    X(TW_ERROR_SIGN_IN, "sign-in", "")                                      \
    X(TW_ERROR_FRESH, "fresh", "")                                          \
    X(TW_ERROR_CANCELLED, "cancelled", "")                                  \
    X(TW_ERROR_EXPIRED, "expired", "")                                      \
    X(TW_ERROR_NO_COOKIES, "no-cookies", "")                                \
    X(TW_ERROR_UNREACHABLE, "provider-unreachable", "")                     \
    X(TW_ERROR_REFUSED, "provider-refused", "")                             \
    X(TW_ERROR_BUSY, "busy", "")                                            \
    X(TW_ERROR_LIMIT, "limit", "")                                          \
    X(TW_ERROR_DATABASE, "database", "")                                    \
    X(TW_ERROR_INACTIVE, "inactive", "")                                    \
    X(TW_ERROR_NO_ACCOUNT, "no-account", "")                                \
    X(TW_ERROR_WAITING, "waiting", "")                                      \
    X(TW_ERROR_INVITATION, "invitation", "")                                \
    X(TW_ERROR_FORBIDDEN, "forbidden", "")                                  \
    X(TW_ERROR_CSRF, "csrf", "")                                            \
    X(TW_ERROR_OTHER_PERSON, "other-person", "")

/* What the database said of a session. */
#define TW_RECHECK(X)                                                       \
    X(TW_RECHECK_GOOD, "good", "")                                          \
    X(TW_RECHECK_ENDED, "ended", "")                                        \
    X(TW_RECHECK_GRACE, "grace", "")                                        \
    X(TW_RECHECK_FAILED, "failed", "")

/* What X was asked for, as the error log calls it; "signed" is what mod_proxy
 * passes on (TwAuthSign). */
#define TW_ENDPOINT(X)                                                      \
    X(TW_ENDPOINT_REQUEST_TOKEN, "request token", "")                       \
    X(TW_ENDPOINT_ACCESS_TOKEN, "access token", "")                         \
    X(TW_ENDPOINT_PROFILE, "profile", "")                                   \
    X(TW_ENDPOINT_CODE, "code", "")                                         \
    X(TW_ENDPOINT_USER, "user", "")                                         \
    X(TW_ENDPOINT_REFRESH, "refresh", "")                                   \
    X(TW_ENDPOINT_REVOCATION, "revocation", "")                             \
    X(TW_ENDPOINT_SIGNED, "signed", "")

/* How a call ended: tw_err_kind_t. */
#define TW_OUTCOME(X)                                                       \
    X(TW_OUTCOME_OK, "ok", "")                                              \
    X(TW_OUTCOME_UNREACHABLE, "unreachable", "")                            \
    X(TW_OUTCOME_TIMEOUT, "timeout", "")                                    \
    X(TW_OUTCOME_UNUSABLE, "unusable", "")                                  \
    X(TW_OUTCOME_REFUSED, "refused", "")                                    \
    X(TW_OUTCOME_STALE, "stale", "")                                        \
    X(TW_OUTCOME_LIMITED, "limited", "")                                    \
    X(TW_OUTCOME_USER, "user", "")                                          \
    X(TW_OUTCOME_INTERNAL, "internal", "")

/* What became of a statement; "not-asked": the database was known to be
 * down. */
#define TW_STATEMENT(X)                                                     \
    X(TW_STATEMENT_OK, "ok", "")                                            \
    X(TW_STATEMENT_FAILED, "failed", "")                                    \
    X(TW_STATEMENT_NOT_ASKED, "not-asked", "")

/* What is in the shared memory. */
#define TW_TABLE(X)                                                         \
    X(TW_TABLE_REVOKED, "revoked", "")                                      \
    X(TW_TABLE_USED, "used", "")                                            \
    X(TW_TABLE_RECHECKS, "rechecks", "")                                    \
    X(TW_TABLE_DEFERRED, "deferred", "")                                    \
    X(TW_TABLE_CALLS, "calls", "")                                          \
    X(TW_TABLE_WAITING, "waiting", "")                                      \
    X(TW_TABLE_SLOTS, "slots", "")

/* No label; and the hosts, which only a server knows. */
#define TW_ONE(X) X(TW_ONE_ROW, "", "")
#define TW_SITE(X)

enum { TW_ONE(TW_ROW_FIRST) TW_ONE_ROWS };
enum { TW_SITE(TW_ROW_FIRST) TW_SITE_ROWS };
enum { TW_EVENT_ROWS = TW_EVENT_KINDS };
enum { TW_SENT(TW_ROW_FIRST) TW_SENT_ROWS };
enum { TW_ERROR(TW_ROW_FIRST) TW_ERROR_ROWS };
typedef enum { TW_RECHECK(TW_ROW_FIRST) TW_RECHECK_ROWS } tw_recheck_t;
typedef enum { TW_ENDPOINT(TW_ROW_FIRST) TW_ENDPOINT_ROWS } tw_endpoint_t;
typedef enum { TW_OUTCOME(TW_ROW_FIRST) TW_OUTCOME_ROWS } tw_outcome_t;
enum { TW_STATEMENT(TW_ROW_FIRST) TW_STATEMENT_ROWS };
typedef enum { TW_TABLE(TW_ROW_FIRST) TW_TABLE_ROWS } tw_table_t;

/* ---- the list ----------------------------------------------------------- */

/* COUNTER and HISTOGRAM are kept here; TOTAL and GAUGE are read elsewhere
 * when somebody looks. */
#define TW_METRICS(X)                                                       \
    X(EVENTS, COUNTER, EVENT, ONE, "twauth_events_total",                   \
      "event", "reason",                                                    \
      "what happened, as in the event log, whether there is one or not")    \
    X(SENT, COUNTER, SENT, ONE, "twauth_sent_to_sign_in_total",             \
      "to", "",                                                             \
      "browsers sent to sign in: from a protected page to login, and from " \
      "there to x")                                                         \
    X(ANSWERS, COUNTER, ERROR, ONE, "twauth_answers_total",                \
      "error", "",                                                          \
      "answers of the module's own in place of what was asked for, by "     \
      "TWAUTH_ERROR; sign-in are those of status 401")                      \
    X(RECHECKS, COUNTER, RECHECK, ONE, "twauth_rechecks_total",             \
      "outcome", "",                                                        \
      "sessions about which the database was asked; grace: it did not "     \
      "answer, and the cookie counted all the same")                        \
    X(CALLS, COUNTER, ENDPOINT, OUTCOME, "twauth_provider_calls_total",     \
      "endpoint", "outcome",                                                \
      "calls to X by what was asked for and how they ended")                \
    X(CALL_SECONDS, HISTOGRAM, ENDPOINT, ONE,                               \
      "twauth_provider_call_seconds",                                       \
      "endpoint", "",                                                       \
      "how long they took, failures included")                              \
    X(STATEMENTS, COUNTER, STATEMENT, ONE,                                  \
      "twauth_database_statements_total",                                   \
      "outcome", "",                                                        \
      "statements; not-asked: while the database was known to be down")     \
    X(STATEMENT_SECONDS, HISTOGRAM, ONE, ONE,                               \
      "twauth_database_statement_seconds",                                  \
      "", "",                                                               \
      "how long statements took that succeeded")                            \
    X(PROVIDER_UP, GAUGE, SITE, ONE, "twauth_provider_up",                  \
      "site", "",                                                           \
      "0 while X is known to be down for this host, or to limit it")        \
    X(DATABASE_UP, GAUGE, SITE, ONE, "twauth_database_up",                  \
      "site", "",                                                           \
      "0 while the database of this host is known to be down")              \
    X(TABLE_ENTRIES, GAUGE, TABLE, ONE, "twauth_table_entries",             \
      "table", "",                                                          \
      "what is in the shared memory: sessions that were revoked, sign-ins " \
      "that were used, rechecks under way, rows still to be deleted, calls "\
      "to X, waiting for one, slots of hosts")                              \
    X(TABLE_ROOM, GAUGE, TABLE, ONE, "twauth_table_room",                   \
      "table", "",                                                          \
      "for how many there is room")                                         \
    X(TABLE_LOST, TOTAL, TABLE, ONE, "twauth_table_lost_total",             \
      "table", "",                                                          \
      "entries for which there was no room, or that were given up for "     \
      "another one")                                                        \
    X(REVALIDATE, GAUGE, ONE, ONE,                                          \
      "twauth_revalidate_before_timestamp_seconds",                         \
      "", "",                                                               \
      "copies of sessions that are older must be checked again")            \
    X(SINCE, GAUGE, ONE, ONE, "twauth_counted_since_timestamp_seconds",     \
      "", "",                                                               \
      "since when all this is counted: restarts do not begin it anew, stops "\
      "do")

typedef enum {
#define TW_METRIC_NUMBER(number, kept, first, second, ...) TW_METRIC_##number,
    TW_METRICS(TW_METRIC_NUMBER)
#undef TW_METRIC_NUMBER
    TW_METRIC_COUNT
} tw_metric_t;

/* ---- what is kept ------------------------------------------------------- */

/* The upper ends of a histogram's buckets, in microseconds; one more takes
 * what is longer. */
#define TW_BOUNDS                                                           \
    { 1000, 5000, 10000, 50000, 100000, 250000, 500000, 1000000, 2500000,   \
      5000000, 10000000 }
#define TW_BUCKETS 12

#define TW_KEPT_COUNTER 1
#define TW_KEPT_HISTOGRAM (TW_BUCKETS + 1)
#define TW_KEPT_TOTAL 0
#define TW_KEPT_GAUGE 0

/* Where each begins. */
enum {
#define TW_PLACE(number, kept, first, second, ...)                          \
    TW_PLACE_##number, TW_PLACE_END_##number = TW_PLACE_##number - 1        \
        + TW_KEPT_##kept * (int)TW_##first##_ROWS * (int)TW_##second##_ROWS,
    TW_METRICS(TW_PLACE)
#undef TW_PLACE
    TW_COUNTER_CELLS
};

typedef struct {
    tw_cell_t cell;
    char apart[64 - sizeof(tw_cell_t)];
} tw_counter_cell_t;

typedef struct tw_counters_t {
    tw_cell_t since;
    tw_counter_cell_t count[TW_COUNTER_CELLS];
} tw_counters_t;

/* A number for what the cells mean, for tw_shared_layout(). */
apr_uint64_t tw_counters_layout(void);

/* One more of a COUNTER, of the row of its labels.  counters may be NULL, as
 * in all of these: then nothing is counted. */
static inline void tw_counters_add(tw_counters_t *counters, int place, int row)
{
    if (counters) {
        atomic_fetch_add_explicit(&counters->count[place + row].cell, 1,
                                  memory_order_relaxed);
    }
}

static inline void tw_counters_event(tw_counters_t *counters,
                                     tw_event_kind_t kind)
{
    tw_counters_add(counters, TW_PLACE_EVENTS, (int)kind);
}

/* One more time of a HISTOGRAM. */
void tw_counters_time(tw_counters_t *counters, int place, int row,
                      apr_interval_time_t took);

/* An answer, by TWAUTH_ERROR; what is none of them is not counted. */
void tw_counters_error(tw_counters_t *counters, const char *error);

/* A call to X, by its name in the error log (a name that is not listed is not
 * counted), how it ended, and how long it took. */
void tw_counters_call(tw_counters_t *counters, const char *endpoint,
                      tw_outcome_t outcome, apr_interval_time_t took);
tw_outcome_t tw_counters_outcome(tw_err_kind_t kind);

/* ---- reading ------------------------------------------------------------ */

typedef enum {
    TW_KIND_COUNTER, TW_KIND_HISTOGRAM, TW_KIND_TOTAL, TW_KIND_GAUGE
} tw_metric_kind_t;

typedef struct tw_metric_info_t {
    tw_metric_kind_t kind;
    int place, rows;
    const char *name;
    const char *label[2];           /* names; "": there is none */
    const char *help;
} tw_metric_info_t;

const tw_metric_info_t *tw_counters_info(tw_metric_t metric);

/* What the labels of a row say; "" where one says nothing. */
void tw_counters_values(const char *value[2], tw_metric_t metric, int row);

/* How many; times: those of at most each of TW_BOUNDS, then all, as Prometheus
 * has them, and their sum in microseconds. */
apr_uint64_t tw_counters_get(const tw_counters_t *counters, int place,
                             int row);
void tw_counters_get_times(apr_uint64_t bucket[TW_BUCKETS], apr_uint64_t *sum,
                           const tw_counters_t *counters, int place, int row);

extern const apr_uint32_t tw_counters_bounds[TW_BUCKETS - 1];

#endif
