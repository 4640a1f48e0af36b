/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/exam_folders: the doctor's checks of files and folders: who can read
 * and write what.
 */
#ifndef TW_ADMIN_EXAM_FOLDERS_H
#define TW_ADMIN_EXAM_FOLDERS_H

#include "admin/exam.h"

/* Files of secrets and keys, and the folders that lead there; as root. */
void tw_exam_secrets(tw_exam_t *exam);

/* Who else can read SQLite's file; as root. */
void tw_exam_folder(tw_exam_t *exam);

/* Whether the server's user, as whom this runs, can write to it: a verdict on
 * rights. */
void tw_exam_sqlite_writable(tw_exam_t *exam);

#endif
