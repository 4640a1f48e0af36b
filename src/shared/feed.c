/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/feed.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

/* Longer than the database is waited for. */
#define LEASE apr_time_from_sec(15)
#define AGAIN apr_time_from_sec(1)
/* A clock that is not set differs by less. */
#define STEADY apr_time_from_msec(100)

/* ---- what was missed ---------------------------------------------------- */

/* The number at *text, which ends where one of `ends` stands or it is over. */
static int read_number(apr_uint64_t *number, const char **text,
                       const char *ends)
{
    char *end;

    if (**text < '0' || **text > '9') {
        return 0;
    }
    errno = 0;
    *number = strtoull(*text, &end, 10);
    if (errno || (*end && !strchr(ends, *end))) {
        return 0;
    }
    *text = *end ? end + 1 : end;
    return 1;
}

int tw_feed_snapshot(tw_feed_place_t *place, const char *text, int standby)
{
    apr_uint64_t oldest, open;

    place->count = 0;
    if (!read_number(&oldest, &text, ":")
        || !read_number(&place->next, &text, ":") || oldest > place->next) {
        return 0;
    }
    place->begun = standby ? oldest : place->next;
    while (*text) {
        if (!read_number(&open, &text, ",") || open < oldest
            || open >= place->next) {
            return 0;
        }
        if (place->count == TW_FEED_OPEN) {
            place->begun = oldest;
        }
        else {
            place->open[place->count++] = open;
        }
    }
    return 1;
}

const char *tw_feed_open_text(const tw_feed_place_t *place, apr_pool_t *pool)
{
    const char *text = "{";
    apr_uint64_t i;

    for (i = 0; i < place->count; i++) {
        text = apr_psprintf(pool, "%s%s%" APR_UINT64_T_FMT, text,
                            i ? "," : "", place->open[i]);
    }
    return apr_pstrcat(pool, text, "}", NULL);
}

const char *tw_feed_missed(const tw_feed_place_t *before,
                           const tw_feed_place_t *after, int found, int rows)
{
    if (!before->tables) {
        return "it is not known what was read before";
    }
    if (before->tables != after->tables) {
        return "the tables or the database server are other ones now";
    }
    if (!before->version) {
        return "there was no row to go on from";
    }
    if (after->at > before->at + TW_FEED_KEPT) {
        return "nothing was read for almost as long as changes are kept";
    }
    if (rows > TW_FEED_MOST) {
        return "there were too many to be read";
    }
    if (!found) {
        return "the row that was read last is not there any more";
    }
    if (after->next < before->next) {
        return "transactions have lower numbers than before";
    }
    return NULL;
}

/* ---- when, and who ------------------------------------------------------ */

/* Whether a time that lay at most so far ahead has not come; a later one is
 * that of a clock that was set back. */
static int is_ahead(const tw_cell_t *cell, apr_interval_time_t most,
                    apr_time_t now)
{
    apr_time_t until = (apr_time_t)tw_cell_get(cell);

    return until > now && until <= now + most;
}

int tw_feed_is_off(const tw_feed_t *feed, apr_time_t now)
{
    return is_ahead(&feed->off, TW_FEED_OFF, now);
}

int tw_feed_is_doubtful(const tw_feed_t *feed)
{
    return tw_cell_get(&feed->doubtful) || !tw_cell_get(&feed->fed);
}

int tw_feed_claim(tw_feed_t *feed, apr_time_t *lease, apr_time_t now)
{
    apr_uint64_t old = tw_cell_get(&feed->lease);

    *lease = now + LEASE;
    return !is_ahead(&feed->lease, LEASE, now) && !tw_feed_is_off(feed, now)
           && tw_cell_swap(&feed->lease, (apr_uint64_t)*lease, old);
}

/* A lease that was taken over meanwhile is that one's. */
static void release(tw_feed_t *feed, apr_time_t lease, apr_time_t with)
{
    tw_cell_swap(&feed->lease, (apr_uint64_t)with, (apr_uint64_t)lease);
}

