/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared/ended: which sessions were ended last.
 *
 * A database may come back older than it was: a standby that had not heard of
 * all takes over, or a backup is restored.  Then rows are there again of
 * sessions that had ended, and whoever still knows their ids can end them
 * again (store/again).  Of whichever database a session was: ids are random,
 * and one that a database does not have does no harm there.
 *
 * One word follows the other: who reads while another writes may get an id of
 * two halves, which is nobody's.
 */
#ifndef TW_SHARED_ENDED_H
#define TW_SHARED_ENDED_H

#include "base/id.h"
#include "shared/cell.h"

/* How many are kept. */
#define TW_ENDED 8192

/* An id that is all zero is none. */
typedef struct tw_ended_t {
    tw_cell_t count;                /* how many there were */
    tw_cell_t half[TW_ENDED][2];
} tw_ended_t;

/* Takes the place of the oldest; an id that is there already has two then. */
void tw_ended_add(tw_ended_t *ended, const tw_id_t *id);

/* The one at a place, 0 to TW_ENDED - 1; 0: there is none. */
int tw_ended_at(tw_id_t *id, const tw_ended_t *ended, int place);

#endif
