#include "tw_recent.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_strings.h>

#include "tw_codec.h"
#include "tw_seal.h"

#define CELLS 512
#define TRIES 8

/* A cell is group (16 bits) | line (24) | minute (24); 0 in the place of a
 * line is the one that says that there are no more. */
#define LINE_BITS 24
#define MINUTE_BITS 24
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

/* Whether the line is there, and how many of its group are. */
static int find(tw_recent_t *recent, word_t line, int *count)
{
    word_t group = line & ~(MASK(LINE_BITS) << MINUTE_BITS);
    int i, found = 0;

    *count = 0;
    for (i = 0; i < CELLS; i++) {
        word_t cell = atomic_load(&recent->cell[i]);

        found |= cell == line;
        *count += (cell & ~(MASK(LINE_BITS) << MINUTE_BITS)) == group;
    }
    return found;
}

/* Puts the line in the place of one of another minute: the first after its
 * own, so that two who say the same meet.  0: somebody was there first. */
static int put(tw_recent_t *recent, word_t line)
{
    word_t minute = line & MASK(MINUTE_BITS);
    int i;

    for (i = 0; i < CELLS; i++) {
        _Atomic word_t *cell = &recent->cell[((line >> MINUTE_BITS) + i)
                                             % CELLS];
        word_t old = atomic_load(cell);

        if ((old & MASK(MINUTE_BITS)) != minute || !old) {
            return atomic_compare_exchange_strong(cell, &old, line);
        }
    }
    return 0;
}

tw_recent_say_t tw_recent_say(tw_recent_t *recent,
                              char reference[TW_REFERENCE_LEN],
                              const char *group, const char *what,
                              apr_time_t now, apr_pool_t *pool)
{
    word_t minute = (word_t)(apr_time_sec(now) / 60) & MASK(MINUTE_BITS);
    word_t salt = atomic_load(&recent->salt), group_bits, line, last;
    unsigned char digest[TW_DIGEST_LEN];
    int try, count;

    tw_seal_digest(digest, apr_psprintf(pool, "%llx %s", salt, group));
    group_bits = number_of(digest, 16) << (LINE_BITS + MINUTE_BITS);
    last = group_bits | minute;
    tw_seal_digest(digest, apr_psprintf(pool, "%llx %llx %s\n%s", salt, minute,
                                        group, what));
    tw_codec_hex(reference, digest, (TW_REFERENCE_LEN - 1) / 2);
    line = last | (number_of(digest + 4, LINE_BITS) | 1) << MINUTE_BITS;
    for (try = 0; try < TRIES; try++) {
        if (find(recent, line, &count)) {
            return TW_RECENT_AGAIN;
        }
        if (count > TW_RECENT_MOST) {
            return TW_RECENT_NEVER;
        }
        if (put(recent, count < TW_RECENT_MOST ? line : last)) {
            return count < TW_RECENT_MOST ? TW_RECENT_FIRST : TW_RECENT_LAST;
        }
    }
    return TW_RECENT_NEVER;
}
