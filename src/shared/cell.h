/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/cell: a word of shared memory that changes in one step, for all
 * processes.
 *
 * C11 atomics, and only those that need no lock: a lock would be known to one
 * process, and a child that is killed would keep it.
 */
#ifndef TW_SHARED_CELL_H
#define TW_SHARED_CELL_H

#include <stdatomic.h>

#include <apr.h>

#if ATOMIC_LLONG_LOCK_FREE != 2 || ATOMIC_INT_LOCK_FREE != 2
#error "mod_twauth shares tables between processes, and here 64-bit atomics \
are a lock within one process: build for a processor that has them (i386: \
-march=i586 or later)"
#endif

typedef _Atomic apr_uint64_t tw_cell_t;
typedef _Atomic apr_uint32_t tw_cell32_t;

static inline apr_uint64_t tw_cell_get(const tw_cell_t *cell)
{
    return atomic_load(cell);
}

static inline void tw_cell_set(tw_cell_t *cell, apr_uint64_t value)
{
    atomic_store(cell, value);
}

/* 1 where the cell held expected, and now holds with. */
static inline int tw_cell_swap(tw_cell_t *cell, apr_uint64_t with,
                               apr_uint64_t expected)
{
    return atomic_compare_exchange_strong(cell, &expected, with);
}

/* 1 where the cell held less, and now holds value. */
static inline int tw_cell_raise(tw_cell_t *cell, apr_uint64_t value)
{
    apr_uint64_t old = tw_cell_get(cell);

    while (old < value && !tw_cell_swap(cell, value, old)) {
        old = tw_cell_get(cell);
    }
    return old < value;
}

/* A number for a text: names and addresses, where nothing hangs on
 * collisions.  FNV-1a, never 0. */
static inline apr_uint64_t tw_cell_key(const char *text)
{
    apr_uint64_t key = 0xcbf29ce484222325ULL;

    for (; *text; text++) {
        key = (key ^ (unsigned char)*text) * 0x100000001b3ULL;
    }
    return key ? key : 1;
}

#endif
