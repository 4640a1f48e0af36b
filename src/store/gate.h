/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/gate: how many of a process use a database at once, and how often.
 *
 * Each database (by its slot in shared memory) has its own count, so that one
 * which stands still takes nothing from another.  Beside it stands when this
 * process last tried a new connection that was no better than the old.
 */
#ifndef TW_STORE_GATE_H
#define TW_STORE_GATE_H

#include <apr_pools.h>
#include <apr_time.h>

/* In child_init. */
apr_status_t tw_gate_init(apr_pool_t *pool);

/*
 * Lets one in to open a connection, of most at once: one at a time, for
 * mod_dbd has others wait without a limit where opening takes long.  Waits 2
 * seconds at most; *waited: it took a while.
 */
apr_status_t tw_gate_enter(int slot, int most, int *waited);
/* It has a connection, or will have none. */
void tw_gate_opened(int slot);
void tw_gate_leave(int slot);

/* Whether others have connections, so that one may come free; and waits for
 * that a little. */
int tw_gate_others(int slot);
void tw_gate_wait(int slot);

/*
 * Whether a new connection may be tried that is perhaps no better than the
 * old one: one in a second, for which one caller waits, and the others do not.
 * better() ends that.
 */
int tw_gate_try_new(int slot);
void tw_gate_better(int slot);

/*
 * For a write that is only nice to have: one at a time, for it may wait for a
 * lock.  1: begun, and to be ended.
 */
int tw_gate_begin_spare(int slot);
void tw_gate_end_spare(int slot);

#endif
