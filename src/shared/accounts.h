/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/accounts: when accounts were changed, so that copies of their sessions
 * from before are checked again.
 *
 * A time for each of the places that accounts fall to, by a number that is
 * made of theirs.  Two may fall together: then one is asked about in vain.
 * None is ever given up.
 */
#ifndef TW_SHARED_ACCOUNTS_H
#define TW_SHARED_ACCOUNTS_H

#include <apr_time.h>

#include "shared/cell.h"

#define TW_ACCOUNTS_BITS 16

typedef struct tw_accounts_t {
    tw_cell_t changed[1 << TW_ACCOUNTS_BITS];
} tw_accounts_t;

/* Where an account of a database (its slot) falls to: numbers that follow each
 * other, far apart. */
static inline apr_size_t tw_accounts_place(int slot, apr_int64_t account)
{
    apr_uint64_t key = (apr_uint64_t)account ^ (apr_uint64_t)slot << 48;

    return (apr_size_t)(key * 0x9e3779b97f4a7c15ULL
                        >> (64 - TW_ACCOUNTS_BITS));
}

/* An account was changed, by the database's clock (shared/feed). */
static inline void tw_accounts_change(tw_accounts_t *accounts, int slot,
                                      apr_int64_t account, apr_time_t there)
{
    tw_cell_raise(&accounts->changed[tw_accounts_place(slot, account)],
                  (apr_uint64_t)there);
}

/* When that was last; 0: not that it is known. */
static inline apr_time_t tw_accounts_changed_at(const tw_accounts_t *accounts,
                                                int slot, apr_int64_t account)
{
    return (apr_time_t)tw_cell_get(
        &accounts->changed[tw_accounts_place(slot, account)]);
}

#endif
