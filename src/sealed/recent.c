/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/recent.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "sealed/seal.h"

#define CELLS 512
#define TRIES 8

/* A cell is group (16 bits) | line (24) | second in which it was written (24);
 * 0 in the place of a line is the one that says that there are no more. */
#define LINE_BITS 24
#define TIME_BITS 24
#define MASK(bits) ((1ULL << (bits)) - 1)

typedef unsigned long long word_t;
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "cells are shared by processes");

struct tw_recent_t {
    _Atomic word_t salt;        /* nobody can make two lines look like one */
    _Atomic word_t cell[CELLS];
};

apr_size_t tw_recent_size(void)
{
    return sizeof(tw_recent_t);
}

tw_recent_t *tw_recent_attach(void *base)
{
    tw_recent_t *recent = base;
    word_t salt, none = 0;

    tw_seal_random(&salt, sizeof(salt));
    atomic_compare_exchange_strong(&recent->salt, &none, salt | 1);
    return recent;
}

static word_t number_of(const unsigned char *digest, int bits)
{
    word_t n = 0;
    int i;

    for (i = 0; i < bits; i += 8) {
        n = n << 8 | *digest++;
    }
    return n;
}

static int is_recent(word_t cell, word_t now)
{
    return cell && ((now - cell) & MASK(TIME_BITS)) < TW_RECENT_SECONDS;
}

/* When the line was written (0: not lately); *count: lines of its group, or
 * TW_RECENT_MOST + 1 when it has been said that there are no more. */
static word_t find(tw_recent_t *recent, word_t line, word_t now, int *count)
{
    word_t found = 0;
    int i, over = 0, lines = 0;

    for (i = 0; i < CELLS; i++) {
        word_t cell = atomic_load(&recent->cell[i]);

        if (!is_recent(cell, now)
            || (cell ^ line) >> (LINE_BITS + TIME_BITS)) {
            continue;
        }
        if (cell >> TIME_BITS & MASK(LINE_BITS)) {
            lines++;
        }
        else {
            over = 1;
        }
        if (cell >> TIME_BITS == line >> TIME_BITS) {
            found = cell;
        }
    }
    *count = over ? TW_RECENT_MOST + 1 : lines;
    return found;
}

/* Puts the line into the first free cell after its own, so that two who say
 * the same meet there.  0: somebody else was there first. */
static int put(tw_recent_t *recent, word_t line, word_t now)
{
    word_t i;

    for (i = 0; i < CELLS; i++) {
        _Atomic word_t *cell = &recent->cell[((line >> TIME_BITS) + i)
                                             % CELLS];
        word_t old = atomic_load(cell);

        if (!is_recent(old, now)) {
            return atomic_compare_exchange_strong(cell, &old, line | now);
        }
        /* it has come since it was not found: another cell would say it
         * twice */
        if (old >> TIME_BITS == line >> TIME_BITS) {
            return 0;
        }
    }
    return 0;
}

static void digest_of(unsigned char digest[TW_DIGEST_LEN],
                      tw_recent_t *recent, word_t time, const char *text,
                      apr_pool_t *pool)
{
    apr_uint64_t salt = atomic_load(&recent->salt);

    tw_seal_digest(digest, apr_psprintf(
        pool, "%" APR_UINT64_T_HEX_FMT " %" APR_UINT64_T_HEX_FMT " %s", salt,
        (apr_uint64_t)time, text));
}

tw_recent_say_t tw_recent_say(tw_recent_t *recent,
                              char reference[TW_REFERENCE_LEN],
                              const char *group, const char *what,
                              apr_time_t now, apr_pool_t *pool)
{
    word_t second = (word_t)apr_time_sec(now) & MASK(TIME_BITS);
    const char *text = apr_pstrcat(pool, group, "\n", what, NULL);
    tw_recent_say_t say = TW_RECENT_NEVER;
    unsigned char digest[TW_DIGEST_LEN];
    word_t last, line, written;
    int try, count;

    digest_of(digest, recent, 0, group, pool);
    last = number_of(digest, 16) << (LINE_BITS + TIME_BITS);
    digest_of(digest, recent, 0, text, pool);
    line = last | (number_of(digest, LINE_BITS) | 1) << TIME_BITS;
    for (try = 0; try < TRIES && say == TW_RECENT_NEVER; try++) {
        written = find(recent, line, second, &count);
        if (written) {
            second = written & MASK(TIME_BITS);
            say = TW_RECENT_AGAIN;
        }
        else if (count > TW_RECENT_MOST) {
            break;
        }
        else if (put(recent, count < TW_RECENT_MOST ? line : last, second)) {
            say = count < TW_RECENT_MOST ? TW_RECENT_FIRST : TW_RECENT_LAST;
        }
    }
    digest_of(digest, recent, second, text, pool);
    tw_codec_hex(reference, digest, (TW_REFERENCE_LEN - 1) / 2);
    return say;
}
