/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/again: sessions that had ended, in a database that has forgotten it.
 *
 * PostgreSQL's standbys are behind, if only by moments, and a standby that
 * takes over has what it had heard of.  A sign-out that it had not heard of
 * is undone by that.  What this server knows to have ended (shared/ended) is
 * ended again; other servers hear of it as of any other end.
 */
#ifndef TW_STORE_AGAIN_H
#define TW_STORE_AGAIN_H

#include "store/db.h"

/* Says in the log what came of it, where there was anything to do. */
void tw_again_end(tw_db_t *db);

#endif
