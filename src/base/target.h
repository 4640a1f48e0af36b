/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/target: the return-target rule.
 *
 * Where a visitor goes after signing in or out is data that anybody can put
 * into a link.  It is either used byte for byte or not at all: never
 * repaired, never cut, never parsed into a host and compared, because every
 * parser disagrees with browsers on some text.  What is left are local
 * paths that every browser reads alike.
 */
#ifndef TW_BASE_TARGET_H
#define TW_BASE_TARGET_H

#include <apr_pools.h>

/* The longest accepted target, in bytes; it has to fit a cookie, sealed. */
#define TW_TARGET_MAX 2000

/*
 * Whether target (decoded once, NUL-terminated; NULL is never good) may be
 * redirected to:
 *   1. 1 to TW_TARGET_MAX bytes;
 *   2. only visible ASCII, and none of " < > and backslash;
 *   3. begins with '/', and not with "//";
 *   4. the path has only well-formed %XX, and, decoded once, no control
 *      character, no backslash, and no "//" at the start;
 *   5. no segment of the path is "." or "..", also when written with %2e;
 *   6. the path is not the module's own: neither below own->path, but for
 *      own->account and own->hub, nor own->callback.  Compared after
 *      decoding, without path parameters (";x"), and with runs of '/' taken
 *      as one.
 * own may be NULL.
 */
typedef struct tw_own_t {
    const char *path;           /* ends in '/': itself and all that is below */
    const char *callback;
    const char *account;        /* below path, and a target all the same;
                                   NULL: there is none */
    const char *hub;            /* likewise */
} tw_own_t;

int tw_target_ok(const char *target, const tw_own_t *own);

/*
 * The target for a URL that this server was asked for (path and query, as
 * they came): the same place, in a spelling that passes; "/" when there is
 * none.  What no browser would send back as it stands is percent-encoded,
 * and slashes at the start are one, for several would be another host.
 * It need not pass rule 4, which is there for links that anybody can write:
 * a file's name may hold a backslash.
 */
const char *tw_target_asked(apr_pool_t *pool, const char *url,
                            const tw_own_t *own);

/* Whether target is such a one: rules 1, 2, 3, 5 and 6. */
int tw_target_is_asked(const char *target, const tw_own_t *own);

#endif
