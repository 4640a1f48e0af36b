/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed/recent: which lines of the log were written a moment ago.
 *
 * What strangers can cause again and again must be in the log, and must not
 * fill it.  Within a minute a group of lines (of one kind and site, say) may
 * be written a few times, each time about something else; what is said
 * already is not said again, and its reference stays the same, so that
 * whoever reads one out is found.  When a group has had its lines, that is
 * said once.
 *
 * One small table in memory that all processes share, with atomics and no
 * lock.  All times are apr_time_t, passed in by the caller.
 */
#ifndef TW_SEALED_RECENT_H
#define TW_SEALED_RECENT_H

#include <apr_pools.h>
#include <apr_time.h>

typedef struct tw_recent_t tw_recent_t;

/* So many different lines of a group in a minute. */
#define TW_RECENT_MOST 6
#define TW_RECENT_SECONDS 60

/* Characters of a reference, with the NUL. */
#define TW_REFERENCE_LEN 9

apr_size_t tw_recent_size(void);

/* The table in size bytes of memory at base, zeroed when new. */
tw_recent_t *tw_recent_attach(void *base);

typedef enum {
    TW_RECENT_FIRST,        /* to be written now */
    TW_RECENT_AGAIN,        /* written less than a minute ago */
    TW_RECENT_LAST,         /* not to be written: the group has had its lines
                               for now, which is to be said now */
    TW_RECENT_NEVER         /* not to be written; that has been said */
} tw_recent_say_t;

/*
 * Asks whether what is worth a line of the group now.  reference is filled
 * in: the same for the same question within a minute of its line.
 */
tw_recent_say_t tw_recent_say(tw_recent_t *recent,
                              char reference[TW_REFERENCE_LEN],
                              const char *group, const char *what,
                              apr_time_t now, apr_pool_t *pool);

#endif
