/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/exam_database: the doctor's checks of the database.
 *
 * As the server's user, who is the one to reach it, over a connection of the
 * doctor's own.  Nothing but SELECT is said to it; what would be allowed is
 * asked of PostgreSQL's catalogue, and for SQLite of the file system.
 */
#ifndef TW_ADMIN_EXAM_DATABASE_H
#define TW_ADMIN_EXAM_DATABASE_H

#include "admin/exam.h"

/* The open connection, read and never written to; NULL: there is none, and
 * the check in hand has said so. */
tw_db_t *tw_exam_connection(tw_exam_t *exam);

void tw_exam_database(tw_exam_t *exam);
void tw_exam_tables(tw_exam_t *exam);
void tw_exam_rights(tw_exam_t *exam);

/* DBDMax, against threads and what PostgreSQL has; what the configuration
 * says also where nobody is asked. */
void tw_exam_connections(tw_exam_t *exam);

#endif
