/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/feed: up to where a server has followed the changes of a database.
 *
 * One request in each interval reads what has changed (store/changes), and
 * what it learns counts for all processes.  Here is when that was done last,
 * who does it, and from where the next one goes on: the place.
 *
 * A place is exact.  It names the newest row that was read and what was in it,
 * so that a table that is another one now (emptied, restored, of a standby
 * that took over) is noticed by its absence; and for PostgreSQL which
 * transactions had not ended, for their rows come later and have earlier
 * versions.  Where a row may have been missed, tw_feed_missed() says so.
 *
 * A reader that dies leaves its lease, which ends.  Two readers at once, or
 * one that goes on after an hour, do no harm: what was read is read again, and
 * a place of two halves has a wrong sum and is none.
 */
#ifndef TW_SHARED_FEED_H
#define TW_SHARED_FEED_H

#include <apr_pools.h>
#include <apr_time.h>

#include "shared/cell.h"

/* So many transactions that had not ended are remembered; with more of them
 * all is read again that came since the first one began. */
#define TW_FEED_OPEN 32

/* More changes than so many are not read one by one. */
#define TW_FEED_MOST 4096

/* Rows go after an hour (sql/); who has not read for so long asks anew. */
#define TW_FEED_KEPT apr_time_from_sec(3000)

/* While one request reads, and is late, others go on for this long. */
#define TW_FEED_OVERLAP apr_time_from_sec(1)

/* Where there is no feed, it is looked for again after this. */
#define TW_FEED_OFF apr_time_from_sec(60)

typedef struct tw_feed_place_t {
    apr_uint64_t tables;        /* which tables these are; 0: none were read */
    apr_uint64_t version;       /* of the newest row; 0: there was none */
    apr_uint64_t row;           /* what was in it, as a number */
    apr_uint64_t at;            /* when that was, by the database's clock */
    apr_uint64_t begun;         /* all transactions from this one on are to
                                   be read, */
    apr_uint64_t next;          /* which had been given to none yet, or were
                                   too many to be named, */
    apr_uint64_t count;         /* and of those before so many: */
    apr_uint64_t open[TW_FEED_OPEN];
} tw_feed_place_t;

#define TW_FEED_WORDS (sizeof(tw_feed_place_t) / sizeof(apr_uint64_t))

/* Zero: nothing has been read. */
typedef struct tw_feed_t {
    tw_cell_t fed;              /* what was committed by then is known */
    tw_cell_t lease;            /* until then somebody reads */
    tw_cell_t off;              /* until then there is no feed */
    tw_cell_t doubtful;         /* the last attempt failed */
    tw_cell_t revalidate_before;    /* copies that were checked by then must
                                   be again: a change may have been missed */
    tw_cell_t again_at;         /* the database may have sessions again that
                                   had ended, as this server knows: from then
                                   on they are to be ended again; 0: none */
    tw_cell_t ahead[2];         /* this clock, of the database's: at least,
                                   at most; microseconds */
    tw_cell_t true_ahead[2];    /* the database's clock, of one that nobody
                                   sets: at least, at most */
    tw_cell_t place[TW_FEED_WORDS];
    tw_cell_t sum;
} tw_feed_t;

/* ---- what was missed ---------------------------------------------------- */

/*
 * Which transactions had not ended, from PostgreSQL's text of a snapshot
 * (xmin:xmax:xip,...); a standby does not name them.  0: it is none.
 */
int tw_feed_snapshot(tw_feed_place_t *place, const char *text, int standby);

/* Those that are to be read whatever their number, as PostgreSQL's array. */
const char *tw_feed_open_text(const tw_feed_place_t *place, apr_pool_t *pool);

/*
 * Why changes may have been missed between two places; NULL: none were.
 * found: the row of the earlier place was there, and the same; rows: how many
 * came.
 */
const char *tw_feed_missed(const tw_feed_place_t *before,
                           const tw_feed_place_t *after, int found, int rows);

/* ---- when, and who ------------------------------------------------------ */

/* A time that is further ahead than processors differ by is that of a clock
 * that was set back. */
#define TW_FEED_AHEAD apr_time_from_msec(50)

/* Whether all is known that was committed up to `most` ago. */
static inline int tw_feed_covers(const tw_feed_t *feed,
                                 apr_interval_time_t most, apr_time_t now)
{
    apr_int64_t age = now - (apr_time_t)tw_cell_get(&feed->fed);

    return age < most && age > -TW_FEED_AHEAD;
}

/* Whether it was looked for lately, and there is none. */
int tw_feed_is_off(const tw_feed_t *feed, apr_time_t now);

/*
 * 1 for the one who is to read now, until *lease.  Then one of: done(), which
 * begun before the database was asked; failed(), somebody tries again in a
 * second; off().
 */
int tw_feed_claim(tw_feed_t *feed, apr_time_t *lease, apr_time_t now);
void tw_feed_done(tw_feed_t *feed, const tw_feed_place_t *place,
                  apr_time_t begun, apr_time_t lease);
void tw_feed_failed(tw_feed_t *feed, apr_time_t lease, apr_time_t now);
void tw_feed_off(tw_feed_t *feed, apr_time_t lease, apr_time_t now);

/* Whether it must be looked whether there is a feed at all. */
int tw_feed_is_doubtful(const tw_feed_t *feed);

/* Where the last one ended; *place is zero when that is not known. */
void tw_feed_place(tw_feed_place_t *place, const tw_feed_t *feed);

/* ---- clocks ------------------------------------------------------------- */

/*
 * Servers' clocks differ, and are set.  So when a copy was checked, and when
 * an account was changed, is said by the database's clock, which all have in
 * common: what was checked before a change never looks as if it was after it.
 * SQLite's is the server's own.
 */
typedef struct tw_feed_clocks_t {
    apr_time_t begun, now;      /* by this server's: before the database was
                                   asked, and when it had answered; */
    apr_time_t true_begun, true_now;    /* and by one that nobody sets */
    apr_time_t there;           /* by the database's, at some moment between */
} tw_feed_clocks_t;

/*
 * Returns whether the database's clock was set back, upon which
 * revalidate_before has risen.  After a slow answer that may be so or not:
 * what was read is then to be taken for as late as the clock would be, had
 * nobody set it.  *latest: how late that is; mostly `there`.
 */
int tw_feed_learn_clock(tw_feed_t *feed, const tw_feed_clocks_t *clocks,
                        apr_time_t *latest);

/* A time of this server's clock as one of the database's: no earlier than it
 * was. */
static inline apr_time_t tw_feed_there_by(const tw_feed_t *feed,
                                          apr_time_t here)
{
    return here - (apr_time_t)tw_cell_get(&feed->ahead[0]);
}

/* All copies up to now are to be checked again. */
static inline void tw_feed_revalidate(tw_feed_t *feed, apr_time_t now)
{
    tw_cell_raise(&feed->revalidate_before,
                  (apr_uint64_t)tw_feed_there_by(feed, now));
}

/* A time of this server's clock as one of the database's, and back: no later
 * than it was. */
static inline apr_time_t tw_feed_there(const tw_feed_t *feed, apr_time_t here)
{
    return here - (apr_time_t)tw_cell_get(&feed->ahead[1]);
}

static inline apr_time_t tw_feed_here(const tw_feed_t *feed, apr_time_t there)
{
    return there + (apr_time_t)tw_cell_get(&feed->ahead[0]);
}

#endif
