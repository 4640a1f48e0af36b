/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin/exam_person: why somebody cannot sign in, as far as it can be seen
 * from here: what the doctor says of exam->who.
 */
#ifndef TW_ADMIN_EXAM_PERSON_H
#define TW_ADMIN_EXAM_PERSON_H

#include "admin/exam.h"

/* Their account: whether there is one, and what it waits for. */
void tw_exam_account(tw_exam_t *exam);

/* Places whose rules do not let that account in. */
void tw_exam_rules(tw_exam_t *exam);

/* What only others know. */
void tw_exam_elsewhere(tw_exam_t *exam);

#endif
