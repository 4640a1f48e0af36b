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
#include "store/outage.h"

/* In the log's memory (tw_shared_log_once) of a database, one kind; those of
 * store/changes follow. */
#define TW_AGAIN_LOG_KINDS (TW_OUTAGE_LOG_KINDS + 1)

/* Where the feed has it that the database may have forgotten (again_at), and
 * once more in a minute if that failed; the log says what came of it. */
void tw_again_end(tw_db_t *db);

#endif