static apr_uint64_t sum_of(const apr_uint64_t *words)
{
    apr_uint64_t sum = 0xcbf29ce484222325ULL;
    apr_size_t i;

    for (i = 0; i < TW_FEED_WORDS; i++) {
        sum = (sum ^ words[i]) * 0x100000001b3ULL;
        sum ^= sum >> 32;
    }
    return sum;
}

/* The place before the time: who sees that one has the other. */
void tw_feed_done(tw_feed_t *feed, const tw_feed_place_t *place,
                  apr_time_t begun, apr_time_t lease)
{
    apr_uint64_t words[TW_FEED_WORDS];
    apr_size_t i;

    memcpy(words, place, sizeof(words));
    for (i = 0; i < TW_FEED_WORDS; i++) {
        tw_cell_set(&feed->place[i], words[i]);
    }
    tw_cell_set(&feed->sum, sum_of(words));
    tw_cell_set(&feed->doubtful, 0);
    tw_cell_set(&feed->off, 0);
    tw_cell_set(&feed->fed, (apr_uint64_t)begun);
    release(feed, lease, 0);
}

void tw_feed_failed(tw_feed_t *feed, apr_time_t lease, apr_time_t now)
{
    tw_cell_set(&feed->doubtful, 1);
    release(feed, lease, now + AGAIN);
}

/* The place stays: whether it still stands, the next one who reads finds. */
void tw_feed_off(tw_feed_t *feed, apr_time_t lease, apr_time_t now)
{
    tw_cell_set(&feed->doubtful, 1);
    tw_cell_set(&feed->off, (apr_uint64_t)(now + TW_FEED_OFF));
    release(feed, lease, 0);
}

void tw_feed_place(tw_feed_place_t *place, const tw_feed_t *feed)
{
    apr_uint64_t words[TW_FEED_WORDS];
    apr_size_t i;

    for (i = 0; i < TW_FEED_WORDS; i++) {
        words[i] = tw_cell_get(&feed->place[i]);
    }
    memset(place, 0, sizeof(*place));
    if (sum_of(words) == tw_cell_get(&feed->sum)
        && words[offsetof(tw_feed_place_t, count) / sizeof(words[0])]
           <= TW_FEED_OPEN) {
        memcpy(place, words, sizeof(*place));
    }
}

/* ---- clocks ------------------------------------------------------------- */

int tw_feed_learn_clock(tw_feed_t *feed, const tw_feed_clocks_t *clocks,
                        apr_time_t *latest)
{
    apr_time_t least = clocks->there - clocks->true_now;
    apr_time_t most = clocks->there - clocks->true_begun;
    apr_time_t before = (apr_time_t)tw_cell_get(&feed->true_ahead[0]);
    apr_time_t before_most = (apr_time_t)tw_cell_get(&feed->true_ahead[1]);
    apr_time_t had_nobody_set_it = before_most + clocks->true_now;
    int set_back = before_most && most < before - STEADY;

    *latest = clocks->there;
    if (set_back) {
        tw_cell_raise(&feed->revalidate_before,
                      (apr_uint64_t)had_nobody_set_it);
    }
    else if (before_most && least < before - STEADY) {
        *latest = had_nobody_set_it;
    }
    /* where both may be right, the truth is where they agree */
    if (least <= before_most && before <= most) {
        least = least > before ? least : before;
        most = most < before_most ? most : before_most;
    }
    tw_cell_set(&feed->true_ahead[0], (apr_uint64_t)least);
    tw_cell_set(&feed->true_ahead[1], (apr_uint64_t)most);
    tw_cell_set(&feed->ahead[0],
                (apr_uint64_t)(clocks->begun - clocks->there));
    tw_cell_set(&feed->ahead[1], (apr_uint64_t)(clocks->now - clocks->there));
    return set_back;
}
